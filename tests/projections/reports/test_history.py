"""The history of an order lists the changes of state that needed no entry, with the clock that ended."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.payload import Condition
from ledger.facts import KINDS
from ledger.facts.value_forms import ListForm
from ledger.law import judge
from ledger.messages import Message
from projections.render.translation import translation
from projections.reports.front_page import words
from projections.reports.history import history, text
from tests.support.scenarios import by_issuer, fact, given, issued, moment, received

ISSUER = ("order-issued", "issuing_authority")

CONTENT: dict[str, Any] = {"data_categories": ["content"], "offence_threshold": "three-years-or-more"}


def test_a_change_of_state_by_time_alone_names_its_clock() -> None:
    order = issued("2027-03-01T09:00Z", "EPOC", "message-content", **CONTENT)
    case = given(order, received("2027-03-01T10:00Z")).case
    found = history(case, judge(case, moment("2027-04-01T00:00Z")), reveal=False)
    assert found.turns == ((moment("2027-03-11T23:00:00Z"), "E-10-2", words("RELEASED")),)
    assert history(case, judge(case, moment("2027-03-02T00:00Z")), reveal=False).turns == ()


def test_a_part_of_the_history_is_drawn_with_the_deadlines_that_end_after_its_first_entry() -> None:
    order = issued("2027-03-01T09:00Z", "EPOC", "message-content", **CONTENT)
    served = received("2027-03-01T10:00Z")  # ten days end with 11 March in Stockholm
    for on, deadlines in (("2027-03-11T23:00:00Z", 1), ("2027-03-11T23:00:01Z", 0)):
        case = given(order, served, by_issuer("note-added", on, text="later")).case
        judgement = judge(case, moment("2027-04-01T00:00Z"))
        for part in (slice(None), slice(2, None)):
            drawn = history(case, judgement, reveal=False, part=part).drawing
            assert drawn is not None
            shown = [mark.id for mark in drawn.deadlines if mark.id == "E-10-2"]
            assert len(shown) == (1 if part.start is None else deadlines)


def test_a_replaced_entry_was_replaced_by_the_office_that_signed_and_not_by_the_one_whose_act_it_reports() -> None:
    first = by_issuer("note-added", "2027-03-02T09:00Z", label="first", text="one")
    second = fact("note-added", "2027-03-02T10:00Z", "ilves", "ISS", speaks="observation", whose="ncco", text="two",
                  replaces="first")  # fmt: skip
    case = given(issued("2027-03-01T09:00Z"), first, second).case
    found = history(case, judge(case, moment("2027-03-03T00:00Z")), reveal=False)
    assert [e.replaced_who for e in found.events if e.replaced_by] == ["ilves"]


def test_the_condition_of_an_entry_is_shown_with_its_fields() -> None:
    case = given(issued("2027-03-01T09:00Z")).case
    (order,) = case.entries
    elsewhere = "99999999-9999-4999-8999-999999999999"
    asked = replace(order, unless=Condition(119, [order.order, elsewhere], ["order-withdrawn"]))
    case = replace(case, entries=(asked,))
    (event,) = history(case, judge(case, moment("2027-03-02T00:00Z")), reveal=False).events
    label, says = event.fields[-1]
    assert label == "only if"
    assert sorted(says.split(" from ")[0].removeprefix("no order-withdrawn in ").split(", ")) == [
        elsewhere,
        "this order",
    ]
    assert says.endswith(" from entry 119 of the log on")
    assert isinstance(says, Message)
    german = translation("de").words(says)
    assert german.startswith("ab Eintrag 119 des Logs kein order-withdrawn in ")
    assert "dieser Anordnung" in german


@pytest.mark.parametrize(
    ("lang", "says"), [("en", "elements: none"), ("de", "Datenelemente: keine"), ("fr", "éléments: aucun")]
)
def test_an_empty_list_is_said_to_be_one(lang: str, says: str) -> None:
    shown = text({"elements": []}, None, {}, {})
    assert isinstance(shown, Message)
    assert says == translation(lang).words(shown)


def test_the_form_of_its_field_alone_makes_a_value_an_entry_or_an_office() -> None:
    leaf, office = "ab" * 32, "ilves"
    known, names = {leaf: "9"}, {office: "Prosecutor's Office"}
    about, actor = (KINDS[kind].fields()[name].form for kind, name in (("event-disputed", "about"), ISSUER))
    free = KINDS["order-issued"].fields()["reference"].form
    assert text(leaf, about, known, names) == "entry 9"
    assert text(office, actor, known, names) == "Prosecutor's Office"
    for form in (free, None):
        assert [text(value, form, known, names) for value in (leaf, office)] == [leaf, office]
    assert text([office], ListForm(free), known, names) == office
