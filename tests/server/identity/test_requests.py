"""A request is its signer's, once, for a minute: every part that a signature has to cover, and the rate."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from http_message_signatures import HTTPMessageSigner, algorithms

from ledger.adapters.http_signatures import WINDOW, sign_request
from ledger.adapters.keys.key_files import SeedKey
from ledger.errors import RecordError
from server.identity.database import SQLiteDatabase
from server.identity.requests import RateLimit, SignatureGate
from server.identity.sessions import Spent

KEY, OTHER = SeedKey(b"\x01" * 32), SeedKey(b"\x02" * 32)
URL = "https://office.test/v1/entries?limit=5"
BODY = b'{"entries": []}'


class Message:
    def __init__(self, headers: Mapping[str, str], method: str = "POST", url: str = URL) -> None:
        self.method, self.url, self.headers = method, url, dict(headers)


def gate(started: float | None = None) -> SignatureGate:
    start = time.time() - 5 if started is None else started
    spent: set[tuple[str, str]] = set()

    def spend(sender: str, nonce: str, until: int) -> bool:
        fresh = (sender, nonce) not in spent
        spent.add((sender, nonce))
        return fresh

    return SignatureGate(lambda key: key == KEY.public.hex(), spend, iter_now(start))


def iter_now(first: float) -> Callable[[], float]:
    moments = iter([first])
    return lambda: next(moments, time.time())


def signed(body: bytes | None = BODY, *, key: SeedKey = KEY, url: str = URL, method: str = "POST") -> dict[str, str]:
    return sign_request(key, method, url, {"content-type": "application/json"}, body)


def check(headers: Mapping[str, str], *, method: str = "POST", url: str = URL, body: bytes = BODY) -> str:
    return gate().check(method, url, headers, body)


def by_hand(**other: object) -> dict[str, str]:
    """Return the headers of a request that is signed in another way."""
    message = Message({})
    values = {
        "key_id": KEY.public.hex(), "created": datetime.now(UTC), "nonce": "a nonce of enough", "label": "comity",
        "covered_component_ids": ("@method", "@target-uri"), "body": BODY, **other,
    }  # fmt: skip
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519)
    prepared = signer.prepare(message, **values)  # type: ignore[arg-type]
    signer.apply(message, prepared, KEY.sign(prepared.signature_base))
    return message.headers


def test_a_signed_request_is_its_keys() -> None:
    assert check(signed()) == KEY.public.hex()
    assert check(signed(None, method="GET"), method="GET", body=b"") == KEY.public.hex()
    assert check(by_hand()) == KEY.public.hex()


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "GET"},
        {"url": URL.replace("limit=5", "limit=6")},
        {"url": URL.replace("office.test", "other.test")},
        {"url": URL.replace("https", "http")},
        {"body": BODY + b" "},
        {"body": b""},
    ],
)
def test_a_signature_is_of_one_method_address_and_body(changed: dict[str, str]) -> None:
    with pytest.raises(RecordError, match="API-SIGNATURE"):
        check(signed(), **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        {"key_id": OTHER.public.hex()},
        {"key_id": "nobody of any name"},
        {"nonce": None},
        {"nonce": "short"},
        {"nonce": "n" * 201},
        {"created": -WINDOW - timedelta(seconds=30)},
        {"created": WINDOW + timedelta(seconds=30)},
        {"expires": -WINDOW},
        {"covered_component_ids": ("@method",)},
        {"covered_component_ids": ("@target-uri",)},
        {"body": None},
    ],
)
def test_a_signature_that_lacks_a_part_is_none(other: dict[str, object]) -> None:
    now = datetime.now(UTC)
    said = {name: now + value if isinstance(value, timedelta) else value for name, value in other.items()}
    with pytest.raises(RecordError, match="API-SIGNATURE"):
        check(by_hand(**said))


@pytest.mark.parametrize("name", ["Signature", "Signature-Input", "Content-Digest"])
@pytest.mark.parametrize("value", [None, "", "x", "comity=()", "comity=:AAAA:", "\xff", "comity=" + "(" * 500])
def test_a_header_that_is_missing_or_spoilt_is_no_signature(name: str, value: str | None) -> None:
    headers = {key: text for key, text in signed().items() if key.lower() != name.lower()}
    with pytest.raises(RecordError, match="API-SIGNATURE"):
        check(headers if value is None else {**headers, name: value})


def test_a_signature_counts_once() -> None:
    entrance, headers = gate(), signed()
    entrance.check("POST", URL, headers, BODY)
    with pytest.raises(RecordError, match="API-REPLAY"):
        entrance.check("POST", URL, headers, BODY)
    entrance.check("POST", URL, signed(), BODY)


def test_a_signature_counts_once_also_after_a_restart_and_at_another_server(tmp_path: Path) -> None:
    headers = by_hand(created=datetime.now(UTC) + timedelta(seconds=30))  # a clock ahead: later than the next start
    known = lambda key: key == KEY.public.hex()  # noqa: E731
    with closing(SQLiteDatabase(tmp_path / "identity.db")) as first:
        SignatureGate(known, Spent(first).spend).check("POST", URL, headers, BODY)
    with closing(SQLiteDatabase(tmp_path / "identity.db")) as other, pytest.raises(RecordError, match="API-REPLAY"):
        SignatureGate(known, Spent(other).spend).check("POST", URL, headers, BODY)


def test_a_signature_from_before_the_start_does_not_count_again() -> None:
    with pytest.raises(RecordError, match="API-REPLAY"):
        gate(time.time() + 10).check("POST", URL, signed(), BODY)


def test_a_sender_has_its_rate_and_no_other_senders() -> None:
    now = [0.0]
    limit = RateLimit(2, lambda: now[0])
    for _ in range(4):
        limit.spend("one")
    with pytest.raises(RecordError, match="API-RATE"):
        limit.spend("one")
    limit.spend("other")
    now[0] = 0.5
    limit.spend("one")
    with pytest.raises(RecordError, match="API-RATE"):
        limit.spend("one")
