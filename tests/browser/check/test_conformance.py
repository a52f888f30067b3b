"""The page and the Python program agree on every bundle of the hostile tests and on thousands of random mutations."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from browser import build as texts
from ledger.verify.evidence_bundle import verify
from tests.browser.support import mutations
from tests.browser.support.node import Asked, Page, Refusal
from tests.browser.support.recorder import question, report_fields
from tests.ledger.bundle.test_layout import later
from tests.support.memory_ledger import NOW, changed, hand, small

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[3]
MUTATED = 2_000  # in Node.js
SAMPLE = 300  # in each browser

# For these codes the sentence comes from a library, or names a part that one of the two omits: codes and places count.
OWN_WORDS = {
    "BND-MANIFEST", "CP-CONSISTENCY", "CTX-INSTRUMENT", "ENV-NONCANON", "ENV-TYPE", "FACT", "JSON-DEPTH", "JSON-FORM",
    "JSON-MEMBER",
    "JSON-KEY", "JSON-NFC", "JSON-NUMBER", "PRF-FORMAT", "SD-FORMAT", "CP-FORMAT", "CP-SIG", "POL-FORMAT", "POL-KEY",
    "BND-ZIP", "ENT-MISMATCH", "TST-FORMAT",
}  # fmt: skip


NOT_COMPARED = texts.languages()["en"]["checks"]["unproven-readme"]


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Return the differences between the page's report and the Python program's.

    Only the program makes step 16 and compares the page for people; the verifier page says that it did not.
    """
    ours = {**ours, "notProven": [text for text in ours["notProven"] if text != NOT_COMPARED]}
    found = [
        f"{name}: the program says {theirs[name]}, the page {ours[name]}"
        for name in (
            "verdict",
            "headline",
            "missing",
            "notProven",
            "compared",
            "entries",
            "signatures",
            "brackets",
            "audits",
        )
        if ours[name] != theirs[name]
    ]
    for what, one, other in (
        ("steps", _steps(ours), _steps(theirs)),
        ("reasons", _reasons(ours), _reasons(theirs)),
        ("remarks", _remarks(ours), _remarks(theirs)),
    ):
        if one != other:
            found.append(f"{what}: the program says {other}, the page {one}")
    return found


def _steps(report: dict[str, Any]) -> list[tuple[int, str]]:
    return [(step["number"], step["result"]) for step in report["steps"] if step["number"] != 16]


def _reasons(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(r["code"], r["where"], "" if r["code"] in OWN_WORDS else r["says"]) for r in report["reasons"]]


def _remarks(report: dict[str, Any]) -> set[tuple[str, str]]:
    """Return every code with every entry that it concerns."""
    theirs = [r for r in report["remarks"] if r["code"] != "CMP-README"]
    return {(r["code"], entry) for r in theirs for entry in r["entries"] or [""]}


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Record every bundle that the tests of the Python verifier make, with its report; return the files."""
    folder = tmp_path_factory.mktemp("conformance")
    tests = [*sorted((ROOT / "tests/ledger/verify").rglob("test_*.py"))]
    tests += [ROOT / "tests/ledger/trust/test_signed_policy.py"]
    recorder = ["-p", "tests.browser.support.recorder", "--conformance", str(folder)]
    command = [sys.executable, "-m", "pytest", "-q", *recorder, *map(str, tests)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return sorted(folder.glob("*.json"))


def test_the_page_says_the_same_as_the_program_on_every_bundle_of_its_tests(
    recorded: list[Path], reader: Asked
) -> None:
    seen: Counter[str] = Counter()
    for file in recorded:
        asked = json.loads(file.read_text("utf-8"))
        wanted = asked.pop("expected")
        assert not differences(reader.ask("verify", **asked), wanted), file
        seen.update(reason["code"] for reason in wanted["reasons"])
    assert len(recorded) > 250
    assert len(seen) > 30, "the codes of the hostile table"


def test_where_the_two_implementations_disagree_nothing_is_proven_and_nothing_more_is_looked_at(page: Path) -> None:
    ledger, ilves = small()
    asked = question(ledger.bundle(ilves), ledger.trust(), None, NOW)
    browser = Page(page, "lying")
    report = browser.ask("verify", **asked)
    browser.close()
    assert (report["verdict"], [r["code"] for r in report["reasons"]]) == ("INDETERMINATE", ["SIG-DISAGREE"])
    assert [step["result"] for step in report["steps"]] == ["passed"] * 2 + ["indeterminate"] + ["not run"] * 14


def test_a_browser_without_ed25519_leaves_it_to_the_page(page: Path) -> None:
    ledger, ilves = small()
    browser = Page(page, "without")
    report = browser.ask("verify", **question(ledger.bundle(ilves), ledger.trust(), None, NOW))
    spoilt = changed(ledger.bundle(ilves), lambda files: files.update(policy=b"#\n"), hand("stranger").signer("ISS"))
    other = browser.ask("verify", **question(spoilt, ledger.trust(), None, NOW))
    browser.close()
    assert (report["verdict"], report["signatures"]) == ("TOTAL-PASSED", 5)
    assert [r["code"] for r in other["reasons"]] == ["KEY-UNKNOWN"]


@cache
def mutated(number: int) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Return the name of a mutation, its question to the page, and the report of the program."""
    (case,) = mutations.cases(1, number)
    given = (case.data, case.trust, case.anchor, case.now)
    return case.what, question(*given), report_fields(verify(*given))


def test_the_page_says_the_same_as_the_program_on_bundles_that_chance_made(reader: Asked) -> None:
    count = MUTATED if isinstance(reader, Page) else SAMPLE
    seen: Counter[str] = Counter()
    with ThreadPoolExecutor(1) as ahead:  # the program verifies the next bundle while the page verifies this one
        for what, asked, wanted in ahead.map(mutated, range(count)):
            ours = reader.ask("verify", **asked)
            assert not differences(ours, wanted), f"mutation {what}"
            seen[wanted["verdict"]] += 1
    assert min(seen.values()) > count / 50, seen


def test_of_a_bundle_of_a_later_layout_the_page_says_nothing(reader: Asked) -> None:
    ledger, ilves = small()
    asked = question(later(ledger, ilves), ledger.trust(), None, NOW)
    with pytest.raises(Refusal, match="BND-VERSION"):
        reader.ask("verify", **asked)
