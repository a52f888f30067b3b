"""What `comity verify` looks at and the page does not: the page says so at the step, and never calls it looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.note import MLDSA44, Vkey
from ledger.verify import verify
from tests.browser.node import Page
from tests.browser.recorder import question, told
from tests.in_memory import NOW, small

pytestmark = pytest.mark.browser

SAID = "not looked at by this page; comity verify does"


def step(report: dict[str, list[dict[str, str]]], number: int) -> str:
    return report["steps"][number - 1]["says"]


@pytest.mark.parametrize("quorum", ["none", "every", "w1"])
def test_cosignatures_of_mldsa_are_said_not_to_be_looked_at_whatever_the_quorum(node: Page, quorum: str) -> None:
    ledger, ilves = small(witnesses=2)
    second = Vkey.of("witness.example/pq", MLDSA44, bytes(1312))
    policy = ledger.policy(quorum).replace(b"group every all", f"witness pq {second.text}\ngroup every all pq".encode())
    data = ledger.bundle(ilves, policy=policy)
    ours = node.ask("verify", **question(data, ledger.trust(policy), None, NOW))
    theirs = told(verify(data, ledger.trust(policy), None, NOW))
    assert (ours["verdict"], ours["notProven"]) == (theirs["verdict"], theirs["notProven"])
    assert step(ours, 5).endswith(f"ML-DSA-44 cosignatures (1 witness) {SAID}")


def test_time_stamps_are_said_not_to_be_looked_at_where_no_root_was_given(node: Page) -> None:
    ledger, ilves = small()
    data = ledger.bundle(ilves, tokens={"checkpoint.1.tsr": b"any bytes"})
    ours = node.ask("verify", **question(data, ledger.trust(), None, NOW))
    assert step(ours, 7) == "1 token, not looked at: no certificates of time-stamp authorities were given"
    assert any("openssl ts -verify" in text for text in ours["notProven"])
    assert step(node.ask("verify", **question(ledger.bundle(ilves), ledger.trust(), None, NOW)), 7) == ""


def test_a_step_whose_tokens_nobody_looked_at_is_not_shown_as_passed(page: Path) -> None:
    html = page.read_text("utf-8")
    assert "says?.[0] === 'tokens' ? 'result-aside'" in html
    assert '"result-aside": "not looked at"' in html
