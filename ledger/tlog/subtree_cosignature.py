"""Write and read notes of subtrees: a range of entries, its root, and the cosigners that state its consistency.

    ledger.example/xo/karsk                          origin of the log
    subtree 8 13                                     the entries from 8 to before 13
    mbsQCg+dEIMGlpqeGgk94JutQwKKS2Lo5IuDhKmDjiU=     root of their subtree

    — auditor.example/karsk/audit/3f0c... Tnl...    a cosigner signs the range and the root

Only type 0x06 (ML-DSA-44) can sign a subtree. The signature covers name of the cosigner, time, origin, range and root.
The time is always 0, as c2sp.org/tlog-cosignature asks for if the range does not begin with the first entry. The second
line is no size, so that no reader takes such a note for a checkpoint.

Source: c2sp.org/signed-note, c2sp.org/tlog-cosignature, c2sp.org/tlog-witness (`sign-subtree`). They define no note for
a subtree; the three lines are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from ledger.errors import RecordError
from ledger.tlog.cosigned_message import subtree_message
from ledger.tlog.names import check_foreign_origin
from ledger.tlog.note import MLDSA44, MlDsa, Vkey, b64, by_id, decimal, format_line, split_note, unb64
from ledger.tlog.subtree import check_subtree

_SIGNATURE_SIZE = 8 + 2420  # bytes: the time and the signature
_NO_TIME = bytes(8)


class Subtree(Struct, frozen=True):
    """The entries of the log `origin` from index `start` to before `end`, whose subtree has the 32-byte `root`."""

    origin: str
    start: int
    end: int
    root: bytes


class OpenedSubtree(Struct, frozen=True):
    """A note of a subtree in which every line of a known key verifies.

    `cosigners` are the keys that signed, in the order of their lines; `ignored` are the ids of unknown keys.
    """

    subtree: Subtree
    cosigners: tuple[Vkey, ...]
    ignored: tuple[str, ...]


def format_subtree(subtree: Subtree) -> str:
    """Return the three lines of a subtree, each ended by a newline; raises what `parse_subtree` raises."""
    body = f"{subtree.origin}\nsubtree {subtree.start} {subtree.end}\n{b64(subtree.root)}\n"
    parse_subtree(body)
    return body


def parse_subtree(body: str) -> Subtree:
    """Read the text of a note of a subtree, without its signatures.

    Raises SUB-FORMAT for anything but three lines, a subtree, and a canonical 32-byte root; CP-ORIGIN for an origin
    outside printable ASCII, with a plus, or over 255 bytes.
    """
    try:
        origin, line, text, end = body.split("\n")
        word, first, last = line.split(" ")
        if (word, end) != ("subtree", ""):
            raise ValueError("other lines")
        subtree = Subtree(origin, decimal(first), decimal(last), unb64(text))
    except ValueError as error:
        raise RecordError(
            "SUB-FORMAT", "the note of a subtree has three lines: origin, subtree START END, root"
        ) from error
    check_foreign_origin(origin)
    check_subtree(subtree.start, subtree.end)
    if len(subtree.root) != 32:
        raise RecordError("SUB-FORMAT", "the root of a subtree has 32 bytes", where=origin)
    return subtree


def cosign_subtree(subtree: Subtree, name: str, public: bytes, sign: Callable[[bytes], bytes]) -> str:
    """Return the line, newline included, with which the cosigner `name` signs a subtree.

    `public` has 1312 bytes; `sign` returns 2420 bytes for a message. The cosigner must have checked before that the
    subtree is consistent with every tree of this log that it knows. Raises SUB-FORMAT, CP-ORIGIN, CP-KEY.
    """
    format_subtree(subtree)
    key = Vkey.of(name, MLDSA44, public)
    return format_line(key, _NO_TIME + sign(_message(key, subtree)))


def subtree_note(subtree: Subtree, lines: Sequence[str]) -> bytes:
    """Return the note of a subtree with these signature lines."""
    return f"{format_subtree(subtree)}\n{''.join(lines)}".encode()


def open_subtree(note: bytes, keys: Sequence[Vkey], *, mldsa: MlDsa) -> OpenedSubtree:
    """Open the note of a subtree with trusted keys: every line of a known key must verify, and one must be present.

    A line is known if its name and id are those of a key; other lines are ignored. CP-FORMAT: the bytes are no note.
    SUB-FORMAT, CP-ORIGIN: not of a subtree. CP-KEY: a key of another type, or ambiguous keys. CP-SIG: a known line is
    false or has a time, or none is known.
    """
    text, lines = split_note(note)
    subtree = parse_subtree(text)
    if other := next((key for key in keys if key.type != MLDSA44), None):
        raise RecordError("CP-KEY", "only a key of type 0x06 signs a subtree", where=other.id)
    known, cosigners, ignored = by_id(keys), dict[Vkey, None](), []
    for name, keyid, signature in lines:
        key = known.get((name, keyid))
        if key is None:
            ignored.append(f"{name}+{keyid.hex()}")
            continue
        if len(signature) != _SIGNATURE_SIZE or signature[:8] != _NO_TIME:
            raise RecordError("CP-SIG", "a cosignature of a subtree has 2,428 bytes and the time 0", where=key.id)
        if not mldsa(key.public, _message(key, subtree), signature[8:]):
            raise RecordError("CP-SIG", "the line of a known key does not verify", where=key.id)
        cosigners[key] = None
    if not cosigners:
        raise RecordError("CP-SIG", "no line of a known key", where=", ".join(ignored))
    return OpenedSubtree(subtree, tuple(cosigners), tuple(ignored))


def _message(key: Vkey, subtree: Subtree) -> bytes:
    return subtree_message(key.name, 0, subtree.origin, subtree.start, subtree.end, subtree.root)
