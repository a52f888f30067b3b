"""The program still does what the page on signing in shows, and the code that it makes lets its person in."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from tests.docs.sessions import type_page
from tests.server.identity.browser import Authenticator, Browser
from tests.server.office import serving

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "let-people-sign-in.md"


def test_the_page_goes_as_it_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert type_page(PAGE, tmp_path, monkeypatch) == 13
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
