"""A ledger for each year: an order begun in the old one goes on in the next, with its deadlines, files and proofs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from cli.session import ledger_choice
from ledger.entries.case import instant
from tests.support.cli import run

OLD, NEW = "ledger.example/xo/karsk/2026", "ledger.example/xo/karsk/2027"
ORDERS = ("PPO-1", "PPO-2")
OFFICES = {"ilves": ("ISS", "VAL"), "skylark": ("SP",)}


@dataclass
class Office:
    """An office that keeps a ledger for each year, in one folder."""

    folder: Path
    ledger: Path = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = self.folder / "2026"

    def run(self, *words: str) -> Any:
        state, config = str(self.folder / "state"), str(self.folder / "config")
        return run(*words, ledger=self.ledger, XDG_STATE_HOME=state, XDG_CONFIG_HOME=config)

    def ok(self, *words: str) -> str:
        done = self.run(*words)
        assert done.exit_code in (Exit.DONE, Exit.FINDINGS), done.output
        return str(done.stdout)

    def reply(self, *words: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.ok(*words, "--json"))
        return answer

    def deadlines(self) -> dict[str, str]:
        return {each["id"]: each["due"] for each in self.reply("due")["due"]}

    def enrol(self) -> None:
        for name, roles in OFFICES.items():
            key = self.folder / "config" / "comity" / "keys" / f"{name}.pub"
            held = [part for role in roles for part in ("--role", role)]
            words = ("--public", str(key), "--party", "XO", "--office", f"Office {name}")
            self.ok("key", "enrol", name, *words, *held)
            self.ok("key", "accept", name)


def clock_of(patch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that sets the clock of every command."""

    def at(text: str) -> None:
        moment: datetime = instant(text)
        patch.setattr(ledger_choice, "now", lambda folder=None: moment)

    return at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    at = clock_of(monkeypatch)
    at("2027-01-04T08:00:00Z")
    return at


@pytest.fixture(scope="module")
def january(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Make an office whose orders were taken over, and return how they were at the end of December."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("turn")
        return folder, turn(folder, clock_of(patch))


@pytest.fixture
def turned(
    january: tuple[Path, dict[str, Any]], tmp_path: Path, clock: Callable[[str], None]
) -> tuple[Office, dict[str, Any]]:
    folder, before = january
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    office = Office(tmp_path)
    office.ledger = tmp_path / "2027"
    return office, before


def turn(tmp_path: Path, clock: Callable[[str], None]) -> dict[str, Any]:
    """Keep a ledger of 2026 with two orders, succeed it, and take the orders over in January."""
    office = Office(tmp_path)
    clock("2026-12-18T09:00:00Z")
    office.ok("init", str(office.ledger), "--origin", OLD)
    for name in OFFICES:
        office.ok("key", "new", name)
    office.enrol()
    for reference in ORDERS:
        words = ("--instrument", "2AP-7", "--to", "XV", "--reference", reference, "--as", "ilves")
        office.ok("issue", "--unregistered", *words)
    clock("2026-12-21T10:00:00Z")
    for reference in ORDERS:
        office.ok("record", "order-received", reference, "--as", "skylark", "--unregistered")
    clock("2026-12-28T10:00:00Z")
    (tmp_path / "first.json").write_text("{}")
    office.ok("disclose", "PPO-2", str(tmp_path / "first.json"), "--channel", "provider-portal", "--as", "skylark")
    clock("2026-12-31T20:00:00Z")
    before = {reference: office.reply("judge", reference) for reference in ORDERS}
    before["due"] = office.deadlines()
    office.ok("checkpoint")
    bundles = {reference: str(tmp_path / f"{reference}.evidence.zip") for reference in ORDERS}
    for reference, bundle in bundles.items():
        office.ok("export", reference, "--audience", "ISS", "-o", bundle, "--unwitnessed")
    old = office.ledger
    office.ledger = tmp_path / "2027"
    office.ok("succeed", str(old), str(office.ledger), "--origin", NEW, "--cause", "planned")

    clock("2027-01-04T08:00:00Z")
    office.enrol()
    office.ok("counterparty", "add", str(old / "trust"))
    for bundle in bundles.values():
        office.ok("receive", bundle, "--as", "ilves")
        assert office.reply("receive", bundle, "--as", "ilves")["recorded"] == 0, "nothing is taken twice"
    return before


def test_a_deadline_that_began_in_december_ends_on_the_same_day_in_the_next_ledger(
    turned: tuple[Office, dict[str, Any]], tmp_path: Path, clock: Callable[[str], None]
) -> None:
    office, before = turned
    assert before["due"] == {"D-7-7": "2027-01-21T00:00:00Z"}
    assert office.deadlines() == before["due"]
    for reference in ORDERS:
        after = office.reply("judge", reference)
        assert after["state"] == before[reference]["state"]
        assert [(d["id"], d["due"], d["verdict"]) for d in after["deadlines"]] == [
            (d["id"], d["due"], d["verdict"]) for d in before[reference]["deadlines"]
        ]
    clock("2027-01-12T10:00:00Z")
    second = tmp_path / "second.json"
    second.write_text("[]")
    office.ok("disclose", "PPO-1", str(second), "--channel", "provider-portal", "--as", "skylark")
    verdicts = {d["id"]: d["verdict"] for d in office.reply("judge", "PPO-1")["deadlines"]}
    assert verdicts["D-7-7"] == "MET"
    assert office.deadlines() == {}


def test_files_and_steps_of_december_are_in_the_custody_and_the_bundle_of_january(
    turned: tuple[Office, dict[str, Any]], tmp_path: Path, clock: Callable[[str], None]
) -> None:
    office, _ = turned
    clock("2027-01-12T10:00:00Z")
    assert office.run("check", "PPO-2", str(tmp_path / "first.json")).exit_code == Exit.DONE
    assert "data-disclosed" in office.ok("custody", "PPO-2", "--json")
    kinds = [each["kind"] for each in office.reply("timeline", "PPO-2")["timeline"]]
    assert [kind for kind in kinds if kind != "counterparty-record-received"] == [
        "order-issued",
        "order-received",
        "data-disclosed",
    ]
    court = str(tmp_path / "court.evidence.zip")
    office.ok("export", "PPO-2", "--audience", "COURT", "-o", court, "--unwitnessed")
    verdict = office.reply("verify", court, "--trust", str(office.ledger / "trust"))
    assert verdict["verdict"] == "TOTAL-PASSED", verdict
    bundled = [
        e["kind"]
        for e in json.loads(
            office.ok("timeline", "--bundle", court, "--trust", str(office.ledger / "trust"), "--json")
        )["timeline"]
    ]
    assert "data-disclosed" in bundled


def test_the_old_ledger_stays_verifiable_and_takes_nothing_more(
    turned: tuple[Office, dict[str, Any]], tmp_path: Path
) -> None:
    office, _ = turned
    old = tmp_path / "2026"
    assert office.reply("verify", str(old), "--trust", str(old / "trust"))["verdict"] == "TOTAL-PASSED"
    office.ledger = old
    late = ("disclose", "PPO-1", str(tmp_path / "first.json"), "--channel", "provider-portal", "--as", "skylark")
    refused = office.run(*late)
    assert (refused.exit_code, "GUARD-MISSING" in refused.output) == (Exit.UNDECIDABLE, True), refused.output
