"""A server is ready as long as it can sign, read and store, and was not asked to end."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from ledger.errors import LedgerError
from server.operations.readiness import LEAST_FREE, Readiness

READY = Readiness(lambda: (0.5, ""), lambda: 3, lambda: False, (), within=10)


def unready(**changed: Any) -> str:
    with pytest.raises(LedgerError) as refused:
        structs.replace(READY, **changed).check()
    assert refused.value.code == "API-UNREADY"
    return refused.value.says


def test_a_server_that_can_sign_and_read_is_ready() -> None:
    READY.check()


def test_one_failure_to_sign_is_enough_to_be_unready() -> None:
    assert "GUARD-MISSING" in unready(health=lambda: (1.0, "GUARD-MISSING"))


def test_a_check_of_the_head_that_does_not_end_is_a_failure() -> None:
    assert "11 seconds" in unready(health=lambda: (11.0, ""))


def test_a_server_that_ends_is_not_ready() -> None:
    assert unready(ending=lambda: True) == "the server ends"


def test_a_store_that_cannot_be_read_keeps_its_code() -> None:
    def fails() -> int:
        raise LedgerError("STORE-AWAY", "no server")

    with pytest.raises(LedgerError, match="STORE-AWAY"):
        structs.replace(READY, store=fails).check()


def test_a_disk_below_the_limit_is_nearly_full(tmp_path: Path) -> None:
    structs.replace(READY, folders=(tmp_path,), least_free=1).check()
    more = shutil.disk_usage(tmp_path).free + LEAST_FREE
    assert unready(folders=(tmp_path,), least_free=more * 2).endswith("MiB left")


def test_a_folder_that_is_gone_is_not_a_defect_of_the_server(tmp_path: Path) -> None:
    assert unready(folders=(tmp_path / "gone",)) == "a folder of the server cannot be reached"
