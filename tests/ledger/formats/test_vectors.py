"""Published vectors for signed bytes: Ed25519 by one function of ours, PAE, canonical and hostile JSON."""

from __future__ import annotations

import json
from base64 import b64decode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entries.envelope import open_
from ledger.errors import RecordError
from ledger.formats.canonical_json import canonical, parse_json
from ledger.formats.dsse import pae
from ledger.formats.ed25519 import enrolable, public_key, sign, verify_signature

VECTORS = Path(__file__).parents[3] / "fixtures" / "vectors"
SHARED = Path(__file__).parents[4] / "shared" / "vectors"
FROZEN = json.loads((VECTORS / "frozen_pynacl.json").read_text("utf-8"))
PAE = json.loads((VECTORS / "dsse" / "pae.json").read_text("utf-8"))
HOSTILE = SHARED / "json-parsing"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared, which stands beside the project")


@cache
def shared(name: str) -> Any:
    return json.loads((SHARED / name).read_text("utf-8"))


# Ed25519


@needs_shared
def test_every_unusual_point_gets_the_answer_of_libsodium() -> None:
    vectors = shared("cctv-ed25519/ed25519vectors.json")
    rows = [
        [
            vector["number"],
            verify_signature(
                key := bytes.fromhex(vector["key"]), vector["msg"].encode(), sig := bytes.fromhex(vector["sig"])
            ),
            enrolable(key),
            enrolable(sig[:32]),
        ]
        for vector in vectors
    ]
    assert len(rows) == 914
    assert rows == FROZEN["rows"]


@needs_shared
def test_an_enrolable_key_is_read_alike_by_permissive_libraries_but_for_one_vector_of_its_owners_making() -> None:
    (permissive,) = FROZEN["contrast"].values()
    ours, theirs = set(FROZEN["accepted"]), set(permissive["accepted"])
    fit = {number for number, _, key_is_valid_point, _ in FROZEN["rows"] if key_is_valid_point}
    assert ours < theirs
    assert fit & (theirs - ours) == {304}  # low-order R under a good key
    assert fit & ours == set(FROZEN["enrolable_and_accepted"])


@needs_shared
def test_wycheproof_signatures_are_accepted_if_and_only_if_they_are_valid() -> None:
    tests = [
        (test, bytes.fromhex(group["publicKey"]["pk"]))
        for group in shared("wycheproof/ed25519_test.json")["testGroups"]
        for test in group["tests"]
    ]
    accepted = {
        test["tcId"]
        for test, key in tests
        if verify_signature(key, bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))
    }
    assert len(tests) == 151
    assert accepted == {test["tcId"] for test, _ in tests if test["result"] == "valid"}
    assert accepted == set(FROZEN["wycheproof_ed25519"]["accepted_tcIds"])


def test_a_key_with_a_low_order_component_is_not_enrolable() -> None:
    assert not enrolable(bytes.fromhex(FROZEN["version_trap"]["key"]))  # PyNaCl before 1.6.2 accepted it


LOW_ORDER = """
    0000000000000000000000000000000000000000000000000000000000000000
    0100000000000000000000000000000000000000000000000000000000000000
    26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05
    c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a
    ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
    edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
    eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
""".split()  # the eight points of low order by their y, two of them also encoded past the field's prime


@pytest.mark.parametrize("sign_bit", [0, 1])
@pytest.mark.parametrize("y", LOW_ORDER)
def test_no_encoding_of_a_point_of_low_order_is_enrolable_or_verifies_anything(y: str, sign_bit: int) -> None:
    key = bytes.fromhex(y)[:31] + bytes([bytes.fromhex(y)[31] | sign_bit << 7])
    assert not enrolable(key)
    assert not verify_signature(key, b"", key + bytes(32))


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=1, max_size=200))
def test_what_is_signed_verifies_and_nothing_near_it_does(seed: bytes, message: bytes) -> None:
    public, signature = public_key(seed), sign(seed, message)
    assert enrolable(public)
    assert verify_signature(public, message, signature)
    assert sign(seed, message) == signature
    order = 2**252 + 27742317777372353535851937790883648493
    malleable = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    assert not verify_signature(public, message, malleable)
    assert not verify_signature(public, message + b"\0", signature)
    assert not verify_signature(public, message, signature[:-1])
    assert not verify_signature(public, message[1:], signature + message[:1])
    assert not verify_signature(public[:-1], message, signature)
    assert not verify_signature(public + b"\0", message, signature)


def test_zeros_are_no_key_and_no_signature() -> None:
    assert not enrolable(bytes(32))
    assert not enrolable(b"")
    assert not verify_signature(bytes(32), b"", bytes(64))


# DSSE


@pytest.mark.parametrize("case", PAE["cases"], ids=lambda case: case["id"])
def test_what_is_signed_is_the_published_encoding(case: dict[str, Any]) -> None:
    made = pae(case["type"], b64decode(case["payload_base64"]))
    assert made == b64decode(case["pae_base64"])
    assert sha256(made).hexdigest() == case["pae_sha256"]


def test_a_length_cannot_be_moved_from_the_type_to_the_payload() -> None:
    one, two = (case for case in PAE["cases"] if case["id"].startswith("length-confusion"))
    assert one["type"] + " 3 1" == two["type"]
    assert pae(one["type"], b64decode(one["payload_base64"])) != pae(two["type"], b64decode(two["payload_base64"]))


def test_the_envelope_of_the_specification_is_no_entry_of_ours() -> None:
    for raw in (
        json.dumps(PAE["published_envelope"]["envelope"]).encode(),
        orjson.dumps(PAE["published_envelope"]["envelope"]),
    ):
        with pytest.raises(RecordError, match=r"^ENV-"):
            open_(raw)


# canonical JSON

JCS = sorted(path.stem for path in (VECTORS / "jcs" / "input").iterdir())


def jcs(name: str) -> tuple[bytes, bytes]:
    """Return input and canonical output of one published case; the output is stored twice, once as hex."""
    wanted = (VECTORS / "jcs" / "output" / f"{name}.json").read_bytes()
    assert bytes.fromhex((VECTORS / "jcs" / "outhex" / f"{name}.txt").read_text("ascii")) == wanted
    return (VECTORS / "jcs" / "input" / f"{name}.json").read_bytes(), wanted


@pytest.mark.parametrize("name", JCS)
def test_the_library_that_judges_ours_gives_the_published_canonical_form(name: str) -> None:
    rfc8785 = pytest.importorskip("rfc8785")
    given, wanted = jcs(name)
    assert rfc8785.dumps(json.loads(given)) == wanted


@pytest.mark.parametrize("name", JCS)
def test_every_published_document_leaves_our_domain_and_is_refused_in_either_form(name: str) -> None:
    given, wanted = jcs(name)
    code = "JSON-NUMBER" if name == "values" else "JSON-KEY"  # floats; keys with capitals, digits first, umlauts
    with pytest.raises(RecordError, match=f"^{code}"):
        canonical(json.loads(given))
    for raw in (given, wanted):
        with pytest.raises(RecordError, match=r"^JSON-"):
            parse_json(raw)


@pytest.mark.parametrize("name", ["structures", "weird"])
def test_the_reasons_for_our_narrow_domain_still_hold(name: str) -> None:
    given, wanted = jcs(name)
    assert orjson.dumps(orjson.loads(given), option=orjson.OPT_SORT_KEYS) != wanted  # 56.0; keys beyond the BMP


# hostile JSON

EXPECTATIONS = shared("json-parsing/expectations.json")["files"] if HOSTILE.is_dir() else []


@needs_shared
def test_the_collection_of_hostile_json_is_whole() -> None:
    assert len(EXPECTATIONS) == 340
    present = {path.relative_to(HOSTILE).as_posix() for path in HOSTILE.glob("test_*/*")}
    assert present == {row["file"] for row in EXPECTATIONS}


@needs_shared
@pytest.mark.parametrize("row", EXPECTATIONS, ids=lambda row: row["file"])
def test_hostile_json_is_refused_by_our_rule_and_by_nothing_else(row: dict[str, Any]) -> None:
    raw = (HOSTILE / row["file"]).read_bytes()
    if row["profile"] == "reject":
        with pytest.raises(RecordError, match=r"^JSON-"):
            parse_json(raw)
        return
    value = parse_json(raw)
    assert canonical(value) == raw
    assert isinstance(value, dict) == row["top_level_object"]
    assert row["file"].startswith("test_parsing/y_")
