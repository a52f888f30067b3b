"""Say what a reception changed: for each order the new entries, deadlines, findings, and what now waits for whom.

An order is judged before and after the reception, both at the moment after it, so that time alone changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType

from cli.terminal import output
from cli.terminal.answer import Time
from cli.terminal.table import wrapped
from ledger.application.journal import Journal
from ledger.bundle.archive import unpack
from ledger.bundle.layout import MANIFEST
from ledger.bundle.manifest import open_manifest
from ledger.entries.case import Case, Entry, instant
from ledger.entries.wrapped_entry import KIND as ACKNOWLEDGEMENT
from ledger.errors import RecordError
from ledger.law import Judgement, judge
from ledger.law.next_steps.clocks import who_acts
from ledger.law.next_steps.step import NextStep
from ledger.law.terms.periods import outcome, period
from ledger.law.terms.rule import LEVELS, Clock, ClockVerdict, CriterionState
from projections.documents.judgement import ChangeItem
from projections.sentences.local_time import until

if TYPE_CHECKING:
    from cli.session.record_target import FolderTarget
    from projections.views.known_at import Change

RUNNING = (ClockVerdict.OPEN, ClockVerdict.UNDETERMINED)
CONTROLLER = "the controller of the data"  # all open duties are of data protection
TOGETHER = {"region": "now", "criterion": "criteria"}  # parts of a judgement whose changes are in one line
SHOWN = 6  # lines of one sort that the text has for an order; the rest is counted


class NewItem(Struct, frozen=True):
    """One entry of another log that the reception brought, or made count: its signer, and the index of its wrapper.

    `counts` is false for an entry that has no effect: it is not proven, or only the register of its log knows its
    signer, or it is an acknowledgement, which says nothing about the order.
    """

    by: str
    kind: str
    on: Time
    leaf: str
    index: int
    counts: bool


class WaitingItem(Struct, frozen=True):
    """An open deadline or an open duty: who has to act, and what is awaited.

    `id` is null for a duty. `due` is the first instant too late, null for a duty or an end that is not known.
    `last_day` is the last local day that still counts, null also for a period that ends within a day.
    """

    who: str
    id: str | None
    due: Time | None
    last_day: str | None
    says: str
    next: tuple[NextStep, ...]


class ReceivedOrderItem(Struct, frozen=True):
    """What the reception changed in one order; `changes` are all lines of its judgement that read differently.

    `waits` is all that is open in the order now. `next` is the command that usually follows the newest entry.
    """

    order: str
    ref: str | None
    state: str
    new: list[NewItem]
    changes: list[ChangeItem]
    waits: list[WaitingItem]
    next: str | UnsetType = UNSET


class RegisterItem(Struct, frozen=True):
    """The register of another log: how many of its entries are new here, and proven."""

    log: str
    new: int


class Received(Struct, frozen=True):
    """What a reception changed, as data, and the same as lines of text."""

    orders: list[ReceivedOrderItem]
    registers: list[RegisterItem]
    lines: list[str]

    @property
    def next(self) -> list[str]:
        """The commands that usually follow, one for each order with a new act."""
        return [order.next for order in self.orders if order.next]


class Before(Struct, frozen=True):
    """What a ledger held before a reception: the orders that are about to arrive, and the proven foreign registers."""

    cases: dict[str, Case]
    registers: dict[str, int]


def orders_in(data: bytes) -> tuple[str, ...]:
    """Return the orders that a bundle says it has, first the one it is about; `RecordError` for another file.

    Nothing but the signature of the manifest is verified.
    """
    files = unpack(data)
    if MANIFEST not in files:
        return ()  # its reception says what is wrong
    manifest = open_manifest(files[MANIFEST])
    return tuple(dict.fromkeys((manifest.order, *manifest.heads)))


def before_reception(journal: Journal, orders: Iterable[str]) -> Before:
    """Read what a reception may change, before anything of it is kept: a bundle brings a register as well."""
    return Before({order: journal.case(order) for order in _held(journal, orders)}, _registers(journal))


def _held(journal: Journal, orders: Iterable[str]) -> list[str]:
    """Return those of these orders that the ledger has entries of."""
    return [order for order in orders if order not in journal.cases.reserved and journal.store.head(order)]


def _registers(journal: Journal) -> dict[str, int]:
    return {each.origin: len(each.entries) for each in journal.cases.other_logs().registers()}


@contextmanager
def watched(changed: list[Received], journal: Journal, data: bytes) -> Iterator[None]:
    """Add to `changed` what a bundle changes that is received in the body of this context."""
    from cli.session.record_target import FolderTarget

    try:
        orders = orders_in(data)
    except RecordError:  # its reception says what is wrong
        orders = ()
    before = before_reception(journal, orders)
    yield
    changed.append(changed_by(FolderTarget(journal), before, _held(journal, orders)))


def changed_by(target: FolderTarget, before: Before, orders: Iterable[str]) -> Received:
    """Return what a reception changed in these orders, and in the registers of other logs."""
    items: list[ReceivedOrderItem] = []
    lines: list[str] = []
    cases = target.journal.cases
    for order in dict.fromkeys(cases.joins.joined_into(each) or each for each in orders):
        item, text = _order(target, before.cases.get(order), target.case(order))
        items.append(item)
        lines += text
    registers = [
        RegisterItem(log, count - before.registers.get(log, 0))
        for log, count in _registers(target.journal).items()
        if count > before.registers.get(log, 0)
    ]
    lines += [f"register of {each.log}: {output.counted(each.new, 'new entry', 'new entries')}" for each in registers]
    return Received(items, registers, lines)


def _order(target: FolderTarget, before: Case | None, case: Case) -> tuple[ReceivedOrderItem, list[str]]:
    from cli.terminal.following import Following
    from cli.terminal.judgement_text import next_steps
    from cli.terminal.next_commands import at_ledger
    from projections.views.due import due
    from projections.views.known_at import changes, new_entries
    from projections.views.state import name_of, view

    now = target.now()
    old, new = None if before is None else judge(before, now), judge(case, now)
    differences, entries = changes(old, new), _arrived(target, case.order, new_entries(before, case))
    clocks, steps = [duty.clock for duty in due(new, now)], next_steps(case, new)
    says = {outcome(clock) for clock in clocks}
    duties = [duty for duty in new.duties if duty.says not in says]
    acts = [e for e in new_entries(before, case) if e.received is not None and not e.known_to]
    name = name_of(case)
    following = Following(case, name, target.offices_here()).after_all(acts) if acts else ""
    item = ReceivedOrderItem(
        order=case.order,
        ref=view(case, new).ref,
        state=new.state,
        new=entries,
        changes=[ChangeItem(c.what, c.before, c.after) for c in differences],
        waits=[
            *(_waiting(clock, steps.of_clock(clock)) for clock in clocks),
            *(WaitingItem(CONTROLLER, None, None, None, duty.says, steps.of_duty(duty)) for duty in duties),
        ],
        next=at_ledger(following) if following else UNSET,
    )
    if not entries and not differences:
        return item, [f"{name}  {new.state}: nothing is new, and nothing changed"]
    head = new.state if old is None or old.state == new.state else f"{old.state} -> {new.state}"
    lines = [
        *_new_lines(entries),
        *_changes(old, new, differences),
        *_most([f"waits for {who_acts(c.id)}: {period(c.id)}, {_end(c)}" for c in clocks]),
        *_most([f"waits for {CONTROLLER}: {duty.says}" for duty in duties]),
    ]
    return item, [f"{name}  {head}", *(part for line in lines for part in wrapped(line, "-"))]


def _waiting(c: Clock, steps: tuple[NextStep, ...]) -> WaitingItem:
    last_day = None if c.last_day is None else c.last_day.isoformat()
    return WaitingItem(who_acts(c.id), c.id, c.due, last_day, outcome(c), steps)


def _arrived(target: FolderTarget, order: str, entries: Sequence[Entry]) -> list[NewItem]:
    """Return what arrived with these new entries of one order: wrappers, and wrapped entries that count."""
    cases = target.journal.cases
    acts = {e.index: e for e in entries if e.received is not None}
    places = {e.index for e in entries if e.kind == ACKNOWLEDGEMENT or e.received is not None}
    items = []
    opened = [each for one in (order, *cases.joins.parts_of(order)) for each in cases.opened(one)] if places else []
    for one in cases.arrivals(opened):
        if one.index in places and one.inner is not None:
            p, act = one.inner.payload, acts.get(one.index)
            counts = act is not None and not act.known_to
            items.append(NewItem(p.signer.actor, p.kind, instant(p.on), one.inner.leaf, one.index, counts))
    return items


def _new_lines(entries: Sequence[NewItem]) -> Iterator[str]:
    kinds: dict[str, list[str]] = {}
    for e in entries:
        if e.counts or e.kind == ACKNOWLEDGEMENT:
            kinds.setdefault(e.by, []).append("acknowledgement" if e.kind == ACKNOWLEDGEMENT else e.kind)
    for by, some in kinds.items():
        yield f"new from {by}: " + ", ".join(kind if n == 1 else f"{kind} ({n})" for kind, n in Counter(some).items())
    if kept := sum(not e.counts and e.kind != ACKNOWLEDGEMENT for e in entries):
        yield f"kept, and without effect until more is proven: {output.counted(kept, 'entry', 'entries')}"


def _changes(old: Judgement | None, new: Judgement, differences: Sequence[Change]) -> Iterator[str]:
    """Yield the lines of text for what reads differently; the state is in the heading."""
    from projections.views.known_at import deadline_lines

    before, after = {} if old is None else deadline_lines(old), deadline_lines(new)
    levels = {f"finding {f.code}": f.level for j in (old, new) if j is not None for f in j.findings}
    lines: dict[str, list[str]] = {"deadline": [], "finding": [], "region": [], "criterion": []}
    for c in sorted(differences, key=lambda c: "VWG".find(levels.get(c.what, "V"))):
        part, _, name = c.what.partition(" ")
        if part == "deadline":
            lines[part].append(_deadline(before.get(c.what), after.get(c.what)))
        elif part == "finding":
            lines[part].append(_finding(LEVELS[levels[c.what]], name, c))
        elif part == "region":
            lines[part].append(f"{name.replace('_', ' ')} {c.after or 'at rest'}")
        elif part == "criterion" and (c.before or c.after != CriterionState.NOT_APPLICABLE):
            was = "" if c.before in (None, CriterionState.NOT_APPLICABLE) else f" (was {c.before})"
            lines[part].append(f"{name} {c.after}{was}")
    for one_a_line in ("deadline", "finding"):
        yield from _most(lines[one_a_line])
    yield from (f"{name}: {', '.join(lines[part])}" for part, name in TOGETHER.items() if lines[part])


def _finding(level: str, code: str, change: Change) -> str:
    if change.after is None:
        return f"{level} no longer found: {code}"
    return f"{'new ' if change.before is None else ''}{level} {code}: {change.after}"


def _deadline(old: Clock | None, new: Clock | None) -> str:
    """Return which deadline began, ended or moved, in words."""
    runs = new is not None and new.verdict in RUNNING
    ran = old is not None and old.verdict in RUNNING
    named = " and ".join(dict.fromkeys(period(c.id) for c in (old, new) if c is not None))
    if new is None:
        return f"deadline no longer listed: {named}"
    if old is None:
        return f"deadline began: {named}, {_end(new)}" if runs else f"deadline began and ended: {named}, {new.verdict}"
    if ran and not runs:
        return f"deadline ended: {named}, {new.verdict}"
    if old.due != new.due:
        return f"deadline moved: {named}, {_end(new)} (was {_end(old)})"
    return f"deadline changed: {named}, from {old.verdict} to {new.verdict}"


def _end(clock: Clock) -> str:
    if clock.due is None:
        return "end not known"
    return until(clock.due, clock.zone, clock.last_day)


def _most(lines: Sequence[str]) -> list[str]:
    """Return the first lines of one sort, and how many more there are."""
    more = len(lines) - SHOWN
    return [*lines[:SHOWN], f"and {more} more of these"] if more > 0 else [*lines]
