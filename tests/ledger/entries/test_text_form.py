"""A ledger with texts signed before the rule on characters: it is still read, checked, exported and verified."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.envelope import open_
from ledger.entries.payload import Document, Other, Seen
from ledger.entries.text_form import odd_texts
from tests.support.cli import ledger_of, run, size
from tests.support.memory_ledger import small

POISON = "a\U0001e08f\u0323"  # form C for Unicode 14.0, and not for 15.0, where the letter is a mark
HIDDEN = "KA\u200b-2027-0311"
LEAF, CODE = "0" * 64, "documents[1].code"


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the ledger of a story with a signed name that programs read differently, and one that is invisible."""
    ledger = ledger_of("S1", tmp_path)
    before = size(ledger)
    with monkeypatch.context() as patched:
        for place in (
            "ledger.facts.check_before_signing",
            "ledger.application.write.parallel_open.check_texts",
            "ledger.application.write.seal.check_texts",
        ):
            patched.setattr(place, lambda *_: None)
        more = ("-f", f"policy={POISON}", "-f", "valid_from=2027-01-01")
        policy = tmp_path / "policy.txt"
        policy.write_text("We tell our customers.")
        done = run(
            "record", "policy-adopted", *more, "-f", f"document={policy}", "--as", "skylark", "--yes", ledger=ledger
        )
        assert done.exit_code == 0, done.output
        args = ("issue", "--instrument", "2AP-7", "--to", "XV", "--provider", "skylark", "--as", "ilves")
        done = run(*args, "--reference", HIDDEN, ledger=ledger)
        assert done.exit_code in (0, 3), done.output
    assert size(ledger) > before
    return ledger


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"signer": {"actor": HIDDEN}}, "signer.actor"),
        ({"signer": {"role": HIDDEN}}, "signer.role"),
        ({"signer": {"party": HIDDEN}}, "signer.party"),
        ({"log": HIDDEN}, "log"),
        ({"instrument": HIDDEN}, "instrument"),
        ({"whose": HIDDEN}, "whose"),
        ({"refs": (HIDDEN,)}, "refs[0]"),
        ({"sealed": (HIDDEN,)}, "sealed[0]"),
        ({"documents": [Document("order", "text/plain", 1, LEAF), Document(HIDDEN, "text/plain", 1, LEAF)]}, CODE),
        ({"documents": [Document("order", HIDDEN, 1, LEAF)]}, "documents[0].media"),
        ({"audience": {"reasons": ["CT", HIDDEN]}}, "audience.reasons"),
        ({"seen": Seen(HIDDEN, 4, LEAF)}, "seen.origin"),
        ({"other": Other(HIDDEN, 4, LEAF, LEAF)}, "other.origin"),
    ],
)
def test_every_member_of_an_entry_is_looked_at_for_what_nobody_sees(changes: dict[str, Any], where: str) -> None:
    payload = open_(small()[0].entries[4]).payload
    signer = replace(payload.signer, **changes.pop("signer", {}))
    assert list(odd_texts(payload)) == []
    odd = list(odd_texts(replace(payload, signer=signer, **changes)))
    assert [(one.code, one.where) for one in odd] == [("TEXT-UNSEEN", where)]


def test_it_is_whole_and_its_bundles_verify_with_a_finding(ledger: Path, tmp_path: Path) -> None:
    assert run("fsck", ledger=ledger).exit_code == 0
    bundle, trust = str(tmp_path / "order.zip"), str(ledger / "trust")
    made = run("export", "main", "--audience", "CT", "--purpose", "trial", "-o", bundle, "--as", "ilves", ledger=ledger)
    assert made.exit_code == 0, made.output
    report = json.loads(run("verify", bundle, "--trust", trust, "--json").stdout)
    assert report["verdict"] == "TOTAL-PASSED"
    assert "TEXT-UNASSIGNED" in json.dumps(report)


def test_what_nobody_sees_is_named_where_its_orders_are_listed(ledger: Path) -> None:
    listed = run("orders", ledger=ledger)
    assert "KA<U+200B>-2027-0311" in listed.output
    assert "\u200b" not in listed.output
    assert run("show", "KA-2027-0311", ledger=ledger).exit_code != 0, "another reference"
    page = run("report", "evidence-chain", HIDDEN, ledger=ledger)
    assert page.exit_code in (0, 3)
    assert "\u200b" not in page.stdout
    assert "KA&lt;U+200B&gt;-2027-0311" in page.stdout
