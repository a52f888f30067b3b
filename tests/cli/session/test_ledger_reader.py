"""The order comes first, and the files after it; an order that comes last is taken with a word on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exit_codes import Stop
from cli.session import ledger_reader
from cli.session.ledger_reader import order_and_files

USAGE = "comity check ORDER FILES..."


@pytest.fixture(autouse=True)
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Work in a folder with the files a, b and both; the ledger knows the orders main and both."""
    said: list[str] = []
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "both"):
        Path(name).touch()
    monkeypatch.setattr(ledger_reader, "_is_order", lambda name: name in ("main", "both"))
    monkeypatch.setattr("cli.terminal.output.tell", said.append)
    return said


@pytest.mark.parametrize(
    ("words", "order", "files", "last"),
    [
        ("main a", "main", ["a"], False),
        ("main a b", "main", ["a", "b"], False),
        ("a main", "main", ["a"], True),
        ("a b main", "main", ["a", "b"], True),
        ("a both", "both", ["a"], True),  # both are files, and one is an order
        ("both a", "both", ["a"], False),
        ("both main", "main", ["both"], True),  # main is no file
        ("a b", "a", ["b"], False),  # neither is an order: the first is taken, and then refused
        ("x y", "x", ["y"], False),
        ("x main", "main", ["x"], True),  # a file that is not there
        ("main x", "main", ["x"], False),
        ("x a b", "x", ["a", "b"], False),
        ("a x b", "a", ["x", "b"], False),
    ],
)
def test_the_order_is_the_word_that_is_no_file_else_the_one_that_the_ledger_knows(
    words: str, order: str, files: list[str], last: bool, told: list[str]
) -> None:
    assert order_and_files(words.split(), USAGE) == (order, files)
    assert told == ([f"the order comes first: {USAGE}"] if last else [])


@pytest.mark.parametrize("words", [[], ["main"], ["a"]])
def test_fewer_than_two_words_are_refused(words: list[str]) -> None:
    with pytest.raises(Stop, match="which order, and which file") as stopped:
        order_and_files(words, USAGE)
    assert stopped.value.hint == USAGE
