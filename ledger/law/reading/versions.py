"""The order as issued and corrected: its versions, their sending and arrival, and what the order states.

findings.md 1, "version". All of it is [design].
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from ledger.entries.case import Entry
from ledger.facts.vocabulary import ELEMENTS
from ledger.law.reading.acting_offices import ActingOffices
from ledger.law.reading.effective_entries import EffectiveEntries


class OrderVersions:
    """The order-issued of an order and its material corrections; entries about one of them."""

    def __init__(self, entries: EffectiveEntries, actors: ActingOffices) -> None:
        self._entries = entries
        self._actors = actors

    @cached_property
    def issued(self) -> Entry | None:
        """The first effective order-issued."""
        return self._entries.first("order-issued")

    @cached_property
    def versions(self) -> tuple[Entry, ...]:
        """The order as issued, then each material correction; empty while no effective order-issued is on record."""
        if self.issued is None:
            return ()
        return (self.issued, *(e for e in self._entries.of("order-corrected") if e.get("material") is True))

    @property
    def last_version(self) -> Entry | None:
        """The version in force now."""
        return self.versions[-1] if self.versions else None

    @cached_property
    def since(self) -> datetime | None:
        """From when an answer can count for a clock that a receipt starts.

        It is the `on` of a last version that is a correction; None for an order that was never materially corrected.
        """
        return self.versions[-1].on if len(self.versions) > 1 else None

    def version_of(self, e: Entry) -> Entry | None:
        """Return the version that an entry belongs to.

        Sending, arrival and notification: the one `about` names, without it the order as issued; a correction that is
        not material stands for what it corrects. Everything else: the version in whose time it happens.
        """
        if not self.versions:
            return None
        if e.kind in ("order-transmitted", "order-received", "notification-sent"):
            return self._version_named(e.get("about"))
        return next((v for v in reversed(self.versions) if v.on <= e.on), self.versions[0])

    def _version_named(self, leaf: str | None) -> Entry:
        seen: set[str] = set()
        named = self._entries.named(leaf)
        while named is not None and named.leaf not in seen:
            if named in self.versions:
                return named
            seen.add(named.leaf)  # two corrections may name each other
            named = self._entries.named(named.get("corrects"))
        return self.versions[0]  # names nothing that is a version: read as if it named nothing

    # -- sending and arrival -------------------------------------------------------------------------------------------

    @cached_property
    def served(self) -> datetime | None:
        """The first order-transmitted by ISS, CAR or POC, or order-received, whichever is earlier."""
        transmissions = (e for e in self._entries.of("order-transmitted") if self._actors.is_by(e, "ISS", "CAR", "POC"))
        return min((e.on for e in (*transmissions, *self._entries.of("order-received"))), default=None)

    @cached_property
    def sent_or_received(self) -> bool:
        """True if an effective order-transmitted or order-received is on record, of whatever version."""
        return bool(self._entries.of("order-transmitted", "order-received"))

    def service(self, version: Entry) -> datetime | None:
        """Return when a version was served: first sent by ISS or CAR; else first received.

        Of a correction that was neither sent nor received it is the `on` of the correction.
        """
        transmissions = (e for e in self._entries.of("order-transmitted") if self._actors.is_by(e, "ISS", "CAR"))
        for some in (transmissions, self._entries.of("order-received")):
            for e in some:
                if self.version_of(e) is version:
                    return e.on
        return version.on if version is not self.issued else None

    def notified(self, version: Entry) -> Entry | None:
        """Return the first notification-sent that belongs to a version."""
        return next((e for e in self._entries.of("notification-sent") if self.version_of(e) is version), None)

    # -- what the order states -----------------------------------------------------------------------------------------

    def states(self, name: str) -> Any:
        """Return what the order as issued states in a field; None without it or without an order."""
        return None if self.issued is None else self.issued.get(name)

    @cached_property
    def categories(self) -> frozenset[str]:
        """The categories the order states; never read from the elements."""
        return frozenset(self.states("data_categories") or ())

    @property
    def asking(self) -> tuple[Entry, ...]:
        """The order as issued and the corrections that state elements: what asks for data."""
        corrections = (e for e in self._entries.of("order-corrected") if e.stated("elements_sought"))
        return () if self.issued is None else (self.issued, *corrections)

    @cached_property
    def governing(self) -> frozenset[str]:
        """The categories the order states, and those of its elements in the law of the Union: Reg. 2023/1543 art. 3."""
        names = (name.partition("#")[0] for e in self.asking for name in e.get("elements_sought") or ())
        return self.categories | {ELEMENTS[name].eu for name in names if name in ELEMENTS}

    @cached_property
    def traffic_or_content(self) -> bool:
        """True if traffic or content is among the categories that govern the order."""
        return not self.governing.isdisjoint(("traffic", "content"))

    @cached_property
    def _supplied(self) -> frozenset[str]:
        corrections = self._entries.of("order-corrected")
        return frozenset(name for e in corrections for name in e.get("changed_fields") or ())

    def lacks(self, *fields: str) -> bool:
        """Return True if the order as issued leaves one of these fields empty, and no correction supplies it.

        Decision 49.
        """
        issued = self.issued
        return issued is not None and any(not issued.stated(f) and f not in self._supplied for f in fields)

    def instructs(self, code: str) -> bool:
        """Return True if the order has this special procedural instruction."""
        return code in (self.states("special_instructions") or ())
