"""What is sought, what is barred and what has been returned: the substance of one order at one moment.

findings.md 1, from "scope" to "disowned". An unreadable value was stated but is not known. An unreadable manifest still
was a manifest: a disclosure whose provider says in public that nothing is missing counts as having returned all of the
scope of its moment, and one that names what it withholds as having returned the rest [design]. Any other sealed value
that cannot be read is no evidence of anything [design].
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import datetime
from functools import cached_property

from ledger.entries.case import Entry, Unread, instant
from ledger.law.reading.authority_review import AuthorityReview
from ledger.law.reading.effective_entries import EffectiveEntries
from ledger.law.reading.instructions import Instructions
from ledger.law.reading.versions import OrderVersions
from ledger.law.terms.instruments import DIRECT

NOTHING: frozenset[str] = frozenset()


def covered(element: str, by: Container[str]) -> bool:
    """Return True if one of these elements covers an element: the same, or the same without `#label`."""
    return element in by or element.partition("#")[0] in by


def manifest_elements(e: Entry) -> frozenset[str]:
    """Return the elements of the manifest of an entry, as far as it can be read here."""
    return frozenset((e.get("manifest") or {}).get("elements") or ())


class Substance:
    """The scope of an order and the data returned under it, as data elements."""

    def __init__(
        self,
        instrument: str,
        *,
        entries: EffectiveEntries,
        order: OrderVersions,
        review: AuthorityReview,
        instructions: Instructions,
    ) -> None:
        self._instrument = instrument
        self._entries = entries
        self._order = order
        self._review = review
        self._instructions = instructions

    # -- scope ---------------------------------------------------------------------------------------------------------

    def scope(self, t: datetime, without: frozenset[str] = NOTHING) -> frozenset[str]:
        """Return the elements sought at `t`, as last changed, less those barred in part and those not held.

        `without`: leaves of entries to leave out of account.
        """
        sought: Iterable[str] = ()
        for e in (*self._order.versions[:1], *self._entries.of("order-corrected", "order-adapted")):
            if e.on <= t and e.stated("elements_sought") and e.leaf not in without:
                sought = e.get("elements_sought")
        less = {
            element
            for e in (*self._review.grounds_in_time, *self._instructions.in_force(t))
            if e.on <= t and e.get("scope") == "part" and e.leaf not in without
            for element in e.get("elements") or ()
        }
        for e in self._entries.of("no-data-held"):
            if e.on <= t and e.leaf not in without:
                less.update(e.get("elements") or ())
        return frozenset(s for s in sought if not covered(s, less))

    def not_sought(self, element: str, on: datetime) -> bool:
        """Return True if an element is neither sought at a moment, by the last statement of it, nor by a later one."""
        asking = (*self._order.versions[:1], *self._entries.of("order-corrected", "order-adapted"))
        stated = [e for e in asking if e.stated("elements_sought")]
        before = [e for e in stated if e.on <= on][-1:] or stated[:1]
        sought = (s for e in (*before, *(e for e in stated if e.on > on)) for s in e.get("elements_sought") or ())
        return not covered(element, frozenset(sought))

    def sent(self, receipt: Entry) -> datetime:
        """Return when data that were received had been sent: by the disclosure it names, else the last one before."""
        named = self._entries.named(receipt.get("about"))
        sent = [d.on for d in self.disclosures if d is named] or [d.on for d in self.disclosures if d.on <= receipt.on]
        return sent[-1] if sent else receipt.on

    # -- what was returned ---------------------------------------------------------------------------------------------

    @property
    def disclosures(self) -> tuple[Entry, ...]:
        """Every data-disclosed."""
        return self._entries.of("data-disclosed")

    def returned_by(self, disclosure: Entry) -> frozenset[str]:
        """Return the elements of one disclosure.

        If its manifest cannot be read here, or is that of an import and lists nothing: all the scope of its moment if
        it is not partial, all but what it withholds if it says what, else none.
        """
        if not isinstance(disclosure.sealed.get("manifest"), Unread) and not _lists_nothing(disclosure):
            return manifest_elements(disclosure)
        withheld = disclosure.get("withheld") or ()
        if disclosure.get("partial") and not withheld:
            return NOTHING
        return frozenset(s for s in self.scope(disclosure.on) if not covered(s, withheld))

    def accessible_until(self, transfer: Entry) -> datetime | None:
        """Return until when transferred data are accessible, as last extended; None where it is not stated.

        Only an extension before the end extends [design].
        """
        stated = (e.get("access_until") for e in (transfer, *self.access_extensions(transfer)))
        return max((instant(until) for until in stated if until), default=None)

    def access_extensions(self, transfer: Entry) -> list[Entry]:
        """Return the access-extended about transferred data that came before the end of access."""
        until = instant(transfer.get("access_until")) if transfer.stated("access_until") else None
        extensions: list[Entry] = []
        for e in self._entries.of("access-extended"):
            if self._entries.named(e.get("about")) is not transfer or not e.stated("access_until"):
                continue
            if until is None or e.on < until:
                extensions.append(e)
                until = max(instant(e.get("access_until")), until or e.on)
        return extensions

    def received_elements(self, receipt: Entry) -> frozenset[str]:
        """Return the elements of an evidence-received: of its manifest, else of the entry it names."""
        if receipt.stated("manifest"):
            return manifest_elements(receipt)
        named = self._entries.named(receipt.get("about"))
        if named is None:
            return NOTHING
        return self.returned_by(named) if named.kind == "data-disclosed" else manifest_elements(named)

    def complete(self, since: datetime | None = None, without: frozenset[str] = NOTHING) -> Entry | None:
        """Return the entry with which all of the scope was returned.

        It is not before the first disclosure and not before `since`. Data returned before `since` count; if it was
        enough, the order was complete when `since` began, and the version that began then is the entry [design]. An
        order that names no elements is complete with any disclosure.
        """
        disclosures = [d for d in self.disclosures if d.leaf not in without]
        if not disclosures:
            return None
        start = disclosures[0].on if since is None else max(disclosures[0].on, since)
        returned: set[str] = set()
        following = iter(disclosures)
        coming = next(following, None)
        for e in self._scope_changes:
            if e.on < start or e.leaf in without:
                continue
            while coming is not None and coming.on <= e.on:
                returned |= self.returned_by(coming)
                coming = next(following, None)
            if all(covered(s, returned) for s in self.scope(e.on, without)):
                return e
        return None

    @cached_property
    def _scope_changes(self) -> tuple[Entry, ...]:
        """The entries that can change what is still missing."""
        kinds = ("data-disclosed", "no-data-held", "order-corrected", "order-adapted", "ground-for-refusal-raised")
        return self._entries.of(*kinds, "non-disclosure-instructed", "instruction-lifted")

    def is_no_data_for_all(self, e: Entry) -> bool:
        """Return True if a no-data-held names no elements, or covers all that was left of the scope."""
        named = e.get("elements") or ()
        return not named or all(covered(s, named) for s in self.scope(e.on, frozenset((e.leaf,))))

    # -- what was barred -----------------------------------------------------------------------------------------------

    def bars(self, e: Entry, disclosure: Entry) -> bool:
        """Return True if an instruction or a ground forbids (some of) what a disclosure returned.

        Its scope is all, or it covers a returned element. A ground on conditions bars nothing.
        """
        if e.get("scope") == "all":
            return True
        return e.get("scope") == "part" and self._covers_some(e, disclosure)

    def bars_all(self, ground: Entry) -> bool:
        """Return True if a ground is against all data, or leaves nothing of the scope with those before it."""
        if ground.get("scope") != "part":
            return bool(ground.get("scope") == "all")
        not_held = frozenset(e.leaf for e in self._entries.of("no-data-held"))
        grounds = frozenset(e.leaf for e in self._review.grounds_in_time)
        sought = self.scope(ground.on, not_held | grounds)
        return bool(sought) and not self.scope(ground.on, not_held)

    def touches(self, ground: Entry, disclosure: Entry) -> bool:
        """Return True if the scope of a ground is all or conditions, or it covers an element of the disclosure."""
        return ground.get("scope") in ("all", "conditions") or self._covers_some(ground, disclosure)

    def _covers_some(self, e: Entry, disclosure: Entry) -> bool:
        named = e.get("elements") or ()
        return any(covered(element, named) for element in self.returned_by(disclosure))

    # -- arrival at the issuing side -----------------------------------------------------------------------------------

    @cached_property
    def disowned(self) -> bool:
        """True if an effective order-repudiated is on record."""
        return bool(self._entries.of("order-repudiated"))

    @cached_property
    def reaching(self) -> tuple[Entry, ...]:
        """The entries by which data reached the issuing side; none in a disowned order."""
        if self.disowned:
            return ()
        direct = ("data-disclosed",) if self._instrument in DIRECT else ()
        return self._entries.of("evidence-received", "data-transmitted-by-state", *direct)

    @cached_property
    def gone(self) -> bool:
        """True if all data were destroyed or returned, and none arrived since."""
        return any(
            e.get("scope") == "all" and not self._entries.later(e, *{a.kind for a in self.reaching})
            for e in self._entries.of("data-destroyed", "data-returned")
        )


def _lists_nothing(disclosure: Entry) -> bool:
    """Return True for an import of a disclosure whose manifest has neither an element nor a file: a table has none."""
    manifest = disclosure.get("manifest") or {}
    return disclosure.speaks == "import" and not manifest.get("elements") and not manifest.get("files")
