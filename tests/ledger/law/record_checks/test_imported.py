"""What a table does not have is a gap of the import, and no violation of the order."""

from __future__ import annotations

from ledger.law.terms.rule import CriterionState, Level
from tests.support.judging import criterion, finds, finds_not, judged
from tests.support.scenarios import Fact, disclosed, given, issued, received


def order(speaks: str, **fields: object) -> Fact:
    whose = {"whose": "ilves"} if speaks != "act" else {}
    by = "skylark" if speaks != "act" else "ilves"
    return issued("2027-03-01T09:00Z", "EPOC", by=by, data_categories=["traffic"], speaks=speaks, **whose, **fields)


LATE = (received("2027-03-01T10:00Z"), disclosed("2027-04-20T09:00Z"))


def test_what_an_imported_order_does_not_state_is_one_gap_and_no_violation() -> None:
    imported = given(order("import"), received("2027-03-01T10:00Z", at="2027-03-01T10:05Z"))
    found = finds(imported, "G-IMPORTED", A4="GAP", A5="GAP")
    assert found.level is Level.G
    for code in ("FE506", "FE509", "FE510", "FE512", "V-4-COMPETENCE", "V-5-4"):
        assert code in found.says
        finds_not(imported, code)
    assert Level.V not in {f.level for f in judged(imported).findings}


def test_an_order_that_its_office_signed_is_found_to_lack_it() -> None:
    finds_not(given(order("act")), "G-IMPORTED")
    finds(given(order("act")), "FE509")
    assert criterion(given(order("act")), "A5") == CriterionState.CONTRADICTED


def test_a_late_answer_to_an_imported_order_is_found() -> None:
    finds(given(order("import"), *LATE), "V-10-LATE")


def test_data_sent_before_the_release_are_a_gap_only_while_nothing_says_that_the_authority_was_notified() -> None:
    sent = (received("2027-03-01T10:00Z"), disclosed("2027-03-03T09:00Z"))
    finds_not(given(order("import"), *sent), "V-10-2-BEFORE-RELEASE")
    finds(given(order("act"), *sent), "V-10-2-BEFORE-RELEASE")
