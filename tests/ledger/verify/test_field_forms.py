"""Values with a fast check: the fast check accepts only valid values, and all others get the full check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ledger.facts
from ledger.entries.payload import Formed, Payload, SignedBy, well_formed
from ledger.facts import KINDS, FactError, check_form
from ledger.facts.value_forms import Form, FormError, ListForm, TextForm, check, quick_check
from ledger.verify import field_forms as fields
from ledger.verify.field_forms import check_public, check_sealed, check_values
from tests.ledger.facts.test_facts import ODD
from tests.support.facts import StatedFact, facts
from tests.support.samples import examples

_WORDS = sorted(
    {
        word
        for kind in KINDS.values()
        for field in kind.fields().values()
        if isinstance(word := getattr(field.form, "item", field.form), TextForm)
    },
    key=lambda word: (word.type, word.pattern, word.values),
)
ODD_VALUES = st.sampled_from(ODD) | st.text(max_size=4) | st.integers() | st.dates().map(str)


SAID: dict[str, Any] = {
    "v": 1,
    "log": "test.example/log",
    "entry": "ab" * 16,
    "order": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "seq": 2,
    "prev": "0c" * 32,
    "seen": None,
    "kind": "order-issued",
    "schema": 1,
    "instrument": "2AP-7",
    "refs": [],
    "signer": SignedBy("ab" * 32, "a", "ISS", "XO"),
    "speaks": "act",
    "on": "2027-03-01T00:00:00Z",
    "on_source": "own-act",
    "signed_at": "2027-03-01T00:00:00Z",
    "public": {},
    "sealed": [],
    "documents": [],
    "replaces": "9f" * 32,
}


def nearly(word: TextForm) -> st.SearchStrategy[str]:
    """Generate texts that fit the pattern of a word, ASCII or not, some with one more character at an end."""
    fitting = st.sampled_from(word.values) if word.values else st.from_regex(word.pattern, fullmatch=True)
    ends = st.sampled_from(["", "", "\n", " ", "\u0660", "\u0301", "\x00", "0"])
    return st.builds("{0}{1}{2}".format, ends, fitting, ends)


def is_plain(form: Form, value: Any) -> bool:
    try:
        return bool(quick_check(form)(value))
    except TypeError:
        return False


def fits(form: Form, value: Any) -> bool:
    try:
        check(form, value)
    except FormError:
        return False
    return True


@examples(60)
@given(st.data())
def test_a_text_that_plainly_fits_a_word_fits_it(data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(_WORDS))
    text = data.draw(nearly(word))
    for form, value in ((word, text), (ListForm(word), [text])):
        assert fits(form, value) or not is_plain(form, value)


@pytest.mark.parametrize("day", ["0000-01-01", "2027-02-28", "2028-02-29", "2027-02-30", "2027-13-01", "2027-00-01"])
@pytest.mark.parametrize("rest", ["", "T23:59:59Z", "T24:00:00Z"])
def test_a_day_that_is_in_no_calendar_is_not_plain(day: str, rest: str) -> None:
    for word in _WORDS:
        if word.type in ("date", "instant"):
            assert fits(word, day + rest) or not is_plain(word, day + rest)


@examples(30)
@given(facts())
def test_nearly_every_value_is_plain(told: StatedFact) -> None:
    kind, public, _ = told
    for name, value in public.items():
        form = KINDS[kind].fields()[name].form
        text = getattr(form, "item", form)
        if isinstance(text, TextForm) and not text.parse and "[^" not in text.pattern:
            assert is_plain(form, value)


@st.composite
def changed(draw: st.DrawFn) -> StatedFact:
    """Generate a fact with some fields dropped, moved to the other side, replaced by an odd value, or added."""
    kind, public, sealed = draw(facts())
    public, sealed = dict(public), dict(sealed)
    for name in draw(st.lists(st.sampled_from([*KINDS[kind].fields(), "added_later", "why", "_sd"]), max_size=3)):
        match draw(st.sampled_from(["drop", "move", "odd"])):
            case "drop":
                public.pop(name, None)
                sealed.pop(name, None)
            case "move":
                (sealed if name in public else public)[name] = public.pop(name, sealed.get(name))
            case _:
                public[name] = draw(ODD_VALUES)
    return StatedFact(kind, public, sealed)


def outcome(ask: Callable[[], object]) -> str:
    try:
        ask()
    except FactError as error:
        return f"{error.code} {error.where}: {error.says}"
    return ""


@examples(50)
@given(changed(), st.sampled_from([1, 2]))
def test_an_entry_is_judged_the_same_quickly_and_by_its_forms(told: StatedFact, schema: int) -> None:
    kind, public, sealed = told
    payload = Payload(**SAID | {"kind": kind, "schema": schema, "public": public, "sealed": sorted(sealed)})
    names = fields._plain.__wrapped__

    def nothing_is_plain(*shape: Any) -> list[Callable[[Any], bool]]:
        return [lambda value: False for _ in names(*shape)]

    quickly = outcome(lambda: check_public(payload))
    with patch.object(fields, "_plain", nothing_is_plain):
        assert outcome(lambda: check_public(payload)) == quickly


@examples(50)
@given(changed())
def test_the_form_of_an_entry_is_judged_the_same_quickly_and_field_by_field(told: StatedFact) -> None:
    kind, public, sealed = told
    quickly = outcome(lambda: check_form(kind, public, sealed))
    with patch.object(ledger.facts, "_quick_checks", lambda *shape: None):
        assert outcome(lambda: check_form(kind, public, sealed)) == quickly


def test_an_entry_states_what_its_kind_requires_and_commits_to_what_it_always_does() -> None:
    public = {"issuing_capacity": "court", "data_categories": ["subscriber"]}
    kind = KINDS["order-issued"]
    required = {name for name, field in kind.fields().items() if field.required}
    always = {name for name, field in kind.fields().items() if field.always}
    assert required
    assert always
    sealed = {name for name, field in kind.fields().items() if field.sealed}
    stated = {name: public.get(name) for name, field in kind.fields().items() if not field.sealed}

    def says(without: str) -> str:
        shape = [name for name in stated if name != without], sorted(sealed - {without})
        return outcome(lambda: fields._plain.__wrapped__("order-issued", kind.schema, *map(tuple, shape)))

    for name in kind.fields():
        lacks = f"FACT order-issued.{name}: expected to be stated, it is not"
        assert says(name) == (lacks if name in required | always else ""), name


def wrong(ask: Callable[[Payload], None], kind: str, public: dict[str, Any], later: int = 0) -> str:
    """Return what is wrong with an entry of a kind with these public values, in its schema or a `later` one."""
    schema = (KINDS[kind].schema if kind in KINDS else 1) + later
    return outcome(lambda: ask(Payload(**SAID | {"kind": kind, "schema": schema, "public": public})))


def test_a_public_field_is_absent_or_has_its_form_and_is_never_null() -> None:
    for name, kind in KINDS.items():
        for field in (field for field in kind.fields().values() if not field.sealed):
            says = wrong(check_values, name, {field.name: None})
            assert says.startswith(f"FACT {name}.{field.name}: expected"), says


def test_what_a_reader_does_not_know_is_not_checked() -> None:
    assert wrong(check_public, "order-of-tomorrow", {"case_ref": 5}) == ""
    assert wrong(check_public, "order-issued", {"case_ref": 5}, later=1) == ""
    assert wrong(check_values, "order-issued", {"added_later": None}) == ""
    says = wrong(check_values, "order-issued", {"added_later": 5, "case_ref": 5})
    assert says.startswith("FACT order-issued.case_ref: expected")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["entry", "order", "prev", "kind", "on", "signed_at", "replaces"]),
            st.integers(0, 64),
            st.integers(0, 2),
            st.sampled_from(["", "0", "a", "A", "-", "--", " ", "g", "\n", "\u0660", "\ud800", "Z"]),
        ),
        max_size=3,
    )
)
def test_texts_are_asked_for_their_forms_together_as_one_by_one(changes: list[tuple[str, int, int, str]]) -> None:
    said = dict(SAID)
    for name, at, cut, put in changes:
        said[name] = said[name][:at] + put + said[name][at + cut :]
    try:
        msgspec.convert(msgspec.to_builtins(Payload(**said)), Formed)
    except msgspec.ValidationError:
        assert not well_formed(Payload(**said))
    else:
        assert well_formed(Payload(**said))


def payload(public: dict[str, Any], *sealed: str, kind: str = "order-closed") -> Payload:
    return Payload(**SAID | {"kind": kind, "schema": KINDS[kind].schema, "public": public, "sealed": [*sealed]})


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (payload({"outcome": "answered"}), ""),
        (payload({"outcome": "answered", "added_later": 5}, "also_later"), ""),
        (payload({}, "outcome"), "FACT order-closed.outcome: expected public, it is not"),
        (payload({"outcome": "answered"}, "outcome"), "FACT order-closed.outcome: expected public, it is not"),
        (payload({}), "FACT order-closed.outcome: expected to be stated, it is not"),
        (
            payload({"circumstances": "x"}, kind="order-received"),
            "FACT order-received.circumstances: expected sealed, it is not",
        ),
        (payload({}, kind="order-received"), "FACT order-received.circumstances: expected to be stated, it is not"),
        (payload({}, "circumstances", kind="order-received"), ""),
    ],
)
def test_a_field_is_stated_on_the_side_that_its_kind_says(said: Payload, says: str) -> None:
    assert outcome(lambda: check_public(said)) == says


@pytest.mark.parametrize("value", ["zzz", "", 5, None, [], {}])
def test_a_public_value_without_its_form_is_refused(value: Any) -> None:
    says = outcome(lambda: check_public(payload({"outcome": value})))
    assert says.startswith("FACT order-closed.outcome: expected")
    assert outcome(lambda: check_public(payload({"added_later": 5, "outcome": value}))) == says


@pytest.mark.parametrize("more", [{}, {"added_later": 5}])
def test_an_entry_of_plain_values_is_judged_at_a_quick_look(more: dict[str, Any]) -> None:
    with patch.object(fields, "check_values", side_effect=AssertionError("asked field by field")):
        check_public(payload({"outcome": "answered"} | more))
        with pytest.raises(AssertionError, match="field by field"):
            check_public(payload({"outcome": "zzz"} | more))


def test_an_opened_value_without_its_form_is_refused() -> None:
    entry = payload({}, "circumstances", "why", kind="order-received")
    check_sealed(entry, {"circumstances": None, "why": "so", "added_later": 5})
    for name, value in (("circumstances", 5), ("why", 5)):
        says = outcome(lambda named={name: value}: check_sealed(entry, named))  # type: ignore[misc]
        assert says.startswith(f"FACT order-received.{name}: expected")
