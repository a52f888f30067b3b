"""A ledger in files stays where it is when it is moved to files, and says where its parts are."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exit_codes import Exit
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
