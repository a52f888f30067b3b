"""Are the fields of an entry what its kind asks for: a question of form, as far as they can be read here.

A kind or a schema that this reader does not know is left as it is: integrity still counts, the fact is shown raw. So is
a field that a later version of a kind may have added. A value that stays closed cannot be held against anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.envelope import Payload
from ledger.facts import KINDS, Fact, FactError
from ledger.facts.wire import Unfit, check


def known(payload: Payload) -> type[Fact] | None:
    """The class of an entry's kind, if this reader knows it in this schema."""
    fact = KINDS.get(payload.kind)
    return fact if fact is not None and fact.schema == payload.schema else None


def check_public(payload: Payload) -> None:
    """FACT unless every required field is stated, on its side, and every public value has its form."""
    fact = known(payload)
    if fact is None:
        return
    for name, field in fact.fields().items():
        where = f"{payload.kind}.{name}"
        there, beside = (payload.sealed, payload.public) if field.sealed else (payload.public, payload.sealed)
        if name in beside:
            raise FactError("FACT", f"expected {'sealed' if field.sealed else 'public'}, it is not", where=where)
        if name not in there and (field.required or field.always):
            raise FactError("FACT", "expected to be stated, it is not", where=where)
        if name in payload.public:
            _check(fact, name, payload.public[name])


def check_sealed(payload: Payload, values: Mapping[str, Any]) -> None:
    """FACT unless every opened value has the form its kind asks for."""
    fact = known(payload)
    if fact is None:
        return
    for name, value in values.items():
        if name in fact.fields():
            _check(fact, name, value)


def _check(fact: type[Fact], name: str, value: Any) -> None:
    field = fact.fields()[name]
    if value is None and field.always:
        return
    try:
        check(field.form, value)
    except Unfit as unfit:
        raise FactError("FACT", f"expected {unfit.expected}", where=f"{fact.kind}.{name}{unfit.path}") from None
