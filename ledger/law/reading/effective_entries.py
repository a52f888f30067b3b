"""Who said what, when, and whether it counts: the entries of one order as the law reads them.

findings.md 1, from "replaced" to "known trigger". All of it is [design]: the sources say what must happen, not how a
record of it is to be read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from operator import attrgetter

from msgspec import Struct

from ledger.entries.case import Case, Entry, instant, replacements
from ledger.facts import KINDS
from ledger.law.reading.parties import Register, fold
from ledger.law.terms.calendar import Days

LATE = timedelta(hours=24)  # decision 3 [design]: recorded more than 24 hours after the event
WARNINGS = ("key-compromised",)  # in the register these count from when they are recorded, whatever `on` says
STAMPED = ("delivery-receipt", "portal-log", "courier-receipt")  # proof by which the issuing side may record arrival

# Whose signature makes an arrival a proper receipt, where it is not SP, REG or, with proof, ISS.
_BY_PROVIDER = dict.fromkeys(("2AP-8", "2AP-10", "BC-31"), ("SP", "REG"))
_BY_STATE = dict.fromkeys(("2AP-9", "BC-29"), ("CAQ", "POC", "SP"))
ADDRESSEES = {**_BY_PROVIDER, **_BY_STATE}

in_order = attrgetter("on", "index")  # order of entries: by when it happened, then by place in the record


class Lack(Struct, frozen=True):
    """What an entry lacks: in words, and the column of a table whose `value` would supply it."""

    says: str
    column: str
    value: str


def improper(e: Entry, instrument: str) -> Lack | None:
    """Return why an `order-received` is no proper receipt under an instrument; None for one that is."""
    if e.get("proper_addressee") is False:
        return Lack("no proper receipt: it arrived at a wrong place", "proper_addressee", "true, if that is so")
    roles = ADDRESSEES.get(instrument, ("SP", "REG"))
    if e.role in roles:
        return None
    if instrument in ADDRESSEES:
        return Lack(f"no proper receipt: it is signed as {e.role}", "role", " or ".join(roles))
    if e.role != "ISS":
        return Lack(f"no proper receipt: it is signed as {e.role}", "role", "SP or REG, or ISS with proof")
    if e.get("proof_kind") in STAMPED:
        return None
    return Lack(
        "no proper receipt: it is signed as ISS and names no proof that counts", "proof_kind", " or ".join(STAMPED)
    )


def untimed(e: Entry) -> Lack | None:
    """Return why the `on` of an entry cannot be relied on by its own word alone; None where it can."""
    if e.after_signature:
        return Lack("it is dated after its signature", "occurred", "when it happened")
    if Record.late(e) and e.on_source != "receipt-stamp":
        hours = int(LATE.total_seconds()) // 3600
        return Lack(f"it is recorded more than {hours} hours after it happened", "on_source", "receipt-stamp")
    return None


class Record:
    """The entries of a case that is already cut to what was known at `at`, and what they are worth.

    Answers are computed when first asked for and kept; the case must not change. Nothing here raises: an entry that
    makes no sense counts for nothing.
    """

    def __init__(self, case: Case, at: datetime) -> None:
        self.case = case
        self.at = at
        self.instrument = case.instrument

    @cached_property
    def register(self) -> Register:
        """Parties, offices, declarations and keys as the registry gave them at this moment."""
        return fold(tuple(e for e in self.case.registry if e.on <= self.at or e.kind in WARNINGS))

    # -- which entries there are ---------------------------------------------------------------------------------------

    @cached_property
    def replacements(self) -> dict[str, tuple[Entry, ...]]:
        """Leaf of a replaced entry -> the entries that took its place: see `ledger.entries.case.replacements`."""
        return replacements(self.case.entries, self.at)

    @cached_property
    def _replacing(self) -> dict[str, Entry]:
        return {leaf: by[-1] for leaf, by in self.replacements.items()}

    def successors(self, leaf: str) -> Iterator[Entry]:
        """The entries that took the place of an entry, then those that took theirs, and so on."""
        ahead = deque(self.replacements.get(leaf, ()))
        while ahead:  # each entry replaces one entry, so none comes twice
            yield (e := ahead.popleft())
            ahead += self.replacements.get(e.leaf, ())

    @cached_property
    def replaced(self) -> frozenset[str]:
        """Leaves of entries that a later entry of the same signer puts right. They stay on view and are not counted."""
        return frozenset(self._replacing)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """All entries that are not replaced and whose moment has come, effective or not, in order of entries."""
        return tuple(e for e in self._standing if e.on <= self.at)

    @cached_property
    def to_come(self) -> tuple[Entry, ...]:
        """Entries that are not replaced, of acts later than the moment asked about: they count for nothing yet."""
        return tuple(e for e in self._standing if e.on > self.at)

    @cached_property
    def _standing(self) -> tuple[Entry, ...]:
        return tuple(sorted((e for e in self.case.entries if e.leaf not in self.replaced), key=in_order))

    @cached_property
    def _effective(self) -> dict[str, tuple[Entry, ...]]:
        """Effective entries by kind, each in order of entries."""
        kinds: dict[str, list[Entry]] = {}
        for e in self.entries:
            if self._counts(e):
                kinds.setdefault(e.kind, []).append(e)
        return {kind: tuple(found) for kind, found in kinds.items()}

    @cached_property
    def _counted(self) -> frozenset[str]:
        return frozenset(e.leaf for found in self._effective.values() for e in found)

    def would_count(self, e: Entry) -> bool:
        """True if an entry is effective, or would be had no other replaced it."""
        return self._counts(e)

    def _counts(self, e: Entry) -> bool:
        kind = KINDS.get(e.kind)
        if kind is None or not e.held:
            return False
        if e.speaks == "act":
            return e.role in kind.signers and not self.register.ended(e.by, e.on)
        return not self._held(e).isdisjoint(kind.signers)

    def is_effective(self, e: Entry) -> bool:
        """An act in a role among the signers of its kind, by an office not ended; else whose act it is holds one.

        False for a replaced entry, for a kind this reader does not know, and for a role that the key did not hold.
        """
        return e.leaf in self._counted

    def of(self, *kinds: str) -> tuple[Entry, ...]:
        """Effective entries of these kinds, in order of entries."""
        if len(kinds) == 1:
            return self._effective.get(kinds[0], ())
        found = [self._effective[kind] for kind in kinds if kind in self._effective]
        return found[0] if len(found) == 1 else tuple(sorted((e for some in found for e in some), key=in_order))

    def all_of(self, *kinds: str) -> tuple[Entry, ...]:
        """Entries of these kinds, effective or not, without replaced ones, in order of entries."""
        return tuple(e for e in self.entries if e.kind in kinds)

    def first(self, *kinds: str) -> Entry | None:
        """The first effective entry of these kinds, or None."""
        found = self.of(*kinds)
        return found[0] if found else None

    @cached_property
    def by_leaf(self) -> dict[str, Entry]:
        """Every entry of the case, replaced ones too, by leaf hash."""
        return {e.leaf: e for e in self.case.entries}

    def named(self, leaf: str | None) -> Entry | None:
        """The entry a field of type event names; if that one was replaced, the one that counts in its place."""
        e = None if leaf is None else self.by_leaf.get(leaf)
        while e is not None and e.leaf in self._replacing:
            e = self._replacing[e.leaf]
        return e

    # -- who speaks ----------------------------------------------------------------------------------------------------

    def _held(self, e: Entry) -> frozenset[str]:
        """The roles of whose act an observation or import reports; without `whose` also the one it is signed in."""
        roles = self.register.roles(e.actor, e.on)
        if e.whose is None and not self.register.ended(e.by, e.on):
            roles |= {e.role}
        return roles

    def by_role(self, e: Entry) -> frozenset[str]:
        """In whose role it was done: of an act the role it is signed in; else those of whose act it is.

        An office that holds several roles acted in one that may do such a thing, if it holds one.
        """
        if e.speaks == "act":
            return frozenset((e.role,))
        held, kind = self._held(e), KINDS.get(e.kind)
        return (held & frozenset(kind.signers) if kind else held) or held

    def is_by(self, e: Entry, *roles: str) -> bool:
        """True if it was done in one of these roles."""
        return e.role in roles if e.speaks == "act" else not self.by_role(e).isdisjoint(roles)

    def party_of(self, e: Entry) -> str:
        """The Party of whose act it is: of the signer, or of the office an observation or import speaks for."""
        office = self.register.office(e.whose) if e.whose else None
        return office.party if office else e.party

    @cached_property
    def _backed(self) -> frozenset[str]:
        withdrawn = {(e.origin, e.by, e.replaces) for e in self.entries if e.origin and e.replaces and e.held}
        return frozenset(
            ours.leaf
            for e in self.of("counterparty-record-received")
            if (ours := self.by_leaf.get(e.proves or "")) is not None
            and (e.get("origin"), ours.actor, e.get("leaf")) not in withdrawn
        )

    def first_hand(self, e: Entry) -> bool:
        """An act; or an entry that a sealed entry of the other side's own record was proven to back, and still does.

        It backs nothing any more where its own signer has replaced it there, as far as that has arrived here.
        """
        return e.speaks == "act" or e.leaf in self._backed

    # -- how far its time is known -------------------------------------------------------------------------------------

    @staticmethod
    def late(e: Entry) -> bool:
        """Recorded more than 24 hours after it happened."""
        return e.at - e.on > LATE

    def in_time(self, e: Entry) -> bool:
        """Recorded neither late nor before it can have happened."""
        return not self.late(e) and not e.after_signature

    def trusted(self, e: Entry) -> bool:
        """Its `on` can be relied on: in time, or late and stamped on receipt, or somebody else says so in time."""
        if untimed(e) is None:
            return True
        return any(o.on == e.on and o.by != e.by and self.in_time(o) for o in self.of(e.kind))

    @cached_property
    def settled(self) -> frozenset[str]:
        """Leaves of the disputes that a court has settled. The court signed the ruling, or an office of no side did."""
        return frozenset(
            dispute.leaf
            for ruling in self.of("court-ruled")
            if (dispute := self.by_leaf.get(ruling.get("settles", ""))) is not None
            and (self.first_hand(ruling) or ruling.by not in self._sides(dispute))
        )

    def _sides(self, dispute: Entry) -> set[str]:
        about = self.by_leaf.get(dispute.get("about", ""))
        return {dispute.actor, *(() if about is None else (about.actor,))}

    @cached_property
    def open_disputes(self) -> dict[str, tuple[Entry, ...]]:
        """Leaf of an entry -> the disputes about it that no court has settled.

        A dispute is also about what the same office says once more, in place of the entry or behind it, unless the time
        is now the one that is claimed.
        """
        disputes = self.of("receipt-disputed", "event-disputed")
        if not disputes:
            return {}
        settled = self.settled
        found: dict[str, tuple[Entry, ...]] = {}
        for dispute in disputes:
            if dispute.leaf not in settled and (about := dispute.get("about")):
                for leaf in {about, *self._said_again(about, dispute.get("claimed_on"))}:
                    found[leaf] = (*found.get(leaf, ()), dispute)
        return found

    def _said_again(self, leaf: str, claimed: str | None) -> Iterator[str]:
        if (old := self.by_leaf.get(leaf)) is None:
            return
        of, agreed = self.version_of(old), None if claimed is None else instant(claimed)
        for e in self.all_of(old.kind):
            if e.index > old.index and e.actor == old.actor and self.version_of(e) is of and e.on != agreed:
                yield e.leaf

    def disputed(self, leaf: str) -> bool:
        """True while a receipt-disputed or event-disputed about it stands that no court-ruled has settled."""
        return leaf in self.open_disputes

    def known_trigger(self, e: Entry) -> bool:
        """A clock may count from it: its time can be trusted and nobody disputes it. Of a settled dispute the entry's
        own `on` counts, never `claimed_on`."""
        return self.trusted(e) and not self.disputed(e.leaf)

    def speaks_of(self, e: Entry, disclosure: Entry) -> bool:
        """An evidence-received or data-transmitted-by-state is about this disclosure: it names it or, naming nothing,
        repeats one of its digests."""
        about = e.get("about")
        if about is not None:
            return self.named(about) is disclosure
        return not digests(e).isdisjoint(digests(disclosure))

    def supported(self, answer: Entry, end: datetime) -> bool:
        """A late answer counts: stamped on receipt, or the other side speaks of it, not late and before `end`."""
        if answer.on_source == "receipt-stamp":
            return True
        arrivals = self.of("evidence-received", "data-transmitted-by-state")
        return any(e.on < end and self.in_time(e) and self.speaks_of(e, answer) for e in arrivals if e is not answer)

    # -- the order, its versions, its arrival --------------------------------------------------------------------------

    @cached_property
    def issued(self) -> Entry | None:
        """The first effective order-issued."""
        return self.first("order-issued")

    @cached_property
    def versions(self) -> tuple[Entry, ...]:
        """The order as issued, then each material correction; empty while no effective order-issued is on record."""
        if self.issued is None:
            return ()
        return (self.issued, *(e for e in self.of("order-corrected") if e.get("material") is True))

    def version_of(self, e: Entry) -> Entry | None:
        """The version an entry belongs to.

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
        named = self.named(leaf)
        while named is not None and named.leaf not in seen:
            if named in self.versions:
                return named
            seen.add(named.leaf)  # two corrections may name each other
            named = self.named(named.get("corrects"))
        return self.versions[0]  # names nothing that is a version: read as if it named nothing

    @property
    def version(self) -> Entry | None:
        """The version that stands now, the last."""
        return self.versions[-1] if self.versions else None

    @cached_property
    def since(self) -> datetime | None:
        """From when an answer can count for a clock that a receipt winds: the `on` of a last version that is a
        correction; None for an order that was never materially corrected."""
        return self.versions[-1].on if len(self.versions) > 1 else None

    @property
    def last_version_start(self) -> datetime | None:
        """The `on` of the last version; None while there is none."""
        return self.version.on if self.version else None

    @cached_property
    def served(self) -> datetime | None:
        """The first order-transmitted by ISS, CAR or POC, or order-received, whichever is earlier."""
        sent = (e for e in self.of("order-transmitted") if self.is_by(e, "ISS", "CAR", "POC"))
        return min((e.on for e in (*sent, *self.of("order-received"))), default=None)

    @cached_property
    def sent_or_received(self) -> bool:
        """An effective order-transmitted or order-received is on record, of whatever version."""
        return bool(self.of("order-transmitted", "order-received"))

    def service(self, version: Entry) -> datetime | None:
        """When a version was served: first sent by ISS or CAR; else first received; else, of a correction, its `on`."""
        sent = (e for e in self.of("order-transmitted") if self.is_by(e, "ISS", "CAR"))
        for some in (sent, self.of("order-received")):
            for e in some:
                if self.version_of(e) is version:
                    return e.on
        return version.on if version is not self.issued else None

    def notified(self, version: Entry) -> Entry | None:
        """The first notification-sent that belongs to a version."""
        return next((e for e in self.of("notification-sent") if self.version_of(e) is version), None)

    @cached_property
    def proper_receipts(self) -> tuple[Entry, ...]:
        """Every order-received at the right place, signed by whoever may say so for this instrument, in order.

        "Signed" literally: also an observation counts, if it is itself signed in one of these roles.
        """
        return tuple(e for e in self.of("order-received") if self._proper(e))

    def _proper(self, e: Entry) -> bool:
        return improper(e, self.instrument) is None

    def unwinding(self, e: Entry) -> tuple[Lack, ...]:
        """Why an entry of a kind that winds clocks winds none, each with the value that is missing.

        As `known_trigger` and `proper_receipts` read it; disputes, and what others say of the same moment, aside.
        """
        lacks = []
        if not self.would_count(e):
            lacks.append(
                Lack(
                    f"{e.actor} holds no role in which {e.kind} counts",
                    "actor",
                    "an office that the register knows in such a role, or nothing, if it is the signer's own act",
                )
            )
        if e.kind == "order-received" and (found := improper(e, self.instrument)) is not None:
            lacks.append(found)
        if (found := untimed(e)) is not None:
            lacks.append(found)
        return tuple(lacks)

    @cached_property
    def governing(self) -> Entry | None:
        """The receipt that counts: the first proper one of the last version, the addressee's own before that of ISS."""
        of_last = [e for e in self.proper_receipts if self.version_of(e) is self.version] if self.versions else []
        return min(of_last, key=lambda e: e.role == "ISS", default=None)

    # -- the Parties ---------------------------------------------------------------------------------------------------

    @property
    def from_party(self) -> str | None:
        """The issuing or requesting Party."""
        return self.issued.get("from_party") if self.issued else None

    @property
    def to_party(self) -> str | None:
        """The Party of the provider or of the requested authority."""
        return self.issued.get("to_party") if self.issued else None

    @property
    def provider(self) -> str | None:
        """The provider: whoever signed the governing receipt as one, else the first the order names."""
        if self.governing is not None and self.governing.role in ("SP", "REG"):
            return self.governing.actor
        providers = self.issued.get("providers") if self.issued else None
        return providers[0] if providers else None

    @property
    def provider_party(self) -> str | None:
        """The provider's own Party, by the register; else the one the order goes to."""
        office = self.register.office(self.provider) if self.provider else None
        return office.party if office else self.to_party

    def days_of(self, party: str | None) -> Days:
        """Zone and holidays of a Party; UTC without holidays for one the register does not know."""
        return self.register.days(party)

    def zone_of(self, party: str | None) -> str:
        """The time zone of a Party by its IANA name; UTC for one the register does not know."""
        return self.register.days(party).zone

    @property
    def issuer_days(self) -> Days:
        """The calendar of the issuing Party."""
        return self.days_of(self.from_party)

    @property
    def provider_days(self) -> Days:
        """The calendar of the provider's own Party."""
        return self.days_of(self.provider_party)


def digests(e: Entry) -> frozenset[str]:
    """The SHA-256 and SHA-512 digests of the files in the manifest of an entry, as far as it can be read here."""
    manifest = e.get("manifest") or {}
    return frozenset(_file_digests(manifest.get("files") or ()))


def _file_digests(files: Iterable[dict[str, object]]) -> Iterable[str]:
    for file in files:
        for name in ("sha256", "sha512"):
            if digest := file.get(name):
                yield str(digest)
