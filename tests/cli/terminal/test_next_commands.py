"""A command that is printed to be typed names the ledger, unless it is found without."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cli.terminal import next_commands
from cli.terminal.next_commands import at_ledger, tell_next


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


def test_next_commands_are_below_a_heading(capsys: pytest.CaptureFixture[str]) -> None:
    tell_next()
    assert capsys.readouterr().err == ""
    tell_next("comity due", "comity show", ledger="", heading="then:")
    assert capsys.readouterr().err.splitlines() == ["then:", "  comity due", "  comity show"]
    tell_next("comity due", ledger="")
    assert capsys.readouterr().err.startswith("next:\n")
