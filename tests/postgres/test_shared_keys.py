"""Two machines with one database of subject keys: each opens what the other seals, and an erasure is whole for both."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cli.exit_codes import Exit
from cli.session.ledger_reader import reading
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.postgres import Address, address
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.entries.case import Unread
from ledger.errors import LedgerError
from tests.postgres.machines.shared import database, first, second
from tests.postgres.server import AUDITOR, CLERK, Server, database_of
from tests.postgres.test_postgres_ledger import Housed
from tests.support.cli import ORIGIN, House, run

pytestmark = pytest.mark.postgres

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "several-machines.md"
EVERY = ("--audience", "COURT", "--as", "ilves")
SECRET = "a word of the target"


@pytest.fixture
def keys(server: Server) -> str:
    return database(server, "keys")


@pytest.fixture
def two(tmp_path: Path, uri: str, keys: str, server: Server) -> tuple[Housed, Housed]:
    here = first(tmp_path / "here", uri, database(server, "guard"), keys)
    return here, second(here)


def delayed(house: House, text: str, *more: str) -> Any:
    """Record a delay of notice with a sealed reason."""
    words = ("record", "customer-notification-delayed", "PPO-1", "-f", f"reasons={text}", "-f", "review_on=2099-01-01")
    return house.run(*words, "--as", "ilves", "--yes", *more)


def sealed(house: House, text: str, *more: str) -> None:
    done = delayed(house, text, *more)
    assert done.exit_code == Exit.DONE, done.output


def erased(house: House, *more: str) -> Any:
    return house.run("erase", "PPO-1", "--cause", "erasure-granted", "--as", "ilves", "--yes", *more)


def reasons(house: House) -> list[Any]:
    with reading(house.ledger) as reader:
        return [e.sealed["reasons"] for e in reader.case("PPO-1").entries if "reasons" in e.sealed]


def disclosed(house: House, name: str) -> str:
    """Return what a bundle for a court discloses, as a verifier prints it with all values."""
    bundle = str(house.folder / f"{name}.evidence.zip")
    done = house.run("export", "PPO-1", "-o", bundle, *EVERY)
    assert done.exit_code == 0, done.output
    shown = run(
        "timeline", "PPO-1", "--reveal", "--because", "a test", "--as", "ilves", ledger=house.ledger, **house.env
    )
    verified = run("verify", bundle, "--trust", str(house.ledger / "trust"), "--json")
    assert json.loads(verified.stdout)["verdict"] != "TOTAL-FAILED"
    return Path(bundle).read_bytes().decode("latin-1") + shown.output


# -- shared ------------------------------------------------------------------------------------------------------------


def test_what_one_machine_seals_the_other_opens_and_both_use_one_key(two: tuple[Housed, Housed], keys: str) -> None:
    here, there = two
    sealed(here, "of here")
    sealed(there, "of there")
    assert [reasons(house) for house in two] == [["of here", "of there"]] * 2
    with closing(SubjectKeyStore(read_folder(there.ledger).subject_keys, writable=False)) as shared:
        names = [name for name, _ in shared.subjects() if name.startswith("target")]
    assert len(names) == 1, "one key for the target"
    assert [house.verdict() for house in two] == ["CONSISTENT", "CONSISTENT"]


def test_erasure_at_one_machine_is_whole_and_the_other_discloses_nothing_afterwards(two: tuple[Housed, Housed]) -> None:
    """The run of a review: A and B write to one order, A erases, and an export at B disclosed the person."""
    here, there = two
    sealed(there, SECRET)
    sealed(here, SECRET)
    assert reasons(there) == [SECRET, SECRET]
    assert SECRET in disclosed(there, "before"), "else this test proves nothing"
    done = erased(here)
    assert done.exit_code == Exit.DONE, done.output
    assert [reasons(house) for house in two] == [[Unread.ERASED, Unread.ERASED]] * 2
    assert SECRET not in disclosed(there, "after")
    with closing(EntryReader(read_folder(there.ledger).entries)) as store:
        order = there.reply("orders")["orders"][0]["order"]
        closed = [c for values in store.ciphertexts(order).values() for c in values if c.field == "reasons"]
    assert [c.ciphertext for c in closed] == [None, None], "the encrypted values are dropped too"
    assert [house.verdict() for house in two] == ["CONSISTENT", "CONSISTENT"]


def test_a_process_that_is_running_reads_and_seals_nothing_under_a_key_that_another_machine_destroyed(
    two: tuple[Housed, Housed],
) -> None:
    here, there = two
    sealed(here, SECRET)
    with reading(there.ledger) as reader:
        before = [e.sealed["reasons"] for e in reader.case("PPO-1").entries if "reasons" in e.sealed]
        assert before == [SECRET]
        assert erased(here).exit_code == Exit.DONE
        after = [e.sealed["reasons"] for e in reader.case("PPO-1").entries if "reasons" in e.sealed]
        assert SECRET not in after
    sealed(there, "under another key")
    assert reasons(here) == [Unread.ERASED, "under another key"]


def test_an_erasure_that_one_machine_began_is_finished_by_the_other(
    two: tuple[Housed, Housed], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = two
    sealed(here, SECRET)
    with monkeypatch.context() as patched:
        patched.setattr("ledger.application.erase_subject.Erasure._record", stopped, raising=False)
        patched.setattr("ledger.application.journal.Journal.record_batch", stopped)
        assert erased(here).exit_code == Exit.INTERRUPTED
    assert reasons(there) == [Unread.WITHHELD], "the key is destroyed, and no entry says so yet"
    assert there.verdict() == "UNDECIDED KEYS-OTHER"
    done = erased(there)
    assert done.exit_code == Exit.DONE, done.output
    assert [house.verdict() for house in two] == ["CONSISTENT", "CONSISTENT"]


def stopped(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_a_person_is_found_by_either_machine_and_by_neither_after_an_erasure(
    two: tuple[Housed, Housed], keys: str
) -> None:
    here, there = two
    sealed(here, "write to mari.kask@example.org", "--subject", "witness 3")
    search = (
        "subject",
        "find",
        "mari.kask@example.org",
        "--because",
        "a request",
        "--as",
        "ilves",
        "--purpose",
        "rights-request",
    )

    assert "witness 3" in there.run(*search).output
    assert "witness 3" in here.run(*search).output
    assert erased(there, "--subject", "witness 3").exit_code == Exit.DONE
    for house in two:
        assert "witness 3" not in house.run(*search).output
    with psycopg.connect(keys) as c:
        assert c.execute("SELECT count(*) FROM comity_keys.indexed_value").fetchone() == (0,)
    assert there.run("subject", "reindex").exit_code == Exit.DONE


# -- the database ------------------------------------------------------------------------------------------------------


def test_the_roles_of_the_page_are_enough_and_a_reader_destroys_nothing(
    tmp_path: Path, uri: str, keys: str, server: Server
) -> None:
    rights = PAGE.read_text("utf-8").split("```sql\n")[2].partition("```")[0]
    here = first(tmp_path / "here", uri, database(server, "guard"), keys)
    with psycopg.connect(keys, autocommit=True) as c:
        c.execute(rights.encode())
    (here.ledger / "keys-store").write_text(server.uri(database_of(keys), CLERK) + "\n")
    sealed(here, SECRET)
    assert erased(here).exit_code == Exit.DONE
    assert here.verdict() == "CONSISTENT"
    (here.ledger / "keys-store").write_text(server.uri(database_of(keys), AUDITOR) + "\n")
    done = delayed(here, "no")
    assert (done.exit_code, "READ-ONLY" in done.output) == (Exit.REFUSED, True), done.output


def test_the_database_with_the_entries_keeps_no_keys_and_that_with_keys_no_entries_and_no_guard(
    tmp_path: Path, uri: str, keys: str, server: Server
) -> None:
    house = House(tmp_path / "one")
    done = house.run("init", str(house.ledger), "--origin", ORIGIN, "--store", uri, "--keys-store", uri)
    assert (done.exit_code, "STORE-SHARED" in done.output) == (Exit.REFUSED, True)
    assert not (house.ledger / "trust" / "policy").exists()
    again = house.run("init", str(house.ledger), "--origin", ORIGIN, "--store", uri, "--keys-store", keys)
    assert again.exit_code == Exit.DONE, "the same command with another database goes on"
    other = House(tmp_path / "two")
    for option in ("--store", "--guard"):
        done = other.run("init", str(other.ledger), "--origin", "ledger.example/xo/two", option, keys)
        assert (done.exit_code, "STORE-SHARED" in done.output) == (Exit.REFUSED, True), option
    with psycopg.connect(keys, autocommit=True) as c:
        c.execute("CREATE SCHEMA comity")  # somebody has put entries there since
    done = delayed(house, "no")
    assert (done.exit_code, "STORE-SHARED" in done.output) == (Exit.REFUSED, True)


def test_keys_of_another_ledger_of_a_later_version_or_none_open_nothing(
    two: tuple[Housed, Housed], keys: str, server: Server
) -> None:
    here, _ = two
    empty = database(server, "keys")
    (here.ledger / "keys-store").write_text(f"{empty}\n")
    done = here.run("timeline", "PPO-1")
    assert (done.exit_code, "KEYS-MISSING" in done.output) == (Exit.UNDECIDABLE, True)
    SubjectKeyStore.create(address(empty, "ledger.example/xo/other")).close()
    done = here.run("timeline", "PPO-1")
    assert (done.exit_code, "KEYS-OTHER" in done.output) == (Exit.UNDECIDABLE, True)
    (here.ledger / "keys-store").write_text(f"{keys}\n")
    with psycopg.connect(keys, autocommit=True) as c:
        c.execute("UPDATE comity_keys.store SET version = 2")
    done = here.run("timeline", "PPO-1")
    assert (done.exit_code, "LEDGER-VERSION" in done.output) == (Exit.UNDECIDABLE, True)


def test_an_older_copy_of_the_keys_is_seen_and_a_repeated_erasure_destroys_what_came_back(
    two: tuple[Housed, Housed], keys: str, server: Server
) -> None:
    here, there = two
    sealed(here, SECRET)
    name, dump = database_of(keys), server.folder / f"{database_of(keys)}.dump"
    server.run("pg_dump", "-h", str(server.folder), "-U", "boss", "-Fc", "-f", str(dump), name)
    assert erased(here).exit_code == Exit.DONE
    server.alone(name)
    with server.boss() as c:
        c.execute(f"DROP DATABASE {name}".encode())
    server.database(name)
    server.run("pg_restore", "-h", str(server.folder), "-U", "boss", "-d", name, "--single-transaction", str(dump))
    assert there.verdict() == "INCONSISTENT KEYS-KEPT"
    done = delayed(there, "no")
    assert (done.exit_code, "KEYS-KEPT" in done.output) == (Exit.REFUSED, True), done.output
    assert erased(there).exit_code == Exit.DONE
    assert [house.verdict() for house in two] == ["CONSISTENT", "CONSISTENT"]


def test_a_folder_without_the_address_of_the_keys_seals_nothing(two: tuple[Housed, Housed]) -> None:
    _, there = two
    (there.ledger / "keys-store").unlink()
    done = delayed(there, "no")
    assert (done.exit_code, "KEYS-MISSING" in done.output) == (Exit.UNDECIDABLE, True)


def test_no_backup_has_the_keys_or_their_address(two: tuple[Housed, Housed]) -> None:
    here, _ = two
    copied, back = here.folder / "copy.tar", here.folder / "back"
    here.reply("backup", str(here.ledger), "-o", str(copied))
    assert b"comity_keys" not in copied.read_bytes()
    assert here.run("restore", str(copied), str(back)).exit_code == Exit.DONE
    assert not (back / "keys-store").exists()
    shutil.copy(here.ledger / "keys-store", back)
    assert here.run("timeline", "PPO-1", "--ledger", str(back)).exit_code == Exit.DONE


@pytest.fixture
def kept_apart(tmp_path: Path, uri: str, server: Server) -> Iterator[tuple[Housed, Server]]:
    """Make a ledger whose keys are on a separate server."""
    other = Server.new()
    try:
        yield first(tmp_path / "here", uri, database(server, "guard"), other.database("keys")), other
    finally:
        other.gone()


def test_while_the_keys_are_away_nothing_is_recorded_and_a_restart_goes_on(kept_apart: tuple[Housed, Server]) -> None:
    here, server = kept_apart
    sealed(here, SECRET)
    server.kill()
    done = delayed(here, "no")
    assert (done.exit_code, "STORE-AWAY" in done.output) == (Exit.UNDECIDABLE, True)
    server.start()
    sealed(here, "again")
    assert reasons(here) == [SECRET, "again"], "what was sealed before is there"
    assert here.verdict() == "CONSISTENT"


def test_a_store_of_keys_goes_on_after_its_server_was_restarted(kept_apart: tuple[Housed, Server]) -> None:
    here, server = kept_apart
    place = read_folder(here.ledger).subject_keys
    assert isinstance(place, Address)
    with closing(SubjectKeyStore(place)) as keys:
        before = keys.keys_for([("one", "order")])
        server.kill()
        server.start()
        assert keys.keys_for([("one", "order")])["one", "order"][0] == before["one", "order"][0]
        server.kill()
        server.start()
        keys.destroy([before["one", "order"][0]], "other")
        assert [each.key_id for each in keys.unrecorded()] == [before["one", "order"][0]]


def test_a_server_that_acknowledges_what_is_not_on_disk_destroys_no_key(keys: str, server: Server) -> None:
    SubjectKeyStore.create(address(keys, ORIGIN)).close()
    with server.boss() as c:
        c.execute(f"ALTER DATABASE {database_of(keys)} SET synchronous_commit = off".encode())
    with pytest.raises(LedgerError, match="STORE-UNSAFE"):
        SubjectKeyStore(address(keys, ORIGIN))
    SubjectKeyStore(address(keys, ORIGIN), writable=False).close()
