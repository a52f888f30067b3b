"""Every code, clock and move of the law is shown by a test or a story; a new one without fails here.

What a test shows is read from its source: `finds(..., "CODE")` and `.then("CLOCK", ...)` assert that it is there. Codes
for what an order must contain are shown one by one in test_findings_elements.py, rows in test_machine_rows.py.
"""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

from ledger.law import CHECKS
from ledger.law.clocks import REGISTER
from ledger.law.elements import MISSING
from ledger.law.machines import ALL
from ledger.law.provisions import RULES
from tests.test_findings_elements import POINTS

TESTS = Path(__file__).parent
STORIES = TESTS.parent / "fixtures" / "stories"
SHOWS = {"finds", "then", "then_unwound"}  # calls that fail if the code they name is not there


def constants(call: ast.Call) -> set[str]:
    """The strings a call is given, directly or by the name of a constant of its file."""
    return {a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}


def shown(path: Path) -> set[str]:
    """The codes that the tests of a file show."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        target.id: value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target, value in pairs(node)
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in SHOWS:
                found |= constants(node)
                found |= {str(names[a.id]) for a in node.args if isinstance(a, ast.Name) and a.id in names}
    return found


def pairs(node: ast.Assign) -> list[tuple[ast.expr, ast.expr]]:
    """The targets of an assignment with their values, also of `A, B = "a", "b"`."""
    [target] = node.targets
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        return list(zip(target.elts, node.value.elts, strict=True))
    return [(target, node.value)]


IN_TESTS = set().union(*(shown(path) for path in TESTS.glob("test_*.py")))
TOLD = [e for path in STORIES.glob("*.toml") for e in tomllib.loads(path.read_text(encoding="utf-8")).get("expect", ())]


def test_every_finding_is_shown() -> None:
    elements = {param.values[1].code for param in POINTS}  # type: ignore[union-attr]
    assert elements == {check.code for check in MISSING}
    in_stories = {code for expect in TOLD for code in expect["findings"]}
    assert {check.code for check in CHECKS} - elements - IN_TESTS - in_stories == set()


def test_every_clock_is_shown() -> None:
    in_stories = {d["id"] for expect in TOLD for d in expect["deadlines"]}
    assert {d.id for d in REGISTER} - IN_TESTS - in_stories == set()


def test_every_move_is_a_rule_and_is_explored() -> None:
    moves = [rule for rule in RULES if rule.kind == "transition"]
    assert len(moves) == sum(len(m.rows) + len(m.alone) for m in ALL)
    assert '@pytest.mark.parametrize("machine", ALL,' in (TESTS / "test_machine_rows.py").read_text(encoding="utf-8")
