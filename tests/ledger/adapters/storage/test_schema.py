"""Every database states its schema version; a database of a later version is neither read nor written."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cli.exit_codes import Exit
from ledger.adapters.storage.sqlite import VERSION
from ledger.adapters.storage.views import View
from ledger.adapters.subject_keys.schema import VERSION as KEYS
from ledger.adapters.witness.witness_state import Memory
from ledger.errors import LedgerError
from tests.support.cli import House, run
from tests.support.kept_files import Kept, contradicted

RECORD = (
    "record",
    "order-transmitted",
    "PPO-1",
    "--unregistered",
    "-f",
    "addressee=sky",
    "-f",
    "channel=mail",
    "--as",
    "ilves",
    "--yes",
)


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path).furnished()
    assert house.run("due").exit_code == Exit.DONE  # this creates the views
    return house


def version_of(file: Path) -> int:
    with closing(sqlite3.connect(file)) as c:
        return int(c.execute("PRAGMA user_version").fetchone()[0])


def made_later(file: Path) -> bytes:
    """Set a file's schema version to the one after ours; return the bytes of the file."""
    with closing(sqlite3.connect(file)) as c:
        c.execute(f"PRAGMA user_version = {read(file.name) + 1}")
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.read_bytes()


def newest(name: str) -> int:
    return KEYS if name == "keys.db" else VERSION


def read(name: str) -> int:
    """Return the latest version that the program reads; that of a guard is one of a guard that was closed."""
    return newest(name) + (name == "guard.db")


def store_of(house: House, name: str) -> Path:
    (file,) = [*house.ledger.glob(name), *(house.folder / "state").glob(f"*/*/{name}")]
    return file


def left_alone(done: object, file: Path, before: bytes) -> None:
    assert (done.exit_code, "LEDGER-VERSION" in done.output) == (Exit.UNDECIDABLE, True), done.output  # type: ignore[attr-defined]
    message = " ".join(done.output.split())  # type: ignore[attr-defined]
    ours = read(file.name)
    assert f"{file.name} is of version {ours + 1}, and this program reads versions up to {ours}" in message
    assert file.read_bytes() == before


STORES = ("entries.db", "heads.db", "keys.db", "views.db", "guard.db")


@pytest.mark.parametrize("name", STORES)
def test_every_store_of_a_ledger_carries_its_version(name: str, house: House) -> None:
    assert version_of(store_of(house, name)) == newest(name)


@pytest.mark.parametrize("name", STORES)
def test_a_store_of_a_later_version_is_named_and_nothing_is_written(name: str, house: House) -> None:
    file = store_of(house, name)
    entries, before = store_of(house, "entries.db"), made_later(file)
    count = entries.read_bytes()
    asked: dict[str, list[tuple[str, ...]]] = {
        "entries.db": [RECORD, ("fsck",), ("orders",)],
        "heads.db": [RECORD, ("fsck",), ("stamp", "list")],
        "keys.db": [RECORD, ("timeline", "PPO-1")],
        "views.db": [("due",)],
        "guard.db": [RECORD, ("fsck",), ("checkpoint",)],
    }
    for command in asked[name]:
        left_alone(house.run(*command), file, before)
    assert entries.read_bytes() == count


def test_a_folder_of_a_later_version_is_not_judged(house: House) -> None:
    file = store_of(house, "entries.db")
    before = made_later(file)
    left_alone(house.run("verify", str(house.ledger), "--trust", str(house.ledger / "trust")), file, before)


def test_a_copy_of_a_later_version_is_not_put_back(house: House) -> None:
    made_later(store_of(house, "entries.db"))
    shutil.copytree(house.ledger, house.folder / "later")
    copy = house.folder / "copy.tar"
    done = house.run("backup", str(house.folder / "later"), "-o", str(copy))
    assert (done.exit_code, "LEDGER-VERSION" in done.output, copy.exists()) == (Exit.UNDECIDABLE, True, False)


def test_views_of_a_later_version_may_be_deleted(house: House) -> None:
    file = store_of(house, "views.db")
    made_later(file)
    done = house.run("due")
    assert "delete views.db: it is made again" in " ".join(done.output.split())
    file.unlink()
    assert house.run("due").exit_code == Exit.DONE
    assert version_of(file) == VERSION


def test_the_memory_of_a_witness_and_the_heads_it_follows_carry_their_version(tmp_path: Path) -> None:
    state = tmp_path / "witness"
    assert run("witness", "new", "witness.example/w", "--state", str(state)).exit_code == Exit.DONE
    file = state / "witness.db"
    assert version_of(file) == VERSION
    before = made_later(file)
    (tmp_path / "logs").write_text("quorum none\n")
    words = ("witness", "evidence", "--name", "witness.example/w", "--state", str(state))
    left_alone(run(*words, "--policy", str(tmp_path / "logs")), file, before)
    with pytest.raises(LedgerError, match="LEDGER-VERSION"):
        Memory(file, "x")


def test_followed_heads_of_a_later_version_are_left_alone(tmp_path: Path) -> None:
    house = Kept("karsk", tmp_path)
    (file,) = (house.ledger / "others").glob("*.db")
    assert version_of(file) == 0
    Kept("skylark", tmp_path)
    before = made_later(file)
    skylark = tmp_path / "skylark" / "ledger"
    done = house.run("monitor", "--trust", str(skylark / "trust"), "--state", str(file.parent), str(skylark / "log"))
    assert "LEDGER-VERSION" in done.output, done.output
    assert file.read_bytes() == before


def test_stores_of_the_first_version_have_none_but_the_entries_and_open(tmp_path: Path) -> None:
    house = Kept("karsk", tmp_path)
    found = {file.name: version_of(file) for file in tmp_path.rglob("*.db") if len(file.stem) < 60}
    assert found == {"entries.db": 1, "heads.db": 0, "keys.db": 0, "views.db": 0, "guard.db": 0, "witness.db": 0}
    assert contradicted(house.run("fsck", "--json")) == []
    assert json.loads(house.run("orders", "--json").stdout)["orders"]


def test_a_view_says_of_which_version_it_is(tmp_path: Path) -> None:
    View(tmp_path / "views.db", "x").close()
    assert version_of(tmp_path / "views.db") == VERSION
