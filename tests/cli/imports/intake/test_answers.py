"""What an import by a profile says: the profile, then at most ten lines of each part, and how many more there are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.imports.intake.answers import TableNote, UsedProfile, parts_of, tell_outlook, tell_prepared
from ledger.application.intake.outlook import ClockCount, FindingCount, NoClockCount, Outlook


def prepared(adopted: int | None = None) -> Any:
    """Return a table of three rows by a profile that the entry `adopted` of the register states."""
    profile = SimpleNamespace(name="p", version="1", title="Orders of Köln 1")
    note = SimpleNamespace(row=0, column="", says="A note.")
    made = SimpleNamespace(sheet="Orders", rows=3, notes=[note])
    place = "sheet 'Orders', row {}".format
    return SimpleNamespace(profile=profile, profile_sha256="ab", adopted=adopted, made=made, place=place)


def outlook(clocks: int, findings: int, judged: int = 2, orders: int = 2) -> Outlook:
    return Outlook(
        [ClockCount(f"D-{n}", "MISSED", n) for n in range(1, clocks + 1)],
        [NoClockCount("no row says when the order arrived", 3, 4)] * (orders > 2),
        [FindingCount(f"V-{n}", "V", "Something is late.", n, n + 1) for n in range(1, findings + 1)],
        judged,
        orders,
    )


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr("cli.terminal.output.tell", lines.append)
    monkeypatch.setattr("cli.imports.intake.answers.sentences", lambda notes, sheet: [f"{sheet}: {notes[0].says}"])
    return lines


def test_the_profile_is_named_with_the_entry_that_states_it_or_that_none_does(printed: list[str]) -> None:
    tell_prepared(prepared(7))
    tell_prepared(prepared(0))
    tell_prepared(prepared())
    assert printed == [
        "profile Orders of Köln 1 (entry 7 of the log); 3 rows read",
        "Orders: A note.",
        "profile Orders of Köln 1 (entry 0 of the log); 3 rows read",
        "Orders: A note.",
        "profile Orders of Köln 1 (no entry of the register states it: comity import adopt); 3 rows read",
        "Orders: A note.",
    ]


def test_deadlines_and_findings_are_counted_by_their_number_of_orders(printed: list[str]) -> None:
    tell_outlook(outlook(2, 2, orders=3), prepared(7).place)
    assert printed[1:] == [
        "deadline D-1: MISSED in 1 order",
        "deadline D-2: MISSED in 2 orders",
        "no deadline in 3 orders, first sheet 'Orders', row 4: no row says when the order arrived",
        "V-1 in 1 order, first sheet 'Orders', row 2: Something is late.",
        "V-2 in 2 orders, first sheet 'Orders', row 3: Something is late.",
    ]


def test_ten_lines_of_a_part_are_printed_and_how_many_more_there_are(printed: list[str]) -> None:
    tell_outlook(outlook(10, 13, judged=2000, orders=2001), prepared(7).place)
    assert printed[0] == "judged are the first 2000 of 2001 orders"
    assert [line for line in printed if line.startswith("and ")] == ["and 3 more findings; --json lists all"]
    assert sum(line.startswith("deadline ") for line in printed) == 10
    assert sum(line.startswith("V-") for line in printed) == 10


def test_the_parts_of_an_answer_are_what_would_change_and_those_of_a_profile() -> None:
    foreseen = outlook(1, 1)
    change = {"clocks": foreseen.clocks, "without": foreseen.without, "findings": foreseen.findings}
    assert parts_of(None, None) == {}
    assert parts_of(None, foreseen) == change
    without = parts_of(prepared(7), None)
    assert without == {
        "profile": UsedProfile("p", "1", "ab", 7, "Orders", 3),
        "notes": [TableNote(0, "", "A note.")],
    }
    assert parts_of(prepared(7), foreseen) == without | change
