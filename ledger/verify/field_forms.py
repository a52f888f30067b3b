"""Are the fields of an entry what its kind asks for: a question of form, as far as they can be read here.

A kind or a schema that this reader does not know is left as it is: integrity still counts, the fact is shown raw. So is
a field that a later version of a kind may have added. A value that stays closed cannot be held against anything.
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
    """The class of an entry's kind, if this reader knows it in this schema."""
    return _known(payload.kind, payload.schema)


def _known(kind: str, schema: int) -> type[Fact] | None:
    fact = KINDS.get(kind)
    return fact if fact is not None and fact.schema == schema else None


def check_public(payload: Payload) -> None:
    """FACT unless every required field is stated, on its side, and every public value has its form."""
    public = payload.public
    plain = _plain(payload.kind, payload.schema, (*public,), (*payload.sealed,))
    try:
        if all(map(call, plain, public.values())):
            return
    except TypeError:
        pass
    check_values(payload)


def check_values(payload: Payload) -> None:
    """FACT for the first public value without its form: `check_public` for what is not plain, once sides are right."""
    fact = known(payload)
    fields = fact.fields() if fact is not None else {}
    for name, value in payload.public.items():
        field = fields.get(name)
        if field is None or (value is None and field.always):
            continue
        try:
            check(field.form, value)
        except FormError as unfit:
            where = f"{payload.kind}.{name}{unfit.path}"
            raise FactError("FACT", f"expected {unfit.expected}", where=where) from None


@lru_cache(512)  # a ledger has few shapes of entries, however many entries
def _plain(
    kind: str, schema: int, public: tuple[str, ...], sealed: tuple[str, ...]
) -> tuple[Callable[[Any], object], ...]:
    """For each public field what tells a value that plainly has its form; FACT if a field is missing or misplaced."""
    fact = _known(kind, schema)
    fields = fact.fields() if fact is not None else {}
    for name, field in fields.items():
        there, beside = (sealed, public) if field.sealed else (public, sealed)
        if name in beside:
            says = f"expected {'sealed' if field.sealed else 'public'}, it is not"
            raise FactError("FACT", says, where=f"{kind}.{name}")
        if name not in there and (field.required or field.always):
            raise FactError("FACT", "expected to be stated, it is not", where=f"{kind}.{name}")
    return tuple(quick_check(fields[name].form) if name in fields else _any for name in public)


def _any(_: object) -> bool:
    """True: nothing is asked of a field that is not known here."""
    return True


def check_sealed(payload: Payload, values: Mapping[str, Any]) -> None:
    """FACT unless every opened value has the form its kind asks for."""
    for wrong in misformed(payload.kind, payload.schema, values).values():
        raise wrong
