"""Sealed entries: the signed bytes, and every way in which a line can be invalid."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from ledger.entries import envelope
from ledger.entries.case import Unread
from ledger.entries.envelope import (
    Circumstances,
    EntryPlace,
    Sealed,
    Signer,
    check_unsigned,
    commitments_of,
    entry_of,
    instrument_of,
    open_,
    open_each,
    seal,
    unsigned_entry,
)
from ledger.entries.payload import Condition, Document, Other
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


def test_an_entry_without_sealed_fields_commits_to_nothing() -> None:
    fact = build("order-closed", {"outcome": "answered"}, {})
    made = seal(fact, PLACE, SKYLARK, Circumstances(NOW, NOW), "0" * 32, lambda n: b"\x07" * n)
    opened = open_(made.raw)
    assert (opened.payload.public, opened.payload.sealed) == ({"outcome": "answered"}, [])
    assert (opened.sd, made.disclosures) == ([], ())


STATED: dict[str, Any] = {
    "speaks": "import",
    "on_source": "estimate",
    "whose": "brightmoor",
    "replaces": "cd" * 32,
    "refs": ("ef" * 32, "a"),
    "audience": {"manifest": ("CT", "ISS")},
    "documents": (Document("form", "text/plain", 7, "6a" * 32),),
    "other": Other("ledger.example/xv/ardel", 5, "ab" * 32, "cd" * 32),
    "unless": Condition(3, [ORDER], ["order-closed"]),
}


@pytest.mark.parametrize("name", STATED)
def test_what_a_signer_states_is_in_the_payload_under_its_name_and_nothing_else_is(name: str) -> None:
    members = msgspec.to_builtins(open_(sealed().raw).payload)
    stated = msgspec.to_builtins(open_(sealed(**{name: STATED[name]}).raw).payload)
    assert stated[name] == orjson.loads(msgspec.json.encode(STATED[name]))
    assert {**stated, name: None} == {**members, name: None}
    assert (name in members) == (name in {"speaks", "on_source", "refs", "documents"})


def test_instrument_and_commitments_are_read_of_an_entry_that_cannot_be_opened() -> None:
    def broken(payload: bytes) -> bytes:
        return canonical(orjson.loads(payload) | {"seq": "none"})

    raw = resealed(broken)
    with pytest.raises(RecordError):
        open_(raw)
    assert instrument_of(raw) == "2AP-7"
    assert list(commitments_of(raw)) == open_(sealed().raw).sd


def test_a_payload_of_the_largest_size_is_signed_and_a_byte_more_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    made = sealed()
    size = len(payload_of(made.raw))
    monkeypatch.setattr(envelope, "MAX_PAYLOAD", size)
    assert sealed() == made
    monkeypatch.setattr(envelope, "MAX_PAYLOAD", size - 1)
    with pytest.raises(RecordError, match=rf"^ENV-SIZE: the payload would have {size} bytes, at most {size - 1} are"):
        sealed()


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


# -- parts of an entry that are read without opening it ----------------------------------------------------------------


def stating(**members: Any) -> bytes:
    """Change members of the payload, and sign it again in its canonical form."""
    return resealed(lambda body: canonical(orjson.loads(body) | members))


def falsely_signed() -> bytes:
    return seal_bytes(payload_of(sealed().raw), EVENT_TYPE, SKYLARK.public, lambda _: bytes(64))


def test_the_instrument_and_the_digests_of_an_entry_are_read_without_opening_it() -> None:
    bare = seal(
        build("order-closed", {"outcome": "answered"}, {}), PLACE, SKYLARK, Circumstances(NOW, NOW), "0" * 32, bytes
    )
    for raw, digests in ((sealed().raw, [d.digest for d in sealed().disclosures]), (bare.raw, [])):
        assert instrument_of(raw) == "2AP-7"
        assert list(commitments_of(raw)) == open_(raw).sd == digests
    assert instrument_of(stating(instrument=None)) is None


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "ENV-NONCANON"),
        (seal_bytes(b"x", EVENT_TYPE, SKYLARK.public, SKYLARK.sign), "JSON-FORM"),
        (seal_bytes(b"\xff", EVENT_TYPE, SKYLARK.public, SKYLARK.sign), "JSON-FORM"),
        (seal_bytes(b"{}", EVENT_TYPE, SKYLARK.public, SKYLARK.sign), "JSON-FORM"),
        (
            seal_bytes(b'{"instrument":"\xff","public":{"_sd":["\xff"]}}', EVENT_TYPE, SKYLARK.public, SKYLARK.sign),
            "JSON-FORM",
        ),
    ],
)
def test_of_bytes_that_are_no_entry_nothing_is_read(raw: bytes, code: str) -> None:
    for read in (instrument_of, commitments_of):
        with pytest.raises(RecordError) as refused:
            read(raw)
        assert refused.value.code == code


def test_many_entries_are_opened_in_their_order_each_with_its_error() -> None:
    good, other, false = sealed().raw, sealed(whose="brightmoor", speaks="import").raw, falsely_signed()
    opened = open_each((good, false, b"", other))
    assert [getattr(each, "raw", None) or getattr(each, "code", None) for each in opened] == [
        good,
        "SIG-BAD",
        "ENV-NONCANON",
        other,
    ]
    assert open_each(()) == []


def test_everything_but_the_signature_is_checked_of_an_entry_that_was_verified_before() -> None:
    false = falsely_signed()
    assert open_(false, verify=False).payload == open_(sealed().raw).payload
    assert code_of(false) == "SIG-BAD"
    with pytest.raises(RecordError, match="JSON-MEMBER"):
        open_(stating(v=2), verify=False)


DIGEST = sealed().disclosures[0].digest
TWO = sorted([DIGEST, "A" * 43])
THREE = ["A" * 43, "B" * 43, "C" * 43]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"audience": {}}, "JSON-MEMBER"),
        ({"on": "2027-02-30T00:00:00Z"}, "JSON-MEMBER"),
        ({"signed_at": "2027-02-30T00:00:00Z"}, "JSON-MEMBER"),
        ({"public": {"_sd": DIGEST}}, "SD-COUNT"),
        ({"public": {"_sd": {}}, "sealed": []}, "SD-COUNT"),
        ({"public": {"_sd": [7]}}, "SD-COUNT"),
        ({"public": {"_sd": [DIGEST[1:]]}}, "SD-COUNT"),
        ({"public": {"_sd": [DIGEST + "A"]}}, "SD-COUNT"),
        ({"public": {"_sd": [DIGEST[1:] + "+"]}}, "SD-COUNT"),
        ({"public": {"_sd": TWO}}, "SD-COUNT"),
        ({"public": {"_sd": TWO[::-1]}, "sealed": ["a", "b"]}, "SD-COUNT"),
        ({"public": {"_sd": [DIGEST] * 2}, "sealed": ["a", "b"]}, "SD-COUNT"),
        ({"public": {"_sd": [DIGEST]}, "sealed": []}, "SD-COUNT"),
        ({"public": {}, "sealed": ["manifest"]}, "SD-COUNT"),
        ({"public": {"_sd": TWO}, "sealed": ["b", "a"]}, "SD-NAME"),
        ({"public": {"_sd": THREE}, "sealed": ["a", "c", "b"]}, "SD-NAME"),
        ({"public": {"_sd": [THREE[0], THREE[2], THREE[1]]}, "sealed": ["a", "b", "c"]}, "SD-COUNT"),
        ({"unless": {"after": 0, "orders": [ORDER], "kinds": ["a", "c", "b"]}}, "JSON-MEMBER"),
        ({"public": {"_sd": TWO}, "sealed": ["a", "a"]}, "SD-NAME"),
        ({"public": {"_sd": TWO, "b": 1}, "sealed": ["a", "b"]}, "SD-NAME"),
        ({"unless": {"after": 0, "orders": [ORDER] * 2, "kinds": ["a"]}}, "JSON-MEMBER"),
        ({"unless": {"after": 0, "orders": [ORDER], "kinds": ["b", "a"]}}, "JSON-MEMBER"),
        ({"unless": {"after": 0, "orders": [ORDER], "kinds": ["a", "a"]}}, "JSON-MEMBER"),
        ({"unless": {"after": 0, "orders": [], "kinds": ["a"]}}, "JSON-MEMBER"),
        ({"unless": {"after": 0, "orders": [ORDER], "kinds": []}}, "JSON-MEMBER"),
    ],
)
def test_signed_members_that_contradict_each_other_are_refused(members: dict[str, Any], code: str) -> None:
    assert code_of(stating(**members)) == code


def test_sorted_and_distinct_members_are_opened() -> None:
    opened = open_(stating(public={"_sd": TWO, "c": 1}, sealed=["a", "b"])).payload
    assert (opened.public["_sd"], opened.sealed) == (TWO, ["a", "b"])
    unless = {"after": 3, "orders": [ORDER], "kinds": ["a", "b"]}
    assert open_(stating(unless=unless)).payload.unless == Condition(3, [ORDER], ["a", "b"])


# -- what law and projections see --------------------------------------------------------------------------------------


def test_an_entry_is_read_with_all_that_its_signer_said() -> None:
    unless = Condition(0, [ORDER], ["order-closed"])
    said = {"whose": "brightmoor", "speaks": "import", "replaces": "cd" * 32, "why": "A slip.", "unless": unless}
    opened = open_(sealed(**said, audience={"manifest": ("CT", "ISS")}, on_source="other-party").raw)
    e = entry_of(opened, 9, {"manifest": MANIFEST, "other": 1}, erased=["why"], digests={"manifest": "d"}, held=False)
    assert (e.leaf, e.index, e.order, e.seq, e.kind) == (opened.leaf, 9, ORDER, 2, "data-disclosed")
    assert (e.instrument, e.by, e.role, e.party, e.key) == ("2AP-7", "skylark", "SP", "XV", SKYLARK.public.hex())
    assert (e.speaks, e.on, e.at, e.on_source) == ("import", NOW, NOW, "other-party")
    assert (e.whose, e.replaces, e.unless, e.held) == ("brightmoor", "cd" * 32, unless, False)
    assert e.public == {"partial": False, "channel": "provider-portal"}
    assert e.sealed == {"manifest": MANIFEST, "why": Unread.ERASED}
    assert (e.audience, e.digests) == ({"manifest": ("CT", "ISS")}, {"manifest": "d"})
    plain = entry_of(open_(sealed().raw), 0)
    assert (plain.whose, plain.replaces, plain.unless, plain.audience, plain.digests) == (None, None, None, {}, {})
    assert plain.held


def test_a_value_without_the_form_of_its_kind_counts_as_withheld() -> None:
    said = {"replaces": "cd" * 32, "why": "A slip."}
    opened = open_(sealed(**said).raw)
    e = entry_of(opened, 0, {"manifest": 7, "why": "A slip."})
    assert e.sealed == {"manifest": Unread.WITHHELD, "why": "A slip."}
    assert entry_of(opened, 0, {"manifest": 7}, erased=["manifest"]).sealed["manifest"] is Unread.ERASED


def test_an_entry_is_checked_before_it_is_signed_as_it_would_be_signed() -> None:
    fact = build("data-disclosed", {"partial": False, "channel": "provider-portal"}, {"manifest": MANIFEST})
    said = Circumstances(NOW, NOW)
    opened, e = check_unsigned(fact, PLACE, SKYLARK, said), unsigned_entry(fact, PLACE, SKYLARK, said, 7)
    assert (opened.raw, opened.leaf, e.leaf, e.index) == (b"", "0" * 64, "0" * 64, 7)
    assert unsigned_entry(fact, PLACE, SKYLARK, said).index == 0
    assert opened.payload.entry == "0" * 32
    assert e.sealed == {"manifest": MANIFEST}
    signed = open_(sealed().raw).payload
    assert (opened.payload.sealed, opened.payload.signer) == (signed.sealed, signed.signer)
    assert opened.payload.public == {name: value for name, value in signed.public.items() if name != "_sd"}
    with pytest.raises(RecordError, match="JSON-CHAR"):
        check_unsigned(fact, PLACE, SKYLARK, Circumstances(NOW, NOW, whose="a\u200b"))
    with pytest.raises(RecordError, match="JSON-CHAR"):
        check_unsigned(fact, PLACE, SKYLARK, Circumstances(NOW, NOW, replaces="cd" * 32, why="a\u0378"))
    with pytest.raises(RecordError, match="ENV-SIZE"):
        check_unsigned(fact, PLACE, SKYLARK, Circumstances(NOW, NOW, refs=("r" * 200,) * 200))


def with_public(more: bytes) -> bytes:
    """Put a member before all public fields, where the canonical form has names in capitals and most with a dash."""
    return resealed(lambda body: body.replace(b'"public":{', b'"public":{' + more + b","))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (with_public(b'"Q":1'), "JSON-KEY"),
        (with_public(b'"_a":{"Q":1}'), "JSON-KEY"),
        (with_public(b'"_a":9007199254740992'), "JSON-NUMBER"),
        (with_public(b'"_a":[-9007199254740992]'), "JSON-NUMBER"),
        (with_public(b'"_a":1.5'), "JSON-NUMBER"),
        (resealed(lambda body: body.replace(b'{"documents"', b'{"audience":{"Q":["CT"]},"documents"')), "JSON-KEY"),
        (stating(entry="0" * 31), "JSON-MEMBER"),
        (stating(order=ORDER.upper() + "0"), "JSON-MEMBER"),
        (stating(prev="AB" * 32), "JSON-MEMBER"),
        (stating(kind="Data-disclosed"), "JSON-MEMBER"),
        (stating(on="2027-03-15 13:00:00Z"), "JSON-MEMBER"),
        (stating(replaces="ab"), "JSON-MEMBER"),
    ],
)
def test_an_entry_in_plain_letters_outside_the_domain_is_refused_at_the_quick_look_too(raw: bytes, code: str) -> None:
    assert code_of(raw) == code
    assert isinstance(open_each((raw,), verify=False)[0], RecordError)
