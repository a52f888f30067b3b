"""These tests need the extra `server`; a module has one server, whose people and waits no other module sees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")

if TYPE_CHECKING:
    from tests.server.office import Office


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    from tests.server.office import serving_story

    with serving_story("S2", tmp_path_factory.mktemp("house")) as served:
        yield served
