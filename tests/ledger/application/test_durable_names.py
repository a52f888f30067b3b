"""What is written for good is synced, and then the folder with its name: a power cut takes neither."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.guard.guard_place import SharedPlace, point_to
from ledger.adapters.keys import key_files
from ledger.adapters.log.key_rotation import _rename
from ledger.adapters.storage.entry_store import EntryStore
from ledger.application import restore
from ledger.application.auditing import audit_files
from ledger.application.audits.audit_state import begun
from ledger.application.counterparties import keep_counterparty
from ledger.application.restore_from_mirror import lay_out
from tests.ledger.application.audits.test_audit_state import PLACE, result
from tests.support.cli import ledger_of
from tests.support.files.system_calls import open_below, synced
from tests.support.memory_ledger import small

NOW = datetime(2027, 3, 1, tzinfo=UTC)


def rename(folder: Path) -> None:
    (folder / "log.next.key").touch()
    _rename(folder, "log.next.key", "log.4.key")
    assert [path.name for path in folder.iterdir()] == ["log.4.key"]


def audit(folder: Path) -> None:
    with begun(folder, b"question", NOW) as run:
        run.keep(PLACE, result(7))
        run.complete()


def finished(folder: Path) -> None:
    path = folder / "a.key"
    path.write_text("x")
    assert key_files.finish(path, bytes(32))
    assert not key_files.finish(path, bytes(32))


ACTS: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "a key": (
        lambda folder: key_files.write_files(folder / "k" / "a.key", b"x", bytes(32)),
        ["a.key", "a.key.pub", "k"],
    ),
    "the public part of a key": (finished, ["a.key.pub", "HERE"]),
    "a rotated key": (rename, ["HERE"]),
    "where a guard is": (
        lambda folder: point_to(folder / "s", SharedPlace("etcd://one:2379", "ledger.test/xo")),
        [".guard.new", "s"],
    ),
    "that a guard is here": (lambda folder: point_to(folder / "s", folder / "s" / "guard.db"), ["s"]),
    "statements of auditors": (lambda folder: audit_files.keep(folder / "a", {}), [f".{audit_files.INDEX}.new", "a"]),
}


@pytest.mark.parametrize("what", ACTS)
def test_a_file_is_synced_and_then_the_folder_that_names_it(what: str, tmp_path: Path) -> None:
    act, expected = ACTS[what]
    with synced() as names:
        act(tmp_path)
    plain = [
        name.removeprefix(".").rpartition(".")[0] if name[:1] == "." and name.rpartition(".")[2].isdigit() else name
        for name in names
    ]
    assert plain == [tmp_path.name if name == "HERE" else name for name in expected]
    assert open_below(tmp_path) == []


def test_a_run_of_an_audit_is_durable_from_its_question_to_its_end(tmp_path: Path) -> None:
    with synced() as names:
        audit(tmp_path)
    (run,) = (tmp_path / "runs").iterdir()
    assert names[:2] == [".question.new", "runs"]
    assert [name for name in names if name == run.name] == [run.name] * 2
    assert names[-1] == run.name


def test_the_trust_files_of_another_party_and_of_a_new_copy_are_durable(tmp_path: Path) -> None:
    ledger, _ = small()
    files = ledger.trust_files()
    with synced() as names:
        place = keep_counterparty(tmp_path / "trust", ledger.trust(), files)
    assert names == [*(f".{name}.new" for name in files), place.name]
    with synced() as names:
        lay_out(tmp_path / "copy", files)
    assert "trust" in names
    assert names.index("trust") > max(names.index(f".{name}.new") for name in files)
    with closing(EntryStore(tmp_path / "copy" / "entries.db")) as store:
        assert store.size() == 0


def test_the_mark_of_a_restored_ledger_goes_for_good_once_its_witnesses_were_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = ledger_of("S1", tmp_path)
    folder = read_folder(ledger)
    asked: list[int] = []

    def check(of: Any, size: Callable[[], int], hashes: Any) -> None:
        asked.append(size())

    monkeypatch.setattr(restore, "check_witnesses", check)
    hand = SimpleNamespace(last=lambda: SimpleNamespace(size=7), close=lambda: asked.append(-1))
    monkeypatch.setattr(restore, "signatory", lambda keys, state: hand)
    restore.check_restored(folder, Home.inside(ledger))
    assert asked == [], "it was not restored"
    restore.mark_restored(ledger)
    with synced() as names:
        restore.check_restored(folder, Home.inside(ledger))
    assert (asked, names, (ledger / "RESTORED").exists()) == ([7, -1], [ledger.name], False)
