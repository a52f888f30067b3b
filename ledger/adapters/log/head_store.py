"""Keep the map of heads of a log at one size in SQLite, so that later entries can be added without reading all of them.

The map is made from the entries alone and can be deleted at any time. Every node that is read is hashed again, so that
a damaged file is found and made again: a ledger that commits to a wrong root is proved bad for ever. Who can write the
file can still make its ledger do that, which everybody detects who has the entries.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Self

from msgspec import Struct

from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.sqlite import SQLiteErrors, connect, open_or_create, transaction
from ledger.errors import LedgerError, RecordError
from ledger.tlog.map_of_heads import MapOfHeads, order_key
from ledger.tlog.patricia_tree import Inner, Leaf, Node, PatriciaTree, Stored, inner_node, leaf_node
from ledger.tlog.tree import EMPTY_ROOT, Frontier, root

_HASH = 32  # bytes
_ASKED = 500  # rows looked up by one statement
_FEW = 1 << 17  # orders of a temporary map that is in memory: about 150 MB
_WAITING = 1 << 18  # entries that are added to the file of a temporary map at a time
_TOGETHER = 10_000  # entries of a temporary map that are grouped by their orders
_CACHE = 1 << 16  # KiB of its pages in memory
SCHEMA = (
    # the first `size` entries, whose tree has this root; `top` is the number of the top node
    """CREATE TABLE map (
        one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, root BLOB NOT NULL, top INTEGER) STRICT""",
    ("INSERT INTO map VALUES (1, 0, ?, NULL)", (EMPTY_ROOT,)),
    # an inner node has a position and two children, a leaf a key and its value
    """CREATE TABLE map_node (
        number INTEGER PRIMARY KEY, hash BLOB NOT NULL, position INTEGER, one BLOB NOT NULL, two BLOB NOT NULL,
        one_number INTEGER, two_number INTEGER) STRICT""",
    # by key: how many entries the order has, and the roots of its complete subtrees
    """CREATE TABLE map_head (
        key BLOB PRIMARY KEY, size INTEGER NOT NULL, peaks BLOB NOT NULL) STRICT, WITHOUT ROWID""",
)


class HeadsAt(Struct, frozen=True):
    """The map of heads at one size: its root (32 bytes), and the proof of each order that was asked for, by its id."""

    size: int
    root: bytes
    proofs: Mapping[str, bytes]


class KeptMap:
    """The map of heads in the tables of an open file; the caller has a transaction."""

    def __init__(self, c: sqlite3.Connection, path: Path) -> None:
        self._c, self._path = c, path

    def state(self) -> tuple[int, bytes]:
        """Return the number of entries of which the map is, and the root of their tree in the log."""
        size, tree_root, _ = self._row()
        return size, tree_root

    def clear(self) -> None:
        """Make it the map of no entries."""
        self._c.execute("DELETE FROM map_node")
        self._c.execute("DELETE FROM map_head")
        self._c.execute("UPDATE map SET size = 0, root = ?, top = NULL", (EMPTY_ROOT,))

    def heads(self, orders: Iterable[str] = ()) -> HeadsAt:
        """Return the map, with the proofs of these orders."""
        tree = self._tree(_Read())
        return HeadsAt(self.state()[0], tree.root(), {order: tree.prove(order_key(order)) for order in orders})

    def extend(self, entries: Iterable[tuple[str, bytes]], size: int, tree_root: bytes) -> None:
        """Add the next entries of the log, as order id and leaf hash, up to `size`, where its tree has this root."""
        leaves: dict[str, list[bytes]] = {}
        for order, leaf in entries:
            leaves.setdefault(order, []).append(leaf)
        added = {order_key(order): its for order, its in leaves.items()}
        frontiers = self._frontiers(list(added))
        before = {key: frontier.root() if frontier.size else None for key, frontier in frontiers.items()}
        for key, its in added.items():
            frontiers[key].extend(its)
        heads = {key: frontier.root() for key, frontier in frontiers.items()}
        read = _Read()  # on the way to the changed keys
        tree = self._tree(read)
        if tree.top is None:
            tree = PatriciaTree(heads)
        else:
            for key, head in heads.items():
                tree = tree.put(key, head)
        if any(read.values.get(key) != value for key, value in before.items()):
            raise self._damaged("its heads are not those of its tree")
        self._write(tree, read, frontiers)
        self._c.execute("UPDATE map SET size = ?, root = ?", (size, tree_root))

    def take_over(self, heads: MapOfHeads) -> None:
        """Fill an empty map from one in memory. The number of its entries is not noted."""
        heads.settle()
        self._write(heads.tree, _Read(), {order_key(order): frontier for order, frontier in heads.frontiers()})

    def _write(self, tree: PatriciaTree, read: _Read, frontiers: Mapping[bytes, Frontier]) -> None:
        """Replace the kept tree, of which these nodes were read, and the kept frontiers of these keys."""
        c = self._c
        (last,) = c.execute("SELECT coalesce(max(number), 0) FROM map_node").fetchone()
        rows = _Rows(last)
        top = rows.number(tree.top) if tree.top else None
        gone = [(number,) for number in read.children.keys() - rows.kept(read.children)]
        c.executemany("DELETE FROM map_node WHERE number = ?", gone)
        c.executemany("INSERT INTO map_node VALUES (?, ?, ?, ?, ?, ?, ?)", rows.rows)
        c.executemany(
            "INSERT INTO map_head VALUES (?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET size = excluded.size, peaks = excluded.peaks",
            [(key, frontiers[key].size, b"".join(frontiers[key].peaks)) for key in sorted(frontiers)],
        )
        c.execute("UPDATE map SET top = ?", (top,))

    def _row(self) -> tuple[int, bytes, int | None]:
        row = self._c.execute("SELECT size, root, top, (SELECT max(number) FROM map_node) FROM map").fetchone()
        if row is None or row[2] != row[3]:
            raise self._damaged("it does not lead to its newest node, which is the top one")
        size, tree_root, top, _ = row
        return size, tree_root, top

    def _frontiers(self, keys: Sequence[bytes]) -> dict[bytes, Frontier]:
        """Return the kept frontiers of these keys; empty ones where there is none."""
        frontiers = {key: Frontier() for key in keys}
        for at in range(0, len(keys), _ASKED):
            asked = keys[at : at + _ASKED]
            marks = ", ".join("?" * len(asked))
            query = f"SELECT key, size, peaks FROM map_head WHERE key IN ({marks})"  # noqa: S608
            for key, size, peaks in self._c.execute(query, asked):
                if size < 1 or len(peaks) != _HASH * size.bit_count():
                    raise self._damaged("a head is no head of its number of entries")
                frontiers[key] = Frontier(size, [peaks[n : n + _HASH] for n in range(0, len(peaks), _HASH)])
        return frontiers

    def _tree(self, read: _Read) -> PatriciaTree:
        """Return the kept tree, whose nodes are read when they are needed, and then noted in `read`."""

        def load(stored: Stored) -> Leaf | Inner:
            row = self._c.execute("SELECT * FROM map_node WHERE number = ?", (stored.number,)).fetchone()
            if row is None:
                raise self._damaged("lacks a node")
            number, digest, position, one, two, left, right = row
            try:
                if position is None:
                    node: Leaf | Inner = leaf_node(one, two)
                    read.children[number], read.values[one] = None, two
                else:
                    node = inner_node(position, Stored(left, one, load), Stored(right, two, load))
                    read.children[number] = left, right
            except (RecordError, ValueError):
                raise self._damaged("a node is none") from None
            if not node.hash == digest == (stored.hash or digest):
                raise self._damaged("a node has another hash than its content")
            return node

        _, _, top = self._row()
        return PatriciaTree.below(None if top is None else load(Stored(top, b"", load)))

    def _damaged(self, says: str) -> LedgerError:
        return LedgerError("LOG-CORRUPT", f"{self._path}: {says}", "delete the file: it is made again")


class _Read:
    """Nodes that were read: the numbers of their children, None of a leaf, and the values of leaves by key."""

    def __init__(self) -> None:
        self.children: dict[int, tuple[int, int] | None] = {}
        self.values: dict[bytes, bytes] = {}


_Content = tuple[int | None, bytes, bytes, int | None, int | None]  # of a row behind number and hash


class _Rows:
    """Rows of the nodes that a file does not have yet, numbered on from `last`."""

    def __init__(self, last: int) -> None:
        self._last = last
        self._stored: list[int] = []  # the highest nodes of the new tree that have a row already
        self.rows: list[tuple[int, bytes, *_Content]] = []

    def number(self, node: Node) -> int:
        """Return the number of a node, which gets a row, below its children's, unless it is stored."""
        if isinstance(node, Stored):
            self._stored.append(node.number)
            return node.number
        if isinstance(node, Leaf):
            content: _Content = None, node.key, node.value, None, None
        else:
            children = self.number(node.left), self.number(node.right)
            content = node.position, node.left.hash, node.right.hash, *children
        self._last += 1
        self.rows.append((self._last, node.hash, *content))
        return self._last

    def kept(self, read: Mapping[int, tuple[int, int] | None]) -> set[int]:
        """Return those of the nodes that were read which the new tree has in their old rows."""
        kept: set[int] = set()
        below = [number for number in self._stored if number in read]
        while below:
            kept.add(number := below.pop())
            below += [child for child in read[number] or () if child in read]
        return kept


class TemporaryMap:
    """The map of heads of the entries that are added. Memory is bounded: a map of many orders is in a temporary file.

    The file has no name. It needs some 35 bytes for each entry, where `TMPDIR` says. Few orders need no file, and no
    folder for one. `LedgerError` DISK-FULL, DISK-ERROR.
    """

    def __init__(self) -> None:
        self._path = _temporary_folder() / "a temporary file"
        self._c = sqlite3.connect("", isolation_level=None)
        self._map = KeptMap(self._c, self._path)
        self._few: MapOfHeads | None = MapOfHeads()  # as long as there are few orders
        self._waiting: list[tuple[str, bytes]] = []  # entries that are not in the file yet

    def close(self) -> None:
        """Delete the file."""
        self._c.close()

    def append(self, leaves: Mapping[str, Iterable[bytes]]) -> None:
        """Add the next entries of these orders: their leaf hashes (32 bytes), in the order of the log."""
        if self._few is not None:
            self._few.append(leaves)
            if len(self._few) > _FEW:
                self._begin_file(self._few)
                self._few = None
            return
        self._waiting += [(order, leaf) for order, its in leaves.items() for leaf in its]
        if len(self._waiting) >= _WAITING:
            self._settle()

    def root(self) -> bytes:
        """Return the root over all entries so far: 32 bytes."""
        return self.proven()[0]

    def proven(self, orders: Iterable[str] = ()) -> tuple[bytes, dict[str, bytes]]:
        """Return the root over all entries so far, and the proofs of these orders."""
        if self._few is not None:
            root = self._few.root()
            return root, {order: self._few.tree.prove(order_key(order)) for order in orders}
        self._settle()
        with self._errors():
            heads = self._map.heads(orders)
            return heads.root, dict(heads.proofs)

    def _begin_file(self, heads: MapOfHeads) -> None:
        with self._errors():
            for setting in (f"cache_size = -{_CACHE}", "journal_mode = OFF", "synchronous = OFF"):
                self._c.execute(f"PRAGMA {setting}")
            for statement in SCHEMA:
                self._c.execute(*([statement] if isinstance(statement, str) else statement))
            with transaction(self._c, self._path):
                self._map.take_over(heads)

    def _settle(self) -> None:
        with self._errors(), transaction(self._c, self._path):
            self._map.extend(self._waiting, 0, EMPTY_ROOT)
        self._waiting = []

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Translate damage and absence of the file, which say nothing about the entries."""
        try:
            with SQLiteErrors(self._path):
                yield
        except LedgerError as error:
            if error.code == "DISK-FULL":
                raise
            raise LedgerError("DISK-ERROR", error.says, "look after the disk, and repeat this") from error


def _temporary_folder() -> Path:
    """Return the folder in which SQLite makes a file without a name (sqlite.org/tempfiles.html, 5); none is tried."""
    stated = (os.environ.get("SQLITE_TMPDIR"), os.environ.get("TMPDIR"), "/var/tmp", "/usr/tmp", "/tmp")  # noqa: S108
    return next((Path(each) for each in stated if each and os.access(each, os.W_OK | os.X_OK)), Path())


def heads_at(path: Path, store: EntryReader, commit: tuple[int, bytes], orders: Sequence[str]) -> HeadsAt:
    """Return the map of as many entries as were committed, with the proofs of these orders; nothing is written.

    `commit` has size and root. The map is the kept one at `path` if it is that, else it is made of the entries, which
    may have another root. `RecordError` LOG-CORRUPT if an entry is missing.
    """
    kept = _read(path, orders)
    if kept is not None and (kept.size, kept.root) == commit:
        return kept
    size, _ = commit
    with closing(TemporaryMap()) as heads:
        rows = _every(store.leaves_between(0, size), size)
        while some := list(islice(rows, _TOGETHER)):
            leaves: dict[str, list[bytes]] = {}
            for order, leaf in some:
                leaves.setdefault(order, []).append(leaf)
            heads.append(leaves)
        return HeadsAt(size, *heads.proven(orders))


def _read(path: Path, orders: Sequence[str]) -> HeadsAt | None:
    """Return the map that a file has, which is opened for reading; None if there is none, or it is damaged."""
    if not path.is_file():
        return None
    with suppress(LedgerError, RecordError, TypeError, ValueError), closing(connect(path, writable=False)) as c:
        c.row_factory = None
        with SQLiteErrors(path):
            c.execute("BEGIN")
            return KeptMap(c, path).heads(orders)
    return None


def _every(entries: Iterable[tuple[str, bytes]], number: int) -> Iterator[tuple[str, bytes]]:
    """Yield the entries, of which there must be this number: a map of fewer has another root. `RecordError`."""
    found = 0
    for found, entry in enumerate(entries, 1):  # noqa: B007 - the number of the last one
        yield entry
    if found != number:
        raise RecordError("LOG-CORRUPT", f"{number - found} of {number} entries are missing", hint="comity fsck")


class HeadStore:
    """The map of heads of a ledger, in a separate file."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it; a damaged one is made again."""
        self.path = path
        try:
            self._c = self._opened()
        except LedgerError as error:
            if error.code != "LOG-CORRUPT":
                raise
            self._c = self._made_again()
        self._map = KeptMap(self._c, path)

    def _made_again(self) -> sqlite3.Connection:
        for file in (self.path, *(self.path.with_name(self.path.name + tail) for tail in ("-wal", "-shm"))):
            file.unlink(missing_ok=True)
        return self._opened()

    def _opened(self) -> sqlite3.Connection:
        c = open_or_create(self.path, SCHEMA)
        try:
            with SQLiteErrors(self.path):
                c.execute("SELECT * FROM map, map_node, map_head LIMIT 0")
                c.execute("PRAGMA synchronous=NORMAL")  # what a power cut takes is made again
        except LedgerError:
            c.close()
            raise
        return c

    def close(self) -> None:
        """Close the file."""
        self._c.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def kept(self, orders: Iterable[str] = ()) -> HeadsAt | None:
        """Return the map as it is kept, with the proofs of these orders; None if the file is damaged."""
        try:
            with transaction(self._c, self.path):
                return self._map.heads(orders)
        except LedgerError as error:
            if error.code != "LOG-CORRUPT":
                raise
            return None

    def extend(self, entries: Iterable[tuple[str, bytes]], size: int, tree_root: bytes = EMPTY_ROOT) -> None:
        """Add the next entries of the log, as `KeptMap.extend` does, in a transaction."""
        with transaction(self._c, self.path):
            self._map.extend(entries, size, tree_root)

    def advance(
        self, store: EntryReader, orders: Iterable[str] = (), commit: tuple[int, bytes] | None = None
    ) -> HeadsAt:
        """Add the entries that the log has got since, and return the map with the proofs of these orders.

        A damaged map, and one of other entries than those of `store`, as of another copy of the ledger, is made again.
        `commit` has size and root that the ledger committed to before. `RecordError` LOG-CORRUPT if an entry is
        missing, or if a map that is made again has another root than that one.
        """
        try:
            return self._advance(store, orders, commit)
        except LedgerError as error:
            if error.code != "LOG-CORRUPT":
                raise
        self._c.close()
        self._c = self._made_again()
        self._map = KeptMap(self._c, self.path)
        return self._advance(store, orders, commit)

    def _advance(self, store: EntryReader, orders: Iterable[str], commit: tuple[int, bytes] | None) -> HeadsAt:
        with transaction(self._c, self.path):
            size, tree_root = self._map.state()
            stop = store.size()
            if size > stop or root(size, store.hashes) != tree_root:
                self._map.clear()
                size = 0
            if commit is not None and size < commit[0] <= stop:
                self._extend(store, size, commit[0])
                size = commit[0]
                if self._map.heads().root != commit[1]:
                    says = f"the first {size} entries are not those whose heads this ledger committed"
                    raise RecordError("LOG-CORRUPT", says, hint="comity fsck")
            if size < stop:
                self._extend(store, size, stop)
            return self._map.heads(orders)

    def _extend(self, store: EntryReader, start: int, stop: int) -> None:
        leaves = _every(store.leaves_between(start, stop), stop - start)
        self._map.extend(leaves, stop, root(stop, store.hashes))
