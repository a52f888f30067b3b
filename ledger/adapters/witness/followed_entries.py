"""Open every entry of a followed log: check its signature, its place in its order, and its signer's key.

Witnesses see only that the tree grows, not its entries. A reader of the entries sees whether the log keeps
its rules: it finds two entries at one place of an order, a broken chain, a key that is not enrolled. Sealed
values stay sealed. The state is stored in one SQLite file per log, in steps that each end under the signed
tree, so that an interrupted look continues at its last step. It has the newest entry of each order, and the id of
each entry.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from ledger.adapters.log.head_store import SCHEMA as MAP_SCHEMA
from ledger.adapters.log.head_store import KeptMap
from ledger.adapters.log.published_log import Fetch, entries_of, reader
from ledger.adapters.storage.sqlite import SQLiteErrors, connect, create, transaction
from ledger.adapters.witness.followed_logs import keep_evidence
from ledger.entries.envelope import OpenedEntry, open_, open_each
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.placement import Link, check_place, committed_by, registry_of
from ledger.entries.split_view import Shown, prove_order
from ledger.entries.wrong_map import LARGEST, prove_wrong_map
from ledger.errors import LedgerError, RecordError
from ledger.tlog.map_of_heads import roots_at
from ledger.tlog.note import ED25519, Head, Vkey, note_digest
from ledger.tlog.tile import FULL, bundles_for
from ledger.tlog.tree import (
    Frontier,
    check_consistency,
    format_proof,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    stored_index,
)
from ledger.trust.trust_folder import format_registrar
from ledger.verify.field_forms import check_public

MOST = 100  # stored alarms of a log, and as many on roles; the first one already decides
_ROLE = ("V-ROLE-NOT-HELD", "its key, or its office, did not hold the role that it claims")
STEP = 16 * FULL  # entries that are read before each commit

_SCHEMA = (
    # root: of the first `size` entries, which were read with `registrar`
    """CREATE TABLE read (
        one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, root BLOB NOT NULL, registrar BLOB NOT NULL
        ) STRICT""",
    # the newest entry of each order; broken: its chain broke there and is not followed further
    """CREATE TABLE head (
        order_id TEXT PRIMARY KEY, idx INTEGER NOT NULL, seq INTEGER NOT NULL, leaf TEXT NOT NULL, instrument TEXT,
        broken INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE TABLE register (idx INTEGER PRIMARY KEY, raw BLOB NOT NULL) STRICT",
    "CREATE TABLE alarm (idx INTEGER PRIMARY KEY, code TEXT NOT NULL, says TEXT NOT NULL) STRICT",
)
_IDS = "CREATE TABLE entry (id BLOB PRIMARY KEY, idx INTEGER NOT NULL) STRICT, WITHOUT ROWID"
_VERSION = 2  # in version 1 there is no map of heads and no id of an entry: the entries are read again


class Found(Struct, frozen=True):
    """Hold a fault of the entry at a place of a log (from 0): a released code and a sentence."""

    index: int
    code: str
    says: str


class _OrderHead(Struct, frozen=True):
    index: int
    link: Link
    broken: bool = False


class Inspection:
    """Hold the state of reading one log; the file is made if it is missing."""

    def __init__(self, path: Path, origin: str, registrar: Registrar) -> None:
        """Open the file; `LedgerError` TRUST if its entries were read under another registrar."""
        if not path.exists():
            first = ("INSERT INTO read VALUES (1, 0, x'', ?)", (format_registrar(registrar),))
            create(path, (*_SCHEMA, _IDS, *MAP_SCHEMA, first), version=_VERSION)
        self._path, self._origin = path, origin
        self._c = connect(path, newest=_VERSION)
        self._map = KeptMap(self._c, path)
        try:
            self._migrate()
            self._take_up(registrar)
        except BaseException:
            self._c.close()
            raise

    def _migrate(self) -> None:
        """Begin anew with a file without a map of heads; its alarms stay, whatever the log publishes now."""
        with transaction(self._c, self._path) as c:
            if c.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
                return
            for statement in (_IDS, *MAP_SCHEMA):
                c.execute(*((statement,) if isinstance(statement, str) else statement))
            for table in ("head", "register"):
                c.execute(f"DELETE FROM {table}")  # noqa: S608 -- two names of our own
            c.execute("UPDATE read SET size = 0, root = x''")
            c.execute(f"PRAGMA user_version = {_VERSION}")

    def _take_up(self, registrar: Registrar) -> None:
        """Load the size read so far and the keys of the register."""
        with SQLiteErrors(self._path):
            self._size, self._root, under = self._c.execute("SELECT size, root, registrar FROM read").fetchone()
        if under != format_registrar(registrar):
            hint = "move the file away: the entries are then read again, from the first on"
            raise LedgerError("TRUST", f"{self._path} was made under another registrar", hint)
        self._keyring = Keyring(registry_of(self._origin), registrar)
        with SQLiteErrors(self._path):
            register = self._c.execute("SELECT idx, raw FROM register ORDER BY idx").fetchall()
        for index, raw in register:
            with suppress(RecordError):  # a refused entry is refused again
                self._keyring.admit(open_(raw, verify=False), index)

    def close(self) -> None:
        """Close the file."""
        self._c.close()

    def found(self) -> list[Found]:
        """Return all faults found so far, in the order of places."""
        with SQLiteErrors(self._path):
            return [Found(*row) for row in self._c.execute("SELECT idx, code, says FROM alarm ORDER BY idx")]

    def read(self, fetch: Fetch, log: Vkey, head: Head, evidence: Path) -> int:
        """Read the new entries of a published log, up to a head that `log` signed; return their number.

        Faults are stored, and kept in the folder `evidence` with their proofs. `LedgerError` LOG-CORRUPT if
        published entries do not make the signed tree: none of them is stored then.
        """
        before: int = self._size
        size = head.checkpoint.size
        if before >= size:
            return 0
        tree = Frontier.at(before, reader(fetch, size))
        if before and tree.root() != self._root:
            raise LedgerError("LOG-CORRUPT", f"its first {before} entries are not those that were read before")
        while tree.size < size:
            self._step(fetch, log, head, tree, min((tree.size // STEP + 1) * STEP, size), evidence)
        return size - before

    def _step(self, fetch: Fetch, log: Vkey, head: Head, tree: Frontier, end: int, evidence: Path) -> None:
        step = _Step(self._c, self._path, self._origin, self._keyring)
        size, hashes = head.checkpoint.size, reader(fetch, head.checkpoint.size)
        for bundle in bundles_for(tree.size, end):
            first = bundle.n * FULL
            raws = entries_of(fetch, bundle.n, bundle.width)[tree.size - first : end - first]
            leaves = hashes([stored_index(0, tree.size + n) for n in range(len(raws))])
            for raw, leaf, opened in zip(raws, leaves, open_each(raws), strict=True):
                if leaf_hash(raw) != leaf:
                    raise LedgerError("LOG-CORRUPT", f"the entry published at {tree.size} is not the leaf of its tree")
                step.take(tree.size, raw, opened)
                tree.add(leaf)
        try:
            if tree.size == size and tree.root() != head.checkpoint.root:
                raise RecordError("CP-CONSISTENCY", "another root")
            if tree.size < size:
                path = prove_consistency(tree.size, size, hashes)
                check_consistency(tree.size, size, tree.root(), head.checkpoint.root, path)
        except RecordError as wrong:
            says = f"the entries published do not make the signed tree of {size}"
            raise LedgerError("LOG-CORRUPT", says) from wrong
        with transaction(self._c, self._path) as c:
            self._check_commits(fetch, size, step, tree)
            self._keep_evidence(fetch, log, head, step, evidence)
            step.write(c)
            c.execute("UPDATE read SET size = ?, root = ?", (tree.size, tree.root()))
        self._size, self._root = tree.size, tree.root()

    def _check_commits(self, fetch: Fetch, size: int, step: _Step, tree: Frontier) -> None:
        """Compare the heads that entries of a step commit with those of the entries, and keep the map of all of them.

        A map of fewer entries than before the step is made from all published entries once more.
        """
        before = at = self._size
        sizes = {covered for _, _, covered, _ in step.commits}
        earlier = {covered for covered in sizes if covered < before}
        roots = roots_at(_leaves(fetch, max(earlier, default=0), size), earlier)
        for end in sorted({*(sizes - earlier), tree.size}):
            entries = ((order, leaf) for index, order, leaf in step.leaves if at <= index < end)
            self._map.extend(entries, end, tree.root() if end == tree.size else b"")
            roots[end] = self._map.heads().root
            at = end
        for index, raw, covered, root in step.commits:
            if roots[covered] != root:
                says = f"commits the heads of {covered} entries under {root.hex()[:8]}.., and they have another root"
                step.alarm(index, raw, RecordError("MAP-ROOT", says))

    def _keep_evidence(self, fetch: Fetch, log: Vkey, head: Head, step: _Step, evidence: Path) -> None:
        """Keep faulty entries with their proofs under the head, and an exhibit if there is one.

        The search for the first entry of a place reads all published entries, so it runs only once: one
        exhibit convicts.
        """
        size, hashes = head.checkpoint.size, reader(fetch, head.checkpoint.size)
        convicted = any(each.code == "SPLIT-ORDER" for each in self.found())

        def shown(index: int, raw: bytes) -> Shown:
            return Shown(raw, format_proof(index, prove_inclusion(index, size, hashes), head.note), log)

        for alarm, raw, near in step.wrong[: max(0, MOST - len(self.found()))]:
            last = shown(alarm.index, raw)
            name = sha256(raw).hexdigest()
            keep_evidence(evidence, {f"{name}.dsse.json": raw, f"{name}.tlog-proof": last.proof})
            if alarm.code in ("MAP-ROOT", "MAP-SIZE"):
                self._keep_wrong_map(fetch, log, size, last, evidence)
            if alarm.code not in ("SPLIT-ORDER", "CTX-REPLAY"):
                continue
            first = near if near is not None or convicted else _first(fetch, size, open_(raw, verify=False))
            if first is not None and log.type == ED25519:
                exhibit = prove_order(shown(first, _entry(fetch, first, size)), last)
                keep_evidence(evidence, {f"{note_digest(exhibit)}.split-order.json": exhibit})
                convicted = True

    def _keep_wrong_map(self, fetch: Fetch, log: Vkey, size: int, shown: Shown, evidence: Path) -> None:
        """Keep an exhibit of an entry that commits to wrong heads, unless it would be larger than any reader takes."""
        stated: int = open_(shown.raw, verify=False).payload.public["size"]  # a number: it made the alarm
        covered = stated if 0 <= stated < size else 0
        path = prove_consistency(covered, size, reader(fetch, size)) if covered else []
        with suppress(RecordError):
            exhibit = prove_wrong_map(log, shown.raw, shown.proof, path, list(_fitting(_raws(fetch, covered, size))))
            keep_evidence(evidence, {f"{note_digest(exhibit)}.map-root.json": exhibit})


class _Step:
    """Collect the changes and faults of entries before they are stored."""

    def __init__(self, c: sqlite3.Connection, path: Path, origin: str, keyring: Keyring) -> None:
        self._c, self._path, self._origin, self._keyring = c, path, origin, keyring
        self._heads: dict[str, _OrderHead] = {}
        self._register: list[tuple[int, bytes]] = []
        self.leaves: list[tuple[int, str, bytes]] = []  # index, order, leaf hash
        self.commits: list[tuple[int, bytes, int, bytes]] = []  # index, entry, size, root of the map
        self._ids: dict[bytes, int] = {}
        # the fault, the entry, and the place of the preceding entry if that is the other half of the proof
        self.wrong: list[tuple[Found, bytes, int | None]] = []

    def take(self, index: int, raw: bytes, opened: OpenedEntry | RecordError) -> None:
        """Check the entry at a place of the log; `opened` is the entry or the error of opening it."""
        if isinstance(opened, OpenedEntry):
            self.leaves.append((index, opened.payload.order, bytes.fromhex(opened.leaf)))
        if isinstance(opened, RecordError):
            self.alarm(index, raw, opened)
        elif opened.payload.log != self._origin:
            self.alarm(index, raw, RecordError("CTX-LOG", f"sealed for the log {opened.payload.log}"))
        elif self._is_new(index, opened) and self._follow(index, opened) and not self._broken(self._keyring.registry):
            try:
                check_public(opened.payload)
                self._keyring.admit(opened, index)
                if not self._keyring.holds(opened.payload.signer, index):
                    self.alarm(index, raw, RecordError(*_ROLE))
                elif (commit := committed_by(opened.payload)) is not None:
                    self._commit(index, opened.raw, *commit)
            except RecordError as wrong:
                self.alarm(index, raw, wrong)
            if opened.payload.order == self._keyring.registry:
                self._register.append((index, raw))

    def _commit(self, index: int, raw: bytes, size: int, root: bytes) -> None:
        if 0 <= size <= index:
            self.commits.append((index, raw, size, root))
        else:
            says = f"commits the heads of {size} entries, which do not precede it"
            self.alarm(index, raw, RecordError("MAP-SIZE", says))

    def _is_new(self, index: int, opened: OpenedEntry) -> bool:
        """Return True for an entry whose id no entry before it has."""
        entry = bytes.fromhex(opened.payload.entry)
        first = self._ids.get(entry)
        if first is None:
            with SQLiteErrors(self._path):
                row = self._c.execute("SELECT idx FROM entry WHERE id = ?", (entry,)).fetchone()
            first = row[0] if row else None
        if first is not None:
            self.alarm(index, opened.raw, RecordError("CTX-REPLAY", f"entry {first} has its id"), first)
            return False
        self._ids[entry] = index
        return True

    def _follow(self, index: int, opened: OpenedEntry) -> bool:
        """Put an entry after the newest of its order; return False if it does not belong there."""
        p = opened.payload
        head = self._head(p.order)
        if head is not None and head.broken:
            return False
        before = head.link if head else None
        new = _OrderHead(index, Link(p.seq, opened.leaf, p.instrument))
        try:
            check_place(opened, self._origin, before)
        except RecordError as wrong:
            if head is not None and p.seq <= head.link.seq + 1 and wrong.code == "CTX-CHAIN":
                near = head.index if p.seq >= head.link.seq else None
                says = f"two histories of order {p.order}: {wrong.says}"
                self.alarm(index, opened.raw, RecordError("SPLIT-ORDER", says), near)
            else:
                self.alarm(index, opened.raw, wrong)
            self._heads[p.order] = _OrderHead(new.index, new.link, broken=True)
            return False
        self._heads[p.order] = new
        return True

    def _head(self, order: str) -> _OrderHead | None:
        if order not in self._heads:
            query = "SELECT idx, seq, leaf, instrument, broken FROM head WHERE order_id = ?"
            with SQLiteErrors(self._path):
                row = self._c.execute(query, (order,)).fetchone()
            if row is None:
                return None
            self._heads[order] = _OrderHead(row[0], Link(*row[1:4]), bool(row[4]))
        return self._heads[order]

    def _broken(self, order: str) -> bool:
        head = self._head(order)
        return head is not None and head.broken

    def alarm(self, index: int, raw: bytes, wrong: RecordError, near: int | None = None) -> None:
        """Add a fault of the entry at a place of the log; `near` is the place of the other half of its proof."""
        self.wrong.append((Found(index, wrong.code, f"entry {index}: {wrong.says}"), raw, near))

    def write(self, c: sqlite3.Connection) -> None:
        """Write the changes."""
        c.executemany(
            "INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?, ?, ?)",
            [
                (order, head.index, head.link.seq, head.link.leaf, head.link.instrument, head.broken)
                for order, head in self._heads.items()
            ],
        )
        c.executemany("INSERT INTO register VALUES (?, ?)", self._register)
        c.executemany("INSERT INTO entry VALUES (?, ?)", self._ids.items())
        for of_roles in (True, False):  # apart: findings of the law never leave a fault without room
            query = "SELECT count(*) FROM alarm WHERE (code = ?) = ?"
            room = max(0, MOST - c.execute(query, (_ROLE[0], of_roles)).fetchone()[0])
            alarms = [alarm for alarm, _, _ in self.wrong if (alarm.code == _ROLE[0]) == of_roles][:room]
            rows = [(alarm.index, alarm.code, alarm.says) for alarm in alarms]
            c.executemany("INSERT OR REPLACE INTO alarm VALUES (?, ?, ?)", rows)  # of an earlier version: found again


def _first(fetch: Fetch, size: int, opened: OpenedEntry) -> int | None:
    """Return the place of the first published entry with the order and number of this one; None if there is none."""
    for bundle in bundles_for(0, size):
        raws = entries_of(fetch, bundle.n, bundle.width)
        for index, other in enumerate(open_each(raws, verify=False), bundle.n * FULL):
            if not isinstance(other, RecordError) and _places(other) == _places(opened):
                return index
    return None


def _raws(fetch: Fetch, first: int, size: int) -> Iterator[bytes]:
    """Yield the `first` published entries of a log of `size` entries."""
    for bundle in bundles_for(0, size):
        if (start := bundle.n * FULL) >= first:
            return
        yield from entries_of(fetch, bundle.n, bundle.width)[: first - start]


def _leaves(fetch: Fetch, first: int, size: int) -> Iterator[tuple[int, str, bytes]]:
    """Yield index, order and leaf hash of the `first` published entries, as far as they can be opened."""
    for index, raw in enumerate(_raws(fetch, first, size)):
        with suppress(RecordError):
            opened = open_(raw, verify=False)
            yield index, opened.payload.order, bytes.fromhex(opened.leaf)


def _fitting(raws: Iterable[bytes]) -> Iterator[bytes]:
    """Yield as many of these entries as an exhibit has room for."""
    room = LARGEST
    for raw in raws:
        room -= len(raw)
        if room < 0:
            return
        yield raw


def _places(opened: OpenedEntry) -> tuple[str, int]:
    return opened.payload.order, opened.payload.seq


def _entry(fetch: Fetch, index: int, size: int) -> bytes:
    """Return one published entry of a log of `size` entries."""
    n = index // FULL
    return entries_of(fetch, n, min(FULL, size - n * FULL))[index % FULL]
