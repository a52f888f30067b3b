"""Files that an entry states are taken piece by piece, compared with their digest, and handed out after an access."""

from __future__ import annotations

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from server.files.pieces import PIECE
from tests.server.files.office import Keeping

LARGE = bytes(range(256)) * (PIECE // 256) + b"and the rest"


@pytest.mark.parametrize("data", [b"", b"short", LARGE], ids=["empty", "short", "two pieces"])
def test_a_file_comes_back_as_it_was_sent(kept: Keeping, data: bytes) -> None:
    order = kept.order()
    leaf = kept.arrived(order, data, names=("Anhörung ü.zip",))
    assert kept.send("ilves", order, data).json["kept"] is True
    assert kept.fetch(order, leaf) == {"Anhörung ü.zip": data}
