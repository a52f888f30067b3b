"""Of several machines that share a ledger in PostgreSQL, one at a time does a job."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.errors import LedgerError
from server.jobs.holder import alone
from tests.postgres.server import Server, database_of
from tests.support.cli import ORIGIN, House

pytestmark = pytest.mark.postgres


def test_a_job_is_done_by_one_machine_at_a_time_and_another_takes_it_over(
    server: Server, uri: str, tmp_path: Path
) -> None:
    house = House(tmp_path / "house")
    assert house.run("init", str(house.ledger), "--origin", ORIGIN, "--store", uri).exit_code == 0
    shutil.copytree(house.ledger, tmp_path / "other")
    here, there = read_folder(house.ledger), read_folder(tmp_path / "other")
    with alone(here, "audit") as check:
        check()
        with pytest.raises(LedgerError, match="BUSY"), alone(there, "audit"):
            pass
        with alone(there, "stamp"):
            pass
    with alone(there, "audit") as check:
        with server.boss(database_of(uri)) as c:
            c.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        with pytest.raises(LedgerError, match="STORE-AWAY"):
            check()
