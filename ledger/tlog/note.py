"""Read and write signed text that a person can read aloud: keys as strings, notes, checkpoints, cosignatures.

    ledger.example/xo/karsk                          origin of the log
    11                                               number of entries
    Guu/uN0MdSxZTcx3YF1sy9NOyLouSYoLTghQ+IcpN6Y=     root of their tree

    — ledger.example/xo/karsk w/wMJJE1qZQ9Qt5d...    the log signs the three lines
    — ledger.example/xo/karsk Zv8rDwAAAABpVbjx2w...  the log signs them with its ML-DSA-44 key, if it has one
    — witness.example/fr-y ZsyAowAAAABpVbkAEOt4...   a witness signs them with the time at which it saw them

Source: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature. Stricter where they allow a
choice: base64 and numbers have one spelling, at most 16 signature lines, no extension lines, a line of the log
first.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

from msgspec import Struct

from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key, sign, verify_signature
from ledger.tlog.cosigned_message import cosigned_message, subtree_message
from ledger.tlog.names import check_foreign_origin

ED25519, COSIGNATURE, MLDSA44 = 0x01, 0x04, 0x06  # signature types; the last two include a time
MlDsa = Callable[[bytes, bytes, bytes], bool]  # public key, message, signature -> holds; pure FIPS 204, no context

EMPTY_ROOT = sha256(b"").digest()  # RFC 6962 2.1: the root of no entries

_PUBLIC_SIZE = {ED25519: 32, COSIGNATURE: 32, MLDSA44: 1312}
_SIGNATURE_SIZE = {ED25519: 64, COSIGNATURE: 8 + 64, MLDSA44: 8 + 2420}
_MOST_LINES = 16  # sigsum reads no more
_LARGEST_NOTE = 65_536  # sixteen ML-DSA lines need 54,000
_DASH = "\u2014 "
_NAME = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")  # \s is every Unicode space
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_VKEY = re.compile(r"([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


def b64(data: bytes) -> str:
    """Return standard base64 with padding."""
    return b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """Decode what `b64` returns; ValueError for any other spelling (white space, stray bits, missing padding)."""
    data = b64decode(text, validate=True)
    if b64(data) != text:
        raise ValueError("not canonical base64")
    return data


def decimal(text: str) -> int:
    """Parse a number below 2^63 in ASCII digits without leading zeros; ValueError otherwise (`int` accepts more)."""
    if not _DECIMAL.fullmatch(text) or (number := int(text)) >= 1 << 63:
        raise ValueError("not a canonical decimal below 2^63")
    return number


class Vkey(Struct, frozen=True):
    """A key with its name, as it is pasted into a mail: `name+id+base64`.

    `keyid` is the first four bytes of SHA-256(name, newline, type, public). It only finds the key that may
    have made a line. Collisions of four bytes can be made, so no key is trusted for its id.
    """

    name: str
    keyid: bytes
    type: int
    public: bytes

    @classmethod
    def of(cls, name: str, kind: int, public: bytes) -> Vkey:
        """Return the key `public` of signature type `kind` under `name`; CP-KEY if one of them is malformed."""
        if not _NAME.fullmatch(name):
            raise RecordError("CP-KEY", "a key name must be non-empty, without space or plus", where=repr(name))
        if _PUBLIC_SIZE.get(kind) != len(public):
            raise RecordError("CP-KEY", f"{len(public)} bytes of type 0x{kind:02x} are no key known here", where=name)
        return cls(name, sha256(name.encode() + bytes([10, kind]) + public).digest()[:4], kind, public)

    @property
    def text(self) -> str:
        """The vkey string that `parse_vkey` reads."""
        return f"{self.id}+{b64(bytes([self.type]) + self.public)}"

    @property
    def id(self) -> str:
        """`name+id`, the form in which a signature line names its key."""
        return f"{self.name}+{self.keyid.hex()}"


LogKey = Vkey | tuple[Vkey, ...]  # the key of a log, or all its keys so far of types 0x01 and 0x06, oldest first


def parse_vkey(text: str) -> Vkey:
    """Read a vkey string; CP-KEY unless it is well formed, of a supported type, and its id fits its key.

    A key of low order is accepted here; `policy` and enrolment refuse it. Source: c2sp.org/signed-note,
    "Verifier keys".
    """
    parts = _VKEY.fullmatch(text)
    if not parts:
        raise RecordError(
            "CP-KEY", "a verifier key reads name+id+key: a name, eight hex digits, base64", where=repr(text)
        )
    try:
        raw = unb64(parts[3])
    except ValueError as error:
        raise RecordError("CP-KEY", "the key is not canonical base64", where=parts[1]) from error
    key = Vkey.of(parts[1], raw[0], raw[1:])
    if key.keyid.hex() != parts[2]:
        raise RecordError("CP-KEY", f"the id of this key is {key.keyid.hex()}, not {parts[2]}", where=key.name)
    return key


def log_vkey(origin: str, public: bytes) -> str:
    """Return the vkey string of a log: its name is its origin."""
    return Vkey.of(origin, ED25519, public).text


def witness_vkey(name: str, public: bytes) -> str:
    """Return the vkey string of a witness with an Ed25519 key that is used for nothing else."""
    return Vkey.of(name, COSIGNATURE, public).text


class Checkpoint(Struct, frozen=True):
    """The claimed state of a log: `size` entries whose tree has the 32-byte `root`."""

    origin: str
    size: int
    root: bytes


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the three lines of a checkpoint, each ended by a newline; raises what `parse_checkpoint` raises."""
    body = f"{checkpoint.origin}\n{checkpoint.size}\n{b64(checkpoint.root)}\n"
    parse_checkpoint(body)
    return body


def parse_checkpoint(body: str) -> Checkpoint:
    """Read the text of a checkpoint note, without its signatures.

    Raises CP-FORMAT for anything but three lines, a canonical size below 2^63 and a canonical 32-byte root
    (that of the empty tree exactly at size 0). Raises CP-ORIGIN for an origin outside printable ASCII, with a
    plus, or over 255 bytes. Source: c2sp.org/tlog-checkpoint; extension lines are refused because witnesses
    disagree about them.
    """
    lines = body.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise RecordError("CP-FORMAT", "a checkpoint has three lines: origin, size, root")
    origin, digits, text, _ = lines
    check_foreign_origin(origin)
    try:
        size, root = decimal(digits), unb64(text)
    except ValueError as error:
        raise RecordError("CP-FORMAT", "size or root is not in its one canonical form", where=origin) from error
    if len(root) != 32 or (size == 0) != (root == EMPTY_ROOT):
        raise RecordError("CP-FORMAT", f"this cannot be the root of a tree of {size} entries", where=origin)
    return Checkpoint(origin, size, root)


class OpenedNote(Struct, frozen=True):
    """A note in which every line of a known key verifies.

    `verified` are the keys that signed, in the order of their lines. `cosigned` are the witnesses among them
    with their times, in seconds since 1970; the last line of a witness counts. `ignored` are the ids of
    unknown keys.
    """

    text: str
    verified: tuple[Vkey, ...]
    cosigned: tuple[tuple[Vkey, int], ...]
    ignored: tuple[str, ...]


class Head(Struct, frozen=True):
    """A checkpoint that its log signed, its exact note, and the witnesses that saw it, with their times."""

    checkpoint: Checkpoint
    note: bytes
    cosignatures: tuple[tuple[Vkey, int], ...]


class SignatureLine(NamedTuple):
    """One signature line of a note: name and id of its key, and the bytes after the id. Nothing is verified."""

    name: str
    keyid: bytes
    signature: bytes


def split_note(note: bytes) -> tuple[str, list[SignatureLine]]:
    """Return text and signature lines of a note; CP-FORMAT if it is not a note by the strict rules."""
    if len(note) > _LARGEST_NOTE:
        raise RecordError("CP-FORMAT", f"a note has at most {_LARGEST_NOTE} bytes")
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecordError("CP-FORMAT", "a note is UTF-8", where=f"byte {error.start}") from error
    if control := _CONTROL.search(whole):
        raise RecordError(
            "CP-FORMAT", "a note has no control characters but newline", where=f"character {control.start()}"
        )
    text, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise RecordError("CP-FORMAT", "a note is text, an empty line, and signature lines, each ended by a newline")
    lines = tail[:-1].split("\n")
    if len(lines) > _MOST_LINES:
        raise RecordError("CP-FORMAT", f"{len(lines)} signature lines, at most {_MOST_LINES} are read")
    return text + "\n", [_parse_line(line) for line in lines]


def _parse_line(line: str) -> SignatureLine:
    name, _, blob = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not _NAME.fullmatch(name):
        raise RecordError("CP-FORMAT", "a signature line reads dash, name, base64", where=repr(line[:80]))
    try:
        raw = unb64(blob)
    except ValueError as error:
        raise RecordError("CP-FORMAT", "the signature is not canonical base64", where=name) from error
    if len(raw) < 5:
        raise RecordError("CP-FORMAT", "a key id without a signature", where=name)
    return SignatureLine(name, raw[:4], raw[4:])


def format_line(key: Vkey, signature: bytes) -> str:
    """Return a signature line with its newline; `signature` are the bytes after the key id."""
    return f"{_DASH}{key.name} {b64(key.keyid + signature)}\n"


def sign_note(text: str, name: str, seed: bytes) -> str:
    """Return `text` as a note signed by the Ed25519 `seed` under `name`; CP-FORMAT if a note cannot have that text."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise RecordError("CP-FORMAT", "the text of a note ends in a newline and has no other control characters")
    return f"{text}\n{format_line(Vkey.of(name, ED25519, public_key(seed)), sign(seed, text.encode()))}"


def cosign(note: bytes, name: str, seed: bytes, time: int) -> str:
    """Return the line, newline included, with which the witness `name` states that it saw the text of `note` at `time`.

    `time` is in seconds since 1970, at least 1. The witness must have checked log key and consistency before.
    The signature does not cover the name: one key, one witness. Source: c2sp.org/tlog-cosignature, type 0x04.
    """
    if not 0 < time < 1 << 63:
        raise ValueError("a cosignature needs a time")
    text, _ = split_note(note)
    key = Vkey.of(name, COSIGNATURE, public_key(seed))
    return format_line(key, time.to_bytes(8, "big") + sign(seed, cosigned_message(text, time)))


def cosign_mldsa(note: bytes, name: str, public: bytes, sign: Callable[[bytes], bytes], time: int) -> str:
    """Return a cosignature line like `cosign`, by an ML-DSA-44 key. Type 0x06.

    `public` has 1312 bytes; `sign` returns 2420 bytes for a message.
    """
    if not 0 < time < 1 << 63:
        raise ValueError("a cosignature needs a time")
    text, _ = split_note(note)
    message = _tree_message(name, time, text)
    return format_line(Vkey.of(name, MLDSA44, public), time.to_bytes(8, "big") + sign(message))


def lines_of(note: bytes, keys: Sequence[Vkey]) -> dict[Vkey, str]:
    """Return the lines of `keys` in a note, each with its newline, the last one of each key, without verification."""
    known = by_id(keys)
    lines = ((known.get((line.name, line.keyid)), line) for line in split_note(note)[1])
    return {key: format_line(key, line.signature) for key, line in lines if key}


def signed_with(note: bytes, name: str, kind: int) -> bool:
    """Return True if a note has a line under `name` of the length of signature type `kind`, without verification."""
    return any(line.name == name and len(line.signature) == _SIGNATURE_SIZE[kind] for line in split_note(note)[1])


def open_note(note: bytes, keys: Sequence[Vkey], *, mldsa: MlDsa | None = None) -> OpenedNote:
    """Open a note with trusted keys: every line of a known key must verify, and at least one must be present.

    A line is known if its name and id are those of a key; other lines are ignored. CP-FORMAT: the bytes are
    not a note. CP-KEY: the keys are ambiguous, or one of them needs an `mldsa` verifier that is missing.
    CP-SIG: a known line is false, or none is known. Source: c2sp.org/signed-note.
    """
    text, lines = split_note(note)
    return _verify(text, lines, by_id(keys), mldsa)


def open_checkpoint(
    note: bytes, origin: str, log_key: LogKey, witnesses: Sequence[Vkey], *, mldsa: MlDsa | None = None
) -> Head:
    """Open a checkpoint of the log `origin`, signed by `log_key`, with its cosignatures by `witnesses`.

    If a log has several keys, one must have signed, and every line of one must verify; which of them sign
    which size is not checked here. The time in a line of type 0x06 of the log is its own word, no cosignature.
    Refused in this order: CP-FORMAT, CP-ORIGIN (another log's, or the key has another name), CP-KEY, CP-SIG.
    The policy decides how many cosignatures suffice. A cosignature without a time (0) is left out.
    """
    logs = in_turn(log_key)
    text, lines = split_note(note)
    checkpoint = parse_checkpoint(text)
    if checkpoint.origin != origin or any(key.name != origin for key in logs):
        raise RecordError(
            "CP-ORIGIN", f"a checkpoint of {checkpoint.origin} with the key of {logs[0].name}", where=origin
        )
    if any(key.type == COSIGNATURE for key in logs) or any(key.type == ED25519 for key in witnesses):
        raise RecordError(
            "CP-KEY", "a log signs with a key of type 0x01 or 0x06, a witness with one of type 0x04 or 0x06"
        )
    opened = _verify(text, lines, by_id([*logs, *witnesses]), mldsa)
    if not set(logs) & set(opened.verified):
        raise RecordError("CP-SIG", "no line of the log's key", where=logs[0].id)
    if lines[0].name != origin:
        raise RecordError("CP-FORMAT", "the log's line must be the first", where=origin)
    return Head(checkpoint, note, tuple((key, time) for key, time in opened.cosigned if time and key in witnesses))


def in_turn(log_key: LogKey) -> tuple[Vkey, ...]:
    """Return all keys of a log, oldest first."""
    return log_key if isinstance(log_key, tuple) else (log_key,)


def note_digest(note: bytes) -> str:
    """Return the hex SHA-256 of a note with its cosignatures: the name under which it is kept and cited."""
    return sha256(note).hexdigest()


def by_id(keys: Sequence[Vkey]) -> dict[tuple[str, bytes], Vkey]:
    """Return keys by name and id; CP-KEY if two keys share them, or if one public key occurs twice."""
    known = {(key.name, key.keyid): key for key in keys}
    if len(known) < len(keys) or len({key.public for key in keys}) < len(keys):
        raise RecordError("CP-KEY", "two of the trusted keys cannot be told apart", where=", ".join(k.id for k in keys))
    return known


def _verify(
    text: str, lines: list[SignatureLine], known: dict[tuple[str, bytes], Vkey], mldsa: MlDsa | None
) -> OpenedNote:
    times: dict[Vkey, int | None] = {}
    ignored = []
    for name, keyid, signature in lines:
        key = known.get((name, keyid))
        if key is None:
            ignored.append(f"{name}+{keyid.hex()}")
            continue
        if len(signature) != _SIGNATURE_SIZE[key.type]:
            raise RecordError("CP-SIG", f"a signature of {len(signature)} bytes does not verify", where=key.id)
        time = None if key.type == ED25519 else int.from_bytes(signature[:8], "big")
        if not _holds(key, text, time, signature, mldsa):
            raise RecordError("CP-SIG", "the line of a known key does not verify", where=key.id)
        times[key] = time
    if not times:
        raise RecordError("CP-SIG", "no line of a known key", where=", ".join(ignored))
    cosigned = tuple((key, time) for key, time in times.items() if time is not None)
    return OpenedNote(text, tuple(times), cosigned, tuple(ignored))


def _holds(key: Vkey, text: str, time: int | None, signature: bytes, mldsa: MlDsa | None) -> bool:
    if time is None:
        return verify_signature(key.public, text.encode(), signature)
    if time >= 1 << 63:  # c2sp.org/tlog-cosignature: MUST NOT exceed 2^63 - 1
        return False
    if key.type == COSIGNATURE:
        return verify_signature(key.public, cosigned_message(text, time), signature[8:])
    if mldsa is None:
        raise RecordError(
            "CP-KEY",
            "a trusted ML-DSA-44 key signed this note, and nothing here can verify it",
            where=key.id,
            hint="install cryptography 50 or later",
        )
    return mldsa(key.public, _tree_message(key.name, time, text), signature[8:])


def _tree_message(name: str, time: int, text: str) -> bytes:
    checkpoint = parse_checkpoint(text)
    return subtree_message(name, time, checkpoint.origin, 0, checkpoint.size, checkpoint.root)
