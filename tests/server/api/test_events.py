"""New entries arrive as events, by the index of the log, from where a client was; the listeners are limited."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from ledger.adapters.http_signatures import sign_request
from server.api import events
from tests.server.office import Office, serving_story
from tests.support.cli import run


@contextmanager
def listening(office: Office, actor: str, query: str = "", **headers: str) -> Iterator[http.client.HTTPResponse]:
    path = f"/v1/events{query}"
    signed = sign_request(office.key(actor), "GET", office.url + path, headers, None)
    with closing(http.client.HTTPConnection("127.0.0.1", office.port, timeout=20)) as connection:
        connection.request("GET", path, headers=signed)
        yield connection.getresponse()


def event(reply: http.client.HTTPResponse) -> tuple[int, dict[str, object]]:
    """Return the id and the entry of the next event."""
    number = 0
    while line := reply.readline():
        if line.startswith(b"id: "):
            number = int(line[4:])
        if line.startswith(b"data: "):
            return number, json.loads(line[6:])["entry"]
    raise AssertionError("the stream has ended")


def test_an_event_is_an_entry_by_its_index_from_where_the_client_was(office: Office) -> None:
    entries = office.ask("ilves", "/v1/entries?limit=500").json["entries"]
    with listening(office, "ilves", "?after=3") as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        assert [event(reply) for _ in range(3)] == [(n, entries[n]) for n in (3, 4, 5)]
    with listening(office, "ilves", "?after=3", **{"last-event-id": "7"}) as reply:
        assert event(reply) == (8, entries[8])


def test_an_entry_arrives_while_a_client_listens(tmp_path: Path) -> None:
    with serving_story("S2", tmp_path) as office:
        size = office.ask("ilves", "/v1/head").json["head"]["size"]
        with listening(office, "ilves") as reply:
            assert run("log", "commit", "--enrol", ledger=office.ledger).exit_code == 0
            assert event(reply)[0] == size
        with listening(office, "harbor", "?after=0") as reply:
            kinds = [office_kind(event(reply)[1]) for _ in range(size - 4)]
        assert "record-accessed" not in kinds


def office_kind(entry: dict[str, object]) -> str:
    from base64 import b64decode

    line = json.loads(str(entry["entry"]))
    return str(json.loads(b64decode(line["payload"]))["kind"])


def test_one_office_leaves_room_for_the_listeners_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving_story("S2", tmp_path) as office, ExitStack() as stack:
        for _ in range(events.MOST_OF_ONE):
            assert stack.enter_context(listening(office, "harbor")).status == 200
        with listening(office, "harbor") as refused:
            assert (refused.status, refused.headers["retry-after"]) == (429, "1")
        assert stack.enter_context(listening(office, "ilves")).status == 200
        monkeypatch.setattr(events, "MOST", events.MOST_OF_ONE + 1)
        with listening(office, "ilves") as refused:
            assert refused.status == 429, "and all together have a limit"


def test_an_event_that_is_named_by_no_index_is_refused(office: Office) -> None:
    assert office.ask("ilves", "/v1/events", headers={"last-event-id": "x"}).code == "API-REQUEST"


def test_a_key_that_ends_hears_no_more(tmp_path: Path) -> None:
    with serving_story("S2", tmp_path) as office, listening(office, "harbor") as reply:
        revoked = run("key", "revoke", "harbor", "--cause", "left-office", "--yes", ledger=office.ledger)
        assert revoked.exit_code == 0, revoked.output
        assert b"event:" not in reply.read()


def test_the_server_ends_while_clients_listen(tmp_path: Path) -> None:
    with serving_story("S2", tmp_path) as office, listening(office, "ilves") as reply:
        office.running.server.should_exit = True
        assert reply.read().startswith(b": comity")
