"""Checks of `comity verify` that the page omits: the page reports them as not made at their step."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.support.node import Page
from tests.browser.support.recorder import question
from tests.support.memory_ledger import NOW, small

pytestmark = pytest.mark.browser


def step(report: dict[str, list[dict[str, str]]], number: int) -> str:
    return report["steps"][number - 1]["says"]


def test_time_stamps_are_said_not_to_be_looked_at_where_no_root_was_given(node: Page) -> None:
    ledger, ilves = small()
    data = ledger.bundle(ilves, tokens={"checkpoint.1.tsr": b"any bytes"})
    ours = node.ask("verify", **question(data, ledger.trust(), None, NOW))
    assert step(ours, 7) == "1 token, not looked at: no certificates of time-stamp authorities were given"
    assert any("openssl ts -verify" in text for text in ours["notProven"])
    assert step(node.ask("verify", **question(ledger.bundle(ilves), ledger.trust(), None, NOW)), 7) == ""


def test_a_step_whose_tokens_nobody_looked_at_is_not_shown_as_passed(page: Path) -> None:
    html = page.read_text("utf-8")
    assert "says?.[0] === 'tokens' ? 'result-aside'" in html
    assert '"result-aside": "not looked at"' in html
