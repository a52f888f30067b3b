"""Every hostile input that concerns bundles, read by the scripts of the page in Node.js: the answer of the program."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.bundle.archive_kind import is_bundle
from ledger.entries.exhibits import form_of
from tests.browser.rows.case import Case, expected, in_short
from tests.browser.rows.every import ROWS
from tests.browser.support.node import Page, Refusal
from tests.support.memory_ledger import NOW

pytestmark = pytest.mark.browser

LARGE = 2**20  # bytes; what is larger is read in the browsers alone


def answer(node: Page, case: Case) -> dict[str, Any]:
    """Return what the page says of a case, in the form of `expected`."""
    policy = case.held.get("policy")
    try:
        if form_of(case.data):
            report = node.ask("exhibit", data=case.data, policy=policy, sizes={})
        else:
            stamps = [case.held["authorities"]] if "authorities" in case.held else []
            held = {"policy": policy, "registrar": case.held.get("registrar"), "authorities": stamps}
            report = node.ask("verify", data=case.data, sizes={}, anchor=None, now=NOW.timestamp(), **held)
    except Refusal as refused:
        return {"refused": refused.code}
    return in_short(report)


@pytest.mark.parametrize("row", ROWS)
def test_the_scripts_of_the_page_refuse_each_case_of_a_row_as_the_program_does(node: Page, row: str) -> None:
    for name, make in ROWS[row].items():
        case = make()
        if len(case.data) <= LARGE and (is_bundle(case.data) or form_of(case.data)):
            assert answer(node, case) == expected(case), name
