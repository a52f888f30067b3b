"""Store one random key for each data subject and order, and destroy it.

Only these keys open sealed values. A person has a random id here, and the names that users give; the default name is
the target of an order. Only rows of this store say that two orders concern the same person, and they are deleted with
the last key of that person. The log has the random id of a key only. The keys are in `keys.db`, or in a PostgreSQL
database that several machines share and that has nothing else. Their backups are separate, and expire within thirty
days.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from hashlib import blake2b

import orjson
from msgspec import Struct
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_NPUBBYTES as NONCE_BYTES
from nacl.exceptions import CryptoError
from nacl.secret import Aead

from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.entry_reader import Ciphertext
from ledger.adapters.subject_keys import statements
from ledger.adapters.subject_keys.key_database import create_keys, open_keys
from ledger.adapters.subject_keys.names import are_similar, check_name
from ledger.adapters.subject_keys.schema import ALL_ORDERS, new_subject_id
from ledger.adapters.subject_keys.value_index import ValueIndex
from ledger.errors import LedgerError
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

    def __init__(self, place: Location, *, writable: bool = True, entropy: Callable[[int], bytes] = os.urandom) -> None:
        """Open `keys.db`, or the database with the keys; raises what `open_keys` raises."""
        self.place = place
        self._entropy = entropy
        self._db = open_keys(place, writable=writable, secret=lambda: entropy(_SECRET))
        self.index = ValueIndex(self._db, self._marking)

    @classmethod
    def create(cls, place: Location, *, entropy: Callable[[int], bytes] = os.urandom) -> SubjectKeyStore:
        """Create an empty key store; raises what `create_keys` raises."""
        create_keys(place, entropy(_SECRET))
        return cls(place, entropy=entropy)

    def close(self) -> None:
        """Close the file, or the connection."""
        self._db.close()

    # -- names and keys -----------------------------------------------------------------------------------------------

    def keys_of(self, name: str, order: str | None = None) -> dict[str, str]:
        """Return the keys of a data subject, in all orders or in one, as {key id: order or `ALL_ORDERS`}."""
        with self._db.errors():
            if order is None:
                rows = self._db.execute(statements.KEYS_OF, (name,))
            else:
                rows = self._db.execute(statements.KEYS_OF_IN, (name, order, ALL_ORDERS))
            return dict(map(tuple, rows))

    def key_of(self, name: str, order: str) -> str | None:
        """Return the id of the key that seals values of a subject in an order; None if there is none.

        After a merge of names a subject may have several keys in one order; the first one is used.
        """
        return next(iter(self._find_keys([(name, order)]).values()), (None,))[0]

    def subjects(self) -> dict[SubjectInOrder, str]:
        """Return the id of every key by the name of its subject and the order."""
        with self._db.errors():
            rows = self._db.execute(statements.SUBJECTS)
            return {(name, order): key_id for name, order, key_id in rows}

    def given_names(self) -> list[tuple[str, str]]:
        """Return each name that users gave to a subject, with the id of each of its keys."""
        with self._db.errors():
            return [(name, key_id) for name, key_id in self._db.execute(statements.GIVEN)]

    def similar_names(self, name: str) -> list[str]:
        """Return the names of other data subjects that `are_similar` to this one."""
        with self._db.errors():
            same = {subject for (subject,) in self._db.execute(statements.SUBJECT_OF_NAME, (name,))}
            names = [other for other, subject in self._db.execute(statements.NAMES) if subject not in same]
        return sorted(other for other in names if are_similar(name, other))

    def stored_name(self, name: str) -> str:
        """Return a name as it is stored: an earlier version stored several spaces between words."""
        with self._db.errors():
            if self._db.execute(statements.SUBJECT_OF_NAME, (name,)).fetchone() is not None:
                return name
            names = sorted(stored for stored, _ in self._db.execute(statements.NAMES) if "  " in stored)
        return next((stored for stored in names if check_name(stored) == name), name)

    def subjects_of(self, key_ids: Iterable[str]) -> dict[SubjectInOrder, str]:
        """Return the id of each of these keys by every name of its subject and the order."""
        with self._db.errors():
            rows = self._db.execute(statements.SUBJECTS_OF, (_listed(key_ids),)).fetchall()
        return {(name, order): key_id for name, order, key_id in sorted(tuple(row) for row in rows)}

    def name_of(self, key_id: str) -> str | None:
        """Return a name of the subject of a key; None if the key is not stored here."""
        with self._db.errors():
            name: str | None = self._db.execute(statements.NAME_OF_KEY, (key_id,)).fetchone()[0]
        return name

    def existing(self, key_ids: Iterable[str]) -> set[str]:
        """Return the ids of these keys that are stored here."""
        with self._db.errors():
            return {key_id for (key_id,) in self._db.execute(statements.EXISTING, (_listed(key_ids),))}

    def merge(self, name: str, other: str) -> None:
        """Make two names one person. Raises `LedgerError` SUBJECT-UNKNOWN if one of them has no key."""
        with self._db.transaction():
            one, two = (self._subject(each) for each in (name, other))
            self._db.execute(statements.MERGE_KEYS, (one, two))
            self._db.execute(statements.MERGE_NAMES, (one, two))
        self._db.overwrite()

    def split(self, name: str, order: str, new: str) -> None:
        """Give the person whom `name` means in this order the name `new`; in other orders it means another person.

        Raises `LedgerError` SUBJECT-UNKNOWN if the name has no key in that order.
        """
        with self._db.transaction():
            subject = self._subject(name)
            row = self._db.execute(statements.SUBJECT_OF_NAME, (new,)).fetchone()
            to = row[0] if row else new_subject_id()
            done = self._db.execute(statements.SPLIT_KEYS, (to, subject, order))
            if not done.rowcount:
                raise LedgerError("SUBJECT-UNKNOWN", f"{name!r} has no key in that order")
            self._db.execute(statements.ADD_NAME, (new, to))
            self._db.execute(statements.DROP_NAMES)
        self._db.overwrite()

    def _subject(self, name: str) -> str:
        row = self._db.execute(statements.SUBJECT_OF_NAME, (name,)).fetchone()
        if row is None:
            raise LedgerError("SUBJECT-UNKNOWN", f"no data subject is called {name!r} here")
        return str(row[0])

    # -- sealing and opening ------------------------------------------------------------------------------------------

    def keys_for(self, whose: Collection[SubjectInOrder]) -> SubjectKeys:
        """Return the key of each subject in each order; create missing ones, all in one durable transaction."""
        with self._db.errors():
            keys = self._find_keys(whose)
            if missing := [w for w in dict.fromkeys(whose) if w not in keys]:
                with self._db.transaction():
                    existing = self._find_keys(missing)
                    fresh = [w for w in missing if w not in existing]
                    names = [(name, new_subject_id()) for name in dict.fromkeys(name for name, _ in fresh)]
                    self._db.executemany(statements.ADD_NAME, names)
                    made = [
                        (self._entropy(16).hex(), order, self._entropy(Aead.KEY_SIZE), name) for name, order in fresh
                    ]
                    self._db.executemany(statements.ADD_KEY, made)
                    keys |= self._find_keys(missing)
        return keys

    def _find_keys(self, whose: Collection[SubjectInOrder]) -> SubjectKeys:
        rows = self._db.execute(statements.FIND, (orjson.dumps(list(whose)).decode(), ALL_ORDERS))
        return {(name, order): (key_id, Aead(secret)) for name, order, key_id, secret in rows}

    def encrypt_values(
        self, entry: str, disclosures: Sequence[Disclosure], whose: Callable[[str], SubjectInOrder], keys: SubjectKeys
    ) -> tuple[Ciphertext, ...]:
        """Encrypt disclosure strings (XChaCha20-Poly1305), each bound to its entry, field and key.

        `whose` returns the data subject of a field; `keys` has the keys of these subjects.
        """
        return tuple(encrypt_value(entry, d, *keys[whose(d.name)], self._entropy) for d in disclosures)

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

    def wrap(self, key_id: str, secret: bytes, bound: str) -> bytes | None:
        """Encrypt a secret of a file under a key, bound to a text; None if the key is not stored here."""
        box = self._key(key_id)
        if box is None:
            return None
        return bytes(box.encrypt(secret, _wrapped_to(bound, key_id), self._entropy(NONCE_BYTES)))

    def unwrap(self, key_id: str, wrapped: bytes, bound: str) -> bytes | None:
        """Decrypt what `wrap` encrypted; None if the key is not stored here, or it was bound to another text."""
        box = self._key(key_id)
        try:
            return None if box is None else bytes(box.decrypt(wrapped, _wrapped_to(bound, key_id)))
        except CryptoError:
            return None

    # -- destroying ---------------------------------------------------------------------------------------------------

    def destroy(self, key_ids: Sequence[str], cause: str | None = None, custodians: Sequence[str] = ()) -> None:
        """Delete keys; durable on return. `keys.db` overwrites them, in its write-ahead log as well.

        Their ids stay `unrecorded` until `mark_recorded`. A subject without a key loses its names.
        """
        with self._db.transaction():
            secret = self._marking()
            of = self._db.execute(statements.SUBJECTS_OF, (_listed(key_ids),))
            for name, order, key_id in sorted(tuple(row) for row in of.fetchall()):
                earlier = self._marked(secret, name, order)
                self._db.execute(statements.MARK, (_mark(secret, name, order, len(earlier)), key_id))
            for statement in (statements.DELETE_KEY, statements.DELETE_INDEXED):
                self._db.executemany(statement, [(key_id,) for key_id in key_ids])
            destroyed = [(key_id, cause, " ".join(custodians)) for key_id in key_ids]
            self._db.executemany(statements.DESTROYED, destroyed)
            self._db.execute(statements.DROP_NAMES)
        self._db.overwrite()

    def erased_keys(self, name: str, orders: Iterable[str]) -> list[str]:
        """Return the ids of the keys that were destroyed when a subject of this name was erased in these orders."""
        with self._db.errors():
            secret = self._marking()
            places = (*dict.fromkeys(orders), ALL_ORDERS)
            return list(dict.fromkeys(key_id for order in places for key_id in self._marked(secret, name, order)))

    def _marked(self, secret: bytes, name: str, order: str) -> list[str]:
        """Return the destroyed keys of a name in an order, oldest first; after a merge of names several."""
        keys: list[str] = []
        while row := self._db.execute(statements.MARKED, (_mark(secret, name, order, len(keys)),)).fetchone():
            keys.append(row[0])
        return keys

    def unrecorded(self) -> list[DestroyedKey]:
        """Return the destroyed keys whose destruction the log may not state: a crash came before the entry."""
        with self._db.errors():
            rows = self._db.execute(statements.UNRECORDED)
            return [DestroyedKey(key_id, cause, tuple(who.split())) for key_id, cause, who in rows]

    def destroyed(self, key_ids: Iterable[str]) -> set[str]:
        """Return the ids of these keys of which the store itself says that they were destroyed here."""
        with self._db.errors():
            return {key_id for (key_id,) in self._db.execute(statements.DESTROYED_HERE, (_listed(key_ids),) * 2)}

    def mark_recorded(self, key_id: str) -> None:
        """Note that the log states the destruction of a key."""
        with self._db.transaction():
            self._db.execute(statements.RECORDED, (key_id,))
        self._db.overwrite()

    # -- companions ----------------------------------------------------------------------------------------------------

    def companion_of(self, main: str) -> str | None:
        """Return the companion order of an order; None if it has none."""
        with self._db.errors():
            row = self._db.execute(statements.COMPANION_OF, (main,)).fetchone()
        return row[0] if row else None

    def main_of(self, companion: str) -> str | None:
        """Return the order of a companion order; None if it is no companion."""
        with self._db.errors():
            row = self._db.execute(statements.MAIN_OF, (companion,)).fetchone()
        return row[0] if row else None

    def companion_for(self, main: str, fresh: str) -> str:
        """Return the companion order of an order. If it has none, `fresh` becomes it, durably."""
        with self._db.transaction():
            self._db.execute(statements.ADD_COMPANION, (main, fresh))
            companion: str = self._db.execute(statements.COMPANION_OF, (main,)).fetchone()[0]
        return companion

    def _marking(self) -> bytes:
        """Return the secret of the keyed digests in this store."""
        secret: bytes = self._db.execute(statements.MARKING).fetchone()[0]
        return secret

    def _key(self, key_id: str) -> Aead | None:
        # read each time: another process may have destroyed it
        with self._db.errors():
            row = self._db.execute(statements.SECRET, (key_id,)).fetchone()
        return Aead(row[0]) if row else None


def _mark(secret: bytes, name: str, order: str, earlier: int = 0) -> bytes:
    """Return the digest of a name and an order, and of the number of keys that were destroyed before, if any."""
    text = f"{order}\n{name}\n{earlier}" if earlier else f"{order}\n{name}"
    return blake2b(text.encode(), key=secret, digest_size=32).digest()


def _listed(texts: Iterable[str]) -> str:
    return orjson.dumps(list(texts)).decode()


def encrypt_value(
    entry: str, d: Disclosure, key_id: str, box: Aead, entropy: Callable[[int], bytes] = os.urandom
) -> Ciphertext:
    """Encrypt a disclosure string under a key, bound to its entry, field and key; `entropy` makes the nonce."""
    sealed = box.encrypt(d.text.encode(), _bound_to(entry, d.name, key_id), entropy(NONCE_BYTES))
    return Ciphertext(d.name, d.digest, key_id, bytes(sealed))


def _bound_to(entry: str, field: str, key_id: str) -> bytes:
    return f"{entry}\n{field}\n{key_id}".encode()


def _wrapped_to(bound: str, key_id: str) -> bytes:
    return f"file\n{bound}\n{key_id}".encode()  # no entry has the id `file`: no value can be taken for a secret
