"""docs/reference/codes.md explains every code that the program can report, and no other code."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from cli.exit_codes import Exit

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "codes.md").read_text(encoding="utf-8")
EXPLAINED = set(re.findall(r"^\| `([A-Z_-]+)` \|", PAGE, re.MULTILINE))
CODE = re.compile(r"[A-Z]{2,}([-_][A-Z]+)*")
SAYING = (
    "RecordError",
    "FactError",
    "LedgerError",
    "Conflict",
    "Reason",
    "Problem",
    "__init__",
    "doubt",
)  # the code is the first argument


def constants() -> set[str]:
    """Return every string in the source."""
    return {n.value for n in nodes() if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def said() -> set[str]:
    """Return every code in a call that raises, returns or reports codes."""
    found = set()
    for node in nodes():
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            value = node.args[0].value
            if name in SAYING and isinstance(value, str) and CODE.fullmatch(value):
                found.add(value)
    return found


@cache
def nodes() -> list[ast.AST]:
    files = [p for house in ("ledger", "projections", "server", "cli", "comity") for p in (ROOT / house).rglob("*.py")]
    return [n for p in files for n in ast.walk(ast.parse(p.read_text(encoding="utf-8")))]


def test_every_code_that_is_said_is_explained() -> None:
    assert len(said()) > 60
    assert said() - EXPLAINED == set()


def test_no_code_is_explained_that_is_never_said() -> None:
    assert EXPLAINED - constants() == set()


def test_the_exit_codes_are_those_of_the_program() -> None:
    table = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    assert table == {int(code) for code in Exit}
