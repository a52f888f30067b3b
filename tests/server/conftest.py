"""One server over the ledger of a story, to be read by every test of a module.

It ends with the module: its threads would run into what tests of other modules replace meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import reply

if TYPE_CHECKING:
    from tests.server.office import Office


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    from tests.server.office import serving_story

    with serving_story("S2", tmp_path_factory.mktemp("office")) as served:
        yield served


@pytest.fixture(scope="module")
def order(office: Office) -> str:
    return str(reply("orders", ledger=office.ledger)["orders"][0]["order"])
