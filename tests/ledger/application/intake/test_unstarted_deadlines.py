"""Before a table is recorded: its rows that start no deadline, and why, by the law that later counts deadlines."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from cli.session.ledger_choice import now
from ledger.application.intake.unstarted_deadlines import Clocks, Unwound, may_wind
from ledger.application.journal import Journal
from ledger.entries.case import wire
from ledger.facts import KINDS
from ledger.law.deadlines.table import REGISTER
from ledger.law.judge import judge
from ledger.law.next_steps.lookup import NextSteps
from ledger.law.reading.reliability import Lack
from tests.support.cli import ledger_of, reply, run
from tests.support.judging import judged
from tests.support.samples import sampled
from tests.support.scenarios import given, sent
from tests.support.scenarios import issued as order_issued
from tests.support.story_files import STORY_NAMES, cases, source

HEAD = (
    "order,kind,occurred,actor,instrument,from_party,to_party,providers,"
    "proof_kind,on_source,proper_addressee,unregistered\n"
)
LATE = "2026-03-02T08:30:00Z"
AS_OF = datetime(2027, 6, 1, tzinfo=UTC)


def issued(name: str, instrument: str) -> str:
    return f"{name},order-issued,2026-03-01T09:00:00Z,,{instrument},XO,XV,skylark,,,,\n"


def received(
    name: str, on: str = LATE, actor: str = "", proof: str = "delivery-receipt", source: str = "", proper: str = ""
) -> str:
    return f"{name},order-received,{on},{actor},,,,,{proof},{source},{proper},{'yes' * (actor == 'nobody')}\n"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return ledger_of("S1", tmp_path)


def written(folder: Path, *rows: str) -> str:
    (folder / "orders.csv").write_text(HEAD + "".join(rows))
    return str(folder / "orders.csv")


def test_a_dry_run_counts_the_receipts_that_wind_no_clock_by_reason(ledger: Path, tmp_path: Path) -> None:
    rows = [issued(f"H-{n}", "2AP-7") + received(f"H-{n}", proof="own-stamp" if n < 3 else "delivery-receipt")
            for n in range(5)]  # fmt: skip
    asked = ("import", written(tmp_path, *rows), "--as", "ilves", "--dry-run")
    done = run(*asked, ledger=ledger)
    assert done.exit_code == 0, done.output
    assert (
        "3 rows of order-received wind no clock (D-7-7): no proper receipt: it is signed as ISS and names no proof "
        "that counts (it would with proof_kind delivery-receipt or portal-log or courier-receipt); it is recorded more "
        "than 24 hours after it happened (it would with on_source receipt-stamp); the first is row 3"
    ) in done.stderr
    assert "2 rows of order-received wind no clock (D-7-7): it is recorded more than 24 hours after" in done.stderr
    document = reply(*asked, ledger=ledger)
    assert [(u["kind"], u["rows"], u["first_row"], u["clocks"]) for u in document["unwound"]] == [
        ("order-received", 3, 3, ["D-7-7"]),
        ("order-received", 2, 9, ["D-7-7"]),
    ]
    assert [[lack["column"] for lack in u["lacks"]] for u in document["unwound"]] == [
        ["proof_kind", "on_source"],
        ["on_source"],
    ]


def test_filled_in_as_it_says_the_same_table_winds_every_clock(ledger: Path, tmp_path: Path) -> None:
    rows = [issued(f"H-{n}", "2AP-7") + received(f"H-{n}", source="receipt-stamp") for n in range(3)]
    answer = reply("import", written(tmp_path, *rows), "--as", "ilves", ledger=ledger)
    assert answer["unwound"] == []
    for n in range(3):
        judged = json.loads(run("judge", f"H-{n}", "--json", ledger=ledger).stdout)
        (clock,) = [c for c in judged["deadlines"] if c["policy"] == "2AP-CAL"]
        assert (clock["id"], clock["due"]) == ("D-7-7", "2026-04-01T22:00:00Z")


@pytest.mark.parametrize("part", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_what_is_said_of_a_row_is_what_the_law_makes_of_its_clocks(ledger: Path, tmp_path: Path, part: int) -> None:
    """Combine the columns, under one instrument of each rule: a row is reported if and only if it is so."""
    clock = now(str(ledger))
    recent = wire(clock - timedelta(hours=1))
    every = list(
        product(
            ("2AP-7", "2AP-8", "EPOC"),
            (LATE, recent),
            ("", "skylark", "nobody"),
            ("delivery-receipt", "own-stamp"),
            ("", "receipt-stamp"),
            ("", "false"),
        )
    )
    mixtures = [every[n] for n in sampled(range(len(every)), part)]
    rows = [
        issued(f"M-{n}", instrument) + received(f"M-{n}", *columns) for n, (instrument, *columns) in enumerate(mixtures)
    ]
    said: dict[str, Any] = {}
    for n, row in enumerate(rows):
        found = reply("import", written(tmp_path, row), "--as", "ilves", "--dry-run", ledger=ledger)["unwound"]
        said[f"M-{n}"] = [lack["column"] for unwound in found for lack in unwound["lacks"]]
    reply("import", written(tmp_path, *rows), "--as", "ilves", ledger=ledger)
    with Journal.open(ledger, writable=False) as journal:
        for n, mixture in enumerate(mixtures):
            judgement = judge(journal.case(journal.find(f"M-{n}")), clock)
            waits = [c for c in judgement.deadlines if c.id in ("D-7-7", "E-10-3", "D-8-6-RETURN")]
            unwound = all(c.trigger is None or c.due is None for c in waits)
            assert bool(said[f"M-{n}"]) is unwound, (mixture, said[f"M-{n}"], waits)


def test_due_and_the_deadline_explained_say_what_a_receipt_on_record_lacks(ledger: Path, tmp_path: Path) -> None:
    rows = (issued("H-1", "2AP-7"), received("H-1", proof="own-stamp"), issued("H-2", "2AP-7"))
    reply("import", written(tmp_path, *rows), "--as", "ilves", ledger=ledger)
    due = run("due", ledger=ledger)
    assert due.exit_code == 3
    assert "could not be computed: `comity law deadline D-7-7 H-" in due.stderr
    (missing,) = reply("law", "deadline", "D-7-7", "H-1", ledger=ledger)["missing"]
    assert missing.startswith("#2 order-received starts no clock: no proper receipt")
    assert "(it would with on_source receipt-stamp)" in missing
    shown = run("law", "deadline", "D-7-7", "H-1", ledger=ledger).stdout
    assert "-> #2 order-received starts no clock" in shown
    assert run("law", "deadline", "D-7-7", "H-2", ledger=ledger).exit_code == 2, "not served: no clock is listed"


def test_orders_that_are_sent_and_of_which_no_row_says_when_they_arrived_are_counted(
    ledger: Path, tmp_path: Path
) -> None:
    sent_row = "{0},order-transmitted,2026-03-02T07:00:00Z,,,,,,,,,,mail,skylark\n"
    head = HEAD.strip() + ",channel,addressee\n"
    rows = [issued(f"H-{n}", "2AP-7") + sent_row.format(f"H-{n}") for n in range(3)]
    (tmp_path / "orders.csv").write_text(head + "".join(rows) + received("H-0", source="receipt-stamp"))
    asked = ("import", str(tmp_path / "orders.csv"), "--as", "ilves", "--dry-run")
    assert (
        "2 rows of order-transmitted wind no clock (D-7-7): no row says when the order arrived (it would with kind "
        "order-received, in another row); the first is row 5"
    ) in run(*asked, ledger=ledger).stderr
    (found,) = reply(*asked, ledger=ledger)["unwound"]
    assert (found["kind"], found["rows"], found["clocks"]) == ("order-transmitted", 2, ["D-7-7"])


def test_a_row_that_starts_a_clock_under_a_condition_is_reported_where_the_condition_holds(
    ledger: Path, tmp_path: Path
) -> None:
    head = "order,kind,occurred,instrument,from_party,to_party,providers,aware_at,incident_kind,regime\n"
    order = "H-1,order-issued,2026-03-01T09:00:00Z,2AP-7,XO,XV,skylark,,,\n"
    incident = "H-1,security-incident-detected,2026-03-09T09:00:00Z,,,,,2026-03-09T09:00:00Z,misdirected,{0}\n"
    (tmp_path / "orders.csv").write_text(head + order + incident.format("LED:30") + incident.format("2AP:14(7)"))
    found = reply("import", str(tmp_path / "orders.csv"), "--as", "ilves", "--dry-run", ledger=ledger)["unwound"]
    assert [(u["kind"], u["rows"], u["clocks"]) for u in found] == [("security-incident-detected", 1, ["DP-72H"])]


def test_rows_that_are_on_record_already_are_not_told_again(ledger: Path, tmp_path: Path) -> None:
    table = written(tmp_path, issued("H-1", "2AP-7"), received("H-1"))
    assert len(reply("import", table, "--as", "ilves", ledger=ledger)["unwound"]) == 1
    again = reply("import", table, "--as", "ilves", ledger=ledger)
    assert (again["already"], again["unwound"]) == (2, [])


def test_a_receipt_of_an_order_on_record_is_read_under_its_instrument(ledger: Path, tmp_path: Path) -> None:
    reply("import", written(tmp_path, issued("H-1", "2AP-8")), "--as", "ilves", ledger=ledger)
    row = written(tmp_path, received("H-1", source="receipt-stamp"))
    (found,) = reply("import", row, "--as", "ilves", "--dry-run", ledger=ledger)["unwound"]
    assert "D-8-6-RETURN" in found["clocks"]
    assert [lack["column"] for lack in found["lacks"]] == ["role"]


@pytest.mark.parametrize("name", STORY_NAMES)
def test_a_clock_is_wound_by_the_kinds_that_the_register_names(name: str) -> None:
    by_id = {d.id: d for d in REGISTER}
    for expect in source(name).get("expect", ()):
        case = cases(name)[expect["order"]]
        kinds = {e.leaf: e.kind for e in case.entries}
        for clock in judge(case, expect["as_of"]).deadlines:
            winds = by_id[clock.id].winds
            if winds and clock.trigger is not None and kinds[clock.trigger] != "emergency-reassessed":
                assert kinds[clock.trigger] in winds, clock.id


@pytest.mark.parametrize("rule", [d for d in REGISTER if d.winds], ids=lambda d: d.id)
def test_what_winds_a_clock_is_what_its_words_say(rule: Any) -> None:
    words = rule.wound_by.replace("governing receipt", "order-received")
    named = {kind for kind in KINDS if re.search(rf"(?<![a-z-]){kind}(?![a-z-])", words)}
    assert named <= set(rule.winds)
    assert {kind for kind in rule.winds if kind not in named} <= {"customer-notification-delay-extended"}


def test_a_clock_that_no_entry_could_wind_says_what_would() -> None:
    story = given(order_issued("2027-03-01T09:00Z"), sent("2027-03-02T09:00Z"))
    story.then_unwound("D-7-7")
    judgement = judged(story)
    (clock,) = [c for c in judgement.deadlines if c.id == "D-7-7"]
    by_addressee, by_issuer = NextSteps(story.case, judgement, "H-1").of_clock(clock)
    assert by_addressee.lacks.startswith("nothing on record starts it: governing receipt; when the order arrived")
    assert by_addressee.command == "comity record order-received H-1 -f proof_kind=own-stamp --on WHEN --as ADDRESSEE"
    assert by_issuer.command is not None
    assert "proof_kind=delivery-receipt" in by_issuer.command


# -- one row -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "begin"), [(1, "1 row of k winds no clock"), (2, "2 rows of k wind no clock")])
def test_one_row_and_several_are_said_in_their_number(rows: int, begin: str) -> None:
    lack = Lack("it lacks a day", "day", "2027-03-01")
    said = Unwound("k", ("D-7-7", "D-8-6"), (lack,)).sentence(rows, "row 3")
    assert said == f"{begin} (D-7-7, D-8-6): it lacks a day (it would with day 2027-03-01); the first is row 3"


@pytest.mark.parametrize(
    ("kind", "instrument", "rules"),
    [
        ("security-incident-detected", "2AP-7", ["DP-72H"]),
        ("order-issued", "EPOC", ["E-4-5"]),
        ("order-issued", "2AP-7", []),
        ("order-received", "EPOC", []),  # its clocks need no condition
        ("issued", "EPOC", []),
    ],
)
def test_a_kind_starts_a_clock_under_a_condition_where_the_words_of_the_clock_name_it(
    kind: str, instrument: str, rules: list[str]
) -> None:
    assert [rule.id for rule in may_wind(kind, instrument)] == rules


@pytest.mark.parametrize(("more", "counted"), [({}, 1), ({"new": True}, 1), ({"new": False}, 0)])
def test_only_the_sending_of_a_new_order_waits_for_its_arrival(more: dict[str, bool], counted: int) -> None:
    story = given(order_issued("2027-03-01T09:00Z"), sent("2027-03-02T09:00Z"))
    sending = story.case.entries[-1]
    clocks = Clocks((), AS_OF)
    for line in (3, 4):
        clocks.add(sending, "2AP-7", 2, line, **more)
    assert [(unwound.kind, rows, place) for unwound, rows, place in clocks.found()] == [
        ("order-transmitted", 1, (2, 3))
    ] * counted
    other = Clocks((), AS_OF)
    other.add(sending, "none", 2, 3)
    assert list(other.found()) == [], "no clock of an unknown instrument waits for it"
