"""What documents name exists: for every test that they name a test of that name, and the kinds of their examples."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ledger.facts import KINDS

ROOT = Path(__file__).parents[2]
TABLES = (
    "reference/form-and-papers.md",
    "reference/hostile-inputs.md",
    "reference/hostile-reading.md",
    "explanation/threat-model.md",
)
SHORT = (
    "reference/form-and-papers.md",
    "reference/hostile-reading.md",
    "reference/law-against-the-acts.md",
    "explanation/electronic-ledgers.md",
    "reference/verification.md",
)


def existing() -> set[str]:
    """Return every test of the project as the tables name it: file below `tests` without `test_`, and sentence."""
    found = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        for name in re.findall(r"^def test_(\w+)\(", file.read_text("utf-8"), re.MULTILINE):
            place = file.relative_to(ROOT / "tests").with_name(file.stem.removeprefix("test_"))
            found.add(f"{place} · {name.replace('_', ' ')}")
    return found


def named(table: str) -> list[str]:
    """Return the names of the tests in a table."""
    text = re.sub(r"\s+", " ", (ROOT / "docs" / table).read_text("utf-8"))
    return re.findall(r"`([\w/]+ · [^`]+)`", text)


def test_the_table_of_keys_promises_the_signers_that_the_program_asks_for() -> None:
    text = (ROOT / "docs/reference/verification.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(key-\w+)\{[^|]*\| ([^|]*) \|", text, re.MULTILINE))
    for kind in ("key-registered", "key-revoked", "key-compromised"):
        assert (KINDS[kind].signers, rows[kind]) == (("ADM",), "registrar"), "the holder and a second officer cannot"
    assert rows["key-rotated"].endswith("or registrar, and the new key accepts")


@pytest.mark.parametrize("table", [*TABLES, *SHORT[2:], "explanation/event-sourcing.md"])
def test_every_test_a_table_names_exists(table: str) -> None:
    tests = named(table)
    assert len(tests) > 20 or table in SHORT
    assert sorted(set(tests) - existing()) == []


@pytest.mark.parametrize("table", TABLES)
def test_every_row_is_shown_by_a_test_or_says_that_it_is_not_detectable(table: str) -> None:
    rows = [line for line in (ROOT / "docs" / table).read_text("utf-8").splitlines() if line.startswith("|")]
    bare = [
        r for r in rows if " · " not in r and not r.startswith(("|---", "| |", "| attacker", "| finding", "| who "))
    ]
    assert bare == []


def test_every_point_in_which_the_rules_differed_from_the_acts_has_a_test_or_a_reason() -> None:
    text = (ROOT / "docs" / "reference" / "law-against-the-acts.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|") and not line.startswith(("|---", "| point"))]
    assert len(rows) > 70
    assert [row for row in rows if " · " not in row and "| declined: " not in row] == []


def test_the_kinds_in_examples_of_documents_are_kinds() -> None:
    texts = [file.read_text("utf-8") for file in (ROOT / "docs").rglob("*.md")]
    lists = [
        names for text in texts for names in re.findall(r'^(?:"unless": .*"kinds":|kinds =) (\[.*?\])', text, re.M)
    ]
    assert len(lists) >= 2
    assert {name for each in lists for name in json.loads(each)} <= set(KINDS)
