"""Time stamps: the required form of a token, judged at its own time, under certificates that the verifier holds."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from ledger.adapters.http_client import Reply
from ledger.adapters.timestamps import rfc3161
from ledger.adapters.timestamps.certificate_order import in_order
from ledger.adapters.timestamps.rfc3161 import (
    LARGEST,
    WORST,
    authorities,
    certificates,
    obtain,
    read_stamp,
    reader,
    trusted,
)
from ledger.errors import LedgerError, RecordError
from tests.support.time_stamp_authority import NOW, STAMPING, Authority
from tests.support.tokens import Stamper

VECTORS = Path(__file__).parents[4] / "fixtures" / "vectors" / "rfc3161"
EXPECTED = json.loads((VECTORS / "expectations.json").read_bytes())
DATA = b"ledger.test/xo/karsk\n11\nGuu/uN0MdSxZTcx3YF1sy9NOyLouSYoLTghQ+IcpN6Y=\n"

AT = datetime(2027, 3, 1, 12, tzinfo=UTC)
STAMPER = Stamper()

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tsa")


def refused(code: str, reply: bytes, *trusted: bytes, data: bytes = DATA, nonce: int | None = None) -> str:
    with pytest.raises(RecordError) as found:
        read_stamp(reply, data, trusted, nonce)
    assert found.value.code == code
    return found.value.says


# -- tokens of real authorities ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", EXPECTED["responses"], ids=lambda case: case["file"])
def test_a_token_of_a_real_authority_is_judged_as_two_other_verifiers_judge_it_at_its_time(
    case: dict[str, str],
) -> None:
    reply, chain = (VECTORS / case["file"]).read_bytes(), (VECTORS / case["chain"]).read_bytes()
    message = bytes.fromhex(case["message_hex"])
    if case["expect"].startswith("accept"):
        said = read_stamp(reply, message, [chain])
        assert said.at == datetime.fromisoformat(case["gen_time"])
        assert said.policy == case["policy_oid"]
        assert "Spoofed" not in said.authority
        refused("TST-IMPRINT", reply, chain, data=b"other")
        refused("TST-NONCE", reply, chain, data=message, nonce=int(case["nonce_hex"], 16) + 1)
    else:
        code = {"refuse-chain": "TST-CHAIN", "refuse-signature": "TST-SIG"}[case["expect"]]
        refused(code, reply, chain, data=message)


@pytest.mark.parametrize("case", EXPECTED["hand_made"], ids=lambda case: case["is"])
def test_an_answer_without_a_token_is_none(case: dict[str, str]) -> None:
    says = refused("TST-STATUS" if "rejection" in case["is"] else "TST-FORMAT", bytes.fromhex(case["hex"]))
    assert says


def test_whatever_bytes_a_token_has_it_says_what_its_authority_signed_or_is_refused() -> None:
    chance = Random(7)
    for _ in range(600):
        case = chance.choice([c for c in EXPECTED["responses"] if c["expect"] == "accept"])
        reply, chain = bytearray((VECTORS / case["file"]).read_bytes()), (VECTORS / case["chain"]).read_bytes()
        at = chance.randrange(len(reply))
        if chance.random() < 0.7:
            reply[at] ^= 1 << chance.randrange(8)
        else:
            reply[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        try:
            said = read_stamp(bytes(reply), bytes.fromhex(case["message_hex"]), [chain])
        except RecordError:
            continue
        assert (said.at, said.policy) == (datetime.fromisoformat(case["gen_time"]), case["policy_oid"])


# -- errors of an authority --------------------------------------------------------------------------------------------


def test_a_token_says_when_how_exactly_and_by_whom(authority: Authority) -> None:
    said = read_stamp(authority.stamp(DATA), DATA, [authority.root])
    assert abs(said.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert (said.accuracy, said.by - said.at) == (timedelta(seconds=1), timedelta(seconds=1))
    assert (said.authority, said.policy) == ("CN=Sample TSA", "1.2.3.4.1")


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_an_imprint_by_any_sha2_counts(authority: Authority, algorithm: str) -> None:
    reply = authority.stamp(DATA, algorithm)
    read_stamp(reply, DATA, [authority.root])
    refused("TST-IMPRINT", reply, authority.root, data=DATA + b"x")


def test_an_imprint_by_sha1_proves_nothing(authority: Authority) -> None:
    assert "1.3.14.3.2.26" in refused("TST-IMPRINT", authority.stamp(DATA, "sha1"), authority.root)


def test_a_signature_by_way_of_sha1_proves_nothing() -> None:
    assert "1.3.14.3.2.26" in refused("TST-SIG", STAMPER.stamp(DATA, AT, digest="sha1"), STAMPER.root.pem)


def test_an_accuracy_of_years_says_nothing(tmp_path: Path) -> None:
    vague = Authority(tmp_path, accuracy="secs:99999999")
    refused("TST-TIME", vague.stamp(DATA), vague.root)


@pytest.mark.parametrize(
    ("seconds", "millis", "micros", "within"),
    [
        (None, None, None, timedelta(0)),
        (2, 3, 4, timedelta(seconds=2, milliseconds=3, microseconds=4)),
        (None, 500, None, timedelta(milliseconds=500)),
        (None, None, 7, timedelta(microseconds=7)),
        (int(WORST.total_seconds()), None, None, WORST),
    ],
)
def test_the_parts_of_an_accuracy_are_added_and_what_is_left_out_is_zero(
    seconds: int | None, millis: int | None, micros: int | None, within: timedelta
) -> None:
    def answer(accuracy: object) -> Any:
        return SimpleNamespace(tst_info=SimpleNamespace(accuracy=accuracy))

    said = SimpleNamespace(seconds=seconds, millis=millis, micros=micros)
    assert rfc3161._accuracy(answer(said)) == within
    assert rfc3161._accuracy(answer(None)) == timedelta(0)
    with pytest.raises(RecordError, match="says nothing"):
        rfc3161._accuracy(answer(SimpleNamespace(seconds=int(WORST.total_seconds()) + 1, millis=None, micros=None)))


def test_a_root_is_trusted_only_from_outside(authority: Authority, tmp_path: Path) -> None:
    reply, other = authority.stamp(DATA), Authority(tmp_path / "other", name="Other TSA")
    refused("TST-CHAIN", reply)
    refused("TST-CHAIN", reply, other.root)
    refused("TST-CHAIN", reply, authority.certificate(STAMPING))
    read_stamp(reply, DATA, [other.root, authority.root])


def test_a_signer_must_be_one_for_time_stamps_alone_and_critically_so(authority: Authority) -> None:
    reply = authority.stamp(DATA, certificate=False)
    code = ExtendedKeyUsageOID.CODE_SIGNING
    read_stamp(reply, DATA, [authority.root, authority.certificate(STAMPING)])
    refused("TST-EKU", reply, authority.root, authority.certificate())
    refused("TST-EKU", reply, authority.root, authority.certificate(STAMPING, critical=False))
    refused("TST-EKU", reply, authority.root, authority.certificate(code))
    refused("TST-EKU", reply, authority.root, authority.certificate(STAMPING, code))


def test_a_chain_that_had_expired_at_its_time_is_none(tmp_path: Path) -> None:
    late = Authority(tmp_path, begins=NOW - timedelta(days=900), ends=NOW - timedelta(days=1))
    assert "expired" in refused("TST-CHAIN", late.stamp(DATA), late.root)


def test_a_token_whose_certificates_openssl_writes_in_another_order_is_read_as_any_other(tmp_path: Path) -> None:
    authority = Authority(tmp_path, whole_chain=True)
    reply = authority.stamp(DATA)
    assert in_order(reply) != reply
    assert read_stamp(reply, DATA, [authority.root]).authority == "CN=Sample TSA"
    broken = bytearray(reply)
    broken[-1] ^= 1
    refused("TST-SIG", bytes(broken), authority.root)


def der(tag: int, content: bytes) -> bytes:
    """Encode an element in DER with the shortest form of its length."""
    size = len(content)
    long = b"" if size < 128 else size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 + len(long) if long else size]) + long + content


@pytest.mark.parametrize("size", [0, 1, 126, 127, 128, 255, 256])
def test_certificates_are_put_in_order_behind_elements_of_any_length(size: int) -> None:
    one, other = der(0x30, b"a" * size), der(0x30, b"b" * size)

    def reply(*certificates: bytes) -> bytes:
        signed = der(2, b"\3") + der(0x31, b"h" * size) + der(0x30, b"c" * size) + der(0xA0, b"".join(certificates))
        return der(0x30, der(0x30, b"s" * size) + der(0x30, der(6, b"o" * size) + der(0xA0, der(0x30, signed))))

    assert in_order(reply(other, one)) == in_order(reply(one, other)) == reply(*sorted((one, other)))


def test_what_is_no_reply_is_not_put_in_order() -> None:
    chance = Random(3)
    reply = STAMPER.stamp(DATA, AT, certificates=(STAMPER.der, STAMPER.root.der), order=-1)
    for end in range(len(reply)):
        assert in_order(reply[:end]) == reply[:end]
    for _ in range(300):
        other = bytearray(reply)
        other[chance.randrange(len(other))] = chance.randrange(256)
        assert sorted(in_order(bytes(other))) == sorted(other)


def test_the_certificate_that_is_shown_is_the_one_whose_chain_was_built() -> None:
    """A second certificate with the same issuer and serial number, inserted before the first, is not shown."""
    spoof = Stamper("X", key=STAMPER.key, above=Stamper("Stamper Root"), serial=STAMPER.serial)
    assert len(spoof.der) < len(STAMPER.der), "and so it stands first"
    reply = STAMPER.stamp(DATA, AT, certificates=(spoof.der, STAMPER.der))
    refused("TST-CHAIN", reply, STAMPER.root.pem, STAMPER.pem)


def test_a_token_that_brings_certificates_brings_that_of_its_signer() -> None:
    reply = STAMPER.stamp(DATA, AT, certificates=(STAMPER.root.der,))
    refused("TST-CHAIN", reply, STAMPER.root.pem, STAMPER.pem)


def test_a_reply_longer_than_any_authority_sends_is_not_read() -> None:
    reply = STAMPER.stamp(DATA, AT, more=bytes(LARGEST))
    assert str(LARGEST) in refused("TST-FORMAT", reply, STAMPER.root.pem)


def test_a_token_that_was_granted_with_modifications_is_not_read() -> None:
    assert read_stamp(STAMPER.stamp(DATA, AT), DATA, [STAMPER.root.pem]).authority
    says = refused("TST-FORMAT", STAMPER.stamp(DATA, AT, status=1), STAMPER.root.pem)
    assert "granted with modifications" in says


def test_a_signature_is_checked_to_the_last_bit(authority: Authority) -> None:
    reply = bytearray(authority.stamp(DATA))
    reply[-1] ^= 1
    refused("TST-SIG", bytes(reply), authority.root)


def test_what_is_no_certificate_is_said_to_be_none() -> None:
    for file in (b"", b"text", b"-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n"):
        with pytest.raises(RecordError) as found:
            certificates(file)
        assert found.value.code == "TRUST-FORMAT"


# -- requests ----------------------------------------------------------------------------------------------------------


def test_an_authority_is_asked_over_http_and_its_answer_verified_before_it_is_kept(authority: Authority) -> None:
    with authority.served() as url:
        for sha512 in (False, True):
            reply = obtain(url, DATA, [authority.root], datetime.now(UTC), sha512=sha512)
            assert read_stamp(reply, DATA, [authority.root]).authority == "CN=Sample TSA"
    assert len(authority.asked) == 2


def test_an_answer_that_shows_nothing_is_not_taken(authority: Authority, tmp_path: Path) -> None:
    def fault(now: datetime, root: bytes, url: str) -> str:
        with pytest.raises(LedgerError) as found:
            obtain(url, DATA, [root], now)
        return found.value.code

    now = datetime.now(UTC)
    with authority.served() as url:
        assert fault(now, Authority(tmp_path / "other", name="Other TSA").root, url) == "TSA-REFUSED"
        assert fault(now + timedelta(minutes=7), authority.root, url) == "TSA-REFUSED"
        assert fault(now - timedelta(minutes=7), authority.root, url) == "TSA-REFUSED"
        assert fault(now + timedelta(hours=1), authority.root, url) == "CLOCK-AHEAD"
        assert fault(now - timedelta(hours=1), authority.root, url) == "CLOCK-AHEAD"
    assert fault(now, authority.root, url) == "HTTP-SILENT"


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [(503, b"", "status 503, 0 bytes"), (200, bytes(LARGEST + 1), f"status 200, {LARGEST + 1}")],
)
def test_an_authority_that_refuses_or_sends_too_much_gave_no_token(
    status: int, body: bytes, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(*_: object, **__: object) -> Reply:
        return Reply(status, "application/timestamp-reply", body)

    monkeypatch.setattr(rfc3161, "ask", ask)
    with pytest.raises(LedgerError, match=says) as found:
        obtain("http://tsa.example/", DATA, [], AT)
    assert found.value.code == "TSA-REFUSED"


def test_a_clock_may_differ_from_the_authoritys_by_five_minutes_and_its_accuracy(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = read_stamp(authority.stamp(DATA), DATA, [authority.root])
    monkeypatch.setattr(rfc3161, "read_stamp", lambda *_, **__: stamp)

    async def ask(*_: object, **__: object) -> Reply:
        return Reply(200, "", b"token")

    monkeypatch.setattr(rfc3161, "ask", ask)
    most = timedelta(minutes=5) + stamp.accuracy
    for off in (most, -most):
        assert obtain("http://tsa.example/", DATA, [], stamp.at + off) == b"token"
        with pytest.raises(LedgerError, match="it says"):
            obtain("http://tsa.example/", DATA, [], stamp.at + off * 1.001)


def test_the_authorities_of_a_ledger_are_names_with_urls_in_their_order(tmp_path: Path) -> None:
    assert authorities(tmp_path) == {}
    file = tmp_path / "authorities"
    file.write_text("# of the ministry\n\nsecond https://b.example/tsa\n   \nfirst\thttp://a.example\n#x y z\n")
    assert list(authorities(tmp_path).items()) == [("second", "https://b.example/tsa"), ("first", "http://a.example")]
    for line, number in (("first", 1), ("first a.example", 1), ("a http://a.example\nb http://b.example x\n", 2)):
        file.write_text(line)
        with pytest.raises(LedgerError, match=f"authority {number}: a name and a URL") as raised:
            authorities(tmp_path)
        assert raised.value.code == "TRUST"
    file.write_text("prüfer https://b.example")
    with pytest.raises(LedgerError, match="not a list") as raised:
        authorities(tmp_path)
    assert raised.value.code == "TRUST"


def test_the_certificates_of_authorities_are_the_files_of_their_endings_by_name(tmp_path: Path) -> None:
    assert trusted(tmp_path / "none") == ()
    for name in ("b.pem", "a.crt", "c.cer", "d.der", "authorities", "e.txt"):
        (tmp_path / name).write_bytes(name.encode())
    named = [path for path in sorted(tmp_path.iterdir()) if path.suffix in rfc3161.SUFFIXES]
    assert trusted(tmp_path) == tuple(path.name.encode() for path in named)
    assert len(named) >= 2


def test_without_the_extra_tokens_are_left_unchecked_and_none_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reader() is read_stamp
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    assert reader() is None
    with pytest.raises(LedgerError) as raised:
        read_stamp(b"", b"", ())
    assert raised.value.code == "NO-TSA"


def test_only_the_set_of_certificates_is_put_in_order() -> None:
    """Where a token brings none, what follows its content is the set of its signers: it stays as it was signed."""

    def reply(tag: int, *inner: bytes, rest: bytes = b"") -> bytes:
        signed = der(2, b"\3") + der(0x31, b"h") + der(0x30, b"c") + der(tag, b"".join(inner)) + rest
        return der(0x30, der(0x30, b"s") + der(0x30, der(6, b"o") + der(0xA0, der(0x30, signed))))

    one, other = der(0x30, b"a"), der(0x30, b"b")
    assert in_order(reply(0xA0, other, one)) == reply(0xA0, one, other)
    assert in_order(reply(0xA0, other, one, rest=der(0x31, b"x"))) == reply(0xA0, one, other, rest=der(0x31, b"x"))
    for tag in (0x31, 0xA1, 0x30):
        assert in_order(reply(tag, other, one)) == reply(tag, other, one)
    beyond = reply(0xA0, other, one[:-1], rest=der(0x31, b"x"))  # the last certificate ends behind the set
    for broken in (reply(0xA0, other, one, b"\x30"), reply(0xA0), reply(0xA0, b""), beyond):
        assert in_order(broken) == broken


# -- what a foreign parser returns -------------------------------------------------------------------------------------


def parsed(monkeypatch: pytest.MonkeyPatch, status: int, words: list[str], signers: int) -> None:
    """Let the library read any reply as one with this status, its words, and as many signers."""
    signed = SimpleNamespace(signer_infos=[None] * signers)
    response = SimpleNamespace(status=status, status_string=words, signed_data=signed, tst_info=None)
    monkeypatch.setattr("rfc3161_client.decode_timestamp_response", lambda reply: response)
    monkeypatch.setattr(rfc3161, "in_order", lambda reply: reply)


@pytest.mark.parametrize(
    ("words", "says"),
    [([], "status 2: the authority made no token"), (["no time", "try later"], "status 2: no time; try later")],
)
def test_a_refusal_of_an_authority_is_said_in_its_words(
    words: list[str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed(monkeypatch, 2, words, 0)
    assert refused("TST-STATUS", b"reply", STAMPER.root.pem) == says


@pytest.mark.parametrize("signers", [0, 2])
def test_a_token_is_signed_exactly_once(signers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed(monkeypatch, 0, [], signers)
    assert "not signed exactly once" in refused("TST-FORMAT", b"reply", STAMPER.root.pem)


@pytest.mark.parametrize(("error", "says"), [(ValueError("no\n  reply"), "no reply"), (KeyError(), "KeyError")])
def test_whatever_a_parser_raises_is_said_on_one_line(
    error: Exception, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(reply: bytes) -> bytes:
        raise error

    monkeypatch.setattr(rfc3161, "in_order", fail)
    assert refused("TST-FORMAT", b"reply", STAMPER.root.pem) == f"not read here: {says}"


def test_a_reply_of_as_many_bytes_as_an_authority_may_send_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed(monkeypatch, 2, [], 0)
    refused("TST-STATUS", bytes(LARGEST), STAMPER.root.pem)
    refused("TST-FORMAT", bytes(LARGEST + 1), STAMPER.root.pem)

    async def ask(*_: object, **__: object) -> Reply:
        return Reply(200, "", bytes(LARGEST))

    monkeypatch.setattr(rfc3161, "ask", ask)
    with pytest.raises(LedgerError, match="made no token"):
        obtain("http://tsa.example/", DATA, [], AT)


@pytest.mark.parametrize(
    ("more", "algorithm"), [({}, "sha256"), ({"sha512": False}, "sha256"), ({"sha512": True}, "sha512")]
)
def test_an_authority_is_asked_by_sha256_unless_sha512_is_wanted(
    more: dict[str, bool], algorithm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    async def ask(url: str, most: int, seconds: float, body: bytes, **_: object) -> Reply:
        asked.append(body)
        return Reply(503, "", b"")

    monkeypatch.setattr(rfc3161, "ask", ask)
    with pytest.raises(LedgerError):
        obtain("http://tsa.example/", DATA, [], AT, **more)
    assert hashlib.new(algorithm, DATA).digest() in asked[0]
