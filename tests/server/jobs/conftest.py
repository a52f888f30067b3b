"""One ledger of a story, to be read by every test of a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import ledger_of

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")


@pytest.fixture(scope="session")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S2", tmp_path_factory.mktemp("jobs"))
