"""One server that keeps files; each test of a module records a separate order in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.server.files.office import Keeping


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeping]:
    from tests.server.files.office import keeping

    with keeping(tmp_path_factory.mktemp("kept")) as served:
        yield served
