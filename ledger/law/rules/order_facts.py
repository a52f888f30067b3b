"""A reading with what the findings, regions and criteria ask of it beyond the clocks."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Final

from ledger.entries.case import Entry
from ledger.law.deadlines.with_deadlines import Reading
from ledger.law.reading.effective_entries import in_order
from ledger.law.states import MACHINES
from ledger.law.states.machine import NOTHING_YET, Course
from ledger.law.terms.rule import Clock, Verdict

PROTOCOL: Final = ("2AP-6", "2AP-7", "2AP-8", "2AP-9", "2AP-10")  # CETS 224
CONVENTION: Final = ("BC-16", "BC-18", "BC-29", "BC-30", "BC-31")  # ETS 185
EUROPEAN: Final = ("EPOC", "EPOC-PR")  # Regulation (EU) 2023/1543


class OrderFacts(Reading):
    """One order at one moment, ready to be judged. What is asked more than once is worked out once."""

    @cached_property
    def course(self) -> Course:
        """The run of the state machine of the instrument; nothing moves under one that has none."""
        machine = MACHINES.get(self.instrument)
        return machine.run(self) if machine else Course(NOTHING_YET, (), ())

    # -- what came first ----------------------------------------------------------------------------------------------

    def earlier(self, e: Entry, *kinds: str) -> tuple[Entry, ...]:
        """Effective entries of these kinds that stand before an entry in the order of entries."""
        here = in_order(e)
        return tuple(o for o in self.of(*kinds) if in_order(o) < here)

    def later(self, e: Entry, *kinds: str) -> tuple[Entry, ...]:
        """Effective entries of these kinds that stand after an entry in the order of entries."""
        here = in_order(e)
        return tuple(o for o in self.of(*kinds) if in_order(o) > here)

    # -- the order ----------------------------------------------------------------------------------------------------

    @cached_property
    def categories(self) -> frozenset[str]:
        """The categories the order states; never read from the elements."""
        return frozenset(self.issued.get("data_categories") or ()) if self.issued else frozenset()

    @cached_property
    def heavy(self) -> bool:
        """Traffic or content is among the categories."""
        return not self.categories.isdisjoint(("traffic", "content"))

    @cached_property
    def _supplied(self) -> frozenset[str]:
        return frozenset(name for e in self.of("order-corrected") for name in e.get("changed_fields") or ())

    def lacks(self, *fields: str) -> bool:
        """The order as issued leaves one of these fields empty, and no correction supplies it (decision 49)."""
        issued = self.issued
        return issued is not None and any(not issued.stated(f) and f not in self._supplied for f in fields)

    def instructs(self, code: str) -> bool:
        """The order has this special procedural instruction."""
        return self.issued is not None and code in (self.issued.get("special_instructions") or ())

    # -- clocks -------------------------------------------------------------------------------------------------------

    def missed(self, *ids: str) -> tuple[Clock, ...]:
        """The clocks of these ids that are MISSED as the register counts them; a rolled twin does not count."""
        return tuple(c for c in self.counting if c.id in ids and c.verdict is Verdict.MISSED)

    @cached_property
    def counting(self) -> tuple[Clock, ...]:
        """The clocks without rolled twins."""
        return tuple(c for c in self.clocks if not c.policy.endswith("+ROLL"))

    # -- the data -----------------------------------------------------------------------------------------------------

    @cached_property
    def gone(self) -> bool:
        """All data were destroyed or returned, and none arrived since."""
        return any(
            e.get("scope") == "all" and not self.later(e, *{a.kind for a in self.reaching})
            for e in self.of("data-destroyed", "data-returned")
        )

    def anywhere(self, *kinds: str) -> Iterable[Entry]:
        """Effective entries of these kinds in the order and in the register."""
        return (*self.of(*kinds), *self.register.of(*kinds))
