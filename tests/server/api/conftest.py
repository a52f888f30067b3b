"""One server over the ledger of a story, to be read by every test of a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.cli import reply

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from tests.server.office import Office, serving_story


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with serving_story("S2", tmp_path_factory.mktemp("office")) as served:
        yield served


@pytest.fixture(scope="session")
def order(office: Office) -> str:
    return str(reply("orders", ledger=office.ledger)["orders"][0]["order"])
