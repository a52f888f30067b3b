"""A receiver of webhooks verifies each message with the public key, and hears of each entry in order."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from nacl.signing import VerifyKey

from ledger.adapters.keys.key_files import SeedKey
from ledger.errors import LedgerError
from server.jobs.settings import Settings, Webhook
from server.jobs.state import JobStore, WebhookPlace
from server.jobs.table import Place
from server.jobs.webhooks import call_webhooks, public_key_of
from tests.server.jobs.sinks import webhook_sink

Taken = list[tuple[dict[str, str], bytes]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    with closing(JobStore(tmp_path, lambda: 1_000.0)) as opened:
        yield opened


def settings(ledger: Path, url: str, office: str = "ilves", kinds: tuple[str, ...] = ()) -> Settings:
    return Settings({}, webhooks=(Webhook(url, office, str(ledger / "keys" / "PUBLIC-ilves"), list(kinds)),))


def begin(store: JobStore, given: Settings, ledger: Path, position: int = 0) -> None:
    """Begin the webhook at an index of the log: the first run sends nothing, because it begins at the end."""
    call_webhooks(given, store, Place(ledger, ledger, 0))
    ((name,),) = store._c.execute("SELECT name FROM webhook").fetchall()
    store.keep_webhook(name, WebhookPlace(position, 0, 0))


def verify(key: str, headers: Mapping[str, str], body: bytes) -> None:
    """Verify a message as the specification says."""
    scheme, _, signature = headers["webhook-signature"].partition(",")
    assert scheme == "v1a"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    VerifyKey(base64.b64decode(key.removeprefix("whpk_"))).verify(signed, base64.b64decode(signature))


def key_of(ledger: Path) -> str:
    from ledger.adapters.keys.open_key import open_key

    return public_key_of(open_key(str(ledger / "keys" / "PUBLIC-ilves")))


def test_a_new_webhook_begins_at_the_end_of_the_log(ledger: Path, store: JobStore) -> None:
    with webhook_sink([]) as (url, taken):
        call_webhooks(settings(ledger, url), store, Place(ledger, ledger, 0))
        assert taken == []


def test_each_entry_is_told_once_in_the_order_of_the_log_and_verifies(ledger: Path, store: JobStore) -> None:
    with webhook_sink([]) as (url, taken):
        given = settings(ledger, url)
        begin(store, given, ledger)
        for _ in range(2):
            call_webhooks(given, store, Place(ledger, ledger, 0))
    messages = [json.loads(body) for _, body in taken]
    for headers, body in taken:
        verify(key_of(ledger), headers, body)
    indexes = [message["data"]["index"] for message in messages]
    assert indexes == sorted({*indexes})
    assert len(indexes) > 10
    assert {message["type"] for message in messages} == {"entry.recorded"}
    assert {*messages[0]["data"]} == {"log", "index", "leaf", "kind", "entry", "order"}


def test_a_webhook_hears_of_its_kinds_alone(ledger: Path, store: JobStore) -> None:
    with webhook_sink([]) as (url, taken):
        given = settings(ledger, url, kinds=("order-issued",))
        begin(store, given, ledger)
        call_webhooks(given, store, Place(ledger, ledger, 0))
    assert {json.loads(body)["data"]["kind"] for _, body in taken} == {"order-issued"}


def test_a_webhook_hears_nothing_of_orders_that_its_office_may_not_see(ledger: Path, store: JobStore) -> None:
    with webhook_sink([]) as (url, taken):
        given = settings(ledger, url, office="harbor", kinds=("record-accessed",))
        begin(store, given, ledger)
        call_webhooks(given, store, Place(ledger, ledger, 0))
    assert taken == []


@pytest.mark.parametrize("status", [302, 400, 500])
def test_a_message_that_is_not_taken_is_sent_again_and_the_next_ones_wait(
    ledger: Path, store: JobStore, status: int
) -> None:
    with webhook_sink([204, status]) as (url, taken):
        given = settings(ledger, url, kinds=("order-issued", "order-transmitted", "order-received"))
        begin(store, given, ledger)
        with pytest.raises(LedgerError, match="WEBHOOK-SILENT"):
            call_webhooks(given, store, Place(ledger, ledger, 0))
        assert len(taken) == 2
        call_webhooks(given, store, Place(ledger, ledger, 0))  # too early: it waits
        assert len(taken) == 2
        store.now = lambda: 2_000.0
        call_webhooks(given, store, Place(ledger, ledger, 0))
    assert taken[1][0]["webhook-id"] == taken[2][0]["webhook-id"] != taken[0][0]["webhook-id"]
    assert len({headers["webhook-id"] for headers, _ in taken}) == len(taken) - 1


def test_a_receiver_that_is_not_there_stops_no_other(ledger: Path, store: JobStore) -> None:
    with webhook_sink([]) as (url, taken):
        one, two = settings(ledger, "http://127.0.0.1:9/"), settings(ledger, url)
        both = Settings({}, webhooks=(*one.webhooks, *two.webhooks))
        call_webhooks(both, store, Place(ledger, ledger, 0))
        for (name,) in store._c.execute("SELECT name FROM webhook").fetchall():
            store.keep_webhook(name, WebhookPlace(0, 0, 0))
        with pytest.raises(LedgerError, match="WEBHOOK-SILENT"):
            call_webhooks(both, store, Place(ledger, ledger, 0))
        assert len(taken) > 10


def test_the_public_key_has_the_form_of_the_specification() -> None:
    assert public_key_of(SeedKey(bytes(32))).startswith("whpk_O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=")
