"""Every code, deadline and move of the law appears in a test or a story; a new one without either fails here.

What a test shows is read from its source: `finds(..., "CODE")` and `.then("CLOCK", ...)` assert that it is there. Codes
for what an order must contain are shown one by one in rules/test_order_contents.py, rows in test_machine_rows.py.
`python -m tests.ledger.law.test_coverage` prints each code and clock with the tests and stories that show it.
"""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

from ledger.law import FINDING_RULES
from ledger.law.deadlines.table import REGISTER
from ledger.law.provisions import RULES
from ledger.law.rules.order_contents import MISSING
from ledger.law.states import ALL
from tests.ledger.law.rules.test_order_contents import POINTS
from tests.support.story_files import STORY_NAMES, source

TESTS = Path(__file__).parents[2]
SHOWS = {"finds", "then", "then_unwound"}  # calls that fail if the named code is absent
CALLED = re.compile(rf"\b({'|'.join(SHOWS)})\(")


def constants(call: ast.Call) -> set[str]:
    """Return the strings among the arguments of a call."""
    return {a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}


def shown(path: Path) -> set[str]:
    """Return the codes that the tests of a file assert, directly or by a constant of the file."""
    text = path.read_text(encoding="utf-8")
    if not CALLED.search(text):
        return set()
    tree = ast.parse(text)
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
    """Return the targets of an assignment with their values, also of `A, B = "a", "b"`."""
    [target] = node.targets
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        return list(zip(target.elts, node.value.elts, strict=True))
    return [(target, node.value)]


@cache
def by_test() -> dict[str, set[str]]:
    """Return the codes that each test file asserts, by its path below `tests`."""
    return {path.relative_to(TESTS).as_posix(): shown(path) for path in sorted(TESTS.rglob("test_*.py"))}


@cache
def by_story() -> dict[str, Any]:
    """Return what each story expects, by its name."""
    return {name: source(name).get("expect", ()) for name in STORY_NAMES}


ELEMENTS = {param.values[1].code for param in POINTS}  # type: ignore[union-attr]


def listing() -> dict[str, list[str]]:
    """Return every code of a finding and id of a deadline with the test files and stories that show it."""
    found: dict[str, list[str]] = {id: [] for id in (*(c.code for c in FINDING_RULES), *(d.id for d in REGISTER))}
    for code in ELEMENTS:
        found[code].append("ledger/law/rules/test_order_contents.py")
    for name, codes in by_test().items():
        for code in codes & set(found):
            found[code].append(name)
    for story, expects in by_story().items():
        expected_codes = {code for e in expects for code in e["findings"]} | {
            d["id"] for e in expects for d in e["deadlines"]
        }
        for code in expected_codes & set(found):
            found[code].append(story)
    return found


def test_every_code_and_every_clock_is_in_the_listing_with_what_shows_it() -> None:
    assert {check.code for check in MISSING} == ELEMENTS
    assert [id for id, where in listing().items() if not where] == []


def test_a_kind_nobody_knows_cannot_be_told_in_a_story_and_is_shown_by_tests() -> None:
    where = listing()["G-UNKNOWN-KIND"]
    assert "ledger/law/record_checks/test_procedure.py" in where
    assert not set(where) & set(by_story())


def test_a_new_code_without_a_test_would_be_noticed(tmp_path: Path) -> None:
    silent = tmp_path / "test_silent.py"
    silent.write_text('CODE = "V-NEW"\n\n\ndef test_it() -> None:\n    assert CODE\n', encoding="utf-8")
    assert shown(silent) == set()
    silent.write_text('def test_it() -> None:\n    finds(BASE, "V-NEW")\n', encoding="utf-8")
    assert shown(silent) == {"V-NEW"}


def test_every_move_is_a_rule_and_is_explored() -> None:
    moves = [rule for rule in RULES if rule.kind == "transition"]
    assert len(moves) == sum(len(m.rows) + len(m.alone) for m in ALL)
    rows = TESTS / "ledger/law/states/test_machine_rows.py"
    assert '@pytest.mark.parametrize("machine", ALL,' in rows.read_text(encoding="utf-8")


if __name__ == "__main__":
    for id, where in listing().items():
        shows = ", ".join(where[:4]) + (" ..." if len(where) > 4 else "")
        sys.stdout.write(f"{id:<40} {len(where):>3}  {shows}\n")
