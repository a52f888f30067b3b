"""The emergency of an order, and the review by the notified authority of the provider's State. findings.md 1."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from ledger.entries.case import Entry, instant
from ledger.law.reading.acting_offices import ActingOffices
from ledger.law.reading.deadline_changes import DeadlineChanges
from ledger.law.reading.effective_entries import EffectiveEntries
from ledger.law.reading.order_parties import OrderParties
from ledger.law.reading.reliability import Reliability
from ledger.law.reading.versions import OrderVersions
from ledger.law.terms.calendar import CountedPeriod, eu_days, eu_hours


class Emergency:
    """Whether and until when an order is one of an emergency."""

    def __init__(self, entries: EffectiveEntries, order: OrderVersions) -> None:
        self._entries = entries
        self._order = order

    def lasts(self, t: datetime) -> bool:
        """Return True if the order is an emergency at `t`.

        It is issued as one, or one was declared by `t`; and none was ended or downgraded with effect at or before `t`.
        """
        stated = self._order.states("emergency") is True
        if not stated and not any(e.on <= t for e in self._entries.of("emergency-declared")):
            return False
        return not any(over <= t for over, _ in self.reassessed)

    @cached_property
    def reassessed(self) -> tuple[tuple[datetime, Entry], ...]:
        """From when an emergency was ended or downgraded, with the entry that says so; the earliest effect first."""
        entries = self._entries.of("emergency-reassessed")
        over = (e for e in entries if e.get("outcome") in ("ended", "downgraded"))
        return tuple(sorted(((instant(e.get("effective_at")), e) for e in over), key=lambda pair: pair[0]))


class AuthorityReview:
    """The notification of an authority, its period of review, and the grounds that it raises."""

    def __init__(
        self,
        instrument: str,
        *,
        entries: EffectiveEntries,
        actors: ActingOffices,
        order: OrderVersions,
        parties: OrderParties,
        reliability: Reliability,
        emergency: Emergency,
        changes: DeadlineChanges,
    ) -> None:
        self._instrument = instrument
        self._entries = entries
        self._actors = actors
        self._order = order
        self._parties = parties
        self._reliability = reliability
        self._emergency = emergency
        self._changes = changes

    @cached_property
    def required(self) -> bool:
        """True if the authority must be notified.

        2AP-7: N-7-5-a declared, for every case or for a circumstance that is stated. EPOC: traffic or content, unless
        the person and the offence are the issuing State's own (art. 8(2)).
        """
        if self._instrument == "2AP-7":
            return self._parties.declaration_applies("N-7-5-a")
        at_home = self._order.states("notification_test") == "not-required-8-2"
        return self._instrument == "EPOC" and self._order.traffic_or_content and not at_home

    def suspends(self, t: datetime) -> bool:
        """Return True if the notification suspends: EPOC, notification required, no emergency at `t`.

        Whether the authority has received it does not matter (decision 29).
        """
        return self._instrument == "EPOC" and self.required and not self._emergency.lasts(t)

    @cached_property
    def notification(self) -> Entry | None:
        """The notification-received that starts E-12-1: the first of the last version that has one.

        A second arrival of the same version changes nothing (decision 14); a version that must be notified again
        (decision 13) gives the authority its time again.
        """
        received = self._entries.of("notification-received")
        for version in reversed(self._order.versions or (None,)):
            for e in received:
                if self._order.version_of(e) is version:
                    return e
        return None

    @cached_property
    def period(self) -> CountedPeriod | None:
        """The time of the enforcing authority; None while it is not known. EPOC:12(1) [text].

        Ten days, or 96 hours if there is an emergency when the notification arrives; later changes do not matter.
        """
        arrival = self.notification
        if arrival is None or self._instrument != "EPOC" or not self._reliability.known_trigger(arrival):
            return None
        days = self._parties.days_of(self._actors.party(arrival))
        return eu_hours(arrival.on, 96, days) if self._emergency.lasts(arrival.on) else eu_days(arrival.on, 10, days)

    @cached_property
    def end(self) -> datetime | None:
        """The end of E-12-1, as extended; None while it is not known."""
        extension = self._changes.extension("E-12-1")
        if extension is not None and self.notification is not None:
            return instant(extension.get("new_due"))
        return self.period.due if self.period else None

    def ground_in_time(self, e: Entry) -> bool:
        """Return True if a ground was raised before the end of E-12-1, or while that end is not known.

        Later it has no effect (decision 31).
        """
        return self._entries.is_effective(e) and (self.end is None or e.on < self.end)

    @cached_property
    def grounds_in_time(self) -> tuple[Entry, ...]:
        """Every ground-for-refusal-raised in time."""
        return tuple(e for e in self._entries.of("ground-for-refusal-raised") if self.ground_in_time(e))
