"""Check a draft before it is signed: what would be signed, what the law would find, what is missing, what is due.

Nothing is signed or recorded. The checks are those of recording, by the same functions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from ledger.entries.case import Case, Entry, check_dates
from ledger.entries.envelope import Circumstances, EntryPlace, OpenedEntry, Signer, check_unsigned, unsigned_entry
from ledger.entries.placement import registry_of, reserved_of
from ledger.entries.replacement import check_own, check_reason, check_replacement
from ledger.errors import RecordError
from ledger.facts import WHY, Fact, build, check_audience, kind_of
from ledger.law import Clock, Finding, Judgement, judge, with_entry
from ledger.law.next_steps.lookup import NextSteps
from ledger.messages import Message
from projections.documents.judgement import FindingItem, clock_item, finding_item
from projections.reports.order_form.make import missing
from projections.sentences.names import names_of
from projections.sentences.sentence import Sentence, sentence
from projections.views.completeness import Missing
from projections.views.state import name_of
from server.access import ACCEPTS, Caller
from server.api.reading import LedgerView
from server.api.recording import Recording, check_recordable
from server.documents import ClockChange, Draft, DraftAnswer, DraftCheck, MissingItem

OF_ORDERS = ("order-issued", "order-corrected")  # the kinds that state what an order contains
_LAST = 2**53 - 1  # the index of an entry that is not recorded: behind every other one
_NO_KEY = "0" * 64


class Examined(Struct, frozen=True):
    """A draft that may be signed: its entry, and its order without and with it, as judged at one moment.

    `after` is None for an entry of the register, which the law does not judge.
    """

    opened: OpenedEntry
    entry: Entry
    case: Case
    before: Judgement | None
    after: Judgement | None
    missing: tuple[Missing, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return the findings that are not there without the entry."""
        known = {(f.code, f.entries) for f in self.before.findings} if self.before else set()
        return tuple(f for f in self.after.findings if (f.code, f.entries) not in known) if self.after else ()

    @property
    def steps(self) -> NextSteps | None:
        """Return the next steps of the order with the entry."""
        return NextSteps(self.case, self.after, name_of(self.case)) if self.after else None

    @property
    def sentence(self) -> Sentence:
        """Return the entry as a sentence, with its sealed values."""
        return sentence(self.entry, names_of(self.case), reveal=True)

    @property
    def clocks(self) -> list[tuple[str, Clock]]:
        """Return the deadlines that the entry changes, each with how: `starts`, `ends` or `moves`."""
        return list(_changes(self.before.deadlines if self.before else (), self.after.deadlines if self.after else ()))

    @property
    def proposal(self) -> dict[str, Any]:
        """Return the payload that would be signed, without the commitments to its sealed values."""
        payload: dict[str, Any] = msgspec.to_builtins(self.opened.payload)
        fields = kind_of(self.entry.kind).fields().items()
        always = {name for name, field in fields if field.always}  # an entry commits to them, stated or not
        return payload | {"sealed": sorted({*payload["sealed"], *always})}


class Drafting:
    """Checks drafts for callers, by what they may see."""

    def __init__(self, view: LedgerView, recording: Recording) -> None:
        self._view = view
        self._recording = recording

    def examine(self, caller: Caller, sent: DraftCheck) -> Examined:
        """Return a draft as it would be recorded now.

        `RecordError`: API-DENIED, API-REQUEST, API-KIND, API-MISSING, KEY-ROLE, and what recording raises for a fact.
        """
        draft, now = sent.draft, self._view.now()
        opened, entry, place = self.formed(caller, sent)
        if draft.order == registry_of(self._view.origin):
            register = self._view.registered()
            return Examined(opened, entry, Case(draft.order, "", (*register, entry), register), None, None)
        case = self._case(caller, draft, place)
        after = with_entry(case, entry)
        lacks = missing(after, now) if draft.kind in OF_ORDERS else ()
        before = judge(case, now) if case.entries else None
        return Examined(opened, entry, after, before, judge(after, now), tuple(lacks))

    def formed(self, caller: Caller, sent: DraftCheck) -> tuple[OpenedEntry, Entry, EntryPlace]:
        """Return a draft as an entry without signature, and its place, after the checks of `examine`; judge nothing."""
        draft, now = sent.draft, self._view.now()
        check_recordable(draft.kind)
        fact = fact_of(draft.kind, draft.fields)
        said = _circumstances(draft, now)
        place = self._place(caller, draft)
        opened = check_unsigned(fact, place, self._signer(caller, sent), said)
        self._recording.check_place(caller, opened.payload)
        self._check_replacement(caller, opened, {} if draft.why is None else {WHY.name: draft.why})
        for issued in self._recording.check_fact(caller, opened.payload, fact, unregistered=sent.unregistered):
            self._recording.check_reference(*issued, lookalike=sent.lookalike)
        return opened, unsigned_entry(fact, place, self._signer(caller, sent), said, _LAST), place

    def check(self, caller: Caller, sent: DraftCheck) -> DraftAnswer:
        """Return what a draft would be; raises what `examine` raises."""
        x = self.examine(caller, sent)
        return DraftAnswer(
            self._view.head(),
            self._view.moment(),
            x.proposal,
            str(x.sentence),
            _finding_items(x.findings, x.steps),
            [MissingItem(m.code, m.level, m.cite, m.says, m.add) for m in x.missing],
            [ClockChange(how, clock_item(clock, x.steps)) for how, clock in x.clocks],  # type: ignore[arg-type]
        )

    def _signer(self, caller: Caller, sent: DraftCheck) -> Signer:
        draft = sent.draft
        if (draft.actor, draft.party) != (caller.actor, caller.party):
            raise RecordError(
                "API-DENIED", Message("an entry is signed for {0}, the office of the caller", caller.actor)
            )
        if draft.role not in (caller.roles | caller.pending if draft.kind == ACCEPTS else caller.roles):
            raise RecordError(
                "KEY-ROLE", Message("{0} does not hold the role {1}", caller.actor, repr(draft.role)), where="role"
            )
        own = [caller.key] if caller.key else sorted(caller.own)
        key = sent.public or (own[0] if len(own) == 1 else _NO_KEY)
        if sent.public and not caller.signs_with(sent.public):
            raise RecordError("API-DENIED", Message("this key is not linked to the caller"), where="public")
        return Signer(draft.actor, draft.role, draft.party, bytes.fromhex(key), _signs_nothing)

    def _place(self, caller: Caller, draft: Draft) -> EntryPlace:
        if self._view.is_new(draft.order):
            if draft.order in reserved_of(self._view.origin):
                raise RecordError("API-MISSING", Message("there is no order that this caller may see"))
            stated = draft.fields.get("instrument")
            instrument = stated if isinstance(stated, str) else draft.instrument
            return EntryPlace(self._view.origin, draft.order, 1, None, instrument)
        known = self._view.place(caller, draft.order)
        if draft.instrument is not None and draft.instrument != known.instrument:
            raise RecordError(
                "API-REQUEST", Message("the instrument of the order is {0}", known.instrument), where="instrument"
            )
        return EntryPlace(self._view.origin, draft.order, known.seq, known.prev, known.instrument)

    def _check_replacement(self, caller: Caller, opened: OpenedEntry, values: Mapping[str, Any]) -> None:
        p = opened.payload
        if p.replaces is UNSET:
            return
        old = self._view.payload(caller, p.order, p.replaces)
        check_replacement(p, values, old, {})
        if old is not None:
            check_own(old.signer.actor, caller.actor)

    def _case(self, caller: Caller, draft: Draft, place: EntryPlace) -> Case:
        if place.seq == 1:
            return Case(draft.order, place.instrument or "", (), self._view.registered())
        return self._view.case(caller, draft.order)


def fact_of(kind: str, fields: Mapping[str, Any]) -> Fact:
    """Return the fact that fields state, sealed ones where the kind seals them; raises what `build` raises."""
    known = kind_of(kind).fields()
    sealed = {name for name in fields if name in known and known[name].sealed}
    public = {name: value for name, value in fields.items() if name not in sealed}
    return build(kind, public, {name: fields[name] for name in sealed})


def _circumstances(draft: Draft, now: datetime) -> Circumstances:
    on = draft.on.replace(microsecond=0)
    check_dates(on, now)
    if (draft.replaces is None) != (draft.why is None):
        says = Message("an entry that replaces another one says why, and no other entry does")
        raise RecordError("API-REQUEST", says, where="why")
    if draft.why is not None:
        check_reason(draft.why)
    if draft.audience:
        check_audience(draft.kind, draft.audience)
    return Circumstances(
        on=on,
        signed_at=now,
        speaks=draft.speaks,
        on_source=draft.on_source,
        whose=draft.whose or None,
        replaces=draft.replaces,
        why=draft.why,
        refs=tuple(draft.refs or ()),
        audience=draft.audience,
        documents=tuple(draft.documents or ()),
        unless=draft.unless,
    )


def _finding_items(findings: Iterable[Finding], steps: NextSteps | None) -> list[FindingItem]:
    return [finding_item(each, steps) for each in findings]


def _changes(before: Iterable[Clock], after: Iterable[Clock]) -> Iterator[tuple[str, Clock]]:
    known = dict(_numbered(before))
    for key, clock in _numbered(after):
        old = known.get(key)
        if old is None:
            yield "starts", clock
        elif old.verdict != clock.verdict:
            yield "ends", clock
        elif old.due != clock.due:
            yield "moves", clock


def _numbered(clocks: Iterable[Clock]) -> Iterator[tuple[tuple[str, str | None, int], Clock]]:
    """Yield deadlines, each by its id, its trigger, and its number among equal ones."""
    seen: Counter[tuple[str, str | None]] = Counter()
    for clock in clocks:
        key = (clock.id, clock.trigger)
        yield (*key, seen[key]), clock
        seen[key] += 1


def _signs_nothing(message: bytes) -> bytes:
    raise AssertionError("a draft is not signed")
