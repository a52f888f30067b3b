"""Decision records: one file each, all in the index; none is removed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "adr"
INDEX = (FOLDER / "index.md").read_text(encoding="utf-8")
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
LISTED = re.compile(r"^- \[(\d+)\. ([^\]]+)\]\(([^)]+)\)( \(superseded by (\d+)\))?$", re.MULTILINE)
FORM = re.compile(
    r"# (\d+)\. (.+)\n\n- Status: (accepted|superseded by).*\n- Date: \d{4}-\d\d-\d\d\n\n## Decision\n\n", re.MULTILINE
)


def test_the_index_lists_every_record_once_with_its_number_and_title() -> None:
    listed = sorted((int(number), title, file) for number, title, file, *_ in LISTED.findall(INDEX))
    there = []
    for path in RECORDS:
        form = FORM.match(path.read_text(encoding="utf-8"))
        assert form is not None, path.name
        there.append((int(form[1]), form[2], path.name))
    assert listed == sorted(there)


def test_a_file_name_begins_with_the_number_of_its_record() -> None:
    for path in RECORDS:
        assert path.read_text(encoding="utf-8").startswith(f"# {int(path.name[:4])}. "), path.name


def test_the_index_names_the_next_free_number() -> None:
    free = re.search(r"next free number is (\d+)", INDEX)
    assert free is not None
    assert int(free[1]) == max(int(path.name[:4]) for path in RECORDS) + 1


def test_a_superseded_record_names_the_record_that_replaces_it() -> None:
    marked = {int(number) for number, *_, by in LISTED.findall(INDEX) if by}
    says = {int(path.name[:4]) for path in RECORDS if "- Status: superseded by [" in path.read_text(encoding="utf-8")}
    assert marked == says


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.name[:4])
def test_no_line_is_long(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120 and "](" not in line] == []
