"""Step 12: when an entry was signed, proven from both sides, and what is claimed about it.

A signer that cites a cosigned note signed after the witnesses did: not before. A head that contains an entry and was
cosigned, or stamped by a time-stamp authority, shows that it existed by then: not after. With f witnesses that may lie,
the (f+1)-th time from the suspicious end is one that an honest witness gave. Nothing here decides the verdict.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import ceil

from ledger.entries.case import instant, wire
from ledger.entries.envelope import OpenedEntry
from ledger.tlog.note import Head, note_digest
from ledger.tlog.policy import Policy
from ledger.verify.heads import DRIFT, Heads
from ledger.verify.progress import VerificationLog, counted
from ledger.verify.report import Bracket


class Times:
    """What times from outside say about positions of the log: those of witnesses, and of time-stamp authorities.

    Witnesses say nothing under a policy that gives no bracket. `stamped` is by when notes existed, by their digest.
    """

    def __init__(self, heads: Heads, policy: Policy, stamped: Mapping[str, datetime] | None = None) -> None:
        self.faults = policy.faults()
        self.heads = heads
        self._stamped = stamped or {}
        self._voters = {policy.witnesses[name] for name in policy.voters()}
        sized = [(head.checkpoint.size, seconds) for head in heads.all.values() for seconds in self._by(head)]
        for digest, moment in self._stamped.items():
            sized.append((heads.all[digest].checkpoint.size, ceil(moment.timestamp())))
        sized.sort()
        self._sizes = [size for size, _ in sized]
        later = [seconds for _, seconds in reversed(sized)]
        self._by_then = list(accumulate(later, min))[::-1]  # of this and all larger sizes

    def _times(self, head: Head) -> list[int]:
        return sorted(seconds for key, seconds in head.cosignatures if key in self._voters)

    def _by(self, head: Head) -> list[int]:
        """The time by which the head existed, if enough witnesses say so."""
        times = self._times(head)
        return [] if self.faults is None or len(times) <= self.faults else [times[self.faults]]

    def not_after(self, index: int) -> datetime | None:
        """The earliest proven moment at which entry `index` existed."""
        at = bisect_right(self._sizes, index)
        return _moment(self._by_then[at]) if at < len(self._by_then) else None

    def not_before(self, entry: OpenedEntry) -> datetime | None:
        """The latest proven moment before which the entry cannot have been signed."""
        seen = entry.payload.seen
        return self.seen_at(seen.note) if seen else None

    def seen_at(self, digest: str) -> datetime | None:
        """The latest proven moment before which a note cannot have been as it is, cosignatures included."""
        head = self.heads.all.get(digest)
        times = self._times(head) if head else []
        return None if self.faults is None or len(times) <= self.faults else _moment(times[-1 - self.faults])

    def head_seen(self) -> datetime | None:
        """When the witnesses last saw the head; where none counts, by when it existed as a time stamp shows."""
        digest = note_digest(self.heads.head.note)
        return self.seen_at(digest) or self._stamped.get(digest)

    def before(self, index: int, moment: str) -> bool:
        """True if entry `index` is proven to have existed before an instant of the wire."""
        end = self.not_after(index)
        return end is not None and end < instant(moment)


def _moment(seconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=min(seconds, 253_402_300_799))  # the end of year 9999


def check_times(opened: Mapping[int, OpenedEntry], times: Times, book: VerificationLog) -> tuple[Bracket, ...]:
    """The bracket of every entry, and what does not fit it: TIME-SEEN, TIME-FUTURE, TIME-LATE, TIME-CLAIM."""
    brackets = tuple(check_time(index, entry, times, book) for index, entry in opened.items())
    open_ends = sum(b.not_before is None or b.not_after is None for b in brackets)
    say_times(len(brackets), open_ends, sum(b.not_after is None for b in brackets), times, book)
    say_absent(len({absent_of(entry, times) for entry in opened.values()} - {None}), book)
    return brackets


def check_time(index: int, entry: OpenedEntry, times: Times, book: VerificationLog) -> Bracket:
    """The bracket of one entry, and what does not fit it."""
    p = entry.payload
    bracket = Bracket(index, times.not_before(entry), times.not_after(index), instant(p.on), instant(p.signed_at))
    _check_seen(index, entry, times.heads, book)
    _check_claims(bracket, entry, book)
    return bracket


def say_times(number: int, open_ends: int, late: int, times: Times, book: VerificationLog) -> None:
    """How many brackets there are, how many of them are open at one end, and how many have no later end."""
    if times.faults is None and late == number:
        book.says("no brackets under this policy")
        return
    book.says(f"{counted(number, 'bracket')}, {open_ends} open on one side or both")
    if late:
        book.not_proven.append(f"By when {counted(late, 'entry', 'entries')} existed: no witness saw a head with them.")


def absent_of(entry: OpenedEntry, times: Times) -> str | None:
    """The digest of the state that an entry cites, if that is not among those at hand."""
    seen = entry.payload.seen
    return seen.note if seen is not None and seen.note not in times.heads.all else None


def say_absent(number: int, book: VerificationLog) -> None:
    """How many states that entries cite are not at hand."""
    if number:
        book.not_proven.append(f"That the log had every state that entries cite; missing here: {number}.")


def _check_seen(index: int, entry: OpenedEntry, heads: Heads, book: VerificationLog) -> None:
    seen = entry.payload.seen
    if seen is None:
        return
    cited = heads.all.get(seen.note)
    origin = heads.head.checkpoint.origin
    if seen.origin != origin:
        book.remark("TIME-SEEN", f"entry {index} cites a note of another log, {seen.origin}", entry.leaf)
    elif seen.size > index:
        book.remark("TIME-SEEN", f"entry {index} cites a state with {seen.size} entries, later than itself", entry.leaf)
    elif cited is not None and cited.checkpoint.size != seen.size:
        size = cited.checkpoint.size
        book.remark("TIME-SEEN", f"entry {index} says size {seen.size} of a note of size {size}", entry.leaf)


def _check_claims(b: Bracket, entry: OpenedEntry, book: VerificationLog) -> None:
    low, high = b.not_before, b.not_after
    if high and b.claimed > high + DRIFT:
        says = f"entry {b.index} happened, it says, at {wire(b.claimed)}; it already existed at {wire(high)}"
        book.remark("TIME-FUTURE", says, entry.leaf)
    elif low and b.claimed < low:
        says = f"entry {b.index} happened, it says, at {wire(b.claimed)}; it was recorded after {wire(low)}"
        book.remark("TIME-LATE", says, entry.leaf)
    if (low and b.signed_at < low - DRIFT) or (high and b.signed_at > high + DRIFT):
        says = f"entry {b.index} was signed, it says, at {wire(b.signed_at)}, outside its bracket"
        book.remark("TIME-CLAIM", says, entry.leaf)
