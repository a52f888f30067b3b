"""Make the rows of facts of a table that has one order per row, by a mapping profile.

Every fault and note names the sheet, the row and the column as the office sees them.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, field

from ledger.application.intake.cells import NOON, CellFault, clock_of, moment_of, text_of, when_of
from ledger.application.intake.profile import ColumnRule, EntryRule, Profile, Rule, columns_of
from ledger.application.intake.sheet_facts import letters, wrong
from ledger.application.intake.table_file import Row, Table, Value
from ledger.errors import RecordError
from ledger.facts import KINDS, meant
from ledger.messages import Message, joined

MOST_FACTS: Final = 200_000


class FactRow(Struct, frozen=True):
    """One fact of a row: its cells by the columns of `comity import`, and the column of the table each is from."""

    number: int
    kind: str
    cells: Mapping[str, Any]
    columns: Mapping[str, str]


class CellNote(Struct, frozen=True):
    """A fault or a note about a row (0: the whole table) and a column (empty: the whole row)."""

    row: int
    column: str
    says: str
    hint: str = ""


class Expansion(Struct):
    """The facts of a table, its faults, notes for the person, and the columns that the profile does not read."""

    sheet: str
    sha256: str
    rows: int = 0
    facts: list[FactRow] = field(default_factory=list)
    faults: list[CellNote] = field(default_factory=list)
    notes: list[CellNote] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def expand(table: Table, profile: Profile, name: str) -> Expansion:
    """Return the facts of a table; `RecordError` TABLE-FORM where its headings are not those of the profile."""
    return _Expander(table, profile, name).run()


def heading(value: Value) -> str:
    """Return a heading with single blanks between its words, as it is compared."""
    return unicodedata.normalize("NFC", " ".join(str(value).split()))


def header_of(table: Table, number: int, name: str) -> list[str]:
    """Return the headings of a table in the row with this number; `RecordError` TABLE-FORM if that row is blank."""
    row = next((row for row in table.rows if row.number == number), None)
    if row is None:
        hint = Message("`header` of the profile is the number of the row with the headings")
        raise wrong(name, f"row {number} is blank, and should have the headings", hint)
    return [heading(cell) for cell in row.cells]


class _Expander:
    def __init__(self, table: Table, profile: Profile, name: str) -> None:
        self._table, self._profile, self._name = table, profile, name
        self._rule = profile.table
        self._made = Expansion(table.sheet, table.sha256)
        self._met = 0  # faults, with each repetition
        headings = header_of(table, self._rule.header, name)
        self._places: dict[str, int] = {}
        for place, text in enumerate(headings):
            self._places.setdefault(text, place)
        self._check_headings(headings)
        self._headings = headings
        self._own = _own_columns(profile)

    def run(self) -> Expansion:
        for row in self._table.rows:
            if row.number > self._rule.header and not self._is_skipped(row):
                self._made.rows += 1
                self._row(row)
                if len(self._made.facts) > MOST_FACTS:
                    raise wrong(
                        self._name,
                        Message("it states more than {0} facts", MOST_FACTS),
                        Message("split it into several tables"),
                    )
        self._notes()
        return self._made

    def _check_headings(self, headings: Sequence[str]) -> None:
        read, count = columns_of(self._profile), Counter(text for text in headings if text)
        faults = []
        for column, places in read.items():
            text = heading(column)
            if text not in count:
                near = meant(text, list(count)) or Message("there are {0}", ", ".join(map(repr, list(count)[:12])))
                faults.append((Message("no column is called {0} ({1})", repr(column), places[0]), near))
            elif count[text] > 1:
                faults.append(
                    (
                        Message("{0} columns are called {1}", count[text], repr(column)),
                        Message("give each a separate heading"),
                    )
                )
        if faults:
            what = joined("; ", (says for says, _ in faults[:5]))
            row = self._rule.header
            if sheet := self._table.sheet:
                says = Message("sheet {0}, row {1}: {2}", repr(sheet), row, what)
            else:
                says = Message("row {0}: {1}", row, what)
            raise RecordError("TABLE-COLUMNS", says, where=self._name, hint=faults[0][1])
        known = {heading(column) for column in (*read, *self._rule.ignore)}
        self._made.unread = [text for text in count if text not in known]

    def _is_skipped(self, row: Row) -> bool:
        first = next((str(cell) for cell in row.cells if cell != ""), "")
        return heading(first) in {heading(text) for text in self._rule.skip}

    def _notes(self) -> None:
        facts, made = self._table.facts, self._made
        if facts.hidden:
            made.notes.append(
                CellNote(0, "", Message("sheet {0} is hidden in the workbook, and is read", repr(self._table.sheet)))
            )
        made.notes += [
            CellNote(0, "", Message("sheet {0} is hidden, and is not read", repr(name))) for name in self._table.hidden
        ]
        hidden = [row.number for row in self._table.rows if row.number in facts.hidden_rows]
        if hidden:
            says = Message(
                "{0} rows are hidden in the sheet, and are read; the first is row {1}", len(hidden), hidden[0]
            )
            made.notes.append(CellNote(hidden[0], "", says))
        read = {self._places[heading(column)] + 1 for column in columns_of(self._profile)}
        for column in sorted(read & facts.hidden_columns):
            says = Message("is hidden in the sheet, and is read")
            made.notes.append(CellNote(0, self._headings[column - 1], says))
        made.notes += [CellNote(0, column, Message("is read by no rule of the profile")) for column in made.unread]

    # -- one row -------------------------------------------------------------------------------------------------------

    def _row(self, row: Row) -> None:
        loose = [place for place, cell in enumerate(row.cells) if cell != "" and not self._heading_at(place)]
        if loose:
            column = f"column {letters(loose[0] + 1)}"
            self._made.notes.append(CellNote(row.number, column, Message("this cell has no heading, and is not read")))
        reference = self._text(row, self._profile.order.reference, "")
        opened = self._text(row, self._profile.order.instrument, "")
        if not reference:
            if reference == "":
                column = self._profile.order.reference.column
                hint = Message("`skip` of the profile leaves out rows of sums: it lists the words of their first cells")
                self._fault(row, column, CellFault(Message("no reference of an order"), hint))
            return
        for entry in self._profile.entry:
            self._entry(row, entry, reference, opened or "")

    def _heading_at(self, place: int) -> str:
        return self._headings[place] if place < len(self._headings) else ""

    def _entry(self, row: Row, rule: EntryRule, reference: str, instrument: str) -> None:
        if rule.only is not None and not self._fits(row, rule):
            return
        before = self._met
        when = self._cell(row, rule.when)
        if when is None:
            return
        if when == "":
            self._without_date(row, rule)
            return
        cells: dict[str, Any] = {"order": reference, "kind": rule.kind}
        columns = {"order": self._profile.order.reference.column, "occurred": rule.when}
        if instrument:
            cells["instrument"] = instrument
            if isinstance(self._profile.order.instrument, ColumnRule):
                columns["instrument"] = self._profile.order.instrument.column
        self._moment(row, rule, when, cells)
        for name, stated in rule.fields.items():
            if isinstance(stated, ColumnRule):
                columns[name] = stated.column
            text = self._text(row, stated, rule.kind, name)
            if text:
                cells[name] = text
        if self._met == before:
            self._made.facts.append(FactRow(row.number, rule.kind, cells, columns))

    def _moment(self, row: Row, rule: EntryRule, value: Value, cells: dict[str, Any]) -> None:
        column = rule.when
        try:
            when = when_of(value, self._rule.dates, self._rule.serial)
            clock = self._cell(row, rule.time) if rule.time else ""
            if clock is None:  # its fault is noted
                return
            if when.day_only:
                column = rule.time or rule.when
                of_day = clock_of(clock) if clock != "" else clock_of(rule.at) if rule.at else NOON
                at = when.at.replace(hour=of_day.hour, minute=of_day.minute, second=of_day.second)
                when = type(when)(at, clock == "")
            cells["occurred"] = moment_of(when, self._rule.zone)
            if when.day_only and "on_source" not in rule.fields:
                cells["on_source"] = "estimate"
        except CellFault as fault:
            self._fault(row, column, fault)

    def _without_date(self, row: Row, rule: EntryRule) -> None:
        """Report a row without the date of an entry: a fault where the date is required, a note where data is lost."""
        if rule.required:
            self._fault(
                row,
                rule.when,
                CellFault(Message("{0} has no date", rule.kind), Message("the profile says that it is required")),
            )
            return
        filled = [c for c in self._own.get(rule.when, ()) if self._cells(row, c) not in ("", None)]
        if filled:
            says = Message("is filled in, and {0} is empty: no {1} is made", repr(rule.when), rule.kind)
            self._made.notes.append(CellNote(row.number, filled[0], says))

    def _fits(self, row: Row, rule: EntryRule) -> bool:
        assert rule.only is not None  # noqa: S101 - asked by the caller
        value = self._cells(row, rule.only.column)
        return heading(value) in {heading(word) for word in rule.only.words}

    def _text(self, row: Row, rule: Rule, kind: str, name: str = "") -> str | None:
        """Return the text of a rule; None after a fault. Several values are lines of it."""
        if not isinstance(rule, ColumnRule):
            return _constant(rule)
        value = self._cell(row, rule.column)
        if value is None:
            return None
        try:
            return self._value(value, rule, kind, name)
        except CellFault as fault:
            if value and kind and name in (fields := KINDS[kind].fields()) and fields[name].sealed:  # not repeated
                fault = CellFault(Message("a value that the sealed field {0} does not take", name), fault.hint)
            self._fault(row, rule.column, fault)
            return None

    def _value(self, value: Value, rule: ColumnRule, kind: str, name: str) -> str:
        of = KINDS[kind].fields().get(name) if kind else None
        type_ = of.type if of is not None else ""
        if value == "":
            if rule.required and not rule.default:
                raise CellFault(Message("is empty, and the profile says that it is required"))
            return rule.default
        if type_ in ("date", "instant") and not rule.codes:
            when = when_of(value, self._rule.dates, self._rule.serial)
            return when.at.date().isoformat() if type_ == "date" else moment_of(when, self._rule.zone)
        plain = "plain" if type_ in ("int", "duration", "bool") else rule.number
        text = text_of(value, plain, rule.digits)
        parts = [part.strip() for part in text.split(rule.split) if part.strip()] if rule.split else [text]
        if rule.codes:
            parts = [_code(part, self._profile.codes[rule.codes], rule.codes) for part in parts]
        return "\n".join(parts)

    # -- cells ---------------------------------------------------------------------------------------------------------

    def _cells(self, row: Row, column: str) -> Value:
        place = self._places[heading(column)]
        return row.cells[place] if place < len(row.cells) else ""

    def _cell(self, row: Row, column: str) -> Value | None:
        """Return the value of a cell; None after a fault: an error, a formula without a result, a merged cell."""
        place = (row.number, self._places[heading(column)] + 1)
        facts = self._table.facts
        if place in facts.errors:
            self._fault(
                row,
                column,
                CellFault(Message("the cell has an error, as #REF!"), Message("put it right in the spreadsheet")),
            )
        elif place in facts.unstored:
            hint = Message("open the file in a spreadsheet program and save it, or paste the values")
            self._fault(row, column, CellFault(Message("a formula without a stored result"), hint))
        elif place in facts.merged and facts.merged[place][0] > self._rule.header:
            top, left = facts.merged[place]
            hint = Message("unmerge the cells, and fill in each row")
            self._fault(row, column, CellFault(Message("the cell is merged with {0}", f"{letters(left)}{top}"), hint))
        else:
            return self._cells(row, column)
        return None

    def _fault(self, row: Row, column: str, fault: CellFault) -> None:
        self._met += 1
        note = CellNote(row.number, column, fault.says, fault.hint)
        if note not in self._made.faults[-20:]:  # a column that several rules read has one fault
            self._made.faults.append(note)


def _own_columns(profile: Profile) -> dict[str, list[str]]:
    """Return for each date column the columns that its entries alone read."""
    readers: dict[str, set[str]] = {}
    for entry in profile.entry:
        for rule in entry.fields.values():
            if isinstance(rule, ColumnRule):
                readers.setdefault(rule.column, set()).add(entry.when)
    common = {profile.order.reference.column, *(e.when for e in profile.entry)}
    own: dict[str, list[str]] = {}
    for column, dates in readers.items():
        if len(dates) == 1 and column not in common:
            own.setdefault(next(iter(dates)), []).append(column)
    return own


def _constant(rule: str | bool | int | list[str]) -> str:
    if isinstance(rule, bool):
        return "yes" if rule else "no"
    return "\n".join(rule) if isinstance(rule, list) else str(rule)


def _code(word: str, codes: Mapping[str, str], name: str) -> str:
    known = {heading(key).casefold(): code for key, code in codes.items()}
    found = known.get(heading(word).casefold())
    if found is None:
        hint = meant(word, list(codes)) or Message("add it to [codes.{0}] of the profile", name)
        raise CellFault(Message("the word {0} is not in the list {1}", repr(word), repr(name)), hint)
    return found


def sentences(notes: Sequence[CellNote], sheet: str) -> Iterator[str]:
    """Yield notes as sentences that name sheet, row and column."""
    for note in notes:
        places = [f"sheet {sheet!r}" if sheet else "", f"row {note.row}" if note.row else "",
                  f"column {note.column!r}" if note.column else ""]  # fmt: skip
        place = ", ".join(part for part in places if part)
        yield f"{place}: {note.says}" if place else note.says
