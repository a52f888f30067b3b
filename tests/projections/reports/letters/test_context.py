"""Which acts a letter serves depends on the instrument, the regime, the role, and whose side the office is on."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.law.judge import read_order
from projections.reports.front_page import IntegrityResult, Provenance
from projections.reports.letters.context import LetterContext, LetterRequest, blank, party_of
from tests.support.papers.letters import NAMED, OSLO, described
from tests.support.scenarios import Fact, case, fact, issued, moment, sent

NOW = moment("2027-09-01T22:30Z")  # 2 September in Oslo


def context(
    actor: str = "ilves",
    role: str = "ISS",
    instrument: str = "2AP-7",
    *,
    concealed: bool = False,
    lang: str = "en",
    register: tuple[Fact, ...] = (),
    order: Fact | None = None,
    **stated: Any,
) -> LetterContext:
    facts = (order or issued("2027-03-01T09:00Z", instrument, **stated), sent("2027-03-01T10:00Z", label="sent"))
    known = case(facts, instrument, parties=OSLO, offices=NAMED, register=register)
    making = Provenance(NOW, "comity 0", "0" * 16, None, IntegrityResult("INDETERMINATE", "", (), ()))
    asked = LetterRequest("access", actor, role, lang)
    return LetterContext(asked, known, read_order(known, NOW), making, concealed)


SIDES = [
    ("ilves", "ISS", True),
    ("orn", "RET", True),
    ("unknown", "ISS", True),  # an office that the register does not know is taken for one of the issuing Party
    ("skylark", "SP", False),
    ("ilves", "SP", False),
    ("ilves", "REG", False),
    ("skylark", "ISS", False),
    ("skylark", "REG", False),
]


@pytest.mark.parametrize(("actor", "role", "own"), SIDES)
def test_only_an_authority_of_the_issuing_state_is_on_the_side_of_the_order(actor: str, role: str, own: bool) -> None:
    c = context(actor, role, "EPOC", dp_regime="LED")
    assert c.own_side is own
    assert c.sender_party == party_of(c.reading, actor) == ("XV" if actor == "skylark" else "XO")
    provider = role in ("SP", "REG")
    assert c.regimes == {"EPOC"} | ({"LED"} if own else set()) | ({"GDPR"} if provider else set())
    assert context(actor, role, "EPOC", concealed=True).regimes == {"LED" if own else "GDPR"}


@pytest.mark.parametrize(
    ("instrument", "regime", "acts"),
    [
        ("EPOC", None, {"EPOC", "LED"}),
        ("EPOC-PR", "GDPR", {"EPOC", "LED", "GDPR"}),
        ("2AP-7", "LED", {"LED", "2AP"}),
        ("2AP-8", "GDPR", {"GDPR", "2AP"}),
        ("2AP-9", None, {"2AP"}),
        ("SCA", None, {"SCA"}),
        ("COA", "LED", {"SCA", "LED"}),
        ("MLA", "GDPR", {"GDPR"}),
        ("MLA", None, set()),
        ("MLA", "GDPR:6(1)(f)", {"GDPR"}),
        ("2AP-7", "2AP:14(2)-(15), LED", {"LED", "2AP"}),
        ("MLA", "TOTAL-FAILED", set()),
    ],
)
def test_the_acts_follow_the_instrument_and_the_stated_regime(
    instrument: str, regime: str | None, acts: set[str]
) -> None:
    stated: dict[str, Any] = {} if regime is None else {"dp_regime": regime}
    assert context(instrument=instrument, **stated).regimes == acts
    other = context("skylark", "SP", instrument, **stated)
    assert other.regimes == acts - {"LED"} | {"GDPR"}


def test_a_letter_without_an_order_serves_the_acts_of_its_instrument_alone() -> None:
    c = context(order=fact("access-requested", "2027-03-01T09:00Z", "ilves", "ISS"))
    assert c.issued is None
    assert c.regimes == {"2AP"}


def test_a_description_is_that_of_the_writing_office_else_on_the_side_of_the_order_that_of_its_authority() -> None:
    issuing, writing = described(), described(controller="orn", address=["Harbour 2"])
    of_provider = described(controller="skylark", address=["Cloud 3"])
    rows = (issuing, writing, of_provider)
    court = ("Court Square 1", "1000 Karsk")
    assert context("orn", "RET", register=rows).described("address") == ("Harbour 2",)
    assert context("orn", "RET", register=(issuing, of_provider)).described("address") == court
    assert context("orn", "RET", register=(issuing,), concealed=True).described("address") == ()
    assert context("skylark", "SP", register=rows).described("address") == ("Cloud 3",)
    assert context("skylark", "SP", register=(issuing, writing)).described("address") == ()
    assert context("ilves", "REG", register=(writing,)).description is None
    named = issued("2027-03-01T09:00Z", issuing_authority="orn")
    assert context("lab", "LAB", register=(issuing, writing), order=named).described("address") == ("Harbour 2",)


def test_the_head_of_a_letter_names_a_controller_that_is_another_office_after_the_one_that_writes() -> None:
    rows = (described(),)
    assert context("orn", "RET", register=rows).sender == (
        "Cyber Unit Karsk",
        "Prosecutor's Office Karsk",
        "Court Square 1",
        "1000 Karsk",
        "data@karsk.example",
    )
    assert context("ilves", "ISS", register=rows).sender[:2] == ("Prosecutor's Office Karsk", "Court Square 1")
    bare = context("orn", "RET")
    assert (bare.controller, bare.sender) == ("Cyber Unit Karsk", ("Cyber Unit Karsk",))


def test_what_the_description_does_not_state_is_missing_once_asked_for_with_what_to_record() -> None:
    c = context(register=(described(contact=None),))
    assert c.describes("dpo_contact", "the contact of the officer", "dpo") == ("dpo@karsk.example",)
    assert c.missing == []
    assert c.describes("contact", "the contact of the controller", "controller") == ()
    (lack,) = c.missing
    assert (lack.says, lack.add) == ("the contact of the controller", "controller-described: contact")
    assert lack.cite == ("2AP:14(12)(a)(i)",)
    assert context("skylark", "SP").cited("controller") == ("GDPR:15(1)(e)", "2AP:14(12)(a)(i)")
    assert context(instrument="MLA").cited("data") == ("LED:14(g)", "GDPR:15(3)", "2AP:14(12)(a)(i)")


def test_an_entry_is_a_source_once_with_the_first_sentence_and_sources_are_in_the_order_of_events() -> None:
    c = context(order=issued("2027-03-01T12:00Z"))
    made, later = c.case.entries
    assert later.on < made.on
    assert c.rests_on(made, "An order was made.") == "An order was made."
    assert c.rests_on(made, "Again.") == "Again."
    c.rests_on(later, "It was sent.")
    assert [(s.number, s.on, s.says) for s in c.sorted_sources()] == [
        (str(later.seq), later.on, "It was sent."),
        (str(made.seq), made.on, "An order was made."),
    ]


def test_names_and_days_are_those_of_the_language_and_the_zone_of_the_writing_office() -> None:
    c = context()
    assert c.times.day(NOW).isoformat() == "2027-09-02"
    assert [c.name(actor) for actor in ("ilves", "XO", "unknown", None)] == [
        "Prosecutor's Office Karsk",
        "XO",
        "unknown",
        "None",
    ]
    state = fact("party-registered", "2027-01-01T09:00Z", "registrar", "ADM", party="XO", zone="Europe/Oslo",
                 names={"en": "Orsinia", "de": "Orsinien"})  # fmt: skip
    assert [context(lang=lang, register=(state,)).name("XO") for lang in ("en", "de", "fr")] == [
        "Orsinia",
        "Orsinien",
        "Orsinia",
    ]


def test_a_line_to_fill_in_is_there_only_where_nothing_is_stated() -> None:
    assert (blank([], "Name"), blank(["Skylark"], "Name"), blank(iter(["Skylark"]), "Name")) == (("Name",), (), ())
