"""Verifier keys, signed notes, checkpoints and cosignatures against every vector, and against every flipped bit."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RecordError
from ledger.formats.ed25519 import enrolable, public_key
from ledger.tlog import note
from ledger.tlog.names import check_origin, origin_hash
from ledger.tlog.note import (
    COSIGNATURE,
    ED25519,
    MLDSA44,
    Checkpoint,
    Vkey,
    b64,
    cosign,
    cosign_mldsa,
    decimal,
    format_checkpoint,
    in_turn,
    lines_of,
    log_vkey,
    note_digest,
    open_checkpoint,
    open_note,
    parse_checkpoint,
    parse_vkey,
    sign_note,
    signed_with,
    split_note,
    unb64,
    witness_vkey,
)

VECTORS = Path(__file__).parents[3] / "fixtures" / "vectors" / "notes"
VKEYS = json.loads((VECTORS / "vkeys.json").read_text("utf-8"))["cases"]
NOTES = json.loads((VECTORS / "signed_notes.json").read_text("utf-8"))
CHECKPOINTS = json.loads((VECTORS / "checkpoints.json").read_text("utf-8"))["cases"]
COSIGNED = json.loads((VECTORS / "cosignatures.json").read_text("utf-8"))
ORIGINS = json.loads((VECTORS / "origin_ids.json").read_text("utf-8"))["cases"]

# the layer that must object and its words, so that a parse error cannot hide a missing check
OBJECTIONS = {
    "malformed": ("CP-FORMAT", ""),
    "no-known-signature": ("CP-SIG", "no line of a known key"),
    "bad-signature": ("CP-SIG", "does not verify"),
    "ambiguous-key": ("CP-KEY", "cannot be told apart"),
}

ORIGIN = "ledger.example/xo/karsk"
ROOT = bytes.fromhex(COSIGNED["generated"]["root_hex"])
LOG = parse_vkey(COSIGNED["generated"]["log_vkey"])
FR, NL, SE = (parse_vkey(text) for text in COSIGNED["generated"]["witness_vkeys"])


def seed(label: str) -> bytes:
    """Return the published seed of a sample key, as notes/cosignatures.json describes it."""
    return sha256(f"comity test vector: {label}".encode()).digest()


def head(size: int = 11, root: bytes = ROOT, origin: str = ORIGIN) -> bytes:
    return sign_note(format_checkpoint(Checkpoint(origin, size, root)), origin, seed("log")).encode()


def cosigned(raw: bytes, *labels: str, time: int = 1767225600) -> bytes:
    names = {"witness 1": FR.name, "witness 2": NL.name, "witness 3": SE.name}
    return raw + "".join(cosign(raw, names[label], seed(label), time) for label in labels).encode()


def refused(code: str, says: str = "") -> Any:
    return pytest.raises(RecordError, match=rf"^{code}\b.*{re.escape(says)}")


# keys


@pytest.mark.parametrize("case", VKEYS, ids=range(len(VKEYS)))
def test_a_verifier_key_reads_as_the_vector_says(case: dict[str, Any]) -> None:
    if not case["valid"] and not case.get("syntax_valid"):
        with refused("CP-KEY"):
            parse_vkey(case["vkey"])
        return
    key = parse_vkey(case["vkey"])
    assert key.text == case["vkey"]
    assert key.public.hex() == case["public_key_hex"]
    if case["valid"]:
        assert (key.name, key.keyid.hex(), key.type) == (case["name"], case["key_id"], int(case["type"], 16))
    if key.type != MLDSA44:
        assert enrolable(key.public) == case["valid"]  # a key of low order parses, and still identifies no signer


def test_a_key_is_written_as_it_is_read() -> None:
    assert log_vkey(ORIGIN, public_key(seed("log"))) == LOG.text
    assert witness_vkey(FR.name, public_key(seed("witness 1"))) == FR.text
    with refused("CP-KEY", "no key known here"):
        log_vkey(ORIGIN, bytes(31))
    with refused("CP-KEY", "key name"):
        log_vkey("a name", bytes(32))
    with refused("CP-KEY"):
        parse_vkey("lone\ud800surrogate+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")


# notes


@pytest.mark.parametrize("case", NOTES["cases"], ids=lambda case: case["id"])
def test_a_note_opens_as_the_vector_says(case: dict[str, Any]) -> None:
    raw = b64decode(case["note_base64"]) if "note_base64" in case else case["note"].encode()
    keys = [parse_vkey(text) for text in case["keys"]]
    if case["expect"] != "ok":
        with refused(*OBJECTIONS[case["expect"]]):
            open_note(raw, keys)
        return
    opened = open_note(raw, keys)
    assert opened.text == case["text"]
    assert [key.id for key in opened.verified] == case["verified"]
    assert list(opened.ignored) == case["ignored"]
    assert opened.cosigned == ()


def test_the_published_sample_signer_is_reproduced_byte_by_byte() -> None:
    signer, case = NOTES["test_signer"], NOTES["cases"][0]
    signed = sign_note(case["text"], signer["name"], bytes.fromhex(signer["seed_hex"]))
    assert case["note"].startswith(signed)
    assert case["note"].removeprefix(signed).startswith("\u2014 EnochRoot ")


@pytest.mark.parametrize("text", ["", "no newline", "tab\there\n", "carriage\r\n", "nul\0\n"])
def test_a_text_that_no_note_can_carry_is_not_signed(text: str) -> None:
    with refused("CP-FORMAT"):
        sign_note(text, ORIGIN, seed("log"))


def test_a_note_of_a_megabyte_is_refused() -> None:
    with refused("CP-FORMAT", "at most 65536 bytes"):
        open_note(sign_note("a" * 1_000_000 + "\n", ORIGIN, seed("log")).encode(), [LOG])


@given(
    st.text(st.characters(exclude_characters=[chr(c) for c in range(32)], codec="utf-8")),
    st.binary(min_size=32, max_size=32),
)
def test_what_is_signed_opens_and_other_text_does_not(text: str, secret: bytes) -> None:
    key = Vkey.of(ORIGIN, ED25519, public_key(secret))
    signed = sign_note(text + "\n", ORIGIN, secret)
    assert open_note(signed.encode(), [key]).text == text + "\n"
    with refused("CP-SIG", "does not verify"):
        open_note(b"x" + signed.encode(), [key])


# checkpoints


@pytest.mark.parametrize("case", CHECKPOINTS, ids=lambda case: case["id"])
def test_a_checkpoint_reads_as_the_strict_profile_says(case: dict[str, Any]) -> None:
    if not case["strict"]:
        with refused("CP-(FORMAT|ORIGIN)"):
            parse_checkpoint(case["text"])
        return
    checkpoint = parse_checkpoint(case["text"])
    assert checkpoint == Checkpoint(case["origin"], case["size"], bytes.fromhex(case["root_hex"]))
    assert format_checkpoint(checkpoint) == case["text"]


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint(ORIGIN, 0, ROOT),
        Checkpoint(ORIGIN, 1, note.EMPTY_ROOT),
        Checkpoint(ORIGIN, 1, ROOT[1:]),
        Checkpoint(ORIGIN, -1, ROOT),
        Checkpoint(ORIGIN, 1 << 63, ROOT),
        Checkpoint("", 1, ROOT),
        Checkpoint("two\nlines", 1, ROOT),
        Checkpoint("with space", 1, ROOT),
    ],
)
def test_no_checkpoint_is_written_that_could_not_be_read(checkpoint: Checkpoint) -> None:
    with refused("CP-(FORMAT|ORIGIN)"):
        format_checkpoint(checkpoint)


@pytest.mark.parametrize("more", ["x", " ", "\n", "x\n"])
def test_a_checkpoint_ends_with_its_root(more: str) -> None:
    body = format_checkpoint(Checkpoint(ORIGIN, 11, ROOT))
    with refused("CP-FORMAT", "three lines"):
        parse_checkpoint(body + more)


def test_a_checkpoint_without_an_origin_is_none() -> None:
    with refused("CP-FORMAT", "three lines"):
        parse_checkpoint(format_checkpoint(Checkpoint(ORIGIN, 11, ROOT)).removeprefix(ORIGIN))


@pytest.mark.parametrize("case", ORIGINS, ids=lambda case: case["origin"][:20])
def test_the_hash_of_an_origin_is_the_one_in_the_path_of_a_witness(case: dict[str, Any]) -> None:
    assert origin_hash(case["origin"]) == case["tlog_witness_path_hash"] != case["distributor_id"]


def test_a_log_of_ours_has_a_scheme_less_lower_case_origin() -> None:
    for origin in (ORIGIN, "ledger.example", "ledger.example:8080/a/b", "l" * 200, f"{ORIGIN}/2"):
        check_origin(origin)
    for origin in (
        "",
        "https://ledger.example/a",
        f"{ORIGIN}/",
        f"/{ORIGIN}",
        "Ledger.example",
        "a b",
        "a+b",
        "l" * 201,
    ):
        with refused("CP-ORIGIN"):
            check_origin(origin)
    for origin in ("ledger.ex\u0430mple/xo/karsk", f"{ORIGIN}\n", "a//b"):
        with refused("CP-ORIGIN"):
            check_origin(origin)


def test_a_checkpoint_opens_with_its_log_its_witnesses_and_their_times() -> None:
    raw = cosigned(head(), "witness 1", "witness 2")
    opened = open_checkpoint(raw, ORIGIN, LOG, [FR, NL, SE])
    assert opened.checkpoint == Checkpoint(ORIGIN, 11, ROOT)
    assert opened.note == raw
    assert opened.cosignatures == ((FR, 1767225600), (NL, 1767225600))
    assert open_checkpoint(raw, ORIGIN, LOG, []).cosignatures == ()


@pytest.mark.parametrize(
    "origin",
    [
        "ledger.example/xo/other",
        f"{ORIGIN}/",
        ORIGIN.upper(),
        "ledger.ex\u0430mple/xo/karsk",
        "a" * 256,
        "",
    ],
)
def test_the_checkpoint_of_another_origin_is_refused_before_its_signature_is_looked_at(origin: str) -> None:
    text = format_checkpoint(Checkpoint(ORIGIN, 11, ROOT))
    theirs = sign_note(text.replace(ORIGIN, origin or "x"), origin or "x", seed("their log")).encode()
    with refused("CP-ORIGIN"):
        open_checkpoint(theirs, ORIGIN, LOG, [])  # their log's note offered as ours
    with refused("CP-ORIGIN"):
        open_checkpoint(head(), origin, LOG, [])  # our log's note offered as theirs
    with refused("CP-ORIGIN"):  # our note with our key under another name
        open_checkpoint(head(), ORIGIN, Vkey.of(origin or "x", ED25519, LOG.public), [])


def test_witnesses_alone_do_not_make_a_checkpoint() -> None:
    text, _, lines = cosigned(head(), "witness 1").decode().partition("\n\n")
    without_log = f"{text}\n\n{lines.splitlines(keepends=True)[1]}".encode()
    assert open_note(without_log, [LOG, FR]).verified == (FR,)
    with refused("CP-SIG", "no line of the log's key"):
        open_checkpoint(without_log, ORIGIN, LOG, [FR])


def test_the_line_of_the_log_comes_first() -> None:
    text, _, lines = cosigned(head(), "witness 1").decode().partition("\n\n")
    turned = f"{text}\n\n{''.join(reversed(lines.splitlines(keepends=True)))}".encode()
    assert set(open_note(turned, [LOG, FR]).verified) == {LOG, FR}
    with refused("CP-FORMAT", "must be the first"):
        open_checkpoint(turned, ORIGIN, LOG, [FR])


def test_a_key_does_only_its_own_job() -> None:
    with refused("CP-KEY", "type 0x01"):
        open_checkpoint(head(), ORIGIN, Vkey.of(ORIGIN, COSIGNATURE, LOG.public), [])
    with refused("CP-KEY", "type 0x01"):
        open_checkpoint(head(), ORIGIN, (LOG, Vkey.of(ORIGIN, COSIGNATURE, NL.public)), [])
    for witnesses in ([], [NL]):
        with refused("CP-KEY", "type 0x04"):
            open_checkpoint(head(), ORIGIN, LOG, [*witnesses, Vkey.of(FR.name, ED25519, FR.public)])
    with refused("CP-KEY", "cannot be told apart"):  # one key under two names would be counted twice
        open_checkpoint(head(), ORIGIN, LOG, [FR, Vkey.of("witness.example/again", COSIGNATURE, FR.public)])


def test_two_trusted_keys_with_one_name_and_one_id_are_refused() -> None:
    twins = [Vkey.of("witness.example/twin", COSIGNATURE, public_key(seed(f"twin {n}"))) for n in (28033, 34348)]
    assert twins[0].id == twins[1].id == "witness.example/twin+aa9bfa12"  # 32 bits: found in a second
    with refused("CP-KEY", "cannot be told apart"):
        open_note(head(), [LOG, *twins])


def test_an_empty_line_or_an_extension_line_in_the_text_is_no_checkpoint() -> None:
    for extra in ("\n", "an extension line\n"):
        signed = sign_note(format_checkpoint(Checkpoint(ORIGIN, 11, ROOT)) + extra, ORIGIN, seed("log")).encode()
        assert open_note(signed, [LOG]).verified == (LOG,)
        with refused("CP-FORMAT", "three lines"):
            open_checkpoint(signed, ORIGIN, LOG, [])


def test_no_flipped_bit_of_a_signed_checkpoint_survives() -> None:
    raw = head()
    for bit in range(8 * len(raw)):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(RecordError):
            open_checkpoint(bytes(flipped), ORIGIN, LOG, [])


def test_no_flipped_bit_moves_the_time_of_a_cosignature() -> None:
    raw = cosigned(head(), "witness 1")
    for bit in range(8 * len(head()), 8 * len(raw)):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            opened = open_checkpoint(bytes(flipped), ORIGIN, LOG, [FR])
        except RecordError:
            continue
        assert opened.cosignatures == ()  # with a flipped name or id the line belongs to an unknown key
        assert opened.checkpoint == Checkpoint(ORIGIN, 11, ROOT)


def test_the_digest_of_a_note_covers_its_cosignatures() -> None:
    assert note_digest(head()) == sha256(head()).hexdigest() != note_digest(cosigned(head(), "witness 1"))


# cosignatures


def cosigner_of(payload: bytes, name: str = "witness.example.com/w1") -> Vkey:
    """Make a key with the id of a published line, whose key was not published."""
    return Vkey(name, payload[:4], COSIGNATURE, bytes(32))


@pytest.mark.parametrize("case", COSIGNED["timestamp_decoding"], ids=range(4))
def test_the_time_of_a_cosignature_is_decoded(case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    signed: list[bytes] = []

    def accept(_: bytes, message: bytes, __: bytes) -> bool:
        signed.append(message)
        return True

    monkeypatch.setattr(note, "verify_signature", accept)
    text = COSIGNED["signed_message_example"]["message"].split("\n", 2)[2]
    name, payload = "witness.example.com/w1", case["line_payload_base64"]
    raw = case.get("note", f"{text}\n\u2014 {name} {payload}\n").encode()
    if case.get("error") == "not base64":
        with refused("CP-FORMAT"):
            open_note(raw, [cosigner_of(bytes(4))])
        return
    key = cosigner_of(b64decode(payload))
    if "error" in case:
        with refused("CP-SIG", "64 bytes does not verify"):
            open_note(raw, [key])
        return
    assert key.keyid.hex() == case["key_id"]
    assert open_note(raw, [key]).cosigned == ((key, case["time"]),)
    if case["time"] == COSIGNED["signed_message_example"]["time"]:
        assert signed == [COSIGNED["signed_message_example"]["message"].encode()]


@pytest.mark.parametrize("case", COSIGNED["cases"], ids=lambda case: case["id"])
def test_a_cosigned_note_opens_as_the_vector_says(case: dict[str, Any]) -> None:
    raw, keys = case["note"].encode(), [parse_vkey(text) for text in case["keys"]]
    if case["expect"] != "ok":
        with refused(*OBJECTIONS[case["expect"]]):
            open_note(raw, keys)
        return
    opened = open_note(raw, keys)
    assert {key.name: time for key, time in opened.cosigned} == case["times"]
    assert [key.id for key in opened.verified] == case["verified"]
    assert (LOG in opened.verified) == case["log_line_verified"]


def test_our_log_and_witnesses_make_the_generated_notes_byte_by_byte() -> None:
    notes = {case["id"]: case["note"].encode() for case in COSIGNED["cases"]}
    fr, nl = (FR.name, seed("witness 1")), (NL.name, seed("witness 2"))
    line = cosign(head(), *fr, 1767225600)
    assert notes["two-cosigners"] == head() + (line + cosign(head(), *nl, 1767225607)).encode()
    assert notes["same-cosigner-twice"] == head() + (line + cosign(head(), *fr, 1767225660)).encode()


def test_a_cosignature_without_a_time_is_made_by_nobody_and_counted_by_nobody() -> None:
    for time in (0, -1, 1 << 63):
        with pytest.raises(ValueError):
            cosign(head(), FR.name, seed("witness 1"), time)
    (case,) = (case for case in COSIGNED["cases"] if case["id"] == "cosignature-time-zero")
    assert open_checkpoint(case["note"].encode(), ORIGIN, LOG, [FR]).cosignatures == ()


@pytest.mark.parametrize("time", [1, (1 << 62) + 1, (1 << 63) - 1])
def test_a_cosignature_may_have_any_time_of_63_bits(time: int) -> None:
    assert open_checkpoint(cosigned(head(), "witness 1", time=time), ORIGIN, LOG, [FR]).cosignatures == ((FR, time),)


@pytest.mark.parametrize("time", [0, -1, 1 << 63])
def test_an_ml_dsa_cosignature_without_a_time_is_not_made(time: int) -> None:
    with pytest.raises(ValueError, match="needs a time"):
        cosign_mldsa(head(), "witness.example/pq", bytes(1312), lambda _: bytes(2420), time)


@pytest.mark.parametrize("time", [1, (1 << 63) - 1])
def test_an_ml_dsa_cosignature_has_its_time_before_the_signature(time: int) -> None:
    line = cosign_mldsa(head(), "witness.example/pq", bytes(1312), lambda _: b"s" * 2420, time)
    (made,) = lines_of(head() + line.encode(), [Vkey.of("witness.example/pq", MLDSA44, bytes(1312))]).values()
    assert made == line
    assert split_note(head() + line.encode())[1][1].signature == time.to_bytes(8, "big") + b"s" * 2420


def test_the_time_in_a_line_of_the_log_counts_as_no_cosignature() -> None:
    key = Vkey.of(ORIGIN, MLDSA44, bytes(1312))
    raw = cosigned(head(), "witness 1")
    raw += cosign_mldsa(raw, ORIGIN, key.public, lambda _: bytes(2420), 1767225601).encode()
    opened = open_checkpoint(raw, ORIGIN, (LOG, key), [FR], mldsa=lambda *_: True)
    assert opened.cosignatures == ((FR, 1767225600),)


# the lines of a note


def test_a_line_begins_with_a_dash() -> None:
    text, _, line = head().decode().rpartition("\u2014 ")
    for dash in ("", "- ", "\u2014"):
        with refused("CP-FORMAT", "a signature line reads"):
            split_note(f"{text}{dash}{line}".encode())


def test_a_line_has_at_least_one_byte_of_signature() -> None:
    text = head().decode().rpartition("\u2014 ")[0]
    (line,) = split_note(f"{text}\u2014 {ORIGIN} {b64(b'12345')}\n".encode())[1]
    assert (line.name, line.keyid, line.signature) == (ORIGIN, b"1234", b"5")
    for short in (b"1234", b""):
        with refused("CP-FORMAT", "without a signature"):
            split_note(f"{text}\u2014 {ORIGIN} {b64(short)}\n".encode())


def test_the_last_line_of_each_key_is_taken_as_it_is_written() -> None:
    raw = cosigned(cosigned(head(), "witness 1", "witness 2"), "witness 1", time=1767225601)
    lines = raw.decode().rpartition("\n\n")[2].splitlines(keepends=True)
    assert lines_of(raw, [FR, LOG]) == {LOG: lines[0], FR: lines[3]}
    assert lines_of(raw, [SE]) == lines_of(raw, []) == {}


def test_a_note_is_signed_with_a_type_if_a_line_of_this_name_has_its_length() -> None:
    raw = cosigned(head(), "witness 1")
    asked = [(ORIGIN, ED25519), (ORIGIN, COSIGNATURE), (FR.name, COSIGNATURE), (FR.name, ED25519), (NL.name, ED25519)]
    assert [signed_with(raw, *each) for each in asked] == [True, False, True, False, False]


def test_a_log_with_several_keys_is_opened_by_each_of_them_and_by_no_other() -> None:
    newer = Vkey.of(ORIGIN, ED25519, public_key(seed("another log key")))
    assert (in_turn(LOG), in_turn((LOG, newer))) == ((LOG,), (LOG, newer))
    for keys in ((LOG, newer), (newer, LOG)):
        assert open_checkpoint(head(), ORIGIN, keys, []).checkpoint.size == 11
    with refused("CP-SIG", "no line of a known key"):
        open_checkpoint(head(), ORIGIN, (newer,), [])
    with refused("CP-ORIGIN"):
        open_checkpoint(head(), ORIGIN, (LOG, Vkey.of("ledger.example/other", ED25519, newer.public)), [])


# ML-DSA-44, which libsodium does not have


def mldsa_cosigned() -> tuple[bytes, Vkey, note.MlDsa]:
    """Make a checkpoint with a cosignature of type 0x06, its key, and a verifier, with the library `cryptography`."""
    mldsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="needs cryptography 50")
    invalid = pytest.importorskip("cryptography.exceptions").InvalidSignature
    private = mldsa.MLDSA44PrivateKey.from_seed_bytes(seed("ml-dsa witness"))
    key = Vkey.of("witness.example/pq", MLDSA44, private.public_key().public_bytes_raw())
    message = (
        b"subtree/v1\n\0\x12witness.example/pq" + (1767225600).to_bytes(8, "big") + b"\x17ledger.example/xo/karsk"
        + bytes(8) + (11).to_bytes(8, "big") + ROOT
    )  # fmt: skip
    payload = key.keyid + (1767225600).to_bytes(8, "big") + private.sign(message)

    def verify(public: bytes, signed: bytes, signature: bytes) -> bool:
        try:
            mldsa.MLDSA44PublicKey.from_public_bytes(public).verify(signature, signed)
        except invalid:
            return False
        return True

    return head() + f"\u2014 {key.name} {b64(payload)}\n".encode(), key, verify


def test_an_ml_dsa_cosignature_holds_if_a_verifier_is_handed_in() -> None:
    raw, key, verify = mldsa_cosigned()
    assert parse_vkey(key.text) == key
    assert open_checkpoint(raw, ORIGIN, LOG, [key], mldsa=verify).cosignatures == ((key, 1767225600),)
    with refused("CP-SIG", "does not verify"):
        open_checkpoint(raw, ORIGIN, LOG, [key], mldsa=lambda *_: False)
    blob = unb64(raw.decode().splitlines()[-1].split(" ")[2])
    late = blob[:11] + bytes([blob[11] ^ 1]) + blob[12:]
    with refused("CP-SIG", "does not verify"):
        open_checkpoint(raw.replace(b64(blob).encode(), b64(late).encode()), ORIGIN, LOG, [key], mldsa=verify)


def test_an_ml_dsa_line_is_ignored_unless_its_key_is_trusted() -> None:
    raw, key, _ = mldsa_cosigned()
    assert open_checkpoint(raw, ORIGIN, LOG, [FR]).cosignatures == ()
    with refused("CP-KEY", "nothing here can verify it"):
        open_checkpoint(raw, ORIGIN, LOG, [key])
    with refused("CP-SIG", "71 bytes"):
        short = f"\u2014 {key.name} {b64(key.keyid + bytes(71))}\n".encode()
        open_checkpoint(head() + short, ORIGIN, LOG, [key])


# one spelling


@given(st.binary())
def test_base64_has_one_spelling(data: bytes) -> None:
    assert unb64(b64(data)) == data


@pytest.mark.parametrize(
    "text", ["QR==", "QQ", "QQ=", "QQ===", "Q Q=", "QQ==\n", "_-8=", "QQ==QQ==", "\uff31Q==", "=", "A"]
)
def test_any_other_spelling_of_base64_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        unb64(text)


@given(st.integers(0, (1 << 63) - 1))
def test_a_decimal_has_one_spelling(number: int) -> None:
    assert decimal(str(number)) == number


@pytest.mark.parametrize(
    "text",
    ["", "00", "007", "+7", "-0", "-1", " 7", "7 ", "7\n", "1_000", "0x7", "1e3", "\uff17", "\u0667", str(1 << 63)],
)
def test_any_other_spelling_of_a_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        decimal(text)
