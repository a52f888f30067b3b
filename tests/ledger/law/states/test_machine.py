"""The state of an order: acts and periods that move it, the state it returns to, and acts without effect."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.judging import finds, finds_not, judged, state
from tests.support.scenarios import (
    Office,
    by_authority,
    by_issuer,
    by_provider,
    corrected,
    disclosed,
    fact,
    given,
    issued,
    leaf,
    moment,
    received,
)

NODE = Office("XO", ("SYS",))

# -- by the end of a period alone --------------------------------------------------------------------------------------

CONTENT: dict[str, Any] = {"data_categories": ["content"], "offence_threshold": "three-years-or-more"}
EPOC = issued("2027-03-01T09:00Z", "EPOC", "message-content", **CONTENT)
EPOC_RECEIVED = received("2027-03-01T10:00Z")  # the ten days end with 11 March in Stockholm
KEEP = issued("2027-03-01T09:00Z", "EPOC-PR", "message-content", **CONTENT)


def test_a_suspended_production_order_is_released_when_its_ten_days_end() -> None:
    story = given(EPOC, EPOC_RECEIVED)
    assert state(story.asked_at("2027-03-11T22:59:59Z")) == "SERVED"
    assert state(story.asked_at("2027-03-11T23:00:00Z")) == "RELEASED"
    step = judged(story.asked_at("2027-03-12T00:00Z")).trail[-1]
    assert (step.source, step.to, step.leaf, step.clock) == ("SERVED", "RELEASED", None, "E-10-2")
    assert step.on == moment("2027-03-11T23:00:00Z")


def test_without_a_suspensive_notification_time_releases_nothing() -> None:
    for changes in ({"notification_test": "not-required-8-2"}, {"emergency": True}):
        order = issued("2027-03-01T09:00Z", "EPOC", "message-content", **CONTENT, **changes)
        assert state(given(order, EPOC_RECEIVED).asked_at("2027-04-01T00:00Z")) == "SERVED"


def test_what_happens_at_the_end_of_a_clock_meets_the_state_after_it() -> None:
    story = given(
        EPOC, EPOC_RECEIVED, by_issuer("enforcement-requested", "2027-03-11T23:00:00Z", enforcing_authority="ncco")
    )
    assert [(s.source, s.to) for s in judged(story).trail][-1] == ("SERVED", "RELEASED")
    finds(story, "W-OUT-OF-SEQUENCE")


def test_a_provider_left_without_clarification_is_exempt() -> None:
    story = given(
        KEEP, EPOC_RECEIVED, by_provider("order-referred-back", "2027-03-02T10:00Z", reason_codes=["incomplete"])
    )
    assert state(story.asked_at("2027-03-08T23:59:59Z")) == "AWAITING_CLARIFICATION"
    assert state(story.asked_at("2027-03-09T00:00:00Z")) == "EXEMPT"


def test_a_clarified_referral_does_not_exempt_while_a_second_one_waits() -> None:
    story = given(
        KEEP,
        EPOC_RECEIVED,
        by_provider("order-referred-back", "2027-03-02T10:00Z", label="one", reason_codes=["incomplete"]),
        by_issuer("order-maintained", "2027-03-03T10:00Z", answers="one"),
        by_provider("order-referred-back", "2027-03-05T10:00Z", label="two", reason_codes=["incomplete"]),
    )
    assert state(story.asked_at("2027-03-09T12:00Z")) == "AWAITING_CLARIFICATION"
    assert state(story.asked_at("2027-03-11T12:00Z")) == "EXEMPT"


def test_keeping_ceases_when_the_sixty_days_end() -> None:
    story = given(KEEP, EPOC_RECEIVED, by_provider("preservation-confirmed", "2027-03-02T10:00Z"))
    assert state(story.asked_at("2027-04-30T21:59:59Z")) == "PRESERVED"
    assert state(story.asked_at("2027-04-30T22:00:00Z")) == "CEASED"


# -- the state to which a state returns --------------------------------------------------------------------------------


@pytest.mark.parametrize("clarified", ["order-corrected", "order-maintained", "additional-information-provided"])
def test_a_clarified_european_order_is_where_it_was_before(clarified: str) -> None:
    answers = {
        "order-corrected": corrected("2027-03-04T10:00Z", "c", material=False),
        "order-maintained": by_issuer("order-maintained", "2027-03-04T10:00Z", answers="referral"),
        "additional-information-provided": by_issuer(
            "additional-information-provided", "2027-03-04T10:00Z", answers="referral"
        ),
    }
    story = given(
        EPOC,
        EPOC_RECEIVED,
        by_authority("notification-received", "2027-03-01T11:00Z"),
        by_provider("order-referred-back", "2027-03-03T10:00Z", label="referral", reason_codes=["incomplete"]),
    )
    assert state(story) == "AWAITING_CLARIFICATION"
    assert state(story.when(answers[clarified])) == "UNDER_STATE_REVIEW"


def test_a_reply_to_somebody_else_does_not_clarify() -> None:
    story = given(
        EPOC,
        EPOC_RECEIVED,
        by_authority("additional-information-requested", "2027-03-02T10:00Z", label="question", asked_of="ilves"),
        by_provider("order-referred-back", "2027-03-03T10:00Z", reason_codes=["incomplete"]),
        by_issuer("additional-information-provided", "2027-03-04T10:00Z", answers="question"),
    )
    assert state(story) == "AWAITING_CLARIFICATION"
    finds_not(story, "W-OUT-OF-SEQUENCE")


# -- acts without effect -----------------------------------------------------------------------------------------------

DIRECT = issued("2027-03-01T09:00Z")
SERVED = received("2027-03-02T08:30Z")


def test_an_entry_without_effect_moves_nothing() -> None:
    story = given(DIRECT, SERVED, disclosed("2027-03-03T10:00Z", by="ilves", role="ISS"))
    assert state(story) == "SERVED"


def test_an_instruction_of_another_office_moves_nothing() -> None:
    offices = {"ncco": Office("XV", ("NOT",), ("C-7-5-e",)), "other": Office("XV", ("NOT",))}
    instruct = {"ground": "G-7-i", "scope": "all"}
    story = given(DIRECT, SERVED, fact("non-disclosure-instructed", "2027-03-03T10:00Z", "other", "NOT", **instruct))
    assert state(story.among(**offices)) == "SERVED"
    assert state(given(DIRECT, SERVED, by_authority("non-disclosure-instructed", "2027-03-03T10:00Z", **instruct))) == (
        "INSTRUCTED_NOT_TO_DISCLOSE"
    )


def test_lifting_one_of_two_instructions_leaves_the_other_standing() -> None:
    instruct = {"ground": "G-7-i", "scope": "all"}
    story = given(
        DIRECT,
        SERVED,
        by_authority("non-disclosure-instructed", "2027-03-03T10:00Z", label="one", **instruct),
        by_authority("non-disclosure-instructed", "2027-03-03T11:00Z", label="two", **instruct),
        by_authority("instruction-lifted", "2027-03-04T10:00Z", about="one"),
    )
    assert state(story) == "INSTRUCTED_NOT_TO_DISCLOSE"
    assert state(story.when(by_authority("instruction-lifted", "2027-03-05T10:00Z", about="two"))) == "SERVED"


def test_the_state_follows_when_things_happened_not_when_they_were_recorded() -> None:
    late = received("2027-03-02T08:30Z", at="2027-03-10T08:30Z")
    story = given(DIRECT, by_provider("disclosure-declined", "2027-03-05T10:00Z"), late)
    assert state(story) == "DECLINED"
    assert state(story.asked_at("2027-03-06T00:00Z")) == "ISSUED"


def test_a_lapse_that_does_not_hold_when_computed_again_moves_nothing() -> None:
    lapse = {"deadline": "D-7-7", "policy": "2AP-CAL", "due": "2027-04-01T22:00:00Z"}
    story = given(DIRECT, SERVED).among(node=NODE)
    ended = fact("deadline-lapsed", "2027-04-02T08:00Z", "node", "SYS", **lapse)
    assert state(story.when(ended)) == "LAPSED"
    for wrong in ({"policy": "2AP-CAL+ROLL"}, {"due": "2027-04-02T00:00:00Z"}, {"deadline": "E-10-2"}):
        story_with = story.when(replace(ended, fields={**lapse, **wrong}))
        assert state(story_with) == "SERVED"
        finds(story_with, "W-OUT-OF-SEQUENCE")
    early = story.when(replace(ended, on=moment("2027-04-01T21:59:59Z"))).asked_at("2027-05-01T00:00Z")
    assert state(early) == "SERVED"


def test_a_lapse_before_the_order_was_disowned_stays_true() -> None:
    lapse = {"deadline": "D-7-7", "policy": "2AP-CAL", "due": "2027-04-01T22:00:00Z"}
    story = given(
        DIRECT,
        SERVED,
        fact("deadline-lapsed", "2027-04-02T08:00Z", "node", "SYS", **lapse),
        by_issuer("order-repudiated", "2027-04-03T08:00Z", finding="never-issued"),
    ).among(node=NODE)
    assert [s.to for s in judged(story).trail] == ["ISSUED", "SERVED", "LAPSED", "REPUDIATED"]
    finds_not(story, "W-OUT-OF-SEQUENCE")


def test_silence_leads_to_enforcement_only_24_hours_after_the_ten_days() -> None:
    story = given(EPOC, EPOC_RECEIVED)
    asked = by_issuer("enforcement-requested", "2027-03-12T22:59:59Z", enforcing_authority="ncco")
    assert state(story.when(asked).asked_at("2027-03-20T00:00Z")) == "RELEASED"
    asked = by_issuer("enforcement-requested", "2027-03-12T23:00:00Z", enforcing_authority="ncco")
    assert state(story.when(asked).asked_at("2027-03-20T00:00Z")) == "ENFORCEMENT"


def test_an_instrument_without_a_machine_has_no_state() -> None:
    assert state(given(issued("2027-03-01T09:00Z", "BC-30"))) == "-"


def test_an_entry_that_leaves_the_state_as_it_was_is_no_change_of_it() -> None:
    again = received("2027-03-01T11:00Z", "again")
    back = by_provider("order-referred-back", "2027-03-02T09:00Z", label="back", reason_codes=["other"])
    story = given(EPOC, EPOC_RECEIVED, again, back, corrected("2027-03-03T09:00Z", "c"))
    trail = judged(story).trail
    assert [change.leaf for change in trail if change.source == change.to] == []
    assert leaf("again") not in [change.leaf for change in trail]
