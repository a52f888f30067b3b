"""The parts of an envelope are cut out of its one form, up to its largest payload, and out of nothing else."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from ledger.errors import RecordError
from ledger.formats.dsse import EVENT_TYPE, MAX_ENVELOPE, MAX_PAYLOAD, open_bytes, parts, seal_bytes
from ledger.formats.ed25519 import public_key, sign

SEED = bytes(range(32))
KEY = public_key(SEED)


def line(payload: bytes, sig: bytes = bytes(64), kind: str = EVENT_TYPE, keyid: str = "ab" * 32) -> bytes:
    signed = {"keyid": keyid, "sig": b64encode(sig).decode()}
    said = {"payload": b64encode(payload).decode(), "payloadType": kind, "signatures": [signed]}
    return json.dumps(said, separators=(",", ":")).encode()


def test_an_envelope_is_cut_into_payload_key_id_and_signature() -> None:
    payload = json.dumps({"signer": {"key": KEY.hex()}}, separators=(",", ":")).encode()
    raw = seal_bytes(payload, EVENT_TYPE, KEY, lambda message: sign(SEED, message))
    cut = parts(raw, EVENT_TYPE)
    assert cut is not None
    assert cut[0] == payload
    assert line(cut[0], cut[2], keyid=cut[1]) == raw
    assert open_bytes(raw, EVENT_TYPE)[1] == payload


@pytest.mark.parametrize(("size", "whole"), [(0, False), (1, True), (MAX_PAYLOAD, True), (MAX_PAYLOAD + 1, False)])
def test_a_payload_has_a_byte_and_at_most_the_largest_number(size: int, whole: bool) -> None:
    cut = parts(line(b"x" * size), EVENT_TYPE)
    assert cut == ((b"x" * size, "ab" * 32, bytes(64)) if whole else None)


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_signature_has_64_bytes(size: int) -> None:
    assert parts(line(b"x", bytes(size)), EVENT_TYPE) is None


def test_another_type_and_another_form_are_left_to_who_finds_the_error() -> None:
    raw = line(b"x")
    assert parts(line(b"x", kind=f"{EVENT_TYPE}~"), EVENT_TYPE) is None
    for other in (raw + b" ", raw.replace(b":", b": ", 1), raw[:-1], b"", b"\xff", raw + b"x" * MAX_ENVELOPE):
        assert parts(other, EVENT_TYPE) is None


def test_an_envelope_of_more_bytes_than_its_payload_may_have_is_refused() -> None:
    payload = b'{"a":"' + b"x" * 90 + b'"}'
    raw = seal_bytes(payload, "text/x", KEY, lambda message: sign(SEED, message))
    for most, code in ((len(payload) - 1, "ENV-SIZE"), (len(payload), "JSON-FORM")):
        with pytest.raises(RecordError) as refused:
            open_bytes(raw, "text/x", max_bytes=most)
        assert refused.value.code == code
