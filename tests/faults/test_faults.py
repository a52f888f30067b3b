"""No command that writes is left out of `make faults`, and what it tries it can find."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.app import comity
from cli.click_extensions import Group
from tests.faults import commands, folder
from tests.faults.__main__ import sampled
from tests.faults.commands import COMMANDS, ELSEWHERE, STANDS_FOR, WRITES_NOTHING
from tests.faults.folder import PendingBatch
from tests.support.cli import House


def every(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Return the words of every command of the program."""
    if not isinstance(command, Group):
        yield " ".join(path)
        return
    context = click.Context(command)
    if command.otherwise and command.otherwise not in [where for where, _ in command.table.values()]:
        yield " ".join(path)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from every(found, (*path, name))


def leaf_of(words: tuple[str, ...], known: set[str]) -> str:
    """Return the command that these words name."""
    return max(name for name in known if " ".join(words).startswith(f"{name} ") or " ".join(words) == name)


def test_every_command_is_tried_or_it_is_said_why_not() -> None:
    known = set(every(comity))
    tried = {leaf_of(command.words, known) for command in COMMANDS.values()}
    said = {*STANDS_FOR, *ELSEWHERE, *WRITES_NOTHING}
    assert known - tried - said == set()
    assert (said - known, said & tried) == (set(), set())


def test_a_sample_leaves_no_command_out() -> None:
    decks = {
        ("folder", name): [PendingBatch(name, "write", n, "kill") for n in range(count)]
        for name, count in SIZES.items()
    }
    assert {trial.command for trial in sampled(decks, 3, 0)} == set(SIZES)
    assert len(sampled(decks, 0, 0)) == sum(SIZES.values())
    assert sampled(decks, 4, 1) == sampled(decks, 4, 1) != sampled(decks, 4, 2)


SIZES = {"record": 40, "issue": 1, "import": 7}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


def test_what_a_fault_may_do_to_a_ledger_is_found(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    command = commands.Command(("checkpoint",))
    before = folder.leaves(house)
    assert folder.asked(house, command, before, set()) == []
    assert "acknowledged entries are lost" in " ".join(folder.asked(house, command, before | {"00"}, set()))
    assert "acknowledged entries are lost" in " ".join(folder.asked(house, command, before, {"00"}))
    assert "repeated, it ends with 2" in " ".join(
        folder.asked(house, commands.Command(("checkpoint", "x")), before, set())
    )
    made = commands.Command(("checkpoint",), made="copy.tar")
    monkeypatch.setattr(folder, "_made", lambda _: {"copy.tar": 10})
    assert folder.asked(house, made, before, set()) == ["copy.tar not whole in the end"]
    shutil.rmtree(house.folder / "state")
    assert "GUARD-MISSING" in " ".join(folder.asked(house, command, before, set()))
