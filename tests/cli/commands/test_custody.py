"""A step of custody in one line: whose hands, which files, and where it is recorded if that differs from its day."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands.custody import DigestItem, _between, _cell, _file_text, _placed, _recorded

SHA = "ab" * 32


@pytest.mark.parametrize(
    ("stated", "text"),
    [
        (("a.json", 12, SHA, None), f"a.json (12 bytes, SHA-256 {SHA})"),
        (("a.json", 0, None, "cd"), "a.json (0 bytes, SHA-512 cd)"),
        (("a.json", None, SHA, "cd"), f"a.json (SHA-256 {SHA}, SHA-512 cd)"),
        (("a.json", None, None, None, "md5:1"), "a.json (md5:1)"),
        (("a.json", None, None, None), "a.json"),
        ((None, 12, SHA, None), f"12 bytes, SHA-256 {SHA}"),
        ((None, None, None, None), ""),
    ],
)
def test_a_file_is_its_name_with_what_is_stated_of_it(stated: tuple[Any, ...], text: str) -> None:
    assert _file_text(DigestItem(*stated)) == text


def test_a_cell_has_the_files_in_words_and_every_other_value_as_it_is() -> None:
    step: Any = SimpleNamespace(files=["[sealed]", DigestItem("a.json", 12, None, None)], exhibit="A-1", holder=None)
    assert _cell(step, "files") == ["[sealed]", "a.json (12 bytes)"]
    assert (_cell(step, "exhibit"), _cell(step, "holder")) == ("A-1", None)


@pytest.mark.parametrize(
    ("held", "released", "received", "text"),
    [
        ("Karsk", None, None, "held by Karsk"),
        (None, "Skylark", "Karsk", "Skylark to Karsk"),
        (None, None, "Karsk", "(not stated) to Karsk"),
        (None, "Skylark", None, "Skylark to (not stated)"),
    ],
)
def test_hands_that_nobody_stated_are_said_to_be_so(
    held: str | None, released: str | None, received: str | None, text: str
) -> None:
    hand: Any = SimpleNamespace(held_by=held, released_by=released, received_by=received)
    assert _between(hand) == text


def test_a_step_that_was_recorded_out_of_turn_says_behind_which_entry() -> None:
    before: Any = SimpleNamespace(entry=SimpleNamespace(number="7"))
    assert (_recorded(None), _recorded(before)) == ("first", "after #7")
    for recorded, placed in ((None, "#9"), ("first", "#9 (recorded first)"), ("after #7", "#9 (recorded after #7)")):
        step: Any = SimpleNamespace(entry="#9", recorded=recorded)
        assert _placed(step) == placed
