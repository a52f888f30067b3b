"""A ledger with texts signed before the rule on characters: it is still read, checked, exported and verified."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.envelope import open_
from ledger.entries.payload import Document, Other, Seen
from ledger.entries.text_form import check_texts, odd_texts, odd_values
from ledger.errors import RecordError
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


UNKNOWN = "a\u0378"  # Unicode 14.0 has no such character


def found(payload: Any, values: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    odd = odd_texts(payload) if values is None else odd_values(payload, values)
    return [(one.code, one.where) for one in odd]


def test_texts_of_an_unknown_kind_are_looked_at_wherever_they_are_and_may_be_joined_by_what_is_not_seen() -> None:
    payload = open_(small()[0].entries[4]).payload
    values = {
        "a": UNKNOWN,
        "b": ["y", {"c": UNKNOWN, "d": HIDDEN}, [UNKNOWN]],
        "e": 7,
        "f": None,
        "g": True,
        "_sd": [UNKNOWN],
    }
    where = [("TEXT-UNASSIGNED", path) for path in ("a", "b[1].c", "b[2][0]")]
    for other in (replace(payload, kind="of-tomorrow", public=values), replace(payload, schema=9, public=values)):
        assert found(other) == where
    later = replace(payload, schema=9, public={"case_ref": HIDDEN, "template": UNKNOWN})
    assert found(later) == [("TEXT-UNASSIGNED", "template")], "a field of another schema may have another form"
    assert found(payload, {"unknown": UNKNOWN, "other": HIDDEN}) == [("TEXT-UNASSIGNED", "unknown")]


def test_texts_in_fields_are_looked_at_by_the_form_of_the_field() -> None:
    payload = open_(small()[0].entries[4]).payload
    assert payload.kind == "order-issued"
    values = {
        "case_ref": HIDDEN,
        "summary_of_facts": HIDDEN,
        "identifiers": ["x", HIDDEN, UNKNOWN],
        "circumstances": None,
    }
    assert found(payload, values) == [
        ("TEXT-UNSEEN", "case_ref"),
        ("TEXT-UNSEEN", "identifiers[1]"),
        ("TEXT-UNASSIGNED", "identifiers[2]"),
    ]
    assert found(replace(payload, public={"case_ref": HIDDEN})) == [("TEXT-UNSEEN", "case_ref")]


def test_an_odd_text_is_refused_before_it_is_recorded_in_public_and_in_sealed_values() -> None:
    payload = open_(small()[0].entries[4]).payload
    check_texts(payload)
    check_texts(payload, {"summary_of_facts": "\u00e4", "identifiers": ["b"]})
    for entry, values, where in (
        (replace(payload, whose=HIDDEN), None, "whose"),
        (replace(payload, whose=HIDDEN), {"identifiers": ["b"]}, "whose"),
        (payload, {"identifiers": [HIDDEN]}, "identifiers[0]"),
        (payload, {"summary_of_facts": UNKNOWN}, "summary_of_facts"),
    ):
        with pytest.raises(RecordError, match="JSON-CHAR") as refused:
            check_texts(entry, values)
        assert refused.value.where == where


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
