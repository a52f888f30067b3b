"""The template of an order has what the register leaves no choice about, and names the only office that may issue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from cli.commands.issue import _check_given, _known
from cli.commands.issue import issue as command
from cli.exit_codes import Exit
from tests.support.cli import House, documents_in, run

OWN = {"ilves": ("XO", "ISS"), "court": ("XO", "CT"), "provider-here": ("XO", "SP")}


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, ...]]:
    """Return the register that is read: the Party and the roles of each office; the ledger is that of XO."""
    offices: dict[str, tuple[str, ...]] = dict(OWN)

    @contextmanager
    def reading(*, describe: bool) -> Iterator[Any]:
        assert not describe, "a template is no answer about the ledger"
        known = {
            actor: SimpleNamespace(actor=actor, party=party, roles=roles) for actor, (party, *roles) in offices.items()
        }
        yield SimpleNamespace(keyring=lambda: SimpleNamespace(offices=known), party=lambda: "XO")

    monkeypatch.setattr("cli.session.ledger_reader.reading_anywhere", reading)
    return offices


@pytest.mark.parametrize(
    ("more", "fields", "office"),
    [
        ({}, {}, "ilves"),
        ({"skylark": ("XV", "SP")}, {"to_party": "XV", "providers": ["skylark"]}, "ilves"),
        ({"names": ("XV", "CT", "REG")}, {"to_party": "XV", "providers": ["names"]}, "ilves"),
        ({"skylark": ("XV", "SP"), "harbor": ("XW", "SP")}, {}, "ilves"),
        ({"skylark": ("XV", "SP"), "orn": ("XV", "RET")}, {"to_party": "XV", "providers": ["skylark"]}, "ilves"),
        ({"orn": ("XV", "ISS")}, {}, "ilves"),
        ({"lind": ("XO", "CT", "ISS")}, {}, "OFFICE"),
    ],
)
def test_a_field_is_filled_in_if_only_one_office_can_be_meant(
    more: dict[str, tuple[str, ...]], fields: dict[str, Any], office: str, register: dict[str, tuple[str, ...]]
) -> None:
    register.update(more)
    assert _known() == (fields, office)


def test_without_an_office_that_may_issue_none_is_named(register: dict[str, tuple[str, ...]]) -> None:
    del register["ilves"]
    assert _known() == ({}, "OFFICE")


def test_a_template_needs_no_ledger_and_says_which_commands_take_it() -> None:
    done = run("issue", "--template", "2ap-7")
    assert done.exit_code == Exit.DONE, done.output
    assert json.loads(done.stdout)["instrument"] == "2AP-7"
    assert "comity lint order.json" in done.stderr
    assert "comity issue --from order.json --as OFFICE" in done.stderr
    wrong = run("issue", "--template", "2AP-77")
    assert (wrong.exit_code, "no such instrument" in wrong.stderr) == (Exit.USAGE, True)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"instrument": None, "to_party": None}, "instrument"),
        ({"instrument": "EPOC", "to_party": None}, "to_party"),
        ({"instrument": None, "to_party": "XV"}, "instrument"),
        ({"instrument": "EPOC", "to_party": "XV"}, None),
    ],
)
def test_the_first_option_that_is_missing_is_named(given: dict[str, str | None], missing: str | None) -> None:
    with click.Context(command):
        if missing is None:
            _check_given(**given)
            return
        with pytest.raises(click.MissingParameter) as found:
            _check_given(**given)
    assert found.value.param is not None
    assert found.value.param.name == missing


EPOC = (
    *("issue", "--unregistered", "--instrument", "EPOC", "--to", "XV", "--provider", "skylark"),
    *("--category", "traffic", "--reference", "E-7", "--as", "ilves"),
)
TOGETHER = ["order-issued", "notification-sent", "order-transmitted"]


def test_an_order_is_issued_notified_and_sent_in_one_step_at_one_moment(tmp_path: Path) -> None:
    house = House(tmp_path).furnished()
    before = house.reply("checkpoint")["size"]
    done = house.run(*EPOC, "--send", "--notify", "ncco", "--json")
    assert done.exit_code == Exit.DONE, done.output
    receipts = list(documents_in(done.stdout))
    assert [receipt["kind"] for receipt in receipts] == TOGETHER
    assert [receipt["index"] for receipt in receipts] == [before, before + 1, before + 2]
    assert len({receipt["proof"].splitlines()[-1] for receipt in receipts}) == 1  # one checkpoint covers them
    assert ["next" in receipt for receipt in receipts] == [False, False, True]
    lines = house.reply("timeline", "E-7")["timeline"]
    assert [line["kind"] for line in lines] == TOGETHER
    assert len({line["on"] for line in lines}) == 1
    judged = json.loads(house.run("judge", "E-7", "--json").stdout)
    codes = {finding["code"] for finding in judged["findings"]}
    assert codes.isdisjoint({"V-8-MISSING", "W-8-NOT-SIMULTANEOUS", "W-8-SAME-DAY"})


def test_nothing_is_recorded_if_one_of_the_acts_of_a_step_cannot_be(tmp_path: Path) -> None:
    house = House(tmp_path).furnished()
    before = house.reply("checkpoint")["size"]
    assert house.run(*EPOC, "--send", "--channel", "no-such-channel").exit_code == Exit.REFUSED
    assert house.run(*EPOC, "--notify").exit_code == Exit.USAGE  # the register has no authority to notify
    known = [word for word in EPOC if word != "--unregistered"]
    assert house.run(*known, "--send", "--notify", "ncco").exit_code == Exit.REFUSED  # no register knows the authority
    assert house.run(*EPOC, "--channel", "provider-portal").exit_code == Exit.USAGE
    dry = house.run(*EPOC, "--send", "--notify", "ncco", "--dry-run", "--json")
    assert [fact["kind"] for fact in documents_in(dry.stdout)] == TOGETHER
    assert house.reply("checkpoint")["size"] == before


def test_the_step_after_an_order_that_asks_for_a_notification_is_the_notification_and_then_the_transmission(
    tmp_path: Path,
) -> None:
    house = House(tmp_path).furnished()
    assert house.reply(*EPOC)["next"] == "comity notify E-7 --to AUTHORITY --as ilves"
    sent = ("record", "order-transmitted", "E-7", "-f", "addressee=skylark", "-f", "channel=post", "--unregistered")
    assert house.reply(*sent, "--as", "ilves")["next"].startswith("comity notify E-7 ")
    light = house.reply(*(word.replace("traffic", "subscriber").replace("E-7", "E-8") for word in EPOC))
    assert light["next"].startswith("comity record order-transmitted E-8 ")
    again = house.reply(*(word.replace("E-7", "E-9") for word in EPOC))
    notified = house.reply("notify", "E-9", "--to", "ncco", "--unregistered", "--as", "ilves")
    assert again["next"].startswith("comity notify ")
    assert notified["next"].startswith("comity record order-transmitted E-9 ")
