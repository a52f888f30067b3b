"""Draft a mapping profile from the headings and first rows of a table, for a person to complete."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from ledger.application.intake.cells import CellFault, DateOrder, when_of
from ledger.application.intake.expand import heading
from ledger.application.intake.profile import FORMAT
from ledger.application.intake.table_file import Row, Table, Value

SAMPLE: Final = 200  # rows that are looked at
MOST_WORDS: Final = 100  # of a list of codes

# Beginnings of words in headings, without accents, and what such a column most often states: a kind, or a field.
_REFERENCE: Final = ("ref", "nr", "no", "num", "akten", "geschaft", "az", "cislo", "spis", "viite", "number", "dossier")
_DATES: Final = {
    "order-issued": ("issue", "erlass", "ausgestellt", "vydan", "valja", "emis", "datum", "date", "kuupaev", "delivre"),
    "order-transmitted": ("sent", "transm", "gesendet", "versand", "ubermitt", "odesl", "saade", "envoy"),
    "order-received": ("receiv", "eingang", "empfang", "zugestellt", "prijat", "dorucen", "katte", "recu", "reception"),
}
_FIELDS: Final = {
    "providers": ("provider", "anbieter", "poskytovatel", "teenuse", "fournisseur"),
    "identifiers": ("account", "konto", "ucet", "kasutaja", "identif", "compte", "kennung"),
    "case_ref": ("case", "fall", "verfahren", "vec", "kriminaal", "affaire"),
    "to_party": ("state", "country", "staat", "land", "stat", "riik", "pays"),
}


def draft_profile(table: Table, header: int, name: str, *, encoding: str = "utf-8") -> str:
    """Return a profile as TOML with what the headings and values suggest; a person completes the lines with `???`."""
    row = next((row for row in table.rows if row.number == header), None)
    titles = [heading(cell) for cell in row.cells] if row else []
    rows = [row for row in table.rows if row.number > header][:SAMPLE]
    columns = {title: [_at(row, n) for row in rows] for n, title in enumerate(titles) if title}
    return "\n".join([*_head(table, header, name, encoding, columns), *_body(columns)]) + "\n"


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


def _body(columns: dict[str, list[Value]]) -> Iterator[str]:
    reference = _first(columns, _REFERENCE) or next(iter(columns), "???")
    numbers = any(isinstance(cell, int | float) for cell in columns.get(reference, ()))
    yield "\n[order]"
    plain = ', number = "plain"' if numbers else ""
    yield f"reference = {{ column = {_text(reference)}{plain} }}"
    yield 'instrument = "???"  # a code, as 2AP-7; or { column = "...", codes = "instruments" }'
    used = {reference}
    dated = [title for title, cells in columns.items() if title != reference and _is_dated(cells)]
    others = {title: cells for title, cells in columns.items() if title not in dated}
    for kind, words in _DATES.items():
        title = _first({title: [] for title in dated if title not in used}, words)
        if title:
            used.add(title)
            yield from _entry(kind, title, others, used)
    if not any(title in used for title in dated):
        yield from _entry("order-issued", dated[0] if dated else "???", others, used)
    left = [title for title in columns if title not in used]
    if left:
        yield "\n# columns that no rule reads yet: " + ", ".join(map(_text, left))
    for name, field in (("offices", "providers"), ("parties", "to_party")):
        title = _first(others, _FIELDS[field])
        if title in used:
            stated = dict.fromkeys(str(cell).strip() for cell in columns[title] if cell != "")
            yield f"\n[codes.{name}]  # the words of the table, and the ids of the register"
            yield from (f'{_text(word)} = "???"' for word in list(stated)[:MOST_WORDS])


def _entry(kind: str, when: str, columns: dict[str, list[Value]], used: set[str]) -> Iterator[str]:
    yield "\n[[entry]]"
    yield f"kind = {_text(kind)}"
    yield f"when = {_text(when)}"
    yield "[entry.fields]"
    provider = _first(columns, _FIELDS["providers"])
    who = f'{{ column = {_text(provider)}, codes = "offices" }}' if provider else '"???"'
    if kind == "order-issued":
        yield 'from_party = "???"  # the Party of your office'
        for field, beginnings in _FIELDS.items():
            title = _first(columns, beginnings)
            if title:
                used.add(title)
                codes = {"providers": ', codes = "offices"', "to_party": ', codes = "parties"'}.get(field, "")
                codes += ', number = "plain"' if any(isinstance(cell, int | float) for cell in columns[title]) else ""
                yield f"{field} = {{ column = {_text(title)}{codes} }}"
            elif field == "to_party":
                yield 'to_party = "???"'
    elif kind == "order-transmitted":
        yield f"addressee = {who}"
        yield 'channel = "not-known"  # or a column with codes'
    else:
        yield f"actor = {who}"
        yield '# proof_kind = "delivery-receipt" and on_source = "receipt-stamp": only where a stamp is on paper'


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
