"""A ledger with its entries in PostgreSQL: use, backup, move, failover, and comparison with the signed checkpoints."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path
from threading import Timer

import psycopg
import pytest

from cli.exit_codes import Exit
from cli.session.open_ledger import opened
from cli.stories.model import read_story
from cli.stories.player import play_story
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.storage.copy_entries import copy
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application import create_ledger
from ledger.application.integrity import continued_audit, kept_verdicts
from ledger.application.integrity.audit import LAST, audit
from ledger.application.journal import Journal
from ledger.application.write.draft import Draft
from ledger.entries.envelope import Circumstances
from ledger.errors import LedgerError
from tests.ledger.adapters.log.test_crash import NIGHT, RECORDER, ROOT
from tests.ledger.application.test_journal import ORDER, Clock, entries, ilves, issued, made
from tests.postgres.server import AUDITOR, CLERK, Server, database_of
from tests.support.cli import ORIGIN, STORIES, House, run
from tests.support.killed_command import killed

pytestmark = pytest.mark.postgres


class Housed(House):
    """An operator whose ledger is in a database."""

    def __init__(self, folder: Path, uri: str) -> None:
        super().__init__(folder)
        self.uri = uri

    def begun(self) -> Housed:
        done = self.run("init", str(self.ledger), "--origin", ORIGIN, "--store", self.uri)
        assert done.exit_code == 0, done.output
        return self

    def record(self, reference: str = "PPO-2") -> tuple[int, str]:
        words = (
            "issue",
            "--unregistered",
            "--instrument",
            "2AP-7",
            "--to",
            "XV",
            "--reference",
            reference,
            "--as",
            "ilves",
        )
        done = self.run(*words)
        return done.exit_code, done.output

    def surroundings(self) -> dict[str, str]:
        return {**os.environ, **self.env}

    def verdict(self) -> str:
        done = self.run("fsck", "--json")
        found = json.loads(done.stdout)
        return " ".join([found["verdict"], *(r["code"] for r in found["reasons"])])


@pytest.fixture
def house(tmp_path: Path, uri: str) -> Housed:
    house = Housed(tmp_path, uri).begun()
    house.with_office("ilves", "ISS")
    house.order()
    return house


# -- used --------------------------------------------------------------------------------------------------------------


def test_a_ledger_in_a_database_is_used_as_every_other(house: Housed, uri: str) -> None:
    assert (house.ledger / "store").read_text() == uri + "\n"
    assert not (house.ledger / "entries.db").exists()
    assert house.record()[0] == 0
    assert "PPO-1" in house.run("orders").output
    assert house.run("show", "PPO-1").exit_code == 0
    assert house.verdict() == "CONSISTENT"
    bundle = str(house.folder / "court.evidence.zip")
    assert house.run("export", "PPO-1", "-o", bundle, "--audience", "CT").exit_code == 0
    verified = run("verify", bundle, "--trust", str(house.ledger / "trust"), "--json")
    assert json.loads(verified.stdout)["verdict"] != "TOTAL-FAILED"


def test_a_folder_whose_entries_are_in_a_database_is_verified_by_the_address_that_is_given(
    house: Housed, uri: str
) -> None:
    asked = ("verify", str(house.ledger), "--trust", str(house.ledger / "trust"), "--json")
    done = run(*asked)
    assert (done.exit_code, json.loads(done.stdout)["code"]) == (4, "STORE-GIVEN")
    assert "--store" in done.stderr
    done = run(*asked, "--store", uri)
    report = json.loads(done.stdout)
    assert (done.exit_code, report["verdict"], report["not_covered"]) == (0, "TOTAL-PASSED", 0)


def test_what_init_prints_says_where_the_entries_are(tmp_path: Path, uri: str) -> None:
    house = House(tmp_path)
    done = house.run("init", str(house.ledger), "--origin", ORIGIN, "--store", uri)
    assert f"entries    {uri}" in done.output


NO_ADDRESS = ["postgresql://clerk:secret@db.example/karsk", "mysql://db.example/karsk", "hello", "postgresql://[::1/x"]


@pytest.mark.parametrize("uri", NO_ADDRESS)
def test_an_address_that_is_none_or_has_a_password_is_not_taken_and_nothing_is_left(uri: str, tmp_path: Path) -> None:
    house = House(tmp_path)
    done = house.run("init", str(house.ledger), "--origin", ORIGIN, "--store", uri)
    assert (done.exit_code, "STORE-ADDRESS" in done.output) == (Exit.UNDECIDABLE, True)
    assert "secret" not in done.output
    assert not house.ledger.exists()


@pytest.mark.parametrize("written", NO_ADDRESS)
def test_an_address_that_was_changed_in_its_file_is_looked_at_again(written: str, house: Housed) -> None:
    (house.ledger / "store").write_text(written)
    done = house.run("show", "PPO-1")
    assert (done.exit_code, "STORE-ADDRESS" in done.output) == (Exit.UNDECIDABLE, True)
    assert "secret" not in done.output


def test_a_database_that_has_a_ledger_is_not_taken_for_another(house: Housed, tmp_path: Path) -> None:
    other = House(tmp_path / "other")
    done = other.run("init", str(other.ledger), "--origin", "ledger.example/xo/other", "--store", house.uri)
    assert (done.exit_code, "LEDGER-EXISTS" in done.output) == (Exit.REFUSED, True)


def test_two_users_do_not_begin_one_ledger_in_the_same_database(tmp_path: Path, uri: str) -> None:
    """Each would have a separate log key, and would sign the entries that the other records."""
    one, two = House(tmp_path / "one"), House(tmp_path / "two")
    begun = [h.run("init", str(h.ledger), "--origin", ORIGIN, "--store", uri) for h in (one, two)]
    assert [done.exit_code for done in begun] == [0, Exit.REFUSED]
    assert "LEDGER-EXISTS" in begun[1].output


def test_a_server_that_is_away_is_undecidable_and_said_in_three_lines(house: Housed) -> None:
    (house.ledger / "store").write_text("postgresql:///d?host=/nonexistent\n")
    for words in (("show", "PPO-1"), ("fsck",), ("orders",)):
        done = house.run(*words)
        assert (done.exit_code, "STORE-AWAY" in done.output) == (Exit.UNDECIDABLE, True)
        assert "is the server running" in done.output
        assert len(done.stderr.splitlines()) <= 3
    assert house.record()[0] == Exit.UNDECIDABLE


def test_an_unsafe_server_stops_the_one_who_writes_and_nobody_who_reads(
    house: Housed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c synchronous_commit=off")
    code, said = house.record()
    assert (code, "STORE-UNSAFE" in said) == (Exit.REFUSED, True)
    assert house.run("show", "PPO-1").exit_code == 0
    monkeypatch.delenv("PGOPTIONS")
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", "y")
    assert "STORE-UNSAFE" in house.run("show", "PPO-1").output
    monkeypatch.delenv("POSTGRES_ENABLE_DB_FUNCTIONS")
    assert house.record()[0] == 0


def test_a_clerk_with_rights_to_append_writes_and_an_auditor_verifies(house: Housed, server: Server) -> None:
    name = database_of(house.uri)
    server.open_to(name)
    (house.ledger / "store").write_text(server.uri(name, CLERK) + "\n")
    assert house.record()[0] == 0
    (house.ledger / "store").write_text(server.uri(name, AUDITOR) + "\n")
    assert house.verdict() == "CONSISTENT"
    assert "READ-ONLY" in house.record("PPO-3")[1]


def test_a_password_is_read_from_libpqs_own_file(
    house: Housed, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server asks for the password; the ledger's folder never contains it."""
    hba = server.data / "pg_hba.conf"
    before = hba.read_text()
    name = database_of(house.uri)
    server.open_to(name)
    try:
        with server.boss() as c:
            c.execute(f"ALTER ROLE {CLERK} PASSWORD 'kestrel'".encode())
        hba.write_text(f"local {name} {CLERK} scram-sha-256\n{before}")
        server.reload()
        (house.ledger / "store").write_text(server.uri(name, CLERK) + "\n")
        assert "STORE-AWAY" in house.record()[1]
        passfile = house.folder / "pgpass"
        passfile.write_text(f"*:*:{name}:{CLERK}:kestrel\n")
        passfile.chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(passfile))
        assert house.record()[0] == 0
    finally:
        hba.write_text(before)
        server.reload()


# -- the same bytes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("story", ["S1", "S2", "S2b", "landmark-yahoo-belgium"])
def test_a_story_makes_the_same_bytes_whatever_keeps_its_entries(
    story: str, tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clock, keys and random numbers are the same, so every entry, tile and checkpoint is the same to the byte."""
    read = read_story((STORIES / f"{story}.toml").read_bytes(), story)
    play_story(read, tmp_path / "file")

    def found(*args: object, store: str = "", **given: object) -> None:
        create_ledger.found(*args, store=uri, **given)  # type: ignore[arg-type]

    monkeypatch.setattr("ledger.application.journal.found", found)
    play_story(read, tmp_path / "database")
    one, two = tmp_path / "file", tmp_path / "database"
    shelves = [EntryReader(read_folder(folder).entries) for folder in (one, two)]
    assert shelves[0].page(0, 10_000) == shelves[1].page(0, 10_000)
    for shelf in shelves:
        shelf.close()
    published = {p.relative_to(one): p.read_bytes() for p in (one / "log").rglob("*") if p.is_file()}
    assert published == {p.relative_to(two): p.read_bytes() for p in (two / "log").rglob("*") if p.is_file()}


# -- audited -----------------------------------------------------------------------------------------------------------


def test_an_audit_on_every_core_reads_what_a_database_holds(tmp_path: Path, uri: str) -> None:
    with made(tmp_path / "ledger", store=uri) as ledger:
        ledger.record_batch([issued_draft(ledger, n) for n in range(3 * LAST)])
    folder = read_folder(tmp_path / "ledger")
    report = audit(folder.entries, folder.origin, folder.registrar, workers=2)
    assert report.problems == []
    assert report.size == report.signatures > 3 * LAST


def issued_draft(ledger: Journal, n: int) -> Draft:
    moment = ledger.now()
    return Draft(issued(f"N-{n}"), f"{n:08x}-0000-4000-8000-000000000000", ilves(ledger), Circumstances(moment, moment))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            "UPDATE comity.stored_events SET state = overlay(state placing '\\x41' from 300) WHERE notification_id = 3",
            "",
        ),
        ("UPDATE comity.stored_events SET originator_id = 'x' WHERE notification_id = 3", "LOG-CORRUPT"),
        ("UPDATE comity.stored_events SET topic = 'order-issued' WHERE notification_id = 3", "LOG-CORRUPT"),
        ("UPDATE comity.log_leaf SET leaf = sha256('') WHERE idx = 2", "LOG-CORRUPT"),
        ("UPDATE comity.log_leaf SET nodes = sha256('') WHERE idx = 1", "LOG-CORRUPT"),
        ("DELETE FROM comity.stored_events WHERE notification_id = 2", "LOG-CORRUPT"),
        ("DELETE FROM comity.log_leaf WHERE idx = 1", "LOG-CORRUPT"),
    ],
)
def test_what_the_servers_superuser_changes_is_found_by_the_audit(
    change: str, found: str, house: Housed, server: Server
) -> None:
    with server.boss(database_of(house.uri)) as c:
        for table in ("stored_events", "log_leaf"):
            c.execute(f"ALTER TABLE comity.{table} DISABLE TRIGGER USER".encode())
        c.execute(change.encode())
    verdict = house.verdict()
    assert verdict.startswith("INCONSISTENT")
    assert found in verdict


def test_entries_cut_off_by_the_servers_superuser_are_a_rollback(house: Housed, server: Server) -> None:
    """The remaining entries are consistent; only the earlier signed checkpoint shows that entries are missing."""
    with server.boss(database_of(house.uri)) as c:
        size = c.execute("SELECT max(notification_id) FROM comity.stored_events").fetchone()
        assert size is not None
        for table, column in (("stored_events", "notification_id"), ("log_leaf", "idx + 1")):
            c.execute(f"ALTER TABLE comity.{table} DISABLE TRIGGER USER".encode())
            c.execute(f"DELETE FROM comity.{table} WHERE {column} = %s".encode(), size)  # noqa: S608
            c.execute(f"ALTER TABLE comity.{table} ENABLE TRIGGER USER".encode())
    assert "LOG-ROLLBACK" in house.verdict()
    code, said = house.record()
    assert (code, "LOG-ROLLBACK" in said) == (Exit.PROVED_BAD, True)


# -- failed over -------------------------------------------------------------------------------------------------------


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Housed, Server, list[Server]]]:
    """Make a ledger on a separate server; yield it with the server and a list for the standbys that a test adds."""
    server = Server.new()
    standbys: list[Server] = []
    try:
        house = Housed(tmp_path, server.database("karsk")).begun()
        house.with_office("ilves", "ISS")
        house.order()
        yield house, server, standbys
    finally:
        for each in (*standbys, server):
            each.gone()


def both(house: Housed, *servers: Server) -> None:
    """Write an address that names all servers and connects to the one that accepts writes."""
    hosts = ",".join(str(s.folder) for s in servers)
    name = database_of(house.uri)
    uri = f"postgresql://owner@/{name}?host={hosts}&target_session_attrs=read-write"
    (house.ledger / "store").write_text(uri + "\n")


def test_after_a_failover_to_an_asynchronous_standby_what_was_lost_is_a_rollback_and_nothing_is_signed(
    pair: tuple[Housed, Server, list[Server]],
) -> None:
    house, server, standbys = pair
    standby = server.standby(synchronous=False)
    standbys.append(standby)
    both(house, server, standby)
    assert house.record("PPO-2")[0] == 0
    standby.follow(server)
    standby.pause()  # the connection between the two is cut; the primary goes on recording
    assert house.record("PPO-3")[0] == 0
    server.kill()
    standby.promote()
    code, said = house.record("PPO-4")
    assert (code, "LOG-ROLLBACK" in said) == (Exit.PROVED_BAD, True)
    assert "LOG-ROLLBACK" in house.verdict()
    assert house.run("show", "PPO-2").exit_code == 0, "what is there can be read"
    assert "PPO-3" not in house.run("orders").output


def test_a_process_that_was_running_when_an_asynchronous_standby_took_over_stores_and_signs_nothing_more(
    pair: tuple[Housed, Server, list[Server]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process reconnects to the other server, where the event store lacks entries that it has signed."""
    house, server, standbys = pair
    standby = server.standby(synchronous=False)
    standbys.append(standby)
    both(house, server, standby)
    for name, value in house.env.items():
        monkeypatch.setenv(name, value)
    home = Home.user()
    with Journal.open(house.ledger, home) as journal:
        signer = journal.signer("ilves", "ISS", opened(str(home.keys / "ilves")))
        standby.follow(server)
        standby.pause()
        for n in range(2):
            journal.record(issued(f"N-{n}"), f"{n:08x}-0000-4000-8000-000000000000", signer)
        signed = journal.log.signed()
        server.kill()
        standby.promote()
        for n in range(2, 6):
            with pytest.raises(LedgerError) as fault:
                journal.record(issued(f"N-{n}"), f"{n:08x}-0000-4000-8000-000000000000", signer)
            assert fault.value.code == "LOG-ROLLBACK"
        assert journal.store.size() == signed.size - 2, "nothing is stored behind what is left"
        assert journal.log.signatory.last() == signed
        journal._group.stored = False
    assert "LOG-ROLLBACK" in house.verdict()


def test_after_a_failover_to_a_synchronous_standby_nothing_is_lost_and_the_same_address_goes_on(
    pair: tuple[Housed, Server, list[Server]],
) -> None:
    house, server, standbys = pair
    standby = server.standby(synchronous=True)
    standbys.append(standby)
    both(house, server, standby)
    process = subprocess.Popen(
        [sys.executable, "-c", ISSUING, str(house.ledger)],
        cwd=ROOT,
        env=house.surroundings(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    Timer(60, process.kill).start()  # a failing test ends after a minute
    said = [process.stdout.readline() for _ in range(3)]
    server.kill()
    standby.promote()
    standby.set(synchronous_standby_names="")
    standby.reload()
    while len(said) < 30 and (line := process.stdout.readline()):  # the process reconnects to the other server
        said.append(line)
    process.kill()
    process.communicate()
    assert len(said) == 30
    with EntryReader(read_folder(house.ledger).entries) as shelf:
        for line in said:
            index, leaf = json.loads(line)
            found = shelf.by_leaf(bytes.fromhex(leaf))
            assert found is not None
            assert found[0] == index, "no entry with a receipt is lost"
    assert house.record("PPO-9")[0] == 0
    assert house.verdict() == "CONSISTENT"


ISSUING = """
import json, sys
from pathlib import Path
from cli.session.open_ledger import opened
from ledger.adapters.folders.user_folders import Home
from ledger.application.journal import Journal
from tests.ledger.application.test_journal import issued
home = Home.user()
journal = Journal.open(Path(sys.argv[1]), home)
signer = journal.signer("ilves", "ISS", opened(str(home.keys / "ilves")))
for n in range(1000):
    receipt = journal.record(issued(f"N-{n}"), f"{n:08x}-0000-4000-8000-000000000000", signer)
    print(json.dumps([receipt.index, receipt.leaf]), flush=True)
"""


def test_on_a_standby_a_ledger_can_be_read_and_verified_and_takes_nothing_in(
    pair: tuple[Housed, Server, list[Server]],
) -> None:
    house, server, standbys = pair
    standby = server.standby(synchronous=False)
    standbys.append(standby)
    (house.ledger / "store").write_text(standby.uri(database_of(house.uri)) + "\n")
    assert house.verdict() == "CONSISTENT"
    code, said = house.record()
    assert (code, "READ-ONLY" in said) == (Exit.REFUSED, True)
    copy(read_folder(house.ledger).entries, house.folder / "copy.db")


def test_a_database_put_back_from_an_older_dump_is_a_rollback(
    pair: tuple[Housed, Server, list[Server]], tmp_path: Path
) -> None:
    house, server, _ = pair
    name = database_of(house.uri)
    dump = server.folder / "dump"
    server.run("pg_dump", "-h", str(server.folder), "-U", "boss", "-Fc", "-f", str(dump), name)
    assert house.record()[0] == 0
    with server.boss() as c:
        c.execute(f"DROP DATABASE {name}".encode())
    server.database(name)
    server.run("pg_restore", "-h", str(server.folder), "-U", "boss", "-d", name, "--single-transaction", str(dump))
    code, said = house.record("PPO-3")
    assert (code, "LOG-ROLLBACK" in said) == (Exit.PROVED_BAD, True)
    with server.boss(name) as c, pytest.raises(psycopg.IntegrityError):
        c.execute("DELETE FROM comity.log_leaf")  # the dump contains the triggers


# -- crashed -----------------------------------------------------------------------------------------------------------


def test_a_process_killed_at_a_random_moment_leaves_a_whole_ledger(tmp_path: Path, server: Server, uri: str) -> None:
    with made(tmp_path / "ledger", store=uri) as ledger:
        ledger.record(issued(), ORDER, ilves(ledger))
    for pause in (0.0, 0.02, 0.05, 0.11, 0.2):
        process = subprocess.Popen(
            [sys.executable, "-c", RECORDER, str(tmp_path / "ledger"), "100000"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        said = [process.stdout.readline()]
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        said += [line for line in process.communicate()[0].splitlines() if line.endswith("]")]
        server.alone(database_of(uri))  # the server may still commit what the process sent before it died
        with Journal.open(tmp_path / "ledger", now=Clock(NIGHT)) as ledger:
            stored = {e.index: e.leaf for e in entries(ledger)}
            for line in said:
                index, leaf, _ = json.loads(line)
                assert stored[index] == leaf
            signed = ledger.log.signed()
            assert (signed.size, signed.root) == (ledger.store.size(), ledger.log.derive().root())


# -- copied and moved --------------------------------------------------------------------------------------------------


def test_a_copy_of_a_ledger_is_the_same_file_whatever_kept_it(house: Housed, server: Server) -> None:
    """From a database to a folder, and back to another database: each copy is verified and equal to the byte."""
    copied, back, again = house.folder / "copy.tar", house.folder / "back", house.folder / "again"
    size = house.reply("backup", str(house.ledger), "-o", str(copied))["size"]
    with tarfile.open(copied) as tar:
        names = tar.getnames()
    assert "entries.db" in names
    assert "store" not in names
    assert house.reply("restore", str(copied), str(back))["size"] == size
    assert (back / "entries.db").exists()
    assert house.run("show", "PPO-1", "--ledger", str(back)).exit_code == 0
    uri = server.database(f"again{next(_numbers)}")
    assert house.reply("restore", str(copied), str(again), "--store", uri)["size"] == size
    assert not (again / "entries.db").exists()
    shelves = [EntryReader(read_folder(folder).entries) for folder in (house.ledger, back, again)]
    assert len({tuple(shelf.page(0, 1000)) for shelf in shelves}) == 1
    for shelf in shelves:
        shelf.close()
    shutil.copy(house.ledger / "keys.db", again)
    shutil.rmtree(house.ledger)
    again.rename(house.ledger)
    assert house.record()[0] == 0, "and goes on"
    assert house.verdict() == "CONSISTENT"


_numbers = count()


def test_a_copy_of_a_database_is_continued_and_put_back_as_that_of_a_folder(house: Housed, server: Server) -> None:
    whole, later, back, again = (house.folder / name for name in ("whole.tar", "later.tar", "back", "again"))
    size = house.reply("backup", str(house.ledger), "-o", str(whole))["size"]
    assert house.record()[0] == 0
    made = house.reply("backup", str(house.ledger), "-o", str(later), "--since", str(whole))
    assert (made["since"], made["size"]) == (size, size + 1)
    assert house.reply("restore", str(whole), str(later), str(back))["size"] == size + 1
    uri = server.database(f"again{next(_numbers)}")
    assert house.reply("restore", str(whole), str(later), str(again), "--store", uri)["size"] == size + 1
    readers = [EntryReader(read_folder(folder).entries) for folder in (house.ledger, back, again)]
    assert len({tuple(reader.page(0, 1000)) for reader in readers}) == 1
    for reader in readers:
        reader.close()


def test_a_check_of_a_database_continues_behind_its_verdicts(house: Housed, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (kept_verdicts, continued_audit):
        monkeypatch.setattr(module, "SEGMENT", 4)
    monkeypatch.setattr(continued_audit, "_LEVEL", 2)
    name = "auditor.example/karsk"
    assert house.run("audit", "new", name).exit_code == 0
    first = house.reply("fsck", "--auditor", name)
    assert (first["verdict"], first["continued"]["signed"]) == ("CONSISTENT", first["entries"] // 4)
    assert house.record()[0] == 0
    second = house.reply("fsck", "--auditor", name, "--spot", "1")
    assert (second["verdict"], second["continued"]["rests"]) == ("CONTINUED", first["entries"] // 4 * 4)


def test_a_ledger_moves_from_its_folder_into_a_database(tmp_path: Path, uri: str) -> None:
    house = House(tmp_path).furnished()
    copied, moved = tmp_path / "copy.tar", tmp_path / "moved"
    house.reply("backup", str(house.ledger), "-o", str(copied))
    shutil.copy(house.ledger / "keys.db", tmp_path / "keys.db")
    shutil.rmtree(house.ledger)
    assert house.run("restore", str(copied), str(moved), "--store", uri).exit_code == 0
    moved.rename(house.ledger)
    shutil.copy(tmp_path / "keys.db", house.ledger / "keys.db")
    done = house.run(
        "issue", "--unregistered", "--instrument", "2AP-7", "--to", "XV", "--reference", "PPO-2", "--as", "ilves"
    )
    assert done.exit_code == 0, done.output
    assert house.reply("fsck")["verdict"] == "CONSISTENT"


def test_a_copy_is_not_put_into_a_database_that_has_a_ledger(house: Housed) -> None:
    copied, back = house.folder / "copy.tar", house.folder / "back"
    house.reply("backup", str(house.ledger), "-o", str(copied))
    done = house.run("restore", str(copied), str(back), "--store", house.uri)
    assert (done.exit_code, "LEDGER-EXISTS" in done.output) == (Exit.REFUSED, True)
    assert not back.exists()
    assert house.verdict() == "CONSISTENT"


def test_a_restore_that_was_killed_is_finished_by_the_same_command(house: Housed, server: Server) -> None:
    copied = house.folder / "copy.tar"
    size = house.reply("backup", str(house.ledger), "-o", str(copied))["size"]
    for number in range(1, 20):
        back, uri = house.folder / f"back-{number}", server.database(f"back{next(_numbers)}")
        words = ("restore", str(copied), str(back), "--store", uri)
        if not killed("replace", number, partial(house.run, *words)):
            break
        assert house.reply(*words)["size"] == size
        assert run("show", "PPO-1", ledger=back, **house.env).exit_code == 0
    assert number > 2
    again = house.run("restore", str(copied), str(house.folder / "x"), "--store", uri)
    assert again.exit_code == 0, "nothing was recorded there since"


def test_a_copy_that_brings_an_address_is_not_one_of_ours(house: Housed) -> None:
    """Otherwise the person who supplies a copy would choose the server that is asked about it."""
    copied = house.folder / "copy.tar"
    house.reply("backup", str(house.ledger), "-o", str(copied))
    with tarfile.open(copied, "a") as tar:
        info = tarfile.TarInfo("store")
        info.size = 31
        tar.addfile(info, BytesIO(b"postgresql://evil.example/karsk"))
    done = house.run("restore", str(copied), str(house.folder / "back"))
    assert (done.exit_code, "'store' has no place" in done.output) == (Exit.UNDECIDABLE, True)
