"""The list of entries: newest first, filtered, and drawn as a graph on a terminal if it is of linked orders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from cli.terminal import output
from tests.support.cli import ledger_of, reply, run

Items = list[dict[str, Any]]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a ledger with a register and two linked orders."""
    return ledger_of("S3", tmp_path_factory.mktemp("log"))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "terminal", lambda stream=None: True)
    monkeypatch.setenv("NO_COLOR", "1")


def entries(ledger: Path, *args: str) -> Items:
    return list(reply("log", "-n", "999", *args, ledger=ledger)["log"])


@pytest.mark.parametrize(
    ("args", "drawn"),
    [(("--order", "main"), True), (("--order", "main", "--sort", "oldest"), False), ((), False), (("--graph",), True),
     (("--order", "main", "--only"), False), (("--order", "main", "--only", "--graph"), True)],
)  # fmt: skip
@pytest.mark.usefixtures("terminal")
def test_linked_orders_are_drawn_as_a_graph_and_one_order_or_the_oldest_first_is_not(
    ledger: Path, args: tuple[str, ...], drawn: bool
) -> None:
    said = run("log", "-n", "5", *args, ledger=ledger).stdout
    assert said.count("Signed: ") == 5
    assert any(line.startswith(("*", "|")) for line in said.splitlines()) is drawn


def test_the_oldest_first_cannot_be_drawn(ledger: Path) -> None:
    for args in (("--sort", "oldest"), ("--after", "3")):
        assert run("log", "--graph", *args, ledger=ledger).exit_code == Exit.USAGE
    assert run("log", "--only", ledger=ledger).exit_code == Exit.USAGE


def test_each_filter_leaves_the_entries_it_names(ledger: Path) -> None:
    every = entries(ledger)
    assert [e["index"] for e in every] == [*range(len(every))][::-1]
    one = every[len(every) // 2]
    for option, field, value in (("--kind", "kind", one["kind"]), ("--by", "by", one["by"])):
        left = entries(ledger, option, value)
        assert left == [e for e in every if e[field] == value]
        assert len(left) < len(every)
    assert entries(ledger, "--party", "XV") == [e for e in every if e["party"] == "XV"]
    last = max(e["signed_at"] for e in every)
    assert entries(ledger, "--since", last) == [e for e in every if e["signed_at"] == last] != every
