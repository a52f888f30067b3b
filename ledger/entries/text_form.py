"""Find characters in the texts of an entry that the record should not have.

Before an entry is recorded, such a text is refused. In a recorded entry it is a finding on that entry, the
same in every verifier: such a text damages no other entry, and the finding shows what the signer wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from ledger.entries.payload import Payload
from ledger.errors import RecordError
from ledger.facts import KINDS
from ledger.facts.value_forms import texts
from ledger.formats.characters import Unseen, code, unassigned, unseen
from ledger.messages import Message


class Odd(msgspec.Struct, frozen=True):
    """A text with a character that it should not have: TEXT-UNASSIGNED or TEXT-UNSEEN, where, and a sentence."""

    code: str
    where: str
    says: str


def odd_texts(payload: Payload) -> Iterator[Odd]:
    """Yield the odd public texts of an entry, each with its first odd character."""
    if msgspec.json.encode(payload).isascii():
        return
    for where, text in _members(payload):
        yield from _odd(where, text, "none")
    yield from odd_values(payload, {name: value for name, value in payload.public.items() if name != "_sd"})


def odd_values(payload: Payload, values: Mapping[str, Any]) -> Iterator[Odd]:
    """Yield the odd texts in fields of an entry, by name: public fields, or opened sealed ones of the right form.

    In an unknown kind or field, a name is not distinguishable from other texts, so any text may have
    invisible characters.
    """
    kind = KINDS.get(payload.kind)
    fields = kind.fields() if kind is not None and kind.schema == payload.schema else {}
    for name, value in values.items():
        if name not in fields:
            for where, text in _anywhere(value, name):
                yield from _odd(where, text, "shown")
        elif value is not None:
            for where, text, word in texts(fields[name].form, value, name):
                yield from _odd(where, text, word.unseen)


def check_texts(payload: Payload, values: Mapping[str, Any] | None = None) -> None:
    """Refuse, with JSON-CHAR, an entry with an odd text before it is recorded; `values` are its sealed values."""
    for odd in (*odd_texts(payload), *odd_values(payload, values or {})):
        raise RecordError("JSON-CHAR", odd.says, where=odd.where)


def _members(p: Payload) -> Iterator[tuple[str, str]]:
    """Yield the texts of the payload outside its fields: actors, roles, codes, references."""
    yield from (("signer.actor", p.signer.actor), ("signer.role", p.signer.role), ("signer.party", p.signer.party))
    yield from ((f"refs[{n}]", ref) for n, ref in enumerate(p.refs))
    yield from ((name, value) for name, value in (("log", p.log), ("instrument", p.instrument)) if value)
    yield from ((f"sealed[{n}]", name) for n, name in enumerate(p.sealed))
    for n, document in enumerate(p.documents):
        yield from ((f"documents[{n}].code", document.code), (f"documents[{n}].media", document.media))
    if p.whose is not UNSET:
        yield "whose", p.whose
    if p.audience is not UNSET:
        for field, roles in p.audience.items():
            yield from ((f"audience.{field}", role) for role in roles)
    if p.seen is not None:
        yield "seen.origin", p.seen.origin
    if p.other is not UNSET:
        yield "other.origin", p.other.origin


def _odd(where: str, text: str, allowed: Unseen) -> Iterator[Odd]:
    if character := unassigned(text):
        says = Message("{0} holds {1}, which Unicode 14.0 does not have", where, code(character))
        yield Odd("TEXT-UNASSIGNED", where, says)
    elif character := unseen(text, allowed):
        yield Odd("TEXT-UNSEEN", where, Message("{0} holds {1}, which has no shape of its own", where, code(character)))


def _anywhere(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from _anywhere(item, f"{path}[{n}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _anywhere(item, f"{path}.{name}")
