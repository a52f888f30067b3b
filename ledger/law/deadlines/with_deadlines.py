"""All that a rule may ask about one order at one moment."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from ledger.entries.case import Case, Entry
from ledger.law.deadlines.e_evidence_authorities import keeping_end
from ledger.law.deadlines.table import clocks
from ledger.law.reading.substance import Substance
from ledger.law.terms.rule import Clock


class Reading(Substance):
    """One order, as far as it was recorded at a moment, read by the rules of findings.md 1 and 3.

    Made with `Reading.known(case, at)`; everything else is an answer, computed when first asked for and kept. Who said
    what and whether it counts: `record.Record`. What is sought, barred and returned: `matter.Matter`. The clocks: here.
    """

    @classmethod
    def known(cls, case: Case, at: datetime) -> Reading:
        """Read a case as it was known at `at` (aware): what was recorded later does not exist yet."""
        return cls(case.known(at), at)

    @cached_property
    def clocks(self) -> tuple[Clock, ...]:
        """Every clock listed for this order at this moment, in the order of the register; rolled twins included."""
        return clocks(self)

    def clock(self, id: str) -> Clock | None:
        """The clock of this id as the register counts it (never a rolled twin); of several the last wound."""
        return next((c for c in reversed(self.clocks) if c.id == id and not c.policy.endswith("+ROLL")), None)

    def before_end(self, e: Entry, *ids: str) -> bool:
        """True if it happened before the end of the first of these clocks that is listed, or that end is unknown."""
        clock = next((c for id in ids if (c := self.clock(id))), None)
        return clock is None or clock.due is None or e.on < clock.due

    @cached_property
    def keeping_end(self) -> datetime | None:
        """The end of the sixty days of EPOC:11(1), before any extension; None while the receipt is not known."""
        return keeping_end(self)

    def extension_in_time(self, e: Entry) -> bool:
        """A preservation-extended came before the end of the sixty days, or while that end is not known."""
        return self.keeping_end is None or e.on < self.keeping_end
