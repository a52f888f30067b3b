"""The fast and the full reading of an entry agree: each line that the fast one accepts reads the same in full."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entries.envelope import Circumstances, EntryPlace, Signer, _at_a_glance, _verified, _with_care, open_, seal
from ledger.errors import RecordError
from ledger.facts import build
from ledger.formats.canonical_json import canonical, parse_json
from ledger.formats.dsse import EVENT_TYPE, parts, seal_bytes
from ledger.formats.ed25519 import public_key, sign
from tests.support.samples import examples

SEED = bytes(range(32))
PUBLIC = public_key(SEED)
AT = datetime(2026, 11, 24, 13, 37, 44, tzinfo=UTC)


def sign_it(message: bytes) -> bytes:
    return sign(SEED, message)


ENTRY = seal(
    build("order-issued", {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV"}, {"identifiers": ["x"]}),
    EntryPlace("ledger.example/xo/karsk", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", 1, None, "2AP-7"),
    Signer("ilves", "ISS", "XO", PUBLIC, sign_it),
    Circumstances(on=AT, signed_at=AT, audience={"identifiers": ["ISS"]}),
    "00" * 16,
    bytes,
).raw
BODY: bytes = (parts(ENTRY, EVENT_TYPE) or (b"", "", b""))[0]


def agree(raw: bytes) -> bool:
    """Return True if the fast reading accepts the line; assert that the full reading then returns the same."""
    quick = _at_a_glance(raw)
    if quick is None or not _verified(quick):
        return False
    assert quick[0] == _with_care(raw, True)
    return True


def signed(body: bytes) -> bytes:
    return seal_bytes(body, EVENT_TYPE, PUBLIC, sign_it)


def test_an_ordinary_entry_is_taken_at_a_glance() -> None:
    open_(ENTRY)  # the fast reading knows the names that a full reading has seen
    assert agree(ENTRY)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb'"v":1', rb'"v":1.0'),
        (rb'"v":1', rb'"v": 1'),
        (rb'"seq":1', rb'"seq":1e0'),
        (rb'"seq":1', rb'"seq":9007199254740992'),
        (rb'"seq":1', rb'"seq":1,"seq":1'),
        (rb'"to_party":"XV"', rb'"to_party":"X\u0056"'),
        (rb'"to_party":"XV"', b'"to_party":"X\x7f"'),
        (rb'"to_party":"XV"', b'"to_party":"X\x0a"'),
        (rb'"to_party":"XV"', b'"to_party":"X\xff"'),
        (rb'"to_party":"XV"', rb'"to_party":1.5'),
        (rb'"to_party":"XV"', rb'"to_party":-0'),
        (rb'"to_party":"XV"', rb'"to_party":18446744073709551616'),
        (rb'"to_party":"XV"', rb'"to_party":"XV","Upper":1'),
        (rb'"to_party":"XV"', rb'"to_party":"XV","to_party":"XV"'),
        (rb'"to_party":"XV"', b'"to_party":' + b"[" * 5_000 + b"]" * 5_000),
        (rb'"to_party":"XV"', b'"to_party":[' + b"0," * 2_000 + b"0]"),
        (rb'"audience":{"identifiers":["ISS"]}', rb'"audience":{}'),
        (rb'"audience":{"identifiers":["ISS"]}', rb'"audience":{"Identifiers":["ISS"]}'),
        (rb'"audience":{"identifiers":["ISS"]}', rb'"audience":null'),
        (rb'"speaks":"act"', rb'"speaks":"act","unknown":1'),
        (rb'"on":"2026', rb'"on":"2026 '),
    ],
)
def test_a_body_outside_the_domain_is_not_taken_at_a_glance_and_refused(old: bytes, new: bytes) -> None:
    body = BODY.replace(old, new, 1)
    assert body != BODY
    raw = signed(body)
    if b'"audience":{}' not in body:  # `open_` refuses it after either reading of the payload
        assert not agree(raw)
    with pytest.raises(RecordError):
        open_(raw)


@examples(300)
@given(st.integers(0, len(ENTRY) * 8 - 1))
def test_an_entry_with_another_bit_is_never_taken_at_a_glance(bit: int) -> None:
    raw = bytearray(ENTRY)
    raw[bit // 8] ^= 1 << bit % 8
    assert not agree(bytes(raw))


@examples(300)
@given(st.integers(0, len(BODY) - 1), st.binary(max_size=3))
def test_whatever_is_signed_both_looks_agree(place: int, bytes_: bytes) -> None:
    agree(signed(BODY[:place] + bytes_ + BODY[place + 1 :]))


NAMES = st.sampled_from(["a", "b_2", "channel", "_sd", "Upper", "", "é"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@examples(200)
@given(st.dictionaries(NAMES, JSON, max_size=3))
def test_whatever_stands_among_the_public_fields_both_looks_agree(public: dict[str, Any]) -> None:
    value = parse_json(BODY) | {"public": public, "sealed": []}
    del value["audience"]
    try:
        body = canonical(value)
    except RecordError:
        return
    agree(signed(body))
