"""The signer's folder holds the guard of one log: another log's guard, or none, is no finished move."""

from __future__ import annotations

from pathlib import Path

from cli.commands.signer import _moved
from ledger.adapters.guard.guard_place import GUARD_DB
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.guard.signed_state import Signed
from tests.support.memory_ledger import BEGINS, small


def test_a_guard_has_moved_if_the_folder_has_the_guard_of_this_log(tmp_path: Path) -> None:
    ledger, _ = small()
    assert not _moved(tmp_path / "nothing", ledger.origin)
    note = ledger.checkpoint()
    Guard.create(tmp_path / GUARD_DB, Signed(ledger.size, bytes(32), note, BEGINS)).close()
    assert _moved(tmp_path, ledger.origin)
    assert not _moved(tmp_path, f"{ledger.origin}/else")
