"""SPLIT-VIEW: one log signed two trees that cannot both be its own. The exhibit proves it to whoever has the log's key.

At one size, two roots are enough. At two sizes m < n, a consistency proof shows which tree of m entries the larger tree
begins with; if that is not the one the log signed at m, the log has contradicted itself, whoever kept the proof.

    {"format": "comity.split-view/1", "says": "...", "log": vkey, "one": note, "two": note,
     "began": root of the first m entries of "two" in hex, "path": [base64, ...]}     the last two only where m < n

A larger head without a proof is an accusation, not an exhibit: `SPLIT-UNPROVEN`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from ledger.note import Checkpoint, Vkey, b64, open_checkpoint, unb64
from ledger.refusal import Refused
from ledger.tlog import check_consistency, node_hash

FORMAT = "comity.split-view/1"
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
    document = {"format": FORMAT, "says": says, "log": log.text, "one": one.decode(), "two": two.decode(), **proof}
    exhibit = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    check_split(exhibit, log)
    return exhibit


def check_split(exhibit: bytes, log: Vkey) -> SplitView:
    """Read an exhibit and check all it says with the key of the log, which comes from elsewhere.

    SPLIT-FORMAT if it is none, CP-* if a note is not of this log, SPLIT-UNPROVEN if both notes can be true.
    """
    try:
        if len(exhibit) > _LARGEST:
            raise ValueError("too large")
        document = orjson.loads(exhibit)
        if document["format"] != FORMAT:
            raise ValueError("another format")
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
