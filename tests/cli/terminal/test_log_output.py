"""`--verbose`: the messages of long-running commands on standard error, and the values they never contain."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli.app import comity
from cli.terminal.log_output import LOGGERS, VERBOSE, _StandardError
from tests.support.cli import ledger_of, run

LONG_RUNNING = (
    ("desk",),
    ("fsck",),
    ("import", "orders"),
    ("monitor",),
    ("receive",),
    ("signer", "serve"),
    ("verify",),
    ("witness", "pull"),
    ("witness", "serve"),
)


@pytest.mark.parametrize("names", LONG_RUNNING, ids=" ".join)
def test_every_long_running_command_has_the_option(names: tuple[str, ...]) -> None:
    assert "--verbose" in CliRunner().invoke(comity, [*names, "--help"], obj=None).output


def test_a_command_says_its_steps_on_standard_error_and_nothing_else_changes(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    quiet, verbose = run("fsck", ledger=ledger), run("fsck", "--verbose", ledger=ledger)
    assert (verbose.exit_code, verbose.stdout) == (quiet.exit_code, quiet.stdout)
    assert "Z ledger.application.integrity.audit: entries 0 to " in verbose.stderr
    assert ": step 9, " in verbose.stderr
    assert "step 9" not in quiet.stderr
    assert not any(logging.getLogger(name).handlers for name in LOGGERS)
    assert {logging.getLogger(name).level for name in LOGGERS} == {logging.NOTSET}


def test_a_message_is_one_line_and_names_its_control_characters() -> None:
    @click.command()
    @VERBOSE
    def loud() -> None:
        logging.getLogger("cli.loud").info("one\ntwo\x1b[2J")

    said = CliRunner().invoke(loud, ["--verbose"]).stderr
    assert said.endswith("Z cli.loud: one two<U+001B>[2J\n")


def test_the_time_of_a_message_is_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    at = logging.makeLogRecord({"created": 1_800_000_000.9, "name": "cli.loud", "msg": "one", "levelno": logging.INFO})
    monkeypatch.setenv("TZ", "XYZ-9")
    time.tzset()
    try:
        assert _StandardError().format(at) == "2027-01-15T08:00:00Z cli.loud: one"
    finally:
        monkeypatch.undo()
        time.tzset()
