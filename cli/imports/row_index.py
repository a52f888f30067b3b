"""What the rows of a table have to know of each other: the orders they speak of, their labels, rows that say the same.

Kept in a private file of SQLite's own that no path leads to, so a table of any length takes the same memory. It holds
references, labels, names of data subjects, ids and hashes, and nothing that an entry seals.
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
NOT_YET = "0" * 64  # the leaf of an entry that is not sealed yet, where only the form of a fact is asked about


VERSION = "another order has another reference; a new version of that one says so: column version, yes"


def _keys(reference: str) -> list[str]:
    """How a reference is found again: as it is read out, then by each of its shapes, behind a mark."""
    return [plain(reference), *(f"\0{shape}" for shape in sorted(shapes(reference)))]


@dataclass(frozen=True, slots=True)
class Named:
    """The order that a reference means; `there` says that the ledger had it before this table."""

    id: str
    instrument: str | None
    there: bool


class Index:
    """The orders, labels and ids of one reading of a table. `names` are those a story gave to orders."""

    def __init__(self, journal: Journal, names: Mapping[str, str]) -> None:
        self._journal = journal
        self._names = names
        self._c = sqlite3.connect("", isolation_level=None)
        self._c.execute("PRAGMA journal_mode=OFF")
        self._c.executescript(_SCHEMA)
        self._c.execute("BEGIN")  # nothing here has to outlive a crash
        said = ((key, quoted) for quoted, _ in journal.store.references() for key in _keys(quoted))
        self._c.executemany("INSERT OR IGNORE INTO alike VALUES (?, ?)", said)
        self._newest: tuple[str, dict[str, str]] = ("", {})
        self._instrument: tuple[str, str] = ("", "")
        self._last: tuple[str, Named] | None = None  # the rows of an order mostly stand together

    def close(self) -> None:
        """Give the file up."""
        self._c.close()

    # -- orders -------------------------------------------------------------------------------------------------------

    def order(self, name: str) -> Named | None:
        """The order a reference means, opened by an earlier row or on record; None if there is none yet."""
        if self._last is not None and self._last[0] == name:
            return self._last[1]
        found = self._c.execute("SELECT id, instrument, there FROM orders WHERE name = ?", (name,)).fetchone()
        if found:
            named = Named(found[0], found[1], bool(found[2]))
        elif (known := self._known(name)) is not None:
            self._c.execute("INSERT INTO orders VALUES (?, ?, NULL, 1)", (name, known))
            named = Named(known, None, True)
        else:
            return None
        self._last = (name, named)
        return named

    def open(self, name: str, instrument: str) -> Named:
        """Open a new order; its id comes from the reference, so that a table read again means the same order."""
        opened = Named(self._id_for(name), instrument, False)
        self._c.execute("INSERT INTO orders VALUES (?, ?, ?, 0)", (name, opened.id, instrument))
        return opened

    def instrument(self, order: Named) -> str:
        """The instrument of an order: as its first row names it, else as it is on record."""
        if order.instrument is not None:
            return order.instrument
        if self._instrument[0] != order.id:  # the rows of an order mostly stand together
            opened = next(iter(self._journal.cases.opened(order.id)), None)
            self._instrument = (order.id, str(opened[1].payload.instrument) if opened else "")
        return self._instrument[1]

    def promised(self, name: str, number: int, line: int, field: str) -> str:
        """The id an order will have that a row speaks of and only a later row opens."""
        self._c.execute("INSERT INTO promised VALUES (?, ?, ?, ?)", (name, number, line, field))
        return self._id_for(name)

    def broken(self) -> list[tuple[str, int, int, str]]:
        """The promises no row has kept: name of the order, the row's number and line, the field that speaks of it."""
        return self._c.execute(
            "SELECT name, number, line, field FROM promised WHERE name NOT IN (SELECT name FROM orders) ORDER BY number"
        ).fetchall()

    def by_id(self, name: str) -> bool:
        """True if a name that was looked up is an order's id, or one given to it in a story; no reference."""
        return name in self._names or self._journal.store.first_kind(name) is not None

    def check_own_name(self, name: str) -> None:
        """`Stop` if a row that issues an order calls it by a name that only this ledger's users know."""
        given = names(self._journal.folder.path).get(name)
        if given is not None and given not in self._journal.store.referenced(name):
            hint = f"the order's reference, or {given[:8]} in full; or give it another name: comity order rename"
            raise Stop(f"{name!r} is a name given here to the order {given[:8]}, and no reference", hint=hint)

    def issue(self, reference: str, office: str, order: Named, *, version: bool) -> None:
        """Note that an office issues an order; `version`: the row says that it is a new version, or puts one right.

        `Stop` if the order is another office's; `RecordError` REFERENCE-TAKEN if it is issued already and this is no
        version of it.
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
        """Note under which reference its office issues an order.

        `RecordError` REFERENCE-TAKEN if it issued another so; REFERENCE-ALIKE if that one looks the same, unless
        `lookalike` says that it is meant.
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
        """The orders quoted under a key of `_keys`, of the table and of the ledger: id, reference, offices."""
        here = self._c.execute("SELECT id, reference FROM quoted WHERE key = ? AND office = ?", (key, office))
        taken = [(other, quoted, [office]) for other, quoted in here.fetchall()]
        alike = self._c.execute("SELECT reference FROM alike WHERE key = ?", (key,)).fetchall()
        return taken + [
            (o, quoted, offices) for (quoted,) in alike for o, offices in self._journal.cases.quoted(quoted)
        ]

    def opened(self) -> Iterator[list[str]]:
        """The ids of all orders opened or found, five hundred at a time."""
        rows = self._c.execute("SELECT id FROM orders ORDER BY name")
        while page := rows.fetchmany(500):
            yield [order for (order,) in page]

    def subject(self, name: str, order: str) -> None:
        """Note that a row seals something for a data subject of this name."""
        self._c.execute("INSERT OR IGNORE INTO subjects VALUES (?, ?)", (name, order))

    def subjects(self) -> Iterator[list[tuple[str, str]]]:
        """Every data subject that rows name, with each of its orders, five hundred at a time."""
        rows = self._c.execute("SELECT name, id FROM subjects ORDER BY name, id")
        while page := rows.fetchmany(500):
            yield page

    def count(self) -> tuple[int, int]:
        """How many orders the rows speak of, and how many of them the ledger had before."""
        total, there = self._c.execute("SELECT count(*), ifnull(sum(there), 0) FROM orders").fetchone()
        return total, there

    def _known(self, name: str) -> str | None:
        """The order on record under this name: a story's or one given here, a reference (behind its office's name), a
        whole id, or one opened by a table before."""
        store, cases = self._journal.store, self._journal.cases
        if name in self._names:
            return self._names[name]
        found = cases.named(name)
        if len(found) > 1:
            raise cases.ambiguous(name, found)
        ids = [name] if _UUID.fullmatch(name) else []
        return next((order for order in (*found, *ids, self._id_for(name)) if store.first_kind(order)), None)

    def _id_for(self, name: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._journal.origin}/import/{name}"))

    # -- labels -------------------------------------------------------------------------------------------------------

    def label(self, order: str, label: str) -> None:
        """Give the entry of a row its name, sealed or not; `Stop` if an earlier row of the order has it."""
        try:
            self._c.execute("INSERT INTO labels VALUES (?, ?, ?, '{}')", (order, label, NOT_YET))
        except sqlite3.IntegrityError:
            raise Stop(f"an earlier row of this order has the label {label!r}") from None

    def belongs(self, order: str, label: str, subjects: Mapping[str, str | None]) -> None:
        """Note the data subject of each sealed field of the row that has this label, None for the target."""
        said = (json.dumps(dict(subjects)), order, label)
        self._c.execute("UPDATE labels SET subjects = ? WHERE id = ? AND label = ?", said)

    def whose(self, order: str, label: str) -> dict[str, str | None]:
        """What `belongs` noted; empty if no row of this table has the label."""
        found = self._c.execute("SELECT subjects FROM labels WHERE id = ? AND label = ?", (order, label)).fetchone()
        return json.loads(found[0]) if found else {}

    def sealed(self, order: str, label: str | None, leaf: str) -> None:
        """Note the leaf hash of the entry that has this label, where it has one."""
        if label is not None:
            self._c.execute("UPDATE labels SET leaf = ? WHERE id = ? AND label = ?", (leaf, order, label))

    def leaf(self, order: str, text: str) -> str | None:
        """The leaf hash of the entry that `text` names: an earlier row's label, `#3`, or a leaf hash on record."""
        found = self._c.execute("SELECT leaf FROM labels WHERE id = ? AND label = ?", (order, text)).fetchone()
        if found:
            return str(found[0])
        if self._newest[0] != order:  # the rows of an order mostly stand together
            opened = self._journal.cases.opened(order)
            self._newest = (order, {f"#{o.payload.seq}": o.leaf for _, o in opened})
        numbers = self._newest[1]
        return numbers.get(text) or (text if text in numbers.values() else None)

    # -- ids ----------------------------------------------------------------------------------------------------------

    def entry_id(self, said: str) -> str:
        """The id of an entry that says this: always the same, and another one for each further row that says it."""
        digest = hashlib.sha256(said.encode()).digest()
        found = self._c.execute(
            "INSERT INTO told VALUES (?, 1) ON CONFLICT (said) DO UPDATE SET times = times + 1 RETURNING times",
            (digest,),
        ).fetchone()
        return hashlib.sha256(digest + int(found[0]).to_bytes(8, "big")).hexdigest()[:32]

    def own_id(self, order: str, text: str) -> str:
        """The id of an entry from what is its row's own; `Stop` if an earlier row of the order has the same."""
        said = f"{self._journal.origin}\n{order}\n{text}"
        digest = hashlib.sha256(said.encode()).digest()
        try:
            self._c.execute("INSERT INTO told VALUES (?, 1)", (digest,))
        except sqlite3.IntegrityError:
            raise Stop(f"an earlier row has the id {text!r}", hint="one row, one entry, one id") from None
        return text if re.fullmatch("[0-9a-f]{32}", text) else digest.hex()[:32]
