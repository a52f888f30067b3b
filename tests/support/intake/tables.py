"""A table of an office with one order per row, and its mapping profile; the names are Czech, German and Estonian."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

HEADINGS = ["Číslo jednací", "Vydáno", "Odesláno", "Doručeno", "Poskytovatel", "Účet", "Poznámka"]
PROFILE = """
format = "comity.import-profile/1"
name = "karsk-orders"
version = "1"

[table]
zone = "Europe/Prague"
dates = "day-first"
skip = ["Summe"]
ignore = ["Poznámka"]

[order]
reference = { column = "Číslo jednací" }
instrument = "2AP-7"

[codes.offices]
"Skylark a.s." = "skylark"
"Skylark Sideteenused OÜ" = "skylark"
"Skylark Nachrichtendienste GmbH" = "skylark"

[[entry]]
kind = "order-issued"
when = "Vydáno"
required = true
[entry.fields]
from_party = "XO"
to_party = "XV"
providers = { column = "Poskytovatel", codes = "offices", required = true }
date_issued = { column = "Vydáno" }
identifiers = { column = "Účet" }

[[entry]]
kind = "order-transmitted"
when = "Odesláno"
[entry.fields]
addressee = { column = "Poskytovatel", codes = "offices" }
channel = "mail"

[[entry]]
kind = "order-received"
when = "Doručeno"
[entry.fields]
actor = { column = "Poskytovatel", codes = "offices" }
proof_kind = "delivery-receipt"
on_source = "receipt-stamp"
"""
PROVIDERS = ("Skylark a.s.", "Skylark Sideteenused OÜ", "Skylark Nachrichtendienste GmbH")
PEOPLE = ("Žofie Nováková", "Jürgen Groß", "Õnne Jäär")


def rows(count: int, *, first: int = 1) -> list[list[str]]:
    """Return rows with day-first dates; every fourth order was never seen to arrive."""
    made = []
    for n in range(first, first + count):
        issued = date(2026, 1, 1) + timedelta(days=n % 200)
        sent = datetime(issued.year, issued.month, issued.day, 9, n % 60) + timedelta(days=1)  # noqa: DTZ001
        came = f"{sent + timedelta(days=1):%d.%m.%Y %H:%M}" if n % 4 else ""
        made.append(
            [
                f"KA-{n:04}/2026",
                f"{issued:%d.%m.%Y}",
                f"{sent:%d/%m/%Y %H:%M}",
                came,
                PROVIDERS[n % 3],
                f"účet-{n}",
                PEOPLE[n % 3],
            ]
        )
    return made


def csv_of(table: Sequence[Sequence[str]], encoding: str = "utf-8") -> bytes:
    """Return rows under the headings as a CSV with semicolons."""
    return "".join(";".join(row) + "\r\n" for row in [HEADINGS, *table]).encode(encoding, "replace")


def profile_file(folder: Path, text: str = PROFILE) -> Path:
    """Write the profile to a file and return its path."""
    path = folder / "karsk.toml"
    path.write_text(text, encoding="utf-8")
    return path
