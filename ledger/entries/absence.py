"""Show that a log has no order of an id: the document that carries the proof, made and read.

The register travels with it, because it says whose key committed the heads, and was committed itself. Every entry is
proven under one checkpoint.

    {"format": "comity.absence/1", "says": "...", "log": origin, "order": order id, "checkpoint": note,
     "absent": proof of the order (base64), "registered": proof of the register (base64),
     "commit": {"index": place in the log, "entry": sealed line, "path": [base64, ...]},
     "register": [{"index": ..., "entry": ..., "path": ...}, ...]}

It speaks of an id and not of a case number: a map of case numbers could be searched by guessing.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from ledger.entries.payload import Count, Name, Uuid
from ledger.errors import RecordError
from ledger.tlog.patricia_tree import LARGEST_PROOF

FORMAT = "comity.absence/1"
LARGEST = 1 << 24  # bytes
_Hash = Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{43}=\Z")]  # base64 of 32 bytes
_Proof = Annotated[str, Meta(max_length=4 * LARGEST_PROOF)]


class ProvenLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sealed entry with its place in the log and the path to the checkpoint's root."""

    index: Count
    entry: str
    path: Annotated[list[_Hash], Meta(max_length=63)]


class Absence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="format", tag=FORMAT):
    """The members of the document. Nothing is verified yet."""

    says: str
    log: Name
    order: Uuid
    checkpoint: str
    absent: _Proof
    registered: _Proof
    commit: ProvenLine
    register: list[ProvenLine]


def sentence(log: str, order: str, size: int) -> str:
    """Return what the document says, in one sentence."""
    return f"{log} has no order {order} among its first {size} entries"


def is_absence(data: bytes) -> bool:
    """Return True if a file claims to be such a document."""
    start = data[:200].lstrip()
    return start.startswith(b"{") and FORMAT.encode() in start


def format_absence(absence: Absence) -> bytes:
    """Return the document; `RecordError` ABSENCE-FORMAT if no reader would take it."""
    data = _written(absence)
    parse_absence(data)
    return data


def _written(absence: Absence) -> bytes:
    return msgspec.json.format(msgspec.json.encode(absence)) + b"\n"


def parse_absence(data: bytes) -> Absence:
    """Read the document without checking it; `RecordError` ABSENCE-FORMAT."""
    try:
        if len(data) > LARGEST:
            raise ValueError(f"more than {LARGEST} bytes")
        absence = msgspec.json.decode(data, type=Absence)
        if _written(absence) != data:
            raise ValueError("it is written in another way than the one that it has")
        return absence
    except (ValueError, RecursionError) as error:  # includes those of msgspec
        raise RecordError("ABSENCE-FORMAT", f"not a proof that an order is absent: {error}") from None
