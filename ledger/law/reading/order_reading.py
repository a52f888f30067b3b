"""One order at one moment, as the rules of law ask about it: an object with named parts.

The parts depend on each other in one direction, in the order in which `OrderReading` makes them. Deadlines and state
machines are rules themselves. Their functions are passed in, so that nothing here imports a rule.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

from msgspec.structs import replace

from ledger.entries.case import Case, Entry
from ledger.law.parties.received_registers import register_of
from ledger.law.reading.acting_offices import ActingOffices
from ledger.law.reading.authority_review import AuthorityReview, Emergency
from ledger.law.reading.deadline_changes import DeadlineChanges
from ledger.law.reading.effective_entries import EffectiveEntries
from ledger.law.reading.instructions import Instructions
from ledger.law.reading.order_parties import OrderParties
from ledger.law.reading.receipts import Receipts
from ledger.law.reading.record_order import ranked
from ledger.law.reading.reliability import Reliability
from ledger.law.reading.substance import Substance
from ledger.law.reading.versions import OrderVersions
from ledger.law.terms.rule import Clock, ClockVerdict, StateHistory

ListClocks: TypeAlias = "Callable[[OrderReading], tuple[Clock, ...]]"
RunMachine: TypeAlias = "Callable[[OrderReading], StateHistory]"


class OrderReading:
    """One order as it was known at a moment; made by `ledger.law.judge.read_order`.

    - `entries`: which entries count, by kind and by leaf
    - `actors`: in which role and for which Party an entry was done
    - `order`: versions, sending and arrival, what the order states
    - `reliability`: how far an entry can be relied on; disputes
    - `receipts`: proper receipts
    - `parties`: Parties, provider, calendars, declarations
    - `changes`: extensions and referrals back
    - `emergency`, `review`: emergency; notification and grounds of the enforcing authority
    - `instructions`: instructions not to disclose
    - `substance`: scope and returned data
    - `deadlines`: the clocks
    - `register`: Parties, offices and declarations as the registry gave them at this moment
    """

    def __init__(
        self,
        case: Case,
        at: datetime,
        list_clocks: ListClocks,
        run_machine: RunMachine,
        assumed: frozenset[str] = frozenset(),
    ) -> None:
        """Read a case that is already cut to what was known at `at` (aware).

        Entries of offices that only another log's register knows are left out, but for the `assumed` ones.
        """
        self.case = case = replace(case, entries=ranked(case.entries))
        self.at = at
        self.instrument = instrument = case.instrument
        self.register = register = register_of(case, at, assumed)
        self.actors = actors = ActingOffices(register)
        known = tuple(e for e in case.entries if not e.known_to or e.by in assumed) if case.others else case.entries
        self.entries = entries = EffectiveEntries(known, at, actors)
        self.order = order = OrderVersions(entries, actors)
        self.reliability = reliability = Reliability(entries, order)
        self.receipts = receipts = Receipts(instrument, entries, order)
        self.parties = parties = OrderParties(at, register, entries, order, receipts)
        self.changes = changes = DeadlineChanges(entries)
        self.emergency = emergency = Emergency(entries, order)
        self.review = review = AuthorityReview(
            instrument,
            entries=entries,
            actors=actors,
            order=order,
            parties=parties,
            reliability=reliability,
            emergency=emergency,
            changes=changes,
        )
        self.instructions = instructions = Instructions(register, entries, parties)
        self.substance = Substance(instrument, entries=entries, order=order, review=review, instructions=instructions)
        self.deadlines = OrderDeadlines(self, list_clocks)
        self._list_clocks = list_clocks
        self._run_machine = run_machine

    def of_case(self, case: Case) -> OrderReading:
        """Read another case at the same moment by the same rules."""
        return OrderReading(case, self.at, self._list_clocks, self._run_machine, self.register.assumed)

    @cached_property
    def history(self) -> StateHistory:
        """The run of the state machine of the instrument."""
        return self._run_machine(self)


class OrderDeadlines:
    """The clocks of an order at its moment."""

    def __init__(self, reading: OrderReading, list_clocks: ListClocks) -> None:
        self._reading = reading
        self._list_clocks = list_clocks

    @cached_property
    def clocks(self) -> tuple[Clock, ...]:
        """Every clock listed for this order, in the order of the table of deadlines; rolled twins included."""
        return self._list_clocks(self._reading)

    @cached_property
    def counting(self) -> tuple[Clock, ...]:
        """The clocks without rolled twins."""
        return tuple(c for c in self.clocks if not c.policy.endswith("+ROLL"))

    def clock(self, id: str) -> Clock | None:
        """Return the clock of this id, never a rolled twin; of several the last one started."""
        return next((c for c in reversed(self.counting) if c.id == id), None)

    def missed(self, *ids: str) -> tuple[Clock, ...]:
        """Return the clocks of these ids that are MISSED; a rolled twin does not count."""
        return tuple(c for c in self.counting if c.id in ids and c.verdict is ClockVerdict.MISSED)

    def before_end(self, e: Entry, *ids: str) -> bool:
        """Return True if it happened before the end of the first of these clocks that is listed, or that is unknown."""
        clock = next((c for id in ids if (c := self.clock(id))), None)
        return clock is None or clock.due is None or e.on < clock.due
