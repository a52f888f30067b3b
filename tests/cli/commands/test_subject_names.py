"""A person whom the log of accesses names is no data subject, and is merged with none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import subject
from cli.commands.subject import _apart, _emit, _subject_keys
from cli.exit_codes import Exit, Stop
from ledger.adapters.subject_keys.names import HOLDER
from ledger.errors import LedgerError


def journal(*logged: str, keys: bool = True) -> Any:
    orders = {"witness 3": {"k1": "b", "k2": "a", "k3": "", "k4": "b"}}
    return SimpleNamespace(
        read_keyring=lambda: SimpleNamespace(offices={"ilves": 1}),
        erasure=SimpleNamespace(covered=lambda name: name, logged=lambda covered: covered in logged),
        subject_keys=SimpleNamespace(keys_of=lambda name: orders.get(name, {})) if keys else None,
    )


@pytest.mark.parametrize(
    ("names", "refused"),
    [
        (("witness 3", "witness 4"), None),
        ((f"{HOLDER}ilves",), f"{HOLDER}ilves"),
        (("witness 3", f"{HOLDER}ilves"), f"{HOLDER}ilves"),
        ((f"{HOLDER}lind",), None),  # no office of the register
        (("ilves",), None),  # a data subject may be called as an office is
        (("Dina",), "Dina"),
        (("witness 3", "Dina"), "Dina"),
    ],
)
def test_a_person_of_the_register_or_the_log_of_accesses_is_no_data_subject(
    names: tuple[str, ...], refused: str | None
) -> None:
    if refused is None:
        _apart(journal("Dina"), *names)
        return
    with pytest.raises(Stop, match=f"'{refused}' is a person whom the log of accesses names") as stopped:
        _apart(journal("Dina"), *names)
    assert stopped.value.code is Exit.REFUSED


def test_without_keys_nothing_says_who_is_who() -> None:
    known = journal()
    assert _subject_keys(known) is known.subject_keys
    with pytest.raises(LedgerError, match="KEYS-MISSING"):
        _subject_keys(journal(keys=False))


def test_the_orders_of_a_person_are_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    monkeypatch.setattr(subject, "called", lambda ledger, order: f"<{order}>")
    monkeypatch.setattr(
        "cli.terminal.output.emit", lambda answer, columns, rows, text: said.append((answer, rows, text()))
    )
    _emit(journal(), "same", "witness 3")
    ((answer, rows, text),) = said
    assert (answer.name, answer.orders) == ("witness 3", ["a", "b"])
    assert rows == [("witness 3", "<a>, <b>")]
    assert text == "'witness 3': one person in <a>, <b>"
