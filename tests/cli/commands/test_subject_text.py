"""A search for a person says which orders were found and how, or that there is none, and what was not searched."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import subject
from cli.commands.subject import find
from cli.exit_codes import Exit, Stop
from cli.invocation import Invocation

STATED = ("--because", "request of 3 May", "--as", "dpo")


@pytest.fixture
def search(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what a search finds, and what is said; the access is recorded before anything is read."""
    made = SimpleNamespace(found=[], elsewhere=[], done=[], texts=[], said=[])

    def searched(journal: Any, value: str, stated: Any, actor: str) -> Any:
        made.done.append(("recorded", value, stated.because, actor))
        return SimpleNamespace(index=41)

    journal = SimpleNamespace(store="store", cases=SimpleNamespace(reserved=()))
    monkeypatch.setattr("cli.session.open_ledger.writing", lambda: nullcontext(journal))
    monkeypatch.setattr(subject, "_subject_keys", lambda of: "keys")
    monkeypatch.setattr(subject, "called", lambda of, order: f"<{order}>")
    monkeypatch.setattr(subject, "searched", searched, raising=False)
    monkeypatch.setattr("cli.access.recorded_access.searched", searched)
    module = "ledger.application.find_subject"
    monkeypatch.setattr(f"{module}.index_values", lambda *said: made.done.append("indexed"))
    monkeypatch.setattr(f"{module}.find_subjects", lambda *said: made.found)
    monkeypatch.setattr("ledger.application.subject_keys_binding.elsewhere", lambda *said: made.elsewhere)
    monkeypatch.setattr(
        "cli.terminal.output.emit", lambda answer, columns, rows, text: made.texts.append((answer, rows, text()))
    )
    monkeypatch.setattr("cli.terminal.output.tell", made.said.append)
    return made


def found(order: str, how: str, *names: str) -> Any:
    return SimpleNamespace(order=order, names=names, how=how)


@pytest.mark.parametrize("elsewhere", [0, 2])
def test_the_orders_of_a_person_are_lines_and_keys_elsewhere_leave_it_open(elsewhere: int, search: Any) -> None:
    search.found, search.elsewhere = (
        [found("a", "value"), found("b", "name", "witness 3", "witness 4")],
        [1] * elsewhere,
    )
    ends = find.main(["lena@skylark.example", *STATED], standalone_mode=False, obj=Invocation())
    assert ends is (Exit.UNDECIDABLE if elsewhere else Exit.DONE)
    ((answer, rows, text),) = search.texts
    assert text.split("\n") == ["<a>  by the identifier", "<b>  by words of a name; witness 3, witness 4"]
    assert rows == [("<a>", "", "the identifier", "a"), ("<b>", "witness 3, witness 4", "words of a name", "b")]
    assert (answer.entry, answer.elsewhere) == (41, elsewhere)
    assert search.said[0] == "recorded record-accessed, entry 41 of the log"
    assert search.said[1:] == (
        ["values under 2 keys that are not in this keys.db were not searched"] if elsewhere else []
    )
    assert search.done == [("recorded", "lena@skylark.example", "request of 3 May", "dpo"), "indexed"]


def test_that_nothing_is_found_is_said(search: Any) -> None:
    assert find.main(["x", *STATED], standalone_mode=False, obj=Invocation()) is Exit.DONE
    assert search.texts[0][2] == "Nothing is sealed for this identifier in any order."


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["x", "--as", "dpo"], "needs a reason and an office"),
        (["x", "--because", "  ", "--as", "dpo"], "needs a reason and an office"),
        (["x", "--because", "request"], "needs a reason and an office"),
        (["...", *STATED], "has a letter or a digit"),
        (["a\udcff", *STATED], "is not UTF-8"),
    ],
)
def test_a_search_that_cannot_be_made_records_nothing(words: list[str], says: str, search: Any) -> None:
    with pytest.raises(Stop, match=says):
        find.main(words, standalone_mode=False, obj=Invocation())
    assert search.done == []
