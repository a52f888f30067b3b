"""Reports in Chromium and Firefox: accessible, no wider than a phone, and the same on paper without colour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from projections.render.html import built
from tests.browser.support.webdriver import Browser, Chromium
from tests.support.cli import ledger_of, run

pytestmark = pytest.mark.browser

PAGES = {
    "custody": ("report", "custody", "main"),
    "evidence-chain": ("report", "evidence-chain", "main"),
    "dpo": ("report", "dpo", "main"),
    "order-form": ("report", "order-form", "main"),
    "audit": ("report", "audit"),
    "replay": ("replay", "main"),
    "statistics": ("stats", "--art28", "--format", "html"),
    "rules": ("law",),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with every page of `PAGES`, of the story S2."""
    place = tmp_path_factory.mktemp("reports")
    ledger = ledger_of("S2", place)
    for name, words in PAGES.items():
        to = "-o" if words[0] in ("report", "stats") else "--html"
        done = run(*words, to, str(place / f"{name}.html"), ledger=ledger)
        assert done.exit_code in (0, 3), done.output
    return place


@pytest.mark.parametrize("name", PAGES)
def test_every_report_is_accessible_and_has_the_built_style(
    browser: Browser, folder: Path, axe: str, name: str
) -> None:
    assert built("report"), "`make style` builds it"
    browser.open((folder / f"{name}.html").as_uri())
    assert browser.run("return getComputedStyle(document.body).fontFamily").startswith("system-ui")
    browser.run("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    found: dict[str, Any] = browser.run(f"{axe}; return axe.run()")
    assert [f"{v['id']}: {[n['html'] for n in v['nodes']][:3]}" for v in found["violations"]] == []


@pytest.mark.parametrize("name", PAGES)
def test_no_report_is_wider_than_a_phone(browser: Browser, folder: Path, axe: str, name: str) -> None:
    if not isinstance(browser, Chromium):
        pytest.skip("only Chromium shows another width")
    browser.open((folder / f"{name}.html").as_uri())
    try:
        browser.emulate(390)
        assert browser.run("return document.documentElement.scrollWidth") <= 390
        found: dict[str, Any] = browser.run(f"{axe}; return axe.run()")
        assert [f"{v['id']}: {[n['html'] for n in v['nodes']][:3]}" for v in found["violations"]] == []
    finally:
        browser.emulate()
