"""What Prometheus reads from a server: numbers about the log and its requests, and no value of the record."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")
pytest.importorskip("prometheus_client", reason="needs the extra `server`")

from prometheus_client.parser import text_string_to_metric_families as families

from ledger.adapters.keys.open_key import open_key
from server.operations.log_state import LogState
from server.operations.metrics import Metrics
from tests.server.office import Office, serving
from tests.support.cli import House

STATE = LogState(9, 10, 4, 1_700_000_000.0, 2.5, {"GUARD-MISSING": 3})


@contextmanager
def read(metrics: Metrics) -> Iterator[dict[tuple[str, frozenset[tuple[str, str]]], float]]:
    """Yield the samples that a reader gets over HTTP: (name, labels) -> value."""
    port, end = metrics.serve("127.0.0.1", 0)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
    finally:
        end()
    yield {(s.name, frozenset(s.labels.items())): s.value for family in families(text) for s in family.samples}


def counted(metrics: Metrics, **given: str) -> None:
    """Wait until a request is counted, which is when its answer was sent."""
    end = time.monotonic() + 10
    while metrics.registry.get_sample_value("comity_http_requests_total", given) is None and time.monotonic() < end:
        time.sleep(0.05)


def labels(**given: str) -> frozenset[tuple[str, str]]:
    return frozenset(given.items())


def test_the_state_of_the_log_is_read_when_it_is_asked_for() -> None:
    with read(Metrics(lambda: STATE, certificate_ends=1_800_000_000.0)) as seen:
        none = labels()
        assert seen["comity_log_size", none] == 9
        assert seen["comity_log_stored", none] == 10
        assert seen["comity_witness_lag", none] == 5
        assert seen["comity_log_signed_timestamp_seconds", none] == 1_700_000_000
        assert seen["comity_log_unable_seconds", none] == 2.5
        assert seen["comity_log_refusals_total", labels(code="GUARD-MISSING")] == 3
        assert seen["comity_tls_certificate_end_timestamp_seconds", none] == 1_800_000_000


def test_without_tls_no_certificate_ends() -> None:
    with read(Metrics(lambda: STATE)) as seen:
        assert not [name for name, _ in seen if "certificate" in name]


def test_requests_are_counted_by_route_and_status_and_problems_by_code(office: Office) -> None:
    order = office.ask("ilves", "/v1/orders").json["orders"][0]["order"]["order"]
    assert office.ask("ilves", f"/v1/orders/{order}").status == 200
    assert office.ask("ilves", "/v1/orders/nothing").code == "API-MISSING"
    assert office.send("BREW", "/nowhere").status == 404
    counted(office.running.metrics, method="other", route="", status="404")
    with read(office.running.metrics) as seen:
        one = "/v1/orders/{order}"
        assert seen["comity_http_requests_total", labels(method="GET", route=one, status="200")] >= 1
        assert seen["comity_http_requests_total", labels(method="GET", route=one, status="404")] >= 1
        assert seen["comity_http_requests_total", labels(method="other", route="", status="404")] >= 1
        assert seen["comity_http_problems_total", labels(code="API-MISSING")] >= 2
        assert seen["comity_http_request_seconds_count", labels(route=one)] >= 2
        assert seen["comity_log_size", labels()] == office.send("GET", "/ready").json["size"]


def test_no_label_has_a_value_of_a_request_or_of_the_record(office: Office) -> None:
    office.ask("ilves", "/v1/orders?name=PPO-1")
    office.send("GET", "/v1/Mandarin?who=Erika")
    allowed = re.compile(r"GET|HEAD|POST|other||/|(/[a-z0-9_.{}-]+)+|[0-9]{1,3}|[A-Z-]+|[0-9.]+|\+Inf")
    with read(office.running.metrics) as seen:
        values = {value for _, given in seen for _, value in given}
        assert len(values) > 5
        assert [value for value in values if not allowed.fullmatch(value)] == []
        assert "/v1/Mandarin" not in values


def test_stored_entries_are_counted_with_the_time_that_storing_took(house: House) -> None:
    order = house.order()
    with serving(house.ledger) as office:
        with office.connect(open_key(str(house.keys / "ilves")), house.folder / "client") as court:
            court.record("order-transmitted", {"addressee": "skylark", "channel": "mail"}, order)
        with read(office.running.metrics) as seen:
            assert seen["comity_append_seconds_count", labels()] == 1
            assert seen["comity_append_entries_sum", labels()] == 1
            assert 0 < seen["comity_append_seconds_sum", labels()] < 30
