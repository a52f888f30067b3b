"""What is sought, what is barred, what has been returned: the substance of one order at one moment.

findings.md 1, from "scope" to "disowned". A value nobody can read any more was stated but is not known: a manifest that
cannot be read still was one, so a disclosure whose provider says in public that nothing is missing counts as having
returned all of the scope of its moment, and one that names what it withholds as all the rest [design]. Any other sealed
value that cannot be read is no evidence of anything [design].
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import datetime
from functools import cached_property

from ledger.entries.case import Entry, Unread, instant
from ledger.facts.vocabulary import ELEMENTS
from ledger.law.reading.effective_entries import Record
from ledger.law.reading.parties import Declaration
from ledger.law.terms.calendar import Count, eu_days, eu_hours

# Orders that go straight to whoever holds the data; the others go through an authority of the requested Party.
STRAIGHT = frozenset(("2AP-6", "2AP-7", "BC-16", "BC-18", "VOL", "EPOC", "EPOC-PR", "SCA", "COA"))
EU = ("EPOC", "EPOC-PR")
NOTHING: frozenset[str] = frozenset()


class Substance(Record):
    """What the entries of an order amount to: scope, answer, instruction, ground, emergency, notification."""

    # -- declarations --------------------------------------------------------------------------------------------------

    @cached_property
    def issued_on(self) -> datetime:
        """The moment whose declarations count: of issue; of the first entry, or now, while nothing is issued."""
        if self.issued is not None:
            return self.issued.on
        return self.entries[0].on if self.entries else self.at

    def declared(self, code: str, party: str | None = None) -> Declaration | None:
        """A declaration of the addressed Party (or of `party`) in force on the day of issue, in that Party's zone."""
        party = party or self.to_party
        return self.register.declaration(party, code, self.days_of(party).day(self.issued_on)) if party else None

    @cached_property
    def circumstances(self) -> frozenset[str]:
        """Declared circumstances stated in the order or in a receipt. Those nobody can read here were not stated."""
        said = (self.issued, *self.of("order-received")) if self.issued else self.of("order-received")
        return frozenset(code for e in said for code in e.get("circumstances") or ())

    def _bites(self, code: str) -> bool:
        declaration = self.declared(code)
        if declaration is None:
            return False
        return not declaration.circumstances or not self.circumstances.isdisjoint(declaration.circumstances)

    @cached_property
    def notification_required(self) -> bool:
        """2AP-7: N-7-5-a declared, for every case or for a circumstance that is stated. EPOC: traffic or content,
        unless the person and the offence are the issuing State's own (art. 8(2))."""
        if self.instrument == "2AP-7":
            return self._bites("N-7-5-a")
        if self.instrument != "EPOC" or self.issued is None:
            return False
        heavy = not {"traffic", "content"}.isdisjoint(self.issued.get("data_categories") or ())
        return heavy and self.issued.get("notification_test") != "not-required-8-2"

    @cached_property
    def consultation_required(self) -> bool:
        """N-7-5-b applies: declared, for every case or for a circumstance that is stated."""
        return self._bites("N-7-5-b")

    # -- elements ------------------------------------------------------------------------------------------------------

    @staticmethod
    def covers(a: str, b: str) -> bool:
        """An element covers itself and, without `#label`, every labelled one of its kind."""
        return a == b or ("#" not in a and b.partition("#")[0] == a)

    def category(self, element: str) -> str | None:
        """The category of an element under the law of this order; None for an element this reader does not know."""
        known = ELEMENTS.get(element.partition("#")[0])
        return None if known is None else known.eu if self.instrument in EU else known.category

    @staticmethod
    def _covered(element: str, by: Container[str]) -> bool:
        """One of these covers the element."""
        return element in by or element.partition("#")[0] in by

    def scope(self, t: datetime, without: frozenset[str] = NOTHING) -> frozenset[str]:
        """What was sought at `t`, as last changed, less what was barred in part and what is said not to be held.

        `without`: leaves of entries to leave out of account.
        """
        sought: Iterable[str] = ()
        for e in (*self.versions[:1], *self.of("order-corrected", "order-adapted")):
            if e.on <= t and e.stated("elements_sought") and e.leaf not in without:
                sought = e.get("elements_sought")
        less = {
            element
            for e in (*self.grounds_in_time, *self.instructions_in_force(t))
            if e.on <= t and e.get("scope") == "part" and e.leaf not in without
            for element in e.get("elements") or ()
        }
        for e in self.of("no-data-held"):
            if e.on <= t and e.leaf not in without:
                less.update(e.get("elements") or ())
        return frozenset(s for s in sought if not self._covered(s, less))

    @cached_property
    def _ever_sought(self) -> frozenset[str]:
        said = (*self.versions[:1], *self.of("order-corrected"))
        return frozenset(element for e in said for element in e.get("elements_sought") or ())

    def not_sought(self, element: str) -> bool:
        """It stands in no `elements_sought` of the order or of a correction, and is covered by none."""
        return not self._covered(element, self._ever_sought)

    # -- what came back ------------------------------------------------------------------------------------------------

    @property
    def disclosures(self) -> tuple[Entry, ...]:
        """Every data-disclosed, in order of entries."""
        return self.of("data-disclosed")

    def returned_by(self, disclosure: Entry) -> frozenset[str]:
        """The elements of one disclosure. If its manifest cannot be read here: all the scope of its moment if it is not
        partial, all but what it withholds if it says what, else none."""
        if not isinstance(disclosure.sealed.get("manifest"), Unread):
            return manifest_elements(disclosure)
        withheld = disclosure.get("withheld") or ()
        if disclosure.get("partial") and not withheld:
            return NOTHING
        return frozenset(s for s in self.scope(disclosure.on) if not self._covered(s, withheld))

    def returned(self, t: datetime, without: frozenset[str] = NOTHING) -> frozenset[str]:
        """All elements of the disclosures up to and at `t`."""
        return NOTHING.union(*(self.returned_by(d) for d in self.disclosures if d.on <= t and d.leaf not in without))

    def received_elements(self, receipt: Entry) -> frozenset[str]:
        """The elements of an evidence-received: those of its own manifest, else of the entry it names."""
        if receipt.stated("manifest"):
            return manifest_elements(receipt)
        named = self.named(receipt.get("about"))
        if named is None:
            return NOTHING
        return self.returned_by(named) if named.kind == "data-disclosed" else manifest_elements(named)

    def complete(self, since: datetime | None = None, without: frozenset[str] = NOTHING) -> Entry | None:
        """The entry with which all of the scope was returned, not before the first disclosure and not before `since`.

        What was returned before `since` counts; if it was enough, the order was complete when `since` began, and the
        version that began then is the entry [design]. An order that names no elements is complete with any disclosure.
        """
        disclosures = [d for d in self.disclosures if d.leaf not in without]
        if not disclosures:
            return None
        start = disclosures[0].on if since is None else max(disclosures[0].on, since)
        returned: set[str] = set()
        following = iter(disclosures)
        coming = next(following, None)
        for e in self._turns:
            if e.on < start or e.leaf in without:
                continue
            while coming is not None and coming.on <= e.on:
                returned |= self.returned_by(coming)
                coming = next(following, None)
            if all(self._covered(s, returned) for s in self.scope(e.on, without)):
                return e
        return None

    @cached_property
    def _turns(self) -> tuple[Entry, ...]:
        """The entries that can change what is still missing, in order of entries."""
        kinds = ("data-disclosed", "no-data-held", "order-corrected", "order-adapted", "ground-for-refusal-raised")
        return self.of(*kinds, "non-disclosure-instructed", "instruction-lifted")

    @cached_property
    def complete_at(self) -> datetime | None:
        """From when all of the scope has been returned; None if not."""
        complete = self.complete()
        return complete.on if complete else None

    def is_no_data_for_all(self, e: Entry) -> bool:
        """A no-data-held that names no elements, or whose elements cover all that was left of the scope."""
        named = e.get("elements") or ()
        return not named or all(self._covered(s, named) for s in self.scope(e.on, frozenset((e.leaf,))))

    def no_data_for_all(self, t: datetime) -> bool:
        """By `t` it was said that there are no data for all that was sought."""
        return any(e.on <= t and self.is_no_data_for_all(e) for e in self.of("no-data-held"))

    @cached_property
    def disowned(self) -> bool:
        """An effective order-repudiated is on record."""
        return bool(self.of("order-repudiated"))

    @cached_property
    def reaching(self) -> tuple[Entry, ...]:
        """The entries by which data reached the issuing side; none in a disowned order."""
        if self.disowned:
            return ()
        direct = ("data-disclosed",) if self.instrument in STRAIGHT else ()
        return self.of("evidence-received", "data-transmitted-by-state", *direct)

    @cached_property
    def reached(self) -> datetime | None:
        """When data first reached the issuing side."""
        return self.reaching[0].on if self.reaching else None

    # -- instructions and grounds --------------------------------------------------------------------------------------

    def valid_instruction(self, e: Entry) -> bool:
        """Given by the office designated under C-7-5-e, or by any notified authority if none is designated."""
        if e.kind != "non-disclosure-instructed" or not self.is_effective(e):
            return False
        party = self.to_party
        designated = self.register.designated(party, "C-7-5-e", e.on) if party else NOTHING
        return not designated or e.actor in designated

    @cached_property
    def instructions(self) -> tuple[Entry, ...]:
        """Every valid instruction not to disclose, lifted or not."""
        return tuple(e for e in self.of("non-disclosure-instructed") if self.valid_instruction(e))

    @cached_property
    def _lifted(self) -> dict[str, datetime]:
        lifted: dict[str, datetime] = {}
        for e in self.of("instruction-lifted"):
            if (instruction := self.named(e.get("about"))) is not None:
                lifted.setdefault(instruction.leaf, e.on)
        return lifted

    def lifted_on(self, instruction: Entry) -> datetime | None:
        """When an instruction was first lifted; None while it stands."""
        return self._lifted.get(instruction.leaf)

    def instructions_in_force(self, t: datetime) -> tuple[Entry, ...]:
        """Valid instructions that were given at or before `t` and not lifted at or before it."""
        return tuple(e for e in self.instructions if e.on <= t and not self._lifted_by(e, t))

    def _lifted_by(self, instruction: Entry, t: datetime) -> bool:
        lifted = self.lifted_on(instruction)
        return lifted is not None and lifted <= t

    def bars(self, e: Entry, disclosure: Entry) -> bool:
        """An instruction or a ground forbids (some of) what a disclosure returned: its scope is all, or it covers a
        returned element. A ground on conditions bars nothing."""
        if e.get("scope") == "all":
            return True
        return e.get("scope") == "part" and self._covers_some(e, disclosure)

    def touches(self, ground: Entry, disclosure: Entry) -> bool:
        """The scope of the ground is all or conditions, or it covers a returned element of the disclosure."""
        return ground.get("scope") in ("all", "conditions") or self._covers_some(ground, disclosure)

    def _covers_some(self, e: Entry, disclosure: Entry) -> bool:
        named = e.get("elements") or ()
        return any(self._covered(element, named) for element in self.returned_by(disclosure))

    # -- emergency and notification ------------------------------------------------------------------------------------

    def emergency(self, t: datetime) -> bool:
        """The order is issued as an emergency or one was declared by `t`, and none was ended or downgraded with effect
        at or before `t`."""
        stated = self.issued is not None and self.issued.get("emergency") is True
        if not stated and not any(e.on <= t for e in self.of("emergency-declared")):
            return False
        return not any(over <= t for over, _ in self.reassessed)

    @cached_property
    def reassessed(self) -> tuple[tuple[datetime, Entry], ...]:
        """From when an emergency was ended or downgraded, with the entry that says so; the earliest effect first."""
        found = (e for e in self.of("emergency-reassessed") if e.get("outcome") in ("ended", "downgraded"))
        return tuple(sorted(((instant(e.get("effective_at")), e) for e in found), key=lambda pair: pair[0]))

    def suspends(self, t: datetime) -> bool:
        """The notification suspends: EPOC, notification required, no emergency at `t`. Whether the authority has
        received it does not matter (decision 29)."""
        return self.instrument == "EPOC" and self.notification_required and not self.emergency(t)

    @cached_property
    def notification(self) -> Entry | None:
        """The notification-received that winds E-12-1: the first of the last version that has one.

        A second arrival of the same version changes nothing (decision 14); a version that must be notified again
        (decision 13) gives the authority its time again.
        """
        received = self.of("notification-received")
        for version in reversed(self.versions or (None,)):
            for e in received:
                if self.version_of(e) is version:
                    return e
        return None

    @cached_property
    def review(self) -> Count | None:
        """The time of the enforcing authority: ten days, or 96 hours if there is an emergency when the notification
        arrives; what changes later does not touch it. None while it is not known. EPOC:12(1) [text]."""
        notice = self.notification
        if notice is None or self.instrument != "EPOC" or not self.known_trigger(notice):
            return None
        days = self.days_of(self.party_of(notice))
        return eu_hours(notice.on, 96, days) if self.emergency(notice.on) else eu_days(notice.on, 10, days)

    @cached_property
    def review_end(self) -> datetime | None:
        """The end of E-12-1, as extended; None while it is not known."""
        extension = self.extension("E-12-1")
        if extension is not None and self.notification is not None:
            return instant(extension.get("new_due"))
        return self.review.due if self.review else None

    def ground_in_time(self, e: Entry) -> bool:
        """Raised before the end of E-12-1, or while that end is not known. Later it has no effect (decision 31)."""
        return self.is_effective(e) and (self.review_end is None or e.on < self.review_end)

    @cached_property
    def grounds_in_time(self) -> tuple[Entry, ...]:
        """Every ground-for-refusal-raised in time, in order of entries."""
        return tuple(e for e in self.of("ground-for-refusal-raised") if self.ground_in_time(e))

    # -- what moves clocks ---------------------------------------------------------------------------------------------

    def extension(self, id: str, since: datetime | None = None) -> Entry | None:
        """The last deadline-extended of this clock, not counting those before `since`: a version that winds a clock
        again leaves behind the end that was set for the one before [design]."""
        found = (e for e in reversed(self.of("deadline-extended")) if e.get("deadline") == id)
        return next((e for e in found if since is None or e.on >= since), None)

    @cached_property
    def referrals(self) -> tuple[tuple[Entry, Entry | None], ...]:
        """Every order-referred-back with its clarification: the first order-corrected after it, or the first
        additional-information-provided or order-maintained that answers it; None while there is none."""
        return tuple((e, self.clarification(e)) for e in self.of("order-referred-back"))

    def clarification(self, referral: Entry) -> Entry | None:
        """What clarified the order that was referred back; None while nothing did."""
        for e in self.of("order-corrected", "additional-information-provided", "order-maintained"):
            after = (e.on, e.index) > (referral.on, referral.index)
            if after and (e.kind == "order-corrected" or self.named(e.get("answers")) is referral):
                return e
        return None


def manifest_elements(e: Entry) -> frozenset[str]:
    """The elements of the manifest of an entry, as far as it can be read here."""
    return frozenset((e.get("manifest") or {}).get("elements") or ())
