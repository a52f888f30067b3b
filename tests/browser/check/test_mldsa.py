"""ML-DSA-44 in the page: it accepts the signatures that OpenSSL accepts, and no others."""

from __future__ import annotations

from random import Random

import pytest

from ledger.adapters.keys import mldsa
from ledger.tlog.note import MLDSA44, Vkey, cosign_mldsa
from ledger.verify.evidence_bundle import verify
from tests.browser.check.test_conformance import differences
from tests.browser.support.node import Asked, Page
from tests.browser.support.recorder import question, report_fields
from tests.ledger.verify.test_time_brackets import t
from tests.support.memory_ledger import NOW, Ledger, small

native = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="needs cryptography 50")
pytestmark = pytest.mark.browser

CHALLENGE, HINTS = 32, 2_336  # bytes of a signature before the answer, and before the hints
TRIED = 240
NAME = "witness.example/pq"


def key(number: int) -> mldsa.MlDsaKey:
    return mldsa.MlDsaKey(native.MLDSA44PrivateKey.from_seed_bytes(bytes([number]) * 32))


def spoilt(chance: Random, one: bytes, start: int = 0, end: int | None = None) -> bytes:
    """Flip one bit between two offsets."""
    made = bytearray(one)
    made[chance.randrange(start, len(one) if end is None else end)] ^= 1 << chance.randrange(8)
    return bytes(made)


def test_a_signature_holds_in_the_page_if_and_only_if_it_does_for_openssl(reader: Asked) -> None:
    chance, held = Random(44), 0
    keys = [key(number) for number in range(4)]
    for number in range(TRIED):
        by = chance.choice(keys)
        message = chance.randbytes(chance.randrange(400))
        public, signature = by.public, by.sign(message)
        match number % 6:
            case 1:
                signature = spoilt(chance, signature, 0, CHALLENGE)
            case 2:
                signature = spoilt(chance, signature, CHALLENGE, HINTS)
            case 3:
                signature = spoilt(chance, signature, HINTS)
            case 4:
                message += b"\0"
            case 5:
                public = spoilt(chance, public)
        wanted = mldsa.verify(public, message, signature)
        assert reader.ask("mldsa", key=public, message=message, signature=signature) == wanted, number
        held += wanted
    assert held == TRIED / 6


def hinted(signature: bytes, hints: bytes) -> bytes:
    return signature[:HINTS] + hints


@pytest.mark.parametrize(
    "hints",
    [
        bytes(80) + b"\x51\0\0\0",  # above the limit
        bytes(80) + b"\2\1\1\1",  # decreasing ends
        b"\5\3" + bytes(78) + b"\2\2\2\2",  # decreasing places
        b"\5\5" + bytes(78) + b"\2\2\2\2",  # one place twice
        b"\5\6\7" + bytes(77) + b"\2\2\2\2",  # a byte after the last place
        b"\xff" * 84,
    ],
)
def test_hints_in_another_spelling_hold_nowhere(node: Page, hints: bytes) -> None:
    by = key(1)
    signature = hinted(by.sign(b"message"), hints)
    assert not mldsa.verify(by.public, b"message", signature)
    assert node.ask("mldsa", key=by.public, message=b"message", signature=signature) is False


def cosigned(quorum: str, *, spoil: bool = False, absent: bool = False) -> tuple[Ledger, bytes, bytes]:
    """Return a ledger, its bundle and its policy: two witnesses with Ed25519, one with ML-DSA-44."""
    ledger, ilves = small(witnesses=2)
    by = key(7)
    witness = f"witness pq {Vkey.of(NAME, MLDSA44, by.public).text}\ngroup every all pq"
    policy = ledger.policy(quorum).replace(b"group every all", witness.encode())
    note = ledger.checkpoint(None, t(0), t(1))
    end = b"\0" if spoil else b""
    line = cosign_mldsa(note, NAME, by.public, lambda message: by.sign(message + end), int(t(2).timestamp()))
    data = ledger.bundle(ilves, note=note if absent else note + line.encode(), policy=policy)
    return ledger, data, policy


@pytest.mark.parametrize(
    ("quorum", "made", "wanted"),
    [
        ("every", {}, ("TOTAL-PASSED", [])),
        ("every", {"absent": True}, ("INDETERMINATE", ["CP-QUORUM"])),
        ("every", {"spoil": True}, ("TOTAL-FAILED", ["CP-SIG"])),
        ("pq", {}, ("TOTAL-PASSED", [])),
        ("none", {"spoil": True}, ("TOTAL-FAILED", ["CP-SIG"])),
    ],
)
def test_a_cosignature_counts_as_it_does_for_the_program(
    node: Page, quorum: str, made: dict[str, bool], wanted: tuple[str, list[str]]
) -> None:
    ledger, data, policy = cosigned(quorum, **made)
    trust = ledger.trust(policy)
    theirs = report_fields(verify(data, trust, None, NOW, mldsa=mldsa.verify))
    ours = node.ask("verify", **question(data, trust, None, NOW))
    assert not differences(ours, theirs)
    assert (ours["verdict"], [reason["code"] for reason in ours["reasons"]]) == wanted
