"""Prove to any holder of the log's key that a log contradicted itself: make and check exhibits.

SPLIT-VIEW: one log signed two trees that cannot both be its own. At one size, two roots are enough. At two
sizes m < n, a consistency proof shows the first m entries of the larger tree. If their root is not the one
that the log signed at m, the log has contradicted itself, regardless of who kept the proof.

    {"format": "comity.split-view/1", "says": "...", "log": vkey, "one": note, "two": note,
     "began": root of the first m entries of "two" in hex, "path": [base64, ...]}     the last two only where m < n

A larger head without a proof is an accusation, not an exhibit: `SPLIT-UNPROVEN`.

An omission: an entry was acknowledged, and another head of the log has another leaf at the same place. Each
of the two proofs binds the place to a root that the log signed, so their sizes do not matter.

    {"format": "comity.omission/1", "says": "...", "log": vkey, "entry": sealed line, "proof": tlog-proof of it,
     "leaf": the other leaf hash at this place in hex, "instead": tlog-proof of that}

A head that is too small for the entry may only be older, and convicts no log.

SPLIT-ORDER: one log signed trees with two entries of which its rules accept only one: two at one place of an
order, or one that does not continue the entry before it. CTX-REPLAY: two with one entry id. One head may
cover both, or two heads one each. The two heads need not be consistent: each proof binds its entry to a root
that the log signed.

    {"format": "comity.split-order/1", "says": "...", "log": vkey, "one": sealed line, "one_proof": tlog-proof of it,
     "two": sealed line, "two_proof": tlog-proof of it, "other_log": vkey}     the last where another key signed "two"
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from msgspec import Struct

from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.placement import at_odds
from ledger.errors import RecordError
from ledger.tlog.note import ED25519, Checkpoint, Vkey, b64, open_checkpoint, unb64
from ledger.tlog.tree import check_consistency, check_inclusion, leaf_hash, node_hash, parse_proof

FORMAT = "comity.split-view/1"
OMISSION = "comity.omission/1"
ORDER = "comity.split-order/1"
LARGEST = 1 << 18


class SplitView(Struct, frozen=True):
    """A proven contradiction: `log` signed the trees `one` and `two`, the smaller first, and both cannot be true."""

    log: Vkey
    one: Checkpoint
    two: Checkpoint
    code = "SPLIT-VIEW"

    @property
    def sizes(self) -> tuple[int, int]:
        """The sizes of the two signed trees."""
        return self.one.size, self.two.size

    def __str__(self) -> str:
        if self.one.size == self.two.size:
            return f"{self.log.name} signed two trees of {self.one.size} entries"
        return (
            f"{self.log.name} signed a tree of {self.two.size} entries"
            f" that does not begin with its tree of {self.one.size} entries"
        )


def prove_split(log: Vkey, one: bytes, two: bytes, path: Sequence[bytes] = (), began: bytes | None = None) -> bytes:
    """Return the exhibit of two notes of a log; SPLIT-UNPROVEN if no proof shows that they contradict each other.

    `path` is the consistency proof from the smaller size within the larger tree. `began` is the root (32
    bytes) from which it starts; it is needed only at powers of two, because elsewhere the proof gives it.
    """
    one, two = sorted((one, two), key=lambda note: _open(note, log).size)
    small, large = _open(one, log), _open(two, log)
    proof: dict[str, object] = {}
    if small.size != large.size:
        began = began or _beginning(small.size, large.size, path)
        proof = {"began": began.hex() if began else None, "path": [b64(sibling) for sibling in path]}
    says = str(SplitView(log, small, large))
    document: dict[str, object] = {
        "format": FORMAT,
        "says": says,
        "log": log.text,
        "one": one.decode(),
        "two": two.decode(),
        **proof,
    }
    exhibit = write_exhibit(document)
    check_split(exhibit, log)
    return exhibit


def check_split(exhibit: bytes, log: Vkey) -> SplitView:
    """Read an exhibit, and check all its statements with the key of the log, which comes from elsewhere.

    Raises SPLIT-FORMAT for another file, CP-* if a note is not of this log, SPLIT-UNPROVEN if both notes can
    be true.
    """
    document = read_exhibit(exhibit, FORMAT)
    try:
        one, two = (document[name].encode() for name in ("one", "two"))
        path = [unb64(line) for line in document.get("path", ())]
        began = bytes.fromhex(document.get("began") or "")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError("SPLIT-FORMAT", f"not an exhibit of a split view: {error}") from error
    small, large = _open(one, log), _open(two, log)
    if small.size == large.size and small.root != large.root:
        return SplitView(log, small, large)
    try:
        check_consistency(small.size, large.size, began, large.root, path)
    except RecordError as refused:
        raise RecordError("SPLIT-UNPROVEN", f"nothing shows that they contradict: {refused.says}") from refused
    if small.root == began:
        raise RecordError("SPLIT-UNPROVEN", "the larger tree begins with the smaller one, as it should")
    return SplitView(log, small, large)


class Omission(Struct, frozen=True):
    """A proven omission: `log` gave a receipt for an entry at `index`, and signed a tree with another entry there."""

    log: Vkey
    index: int
    one: Checkpoint
    two: Checkpoint
    code = "SPLIT-VIEW"

    @property
    def sizes(self) -> tuple[int, int]:
        """The sizes of the two signed trees."""
        return self.one.size, self.two.size

    def __str__(self) -> str:
        return (
            f"{self.log.name} gave a receipt for entry {self.index} in its tree of {self.one.size} entries,"
            f" and in its tree of {self.two.size} entries another one stands there"
        )


def prove_omission(log: Vkey, entry: bytes, proof: bytes, leaf: bytes, instead: bytes) -> bytes:
    """Return the exhibit of a sealed entry with its tlog-proof, and of another proof for the same place.

    `leaf` is the leaf hash (32 bytes) that `instead` proves. Raises SPLIT-UNPROVEN if both can be true.
    """
    small = {"format": OMISSION, "log": log.text, "entry": entry.decode(), "proof": proof.decode()}
    document = {**small, "leaf": leaf.hex(), "instead": instead.decode()}
    says = str(check_omission(write_exhibit({**document, "says": ""}), log))
    return write_exhibit({"format": OMISSION, "says": says, **document})


def check_omission(exhibit: bytes, log: Vkey) -> Omission:
    """Read an exhibit, and check all its statements with the key of the log, which comes from elsewhere.

    Raises SPLIT-FORMAT for another file, CP-*, PRF-* if a head or proof is not of this log, SPLIT-UNPROVEN if
    both can be true.
    """
    document = read_exhibit(exhibit, OMISSION)
    try:
        entry, proof, instead = (document[name].encode() for name in ("entry", "proof", "instead"))
        leaf = bytes.fromhex(document["leaf"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError("SPLIT-FORMAT", f"not an exhibit of an omission: {error}") from error
    if len(leaf) != 32:
        raise RecordError("SPLIT-FORMAT", "not an exhibit of an omission: a leaf hash has 32 bytes")
    first, second = parse_proof(proof), parse_proof(instead)
    one, two = _open(first.note, log), _open(second.note, log)
    check_inclusion(first.index, one.size, leaf_hash(entry), first.path, one.root)
    check_inclusion(second.index, two.size, leaf, second.path, two.root)
    if first.index != second.index:
        raise RecordError("SPLIT-UNPROVEN", f"one proof is for entry {first.index}, the other for entry {second.index}")
    if leaf == leaf_hash(entry):
        raise RecordError("SPLIT-UNPROVEN", "both proofs are for the same entry")
    return Omission(log, first.index, one, two)


class Shown(Struct, frozen=True):
    """An entry of a log as it was shown with its proof: sealed bytes, tlog-proof, and the key that signed its head."""

    raw: bytes
    proof: bytes
    log: Vkey


class SplitOrder(Struct, frozen=True):
    """A proven contradiction: `log` signed trees with two entries at `places` that the rule `broken` forbids.

    `sizes` are those of the two trees; another key of the log may have signed the second.
    """

    log: Vkey
    places: tuple[int, int]
    leaves: tuple[str, str]
    broken: RecordError
    sizes: tuple[int, int]

    @property
    def code(self) -> str:
        """The code of the broken rule."""
        return self.broken.code

    def __str__(self) -> str:
        one, two = (f"{leaf[:8]}.. at place {n}" for leaf, n in zip(self.leaves, self.places, strict=True))
        return f"{self.log.name} signed trees with {self.broken.says}: {one}, {two}"


def prove_order(one: Shown, two: Shown) -> bytes:
    """Return the exhibit of two entries of which their log may have only one; their sequence does not matter.

    Raises SPLIT-UNPROVEN if it may have both, CP-*, PRF-* if a head or proof is not of the log.
    """
    one, two = sorted((one, two), key=lambda shown: (parse_proof(shown.proof).index, leaf_hash(shown.raw)))
    document = {
        "log": one.log.text,
        "one": one.raw.decode(),
        "one_proof": one.proof.decode(),
        "two": two.raw.decode(),
        "two_proof": two.proof.decode(),
    }
    if two.log != one.log:
        document["other_log"] = two.log.text
    says = str(check_order(write_exhibit({"format": ORDER, "says": "", **document}), (one.log, two.log)))
    return write_exhibit({"format": ORDER, "says": says, **document})


def check_order(exhibit: bytes, logs: Sequence[Vkey]) -> SplitOrder:
    """Read an exhibit, and check all its statements with the log's keys for the two heads, which come from elsewhere.

    SPLIT-FORMAT: another file. CP-*, PRF-*: a head or proof is not of this log. ENV-*, JSON-*, SIG-BAD: a bad
    entry. SPLIT-UNPROVEN: a log may have both entries.
    """
    document = read_exhibit(exhibit, ORDER)
    try:
        parts = [document[name].encode() for name in ("one", "one_proof", "two", "two_proof")]
    except (KeyError, AttributeError) as error:
        raise RecordError("SPLIT-FORMAT", f"not an exhibit of a split order: {error}") from error
    first, last = logs[0], logs[-1]
    (one, at, small), (two, then, large) = standing(parts[0], parts[1], first), standing(parts[2], parts[3], last)
    if {first.name, last.name, one.payload.log, two.payload.log} != {first.name}:
        raise RecordError("SPLIT-UNPROVEN", "they were not both sealed for this log")
    broken = at_odds(one, at, two, then)
    if broken is None:
        raise RecordError("SPLIT-UNPROVEN", "a log may hold both of them")
    return SplitOrder(first, (at, then), (one.leaf, two.leaf), broken, (small.size, large.size))


def standing(raw: bytes, proof: bytes, log: Vkey) -> tuple[OpenedEntry, int, Checkpoint]:
    """Return an entry, its place in a tree that the key of a log signed, and that tree. CP-*, PRF-*, ENV-*, SIG-BAD."""
    parsed = parse_proof(proof)
    head = _open(parsed.note, log)
    check_inclusion(parsed.index, head.size, leaf_hash(raw), parsed.path, head.root)
    return open_(raw), parsed.index, head


def write_exhibit(document: dict[str, object]) -> bytes:
    """Return the bytes of an exhibit."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def read_exhibit(exhibit: bytes, form: str, largest: int = LARGEST) -> dict[str, Any]:
    """Return the members of an exhibit of a form; `RecordError` SPLIT-FORMAT."""
    try:
        if len(exhibit) > largest:
            raise ValueError("too large")
        document = orjson.loads(exhibit)
        if document["format"] != form:
            raise ValueError("another format")
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError("SPLIT-FORMAT", f"not an exhibit: {error}") from error
    return document  # type: ignore[no-any-return]


def _open(note: bytes, log: Vkey) -> Checkpoint:
    if log.type != ED25519:
        raise RecordError("CP-KEY", "an exhibit names an Ed25519 key of the log", where=log.id)
    return open_checkpoint(note, log.name, log, ()).checkpoint


def _beginning(m: int, n: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root of the first `m` entries from a consistency proof (RFC 9162 2.1.4.2); None without a proof.

    At a power of two the proof leaves it out; the result does not verify then.
    """
    if not path:
        return None
    fn, sn, old = m - 1, n - 1, path[0]
    while fn & 1:
        fn >>= 1
        sn >>= 1
    for sibling in path[1:]:
        if fn & 1 or fn == sn:
            old = node_hash(sibling, old)
        fn >>= 1
        sn >>= 1
    return old
