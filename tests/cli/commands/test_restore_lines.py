"""What comes back from a copy or a mirror is said with its numbers; what cannot be settled is left out by name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from cli.commands import restore
from cli.exit_codes import Exit
from ledger.errors import LedgerError, RecordError
from tests.support.cli import run

AT = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect what is to be restored; a mirror has added two of nine entries."""
    said: list[Any] = []

    def restore_backup(file: str, folder: Path, now: datetime, **more: Any) -> Any:
        said.append((file, folder, more))
        more["progress"](9, 9)
        mirrored = SimpleNamespace(names=("m1", "m2"), size=9, at=AT, added=2, sealed=4)
        return 9, None if more["mirror"] is None else mirrored

    monkeypatch.setattr(restore, "restore_backup", restore_backup)
    monkeypatch.setattr(restore, "up_to", lambda files, size: [*files][: size // 10])
    return said


def trust(folder: Path, *files: str) -> Path:
    for name in files:
        (folder / name).write_text(name)
    return folder


def test_copies_are_handed_on_in_order_up_to_the_size_that_is_asked_for(asked: list[Any]) -> None:
    done = run("restore", "a.tar", "b.tar", "c.tar", "ledger", "--behind", "--store", "postgresql://x/y")
    assert (done.exit_code, done.stdout, done.stderr) == (Exit.DONE, "9 entries, verified, in ledger\n", "")
    run("restore", "a.tar", "b.tar", "c.tar", "ledger", "--size", "20")
    run("restore", "a.tar", "b.tar", "ledger", "--size", "0")
    found = [
        (file, folder, more["later"], more["behind"], more["store"], more["mirror"]) for file, folder, more in asked
    ]
    assert found == [
        ("a.tar", Path("ledger"), ["b.tar", "c.tar"], True, "postgresql://x/y", None),
        ("a.tar", Path("ledger"), ["b.tar"], False, "", None),
        ("", Path("ledger"), [], False, "", None),
    ]
    assert all(more["settle"] is restore._settle for _, _, more in asked)


def test_what_came_from_a_mirror_is_said_with_what_it_lacks(asked: list[Any], tmp_path: Path) -> None:
    held = str(trust(tmp_path, "policy", "registrar", "mirrors"))
    done = run("restore", "ledger", "--from-mirror", "https://m", "--trust", held)
    assert done.stdout == "9 entries, verified, in ledger\n"
    assert done.stderr.splitlines() == [
        "all entries up to 9 are stored by m1, m2, as it states",
        "2 entries came from there, with 4 sealed values that are not here:",
        "a mirror has no sealed values, keys, time stamps or entries of other logs; they come from a copy",
    ]
    ((file, _, more),) = asked
    assert (file, more["mirror"].where) == ("", "https://m")
    rows = run("restore", "a.tar", "ledger", "--from-mirror", "https://m", "--json")
    assert '"sealed_values": 4' in rows.stdout
    assert '"at": "2027-03-01T12:00:00Z"' in rows.stdout
    assert '"entries": 2' in rows.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ledger",), "restore FILE... DIR, or without a file: restore DIR --from-mirror URL|DIR --trust DIR"),
        (("ledger", "--from-mirror", "https://m"), "restore FILE... DIR, or without a file"),
        (("ledger", "--trust", "t"), "restore FILE... DIR, or without a file"),
        (("ledger", "--from-mirror", "https://m", "--trust", "t", "--size", "0"), "restore FILE... DIR, or without a"),
        (("a.tar", "ledger", "--trust", "t"), "--trust is for --from-mirror: a copy is verified under its own trust"),
    ],
)
def test_what_is_no_restoration_is_usage(words: tuple[str, ...], says: str, asked: list[Any]) -> None:
    done = run("restore", *words)
    assert (done.exit_code, says in " ".join(done.stderr.split()), asked) == (Exit.USAGE, True, [])


def test_a_trust_folder_for_a_mirror_names_policy_registrar_and_mirrors(tmp_path: Path) -> None:
    assert restore._trust_files(None) == {}
    with pytest.raises(RecordError, match="TRUST-FORMAT"):
        restore._trust_files(str(trust(tmp_path, "policy", "registrar")))
    files = restore._trust_files(str(trust(tmp_path, "mirrors")))
    assert sorted(files) == ["mirrors", "policy", "registrar"]


class Store:
    """A store of the server in a folder; it fails if `broken`."""

    broken = False
    done: ClassVar[list[Any]] = []

    def __init__(self, folder: Path) -> None:
        if self.broken:
            raise LedgerError("STORE-DAMAGED", "it is damaged")

    def settle_restored(self, given: Any) -> Any:
        self.done.append(given)
        return [SimpleNamespace(peer="skylark", order="order-1")]

    def close(self) -> None:
        self.done.append("closed")


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("files", [(), ("exchange.db",), ("jobs.db",), ("exchange.db", "jobs.db")])
def test_what_waits_is_settled_and_a_store_that_cannot_be_read_is_left_out(
    files: tuple[str, ...], broken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    done: list[Any] = []
    monkeypatch.setattr(Store, "broken", broken)
    monkeypatch.setattr(Store, "done", done)
    monkeypatch.setattr("server.exchange.store.ExchangeStore", Store)
    monkeypatch.setattr("server.jobs.state.JobStore", Store)
    monkeypatch.setattr("cli.terminal.output.tell", told.append)
    monkeypatch.setattr("cli.session.ledger_choice.now", lambda folder=None: AT)
    for name in files:
        for tail in ("", "-wal", "-shm"):
            (tmp_path / f"{name}{tail}").touch()
    restore._settle(tmp_path)
    if broken:
        says = "is left out, it is no part of the record: STORE-DAMAGED: it is damaged"
        assert (told, done) == ([f"{name} {says}" for name in files], [])
        assert list(tmp_path.iterdir()) == []
        return
    waiting = "it opened sealed values, and was in no copy; comity exchange send makes another bundle"
    lost = f"skylark: the bundle of order order-1 that waited is not in the copy: {waiting}"
    assert told == ([lost] if "exchange.db" in files else [])
    settled = [each for each in done if each != "closed"]
    assert [each if isinstance(each, str) else each.code for each in settled] == [
        {"exchange.db": "EXCHANGE-DELETED", "jobs.db": date(2027, 3, 1).isoformat()}[name] for name in files
    ]
    assert len(done) - len(settled) == len(files)
    assert len(list(tmp_path.iterdir())) == 3 * len(files)
