"""From a fact to what the shelf keeps: fill in its place, veil, seal, open again, encrypt what was veiled."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import msgspec

from ledger.adapters.keys.key_files import Entropy
from ledger.adapters.log.checkpoints import Heads
from ledger.adapters.storage.entry_reader import Ciphertext
from ledger.adapters.storage.entry_recorder import EntryRow
from ledger.adapters.storage.subject_keys import COMPANION, HOLDER, TARGET, Keys, SubjectKeyStore, Whose
from ledger.application.case_reader import CaseReader
from ledger.application.parallel_open import open_entry
from ledger.application.write_position import PendingBatch
from ledger.entries.case import Entry, check_dates, wire
from ledger.entries.envelope import Circumstances, Opened, Place, Seen, Signer, seal
from ledger.entries.replacement import readers
from ledger.entries.text_form import check_texts
from ledger.entries.wrapped_entry import KIND
from ledger.errors import LedgerError, RecordError
from ledger.facts import WHY, Fact, check_audience, public_of, sealed_of
from ledger.formats.selective_disclosure import Disclosure
from ledger.tlog.tree import leaf_hash

LINKS = frozenset(("prior_order", "new_order"))  # the fields that name an order before or after one's own


@dataclass(frozen=True, slots=True)
class Draft:
    """A fact somebody is about to sign, and all that is said around it.

    `entry` is an id given from outside (32 hex digits), by which a command can be repeated; `instrument` is needed only
    where the first fact of an order does not name it; `subjects` names the data subject of a sealed field, where that
    is not the target of the order. A wrapped entry of another record brings what opens its values (`carried`), which is
    kept as our own values are, and what people call the order it begins (`reference`).
    """

    fact: Fact
    order: str
    signer: Signer
    said: Circumstances
    entry: str | None = None
    instrument: str | None = None
    subjects: Mapping[str, str] = field(default_factory=dict)
    carried: Sequence[Disclosure] = ()
    reference: str | None = None
    wraps: bytes | None = None


def _check_wrapped(draft: Draft) -> None:
    """`RecordError` ENT-MISMATCH unless the draft has the bytes that it names: only `receive` makes such an entry."""
    public, raw = public_of(draft.fact), draft.wraps
    if raw is None or (public["envelope"], public["leaf"]) != (sha256(raw).hexdigest(), leaf_hash(raw).hex()):
        raise RecordError(
            "ENT-MISMATCH",
            "an entry of another record is taken in with its bytes and its proof, and not by hand",
            where=KIND,
            hint="comity receive FILE",
        )


def unsigned(draft: Draft, instrument: str | None, index: int = 0, seq: int = 0) -> Entry:
    """The entry that a draft is going to be, as the law reads it; its leaf is all zeros."""
    fact, said, signer = draft.fact, draft.said, draft.signer
    return Entry(
        leaf="0" * 64,
        index=index,
        order=draft.order,
        seq=seq,
        kind=fact.kind,
        instrument=instrument,
        by=signer.actor,
        role=signer.role,
        party=signer.party,
        key=signer.public.hex(),
        speaks=said.speaks,
        on=said.on,
        at=said.signed_at,
        on_source=said.on_source,
        whose=said.whose,
        replaces=said.replaces,
        public=public_of(fact),
        sealed=sealed_of(fact) | ({} if said.why is None else {WHY.name: said.why}),
        audience={name: tuple(roles) for name, roles in (said.audience or {}).items()},
    )


def target_of(order: str) -> str:
    """The data subject to whom the sealed values of an order belong unless something else is said."""
    return f"{TARGET}{order}"


def holder_of(actor: str) -> str:
    """The data subject of what the register and the access order say about a person in an office."""
    return f"{HOLDER}{actor}"


def kept_subjects(before: Mapping[str, str | None], fields: Sequence[str]) -> dict[str, str]:
    """The data subjects of fields of an entry that puts another one right: those of the same fields there.

    A field that is stated anew, as the reason why is, belongs to whom all fields there did, if they did to one person.
    """
    every = next(iter(before.values())) if len(set(before.values())) == 1 else None
    return {field: name for field in fields if (name := before.get(field, every)) is not None}


class Sealer:
    """Seals for one ledger. `drawer` is None where its keys are missing: then only facts without sealed values.

    `bound` raises if the drawer is not the one that the ledger's values are sealed with.
    """

    def __init__(
        self,
        origin: str,
        cases: CaseReader,
        drawer: SubjectKeyStore | None,
        heads: Heads,
        entropy: Entropy,
        bound: Callable[[], None] = lambda: None,
    ) -> None:
        self._origin = origin
        self._cases = cases
        self._drawer = drawer
        self._heads = heads
        self._entropy = entropy
        self._bound = bound
        self._bound_for: PendingBatch | None = None  # asked once for all that is stored together

    def seal(self, draft: Draft, trial: PendingBatch) -> EntryRow:
        """Seal a draft behind what is on the shelf and in the trial; `RecordError` if it cannot stand there."""
        if draft.said.audience:
            check_audience(draft.fact.kind, draft.said.audience)
        if draft.fact.kind == KIND:
            _check_wrapped(draft)
        if draft.fact.shown_to or draft.carried or draft.said.why is not None or sealed_of(draft.fact):
            self._check_bound(trial)
        order = self.order_of(draft)
        head = trial.head(order)
        place = Place(
            log=self._origin,
            order=order,
            seq=head.seq + 1 if head else 1,
            prev=head.leaf if head else None,
            instrument=head.instrument if head else self._instrument(draft, trial),
            seen=self._seen(),
        )
        entry = draft.entry or self._entropy(16).hex()
        said = _readers_told(draft.said, trial)
        sealed = seal(self._filled_in(draft), place, draft.signer, said, entry, self._entropy)
        opened = open_entry(sealed.raw)
        check_texts(opened.payload, {d.name: d.value for d in sealed.disclosures})
        trial.admit(opened, {d.name: d.value for d in sealed.disclosures})
        # the link from a companion to its order outlives the erasure of the target's data: it names nobody
        link = {"main_order": f"{COMPANION}{order}"}
        fields = [d.name for d in sealed.disclosures]
        subjects = {**self._subjects_of(draft.said.replaces, fields), **link, **draft.subjects}
        return self.row(opened, (*sealed.disclosures, *draft.carried), subjects, reference=draft.reference)

    def preview(self, draft: Draft, trial: PendingBatch, index: int) -> Entry:
        """The entry a draft would become at `index`, unsigned; a new order has no companion yet, so none is made.

        `RecordError` FORM-DATE.
        """
        check_dates(draft.said.on, draft.said.signed_at)
        head = trial.head(draft.order)
        instrument = head.instrument if head else self._instrument(draft, trial)
        filled = replace(draft, fact=self._filled_in(draft))
        return unsigned(filled, instrument, index, head.seq + 1 if head else 1)

    def keys_for(self, entries: Iterable[Opened]) -> Keys:
        """The keys of those to whom the sealed values of these entries belong, where nothing else is said."""
        self._check_bound(None)
        return self._keys().keys_for({self._subject(opened) for opened in entries})

    def row(
        self,
        opened: Opened,
        disclosures: Sequence[Disclosure],
        subjects: Mapping[str, str],
        keys: Keys | None = None,
        reference: str | None = None,
    ) -> EntryRow:
        """What the shelf keeps of an entry; its disclosures encrypted, each under the key of its data subject.

        `subjects` names the subjects of single fields.
        """
        p = opened.payload
        closed: tuple[Ciphertext, ...] = ()
        if disclosures:
            subject, place = self._subject(opened)

            def whose(field: str) -> Whose:
                return subjects.get(field, subject), place

            if keys is None:
                keys = self._keys().keys_for([whose(d.name) for d in disclosures])
            closed = self._keys().close_values(p.entry, disclosures, whose, keys)
            self._check_kept(place, {c.key_id for c in closed})
        return EntryRow(
            originator_id=p.order,
            originator_version=p.seq,
            topic=p.kind,
            state=opened.raw,
            entry_id=bytes.fromhex(p.entry),
            leaf=bytes.fromhex(opened.leaf),
            ciphertexts=closed,
            reference=p.public.get("reference") if p.kind == "order-issued" else reference,
            links=() if LINKS.isdisjoint(p.public) else _named(p.public, p.order),
        )

    def order_of(self, draft: Draft) -> str:
        """The order an entry will stand in: its companion, if not everybody may know that there is such an entry."""
        if not draft.fact.shown_to:
            return draft.order
        drawer = self._keys()
        if (there := drawer.companion_of(draft.order)) is not None:
            return there
        if drawer.main_of(draft.order) is not None:
            return draft.order  # it is a companion itself
        return drawer.companion_for(draft.order, str(uuid.UUID(bytes=self._entropy(16), version=4)))

    def same(self, draft: Draft, index: int, opened: Opened) -> bool:
        """True if an entry recorded before says what the draft says; when it was signed does not matter.

        Nor does when it happened, where that is just the moment of signing. A sealed value that can no longer be opened
        is taken to be the same.
        """
        p, fact, said = opened.payload, self._filled_in(draft), draft.said
        values = self._cases.values(index, opened)
        told = sealed_of(fact) | ({} if said.why is None else {WHY.name: said.why})
        return (
            (p.kind, p.order) == (fact.kind, self.order_of(draft))
            and {k: v for k, v in p.public.items() if k != "_sd"} == public_of(fact)
            and all(value == told.get(name) for name, value in values.items())
            and set(told) <= set(p.sealed)
            and (p.signer.actor, p.signer.role) == (draft.signer.actor, draft.signer.role)
            and (p.speaks, p.whose or None, p.replaces or None) == (said.speaks, said.whose, said.replaces)
            and (p.on == wire(said.on) or (said.on == said.signed_at and p.on == p.signed_at))
        )

    def _filled_in(self, draft: Draft) -> Fact:
        fact: Any = draft.fact
        if "main_order" in fact.fields() and fact.main_order is None:
            return msgspec.structs.replace(fact, main_order=draft.order)  # type: ignore[no-any-return]
        return draft.fact

    def _instrument(self, draft: Draft, trial: PendingBatch) -> str | None:
        if draft.order in (self._cases.registry, self._cases.access):
            return None
        main = trial.head(draft.order)  # a companion has its order's instrument
        if main is not None:
            return main.instrument
        named: str | None = public_of(draft.fact).get("instrument")
        return named or draft.instrument

    def _seen(self) -> Seen | None:
        head = self._heads.newest_cosigned()
        return Seen(self._origin, head.size, head.digest) if head else None

    def _subjects_of(self, replaced: str | None, fields: Sequence[str]) -> dict[str, str]:
        """The data subjects of the fields of an entry that replaces another one on the shelf."""
        keys = self._cases.sealing_keys(replaced) if replaced and fields else {}
        return kept_subjects({f: self._keys().name_of(k) for f, k in keys.items() if f != "main_order"}, fields)

    def _subject(self, opened: Opened) -> Whose:
        p = opened.payload
        if p.order in (self._cases.registry, self._cases.access):  # one key for both
            return holder_of(p.public.get("actor", p.signer.actor)), self._cases.registry
        main = self._keys().main_of(p.order) or p.order
        return target_of(main), main

    def _check_bound(self, trial: PendingBatch | None) -> None:
        """`LedgerError` KEYS-OTHER, KEYS-MISSING where values could not be sealed under this ledger's keys."""
        if trial is None or trial is not self._bound_for:
            self._keys()
            self._bound()
            self._bound_for = trial

    def _check_kept(self, place: str, keys: Set[str]) -> None:
        """`LedgerError` KEYS-KEPT where an entry says that one of these keys was destroyed: a copy brought it back."""
        if not (emptied := {key_id for key_id in keys if self._cases.is_emptied(key_id)}):
            return
        beside = self._cases.access if place == self._cases.registry else self._keys().companion_of(place)
        destroyed = self._cases.destroyed_keys([place, *([beside] if beside else [])])
        if back := sorted(destroyed[key_id] for key_id in emptied & destroyed.keys()):
            says = f"entry {back[0]} says that this key was destroyed, and keys.db here still has it"
            hint = "this keys.db is an old copy: repeat the erasure with it, or go on where it was"
            raise LedgerError("KEYS-KEPT", says, hint)

    def _keys(self) -> SubjectKeyStore:
        if self._drawer is None:
            raise LedgerError(
                "KEYS-MISSING", "keys.db is missing, so sealed values could not be kept", "put its own backup back"
            )
        return self._drawer


def _readers_told(said: Circumstances, trial: PendingBatch) -> Circumstances:
    """The same, with those who may read why an entry is replaced, unless it names them itself."""
    old = trial.entry(said.replaces) if said.replaces and said.why is not None else None
    if old is None or WHY.name in (said.audience or {}):
        return said
    return msgspec.structs.replace(said, audience={**(said.audience or {}), WHY.name: readers(old[0].payload)})


def _named(public: Mapping[str, Any], order: str) -> tuple[str, ...]:
    """The orders that an entry of `order` names as before or after it."""
    return tuple(named for name in sorted(LINKS) if isinstance(named := public.get(name), str) and named != order)


def check_entry_id(entry: str) -> bytes:
    """Return the 16 bytes of an entry id; `RecordError` JSON-MEMBER unless it is 32 lower-case hex digits."""
    if not re.fullmatch("[0-9a-f]{32}", entry):
        raise RecordError("JSON-MEMBER", "an entry id is 32 lower-case hex digits", where=repr(entry))
    return bytes.fromhex(entry)
