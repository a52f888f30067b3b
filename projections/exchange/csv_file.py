"""Timeline and custody as CSV: RFC 4180 (commas, CRLF, quotes where needed), UTF-8, and no cell that is a formula.

A spreadsheet computes a cell that begins with = + - @, a tab or a return, so an apostrophe is put in front of
it (OWASP, CSV injection). Many spreadsheets also split a cell at a semicolon, a tab or a line feed, so the
rule applies after each of these too. Where apostrophes are in front already, one more is added: `unguarded`
removes exactly one. Invisible characters are named, as `<U+200B>`. No other change is made to a value. The
file begins with a byte-order mark: without one, a spreadsheet reads it as windows-1252.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ledger.entries.case import wire
from ledger.formats.characters import visible

if TYPE_CHECKING:
    from projections.reports.custody_report import CustodyRow, SideRow
    from projections.reports.history import Event, History

_BEGINS = "(?:^|(?<=[;\t\n]))"  # the beginning of a cell, for any spreadsheet
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FORMULA = "(?='*[=+@\t\r-])"
_OPEN, _GUARDED = re.compile(_BEGINS + _FORMULA), re.compile(f"{_BEGINS}'{_FORMULA}")
MARK = "\ufeff"

TIMELINE = (
    "entry",
    "on",
    "signed_at",
    "late",
    "kind",
    "says",
    "who",
    "state",
    "replaced_by",
    "replaced_at",
    "replaced_who",
    "why",
    "fields",
    "log_index",
    "leaf",
)
CUSTODY = (
    "entry",
    "exhibit",
    "on",
    "signed_at",
    "what",
    "released_by",
    "received_by",
    "check_stated",
    "digests_compared",
    "files",
    "replaced_by",
    "replaced_at",
    "replaced_who",
    "why",
    "recorded",
    "held_by",
    "gave",
    "took",
)  # the order of the usual paper form: item, description, when, from whom, to whom, remarks


def csv_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a table with its header line after a byte-order mark; every line ends with CRLF."""
    text = io.StringIO(newline="")
    text.write(MARK)
    csv.writer(text).writerows([guarded(visible(cell)) for cell in row] for row in (columns, *rows))
    return text.getvalue().encode()


def guarded(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return _OPEN.sub("'", text)


def unguarded(cell: str) -> str:
    """Return the text that `guarded` turned into `cell`."""
    return _GUARDED.sub("", cell)


def _put_right(x: Event | CustodyRow) -> tuple[str, str, str, str]:
    return x.replaced_by or "", wire(x.replaced_at) if x.replaced_at else "", x.replaced_who, x.why


def timeline_csv(story: History) -> bytes:
    """Return the entries of an order, one a line, in the order of their acts; times are UTC and claimed."""
    return csv_table(
        TIMELINE,
        (
            (
                e.number,
                wire(e.on),
                wire(e.signed_at),
                e.late,
                e.kind,
                e.says,
                e.who,
                e.state,
                *_put_right(e),
                "; ".join(f"{name}: {value}" for name, value in e.fields),
                str(e.index),
                e.leaf,
            )
            for event in story.events
            for e in (event.carrier, event)
            if e is not None
        ),
    )


def custody_csv(held: Iterable[CustodyRow]) -> bytes:
    """Return the steps of custody, one a line; sealed files are counted, others named with their SHA-256."""
    return csv_table(
        CUSTODY,
        (
            (
                h.number,
                h.exhibit or "",
                wire(h.on),
                wire(h.signed_at),
                h.says,
                h.released_by or "",
                h.received_by or "",
                h.check or "",
                h.compared,
                _files(h),
                *_put_right(h),
                h.recorded,
                h.held_by or "",
                _signed(h.gave),
                _signed(h.took),
            )
            for h in held
        ),
    )


def _signed(side: SideRow | None) -> str:
    """Return the person who signed for a side of a hand-over, with the entry; where no entry did, that it is not."""
    if side is None:
        return ""
    if side.entry is None:
        return "not signed"
    return f"{side.person or f'key {side.key[:16]}, person not named in this record'}, entry {side.entry}"


def _files(h: CustodyRow) -> str:
    """Return the files that a step states: sealed ones counted, others by name and digest."""
    opened = [f"{f.name or 'digest'} {f.sha256 or f.sha512 or f.digest or ''}".rstrip() for f in h.files or ()]
    counted = [f"{h.count} sealed"] if h.files is None and (h.count or not h.unread) else []
    return "; ".join([*opened, *counted, *([h.unread] if h.unread else [])])
