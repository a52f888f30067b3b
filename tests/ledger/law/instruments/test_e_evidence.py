"""Regulation (EU) 2023/1543 and Implementing Regulation (EU) 2025/1550, in the order of the articles."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Unread
from ledger.law import FINDING_RULES, judge
from ledger.law.deadlines.table import REGISTER
from ledger.law.terms.rule import Mark
from tests.support.judging import codes, criterion, finds, finds_not, judged, state
from tests.support.scenarios import (
    Fact,
    Office,
    by_authority,
    by_issuer,
    by_provider,
    disclosed,
    fact,
    given,
    issued,
    moment,
    received,
    sent,
)

ELEMENT = "message-content"
OF = {"subscriber": "name", "identification": "login-ip", "traffic": "connection-log", "content": ELEMENT}
HEAVY: dict[str, Any] = {"data_categories": ["content"], "offence_threshold": "three-years-or-more"}
LIGHT: dict[str, Any] = {"data_categories": ["subscriber"]}


def order(instrument: str = "EPOC", on: str = "2027-03-01T09:00Z", **fields: Any) -> Fact:
    """Make a European order for content, or for an element of the category that is stated, issued by a judge."""
    stated = {"issuing_capacity": "judge", **HEAVY, **fields}
    return issued(on, instrument, OF[stated["data_categories"][0]], **stated)


def answer(on: str, **fields: Any) -> Fact:
    """Make a disclosure of all data sought, as a file with its digest."""
    return disclosed(on, ELEMENT, **fields)


def ground(on: str, scope: str = "all", **fields: Any) -> Fact:
    """Make a fact: the enforcing authority raises a ground for refusal."""
    fields.setdefault("issuer_contacted_first", True)
    return by_authority("ground-for-refusal-raised", on, grounds=["EPOC:12(1)(a)"], scope=scope, **fields)


RECEIVED = received("2027-03-01T10:00Z")  # the ten days end with Thursday 11 March in Stockholm
NOTIFIED = by_issuer("notification-sent", "2027-03-01T10:00Z", notified_authority="ncco")
NOTICE = by_authority("notification-received", "2027-03-01T11:00Z")
SENT = sent("2027-03-01T10:00Z")
SERVED = given(order(), SENT, NOTIFIED, RECEIVED, NOTICE)

# -- articles 3 to 5 ---------------------------------------------------------------------------------------------------


def reassessed(outcome: str, effective_at: str, **fields: Any) -> Fact:
    """Make a fact: the emergency is reassessed."""
    return by_issuer("emergency-reassessed", "2027-03-02T18:00Z", outcome=outcome, effective_at=effective_at, **fields)


def test_an_emergency_downgraded_after_the_data_calls_for_another_look() -> None:
    story = given(order(emergency=True, **LIGHT), RECEIVED, answer("2027-03-01T15:00Z"))
    finds(story.when(reassessed("downgraded", "2027-03-01T15:00:00Z")), "W-EMERGENCY-DOWNGRADED", A7="GAP")
    finds_not(story.when(reassessed("downgraded", "2027-03-01T14:59:59Z")), "W-EMERGENCY-DOWNGRADED")
    finds_not(story.when(reassessed("ended", "2027-03-01T16:00:00Z")), "W-EMERGENCY-DOWNGRADED")


def test_an_emergency_known_to_be_untrue_leaves_the_authority_open() -> None:
    known = reassessed("upheld", "2027-03-02T18:00:00Z", known_false_at_declaration=True)
    finds(SERVED.when(known), "G-EMERGENCY-FALSE", A4="GAP")
    finds_not(SERVED.when(reassessed("ended", "2027-03-02T18:00:00Z")), "G-EMERGENCY-FALSE")


@pytest.mark.parametrize(
    ("instrument", "category", "capacity", "found"),
    [
        ("EPOC", "content", "judge", False),
        ("EPOC", "traffic", "investigating-judge", False),
        ("EPOC", "content", "public-prosecutor", True),
        ("EPOC", "subscriber", "public-prosecutor", False),
        ("EPOC", "subscriber", "other-authority", True),
        ("EPOC-PR", "content", "public-prosecutor", False),
        ("EPOC-PR", "content", "independent-authority", True),
    ],
)
def test_who_may_issue_depends_on_the_data(instrument: str, category: str, capacity: str, found: bool) -> None:
    record = given(order(instrument, data_categories=[category], issuing_capacity=capacity))
    assert ("V-4-COMPETENCE" in codes(record)) is found
    if found:
        finds(record, "V-4-COMPETENCE", A4="CONTRADICTED")


@pytest.mark.parametrize(
    ("capacity", "on", "decision", "found"),
    [
        ("judge", "2027-03-01T10:00Z", "approved", False),
        ("judge", "2027-03-01T10:00:01Z", "approved", True),
        ("judge", "2027-03-01T08:00Z", "refused", True),
        ("public-prosecutor", "2027-03-01T08:00Z", "approved", True),
    ],
)
def test_another_authority_is_validated_by_one_that_may_before_service(
    capacity: str, on: str, decision: str, found: bool
) -> None:
    said = fact("order-validated", on, "ilves", "VAL", capacity=capacity, decision=decision)
    record = given(order(issuing_capacity="other-authority"), RECEIVED, said)
    assert ("V-4-COMPETENCE" in codes(record)) is found


@pytest.mark.parametrize(("on", "found"), [("2027-03-01T09:30Z", False), ("2027-03-02T09:30Z", True)])
def test_an_order_sent_through_a_contact_point_is_validated_before_it_goes_there(on: str, found: bool) -> None:
    to = {"channel": "contact-point-24-7", "addressee": "skylark"}
    went = fact("order-transmitted", "2027-03-01T09:45Z", "poc", "POC", **to)
    said = fact("order-validated", on, "ilves", "VAL", capacity="judge", decision="approved")
    record = given(order(issuing_capacity="other-authority"), went, said)
    assert ("V-4-COMPETENCE" in codes(record)) is found


URGENT: dict[str, Any] = {"issuing_capacity": "other-authority", "emergency": True, "validation_pending": True, **LIGHT}


def test_in_an_emergency_another_authority_may_go_ahead_without_validation() -> None:
    finds_not(given(order(**URGENT)), "V-4-COMPETENCE")
    for changes in ({"emergency": False}, {"validation_pending": False}, {"data_categories": ["traffic"]}):
        finds(given(order(**{**URGENT, **changes})), "V-4-COMPETENCE")
    finds_not(given(order("EPOC-PR", **{**URGENT, "data_categories": ["traffic"]})), "V-4-COMPETENCE")


def test_whoever_may_not_read_that_a_validation_is_pending_learns_nothing_of_it() -> None:
    record = given(order(**URGENT)).asked_at("2027-03-05T09:00Z")
    sought = fact("ex-post-validation-sought", "2027-03-04T09:00Z", "ilves", "ISS", asked_of="judge")
    seen = judged(record.when(sought))
    assert {"V-4-5-LATE"} <= {f.code for f in seen.findings}
    assert "E-4-5" in {c.id for c in seen.deadlines}
    views = []
    for pending in (True, False):  # the provider's copy is the same for both values
        case = given(order(**{**URGENT, "validation_pending": pending})).case
        hidden = tuple(replace(e, sealed={**e.sealed, "validation_pending": Unread.WITHHELD}) for e in case.entries)
        views.append(judge(replace(case, entries=hidden), moment("2027-03-05T09:00Z")))
    assert views[0] == views[1]
    assert not {f.code for f in views[0].findings} & {"V-4-COMPETENCE", "V-4-5-LATE"}
    assert "E-4-5" not in {c.id for c in views[0].deadlines}


def test_validation_after_the_fact_is_sought_within_48_hours() -> None:
    story = given(order(**URGENT))  # issued at nine: the hour of the event does not count
    sought = fact("ex-post-validation-sought", "2027-03-03T09:59:59Z", "ilves", "ISS", asked_of="judge")
    finds_not(story.when(sought), "V-4-5-LATE")
    finds(story.when(sought.moved("2027-03-03T10:00:00Z")), "V-4-5-LATE", A4="CONTRADICTED")


def test_data_are_deleted_or_restricted_after_validation_is_refused() -> None:
    refused = fact("ex-post-validation-refused", "2027-03-02T10:00Z", "ilves", "VAL", about="issued", capacity="judge")
    story = given(order(**URGENT), RECEIVED, answer("2027-03-01T15:00Z"), refused)
    finds_not(story.asked_at("2027-03-09T23:59:59Z"), "V-4-5-NOT-DELETED")
    finds(story.asked_at("2027-03-10T00:00:00Z"), "V-4-5-NOT-DELETED", A7="CONTRADICTED")
    locked = fact("use-restricted", "2027-03-05T10:00Z", "orn", "RET", scope="all")
    finds_not(story.when(locked).asked_at("2027-03-10T00:00:00Z"), "V-4-5-NOT-DELETED")
    assert criterion(story, "A4") == "CONTRADICTED"  # refused validation contradicts, and is no finding (decision 40)


@pytest.mark.parametrize(("threshold", "found"), [(None, True), ("below", True), ("terrorism", False)])
def test_traffic_and_content_ask_for_an_offence_of_weight(threshold: str | None, found: bool) -> None:
    record = given(order(offence_threshold=threshold))
    assert ("V-5-4" in codes(record)) is found
    finds_not(given(order(offence_threshold=threshold, data_categories=["subscriber"])), "V-5-4")
    if found:
        finds(record, "V-5-4", A5="CONTRADICTED")


# -- article 8 ---------------------------------------------------------------------------------------------------------


def test_the_enforcing_authority_is_notified_of_traffic_and_content() -> None:
    finds(given(order(), SENT), "V-8-MISSING", A5="CONTRADICTED")
    finds_not(SERVED, "V-8-MISSING")
    finds_not(given(order(**LIGHT), SENT), "V-8-MISSING")
    finds_not(given(order(notification_test="not-required-8-2"), SENT), "V-8-MISSING")


def test_the_enforcing_authority_is_notified_at_the_same_time() -> None:
    that_day = by_issuer("notification-sent", "2027-03-01T10:45Z", notified_authority="ncco")
    found = finds(given(order(), SENT, that_day), "W-8-SAME-DAY")
    assert (found.effects, "on the same day, 45 min after" in found.says) == ((), True)
    finds_not(given(order(), SENT, that_day), "W-8-NOT-SIMULTANEOUS")
    late = finds(given(order(), SENT, that_day.moved("2027-03-02T10:45Z")), "W-8-NOT-SIMULTANEOUS", A5="GAP")
    assert late.says.endswith("it was 1 d 45 min later.")
    finds_not(SERVED, "W-8-NOT-SIMULTANEOUS", "W-8-SAME-DAY")


# -- articles 10 and 11 ------------------------------------------------------------------------------------------------

RELEASED = by_authority("no-ground-confirmed", "2027-03-03T10:00Z")
EARLY = "V-10-2-BEFORE-RELEASE"


def test_data_wait_for_the_enforcing_authority_or_for_the_end_of_its_time() -> None:
    finds(SERVED.when(answer("2027-03-04T10:00Z")), EARLY, A5="CONTRADICTED")
    finds_not(SERVED.when(RELEASED, answer("2027-03-04T10:00Z")), EARLY)
    finds_not(SERVED.when(ground("2027-03-03T10:00Z", "conditions"), answer("2027-03-04T10:00Z")), EARLY)
    finds(SERVED.when(answer("2027-03-11T22:59:59Z")), EARLY)
    finds_not(SERVED.when(answer("2027-03-11T23:00:00Z")), EARLY)


def test_an_end_that_is_not_known_has_not_come() -> None:
    finds(given(order(), SENT, answer("2027-06-04T10:00Z")), EARLY)


def test_nothing_waits_where_the_notification_does_not_suspend() -> None:
    finds_not(given(order(emergency=True), SENT, RECEIVED, answer("2027-03-01T15:00Z")), EARLY)
    finds_not(given(order(**LIGHT), SENT, RECEIVED, answer("2027-03-01T15:00Z")), EARLY)


@pytest.mark.parametrize(
    ("fields", "last"),
    [
        ({}, "2027-03-12T23:00:00Z"),  # 24 hours more: the authority was silent
        ({"notification_test": "not-required-8-2"}, "2027-03-11T23:00:00Z"),
        ({"emergency": True}, "2027-03-01T19:00:00Z"),  # eight hours from eleven
    ],
    ids=["E-10-2", "E-10-3", "E-10-4"],
)
def test_data_sent_at_or_after_the_end_are_late(fields: dict[str, Any], last: str) -> None:
    story = given(order(**fields), SENT, RECEIVED)
    finds(story.when(answer(last)), "V-10-LATE", A6="CONTRADICTED")
    a_second_before = replace(answer(last), on=moment(last).replace(second=59, minute=59, hour=moment(last).hour - 1))
    finds_not(story.when(a_second_before), "V-10-LATE")


def test_a_ground_after_the_data_asks_for_deletion_restriction_or_acceptance() -> None:
    story = SERVED.when(RELEASED, answer("2027-03-04T10:00Z"), ground("2027-03-05T10:00Z"))
    assert state(story) == "RESTRICTED"
    finds_not(story.asked_at("2027-03-12T23:59:59Z"), "V-10-4")
    finds(story.asked_at("2027-03-13T00:00:00Z"), "V-10-4", A5="CONTRADICTED")
    destroyed = fact("data-destroyed", "2027-03-06T10:00Z", "orn", "RET", scope="all", method="overwritten")
    finds_not(story.when(destroyed).asked_at("2027-03-13T00:00:00Z"), "V-10-4")


def test_an_extension_of_keeping_comes_within_the_sixty_days() -> None:
    story = given(order("EPOC-PR"), received("2027-03-02T10:00Z"))  # sixty days: Saturday 1 May, so Monday 3 May
    extended = by_issuer("preservation-extended", "2027-05-03T21:59:59Z", extends_by="P30D")
    finds_not(story.when(extended), "V-11-1-LATE")
    late = story.when(replace(extended, on=moment("2027-05-03T22:00:00Z"))).asked_at("2027-05-04T00:00Z")
    finds(late, "V-11-1-LATE", A6="CONTRADICTED")
    assert state(late) == "CEASED"
    # the extension by thirty days does not lengthen the period in which to ask for one
    twice = story.when(extended, replace(extended, on=moment("2027-05-20T10:00Z"))).asked_at("2027-05-21T00:00Z")
    finds(twice, "V-11-1-LATE")


def test_an_extension_of_another_length_or_a_further_one_is_to_be_looked_at() -> None:
    """The sixty days of an order received on 1 March 2027 end with Friday 30 April in Stockholm."""
    kept = given(order("EPOC-PR"), SENT, RECEIVED)

    def extended(on: str, by: str) -> Fact:
        return by_issuer("preservation-extended", on, extends_by=by)

    for length in ("P300D", "P29D", "P1M", "P1M30D", "P30DT1S", "PT30H"):
        assert finds(kept.when(extended("2027-04-20T09:00Z", length)), "W-11-1-LENGTH").effects == ()
    for length in ("P30D", "P4W2D", "PT720H"):
        finds_not(kept.when(extended("2027-04-20T09:00Z", length)), "W-11-1-LENGTH")
    twice = kept.when(extended("2027-04-20T09:00Z", "P30D"), extended("2027-04-21T09:00Z", "P30D"))
    found = finds(twice, "W-11-1-LENGTH")
    assert len(found.entries) == 1
    late = kept.when(extended("2027-04-20T09:00Z", "P30D"), extended("2027-05-02T09:00Z", "P300D"))
    finds_not(late, "W-11-1-LENGTH")
    finds(late, "V-11-1-LATE")


def test_a_provider_keeps_the_data_for_sixty_days_and_after_a_request_for_them() -> None:
    """The sixty days of an order received on 1 March 2027 end with Friday 30 April in Stockholm."""
    kept = given(order("EPOC-PR"), SENT, RECEIVED)
    ceased = by_provider("preservation-ceased", "2027-04-30T21:59:59Z", cause="period-ended")
    finds(kept.when(ceased), "V-11-1-CEASED", A5="GAP")
    finds_not(kept.when(ceased.moved("2027-04-30T22:00:00Z")), "V-11-1-CEASED")
    finds_not(kept.when(ceased.changed(cause="refused")), "V-11-1-CEASED")
    longer = by_issuer("preservation-extended", "2027-04-20T09:00Z", extends_by="P30D")
    finds(kept.when(longer, ceased.moved("2027-05-02T09:00Z")), "V-11-1-CEASED")
    asked = by_issuer("production-request-confirmed", "2027-04-20T09:00Z", production_kind="EPOC")
    finds(kept.when(asked, ceased.moved("2027-06-02T09:00Z")), "V-11-1-CEASED")
    released = by_issuer("preservation-released", "2027-03-20T09:00Z")
    finds_not(kept.when(released, ceased.moved("2027-03-21T09:00Z")), "V-11-1-CEASED")


def test_data_kept_on_without_a_request_are_looked_at() -> None:
    kept = given(order("EPOC-PR"), SENT, RECEIVED)
    ceased = by_provider("preservation-ceased", "2027-05-01T22:00:00Z", cause="period-ended")
    finds(kept.when(ceased), "W-11-1-KEPT")
    finds_not(kept.when(ceased.moved("2027-05-01T21:59:59Z")), "W-11-1-KEPT")
    asked = by_issuer("production-request-confirmed", "2027-04-20T09:00Z", production_kind="EPOC")
    finds_not(kept.when(asked, ceased.moved("2027-06-01T09:00Z")), "W-11-1-KEPT")
    finds_not(kept.when(ceased.changed(cause="refused")), "W-11-1-KEPT")
    released = by_issuer("preservation-released", "2027-03-20T09:00Z")
    finds_not(kept.when(released, ceased), "W-11-1-KEPT")


# -- article 17: whose law -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("party", ["DE", "FR", "DK", "EL"])
def test_an_objection_on_the_law_of_a_member_state_does_not_suspend(party: str) -> None:
    """Denmark is a Member State that the Regulation does not bind."""
    story = given(order(notification_test="not-required-8-2"), SENT, RECEIVED)
    objection = by_provider("reasoned-objection-filed", "2027-03-05T10:00Z", conflicting_law_party=party)
    finds(story.when(objection), "W-17-1-MEMBER-STATE")
    assert state(story.when(objection)) == "SERVED"
    finds(story.when(objection).asked_at("2027-03-20T00:00Z"), "V-10-LATE", A6="CONTRADICTED")
    third = story.when(objection.changed(conflicting_law_party="US"))
    finds_not(third, "W-17-1-MEMBER-STATE")
    assert state(third) == "SUSPENDED_ART17"


def test_an_authority_that_upholds_an_order_against_an_objection_asks_the_court() -> None:
    story = given(order(notification_test="not-required-8-2"), SENT, RECEIVED)
    objection = by_provider("reasoned-objection-filed", "2027-03-05T10:00Z", label="no", conflicting_law_party="US")
    upheld = by_issuer("order-maintained", "2027-03-08T10:00Z", answers="no")
    finds(story.when(objection, upheld), "W-17-3-NO-REVIEW", A5="GAP")
    review = by_issuer("court-review-requested", "2027-03-08T11:00Z", about="no")
    finds_not(story.when(objection, upheld, review), "W-17-3-NO-REVIEW")
    finds_not(story.when(objection.changed(conflicting_law_party="FR"), upheld), "W-17-3-NO-REVIEW")
    late = objection.moved("2027-03-20T10:00Z")
    finds_not(story.when(late, upheld.moved("2027-03-21T10:00Z")), "W-17-3-NO-REVIEW")


def test_the_register_can_say_that_an_invented_state_is_a_member_state() -> None:
    story = given(order(notification_test="not-required-8-2"), SENT, RECEIVED)
    objection = by_provider("reasoned-objection-filed", "2027-03-05T10:00Z", conflicting_law_party="XO")
    assert state(story.when(objection)) == "SUSPENDED_ART17"
    member = story.when(objection).where("XO", in_force=("EPOC=2026-08-18",))
    finds(member, "W-17-1-MEMBER-STATE")
    assert state(member) == "SERVED"


# -- article 12 --------------------------------------------------------------------------------------------------------


def test_data_are_not_sent_against_a_ground() -> None:
    finds(SERVED.when(ground("2027-03-03T10:00Z"), answer("2027-03-04T10:00Z")), "V-12-2", A5="CONTRADICTED")
    barred = ground("2027-03-03T10:00Z", "part", elements=[ELEMENT])
    finds(SERVED.when(barred, answer("2027-03-04T10:00Z")), "V-12-2")
    other = ground("2027-03-03T10:00Z", "part", elements=["stored-files"])
    finds_not(SERVED.when(other, answer("2027-03-04T10:00Z")), "V-12-2")
    finds_not(SERVED.when(ground("2027-03-03T10:00Z", "conditions"), answer("2027-03-04T10:00Z")), "V-12-2")
    finds_not(SERVED.when(answer("2027-03-02T10:00Z"), ground("2027-03-03T10:00Z")), "V-12-2")


def test_a_ground_after_the_period_has_no_effect() -> None:
    late = SERVED.when(ground("2027-03-11T23:00:00Z"), answer("2027-03-12T10:00Z"))
    assert finds(late, "W-12-LATE").effects == ()
    finds_not(late, "V-12-2")
    finds_not(SERVED.when(ground("2027-03-11T22:59:59Z")), "W-12-LATE")
    finds_not(given(order(), SENT, RECEIVED, ground("2027-06-11T22:59:59Z")), "W-12-LATE")  # its end is unknown


def test_the_enforcing_authority_contacts_the_issuing_authority_first() -> None:
    for contacted in (False, None):
        finds(SERVED.when(ground("2027-03-03T10:00Z", issuer_contacted_first=contacted)), "W-12-3-NO-CONTACT")
    finds_not(SERVED.when(ground("2027-03-03T10:00Z")), "W-12-3-NO-CONTACT")


def test_a_provider_bound_before_the_authority_has_spoken_is_a_remark() -> None:
    later = by_authority("notification-received", "2027-03-02T11:00Z")
    assert finds(given(order(), SENT, RECEIVED, later), "W-CLOCK-GAP").effects == ()
    finds_not(SERVED, "W-CLOCK-GAP")
    finds_not(given(order(), SENT, later), "W-CLOCK-GAP")


# -- article 17 --------------------------------------------------------------------------------------------------------


def test_an_objection_after_ten_days_does_not_suspend() -> None:
    objection = by_provider("reasoned-objection-filed", "2027-03-11T23:59:59Z", conflicting_law_party="XX")
    assert state(SERVED.when(objection)) == "SUSPENDED_ART17"  # counted in the issuer's zone, an hour behind
    finds_not(given(order(**LIGHT), RECEIVED, objection), "W-17-LATE")
    assert state(given(order(**LIGHT), RECEIVED, objection)) == "SUSPENDED_ART17"
    late = given(order(**LIGHT), RECEIVED, replace(objection, on=moment("2027-03-12T00:00:00Z")))
    finds(late.asked_at("2027-03-13T00:00Z"), "W-17-LATE")
    assert state(late.asked_at("2027-03-13T00:00Z")) == "SERVED"


def test_offices_of_both_states_are_who_they_are() -> None:
    stranger = Office("XV", ("CAQ",))
    record = given(
        order(), RECEIVED, fact("ground-for-refusal-raised", "2027-03-03T10:00Z", "caq", "CAQ", grounds=[], scope="all")
    )
    finds(record.among(caq=stranger), "V-AUTHORITY", A4="GAP")
    assert state(record.among(caq=stranger)) == "SERVED"


# -- marks -------------------------------------------------------------------------------------------------------------

READ = (
    *("V-4-COMPETENCE", "V-4-5-LATE", "V-4-5-NOT-DELETED", "V-5-4", "V-8-MISSING", "W-8-NOT-SIMULTANEOUS", "V-10-4"),
    *("V-10-2-BEFORE-RELEASE", "V-10-LATE", "V-11-1-LATE", "V-12-2", "W-12-LATE", "W-12-3-NO-CONTACT", "W-17-LATE"),
    *("V-NOTICE-OVERDUE", "V-DELAY-NO-GROUND", "V-DELAY-EXTENDED-AFTER-EXPIRY"),
    *("FE501", "FE502", "FE503", "FE504", "FE506", "FE507", "FE508", "FE509", "FE510"),
    *("FE601", "FE602", "FE603", "FE604", "FE606", "FE607"),
)
CLOCKS = ("E-4-5", "E-10-2", "E-10-3", "E-10-4", "E-10-6", "E-11-1", "E-11-5", "E-12-1", "E-16-2", "E-16-7", "E-17-2")


def test_the_rules_that_agree_with_the_wording_are_marked_text() -> None:
    marks = {rule.code: rule.mark for rule in FINDING_RULES} | {d.id: d.mark for d in REGISTER}
    assert {name: marks[name] for name in (*READ, *CLOCKS)} == dict.fromkeys((*READ, *CLOCKS), Mark.TEXT)
