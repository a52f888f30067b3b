"""Run step 12: prove from both sides when an entry was signed, and compare the claimed times.

A signer that cites a cosigned note signed after the witnesses did: this is `not_before`. A cosigned or
time-stamped head that contains an entry shows that the entry existed by then: this is `not_after`. If f
witnesses may be dishonest, the (f+1)-th time from the suspicious end bounds a time that an honest witness
gave. These times never decide the verdict.
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
    """The times that witnesses and time-stamp authorities give for positions of the log.

    Witnesses give none under a policy without brackets. `stamped` says by when notes existed, by their
    digest.
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
        self._by_then = list(accumulate(later, min))[::-1]  # the earliest of this and all larger sizes

    def _times(self, head: Head) -> list[int]:
        return sorted(seconds for key, seconds in head.cosignatures if key in self._voters)

    def _by(self, head: Head) -> list[int]:
        """Return by when the head existed, in seconds since 1970, as a list of one; empty without enough witnesses."""
        times = self._times(head)
        return [] if self.faults is None or len(times) <= self.faults else [times[self.faults]]

    def not_after(self, index: int) -> datetime | None:
        """Return the earliest proven moment (UTC) at which entry `index` existed."""
        at = bisect_right(self._sizes, index)
        return _moment(self._by_then[at]) if at < len(self._by_then) else None

    def not_before(self, entry: OpenedEntry) -> datetime | None:
        """Return the latest proven moment (UTC) before which the entry cannot have been signed."""
        seen = entry.payload.seen
        return self.seen_at(seen.note) if seen else None

    def seen_at(self, digest: str) -> datetime | None:
        """Return the latest proven moment (UTC) before which a note cannot have existed with its cosignatures."""
        head = self.heads.all.get(digest)
        times = self._times(head) if head else []
        return None if self.faults is None or len(times) <= self.faults else _moment(times[-1 - self.faults])

    def existed(self, digest: str) -> datetime | None:
        """Return the earliest proven moment (UTC) at which a note existed."""
        by = [_moment(seconds) for seconds in self._by(self.heads.all[digest])]
        return min([*by, *(moment for note, moment in self._stamped.items() if note == digest)], default=None)

    def head_seen(self) -> datetime | None:
        """Return when the witnesses last saw the head; if none counts, by when a time stamp shows that it existed."""
        digest = note_digest(self.heads.head.note)
        return self.seen_at(digest) or self._stamped.get(digest)

    def before(self, index: int, moment: str) -> bool:
        """Return True if entry `index` is proven to have existed before an instant of the wire."""
        end = self.not_after(index)
        return end is not None and end < instant(moment)


def _moment(seconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=min(seconds, 253_402_300_799))  # the end of year 9999


def check_times(opened: Mapping[int, OpenedEntry], times: Times, book: VerificationLog) -> tuple[Bracket, ...]:
    """Return the bracket of every entry, and add findings: TIME-SEEN, TIME-FUTURE, TIME-LATE, TIME-CLAIM."""
    brackets = tuple(check_time(index, entry, times, book) for index, entry in opened.items())
    open_ends = sum(b.not_before is None or b.not_after is None for b in brackets)
    say_times(len(brackets), open_ends, sum(b.not_after is None for b in brackets), times, book)
    say_absent(len({absent_of(entry, times) for entry in opened.values()} - {None}), book)
    return brackets


def check_time(index: int, entry: OpenedEntry, times: Times, book: VerificationLog) -> Bracket:
    """Return the bracket of one entry, and add a finding for each claimed time outside it."""
    p = entry.payload
    bracket = Bracket(index, times.not_before(entry), times.not_after(index), instant(p.on), instant(p.signed_at))
    _check_seen(index, entry, times.heads, book)
    _check_claims(bracket, entry, book)
    return bracket


def say_times(number: int, open_ends: int, late: int, times: Times, book: VerificationLog) -> None:
    """Record the number of brackets, of those open at one side or both, and of those without a later bound."""
    if times.faults is None and late == number:
        book.says("no brackets under this policy")
        return
    book.says(f"{counted(number, 'bracket')}, {open_ends} open on one side or both")
    if late:
        book.not_proven.append(f"By when {counted(late, 'entry', 'entries')} existed: no witness saw a head with them.")


def absent_of(entry: OpenedEntry, times: Times) -> str | None:
    """Return the digest of the state that an entry cites; None if that state is present or none is cited."""
    seen = entry.payload.seen
    return seen.note if seen is not None and seen.note not in times.heads.all else None


def say_absent(number: int, book: VerificationLog) -> None:
    """Record the number of cited states that are not present."""
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
