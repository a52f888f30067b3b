"""A signed request is taken for the key, address, method and content that were signed, for a minute."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from http_message_signatures import HTTPMessageSignaturesException, HTTPMessageVerifier, InvalidSignature

from ledger.adapters import http_signatures
from ledger.adapters.http_signatures import SignedRequest, _text, check_content, check_request, sign_request
from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key, sign

SEED = sha256(b"http").digest()
URL = "https://office.example/v1/orders?since=1"
Headers = dict[str, str]


class Key:
    public = public_key(SEED)

    def sign(self, message: bytes) -> bytes:
        return sign(SEED, message)


KNOWN = Key.public.hex()


def signed(body: bytes | None, method: str = "POST", url: str = URL) -> Headers:
    made = sign_request(Key(), method, url, {"content-type": "application/json"}, body)
    return {name.lower(): value for name, value in made.items()}  # as a server has them


def check(
    headers: Headers, body: bytes | None, method: str = "POST", url: str = URL, known: str = KNOWN
) -> SignedRequest:
    return check_request(lambda key: key == known, method, url, headers, body)


def refused(headers: Headers, body: bytes | None, **more: Any) -> str:
    with pytest.raises(RecordError) as found:
        check(headers, body, **more)
    assert found.value.code == "API-SIGNATURE"
    return found.value.says


def test_a_signature_says_by_which_key_when_and_under_which_nonce() -> None:
    before = int(datetime.now(UTC).timestamp())
    one, other = (check(signed(b"{}"), b"{}") for _ in range(2))
    assert one.key == KNOWN
    assert before <= one.created <= before + 30
    assert len(one.nonce) == 24
    assert one.nonce != other.nonce


def test_content_that_has_not_arrived_needs_a_signed_digest_and_is_compared_afterwards() -> None:
    headers = signed(b"{}")
    assert check(headers, None).key == KNOWN
    check_content(headers, b"{}")
    for body in (b"", b"{} ", b"[]"):
        with pytest.raises(RecordError, match="the body is not the one that was signed"):
            check_content(headers, body)
    with pytest.raises(RecordError, match="the body is not the one that was signed"):
        check_content(signed(None), b"")
    refused(signed(None), None)


def test_a_request_without_content_needs_no_digest() -> None:
    assert check(signed(None, "GET"), b"", method="GET").key == KNOWN


def test_another_key_address_method_or_content_is_refused() -> None:
    headers = signed(b"{}")
    assert "does not hold" in refused(headers, b"[]")
    refused(headers, b"{}", method="PUT")
    refused(headers, b"{}", url=URL.replace("1", "2"))
    refused(headers, b"{}", known="00" * 32)
    refused({"content-type": "application/json"}, b"{}")
    refused(headers | {"signature": headers["signature"].replace("comity", "other")}, b"{}")
    refused(headers | {"content-digest": signed(b"[]")["content-digest"]}, b"{}")


@pytest.mark.parametrize("key", ["", "zz" * 32, "00", KNOWN[:-2]])
def test_a_key_id_that_is_no_key_is_refused_although_the_register_has_it(key: str) -> None:
    headers = signed(b"{}")
    headers["signature-input"] = headers["signature-input"].replace(KNOWN, key)
    refused(headers, b"{}", known=key)


@pytest.mark.parametrize(("size", "taken"), [(0, False), (7, False), (8, True), (200, True), (201, False)])
def test_a_parameter_is_a_text_of_8_to_200_characters(size: int, taken: bool) -> None:
    if taken:
        assert _text({"nonce": "x" * size}, "nonce") == "x" * size
    else:
        with pytest.raises(ValueError, match="its parameter nonce is missing, or has not 8 to 200"):
            _text({"nonce": "x" * size}, "nonce")
    for values in ({}, {"nonce": 12345678}, {"nonce": None}):
        with pytest.raises(ValueError, match="parameter nonce"):
            _text(values, "nonce")


@pytest.mark.parametrize(
    ("age", "taken"), [(0, True), (25, True), (-25, True), (50, True), (70, False), (-40, False), (3600, False)]
)
def test_a_signature_holds_for_a_minute_behind_its_moment_and_for_half_a_minute_before(
    age: int, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.fromtimestamp(datetime.now(UTC).timestamp() - age, tz)

    monkeypatch.setattr(http_signatures, "datetime", Clock)
    headers = signed(b"{}")
    if taken:
        check(headers, b"{}")
    else:
        refused(headers, b"{}")


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (InvalidSignature(), "InvalidSignature"),
        (HTTPMessageSignaturesException("a wrong label"), "a wrong label"),
        (ValueError("grüße" + "x" * 195), "gr??e" + "x" * 195),
        (ValueError("x" * 201), "x" * 200),
        (KeyError("created"), "'created'"),
    ],
)
def test_whatever_a_library_finds_wrong_is_said_in_ascii_and_shortly(
    fault: Exception, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(HTTPMessageVerifier, "verify", fail)
    assert refused(signed(b"{}"), b"{}") == f"the signature of the request does not hold: {says}"


@pytest.mark.parametrize("fault", [ValueError("no point"), UnsupportedAlgorithm("none")])
def test_a_key_that_this_machine_cannot_use_checks_no_signature(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Keys:
        @staticmethod
        def from_public_bytes(data: bytes) -> None:
            raise fault

    headers = signed(b"{}")
    monkeypatch.setattr(http_signatures, "Ed25519PublicKey", Keys)
    refused(headers, b"{}")


@pytest.mark.parametrize(
    "digest", ["", "garbage", "=", "ü", "sha-256", "sha-256=1", "sha-256=:%%%:", "sha-256=:AAAA:", "md5=:AAAA:"]
)
def test_a_digest_of_another_form_is_that_of_no_body(digest: str) -> None:
    with pytest.raises(RecordError, match="the body is not the one that was signed"):
        check_content({"content-digest": digest}, b"x")
    refused(signed(b"x") | {"content-digest": digest}, b"x")
