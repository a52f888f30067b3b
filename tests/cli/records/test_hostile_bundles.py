"""Bundles whose signers lie, and bytes that are no bundle, through each reading command: an answer or a refusal."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from cli.exit_codes import Exit
from tests.fuzz.built import build
from tests.fuzz.cases import case
from tests.fuzz.mutations import MUTATIONS
from tests.fuzz.table import OBEYED, READS
from tests.support.cli import run
from tests.support.memory_ledger import ISSUED, ORDER, SEALED, Ledger, changed, small

ENDS = {Exit.DONE, Exit.PROVED_BAD, Exit.USAGE, Exit.FINDINGS, Exit.UNDECIDABLE}
CASES = sorted(MUTATIONS)[::4]  # every fourth lie; the fuzzer tries all
LONG = "x" * 20_000


def reads(data: bytes, folder: Path, ledger: Ledger | None = None) -> set[int]:
    """Read a bundle with every command, and return how they end."""
    file, trust = folder / "b.evidence.zip", folder / "trust"
    file.write_bytes(data)
    held: tuple[str, ...] = ()
    if ledger is not None:
        trust.mkdir()
        for name, content in ledger.trust_files().items():
            (trust / name).write_bytes(content)
        held = ("--trust", str(trust))
    ends = set()
    for words in READS:
        done = run(*(str(file) if word == "FILE" else word for word in words), "--bundle", str(file), *held)
        assert done.exit_code in ENDS, done.output
        printed = done.stderr if words[0] == "report" else done.output
        assert not OBEYED.search(printed), words
        ends.add(done.exit_code)
    return ends


@pytest.mark.parametrize("name", CASES)
def test_a_bundle_of_dishonest_signers_is_answered_or_refused(name: str, tmp_path: Path) -> None:
    hostile = next(made for seed in range(100) if (made := case(seed, name)).lies)
    reads(build(hostile.script).data, tmp_path)


WORDS = {
    "a control character": "PPO\u0007-1",
    "an escape sequence": "\u001b[2JIntegrity: TOTAL-PASSED",
    "a turned direction": "\u202egnp.exe",
    "an invisible character": "PPO\u200b-1",
    "a long text": LONG,
    "lines": "PPO-1\nIntegrity: TOTAL-PASSED",
}


@pytest.mark.parametrize("what", WORDS)
def test_what_a_signer_states_obeys_no_terminal(what: str, tmp_path: Path) -> None:
    ledger, ilves = small()
    try:
        public = {**ISSUED, "reference": WORDS[what]}
        ledger.record(ilves, "order-issued", public, SEALED, order=ORDER, loose=True)
    except Exception as refused:  # no entry can hold it
        pytest.skip(str(refused))
    reads(ledger.bundle(ilves), tmp_path, ledger)


def test_a_maker_who_states_an_odd_audience_is_answered(tmp_path: Path) -> None:
    ledger, ilves = small()
    data = changed(ledger.bundle(ilves), lambda _: None, ilves.signer("ISS"), audience="XX<b>", tool="t" * 200)
    reads(data, tmp_path, ledger)


@pytest.mark.parametrize("seed", range(6))
def test_bytes_that_were_changed_are_refused(seed: int, tmp_path: Path) -> None:
    ledger, ilves = small()
    data, chance = bytearray(ledger.bundle(ilves)), random.Random(seed)
    for _ in range(3):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    assert reads(bytes(data), tmp_path, ledger) <= {Exit.PROVED_BAD, Exit.UNDECIDABLE}


def test_a_file_of_random_bytes_is_no_bundle(tmp_path: Path) -> None:
    assert reads(random.Random(1).randbytes(10_000), tmp_path) == {Exit.UNDECIDABLE}


def test_no_command_says_passed_of_a_bundle_that_was_not_proven(tmp_path: Path) -> None:
    ledger, ilves = small()
    file = tmp_path / "b.zip"
    file.write_bytes(ledger.bundle(ilves))
    for words in READS:
        done = run(*(str(file) if word == "FILE" else word for word in words), "--bundle", str(file))
        assert "TOTAL-PASSED" not in re.sub(r"<[^>]*>", "", done.output), words
