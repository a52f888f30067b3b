"""A ledger folder is read as its published log would be, and a folder that cannot be read so is refused."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from ledger.adapters.log.ledger_as_published import reading
from ledger.errors import LedgerError
from tests.ledger.application.integrity.test_verify_log import cut, open_file
from tests.support.cli import House

MOST = 1 << 20  # bytes


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


def test_a_ledger_folder_has_the_files_of_its_published_log(house: House, tmp_path: Path) -> None:
    published = tmp_path / "published"
    house.reply("log", "publish", str(published))
    files = [file.relative_to(published).as_posix() for file in (published / "tile").rglob("*") if file.is_file()]
    assert {path.split("/")[1] for path in files} == {"0", "entries"}
    with reading(str(house.ledger)) as ours, reading(str(published)) as theirs:
        for path in ("checkpoint", *files):
            assert ours(path, MOST) == theirs(path, MOST) == (published / path).read_bytes()


def test_a_ledger_folder_without_a_checkpoint_is_unreachable(house: House) -> None:
    (house.ledger / "log" / "checkpoint").unlink()
    with reading(str(house.ledger)) as fetch, pytest.raises(LedgerError, match="has no log/checkpoint") as refused:
        fetch("checkpoint", MOST)
    assert refused.value.code == "LOG-UNREACHABLE"


@pytest.mark.parametrize("kind", ["0", "entries"])
def test_a_ledger_folder_that_lacks_an_entry_of_a_tile_is_corrupt(house: House, kind: str) -> None:
    size = house.reply("checkpoint")["size"]
    path = f"tile/{kind}/000.p/{size}"
    with reading(str(house.ledger)) as fetch:
        assert fetch(path, MOST)
    cut(house.ledger, size - 1)
    with reading(str(house.ledger)) as fetch, pytest.raises(LedgerError) as refused:
        fetch(path, MOST)
    assert (refused.value.code, "missing" in refused.value.says) == ("LOG-CORRUPT", True)


def test_a_ledger_folder_that_is_written_to_meanwhile_is_busy(house: House) -> None:
    def read() -> None:
        with reading(str(house.ledger)), closing(open_file(house.ledger / "entries.db")) as c:
            c.execute("CREATE TABLE more (n)")
            c.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    with pytest.raises(LedgerError) as refused:
        read()
    assert refused.value.code == "BUSY"
