"""The event store in PostgreSQL passes the tests of the one in SQLite, and further ones."""

from __future__ import annotations

import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.adapters.storage.copy_entries import copy, move_in
from ledger.adapters.storage.entry_reader import Ciphertext, EntryReader
from ledger.adapters.storage.entry_store import EntryStore, Stored
from ledger.adapters.storage.postgres import _TIMEOUTS, Address, address, connect, create
from ledger.adapters.storage.postgres_recorder import open_recorder
from ledger.errors import LedgerError, RecordError
from ledger.tlog.tree import Frontier, leaf_hash, root
from tests.ledger.adapters.storage.test_entry_store import (
    ORDER,
    OTHER,
    filled,
    row,
)
from tests.postgres.server import AUDITOR, CLERK, OWNER, Server, database_of
from tests.support.cli import ORIGIN

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(place: Address) -> Iterator[EntryStore]:
    store = EntryStore.create(place)
    yield store
    store.close()


def place_of(store: EntryStore) -> Address:
    assert isinstance(store.location, Address)
    return store.location


def whole(store: EntryReader, size: int) -> None:
    """Assert that indices have no gap, and that the stored tree is the tree of the entries."""
    entries = store.page(0, size + 1)
    assert [n for n, _ in entries] == list(range(size))
    frontier = Frontier()
    for _, raw in entries:
        frontier.add(leaf_hash(raw))
    assert root(size, store.hashes) == frontier.root()


# -- many writers ------------------------------------------------------------------------------------------------------

STORM = """
import sys
from ledger.adapters.storage.postgres import address
from ledger.adapters.storage.entry_store import Conflict, EntryStore
from tests.ledger.adapters.storage.test_entry_store import row
store = EntryStore(address(sys.argv[1], sys.argv[2]))
won = lost = 0
for n in range(60):
    try:
        store.append([row(f"order-{n}", 1, sys.argv[3]), row(sys.argv[3], won + 1)])
        won += 1
    except Conflict:
        lost += 1
print(won, lost)
"""


def test_in_a_storm_of_conflicts_the_indices_stay_contiguous(store: EntryStore) -> None:
    place = place_of(store)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", STORM, place.uri, place.origin, name],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b", "c", "d")
    ]
    counts = [tuple(map(int, writer.communicate()[0].split())) for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 4
    assert sum(won for won, _ in counts) == 60, "each of the sixty orders has one first entry"
    assert sum(lost for _, lost in counts) == 180
    whole(store, 120)


@pytest.mark.parametrize("level", ["serializable", "repeatable read"])
def test_writers_take_turns_whatever_isolation_their_role_has(store: EntryStore, server: Server, level: str) -> None:
    """A writer that has waited for its turn sees the log as it is now, not as it was when the wait began."""
    with server.boss() as c:
        c.execute(f"ALTER ROLE {OWNER} SET default_transaction_isolation = '{level}'".encode())
    try:
        with ThreadPoolExecutor(3) as pool:
            stores = [EntryStore(place_of(store)) for _ in range(3)]
            for going in [pool.submit(_fill, s, name, 30) for s, name in zip(stores, "abc", strict=True)]:
                going.result()
            for s in stores:
                s.close()
    finally:
        with server.boss() as c:
            c.execute(f"ALTER ROLE {OWNER} RESET ALL".encode())
    whole(store, 90)


def test_threads_of_one_process_take_turns(store: EntryStore) -> None:
    def write(name: str) -> list[int]:
        return [store.append([row(name, n + 1)])[0].index for n in range(25)]

    with ThreadPoolExecutor(4) as pool:
        indices = [index for found in pool.map(write, "abcd") for index in found]
    assert sorted(indices) == list(range(100))
    whole(store, 100)


def test_who_reads_the_tail_meanwhile_misses_nothing(store: EntryStore) -> None:
    """The library's own functions do not promise this: an entry never becomes visible before one of a lower index."""
    place = place_of(store)
    with ThreadPoolExecutor(5) as pool:
        stores = [EntryStore(place) for _ in range(4)]
        going = [pool.submit(_fill, s, name) for s, name in zip(stores, "abcd", strict=True)]
        seen: list[int] = []
        while not all(g.done() for g in going) or len(seen) < store.size():
            seen += [n for n, _ in store.page(len(seen))]
        for g in going:
            g.result()
        for s in stores:
            s.close()
    assert seen == list(range(400))


def _fill(store: EntryStore, name: str, count: int = 100) -> None:
    for n in range(count):
        store.append([row(name, n + 1)])


# -- nothing is lost ---------------------------------------------------------------------------------------------------

WRITER = """
import sys
from ledger.adapters.storage.postgres import address
from ledger.adapters.storage.entry_store import EntryStore
from tests.ledger.adapters.storage.test_entry_store import row
store = EntryStore(address(sys.argv[1], sys.argv[2]))
for n in range(store.head("x") + 1, 100_000):
    print(store.append([row("x", n)])[0].index, flush=True)
"""


def writer(place: Address) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, place.uri, place.origin]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("pause", [0.0, 0.013, 0.1, 0.37])
def test_what_was_acknowledged_is_there_after_the_server_was_killed(own: Server, pause: float) -> None:
    place = address(own.database("one"), ORIGIN)
    EntryStore.create(place).close()
    process = writer(place)
    assert process.stdout is not None
    said = [process.stdout.readline()]
    time.sleep(pause)
    own.kill()
    process.kill()
    said += [line for line in process.communicate()[0].splitlines() if line]
    own.start()
    store = EntryStore(place)
    assert store.size() > int(said[-1])
    whole(store, store.size())
    store.append([row("y", 1)])
    store.close()


def test_a_killed_writer_leaves_a_whole_shelf_and_no_lock(store: EntryStore) -> None:
    for _ in range(3):
        process = writer(place_of(store))
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        whole(store, store.size())
        store.append([row(f"after-{store.size()}", 1)])


def test_a_writer_goes_on_by_itself_when_the_server_comes_back(own: Server) -> None:
    place = address(own.database("one"), ORIGIN)
    store = EntryStore.create(place)
    filled(store, 3)
    own.kill()
    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(store.append, [row(ORDER, 4)])
        time.sleep(0.5)
        assert not going.done()
        own.start()
        assert going.result() == [Stored(3)]
    assert store.newest(ORDER) == (3, row(ORDER, 4).state), "so does a reader"
    store.close()


@pytest.mark.parametrize(
    "act",
    [
        lambda s: s.remove_ciphertexts("k"),
        lambda s: s.append_pages([[row(OTHER, 1)]], expected={}),
        lambda s: s.append([row(OTHER, 1)]),
        lambda s: s.tree_covering(s.size()),
    ],
)
def test_a_connection_that_the_server_ended_meanwhile_is_not_missed(
    store: EntryStore, server: Server, act: Any
) -> None:
    """A server can be configured to end connections that were idle for too long."""
    filled(store, 1)
    with server.boss() as c:
        name = database_of(place_of(store).uri)
        c.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,))
    act(store)


def test_an_entry_whose_answer_was_lost_is_found_and_not_stored_twice(
    store: EntryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server stored the entry, and the connection broke before its answer arrived."""
    filled(store, 2)
    recorder: Any = store.recorder
    asked = recorder.insert_pages

    def deaf(*args: Any) -> Any:
        monkeypatch.setattr(recorder, "insert_pages", asked)
        asked(*args)
        from eventsourcing.persistence import OperationalError

        raise OperationalError("the connection is lost") from psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(recorder, "insert_pages", deaf)
    assert store.append([row(ORDER, 3)], expected={ORDER: 2}) == [Stored(2, already=True)]
    whole(store, 3)


def test_a_writer_that_hangs_with_its_turn_is_ended_by_the_server_and_others_go_on(
    store: EntryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.adapters.storage.postgres._IDLE", 1)
    other = connect(place_of(store))
    other.execute("BEGIN")
    other.execute("SELECT turn()")
    started = time.monotonic()
    assert store.append([row(ORDER, 1)]) == [Stored(0)]
    assert time.monotonic() - started > 0.5
    with pytest.raises(psycopg.Error):
        other.execute("COMMIT")


def test_a_writer_waits_for_its_turn_whatever_a_statement_may_take(store: EntryStore, server: Server) -> None:
    with server.boss() as c:
        c.execute(f"ALTER ROLE {OWNER} SET statement_timeout = '500ms'".encode())
    try:
        with EntryStore(place_of(store)) as patient, ThreadPoolExecutor(1) as pool, connect(place_of(store)) as other:
            other.execute("BEGIN")
            other.execute("SELECT turn()")
            going = pool.submit(patient.append, [row(ORDER, 1)])
            time.sleep(1)
            other.execute("ROLLBACK")
            assert going.result() == [Stored(0)]
    finally:
        with server.boss() as c:
            c.execute(f"ALTER ROLE {OWNER} RESET ALL".encode())


def test_who_waits_longer_than_thirty_seconds_is_told_that_it_is_busy(
    store: EntryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.adapters.storage.postgres.PATIENCE", 1)
    impatient = EntryStore(place_of(store))
    other = connect(place_of(store))
    other.execute("BEGIN")
    other.execute("SELECT turn()")
    with pytest.raises(LedgerError) as fault:
        impatient.append([row(ORDER, 1)])
    assert fault.value.code == "BUSY"
    other.close()
    impatient.close()


# -- a server that cannot be relied on ---------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["synchronous_commit", "fsync"])
def test_a_server_that_acknowledges_what_is_not_on_disk_is_refused(own: Server, setting: str) -> None:
    place = address(own.database("one"), ORIGIN)
    store = EntryStore.create(place)
    own.set(**{setting: "off"})
    own.reload()
    for refused in (
        lambda: EntryStore(place),
        lambda: store.append([row(ORDER, 1)]),
        lambda: store.remove_ciphertexts("k"),
    ):
        with pytest.raises(LedgerError) as fault:
            refused()
        assert fault.value.code == "STORE-UNSAFE", "at the start, and within a connection that was open before"
        assert f"{setting} is off" in fault.value.says
    with pytest.raises(LedgerError):
        create(address(own.database("two"), ORIGIN))
    with EntryReader(place) as shelf:
        assert shelf.size() == 0, "to read is no harm"
    store.close()


@pytest.mark.parametrize(
    "how",
    [
        "ALTER ROLE {user} SET synchronous_commit = off",
        "ALTER DATABASE {database} SET synchronous_commit = off",
    ],
)
def test_it_does_not_matter_where_synchronous_commit_was_set_off(store: EntryStore, server: Server, how: str) -> None:
    database = database_of(place_of(store).uri)
    with server.boss() as c:
        c.execute(how.format(user=OWNER, database=database).encode())
    try:
        with pytest.raises(LedgerError) as fault:
            EntryStore(place_of(store))
        assert fault.value.code == "STORE-UNSAFE"
    finally:
        with server.boss() as c:
            c.execute(f"ALTER ROLE {OWNER} RESET ALL".encode())


def test_synchronous_commit_set_off_by_the_address_or_the_environment_is_refused(
    store: EntryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_of(store)
    with pytest.raises(LedgerError) as fault:
        EntryStore(replace_uri(place, "&options=-csynchronous_commit%3Doff"))
    assert fault.value.code == "STORE-UNSAFE"
    monkeypatch.setenv("PGOPTIONS", "-c synchronous_commit=off")
    with pytest.raises(LedgerError) as fault:
        EntryStore(place)
    assert fault.value.code == "STORE-UNSAFE"


def replace_uri(place: Address, more: str) -> Address:
    return address(place.uri + more, place.origin)


def test_local_commits_are_refused_where_a_standby_was_to_be_waited_for(own: Server) -> None:
    place = address(own.database("one"), ORIGIN)
    store = EntryStore.create(place)
    own.set(synchronous_commit="local")
    own.reload()
    store.append([row(ORDER, 1)])
    own.set(synchronous_standby_names="second")
    own.reload()
    with pytest.raises(LedgerError) as fault:
        store.append([row(ORDER, 2)])
    assert fault.value.code == "STORE-UNSAFE"
    store.close()


@pytest.mark.parametrize("name", ["POSTGRES_ENABLE_DB_FUNCTIONS", "COMITY_POSTGRES_ENABLE_DB_FUNCTIONS"])
@pytest.mark.parametrize("value", ["y", "TRUE", "1"])
def test_the_librarys_functions_that_take_no_lock_are_refused_before_anything_starts(
    store: EntryStore, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    for start in (EntryStore, EntryReader, create):
        with pytest.raises(LedgerError) as fault:
            start(place_of(store))
        assert fault.value.code == "STORE-UNSAFE"
    monkeypatch.setenv(name, "n")
    EntryStore(place_of(store)).close()


def test_an_entry_that_its_standby_does_not_have_is_not_acknowledged_whoever_ends_the_waiting(own: Server) -> None:
    """To the server a cancelled wait is a success with a warning. After a terminated one the client asks again."""
    store = EntryStore.create(address(own.database("one"), ORIGIN))
    standby = own.standby(synchronous=True)
    try:
        store.append([row(ORDER, 1)])
        standby.stop()
        with ThreadPoolExecutor(1) as pool:
            cancelled = pool.submit(store.append, [row(ORDER, 2)])
            end_waiting(own, "pg_cancel_backend")
            with pytest.raises(LedgerError) as fault:
                cancelled.result()
            assert fault.value.code == "STORE-UNSAFE"
            again = pool.submit(store.append, [row(ORDER, 3)])
            end_waiting(own, "pg_terminate_backend")
            wait_for(own, "SyncRep")
            assert not again.done()
            standby.start()
            assert again.result() == [Stored(2, already=True)]
    finally:
        standby.gone()
        store.close()


def test_what_is_found_on_the_shelf_is_signed_only_when_its_standby_has_it(own: Server) -> None:
    store = EntryStore.create(address(own.database("one"), ORIGIN))
    standby = own.standby(synchronous=True)
    try:
        standby.stop()
        with ThreadPoolExecutor(1) as pool:
            killed = pool.submit(store.append, [row(ORDER, 1)])
            end_waiting(own, "pg_cancel_backend")
            assert killed.exception() is not None
            tip = pool.submit(store.tree_covering, 0)
            wait_for(own, "SyncRep")
            assert not tip.done()
            standby.start()
            assert tip.result()[0] == 1
    finally:
        standby.gone()
        store.close()


def wait_for(server: Server, event: str) -> None:
    with server.boss() as c:
        for _ in range(200):
            if c.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = %s", (event,)).fetchone():
                return
            time.sleep(0.05)
    raise AssertionError(f"nobody waits for {event}")


def end_waiting(server: Server, how: str) -> None:
    wait_for(server, "SyncRep")
    with server.boss() as c:
        c.execute(f"SELECT {how}(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'".encode())  # noqa: S608


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_does_not_have_every_letter_is_refused_before_anything_is_in_it(
    server: Server, encoding: str
) -> None:
    name = f"in_{encoding.lower()}"
    with server.boss() as c:
        how = f"OWNER {OWNER} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        c.execute(f"CREATE DATABASE {name} {how}".encode())
    assert fault_at(create, address(server.uri(name), ORIGIN)) == "STORE-UNSAFE"


# -- rights and triggers -----------------------------------------------------------------------------------------------

FORBIDDEN = [
    "UPDATE comity.stored_events SET state = '\\x00' WHERE notification_id = 1",
    "UPDATE comity.stored_events SET originator_version = 9 WHERE notification_id = 3",
    "DELETE FROM comity.stored_events WHERE notification_id = 3",
    "TRUNCATE comity.stored_events CASCADE",
    "INSERT INTO comity.stored_events VALUES ('{o}', 5, 'x', '\\x00', 4)",
    "INSERT INTO comity.stored_events VALUES ('{o}', 4, 'x', '\\x00', 5)",
    "INSERT INTO comity.stored_events VALUES ('{o}', 1, 'x', '\\x00', 4)",
    "INSERT INTO comity.stored_events VALUES ('{o}', 1, 'x', '\\x00', 1)"
    " ON CONFLICT (notification_id) DO UPDATE SET state = excluded.state",
    "INSERT INTO comity.stored_events VALUES ('{o}', 4, 'x', '\\x00', 4), ('{o}', 6, 'x', '\\x00', 5)",
    "UPDATE comity.log_leaf SET leaf = sha256('') WHERE idx = 0",
    "DELETE FROM comity.log_leaf",
    "TRUNCATE comity.log_leaf",
    "INSERT INTO comity.log_leaf VALUES (3, decode(md5(''), 'hex'), sha256(''), '')",
    "UPDATE comity.order_reference SET order_id = 'x'",
    "DELETE FROM comity.order_reference",
    "UPDATE comity.ciphertext SET ciphertext = '\\x01'",
    "UPDATE comity.ciphertext SET digest = 'other', ciphertext = NULL",
    "DELETE FROM comity.ciphertext",
    "UPDATE comity.ledger SET origin = 'other'",
    "DELETE FROM comity.ledger",
    "MERGE INTO comity.log_leaf l USING comity.ledger ON l.idx = 0 WHEN MATCHED THEN UPDATE SET nodes = ''",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
@pytest.mark.parametrize("user", ["boss", OWNER, CLERK, AUDITOR])
def test_what_was_recorded_can_be_neither_changed_nor_removed_nor_skipped(
    store: EntryStore, server: Server, user: str, statement: str
) -> None:
    """Triggers refuse changes by the owner and by a superuser; all other roles lack the rights as well."""
    store.append([row(ORDER, 1, "", "PPO-1", Ciphertext("identifiers", "digest", "key", b"secret"))])
    store.append([row(ORDER, 2), row(ORDER, 3)])
    database = database_of(place_of(store).uri)
    server.open_to(database)
    before = everything(store)
    with psycopg.connect(server.uri(database, user)) as c:
        if user == "boss":
            c.execute("SET session_replication_role = replica")
        with pytest.raises((psycopg.IntegrityError, psycopg.errors.InsufficientPrivilege)) as error:
            c.execute(statement.format(o=ORDER).encode())
        c.rollback()
    if user in (CLERK, AUDITOR):
        assert isinstance(error.value, psycopg.errors.InsufficientPrivilege)
    assert everything(store) == before


def everything(store: EntryStore) -> list[object]:
    with connect(place_of(store), writable=False) as c:
        tables = ("ledger", "stored_events", "log_leaf", "ciphertext", "order_reference", "order_link")
        return [c.execute(f"TABLE {table} ORDER BY 1, 2".encode()).fetchall() for table in tables]


def test_a_role_that_may_only_append_is_enough_to_write(store: EntryStore, server: Server) -> None:
    database = database_of(place_of(store).uri)
    server.open_to(database)
    clerk = EntryStore(address(server.uri(database, CLERK), ORIGIN))
    assert clerk.append([row(ORDER, 1, "", "PPO-1", Ciphertext("reasons", "d", "k", b"1"))]) == [Stored(0)]
    clerk.remove_ciphertexts("k")
    assert clerk.ciphertexts(ORDER) == {0: [Ciphertext("reasons", "d", "k", None)]}
    clerk.close()


def test_an_auditors_role_reads_and_writes_nothing(store: EntryStore, server: Server) -> None:
    filled(store, 2)
    database = database_of(place_of(store).uri)
    server.open_to(database)
    theirs = address(server.uri(database, AUDITOR), ORIGIN)
    with EntryReader(theirs) as shelf:
        assert shelf.size() == 2
    auditor = EntryStore(theirs)
    with pytest.raises(LedgerError) as fault:
        auditor.append([row(ORDER, 3)])
    assert fault.value.code == "READ-ONLY"
    auditor.close()


def test_a_writer_cannot_skip_a_place_through_the_door_itself(store: EntryStore) -> None:
    filled(store, 1)
    with connect(place_of(store)) as c, pytest.raises(psycopg.IntegrityError):
        c.execute(
            "SELECT append(2, ARRAY['o'], ARRAY[1], ARRAY['k'], ARRAY['s'::bytea], ARRAY[decode(md5('1'), 'hex')],"
            " ARRAY[sha256('')], ARRAY[''::bytea], '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')"
        )
    assert store.size() == 1


_LEAVES = {
    "entries": "ARRAY[decode(md5('e'), 'hex'), decode(md5('f'), 'hex')]",
    "leaves": "ARRAY[sha256('\\x0061'), sha256('\\x0062')]",
    "nodes": "ARRAY[''::bytea, sha256('')]",
}
_SEALED = {"fields": "ARRAY['f']", "digests": "ARRAY['d']", "keys": "ARRAY['k']", "ciphertexts": "ARRAY['c'::bytea]"}


@pytest.mark.parametrize(
    "given",
    [
        {"entries": "'{}'", "leaves": "'{}'", "nodes": "'{}'"},
        {name: f"({array})[1:1]" for name, array in _LEAVES.items()},
        {"entries": "NULL", "leaves": "NULL", "nodes": "NULL"},
        {"states": "ARRAY['b', 'a']::bytea[]"},
        {"leaves": "ARRAY[sha256('\\x0061'), sha256('b')]"},
        {"nodes": "ARRAY['', '']::bytea[]"},
        {"nodes": "ARRAY[sha256(''), sha256('')]"},
        {"positions": "ARRAY[-1]", **_SEALED},
        {"positions": "ARRAY[2]", **_SEALED},
        {"quoted": "ARRAY['PPO-1']", "quoted_orders": "ARRAY['nowhere']"},
        {"named": "ARRAY['o']", "naming": "ARRAY['nowhere']"},
        {"first": "NULL"},
    ],
)
def test_what_no_reader_could_make_sense_of_does_not_come_through_the_door(
    store: EntryStore, server: Server, given: dict[str, str]
) -> None:
    """An entry without a leaf, or a leaf without its hashes, would stop every reader and could never be removed."""
    filled(store, 4)
    database = database_of(place_of(store).uri)
    server.open_to(database)
    names = "versions topics states entries leaves nodes positions fields digests keys ciphertexts quoted quoted_orders"
    good = {
        **dict.fromkeys(("first", "orders", *names.split(), "named", "naming"), "'{}'"),
        "first": "4",
        "orders": "ARRAY['o', 'o']",
        "versions": "ARRAY[1, 2]",
        "topics": "ARRAY['k', 'k']",
        "states": "ARRAY['a', 'b']::bytea[]",
        **_LEAVES,
    }
    with psycopg.connect(server.uri(database, CLERK)) as c:
        with pytest.raises(psycopg.IntegrityError):
            c.execute(f"SELECT comity.append({', '.join({**good, **given}.values())})".encode())
        c.rollback()
        c.execute(f"SELECT comity.append({', '.join(good.values())})".encode())
    assert store.append([row(ORDER, 5)]) == [Stored(6)]


def test_functions_cannot_be_led_to_other_tables(store: EntryStore, server: Server) -> None:
    """The functions run with their owner's rights, so their search path is fixed: the caller's has no effect."""
    with connect(place_of(store)) as c:
        paths = c.execute(
            "SELECT proname, proconfig, prosecdef FROM pg_proc WHERE pronamespace = 'comity'::regnamespace"
        ).fetchall()
        body = (ROOT / "ledger/adapters/storage/postgres.sql").read_text()
    definers = [name for name, _, definer in paths if definer]
    assert sorted(definers) == ["append", "empty", "keep_head", "keep_received", "keep_token", "turn"]
    assert all(config == ["search_path=pg_catalog, pg_temp"] for _, config, definer in paths if definer)
    assert "INSERT INTO stored_events" not in body


# -- the wrong place ---------------------------------------------------------------------------------------------------


def fault_at(start: Any, *args: Any) -> str:
    with pytest.raises(LedgerError) as fault:
        start(*args)
    return fault.value.code


def test_a_database_without_a_ledger_is_none_and_is_not_made_by_looking(place: Address) -> None:
    assert fault_at(EntryStore, place) == "NO-LEDGER"
    assert fault_at(EntryReader, place) == "NO-LEDGER"
    assert fault_at(EntryStore, address(place.uri.replace("/d", "/nowhere"), ORIGIN)) == "STORE-AWAY"


def test_a_shelf_is_never_made_over_another(store: EntryStore) -> None:
    place = place_of(store)
    create(place)  # an empty database of the same log: a crash leaves one
    assert fault_at(create, replace_origin(place)) == "LEDGER-EXISTS"
    filled(store, 1)
    assert fault_at(create, place) == "LEDGER-EXISTS"
    assert store.size() == 1


def test_of_several_who_make_a_ledger_at_once_one_does_and_the_others_are_told(place: Address) -> None:
    with ThreadPoolExecutor(6) as pool:
        ends = [going.exception() for going in [pool.submit(create, place) for _ in range(6)]]
    assert {end.code for end in ends if isinstance(end, LedgerError)} <= {"LEDGER-EXISTS"}
    assert all(end is None or isinstance(end, LedgerError) for end in ends)
    EntryStore(place).close()


def replace_origin(place: Address) -> Address:
    return address(place.uri, "ledger.example/another")


def test_the_store_of_another_log_is_not_taken_for_ours(store: EntryStore) -> None:
    assert fault_at(EntryStore, replace_origin(place_of(store))) == "NO-LEDGER"


def test_a_server_that_is_not_there_says_so_at_once(place: Address, tmp_path: Path) -> None:
    started = time.monotonic()
    assert fault_at(EntryStore, address(f"postgresql:///d?host={tmp_path}", ORIGIN)) == "STORE-AWAY"
    assert time.monotonic() - started < 5


def test_a_server_that_goes_away_while_a_store_is_opened_is_away(
    place: Address, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(place)

    def cut(place: Address, *, writable: bool) -> Any:
        c = connect(place, writable=writable)
        with server.boss() as boss:
            boss.execute("SELECT pg_terminate_backend(%s, 5000)", (c.info.backend_pid,))
        return c

    monkeypatch.setattr("ledger.adapters.storage.postgres_recorder.connect", cut)
    assert fault_at(lambda: open_recorder(place, writable=True)) == "STORE-AWAY"


def test_a_server_that_is_silent_is_away_and_nobody_waits_for_it_for_ever(
    place: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that goes down without notice looks like this: the client soon tries the next host."""
    create(place)
    with connect(place) as c:
        assert c.info.get_parameters()["keepalives_idle"] == "10"
    with connect(address(f"{place.uri}&keepalives_idle=7", ORIGIN)) as c:
        assert c.info.get_parameters()["keepalives_idle"] == "7"
    monkeypatch.setitem(_TIMEOUTS, "connect_timeout", 2)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        started = time.monotonic()
        assert (
            fault_at(EntryStore, address(f"postgresql://127.0.0.1:{deaf.getsockname()[1]}/d", ORIGIN)) == "STORE-AWAY"
        )
        assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://clerk:secret@db.example/karsk",
        "postgresql://db.example/karsk?password=secret",
        "postgresql://db.example/karsk?sslpassword=secret",
        "postgresql://db.example/karsk?%70assword=secret",
        "postgresql://clerk:secret@db.example/karsk?nonsense=1",
        "postgresql://clerk:secret@db.example/kar sk",
        "mysql://clerk:secret@db.example/karsk",
        "host=db.example password = secret",
        "postgresql://db.example/karsk?nonsense=1",
        "sqlite:///karsk",
        "host=db.example",
        "",
    ],
)
def test_an_address_carries_no_secret_and_is_an_address(uri: str) -> None:
    with pytest.raises(RecordError) as refused:
        address(uri, ORIGIN)
    assert refused.value.code == "STORE-ADDRESS"
    assert "secret" not in refused.value.says


def test_a_store_of_another_version_is_left_alone(store: EntryStore, server: Server) -> None:
    database = database_of(place_of(store).uri)
    with server.boss(database) as c:
        c.execute("ALTER TABLE comity.ledger DISABLE TRIGGER no_change")
        c.execute("UPDATE comity.ledger SET version = 2")
    assert fault_at(EntryStore, place_of(store)) == "LEDGER-VERSION"


def test_a_shelf_whose_tree_lacks_a_hash_is_corrupt(store: EntryStore, server: Server) -> None:
    filled(store, 5)
    database = database_of(place_of(store).uri)
    with server.boss(database) as c:
        c.execute("ALTER TABLE comity.log_leaf DISABLE TRIGGER USER")
        c.execute("UPDATE comity.log_leaf SET nodes = '' WHERE idx = 3")
        assert fault_at(root, 5, store.hashes) == "LOG-CORRUPT"
        c.execute("DELETE FROM comity.log_leaf WHERE idx = 4")
        assert fault_at(EntryStore, place_of(store)) == "LOG-CORRUPT"
        c.execute("DROP TABLE comity.ciphertext")
    assert fault_at(store.ciphertexts, ORDER) == "LOG-CORRUPT"


# -- moving a whole ledger ---------------------------------------------------------------------------------------------


def test_a_shelf_moves_out_and_into_another_database_and_nothing_changes(
    store: EntryStore, server: Server, tmp_path: Path
) -> None:
    sealed = Ciphertext("identifiers", "d1", "k1", b"one"), Ciphertext("reasons", "d2", "k2", b"two")
    store.append([row(ORDER, 1, "", "PPO-1", *sealed), replace(row(OTHER, 1), links=(ORDER,))])
    store.remove_ciphertexts("k1")
    store.append_pages(([row(ORDER, n * 1000 + k + 2) for k in range(1000)] for n in range(6)), expected={})
    copy(store.location, tmp_path / "entries.db")
    there = address(server.database("moved"), ORIGIN)
    move_in(tmp_path / "entries.db", there)
    moved = EntryStore(there)
    assert everything(moved) == everything(store)
    assert moved.naming(ORDER) == [OTHER]
    assert moved.append([row(OTHER, 2)]) == [Stored(6002)], "and goes on"
    assert fault_at(move_in, tmp_path / "entries.db", there) == "LEDGER-EXISTS"
    moved.close()


def test_a_copy_is_of_one_moment_whatever_is_written_meanwhile(store: EntryStore, tmp_path: Path) -> None:
    filled(store, 10)
    process = writer(place_of(store))
    assert process.stdout is not None
    process.stdout.readline()
    for n in range(3):
        copy(store.location, tmp_path / f"{n}.db")
        with EntryReader(tmp_path / f"{n}.db") as shelf:
            whole(shelf, shelf.size())
    process.kill()
    process.communicate()


@pytest.mark.parametrize("lost", ["comity.log_leaf WHERE idx = 2", "comity.stored_events WHERE notification_id = 3"])
def test_a_damaged_shelf_is_not_copied_but_corrupt(
    store: EntryStore, server: Server, tmp_path: Path, lost: str
) -> None:
    """An SQLite file is copied with its damage; the copy of a database would pass all constraints."""
    filled(store, 5)
    with server.boss(database_of(place_of(store).uri)) as c:
        for table in ("stored_events", "log_leaf"):
            c.execute(f"ALTER TABLE comity.{table} DISABLE TRIGGER USER".encode())
        c.execute(f"DELETE FROM {lost}".encode())  # noqa: S608
    assert fault_at(copy, store.location, tmp_path / "entries.db") == "LOG-CORRUPT"


def test_a_shelf_moves_into_no_database_that_somebody_has_begun_to_fill(
    store: EntryStore, place: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store, 2)
    copy(store.location, tmp_path / "entries.db")
    monkeypatch.setattr(
        "ledger.adapters.storage.postgres.create", lambda _: None
    )  # the database was still empty at the check
    assert fault_at(move_in, tmp_path / "entries.db", place) == "LEDGER-EXISTS"
    whole(store, 2)


def test_a_file_that_makes_no_shelf_is_corrupt_and_nothing_of_it_moves_in(store: EntryStore, tmp_path: Path) -> None:
    """The verification of a copy reads its entries and not its lookup tables."""
    with EntryStore.create(tmp_path / "entries.db") as file:
        file.append([row(ORDER, 1)])
    with sqlite3.connect(tmp_path / "entries.db") as c:
        c.execute("INSERT INTO order_reference VALUES ('PPO-1', 'nowhere')")
    c.close()
    assert fault_at(move_in, tmp_path / "entries.db", store.location) == "LOG-CORRUPT"
    assert store.size() == 0
