"""Logs have what operators need, and no name, reference or id of the record."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from ledger.adapters.keys.open_key import open_key
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.entries.envelope import open_
from server.api.sign_in import EVERY_ROUTE
from server.operations.request_log import JsonFormatter, json_logs
from tests.server.office import serving, serving_story
from tests.support.cli import House

CHOSEN = "0123456789abcdef"
SHORT = 4  # letters; shorter values are codes of States and roles


def strings(value: Any) -> set[str]:
    """Return every text in a value that a person or a case could be found by."""
    match value:
        case str():
            return {value}
        case dict():
            return set().union(*(strings(each) for each in value.values()))
        case list() | tuple():
            return set().union(*(strings(each) for each in value))
        case _:
            return set()


def record_of(ledger: Path) -> set[str]:
    """Return the texts of the entries of a ledger: public values, orders, signers and their keys."""
    found: set[str] = set()
    with EntryReader(ledger / "entries.db") as store:
        for page in store.pages():
            for _, raw in page:
                p = open_(raw).payload
                found |= {p.order, p.signer.key, p.signer.actor, p.entry} | strings(p.public)
    return {text for text in found if len(text) >= SHORT}


def test_the_logs_of_a_session_have_nothing_of_the_record(house: House) -> None:
    order, stream, key = house.order(), io.StringIO(), open_key(str(house.keys / "ilves"))
    with json_logs(stream), serving(house.ledger, log_requests=True) as office:
        with office.connect(key, house.folder / "client") as court:
            (line,) = court.orders()
            court.order(order)
            court.record("order-transmitted", {"addressee": "skylark", "channel": "mail"}, order)
        assert office.ask(key, f"/v1/orders?name={line.ref}").status == 200
        assert office.ask(key, "/v1/orders/Erika-Mustermann", headers={"X-Request-ID": "Erika"}).status == 404
        assert office.ask(key, "/v1/entries", b'{"entries": [{"entry": "Erika"}]}').status == 422
        assert office.ask(key, "/v1/entries", b"{}", headers={"Idempotency-Key": "Erika"}).status == 400
        known = record_of(house.ledger)
    assert {line.ref, order, "ilves", "skylark"} <= known
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) > 8
    assert {line.pop("office") for line in lines} == {"ilves"}  # operators have to know it
    routes = {route.path for route in EVERY_ROUTE}
    assert {line.pop("route") for line in lines} < routes
    assert {line.pop("logger") for line in lines} == {"server.operations.request_log"}
    assert all(line.pop("time") for line in lines)  # entries have today, too
    text = json.dumps(lines)
    assert {name for name in known | {"Erika", "Mustermann"} if name in text} == set()


def test_a_request_has_its_id_route_status_office_and_duration(tmp_path: Path) -> None:
    stream = io.StringIO()
    with json_logs(stream), serving_story("S2", tmp_path, log_requests=True) as office:
        given = office.ask("ilves", "/v1/orders/nothing", headers={"X-Request-ID": CHOSEN})
        made = office.send("GET", "/v1/head", headers={"X-Request-ID": "Erika Mustermann"})
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert given.headers["x-request-id"] == first["request"] == CHOSEN
    assert made.headers["x-request-id"] == second["request"] != "Erika Mustermann"
    assert (first["method"], first["route"], first["status"]) == ("GET", "/v1/orders/{order}", 404)
    assert (first["code"], first["office"], second["office"]) == ("API-MISSING", "ilves", "")
    assert 0 < first["seconds"] < 30


def test_of_an_exception_the_type_and_the_place_are_logged_and_not_its_text() -> None:
    try:
        raise ValueError("Erika Mustermann")
    except ValueError as error:
        record = logging.LogRecord(
            "server", logging.ERROR, "", 0, "failed", None, (type(error), error, error.__traceback__)
        )
    line = JsonFormatter().format(record)
    assert "Mustermann" not in line
    logged = json.loads(line)
    assert logged["exception"] == "ValueError"
    assert __file__.rpartition("/")[2] in logged["at"][0]


def test_the_format_of_logs_ends_with_the_block() -> None:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    with json_logs(io.StringIO()):
        assert len(logging.getLogger().handlers) == len(before[0]) + 1
    assert (logging.getLogger().handlers, logging.getLogger().level) == before
