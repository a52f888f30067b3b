"""What was compared is said in a sentence for each end that a comparison can have, with the entries it rests on."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands.check import CheckItem, _compared, _decided
from cli.exit_codes import Exit
from projections.views.custody import Trace
from tests.support.cli import ledger_of, run


def steps(*numbers: int) -> tuple[Any, ...]:
    return tuple(SimpleNamespace(entry=SimpleNamespace(number=str(n))) for n in numbers)


def compared(verdict: str, equal: tuple[int, ...] = (), differs: tuple[int, ...] = (), **more: Any) -> list[str]:
    said: dict[str, Any] = {"replaced": [], "unread": [], "changed_at": None, "disclosed_by": None, "reported_by": None}
    item = CheckItem("a.json", verdict, "ab" * 32, [], [], **{**said, **more})
    lines = _compared(item, Trace(steps(*equal), steps(*differs), verdict == "equal"))
    return " ".join(line.strip() for line in lines).split(". ")


@pytest.mark.parametrize(
    ("verdict", "more", "says"),
    [
        ("equal", {"disclosed_by": "#3 data-disclosed"}, "a.json: is what was disclosed"),
        (
            "equal",
            {"reported_by": "#3 evidence-received"},
            "a.json: is what was disclosed, as another office reports: no act of who disclosed it proves that",
        ),
        (
            "equal",
            {"disclosed_by": "#2 data-disclosed", "reported_by": "#3 evidence-received"},
            "a.json: is what was disclosed",
        ),
        (
            "equal",
            {},
            "a.json: is what the record speaks of: its digest is stated, but by no disclosure with legal effect",
        ),
        ("differs", {}, "a.json: is not what was disclosed: no entry states its digest"),
        ("differs", {"equal": (5,)}, "a.json: is not what was disclosed: its digest is stated at a later step only"),
        ("unknown", {}, "a.json: is not among what was disclosed: no entry states its digest or its name."),
        (
            "unknown",
            {"unread": ["#3 [sealed]", "#5 [erased]"]},
            "a.json: cannot be told: digests are stated that cannot be read here, at #3 [sealed], #5 [erased].",
        ),
    ],
)
def test_each_end_of_a_comparison_has_its_sentence(verdict: str, more: dict[str, Any], says: str) -> None:
    first, *others = compared(verdict, **more)
    assert first.rstrip(".") == says.rstrip(".")
    assert len(others) == ("equal" in more)


def test_the_entries_with_an_equal_and_another_digest_are_named() -> None:
    _, rest = compared("equal", (1, 2, 3), (5, 7), disclosed_by="#1 data-disclosed")
    assert rest == "equal to what is stated in #1 to #3 another digest is stated in #5 #7"
    _, only = compared("differs", (), (5,))
    assert only == "another digest is stated in #5"


def test_a_change_and_what_was_replaced_are_named() -> None:
    _, rest = compared(
        "equal", (1,), (), disclosed_by="#1", replaced=["#2 data-disclosed"], changed_at="#5 evidence-received"
    )
    assert rest == (
        "equal to what is stated in #1 stated before, and replaced since by the same signer: #2 data-disclosed "
        "from this entry on the record states another digest: #5 evidence-received"
    )


def test_an_equal_digest_decides_more_than_another_one_and_that_more_than_none() -> None:
    traces = [Trace((), (), False), Trace((), steps(1), False), Trace(steps(1), (), False), Trace(steps(1), (), True)]
    assert [_decided(each) for each in traces] == [0, 1, 1, 2]


def lines_of(n: int, part: str) -> list[str]:
    """Return the lines on a file of which one part is longer with each `n`."""
    said: dict[str, Any] = {"replaced": [], "unread": [], "changed_at": None, "disclosed_by": "#1", "reported_by": None}
    name, word = ("f" * n, "a.json") if part == "file" else ("a.json", "x" * n)
    more: dict[str, Any] = {"replaced": [word, "y"], "changed_at": f"{word} y"}
    said |= {part: more[part]} if part in more else {}
    numbers = (*(10**9 + 2 * at for at in range(3)), *(10 ** (n % 7) + 2 * at for at in range(n)))
    equal, differs = (numbers, ()) if part == "equal" else ((), numbers) if part == "differs" else ((), ())
    item = CheckItem(name, "unknown" if part == "file" else "equal", "ab" * 32, [], [], **said)
    return _compared(item, Trace(steps(*equal), steps(*differs), True))


@pytest.mark.parametrize("part", ["file", "equal", "differs", "replaced", "changed_at"])
def test_a_line_has_up_to_eighty_columns_and_goes_on_two_columns_in(part: str) -> None:
    every = [lines_of(n, part) for n in range(1, 41)]
    assert max(len(line) for lines in every for line in lines) == 80
    assert all(not lines[0].startswith(" ") for lines in every)
    assert {len(line) - len(line.lstrip()) for lines in every for line in lines[1:]} == {2}


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_is_answered_in_sentences_and_a_program_in_rows(
    terminal: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = ledger_of("S1", tmp_path)
    emitted: list[Any] = []
    monkeypatch.setattr("cli.terminal.output.terminal", lambda: terminal)
    monkeypatch.setattr("cli.terminal.output.emit", lambda *_, text: emitted.append(text))
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(name)
    done = run("check", "main", str(tmp_path / "a.json"), str(tmp_path / "b.json"), ledger=ledger)
    assert done.exit_code == Exit.PROVED_BAD
    (text,) = emitted
    assert (text is not None) is terminal
    if terminal:
        says = " ".join(text().split())
        assert says.count("is not among what was disclosed: no entry states its digest or its name.") == 2
