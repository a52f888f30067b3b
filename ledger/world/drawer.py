"""The drawer of keys that may be emptied: one random key for each person whose data are sealed.

All that the drawer holds can be destroyed, and nothing else in the ledger opens a sealed value. A person is known here
by whatever name the ledger's users give (by default: the target of an order) and everywhere else by a random pseudonym,
the key's id. `keys.db` overwrites what it deletes and empties its write-ahead log after every erasure; its backups are
separate and expire within thirty days.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import orjson
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_NPUBBYTES as NONCE_BYTES
from nacl.exceptions import CryptoError
from nacl.secret import Aead

from ledger.veil import Disclosure
from ledger.world.fault import Busy
from ledger.world.shelf import Ciphertext
from ledger.world.sqlite import BUSY_SECONDS, connect, create, faults, transaction

Keys = dict[str, tuple[str, Aead]]  # subject -> id and key
Met = dict[str, Aead | None]  # id -> key, None where it is destroyed

SCHEMA = (
    "CREATE TABLE drawer (subject TEXT PRIMARY KEY, key_id TEXT NOT NULL UNIQUE, secret BLOB NOT NULL) STRICT",
    # keys that are destroyed, and whose destruction the record does not tell of yet
    "CREATE TABLE destroyed (key_id TEXT PRIMARY KEY) STRICT",
    # which order an order's companion belongs to is itself a sealed value
    "CREATE TABLE companion (main TEXT PRIMARY KEY, companion TEXT NOT NULL UNIQUE) STRICT",
)


class Drawer:
    """The keys of one ledger's data subjects, open."""

    def __init__(
        self, path: Path, *, writable: bool = True, entropy: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self.path = path
        self._entropy = entropy
        self._c = connect(path, writable=writable, secure_delete=writable)

    @classmethod
    def create(cls, path: Path, *, entropy: Callable[[int], bytes] = secrets.token_bytes) -> Drawer:
        """Make an empty drawer; FileExistsError if there is one."""
        create(path, SCHEMA, secure_delete=True)
        return cls(path, entropy=entropy)

    def close(self) -> None:
        """Close the file."""
        self._c.close()

    def key_of(self, subject: str) -> str | None:
        """The id of a subject's key; None if it has none, or none any more."""
        with faults(self.path):
            row = self._c.execute("SELECT key_id FROM drawer WHERE subject = ?", (subject,)).fetchone()
        return row[0] if row else None

    def subjects(self) -> dict[str, str]:
        """Every subject that has a key, with the key's id."""
        with faults(self.path):
            return dict(self._c.execute("SELECT subject, key_id FROM drawer ORDER BY subject").fetchall())

    def keys_for(self, subjects: Collection[str]) -> Keys:
        """The key of each subject with its id; those that are new are made, all in one durable transaction."""
        with faults(self.path):
            keys = self._found(subjects)
            if missing := [s for s in dict.fromkeys(subjects) if s not in keys]:
                fresh = [(s, self._entropy(16).hex(), self._entropy(Aead.KEY_SIZE)) for s in missing]
                with transaction(self._c, self.path) as c:
                    c.executemany("INSERT INTO drawer VALUES (?, ?, ?) ON CONFLICT (subject) DO NOTHING", fresh)
                    keys |= self._found(missing)
        return keys

    def _found(self, subjects: Collection[str]) -> Keys:
        found = self._c.execute(
            "SELECT subject, key_id, secret FROM drawer WHERE subject IN (SELECT value FROM json_each(?))",
            (orjson.dumps(list(subjects)).decode(),),
        )
        return {subject: (key_id, Aead(secret)) for subject, key_id, secret in found}

    def close_values(
        self, entry: str, disclosures: Sequence[Disclosure], subject_of: Callable[[str], str], keys: Keys
    ) -> tuple[Ciphertext, ...]:
        """Encrypt disclosure strings (XChaCha20-Poly1305), each bound to its entry, field and key.

        `subject_of` says whose data a field holds; `keys` has the keys of these subjects.
        """
        closed = []
        for d in disclosures:
            key_id, box = keys[subject_of(d.name)]
            sealed = box.encrypt(d.text.encode(), _bound_to(entry, d.name, key_id), self._entropy(NONCE_BYTES))
            closed.append(Ciphertext(d.name, d.digest, key_id, bytes(sealed)))
        return tuple(closed)

    def open_values(self, entry: str, closed: Sequence[Ciphertext], keys: Met | None = None) -> list[str]:
        """The disclosure strings that can still be opened; one whose key is gone, or that was moved, is left out.

        `keys` are those met in the same reading of an order: each is asked for once, and nothing outlives the reading.
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

    def destroy(self, key_id: str) -> None:
        """Overwrite a key, in the file and in its write-ahead log; durable on return. No one can bring it back.

        Its id stays among the `untold` until `told` takes it from there.
        """
        with transaction(self._c, self.path) as c:
            c.execute("DELETE FROM drawer WHERE key_id = ?", (key_id,))
            c.execute("INSERT INTO destroyed VALUES (?) ON CONFLICT DO NOTHING", (key_id,))
        self._forget()

    def untold(self) -> list[str]:
        """The keys whose destruction the record does not tell of: a crash came between the two."""
        with faults(self.path):
            return [row[0] for row in self._c.execute("SELECT key_id FROM destroyed ORDER BY key_id")]

    def told(self, key_id: str) -> None:
        """Note that the record tells of a key's destruction."""
        with transaction(self._c, self.path) as c:
            c.execute("DELETE FROM destroyed WHERE key_id = ?", (key_id,))
        self._forget()

    def _forget(self) -> None:
        """Empty the write-ahead log: it still holds the pages as they were."""
        give_up = time.monotonic() + BUSY_SECONDS
        with faults(self.path):
            while self._c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:  # a reader still needs the log
                if time.monotonic() > give_up:
                    raise Busy(str(self.path))
                time.sleep(0.05)

    def companion_of(self, main: str) -> str | None:
        """The companion order that belongs to an order; None if it has none."""
        with faults(self.path):
            row = self._c.execute("SELECT companion FROM companion WHERE main = ?", (main,)).fetchone()
        return row[0] if row else None

    def main_of(self, companion: str) -> str | None:
        """The order that a companion order belongs to; None if it is not a companion."""
        with faults(self.path):
            row = self._c.execute("SELECT main FROM companion WHERE companion = ?", (companion,)).fetchone()
        return row[0] if row else None

    def companion_for(self, main: str, fresh: str) -> str:
        """The companion order of an order: the one it has, or `fresh`, durably noted."""
        with transaction(self._c, self.path) as c:
            c.execute("INSERT INTO companion VALUES (?, ?) ON CONFLICT (main) DO NOTHING", (main, fresh))
            companion: str = c.execute("SELECT companion FROM companion WHERE main = ?", (main,)).fetchone()[0]
        return companion

    def _key(self, key_id: str) -> Aead | None:
        # asked of the file each time: another process may have destroyed it since
        with faults(self.path):
            row = self._c.execute("SELECT secret FROM drawer WHERE key_id = ?", (key_id,)).fetchone()
        return Aead(row[0]) if row else None


def _bound_to(entry: str, field: str, key_id: str) -> bytes:
    return f"{entry}\n{field}\n{key_id}".encode()
