"""A trust policy signed by several people: a sentence for each rule of its versions, and its use by a court."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as altered

from ledger.errors import RecordError
from ledger.formats.canonical_json import canonical
from ledger.formats.dsse import POLICY_TYPE
from ledger.formats.ed25519 import public_key, sign
from ledger.tlog.note import MLDSA44, Vkey, log_vkey, witness_vkey
from ledger.trust.signed_policy import (
    FORMAT,
    MAX_STATEMENT,
    PolicyStatement,
    PolicyVersion,
    Record,
    Root,
    Span,
    check_first,
    check_next,
    check_unexpired,
    check_versions,
    draft,
    expand,
    format_version,
    parse_fingerprint,
    parse_version,
    plain_files,
    record_of,
    signed,
    spoken,
    versions_in,
)
from ledger.trust.trust_folder import Sizes, parse_trust
from ledger.verify.report import Verdict
from tests.support.memory_ledger import NOW, checked, small
from tests.support.samples import examples

ORIGIN = "ledger.example/xo/karsk"
LOGS = [log_vkey(ORIGIN, public_key(bytes([100 + n]) * 32)) for n in range(2)]
POLICY = "".join(f"log {key}\n" for key in LOGS) + "quorum none\n"
SECONDS = [Vkey.of(ORIGIN, MLDSA44, bytes([n]) * 1312).text for n in range(2)]
REGISTRAR = f"registrar XO {public_key(b'r' * 32).hex()}"
NAMES = ("ada", "bo", "cy", "dee", "eve")
SEEDS = {name: name[0].encode() * 32 for name in NAMES}


def roots(*names: str) -> tuple[Root, ...]:
    return tuple(Root(name, public_key(SEEDS[name]).hex()) for name in names)


BASE = PolicyStatement(
    format=FORMAT,
    version=1,
    issued="2026-09-01T00:00:00Z",
    expires="2027-09-01T00:00:00Z",
    roots=roots("ada", "bo", "cy"),
    threshold=2,
    algorithms=("ed25519",),
    own=Record(POLICY, REGISTRAR),
)


def by(said: PolicyStatement, *names: str) -> PolicyVersion:
    """Sign a version by these roots, and read it back from its file."""
    version = draft(said)
    for name in names:
        version = signed(version, public_key(SEEDS[name]), partial(sign, SEEDS[name]))
    return parse_version(format_version(version))


TWICE: dict[str, Any] = {
    "own": Record("".join(f"log {key}\n" for key in SECONDS) + POLICY, REGISTRAR),
    "algorithms": ("ed25519", "ml-dsa-44"),
}
FIRST = by(BASE, "ada", "bo")
SECOND = altered(BASE, version=2, roots=roots("cy", "dee", "eve"))


def refused(code: str, says: str = "") -> pytest.RaisesExc[RecordError]:
    return pytest.raises(RecordError, match=rf"(?s)^{code}\b.*{says}")


def test_a_version_whose_policy_names_an_auditor_allows_ml_dsa_44() -> None:
    key = Vkey.of(f"auditor.example/karsk/audit/{'ab' * 32}", MLDSA44, bytes(1312))
    own = Record(f"{POLICY}auditor karsk {key.text}\n", REGISTRAR)
    allowed = altered(BASE, own=own, algorithms=("ed25519", "ml-dsa-44"))
    assert expand(by(allowed, "ada", "bo"), []).policy.auditors == {"karsk": key}
    with refused("POL-ALGORITHM", "ml-dsa-44 is used and not allowed"):
        by(altered(BASE, own=own), "ada", "bo")


# -- the sequence of versions ------------------------------------------------------------------------------------------


def test_a_first_version_is_believed_by_its_fingerprint_and_its_own_threshold() -> None:
    assert check_first(FIRST, FIRST.fingerprint) is FIRST
    with refused("POL-PIN"):
        check_first(FIRST, sha256(b"another").hexdigest())
    with refused("POL-THRESHOLD", "it takes 2"):
        check_first(by(BASE, "ada"), FIRST.fingerprint)


def test_a_further_signature_does_not_change_the_fingerprint() -> None:
    assert by(BASE, "ada", "bo", "cy").fingerprint == FIRST.fingerprint


def test_a_new_version_needs_the_threshold_of_the_old_roots_and_of_its_own() -> None:
    assert check_next(FIRST, by(SECOND, "ada", "bo", "dee", "eve")).said.version == 2
    with refused("POL-THRESHOLD", "roots of version 1 signed"):
        check_next(FIRST, by(SECOND, "ada", "dee", "eve"))
    with refused("POL-THRESHOLD", "roots of version 2 signed"):
        check_next(FIRST, by(SECOND, "ada", "bo", "dee"))
    both = by(SECOND, "ada", "cy", "dee")  # cy is a root of both versions, and counts for both
    assert check_next(FIRST, both) is both


def test_no_version_is_skipped_repeated_or_taken_back() -> None:
    second = by(SECOND, "ada", "cy", "dee")
    third = by(altered(SECOND, version=3), "cy", "dee", "ada", "bo")
    assert check_versions([FIRST, second, third], FIRST.fingerprint) is third
    for line in ([FIRST, third], [FIRST, second, second], [FIRST, second, FIRST], [second, third]):
        with refused("POL-VERSION"):
            check_versions(line, FIRST.fingerprint)
    with refused("TRUST-FORMAT"):
        check_versions([], FIRST.fingerprint)


def test_a_signature_in_the_name_of_a_root_that_does_not_hold_refuses_the_version() -> None:
    line = by(BASE, "ada", "bo", "cy")
    forged = altered(line, signatures=(altered(line.signatures[0], sig=bytes(64)), *line.signatures[1:]))
    with refused("POL-SIG"):
        check_first(forged, line.fingerprint)


def test_signatures_of_strangers_count_for_nothing() -> None:
    with refused("POL-THRESHOLD", "1 of the roots"):
        check_first(by(BASE, "ada", "dee", "eve"), FIRST.fingerprint)


def test_an_old_version_may_have_expired_and_the_newest_is_asked_for_its_day() -> None:
    second = by(altered(SECOND, expires="2028-09-01T00:00:00Z"), "ada", "cy", "dee")
    newest = check_versions([FIRST, second], FIRST.fingerprint)
    check_unexpired(newest, datetime(2028, 8, 31, tzinfo=UTC))
    for version in (FIRST, newest):
        with refused("POL-EXPIRED"):
            check_unexpired(version, datetime(2028, 9, 1, tzinfo=UTC))


@examples(60)
@given(st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)), st.data())
def test_exactly_who_reaches_both_thresholds_is_believed(held: set[str], new: set[str], data: st.DataObject) -> None:
    old, following = sorted(held) or ["ada"], sorted(new) or ["bo"]
    k, m = (data.draw(st.integers(1, len(group))) for group in (old, following))
    hands = data.draw(st.sets(st.sampled_from(NAMES)))
    trusted = draft(altered(BASE, roots=roots(*old), threshold=k))
    version = by(altered(BASE, version=2, roots=roots(*following), threshold=m), *hands)
    if len(hands & set(old)) >= k and len(hands & set(following)) >= m:
        assert check_next(trusted, version) is version
    else:
        with refused("POL-THRESHOLD"):
            check_next(trusted, version)


# -- the content of a version ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("POL-ROOT", {"threshold": 0}),
        ("POL-ROOT", {"threshold": 4}),
        ("POL-ROOT", {"roots": (*roots("ada"), Root("ada", roots("bo")[0].key))}),
        ("POL-ROOT", {"roots": (*roots("ada"), Root("Bo", roots("bo")[0].key))}),
        ("POL-ROOT", {"roots": (*roots("ada", "bo"), roots("ada")[0])}),
        ("POL-ROOT", {"roots": (*roots("ada"), Root("other", roots("ada")[0].key))}),
        ("POL-ROOT", {"roots": (Root("zero", "00" * 32),), "threshold": 1}),
        ("POL-ROOT", {"roots": (Root("Ada Lovelace", roots("ada")[0].key),), "threshold": 1}),
        ("POL-ALGORITHM", {"algorithms": ("ed25519", "md5")}),
        ("POL-ALGORITHM", {"algorithms": ()}),
        ("POL-ALGORITHM", {"algorithms": ("ed25519", "ed25519")}),
        ("POL-ALGORITHM", {"authorities": ("ab" * 32,)}),
        ("POL-SIZES", {"sizes": (Span(LOGS[0], 0), Span(LOGS[1], 40))}),
        ("POL-SIZES", {"sizes": (Span(LOGS[0], 40, 40),)}),
        ("POL-SIZES", {"sizes": (Span(LOGS[0], -1),)}),
        ("POL-SIZES", {"sizes": (Span(LOGS[1], 40), Span(LOGS[0], 39, 41))}),
        ("POL-SIZES", {"sizes": (Span(LOGS[0], 20), Span(LOGS[0], 0, 9), Span(LOGS[1], 8, 9))}),
        ("POL-SIZES", {**TWICE, "sizes": (Span(SECONDS[0], 0, 50), Span(SECONDS[1], 40))}),
        ("POL-ALGORITHM", {**TWICE, "algorithms": ("ed25519",)}),
        ("POL-ALGORITHM", {"others": (TWICE["own"],)}),
        ("POL-SIZES", {"sizes": (Span("x+00000000+AA", 0),)}),
        ("POL-QUORUM", {"own": Record("quorum 7\n" * 2, REGISTRAR)}),
        ("TRUST-FORMAT", {"own": Record(POLICY, "registrar XO 12")}),
        ("TRUST-FORMAT", {"others": (Record(POLICY, "nobody"),)}),
        ("TRUST-FORMAT", {"version": 0}),
        ("TRUST-FORMAT", {"format": "comity.trust/2"}),
        ("TRUST-FORMAT", {"expires": BASE.issued}),
        ("TRUST-FORMAT", {"expires": "some day"}),
    ],
)
def test_what_a_policy_may_not_say_is_refused_under_its_code(code: str, changes: dict[str, object]) -> None:
    said = altered(BASE, **changes)
    if code == "POL-QUORUM":
        code = "POL-(QUORUM|NAME)"
    with refused(code):
        draft(said)


def test_a_file_has_one_form() -> None:
    raw = format_version(FIRST)
    line = msgspec.json.decode(raw)
    two = [*line["signatures"], line["signatures"][0]]
    for bad in (
        raw + b"\n",
        raw.replace(b":[", b": [", 1),
        raw.replace(b"policy.v1", b"event.v1", 1),
        msgspec.json.encode(line | {"signatures": two}),
        msgspec.json.encode(line | {"signatures": line["signatures"][::-1]}),
        msgspec.json.encode(line | {"more": 1}),
        b"",
        b"[]",
        b'{"payload":1}',
        b"x" * 600_000,
    ):
        with refused("TRUST-FORMAT"):
            parse_version(bad)


def test_a_default_that_is_spelt_out_is_another_form_of_the_same_statement() -> None:
    said = msgspec.json.decode(FIRST.payload)
    for name in ("sizes", "others"):
        payload = canonical({**said, name: []})
        envelope = {"payload": payload, "payloadType": POLICY_TYPE, "signatures": []}
        with refused("TRUST-FORMAT", "a default that was spelt out"):
            parse_version(msgspec.json.encode(envelope))


def test_a_file_of_more_than_twice_the_largest_statement_is_not_parsed() -> None:
    assert MAX_STATEMENT == 256 << 10
    for size, says in ((2 * MAX_STATEMENT, "not a signed trust policy"), (2 * MAX_STATEMENT + 1, "bytes are no trust")):
        with refused("TRUST-FORMAT", says):
            parse_version(b"x" * size)


def test_unknown_algorithms_are_named_in_order() -> None:
    with refused("POL-ALGORITHM", "unknown: a, b, c, d, e, f, g; there are ed25519, ml-dsa-44, rfc3161"):
        draft(altered(BASE, algorithms=tuple("gfedcba")))


@pytest.mark.parametrize("threshold", [1, 3])
def test_a_threshold_is_from_one_to_all_of_the_roots(threshold: int) -> None:
    assert draft(altered(BASE, threshold=threshold)).said.threshold == threshold


def test_a_root_that_signs_again_has_one_signature() -> None:
    again = signed(FIRST, public_key(SEEDS["bo"]), partial(sign, SEEDS["bo"]))
    assert again == FIRST
    third = signed(FIRST, public_key(SEEDS["cy"]), partial(sign, SEEDS["cy"]))
    assert third.signers(BASE.roots) != FIRST.signers(BASE.roots)
    assert sorted(third.signers(BASE.roots)) == ["ada", "bo", "cy"]


def test_versions_are_in_the_order_of_their_numbers_wherever_the_folder_lists_them() -> None:
    numbers = (10, 2, 1, 9)
    files = {f"{n}.trust.json": format_version(draft(altered(BASE, version=n))) for n in numbers}
    assert [version.said.version for version in versions_in(files)] == [1, 2, 9, 10]
    with pytest.raises(RecordError, match="TRUST-FORMAT") as wrong:
        versions_in({"2.trust.json": b"x"})
    assert wrong.value.where == "2.trust.json"


def test_sizes_may_be_listed_in_any_order_and_the_last_has_no_end() -> None:
    for spans in (Span(LOGS[0], 0, 40), Span(LOGS[1], 40)), (Span(LOGS[1], 40), Span(LOGS[0], 0, 40)):
        assert expand(by(altered(BASE, sizes=spans)), []).sizes == {LOGS[0]: Sizes(0, 40), LOGS[1]: Sizes(40)}


@pytest.mark.parametrize("registrar", [REGISTRAR, None])
def test_a_folder_becomes_a_record_of_a_version_and_a_folder_again(registrar: str | None) -> None:
    files = {"policy": POLICY.encode()} | ({"registrar": f"{registrar}\n".encode()} if registrar else {})
    folder = parse_trust(files)
    said = altered(BASE, own=record_of(folder))
    assert said.own == (Record(POLICY, registrar) if registrar else Record(POLICY))
    trust = expand(by(said), [])
    assert (trust.policy, trust.registrar) == (folder.policy, folder.registrar)
    assert plain_files(trust) == files


def test_a_policy_with_names_outside_utf_8_cannot_be_signed() -> None:
    key = witness_vkey("w.example", public_key(b"w" * 32))
    folder = parse_trust({"policy": b"witness \xff %b\nquorum none\n" % key.encode()})
    with refused("POL-FORMAT", "no UTF-8"):
        record_of(folder)


@pytest.mark.parametrize("at", range(0, 2_000, 37))
def test_no_bit_of_a_version_can_be_changed(at: int) -> None:
    raw = bytearray(format_version(FIRST))
    raw[at % len(raw)] ^= 1
    with pytest.raises(RecordError):
        check_first(parse_version(bytes(raw)), FIRST.fingerprint)


def test_a_file_says_the_version_of_its_name() -> None:
    assert versions_in({"1.trust.json": format_version(FIRST), "READ-ME.txt": b"", "01.trust.json": b""}) == [FIRST]
    with refused("TRUST-FORMAT", "it says version 1"):
        versions_in({"2.trust.json": format_version(FIRST)})


def test_a_version_expands_to_what_the_folder_says() -> None:
    folder = parse_trust(
        {"policy": POLICY.encode(), "registrar": REGISTRAR.encode(), "others/x/policy": b"quorum none\n"}
    )
    said = altered(BASE, others=(Record("quorum none\n"),))
    found = expand(by(said), ())
    assert altered(found, until=None) == folder
    assert found.until == datetime(2027, 9, 1, tzinfo=UTC)


def test_certificates_are_known_by_their_digest_alone() -> None:
    said = altered(BASE, authorities=(sha256(b"cert").hexdigest(),), algorithms=("ed25519", "rfc3161"))
    assert expand(by(said), [b"planted", b"cert"]).authorities == (b"cert",)
    with refused("POL-CERTIFICATE"):
        expand(by(said), [b"planted"])


def test_keys_of_two_algorithms_sign_one_size() -> None:
    sizes = (Span(LOGS[0], 0, 40), Span(LOGS[1], 40), Span(SECONDS[0], 20, 60), Span(SECONDS[1], 60))
    assert by(altered(BASE, **TWICE, sizes=sizes)).said.sizes == sizes


def test_a_log_key_signs_the_sizes_a_signed_policy_gives_it() -> None:
    ledger, ilves = small()
    data, trust = ledger.bundle(ilves), ledger.trust()
    (key,), size = trust.policy.logs, ledger.size
    passes, fails = (Sizes(0), Sizes(size, size + 1)), (Sizes(size + 1), Sizes(0, size))
    for sizes in (*passes, *fails):
        report = checked(data, ledger, trust=altered(trust, sizes={key.text: sizes}))
        assert [reason.code for reason in report.reasons] == (["CP-KEY"] if sizes in fails else []), sizes


def test_an_expired_policy_judges_as_before_and_says_what_it_cannot_know() -> None:
    ledger, ilves = small()
    data, trust = ledger.bundle(ilves), ledger.trust()
    for until, said in ((NOW.replace(year=2000), True), (NOW.replace(year=2100), False)):
        report = checked(data, ledger, trust=altered(trust, until=until))
        assert report.verdict is Verdict.PASSED
        assert any(line.startswith("POL-EXPIRED") for line in report.not_proven) is said


# -- a spoken fingerprint ----------------------------------------------------------------------------------------------


@given(st.binary(min_size=32, max_size=32).map(bytes.hex))
def test_a_fingerprint_said_in_words_is_the_one_that_was_meant(fingerprint: str) -> None:
    assert parse_fingerprint(spoken(fingerprint).replace("-", " ").upper()) == fingerprint
    assert parse_fingerprint(fingerprint) == fingerprint


def test_words_are_those_of_the_published_examples() -> None:
    assert spoken("7f0000013f54dcc1").split("-") == ["lusab", "babad", "gutih", "tugad"]


def test_what_is_no_fingerprint_is_refused() -> None:
    for typed in ("", "lusab-babad", spoken(FIRST.fingerprint)[:-1] + "q", "g" * 64):
        with refused("TRUST-FORMAT"):
            parse_fingerprint(typed)


def test_too_few_signers_of_a_version_are_named_or_said_to_be_none() -> None:
    for names, who in (((), "0 of the roots of version 1 signed (none), it takes 2"), (("ada",), "signed (ada), it")):
        version = draft(BASE)
        for name in names:
            version = signed(version, public_key(SEEDS[name]), partial(sign, SEEDS[name]))
        pin = version.fingerprint
        with pytest.raises(RecordError, match="POL-THRESHOLD") as refused:
            check_first(version, pin)
        assert who in refused.value.says
