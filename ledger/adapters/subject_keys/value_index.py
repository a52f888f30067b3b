"""Find keys of data subjects by identifiers, without opening any value: a table of keyed hashes with the keys.

A row has the keyed hash of one form of a value (`search_forms.py`) and the id of the key that seals the value. The
secret of the hash is in the same store, so the rows say nothing without it. A row is deleted in the transaction that
destroys its key. The index can be made again from what can be opened.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from hashlib import blake2b

from msgspec import Struct

from ledger.adapters.subject_keys import statements
from ledger.adapters.subject_keys.key_database import KeyDatabase

_PURPOSE = b"comity-index"  # separates these hashes from the others under the same secret


class SearchForm(Struct, frozen=True, order=True):
    """One form of a value: how it was made (`value`, `phone`, `ending`, `name`) and its text."""

    how: str
    text: str


class ValueIndex:
    """The index of one store of keys, over its open database."""

    def __init__(self, database: KeyDatabase, secret: Callable[[], bytes]) -> None:
        self._db = database
        self._secret = secret

    def position(self) -> int:
        """Return the number of entries of the log whose values are in the index."""
        with self._db.errors():
            return int(self._db.execute(statements.INDEX_POSITION).fetchone()[0])

    def add(self, rows: Iterable[tuple[SearchForm, str]], position: int) -> None:
        """Store forms with the ids of their keys, all in one transaction. A key that was destroyed gets no row."""
        secret = self._secret()
        hashed = [(_hashed(secret, form), key_id) for form, key_id in rows]
        with self._db.transaction():
            self._db.executemany(statements.ADD_INDEXED, hashed)
            self._db.execute(statements.SET_INDEX_POSITION, (position,))

    def clear(self) -> None:
        """Delete all rows."""
        with self._db.transaction():
            self._db.execute(statements.CLEAR_INDEX)
            self._db.execute(statements.SET_INDEX_POSITION, (0,))

    def keys_with(self, forms: Collection[SearchForm]) -> set[str]:
        """Return the ids of the keys that have a row for each of these forms."""
        secret = self._secret()
        found = []
        with self._db.errors():
            for form in forms:
                rows = self._db.execute(statements.WITH_HASH, (_hashed(secret, form),))
                found.append({key_id for (key_id,) in rows})
        return set.intersection(*found) if found else set()

    def hash_of(self, form: SearchForm) -> str:
        """Return the keyed hash of a form in hex: by it a search is recorded without its value."""
        return _hashed(self._secret(), form).hex()


def _hashed(secret: bytes, form: SearchForm) -> bytes:
    return blake2b(f"{form.how}\n{form.text}".encode(), key=secret, person=_PURPOSE, digest_size=16).digest()
