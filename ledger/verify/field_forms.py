"""Check that the fields of an entry have the form of its kind.

A kind or schema that this reader does not know is not checked: integrity still counts, and the fact is shown
raw. The same holds for a field that a later version of a kind may have added. A closed value cannot be
checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import call
from typing import Any

from ledger.entries.payload import Payload
from ledger.facts import KINDS, Fact, FactError, misformed
from ledger.facts.value_forms import FormError, check, quick_check


def known(payload: Payload) -> type[Fact] | None:
    """Return the class of an entry's kind; None if this reader does not know the kind in this schema."""
    return _known(payload.kind, payload.schema)


def _known(kind: str, schema: int) -> type[Fact] | None:
    fact = KINDS.get(kind)
    return fact if fact is not None and fact.schema == schema else None


def check_public(payload: Payload) -> None:
    """Raise FACT unless required fields are stated, each public or sealed as its kind says, and public values fit."""
    public = payload.public
    plain = _plain(payload.kind, payload.schema, (*public,), (*payload.sealed,))
    try:
        if all(map(call, plain, public.values())):
            return
    except TypeError:
        pass
    check_values(payload)


def check_values(payload: Payload) -> None:
    """Raise FACT for the first public value without its form: the slow path of `check_public`.

    It expects that each field is public or sealed as its kind says.
    """
    fact = known(payload)
    fields = fact.fields() if fact is not None else {}
    for name, value in payload.public.items():
        field = fields.get(name)
        if field is None:
            continue
        try:
            check(field.form, value)
        except FormError as unfit:
            where = f"{payload.kind}.{name}{unfit.path}"
            raise FactError("FACT", f"expected {unfit.expected}", where=where) from None


@lru_cache(512)  # entries have few shapes, whatever the size of the ledger
def _plain(
    kind: str, schema: int, public: tuple[str, ...], sealed: tuple[str, ...]
) -> tuple[Callable[[Any], object], ...]:
    """Return a quick check for each public field. FACT if one is missing, or public instead of sealed or vice versa."""
    fact = _known(kind, schema)
    fields = fact.fields() if fact is not None else {}
    for name, field in fields.items():
        expected, opposite = (sealed, public) if field.sealed else (public, sealed)
        if name in opposite:
            says = f"expected {'sealed' if field.sealed else 'public'}, it is not"
            raise FactError("FACT", says, where=f"{kind}.{name}")
        if name not in expected and (field.required or field.always):
            raise FactError("FACT", "expected to be stated, it is not", where=f"{kind}.{name}")
    return tuple(quick_check(fields[name].form) if name in fields else _any for name in public)


def _any(_: object) -> bool:
    """Return True: a field that this reader does not know is not checked."""
    return True


def check_sealed(payload: Payload, values: Mapping[str, Any]) -> None:
    """Raise FACT unless every opened value has the form of its kind."""
    for wrong in misformed(payload.kind, payload.schema, values).values():
        raise wrong
