"""CETS 224, article 7: addressees, notification, consultation, instruction, the end of the period."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Case
from ledger.law import judge
from tests.support.judging import codes, criterion, finds, finds_not, judged
from tests.support.scenarios import (
    Fact,
    Office,
    Story,
    by_authority,
    by_issuer,
    by_provider,
    corrected,
    disclosed,
    fact,
    given,
    issued,
    moment,
    received,
    sent,
)

ISSUED = issued("2027-03-01T09:00Z")
SENT = sent("2027-03-02T08:00Z")
RECEIVED = received("2027-03-02T08:30Z")  # D-7-7 ends with 1 April in Stockholm
NOTIFIED = by_issuer("notification-sent", "2027-03-02T08:00Z", notified_authority="ncco")
SERVED = given(ISSUED, SENT, RECEIVED)


def instructed(on: str, label: str = "instruction", by: str = "ncco", **fields: Any) -> Any:
    """Make an instruction not to disclose: by the notified authority, on a listed ground, for all data."""
    fields = {"ground": "G-7-i", "scope": "all", **fields}
    return fact("non-disclosure-instructed", on, by, "NOT", label=label, **fields)


# -- addressees, data and issuing authorities --------------------------------------------------------------------------


def test_a_party_that_reserved_article_7_is_not_asked_this_way() -> None:
    finds(given(ISSUED).where("XV", declarations=("R-7-9-a",)), "V-7-RESERVED", A5="CONTRADICTED")
    finds_not(given(ISSUED), "V-7-RESERVED")
    finds_not(given(issued("2027-03-01T09:00Z", "2AP-8")).where("XV", declarations=("R-7-9-a",)), "V-7-RESERVED")


def test_a_reservation_counts_from_its_first_day_in_the_zone_of_the_party() -> None:
    reserved = fact(
        "declaration-recorded", "2027-02-01T09:00Z", "registrar", "ADM",
        party="XV", declaration="R-7-9-a", verified=True, valid_from="2027-03-02",
    )  # fmt: skip
    late = issued("2027-03-01T23:00Z")  # midnight in Stockholm
    finds(given(late).registered(reserved), "V-7-RESERVED")
    finds_not(given(issued("2027-03-01T22:59:59Z")).registered(reserved), "V-7-RESERVED")


def test_whether_a_reserving_party_may_itself_send_is_not_settled() -> None:
    finds(given(ISSUED).where("XO", declarations=("R-7-9-a",)), "W-7-RESERVER-ISSUES", A5="GAP")
    finds_not(given(ISSUED).where("XV", declarations=("R-7-9-a",)), "W-7-RESERVER-ISSUES")


@pytest.mark.parametrize(("element", "found"), [("login-ip", True), ("registration-ip#2", True), ("name", False)])
def test_access_numbers_may_be_excluded(element: str, found: bool) -> None:
    record = given(issued("2027-03-01T09:00Z", "2AP-7", element))
    assert ("F730" in codes(record.where("XV", declarations=("R-7-9-b",)))) is found
    finds_not(record, "F730")
    if found:
        finds(record.where("XV", declarations=("R-7-9-b",)), "F730", A5="CONTRADICTED")


@pytest.mark.parametrize(
    ("on", "decision", "found"),
    [
        ("2027-03-02T08:00Z", "approved", False),
        ("2027-03-02T08:00:01Z", "approved", True),
        ("2027-03-02T07:00Z", "refused", True),
    ],
)
def test_supervision_is_approved_before_service_where_it_is_declared(on: str, decision: str, found: bool) -> None:
    record = given(ISSUED, SENT).where("XV", declarations=("D-7-2-b",))
    finds(record, "V-7-2b", A4="CONTRADICTED", A5="CONTRADICTED")
    for kind in ("order-supervised", "order-validated"):
        said = fact(kind, on, "ilves", "VAL", capacity="public-prosecutor", decision=decision)
        assert ("V-7-2b" in codes(record.when(said))) is found


def test_supervision_counts_until_the_order_was_sent_even_where_the_clock_of_the_addressee_runs_ahead() -> None:
    record = given(ISSUED, received("2027-03-02T07:59Z"), SENT).where("XV", declarations=("D-7-2-b",))
    said = fact("order-supervised", "2027-03-02T08:00Z", "ilves", "VAL", capacity="judge", decision="approved")
    finds_not(record.when(said), "V-7-2b")


def test_an_order_not_yet_served_can_still_be_supervised() -> None:
    finds_not(given(ISSUED).where("XV", declarations=("D-7-2-b",)), "V-7-2b")
    finds_not(SERVED, "V-7-2b")


# -- notification ------------------------------------------------------------------------------------------------------

TO_NOTIFY = SERVED.where("XV", declarations=("N-7-5-a",))


def test_an_order_served_without_notification_is_found() -> None:
    finds(TO_NOTIFY, "V-7-5a-MISSING", A5="CONTRADICTED")
    finds_not(TO_NOTIFY.when(NOTIFIED), "V-7-5a-MISSING")
    finds_not(given(ISSUED).where("XV", declarations=("N-7-5-a",)), "V-7-5a-MISSING")
    finds_not(SERVED, "V-7-5a-MISSING")


def test_a_material_correction_must_be_notified_again() -> None:
    again = TO_NOTIFY.when(NOTIFIED, corrected("2027-03-05T09:00Z", "c"))
    finds(again, "V-7-5a-MISSING")
    sent_again = by_issuer("notification-sent", "2027-03-05T09:00Z", notified_authority="ncco", about="c")
    finds_not(again.when(sent_again), "V-7-5a-MISSING")
    finds_not(TO_NOTIFY.when(NOTIFIED, corrected("2027-03-05T09:00Z", "c", material=False)), "V-7-5a-MISSING")


def notified(on: str) -> Fact:
    return by_issuer("notification-sent", on, notified_authority="ncco")


def test_a_notification_of_the_day_of_the_service_is_simultaneous_and_the_time_between_is_a_remark() -> None:
    finds_not(TO_NOTIFY.when(NOTIFIED), "W-7-5a-LATE", "W-7-5a-SAME-DAY")
    that_day = TO_NOTIFY.when(notified("2027-03-02T10:05Z"))
    finds_not(that_day, "W-7-5a-LATE")
    remark = finds(that_day, "W-7-5a-SAME-DAY")
    assert (remark.effects, "on the same day, 2 h 5 min after" in remark.says) == ((), True)


def test_the_day_of_a_service_ends_in_the_zone_of_the_issuing_party() -> None:
    there = TO_NOTIFY.where("XO", zone="America/New_York")
    finds_not(there.when(notified("2027-03-03T04:59:59Z")), "W-7-5a-LATE")
    finds_not(there.when(notified("2027-03-03T05:00Z")), "W-7-5a-SAME-DAY")
    assert "it came 21 h after" in finds(there.when(notified("2027-03-03T05:00Z")), "W-7-5a-LATE", A5="GAP").says


def test_of_several_notifications_the_first_counts() -> None:
    late = notified("2027-03-04T10:05Z")
    finds(TO_NOTIFY.when(late), "W-7-5a-LATE")
    finds_not(TO_NOTIFY.when(notified("2027-03-02T08:00Z"), late), "W-7-5a-LATE", "W-7-5a-SAME-DAY")


@pytest.mark.parametrize(
    ("on", "delta"),
    [("2027-03-03T08:00:40Z", "1 d 40 s"), ("2027-03-05T08:00Z", "3 d"), ("2027-03-03T09:30Z", "1 d 1 h 30 min")],
)
def test_the_difference_is_shown(on: str, delta: str) -> None:
    assert f"it came {delta} after" in finds(TO_NOTIFY.when(notified(on)), "W-7-5a-LATE").says


# -- consultation ------------------------------------------------------------------------------------------------------

OPENED = by_provider("consultation-opened", "2027-03-04T09:00Z", label="consultation", consulted="ncco")
CONCLUDED = by_authority("consultation-concluded", "2027-03-05T09:00Z", about="consultation", outcome="may-disclose")
DISCLOSED = disclosed("2027-03-06T09:00Z", label="disclosed")


def test_a_consultation_the_party_requires_is_concluded_before_disclosure() -> None:
    required = SERVED.where("XV", declarations=("N-7-5-b",))
    finds(required.when(DISCLOSED), "V-7-5b-NO-CONSULT", A5="CONTRADICTED")
    finds_not(required.when(OPENED, CONCLUDED, DISCLOSED), "V-7-5b-NO-CONSULT")
    finds(required.when(OPENED, DISCLOSED, replace(CONCLUDED, on=moment("2027-03-07T09:00Z"))), "V-7-5b-NO-CONSULT")
    finds_not(SERVED.when(DISCLOSED), "V-7-5b-NO-CONSULT")


def test_a_consultation_for_named_circumstances_is_required_only_where_one_is_stated() -> None:
    named = {"declarations": ("N-7-5-b",), "terms": {"N-7-5-b": ["media-account"]}}
    finds_not(SERVED.when(DISCLOSED).where("XV", **named), "V-7-5b-NO-CONSULT")
    seen = given(ISSUED, received("2027-03-02T08:30Z", circumstances=["media-account"]), DISCLOSED)
    finds(seen.where("XV", **named), "V-7-5b-NO-CONSULT")
    only_when_consulting = replace(OPENED, fields={**OPENED.fields, "circumstances": ["media-account"]})
    record = SERVED.when(only_when_consulting, CONCLUDED, DISCLOSED).where("XV", **named)
    finds(record, "W-7-5b-NOT-DECLARED")


def test_a_provider_that_began_to_consult_waits_for_the_end() -> None:
    finds(SERVED.when(OPENED, DISCLOSED), "V-7-5b-NO-CONSULT")
    by_the_issuer = by_issuer("consultation-opened", "2027-03-04T09:00Z", consulted="ncco")
    finds_not(SERVED.when(by_the_issuer, DISCLOSED), "V-7-5b-NO-CONSULT")


def test_consulting_where_it_is_not_declared_is_a_remark() -> None:
    assert finds(SERVED.when(OPENED), "W-7-5b-NOT-DECLARED").effects == ()
    finds_not(SERVED.when(OPENED).where("XV", declarations=("N-7-5-b",)), "W-7-5b-NOT-DECLARED")
    after = replace(OPENED, on=moment("2027-03-07T09:00Z"))
    finds_not(SERVED.when(DISCLOSED, after), "W-7-5b-NOT-DECLARED")


def test_only_a_consultation_of_the_provider_is_one_that_its_party_does_not_require() -> None:
    finds_not(
        SERVED.when(by_issuer("consultation-opened", "2027-03-04T09:00Z", consulted="ncco")), "W-7-5b-NOT-DECLARED"
    )


# -- instruction -------------------------------------------------------------------------------------------------------

AGAINST = "V-7-5c-DISCLOSED-AGAINST-INSTRUCTION"


def test_data_that_go_out_against_an_instruction_are_found_and_lifting_cures_nothing() -> None:
    record = SERVED.when(instructed("2027-03-05T09:00Z"), DISCLOSED)
    finds(record, AGAINST, A5="CONTRADICTED")
    finds(record.when(by_authority("instruction-lifted", "2027-03-07T09:00Z", about="instruction")), AGAINST)
    lifted = by_authority("instruction-lifted", "2027-03-05T12:00Z", about="instruction")
    finds_not(SERVED.when(instructed("2027-03-05T09:00Z"), lifted, DISCLOSED), AGAINST)


def test_an_instruction_for_a_part_is_broken_only_by_what_it_names() -> None:
    def part(*elements: str) -> Story:
        return SERVED.when(instructed("2027-03-05T09:00Z", scope="part", elements=list(elements)), DISCLOSED)

    finds(part("name"), AGAINST)
    finds_not(part("login-ip"), AGAINST)
    finds_not(part(), AGAINST)


def test_at_the_same_instant_the_place_in_the_record_decides() -> None:
    at_once = disclosed("2027-03-05T09:00Z")
    finds(SERVED.when(instructed("2027-03-05T09:00Z"), at_once), AGAINST)
    crossed = SERVED.when(at_once, instructed("2027-03-05T09:00Z"))
    finds_not(crossed, AGAINST)
    finds(crossed, "W-7-LATE-INSTRUCTION", A5="GAP")


def test_an_instruction_after_the_data_is_late_if_it_would_have_barred_them() -> None:
    finds(SERVED.when(DISCLOSED, instructed("2027-03-07T09:00Z")), "W-7-LATE-INSTRUCTION")
    other = instructed("2027-03-07T09:00Z", scope="part", elements=["login-ip"])
    finds_not(SERVED.when(DISCLOSED, other), "W-7-LATE-INSTRUCTION")
    finds_not(SERVED.when(instructed("2027-03-05T09:00Z"), DISCLOSED), "W-7-LATE-INSTRUCTION")


def test_an_instruction_on_a_ground_outside_the_list_binds_all_the_same() -> None:
    record = SERVED.when(instructed("2027-03-05T09:00Z", ground="other"), DISCLOSED)
    finds(record, "V-7-5c-GROUND", A5="GAP")
    finds(record, AGAINST)
    finds_not(SERVED.when(instructed("2027-03-05T09:00Z")), "V-7-5c-GROUND")


def test_reasons_for_an_instruction_are_due_within_seven_days() -> None:
    record = SERVED.when(instructed("2027-03-05T09:00Z"))
    finds_not(record.asked_at("2027-03-12T22:59:59Z"), "V-7-5d-NO-REASONS")
    finds(record.asked_at("2027-03-12T23:00:00Z"), "V-7-5d-NO-REASONS", A5="GAP")
    given_in_time = by_authority("instruction-reasons-given", "2027-03-08T09:00Z", about="instruction", reasons=".")
    finds_not(record.when(given_in_time).asked_at("2027-04-12T22:59:59Z"), "V-7-5d-NO-REASONS")


def test_an_instruction_of_an_office_that_is_not_designated_has_no_effect() -> None:
    offices = {"ncco": Office("XV", ("NOT",), ("C-7-5-e",)), "other": Office("XV", ("NOT",))}
    record = SERVED.when(instructed("2027-03-05T09:00Z", by="other"), DISCLOSED).among(**offices)
    finds(record, "V-7-5e-WRONG-AUTHORITY", A5="GAP")
    finds_not(record, AGAINST)
    finds_not(SERVED.when(instructed("2027-03-05T09:00Z")).among(**offices), "V-7-5e-WRONG-AUTHORITY")
    undesignated = SERVED.when(instructed("2027-03-05T09:00Z", by="other")).among(other=offices["other"])
    finds_not(undesignated, "V-7-5e-WRONG-AUTHORITY")


def leaking(story: Story, *roles: str, field: str = "reply") -> Case:
    """Return the same case with a wider audience of one field of the last entry."""
    record = story.case
    *others, last = record.entries
    return replace(record, entries=(*others, replace(last, audience={field: ("ISS", "NOT", *roles)})))


@pytest.mark.parametrize(
    ("asker", "share", "roles", "found"),
    [
        ("NOT", None, ("SP",), True),
        ("NOT", False, ("SP",), True),
        ("NOT", True, ("SP",), False),
        ("NOT", None, (), False),
        ("SP", None, ("SP",), False),
    ],
)
def test_a_reply_to_the_notified_authority_is_not_opened_to_the_provider_without_consent(
    asker: str, share: bool | None, roles: tuple[str, ...], found: bool
) -> None:
    by = {"NOT": "ncco", "SP": "skylark"}[asker]
    record = SERVED.when(
        fact("additional-information-requested", "2027-03-04T10:00Z", by, asker, label="question", asked_of="orn"),
        fact(
            "additional-information-provided", "2027-03-05T10:00Z", "orn", "RET",
            answers="question", reply="No.", may_share_with_provider=share,
        ),
    )  # fmt: skip
    at = moment("2027-03-06T10:00Z")
    assert ("V-7-5d-LEAK" in {f.code for f in judge(leaking(record, *roles), at).findings}) is found
    assert "V-7-5d-LEAK" not in {f.code for f in judge(leaking(record, *roles, field="reply_document"), at).findings}


def test_a_reply_to_the_notified_authority_stays_with_it_by_default() -> None:
    record = SERVED.when(
        by_authority("additional-information-requested", "2027-03-04T10:00Z", label="question", asked_of="orn"),
        fact("additional-information-provided", "2027-03-05T10:00Z", "orn", "RET", answers="question", reply="No."),
    )
    finds_not(record, "V-7-5d-LEAK")


# -- article 7(7): the end of the period -------------------------------------------------------------------------------


def escalated(on: str, kind: str = "escalated-to-article8") -> Any:
    """Make a fact: the issuing side turns to the other State."""
    return by_issuer(kind, on, new_order="second")


@pytest.mark.parametrize("kind", ["escalated-to-article8", "escalated-to-mutual-assistance"])
def test_going_on_before_the_end_is_premature_and_at_the_end_is_not(kind: str) -> None:
    finds(SERVED.when(escalated("2027-04-01T21:59:59Z", kind)), "V-7-7-PREMATURE", A5="CONTRADICTED")
    finds_not(SERVED.when(escalated("2027-04-01T22:00:00Z", kind)), "V-7-7-PREMATURE")


@pytest.mark.parametrize(
    "refusal",
    [
        by_provider("disclosure-declined", "2027-03-04T09:00Z"),
        by_provider("no-data-held", "2027-03-04T09:00Z", elements=["name"]),
        instructed("2027-03-04T09:00Z"),
        disclosed("2027-03-04T09:00Z", "name", partial=True, withheld=["postal-address"], withheld_reason="not-held"),
    ],
    ids=lambda refusal: refusal.kind,
)
def test_a_refusal_opens_the_way_at_once(refusal: Any) -> None:
    finds_not(SERVED.when(refusal, escalated("2027-03-05T09:00Z")), "V-7-7-PREMATURE")
    finds(SERVED.when(escalated("2027-03-03T09:00Z"), refusal), "V-7-7-PREMATURE")


def test_a_part_without_a_word_on_the_rest_opens_nothing() -> None:
    part = disclosed("2027-03-04T09:00Z", "name", partial=True)
    finds(SERVED.when(part, escalated("2027-03-05T09:00Z")), "V-7-7-PREMATURE")


def test_an_instruction_that_was_lifted_opens_nothing_any_more() -> None:
    lifted = by_authority("instruction-lifted", "2027-03-05T09:00Z", about="instruction")
    record = SERVED.when(instructed("2027-03-04T09:00Z"), lifted, escalated("2027-03-06T09:00Z"))
    finds(record, "V-7-7-PREMATURE")


def test_nothing_is_premature_while_the_end_is_not_known() -> None:
    finds_not(given(ISSUED, SENT, escalated("2027-03-03T09:00Z")), "V-7-7-PREMATURE")
    finds_not(given(ISSUED, SENT, disclosed("2027-06-03T09:00Z")), "W-LATE-DISCLOSURE")


def test_between_the_calendar_end_and_the_next_working_day_it_is_not_settled() -> None:
    # received on 3 March: the thirtieth day is Friday 2 April, a holiday here, so the rolled end is Monday
    record = given(ISSUED, received("2027-03-03T08:30Z")).where("XV", holidays=("2027-04-02",))
    finds(record.when(escalated("2027-04-02T22:00:00Z")), "W-7-7-ROLL", A5="GAP")
    finds(record.when(escalated("2027-04-05T21:59:59Z")), "W-7-7-ROLL")
    finds_not(record.when(escalated("2027-04-05T22:00:00Z")), "W-7-7-ROLL")
    early = record.when(escalated("2027-04-02T21:59:59Z"))
    finds(early, "V-7-7-PREMATURE")
    finds_not(early, "W-7-7-ROLL")
    declined = by_provider("disclosure-declined", "2027-03-04T09:00Z")
    finds_not(record.when(declined, escalated("2027-04-02T22:00:00Z")), "W-7-7-ROLL")


def test_data_after_the_end_are_late_and_no_worse_for_it() -> None:
    finds(SERVED.when(disclosed("2027-04-01T22:00:00Z")), "W-LATE-DISCLOSURE", A6="GAP")
    finds_not(SERVED.when(disclosed("2027-04-01T21:59:59Z")), "W-LATE-DISCLOSURE")
    assert criterion(SERVED.when(disclosed("2027-04-01T22:00:00Z")), "A5") == "CONTRADICTED"  # for the missing data


def test_a_finding_points_at_all_entries_in_which_it_is_seen() -> None:
    record = SERVED.when(instructed("2027-03-05T09:00Z"), DISCLOSED, disclosed("2027-03-06T10:00Z", label="again"))
    found = next(f for f in judged(record).findings if f.code == AGAINST)
    entries = {e.leaf: e.kind for e in record.case.entries}
    assert [entries[leaf] for leaf in found.entries] == [
        "non-disclosure-instructed",
        "data-disclosed",
        "data-disclosed",
    ]
