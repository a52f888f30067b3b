"""The vocabulary: every kind of fact that can be recorded, one frozen class each.

`build` reads wire JSON strictly; `public_of` and `sealed_of` return the same JSON. Nothing here checks a fact against
the law: a wrong fact of the right form is recorded, and the law comments on it.
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
    costs,
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
from ledger.facts.kind import WHY, Fact, Field, SealedField
from ledger.facts.order import changes, issued, service
from ledger.facts.rights import controller, incidents, oversight, person, retention, use
from ledger.facts.schema import about, describe
from ledger.facts.value_forms import ABSENT, Form, FormError, check, check_before_signing, quick_check
from ledger.facts.vocabulary import ROLES
from ledger.messages import Message

__all__ = [
    "KINDS",
    "WHY",
    "Fact",
    "FactError",
    "Field",
    "SealedField",
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
    *(person, retention, use, incidents, oversight, controller, court, governance, costs),
)

KINDS: dict[str, type[Fact]] = {
    cls.kind: cls
    for file in _FILES
    for cls in vars(file).values()
    if isinstance(cls, type) and issubclass(cls, Fact) and cls is not Fact
}


class FactError(RecordError):
    """An error of form: the kind is not in the vocabulary (FACT-KIND), or a field has not the form of its kind (FACT).

    `where` names the field as `kind.field`, `says` the expected and the actual value. A sealed value is never repeated.
    """


def misformed(kind: str, schema: int, values: Mapping[str, Any]) -> dict[str, FactError]:
    """Return the errors of sealed values that have not the form of their kind, by field; none for an unknown kind."""
    cls = KINDS.get(kind)
    fields = {} if cls is None or cls.schema != schema else cls.fields()
    errors = {}
    for name, value in values.items():
        field = fields.get(name)
        if name == WHY.name and not isinstance(value, str):
            errors[name] = FactError("FACT", "expected text", where=f"{kind}.{name}")
        if field is None or (value is None and field.always):
            continue
        try:
            check(field.form, value)
        except FormError as error:
            errors[name] = FactError(
                "FACT", Message("expected {0}", error.expected), where=f"{kind}.{name}{error.path}"
            )
    return errors


def kind_of(name: str) -> type[Fact]:
    """Return the class of a kind by its name on the wire; `FactError` FACT-KIND if it is not in the vocabulary."""
    try:
        return KINDS[name]
    except KeyError:
        raise FactError(
            "FACT-KIND",
            Message("expected a kind of the vocabulary, got {0}", _in_words(name)),
            hint=meant(name, KINDS) or Message("`comity vocabulary` lists them"),
        ) from None


def build(kind: str, public: Mapping[str, Any], sealed: Mapping[str, Any]) -> Fact:
    """Return the fact that these fields state, both mappings as wire JSON; `FactError` names the first wrong field.

    A field that is not stated is absent, never null. Only a sealed field with `always` may be null: its commitment then
    says "not stated".
    """
    cls = kind_of(kind)
    return msgspec.convert({**_checked(cls, public, sealed=False), **_checked(cls, sealed, sealed=True)}, cls)


def public_of(fact: Fact) -> dict[str, Any]:
    """Return the public fields that were stated, as wire JSON."""
    return _stated(fact, sealed=False)


def sealed_of(fact: Fact) -> dict[str, Any]:
    """Return the sealed fields that were stated, as wire JSON in clear."""
    return _stated(fact, sealed=True)


def json_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of `{"public": {...}, "sealed": {...}}` for a kind; `FactError` if unknown."""
    return describe(kind_of(kind))


def check_audience(kind: str, audience: Mapping[str, Sequence[str]]) -> None:
    """Refuse a wrong field or role in `{field: [role, ...]}`, the readers that differ from those of the vocabulary."""
    cls = kind_of(kind)
    for name, roles in audience.items():
        _place(cls, name, sealed=True)
        for role in roles:
            if role not in ROLES:
                raise FactError("FACT", f"expected roles as readers, got {_in_words(role)}", where=f"{kind}.{name}")


def check_form(kind: str, public: Mapping[str, Any], sealed: Collection[str]) -> None:
    """Refuse values that cannot be an entry of this kind, without reading its sealed values.

    `public` are its public fields as wire JSON, `sealed` the names of the sealed fields that were stated.
    """
    cls = kind_of(kind)
    checks = _quick_checks(cls, (*public,), (*sealed,))
    try:
        if checks is not None and all(map(call, checks, public.values())):
            return
    except TypeError:
        pass
    _checked(cls, public, sealed=False, new=False)
    for name in sealed:
        _place(cls, name, sealed=True)
    for name in sorted(_needed(cls, sealed=True) - set(sealed)):
        raise FactError("FACT", "expected among the sealed fields, got nothing", where=f"{kind}.{name}")


@lru_cache(512)  # the entries of a ledger have few sets of field names
def _quick_checks(
    cls: type[Fact], public: tuple[str, ...], sealed: tuple[str, ...]
) -> list[Callable[[Any], object]] | None:
    """Return the quick check of each public field; None where the names of the fields do not fit the kind."""
    forms, sealable = _forms(cls)
    if not (_needed(cls, sealed=False) <= {*public} and _needed(cls, sealed=True) <= {*sealed} <= sealable):
        return None
    return [quick_check(forms[name]) for name in public] if forms.keys() >= {*public} else None


@cache
def _forms(cls: type[Fact]) -> tuple[Mapping[str, Form], frozenset[str]]:
    """Return the forms of the public fields of a kind, and the names of its sealed fields."""
    fields = cls.fields().items()
    return {n: f.form for n, f in fields if not f.sealed}, frozenset((WHY.name, *(n for n, f in fields if f.sealed)))


@cache
def _needed(cls: type[Fact], *, sealed: bool) -> frozenset[str]:
    """Return the fields that every entry of a kind has: required fields, and fields with `always`."""
    return frozenset(n for n, f in cls.fields().items() if f.sealed is sealed and (f.required or f.always))


def _checked(cls: type[Fact], given: Mapping[str, Any], *, sealed: bool, new: bool = True) -> dict[str, Any]:
    """Return the stated values after the checks of their forms; `new`: with the checks before signing."""
    for name in given:
        if name == WHY.name:  # of the envelope, not of a fact
            raise FactError(
                "FACT", Message("expected a field of {0}, got {1}", cls.kind, _in_words(name)), where=cls.kind
            )
        _place(cls, name, sealed=sealed)
    stated = {}
    for name, field in cls.fields().items():
        if field.sealed is not sealed or (name not in given and not field.required):
            continue
        value = given.get(name, ABSENT)
        if value is None and field.always:
            continue
        try:
            check(field.form, value)
            if new:
                check_before_signing(field.form, value)
        except FormError as error:
            raise FactError(
                "FACT",
                misfit(error, secret=sealed),
                where=f"{cls.kind}.{name}{error.path}",
                hint=hint_for(error),
            ) from None
        stated[name] = value
    return stated


def _place(cls: type[Fact], name: str, *, sealed: bool) -> None:
    """Refuse a field that the kind does not have, or that is sealed instead of public or public instead of sealed."""
    field = WHY if name == WHY.name else cls.fields().get(name)
    if field is None:
        raise FactError(
            "FACT",
            Message("expected a field of {0}, got {1}", cls.kind, _in_words(name)),
            hint=meant(name, cls.fields()),
            where=cls.kind,
        )
    if field.sealed is not sealed:
        side, other = ("sealed", "public") if field.sealed else ("public", "sealed")
        raise FactError(
            "FACT",
            Message("expected among the {0} fields, got it among the {1}", side, other),
            where=f"{cls.kind}.{name}",
        )


def _stated(fact: Fact, *, sealed: bool) -> dict[str, Any]:
    values = msgspec.json.decode(msgspec.json.encode(fact))  # through JSON: tuples become lists
    return {name: values[name] for name, field in fact.fields().items() if field.sealed is sealed and name in values}


def misfit(error: FormError, *, secret: bool = False) -> Message:
    """Return what a form expects and what was stated; of a secret value the type alone."""
    expected, got = error.expected, error.got
    if got is ABSENT:
        return Message("expected {0}, got nothing", expected)
    if got is None:
        return Message("expected {0}, got null", expected)
    if isinstance(got, list):
        return Message("expected {0}, got a list", expected)
    if isinstance(got, dict):
        return Message("expected {0}, got an object", expected)
    if secret and isinstance(got, str):
        return Message("expected {0}, got a string", expected)
    if secret and not isinstance(got, bool):
        return Message("expected {0}, got a number", expected)
    return Message("expected {0}, got {1}", expected, _in_words(got, secret=secret))


def _in_words(value: Any, *, secret: bool = False) -> str:
    """Return a JSON value that is no list and no object: short, on one line; of a sealed value the type alone."""
    if isinstance(value, bool):
        return Message("true or false") if secret else str(value).lower()
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:76]}...{text[-1]}"


def hint_for(error: FormError) -> str:
    """Return the suggestion nearest to a wrong value, else all suggestions if few and not in the message already.

    For a code it is the code with the nearest words, and the command that explains the list.
    """
    from ledger.facts.words.lookup import hint_of

    suggestions = list(error.suggestions)
    listed = ", ".join(suggestions)
    is_said = not listed or (isinstance(error.expected, Message) and listed in error.expected.values)
    if hint := hint_of(error.got, suggestions, listed=is_said):
        return hint
    return meant(error.got, suggestions) or (
        Message("there are {0}", listed) if len(suggestions) < 40 and not is_said else ""
    )


def meant(word: object, known: Iterable[str]) -> str:
    """Return the question "did you mean ...?" with the known word nearest to a mistyped one; empty without one."""
    from difflib import get_close_matches  # its import takes 5 ms

    if not isinstance(word, str):
        return ""
    lower = {each.lower(): each for each in known}
    near = get_close_matches(word.lower(), lower, n=1, cutoff=0.75)
    if not near and len(word) > 2:  # the beginning of exactly one word
        near = [each for each in lower if each.startswith(word.lower())]
    return Message("did you mean {0}?", lower[near[0]]) if len(near) == 1 else ""
