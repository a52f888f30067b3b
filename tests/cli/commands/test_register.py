"""The register is asked of one order, of one person or of the whole ledger, and an order in it has its usual name."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands.register import _called, _text
from cli.exit_codes import Exit
from tests.support.cli import run


def entry(kind: str, reference: str | None = None) -> Any:
    return SimpleNamespace(kind=kind, get=lambda name: reference if name == "reference" else None)


def case(label: str | None = None, *entries: Any) -> Any:
    return SimpleNamespace(label=label, entries=entries, order="0123456789", instrument="2AP-7")


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (case("main", entry("order-issued", "PPO-1")), "main"),
        (case(None, entry("order-received", "no"), entry("order-issued", "PPO-1")), "PPO-1"),
        (case(None, entry("order-issued"), entry("order-issued", "PPO-2"), entry("order-issued", "PPO-3")), "PPO-2"),
        (case(None, entry("order-received", "no")), None),
        (case(), None),
    ],
)
def test_an_order_has_its_label_else_its_first_reference(asked: Any, name: str | None) -> None:
    assert _called(asked) == name


def answer(number: int, *, open: bool = False) -> Any:
    return SimpleNamespace(
        number=number, question=f"Question {number}?", cite="LED:13", lines=("one", "two"), open=open
    )


def test_the_answers_of_each_order_are_below_its_name() -> None:
    pairs = [(case("main"), [answer(1), answer(12, open=True)]), (case(), [])]
    assert _text(pairs, only_open=False).splitlines() == [
        "main  2AP-7",
        "",
        "1. Question 1? (LED:13)",
        "    one",
        "    two",
        "",
        "12. Question 12? (LED:13)",
        "    one",
        "    two",
        "    A duty is open.",
        "0123456789  2AP-7",
    ]
    assert _text(pairs, only_open=True).splitlines()[-1] == "    A duty is open."
    assert _text(pairs[1:], only_open=True) == "No duty is open."


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("main --subject s", "an ORDER or --subject S, not both"),
        ("--kept-until 2027-01-01 --full", "is a question about the whole ledger"),
        ("--kept-until 2027-01-01 --reveal --because x", "is a question about the whole ledger"),
        ("--kept-until 2027-01-01 main", "is a question about the whole ledger"),
        ("--kept-until 2027-01-01 --subject s", "is a question about the whole ledger"),
        ("--kept-until 2027-01-01 --open", "is a question about the whole ledger"),
        ("--kept-until 2027-01-01 --question 5", "is a question about the whole ledger"),
    ],
)
def test_questions_that_do_not_go_together_are_refused(words: str, says: str) -> None:
    done = run("register", *words.split())
    assert (done.exit_code, says in " ".join(done.stderr.split())) == (Exit.USAGE, True), done.output
