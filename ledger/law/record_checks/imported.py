"""Orders that were imported: what a table or a letter does not have is a gap of the import, and no violation.

An order is imported if its `order-issued` speaks as `import`. [design]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import CheckResult, FindingRule
from ledger.law.rules.order_contents import MISSING
from ledger.law.terms.rule import CriterionState, Finding, Level, Mark

CODE = "G-IMPORTED"
CONTENTS = frozenset(rule.code for rule in MISSING)
UNNOTIFIED = "V-10-2-BEFORE-RELEASE"  # it rests on a notification or a confirmation that is not on record

Find = Callable[[OrderReading], Iterable[Finding]]


def is_imported(r: OrderReading) -> bool:
    """Return True if the order as issued is an import."""
    return r.order.issued is not None and r.order.issued.speaks == "import"


def rests_on_import(r: OrderReading, found: Finding) -> bool:
    """Return True for a finding on an imported order that shows no more than what the import lacks."""
    if not is_imported(r) or (found.level is not Level.V and found.code not in CONTENTS):
        return False
    if found.code == UNNOTIFIED:
        return not r.entries.of("notification-sent", "notification-received", "ground-for-refusal-raised")
    issued = {e.leaf for e in r.entries.of("order-issued") if e.speaks == "import"}
    return issued.issuperset(found.entries)


def imported_rule(find: Find) -> FindingRule:
    """Return the rule that has one gap instead of these findings; `find` yields the findings on what an order has."""

    def look(r: OrderReading) -> CheckResult | None:
        if not is_imported(r):
            return None
        found = [each for each in find(r) if rests_on_import(r, each)]
        if not found:
            return None
        leaves = dict.fromkeys(leaf for each in found for leaf in each.entries)
        criteria = dict.fromkeys(criterion for each in found for criterion, _ in each.effects)
        effects = tuple((criterion, CriterionState.GAP) for criterion in sorted(criteria))
        codes = ", ".join(each.code for each in sorted(found, key=lambda each: each.code))
        return CheckResult(tuple(leaves), {"codes": codes}, effects)

    return FindingRule(
        code=CODE,
        level=Level.G,
        effects=(("A5", CriterionState.GAP),),
        says="The order was imported, and the import lacks some of it; the order is not found to lack it: {codes}.",
        cite=(),
        mark=Mark.DESIGN,
        instruments=(),
        kinds=("order-issued",),
        look=look,
    )
