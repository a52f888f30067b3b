"""The keys of data subjects, which can be destroyed: one random key for each person and order.

Nothing else in the ledger opens a sealed value. A person has a random id here, and names that the ledger's users give
(by default: the target of an order). That two orders speak of one person is known by these rows alone: it goes with the
last key. The log knows a key by its random id only. `keys.db` overwrites what it deletes and empties its write-ahead
log after every erasure; its backups are separate and expire within thirty days.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
import unicodedata
import uuid
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
from ledger.errors import Busy, LedgerError
from ledger.formats.selective_disclosure import Disclosure

Whose = tuple[str, str]  # the name of a data subject, and the order (never a companion) that speaks of them
Keys = dict[Whose, tuple[str, Aead]]  # -> id and key
Met = dict[str, Aead | None]  # id -> key, None where it is destroyed

VERSION = 2
ANY = ""  # the order of a key that an earlier version made for every order of a subject
TARGET = "target of "  # the name of the target of an order, before the order's id
HOLDER = "person at "  # the name of whoever holds the key of an office, before the office
COMPANION = "companion "  # and of what leads from a companion to its order
_NAME = 200  # characters
_SECRET = 32  # bytes

SCHEMA: tuple[str | tuple[str, Sequence[object]], ...] = (
    "CREATE TABLE subject_name (name TEXT PRIMARY KEY, subject TEXT NOT NULL) STRICT",
    """CREATE TABLE subject_key (
        key_id TEXT PRIMARY KEY, subject TEXT NOT NULL, order_id TEXT NOT NULL, secret BLOB NOT NULL) STRICT""",
    "CREATE INDEX subject_key_subject ON subject_key (subject, order_id)",
    # keys that are destroyed, whose destruction the record does not state yet, and what it will state
    "CREATE TABLE destroyed_key (key_id TEXT PRIMARY KEY, cause TEXT, custodians TEXT NOT NULL) STRICT",
    # digests, keyed with `marking`, of name and order of those erased: only who knows the name finds the key's id
    "CREATE TABLE erased (mark BLOB PRIMARY KEY, key_id TEXT NOT NULL) STRICT",
    "CREATE TABLE marking (one INTEGER PRIMARY KEY CHECK (one = 1), secret BLOB NOT NULL) STRICT",
)
_COMPANIONS = (  # which order an order's companion belongs to is itself a sealed value
    "CREATE TABLE companion (main TEXT PRIMARY KEY, companion TEXT NOT NULL UNIQUE) STRICT"
)
# The keys of version 1: one for each subject, in all orders. The order of a target is in its name.
_KEYS_BEFORE = """SELECT key_id, subject, CASE
    WHEN subject GLOB 'target of *' THEN substr(subject, 11)
    WHEN subject GLOB 'companion *' THEN ifnull(
        (SELECT main FROM companion WHERE companion = substr(subject, 11)), '')
    ELSE '' END AS order_id, secret FROM drawer"""
_READ_BEFORE = (
    "CREATE TEMP VIEW subject_name AS SELECT subject AS name, subject FROM drawer",
    f"CREATE TEMP VIEW subject_key AS {_KEYS_BEFORE}",
    "CREATE TEMP VIEW destroyed_key AS SELECT key_id, NULL AS cause, '' AS custodians FROM destroyed",
    "CREATE TEMP VIEW erased AS SELECT x'' AS mark, '' AS key_id WHERE 0",
    "CREATE TEMP VIEW marking AS SELECT 1 AS one, x'' AS secret",
)

_VIEWS = ("subject_name", "subject_key", "destroyed_key", "erased", "marking")


class Destroyed(Struct, frozen=True):
    """A destroyed key that the record does not state yet; `cause` is None of one that version 1 destroyed."""

    key_id: str
    cause: str | None
    custodians: tuple[str, ...]


class SubjectKeyStore:
    """The keys of one ledger's data subjects, open."""

    def __init__(
        self, path: Path, *, writable: bool = True, entropy: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        """Open `keys.db`; one of version 1 is raised to version 2 in its place, or only read where not `writable`."""
        self.path = path
        self._entropy = entropy
        self._before = False  # True while a file of version 1 is only read
        self._c = connect(path, writable=writable, secure_delete=writable, newest=VERSION)
        try:
            with SQLiteErrors(path):
                if check_version(self._c, path, newest=VERSION) < VERSION:
                    if writable:
                        self._raise()
                    else:
                        self._before = True
                        for statement in _READ_BEFORE:
                            self._c.execute(statement)
        except BaseException:
            self._c.close()
            raise

    @classmethod
    def create(cls, path: Path, *, entropy: Callable[[int], bytes] = secrets.token_bytes) -> SubjectKeyStore:
        """Make an empty drawer; FileExistsError if there is one."""
        marking = ("INSERT INTO marking VALUES (1, ?)", (entropy(_SECRET),))
        create(path, (*SCHEMA, _COMPANIONS, marking), secure_delete=True, version=VERSION)
        return cls(path, entropy=entropy)

    def _raise(self) -> None:
        """Raise a file of version 1 to this version, all at once: every key stays, under the same id."""
        with transaction(self._c, self.path) as c:
            if check_version(c, self.path, newest=VERSION) == VERSION:  # another process was quicker
                return
            for statement in SCHEMA:
                c.execute(*((statement,) if isinstance(statement, str) else statement))
            c.execute("INSERT INTO marking VALUES (1, ?)", (self._entropy(_SECRET),))
            named = [(name, _new_id()) for (name,) in c.execute("SELECT subject FROM drawer").fetchall()]
            c.executemany("INSERT INTO subject_name VALUES (?, ?)", named)
            ids = dict(named)
            before = [
                (key_id, ids[name], order, key) for key_id, name, order, key in c.execute(_KEYS_BEFORE).fetchall()
            ]
            c.executemany("INSERT INTO subject_key VALUES (?, ?, ?, ?)", before)
            c.execute("INSERT INTO destroyed_key SELECT key_id, NULL, '' FROM destroyed")
            c.execute("DROP TABLE drawer")
            c.execute("DROP TABLE destroyed")
            c.execute(f"PRAGMA user_version = {VERSION}")
        self._forget()

    def _read(self, statement: str, params: Sequence[object] = ()) -> sqlite3.Cursor:
        """Ask the tables; those of version 1 only until another process has raised the file."""
        if self._before and check_version(self._c, self.path, newest=VERSION) == VERSION:
            for view in _VIEWS:
                self._c.execute(f"DROP VIEW temp.{view}")
            self._before = False
        return self._c.execute(statement, params)

    def close(self) -> None:
        """Close the file."""
        self._c.close()

    # -- who ----------------------------------------------------------------------------------------------------------

    def keys_of(self, name: str, order: str | None = None) -> dict[str, str]:
        """The keys of a data subject, in all orders or in one: key id -> order, `ANY` where it is for all of them."""
        with SQLiteErrors(self.path):
            found = self._read(
                "SELECT k.key_id, k.order_id FROM subject_key k JOIN subject_name n ON n.subject = k.subject"
                " WHERE n.name = ?1 AND (?2 IS NULL OR k.order_id IN (?2, ?3)) ORDER BY k.key_id",
                (name, order, ANY),
            )
            return dict(tuple(row) for row in found)

    def key_of(self, name: str, order: str) -> str | None:
        """The id of the key under which values of a subject are sealed in an order; None if there is none (any more).

        After names were joined a subject may have several keys in one order; the first one goes on.
        """
        return next(iter(self._found([(name, order)]).values()), (None,))[0]

    def subjects(self) -> dict[Whose, str]:
        """Every key by name of its subject and order."""
        with SQLiteErrors(self.path):
            found = self._read(
                "SELECT n.name, k.order_id, k.key_id FROM subject_key k JOIN subject_name n ON n.subject = k.subject"
                " ORDER BY n.name, k.order_id, k.key_id"
            )
            return {(name, order): key_id for name, order, key_id in found}

    def near(self, name: str) -> list[str]:
        """The names of other data subjects that differ from this one in case, in white space or in one letter."""
        with SQLiteErrors(self.path):
            found = self._read(
                "SELECT n.name FROM subject_name n WHERE n.name NOT GLOB 'target of *' AND n.name NOT GLOB ?1 || '*'"
                " AND n.subject NOT IN (SELECT subject FROM subject_name WHERE name = ?2) ORDER BY n.name",
                (COMPANION, name),
            )
            return [other for (other,) in found.fetchall() if _near(name, other)]

    def spelt(self, name: str) -> str:
        """A name as it is kept: an earlier version kept several spaces between words."""
        with SQLiteErrors(self.path):
            found = self._read(
                "SELECT name FROM subject_name WHERE name = ?1 OR instr(name, '  ') > 0 ORDER BY name <> ?1, name",
                (name,),
            )
            return next((kept for (kept,) in found.fetchall() if check_name(kept) == name), name)

    def name_of(self, key_id: str) -> str | None:
        """A name of the subject that a key belongs to; None if the key is not here."""
        with SQLiteErrors(self.path):
            found = self._read(
                "SELECT min(n.name) FROM subject_key k JOIN subject_name n ON n.subject = k.subject WHERE k.key_id = ?",
                (key_id,),
            ).fetchone()
        return found[0] if found else None

    def held(self, key_ids: Iterable[str]) -> set[str]:
        """Of these keys those that are here."""
        with SQLiteErrors(self.path):
            found = self._read(
                "SELECT key_id FROM subject_key WHERE key_id IN (SELECT value FROM json_each(?))", (_listed(key_ids),)
            )
            return {key_id for (key_id,) in found}

    def join(self, name: str, other: str) -> None:
        """State that two names are one person. `LedgerError` SUBJECT-UNKNOWN if one of them has no key."""
        with transaction(self._c, self.path) as c:
            one, two = (self._subject(each) for each in (name, other))
            c.execute("UPDATE subject_key SET subject = ? WHERE subject = ?", (one, two))
            c.execute("UPDATE subject_name SET subject = ? WHERE subject = ?", (one, two))
        self._forget()

    def part(self, name: str, order: str, new: str) -> None:
        """State that `name` means another person in this order than in others; here it is `new` from now on.

        `LedgerError` SUBJECT-UNKNOWN if the name has no key in that order.
        """
        with transaction(self._c, self.path) as c:
            subject = self._subject(name)
            there = c.execute("SELECT subject FROM subject_name WHERE name = ?", (new,)).fetchone()
            to = there[0] if there else _new_id()
            done = c.execute(
                "UPDATE subject_key SET subject = ? WHERE subject = ? AND order_id = ?", (to, subject, order)
            )
            if not done.rowcount:
                raise LedgerError("SUBJECT-UNKNOWN", f"{name!r} has no key in that order")
            c.execute("INSERT INTO subject_name VALUES (?, ?) ON CONFLICT DO NOTHING", (new, to))
            self._drop_names()
        self._forget()

    def _subject(self, name: str) -> str:
        found = self._read("SELECT subject FROM subject_name WHERE name = ?", (name,)).fetchone()
        if found is None:
            raise LedgerError("SUBJECT-UNKNOWN", f"no data subject is called {name!r} here")
        return str(found[0])

    def _drop_names(self) -> None:
        """Delete the names of subjects that have no key left, and with them the link between their orders."""
        self._c.execute("DELETE FROM subject_name WHERE subject NOT IN (SELECT subject FROM subject_key)")

    # -- sealing and opening ------------------------------------------------------------------------------------------

    def keys_for(self, whose: Collection[Whose]) -> Keys:
        """The key of each subject in each order, with its id; new ones are made, all in one durable transaction."""
        with SQLiteErrors(self.path):
            keys = self._found(whose)
            if missing := [w for w in dict.fromkeys(whose) if w not in keys]:
                with transaction(self._c, self.path) as c:
                    there = self._found(missing)
                    fresh = [w for w in missing if w not in there]
                    names = [(name, _new_id()) for name in dict.fromkeys(name for name, _ in fresh)]
                    c.executemany("INSERT INTO subject_name VALUES (?, ?) ON CONFLICT (name) DO NOTHING", names)
                    c.executemany(
                        "INSERT INTO subject_key SELECT ?, subject, ?, ? FROM subject_name WHERE name = ?",
                        [(self._entropy(16).hex(), order, self._entropy(Aead.KEY_SIZE), name) for name, order in fresh],
                    )
                    keys |= self._found(missing)
        return keys

    def _found(self, whose: Collection[Whose]) -> Keys:
        found = self._read(
            "SELECT n.name, json_extract(w.value, '$[1]'), k.key_id, k.secret FROM json_each(?) w"
            " JOIN subject_name n ON n.name = json_extract(w.value, '$[0]')"
            " JOIN subject_key k ON k.subject = n.subject AND k.order_id IN (json_extract(w.value, '$[1]'), ?)"
            " ORDER BY k.order_id, k.key_id DESC",  # the last one counts: of the order itself, before one for all
            (orjson.dumps(list(whose)).decode(), ANY),
        )
        return {(name, order): (key_id, Aead(secret)) for name, order, key_id, secret in found}

    def close_values(
        self, entry: str, disclosures: Sequence[Disclosure], whose: Callable[[str], Whose], keys: Keys
    ) -> tuple[Ciphertext, ...]:
        """Encrypt disclosure strings (XChaCha20-Poly1305), each bound to its entry, field and key.

        `whose` says whose data a field holds; `keys` has the keys of these subjects.
        """
        closed = []
        for d in disclosures:
            key_id, box = keys[whose(d.name)]
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

    # -- destroying ---------------------------------------------------------------------------------------------------

    def destroy(self, key_ids: Sequence[str], cause: str | None = None, custodians: Sequence[str] = ()) -> None:
        """Overwrite keys, in the file and in its write-ahead log; durable on return. No one can bring them back.

        They stay among the `untold` until `told` takes them from there. A subject without a key loses its names.
        """
        with transaction(self._c, self.path) as c:
            (secret,) = c.execute("SELECT secret FROM marking").fetchone()
            of = c.execute(
                "SELECT n.name, k.order_id, k.key_id FROM subject_key k JOIN subject_name n ON n.subject = k.subject"
                " WHERE k.key_id IN (SELECT value FROM json_each(?))",
                (_listed(key_ids),),
            )
            marks = [(_mark(secret, name, order), key_id) for name, order, key_id in of.fetchall()]
            c.executemany(
                "INSERT INTO erased VALUES (?, ?) ON CONFLICT (mark) DO UPDATE SET key_id = excluded.key_id", marks
            )
            c.executemany("DELETE FROM subject_key WHERE key_id = ?", [(key_id,) for key_id in key_ids])
            c.executemany(
                "INSERT INTO destroyed_key VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [(key_id, cause, " ".join(custodians)) for key_id in key_ids],
            )
            self._drop_names()
        self._forget()

    def erased(self, name: str, orders: Iterable[str]) -> list[str]:
        """The ids of the keys that were destroyed when a subject of this name was erased in these orders."""
        with SQLiteErrors(self.path):
            (secret,) = self._read("SELECT secret FROM marking").fetchone()
            found = [
                self._read("SELECT key_id FROM erased WHERE mark = ?", (_mark(secret, name, order),)).fetchone()
                for order in (*dict.fromkeys(orders), ANY)
            ]
            return list(dict.fromkeys(row[0] for row in found if row))

    def untold(self) -> list[Destroyed]:
        """The keys whose destruction the record may not state yet: a crash came between the two."""
        with SQLiteErrors(self.path):
            found = self._read("SELECT key_id, cause, custodians FROM destroyed_key ORDER BY key_id")
            return [Destroyed(key_id, cause, tuple(who.split())) for key_id, cause, who in found]

    def told(self, key_id: str) -> None:
        """Note that the record states a key's destruction."""
        with transaction(self._c, self.path) as c:
            c.execute("DELETE FROM destroyed_key WHERE key_id = ?", (key_id,))
        self._forget()

    def _forget(self) -> None:
        """Empty the write-ahead log: it still holds the pages as they were."""
        give_up = time.monotonic() + BUSY_SECONDS
        with SQLiteErrors(self.path):
            while self._c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:  # a reader still needs the log
                if time.monotonic() > give_up:
                    raise Busy(str(self.path))
                time.sleep(0.05)

    # -- companions ----------------------------------------------------------------------------------------------------

    def companion_of(self, main: str) -> str | None:
        """The companion order that belongs to an order; None if it has none."""
        with SQLiteErrors(self.path):
            row = self._read("SELECT companion FROM companion WHERE main = ?", (main,)).fetchone()
        return row[0] if row else None

    def main_of(self, companion: str) -> str | None:
        """The order that a companion order belongs to; None if it is not a companion."""
        with SQLiteErrors(self.path):
            row = self._read("SELECT main FROM companion WHERE companion = ?", (companion,)).fetchone()
        return row[0] if row else None

    def companion_for(self, main: str, fresh: str) -> str:
        """The companion order of an order: the one it has, or `fresh`, durably noted."""
        with transaction(self._c, self.path) as c:
            c.execute("INSERT INTO companion VALUES (?, ?) ON CONFLICT (main) DO NOTHING", (main, fresh))
            companion: str = c.execute("SELECT companion FROM companion WHERE main = ?", (main,)).fetchone()[0]
        return companion

    def _key(self, key_id: str) -> Aead | None:
        # asked of the file each time: another process may have destroyed it since
        with SQLiteErrors(self.path):
            row = self._read("SELECT secret FROM subject_key WHERE key_id = ?", (key_id,)).fetchone()
        return Aead(row[0]) if row else None


def check_name(text: str) -> str:
    """The name of a data subject in normalisation form C, its words one space apart; ValueError unless it is one line
    of 1 to 200 characters.
    """
    name = " ".join(filter(None, unicodedata.normalize("NFC", text.strip()).split(" ")))
    if not 0 < len(name) <= _NAME or not name.isprintable():
        raise ValueError(f"the name of a data subject is one line of 1 to {_NAME} characters, as 'witness 3'")
    if name.startswith(COMPANION):
        raise ValueError(f"a name that begins with {COMPANION!r} is the ledger's own")
    return name


def _near(one: str, two: str) -> bool:
    """True if two names differ in case, in white space or in one letter; numbers tell persons apart."""
    if one == two:
        return False
    a, b = (" ".join(name.casefold().split()) for name in (one, two))
    if [c for c in a if c.isdigit()] != [c for c in b if c.isdigit()] or abs(len(a) - len(b)) > 1:
        return False
    if len(a) > len(b):
        a, b = b, a
    at = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    return a[at + (len(a) == len(b)) :] == b[at + 1 :]


def _new_id() -> str:
    """The random id of a subject; it never leaves keys.db, so it needs no `entropy` that a story repeats."""
    return str(uuid.uuid4())


def _mark(secret: bytes, name: str, order: str) -> bytes:
    return blake2b(f"{order}\n{name}".encode(), key=secret, digest_size=32).digest()


def _listed(texts: Iterable[str]) -> str:
    return orjson.dumps(list(texts)).decode()


def _bound_to(entry: str, field: str, key_id: str) -> bytes:
    return f"{entry}\n{field}\n{key_id}".encode()
