"""Two offices, begun once for all tests of a process and copied for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.exchange.offices import Offices

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Offices:
    from tests.server.exchange.offices import begin

    return begin(tmp_path_factory.mktemp("offices"))


@pytest.fixture
def offices(begun: Offices, tmp_path: Path) -> Offices:
    from tests.server.exchange.offices import copy

    return copy(begun, tmp_path / "offices")
