"""A ledger folder is read as its published log would be, and a folder that cannot be read so is refused."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.adapters.folders.handed_folder import HandedFolder
from ledger.adapters.log.ledger_as_published import _fetch, reading
from ledger.errors import LedgerError, RecordError
from ledger.tlog.tile import ENTRIES, Tile, pack_entries, tile_path
from ledger.tlog.tree import stored_index
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


class Stored:
    """An event store of entries that are their index, as (index, text)."""

    def __init__(self, count: int) -> None:
        self.count = count

    def page(self, start: int, limit: int, stop: int) -> list[tuple[int, bytes]]:
        return [(n, b"%d" % n) for n in range(start, min(start + limit, stop, self.count))]

    def hashes(self, positions: Sequence[int]) -> list[bytes]:
        return [sha256(b"%d" % n).digest() for n in positions]


@pytest.mark.parametrize(("n", "width"), [(0, 256), (1, 256), (2, 7), (2, 1), (0, 3)])
def test_the_entries_and_hashes_of_a_tile_are_those_of_its_place(tmp_path: Path, n: int, width: int) -> None:
    fetch = _fetch(HandedFolder(str(tmp_path)), Stored(519))  # type: ignore[arg-type]
    first = 256 * n
    entries = fetch(tile_path(Tile(ENTRIES, n, width)), MOST)
    assert entries == pack_entries([b"%d" % index for index in range(first, first + width)])
    hashes = fetch(tile_path(Tile(0, n, width)), MOST)
    assert hashes == b"".join(sha256(b"%d" % stored_index(0, first + k)).digest() for k in range(width))


@pytest.mark.parametrize(("n", "width"), [(2, 8), (2, 256), (3, 1)])
def test_a_tile_of_more_entries_than_there_are_is_corrupt(tmp_path: Path, n: int, width: int) -> None:
    fetch = _fetch(HandedFolder(str(tmp_path)), Stored(519))  # type: ignore[arg-type]
    with pytest.raises(LedgerError, match="an entry is missing") as refused:
        fetch(tile_path(Tile(ENTRIES, n, width)), MOST)
    assert refused.value.code == "LOG-CORRUPT"


def test_a_ledger_folder_is_read_on_the_disk_and_another_is_read_as_what_it_published(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "checkpoint").write_bytes(b"a note")
    with reading(str(tmp_path / "published")) as fetch:
        assert fetch("checkpoint", MOST) == b"a note"
    with reading(str(house.ledger)) as fetch, pytest.raises(RecordError, match="larger than the 5 bytes"):
        fetch("checkpoint", 5)
    monkeypatch.chdir(tmp_path)
    for scheme in ("http", "https"):
        named_like_it = tmp_path / f"{scheme}:" / "127.0.0.1:1"
        named_like_it.mkdir(parents=True)
        (named_like_it / "entries.db").write_bytes(b"of a folder that was not asked for")
        with reading(f"{scheme}://127.0.0.1:1/") as fetch, pytest.raises(LedgerError) as silent:
            fetch("checkpoint", MOST)
        assert silent.value.code == "HTTP-SILENT"


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
