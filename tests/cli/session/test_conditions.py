"""`--unless` lets a command record only if nothing that its signer had not seen opposes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from cli.exit_codes import Exit
from cli.reports.timeline_text import timeline_paragraphs
from ledger.adapters.folders.user_folders import Home
from ledger.application.journal import Journal
from ledger.law import judge
from projections.views.timeline import timeline
from tests.support.cli import House

SENT = (
    "record",
    "order-transmitted",
    "-f",
    "addressee=skylark",
    "-f",
    "channel=mail",
    "--unregistered",
    "--as",
    "ilves",
    "--yes",
)
SECRET = ("record", "confidentiality-requested", "-f", "until=2027-06-01", "--as", "ilves", "--yes")
ISSUE = ("issue", "--instrument", "2AP-7", "--to", "XV", "--unregistered", "--as", "ilves", "--yes")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return a ledger with the orders PPO-1 and PPO-2."""
    house = House(tmp_path_factory.mktemp("two")).furnished()
    done(house, *ISSUE, "--reference", "PPO-2", "-f", "identifiers=a@skylark.example", "-f", "offences=fraud")
    return house


def done(house: House, *words: str) -> str:
    answer = house.run(*words)
    assert answer.exit_code == Exit.DONE, answer.output
    return str(answer.output)


def put_first(words: tuple[str, ...], order: str) -> list[str]:
    return [*words[:2], order, *words[2:]]


def size(house: House) -> int:
    return int(json.loads(done(house, "log", "--json", "-n", "1"))["of"])


def test_a_decision_that_rests_on_an_old_view_is_refused_and_nothing_is_recorded(two: House) -> None:
    seen = size(two)
    done(two, *put_first(SENT, "PPO-1"))
    now = size(two)
    answer = two.run(*put_first(SECRET, "PPO-2"), "--unless", "order-transmitted@PPO-1", "--behind", str(seen))
    assert answer.exit_code == Exit.REFUSED, answer.output
    assert "CTX-CONDITION" in answer.output
    assert f"entry {seen} is one" in answer.output
    assert size(two) == now


def test_without_a_position_nothing_opposes_what_was_there_before_the_command(two: House) -> None:
    done(two, *put_first(SENT, "PPO-1"))
    done(two, *put_first(SECRET, "PPO-2"), "--unless", "order-transmitted,order-withdrawn@PPO-1,PPO-2,register")
    with Journal.open(two.ledger, Home(two.folder / "state" / "comity", two.keys)) as journal:
        case = journal.case(journal.find("PPO-2"))
    shown = timeline_paragraphs(timeline(case, judge(case, datetime.now(UTC)).trail))
    assert "only if no order-transmitted or order-withdrawn in" in " ".join(shown.split())
    assert "this order" in shown
    arrived = replace(case, entries=tuple(replace(e, origin="ledger.example/xv/skylark") for e in case.entries))
    shown = timeline_paragraphs(timeline(arrived, judge(arrived, datetime.now(UTC)).trail))
    assert "of the log ledger.example/xv/skylark on" in " ".join(shown.split())
    *_, last = json.loads(done(two, "timeline", "PPO-2", "--json"))["timeline"]
    assert last["unless"]["kinds"] == ["order-transmitted", "order-withdrawn"]
    assert len(last["unless"]["orders"]) == 3
    assert "unless" not in json.loads(done(two, "timeline", "PPO-2", "--json"))["timeline"][0]


def test_without_an_order_a_condition_is_about_the_order_itself(two: House) -> None:
    dry = json.loads(two.run(*put_first(SECRET, "PPO-2"), "--unless", "order-withdrawn", "--dry-run").stdout)
    assert dry["unless"] == {"after": size(two), "orders": [dry["order"]], "kinds": ["order-withdrawn"]}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--unless", "order-withdrawed@PPO-1"), Exit.REFUSED, "FACT-KIND"),
        (("--unless", "order-withdrawn@PPO-9"), Exit.USAGE, "PPO-9"),
        (("--behind", "3"), Exit.USAGE, "--unless KINDS@ORDERS"),
        (("--unless", "order-withdrawn", "--behind", "-1"), Exit.USAGE, "--behind"),
        (("--unless", "order-withdrawn", "--behind", "999999"), Exit.REFUSED, "CTX-CONDITION"),
        (("--unless", ""), Exit.REFUSED, "FACT-KIND"),
    ],
)
def test_a_condition_that_cannot_be_one_is_refused(two: House, words: tuple[str, ...], code: Exit, says: str) -> None:
    before = size(two)
    answer = two.run(*put_first(SECRET, "PPO-2"), *words)
    assert (answer.exit_code, says in answer.output) == (code, True), answer.output
    assert size(two) == before


def test_a_bundle_with_a_condition_is_verified_and_says_what_it_does_not_prove(two: House, tmp_path: Path) -> None:
    done(two, *put_first(SECRET, "PPO-2"), "--unless", "order-withdrawn@PPO-1")
    file = tmp_path / "order.zip"
    done(two, "export", "PPO-2", "--audience", "CT", "--unwitnessed", "--as", "ilves", "-o", str(file))
    report = json.loads(done(two, "verify", str(file), "--trust", str(two.ledger / "trust"), "--json"))
    assert report["verdict"] == "TOTAL-PASSED"
    assert [line for line in report["not_proven"] if line.startswith("CTX-CONDITION")]
