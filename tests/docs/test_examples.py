"""The program still writes the pages in docs/examples.

The PDF files name a head after an export, whose entry has a random id: they cannot be compared by bytes.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.generate.examples import PLACE, made, rows


def test_the_examples_are_what_their_commands_write(tmp_path: Path) -> None:
    found = made(tmp_path)
    old = [n for n, file in found.items() if n.endswith(".html") and file.read_bytes() != (PLACE / n).read_bytes()]
    assert not old, f"make examples; then look at {', '.join(old)}"


def test_every_example_stands_in_the_table() -> None:
    assert {file.name for file in PLACE.iterdir() if file.suffix not in ("", ".png")} == {"README.md", *rows()}


MOST = 200_000  # bytes of a picture
SHOWN = re.compile(r"!\[[^\]]+\]\(([^)\s]+\.png)\)")
ROOT = PLACE.parents[1]


def shown_in(page: Path) -> set[Path]:
    """Return the pictures that a page shows."""
    return {(page.parent / path).resolve() for path in SHOWN.findall(page.read_text("utf-8"))}


def test_every_picture_that_a_page_shows_exists_and_is_small() -> None:
    shown = {picture for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] for picture in shown_in(page)}
    assert {str(each) for each in shown if not each.is_file()} == set()
    assert {each.name: each.stat().st_size for each in shown if each.stat().st_size > MOST} == {}


def test_every_picture_is_taken_by_a_generator_and_shown() -> None:
    for package in ("fido2", "starlette", "http_message_signatures"):
        pytest.importorskip(package, reason="needs the extra `server`")
    from tests.generate.desk_pictures import PICTURES

    taken = {PLACE / f"{name}.png" for name in ("verifier", "desk-order-S2", *(Path(name).stem for name in rows()))}
    at_desk = {PLACE / "desk" / f"{name}.png" for name in PICTURES}
    assert {*PLACE.glob("*.png"), *PLACE.glob("desk/*.png")} == taken | at_desk
    assert {file for file in shown_in(PLACE / "README.md") if file.parent.name != "before"} == taken | at_desk
    guides = {picture for page in (ROOT / "docs" / "how-to").glob("*.md") for picture in shown_in(page)}
    assert guides >= at_desk
    assert shown_in(ROOT / "README.md") >= {PLACE / "desk" / "one-order.png", PLACE / "desk" / "signing.png"}
