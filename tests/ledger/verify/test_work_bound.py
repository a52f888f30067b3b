"""The amount of work is limited where the verifier holds no trust: a maker's own policy and its notes."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest

from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import log_vkey, note_digest, witness_vkey
from ledger.tlog.policy import parse_policy
from ledger.verify.evidence_bundle import verify
from ledger.verify.heads import READ
from ledger.verify.report import Verdict
from tests.support.memory_ledger import BEGINS, NOW, Ledger, checked, small

UNREAD = f"Cosignatures of notes behind the first {READ} lines were not read."


def keys(count: int, origin: str) -> bytes:
    """Return lines of a policy with `count` keys of one log."""
    made = (public_key(sha256(f"key {n}".encode()).digest()) for n in range(count))
    return b"".join(f"log {log_vkey(origin, key)}\n".encode() for key in made)


def many(notes: int) -> tuple[Ledger, bytes]:
    """Make a bundle with `notes` notes of one size of the log, each cosigned by fifteen witnesses at another second."""
    ledger, ilves = small(witnesses=15)
    for n in range(notes):
        note = ledger.checkpoint(3, *[BEGINS + timedelta(seconds=n)] * 15)
        ledger.heads[note_digest(note)] = note
    return ledger, ledger.bundle(ilves)


def test_a_policy_has_at_most_256_keys() -> None:
    origin = "ledger.example/a"
    assert len(parse_policy(keys(256, origin) + b"quorum none\n").logs) == 256
    with pytest.raises(RecordError, match="POL-FORMAT line 257"):
        parse_policy(keys(257, origin) + b"quorum none\n")
    witness = f"witness w {witness_vkey('w.example', public_key(bytes(32)))}\nquorum none\n".encode()
    with pytest.raises(RecordError, match="POL-FORMAT line 257"):
        parse_policy(keys(256, origin) + witness)


@pytest.mark.parametrize("count", [257, 1_500])
def test_a_bundle_with_a_policy_of_a_thousand_keys_ends_in_a_verdict(count: int) -> None:
    ledger, ilves = small()
    policy = ledger.policy().replace(b"quorum", keys(count - 1, "ledger.test/elsewhere") + b"quorum")
    report = verify(ledger.bundle(ilves, policy=policy), None, None, NOW)
    assert (report.verdict, [r.code for r in report.reasons]) == (Verdict.FAILED, ["POL-FORMAT"])
    assert checked(ledger.bundle(ilves, policy=policy), ledger).verdict is Verdict.PASSED


def test_cosignatures_under_a_policy_of_the_bundle_itself_are_read_as_far_as_their_number_goes() -> None:
    ledger, data = many(160)
    report = verify(data, None, None, NOW)
    assert report.verdict is Verdict.INDETERMINATE
    assert UNREAD in report.not_proven
    assert "CP-QUORUM" in [r.code for r in report.reasons], "the head has none, and that is still said"
    assert UNREAD not in checked(data, ledger).not_proven
    few = verify(many(20)[1], None, None, NOW)
    assert UNREAD not in few.not_proven


def test_a_note_that_its_log_did_not_sign_is_found_however_many_there_are() -> None:
    ledger, _ = many(160)
    note = ledger.checkpoint(3).replace(b"\n\n", b"\n\n", 1)
    spoilt = note[:-10] + b"AAAAAAAA" + note[-2:]
    ledger.heads[note_digest(spoilt)] = spoilt
    by = small(witnesses=15)[1]
    report = verify(ledger.bundle(by), None, None, NOW)
    assert (report.verdict, report.reasons[0].code) == (Verdict.FAILED, "CP-SIG")
