"""The types of the vocabulary: what is typed has a form, and the stricter one of its type."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest

from ledger.facts.value_forms import FormError, ListForm, ObjectForm, TextForm, check_before_signing
from ledger.facts.value_types import (
    Actor,
    DataManifest,
    Date,
    FileDigest,
    FileName,
    Instant,
    Language,
    NewActor,
    Numbered,
    Party,
    PastDate,
    PastInstant,
    Reference,
    State,
    Treaty,
    Zone,
    form_of,
    optional,
)


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (Reference, ["PPO-2026-123", "news", "a"], ["", "...", "-x", "new", "11111111-2222-4333-8444-555555555555"]),
        (Numbered, ["EX-1", "new", "-1"], ["", "...", " EX", "EX ", "a\nb"]),
        (FileName, ["a", "...", ".x"], ["", ".", "..", "a/b", "a\\b", "a\nb"]),
        (Zone, ["Europe/Oslo"], ["Europe/Oslos", "europe/oslo", ""]),
        (Treaty, ["2AP=2027-01-01"], ["2AP=2027-02-30", "=2027-01-01", "2AP=2027-01-01x", "2AP=2027"]),
        (Language, ["en"], ["EN", "eng", "e"]),
    ],
)
def test_a_value_that_is_typed_has_a_stricter_form_than_one_on_record(
    form: Any, good: list[str], bad: list[str]
) -> None:
    for text in good:
        check_before_signing(form_of(form), text)
    for text in bad:
        with pytest.raises(FormError):
            check_before_signing(form_of(form), text)


def test_only_names_of_the_register_are_looked_up_there_and_only_past_times_have_to_be_past() -> None:
    names = [form_of(each) for each in (Actor, Party, NewActor, State, str)]
    times = [form_of(each) for each in (PastDate, PastInstant, Date, Instant, str)]
    assert [getattr(form, "registered", None) for form in names] == [True, True, False, False, False]
    assert [getattr(form, "past", None) for form in times] == [True, True, False, False, False]


def test_a_type_has_the_form_of_what_it_is_made_of() -> None:
    assert form_of(str | None) == form_of(str)
    assert form_of(tuple[Language, ...]) == ListForm(form_of(Language))
    assert form_of(tuple[Language, ...]).type == "list[str]"
    assert form_of(Annotated[tuple[Actor, ...] | None, "a sentence"]) == ListForm(form_of(Actor))
    code = form_of(Literal["a", "b"])
    assert isinstance(code, TextForm)
    assert (code.type, code.expected, code.values) == ("code", "one of a, b", ("a", "b"))
    manifest, file = form_of(DataManifest), form_of(FileDigest)
    assert isinstance(manifest, ObjectForm)
    assert isinstance(file, ObjectForm)
    assert (manifest.type, manifest.required, manifest.either) == ("manifest", ("elements", "files"), ())
    assert (file.required, file.either) == (("name", "size"), ("sha256", "sha512", "digest"))
    assert file.expected == "an object with name, size, sha256, sha512, digest"
    assert [form_of(each).type for each in (str, int, bool)] == ["str", "int", "bool"]
    for other in (float, dict[str, str], None):
        with pytest.raises(KeyError):
            form_of(other)


def test_a_value_need_not_be_stated_if_its_type_says_so() -> None:
    for hint, left_out in (
        (str, False),
        (str | None, True),
        (Language, False),
        (Annotated[Language | None, "a sentence"], True),
        (Annotated[Language, "a sentence"], False),
        (tuple[str, ...], False),
    ):
        assert optional(hint) is left_out
