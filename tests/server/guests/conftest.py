"""These tests need the extra `server`; a module has one server over two orders, of which norcentral answers one."""

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

    with serving_story("S3", tmp_path_factory.mktemp("guests"), signing="https://sign.office.example") as served:
        yield served
