"""Facts for tests: any fact, a fact that states everything, and what must be refused with which words."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from unicodedata import normalize

from hypothesis import strategies as st

from ledger.facts import KINDS
from ledger.facts.value_forms import (
    LARGEST,
    BooleanForm,
    Form,
    FormError,
    IntegerForm,
    ListForm,
    MapForm,
    ObjectForm,
    TextForm,
    check_before_signing,
)
from ledger.formats.characters import unassigned, unseen

Fields = dict[str, Any]
ORDER: Fields = {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV"}
WRITTEN = st.characters(exclude_categories=("Cn", "Cs"))
SHOWN = st.characters(exclude_categories=("Cn", "Cs", "Cf", "Zl", "Zp"))
FILE: Fields = {"name": "return.json", "size": 1842, "sha256": "6a" * 32}


class StatedFact(NamedTuple):
    """Hold the arguments of `build`."""

    kind: str
    public: Fields
    sealed: Fields


def values(form: Form) -> st.SearchStrategy[Any]:
    """Return JSON values of a form."""
    match form:
        case TextForm(values=known) if known:
            return st.sampled_from(known)
        case TextForm(type="instant"):
            return st.datetimes(min_value=datetime(1000, 1, 1)).map(lambda t: t.strftime("%Y-%m-%dT%H:%M:%SZ"))  # noqa: DTZ001
        case TextForm(type="date"):
            return st.dates().map(lambda day: day.isoformat())
        case TextForm(strict_check=exists, suggestions=known_words) if exists and known_words():
            return st.sampled_from(sorted(known_words()))
        case TextForm(strict_pattern=door) if door.endswith("{2}-[0-9]{2}"):
            return st.dates().map(lambda day: f"2AP={day.isoformat()}")
        case TextForm(pattern=pattern, strict_pattern=door, strict_check=exists, unseen=allowed):
            words = st.from_regex(door or pattern, fullmatch=True, alphabet=SHOWN if allowed == "none" else WRITTEN)
            formed = words.map(lambda text: normalize("NFC", text)).filter(lambda text: _at_door(form, text))
            return formed.filter(lambda text: unassigned(text) is None and unseen(text, allowed) is None)
        case IntegerForm(least=least):
            return st.integers(least, LARGEST)
        case BooleanForm():
            return st.booleans()
        case ListForm(item=item):
            return st.lists(values(item), max_size=3)
        case ObjectForm():
            optional = {name: values(member) for name, member in form.members.items() if name not in form.required}
            required = {name: values(form.members[name]) for name in form.required}
            records = st.fixed_dictionaries(required, optional=optional)
            return records.filter(lambda record: not form.either or not record.keys().isdisjoint(form.either))
        case MapForm(key=key, item=item):
            return st.dictionaries(values(key), values(item), min_size=1, max_size=3)


def _at_door(form: Form, value: Any) -> bool:
    try:
        check_before_signing(form, value)
    except FormError:
        return False
    return True


@st.composite
def facts(draw: st.DrawFn) -> StatedFact:
    """Return facts of any kind: the required fields, and some of the others."""
    cls = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    sides: tuple[Fields, Fields] = ({}, {})
    for field in cls.fields().values():
        if field.required or draw(st.integers(0, 3)) == 0:
            sides[field.sealed][field.name] = draw(values(field.form))
    return StatedFact(cls.kind, *sides)


EXAMPLES: Fields = {
    "text": "first line\nsecond line",
    "int": 0,
    "bool": False,
    "instant": "2026-11-24T13:37:44Z",
    "date": "2028-02-29",
    "duration": "P20D",
    "party": "XO",
    "actor": "pp-karsk",
    "role": "ISS",
    "instrument": "2AP-7",
    "element": "message-content#mailbox-2",
    "event": "0a" * 32,
    "order": "8f14e45f-ceea-467f-9575-7d5a1e2b3c4d",
    "document": {"code": "certificate", "media": "application/pdf", "size": 9120, "sha256": "f6" * 32},
    "manifest": {"elements": ["name"], "files": [FILE]},
    "names": {"en": "Prosecutor's Office Karsk", "sr_latn": "Tužilaštvo"},
}


def _example(word: TextForm) -> str:
    """Return the example that a refusal of a text shows."""
    if "64 hex digits" in word.expected:
        return "6a" * 32
    return word.expected.partition("such as ")[2] or "PPO-2026-123"


def in_full(kind: str) -> StatedFact:
    """Return a fact of this kind with every field it can have."""
    sides: tuple[Fields, Fields] = ({}, {})
    for field in KINDS[kind].fields().values():
        scalar = field.type.removeprefix("list[").removesuffix("]")
        word: Any = getattr(field.form, "item", field.form)
        value = field.one_of[-1] if scalar == "code" else EXAMPLES[scalar] if scalar in EXAMPLES else _example(word)
        sides[field.sealed][field.name] = value if scalar == field.type else [value, value]
    return StatedFact(kind, *sides)


REFUSALS = [
    (
        StatedFact("order-isued", {}, {}),
        "FACT-KIND: expected a kind of the vocabulary, got 'order-isued'",
    ),
    (
        StatedFact("order-issued", {**ORDER, "return_timeframe": "20 days"}, {}),
        "FACT order-issued.return_timeframe: expected an ISO 8601 duration such as P20D, got '20 days'",
    ),
    (
        StatedFact("order-issued", {**ORDER, "return_timefame": "P20D"}, {}),
        "FACT order-issued: expected a field of order-issued, got 'return_timefame'",
    ),
    (
        StatedFact("order-issued", {"instrument": "2AP-7", "from_party": "XO"}, {}),
        "FACT order-issued.to_party: expected the code of a Party such as XO, got nothing",
    ),
    (
        StatedFact("order-issued", {**ORDER, "offences": ["fraud"]}, {}),
        "FACT order-issued.offences: expected among the sealed fields, got it among the public",
    ),
    (
        StatedFact("order-issued", ORDER, {"reference": "PPO-1"}),
        "FACT order-issued.reference: expected among the public fields, got it among the sealed",
    ),
    (
        StatedFact("order-issued", {**ORDER, "date_issued": "2027-02-30"}, {}),
        "FACT order-issued.date_issued: expected a date such as 2026-11-24, got '2027-02-30'",
    ),
    (
        StatedFact("order-issued", {**ORDER, "emergency": 1}, {}),
        "FACT order-issued.emergency: expected true or false, got 1",
    ),
    (
        StatedFact("order-issued", {**ORDER, "elements_sought": ["login-ip", "password"]}, {}),
        "FACT order-issued.elements_sought[1]: expected a data element such as login-ip or "
        "message-content#mailbox-2, got 'password'",
    ),
    (
        StatedFact("order-issued", {**ORDER, "providers": "skylark"}, {}),
        "FACT order-issued.providers: expected a list, each item the identifier of an actor such as pp-karsk, "
        "got 'skylark'",
    ),
    (
        StatedFact("order-issued", {**ORDER, "prior_order": "8F14E45F-CEEA-467F-9575-7D5A1E2B3C4D"}, {}),
        "FACT order-issued.prior_order: expected the UUID of an order, in lower case, "
        "got '8F14E45F-CEEA-467F-9575-7D5A1E2B3C4D'",
    ),
    (
        StatedFact("order-closed", {"outcome": "anwsered"}, {}),
        "FACT order-closed.outcome: expected one of answered, answered-in-part, refused, no-data, withdrawn, "
        "repudiated, replaced, got 'anwsered'",
    ),
    (
        StatedFact("compliance-ordered", {"new_due": "2026-11-24T13:37:44+01:00"}, {}),
        "FACT compliance-ordered.new_due: expected an instant in UTC such as 2026-11-24T13:37:44Z, "
        "got '2026-11-24T13:37:44+01:00'",
    ),
    (
        StatedFact("suspension-lifted", {"about": "suspension"}, {}),
        "FACT suspension-lifted.about: expected the hash of an earlier entry, 64 hex digits in lower case, "
        "got 'suspension'",
    ),
    (
        StatedFact("log-key-rotated", {"old_key": "a", "new_key": "b", "from_size": 7.0}, {}),
        "FACT log-key-rotated.from_size: expected a whole number within 2^53-1, got 7.0",
    ),
    (
        StatedFact("log-key-rotated", {"old_key": "a", "new_key": "b", "from_size": 2**53}, {}),
        "FACT log-key-rotated.from_size: expected a whole number within 2^53-1, got 9007199254740992",
    ),
    (
        StatedFact("log-key-rotated", {"old_key": "a\nb", "new_key": "b", "from_size": 7}, {}),
        r"FACT log-key-rotated.old_key: expected a string on one line, got 'a\nb'",
    ),
    (
        StatedFact("log-key-rotated", {"old_key": "x" * 999, "new_key": "b", "from_size": "7"}, {}),
        "FACT log-key-rotated.from_size: expected a whole number within 2^53-1, got '7'",
    ),
    (
        StatedFact("policy-adopted", {"policy": "p", "document": {"code": "p", "media": "text/html", "size": 1}}, {}),
        "FACT policy-adopted.document.sha256: expected a SHA-256, 64 hex digits in lower case, got nothing",
    ),
    (
        StatedFact("policy-adopted", {"policy": "p", "document": {"name": "p"}}, {}),
        "FACT policy-adopted.document: expected no member but code, media, size, sha256, got 'name'",
    ),
    (
        StatedFact("authority-changed", {"actor": "ncco", "valid_from": "2027-01-01", "names": {"sr-Latn": "x"}}, {}),
        "FACT authority-changed.names: expected a language tag such as en or sr_latn, got 'sr-Latn'",
    ),
    (
        StatedFact("authority-changed", {"actor": "ncco", "valid_from": "2027-01-01", "roles": ["JUDGE"]}, {}),
        "FACT authority-changed.roles[0]: expected the code of a role such as ISS, got 'JUDGE'",
    ),
]
