"""Findings on the transmission of European orders and of the data.

Regulation (EU) 2023/1543, art. 19(5), 19(6) and 21(2); Implementing Regulation (EU) 2025/1550, points 3.2 and 3.3.
Both were read. The duty to use the decentralised system is older than the first order (art. 34(2), rules/acts.py), so
the transition period of art. 24 is over for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from ledger.entries.case import Entry, Unread
from ledger.entries.replacement import has_strong_digest
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.acts import COMMON_SYSTEM_SINCE
from ledger.law.rules.check import Matches, finding
from ledger.law.terms.rule import Mark

COMMON_SYSTEM = "decentralised-it-system"
LARGEST = 25 * 1024 * 1024  # bytes through the common system: 25 600 KB, 2025/1550:3.2 [text]
DAY = timedelta(days=1)
OPEN_DAYS = (10, 45)  # calendar days that data stay accessible, at least and at most: 2025/1550:3.3.3(b) [text]
TRANSFERS = ("data-disclosed", "data-transmitted-by-state")  # of the provider; of the enforcing authority, art. 16(9)

QUALIFIED = ("qualified-signature", "qualified-seal")

# -- Regulation (EU) 2023/1543, articles 19 and 21 ---------------------------------------------------------------------


def _by_other_means(r: OrderReading, *kinds: str) -> Iterator[Entry]:
    """Yield the transmissions of these kinds by a stated channel that is not the common system, since it is a duty."""
    others = (e for e in r.entries.of(*kinds) if e.get("channel") not in (None, "not-known", COMMON_SYSTEM))
    return (e for e in others if r.parties.issuer_days.day(e.on) >= COMMON_SYSTEM_SINCE)


@finding(
    "W-19-5-NO-GROUND",
    cite="EPOC:19(5)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="order-transmitted data-disclosed data-transmitted-by-state",
    says="Something was not sent through the common system, and it is not said why that was not possible.",
)
def no_ground_for_other_means(r: OrderReading) -> Matches:
    """Pass data above the threshold, and data whose size cannot be read here: the size is the ground."""
    return [
        e
        for e in _by_other_means(r, "order-transmitted", *TRANSFERS)
        if not e.stated("alternative_ground") and not (e.kind in TRANSFERS and (_unread(e) or _size(e) > LARGEST))
    ]


@finding(
    "W-19-6-NO-RECORD",
    cite="EPOC:19(6), 2025/1550:3.3.1, 2025/1550:3.3.2",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="order-transmitted",
    says="The order was not sent through the common system, and the transmission was not recorded there.",
)
def other_means_not_recorded(r: OrderReading) -> Matches:
    """Leave out data: their manifest is the record (3.3.3)."""
    recorded = [r.entries.named(e.get("about")) for e in r.entries.of("alternative-transmission-recorded")]
    return [e for e in _by_other_means(r, "order-transmitted") if not e.stated("record") and e not in recorded]


@finding(
    "W-21-2-NOT-QUALIFIED",
    cite="EPOC:21(2), EPOC:9(1)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="order-transmitted",
    gap="A1",
    says="The certificate went through the common system without a qualified signature or seal.",
)
def not_qualified(r: OrderReading) -> Matches:
    """Pass a level that is not stated."""
    return [
        e
        for e in r.entries.of("order-transmitted")
        if e.get("channel") == COMMON_SYSTEM and e.get("signature_level") not in (None, *QUALIFIED)
    ]


# -- Implementing Regulation (EU) 2025/1550, points 3.2 and 3.3.3: the transfer ----------------------------------------


@finding(
    "W-2025-1550-SIZE",
    cite="2025/1550:3.2, EPOC:19(5)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="data-disclosed data-transmitted-by-state",
    says="More than 25 megabytes went through the common system.",
)
def too_large(r: OrderReading) -> Matches:
    return [t for t in r.entries.of(*TRANSFERS) if t.get("channel") == COMMON_SYSTEM and _size(t) > LARGEST]


@finding(
    "W-2025-1550-MANIFEST",
    cite="2025/1550:3.3.3(a)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="data-disclosed data-transmitted-by-state",
    gap="A2",
    says="The manifest of the transfer lacks its recipient, its means, or a file with name, size and strong digest.",
)
def manifest_incomplete(r: OrderReading) -> Matches:
    """Points (1), (4) to (7). The entry itself has the sender, the order and the time: points (1) to (3)."""
    outside = (t for t in r.entries.of(*TRANSFERS) if t.get("channel") != COMMON_SYSTEM)
    return [t for t in outside if not t.stated("recipient") or t.get("channel") == "not-known" or not _listed(t)]


@finding(
    "W-2025-1550-ACCESS",
    cite="2025/1550:3.3.3(b)",
    mark=Mark.TEXT,
    under="EPOC",
    kinds="data-disclosed data-transmitted-by-state",
    says="The data were accessible for less than ten days, for more than forty-five, or it is not said until when.",
)
def not_open_long_enough(r: OrderReading) -> Matches:
    return [t for t in r.entries.of(*TRANSFERS) if not _open_long_enough(r, t)]


def _files(transfer: Entry) -> list[dict[str, Any]]:
    return list((transfer.get("manifest") or {}).get("files") or ())


def _size(transfer: Entry) -> int:
    return sum(f.get("size") or 0 for f in _files(transfer))


def _unread(transfer: Entry) -> bool:
    return isinstance(transfer.sealed.get("manifest"), Unread)


def _listed(transfer: Entry) -> bool:
    """Return True if every file is listed with name, size and a strong digest. Unreadable lists pass."""
    if _unread(transfer):
        return True
    files = _files(transfer)
    return bool(files) and all(f.get("name") and f.get("size") is not None and has_strong_digest(f) for f in files)


def _open_long_enough(r: OrderReading, transfer: Entry) -> bool:
    """Return True if transferred data are accessible from ten to forty-five calendar days.

    "from the moment the electronic evidence is made available": ten days are over at the same hour of the tenth day, in
    the zone of the sender. Forty-five days end with the last of them (Regulation 1182/71). Where the text leaves two
    readings, a transfer is short or long only by both [design]. A longer time is no defect if the issuing State asked.
    """
    until = r.substance.accessible_until(transfer)
    if until is None:
        return bool(transfer.get("channel") != "link")
    here = r.parties.days_of(r.actors.party(transfer))
    opened, closed = (here.local(moment).replace(tzinfo=None) for moment in (transfer.on, until))
    least, most = (timedelta(days=days) for days in OPEN_DAYS)
    if closed - opened < least:
        return False
    return closed - datetime.combine(opened, time()) <= most + DAY or any(
        _is_issuing(r, e.get("requested_by")) for e in r.substance.access_extensions(transfer)
    )


def _is_issuing(r: OrderReading, name: str | None) -> bool:
    """Return True for an office of the issuing State that is no provider; the register must know it."""
    office = r.register.office(name) if name else None
    return office is not None and office.party == r.parties.from_party and "SP" not in office.roles
