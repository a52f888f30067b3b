"""A class is a kind of fact: its name, its words and its fields are an item of the vocabulary."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest

from ledger.facts.kind import WHY, Fact, SealedField
from ledger.facts.value_types import Language, Role, Text


def sample() -> Any:
    """Return a kind, made anew: its class is what is tested."""

    class SampleWasTaken(Fact):
        """A  sample was   taken."""

        basis = ("ACT:1",)
        signers = ("ISS",)

        language: Annotated[Language, "In which language."]
        role: Annotated[Role | None, "In which role."] = None
        codes: Annotated[tuple[Literal["a", "b"], ...] | None, "Which codes."] = None
        notes: Annotated[Text | None, SealedField(("CT",)), "Notes."] = None
        seen: Annotated[bool | None, SealedField(("CT", "ISS"), always=True), "Whether it was seen."] = None

    return SampleWasTaken


def bare() -> Any:
    class Bare(Fact):
        basis = ()
        signers = ()

    return Bare


def test_the_name_on_the_wire_the_group_and_the_words_come_from_the_class() -> None:
    kind, other = sample(), bare()
    assert (kind.kind, kind.says) == ("sample-was-taken", "A sample was taken.")
    assert kind.group == kind.__module__.partition(".")[0]
    assert (kind.schema, kind.shown_to) == (1, ())
    assert (other.kind, other.says, dict(other.fields())) == ("bare", "", {})


def test_a_fact_does_not_change_and_has_the_fields_of_its_kind_by_name() -> None:
    make = sample()
    fact = make(language="en", notes="x")
    with pytest.raises(AttributeError):
        fact.language = "de"
    for positions, names in ((("en",), {}), ((), {"language": "en", "other": 1}), ((), {})):
        with pytest.raises(TypeError):
            make(*positions, **names)
    assert msgspec.to_builtins(fact) == {"language": "en", "notes": "x"}, "what is not stated is absent"


def test_a_field_has_type_readers_and_words_of_its_annotation() -> None:
    fields = sample().fields()
    assert list(fields) == ["language", "role", "codes", "notes", "seen"]
    assert [field.name for field in fields.values()] == list(fields)
    assert [field.type for field in fields.values()] == ["str", "role", "list[code]", "text", "bool"]
    assert [name for name, field in fields.items() if field.required] == ["language"]
    assert [name for name, field in fields.items() if field.sealed] == ["notes", "seen"]
    assert [name for name, field in fields.items() if field.always] == ["seen"]
    assert [field.audience for field in fields.values()] == [(), (), (), ("CT",), ("CT", "ISS")]
    assert [field.one_of for field in fields.values()] == [(), (), ("a", "b"), (), ()]
    assert fields["seen"].says == "Whether it was seen."


def test_the_reason_of_a_replacement_is_a_sealed_text_that_no_kind_asks_for() -> None:
    assert (WHY.name, WHY.type, WHY.sealed, WHY.required, WHY.always) == ("why", "text", True, False, False)
    assert (WHY.audience, WHY.one_of) == ((), ())
