"""ML-DSA-44 in the page: the signatures that OpenSSL accepts, and both lines of a log that signs twice."""

from __future__ import annotations

from random import Random

import pytest

from ledger.adapters.keys import mldsa
from ledger.tlog.note import MLDSA44, Vkey, cosign_mldsa
from ledger.trust.trust_folder import Trust
from ledger.verify.evidence_bundle import verify
from tests.browser.check.test_conformance import differences
from tests.browser.support.node import Asked, Page
from tests.browser.support.recorder import question, report_fields
from tests.ledger.entries.test_log_keys import CASES, SIZED, both, bundled, policies, sized, twice
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


# -- a log that signs twice --------------------------------------------------------------------------------------------


MUTATED = 120


def agrees(node: Page, data: bytes, trust: Trust | None) -> str:
    """Ask both verifiers; return the verdict of both."""
    theirs = report_fields(verify(data, trust, None, NOW, mldsa=mldsa.verify))
    ours = node.ask("verify", **question(data, trust, None, NOW))
    assert not differences(ours, theirs)
    return str(ours["verdict"])


@pytest.mark.parametrize("name", CASES)
def test_a_missing_or_false_line_is_found_as_by_the_program(node: Page, name: str) -> None:
    change, start, verdicts = CASES[name]
    ledger, ilves = twice(start)
    data = bundled(ledger, ilves, change)
    for known, (verdict, _) in zip(policies(ledger), verdicts, strict=True):
        assert agrees(node, data, ledger.trust(known)) == verdict
    agrees(node, data, None)


@pytest.mark.parametrize("number", range(len(SIZED)))
def test_a_signed_policy_gives_sizes_to_both_keys_as_for_the_program(node: Page, number: int) -> None:
    sizes, change, (verdict, _) = SIZED[number]
    ledger, ilves = twice(None)
    assert agrees(node, bundled(ledger, ilves, change), sized(ledger, sizes)) == verdict


def mutated(chance: Random, ledger: Ledger, note: bytes) -> bytes:
    """Return a note whose lines are dropped, doubled, moved, exchanged or changed by a bit."""
    text, blank, tail = note.rpartition(b"\n\n")
    lines = tail.splitlines(keepends=True)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(lines))
        match chance.randrange(6):
            case 0 if len(lines) > 1:
                del lines[at]
            case 1:
                lines.insert(chance.randrange(len(lines) + 1), lines[at])
            case 2:
                chance.shuffle(lines)
            case 3:
                made = bytearray(lines[at])
                made[chance.randrange(5, len(made) - 1)] ^= 1 << chance.randrange(3)
                lines[at] = bytes(made)
            case 4:
                other = chance.choice(list(CASES.values()))[0](ledger, ledger.checkpoint(chance.randrange(1, 6)))
                lines.append(chance.choice(other.rpartition(b"\n\n")[2].splitlines(keepends=True)))
            case 5:
                lines[at] = lines[at].replace(b" ", b"  ", 1) if chance.random() < 0.2 else lines[at][:-9] + b"\n"
    return text + blank + b"".join(lines)


def test_lines_that_are_dropped_doubled_exchanged_or_changed_are_judged_as_by_the_program(node: Page) -> None:
    chance, seen = Random(16), set()
    for number in range(MUTATED):
        ledger, ilves = twice(chance.choice((None, 5, 6, 7)))
        data = bundled(ledger, ilves, lambda of, note: mutated(chance, of, both(of, note)))
        seen.add(agrees(node, data, ledger.trust(policies(ledger)[number % 3])))
    assert seen == {"TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"}
