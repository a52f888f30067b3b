"""A fact that is about to be signed, and the names of the data subjects of its sealed values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from ledger.adapters.subject_keys.names import HOLDER, TARGET
from ledger.entries.envelope import Circumstances, Signer
from ledger.entries.wrapped_entry import KIND
from ledger.errors import RecordError
from ledger.facts import Fact, public_of
from ledger.formats.selective_disclosure import Disclosure
from ledger.tlog.tree import leaf_hash


@dataclass(frozen=True, slots=True)
class Draft:
    """A fact that is about to be signed, with its circumstances.

    `entry` is an id given by the caller (32 hex digits), by which a command can be repeated; `instrument` is needed
    only where the first fact of an order does not name it; `subjects` names the data subject of a sealed field, if it
    is not the target of the order. An entry of another log brings the disclosures of its values (`carried`), which are
    stored as our own values are, and the reference of the order that it begins (`reference`); `wraps` are its bytes.
    """

    fact: Fact
    order: str
    signer: Signer
    said: Circumstances
    entry: str | None = None
    instrument: str | None = None
    subjects: Mapping[str, str] = field(default_factory=dict)
    carried: Sequence[Disclosure] = ()
    reference: str | None = None
    wraps: bytes | None = None


def check_wrapped(draft: Draft) -> None:
    """Raise `RecordError` ENT-MISMATCH unless the draft has the bytes that it names: only `receive` makes such one."""
    public, raw = public_of(draft.fact), draft.wraps
    if raw is None or (public["envelope"], public["leaf"]) != (sha256(raw).hexdigest(), leaf_hash(raw).hex()):
        raise RecordError(
            "ENT-MISMATCH",
            "an entry of another record is taken in with its bytes and its proof, and not by hand",
            where=KIND,
            hint="comity receive FILE",
        )


def target_of(order: str) -> str:
    """Return the data subject of the sealed values of an order, unless a draft names another one."""
    return f"{TARGET}{order}"


def holder_of(actor: str) -> str:
    """Return the data subject of values about a person of an office, in the register and the access order."""
    return f"{HOLDER}{actor}"


def kept_subjects(before: Mapping[str, str | None], fields: Sequence[str]) -> dict[str, str]:
    """Return the data subjects of the fields of an entry that replaces another one: those of the same fields there.

    A field that the replaced entry does not have, such as the reason, belongs to the subject of all fields there, if
    they have one in common.
    """
    every = next(iter(before.values())) if len(set(before.values())) == 1 else None
    return {field: name for field in fields if (name := before.get(field, every)) is not None}


def check_entry_id(entry: str) -> bytes:
    """Return the 16 bytes of an entry id; `RecordError` JSON-MEMBER unless it is 32 lower-case hex digits."""
    if not re.fullmatch("[0-9a-f]{32}", entry):
        raise RecordError("JSON-MEMBER", "an entry id is 32 lower-case hex digits", where=repr(entry))
    return bytes.fromhex(entry)
