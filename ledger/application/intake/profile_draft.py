"""Draft a mapping profile from the headings and first rows of a table, for a person to complete."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from ledger.application.intake.cells import CellFault, DateOrder, when_of
from ledger.application.intake.expand import heading
from ledger.application.intake.profile import FORMAT
from ledger.application.intake.table_file import Row, Table, Value
from ledger.facts.words.lookup import code_of
from ledger.facts.words.shared import CATEGORIES

SAMPLE: Final = 200  # rows that are looked at
MOST_WORDS: Final = 500  # of a list of codes

# Beginnings of words in headings, without accents, and what such a column most often states: a kind, or a field.
_REFERENCE: Final = ("ref", "nr", "no", "num", "akten", "geschaft", "az", "cislo", "spis", "viite", "number", "dossier")
_DATES: Final = {
    "order-issued": ("issue", "erlass", "ausgestellt", "vydan", "valja", "emis", "datum", "date", "kuupaev", "delivre"),
    "order-transmitted": ("sent", "transm", "gesendet", "versand", "ubermitt", "odesl", "saade", "envoy"),
    "order-received": ("receiv", "eingang", "empfang", "zugestellt", "prijat", "dorucen", "katte", "recu", "reception"),
    "data-disclosed": ("answer", "beantwort", "antwort", "disclos", "zodpov", "odpov", "vastat", "repon"),
}
_FIELDS: Final = {
    "issuing_authority": ("authorit", "behorde", "staatsanw", "gericht", "court", "parquet", "autorit", "procura",
                          "urad", "soud", "asutus", "kohus", "tribunal"),
    "providers": ("provider", "anbieter", "poskytovatel", "teenuse", "fournisseur"),
    "identifiers": ("account", "konto", "ucet", "kasutaja", "identif", "compte", "kennung"),
    "case_ref": ("case", "fall", "verfahren", "vec", "kriminaal", "affaire"),
    "party": ("state", "country", "staat", "land", "stat", "riik", "pays"),
    "data_categories": ("data", "daten", "kategor", "categor", "udaje", "andme", "donnee"),
}  # fmt: skip
_CODES: Final = {  # the list of codes of a field
    "issuing_authority": "authorities", "providers": "offices", "party": "parties", "data_categories": "categories",
}  # fmt: skip
_STAMP: Final = (
    'on_source = "???"  # "receipt-stamp" where a stamp shows this date: it starts the deadlines; else "own-act"'
)
_ANSWER_STAMP: Final = 'on_source = "???"  # "receipt-stamp" where a stamp shows that it had arrived; else "own-act"'
_OUR_OFFICE: Final = '"???"  # your office'
_OUR_PARTY: Final = '"???"  # the Party of your office'
_NO_ISSUE: Final = "  # the table has no date of issue: on this day at the latest"


def draft_profile(table: Table, header: int, name: str, *, encoding: str = "utf-8") -> str:
    """Return a profile as TOML with what the headings and values suggest; a person completes the lines with `???`."""
    row = next((row for row in table.rows if row.number == header), None)
    titles = [heading(cell) for cell in row.cells] if row else []
    rows = [row for row in table.rows if row.number > header][:SAMPLE]
    columns = {title: [_at(row, n) for row in rows] for n, title in enumerate(titles) if title}
    every = [row for row in table.rows if row.number > header]
    words = {title: _words(_at(row, n) for row in every) for n, title in enumerate(titles) if title}
    return "\n".join([*_head(table, header, name, encoding, columns), *_body(columns, words)]) + "\n"


def guess_header(table: Table) -> int:
    """Return the number of the first row with most texts: that of the headings in most tables."""
    counts = {row.number: sum(isinstance(cell, str) and cell != "" for cell in row.cells) for row in table.rows[:20]}
    return max(counts, key=lambda number: (counts[number], -number), default=1)


def _at(row: Row, place: int) -> Value:
    return row.cells[place] if place < len(row.cells) else ""


def _head(table: Table, header: int, name: str, encoding: str, columns: dict[str, list[Value]]) -> Iterator[str]:
    yield f'format = "{FORMAT}"'
    yield f"name = {_text(re.sub('[^a-z0-9]+', '-', _plain(name)).strip('-')[:60] or 'orders')}"
    yield 'version = "1"'
    yield "\n[table]"
    if table.sheet:
        yield f"sheet = {_text(table.sheet)}"
    if header != 1:
        yield f"header = {header}"
    if encoding != "utf-8":
        yield f"encoding = {_text(encoding)}"
    yield 'zone = "???"  # where local times are meant, as Europe/Prague'
    order = _order_of([cell for cells in columns.values() for cell in cells if isinstance(cell, str)])
    if order:
        yield f"dates = {_text(order)}" + ('  # or "month-first": the table does not show it' if "?" in order else "")
    row = next((row for row in table.rows if row.number == header), None)
    doubled = [title for title, count in Counter(map(heading, row.cells if row else ())).items() if title and count > 1]
    if doubled:
        yield f"# columns with the same heading: {', '.join(doubled)}"


def _body(columns: dict[str, list[Value]], words: Mapping[str, Sequence[str]]) -> Iterator[str]:
    reference = _first(columns, _REFERENCE) or next(iter(columns), "???")
    yield "\n[order]"
    yield f"reference = {{ column = {_text(reference)}{_plain_number(columns.get(reference, ()))} }}"
    yield 'instrument = "???"  # a code, as 2AP-7; or { column = "...", codes = "instruments" }'
    dated = [title for title, cells in columns.items() if title != reference and _is_dated(cells)]
    draft = _Draft({title: cells for title, cells in columns.items() if title not in dated and title != reference})
    dates: dict[str, str] = {}
    for kind, beginnings in _DATES.items():
        if title := _first({title: [] for title in dated if title not in dates.values()}, beginnings):
            dates[kind] = title
    known = "order-issued" in dates
    first = next(iter(dates.values()), dated[0] if dated else "???")
    dates = {"order-issued": first} | dates  # without it no deadline starts
    for kind, title in dates.items():
        guessed = kind == "order-issued" and not known and len(dates) > 1
        yield from draft.entry(kind, title, _NO_ISSUE if guessed else "")
    used = {reference, *dates.values(), *draft.fields.values()}
    left = [title for title in columns if title not in used]
    if left:
        yield "\n# columns that no rule reads yet: " + ", ".join(map(_text, left))
    for field, name in _CODES.items():
        if (column := draft.fields.get(field)) is not None:
            yield f"\n[codes.{name}]  # the words of the table, and {_MEANT.get(name, 'the ids of the register')}"
            yield from (f"{_text(word)} = {_text(code)}" for word, code in _proposed(name, words[column]))


_MEANT: Final = {
    "authorities": "the ids under which the registrar registers them: change those that the register has already",
    "parties": "the Parties",
    "categories": f"their codes: {', '.join(CATEGORIES.words)}",
}


def _words(cells: Iterable[Value]) -> list[str]:
    """Return the words of a column, each once, at most `MOST_WORDS`."""
    return list(dict.fromkeys(str(cell).strip() for cell in cells if cell != ""))[:MOST_WORDS]


def _proposed(name: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the words of a column with the codes that they propose; `???` where a person has to say it."""
    taken: set[str] = set()
    for word in words:
        code = "???"
        if name == "authorities":
            code = office_id(word, taken)
            taken.add(code)
        elif name == "parties" and re.fullmatch("[A-Z]{2}", word):
            code = word
        elif name == "categories":
            code = code_of(word, CATEGORIES.words) or code
        yield word, code


def office_id(name: str, taken: Collection[str] = ()) -> str:
    """Return an id for an office of this name that is not among `taken`: small letters, digits and dashes."""
    plain = re.sub("[^a-z0-9]+", "-", _plain(name)).strip("-")[:40].strip("-") or "office"
    numbered = (f"{plain}-{number}" for number in itertools.count(2))
    return plain if plain not in taken else next(each for each in numbered if each not in taken)


def _plain_number(cells: Iterable[Value]) -> str:
    return ', number = "plain"' if any(isinstance(cell, int | float) for cell in cells) else ""


class _Draft:
    """The columns without dates and the fields that they state; `incoming`: orders of the authorities of a column."""

    def __init__(self, columns: Mapping[str, list[Value]]) -> None:
        self._columns = columns
        self.fields: dict[str, str] = {}
        for field, beginnings in _FIELDS.items():
            free: dict[str, list[Value]] = {title: [] for title in columns if title not in self.fields.values()}
            if title := _first(free, beginnings):
                self.fields[field] = title
        self._incoming = "issuing_authority" in self.fields and "providers" not in self.fields

    def entry(self, kind: str, when: str, remark: str) -> Iterator[str]:
        """Yield the lines of an entry that is made where the column `when` has a date."""
        yield "\n[[entry]]"
        yield f"kind = {_text(kind)}"
        yield f"when = {_text(when)}{remark}"
        yield "[entry.fields]"
        if kind == "order-issued":
            yield from self._issued()
            return
        provider = self._rule("providers") or '"???"'
        if kind == "order-transmitted":
            addressee = _OUR_OFFICE if self._incoming else provider
            yield f"addressee = {addressee}"
            if authority := self._rule("issuing_authority"):
                yield f"actor = {authority}"
            yield 'channel = "not-known"  # or a column with codes'
            return
        if not self._incoming:  # else it is the act of the office that imports
            yield f"actor = {provider}"
        if kind == "data-disclosed":
            yield 'partial = "???"  # false where the answer was complete; an answer may also be disclosure-declined'
            yield 'channel = "not-known"'
            yield _ANSWER_STAMP
            yield """manifest = '{"elements": [], "files": []}'  # the table lists no files"""
            return
        yield _STAMP
        yield '# proof_kind = "delivery-receipt": only where there is such a proof'

    def _issued(self) -> Iterator[str]:
        party = self._rule("party") or '"???"'
        yield f"from_party = {party if self._incoming else _OUR_PARTY}"
        if authority := self._rule("issuing_authority"):
            yield f"actor = {authority}"
            yield f"issuing_authority = {authority}"
        for field in ("providers", "identifiers", "case_ref", "data_categories"):
            if rule := self._rule(field):
                yield f"{field} = {rule}"
        if self._incoming:
            yield f"providers = {_OUR_OFFICE}"
        yield f"to_party = {_OUR_PARTY if self._incoming else party}"

    def _rule(self, field: str) -> str:
        """Return the rule of a field in TOML; empty if no column states it."""
        if (title := self.fields.get(field)) is None:
            return ""
        codes = f', codes = "{_CODES[field]}"' if field in _CODES else ""
        return f"{{ column = {_text(title)}{codes}{_plain_number(self._columns[title])} }}"


def _first(columns: dict[str, list[Value]], words: Sequence[str]) -> str:
    """Return the first column that has a word with one of these beginnings in its heading."""
    for title in columns:
        if any(part.startswith(word) for part in re.split("[^a-z0-9]+", _plain(title)) for word in words):
            return title
    return ""


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def _is_dated(cells: Sequence[Value]) -> bool:
    stated = [cell for cell in cells if cell != ""]
    return bool(stated) and sum(_shows_date(cell) for cell in stated) * 2 > len(stated)


def _shows_date(cell: Value) -> bool:
    return _fits(cell, "day-first") or _fits(cell, "month-first")


def _fits(cell: Value, order: DateOrder) -> bool:
    try:
        when_of(cell, order, "")
    except CellFault:
        return False
    return True


def _order_of(texts: Sequence[str]) -> str:
    """Return the order of day and month that all dates of a table fit; empty where none is needed."""
    open_ = [t for t in texts if _fits(t, "day-first") or _fits(t, "month-first")]
    open_ = [t for t in open_ if not re.match(r"\d{4}-", t)]
    if not open_:
        return ""
    orders: tuple[DateOrder, ...] = ("day-first", "month-first")
    fitting = [order for order in orders if all(_fits(text, order) for text in open_)]
    return fitting[0] if len(fitting) == 1 else "??? day-first"


def _text(text: str) -> str:
    """Return a text as a string of TOML."""
    escaped = "".join(c if c >= " " and c not in '\\"\x7f' else f"\\u{ord(c):04x}" for c in text)
    return f'"{escaped}"'
