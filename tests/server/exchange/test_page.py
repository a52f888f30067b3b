"""The program still does what the page on the exchange between ledgers shows: two offices type it, and one serves."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from tests.docs.sessions import type_page
from tests.server.exchange.offices import begin

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "exchange-with-another-ledger.md"
URL = "https://ledger.skylark.example"


def test_the_page_goes_as_it_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offices = begin(tmp_path / "offices")
    with offices.serving("skylark") as skylark:
        page = tmp_path / PAGE.name
        page.write_text(PAGE.read_text("utf-8").replace(URL, skylark.url), "utf-8")
        assert type_page(page, offices.root, monkeypatch) == 11
