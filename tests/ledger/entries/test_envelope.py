"""Sealed entries: the signed bytes, and every way in which a line can be invalid."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from ledger.entries.case import Unread
from ledger.entries.envelope import Circumstances, EntryPlace, Sealed, Signer, entry_of, open_, seal
from ledger.errors import RecordError
from ledger.facts import build
from ledger.formats.canonical_json import MAX_NODES, canonical, parse_json
from ledger.formats.dsse import EVENT_TYPE, MANIFEST_TYPE, pae, seal_bytes

KEY = SigningKey(b"\x01" * 32)
NOW = datetime(2027, 3, 15, 13, 0, tzinfo=UTC)
ORDER = "11111111-2222-4333-8444-555555555555"
SKYLARK = Signer("skylark", "SP", "XV", bytes(KEY.verify_key), lambda message: KEY.sign(message).signature)
PLACE = EntryPlace("ledger.example/xo/karsk", ORDER, 2, "ab" * 32, "2AP-7")
MANIFEST = {"elements": ["name"], "files": [{"name": "return.json", "size": 7, "sha256": "6a" * 32}]}


def sealed(**more: Any) -> Sealed:
    fact = build("data-disclosed", {"partial": False, "channel": "provider-portal"}, {"manifest": MANIFEST})
    return seal(fact, PLACE, SKYLARK, Circumstances(NOW, NOW, **more), "0" * 32, lambda n: b"\x07" * n)


def payload_of(raw: bytes) -> bytes:
    return base64.b64decode(orjson.loads(raw)["payload"])


def resealed(change: Any) -> bytes:
    """Change the payload of the line by `change`, which returns its bytes, and sign it again."""
    return seal_bytes(change(payload_of(sealed().raw)), EVENT_TYPE, SKYLARK.public, SKYLARK.sign)


def code_of(raw: bytes) -> str:
    with pytest.raises(RecordError) as refused:
        open_(raw)
    return refused.value.code


def test_what_was_sealed_opens_to_the_same_fact_and_the_same_bytes() -> None:
    made = sealed(whose="brightmoor", speaks="import", on_source="other-party")
    opened = open_(made.raw)
    assert opened.raw == made.raw
    assert opened.leaf == made.leaf == hashlib.sha256(b"\x00" + made.raw).hexdigest()
    assert opened.payload.public["channel"] == "provider-portal"
    assert opened.payload.whose == "brightmoor"
    assert opened.sd == [made.disclosures[0].digest]


def test_the_same_fact_at_the_same_place_gives_the_same_line() -> None:
    assert sealed().raw == sealed().raw


def test_a_sealed_value_is_nowhere_in_the_line() -> None:
    assert b"return.json" not in payload_of(sealed().raw)


def test_a_field_whose_presence_would_tell_something_is_committed_to_even_where_it_was_not_stated() -> None:
    fact = build("order-received", {}, {})
    made = seal(fact, PLACE, SKYLARK, Circumstances(NOW, NOW), "0" * 32, lambda n: b"\x07" * n)
    opened = open_(made.raw)
    assert opened.payload.sealed == ["circumstances"]
    assert not entry_of(opened, 0, {"circumstances": None}).stated("circumstances")


def test_a_reader_tells_a_value_a_withheld_one_an_erased_one_and_one_never_stated_apart() -> None:
    opened = open_(sealed().raw)
    assert entry_of(opened, 0, {"manifest": MANIFEST}).get("manifest") == MANIFEST
    assert entry_of(opened, 0).sealed["manifest"] is Unread.WITHHELD
    erased = entry_of(opened, 0, erased=["manifest"])
    assert erased.erased("manifest")
    assert erased.stated("manifest")
    assert erased.get("manifest") is None
    assert not erased.stated("certificate")


def test_every_flipped_bit_of_a_sealed_entry_is_refused() -> None:
    raw = sealed().raw
    for position in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[position // 8] ^= 1 << position % 8
        with pytest.raises(RecordError):
            open_(bytes(flipped))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda raw: raw + b"\n", "ENV-NONCANON"),
        (lambda raw: raw.replace(b'":"', b'": "', 1), "ENV-NONCANON"),
        (lambda raw: raw[:-1] + b',"more":1}', "ENV-NONCANON"),
        (lambda raw: raw.replace(b"event.v1", b"Event.v1"), "ENV-TYPE"),
        (lambda raw: raw.replace(b"vnd.comity.event", b"vnd.comity.manifest"), "ENV-TYPE"),
        (lambda raw: raw.replace(b'"signatures":[{', b'"signatures":[{"keyid":"","sig":""},{'), "ENV-SIGCOUNT"),
        (lambda raw: raw[: raw.index(b'"signatures"')] + b'"signatures":[]}', "ENV-SIGCOUNT"),
        (lambda raw: raw.replace(hashlib.sha256(SKYLARK.public).hexdigest().encode(), b"0" * 64), "ENV-KEYID"),
        (lambda raw: raw.replace(b'"payload":"', b'"payload":"' + b"AAAA" * 14_000), "ENV-SIZE"),
        (lambda raw: b"", "ENV-NONCANON"),
        (lambda raw: b"\xff\xfe", "ENV-NONCANON"),
    ],
)
def test_a_line_that_is_not_the_one_form_of_an_envelope_is_refused(change: Any, code: str) -> None:
    assert code_of(change(sealed().raw)) == code


def test_base64_with_bits_that_nobody_reads_is_refused() -> None:
    raw = sealed().raw
    body = orjson.loads(raw)["payload"]
    if not body.endswith("="):
        raw = resealed(lambda p: p.replace(b'"seq":2', b'"seq":22'))
        body = orjson.loads(raw)["payload"]
    assert body.endswith("=")
    stem = body.rstrip("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = stem[:-1] + alphabet[alphabet.index(stem[-1]) + 1] + "=" * (len(body) - len(stem))
    assert base64.b64decode(other) == base64.b64decode(body)
    assert code_of(raw.replace(body.encode(), other.encode())) == "ENV-NONCANON"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda p: p.replace(b'"seq":2', b'"seq":2,"seq":2'), "JSON-FORM"),
        (lambda p: p.replace(b'"seq":2', b'"seq": 2'), "JSON-FORM"),
        (lambda p: p.replace(b'"seq":2', b'"seq":2.0'), "JSON-NUMBER"),
        (lambda p: p.replace(b'"seq":2', b'"seq":9007199254740992'), "JSON-NUMBER"),
        (lambda p: p.replace(b'"seq":2', b'"seq":0'), "JSON-MEMBER"),
        (lambda p: p.replace(b'"v":1', b'"v":2'), "JSON-MEMBER"),
        (lambda p: p.replace(b'"v":1', b'"v":1,"w":1'), "JSON-MEMBER"),
        (lambda p: p.replace(b'"refs":[]', b'"refs":null'), "JSON-MEMBER"),
        (lambda p: re.sub(rb'"signed_at":"....-..', b'"signed_at":"2027-13', p), "JSON-MEMBER"),
        (lambda p: p.replace(b'"v":1', b'"v":1,"whose":null'), "JSON-MEMBER"),
        (lambda p: p.replace(b'"partial":false', b'"partial":false,"Q":1'), "JSON-KEY"),
        (lambda p: p.replace(b"provider-portal", b"provider\\u002dportal"), "JSON-FORM"),
        (lambda p: p.replace(b"provider-portal", "provider\u202eportal".encode()), "JSON-CHAR"),
        (lambda p: p.replace(b"provider-portal", "e\u0301".encode()), "JSON-NFC"),
        (lambda p: p.replace(b'"sealed":["manifest"]', b'"sealed":[]'), "SD-COUNT"),
        (lambda p: p.replace(b'"sealed":["manifest"]', b'"sealed":["partial"]'), "SD-NAME"),
    ],
)
def test_signed_bytes_outside_the_payload_profile_are_refused(change: Any, code: str) -> None:
    assert code_of(resealed(change)) == code


def test_a_signature_over_another_payload_type_is_no_signature_here() -> None:
    body = payload_of(sealed().raw)
    other = seal_bytes(body, MANIFEST_TYPE, SKYLARK.public, SKYLARK.sign)
    assert code_of(other.replace(b"vnd.comity.manifest", b"vnd.comity.event")) == "SIG-BAD"


def test_the_encoding_that_is_signed_is_that_of_dsse() -> None:
    assert (
        pae("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_a_payload_over_the_limit_is_refused_before_it_is_signed() -> None:
    fact = build(
        "order-issued",
        {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV", "domestic_legal_grounds": ["s" * 150] * 300},
        {},
    )
    with pytest.raises(RecordError) as refused:
        seal(fact, PLACE, SKYLARK, Circumstances(NOW, NOW), "0" * 32, lambda n: b"\x07" * n)
    assert refused.value.code == "ENV-SIZE"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(codec="ascii", categories=["L", "N", "P"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.from_regex("[a-z_][a-z0-9_]{0,9}", fullmatch=True), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_canonical_bytes_parse_to_the_value_they_came_from(value: Any) -> None:
    assert parse_json(canonical(value)) == value


@given(JSON)
def test_our_canonical_form_is_that_of_rfc_8785(value: Any) -> None:
    rfc8785 = pytest.importorskip("rfc8785")
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("depth", [17, 1_025, 100_000])
def test_deep_nesting_is_refused_without_running_out_of_stack(depth: int) -> None:
    with pytest.raises(RecordError) as refused:
        parse_json(b"[" * depth + b"]" * depth, max_bytes=1 << 20)
    assert refused.value.code in ("JSON-DEPTH", "JSON-FORM")


def test_too_many_values_are_refused() -> None:
    with pytest.raises(RecordError) as refused:
        parse_json(orjson.dumps([0] * MAX_NODES))
    assert refused.value.code == "JSON-SIZE"
    assert parse_json(orjson.dumps([0] * (MAX_NODES - 1))) == [0] * (MAX_NODES - 1)


def test_a_producer_that_is_handed_no_number_refuses_to_write_null() -> None:
    with pytest.raises(RecordError) as refused:
        canonical({"share": float("nan")})
    assert refused.value.code == "JSON-NUMBER"


@pytest.mark.parametrize("key", ["", "A", "__proto__x" * 7, "\u0430", "a-b", "$", "_sd_algo2" * 9])
def test_names_outside_a_to_z_are_refused(key: str) -> None:
    with pytest.raises(RecordError) as refused:
        canonical({key: 1})
    assert refused.value.code == "JSON-KEY"


def test_an_opened_entry_never_holds_bytes_other_than_those_it_was_opened_from() -> None:
    raw = sealed().raw
    assert open_(raw).raw is raw
    assert open_(raw, verify=False).raw is raw


def test_a_name_or_a_digest_with_a_line_feed_behind_it_is_refused() -> None:
    assert code_of(resealed(lambda p: p.replace(b"ab" * 32, b"ab" * 32 + b"\\n"))) == "JSON-MEMBER"
