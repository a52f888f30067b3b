"""The template of an order has what the register leaves no choice about, and names the only office that may issue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import click
import pytest

from cli.commands.issue import _check_given, _known
from cli.commands.issue import issue as command
from cli.exit_codes import Exit
from tests.support.cli import run

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
