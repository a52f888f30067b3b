"""Accounts, sessions and nonces next to the entries in PostgreSQL: what one server does, another knows at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.keys.key_files import SeedKey
from ledger.entries.keyring import RegisteredKey
from ledger.errors import LedgerError, RecordError
from server.identity.accounts import Accounts
from server.identity.database import Database, open_database
from server.identity.key_requests import PROOF, KeyRequests
from server.identity.sessions import Sessions, Spent, server_secret
from server.identity.unpadded import encode
from tests.postgres.test_postgres_ledger import Housed
from tests.server.identity.browser import signed_in
from tests.server.office import serving

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
    with psycopg.connect(uri, autocommit=True) as c:
        c.execute("DROP TABLE comity_identity.key_request")
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
