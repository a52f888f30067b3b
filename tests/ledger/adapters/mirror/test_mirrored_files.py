"""The files of one mirrored log: new entries follow the stored ones, and no file is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.adapters.mirror import mirrored_files
from ledger.adapters.mirror.mirror_state import MirrorState
from ledger.adapters.mirror.mirrored_files import MirroredFiles
from ledger.adapters.witness.witness_state import CosignedHead
from ledger.errors import LedgerError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import witness_vkey
from tests.support.hash_log import HashLog

LOG = HashLog(size=600)


class Files:
    """The files and the state of a mirror of one log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "logs" / "log"
        self.state = MirrorState.create(folder / "mirror.db", witness_vkey("mirror.example/xv", public_key(bytes(32))))
        self.log = MirroredFiles(self.folder, (LOG.key,), self.state)

    def save(self, first: int, end: int, size: int = 600) -> int:
        return self.log.save(self.head(size), first, LOG.package(first, end, size))

    def head(self, size: int, root: bytes | None = None) -> CosignedHead:
        return CosignedHead(size, root or LOG.root(size), 1, LOG.note(size))

    def names(self) -> list[str]:
        paths = (path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file())
        return sorted(map(str, paths))


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    made = Files(tmp_path)
    yield made
    made.state.close()


def test_entries_behind_a_gap_are_not_stored(files: Files) -> None:
    with pytest.raises(LedgerError, match=f"LOG-CORRUPT: entry 0 of {LOG.origin} is missing"):
        files.save(256, 512)
    files.save(0, 256)
    with pytest.raises(LedgerError, match=f"entry 256 of {LOG.origin} is missing"):
        files.save(300, 512)
    assert files.names() == ["tile/0/000", "tile/entries/000"]
    assert files.save(256, 512) == 512


def test_entries_that_are_stored_already_change_no_file(files: Files) -> None:
    assert [files.save(0, 200), files.save(0, 150), files.save(100, 200)] == [200, 150, 200]
    assert files.state.next_entry(LOG.origin) == 200
    assert files.names() == ["tile/0/000.p/200", "tile/entries/000.p/200"]
    assert files.save(200, 256) == 256
    assert files.names() == ["tile/0/000", "tile/entries/000"], "the full files are there"


@pytest.mark.parametrize(("stored", "partial"), [(300, True), (511, True), (512, False), (600, False)])
def test_a_smaller_tree_has_the_bundle_of_its_width_unless_the_full_one_is_there(
    files: Files, stored: int, partial: bool
) -> None:
    files.save(0, 256)
    for first, end in ((256, min(stored, 512)), (512, stored)):
        if first < end:
            files.save(first, end)
    files.log.complete(files.head(290))
    assert ("tile/entries/001.p/34" in files.names()) is partial
    files.log.complete(files.head(256))
    with pytest.raises(LedgerError, match="LOG-CORRUPT"):
        files.log.complete(files.head(290, bytes(32)))


def test_each_folder_up_to_that_of_the_log_is_made_durable(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(mirrored_files, "sync_folder", synced.append)
    files.save(0, 10)
    entries, hashes = (files.folder / "tile" / name / "000.p" for name in ("entries", "0"))
    assert synced == [
        *(entries, entries.parent, files.folder / "tile", files.folder),
        *(hashes, hashes.parent, files.folder / "tile", files.folder),
    ]
