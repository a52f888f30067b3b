"""The page shows what auditors of the reader's policy state, in the words of each language, and never as a verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser import build
from ledger.trust.trust_folder import format_registrar
from tests.browser.page.test_page import ask, text
from tests.browser.support.webdriver import Browser
from tests.ledger.tlog.auditors import STATEMENT
from tests.ledger.verify.test_audits import KARSK, SIZE, by, ledger, trusting
from tests.support.memory_ledger import changed

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("audited", [SIZE, 4])
def test_who_checked_what_with_which_program_and_rules(
    browser: Browser, page: Path, tmp_path: Path, audited: int
) -> None:
    log, ilves = ledger()
    trust = trusting(log, karsk=KARSK)
    data = changed(log.bundle(ilves), lambda files: files.update(by(log, 0, audited)), ilves.signer("ISS"))
    assert trust.registrar is not None
    files = {"order.zip": data, "policy": trust.raw, "registrar": format_registrar(trust.registrar)}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    ask(browser, page, tmp_path / "order.zip", policy=tmp_path / "policy", registrar=tmp_path / "registrar")
    shown = text(browser, "#result")
    says = build.languages()["en"]["page"]
    expected = says["audit-says"].replace("{0}", f"0-{audited - 1}").replace("{1}", str(SIZE))
    assert f"{says['audits-title']}karsk (auditor.example/karsk) {expected}" in shown
    assert all(says[f"audit-{check}"] in shown for check in STATEMENT.checks)
    assert STATEMENT.program in shown
    assert STATEMENT.rules in shown
    assert ("CMP-NOT-AUDITED" in shown) is (audited < SIZE)
    assert text(browser, "#integrity").startswith("TOTAL-PASSED")
