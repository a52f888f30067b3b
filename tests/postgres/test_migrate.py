"""A ledger moves between files and databases, there and back, whole; at the place that it left nothing is written."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cli.exit_codes import Exit
from cli.session.ledger_reader import reading
from cli.session.open_ledger import opened
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.log.checkpoints import CheckpointStore
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.sqlite import connect
from ledger.application.journal import Journal
from ledger.entries.case import Unread
from ledger.errors import LedgerError
from tests.ledger.application.test_journal import issued
from tests.postgres.machines.shared import database, second
from tests.postgres.server import CLERK, Server, database_of
from tests.postgres.test_postgres_ledger import Housed
from tests.postgres.test_shared_keys import delayed, erased, sealed
from tests.support.cli import House
from tests.support.kept_files import Kept
from tests.support.killed_command import killed

pytestmark = pytest.mark.postgres

BEFORE = "22533d3e"  # the version before a ledger could move
SEALED: dict[str, list[Any]] = {
    "PPO-1": ["reason of PPO-1", "of a witness"],
    "PPO-2": [Unread.ERASED],
    "PPO-3": ["reason of PPO-3"],
}


class Moving(Kept):
    """A ledger made by the version before, and databases to which its parts can go."""

    def __init__(self, folder: Path, server: Server) -> None:
        super().__init__("house", folder, BEFORE)
        self.server = server
        self.fresh()

    def fresh(self) -> None:
        """Make other databases."""
        self.store, self.keys_store = database(self.server, "entries"), database(self.server, "keys")
        self.guard = database(self.server, "guard")

    def there(self) -> Any:
        return self.run("migrate", "--store", self.store, "--keys-store", self.keys_store, "--guard", self.guard)

    def back(self) -> Any:
        return self.run("migrate", "--store", "file", "--keys-store", "file", "--guard", "file")


@pytest.fixture
def house(tmp_path: Path, server: Server) -> Moving:
    return Moving(tmp_path, server)


def content(house: House) -> tuple[list[Any], list[Any], list[Any]]:
    """Return the entries of a ledger with their bytes, the encrypted values of its orders, and its heads."""
    folder = read_folder(house.ledger)
    with closing(EntryReader(folder.entries)) as store, closing(CheckpointStore(folder.heads, writable=False)) as heads:
        entries = [row for page in store.pages() for row in page]
        return entries, [store.ciphertexts(order) for order in store.orders_with("order-issued")], heads.all()


def opened_values(house: House) -> dict[str, list[Any]]:
    with reading(house.ledger) as reader:
        return {
            name: [e.sealed["reasons"] for e in reader.case(reader.find(name)).entries if "reasons" in e.sealed]
            for name in SEALED
        }


def consistent(house: House) -> bool:
    return bool(json.loads(house.run("fsck", "--json").stdout)["verdict"] == "CONSISTENT")


def total_passed(house: House, store: str = "") -> bool:
    words = ("verify", str(house.ledger), "--trust", str(house.ledger / "trust"), "--json")
    done = house.run(*words, *(("--store", store) if store else ()))
    return bool(json.loads(done.stdout)["verdict"] == "TOTAL-PASSED")


def done(result: Any) -> None:
    assert result.exit_code == Exit.DONE, result.output


def refused(result: Any, code: str) -> None:
    assert result.exit_code in (Exit.UNDECIDABLE, Exit.REFUSED, Exit.NO_LEDGER), result.output
    assert code in result.output, result.output


def test_a_ledger_of_the_version_before_goes_there_and_back_whole(house: Moving) -> None:
    before = content(house)
    assert total_passed(house)
    done(house.there())
    assert (house.ledger / "store").read_text() == f"{house.store}\n"
    assert (house.ledger / "keys-store").read_text() == f"{house.keys_store}\n"
    assert content(house) == before, "to the byte"
    assert opened_values(house) == SEALED
    assert consistent(house)
    assert total_passed(house, house.store)
    done(house.back())
    assert not {"store", "keys-store"} & {path.name for path in house.ledger.iterdir()}
    assert content(house) == before
    assert opened_values(house) == SEALED
    assert consistent(house)
    assert total_passed(house)
    sealed(house, "goes on")
    assert opened_values(house)["PPO-1"] == [*SEALED["PPO-1"], "goes on"]
    assert not [path.name for path in house.ledger.iterdir() if path.name.startswith(".")], "nothing is left over"


def test_a_ledger_goes_on_at_each_place_and_an_erasure_there_stays_one(house: Moving) -> None:
    done(house.there())
    sealed(house, "in the database")
    done(house.run("erase", "PPO-3", "--cause", "erasure-granted", "--as", "ilves", "--yes"))
    done(house.back())
    first = [*SEALED["PPO-1"], "in the database"]
    assert opened_values(house) == SEALED | {"PPO-1": first, "PPO-3": [Unread.ERASED]}
    assert consistent(house)
    sealed(house, "in the file")
    house.fresh()
    done(house.there())
    assert opened_values(house)["PPO-1"][-2:] == ["in the database", "in the file"]
    assert consistent(house)


def test_what_had_moved_away_from_a_place_is_replaced_when_it_comes_back(house: Moving) -> None:
    for number in range(2):
        for go in (house.there, house.back):
            done(go())
            sealed(house, f"{number}")
    assert consistent(house)
    done(erased(house))
    done(house.there())
    assert opened_values(house)["PPO-1"][0] == Unread.ERASED
    assert consistent(house)


def test_a_ledger_of_the_first_version_goes_there_and_back(tmp_path: Path, server: Server) -> None:
    kept = Kept("plain", tmp_path)
    before = content(kept)
    for store, keys in ((database(server, "entries"), database(server, "keys")), ("file", "file")):
        done(kept.run("migrate", "--store", store, "--keys-store", keys))
        assert content(kept) == before
        assert consistent(kept)


# -- interrupted -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["there", "back"])
@pytest.mark.parametrize("call", ["replace", "unlink", "fsync"])
def test_a_move_that_was_killed_is_finished_by_the_same_command(house: Moving, way: str, call: str) -> None:
    if way == "back":
        done(house.there())
    before, kept, number = content(house), house.folder, 0
    for number in range(1, 100, 4 if call == "fsync" else 1):
        house.folder = Path(shutil.copytree(kept, kept.parent / f"{way}-{call}-{number}"))
        house.ledger = house.folder / "ledger"
        house.env = {"XDG_STATE_HOME": str(house.folder / "state"), "XDG_CONFIG_HOME": str(house.folder / "config")}
        again = house.there if way == "there" else house.back
        if way == "there":
            house.fresh()
        else:
            clone_databases(house)
        if not killed(call, number, again):
            break
        done(again())
        assert content(house) == before
        assert opened_values(house) == SEALED
        assert consistent(house)
    assert number > 1


def clone_databases(house: Moving) -> None:
    """Give a copy of a ledger copies of its databases."""
    (guard,) = house.folder.glob("state/comity/*/guard")
    for pointer in (house.ledger / "store", house.ledger / "keys-store", guard):
        *origin, uri = pointer.read_text().split()
        name = database_of(database(house.server, "clone"))
        with house.server.boss() as c:
            c.execute(f"DROP DATABASE {name}".encode())
            c.execute(f"CREATE DATABASE {name} TEMPLATE {database_of(uri)} OWNER owner".encode())
        pointer.write_text(" ".join([*origin, house.server.uri(name)]) + "\n")


def test_a_move_that_has_copied_nothing_is_taken_back(house: Moving, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("ledger.adapters.migration.move_entries.move_in", stopped)
        assert house.run("migrate", "--store", house.store).exit_code == Exit.INTERRUPTED
    refused(delayed(house, "no"), "STORE-MOVED")
    done(house.run("migrate", "--store", "file"))
    sealed(house, "goes on")
    assert consistent(house)


def test_a_move_that_has_copied_something_is_not_taken_back(house: Moving, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("ledger.application.migration.migrate._point", stopped)
        assert house.run("migrate", "--store", house.store).exit_code == Exit.INTERRUPTED
    refused(house.run("migrate", "--store", "file"), "STORE-MOVED")
    done(house.run("migrate", "--store", house.store))
    assert consistent(house)


def stopped(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


# -- what is left ------------------------------------------------------------------------------------------------------


def test_the_place_that_was_left_takes_nothing_in_whatever_the_folder_says(house: Moving) -> None:
    done(house.there())
    for pointer in ("store", "keys-store"):
        text = (house.ledger / pointer).read_text()
        (house.ledger / pointer).unlink()
        refused(delayed(house, "no"), "STORE-MOVED")
        (house.ledger / pointer).write_text(text)
    for name, newest in (("entries.db", 1), ("keys.db", 3)):
        with pytest.raises(LedgerError, match="STORE-MOVED"):
            connect(house.ledger / name, newest=newest)
    done(house.back())
    for pointer, uri in (("store", house.store), ("keys-store", house.keys_store)):
        (house.ledger / pointer).write_text(f"{uri}\n")
        refused(delayed(house, "no"), "STORE-MOVED")
        (house.ledger / pointer).unlink()
    assert consistent(house)


@pytest.mark.parametrize("way", ["there", "back"])
@pytest.mark.parametrize(
    ("part", "code"), [("store", "STORE-MOVED"), ("keys-store", "STORE-MOVED"), ("guard", "GUARD-CLOSED")]
)
def test_a_process_that_has_the_old_place_open_stores_nothing_more(
    house: Moving, way: str, part: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = {"store": house.store, "keys-store": house.keys_store, "guard": house.guard}[part]
    if way == "back":
        done(house.there())
        to = "file"
    for name, value in house.env.items():
        monkeypatch.setenv(name, value)
    home = Home.user()
    with Journal.open(house.ledger, home) as journal:
        signer = journal.signer("ilves", "ISS", opened(str(home.keys / "ilves")))
        order = journal.find("PPO-1")
        assert "of a witness" in [e.sealed.get("reasons") for e in journal.case(order).entries]
        size = journal.store.size()
        done(house.run("migrate", f"--{part}", to))
        for _ in range(2):
            with pytest.raises(LedgerError, match=code):
                journal.record(issued("N-1"), "00000001-0000-4000-8000-000000000000", signer)
        assert journal.store.size() == size, "nothing was stored"
        if part == "keys-store":
            with pytest.raises(LedgerError, match=code):
                journal.case(order)
        journal._group.stored = False
    assert consistent(house)


def test_files_that_were_left_are_removed_with_every_byte_of_the_keys(house: Moving) -> None:
    with closing(connect(house.ledger / "keys.db", newest=3)) as c:
        secrets = [row[0] for row in c.execute("SELECT secret FROM subject_key")]
    done(house.run("migrate", "--remove"))
    assert (house.ledger / "keys.db").exists(), "nothing has moved, so nothing is removed"
    moved = house.there()
    assert "comity migrate --remove" in " ".join(moved.output.split())
    with (house.ledger / "keys.db").open("rb") as held:
        assert all(secret in content_of(held) for secret in secrets), "else this test proves nothing"
        assert house.reply("migrate", "--remove")["removed"] == ["keys.db", "entries.db", "moved"]
        assert not any(secret in content_of(held) for secret in secrets), "overwritten, not unlinked alone"
    assert [*house.ledger.glob("entries.db*"), *house.ledger.glob("keys.db*")] == []
    assert opened_values(house) == SEALED
    assert consistent(house)
    done(house.back())
    assert opened_values(house) == SEALED


def content_of(file: Any) -> bytes:
    file.seek(0)
    read: bytes = file.read()
    return read


# -- refused -----------------------------------------------------------------------------------------------------------


def test_what_cannot_move_is_refused_and_nothing_is_closed(house: Moving, server: Server) -> None:
    other = House(house.folder / "other")
    store = database(server, "entries")
    done(other.run("init", str(other.ledger), "--origin", "ledger.example/xo/other", "--store", store))
    cases: dict[tuple[str, ...], str] = {
        ("--store", store): "LEDGER-EXISTS",
        ("--keys-store", store): "STORE-SHARED",
        ("--store", "postgresql://nobody@/none?host=/nowhere"): "STORE-AWAY",
        ("--store", "hello"): "STORE-ADDRESS",
        ("--store", house.store, "--keys-store", "postgresql://a:b@c/d"): "STORE-ADDRESS",
    }
    for words, code in cases.items():
        refused(house.run("migrate", *words), code)
        assert not {"store", "keys-store"} & {path.name for path in house.ledger.iterdir()}
        assert opened_values(house) == SEALED
    assert house.run("migrate").exit_code == Exit.USAGE
    sealed(house, "goes on")
    assert consistent(house)


def test_entries_do_not_go_where_the_keys_are(house: Moving) -> None:
    done(house.run("migrate", "--keys-store", house.keys_store))
    refused(house.run("migrate", "--store", house.keys_store), "STORE-SHARED")
    sealed(house, "goes on")


def test_a_file_that_has_not_moved_is_not_replaced(house: Moving) -> None:
    shutil.copy(house.ledger / "entries.db", house.folder / "entries.db")
    done(house.there())
    shutil.copy(house.folder / "entries.db", house.ledger / "entries.db")
    refused(house.run("migrate", "--store", "file"), "PATH-TAKEN")
    assert consistent(house)


def test_a_role_that_only_writes_moves_nothing(house: Moving, server: Server) -> None:
    done(house.there())
    server.open_to(database_of(house.store))
    (house.ledger / "store").write_text(server.uri(database_of(house.store), CLERK) + "\n")
    refused(house.run("migrate", "--store", "file"), "READ-ONLY")
    sealed(house, "goes on")
    assert consistent(house)


# -- several machines --------------------------------------------------------------------------------------------------


def test_the_other_machine_follows_a_move_by_the_same_command(house: Moving, server: Server) -> None:
    done(house.there())
    there = second(Housed(house.folder, house.store))
    old = house.keys_store
    house.fresh()
    done(house.there())
    sealed(house, "after the move")
    refused(delayed(there, "no"), "STORE-MOVED")
    server.open_to(database_of(house.store))
    clerk = server.uri(database_of(house.store), CLERK)
    done(there.run("migrate", "--store", clerk, "--keys-store", house.keys_store, "--guard", house.guard))
    sealed(there, "by the other machine")
    assert opened_values(house)["PPO-1"][-2:] == ["after the move", "by the other machine"]
    assert consistent(house)
    assert consistent(there)
    with psycopg.connect(old) as c:
        assert c.execute("SELECT place FROM comity_keys.moved").fetchone() == (house.keys_store,)
