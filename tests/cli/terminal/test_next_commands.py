"""A command that is printed to be typed names the ledger, unless it is found without."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cli.terminal import next_commands
from cli.terminal.next_commands import at_ledger, program, tell_next


@pytest.mark.parametrize(
    ("command", "ledger", "typed"),
    [
        ("comity due", "karsk", "comity due --ledger karsk"),
        ("comity due", "a b", "comity due --ledger 'a b'"),
        ("comity due", None, "comity due --ledger chosen"),
        ("comity due", "", "comity due"),
        ("comity due", ".", "comity due"),
        ("comity due", "from-env", "comity due"),
        ("comity due --ledger x", "karsk", "comity due --ledger x"),
        ("comity judge 'a > b --ledger x'", "karsk", "comity judge 'a > b --ledger x' --ledger karsk"),
        (
            "comity issue --template EPOC > order.json",
            "karsk",
            "comity issue --template EPOC --ledger karsk > order.json",
        ),
    ],
)
def test_the_ledger_is_named_where_it_has_to_be(
    command: str, ledger: str | None, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMITY_LEDGER", "from-env")
    monkeypatch.setattr(next_commands, "said", lambda: SimpleNamespace(ledger="chosen"))
    assert at_ledger(command, ledger) == typed


@pytest.mark.parametrize(
    ("started", "found", "typed"),
    [
        (".venv/bin/comity", None, ".venv/bin/comity"),
        ("/opt/a b/comity", None, "'/opt/a b/comity'"),
        (".venv/bin/comity", "/usr/bin/comity", "comity"),
        ("/usr/bin/pytest", None, "comity"),
    ],
)
def test_the_program_is_called_as_it_can_be_started_here(
    started: str, found: str | None, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", [started])
    monkeypatch.setattr("shutil.which", lambda name: found)  # PATH is that of the tests
    assert program() == typed


def test_next_commands_are_below_a_heading(capsys: pytest.CaptureFixture[str]) -> None:
    tell_next()
    assert capsys.readouterr().err == ""
    tell_next("comity due", "comity show", ledger="", heading="then:")
    assert capsys.readouterr().err.splitlines() == ["then:", "  comity due", "  comity show"]
    tell_next("comity due", ledger="")
    assert capsys.readouterr().err.startswith("next:\n")
