"""The receipt of an entry says what it says, where it is, and what usually follows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.terminal import receipt
from cli.terminal.receipt import COLUMNS, _about, tell
from tests.support.story_files import cases

CASE = cases("S1")["main"]
LAST = CASE.entries[-1]


def stored(order: str = CASE.order, leaf: str = LAST.leaf, *, already: bool = False) -> Any:
    return SimpleNamespace(order=order, seq=7, index=9, entry="ee", leaf=leaf, already=already, proof=b"proof")


class Target:
    origin, registry = "log.example", "registry"

    def register(self) -> Any:
        return CASE.registry

    def case(self, order: str) -> Any:
        assert order == CASE.order
        return CASE

    def offices_here(self) -> dict[str, Any]:
        return {}


def test_an_entry_of_an_order_is_said_in_a_sentence_with_the_command_that_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receipt, "at_ledger", lambda command: f"at {command}")
    says, name, following = _about(Target(), stored(), [])
    assert says
    assert name == f"order {CASE.order}"
    assert following.startswith("at comity ")
    assert CASE.order[:8] in following


def test_an_entry_of_the_register_has_no_command_that_follows() -> None:
    says, name, following = _about(Target(), stored("registry", CASE.registry[0].leaf), [])
    assert (bool(says), name, following) == (True, "the register", "")


@pytest.mark.parametrize("order", ["registry", CASE.order])
def test_an_entry_that_no_command_shows_has_a_receipt_all_the_same(order: str) -> None:
    name = "the register" if order == "registry" else f"order {order}"
    assert _about(Target(), stored(order, "00" * 32), []) == ("", name, "")


@pytest.mark.parametrize(
    ("already", "following", "form", "printed"),
    [(False, "comity next", "table", True), (True, "", "table", False), (False, "comity next", "json", False)],
)
def test_a_receipt_has_its_place_and_its_proof(
    already: bool, following: str, form: str, printed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    emitted: list[Any] = []
    told: list[str] = []
    monkeypatch.setattr(receipt, "_about", lambda target, of, files: ("it says", "order o", following))
    monkeypatch.setattr(receipt, "said", lambda: SimpleNamespace(format=form))
    monkeypatch.setattr(receipt, "tell_next", told.append)
    monkeypatch.setattr(
        "cli.terminal.output.emit", lambda answer, columns, rows, text: emitted.append((answer, columns, rows, text()))
    )
    tell(Target(), "order-received", stored(already=already))
    ((answer, columns, rows, text),) = emitted
    assert (answer.kind, answer.seq, answer.index, answer.already) == ("order-received", 7, 9, already)
    assert (answer.origin, answer.proof, answer.says, columns) == ("log.example", "proof", "it says", COLUMNS)
    assert (answer.next == following) is bool(following)
    assert rows == [answer]
    done = "already recorded" if already else "recorded"
    assert text == f"{done} order-received, entry #7 of order o\n  it says\n  leaf {LAST.leaf}\n  log index 9, id ee"
    assert told == ([following] if printed else [])
