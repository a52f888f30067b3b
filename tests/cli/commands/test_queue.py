"""A provider's team has one queue over the ledgers of many authorities; a server that is silent or false is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from click.testing import CliRunner, Result

from cli.app import comity
from tests.cli.remote.desk import dishonest
from tests.server.office import Office, serving, serving_story
from tests.support.cli import House, check_document


class Team:
    """People of a provider who ask several office servers; `offices` are these servers by their stories."""

    def __init__(self, folder: Path) -> None:
        self.env = {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}

    def run(self, *args: str) -> Result:
        result = CliRunner().invoke(comity, list(args), env=self.env)
        assert "Traceback" not in result.output
        return result

    def add(self, office: Office, actor: str) -> None:
        key = office.ledger / "keys" / f"PUBLIC-{actor}"
        trust = office.ledger / "trust"
        done = self.run("remote", "add", office.url, "--trust", str(trust), "--key", str(key), "--yes")
        assert done.exit_code == 0, done.output

    def queue(self, *args: str) -> tuple[int, dict[str, Any]]:
        result = self.run("queue", *args, "--json")
        answer: dict[str, Any] = json.loads(result.stdout)
        check_document(answer)
        return result.exit_code, answer


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Office]]:
    with ExitStack() as opened:
        yield {s: opened.enter_context(serving_story(s, tmp_path_factory.mktemp(s))) for s in ("S1", "S3")}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Office]]:
    """Serve a ledger in which two orders wait for skylark, one of them with a deadline; another one is for harbor."""
    house = House(tmp_path_factory.mktemp("begun")).begun().with_office("ilves", "ISS").with_office("skylark", "SP")
    for number, instrument, provider in ((1, "2AP-7", "skylark"), (2, "VOL", "skylark"), (3, "2AP-7", "harbor")):
        args = ("--instrument", instrument, "--to", "XV", "--reference", f"PPO-{number}", "--as", "ilves")
        house.reply("issue", "--unregistered", *args, "-f", f"providers={provider}", "-f", "data_categories=subscriber")
    received = ("-f", "proof_kind=own-stamp", "--on-source", "receipt-stamp", "--as", "skylark")
    house.reply("record", "order-received", "PPO-1", *received)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in house.env.items():
            patch.setenv(name, value)
        with serving(house.ledger) as served:
            yield house, served


def test_what_is_due_and_what_has_just_arrived_wait_with_their_next_steps(
    begun: tuple[House, Office], offices: dict[str, Office], tmp_path: Path
) -> None:
    house, office = begun
    made = Team(tmp_path)
    made.add(offices["S3"], "fjordlink")
    done = made.run(
        "remote",
        "add",
        office.url,
        "--trust",
        str(house.ledger / "trust"),
        "--key",
        str(house.keys / "skylark"),
        "--yes",
    )
    assert done.exit_code == 0, done.output
    code, answer = made.queue()
    assert (code, answer["unread"]) == (3, [])
    waits = {each["ref"]: each for each in answer["queue"]}
    assert list(waits) == ["PPO-2", "PPO-1"], "without an end first; what is for another provider is not in it"
    assert (waits["PPO-2"]["id"], waits["PPO-2"]["due"], "order-received" in waits["PPO-2"]["next"]) == ("", None, True)
    assert waits["PPO-1"]["id"] == "D-7-7"
    assert waits["PPO-1"]["due"] is not None
    assert waits["PPO-1"]["asked"] == ["subscriber data"]
    assert "data-disclosed" in waits["PPO-1"]["next"]
    assert "order-received" not in waits["PPO-1"]["next"]
    assert {each["url"] for each in answer["read"]} == {office.url, offices["S3"].url}


@pytest.fixture
def team(offices: dict[str, Office], tmp_path: Path) -> Team:
    made = Team(tmp_path)
    made.add(offices["S1"], "ncco")
    made.add(offices["S3"], "norcentral")
    return made


def test_one_queue_has_what_waits_in_each_ledger_soonest_first(team: Team, offices: dict[str, Office]) -> None:
    code, answer = team.queue()
    assert {each["url"] for each in answer["read"]} == {office.url for office in offices.values()}
    assert {each["office"] for each in answer["read"]} == {"ncco", "norcentral"}
    assert (answer["unread"], code) == ([], 3 if answer["queue"] else 0)
    ends = [each["due"] for each in answer["queue"]]
    dated = [each for each in ends if each is not None]
    assert ends == [None] * (len(ends) - len(dated)) + sorted(dated)
    orders = {each["office"]: each["orders"] for each in answer["read"]}
    assert orders == {"ncco": 1, "norcentral": 1}, "the second order of S3 does not name norcentral"


def test_what_waits_names_the_authority_the_order_and_what_may_be_signed_next(
    tmp_path: Path, offices: dict[str, Office]
) -> None:
    made = Team(tmp_path)
    made.add(offices["S3"], "fjordlink")
    _, answer = made.queue()
    for each in answer["queue"]:
        assert each["office"] == "fjordlink"
        assert each["authority"]
        assert each["url"] == offices["S3"].url
    assert answer["read"][0]["orders"] == 2


def test_only_the_servers_that_are_named_are_asked(team: Team, offices: dict[str, Office]) -> None:
    _, answer = team.queue("--server", offices["S1"].url)
    assert [each["url"] for each in answer["read"]] == [offices["S1"].url]
    refused = team.run("queue", "--server", "https://other.example")
    assert (refused.exit_code != 0, "nothing is kept of" in refused.output) == (True, True)


def test_a_silent_server_is_named_and_the_others_are_read(team: Team, tmp_path: Path) -> None:
    with serving_story("S2", tmp_path) as gone:
        team.add(gone, "harbor")
    code, answer = team.queue()
    assert (code, len(answer["read"])) == (4, 2)
    (silent,) = answer["unread"]
    assert (silent["url"], silent["proven"]) == (gone.url, False)
    text = team.run("queue")
    assert f"NOT READ {gone.url}" in text.output


def test_a_server_that_lies_is_named_and_nothing_of_it_is_shown(team: Team, offices: dict[str, Office]) -> None:
    def forged(answer: dict[str, Any]) -> None:
        answer["entries"][-1]["leaf"] = "00" * 32

    with dishonest("/entries", forged):
        code, answer = team.queue()
    assert (code, answer["queue"], answer["read"]) == (1, [], [])
    assert {each["code"] for each in answer["unread"]} == {"API-FALSE"}
    assert all(each["proven"] for each in answer["unread"])


def test_without_a_server_it_says_how_to_keep_one(tmp_path: Path) -> None:
    refused = Team(tmp_path).run("queue")
    assert (refused.exit_code != 0, "comity remote add" in refused.output) == (True, True)
