"""An office server with its signing page, and a registrar's office next to the one that `comity init` makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from browser import build
from tests.browser.conftest import built
from tests.support.cli import House

if TYPE_CHECKING:
    from tests.server.office import Office


@pytest.fixture(scope="session")
def pages() -> dict[str, bytes]:
    """Return the signing page and the script that hashes files, as settings of a server."""
    return built(lambda: {"signing_page": build.page(build.SIGNING), "hashing": build.script(build.WORKER[1])})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return a ledger with one order, and the user who keeps it."""
    return House(tmp_path_factory.mktemp("house")).furnished()


@pytest.fixture(scope="module")
def house(made: House, pages: dict[str, bytes]) -> Iterator[Office]:
    from tests.server.office import serving

    with pytest.MonkeyPatch.context() as env:
        for name, value in made.env.items():
            env.setenv(name, value)
        with serving(made.ledger, **pages) as served:
            yield served
