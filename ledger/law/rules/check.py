"""Rules whose breach is a finding: the words of the finding and the function that looks for it.

    @finding("W-CROSSED", cite="EPOC:12(2)", mark=Mark.DESIGN, kinds="order-withdrawn", says="Withdrawal and ...")
    def crossed(r: OrderReading) -> Seen:
        ...

The function returns the entries that show the finding, none without a finding. An order has a finding once, however
often its trigger occurs; the finding points at all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from msgspec import Struct

from ledger.entries.case import Entry
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.rule import Clock, CriterionState, Finding, Level, Mark
from ledger.messages import of_names

Effects: TypeAlias = tuple[tuple[str, CriterionState], ...]


class CheckResult(Struct, frozen=True):
    """The result of a rule whose words or effects depend on the entries: `words` fill the braces of its sentence."""

    leaves: tuple[str, ...]
    words: Mapping[str, str] = {}
    effects: Effects | None = None


Matches: TypeAlias = CheckResult | Iterable[Entry] | None


class FindingRule(Struct, frozen=True):
    """A rule whose breach is a finding: its code, its effects on the criteria, its words, and its function.

    The rule applies under `instruments`, to orders with an entry of one of `kinds`; empty means any.
    """

    code: str
    level: Level
    effects: Effects
    says: str
    cite: tuple[str, ...]
    mark: Mark
    instruments: tuple[str, ...]
    kinds: tuple[str, ...]
    look: Callable[[OrderReading], Matches]

    def find(self, r: OrderReading) -> Finding | None:
        """Return the finding in an order, or None."""
        seen = self.look(r)
        if seen is None:
            return None
        if not isinstance(seen, CheckResult):
            seen = CheckResult(tuple(dict.fromkeys(e.leaf for e in seen)))
            if not seen.leaves:
                return None
        effects = self.effects if seen.effects is None else seen.effects
        return Finding(
            self.code, self.level, effects, of_names(self.says, seen.words), self.cite, self.mark, seen.leaves
        )


def finding(
    code: str,
    *,
    says: str,
    mark: Mark,
    cite: str = "",
    under: str = "",
    kinds: str = "",
    contradicts: str = "",
    gap: str = "",
    level: Level | None = None,
) -> Callable[[Callable[[OrderReading], Matches]], FindingRule]:
    """Make a rule of the decorated function. Lists are words with spaces between, citations with commas.

    `contradicts` and `gap` name the criteria that it pulls to CONTRADICTED or GAP; neither: a remark. The level is the
    first letter of the code, except for F codes.
    """
    effects = (
        *((criterion, CriterionState.CONTRADICTED) for criterion in contradicts.split()),
        *((criterion, CriterionState.GAP) for criterion in gap.split()),
    )

    def check(look: Callable[[OrderReading], Matches]) -> FindingRule:
        return FindingRule(
            code=code,
            level=level or Level(code[0]),
            effects=effects,
            says=says,
            cite=tuple(cite.split(", ")) if cite else (),
            mark=mark,
            instruments=tuple(under.split()),
            kinds=tuple(kinds.split()),
            look=look,
        )

    return check


def of_clocks(clocks: Iterable[Clock], **words: str) -> CheckResult | None:
    """Return the entries on which clocks rest; None without a clock."""
    clocks = tuple(clocks)
    leaves = dict.fromkeys(leaf for c in clocks for leaf in (c.trigger, *c.met_by, *c.entries) if leaf)
    return CheckResult(tuple(leaves), words) if clocks else None
