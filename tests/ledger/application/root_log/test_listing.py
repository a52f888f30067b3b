"""A directory lists a ledger once, each at an address that no other has, and takes checkpoints while it is listed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from ledger.adapters.folders.user_folders import Home
from ledger.application.root_log.root_log import RootLog, TakenCheckpoint, create_root_log, opened
from ledger.errors import RecordError
from ledger.tlog.note import log_vkey
from ledger.trust.ledger_directory import DirectoryEntry
from ledger.trust.trust_folder import format_registrar
from tests.ledger.application.root_log.test_reading import KEY, LOG_KEY, NEW_KEY, ORIGIN, REGISTRAR

NOW = datetime(2027, 3, 1, tzinfo=UTC)
TODAY, YESTERDAY = "2027-03-01", "2027-02-28"


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[RootLog]:
    home = Home.inside(tmp_path)
    create_root_log(tmp_path / "dir", ORIGIN, REGISTRAR, home, NOW)
    with opened(tmp_path / "dir", home, NOW) as log:
        yield log


def listing(name: str, address: str = "", until: str = "", successor: str = "", public: bytes = b"") -> DirectoryEntry:
    log = f"ledger.example/{name}"
    return DirectoryEntry(
        directory="",
        leaf=0,
        log=log,
        policy=f"log {log_vkey(log, public or LOG_KEY.public)}\nquorum none\n",
        registrar=format_registrar(REGISTRAR).decode(),
        holder="Büro",
        since="2026-11-28",
        address=address,
        until=until,
        successor=f"ledger.example/{successor}" if successor else "",
    )


def test_an_entry_that_is_in_force_is_not_listed_again_and_a_changed_one_replaces_it(directory: RootLog) -> None:
    first, other = listing("a", "/a"), listing("b", "/b")
    assert [directory.add(each, KEY.sign) for each in (first, other, first, other)] == [0, 1, 0, 1]
    changed = replace(first, policy=listing("a", public=NEW_KEY.public).policy)
    assert directory.add(changed, KEY.sign) == 2
    assert directory.add(first, KEY.sign) == 3, "it is in force no longer"
    entries = directory.directory().entries
    assert [(n, each.log, each.leaf, each.directory) for n, each in entries] == [
        (n, f"ledger.example/{name}", n, ORIGIN) for n, name in enumerate("abaa")
    ]


@pytest.mark.parametrize(
    ("one", "other", "refused"),
    [
        (("/a", ""), ("/a", ""), True),
        (("/a", TODAY), ("/a", ""), True),
        (("/a", ""), ("/a", TODAY), True),
        (("/a", YESTERDAY), ("/a", ""), False),
        (("/a", ""), ("/a", YESTERDAY), False),
        (("/a", ""), ("/b", ""), False),
        (("", ""), ("", ""), False),
    ],
)
def test_one_ledger_that_goes_on_is_at_an_address(
    one: tuple[str, str], other: tuple[str, str], refused: bool, directory: RootLog
) -> None:
    directory.add(listing("a", *one), KEY.sign)
    if refused:
        with pytest.raises(RecordError, match=r"ledger\.example/a is listed at /a, and one log is at a place") as found:
            directory.add(listing("b", *other), KEY.sign)
        assert found.value.code == "DIR-FORMAT"
        assert len(directory.directory().entries) == 1
    else:
        assert directory.add(listing("b", *other), KEY.sign) == 1


def test_a_ledger_does_not_come_after_itself(directory: RootLog) -> None:
    for name, successor in (("a", "b"), ("b", "c"), ("x", "elsewhere")):
        directory.add(listing(name, successor=successor), KEY.sign)
    for successor in ("a", "b"):
        with pytest.raises(RecordError, match=r"the successors of ledger\.example/c lead back to it"):
            directory.add(listing("c", successor=successor), KEY.sign)
    assert directory.add(listing("c", successor="x"), KEY.sign) == 3


def test_a_checkpoint_is_taken_of_each_ledger_that_is_read_and_has_not_ended(
    directory: RootLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, address, until in (("a", "/a", ""), ("b", "", ""), ("c", "/c", YESTERDAY), ("d", "/d", TODAY)):
        directory.add(listing(name, address, until), KEY.sign)
    added: list[list[bytes]] = []
    asked: list[bool] = []

    def taken(self: RootLog, entry: DirectoryEntry, before: object, *, ask: bool) -> tuple[TakenCheckpoint, bytes]:
        asked.append(ask)
        return TakenCheckpoint(entry.log, 3, None), b"a note" if entry.address == "/d" else b""

    monkeypatch.setattr(RootLog, "_taken", taken)
    monkeypatch.setattr(RootLog, "_append", lambda self, leaves: added.append(leaves))
    for more, asks in (({}, True), ({"ask": False}, False)):
        asked.clear()
        assert [each.log for each in directory.take(**more)] == ["ledger.example/a", "ledger.example/d"]
        assert asked == [asks] * 2
    assert added == [[b"a note"]] * 2
    monkeypatch.setattr(RootLog, "_taken", lambda self, entry, before, ask: (TakenCheckpoint(entry.log, 3, None), b""))
    directory.take()
    assert added == [[b"a note"]] * 2, "without a new checkpoint nothing is added"
