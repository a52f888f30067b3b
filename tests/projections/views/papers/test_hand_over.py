"""A hand-over is signed by the office that gave and by the office that took; the word of one is not the other's."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Case, Unread
from ledger.facts import KINDS
from ledger.law import judge
from projections.drawings.custody_chain import chain_caption, chain_lines
from projections.exchange.csv_file import custody_csv
from projections.render.translation import ENGLISH
from projections.reports.custody_report import custody_rows, result
from projections.reports.order_drawings import custody_drawing
from projections.views.custody import CustodyStep, custody
from projections.views.papers.hand_over import persons
from tests.projections.views.evidence_files import A, arrives, case_of, hands_over, moves
from tests.support.papers.received import received_by
from tests.support.scenarios import LABELS, Fact, fact, moment

GIVEN = hands_over("gave", 5, ("a.zip", A))
TAKEN = arrives("got", 6, "EX", ("a.zip", A))
MOVED = moves("moved", 8, "EX", A)


def signed(case: Case) -> list[tuple[str, str | None, str | None]]:
    """Return of each step its label and the labels of the entries by which giver and taker signed."""

    def label(side: Any) -> str | None:
        return None if side is None or side.entry is None else LABELS[side.entry.leaf]

    return [(LABELS[h.entry.leaf], label(h.gave), label(h.took)) for h in custody(case)]


def confirmed(label: str, day: int, by: str = "lab", role: str = "LAB", **fields: Any) -> Fact:
    said = {"exhibit": "EX", "released_by": "orn", "received_by": "lab", "check": "equal", **fields}
    return fact("custody-transferred", f"2027-03-{day:02}T12:00Z", by, role, label=label, **said)


def test_a_disclosure_and_its_receipt_sign_for_each_other() -> None:
    assert signed(case_of((GIVEN, TAKEN))) == [("gave", "gave", "got"), ("got", "gave", "got")]
    assert signed(case_of((GIVEN,))) == [("gave", "gave", None)]
    assert signed(case_of((TAKEN,))) == [("got", None, "got")]


def test_a_receipt_that_names_the_disclosure_confirms_it_in_the_ledger_to_which_the_disclosure_came() -> None:
    named = case_of((GIVEN, arrives("got", 6, "EX", ("a.zip", A), about="gave")))
    for case in (named, received_by("orn", named)):
        assert signed(case) == [("gave", "gave", "got"), ("got", "gave", "got")]
        assert "not confirmed" not in result(custody_rows(custody(case), case, reveal=True))


def test_a_transfer_is_signed_by_its_signer_alone_until_the_other_side_signs_the_same_transfer() -> None:
    assert signed(case_of((GIVEN, TAKEN, MOVED)))[-1] == ("moved", "moved", None)
    both = case_of((GIVEN, TAKEN, MOVED, confirmed("confirmed", 9)))
    assert signed(both)[-2:] == [("moved", "moved", "confirmed"), ("confirmed", "moved", "confirmed")]
    another = case_of((GIVEN, TAKEN, MOVED, confirmed("other", 9, exhibit="EX-2")))
    assert signed(another)[-2] == ("moved", "moved", None)


def test_a_confirmation_counts_in_whichever_ledger_it_was_signed() -> None:
    both = received_by("orn", case_of((GIVEN, TAKEN, MOVED, confirmed("confirmed", 9))))
    assert signed(both)[-2:] == [("moved", "moved", "confirmed"), ("confirmed", "moved", "confirmed")]


def test_what_an_office_reports_of_another_is_not_the_signature_of_the_other() -> None:
    told = hands_over("told", 5, ("a.zip", A), by="orn", role="RET", speaks="observation", whose="skylark")
    assert signed(case_of((told, TAKEN))) == [("told", None, "got"), ("got", None, "got")]


def test_a_transfer_that_both_sides_state_is_one_hand_over_and_no_gap_of_custody() -> None:
    case = case_of((GIVEN, TAKEN, MOVED, confirmed("confirmed", 9)))
    found = judge(case, moment("2027-04-01T00:00Z")).findings
    assert "W-CUSTODY-GAP" not in {f.code for f in found}
    drawn = custody_drawing(custody(case), case, reveal=True)
    assert drawn is not None
    assert [step.confirms for step in drawn.chains[0].steps] == [False, False, False, True]


@pytest.mark.parametrize("by", ["orn", "ilves"])
def test_a_transfer_that_its_own_signer_states_twice_stays_a_gap(by: str) -> None:
    again = moves("again", 9, "EX", A) if by == "orn" else confirmed("again", 9, "ilves", "ISS", received_by="judge")
    found = judge(case_of((GIVEN, TAKEN, MOVED, again)), moment("2027-04-01T00:00Z")).findings
    assert "W-CUSTODY-GAP" in {f.code for f in found}


def test_picture_and_page_one_say_who_has_not_signed() -> None:
    case = case_of((GIVEN, TAKEN, MOVED))
    hands = custody(case)
    number = hands[-1].entry.seq
    assert f"The receiver has not confirmed the hand-over at entry {number}." in result(
        custody_rows(hands, case, reveal=True)
    )
    drawn = custody_drawing(hands, case, reveal=True)
    assert drawn is not None
    assert "the receiver has not confirmed" in chain_lines(drawn, ENGLISH)[-1]
    assert "A dashed frame: the office has not signed that it received." in chain_caption(drawn)


def holding(case: Case, holder: Any, key: str | None = None) -> Case:
    """Return a case whose register names the person who holds the key of each signer."""
    keys = {(e.by, e.key) for e in case.entries}
    template = case.registry[0]
    named = tuple(
        replace(template, kind="key-registered", public={"actor": by, "key": key}, sealed={"holder": holder})
        for by, key in keys
    )
    return replace(case, registry=(*case.registry, *named))


def people(case: Case, *, reveal: bool) -> list[str]:
    step: CustodyStep = custody(case, reveal=reveal)[-1]
    return [side.person for side in (step.gave, step.took) if side is not None]


def test_the_person_who_signed_is_the_holder_of_the_key_where_the_register_has_a_name() -> None:
    case = case_of((GIVEN, TAKEN))
    assert people(case, reveal=True) == ["", ""]
    assert people(holding(case, "Zoë Weiß"), reveal=True) == ["Zoë Weiß", "Zoë Weiß"]
    assert people(holding(case, "Zoë Weiß"), reveal=False) == ["[sealed]", "[sealed]"]
    assert people(holding(case, Unread.WITHHELD), reveal=True) == ["[sealed]", "[sealed]"]
    assert people(holding(case, Unread.ERASED), reveal=False) == ["[erased]", "[erased]"]


def test_the_table_for_spreadsheets_names_the_persons_who_signed() -> None:
    case = case_of((GIVEN, TAKEN, MOVED))
    for holder, gave in (("Zoë Weiß", "Zoë Weiß, entry "), (None, "person not named in this record, entry ")):
        named = case if holder is None else holding(case, holder)
        rows = custody_csv(custody_rows(custody(named, reveal=True), named, reveal=True)).decode("utf-8-sig")
        *_, moved = csv.DictReader(io.StringIO(rows))
        assert gave in moved["gave"]
        assert moved["took"] == "not signed"


def test_a_court_and_both_sides_may_read_who_holds_a_key() -> None:
    assert {"CT", "DEF", "ISS", "RET", "SP", "NOT"} <= set(KINDS["key-registered"].fields()["holder"].audience)


def test_a_key_that_its_predecessor_signed_for_is_held_by_the_same_person() -> None:
    case = holding(case_of((GIVEN,)), "Zoë Weiß")
    e = case.entries[-1]
    rotated = {"actor": e.by, "old_key": e.key, "new_key": "b" * 64}
    rotation = replace(e, kind="key-rotated", public=rotated, sealed={})
    assert persons((*case.registry, rotation), reveal=True)[e.by, "b" * 64] == "Zoë Weiß"
    by_registrar = replace(rotation, key="c" * 64)
    assert (e.by, "b" * 64) not in persons((*case.registry, by_registrar), reveal=True)
