"""The pages of `comity log`: where each begins, in which direction it goes on, and what is said of the next."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import log
from cli.exit_codes import Exit
from tests.support.cli import ledger_of, reply, run


@pytest.fixture(scope="module")
def s1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S1", tmp_path_factory.mktemp("s1"))


@pytest.mark.parametrize("stop", [0, 1, 255, 256, 257, 600])
def test_a_log_is_read_backwards_page_by_page(stop: int) -> None:
    asked: list[tuple[int, int]] = []

    def entries(start: int, end: int) -> Any:
        asked.append((start, end))
        return iter(range(start, end))

    reader: Any = SimpleNamespace(entries=entries)
    found: list[Any] = list(log._backwards(reader, stop))
    assert found == list(range(stop))[::-1]
    assert all(0 < end - start <= log.PAGE for start, end in asked)
    assert len(asked) == -(-stop // log.PAGE)


@pytest.mark.parametrize(
    ("after", "sort", "bound"),
    [
        (None, None, (None, False)),
        (None, "newest", (None, False)),
        (None, "oldest", (None, True)),
        ("7", None, (7, True)),
        ("7", "oldest", (7, True)),
        ("..7", None, (7, False)),
        ("..7", "newest", (7, False)),
        ("9" * 18, None, (10**18 - 1, True)),
    ],
)
def test_a_cursor_says_where_a_list_goes_on_and_in_which_direction(
    after: str | None, sort: str | None, bound: tuple[int | None, bool]
) -> None:
    assert log._bound(after, sort) == bound


@pytest.mark.parametrize(
    ("after", "sort", "says"),
    [
        ("x", None, "a number of entries"),
        ("", None, "a number of entries"),
        ("..", None, "a number of entries"),
        ("٣", None, "a number of entries"),
        ("9" * 19, None, "a number of entries"),
        ("7", "newest", "goes on in a list that is oldest first"),
        ("..7", "oldest", "goes on in a list that is newest first"),
    ],
)
def test_a_cursor_of_no_page_or_another_direction_is_usage(after: str, sort: str | None, says: str, s1: Path) -> None:
    done = run("log", "--after", after, *(("--sort", sort) if sort else ()), ledger=s1)
    assert (done.exit_code, says in " ".join(done.stderr.split())) == (Exit.USAGE, True)


def test_how_a_log_goes_on_is_said_where_the_reader_asked_for_a_part_of_it(s1: Path) -> None:
    def told(*words: str) -> str:
        return run("log", "-n", "3", *words, ledger=s1).stderr

    assert told() == ""
    assert told("--sort", "newest") == "there are more: --after ..36\n"
    assert told("--after", "..36") == "there are more: --after ..33\n"
    assert told("--after", "4") == "there are more: --after 7\n"
    assert told("--after", "36") == ""
    assert told("--party", "XO").startswith("there are more: --after ..")
    assert told("--since", "2027-01-01T00:00:00Z").startswith("there are more: --after ..")
    assert told("--state", "DISCLOSED").startswith("there are more: --after ..")
    assert told("--provider", "skylark").startswith("there are more: --after ..")
    by = reply("log", "-n", "1", "--order", "main", ledger=s1)["log"][0]
    assert told("--by", by["by"]).startswith("there are more") is (
        len(reply("log", "-n", "100", "--by", by["by"], ledger=s1)["log"]) > 3
    )
    assert run("log", "-n", "1", "--kind", "key-registered", ledger=s1).stderr.startswith("there are more")


def test_a_log_of_one_order_begins_where_the_cursor_says(s1: Path) -> None:
    every = [e["index"] for e in reply("log", "--order", "main", "-n", "100", ledger=s1)["log"]]
    assert every == sorted(every, reverse=True)
    third = every[2]
    before = [
        e["index"] for e in reply("log", "--order", "main", "--after", f"..{third}", "-n", "99", ledger=s1)["log"]
    ]
    assert before == [index for index in every if index < third]
    since = [e["index"] for e in reply("log", "--order", "main", "--after", f"{third}", "-n", "99", ledger=s1)["log"]]
    assert since == [index for index in reversed(every) if index >= third]
    oldest = reply("log", "--sort", "oldest", "-n", "2", ledger=s1)
    assert ([e["index"] for e in oldest["log"]], oldest["next"], oldest["of"]) == ([0, 1], "2", 39)
    far = reply("log", "--after", "..999", "-n", "1", ledger=s1)
    assert [e["index"] for e in far["log"]] == [38]
    for words in (("--only",), ("--graph", "--sort", "oldest"), ("--graph", "--after", "3")):
        assert run("log", *words, ledger=s1).exit_code == Exit.USAGE
