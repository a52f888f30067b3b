"""A ledger in files stays where it is when it is moved to files, and says where its parts are."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import migrate
from cli.exit_codes import Exit
from server.files.links import MOVED as LINKS
from server.identity.move import ACCOUNTS
from tests.support.cli import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    made = House(tmp_path_factory.mktemp("house"))
    made.furnished()
    return made


@pytest.mark.parametrize(
    "parts", [("--store",), ("--keys-store",), ("--guard",), ("--store", "--keys-store", "--guard")]
)
def test_parts_that_are_in_files_stay_there(house: House, parts: tuple[str, ...]) -> None:
    said = house.reply("migrate", *(word for part in parts for word in (part, "file")))
    places = {name: Path(said[name]).name for name in ("entries", "keys", "guard")}
    assert places == {"entries": "entries.db", "keys": "keys.db", "guard": "guard.db"}
    assert (said["removed"], said["ledger"]) == ([], str(house.ledger))
    assert house.reply("fsck")["verdict"] == "CONSISTENT"


def test_files_that_have_not_moved_are_not_removed(house: House) -> None:
    assert house.reply("migrate", "--remove")["removed"] == []
    assert (house.ledger / "keys.db").exists()
    assert "still here" not in house.run("migrate", "--remove").stderr


def test_something_is_moved_or_removed(house: House) -> None:
    done = house.run("migrate")
    assert (done.exit_code, "what is to be moved" in done.stderr) == (Exit.USAGE, True)


def test_a_place_that_is_none_moves_nothing(house: House) -> None:
    for part in ("--store", "--keys-store", "--guard"):
        done = house.run("migrate", part, "somewhere")
        assert (done.exit_code, "STORE-ADDRESS" in done.stderr) == (Exit.UNDECIDABLE, True), done.stderr
    assert house.reply("fsck")["verdict"] == "CONSISTENT"


def test_a_guard_in_the_state_folder_stays_there_and_has_the_last_head(house: House) -> None:
    said = house.reply("log", "move-guard", "file")
    assert said["guard"] == said["before"]
    assert Path(said["guard"]).name == "guard.db"
    assert said["size"] == house.reply("log", "-n", "1")["of"]
    assert house.run("log", "move-guard", "somewhere").exit_code == Exit.UNDECIDABLE
    other = house.folder / "other"
    assert house.run("log", "move-guard", "file", "--state", str(other)).exit_code != Exit.DONE, "no guard is there"


def test_a_guard_that_another_process_holds_is_not_moved(house: House) -> None:
    pointer = Path(house.reply("log", "move-guard", "file")["guard"]).with_name("signer")
    pointer.write_text("socket\n")
    try:
        done = house.run("log", "move-guard", "file")
        assert (done.exit_code, "another process holds the guard" in done.stderr) == (Exit.REFUSED, True)
        assert "GUARD-EXISTS" in house.run("migrate", "--guard", "file").stderr
    finally:
        pointer.unlink()


# -- what is done in which order ---------------------------------------------------------------------------------------


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect the steps of a move; nothing is moved."""
    done: list[Any] = []

    def removal(path: Path) -> list[str]:
        done.append("removed")
        return ["keys.db"]

    def moved(path: Path, home: Any, to: Any, now: Any, progress: Any, carry: Any) -> Any:
        done.append(("migrate", to.entries, to.keys, to.guard))
        carry("here", "there")
        return SimpleNamespace(entries="entries", subject_keys="keys", origin="o", keys_store="uri" if to.keys else "")

    monkeypatch.setattr(migrate, "check_clock", lambda folder, home: done.append("clock"))
    monkeypatch.setattr(migrate, "accounts_at", lambda at, path, what: done.append(("read", what)))
    monkeypatch.setattr(migrate, "move_accounts", lambda here, to, path, what: done.append((here, to, what)))
    monkeypatch.setattr(migrate, "remove_left", removal)
    monkeypatch.setattr(migrate, "place_in", lambda place: "guard")
    monkeypatch.setattr(migrate, "migrate", moved)
    return done


MOVED = [("here", "there", ACCOUNTS), ("here", "there", LINKS)]
READ = [("read", ACCOUNTS), ("read", LINKS)]


@pytest.mark.parametrize(
    ("words", "before", "to", "removed"),
    [
        ("--store a", ["clock", *READ], ("a", None, None), False),
        ("--keys-store b", ["clock"], (None, "b", None), False),
        ("--guard c", ["clock"], (None, None, "c"), False),
        ("--remove", [], (None, None, None), True),
        ("--remove --store a", ["clock", *READ], ("a", None, None), True),
        ("--remove --keys-store b", ["clock"], (None, "b", None), True),
        ("--remove --guard c", ["clock"], (None, None, "c"), True),
    ],
)
def test_a_move_is_dated_and_what_goes_with_the_entries_is_read_before_it(
    words: str, before: list[Any], to: tuple[str | None, ...], removed: bool, house: House, steps: list[Any]
) -> None:
    said = house.reply("migrate", *words.split())
    assert steps == [*before, ("migrate", *to), *MOVED, *(["removed"] if removed else [])]
    assert said["removed"] == (["keys.db"] if removed else [])


def test_where_the_parts_are_is_said_in_lines_and_that_the_keys_are_still_here(house: House, steps: list[Any]) -> None:
    done = house.run("migrate", "--remove")
    assert done.stdout.splitlines() == ["entries  entries", "keys     keys", "guard    guard", "removed  keys.db"]
    assert "still here" not in done.stderr, "they have not moved"
    keys, aside = house.ledger / "keys.db", house.ledger / "keys.aside"
    kept = keys.exists()  # else they are in a database
    keys.touch()
    assert "keys.db is still here" in house.run("migrate", "--keys-store", "b").stderr
    keys.rename(aside)
    done = house.run("migrate", "--keys-store", "b")
    aside.rename(keys)
    if not kept:
        keys.unlink()
    assert (done.exit_code, done.stderr) == (Exit.DONE, "")
