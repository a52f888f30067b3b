"""The parts of an envelope are cut out of its one form, up to its largest payload, and out of nothing else."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from ledger.errors import RecordError
from ledger.formats.dsse import (
    EVENT_TYPE,
    MANIFEST_TYPE,
    MAX_ENVELOPE,
    MAX_PAYLOAD,
    POLICY_TYPE,
    open_bytes,
    parts,
    seal_bytes,
)
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


SIGNED = seal_bytes(
    b'{"signer":{"key":"%s"}}' % KEY.hex().encode(), EVENT_TYPE, KEY, lambda message: sign(SEED, message)
)


def code_of(raw: bytes, says: str = ".", most: int = MAX_PAYLOAD) -> str:
    with pytest.raises(RecordError, match=says) as refused:
        open_bytes(raw, EVENT_TYPE, max_bytes=most)
    return refused.value.code


def changed(**members: object) -> bytes:
    return json.dumps(json.loads(SIGNED) | members, separators=(",", ":")).encode()


def test_a_line_is_opened_only_with_the_signature_of_the_key_that_its_payload_names() -> None:
    assert open_bytes(SIGNED, EVENT_TYPE)[0] == {"signer": {"key": KEY.hex()}}
    payload = open_bytes(SIGNED, EVENT_TYPE)[1]
    false = seal_bytes(payload, EVENT_TYPE, KEY, lambda message: sign(bytes(32), message))
    assert code_of(false) == "SIG-BAD"
    assert open_bytes(false, EVENT_TYPE, verify=False)[1] == payload
    assert code_of(seal_bytes(payload, EVENT_TYPE, public_key(bytes(32)), lambda m: sign(SEED, m))) == "ENV-KEYID"


@pytest.mark.parametrize("text", ["QUJDR", "QUJD=", "QUJD==", "QR==", "QUJ"])
def test_base64_of_another_spelling_is_refused(text: str) -> None:
    assert code_of(changed(payload=text), "base64") == "ENV-NONCANON"


@pytest.mark.parametrize("count", [0, 2, 3])
def test_a_line_has_one_signature(count: int) -> None:
    (one,) = json.loads(SIGNED)["signatures"]
    assert code_of(changed(signatures=[one] * count), f"{count} signatures; an entry has one") == "ENV-SIGCOUNT"
    assert code_of(changed(signatures=[one] * count, payloadType="text/x"), "signatures") == "ENV-SIGCOUNT"


@pytest.mark.parametrize("kind", ["text/x", "", None, 7])
def test_a_line_of_another_type_is_named_as_such(kind: object) -> None:
    assert code_of(changed(payloadType=kind), "payload type") == "ENV-TYPE"
    assert code_of(changed(payloadType=kind, more=1), f"payload type {kind!r}") == "ENV-TYPE"


@pytest.mark.parametrize("kind", [EVENT_TYPE, MANIFEST_TYPE, POLICY_TYPE])
def test_a_line_in_another_form_is_not_canonical(kind: str) -> None:
    for members in ({"more": 1}, {"signatures": 7}, {"signatures": "ab"}, {"signatures": None}):
        assert code_of(changed(payloadType=kind, **members), "not the canonical one-line form") == "ENV-NONCANON"


@pytest.mark.parametrize("raw", [b"[]", b'"text"', b"7", b"null", b"[[],[]]"])
def test_json_that_is_no_object_is_no_line(raw: bytes) -> None:
    assert code_of(raw, "not the canonical one-line form") == "ENV-NONCANON"


def test_bytes_that_are_no_json_are_no_line_up_to_the_largest_and_too_many_beyond() -> None:
    assert code_of(b"", "not a sealed entry") == "ENV-NONCANON"
    assert code_of(b"x" * 49_152, "not a sealed entry") == "ENV-NONCANON"
    assert code_of(b"x" * 49_153, "the envelope has 49153 bytes") == "ENV-SIZE"
    assert code_of(b"x" * 80_512, "not a sealed entry", 60_000) == "ENV-NONCANON"  # in base64, and 512 bytes around it
    assert code_of(b"x" * 80_513, "the envelope has 80513 bytes", 60_000) == "ENV-SIZE"


@pytest.mark.parametrize(
    "payload",
    [
        b"[]",
        b"{}",
        b'{"signer":[]}',
        b'{"signer":{}}',
        b'{"signer":{"key":7}}',
        b'{"signer":{"key":"%s"}}' % (b"ab" * 31 + b"a"),
        b'{"signer":{"key":"%s"}}' % (b"AB" * 32),
        b'{"signer":{"key":"%s"}}' % (b"ab" * 32 + b"a"),
    ],
)
def test_a_payload_names_its_key_in_64_hex_digits(payload: bytes) -> None:
    raw = seal_bytes(payload, EVENT_TYPE, KEY, lambda message: sign(SEED, message))
    assert code_of(raw, "does not name its signer's key") == "JSON-FORM"


@pytest.mark.parametrize(
    ("more", "code"), [(',"v":1.5', "JSON-NUMBER"), (',"V":1', "JSON-KEY"), (', "v":1', "JSON-FORM")]
)
def test_a_signed_payload_outside_the_domain_is_refused_with_or_without_its_signature(more: str, code: str) -> None:
    payload = f'{{"signer":{{"key":"{KEY.hex()}"}}{more}}}'.encode()
    raw = seal_bytes(payload, EVENT_TYPE, KEY, lambda message: sign(SEED, message))
    for verify in (True, False):
        with pytest.raises(RecordError) as refused:
            open_bytes(raw, EVENT_TYPE, verify=verify)
        assert refused.value.code == code
