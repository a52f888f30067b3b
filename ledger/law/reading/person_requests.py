"""Requests of the person concerned (access, rectification, erasure) and the entries that answer them.

LED art. 14 to 16, GDPR art. 15 to 17, CETS 224 art. 14(12). An answer names its request. A rectification that was made
names the corrected entry instead: it answers the requests before it about that entry, and those about no entry. The
duty is that of the office that took the request: an office of another Party neither answers nor extends it [design].
"""

from __future__ import annotations

from ledger.entries.case import Entry
from ledger.law.reading.effective_entries import EffectiveEntries, precedes

REQUESTS = ("access-requested", "rectification-requested", "erasure-requested")
ANSWERS = {
    "access-requested": ("access-granted", "access-restricted"),
    "rectification-requested": ("rectification-made", "rectification-refused"),
    "erasure-requested": ("erasure-decided",),
}
EXTENDED = "reply-period-extended"
CLOCKS = ("GDPR-12-3", "LED-12-3", "RETENTION-REVIEW")  # criterion A7 asks for them, not A6


def answers_to(entries: EffectiveEntries, request: Entry) -> tuple[Entry, ...]:
    """Return the entries that answer a request, in order of entries."""
    return tuple(e for e in entries.of(*ANSWERS[request.kind]) if _answers(entries, e, request))


def extension_of(entries: EffectiveEntries, request: Entry) -> Entry | None:
    """Return the first entry that extends the time for the answer to a request."""
    named = (e for e in entries.of(EXTENDED) if entries.named(e.get("about")) is request)
    return next((e for e in named if e.party == request.party), None)


def _answers(entries: EffectiveEntries, e: Entry, request: Entry) -> bool:
    if e.party != request.party:
        return False
    if e.kind != "rectification-made":
        return entries.named(e.get("answers")) is request
    about = request.get("about")
    same = about is None or entries.named(about) is entries.named(e.get("about"))
    return same and precedes(request, e)
