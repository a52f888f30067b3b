"""Are the fields of an entry what its kind asks for: a question of form, as far as they can be read here.

A kind or a schema that this reader does not know is left as it is: integrity still counts, the fact is shown raw. So is
a field that a later version of a kind may have added. A value that stays closed cannot be held against anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from ledger.entries.envelope import Payload
from ledger.facts import KINDS, Fact, FactError, misformed
from ledger.facts.wire import Unfit, check, plainly


def known(payload: Payload) -> type[Fact] | None:
    """The class of an entry's kind, if this reader knows it in this schema."""
    fact = KINDS.get(payload.kind)
    return fact if fact is not None and fact.schema == payload.schema else None


def check_public(payload: Payload) -> None:
    """FACT unless every required field is stated, on its side, and every public value has its form."""
    fact = known(payload)
    if fact is None:
        return
    fields, sealed = sides(fact), set(payload.sealed)
    if not (
        fields.needed <= payload.public.keys()
        and fields.needed_sealed <= sealed
        and sealed.isdisjoint(fields.public)
        and fields.sealed.isdisjoint(payload.public)
    ):
        _check_sides(payload, fact)
    for name, value in payload.public.items():
        if name in fields.public and not fields.public[name](value):
            _check(fact, name, value)


class Sides(NamedTuple):
    """The fields of a kind by the side on which they stand, and those that every entry has.

    Of public ones what tells a value that plainly has its form.
    """

    public: Mapping[str, Callable[[Any], object]]
    sealed: frozenset[str]
    needed: frozenset[str]
    needed_sealed: frozenset[str]


@cache
def sides(fact: type[Fact]) -> Sides:
    """The fields of a kind; the first time takes half a millisecond."""
    fields = fact.fields()
    needed = {name for name, field in fields.items() if field.required or field.always}
    sealed = frozenset(name for name, field in fields.items() if field.sealed)
    public = {name: plainly(field.form) for name, field in fields.items() if not field.sealed}
    return Sides(public, sealed, frozenset(public.keys() & needed), sealed & needed)


def _check_sides(payload: Payload, fact: type[Fact]) -> None:
    """FACT for the first field that is missing, or on the wrong side."""
    for name, field in fact.fields().items():
        where = f"{payload.kind}.{name}"
        there, beside = (payload.sealed, payload.public) if field.sealed else (payload.public, payload.sealed)
        if name in beside:
            raise FactError("FACT", f"expected {'sealed' if field.sealed else 'public'}, it is not", where=where)
        if name not in there and (field.required or field.always):
            raise FactError("FACT", "expected to be stated, it is not", where=where)


def check_sealed(payload: Payload, values: Mapping[str, Any]) -> None:
    """FACT unless every opened value has the form its kind asks for."""
    for wrong in misformed(payload.kind, payload.schema, values).values():
        raise wrong


def _check(fact: type[Fact], name: str, value: Any) -> None:
    field = fact.fields()[name]
    if value is None and field.always:
        return
    try:
        check(field.form, value)
    except Unfit as unfit:
        raise FactError("FACT", f"expected {unfit.expected}", where=f"{fact.kind}.{name}{unfit.path}") from None
