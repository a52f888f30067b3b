"""Prove to any holder of the log's key that a log committed to a wrong map of heads: make and check an exhibit.

The exhibit has the entry that commits, and every entry that it covers. Their leaf hashes make the tree of the log, so
nothing can be left out, and their orders make the map.

    {"format": "comity.map-root/1", "says": "...", "log": vkey, "entry": sealed line, "proof": tlog-proof of it,
     "path": [base64, ...], consistency proof from the covered size to the tree of the proof, "entries": [line, ...]}

An entry that claims to cover itself, or what comes behind it, needs no other entries.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ledger.entries.envelope import OpenedEntry, open_each
from ledger.entries.placement import committed_by
from ledger.entries.split_view import read_exhibit, standing, write_exhibit
from ledger.errors import RecordError
from ledger.tlog.map_of_heads import roots_at
from ledger.tlog.note import Vkey, b64, unb64
from ledger.tlog.tree import Frontier, check_consistency, leaf_hash

FORMAT = "comity.map-root/1"
LARGEST = 1 << 24  # bytes of an exhibit


class WrongMap(Struct, frozen=True):
    """A proven contradiction: entry `index` commits the heads of `size` entries, which have another root.

    `code` is MAP-ROOT, or MAP-SIZE if these entries do not precede it. `sizes` is that of the signed tree, twice.
    """

    log: Vkey
    code: str
    index: int
    size: int
    sizes: tuple[int, int]

    def __str__(self) -> str:
        if self.code == "MAP-SIZE":
            return f"{self.log.name} commits in entry {self.index} the heads of {self.size} entries before it"
        return f"{self.log.name} commits in entry {self.index} another root than its first {self.size} entries have"


def prove_wrong_map(log: Vkey, entry: bytes, proof: bytes, path: Sequence[bytes], entries: Sequence[bytes]) -> bytes:
    """Return the exhibit of an entry with its tlog-proof, and of the entries that it covers.

    `path` is the consistency proof from as many entries to the size of the proof's tree. SPLIT-UNPROVEN if the root is
    right, SPLIT-FORMAT if the exhibit would be larger than any reader takes.
    """
    document: dict[str, object] = {
        "log": log.text,
        "entry": entry.decode(),
        "proof": proof.decode(),
        "path": [b64(node) for node in path],
        "entries": [raw.decode("utf-8", "replace") for raw in entries],
    }
    says = str(check_wrong_map(write_exhibit({"format": FORMAT, "says": "", **document}), log))
    return write_exhibit({"format": FORMAT, "says": says, **document})


def check_wrong_map(exhibit: bytes, log: Vkey) -> WrongMap:
    """Read an exhibit, and check all its statements with the key of the log, which comes from elsewhere.

    SPLIT-FORMAT: another file. CP-*, PRF-*: head, proof or path are not of this log. ENV-*, JSON-*, SIG-BAD: a bad
    entry. SPLIT-UNPROVEN: the entry commits to nothing, or its root is the right one.
    """
    document = read_exhibit(exhibit, FORMAT, LARGEST)
    try:
        raw, proof = document["entry"].encode(), document["proof"].encode()
        if not (isinstance(document["path"], list) and isinstance(document["entries"], list)):
            raise TypeError("its path and its entries are lists")
        path = [unb64(node) for node in document["path"]]
        covered = [line.encode() for line in document["entries"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError("SPLIT-FORMAT", f"not an exhibit of a wrong map: {error}") from error
    opened, index, head = standing(raw, proof, log)
    commit = committed_by(opened.payload)
    if commit is None or opened.payload.log != log.name:
        raise RecordError("SPLIT-UNPROVEN", "its entry commits this log to nothing")
    size, root = commit
    if not 0 <= size <= index:
        return WrongMap(log, "MAP-SIZE", index, size, (head.size, head.size))
    tree = Frontier()
    for each in covered:
        tree.add(leaf_hash(each))
    if tree.size != size:
        raise RecordError("SPLIT-UNPROVEN", f"it shows {tree.size} entries, and the entry speaks of {size}")
    if size:
        check_consistency(size, head.size, tree.root(), head.root, path)
    leaves = (
        (index, each.payload.order, bytes.fromhex(each.leaf))
        for index, each in enumerate(open_each(covered, verify=False))
        if isinstance(each, OpenedEntry)
    )
    if roots_at(leaves, [size])[size] == root:
        raise RecordError("SPLIT-UNPROVEN", "the entry commits to the root that its entries have")
    return WrongMap(log, "MAP-ROOT", index, size, (head.size, head.size))
