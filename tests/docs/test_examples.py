"""The program still writes the pages in docs/examples.

The PDF files name a head after an export, whose entry has a random id: they cannot be compared by bytes.
"""

from __future__ import annotations

from pathlib import Path

from tests.generate.examples import PLACE, made, rows


def test_the_examples_are_what_their_commands_write(tmp_path: Path) -> None:
    found = made(tmp_path)
    old = [n for n, file in found.items() if n.endswith(".html") and file.read_bytes() != (PLACE / n).read_bytes()]
    assert not old, f"make examples; then look at {', '.join(old)}"


def test_every_example_stands_in_the_table() -> None:
    assert {file.name for file in PLACE.iterdir() if file.suffix not in ("", ".png")} == {"README.md", *rows()}
