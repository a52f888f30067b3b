"""How far an entry can be relied on: its time, its source, and the disputes about it.

findings.md 1, from "late" to "known trigger". All of it is [design].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cached_property

from msgspec import Struct

from ledger.entries.case import DRIFT, Entry, instant
from ledger.entries.replacement import ALGORITHMS
from ledger.law.reading.effective_entries import EffectiveEntries
from ledger.law.reading.versions import OrderVersions
from ledger.messages import Message

LATE = timedelta(hours=24)  # decision 3 [design]: recorded more than 24 hours after the event

# Kinds whose moment the stamp of a receipt can show [design]: what arrived at the signer, and what reached another
# office or a person. Any other act of the signer, as a decision to delay a notice, has no receipt, and to state one
# would be untrue.
STAMPED_ON_RECEIPT = frozenset(
    "order-received notification-received form-received evidence-received withdrawal-confirmed access-requested "
    "rectification-requested erasure-requested restriction-status-asked remedy-sought "
    "order-transmitted alternative-transmission-recorded notification-sent order-referred-back "
    "additional-information-requested additional-information-provided order-withdrawn preservation-requested "
    "preservation-confirmed preservation-refused preservation-extended production-request-confirmed data-disclosed "
    "traffic-data-partially-disclosed data-transmitted-by-state no-data-held disclosure-declined "
    "reasons-for-non-execution-given reasoned-objection-filed addressee-objected enforcement-requested "
    "decision-notified instruction-reasons-given non-disclosure-instructed no-ground-confirmed "
    "ground-for-refusal-raised ex-post-validation-sought request-confirmed-in-writing emergency-request-formalised "
    "customer-notified controller-informed access-granted access-restricted rectification-refused "
    "custody-transferred data-returned incident-notified-to-authority incident-notified-to-individual "
    "incident-notified-to-transferring-party".split()
)


class Lack(Struct, frozen=True):
    """What an entry lacks: in words, and the column of a table whose `value` would supply it; empty if none would."""

    says: str
    column: str
    value: str

    @property
    def words(self) -> str:
        """Return what is lacking and, in brackets, what would supply it."""
        if not self.column:
            return self.says
        return Message("{0} (it would with {1} {2})", self.says, self.column, self.value)


def late(e: Entry) -> bool:
    """Return True if an entry was recorded more than 24 hours after it happened."""
    return e.at - e.on > LATE


def in_time(e: Entry) -> bool:
    """Return True if an entry was recorded neither late nor before it can have happened."""
    return not late(e) and not e.after_signature


def lack_of_time(e: Entry) -> Lack | None:
    """Return why the `on` of an entry cannot be relied on without another entry; None where it can."""
    if e.after_signature:
        return Lack(Message("it is dated after its signature"), "occurred", Message("when it happened"))
    if late(e) and e.on_source != "receipt-stamp":
        says = Message("it is recorded more than {0} hours after it happened", int(LATE.total_seconds()) // 3600)
        if can_be_stamped(e):
            return Lack(says, "on_source", "receipt-stamp")
        return Lack(Message("{0}, and no receipt can show the moment of an act of its signer", says), "", "")
    return None


def can_be_stamped(e: Entry) -> bool:
    """Return True if a receipt can show when an entry happened: see `STAMPED_ON_RECEIPT`, or another office acted."""
    return e.kind in STAMPED_ON_RECEIPT or e.actor != e.by


class Reliability:
    """What supports or disputes the entries of an order."""

    def __init__(self, entries: EffectiveEntries, order: OrderVersions) -> None:
        self._entries = entries
        self._order = order

    # -- source --------------------------------------------------------------------------------------------------------

    @cached_property
    def _backed(self) -> frozenset[str]:
        entries = self._entries
        withdrawn = {(e.origin, e.by, e.replaces) for e in entries.current if e.held}
        return frozenset(
            ours.leaf
            for e in entries.of("counterparty-record-received")
            if (ours := entries.by_leaf.get(e.proves or "")) is not None
            and (e.get("origin"), ours.actor, e.get("leaf")) not in withdrawn
        )

    def first_hand(self, e: Entry) -> bool:
        """Return True for an act, for a report of an act that its office has stated itself, and for a proven report.

        A sealed entry of the acting side's own log proves it. The proof ends where the signer has replaced the entry in
        its own log and that replacement has arrived here.
        """
        return e.speaks == "act" or e.leaf in self._backed or self.stated_by_its_office(e)

    def stated_by_its_office(self, e: Entry) -> bool:
        """Return True for a report of which this record has the act: of the office itself, with the same words."""
        return e.speaks != "act" and any(
            x.speaks == "act" and (x.by, x.on, x.public) == (e.actor, e.on, e.public) for x in self._entries.of(e.kind)
        )

    # -- time ----------------------------------------------------------------------------------------------------------

    def trusted(self, e: Entry) -> bool:
        """Return True if its `on` can be relied on.

        It is recorded in time, stamped on receipt, restates an entry recorded in time, or is confirmed by another.
        """
        if lack_of_time(e) is None or self.restates_in_time(e):
            return True
        return any(o.on == e.on and o.by != e.by and in_time(o) for o in self._entries.of(e.kind))

    def restates_in_time(self, e: Entry) -> bool:
        """Return True if it replaces an entry of its kind that its signer recorded in time for the moment it states.

        The signature of that entry supports the moment: it was made within 24 hours of it, and not before it. What it
        says of files and extent must be the same: the later entry adds nothing to the act.
        """
        old: Entry | None = e
        while old is not None and (before := self._entries.by_leaf.get(old.replaces or "")) is not None:
            if before.kind != e.kind or old not in self._entries.replacements.get(before.leaf, ()):
                return False
            if -DRIFT <= before.at - e.on <= LATE and before.held and _extent(before) == _extent(e):
                return True
            old = before
        return False

    def known_trigger(self, e: Entry) -> bool:
        """Return True if a clock may count from it: its time can be trusted and is not disputed.

        Of a settled dispute the entry's own `on` counts, never `claimed_on`.
        """
        return self.trusted(e) and not self.disputed(e.leaf)

    def speaks_of(self, e: Entry, disclosure: Entry) -> bool:
        """Return True if an evidence-received or data-transmitted-by-state is about this disclosure.

        It names the disclosure or, if it names nothing, repeats one of its digests. The two entries may be of another
        reading of the order than this one.
        """
        about = e.get("about")
        if about is not None:
            named = self._entries.named(about)
            return named is not None and named.leaf == disclosure.leaf
        return not file_digests(e).isdisjoint(file_digests(disclosure))

    def supported(self, answer: Entry, end: datetime) -> bool:
        """Return True if a late answer counts: stamped on receipt, recorded in time before, or confirmed by an arrival.

        The arrival happened before `end` and was recorded in time.
        """
        if answer.on_source == "receipt-stamp" or self.restates_in_time(answer):
            return True
        arrivals = self._entries.of("evidence-received", "data-transmitted-by-state")
        return any(e.on < end and in_time(e) and self.speaks_of(e, answer) for e in arrivals if e.leaf != answer.leaf)

    # -- disputes ------------------------------------------------------------------------------------------------------

    @cached_property
    def settled(self) -> frozenset[str]:
        """Leaves of the disputes that a court has settled. The court signed the ruling, or an office of no side did."""
        return frozenset(
            dispute.leaf
            for ruling in self._entries.of("court-ruled")
            if (dispute := self._entries.by_leaf.get(ruling.get("settles", ""))) is not None
            and (self.first_hand(ruling) or ruling.by not in self._sides(dispute))
        )

    def _sides(self, dispute: Entry) -> set[str]:
        about = self._entries.by_leaf.get(dispute.get("about", ""))
        return {dispute.actor, *(() if about is None else (about.actor,))}

    @cached_property
    def open_disputes(self) -> dict[str, tuple[Entry, ...]]:
        """Leaf of an entry -> the disputes about it that no court has settled.

        A dispute is also about later entries of the same office, kind and version, unless the time is now the one that
        is claimed.
        """
        disputes = self._entries.of("receipt-disputed", "event-disputed")
        if not disputes:
            return {}
        settled = self.settled
        by_leaf: dict[str, tuple[Entry, ...]] = {}
        for dispute in disputes:
            if dispute.leaf not in settled and (about := dispute.get("about")):
                for leaf in {about, *self._repeated(about, dispute.get("claimed_on"))}:
                    by_leaf[leaf] = (*by_leaf.get(leaf, ()), dispute)
        return by_leaf

    def _repeated(self, leaf: str, claimed: str | None) -> Iterator[str]:
        if (old := self._entries.by_leaf.get(leaf)) is None:
            return
        version, agreed = self._order.version_of(old), None if claimed is None else instant(claimed)
        for e in self._entries.all_of(old.kind):
            same_version = self._order.version_of(e) is version
            if e.position > old.position and e.actor == old.actor and same_version and e.on != agreed:
                yield e.leaf

    def disputed(self, leaf: str) -> bool:
        """Return True while a dispute about an entry is open."""
        return leaf in self.open_disputes


EXTENT = ("partial", "scope", "elements", "outcome", "decision", "proper_addressee")  # how far an act goes


def _extent(e: Entry) -> tuple[object, ...]:
    return file_digests(e), *map(e.get, EXTENT)


def file_digests(e: Entry) -> frozenset[str]:
    """Return the digests of the files in the manifest of an entry, as far as it can be read."""
    manifest = e.get("manifest") or {}
    return frozenset(_digests(manifest.get("files") or ()))


def _digests(files: Iterable[dict[str, object]]) -> Iterator[str]:
    for file in files:
        for name in ALGORITHMS:
            if digest := file.get(name):
                yield str(digest)
