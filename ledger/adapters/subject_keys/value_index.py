"""Find keys of data subjects by identifiers, without opening any value: a table of keyed hashes in `keys.db`.

A row has the keyed hash of one form of a value (`search_forms.py`) and the id of the key that seals the value. The
secret of the hash is in the same file, so the rows say nothing without it. A row is deleted in the transaction that
destroys its key. The index can be made again from what can be opened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable
from hashlib import blake2b
from pathlib import Path

from ledger.adapters.storage.sqlite import SQLiteErrors, transaction
from ledger.adapters.subject_keys.search_forms import SearchForm

_PURPOSE = b"comity-index"  # separates these hashes from the others under the same secret


class ValueIndex:
    """The index of one `keys.db`, over its open connection."""

    def __init__(self, c: sqlite3.Connection, path: Path, secret: Callable[[], bytes]) -> None:
        self._c = c
        self._path = path
        self._secret = secret

    def position(self) -> int:
        """Return the number of entries of the log whose values are in the index."""
        with SQLiteErrors(self._path):
            return int(self._c.execute("SELECT size FROM index_position").fetchone()[0])

    def add(self, rows: Iterable[tuple[SearchForm, str]], position: int) -> None:
        """Store forms with the ids of their keys, all in one transaction. A key that was destroyed gets no row."""
        secret = self._secret()
        hashed = [(_hashed(secret, form), key_id) for form, key_id in rows]
        with transaction(self._c, self._path) as c:
            c.executemany(
                "INSERT INTO indexed_value SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM subject_key WHERE key_id = ?2)"
                " ON CONFLICT DO NOTHING",
                hashed,
            )
            c.execute("UPDATE index_position SET size = ?", (position,))

    def clear(self) -> None:
        """Delete all rows."""
        with transaction(self._c, self._path) as c:
            c.execute("DELETE FROM indexed_value")
            c.execute("UPDATE index_position SET size = 0")

    def keys_with(self, forms: Collection[SearchForm]) -> set[str]:
        """Return the ids of the keys that have a row for each of these forms."""
        secret = self._secret()
        found = []
        with SQLiteErrors(self._path):
            for form in forms:
                rows = self._c.execute("SELECT key_id FROM indexed_value WHERE hash = ?", (_hashed(secret, form),))
                found.append({key_id for (key_id,) in rows})
        return set.intersection(*found) if found else set()

    def hash_of(self, form: SearchForm) -> str:
        """Return the keyed hash of a form in hex: by it a search is recorded without its value."""
        return _hashed(self._secret(), form).hex()


def _hashed(secret: bytes, form: SearchForm) -> bytes:
    return blake2b(f"{form.how}\n{form.text}".encode(), key=secret, person=_PURPOSE, digest_size=16).digest()
