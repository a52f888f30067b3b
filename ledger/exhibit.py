"""SPLIT-VIEW: one log signed two trees that cannot both be its own. An exhibit proves it to whoever has the log's key.

At one size, two roots are enough. At two sizes m < n, a consistency proof shows which tree of m entries the larger tree
begins with; if that is not the one the log signed at m, the log has contradicted itself, whoever kept the proof.

    {"format": "comity.split-view/1", "says": "...", "log": vkey, "one": note, "two": note,
     "began": root of the first m entries of "two" in hex, "path": [base64, ...]}     the last two only where m < n

A larger head without a proof is an accusation, not an exhibit: `SPLIT-UNPROVEN`.

An entry that was acknowledged and is left out later convicts the log where another head of it has, at the same place,
another leaf: each of the two proofs binds the place to a root that the log signed, so their sizes do not matter.

    {"format": "comity.omission/1", "says": "...", "log": vkey, "entry": sealed line, "proof": tlog-proof of it,
     "leaf": what stands there instead in hex, "instead": tlog-proof of that}

A head that is too small to hold the entry may just be an older one; nothing convicts a log of being asked twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ledger.note import Checkpoint, Vkey, b64, open_checkpoint, unb64
from ledger.refusal import Refused
from ledger.tlog import check_consistency, check_inclusion, leaf_hash, node_hash, parse_proof

FORMAT = "comity.split-view/1"
OMISSION = "comity.omission/1"
_LARGEST = 1 << 18


@dataclass(frozen=True, slots=True)
class SplitView:
    """What an exhibit proves: `log` signed `one` and `two`, of which the smaller comes first, and they contradict."""

    log: Vkey
    one: Checkpoint
    two: Checkpoint

    def __str__(self) -> str:
        if self.one.size == self.two.size:
            return f"{self.log.name} signed two trees of {self.one.size} entries"
        return (
            f"{self.log.name} signed a tree of {self.two.size} entries"
            f" that does not begin with its tree of {self.one.size} entries"
        )


def prove_split(log: Vkey, one: bytes, two: bytes, path: Sequence[bytes] = (), began: bytes | None = None) -> bytes:
    """The exhibit made of two notes of a log; SPLIT-UNPROVEN if they do not contradict each other provably.

    `path` is the consistency proof from the size of the smaller one within the tree of the larger, `began` the root it
    starts from (32 bytes); it can be left out where the proof tells it, which is everywhere but at powers of two.
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
    exhibit = _written(document)
    check_split(exhibit, log)
    return exhibit


def check_split(exhibit: bytes, log: Vkey) -> SplitView:
    """Read an exhibit and check all it says with the key of the log, which comes from elsewhere.

    SPLIT-FORMAT if it is none, CP-* if a note is not of this log, SPLIT-UNPROVEN if both notes can be true.
    """
    document = _read(exhibit, FORMAT)
    try:
        one, two = (document[name].encode() for name in ("one", "two"))
        path = [unb64(line) for line in document.get("path", ())]
        began = bytes.fromhex(document.get("began") or "")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused("SPLIT-FORMAT", f"not an exhibit of a split view: {error}") from error
    small, large = _open(one, log), _open(two, log)
    if small.size == large.size and small.root != large.root:
        return SplitView(log, small, large)
    try:
        check_consistency(small.size, large.size, began, large.root, path)
    except Refused as refused:
        raise Refused("SPLIT-UNPROVEN", f"nothing shows that they contradict: {refused.says}") from refused
    if small.root == began:
        raise Refused("SPLIT-UNPROVEN", "the larger tree begins with the smaller one, as it should")
    return SplitView(log, small, large)


@dataclass(frozen=True, slots=True)
class Omission:
    """What an exhibit proves: `log` gave a receipt for an entry at `index`, and signed a tree with another there."""

    log: Vkey
    index: int
    one: Checkpoint
    two: Checkpoint

    def __str__(self) -> str:
        return (
            f"{self.log.name} gave a receipt for entry {self.index} in its tree of {self.one.size} entries,"
            f" and in its tree of {self.two.size} entries another one stands there"
        )


def prove_omission(log: Vkey, entry: bytes, proof: bytes, leaf: bytes, instead: bytes) -> bytes:
    """The exhibit made of a sealed entry with its tlog-proof, and of what another proof shows at the same place.

    `leaf` is the leaf hash (32 bytes) that `instead` is a proof of. SPLIT-UNPROVEN if both can be true.
    """
    small = {"format": OMISSION, "log": log.text, "entry": entry.decode(), "proof": proof.decode()}
    document = {**small, "leaf": leaf.hex(), "instead": instead.decode()}
    says = str(check_omission(_written({**document, "says": ""}), log))
    return _written({"format": OMISSION, "says": says, **{k: v for k, v in document.items() if k != "format"}})


def check_omission(exhibit: bytes, log: Vkey) -> Omission:
    """Read an exhibit and check all it says with the key of the log, which comes from elsewhere.

    SPLIT-FORMAT if it is none, CP-*, PRF-* if a head or proof is not of this log, SPLIT-UNPROVEN if both can be true.
    """
    document = _read(exhibit, OMISSION)
    try:
        entry, proof, instead = (document[name].encode() for name in ("entry", "proof", "instead"))
        leaf = bytes.fromhex(document["leaf"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused("SPLIT-FORMAT", f"not an exhibit of an omission: {error}") from error
    if len(leaf) != 32:
        raise Refused("SPLIT-FORMAT", "not an exhibit of an omission: a leaf hash has 32 bytes")
    first, second = parse_proof(proof), parse_proof(instead)
    one, two = _open(first.note, log), _open(second.note, log)
    check_inclusion(first.index, one.size, leaf_hash(entry), first.path, one.root)
    check_inclusion(second.index, two.size, leaf, second.path, two.root)
    if first.index != second.index:
        raise Refused("SPLIT-UNPROVEN", f"one proof is for entry {first.index}, the other for entry {second.index}")
    if leaf == leaf_hash(entry):
        raise Refused("SPLIT-UNPROVEN", "both proofs are for the same entry")
    return Omission(log, first.index, one, two)


def claimed_log(exhibit: bytes) -> str | None:
    """The verifier key that an exhibit of either form names; to look for it among those one trusts, not to use it."""
    try:
        document = orjson.loads(exhibit) if len(exhibit) <= _LARGEST else None
    except ValueError:
        return None
    named = document.get("log") if isinstance(document, dict) else None
    return named if isinstance(named, str) else None


def form_of(data: bytes) -> str | None:
    """Which form of exhibit a file says it is; None if it says nothing of the kind."""
    start = data[:200].lstrip()
    return next((form for form in (FORMAT, OMISSION) if start.startswith(b"{") and form.encode() in start), None)


def _written(document: dict[str, object]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _read(exhibit: bytes, form: str) -> dict[str, Any]:
    try:
        if len(exhibit) > _LARGEST:
            raise ValueError("too large")
        document = orjson.loads(exhibit)
        if document["format"] != form:
            raise ValueError("another format")
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("SPLIT-FORMAT", f"not an exhibit: {error}") from error
    return document  # type: ignore[no-any-return]


def _open(note: bytes, log: Vkey) -> Checkpoint:
    return open_checkpoint(note, log.name, log, ()).checkpoint


def _beginning(m: int, n: int, path: Sequence[bytes]) -> bytes | None:
    """The root of `m` entries that a consistency proof starts from; None where it leaves it out (RFC 9162 2.1.4.2)."""
    if not path or not m & (m - 1):
        return None
    fn, sn, old = m - 1, n - 1, path[0]
    while fn & 1:
        fn >>= 1
        sn >>= 1
    for sibling in path[1:]:
        if fn & 1 or fn == sn:
            old = node_hash(sibling, old)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        fn >>= 1
        sn >>= 1
    return old
