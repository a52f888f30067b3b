"""A role counts if key and office hold it: another one is refused before recording, and has no effect in an entry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cli.exit_codes import Exit
from ledger.adapters.keys.key_files import load
from ledger.application.journal import Journal
from ledger.application.write.draft import Draft
from ledger.entries.case import replacements
from ledger.entries.envelope import Circumstances, EntryPlace, open_, seal
from ledger.errors import RecordError
from ledger.facts import build
from ledger.verify.report import Report, Verdict
from tests.support.cli import ledger_of, run, size
from tests.support.memory_ledger import ISSUED, LINKED, ORDER, SEALED, Hand, Ledger, checked, ends, small


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return ledger_of("S2", tmp_path)


AT = datetime(2027, 9, 1, tzinfo=UTC)  # after the end of the story
RULING = ("record", "court-ruled", "main", "-f", "ruling=other", "--as", "orn", "--role", "CT", "--yes")


def test_a_role_that_the_key_does_not_hold_is_refused_and_nothing_is_written(ledger: Path) -> None:
    before = size(ledger)
    for words in (RULING, (*RULING, "--dry-run")):
        done = run(*words, ledger=ledger)
        assert (done.exit_code, "KEY-ROLE" in done.stderr) == (Exit.REFUSED, True)
    done = run("export", "main", "--audience", "COURT", "--as", "orn", "--role", "CT", "-o", "-", ledger=ledger)
    assert (done.exit_code, "KEY-ROLE" in done.stderr) == (Exit.REFUSED, True)
    assert size(ledger) == before


def test_an_entry_sealed_elsewhere_in_a_role_that_its_key_does_not_hold_is_not_taken_in(ledger: Path) -> None:
    with Journal.open(ledger, now=lambda: AT) as journal:
        order = next(iter(journal.orders()))
        newest = open_(journal.store.newest(order)[1])  # type: ignore[index]
        key = next(iter(journal.read_keyring().current("orn")))
        hand = load(ledger / "keys" / "PUBLIC-orn")
        signer = replace(journal.signer("orn", key.roles[0], hand), role="CT")
        place = EntryPlace(journal.origin, order, newest.payload.seq + 1, newest.leaf, newest.payload.instrument)
        said = Circumstances(journal.now(), journal.now())
        sealed = seal(build("court-ruled", {"ruling": "other"}, {}), place, signer, said, "ab" * 16, lambda n: b"s" * n)
        before = journal.store.size()
        with pytest.raises(RecordError, match="KEY-ROLE"):
            journal.receive_sealed([sealed.raw])
        draft = Draft(build("court-ruled", {"ruling": "other"}, {}), order, signer, said)
        with pytest.raises(RecordError, match="KEY-ROLE"), journal.many() as bulk:
            bulk.add(draft)
        assert journal.store.size() == before


# -- in a recorded entry -----------------------------------------------------------------------------------------------


def disputed() -> tuple[Ledger, Hand, Hand]:
    """Make an order whose issuing authority disputes an entry of the provider."""
    ledger, ilves = small()
    skylark = ledger.enrol("skylark", "XV", "SP")
    receipt = ledger.record(skylark, "order-received", {"proof_kind": "own-stamp"}, role="SP", order=ORDER)
    ledger.record(ilves, "event-disputed", {"about": ledger.leaf(receipt)}, role="ISS", order=ORDER)
    return ledger, ilves, skylark


def codes(report: Report) -> set[str]:
    return {remark.code for remark in report.procedure}


def test_an_act_in_a_role_that_its_key_does_not_hold_has_no_effect_in_any_verifier() -> None:
    ledger, ilves, skylark = disputed()
    assert "G-DISPUTED" in codes(checked(ledger.bundle(ilves), ledger))
    ruling = {"ruling": "dispute-settled", "settles": ledger.leaf(ledger.size - 1)}
    index = ledger.record(skylark, "court-ruled", ruling, role="CT", order=ORDER)
    report = checked(ledger.bundle(ilves), ledger)
    assert report.verdict is Verdict.PASSED
    assert codes(report) >= {"G-DISPUTED", "V-ROLE-NOT-HELD"}
    (found,) = [remark for remark in report.procedure if remark.code == "V-ROLE-NOT-HELD"]
    assert (found.level, found.entries) == ("V", (ledger.leaf(index),))
    assert report.judgement is not None
    assert report.judgement.criteria["A1"].state != "DEMONSTRATED"


def test_a_replacement_in_a_role_that_its_key_does_not_hold_replaces_nothing() -> None:
    ledger, ilves, skylark = disputed()
    receipt = ledger.size - 2
    ledger.record(
        skylark, "order-received", {"proof_kind": "portal-log"}, role="ISS", order=ORDER, replaces=ledger.leaf(receipt)
    )
    report = checked(ledger.bundle(ilves), ledger)
    assert report.judgement is not None
    assert "V-ROLE-NOT-HELD" in codes(report)
    assert report.case is not None
    assert report.as_of is not None
    assert replacements(report.case.entries, report.as_of) == {}


def test_a_role_taken_from_an_office_counts_no_more_from_there_on() -> None:
    ledger, ilves = small()
    at = ledger.record(ledger.keeper, "authority-changed", {
        "actor": "ilves", "roles": ["VAL"], "valid_from": "2027-01-01",
    })  # fmt: skip
    ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, role="ISS", order=ORDER)
    report = checked(ledger.bundle(ilves, role="VAL"), ledger)
    (found,) = [remark for remark in report.procedure if remark.code == "V-ROLE-NOT-HELD"]
    assert found.entries == (ledger.leaf(at + 1),), "what was signed before it stays as it was"


def test_an_entry_of_a_linked_order_is_found_too() -> None:
    ledger, ilves = small()
    index = ledger.record(ilves, "order-issued", ISSUED, SEALED, role="CAR", order=LINKED)
    report = checked(ledger.bundle(ilves, "CT", LINKED), ledger)
    (found,) = [remark for remark in report.procedure if remark.code == "V-ROLE-NOT-HELD"]
    assert found.entries == (ledger.leaf(index),)


def test_the_maker_of_a_bundle_holds_the_role_that_it_claims() -> None:
    ledger, ilves = small()
    ends(ledger.bundle(ilves, role="CT"), ledger, "KEY-ROLE", 11, "manifest")
    assert checked(ledger.bundle(ilves, role="VAL"), ledger).verdict is Verdict.PASSED


def destroys(ledger: Ledger, by: Hand, role: str, digests: list[str]) -> None:
    said: dict[str, Any] = {"key_ref": "k1", "method": "crypto-erased", "cause": "erasure-granted", "digests": digests}
    ledger.record(by, "payload-key-destroyed", said, role=role, order=ORDER)


@pytest.mark.parametrize(
    ("who", "role", "erased"), [("skylark", "SP", False), ("skylark", "ADM", False), ("ilves", "ISS", True)]
)
def test_nobody_but_a_custodian_makes_values_read_as_erased(who: str, role: str, erased: bool) -> None:
    ledger, ilves = small()
    skylark = ledger.enrol("skylark", "XV", "SP")
    digests = sorted(d.digest for d in ledger.held[4])
    destroys(ledger, skylark if who == "skylark" else ilves, role, digests)
    report = checked(ledger.bundle(ilves, disclosures={}), ledger)
    assert report.case is not None
    entry = next(e for e in report.case.entries if e.kind == "order-issued")
    assert entry.erased("identifiers") is erased


def test_whoever_signed_a_value_may_have_its_key_destroyed() -> None:
    ledger, ilves = small()
    skylark = ledger.enrol("skylark", "XV", "SP")
    manifest = {"manifest": {"elements": ["name"], "files": [{"name": "r", "size": 1, "sha256": "ab" * 32}]}}
    public = {"channel": "provider-portal", "partial": False}
    index = ledger.record(skylark, "data-disclosed", public, manifest, role="SP", order=ORDER)
    destroys(ledger, skylark, "SP", [d.digest for d in ledger.held[index]])
    report = checked(ledger.bundle(ilves, disclosures={}), ledger)
    assert report.case is not None
    assert next(e for e in report.case.entries if e.kind == "data-disclosed").erased("manifest")


def test_time_has_nothing_to_do_with_it() -> None:
    ledger, ilves = small()
    early = ledger.clock - timedelta(days=40)
    ledger.record(ilves, "order-transmitted", {"addressee": "s", "channel": "mail"}, role="CT", order=ORDER, on=early)
    assert "V-ROLE-NOT-HELD" in codes(checked(ledger.bundle(ilves), ledger))


@pytest.mark.parametrize("side", ["ilves", "skylark", "court"])
def test_what_a_side_of_a_dispute_says_that_a_court_did_settles_nothing(side: str) -> None:
    ledger, ilves, skylark = disputed()
    dispute = ledger.leaf(ledger.size - 1)
    court = ledger.enrol("court", "XO", "CT")
    by, role = {"ilves": (ilves, "ISS"), "skylark": (skylark, "SP"), "court": (court, "CT")}[side]
    said: dict[str, Any] = {} if side == "court" else {"speaks": "observation", "whose": "court"}
    ledger.record(by, "court-ruled", {"ruling": "dispute-settled", "settles": dispute}, role=role, order=ORDER, **said)
    assert ("G-DISPUTED" in codes(checked(ledger.bundle(ilves), ledger))) is (side != "court")


def test_an_entry_that_names_an_order_draws_no_other_order_into_it() -> None:
    ledger, ilves = small()
    court = ledger.enrol("court", "XO", "CT")
    ledger.record(ilves, "order-issued", ISSUED, SEALED, order=LINKED)
    sought = {"main_order": ORDER}
    for by, role in ((court, "ISS"), (ilves, "ISS")):
        ledger.record(by, "ex-post-validation-sought", {"asked_of": "court"}, sought, role=role, order=LINKED)
        report = checked(ledger.bundle(ilves, "CT", LINKED), ledger)
        assert report.case is not None
        assert {e.kind for e in report.case.entries if e.order == LINKED} <= {"ex-post-validation-sought"}
