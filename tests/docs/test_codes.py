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


@cache
def strings() -> tuple[set[str], set[str]]:
    """Return every string in the source, and every code in a call that raises, returns or reports codes."""
    constants, said = set[str](), set[str]()
    for package in ("ledger", "projections", "server", "cli", "comity"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    constants.add(node.value)
                elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    value = node.args[0].value
                    if name in SAYING and isinstance(value, str) and CODE.fullmatch(value):
                        said.add(value)
    return constants, said


def test_every_code_that_is_said_is_explained() -> None:
    _, said = strings()
    assert len(said) > 60
    assert said - EXPLAINED == set()


def test_no_code_is_explained_that_is_never_said() -> None:
    constants, _ = strings()
    assert EXPLAINED - constants == set()


def test_the_exit_codes_are_those_of_the_program() -> None:
    table = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    assert table == {int(code) for code in Exit}
