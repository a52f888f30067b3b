"""Say what the cosignature of a mirror states: that it stores all entries of a checkpoint."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from cli.terminal.answer import Time
from cli.terminal.output import plain

if TYPE_CHECKING:
    from ledger.tlog.note import Head, Vkey


LATEST = 253_402_300_800  # seconds since 1970: the year 10000, which no date here can have


class StoredByItem(Struct, frozen=True):
    """One mirror: its name, the number of entries that it states to store, and the time of its cosignature."""

    name: str
    size: int
    at: Time


def stored_by(head: Head, mirrors: Collection[Vkey]) -> list[StoredByItem]:
    """Return the mirrors that have cosigned a head, once each."""
    names = {}
    for key, time in head.cosignatures:
        if key in mirrors and time < LATEST:
            names[key.name] = StoredByItem(key.name, head.checkpoint.size, datetime.fromtimestamp(time, UTC))
    return list(names.values())


def stored(head: Head, mirrors: Collection[Vkey]) -> list[str]:
    """Return a sentence for each mirror that has cosigned a head."""
    return [says(each) for each in stored_by(head, mirrors)]


def says(item: StoredByItem) -> str:
    """Return the statement of a mirror in one sentence."""
    return f"all entries up to {item.size} are stored by {item.name}: so it states, {plain(item.at)}"
