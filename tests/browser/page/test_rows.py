"""Every hostile input that concerns bundles, opened in the page in Chromium and in Firefox.

The page is the built file, opened from the disk. In each row the test chooses the first file and presses the button as
a person does; for the others a script fills the same form. The page must show the program's answer to the same bytes:
verdict, codes and places, steps, findings, and among them the code that docs/reference/hostile-inputs.md names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ledger.bundle.archive_kind import is_bundle
from ledger.entries.exhibits import form_of
from tests.browser.rows.case import PASSES, expected
from tests.browser.rows.every import ROWS
from tests.browser.support.form import choose, opened_at, press, send, shown
from tests.browser.support.webdriver import Browser
from tests.support.memory_ledger import NOW

TABLE = Path(__file__).parents[3] / "docs" / "reference" / "hostile-inputs.md"
NOT_OF_A_BUNDLE = {"LOG-CORRUPT", "TST-NONCE"}  # of a log, and of an authority's answer, in rows that concern both


def marked() -> dict[str, str]:
    """Return each row of the table that concerns bundles, with its cell of codes."""
    rows = re.findall(r"^\| (\w+) † \|[^|]*\|([^|]*)\|", TABLE.read_text("utf-8"), re.MULTILINE)
    return dict(rows)


def codes_in(cell: str) -> set[str]:
    return set(re.findall(r"\b[A-Z]+[-_][A-Z_-]+\b", cell))


def test_every_row_about_bundles_is_handed_to_the_page_and_no_other() -> None:
    assert marked().keys() == ROWS.keys()
    assert min(len(cases) for cases in ROWS.values()) > 0


@pytest.mark.parametrize("row", ROWS)
def test_each_code_of_a_row_is_what_a_case_is_refused_under(row: str) -> None:
    made = {make().code for make in ROWS[row].values()}
    assert made - {PASSES} == codes_in(marked()[row]) - NOT_OF_A_BUNDLE


@pytest.mark.browser
@pytest.mark.parametrize("row", ROWS)
def test_the_page_refuses_each_case_of_a_row_as_the_program_does(
    browser: Browser, page: Path, tmp_path: Path, row: str
) -> None:
    opened_at(browser, page, NOW)
    for number, (name, make) in enumerate(ROWS[row].items()):
        case = make()
        if number:
            send(browser, case.data, case.held)
        else:
            for field, content in {"bundle": case.data, **case.held}.items():
                (tmp_path / field).write_bytes(content)
                choose(browser, field, tmp_path / field)
            press(browser)
        answer = shown(browser)
        if not (is_bundle(case.data) or form_of(case.data)):  # a file of neither type gets no verdict
            assert "(BND-NONE)" in answer["problem"], (name, answer)
            continue
        assert agrees(answer, expected(case)), (name, answer, expected(case))
        assert names(answer, case.code), (name, case.code, answer)


def agrees(answer: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    if "refused" in said:
        return f"({said['refused']} " in answer.get("problem", "")
    return answer == said


def names(answer: Mapping[str, Any], code: str) -> bool:
    """Return whether the code is shown; for PASSES, whether the verdict is TOTAL-PASSED."""
    if code == PASSES:
        return bool(answer["integrity"] == "TOTAL-PASSED")
    return code in answer.get("problem", "") or code in {r[0] for r in answer["reasons"]} | set(answer["findings"])
