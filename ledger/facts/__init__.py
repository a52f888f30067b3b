"""The vocabulary: every kind of fact that can stand in the record, one frozen class each.

`build` takes wire JSON in and is strict; `public_of` and `sealed_of` give the same JSON back. Nothing here asks whether
a fact fits the law: a wrong fact of the right form is recorded, and the law comments on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from operator import call
from typing import Any

import msgspec

from ledger.errors import RecordError
from ledger.facts import (
    answer,
    court,
    custody,
    customer,
    emergency,
    escalation,
    governance,
    preservation,
    sharing,
    third_state,
)
from ledger.facts.kind import WHY, Fact, Field, Sealed
from ledger.facts.order import changes, issued, service
from ledger.facts.rights import incidents, oversight, person, retention, use
from ledger.facts.schema import about, describe
from ledger.facts.vocabulary import ROLES
from ledger.facts.wire import NOTHING, Form, Unfit, check, check_at_door, plainly

__all__ = [
    "KINDS",
    "WHY",
    "Fact",
    "FactError",
    "Field",
    "Sealed",
    "about",
    "build",
    "check_audience",
    "check_form",
    "hint_for",
    "json_schema",
    "kind_of",
    "public_of",
    "sealed_of",
]

_FILES = (
    *(issued, service, changes, third_state, preservation, answer, escalation, emergency, customer, custody, sharing),
    *(person, retention, use, incidents, oversight, court, governance),
)

KINDS: dict[str, type[Fact]] = {
    cls.kind: cls
    for file in _FILES
    for cls in vars(file).values()
    if isinstance(cls, type) and issubclass(cls, Fact) and cls is not Fact
}


class FactError(RecordError):
    """This cannot be a fact: its kind is not in the vocabulary (FACT-KIND), or a field is not as its kind asks (FACT).

    `where` names the field as `kind.field`, `says` what was expected and what came. A sealed value is never repeated.
    """


def misformed(kind: str, schema: int, values: Mapping[str, Any]) -> dict[str, FactError]:
    """The sealed values that do not have the form their kind asks for, by name; a kind not known here asks for none."""
    cls = KINDS.get(kind)
    fields = {} if cls is None or cls.schema != schema else cls.fields()
    found = {}
    for name, value in values.items():
        field = fields.get(name)
        if name == WHY.name and not isinstance(value, str):
            found[name] = FactError("FACT", "expected text", where=f"{kind}.{name}")
        if field is None or (value is None and field.always):
            continue
        try:
            check(field.form, value)
        except Unfit as unfit:
            found[name] = FactError("FACT", f"expected {unfit.expected}", where=f"{kind}.{name}{unfit.path}")
    return found


def kind_of(name: str) -> type[Fact]:
    """The class of a kind by its name on the wire; `FactError` FACT-KIND if the vocabulary does not have it."""
    try:
        return KINDS[name]
    except KeyError:
        raise FactError(
            "FACT-KIND",
            f"expected a kind of the vocabulary, got {_tell(name)}",
            hint=meant(name, KINDS) or "`comity vocabulary` lists them",
        ) from None


def build(kind: str, public: Mapping[str, Any], sealed: Mapping[str, Any]) -> Fact:
    """The fact that these fields state, both mappings as wire JSON; `FactError` names the first field that is wrong.

    Null is not a value, and a field that is not stated is absent. Only a sealed field that is always committed to may
    be null, which is how its commitment says "not stated".
    """
    cls = kind_of(kind)
    return msgspec.convert({**_checked(cls, public, sealed=False), **_checked(cls, sealed, sealed=True)}, cls)


def public_of(fact: Fact) -> dict[str, Any]:
    """The public fields that were stated, as wire JSON."""
    return _stated(fact, sealed=False)


def sealed_of(fact: Fact) -> dict[str, Any]:
    """The sealed fields that were stated, as wire JSON in the clear."""
    return _stated(fact, sealed=True)


def json_schema(kind: str) -> dict[str, Any]:
    """JSON Schema (2020-12) of `{"public": {...}, "sealed": {...}}` for a kind; `FactError` if it is unknown."""
    return describe(kind_of(kind))


def check_audience(kind: str, audience: Mapping[str, Sequence[str]]) -> None:
    """Refuse `{field: [role, ...]}`, the readers that differ from the vocabulary's, for a wrong field or role."""
    cls = kind_of(kind)
    for name, roles in audience.items():
        _place(cls, name, sealed=True)
        for role in roles:
            if role not in ROLES:
                raise FactError("FACT", f"expected roles as readers, got {_tell(role)}", where=f"{kind}.{name}")


def check_form(kind: str, public: Mapping[str, Any], sealed: Collection[str]) -> None:
    """Refuse what cannot be an entry of this kind, as far as those who do not hold its sealed values can tell.

    `public` are its public fields as wire JSON, `sealed` the names of the sealed fields that were stated.
    """
    cls = kind_of(kind)
    plain = _plain(cls, (*public,), (*sealed,))
    try:
        if plain is not None and all(map(call, plain, public.values())):
            return
    except TypeError:
        pass
    _checked(cls, public, sealed=False, door=False)
    for name in sealed:
        _place(cls, name, sealed=True)
    for name in sorted(_needed(cls, sealed=True) - set(sealed)):
        raise FactError("FACT", "expected among the sealed fields, got nothing", where=f"{kind}.{name}")


@lru_cache(512)  # a ledger has few shapes of entries, however many entries
def _plain(cls: type[Fact], public: tuple[str, ...], sealed: tuple[str, ...]) -> list[Callable[[Any], object]] | None:
    """For each public field what tells a value that plainly has its form; None where the names of fields do not fit."""
    forms, sealable = _forms(cls)
    if not (_needed(cls, sealed=False) <= {*public} and _needed(cls, sealed=True) <= {*sealed} <= sealable):
        return None
    return [plainly(forms[name]) for name in public] if forms.keys() >= {*public} else None


@cache
def _forms(cls: type[Fact]) -> tuple[Mapping[str, Form], frozenset[str]]:
    """The forms of a kind's public fields, and the names of its sealed ones."""
    fields = cls.fields().items()
    return {n: f.form for n, f in fields if not f.sealed}, frozenset((WHY.name, *(n for n, f in fields if f.sealed)))


@cache
def _needed(cls: type[Fact], *, sealed: bool) -> frozenset[str]:
    """The fields that every entry of a kind has: those required, and those committed to stated or not."""
    return frozenset(n for n, f in cls.fields().items() if f.sealed is sealed and (f.required or (sealed and f.always)))


def _checked(cls: type[Fact], given: Mapping[str, Any], *, sealed: bool, door: bool = True) -> dict[str, Any]:
    """The values given, as they have to be; `door`: as they have to be in a fact that is about to be signed."""
    for name in given:
        if name == WHY.name:  # of the envelope, not of a fact
            raise FactError("FACT", f"expected a field of {cls.kind}, got {_tell(name)}", where=cls.kind)
        _place(cls, name, sealed=sealed)
    stated = {}
    for name, field in cls.fields().items():
        if field.sealed is not sealed or (name not in given and not field.required):
            continue
        value = given.get(name, NOTHING)
        if value is None and field.always:
            continue
        try:
            check(field.form, value)
            if door:
                check_at_door(field.form, value)
        except Unfit as unfit:
            raise FactError(
                "FACT",
                f"expected {unfit.expected}, got {_tell(unfit.got, secret=sealed)}",
                where=f"{cls.kind}.{name}{unfit.path}",
                hint=hint_for(unfit),
            ) from None
        stated[name] = value
    return stated


def _place(cls: type[Fact], name: str, *, sealed: bool) -> None:
    """Refuse a field the kind does not have, or has on the other side."""
    field = WHY if name == WHY.name and sealed else cls.fields().get(name)
    if field is None:
        raise FactError(
            "FACT",
            f"expected a field of {cls.kind}, got {_tell(name)}",
            hint=meant(name, cls.fields()),
            where=cls.kind,
        )
    if field.sealed is not sealed:
        side, other = ("sealed", "public") if field.sealed else ("public", "sealed")
        raise FactError(
            "FACT", f"expected among the {side} fields, got it among the {other}", where=f"{cls.kind}.{name}"
        )


def _stated(fact: Fact, *, sealed: bool) -> dict[str, Any]:
    values = msgspec.json.decode(msgspec.json.encode(fact))  # through JSON, so that tuples come out as lists
    return {name: values[name] for name, field in fact.fields().items() if field.sealed is sealed and name in values}


def _tell(value: Any, *, secret: bool = False) -> str:
    """A JSON value as an error names it: short, on one line, and only its type where it is sealed."""
    if value is NOTHING:
        return "nothing"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false" if secret else str(value).lower()
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    if secret:
        return "a string" if isinstance(value, str) else "a number"
    told = repr(value)
    return told if len(told) <= 80 else f"{told[:76]}...{told[-1]}"


def hint_for(unfit: Unfit) -> str:
    """What to write instead: the word that was meant, else all there are, where they are few and not told already."""
    words = list(unfit.words)
    told = ", ".join(words)
    return meant(unfit.got, words) or (
        f"there are {told}" if 0 < len(words) < 40 and told not in unfit.expected else ""
    )


def meant(word: object, known: Iterable[str]) -> str:
    """A question for whoever made a slip of the pen, after the word they meant; empty where nothing is near."""
    from difflib import get_close_matches  # 5 ms that nobody else has to pay

    if not isinstance(word, str):
        return ""
    known = list(known)
    lower = {each.lower(): each for each in known}
    near = get_close_matches(word, known, n=1, cutoff=0.75) or get_close_matches(word.lower(), lower, n=1, cutoff=0.75)
    if not near and len(word) > 2:  # the beginning of one word alone
        near = [each for each in lower if each.startswith(word.lower())]
    return f"did you mean {lower.get(near[0], near[0])}?" if len(near) == 1 else ""
