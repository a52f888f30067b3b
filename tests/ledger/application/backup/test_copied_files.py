"""A copy has every file that is not made again, and none with a key, a state, a person or an opened value."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.application.backup.copied_files import unchanged_files

COPIED = {
    "TEST",
    "trust/policy",
    "trust/tsa/authorities",
    "log/checkpoint",
    "story.json",
    "entries.dbx",
    "tile/0/000",
    "more/keys.db",
}
RECEIVED = {"foreign/ab", "registers/cd"}
LEFT = {
    "keys.db",
    "keys.db-wal",
    "keys-store",
    "views.db",
    "views.next.db",
    "views.next.db-wal",
    "views.db.lock",
    "map.db-shm",
    "state/guard.db",
    "keys/ilves",
    "entries.db",
    "entries.db-wal",
    "store",
    "heads.db",
    "others/a.db",
    "moved/heads.db",
    "RESTORED",
    "exchange/outgoing/a.zip",
    "jobs/a",
    "jobs.db",
    "exchange.db",
    "identity.db",
    "backup.json",
    ".lock",
    ".cache/a",
    "log/tile/0/000",
}


@pytest.mark.parametrize("shared", [False, True])
def test_what_is_made_again_or_stays_on_a_machine_is_left_out(tmp_path: Path, shared: bool) -> None:
    for name in COPIED | RECEIVED | LEFT:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "trust" / "gone").symlink_to(tmp_path / "none")
    found = [path.relative_to(tmp_path).as_posix() for path in unchanged_files(tmp_path, shared=shared)]
    assert set(found) == (COPIED if shared else COPIED | RECEIVED)
    assert len(found) == len(set(found))
