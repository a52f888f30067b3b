"""The exhibits of a case at a moment, for papers; `ledger.law` decides what is compared with what."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from ledger.entries.case import Case
from ledger.law import read_all
from ledger.law.reading.exhibit_digests import Digest, Exhibits, First, digests, speaks_of, unread
from projections.views.replaced import EVER

__all__ = ("Digest", "Exhibits", "First", "digests", "exhibits_of", "speaks_of", "unread")


def exhibits_of(case: Case, at: datetime | None, kinds: Collection[str]) -> Exhibits:
    """Return the steps of these kinds, replaced ones too, as they are at a moment; None: all of them."""
    reading = read_all(case, at or EVER)
    return Exhibits(reading, (e for e in reading.case.acting if e.kind in kinds))
