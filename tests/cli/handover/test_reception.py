"""A reception says for each order what is new, what changed, and what now waits for whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import run
from tests.support.divided.two_houses import Office, two_houses


@pytest.fixture
def offices(tmp_path: Path) -> tuple[Office, Office]:
    return two_houses(tmp_path)


def answered(skylark: Office) -> str:
    """Let the provider answer E-7, and return its bundle for the authority."""
    skylark.do("record", "order-received", "E-7", "-f", "proof_kind=own-stamp", "--as", "skylark")
    file = skylark.post / "return.csv"
    file.write_text("account,name\n")
    how = ("--elements", "name", "--channel", "decentralised-it-system", "--as", "skylark")
    skylark.do("disclose", str(file), "--order", "E-7", *how)
    return skylark.send("E-7", "ISS")


def changed(order: dict[str, Any], part: str) -> dict[str, tuple[str | None, str | None]]:
    some = (each for each in order["changes"] if each["what"].startswith(part))
    return {each["what"]: (each["before"], each["after"]) for each in some}


def test_a_first_reception_says_what_began_and_for_whom_it_waits(offices: tuple[Office, Office]) -> None:
    karsk, skylark = offices
    answer = skylark.receive(karsk.issue("E-7"))
    (order,) = answer["orders"]
    assert (order["ref"], order["state"]) == ("E-7", "SERVED")
    assert [(e["by"], e["kind"], e["counts"]) for e in order["new"]] == [
        ("ilves", "order-issued", True),
        ("ilves", "order-transmitted", True),
    ]
    began = changed(order, "deadline")
    assert {what.partition(",")[0] for what in began} == {"deadline data from the provider (E-10-3)"}
    assert {*began.values()} == {(None, "UNDETERMINED")}
    assert changed(order, "state") == {"state": (None, "SERVED")}
    for waits in order["waits"]:
        assert (waits["id"], waits["who"].startswith("the provider")) == ("E-10-3", True)
        assert waits["next"], "what would settle the end that is not known"
    assert order["next"] == "comity record order-received E-7 -f proof_kind=own-stamp --as skylark"
    assert answer["registers"] == [{"log": "ledger.example/xo/karsk", "new": 9}]
    done = run(*order["next"].split()[1:], ledger=skylark.ledger, **skylark.env)
    assert done.exit_code == 0, "the printed command can be typed"


def test_an_answer_says_which_deadline_ended_and_which_findings_came_and_went(offices: tuple[Office, Office]) -> None:
    karsk, skylark = offices
    skylark.receive(karsk.issue("E-7"))
    path = answered(skylark)
    text = karsk.do("receive", path, "--as", "ilves")
    lines = text.stdout.splitlines()
    assert lines[:3] == [
        "recorded 4 entries",
        "E-7  SERVED -> DISCLOSED",
        "  - new from skylark: acknowledgement (2), order-received, data-disclosed",
    ]
    assert "  - deadline ended: data from the provider (E-10-3), MET" in lines
    assert "  - gap no longer found: G-CLOCK-UNDETERMINED" in lines
    assert any(line.startswith("  - new gap G-NOTICE-UNSETTLED: The record does not show") for line in lines)
    assert lines[-1] == "register of ledger.example/xv/skylark: 9 new entries"
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert text.stderr.splitlines()[:1] == ["next:"]
    assert "comity record evidence-received E-7" in text.stderr


def test_a_deadline_that_moved_is_printed_with_both_ends(offices: tuple[Office, Office]) -> None:
    karsk, skylark = offices
    skylark.receive(karsk.issue("E-7"))
    skylark.do("record", "order-received", "E-7", "-f", "proof_kind=own-stamp", "--as", "skylark")
    path = skylark.send("E-7", "ISS")
    text = " ".join(karsk.do("receive", path, "--as", "ilves").stdout.split())
    assert "deadline moved: data from the provider (E-10-3), until the end of" in text
    assert "Dublin (was end not known)" in text
    assert "waits for the provider" in text
    (order,) = karsk.receive(path)["orders"]
    assert all(each["last_day"] and each["due"] for each in order["waits"])


def test_the_same_file_twice_changes_nothing_and_says_so(offices: tuple[Office, Office]) -> None:
    karsk, skylark = offices
    path = karsk.issue("E-7")
    skylark.receive(path)
    again = skylark.do("receive", path, "--as", "skylark")
    assert again.stdout.splitlines() == [
        "recorded nothing; 2 already on record",
        "E-7  SERVED: nothing is new, and nothing changed",
    ]
    assert again.stderr == ""
    answer = skylark.receive(path)
    (order,) = answer["orders"]
    assert (order["new"], order["changes"], answer["registers"]) == ([], [], [])
    assert (answer["recorded"], answer["already"], "next" in order) == (0, 2, False)
    assert {each["id"] for each in order["waits"]} == {"E-10-3"}, "what waits is still said"


def test_entries_that_prove_nothing_are_said_to_be_without_effect(offices: tuple[Office, Office]) -> None:
    karsk, skylark = offices
    skylark.receive(karsk.issue("E-7"))
    other = karsk.issue("E-8")
    kept = skylark.do("receive", other, "--order", "E-7", "--anyway", "--as", "skylark").stdout.splitlines()
    assert kept[0] == "recorded 2 entries"
    assert "  - kept, and without effect until more is proven: 2 entries" in kept
    assert not any("deadline" in line for line in kept)
