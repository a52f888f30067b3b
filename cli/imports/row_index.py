"""Index the rows of a table: the orders that they refer to, their labels, and equal rows.

The index is a private SQLite file without a path, so that a table of any length takes the same memory. It contains
references, labels, names of data subjects, ids and hashes, and no value that an entry seals.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cli.exit_codes import Stop
from ledger.adapters.folders.order_names import names
from ledger.application.journal import Journal
from ledger.entries.form import check_lookalike, check_quotable, check_reference, looks_alike, plain, shapes
from ledger.entries.wrapped_entry import KIND as ARRIVED

_SCHEMA = """
    CREATE TABLE orders (name TEXT PRIMARY KEY, id TEXT, instrument TEXT, there INTEGER) STRICT, WITHOUT ROWID;
    CREATE TABLE promised (name TEXT, number INTEGER, line INTEGER, field TEXT) STRICT;
    CREATE TABLE quoted (
        key TEXT, office TEXT, id TEXT, reference TEXT, PRIMARY KEY (key, office)) STRICT, WITHOUT ROWID;
    CREATE TABLE alike (key TEXT, reference TEXT, PRIMARY KEY (key, reference)) STRICT, WITHOUT ROWID;
    CREATE TABLE issued (id TEXT, office TEXT, PRIMARY KEY (id, office)) STRICT, WITHOUT ROWID;
    CREATE TABLE labels (id TEXT, label TEXT, leaf TEXT, subjects TEXT, PRIMARY KEY (id, label)) STRICT, WITHOUT ROWID;
    CREATE TABLE subjects (name TEXT, id TEXT, PRIMARY KEY (name, id)) STRICT, WITHOUT ROWID;
    CREATE TABLE told (said BLOB PRIMARY KEY, times INTEGER) STRICT, WITHOUT ROWID"""

_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOT_YET = "0" * 64  # the leaf of an entry that is not sealed yet, for checks of form


VERSION = "another order has another reference; a new version of that one says so: column version, yes"


def _keys(reference: str) -> list[str]:
    """Return the search keys of a reference: its spoken form, then each look-alike form after a mark."""
    return [plain(reference), *(f"\0{shape}" for shape in sorted(shapes(reference)))]


@dataclass(frozen=True, slots=True)
class Named:
    """The order of a reference; `there` is whether the ledger had it before this table."""

    id: str
    instrument: str | None
    there: bool


class Index:
    """The orders, labels and ids of one pass over a table; `names` are the names of orders in a story."""

    def __init__(self, journal: Journal, names: Mapping[str, str]) -> None:
        self._journal = journal
        self._names = names
        self._c = sqlite3.connect("", isolation_level=None)
        self._c.execute("PRAGMA journal_mode=OFF")
        self._c.executescript(_SCHEMA)
        self._c.execute("BEGIN")  # no data here must survive a crash
        pairs = ((key, quoted) for quoted, _ in journal.store.references() for key in _keys(quoted))
        self._c.executemany("INSERT OR IGNORE INTO alike VALUES (?, ?)", pairs)
        self._newest: tuple[str, dict[str, str]] = ("", {})
        self._instrument: tuple[str, str] = ("", "")
        self.twice: set[str] = set()  # opened orders, where one of the same reference arrived
        self._last: tuple[str, Named] | None = None  # the rows of an order mostly stand together

    def close(self) -> None:
        """Close the file, which deletes it."""
        self._c.close()

    # -- orders -------------------------------------------------------------------------------------------------------

    def order(self, name: str, *, issues: bool = False) -> Named | None:
        """Return the order of a reference, opened by an earlier row or on record; None if there is none yet.

        A row that `issues` an order does not mean one that arrived from another log: it opens another order,
        and a person may join them (`comity order join`).
        """
        if self._last is not None and self._last[0] == name:
            return self._last[1]
        row = self._c.execute("SELECT id, instrument, there FROM orders WHERE name = ?", (name,)).fetchone()
        if row:
            named = Named(row[0], row[1], bool(row[2]))
        elif (order := self._known(name, issues)) is not None:
            self._c.execute("INSERT INTO orders VALUES (?, ?, NULL, 1)", (name, order))
            named = Named(order, None, True)
        else:
            return None
        self._last = (name, named)
        return named

    def open(self, name: str, instrument: str) -> Named:
        """Open a new order; its id is derived from the reference, so that the same table gives the same order."""
        opened = Named(self._id_for(name), instrument, False)
        self._c.execute("INSERT INTO orders VALUES (?, ?, ?, 0)", (name, opened.id, instrument))
        return opened

    def instrument(self, order: Named) -> str:
        """Return the instrument of an order: from its first row, else from the record."""
        if order.instrument is not None:
            return order.instrument
        if self._instrument[0] != order.id:  # the rows of an order mostly stand together
            opened = next(iter(self._journal.cases.opened(order.id)), None)
            self._instrument = (order.id, str(opened[1].payload.instrument) if opened else "")
        return self._instrument[1]

    def promised(self, name: str, number: int, line: int, field: str) -> str:
        """Return the id that an order will have; a row refers to it, and a later row must open it."""
        self._c.execute("INSERT INTO promised VALUES (?, ?, ?, ?)", (name, number, line, field))
        return self._id_for(name)

    def broken(self) -> list[tuple[str, int, int, str]]:
        """Yield the orders that no row opened: name, number and line of the row that refers to it, and the field."""
        return self._c.execute(
            "SELECT name, number, line, field FROM promised WHERE name NOT IN (SELECT name FROM orders) ORDER BY number"
        ).fetchall()

    def by_id(self, name: str) -> bool:
        """Return True if a name is the id of an order, or its name in a story, and no reference."""
        return name in self._names or self._journal.store.first_kind(name) is not None

    def check_own_name(self, name: str) -> None:
        """Raise `Stop` if a row that issues an order uses a name that exists only in this ledger."""
        order = names(self._journal.folder.path).get(name)
        if order is not None and order not in self._journal.store.referenced(name):
            hint = f"the order's reference, or {order[:8]} in full; or give it another name: comity order rename"
            raise Stop(f"{name!r} is a name given here to the order {order[:8]}, and no reference", hint=hint)

    def issue(self, reference: str, office: str, order: Named, *, version: bool) -> None:
        """Record that an office issues an order; `version`: the row is a new version, or corrects one.

        `Stop` if the order belongs to another office; `RecordError` REFERENCE-TAKEN if it is issued already and this
        is no version of it.
        """
        offices = [o for (o,) in self._c.execute("SELECT office FROM issued WHERE id = ? ORDER BY office", (order.id,))]
        if order.there:
            offices = [o for o in self._journal.cases.issuers(order.id) if o not in offices] + offices
        if not offices:
            self._c.execute("INSERT INTO issued VALUES (?, ?)", (order.id, office))
            return
        if office not in offices:
            hint = (
                f"{office}/{reference} opens one of {office}; a new version says whose order it is: issuing_authority"
            )
            raise Stop(f"{reference} is an order of {offices[0]} on record, and not of {office}", hint=hint)
        if not version:
            check_reference(reference, office, "", [(order.id, reference, offices)], hint=VERSION)

    def quote(self, reference: str, office: str, order: Named, *, lookalike: bool = False) -> None:
        """Record the reference under which an office issues an order.

        `RecordError` REFERENCE-TAKEN if it issued another order under it; REFERENCE-ALIKE if another reference looks
        the same, unless `lookalike` is set.
        """
        cases = self._journal.cases
        own = cases.references(order.id) if order.there else ()
        check_quotable(reference, own, cases.beginning, self._journal.read_keyring().offices)
        same, *shaped = _keys(reference)
        rows = [(key, office, order.id, reference) for key in (same, *shaped)]
        self._c.executemany("INSERT OR IGNORE INTO quoted VALUES (?, ?, ?, ?)", rows)
        check_reference(reference, office, order.id, self._taken(same, office))
        if not lookalike and reference not in own:
            alike = [one for key in shaped for one in self._taken(key, office) if looks_alike(one[1], reference)]
            check_lookalike(reference, office, order.id, alike)

    def _taken(self, key: str, office: str) -> list[tuple[str, str, list[str]]]:
        """Return the orders under a key of `_keys`, from table and ledger: id, reference, offices."""
        here = self._c.execute("SELECT id, reference FROM quoted WHERE key = ? AND office = ?", (key, office))
        orders = [(other, quoted, [office]) for other, quoted in here.fetchall()]
        alike = self._c.execute("SELECT reference FROM alike WHERE key = ?", (key,)).fetchall()
        return orders + [
            (o, quoted, offices)
            for (quoted,) in alike
            for o, offices in self._journal.cases.quoted(quoted)
            if not self._arrived(o)
        ]

    def opened(self) -> Iterator[list[str]]:
        """Yield the ids of all orders opened or found, five hundred at a time."""
        rows = self._c.execute("SELECT id FROM orders ORDER BY name")
        while page := rows.fetchmany(500):
            yield [order for (order,) in page]

    def subject(self, name: str, order: str) -> None:
        """Record that a row seals a value for a data subject of this name."""
        self._c.execute("INSERT OR IGNORE INTO subjects VALUES (?, ?)", (name, order))

    def subjects(self) -> Iterator[list[tuple[str, str]]]:
        """Yield each data subject of the rows with each of its orders, five hundred at a time."""
        rows = self._c.execute("SELECT name, id FROM subjects ORDER BY name, id")
        while page := rows.fetchmany(500):
            yield page

    def count(self) -> tuple[int, int]:
        """Return how many orders the rows refer to, and how many of them the ledger had before."""
        total, existing = self._c.execute("SELECT count(*), ifnull(sum(there), 0) FROM orders").fetchone()
        return total, existing

    def _known(self, name: str, issues: bool) -> str | None:
        """Return the order on record under this name.

        A name is one of a story or of this ledger, a reference (after the name of its office), a whole id, or a
        reference that an earlier table opened.
        """
        store, cases = self._journal.store, self._journal.cases
        if name in self._names:
            return self._names[name]
        if store.first_kind(opened := self._id_for(name)) is not None:
            return opened
        matches = cases.named(name)
        if issues and any(map(self._arrived, matches)):
            self.twice.add(opened)
            matches = [order for order in matches if not self._arrived(order)]
        if len(matches) > 1:
            raise cases.ambiguous(name, matches)
        ids = [name] if _UUID.fullmatch(name) else []
        return next((order for order in (*matches, *ids) if store.first_kind(order)), None)

    def _arrived(self, order: str) -> bool:
        """Return True if an order of the ledger began with an entry of another log."""
        return self._journal.store.first_kind(order) == ARRIVED

    def _id_for(self, name: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._journal.origin}/import/{name}"))

    # -- labels -------------------------------------------------------------------------------------------------------

    def label(self, order: str, label: str) -> None:
        """Store the label of the entry of a row, sealed or not; `Stop` if an earlier row of the order has it."""
        try:
            self._c.execute("INSERT INTO labels VALUES (?, ?, ?, '{}')", (order, label, NOT_YET))
        except sqlite3.IntegrityError:
            raise Stop(f"an earlier row of this order has the label {label!r}") from None

    def belongs(self, order: str, label: str, subjects: Mapping[str, str | None]) -> None:
        """Record the data subject of each sealed field of the row with this label; None is the target."""
        values = (json.dumps(dict(subjects)), order, label)
        self._c.execute("UPDATE labels SET subjects = ? WHERE id = ? AND label = ?", values)

    def whose(self, order: str, label: str) -> dict[str, str | None]:
        """Return what `belongs` recorded; empty if no row of this table has the label."""
        row = self._c.execute("SELECT subjects FROM labels WHERE id = ? AND label = ?", (order, label)).fetchone()
        return json.loads(row[0]) if row else {}

    def sealed(self, order: str, label: str | None, leaf: str) -> None:
        """Record the leaf hash of the entry with this label, if it has one."""
        if label is not None:
            self._c.execute("UPDATE labels SET leaf = ? WHERE id = ? AND label = ?", (leaf, order, label))

    def leaf(self, order: str, text: str) -> str | None:
        """Return the leaf hash of an entry by an earlier row's label, by `#3` or `3`, or by a leaf hash on record."""
        row = self._c.execute("SELECT leaf FROM labels WHERE id = ? AND label = ?", (order, text)).fetchone()
        if row:
            return str(row[0])
        if self._newest[0] != order:  # the rows of an order mostly stand together
            opened = self._journal.cases.opened(order)
            self._newest = (order, {f"#{o.payload.seq}": o.leaf for _, o in opened})
        numbers = self._newest[1]
        return numbers.get(text) or numbers.get(f"#{text}") or (text if text in numbers.values() else None)

    # -- ids ----------------------------------------------------------------------------------------------------------

    def entry_id(self, said: str) -> str:
        """Return the id of an entry by its content: always the same, and another one for each further equal row."""
        digest = hashlib.sha256(said.encode()).digest()
        row = self._c.execute(
            "INSERT INTO told VALUES (?, 1) ON CONFLICT (said) DO UPDATE SET times = times + 1 RETURNING times",
            (digest,),
        ).fetchone()
        return hashlib.sha256(digest + int(row[0]).to_bytes(8, "big")).hexdigest()[:32]

    def own_id(self, order: str, text: str) -> str:
        """Return the id of an entry from the key of its row; `Stop` if an earlier row of the order has the same."""
        key = f"{self._journal.origin}\n{order}\n{text}"
        digest = hashlib.sha256(key.encode()).digest()
        try:
            self._c.execute("INSERT INTO told VALUES (?, 1)", (digest,))
        except sqlite3.IntegrityError:
            raise Stop(f"an earlier row has the id {text!r}", hint="one row, one entry, one id") from None
        return text if re.fullmatch("[0-9a-f]{32}", text) else digest.hex()[:32]
