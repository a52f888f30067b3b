"""Store the leaves of a root log with the hashes of their tree, in one SQLite file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ledger.adapters.storage.sqlite import SQLiteErrors, connect, create, transaction
from ledger.tlog.tree import Frontier, leaf_hash, root, stored_index

_SCHEMA = (
    "CREATE TABLE leaf (idx INTEGER PRIMARY KEY, raw BLOB NOT NULL) STRICT",
    "CREATE TABLE node (position INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT",
)


class LeafStore:
    """The leaves of one root log, in an open file, with the methods of `EntryStore` that a log calls."""

    def __init__(self, path: Path) -> None:
        """Open an existing file; `LedgerError` NO-LEDGER, LOG-CORRUPT."""
        self._path = path
        self._c = connect(path)
        self._c.row_factory = None

    @classmethod
    def create(cls, path: Path) -> LeafStore:
        """Make an empty file and open it; FileExistsError if it exists."""
        create(path, _SCHEMA)
        return cls(path)

    def close(self) -> None:
        """Close the file."""
        self._c.close()

    def append(self, leaves: Sequence[bytes]) -> int:
        """Add leaves in one transaction, durably, and return the index of the first."""
        with transaction(self._c, self._path) as c:
            start: int = c.execute("SELECT count(*) FROM leaf").fetchone()[0]
            tree = Frontier.at(start, self.hashes)
            for index, raw in enumerate(leaves, start):
                c.execute("INSERT INTO leaf VALUES (?, ?)", (index, raw))
                first = stored_index(0, index)
                nodes = enumerate(tree.add(leaf_hash(raw)), first)
                c.executemany("INSERT INTO node VALUES (?, ?)", nodes)
        return start

    def size(self) -> int:
        """Return the number of leaves."""
        with SQLiteErrors(self._path):
            size: int = self._c.execute("SELECT count(*) FROM leaf").fetchone()[0]
        return size

    def hashes(self, positions: Sequence[int]) -> list[bytes]:
        """Return the stored hashes of the tree at these positions."""
        with SQLiteErrors(self._path):
            rows = [self._c.execute("SELECT hash FROM node WHERE position = ?", (p,)).fetchone() for p in positions]
        return [row[0] if row else b"" for row in rows]

    def page(self, start: int, limit: int = 500) -> list[tuple[int, bytes]]:
        """Return leaves from index `start` on, with their indexes."""
        with SQLiteErrors(self._path):
            query = "SELECT idx, raw FROM leaf WHERE idx >= ? ORDER BY idx LIMIT ?"
            return list(self._c.execute(query, (start, limit)).fetchall())

    def pages(self) -> Iterator[list[tuple[int, bytes]]]:
        """Yield all leaves in pages."""
        start = 0
        while page := self.page(start):
            yield page
            start = page[-1][0] + 1

    def tree_covering(self, index: int) -> tuple[int, bytes]:
        """Return size and root of the newest tree, which covers leaf `index` if there is such a leaf."""
        del index
        size = self.size()
        return size, root(size, self.hashes)

    def known_inclusion_path(self, index: int, size: int) -> list[bytes] | None:
        """Return None: no path is kept in memory."""
        del index, size
        return None

    def require_signed_tree(self, size: int, root: bytes) -> None:
        """Do nothing: one process writes at a time, and compares with the guard first."""
