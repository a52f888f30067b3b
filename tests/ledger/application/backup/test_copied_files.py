"""A copy has every file that is not made again, and none with a key, a state, a person or an opened value."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.application.backup import copied_files
from ledger.application.backup.copied_files import closed_bundles, unchanged_files
from ledger.entries.wrapped_entry import VALUES
from ledger.errors import RecordError

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


def test_of_bundles_for_peers_only_those_that_open_no_value_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents: dict[bytes, list[str]] = {
        b"closed": ["manifest.dsse.json", "ledgers/x/entries/1.dsse.json"],
        b"opened": ["ledgers/x/disclosures/1.json"],
        b"valued": [f"orders/x/{VALUES}"],
    }

    def unpack(data: bytes) -> list[str]:
        if data not in contents:
            raise RecordError("BND-ZIP", "none")
        return contents[data]

    monkeypatch.setattr(copied_files, "unpack", unpack)
    here = tmp_path / copied_files.EXCHANGE
    for name in ("outgoing", "quarantine", "elsewhere"):
        for content in (b"valued", b"damaged", b"closed", b"opened"):
            (here / name).mkdir(parents=True, exist_ok=True)
            (here / name / content.decode()).write_bytes(content)
    (here / "outgoing" / ".closed.new").write_bytes(b"closed")
    (here / "outgoing" / "also").write_bytes(b"closed")
    (here / "outgoing" / "gone").symlink_to(here / "nothing")
    found = [path.relative_to(here).as_posix() for path in closed_bundles(tmp_path)]
    assert found == ["outgoing/also", "outgoing/closed", "quarantine/closed"]
