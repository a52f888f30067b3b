"""The record of processing has each content of LED art. 24(1) and GDPR art. 30(1), or says that it is missing."""

from __future__ import annotations

from typing import Any

import pytest

from projections.reports.data_protection.office_record import MISSING, MOST, NONE, office_record
from projections.reports.fillable_form import FillableForm
from projections.reports.front_page import IntegrityResult, Provenance
from tests.support.papers.letters import NAMED, described
from tests.support.scenarios import Fact, by_issuer, case, disclosed, fact, issued, moment

NOW = "2027-09-01T08:00Z"
WHOLE: dict[str, Any] = {
    "joint_controllers": [],
    "representative": [],
    "persons": ["suspects"],
    "data": ["subscriber data"],
    "recipients": ["courts"],
    "transfers": [],
    "security": ["encryption"],
    "profiling": "There is none.",
}
ORDER = issued("2027-03-01T09:00Z", domestic_legal_grounds=["Code of Criminal Procedure, s. 88"], dp_regime="LED")
RETURNED = (
    disclosed("2027-03-10T09:00Z", recipient="orn"),
    fact("evidence-received", "2027-03-10T10:00Z", "orn", "RET", label="got", check="equal", exhibit="X/1"),
)


def record(
    *facts: Fact, register: tuple[Fact, ...] = (), orders: int = 1, instrument: str = "2AP-7"
) -> tuple[FillableForm, tuple[str, ...]]:
    """Return the record over some orders with the same facts."""
    cases = [case((ORDER, *facts), instrument, offices=NAMED, register=register) for _ in range(orders)]
    making = Provenance(moment(NOW), "comity", "rules", None, IntegrityResult("INDETERMINATE", "", (), ()))
    return office_record(cases[0].registry, cases, making)


def line(form: FillableForm, label: str) -> tuple[str, ...]:
    return next(x.says for x in form.sections[0].lines if x.label == label)


def table(form: FillableForm, title: str) -> tuple[tuple[str, ...], ...]:
    shown = next((s.table for s in form.sections if s.title == title), None)
    return () if shown is None else shown.rows


@pytest.mark.parametrize(
    ("more", "left_out"),
    [(0, "."), (1, "; 1 row with fewer orders is left out."), (2, "; 2 rows with fewer orders are left out.")],
)
def test_a_table_has_the_most_frequent_rows_and_says_how_many_are_left_out(more: int, left_out: str) -> None:
    grounds = [f"section {n:02}" for n in range(1, MOST + more + 1)]
    first, second = (
        case((issued("2027-03-01T09:00Z", domestic_legal_grounds=stated),), "2AP-7", offices=NAMED)
        for stated in (grounds, grounds[-1:])
    )
    making = Provenance(moment(NOW), "comity", "rules", None, IntegrityResult("INDETERMINATE", "", (), ()))
    form, _ = office_record(first.registry, [first, second], making)
    shown = next(s.table for s in form.sections if s.title == "Stated legal grounds and regimes")
    assert shown is not None
    assert len(shown.rows) == MOST
    assert shown.rows[:2] == ((grounds[-1], "2"), (grounds[0], "1"))
    assert shown.caption == f"Each order counts once in a row{left_out}"


def test_every_content_of_articles_24_and_30_has_a_line_with_its_provision() -> None:
    form, _ = record()
    cites = " ".join(x.cite for x in form.sections[0].lines)
    for letter in "abcdefghi":
        assert f"LED:24(1)({letter})" in cites
    for letter in "abcdefg":
        assert f"GDPR:30(1)({letter})" in cites


def test_a_content_that_nothing_states_is_named_as_missing_and_never_blank() -> None:
    form, missing = record()
    assert line(form, "Security measures in general") == (MISSING,)
    assert "Data protection officer" in missing
    assert all(x.says and all(x.says) for s in form.sections for x in s.lines)
    assert [x.label for x in form.sections[-1].lines] == list(missing)


def test_a_whole_description_lacks_nothing() -> None:
    form, missing = record(register=(described(**WHOLE),))
    assert missing == ()
    assert line(form, "Controller") == ("Prosecutor's Office Karsk", "Court Square 1", "1000 Karsk")
    assert line(form, "Joint controllers") == (NONE,)


def test_what_the_orders_show_fills_a_content_that_the_controller_does_not_state() -> None:
    rule = by_issuer("retention-rule-set", "2027-04-01T08:00Z", period="P5Y", review_on="2028-04-01")
    purpose = by_issuer("purpose-recorded", "2027-03-02T09:00Z", case_ref="KA-1", purpose_code="investigation")
    form, missing = record(*RETURNED, rule, purpose)
    assert line(form, "Time limits for erasure") == ("5 years",)
    assert line(form, "Purposes of the processing") == ("the investigation of criminal offences",)
    assert line(form, "Categories of personal data") == ("subscriber data",)
    assert "Time limits for erasure" not in missing


def test_orders_are_counted_by_instrument_recipient_and_ground() -> None:
    form, _ = record(*RETURNED, orders=3)
    assert [n for _, n in table(form, "Orders by instrument")] == ["3"]
    assert table(form, "Recipients") == (("authority to which data are returned and which answers questions", "3"),)
    assert ("Code of Criminal Procedure, s. 88", "3") in table(form, "Stated legal grounds and regimes")


def test_transfers_that_the_orders_show_contradict_a_controller_who_states_none() -> None:
    onward = by_issuer("onward-transferred", "2027-04-01T08:00Z", recipient_party="XV")
    form, missing = record(*RETURNED, onward, register=(described(**WHOLE, safeguards=None),))
    assert line(form, "Transfers to third countries") == (NONE, "The orders show otherwise: XV.")
    assert missing == ("Safeguards of the transfers",)
    assert table(form, "Transfers to other States") == (("XV", "1"),)


def test_there_are_no_safeguards_to_state_only_where_the_controller_states_that_there_is_no_transfer() -> None:
    none = "There is no transfer."
    form, missing = record(register=(described(**{**WHOLE, "safeguards": None}),))
    assert (line(form, "Safeguards of the transfers"), missing) == ((none,), ())
    silent = {**WHOLE, "safeguards": None, "transfers": None, "representative": None}
    form, missing = record(register=(described(**silent),))
    left = ("Representative of the controller", "Transfers to third countries", "Safeguards of the transfers")
    assert missing == left
    assert [line(form, label) for label in left] == [(MISSING,)] * 3, "the joint controllers before it are stated: none"
    assert all(none not in x.says for x in form.sections[0].lines)


def test_the_record_says_who_may_read_it_and_that_numbers_are_not_suppressed() -> None:
    form, _ = record()
    assert form.note.startswith("Internal: for the controller, the data protection officer and the supervisory")
    assert "not suppressed" in form.note


def test_without_a_description_the_issuing_authority_is_named_as_the_controller() -> None:
    form, _ = record()
    assert line(form, "Controller") == ("Prosecutor's Office Karsk",)


def test_several_authorities_without_a_description_are_one_controller_by_all_their_names() -> None:
    cases = [
        case((issued("2027-03-01T09:00Z", issuing_authority=office, by=office),), "2AP-7", offices=NAMED)
        for office in ("ilves", "ilves", "orn")
    ]
    making = Provenance(moment(NOW), "comity", "rules", None, IntegrityResult("INDETERMINATE", "", (), ()))
    form, _ = office_record(cases[0].registry, cases, making)
    found = [x.says for s in form.sections for x in s.lines if x.label == "Controller" and MISSING not in x.says]
    assert found == [("Prosecutor's Office Karsk, Cyber Unit Karsk",)]
