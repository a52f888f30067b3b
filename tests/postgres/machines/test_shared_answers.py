"""Servers of one log share the answers to requests: any of them answers a repeated request with the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from ledger.adapters.keys.key_files import load
from ledger.adapters.storage.postgres import Address, address, create
from ledger.errors import LedgerError, RecordError
from server.api.answers import KEPT, AnswerTable
from server.api.idempotency import AnswerStore
from server.identity.database import PostgresDatabase
from tests.postgres.server import CLERK, Server, database_of
from tests.postgres.test_postgres_ledger import Housed
from tests.server.office import serving, submission
from tests.support.cli import ORIGIN

pytestmark = pytest.mark.postgres
_PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "high-availability.md"
_RIGHTS = _PAGE.read_text("utf-8").partition("```sql\n")[2].partition("```")[0]  # the documented grants


@pytest.fixture
def store(place: Address) -> Address:
    create(place)
    return place


@pytest.fixture
def servers(store: Address) -> Iterator[tuple[AnswerStore, AnswerStore]]:
    with closing(AnswerStore(AnswerTable(store))) as one, closing(AnswerStore(AnswerTable(store))) as two:
        yield one, two


def never() -> bytes:
    raise AssertionError("it was done a second time")


def test_a_request_that_one_server_did_is_answered_by_the_other(servers: tuple[AnswerStore, AnswerStore]) -> None:
    one, two = servers
    assert one.once("ilves", "key", b"request", lambda: b"answer\0\xff") == b"answer\0\xff"
    assert two.once("ilves", "key", b"request", never) == b"answer\0\xff"
    with pytest.raises(RecordError, match="API-KEY-REUSED"):
        two.once("ilves", "key", b"another", never)


def test_a_request_that_runs_at_one_server_is_not_done_at_the_other(servers: tuple[AnswerStore, AnswerStore]) -> None:
    one, two = servers

    def meanwhile() -> bytes:
        for server in servers:
            with pytest.raises(RecordError, match="API-IN-FLIGHT"):
                server.once("ilves", "key", b"request", never)
        return b"once"

    assert one.once("ilves", "key", b"request", meanwhile) == b"once"
    assert two.once("ilves", "key", b"request", never) == b"once"


def test_what_was_refused_at_one_server_can_be_done_at_the_other(servers: tuple[AnswerStore, AnswerStore]) -> None:
    def refuse() -> bytes:
        raise RecordError("CTX-CHAIN", "not yet")

    one, two = servers
    with pytest.raises(RecordError, match="CTX-CHAIN"):
        one.once("ilves", "key", b"request", refuse)
    assert two.once("ilves", "key", b"request", lambda: b"now") == b"now"


def test_the_claim_of_a_server_that_was_killed_ends(server: Server, store: Address) -> None:
    killed = AnswerTable(store)
    assert killed.claim(("ilves", "key"))
    with closing(AnswerTable(store)) as other:
        assert not other.claim(("ilves", "key"))
        killed.close()
        server_waits(server, store)
        assert other.claim(("ilves", "key"))


def server_waits(server: Server, store: Address) -> None:
    """Wait until one client is connected to a database."""
    with server.boss() as c:
        for _ in range(200):
            query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
            if c.execute(query, (database_of(store.uri),)).fetchone() == (1,):
                return


def test_answers_are_there_after_the_server_of_the_database_came_back(own: Server) -> None:
    place = address(own.database("away"), ORIGIN)
    create(place)
    with closing(AnswerStore(AnswerTable(place))) as store:

        def restart() -> bytes:
            own.stop()
            own.start()
            return b"answer"

        assert store.once("ilves", "key", b"request", restart) == b"answer"
        assert store.once("ilves", "key", b"request", never) == b"answer"


def test_old_answers_go(store: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.api.idempotency._PRUNED", 1)
    now = [1_000_000.0]
    with closing(AnswerStore(AnswerTable(store), lambda: now[0])) as answers:
        answers.once("ilves", "old", b"request", lambda: b"answer")
        now[0] += KEPT + 1
        answers.once("ilves", "new", b"request", lambda: b"answer")
        assert answers.once("ilves", "old", b"request", lambda: b"again") == b"again"
        assert answers.once("ilves", "new", b"request", never) == b"answer"


def test_a_writer_makes_its_tables_in_the_schemas_that_the_owner_made_for_it(server: Server, store: Address) -> None:
    name = database_of(store.uri)
    server.open_to(name)
    clerk = address(server.uri(name, CLERK), ORIGIN)
    with pytest.raises(LedgerError, match="READ-ONLY"):
        AnswerTable(clerk)
    with psycopg.connect(store.uri, autocommit=True) as c:
        c.execute(_RIGHTS.encode())
    with closing(AnswerStore(AnswerTable(clerk))) as answers:
        assert answers.once("ilves", "key", b"request", lambda: b"answer") == b"answer"
    with closing(PostgresDatabase(clerk)) as identities:
        assert identities.rows("SELECT name FROM account") == []


def test_answers_of_a_later_version_are_left_alone(store: Address) -> None:
    AnswerTable(store).close()
    with psycopg.connect(store.uri, autocommit=True) as c:
        c.execute(b"UPDATE comity_requests.version SET version = 2")
    with pytest.raises(LedgerError, match="LEDGER-VERSION"):
        AnswerTable(store)


def test_two_office_servers_give_the_same_bytes_for_a_repeated_request(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = Housed(tmp_path, uri).begun()
    house.with_office("ilves", "ISS")
    for name, value in house.env.items():
        monkeypatch.setenv(name, value)
    key = load(house.keys / "ilves")
    body = submission(key)
    with ExitStack() as opened:
        one, two = (opened.enter_context(serving(house.ledger)) for _ in range(2))
        replies = [each.ask(key, "/v1/entries", body, {"idempotency-key": "k1"}) for each in (one, two, one)]
        assert [each.status for each in replies] == [200] * 3
        assert {each.body for each in replies} == {replies[0].body}
        again = two.ask(key, "/v1/entries", body, {"idempotency-key": "k2"})
        assert again.json["receipts"][0]["already"]
        assert again.body != replies[0].body


def test_two_office_servers_make_the_same_bundle_for_a_repeated_request(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = Housed(tmp_path, uri).begun()
    house.with_office("ilves", "ISS")
    order = house.order()
    assert house.run("log", "commit", "--enrol").exit_code == 0
    for name, value in house.env.items():
        monkeypatch.setenv(name, value)
    key = load(house.keys / "ilves")
    sent: list[bytes] = []
    with ExitStack() as opened:
        one, two = (opened.enter_context(serving(house.ledger)) for _ in range(2))
        client = opened.enter_context(one.connect(key, tmp_path))
        post = client.connection.post

        def kept(path: str, answer: Any, body: bytes, once: str) -> Any:
            sent.append(body)
            return post(path, answer, body, once)

        monkeypatch.setattr(client.connection, "post", kept)
        client.export(order, "CT", purpose="trial", person="Dina Ilves")
        replies = [each.ask(key, f"/v1/orders/{order}/bundle", sent[0]) for each in (one, two, one)]
        assert [each.status for each in replies] == [200] * 3
        assert {each.json["bundle"] for each in replies} == {replies[0].json["bundle"]}
