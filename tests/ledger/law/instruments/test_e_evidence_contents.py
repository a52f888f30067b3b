"""What a European order says: Regulation (EU) 2023/1543, arts 5 to 7, 9(4), 13(2) and 32."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Unread
from ledger.law import judge
from tests.support.judging import codes, finds, finds_not
from tests.support.scenarios import (
    Fact,
    Office,
    Story,
    by_issuer,
    by_provider,
    given,
    issued,
    moment,
    received,
)

HEAVY: dict[str, Any] = {"data_categories": ["content"], "offence_threshold": "three-years-or-more"}


def order(instrument: str = "EPOC", on: str = "2027-03-01T09:00Z", **fields: Any) -> Fact:
    """Make a European order for subscriber data, issued by a judge."""
    return issued(on, instrument, **{"issuing_capacity": "judge", **fields})


# -- execution of a sentence: arts 5(3), 5(4)(d), 6(3) -----------------------------------------------------------------

SENTENCE: dict[str, Any] = {
    "proceedings": "execution-of-sentence",
    "sentence_months": 4,
    "sentence_in_absentia": False,
    "convicted_absconded": True,
}


@pytest.mark.parametrize("instrument", ["EPOC", "EPOC-PR"])
def test_a_sentence_is_executed_from_four_months_not_in_absentia_and_after_flight(instrument: str) -> None:
    finds_not(given(order(instrument, **SENTENCE)), "V-5-3-SENTENCE")
    for changed in ({"sentence_months": 3}, {"sentence_in_absentia": True}, {"convicted_absconded": False}):
        finds(given(order(instrument, **{**SENTENCE, **changed})), "V-5-3-SENTENCE", A5="CONTRADICTED")
    finds_not(given(order(instrument, proceedings="criminal-proceedings")), "V-5-3-SENTENCE")


@pytest.mark.parametrize("name", ["sentence_months", "sentence_in_absentia", "convicted_absconded"])
def test_a_condition_of_the_sentence_that_is_not_stated_is_not_shown(name: str) -> None:
    finds(given(order(**{**SENTENCE, name: None})), "V-5-3-SENTENCE")


def test_the_threshold_of_a_sentence_asks_for_its_conditions_too() -> None:
    threshold = {**HEAVY, "offence_threshold": "sentence-execution"}
    finds(given(order(**threshold)), "V-5-3-SENTENCE")
    finds_not(given(order(**threshold, **SENTENCE)), "V-5-3-SENTENCE")


@pytest.mark.parametrize("unread", Unread)
def test_conditions_of_a_sentence_that_cannot_be_read_are_not_judged(unread: Unread) -> None:
    case = given(order(**{**SENTENCE, "sentence_months": 1})).case
    names = ("sentence_months", "sentence_in_absentia", "convicted_absconded")
    hidden = tuple(replace(e, sealed={**e.sealed, **dict.fromkeys(names, unread)}) for e in case.entries)
    seen = judge(replace(case, entries=hidden), moment("2027-03-05T09:00Z"))
    assert "V-5-3-SENTENCE" not in {f.code for f in seen.findings}


# -- controller and processor: art. 5(7) -------------------------------------------------------------------------------

REFRAIN: dict[str, Any] = {"addressed_to_processor": True, "special_instructions": ["no-notice-to-controller"]}
BOTH = {"controller_delay_justification": "It would warn the suspect.", "controller_delay_reasons": "See the file."}


def test_a_processor_kept_from_informing_the_controller_is_told_why_in_short() -> None:
    finds(given(order(**REFRAIN)), "V-5-7-NO-JUSTIFICATION", A5="GAP")
    for name in BOTH:
        finds(given(order(**REFRAIN, **{name: BOTH[name]})), "V-5-7-NO-JUSTIFICATION")
    finds_not(given(order(**REFRAIN, **BOTH)), "V-5-7-NO-JUSTIFICATION")
    finds_not(given(order(addressed_to_processor=True)), "V-5-7-NO-JUSTIFICATION")


def test_a_processor_informs_the_controller_unless_the_order_asks_it_not_to() -> None:
    notice = by_provider("controller-informed", "2027-03-02T09:00Z")
    finds(given(order(**REFRAIN, **BOTH), notice), "W-5-7-CONTRARY")
    finds_not(given(order(addressed_to_processor=True), notice), "W-5-7-CONTRARY")


# -- public authorities, privileges, immunities: arts 5(8) to 5(10) ----------------------------------------------------


def examined(on: str = "2027-03-01T08:00Z", **fields: Any) -> Fact:
    """Return that the issuing authority examines what protects the data."""
    return by_issuer("protection-examined", on, **fields)


@pytest.mark.parametrize("instrument", ["EPOC", "EPOC-PR"])
def test_data_of_a_public_authority_are_sought_in_its_own_state_alone(instrument: str) -> None:
    named = order(instrument, circumstances=["public-authority"])
    finds(given(examined(public_authority_in="XV"), named), "V-5-8-OTHER-STATE", A5="CONTRADICTED")
    finds_not(given(examined(public_authority_in="XO"), named), "V-5-8-OTHER-STATE")
    finds_not(given(examined(public_authority_in="XO"), named), "G-5-8-NOT-EXAMINED")


def test_an_order_that_names_a_public_authority_says_in_which_state_it_is() -> None:
    for instrument in ("EPOC", "EPOC-PR"):
        finds(given(order(instrument, circumstances=["public-authority"])), "G-5-8-NOT-EXAMINED", A5="GAP")
    finds(
        given(examined(privilege_condition="waived"), order(circumstances=["public-authority"])), "G-5-8-NOT-EXAMINED"
    )
    finds_not(given(order(circumstances=["minor"])), "G-5-8-NOT-EXAMINED")


@pytest.mark.parametrize("condition", ["resides-in-issuing-state", "detrimental-to-the-investigation", "waived"])
def test_content_of_a_privileged_professional_is_sought_under_a_condition(condition: str) -> None:
    named = order(circumstances=["privileged-profession"], **HEAVY)
    finds(given(named), "G-5-8-NOT-EXAMINED", A5="GAP")
    finds_not(given(examined(privilege_condition=condition), named), "G-5-8-NOT-EXAMINED")


def test_subscriber_data_of_a_privileged_professional_need_no_condition() -> None:
    finds_not(given(order(circumstances=["privileged-profession"])), "G-5-8-NOT-EXAMINED")
    preserved = order("EPOC-PR", circumstances=["privileged-profession"], **HEAVY)
    finds_not(given(preserved), "G-5-8-NOT-EXAMINED")


@pytest.mark.parametrize("protection", ["immunity-or-privilege", "press-or-expression"])
def test_no_order_is_made_for_content_that_was_found_protected(protection: str) -> None:
    found = examined(protected_by=protection)
    finds(given(found, order(**HEAVY)), "V-5-10-PROTECTED", A5="CONTRADICTED")
    finds_not(given(found, order()), "V-5-10-PROTECTED")  # subscriber data
    finds_not(given(order(**HEAVY), found.moved("2027-03-01T10:00Z")), "V-5-10-PROTECTED")  # found later: 10(5)
    again = examined("2027-03-01T08:30Z", protected_by="nothing")
    finds_not(given(found, again, order(**HEAVY)), "V-5-10-PROTECTED")


# -- the addressee: art. 7 ---------------------------------------------------------------------------------------------

OTHER: dict[str, Any] = {"addressee_capacity": "other-establishment", "other_addressee_reason": "none-designated"}


@pytest.mark.parametrize("instrument", ["EPOC", "EPOC-PR"])
def test_another_establishment_is_addressed_in_an_emergency_alone(instrument: str) -> None:
    finds_not(given(order(instrument, emergency=True, **OTHER)), "V-7-2-OTHER-ADDRESSEE")
    finds(given(order(instrument, **OTHER)), "V-7-2-OTHER-ADDRESSEE", A5="CONTRADICTED")
    unexplained = {**OTHER, "other_addressee_reason": None}
    finds(given(order(instrument, emergency=True, **unexplained)), "V-7-2-OTHER-ADDRESSEE")
    finds_not(given(order(instrument, addressee_capacity="legal-representative")), "V-7-2-OTHER-ADDRESSEE")


def test_an_addressee_that_did_not_react_had_an_order_before() -> None:
    silent = {**OTHER, "other_addressee_reason": "no-reaction", "emergency": True}
    finds(given(order(**silent)), "W-7-2-NO-EARLIER-ORDER", A5="GAP")
    finds_not(given(order(**silent, prior_order="other")), "W-7-2-NO-EARLIER-ORDER")
    finds_not(given(order(emergency=True, **OTHER)), "W-7-2-NO-EARLIER-ORDER")


# -- language: arts 9(4), 27 -------------------------------------------------------------------------------------------


def spoken(story: Story, *, state: tuple[str, ...] = (), addressee: tuple[str, ...] = ()) -> Story:
    """Return the story under a register that names the languages of the addressee and of its Party."""
    named = story.where("XV", languages=state)
    return named.among(skylark=Office("XV", ("SP",), languages=addressee))


def test_an_order_is_in_a_language_that_the_addressee_accepts() -> None:
    english = given(order(languages=["en"]))
    finds(spoken(english, addressee=("sv", "fi")), "W-9-4-ADDRESSEE", A5="GAP")
    finds_not(spoken(english, addressee=("sv", "en")), "W-9-4-ADDRESSEE")
    finds_not(spoken(english, state=("sv",), addressee=("en",)), "W-9-4-ADDRESSEE")


def test_without_a_language_of_the_addressee_that_of_its_state_counts() -> None:
    finds(spoken(given(order(languages=["en"])), state=("sv",)), "W-9-4-ADDRESSEE")
    finds_not(spoken(given(order(languages=["en", "sv"])), state=("sv",)), "W-9-4-ADDRESSEE")


def test_a_language_that_is_not_stated_is_not_judged() -> None:
    finds_not(spoken(given(order()), state=("sv",), addressee=("sv",)), "W-9-4-ADDRESSEE")
    finds_not(given(order(languages=["en"])), "W-9-4-ADDRESSEE")


def test_a_notified_state_gets_the_order_in_a_language_that_it_accepts() -> None:
    content = given(order(languages=["en"], **HEAVY))
    finds(spoken(content, state=("sv",), addressee=("en",)), "W-9-4-NOTIFIED", A5="GAP")
    finds_not(spoken(content, state=("sv", "en"), addressee=("en",)), "W-9-4-NOTIFIED")
    finds_not(spoken(given(order(languages=["en"])), state=("sv",), addressee=("en",)), "W-9-4-NOTIFIED")


# -- the person, other instruments, the defence: arts 13(2), 32, 1(2) --------------------------------------------------


@pytest.mark.parametrize("kind", ["customer-notification-delayed", "customer-notification-omitted"])
def test_a_delay_decided_before_the_order_is_justified_in_it(kind: str) -> None:
    decided = by_issuer(kind, "2027-03-01T08:00Z", grounds=["LED:13(3)(a)"], review_on="2027-09-01")
    finds(given(decided, order()), "W-13-2-NOT-IN-ORDER", A7="GAP")
    finds_not(given(decided, order(notice_delay_grounds=["LED:13(3)(a)"])), "W-13-2-NOT-IN-ORDER")
    finds_not(given(order(), decided.moved("2027-03-01T10:00Z")), "W-13-2-NOT-IN-ORDER")


def test_data_asked_for_under_two_instruments_are_remarked_on() -> None:
    finds(given(order(parallel_instruments=["european-investigation-order"])), "W-32-PARALLEL")
    finds_not(given(order()), "W-32-PARALLEL")


def test_an_order_at_the_request_of_the_defence_is_an_order_like_any_other() -> None:
    asked = given(order(requested_by_defence="lawyer"), received("2027-03-01T10:00Z"))
    assert codes(asked) == codes(given(order(), received("2027-03-01T10:00Z")))


def test_a_party_that_is_not_registered_accepts_no_language_that_is_known() -> None:
    unknown = issued("2027-03-01T09:00Z", "EPOC", to_party="ZZ", providers=["nobody"], languages=["en"])
    for code in ("W-9-4-ADDRESSEE", "W-9-4-NOTIFIED"):
        finds_not(given(unknown.changed(data_categories=["content"])), code)
