"""Format and parse what a log sends to a witness: its last cosigned size, a proof from there, and the new checkpoint.

    old 20852014
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
    ...

    example.com/behind-the-sofa
    20852163
    ...

Source: c2sp.org/tlog-witness, "add-checkpoint", text of July 2026. Stricter: one spelling of base64, and a
body longer than any request is refused before it is parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import RecordError
from ledger.tlog.note import b64, decimal, unb64

LARGEST = 72 << 10  # bytes of a request: 63 hashes and the largest note
_MOST_HASHES = 63


@dataclass(frozen=True, slots=True)
class Submission:
    """A parsed request, with nothing verified.

    `old` is the size that the witness last cosigned, as the sender believes.
    """

    old: int
    proof: tuple[bytes, ...]
    note: bytes


def format_submission(old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """Return the body of an add-checkpoint request; WIT-FORMAT if `parse_submission` would not read it."""
    body = "".join((f"old {old}\n", *(f"{b64(sibling)}\n" for sibling in proof), "\n")).encode() + note
    parse_submission(body)
    return body


def parse_submission(body: bytes) -> Submission:
    """Read the body of an add-checkpoint request; WIT-FORMAT unless it has its one form."""
    head, _, note = body.partition(b"\n\n")
    if len(body) > LARGEST or not note:
        raise RecordError("WIT-FORMAT", "a request is some lines, an empty line, and a checkpoint")
    try:
        first, *hashes = head.decode("ascii").split("\n")
        if not first.startswith("old "):
            raise ValueError("the first line reads: old, space, size")
        old = decimal(first.removeprefix("old "))
        proof = tuple(unb64(line) for line in hashes)
    except ValueError as error:
        raise RecordError("WIT-FORMAT", f"not an add-checkpoint request: {error}") from error
    if len(proof) > _MOST_HASHES or any(len(sibling) != 32 for sibling in proof):
        raise RecordError("WIT-FORMAT", f"a proof has at most {_MOST_HASHES} hashes of 32 bytes")
    return Submission(old, proof, note)
