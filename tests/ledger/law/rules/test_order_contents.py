"""Contents of an order: each missing point alone gives a finding, and a correction cures it."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.entries.case import Unread
from ledger.facts import KINDS
from ledger.law.provisions import RULES
from ledger.law.rules.order_contents import CONTENTS, MISSING, RequiredContent
from ledger.law.terms.rule import Level, Mark
from tests.support.judging import codes, criterion, finds, finds_not
from tests.support.scenarios import (
    Fact,
    Office,
    Story,
    by_issuer,
    corrected,
    fact,
    given,
    issued,
    moment,
    received,
    sent,
)

ON = "2027-03-01T09:00Z"

# Every instrument with all its required contents, in circumstances in which every point is required.
STATED: dict[str, dict[str, Any]] = {
    name: {field: "stated" for point in points for field in point.fields} for name, points in CONTENTS.items()
}
LISTS = {name for name, field in KINDS["order-issued"].fields().items() if field.type.startswith("list[")}
HEAVY = {"data_categories": ["traffic"], "emergency": True, "addressed_to_processor": True, "emergency_reasons": "."}
SEEKER = fact("order-drafted", "2027-03-01T08:00Z", "seeker", "SEEK", instrument="2AP-7", to_party="XV")
ASKED = by_issuer("confidentiality-requested", "2027-03-01T10:00Z")
SUPERVISED = fact("order-supervised", "2027-03-01T08:30Z", "ilves", "VAL", capacity="judge", decision="approved")
DECLARED = ("N-7-5-a", "D-7-2-b", "D-8-4")


def order(instrument: str, without: str | None = None, **changes: Any) -> Fact:
    """Make a complete order, without one of its fields."""
    fields: dict[str, Any] = {
        n: [v] if n in LISTS and isinstance(v, str) else v for n, v in {**STATED[instrument], **changes}.items()
    }
    if without == "preservation_ref" or changes.get("preservation_ref") == []:
        fields["preservation_sought"] = True
    if instrument.startswith("EPOC"):
        fields |= {name: value for name, value in HEAVY.items() if name not in changes and name != without}
    fields.pop(without or "", None)
    for name in ("elements_sought", "providers", "data_categories"):  # otherwise the helper states these fields
        if name == without:
            fields[name] = None
    return issued(ON, instrument, **fields)


def story(order: Fact) -> Story:
    """Make a story with the order and the facts that make each point required."""
    record = given(order, SUPERVISED, SEEKER, ASKED, sent("2027-03-02T08:00Z"))
    return record.where("XV", declarations=DECLARED).among(seeker=Office("XO", ("SEEK",)))


POINTS = [
    pytest.param(instrument, point, field, id=f"{point.code}-{field}")
    for instrument, points in CONTENTS.items()
    for point in points
    for field in point.fields
]


@pytest.mark.parametrize(("instrument", "point", "field"), POINTS)
def test_an_element_that_is_absent_or_empty_is_missing(instrument: str, point: RequiredContent, field: str) -> None:
    pulled = {"V": "CONTRADICTED", "W": "GAP"}[str(point.level)]
    found = finds(story(order(instrument, without=field)), point.code, A5=pulled)
    assert found.says == point.says
    empty: dict[str, Any] = {field: []}
    finds(story(order(instrument, **empty)), point.code)


@pytest.mark.parametrize("instrument", CONTENTS)
def test_an_order_that_states_everything_lacks_nothing(instrument: str) -> None:
    missing = {point.code for point in CONTENTS[instrument]}
    assert not codes(story(order(instrument))) & missing


@pytest.mark.parametrize(("instrument", "point", "field"), POINTS)
def test_an_element_that_a_correction_supplies_is_cured_from_then_on(
    instrument: str, point: RequiredContent, field: str
) -> None:
    record = story(order(instrument, without=field))
    record = record.when(corrected("2027-03-05T09:00Z", "c", material=False, changed_fields=[field]))
    finds_not(record, point.code)
    finds(record.asked_at("2027-03-04T09:00Z"), point.code)


@pytest.mark.parametrize("unread", Unread)
def test_an_element_nobody_can_read_any_more_was_stated(unread: Unread) -> None:
    finds_not(story(order("2AP-7", summary_of_facts=unread)), "F718")


def test_false_is_an_answer() -> None:
    finds_not(story(order("2AP-7", preservation_sought=False)), "F715")


# -- when a point is required ------------------------------------------------------------------------------------------


def test_an_order_nobody_else_needs_states_no_seeking_authority() -> None:
    lacking = order("2AP-7", without="seeking_authority")
    finds_not(given(lacking), "F705")
    imported = fact(
        "order-drafted", ON, "archive", "AUD", speaks="import", whose="seeker", instrument="2AP-7", to_party="XV"
    )
    finds(given(lacking, imported).among(seeker=Office("XO", ("SEEK",))), "F705")


def test_confidentiality_asked_only_in_the_order_needs_no_further_word() -> None:
    finds_not(given(order("2AP-7", without="special_instructions")), "F716")


def test_what_a_notified_authority_needs_is_asked_only_where_one_is_notified() -> None:
    for field, code in (("summary_of_facts", "F718"), ("simultaneous_notification_statement", "F717")):
        finds_not(given(order("2AP-7", without=field)), code)


def test_a_notification_declared_for_some_circumstances_asks_only_where_one_is_stated() -> None:
    record = given(order("2AP-7", without="summary_of_facts", circumstances=["minor"]))
    for named, found in ((["minor"], True), (["media-account"], False)):
        party = record.where("XV", declarations=("N-7-5-a",), terms={"N-7-5-a": named})
        assert ("F718" in codes(party)) is found
    on_receipt = given(
        order("2AP-7", without="summary_of_facts"), received("2027-03-02T09:00Z", circumstances=["minor"])
    )
    finds(on_receipt.where("XV", declarations=("N-7-5-a",), terms={"N-7-5-a": ["minor"]}), "F718")


def test_without_any_supervision_it_is_not_the_reference_that_is_missing() -> None:
    record = given(order("2AP-7", without="supervision")).where("XV", declarations=("D-7-2-b",))
    finds_not(record, "F719")
    finds(record.when(SUPERVISED), "F719")


@pytest.mark.parametrize(
    ("channel", "asked"), [("post", False), ("by-hand", False), ("mail", True), ("not-known", True)]
)
def test_the_acceptance_of_electronic_form_is_asked_where_the_order_went_electronically(
    channel: str, asked: bool
) -> None:
    lacking = order("2AP-7", without="electronic_form_accepted")
    went = by_issuer("order-transmitted", "2027-03-02T08:00Z", addressee="skylark", channel=channel)
    assert ("F721" in codes(given(lacking, went))) is asked
    finds_not(given(lacking), "F721")


def test_supporting_information_is_asked_where_the_requested_party_has_declared_it() -> None:
    finds_not(given(order("2AP-8", without="additional_supporting_information")), "F821")


@pytest.mark.parametrize(
    ("categories", "asked"),
    [(["identification"], True), (["subscriber"], True), (["traffic"], True), ([], True)],
)
@pytest.mark.parametrize(("instrument", "code"), [("EPOC", "FE503"), ("EPOC-PR", "FE603")])
def test_an_order_names_the_user_or_an_identifier_also_where_it_only_identifies(
    instrument: str, code: str, categories: list[str], asked: bool
) -> None:
    record = given(order(instrument, without="identifiers", data_categories=categories))
    assert (code in codes(record)) is asked
    by_address: dict[str, Any] = {"data_categories": categories, "identifiers": ["198.51.100.7"]}
    finds_not(given(order(instrument, **by_address)), code)


@pytest.mark.parametrize(("instrument", "code"), [("EPOC", "FE505"), ("EPOC-PR", "FE605")])
def test_a_time_range_is_for_the_authority_to_state_where_it_applies(instrument: str, code: str) -> None:
    found = finds(story(order(instrument, without="time_range")), code, A5="GAP")
    assert (found.level, found.mark) == (Level.W, Mark.DESIGN)


@pytest.mark.parametrize(
    ("instrument", "capacity", "category", "asked"),
    [
        ("EPOC", "judge", "traffic", False),
        ("EPOC", "public-prosecutor", "subscriber", False),
        ("EPOC", "public-prosecutor", "traffic", True),
        ("EPOC", "other-authority", "identification", True),
        ("EPOC-PR", "public-prosecutor", "content", False),
        ("EPOC-PR", "other-authority", "content", True),
    ],
)
def test_the_validating_authority_is_named_where_the_order_needs_one(
    instrument: str, capacity: str, category: str, asked: bool
) -> None:
    code = "FE511" if instrument == "EPOC" else "FE608"
    fields: dict[str, Any] = {"issuing_capacity": capacity, "data_categories": [category]}
    lacking = given(order(instrument, without="supervision", **fields))
    assert (code in codes(lacking)) is asked
    finds_not(given(order(instrument, **fields)), code)
    approved = fact("order-validated", ON, "ilves", "VAL", capacity="judge", decision="approved")
    finds_not(lacking.when(approved), code)
    finds_not(given(order(instrument, without="supervision", validation_pending=True, **fields)), code)
    finds_not(given(order(instrument, without="supervision", validation_pending=Unread.ERASED, **fields)), code)


def test_the_capacity_of_the_authority_is_a_box_of_the_form() -> None:
    for instrument, code in (("EPOC", "FE512"), ("EPOC-PR", "FE609")):
        finds(story(order(instrument, without="issuing_capacity")), code, A5="GAP")
        finds_not(story(order(instrument, without="issuing_capacity")), "FE501" if instrument == "EPOC" else "FE601")


def test_the_rest_of_a_european_order_follows_from_what_it_says_of_itself() -> None:
    plain: dict[str, Any] = {"data_categories": ["subscriber"], "emergency": False, "addressed_to_processor": False}
    for field, code in (("time_range", "FE505"), ("emergency_reasons", "FE507"), ("processor_conditions", "FE508")):
        finds_not(given(order("EPOC", without=field, **plain)), code)


def test_an_order_without_effect_is_not_measured() -> None:
    record = given(issued(ON, by="orn", role="RET"))
    assert not {code for code in codes(record) if code.startswith("F")}
    assert criterion(record, "A5") == "GAP"


def test_the_stricter_of_the_stated_category_and_that_of_the_elements_governs_what_an_order_states() -> None:
    record = given(
        order("EPOC", without="time_range", data_categories=["subscriber"], elements_sought=["message-content"])
    )
    finds(record, "FE505")
    finds_not(given(order("EPOC", without="time_range", data_categories=["subscriber"])), "FE505")
    assert moment(ON) == record.facts[0].on


def test_a_reference_is_asked_for_only_where_preservation_was_sought() -> None:
    for instrument, code in (("2AP-7", "F722"), ("2AP-8", "F819")):
        finds_not(story(order(instrument, preservation_sought=False, preservation_ref=None)), code)
        finds(story(order(instrument, preservation_sought=True, preservation_ref=None)), code, A5="GAP")


def test_a_request_for_registration_data_needs_no_return_authority() -> None:
    finds_not(story(order("2AP-6", return_authority=None)), "F601")


def test_of_the_protocol_only_what_was_read_is_marked_as_text() -> None:
    read = {rule.id for rule in RULES if rule.mark is Mark.TEXT and rule.cite and rule.cite[0].startswith("2AP:")}
    assert read == {"V-7-RESERVED", "V-8-11-SENDER"}


def test_a_content_of_the_protocol_is_known_and_not_read_while_its_text_was_not_at_hand() -> None:
    marks = {(rule.cite[0].partition(":")[0], rule.mark) for rule in MISSING}
    assert {mark for act, mark in marks if act == "2AP"} == {Mark.KNOWN}
    assert {mark for act, mark in marks if act == "BC"} == {Mark.TEXT}
