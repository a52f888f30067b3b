"""A ledger that the first version stored in PostgreSQL: its dump is restored, verified and continued."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.postgres.server import OWNER, Server, database_of, programs
from tests.support.kept_files import THEN, Kept

pytestmark = pytest.mark.postgres


@pytest.fixture
def house(server: Server, uri: str, tmp_path: Path) -> Kept:
    house, bin_ = Kept("postgres", tmp_path), programs()
    assert bin_ is not None
    options = ("-h", str(server.folder), "-U", OWNER, "-d", database_of(uri), "-f", str(house.folder / "ardel.sql"))
    subprocess.run([bin_ / "psql", "-q", "-v", "ON_ERROR_STOP=1", *options], check=True, capture_output=True)
    (house.ledger / "store").write_text(f"{uri}\n")
    return house


def test_a_ledger_of_the_first_version_in_a_database_is_gone_on_with(house: Kept) -> None:
    assert house.run("fsck").exit_code == 0
    assert json.loads(house.run("judge", "A-1", "--as-of", THEN, "--json").stdout)["state"] == "SERVED"
    assert [clock["id"] for clock in json.loads(house.run("due", "--as-of", THEN, "--json").stdout)["due"]] == [
        "E-10-3"
    ]
    before = house.reply("checkpoint")["size"]
    house.record("order-closed", "A-1", "-f", "outcome=withdrawn", "--role", "ISS", by="orn", key="orn-next")
    assert house.reply("checkpoint")["size"] == before + 1
    assert house.run("fsck").exit_code == 0
    assert house.verdict("A-1", "COURT", "orn", "orn-next", "--role", "ISS") == ("TOTAL-PASSED", [])
