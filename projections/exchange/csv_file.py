"""Timeline and custody as CSV: RFC 4180 (commas, CRLF, quotes where needed), UTF-8, and no cell that is a formula.

A cell that begins with = + - @, a tab or a return gets an apostrophe in front, because spreadsheets would compute it
(OWASP, CSV injection). So does what follows a semicolon, a tab or a line feed in it: many spreadsheets split there,
whatever stands around. Where apostrophes stand already one more is added, so that both can be told apart: `unguarded`
takes exactly one away. What has no shape of its own is named, as `<U+200B>`. Those are the changes made to a value. The
file begins with a byte-order mark: without one, a spreadsheet reads it as windows-1252.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ledger.entries.case import wire
from ledger.formats.characters import visible

if TYPE_CHECKING:
    from projections.reports.custody_report import CustodyRow
    from projections.reports.history import Event, History

_BEGINS = "(?:^|(?<=[;\t\n]))"  # where a cell begins, for whatever spreadsheet
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FORMULA = "(?='*[=+@\t\r-])"
_OPEN, _GUARDED = re.compile(_BEGINS + _FORMULA), re.compile(f"{_BEGINS}'{_FORMULA}")
MARK = "\ufeff"
SPECIAL = frozenset(',"\r\n')

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
)  # the order of the usual paper form: item, description, when, from whom, to whom, remarks


def csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table with its header line, behind a byte-order mark; every line ends with CRLF."""
    return (MARK + "".join(",".join(map(_quoted, row)) + "\r\n" for row in (columns, *rows))).encode()


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return _OPEN.sub("'", text)


def unguarded(cell: str) -> str:
    """The text of which `guarded` made a cell."""
    return _GUARDED.sub("", cell)


def _quoted(text: str) -> str:
    cell = guarded(visible(text))
    return f'"{cell.replace(chr(34), chr(34) * 2)}"' if SPECIAL.intersection(cell) else cell


def _put_right(x: Event | CustodyRow) -> tuple[str, str, str, str]:
    return x.replaced_by or "", wire(x.replaced_at) if x.replaced_at else "", x.replaced_who, x.why


def timeline_csv(story: History) -> bytes:
    """Every entry of an order, one a line, in the order in which it happened; times are UTC and claimed."""
    return csv(
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
            for e in story.events
        ),
    )


def custody_csv(held: Iterable[CustodyRow]) -> bytes:
    """Every step of custody, one a line; files are counted where they are sealed, else named with their SHA-256."""
    return csv(
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
            )
            for h in held
        ),
    )


def _files(h: CustodyRow) -> str:
    """What a step states of files: counted where they are not opened, else each with its digest."""
    opened = [f"{f.name or 'digest'} {f.sha256 or f.sha512 or ''}".rstrip() for f in h.files or ()]
    counted = [f"{h.count} sealed"] if h.files is None and (h.count or not h.unread) else []
    return "; ".join([*opened, *counted, *([h.unread] if h.unread else [])])
