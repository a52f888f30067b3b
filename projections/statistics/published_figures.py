"""What companies published about the requests they received, in the columns of our transparency table.

Three files, three formats, none of them as simple as it looks; the reader of each says what has to be known.
Figures stay what they are: a range stays a range, a missing figure stays missing, a rounded share stays an
estimate.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

SOURCES: Mapping[str, str] = {
    "google": "Google Transparency Report, user data requests, 2009 H2 to 2017 H1",
    "facebook": "Facebook Global Government Requests Report, 2013 H1",
    "twitter": "Twitter Transparency Report, information requests, 2017 H1",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """Hold one published row; None: not published.

    Half year (`2013-H1`), country (a code, or empty where the file has none; and its name), how many requests
    (`most` differs from `requests` where a range was published), in how many per cent some data were produced,
    how many accounts were named.
    """

    period: str
    code: str
    country: str
    requests: int
    most: int
    share: int | None
    accounts: int | None


@dataclass(frozen=True, slots=True)
class Total:
    """Hold added figures: requests (`most` from ranges), requests with a known share, and that share as a fraction."""

    period: str
    requests: int
    most: int
    known: int
    share: float | None


def read(series: str, content: bytes) -> list[Figure]:
    """Return the figures of a published file; `series` is one of `SOURCES`."""
    return list(READERS[series](content))


def by_period(figures: Iterable[Figure]) -> list[Total]:
    """Return one total for each half year, oldest first; shares weighted by requests, rows without a share left out."""
    periods: dict[str, list[Figure]] = {}
    for f in figures:
        periods.setdefault(f.period, []).append(f)
    return [_total(period, rows) for period, rows in sorted(periods.items())]


def _total(period: str, rows: Sequence[Figure]) -> Total:
    figures = [f for f in rows if f.share is not None]
    requests = sum(f.requests for f in figures)
    share = sum(f.requests * (f.share or 0) for f in figures) / requests / 100 if requests else None
    return Total(period, sum(f.requests for f in rows), sum(f.most for f in rows), requests, share)


def _google(content: bytes) -> Iterator[Figure]:
    """Read Google's file, whose dates are the last day of a half year.

    Preservation requests are left out, as Google's own totals leave them out: they disclose nothing. One
    country's name was stored in the wrong alphabet twice. `NA` is Namibia.
    """
    text = content.decode("mac_roman").encode("cp1252").decode("utf-8")
    for ends, country, code, process, requests, share, accounts in _rows(text):
        if process != "Preservation Requests":
            _, month, year = ends.split("/")
            period = f"20{year}-H{1 if int(month) <= 6 else 2}"
            n = _number(requests) or 0
            yield Figure(period, code, country, n, n, _number(share), _number(accounts))


def _facebook(content: bytes) -> Iterator[Figure]:
    """Read Facebook's file.

    It has a byte order mark, separated thousands, shares as `83.00%`, a range for the United States, and no
    codes.
    """
    for country, requests, accounts, share in _rows(content.decode("utf-8-sig")):
        least, _, most = requests.partition(" - ")
        n = _number(least) or 0
        yield Figure(
            "2013-H1",
            "",
            country,
            n,
            _number(most) or n,
            _number(share.partition(".")[0].rstrip("%")),
            _number(accounts.partition(" - ")[0]),
        )


def _twitter(content: bytes) -> Iterator[Figure]:
    """Read Twitter's file.

    A dash is no figure; an asterisk has no meaning that the file gives; the last row is the total of the
    others.
    """
    for _, country, code, requests, share, accounts, *_ in _rows(content.decode("utf-8")):
        if code:
            n = _number(requests) or 0
            yield Figure("2017-H1", code, country, n, n, _number(share.rstrip("%*")), _number(accounts))


def _rows(text: str) -> Iterator[list[str]]:
    """Yield every row below the headings."""
    rows = csv.reader(text.splitlines())
    next(rows)
    return rows


def _number(text: str) -> int | None:
    digits = text.strip().rstrip("*").replace(",", "")
    return int(digits) if digits.isdecimal() else None


READERS: Mapping[str, Callable[[bytes], Iterator[Figure]]] = {
    "google": _google,
    "facebook": _facebook,
    "twitter": _twitter,
}
