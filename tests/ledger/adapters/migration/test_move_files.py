"""Entries and keys move from one file to another, whole; a store that has moved goes to no third place."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.migration import move_entries as module
from ledger.adapters.migration import move_keys as move_keys_module
from ledger.adapters.migration.close_store import (
    ENTRIES,
    KEYS,
    Store,
    _closing,
    _reopening,
    close,
    moved_to,
    open_file,
    reopen,
)
from ledger.adapters.migration.move_entries import _check_begins, move_entries, snapshot, take_back
from ledger.adapters.migration.move_keys import move_keys
from ledger.adapters.storage import postgres, sqlite
from ledger.adapters.storage.entry_store import EntryStore
from ledger.adapters.storage.postgres import Address
from ledger.errors import LedgerError
from tests.ledger.adapters.storage.test_entry_store import ORDER, row
from tests.support.cli import ledger_of
from tests.support.files.system_calls import open_below, synced

Move = Callable[[Path, Path], None]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S2", tmp_path_factory.mktemp("moved"))


def entries(here: Path, to: Path) -> None:
    work = to.parent / "work"
    work.mkdir(exist_ok=True)
    move_entries(here, to, work, lambda place: EntryStore(Path(str(place))).close())


@pytest.mark.parametrize(("move", "store", "name"), [(entries, ENTRIES, "entries.db"), (move_keys, KEYS, "keys.db")])
def test_a_store_that_has_moved_goes_to_the_same_place_again_and_to_no_other(
    move: Move, store: Store, name: str, ledger: Path, tmp_path: Path
) -> None:
    here, there, third = tmp_path / name, tmp_path / f"there-{name}", tmp_path / f"third-{name}"
    here.write_bytes((ledger / name).read_bytes())
    assert moved_to(here, store) == ""
    move(here, there)
    assert (moved_to(here, store), moved_to(there, store)) == (str(there), "")
    before = there.read_bytes()
    move(here, there)
    assert len(there.read_bytes()) == len(before)
    with pytest.raises(LedgerError, match="STORE-MOVED"):
        move(here, third)
    assert not third.exists()
    move(there, here)
    assert (moved_to(here, store), moved_to(there, store)) == ("", str(here))


@pytest.mark.parametrize(("move", "name"), [(entries, "entries.db"), (move_keys, "keys.db")])
def test_a_store_takes_no_place_that_is_taken(move: Move, name: str, ledger: Path, tmp_path: Path) -> None:
    here, taken = tmp_path / name, tmp_path / f"taken-{name}"
    for each in (here, taken):
        each.write_bytes((ledger / name).read_bytes())
    with pytest.raises(LedgerError, match="PATH-TAKEN"):
        move(here, taken)
    assert taken.read_bytes() == (ledger / name).read_bytes()


def test_a_move_is_taken_back_as_long_as_nothing_is_at_the_other_place(ledger: Path, tmp_path: Path) -> None:
    here, there = tmp_path / "entries.db", tmp_path / "there.db"
    here.write_bytes((ledger / "entries.db").read_bytes())
    take_back(here)  # it has not moved
    entries(here, there)
    with pytest.raises(LedgerError, match="STORE-MOVED"):
        take_back(here)
    there.unlink()
    take_back(here)
    with closing(EntryStore(here)) as store:
        assert store.size() > 0


AT = Address("postgresql://user@127.0.0.1:1/base", "ledger.test/xo")


def filled(path: Path, count: int, word: str = "") -> Path:
    """Make a store of so many entries of one order."""
    with closing(EntryStore.create(path)) as store:
        store.append([row(ORDER, n + 1, word) for n in range(count)])
    return path


@pytest.mark.parametrize(
    ("left", "moved", "word", "goes"),
    [(0, 0, "", True), (0, 3, "", True), (3, 3, "", True), (3, 5, "", True), (3, 2, "", False), (3, 5, "x", False)],
)
def test_a_store_is_replaced_by_one_that_begins_with_its_entries(
    tmp_path: Path, left: int, moved: int, word: str, goes: bool
) -> None:
    here, there, other = filled(tmp_path / "here.db", left), tmp_path / "there.db", tmp_path / "other.db"
    entries(here, there)
    filled(other, moved, word)
    if goes:
        entries(other, here)
        with closing(EntryStore(here)) as store:
            assert store.size() == moved
    else:
        with pytest.raises(LedgerError, match=r"LEDGER-EXISTS.*is not replaced"):
            entries(other, here)
        assert moved_to(here, ENTRIES) == str(there)
    assert list((tmp_path / "work").rglob("*.db*")) == []
    assert open_below(tmp_path) == []


def test_a_copy_is_verified_before_it_is_used_and_replaces_the_log_of_what_was_there(tmp_path: Path) -> None:
    here, there, verified = filled(tmp_path / "here.db", 2), tmp_path / "there.db", list[object]()
    work = tmp_path / "work"
    work.mkdir()
    for ending in ("-wal", "-shm"):
        Path(f"{there}{ending}").write_bytes(b"of another file")

    def verify(place: object) -> None:
        verified.append((place, sorted(file.name for file in tmp_path.glob("there.db*"))))

    with synced() as names:
        move_entries(here, there, work, verify)
    assert verified == [(there, ["there.db"])]
    assert names[-1] == tmp_path.name
    with closing(EntryStore(there)) as store:
        assert store.size() == 2

    def wrong(place: object) -> None:
        raise LedgerError("LOG-CORRUPT", f"{place}")

    with pytest.raises(LedgerError, match=f"LOG-CORRUPT.*{there}"):
        move_entries(here, there, work, wrong)


def test_a_store_that_has_moved_elsewhere_asks_nothing_of_another_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = filled(tmp_path / "here.db", 2), tmp_path / "there.db"
    entries(here, there)
    asked: list[object] = []
    monkeypatch.setattr(module, "_check_target", lambda to, **_: asked.append(to))
    monkeypatch.setattr(module, "_has", lambda to, copy: asked.append(to))
    for third in (tmp_path / "third.db", AT):
        with pytest.raises(LedgerError, match=f"STORE-MOVED.*{there}"):
            move_entries(here, third, tmp_path / "work", asked.append)
    assert asked == [AT], "a database may have the same entries under another address"
    monkeypatch.setattr(module, "_has", lambda to, copy: True)
    move_entries(here, AT, tmp_path / "work", asked.append)
    assert asked == [AT]


def test_keys_that_have_moved_elsewhere_ask_nothing_of_another_place(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, asked = tmp_path / "keys.db", list[object]()
    here.write_bytes((ledger / "keys.db").read_bytes())
    close(here, KEYS, "/there")
    monkeypatch.setattr(move_keys_module, "_check_target", lambda to, **_: asked.append(to))
    with pytest.raises(LedgerError, match=r"STORE-MOVED.*/there"):
        move_keys(here, tmp_path / "third.db")
    assert asked == []


@pytest.mark.parametrize(("left", "here", "goes"), [(0, 2, True), (2, 2, True), (3, 2, False)])
def test_what_a_database_has_left_is_the_beginning_of_what_replaces_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int, here: int, goes: bool
) -> None:
    old, copy = filled(tmp_path / "old.db", left), filled(tmp_path / "copy.db", here)
    asked: list[object] = []

    @contextmanager
    def snapshot_of(closed: object, work: Path) -> Iterator[Path]:
        asked.append((closed, work.name, work.stat().st_mode & 0o777))
        yield old

    monkeypatch.setattr(module, "snapshot", snapshot_of)
    if goes:
        _check_begins(copy, AT, tmp_path)
    else:
        with pytest.raises(LedgerError, match="LEDGER-EXISTS"):
            _check_begins(copy, AT, tmp_path)
    assert asked == [(AT, "old", 0o700)]
    _check_begins(copy, tmp_path / "none.db", tmp_path)
    assert len(asked) == 1, "there is nothing at that place"


@pytest.mark.parametrize(
    ("table", "entry", "goes"), [(None, None, True), ("log_leaf", None, True), ("log_leaf", (1,), False)]
)
def test_a_move_to_a_database_is_taken_back_as_long_as_nothing_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str | None, entry: object, goes: bool
) -> None:
    here = filled(tmp_path / "here.db", 2)
    close(here, ENTRIES, AT.uri)
    done: list[str] = []

    class Connection:
        def execute(self, statement: str) -> Any:
            done.append(statement.split()[1])
            answer = (table,) if "to_regclass" in statement else entry
            return SimpleNamespace(fetchone=lambda: answer)

        def close(self) -> None:
            done.append("closed")

    monkeypatch.setattr(postgres, "connect_schema", lambda *_, **given: Connection())
    if goes:
        take_back(here)
    else:
        with pytest.raises(LedgerError, match="STORE-MOVED"):
            take_back(here)
    assert moved_to(here, ENTRIES) == ("" if goes else AT.uri)
    assert done == ["to_regclass('comity.log_leaf')", *(["1"] if table else []), "closed"]


@pytest.mark.parametrize("has", [False, True])
def test_entries_that_go_to_a_database_are_copied_once_verified_and_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has: bool
) -> None:
    here, done = filled(tmp_path / "here.db", 2), list[str]()
    original = moved_to
    monkeypatch.setattr(module, "moved_to", lambda place, store: "" if place == AT else original(place, store))
    monkeypatch.setattr(module, "_check_target", lambda to, *, resumed: done.append(f"checked {resumed}"))

    def asked(to: Address, copy: Path) -> bool:
        done.append("asked")
        return has

    monkeypatch.setattr(module, "_has", asked)
    monkeypatch.setattr(module, "move_in", lambda copy, to: done.append("copied"))
    monkeypatch.setattr(module, "_check_same", lambda copy, to: done.append("compared"))
    steps = ["asked", *(() if has else ("copied",)), "verified", "compared"]
    for resumed in (False, True):
        done.clear()
        move_entries(here, AT, tmp_path, lambda to: done.append("verified"))
        assert done == [f"checked {resumed}", *steps]
    assert original(here, ENTRIES) == str(AT)


def test_whether_a_move_to_a_database_can_be_taken_back_is_asked_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = filled(tmp_path / "here.db", 2)
    close(here, ENTRIES, AT.uri)

    def asked(place: Address, schema: str, **_: object) -> None:
        raise ConnectionRefusedError(f"{place.uri} {schema}")

    monkeypatch.setattr(postgres, "connect_schema", asked)
    with pytest.raises(ConnectionRefusedError, match=f"{AT.uri} comity"):
        take_back(here)
    assert moved_to(here, ENTRIES) == AT.uri


def test_a_move_is_taken_back_where_the_other_place_has_moved_on(tmp_path: Path) -> None:
    here, there, third = filled(tmp_path / "here.db", 2), tmp_path / "there.db", tmp_path / "third.db"
    entries(here, there)
    entries(there, third)
    take_back(here)
    assert moved_to(here, ENTRIES) == ""


def test_a_snapshot_is_an_open_store_and_what_a_killed_process_left_goes(tmp_path: Path) -> None:
    here = filled(tmp_path / "here.db", 2)
    with closing(sqlite3.connect(here)) as c:
        assert c.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
    work = tmp_path / "work"
    work.mkdir()
    for name in (".entries-1.db", ".entries-1.db-wal", "another.db"):
        (work / name).touch()
    with snapshot(here, work) as copy:
        assert sorted(file.name for file in work.iterdir()) == [copy.name, "another.db"]
        assert copy.stat().st_mode & 0o777 == 0o600
        with closing(EntryStore(copy)) as store:  # of WAL mode, whatever the mode of the source is
            assert store.size() == 2
    assert [file.name for file in work.iterdir()] == ["another.db"]
    assert open_below(tmp_path) == []


@pytest.mark.parametrize(("store", "name"), [(ENTRIES, "entries.db"), (KEYS, "keys.db")])
def test_a_file_of_a_later_version_is_not_opened_and_left_open(
    store: Store, name: str, ledger: Path, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes((ledger / name).read_bytes())
    open_file(path, store).close()
    with closing(sqlite3.connect(path)) as c:
        c.execute(f"PRAGMA user_version = {store.version + 1}")
    with pytest.raises(LedgerError, match="LEDGER-VERSION"):
        open_file(path, store)
    with pytest.raises(LedgerError, match="LEDGER-VERSION"):
        close(path, store, "/there")
    assert open_below(tmp_path) == []


@pytest.mark.parametrize(("store", "name"), [(ENTRIES, "entries.db"), (KEYS, "keys.db")])
def test_a_closed_store_takes_nothing_in_until_it_is_opened_again(
    store: Store, name: str, ledger: Path, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes((ledger / name).read_bytes())

    def look() -> tuple[list[tuple[str]], int]:
        with closing(sqlite3.connect(path)) as c:
            names = c.execute("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY name").fetchall()
            return names, c.execute("PRAGMA user_version").fetchone()[0]

    before = look()
    reopen(path, store)  # it is open
    assert look() == before
    close(path, store, "/there")
    closed = look()
    shown = [table for table in store.tables if table not in store.hidden]
    triggers = {(f"moved_{table}_{event}",) for table in shown for event in ("INSERT", "UPDATE")}
    hidden = {(f"moved_{table}",) for table in store.hidden}
    assert {*closed[0]} - {*before[0]} == {("moved",), *triggers, *hidden}
    assert closed[1] == before[1] + 1_000
    close(path, store, "/there")
    assert look() == closed
    with pytest.raises(LedgerError, match=r"STORE-MOVED.*/there"):
        close(path, store, "/elsewhere")
    assert moved_to(path, store) == "/there"
    with closing(sqlite3.connect(path)) as c:
        for table in shown:
            with pytest.raises(sqlite3.IntegrityError, match="this store has moved"):
                c.execute(f"INSERT INTO {table} DEFAULT VALUES")
    reopen(path, store)
    assert (look(), moved_to(path, store)) == (before, "")


def test_a_store_in_a_database_is_closed_by_a_trigger_on_each_table_and_opened_without_it() -> None:
    closing_it, reopening = list(_closing(AT, KEYS)), list(_reopening(AT, KEYS))
    shown = [table for table in KEYS.tables if table not in KEYS.hidden]
    assert [each for each in closing_it if each.startswith("CREATE TRIGGER")] == [
        f"CREATE TRIGGER moved BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION refuse_moved()" for table in shown
    ]
    assert len(closing_it) == 4 + 3 * len(shown)
    assert closing_it[-1] == "ALTER TABLE subject_key RENAME TO moved_subject_key"
    assert not any("user_version" in each for each in closing_it + reopening)
    assert reopening == [
        "ALTER TABLE moved_subject_key RENAME TO subject_key",
        "DROP FUNCTION refuse_moved CASCADE",
        "DROP TABLE moved",
    ]


@pytest.mark.parametrize(("before", "closes"), [("", True), (AT.uri, False), ("/elsewhere", False)])
def test_a_database_is_closed_under_a_lock_in_one_transaction(
    monkeypatch: pytest.MonkeyPatch, before: str, closes: bool
) -> None:
    done: list[str] = []

    @contextmanager
    def within(name: str) -> Iterator[None]:
        done.append(f"begin {name}")
        yield
        done.append(f"end {name}")

    def execute(statement: Any, params: Any = ()) -> None:
        done.append(statement if isinstance(statement, str) else statement.decode())
        assert params in ((), (AT.uri,))

    c = SimpleNamespace(execute=execute, close=lambda: done.append("closed"), transaction=lambda: within("transaction"))
    monkeypatch.setattr(postgres, "connect_schema", lambda place, name: c)
    monkeypatch.setattr(postgres, "durable", lambda connection: within("durable"))
    monkeypatch.setattr(postgres, "moved_place", lambda connection, name: before)
    place = Address("postgresql://another@127.0.0.1:1/base", AT.origin)
    if before == "/elsewhere":
        with pytest.raises(LedgerError, match="STORE-MOVED"):
            close(place, KEYS, AT.uri)
    else:
        close(place, KEYS, AT.uri)
    assert done[:3] == ["begin durable", "begin transaction", "SELECT pg_advisory_xact_lock(hashtext('moved'))"]
    statements = [each for each in done[3:] if not each.startswith("end")]
    written = [*_closing(place, KEYS), "INSERT INTO moved VALUES (%s)"]
    assert statements == [*(written if closes else []), "closed"]
    done.clear()
    if before != "/elsewhere":
        reopen(place, KEYS)
        assert ("DROP TABLE moved" in done) == (before != "")


def test_what_keys_leave_behind_is_overwritten_and_the_new_file_overwrites_what_it_deletes(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "keys.db", tmp_path / "there.db"
    here.write_bytes((ledger / "keys.db").read_bytes())
    overwritten: list[Path] = []
    opened: list[bool] = []
    connect, overwrite = sqlite.connect, move_keys_module.overwrite_file

    def connected(path: Path, **given: Any) -> sqlite3.Connection:
        if "moving" in path.name:
            opened.append(given["secure_delete"])
        return connect(path, **given)

    def noted(path: Path) -> None:
        overwritten.append(path)
        overwrite(path)

    def read(path: Path, store: Store, *, writable: bool = True) -> sqlite3.Connection:
        assert not writable
        return open_file(path, store, writable=writable)

    monkeypatch.setattr(move_keys_module, "open_file", read)

    monkeypatch.setattr(sqlite, "connect", connected)
    monkeypatch.setattr(move_keys_module, "overwrite_file", noted)
    with synced() as names:
        move_keys(here, there)
    assert (overwritten, opened) == ([], [True])
    assert names == [tmp_path.name] * 2, "of the file as it is made, and as it gets its name"
    move_keys(there, here)
    assert overwritten == [here]
    assert sorted(file.name for file in tmp_path.iterdir() if "moving" in file.name) == []


class Databases:
    """What a database has of the keys, and what is done with it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, moved: str, *, in_use: bool) -> None:
        self.done: list[str] = []
        self.rows: Any = None
        original, rows = moved_to, move_keys_module._rows

        def write(given: Any, to: Address) -> None:
            self.done.append("written")
            self.rows = given

        def read(place: Any, **given: Any) -> Any:
            return self.rows if place == AT else rows(place, **given)

        replaced: dict[str, Any] = {
            "moved_to": lambda place, store: moved if place == AT else original(place, store),
            "_in_use": lambda to: in_use,
            "create_keys": lambda to, secret: self.done.append(f"made {len(secret)}"),
            "_write_database": write,
            "_rows": read,
        }
        for name, value in replaced.items():
            monkeypatch.setattr(move_keys_module, name, value)


@pytest.mark.parametrize(
    ("moved", "in_use", "steps"),
    [
        ("", False, ["made 32", "written"]),
        ("/elsewhere", False, ["written"]),
        ("/elsewhere", True, ["written"]),
        ("", True, None),
    ],
)
def test_keys_go_to_a_database_without_keys_or_to_one_from_which_they_had_moved(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: str, in_use: bool, steps: list[str] | None
) -> None:
    here = tmp_path / "keys.db"
    here.write_bytes((ledger / "keys.db").read_bytes())
    there = Databases(monkeypatch, moved, in_use=in_use)
    if steps is None:
        with pytest.raises(LedgerError, match="LEDGER-EXISTS"):
            move_keys(here, AT)
        assert moved_to(here, KEYS) == ""
        close(here, KEYS, str(AT))
        move_keys(here, AT)  # a killed command has copied them
        assert there.done == []
    else:
        move_keys(here, AT)
        assert there.done == steps
        assert moved_to(here, KEYS) == str(AT)


def test_keys_that_another_machine_has_moved_to_a_database_are_there(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "keys.db"
    here.write_bytes((ledger / "keys.db").read_bytes())
    close(here, KEYS, "postgresql://another@127.0.0.1:1/base")
    for moved, in_use, there in (("", True, True), ("", False, False), ("/x", True, False)):
        with monkeypatch.context() as patch:
            Databases(patch, moved, in_use=in_use)
            if there:
                move_keys(here, AT)
            else:
                with pytest.raises(LedgerError, match="STORE-MOVED"):
                    move_keys(here, AT)


def test_keys_that_were_copied_wrongly_are_no_copy(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "keys.db", tmp_path / "there.db"
    here.write_bytes((ledger / "keys.db").read_bytes())
    original = move_keys_module._write_file

    def lose(rows: dict[str, list[Any]], to: Path) -> None:
        assert rows["subject_key"]
        original({**rows, "subject_key": rows["subject_key"][1:]}, to)

    monkeypatch.setattr(move_keys_module, "_write_file", lose)
    with pytest.raises(LedgerError, match="KEYS-OTHER"):
        move_keys(here, there)
    monkeypatch.undo()
    there.unlink()
    move_keys(here, there)
    assert moved_to(there, KEYS) == ""


def test_keys_that_are_overwritten_leave_zeros_and_then_no_file(tmp_path: Path) -> None:
    seen: list[tuple[str, bytes]] = []
    for name in ("keys.db", "keys.db-wal", "keys.db-shm"):
        (tmp_path / name).write_bytes(b"secret " + name.encode())
        (tmp_path / f"kept-{name}").hardlink_to(tmp_path / name)
    with synced() as names:
        move_keys_module.overwrite_file(tmp_path / "keys.db")
    assert names == ["keys.db-wal", "keys.db-shm", "keys.db", tmp_path.name]
    for name in ("keys.db", "keys.db-wal", "keys.db-shm"):
        seen.append((name, (tmp_path / f"kept-{name}").read_bytes()))
    assert seen == [(name, bytes(7 + len(name))) for name, _ in seen]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"kept-{name}" for name, _ in seen)


def test_a_store_is_not_replaced_by_entries_that_do_not_begin_with_its_own(ledger: Path, tmp_path: Path) -> None:
    """Each was moved to the other's place; the one that comes back is of another history."""
    here, there = tmp_path / "entries.db", tmp_path / "there.db"
    here.write_bytes((ledger / "entries.db").read_bytes())
    entries(here, there)  # what is here is closed, and goes on there
    other = tmp_path / "other.db"
    other.write_bytes((ledger_of("S1", tmp_path / "s1") / "entries.db").read_bytes())
    with pytest.raises(LedgerError, match="LEDGER-EXISTS"):
        entries(other, here)
    assert moved_to(here, ENTRIES) == str(there)
    assert [path.name for path in (tmp_path / "work").rglob("*.db")] == []
