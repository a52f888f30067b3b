"""Heads, time stamps and bytes of other logs are next to the entries: what one machine has, the other one has."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cli.exit_codes import Exit
from cli.session.open_ledger import opened
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.received_files import FOREIGN, REGISTERS, received_files
from ledger.adapters.guard.guard_place import place_in
from ledger.adapters.log.checkpoints import CheckpointStore, PublishedHead, TimeStampToken, other_logs
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.postgres import Address, address
from ledger.application.export.bundle_contents import BundleRequest, bundle_contents
from ledger.application.integrity.own_check import check_ledger
from ledger.application.journal import Journal
from ledger.bundle.archive import pack
from ledger.errors import LedgerError
from tests.ledger.application.foreign import test_receive
from tests.ledger.application.foreign.test_receive import Office, refused
from tests.postgres.machines.shared import database
from tests.postgres.server import CLERK, Server, database_of

pytestmark = pytest.mark.postgres

FILES = ("heads.db", "foreign", "registers")
AT = datetime(2027, 5, 3, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(test_receive._original(), tmp_path / "offices"))


@pytest.fixture
def skylark(root: Path) -> Office:
    """Return a provider with files that has received an order and keeps a time stamp."""
    office = Office(root, "skylark")
    office.does("receive", str(root / "order.zip"), "--as", "sky")
    stamp(office, b"in the file")
    return office


def stamp(office: Office, reply: bytes) -> None:
    with Journal.open(office.ledger, office.home) as journal:
        head = journal.heads.newest()
        assert head is not None
        journal.heads.stamp(TimeStampToken(head.digest, "authority", reply, AT))


def moved(office: Office, server: Server) -> str:
    """Move an office into databases; return the address of its entries."""
    store = database(server, "entries")
    places = ("--store", store, "--keys-store", database(server, "keys"), "--guard", database(server, "guard"))
    done = office.run("migrate", *places)
    assert done.exit_code == 0, done.output
    return store


def second(office: Office, root: Path) -> Office:
    """Return a second machine of an office, set up as docs/how-to/several-machines.md says."""
    there = Office(root, f"{office.folder.name}-two")
    shutil.copytree(office.ledger, there.ledger)
    shutil.copytree(office.home.keys, there.home.keys)
    origin = read_folder(office.ledger).origin
    here, other = office.home.log(origin), there.home.log(origin)
    other.mkdir(mode=0o700, parents=True)
    for file in here.glob("*.key*"):
        shutil.copy(file, other)
    assert there.run("log", "move-guard", str(place_in(here))).exit_code == 0
    return there


def content(office: Office) -> tuple[list[PublishedHead], list[TimeStampToken], list[tuple[str, list[PublishedHead]]]]:
    """Return the heads and time stamps of an office, and the heads of each log that it has seen."""
    folder = read_folder(office.ledger)
    with closing(CheckpointStore(folder.heads, writable=False)) as heads:
        own, tokens = heads.all(), heads.tokens()
    if isinstance(folder.others, Address):
        seen = [(log, CheckpointStore(folder.others, log=log)) for log in other_logs(folder.others)]
    else:
        seen = [(file.stem, CheckpointStore(file)) for file in sorted(folder.others.glob("*.db"))]
    others = [(log, store.all()) for log, store in seen]
    for _, store in seen:
        store.close()
    return own, tokens, others


def received(office: Office) -> dict[str, bytes]:
    folder = read_folder(office.ledger)
    with closing(EntryReader(folder.entries)) as store:
        files = received_files(folder, store)
        return {f"{top}/{name}": data for top in (FOREIGN, REGISTERS) for name, data in files.under(top).items()}


def sent(root: Path, name: str) -> str:
    """Return a bundle of the authority with one entry more."""
    karsk = Office(root, "karsk")
    karsk.does("record", "order-transmitted", "E-7", "-f", "addressee=sky", "-f", "channel=mail", "--as", "ilves")
    return karsk.export(name, "ilves", "SP")


def bundle(office: Office, order: str) -> bytes:
    with Journal.open(office.ledger, office.home, now=lambda: AT) as journal:
        request = BundleRequest(order, "CT", AT, "a test")
        signer = journal.signer("sky", "SP", opened(str(office.home.keys / "sky")))
        return pack(bundle_contents(journal, request), signer)


def order_of(office: Office) -> str:
    (listed,) = office.does("orders")["orders"]
    return str(listed["order"])


# -- two machines ------------------------------------------------------------------------------------------------------


def test_two_machines_make_the_same_bundle_of_what_either_received_and_stamped(
    skylark: Office, root: Path, server: Server
) -> None:
    moved(skylark, server)
    there = second(skylark, root)
    assert there.does("receive", sent(root, "one.zip"), "--as", "sky")["recorded"]
    stamp(there, b"at the other machine")
    skylark.does("receive", sent(root, "two.zip"), "--as", "sky")
    assert content(skylark) == content(there)
    assert [token.reply for token in content(skylark)[1]] == [b"in the file", b"at the other machine"]
    assert received(skylark) == received(there)
    order = order_of(skylark)
    first = bundle(skylark, order)
    assert first == bundle(there, order)
    assert first.count(b"foreign/") >= 2 * 3 * 2, "three entries with their proofs, named twice each"
    for office in (skylark, there):
        assert check_ledger(office.ledger, AT).wrong == []
        assert not any((office.ledger / name).exists() for name in FILES)


def test_a_log_that_showed_one_machine_another_history_is_found_by_the_other(
    skylark: Office, root: Path, server: Server
) -> None:
    moved(skylark, server)
    there = second(skylark, root)
    karsk = root / "karsk"
    shutil.copytree(karsk, root / "before")
    skylark.does("receive", sent(root, "one.zip"), "--as", "sky")
    shutil.rmtree(karsk)
    shutil.copytree(root / "before", karsk)
    Office(root, "karsk").does(*test_receive.WITHDRAW)
    other = Office(root, "karsk").export("two.zip", "ilves", "SP")
    done = there.run("receive", other, "--as", "sky")
    assert done.exit_code != 0
    assert "SPLIT" in done.output


# -- moving ------------------------------------------------------------------------------------------------------------


def test_heads_and_received_bytes_move_with_the_entries_and_back(skylark: Office, root: Path, server: Server) -> None:
    before = content(skylark), received(skylark)
    store = moved(skylark, server)
    assert read_folder(skylark.ledger).shared
    assert (content(skylark), received(skylark)) == before
    assert skylark.run("fsck").exit_code == 0
    skylark.does("receive", sent(root, "one.zip"), "--as", "sky")
    grown = content(skylark), received(skylark)
    assert len(grown[1]) > len(before[1])
    assert skylark.run("migrate", "--store", "file").exit_code == 0
    assert (content(skylark), received(skylark)) == grown
    assert all((skylark.ledger / name).exists() for name in FILES)
    skylark.does("receive", sent(root, "two.zip"), "--as", "sky")
    grown = content(skylark), received(skylark)
    assert skylark.run("migrate", "--store", store).exit_code == 0
    assert (content(skylark), received(skylark)) == grown
    assert "moved" in skylark.does("migrate", "--remove")["removed"]
    assert skylark.run("fsck").exit_code == 0
    other = database(server, "entries")
    assert skylark.run("migrate", "--store", other).exit_code == 0
    assert (content(skylark), received(skylark)) == grown
    assert not (skylark.ledger / "moved").exists()


def test_each_machine_of_before_brings_what_it_has_into_the_database(
    skylark: Office, root: Path, server: Server
) -> None:
    store = moved(skylark, server)
    apart(skylark, store)
    there = second(skylark, root)
    assert not read_folder(there.ledger).shared
    skylark.does("receive", sent(root, "one.zip"), "--as", "sky")
    there.does("receive", sent(root, "two.zip"), "--as", "sky")
    stamp(there, b"at the other machine")
    assert content(skylark) != content(there)
    for office in (skylark, there):
        assert office.run("migrate", "--store", store).exit_code == 0
    assert content(skylark) == content(there)
    assert {token.reply for token in content(there)[1]} == {b"in the file", b"at the other machine"}
    assert len(received(there)) == len(received(skylark)) >= 6
    assert bundle(skylark, order_of(skylark)) == bundle(there, order_of(skylark))


def apart(office: Office, store: str) -> None:
    """Make the ledger one of the version before: with files next to a database that lacks the tables."""
    with psycopg.connect(store) as c:
        for kind, names in (
            ("FUNCTION", ("keep_head", "keep_token", "keep_received", "share")),
            ("TABLE", ("head", "token", "received")),
            ("SEQUENCE", ("received_change",)),
            ("FUNCTION", ("refuse_received",)),
        ):
            for name in names:
                c.execute(f"DROP {kind} comity.{name}".encode())
    from ledger.application.migration.move_shared import take_back_files

    for path in (office.ledger / "moved").iterdir():
        if path.name == "others":
            shutil.copytree(path, office.ledger / "others", dirs_exist_ok=True)
        else:
            path.rename(office.ledger / path.name)
    shutil.rmtree(office.ledger / "moved")
    take_back_files(office.ledger)


def test_a_machine_that_still_has_the_file_open_writes_no_head_there(skylark: Office, server: Server) -> None:
    with closing(CheckpointStore(skylark.ledger / "heads.db")) as heads:
        newest = heads.newest()
        assert newest is not None
        moved(skylark, server)
        with pytest.raises(LedgerError, match="STORE-MOVED"):
            heads.keep(PublishedHead(1, b"another", AT, None))
        with pytest.raises(LedgerError, match="STORE-MOVED"):
            heads.stamp(TimeStampToken(newest.digest, "authority", b"late", AT))


def test_a_file_of_before_there_were_time_stamps_moves_too(skylark: Office, server: Server) -> None:
    with closing(sqlite3.connect(skylark.ledger / "heads.db")) as c:
        c.execute("DROP TABLE token")
    before = content(skylark)
    moved(skylark, server)
    assert content(skylark) == before
    assert skylark.run("migrate", "--store", "file").exit_code == 0
    assert content(skylark) == before


def test_a_machine_that_still_has_the_database_open_writes_no_head_there(skylark: Office, server: Server) -> None:
    store = moved(skylark, server)
    place = address(store, read_folder(skylark.ledger).origin)
    with closing(CheckpointStore(place)) as heads:
        assert skylark.run("migrate", "--store", "file").exit_code == 0
        with pytest.raises(LedgerError, match="STORE-MOVED"):
            heads.keep(PublishedHead(1, b"another", AT, None))


# -- backups -----------------------------------------------------------------------------------------------------------


def test_a_backup_has_what_is_in_the_database_and_is_restored_to_either_place(
    skylark: Office, root: Path, server: Server
) -> None:
    moved(skylark, server)
    skylark.does("receive", sent(root, "one.zip"), "--as", "sky")
    before = content(skylark), received(skylark)
    copy = root / "copy.tar"
    skylark.does("backup", str(skylark.ledger), "-o", str(copy))
    with tarfile.open(copy) as tar:
        names = tar.getnames()
    assert len(names) == len(set(names))
    assert not [name for name in names if name.startswith("moved")]
    verified: list[dict[str, Any]] = []
    for place, more in (("files", ()), ("again", ("--store", database(server, "again")))):
        skylark.does("restore", str(copy), str(root / place), *more)
        restored = Office(root, place)
        (root / place).rename(root / f"{place}-ledger")
        restored.folder.mkdir()
        (root / f"{place}-ledger").rename(restored.ledger)
        assert (content(restored), received(restored)) == before
        assert read_folder(restored.ledger).shared == bool(more)
        words = ("verify", str(restored.ledger), "--trust", str(skylark.ledger), "--json", *more)
        verified.append(json.loads(restored.run(*words).stdout))
    assert verified[0]["verdict"] == "TOTAL-PASSED"
    assert verified[0] | {"file": ""} == verified[1] | {"file": ""}, "the heads and the received entries are verified"


# -- the database ------------------------------------------------------------------------------------------------------


def test_a_writer_needs_only_the_rights_of_the_page(skylark: Office, root: Path, server: Server) -> None:
    store = moved(skylark, server)
    name = database_of(store)
    server.open_to(name)
    (skylark.ledger / "store").write_text(server.uri(name, CLERK) + "\n")
    skylark.does("receive", sent(root, "one.zip"), "--as", "sky")
    stamp(skylark, b"by the clerk")
    with psycopg.connect(server.uri(name, CLERK)) as c:
        for statement in (
            "INSERT INTO comity.head (log, digest, size, note, at) VALUES ('', 'd', 1, 'n', 'a')",
            "UPDATE comity.received SET content = 'x'",
            "DELETE FROM comity.token",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                c.execute(statement.encode())
            c.rollback()


def test_roles_that_use_the_entries_may_use_tables_that_are_made_later(
    skylark: Office, root: Path, server: Server
) -> None:
    store = moved(skylark, server)
    name = database_of(store)
    apart(skylark, store)
    server.open_to(name)
    assert skylark.run("migrate", "--store", store).exit_code == 0
    (skylark.ledger / "store").write_text(server.uri(name, CLERK) + "\n")
    skylark.does("receive", sent(root, "one.zip"), "--as", "sky")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE comity.head SET size = 0",
        "DELETE FROM comity.head",
        "DELETE FROM comity.token",
        "UPDATE comity.received SET content = 'x' WHERE path LIKE 'foreign/%'",
        "UPDATE comity.received SET path = 'x' WHERE path LIKE 'registers/%'",
        "DELETE FROM comity.received",
        "TRUNCATE comity.received",
    ],
)
def test_nothing_that_is_kept_is_changed_by_a_superuser_either(skylark: Office, server: Server, statement: str) -> None:
    store = moved(skylark, server)
    with server.boss(database_of(store)) as c, pytest.raises(psycopg.errors.IntegrityError):
        c.execute(statement.encode())


def test_a_folder_whose_heads_are_nowhere_is_refused(skylark: Office, server: Server) -> None:
    store = moved(skylark, server)
    apart(skylark, store)
    (skylark.ledger / "heads.db").unlink()
    for words in (("show", "E-7"), ("witness", "list"), ("receive", str(skylark.post / "order.zip"), "--as", "sky")):
        refused(skylark.run(*words), "neither in heads.db nor in", Exit.NO_LEDGER)
