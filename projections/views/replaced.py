"""What replaced an entry: for every table that shows the entry, struck through, with who, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ledger.entries.case import Case, Entry, Unread, replacements, wire
from ledger.facts import WHY
from ledger.messages import Message
from projections.sentences.quotation import NO_REASON, stated

EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Replacement:
    """Hold the entry that replaced another, and its reason as far as a reader may see it: text, `[sealed]`, `[erased]`.

    Who did it and when (UTC, claimed) are its signer and the moment of its signature.
    """

    entry: Entry
    why: str

    def line(self, number: str) -> str:
        """Return it in one line; `number` is the number of the replacing entry here."""
        e = self.entry
        return Message("REPLACED by {0}, signed {1} by {2} ({3}): {4}", number, wire(e.at), e.by, e.role, self.why)


def replaced(case: Case, at: datetime | None = None, *, reveal: bool = False) -> dict[str, Replacement]:
    """Return the last replacement of each replaced entry, by leaf, as the law reads the case at a moment (None: ever).

    An entry that names the entry of another signer replaces nothing.
    """
    successors = replacements(case.entries, at or EVER)
    return {leaf: Replacement(by[-1], why(by[-1], reveal=reveal)) for leaf, by in successors.items()}


def why(e: Entry, *, reveal: bool) -> str:
    """Return why an entry replaces another, as a reader sees it."""
    reason = e.sealed.get(WHY.name)
    if reason is Unread.ERASED:
        return "[erased]"
    if reason is None:
        return NO_REASON
    return stated(reason) if reveal and isinstance(reason, str) else "[sealed]"


def numbered(found: Mapping[str, Replacement], leaf: str) -> str:
    """Return the line that marks a replaced entry, its replacement by number; empty for an effective entry."""
    by = found.get(leaf)
    return "" if by is None else by.line(f"#{by.entry.number}")
