"""A log signs twice: who knows both keys needs both lines, who knows one verifies by that one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.adapters.keys import mldsa
from ledger.entries.log_keys import NONE, key_at, key_starts
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import COSIGNATURE, ED25519, MLDSA44, Vkey, cosign, cosign_mldsa, format_line, split_note
from ledger.trust.trust_folder import Sizes, Trust
from ledger.verify.evidence_bundle import verify
from ledger.verify.report import Report
from tests.support.memory_ledger import NOW, ORDER, Hand, Ledger, hand, small

native = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="needs cryptography 50")

AT = 1_772_000_000  # seconds since 1970
Change = Callable[[Ledger, bytes], bytes]
Outcome = tuple[str, list[str]]  # verdict and codes


def post_quantum(number: int) -> mldsa.MlDsaKey:
    return mldsa.MlDsaKey(native.MLDSA44PrivateKey.from_seed_bytes(bytes([number]) * 32))


KEY, OTHER = post_quantum(1), post_quantum(2)


def first(ledger: Ledger) -> Vkey:
    return Vkey.of(ledger.origin, ED25519, public_key(ledger.log.seed))


def second(ledger: Ledger, key: mldsa.MlDsaKey = KEY) -> Vkey:
    return Vkey.of(ledger.origin, MLDSA44, key.public)


def line(ledger: Ledger, note: bytes, key: mldsa.MlDsaKey = KEY, name: str = "") -> bytes:
    """Return the line of an ML-DSA-44 key under the name of the log for the text of a note."""
    return cosign_mldsa(note, name or ledger.origin, key.public, key.sign, AT).encode()


def policy(*keys: Vkey, more: str = "quorum none\n") -> bytes:
    return ("".join(f"log {key.text}\n" for key in keys) + more).encode()


def twice(from_size: int | None = 6) -> tuple[Ledger, Hand]:
    """Return a ledger of six entries; from `from_size` on, by its register, the second key signs too."""
    ledger, ilves = small()
    if from_size is None:
        ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    else:
        public = {"old_key": NONE, "new_key": second(ledger).text, "from_size": from_size}
        ledger.record(ledger.keeper, "log-key-rotated", public)
    return ledger, ilves


def bundled(ledger: Ledger, ilves: Hand, change: Change) -> bytes:
    return ledger.bundle(ilves, note=change(ledger, ledger.checkpoint()), policy=policy(first(ledger), second(ledger)))


def outcome(report: Report) -> Outcome:
    return str(report.verdict), [reason.code for reason in report.reasons]


def both(ledger: Ledger, note: bytes) -> bytes:
    return note + line(ledger, note)


def only_first(_: Ledger, note: bytes) -> bytes:
    return note


def only_second(ledger: Ledger, note: bytes) -> bytes:
    return _text(note) + line(ledger, note)


def second_before_first(ledger: Ledger, note: bytes) -> bytes:
    return _text(note) + line(ledger, note) + note.removeprefix(_text(note))


def false_second(ledger: Ledger, note: bytes) -> bytes:
    """Return a note with the line of the second key for another text."""
    return note + line(ledger, ledger.checkpoint(ledger.size - 1))


def false_first(ledger: Ledger, note: bytes) -> bytes:
    made = split_note(note)[1][0].signature
    wrong = format_line(first(ledger), made[:9] + bytes([made[9] ^ 1]) + made[10:]).encode()
    return _text(note) + wrong + line(ledger, note)


def of_another_key(ledger: Ledger, note: bytes) -> bytes:
    return note + line(ledger, note, OTHER)


def of_another_log(ledger: Ledger, note: bytes) -> bytes:
    """Return a note with the line that the key makes under another name."""
    return note + line(ledger, note, name="ledger.example/elsewhere")


def under_the_id_of_the_second(ledger: Ledger, note: bytes) -> bytes:
    """Return a note whose second line has the id of the second key and the signature of another one."""
    (made,) = split_note(_text(note) + line(ledger, note, OTHER))[1]
    return note + format_line(second(ledger), made.signature).encode()


def of_a_timed_ed25519_key(ledger: Ledger, note: bytes) -> bytes:
    """Return a note that the log's Ed25519 key signs again as a witness does."""
    return note + cosign(note, ledger.origin, ledger.log.seed, AT).encode()


def again_and_again(ledger: Ledger, note: bytes) -> bytes:
    return note + 3 * line(ledger, note)


def _text(note: bytes) -> bytes:
    return note.rpartition(b"\n\n")[0] + b"\n\n"


PASSED: Outcome = ("TOTAL-PASSED", [])
FALSE, MISSING, DOUBTED = ("TOTAL-FAILED", ["CP-SIG"]), ("TOTAL-FAILED", ["CP-KEY"]), ("INDETERMINATE", ["CP-KEY"])

# the note; from which size the register says that the second key signs; verdicts: both keys, the first, the second
CASES: dict[str, tuple[Change, int | None, tuple[Outcome, Outcome, Outcome]]] = {
    "both lines": (both, 6, (PASSED, PASSED, PASSED)),
    "both lines, the second first": (second_before_first, 6, (PASSED, PASSED, PASSED)),
    "a line three times": (again_and_again, 6, (PASSED, PASSED, PASSED)),
    "the second line taken away": (only_first, 6, (MISSING, PASSED, FALSE)),
    "the second line taken away after its first size": (only_first, 5, (MISSING, PASSED, FALSE)),
    "the first line taken away": (only_second, 6, (MISSING, FALSE, PASSED)),
    "a false second line": (false_second, 6, (FALSE, PASSED, FALSE)),
    "a false first line": (false_first, 6, (FALSE, FALSE, PASSED)),
    "a line of another key instead": (of_another_key, 6, (MISSING, PASSED, FALSE)),
    "a line of the key under another name": (of_another_log, 6, (MISSING, PASSED, FALSE)),
    "another signature under the id": (under_the_id_of_the_second, 6, (FALSE, PASSED, FALSE)),
    "the first key twice": (of_a_timed_ed25519_key, 6, (MISSING, PASSED, FALSE)),
    "unsaid, both lines": (both, None, (PASSED, PASSED, PASSED)),
    "unsaid, one line": (only_first, None, (DOUBTED, PASSED, FALSE)),
    "unsaid, the first line taken away": (only_second, None, (MISSING, FALSE, PASSED)),
    "said to begin later": (only_first, 7, (DOUBTED, PASSED, FALSE)),
    "said to begin later, and signs": (both, 7, (MISSING, PASSED, MISSING)),
}


def policies(ledger: Ledger) -> list[bytes]:
    return [policy(first(ledger), second(ledger)), policy(first(ledger)), policy(second(ledger))]


@pytest.mark.parametrize("name", CASES)
def test_a_line_that_is_missing_or_false_is_found_by_whoever_knows_its_key(name: str) -> None:
    change, start, verdicts = CASES[name]
    ledger, ilves = twice(start)
    data = bundled(ledger, ilves, change)
    for known, wanted in zip(policies(ledger), verdicts, strict=True):
        report = verify(data, ledger.trust(known), None, NOW, mldsa=mldsa.verify)
        assert outcome(report) == wanted


SIZED: list[tuple[dict[int, Sizes], Change, Outcome]] = [
    ({MLDSA44: Sizes(7)}, only_first, PASSED),
    ({MLDSA44: Sizes(3, 6)}, only_first, PASSED),
    ({MLDSA44: Sizes(6)}, only_first, MISSING),
    ({MLDSA44: Sizes(6)}, both, PASSED),
    ({ED25519: Sizes(0)}, only_first, DOUBTED),
    ({ED25519: Sizes(0), MLDSA44: Sizes(6)}, only_second, MISSING),
    ({ED25519: Sizes(0, 6), MLDSA44: Sizes(6)}, only_second, PASSED),
]


def sized(ledger: Ledger, sizes: dict[int, Sizes]) -> Trust:
    """Return the trust of a signed policy that gives sizes to the two keys."""
    known = policies(ledger)[0]
    texts = {ED25519: first(ledger).text, MLDSA44: second(ledger).text}
    return replace(ledger.trust(known), sizes={texts[kind]: span for kind, span in sizes.items()})


@pytest.mark.parametrize(("sizes", "change", "wanted"), SIZED)
def test_a_signed_policy_says_from_which_size_on_both_lines_are_needed(
    sizes: dict[int, Sizes], change: Change, wanted: Outcome
) -> None:
    ledger, ilves = twice(None)
    data = bundled(ledger, ilves, change)
    assert outcome(verify(data, sized(ledger, sizes), None, NOW, mldsa=mldsa.verify)) == wanted


def test_a_verifier_without_ml_dsa_doubts_a_second_line_and_still_reads_the_first() -> None:
    ledger, ilves = twice()
    data = bundled(ledger, ilves, both)
    report = verify(data, ledger.trust(policies(ledger)[0]), None, NOW)
    assert outcome(report) == ("INDETERMINATE", ["CP-SIG"])
    assert outcome(verify(data, ledger.trust(policies(ledger)[1]), None, NOW)) == PASSED


def test_the_time_in_a_line_of_the_log_is_no_cosignature() -> None:
    ledger, ilves = twice()
    report = verify(bundled(ledger, ilves, both), ledger.trust(policies(ledger)[0]), None, NOW, mldsa=mldsa.verify)
    assert report.head is not None
    assert report.head.cosignatures == ()
    assert report.head_seen is None
    assert report.log_key == first(ledger).text


# -- the fold ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 50)), max_size=6))
def test_the_key_of_a_size_is_the_last_that_began_below_it(made: list[tuple[bool, int]]) -> None:
    rotations: list[dict[str, Any]] = []
    series = {ED25519: ["start"], MLDSA44: [NONE]}
    at = 0
    for number, (post, step) in enumerate(made):
        at += step
        key = post_quantum(number + 10).public if post else public_key(hand(f"log {number}").seed)
        kind = MLDSA44 if post else ED25519
        vkey = Vkey.of("ledger.example/x", kind, key).text
        rotations.append({"old_key": series[kind][-1], "new_key": vkey, "from_size": at})
        series[kind].append(vkey)
    starts = key_starts(rotations)
    for kind in (ED25519, MLDSA44):
        mine = [said for said in rotations if said["new_key"] in series[kind]]
        for size in range(at + 2):
            begun = [said["new_key"] for said in mine if said["from_size"] <= size]
            before = "start" if kind == ED25519 and mine else None
            assert key_at(starts[kind], size) == (begun[-1] if begun else before)


def test_a_malformed_key_in_the_register_signs_no_size() -> None:
    assert key_starts([{"old_key": "a", "new_key": "b", "from_size": 3}]) == {ED25519: {}, MLDSA44: {}}


def test_the_key_of_a_witness_signs_no_size_of_a_log() -> None:
    of_a_witness = Vkey.of("ledger.example/x", COSIGNATURE, hand("log").seed).text
    assert key_starts([{"old_key": "a", "new_key": of_a_witness, "from_size": 3}]) == {ED25519: {}, MLDSA44: {}}
