"""The program still does what the pages on the office server show: people at several machines type them."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from ledger.adapters.folders.read_trust import plain_files
from ledger.trust.signed_policy import spoken
from ledger.trust.trust_folder import fingerprint_of
from tests.docs.sessions import type_page
from tests.server.identity.browser import Authenticator, Browser
from tests.server.office import serving

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
PAGE = HOW_TO / "run-the-office-server.md"
SIGN_IN = HOW_TO / "let-people-sign-in.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
URL = "http://127.0.0.1:7400"


def test_the_page_goes_as_it_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert type_page(PAGE, tmp_path, monkeypatch) == 8
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "keeper"))
    monkeypatch.setenv("XDG_STATE_HOME", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", "")
    text = PAGE.read_text("utf-8")
    assert f"READY {URL}" in text
    with serving(tmp_path / "keeper" / "ledger") as office:
        typed = "\n".join(BLOCK.findall(text)).replace(URL, office.url)
        session = doctest.DocTestParser().get_doctest(typed, {}, PAGE.name, str(PAGE), 0)
        said: list[str] = []
        results = doctest.DocTestRunner().run(session, out=said.append)
    assert results.attempted > 10
    assert results.failed == 0, "".join(said)


def test_the_page_on_signing_in_goes_as_it_is_shown_and_its_code_lets_the_person_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert type_page(SIGN_IN, tmp_path, monkeypatch) == 13
    monkeypatch.setenv("HOME", str(tmp_path / "keeper"))
    monkeypatch.setenv("XDG_STATE_HOME", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", "")
    with serving(tmp_path / "keeper" / "ledger") as office:
        accounts = office.running.accounts
        assert (tmp_path / "keeper" / "code.txt").read_text("utf-8").count("-") == 3
        code = accounts.make_code(accounts.find("Dina Ilves").id)  # locking the account has ended that of the page
        browser = Browser(office)
        assert browser.enrol(Authenticator(office.url), code).status == 200
        assert len(browser.get("/v1/account").json["keys"]) == 1
        assert browser.get("/v1/orders").json["orders"] == []


def test_the_page_on_the_command_line_goes_as_it_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    type_page(PAGE, tmp_path, monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path / "keeper"))
    monkeypatch.setenv("XDG_STATE_HOME", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", "")
    ledger = tmp_path / "keeper" / "ledger"
    for person in ("ilves", "skylark"):
        words = spoken(fingerprint_of(plain_files(str(ledger / "trust"))))
        (tmp_path / person / "court-fingerprint.txt").write_text(f"{words}\n", "ascii")
    with serving(ledger) as office:
        assert type_page(HOW_TO / "ask-an-office-server.md", tmp_path, monkeypatch, (URL, office.url)) == 14
