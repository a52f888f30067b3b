"""Store one random key for each data subject and order, and destroy it.

Only these keys open sealed values. A person has a random id here, and the names that users give; the default name is
the target of an order. Only rows of this file say that two orders concern the same person, and they are deleted with
the last key of that person. The log has the random id of a key only. `keys.db` overwrites what it deletes, and empties
its write-ahead log after every erasure. Its backups are separate, and expire within thirty days.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path

import orjson
from msgspec import Struct
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_NPUBBYTES as NONCE_BYTES
from nacl.exceptions import CryptoError
from nacl.secret import Aead

from ledger.adapters.storage.entry_reader import Ciphertext
from ledger.adapters.storage.sqlite import BUSY_SECONDS, SQLiteErrors, check_version, connect, create, transaction
from ledger.adapters.subject_keys.names import COMPANION, are_similar, check_name
from ledger.adapters.subject_keys.schema import (
    ALL_ORDERS,
    COMPANIONS,
    INDEX,
    SCHEMA,
    VERSION,
    create_views,
    drop_views,
    insert_marking,
    migrate,
    needs_views,
    new_subject_id,
)
from ledger.adapters.subject_keys.value_index import ValueIndex
from ledger.errors import Busy, LedgerError
from ledger.formats.selective_disclosure import Disclosure

SubjectInOrder = tuple[str, str]  # the name of a data subject, and the order (never a companion) that concerns them
SubjectKeys = dict[SubjectInOrder, tuple[str, Aead]]  # the id of the key, and the key
KeyCache = dict[str, Aead | None]  # the key by its id; None if it is destroyed

_SECRET = 32  # bytes


class DestroyedKey(Struct, frozen=True):
    """A destroyed key that the log does not state yet; `cause` is None if version 1 destroyed it."""

    key_id: str
    cause: str | None
    custodians: tuple[str, ...]


class SubjectKeyStore:
    """The keys of one ledger's data subjects, open."""

    def __init__(
        self, path: Path, *, writable: bool = True, entropy: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        """Open `keys.db`. A file of an earlier version is migrated if `writable`, else read without a change."""
        self.path = path
        self._entropy = entropy
        self._has_views = False  # True while a file of version 1 is read without a change
        self._c = connect(path, writable=writable, secure_delete=writable, newest=VERSION)
        self.index = ValueIndex(self._c, path, self._marking)
        try:
            with SQLiteErrors(path):
                version = check_version(self._c, path, newest=VERSION)
                if writable and version < VERSION:
                    self._migrate()
                elif needs_views(version):
                    self._has_views = True
                    create_views(self._c)
        except BaseException:
            self._c.close()
            raise

    @classmethod
    def create(cls, path: Path, *, entropy: Callable[[int], bytes] = secrets.token_bytes) -> SubjectKeyStore:
        """Create an empty key store. Raises FileExistsError if there is one."""
        create(
            path, (*SCHEMA, *INDEX, COMPANIONS, insert_marking(entropy(_SECRET))), secure_delete=True, version=VERSION
        )
        return cls(path, entropy=entropy)

    def _migrate(self) -> None:
        with transaction(self._c, self.path) as c:
            version = check_version(c, self.path, newest=VERSION)
            if version == VERSION:  # another process was faster
                return
            migrate(c, version, self._entropy(_SECRET))
        self._empty_wal()

    def _read(self, statement: str, params: Sequence[object] = ()) -> sqlite3.Cursor:
        """Execute a query; drop the views of version 1 if another process has migrated the file."""
        if self._has_views and not needs_views(check_version(self._c, self.path, newest=VERSION)):
            drop_views(self._c)
            self._has_views = False
        return self._c.execute(statement, params)

    def close(self) -> None:
        """Close the file."""
        self._c.close()

    # -- names and keys -----------------------------------------------------------------------------------------------

    def keys_of(self, name: str, order: str | None = None) -> dict[str, str]:
        """Return the keys of a data subject, in all orders or in one, as {key id: order or `ALL_ORDERS`}."""
        with SQLiteErrors(self.path):
            rows = self._read(
                "SELECT k.key_id, k.order_id FROM subject_key k JOIN subject_name n ON n.subject = k.subject"
                " WHERE n.name = ?1 AND (?2 IS NULL OR k.order_id IN (?2, ?3)) ORDER BY k.key_id",
                (name, order, ALL_ORDERS),
            )
            return dict(tuple(row) for row in rows)

    def key_of(self, name: str, order: str) -> str | None:
        """Return the id of the key that seals values of a subject in an order; None if there is none.

        After a merge of names a subject may have several keys in one order; the first one is used.
        """
        return next(iter(self._find_keys([(name, order)]).values()), (None,))[0]

    def subjects(self) -> dict[SubjectInOrder, str]:
        """Return the id of every key by the name of its subject and the order."""
        with SQLiteErrors(self.path):
            rows = self._read(
                "SELECT n.name, k.order_id, k.key_id FROM subject_key k JOIN subject_name n ON n.subject = k.subject"
                " ORDER BY n.name, k.order_id, k.key_id"
            )
            return {(name, order): key_id for name, order, key_id in rows}

    def similar_names(self, name: str) -> list[str]:
        """Return the names of other data subjects that `are_similar` to this one."""
        with SQLiteErrors(self.path):
            rows = self._read(
                "SELECT n.name FROM subject_name n WHERE n.name NOT GLOB 'target of *' AND n.name NOT GLOB ?1 || '*'"
                " AND n.subject NOT IN (SELECT subject FROM subject_name WHERE name = ?2) ORDER BY n.name",
                (COMPANION, name),
            )
            return [other for (other,) in rows.fetchall() if are_similar(name, other)]

    def stored_name(self, name: str) -> str:
        """Return a name as it is stored: an earlier version stored several spaces between words."""
        with SQLiteErrors(self.path):
            rows = self._read(
                "SELECT name FROM subject_name WHERE name = ?1 OR instr(name, '  ') > 0 ORDER BY name <> ?1, name",
                (name,),
            )
            return next((stored_name for (stored_name,) in rows.fetchall() if check_name(stored_name) == name), name)

    def subjects_of(self, key_ids: Iterable[str]) -> dict[SubjectInOrder, str]:
        """Return the id of each of these keys by every name of its subject and the order."""
        with SQLiteErrors(self.path):
            rows = self._read(
                "SELECT n.name, k.order_id, k.key_id FROM subject_key k JOIN subject_name n ON n.subject = k.subject"
                " WHERE k.key_id IN (SELECT value FROM json_each(?)) ORDER BY n.name, k.order_id",
                (_listed(key_ids),),
            )
            return {(name, order): key_id for name, order, key_id in rows}

    def name_of(self, key_id: str) -> str | None:
        """Return a name of the subject of a key; None if the key is not stored here."""
        with SQLiteErrors(self.path):
            row = self._read(
                "SELECT min(n.name) FROM subject_key k JOIN subject_name n ON n.subject = k.subject WHERE k.key_id = ?",
                (key_id,),
            ).fetchone()
        return row[0] if row else None

    def existing(self, key_ids: Iterable[str]) -> set[str]:
        """Return the ids of these keys that are stored here."""
        with SQLiteErrors(self.path):
            rows = self._read(
                "SELECT key_id FROM subject_key WHERE key_id IN (SELECT value FROM json_each(?))", (_listed(key_ids),)
            )
            return {key_id for (key_id,) in rows}

    def merge(self, name: str, other: str) -> None:
        """Make two names one person. Raises `LedgerError` SUBJECT-UNKNOWN if one of them has no key."""
        with transaction(self._c, self.path) as c:
            one, two = (self._subject(each) for each in (name, other))
            c.execute("UPDATE subject_key SET subject = ? WHERE subject = ?", (one, two))
            c.execute("UPDATE subject_name SET subject = ? WHERE subject = ?", (one, two))
        self._empty_wal()

    def split(self, name: str, order: str, new: str) -> None:
        """Give the person whom `name` means in this order the name `new`; in other orders it means another person.

        Raises `LedgerError` SUBJECT-UNKNOWN if the name has no key in that order.
        """
        with transaction(self._c, self.path) as c:
            subject = self._subject(name)
            row = c.execute("SELECT subject FROM subject_name WHERE name = ?", (new,)).fetchone()
            to = row[0] if row else new_subject_id()
            done = c.execute(
                "UPDATE subject_key SET subject = ? WHERE subject = ? AND order_id = ?", (to, subject, order)
            )
            if not done.rowcount:
                raise LedgerError("SUBJECT-UNKNOWN", f"{name!r} has no key in that order")
            c.execute("INSERT INTO subject_name VALUES (?, ?) ON CONFLICT DO NOTHING", (new, to))
            self._drop_names()
        self._empty_wal()

    def _subject(self, name: str) -> str:
        row = self._read("SELECT subject FROM subject_name WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise LedgerError("SUBJECT-UNKNOWN", f"no data subject is called {name!r} here")
        return str(row[0])

    def _drop_names(self) -> None:
        """Delete the names of subjects without a key, and with them the link between their orders."""
        self._c.execute("DELETE FROM subject_name WHERE subject NOT IN (SELECT subject FROM subject_key)")

    # -- sealing and opening ------------------------------------------------------------------------------------------

    def keys_for(self, whose: Collection[SubjectInOrder]) -> SubjectKeys:
        """Return the key of each subject in each order; create missing ones, all in one durable transaction."""
        with SQLiteErrors(self.path):
            keys = self._find_keys(whose)
            if missing := [w for w in dict.fromkeys(whose) if w not in keys]:
                with transaction(self._c, self.path) as c:
                    existing = self._find_keys(missing)
                    fresh = [w for w in missing if w not in existing]
                    names = [(name, new_subject_id()) for name in dict.fromkeys(name for name, _ in fresh)]
                    c.executemany("INSERT INTO subject_name VALUES (?, ?) ON CONFLICT (name) DO NOTHING", names)
                    c.executemany(
                        "INSERT INTO subject_key SELECT ?, subject, ?, ? FROM subject_name WHERE name = ?",
                        [(self._entropy(16).hex(), order, self._entropy(Aead.KEY_SIZE), name) for name, order in fresh],
                    )
                    keys |= self._find_keys(missing)
        return keys

    def _find_keys(self, whose: Collection[SubjectInOrder]) -> SubjectKeys:
        rows = self._read(
            "SELECT n.name, json_extract(w.value, '$[1]'), k.key_id, k.secret FROM json_each(?) w"
            " JOIN subject_name n ON n.name = json_extract(w.value, '$[0]')"
            " JOIN subject_key k ON k.subject = n.subject AND k.order_id IN (json_extract(w.value, '$[1]'), ?)"
            " ORDER BY k.order_id, k.key_id DESC",  # the last row is used: the key of this order
            (orjson.dumps(list(whose)).decode(), ALL_ORDERS),
        )
        return {(name, order): (key_id, Aead(secret)) for name, order, key_id, secret in rows}

    def encrypt_values(
        self, entry: str, disclosures: Sequence[Disclosure], whose: Callable[[str], SubjectInOrder], keys: SubjectKeys
    ) -> tuple[Ciphertext, ...]:
        """Encrypt disclosure strings (XChaCha20-Poly1305), each bound to its entry, field and key.

        `whose` returns the data subject of a field; `keys` has the keys of these subjects.
        """
        closed = []
        for d in disclosures:
            key_id, box = keys[whose(d.name)]
            sealed = box.encrypt(d.text.encode(), _bound_to(entry, d.name, key_id), self._entropy(NONCE_BYTES))
            closed.append(Ciphertext(d.name, d.digest, key_id, bytes(sealed)))
        return tuple(closed)

    def decrypt_values(self, entry: str, closed: Sequence[Ciphertext], keys: KeyCache | None = None) -> list[str]:
        """Decrypt disclosure strings. One whose key is destroyed, or that belongs to another entry, is left out.

        `keys` is a cache for one reading of an order. It must not be kept longer: a key may be destroyed meanwhile.
        """
        keys = {} if keys is None else keys
        texts = []
        for sealed in closed:
            if sealed.key_id not in keys:
                keys[sealed.key_id] = self._key(sealed.key_id)
            box = keys[sealed.key_id]
            if box is None or sealed.ciphertext is None:
                continue
            try:
                text = box.decrypt(sealed.ciphertext, _bound_to(entry, sealed.field, sealed.key_id))
            except CryptoError:
                continue
            texts.append(text.decode())
        return texts

    # -- destroying ---------------------------------------------------------------------------------------------------

    def destroy(self, key_ids: Sequence[str], cause: str | None = None, custodians: Sequence[str] = ()) -> None:
        """Overwrite keys in the file and in its write-ahead log; durable on return, and without a way back.

        Their ids stay `unrecorded` until `mark_recorded`. A subject without a key loses its names.
        """
        with transaction(self._c, self.path) as c:
            secret = self._marking()
            of = c.execute(
                "SELECT n.name, k.order_id, k.key_id FROM subject_key k JOIN subject_name n ON n.subject = k.subject"
                " WHERE k.key_id IN (SELECT value FROM json_each(?))",
                (_listed(key_ids),),
            )
            for name, order, key_id in of.fetchall():
                earlier = self._marked(secret, name, order)
                mark = _mark(secret, name, order, len(earlier))
                c.execute("INSERT INTO erased VALUES (?, ?)", (mark, key_id))
            for table in ("subject_key", "indexed_value"):
                c.executemany(f"DELETE FROM {table} WHERE key_id = ?", [(key_id,) for key_id in key_ids])  # noqa: S608
            c.executemany(
                "INSERT INTO destroyed_key VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [(key_id, cause, " ".join(custodians)) for key_id in key_ids],
            )
            self._drop_names()
        self._empty_wal()

    def erased_keys(self, name: str, orders: Iterable[str]) -> list[str]:
        """Return the ids of the keys that were destroyed when a subject of this name was erased in these orders."""
        with SQLiteErrors(self.path):
            secret = self._marking()
            places = (*dict.fromkeys(orders), ALL_ORDERS)
            return list(dict.fromkeys(key_id for order in places for key_id in self._marked(secret, name, order)))

    def _marked(self, secret: bytes, name: str, order: str) -> list[str]:
        """Return the destroyed keys of a name in an order, oldest first; after a merge of names several."""
        keys: list[str] = []
        while row := self._read(
            "SELECT key_id FROM erased WHERE mark = ?", (_mark(secret, name, order, len(keys)),)
        ).fetchone():
            keys.append(row[0])
        return keys

    def unrecorded(self) -> list[DestroyedKey]:
        """Return the destroyed keys whose destruction the log may not state: a crash came before the entry."""
        with SQLiteErrors(self.path):
            rows = self._read("SELECT key_id, cause, custodians FROM destroyed_key ORDER BY key_id")
            return [DestroyedKey(key_id, cause, tuple(who.split())) for key_id, cause, who in rows]

    def mark_recorded(self, key_id: str) -> None:
        """Note that the log states the destruction of a key."""
        with transaction(self._c, self.path) as c:
            c.execute("DELETE FROM destroyed_key WHERE key_id = ?", (key_id,))
        self._empty_wal()

    def _empty_wal(self) -> None:
        """Empty the write-ahead log: it has the earlier content of pages. Raises `Busy` after thirty seconds."""
        give_up = time.monotonic() + BUSY_SECONDS
        with SQLiteErrors(self.path):
            while self._c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:  # a reader needs the log
                if time.monotonic() > give_up:
                    raise Busy(str(self.path))
                time.sleep(0.05)

    # -- companions ----------------------------------------------------------------------------------------------------

    def companion_of(self, main: str) -> str | None:
        """Return the companion order of an order; None if it has none."""
        with SQLiteErrors(self.path):
            row = self._read("SELECT companion FROM companion WHERE main = ?", (main,)).fetchone()
        return row[0] if row else None

    def main_of(self, companion: str) -> str | None:
        """Return the order of a companion order; None if it is no companion."""
        with SQLiteErrors(self.path):
            row = self._read("SELECT main FROM companion WHERE companion = ?", (companion,)).fetchone()
        return row[0] if row else None

    def companion_for(self, main: str, fresh: str) -> str:
        """Return the companion order of an order. If it has none, `fresh` becomes it, durably."""
        with transaction(self._c, self.path) as c:
            c.execute("INSERT INTO companion VALUES (?, ?) ON CONFLICT (main) DO NOTHING", (main, fresh))
            companion: str = c.execute("SELECT companion FROM companion WHERE main = ?", (main,)).fetchone()[0]
        return companion

    def _marking(self) -> bytes:
        """Return the secret of the keyed digests in this file."""
        secret: bytes = self._read("SELECT secret FROM marking").fetchone()[0]
        return secret

    def _key(self, key_id: str) -> Aead | None:
        # read from the file each time: another process may have destroyed it
        with SQLiteErrors(self.path):
            row = self._read("SELECT secret FROM subject_key WHERE key_id = ?", (key_id,)).fetchone()
        return Aead(row[0]) if row else None


def _mark(secret: bytes, name: str, order: str, earlier: int = 0) -> bytes:
    """Return the digest of a name and an order, and of the number of keys that were destroyed before, if any."""
    text = f"{order}\n{name}\n{earlier}" if earlier else f"{order}\n{name}"
    return blake2b(text.encode(), key=secret, digest_size=32).digest()


def _listed(texts: Iterable[str]) -> str:
    return orjson.dumps(list(texts)).decode()


def _bound_to(entry: str, field: str, key_id: str) -> bytes:
    return f"{entry}\n{field}\n{key_id}".encode()
