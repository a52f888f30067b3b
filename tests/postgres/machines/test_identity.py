"""Accounts, sessions and nonces next to the entries in PostgreSQL: what one server does, another knows at once."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from cli.exit_codes import Exit
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.keys.key_files import SeedKey
from ledger.entries.keyring import RegisteredKey
from ledger.errors import LedgerError, RecordError
from server.identity.accounts import Accounts
from server.identity.database import TABLES, Database, open_database
from server.identity.key_requests import PROOF, KeyRequests
from server.identity.sessions import Sessions, Spent, server_secret
from server.identity.unpadded import encode
from tests.postgres.machines.shared import database
from tests.postgres.server import Server, database_of
from tests.postgres.test_postgres_ledger import Housed
from tests.server.identity.browser import signed_in
from tests.server.office import serving
from tests.support.cli import House

pytestmark = pytest.mark.postgres


@pytest.fixture
def housed(tmp_path: Path, uri: str) -> Housed:
    house = Housed(tmp_path, uri).begun()
    house.with_office("ilves", "ISS")
    return house


@pytest.fixture
def two(housed: Housed) -> Iterator[tuple[Database, Database]]:
    folder = read_folder(housed.ledger)
    with ExitStack() as opened:
        first, second = (opened.enter_context(closing(open_database(folder))) for _ in range(2))
        yield first, second


def test_what_one_server_does_the_other_knows_at_once(two: tuple[Database, Database], housed: Housed) -> None:
    here, there = (Accounts(each) for each in two)
    sessions, others = (Sessions(each, accounts) for each, accounts in zip(two, (here, there), strict=True))
    account = here.add("Dina", "ilves", ("ISS",))
    assert there.find("Dina") == account
    code = here.make_code(account.id)
    there.register(account.id, code, "id", "public", 0)
    with pytest.raises(RecordError, match="API-SIGN-IN"):
        here.register(account.id, code, "other", "public", 0)
    assert (here.use_passkey("id", 0), there.use_passkey("id", 5), here.use_passkey("id", 5)) == (True, True, False)
    token = sessions.begin(account.id, "passkey")
    assert others.find(token)
    there.link_key(account.id, "00" * 32)
    with pytest.raises(RecordError, match="ACCOUNT-LINK"):
        here.link_key(account.id, "00" * 32)
    there.lock(account.id)
    assert sessions.find(token) is None
    here.remove(account.id)
    assert (there.all(), there.ways(account.id).keys) == ([], [])
    assert not (housed.ledger / "identity.db").exists()


def test_a_nonce_counts_once_at_all_servers_and_all_have_one_secret(two: tuple[Database, Database]) -> None:
    first, second = (Spent(each) for each in two)
    assert [first.spend("k", "n", 1), second.spend("k", "n", 1), second.spend("l", "n", 1)] == [True, False, True]
    assert server_secret(two[0]) == server_secret(two[1])


def test_tables_of_the_version_before_are_raised_with_their_accounts(housed: Housed, uri: str) -> None:
    folder = read_folder(housed.ledger)
    with closing(open_database(folder)) as database:
        account = Accounts(database).add("Dina", "ilves")
    later = re.findall(r"CREATE TABLE (\w+)", "\n".join(statement for step in TABLES.later for statement in step))
    assert "key_request" in later
    with psycopg.connect(uri, autocommit=True) as c:
        for name in later:
            c.execute(sql.SQL("DROP TABLE comity_identity.{}").format(sql.Identifier(name)))
        c.execute("UPDATE comity_identity.version SET version = 1")
    for _ in range(2):
        with closing(open_database(folder)) as database:
            accounts = Accounts(database)
            assert KeyRequests(database, accounts, "log").of_account(account.id) == []
            assert accounts.find("Dina") == account
    with psycopg.connect(uri, autocommit=True) as c:
        c.execute("UPDATE comity_identity.version SET version = 9")
    with pytest.raises(LedgerError, match="LEDGER-VERSION"):
        open_database(folder)


def test_a_key_that_is_asked_for_at_one_server_is_linked_at_the_other(two: tuple[Database, Database]) -> None:
    here, there = (KeyRequests(each, Accounts(each), "log") for each in two)
    accounts, key = Accounts(two[0]), SeedKey(bytes(32))
    account = accounts.add("Dina", "ilves")
    signed = key.sign(PROOF.format(log="log", account=account.id, key=key.public.hex()).encode())
    here.ask_key(account, key.public.hex(), "Laptop", encode(signed))
    for _ in range(2):
        there.settle(lambda office: [RegisteredKey(key.public.hex(), office, ("ISS",))])
    assert (here.waiting(), accounts.keys(account.id)) == ([], frozenset({key.public.hex()}))


def test_a_store_whose_connections_the_server_has_ended_goes_on(two: tuple[Database, Database], uri: str) -> None:
    accounts, spent = Accounts(two[0]), Spent(two[0])
    accounts.add("before", "ilves")
    with psycopg.connect(uri, autocommit=True) as c:
        c.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    accounts.add("after", "ilves")
    assert [each.name for each in accounts.all()] == ["after", "before"]
    assert spent.spend("k", "n", 1)


def test_a_person_signs_in_to_a_ledger_in_a_database(housed: Housed, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in housed.env.items():
        monkeypatch.setenv(name, value)
    with serving(housed.ledger) as office:
        browser, authenticator = signed_in(office, "Dina", "ilves")
        assert browser.get("/v1/account").json["name"] == "Dina"
        assert browser.sign_in(authenticator).status == 200
        listed = housed.reply("account", "list", "--json")["accounts"]
        assert [(each["name"], each["sessions"]) for each in listed] == [("Dina", 1)]


# -- moving ------------------------------------------------------------------------------------------------------------


def people(house: Housed) -> tuple[list[object], bytes, list[tuple[object, ...]]]:
    """Return the accounts of a ledger, the secret of its servers, and what was done with accounts."""
    with closing(open_database(read_folder(house.ledger))) as stored:
        accounts = Accounts(stored)
        return [*accounts.all()], server_secret(stored), sorted(stored.rows("SELECT * FROM act"))


def joined(house: Housed, name: str) -> None:
    with closing(open_database(read_folder(house.ledger))) as stored:
        accounts = Accounts(stored)
        account = accounts.add(name, "ilves", ("ISS",))
        accounts.register(account.id, accounts.make_code(account.id), f"passkey of {name}", "public", 0)
        Sessions(stored, accounts).begin(account.id, "passkey")
        server_secret(stored)


def test_accounts_move_with_the_entries_and_back(housed: Housed, server: Server) -> None:
    joined(housed, "Dina")
    before = people(housed)
    for round_, store in enumerate(("file", housed.uri, database(server, "entries"), "file")):
        done = housed.run("migrate", "--store", store)
        assert done.exit_code == 0, done.output
        assert people(housed) == before
        assert (housed.ledger / "identity.db").exists() == (store == "file")
        joined(housed, f"person {round_}")
        before = people(housed)
    assert len(before[0]) == 5


def test_accounts_that_were_left_do_not_replace_later_ones(housed: Housed, server: Server) -> None:
    """A machine that follows a move has nothing to bring: its accounts are at the new place already."""
    joined(housed, "Dina")
    there = House(housed.folder.parent / "there")
    shutil.copytree(housed.folder, there.folder)
    store = database(server, "entries")
    assert housed.run("migrate", "--store", store).exit_code == 0
    joined(housed, "Ivo")
    after = people(housed)
    done = there.run("migrate", "--store", store)
    assert done.exit_code == 0, done.output
    assert people(housed) == after


def test_a_move_that_was_cut_before_the_folder_says_so_brings_the_accounts(
    housed: Housed, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert housed.run("migrate", "--store", "file").exit_code == 0
    joined(housed, "Dina")
    before = people(housed)
    with monkeypatch.context() as patched:
        patched.setattr("ledger.application.migration.migrate._point", stopped)
        assert housed.run("migrate", "--store", housed.uri).exit_code == Exit.INTERRUPTED
    assert housed.run("migrate", "--store", housed.uri).exit_code == 0
    assert people(housed) == before


def stopped(*_: object) -> None:
    raise KeyboardInterrupt


def test_accounts_that_the_role_may_not_read_are_refused_before_anything_moves(housed: Housed, server: Server) -> None:
    joined(housed, "Dina")
    name = database_of(housed.uri)
    with server.boss(name) as c:
        c.execute(b"ALTER SCHEMA comity_identity OWNER TO boss")
        c.execute(b"REASSIGN OWNED BY owner TO boss")
        c.execute(b"GRANT USAGE ON SCHEMA comity_identity TO owner")
        c.execute(f"ALTER DATABASE {name} OWNER TO owner".encode())
        c.execute(b"ALTER SCHEMA comity OWNER TO owner")
        for (table,) in c.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'comity'").fetchall():
            c.execute(f"ALTER TABLE comity.{table} OWNER TO owner".encode())
    done = housed.run("migrate", "--store", "file")
    assert (done.exit_code, "READ-ONLY: this role may not read the accounts" in done.output) == (5, True), done.output
    assert housed.run("orders").exit_code == 0, "nothing was closed"
