"""Origin of data: signer, authority and key, first-hand or not, certified or not."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.law import judge
from tests.support.judging import codes, finds, finds_not, judged, state
from tests.support.scenarios import (
    Fact,
    Office,
    Story,
    by_issuer,
    by_provider,
    disclosed,
    fact,
    given,
    issued,
    leaf,
    moment,
    received,
)

ISSUED = issued("2027-03-01T09:00Z")
RECEIVED = received("2027-03-02T08:30Z")
DATA = disclosed("2027-03-05T09:00Z", label="disclosed")
BASE = given(ISSUED, RECEIVED)


def by_return(kind: str, on: str, **fields: Any) -> Fact:
    """Make a fact: an act of the authority to which data are returned."""
    return fact(kind, on, "orn", "RET", **fields)


def backing(label: str, check: str = "verifies") -> Fact:
    """Make a fact: a sealed entry of the other side's log has arrived that supports an entry here."""
    place = {"origin": "o", "index": 1, "leaf": "0" * 64, "envelope": "0" * 64}
    return by_return("counterparty-record-received", "2027-03-06T09:00Z", proof_check=check, backs=label, **place)


# -- authority ---------------------------------------------------------------------------------------------------------


def test_an_act_in_a_role_that_cannot_do_this_has_no_effect_and_is_found() -> None:
    wrong = fact("request-refused", "2027-03-03T09:00Z", "ilves", "ISS", ground="other")
    finds(BASE.when(wrong), "V-AUTHORITY", A4="GAP")
    finds_not(BASE.when(wrong), "V-27-7-NO-REASONS")
    finds_not(BASE.when(replace(wrong, by="ncco", role="CAQ")), "V-AUTHORITY")


def test_an_act_in_a_role_that_its_key_does_not_hold_settles_and_validates_nothing() -> None:
    approved = fact("order-validated", "2027-03-01T09:30Z", "ilves", "VAL", capacity="judge", decision="approved")
    record = BASE.when(approved)
    finds(BASE.when(replace(approved, held=False)), "V-ROLE-NOT-HELD", A1="GAP")
    finds_not(BASE.when(replace(approved, held=False)), "V-AUTHORITY")
    finds_not(record, "V-ROLE-NOT-HELD")
    assert [e.kind for e in record.reading.entries.of("order-validated")] == ["order-validated"]
    assert BASE.when(replace(approved, held=False)).reading.entries.of("order-validated") == ()


STRANGER = {"prosecutor-xv": Office("XV", ("ISS", "VAL"))}


def test_an_office_of_another_state_does_not_withdraw_the_order_and_is_found() -> None:
    withdrawn = fact("order-withdrawn", "2027-03-03T09:00Z", "ilves", "ISS", reason="other")
    strange = BASE.when(replace(withdrawn, by="prosecutor-xv")).among(**STRANGER)
    assert state(BASE.when(withdrawn)) == "WITHDRAWN"
    assert state(strange) == state(BASE)
    assert finds(strange, "V-AUTHORITY").effects == ()


def test_an_order_that_an_office_of_another_state_dates_back_is_not_the_order() -> None:
    earlier = issued("2027-02-01T09:00Z", from_party="XV")
    record = BASE.when(replace(earlier, by="prosecutor-xv", label="theirs")).among(**STRANGER)
    case, at = record.case, record.reading.at
    theirs = next(e for e in case.entries if e.by == "prosecutor-xv")
    ours = tuple(e for e in case.entries if e is not theirs)
    arrived = replace(theirs, received=at, origin="ledger.test/xv", place=3, index=99)
    before, after = (judge(replace(case, entries=entries), at) for entries in (ours, (*ours, arrived)))
    assert (after.state, after.deadlines) == (before.state, before.deadlines)
    assert {f.code for f in after.findings} - {f.code for f in before.findings} == {"V-AUTHORITY"}
    assert after.criteria == before.criteria


MORE_TIME = fact(
    "deadline-extended", "2027-03-20T09:00Z", "skylark", "SP", speaks="observation", whose="ilves",
    clock="D-7-7", new_end="2027-05-01T00:00:00Z", reasons=".", label="more",
)  # fmt: skip


def test_a_decision_that_another_side_reports_leaves_authority_and_procedure_open() -> None:
    finds(BASE.when(MORE_TIME), "G-DECISION-SECOND-HAND", A4="GAP", A5="GAP")
    finds_not(BASE.when(MORE_TIME, backing("more")), "G-DECISION-SECOND-HAND")
    own = replace(MORE_TIME, by="ilves", role="ISS", speaks="act", whose=None)
    finds_not(BASE.when(own), "G-DECISION-SECOND-HAND")
    finds_not(BASE.when(replace(own, speaks="import")), "G-DECISION-SECOND-HAND")


def test_a_report_of_a_decision_that_its_office_states_itself_leaves_nothing_open() -> None:
    own = replace(MORE_TIME, by="ilves", role="ISS", speaks="act", whose=None, label="own")
    finds_not(BASE.when(own, MORE_TIME), "G-DECISION-SECOND-HAND")
    finds(BASE.when(replace(own, held=False), MORE_TIME), "G-DECISION-SECOND-HAND")
    finds(BASE.when(replace(own, on=moment("2027-03-19T09:00Z")), MORE_TIME), "G-DECISION-SECOND-HAND")
    other = replace(own, fields={**own.fields, "new_end": "2027-06-01T00:00:00Z"})
    finds(BASE.when(other, MORE_TIME), "G-DECISION-SECOND-HAND")


def test_an_office_of_the_same_side_or_of_none_may_report_a_decision() -> None:
    for by, role in (("orn", "RET"), ("archive", "AUD")):
        finds_not(BASE.when(replace(MORE_TIME, by=by, role=role)), "G-DECISION-SECOND-HAND")
    elsewhere = fact("instruction-lifted", "2027-03-20T09:00Z", "orn", "RET", speaks="observation", whose="ncco")
    finds(BASE.when(elsewhere), "G-DECISION-SECOND-HAND")


def test_a_report_by_another_party_or_by_an_office_that_takes_no_part_for_the_side_leaves_it_open() -> None:
    abroad = BASE.among(abroad=Office("XW", ("ISS",)))
    finds(abroad.when(replace(MORE_TIME, by="abroad", role="ISS")), "G-DECISION-SECOND-HAND")
    central = replace(MORE_TIME, by="central", role="CAR")
    finds(BASE.when(central), "G-DECISION-SECOND-HAND")
    finds_not(BASE.when(replace(central, speaks="import", whose=None)), "G-DECISION-SECOND-HAND")  # its own decision


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("order-issued", {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV"}),
        ("order-supervised", {"capacity": "judge", "decision": "approved"}),
        ("order-validated", {"capacity": "judge", "decision": "approved"}),
        ("emergency-declared", {"threat": "life", "emergency_reasons": "."}),
    ],
)
def test_an_act_on_which_the_order_itself_rests_contradicts_authority(kind: str, fields: dict[str, Any]) -> None:
    finds(BASE.when(by_return(kind, "2027-03-03T09:00Z", **fields)), "V-AUTHORITY", A4="CONTRADICTED")


def test_an_office_the_register_has_ended_can_do_nothing_from_the_day_after() -> None:
    ended = {"skylark": Office("XV", ("SP",), valid_until="2027-03-04")}
    finds(BASE.when(DATA).among(**ended), "V-AUTHORITY", A4="GAP")
    last_day = disclosed("2027-03-04T22:59:59Z")  # still the fourth in Stockholm
    finds_not(BASE.when(last_day).among(**ended), "V-AUTHORITY")


def test_an_observation_of_what_somebody_could_not_do_is_no_act_without_authority() -> None:
    seen = replace(DATA, by="orn", role="RET", speaks="observation", whose="ilves")
    finds_not(BASE.when(seen), "V-AUTHORITY")
    assert state(BASE.when(seen)) == "SERVED"


def test_a_provider_that_gives_itself_more_time_moves_nothing() -> None:
    later = {"deadline": "D-7-7", "new_due": "2027-06-01T00:00:00Z"}
    more = by_provider("deadline-extended", "2027-03-10T09:00Z", **later)
    assert finds(BASE.when(more), "W-SELF-EXTENSION").effects == ()
    finds(BASE.when(replace(more, role="REG")), "W-SELF-EXTENSION")
    for role in ("SP", "REG"):
        finds_not(BASE.when(replace(more, role=role)), "V-AUTHORITY")
    finds(BASE.when(replace(more, role="AUD")), "V-AUTHORITY")
    assert [c.due for c in BASE.when(more).clocks("D-7-7")] == [c.due for c in BASE.clocks("D-7-7")]
    finds_not(BASE.when(by_issuer("deadline-extended", "2027-03-10T09:00Z", **later)), "W-SELF-EXTENSION")


def test_more_time_that_a_key_without_the_role_gives_is_no_extension_of_the_provider() -> None:
    own = by_provider("deadline-extended", "2027-03-03T09:00Z", deadline="D-7-7", new_due="2027-06-01T00:00:00Z")
    finds(BASE.when(own), "W-SELF-EXTENSION")
    finds_not(BASE.when(replace(own, held=False)), "W-SELF-EXTENSION")
    for other in (replace(own, speaks="import"), replace(own, role="AUD")):
        finds_not(BASE.when(other), "W-SELF-EXTENSION")
    finds(BASE.when(replace(own, role="AUD")), "V-AUTHORITY")


def test_an_order_that_arrives_is_signed_by_a_registered_office() -> None:
    unsigned = issued("2027-03-01T09:00Z", by="orn", role="RET", speaks="import", whose="ilves")
    for record in (given(RECEIVED), given(DATA), given(unsigned, RECEIVED)):
        finds(record, "W-UNSIGNED-ORDER", A1="GAP", A4="GAP")
    finds_not(BASE, "W-UNSIGNED-ORDER")
    finds_not(given(unsigned), "W-UNSIGNED-ORDER")
    finds_not(given(unsigned, RECEIVED, backing("issued")), "W-UNSIGNED-ORDER")


def test_data_given_to_somebody_who_was_not_the_authority_named() -> None:
    disowned = by_issuer("order-repudiated", "2027-03-06T09:00Z", finding="office-impersonated")
    record = BASE.when(DATA, disowned)
    finds(record, "V-DISCLOSED-TO-FORGER", A1="CONTRADICTED", A4="CONTRADICTED", A7="CONTRADICTED")
    finds(BASE.when(disowned, disclosed("2027-03-07T09:00Z")), "V-DISCLOSED-TO-FORGER")
    finds_not(BASE.when(disowned), "V-DISCLOSED-TO-FORGER")


@pytest.mark.parametrize("code", ["G-DP-BASIS", "G-NOTICE-UNSETTLED", "G-NOT-CERTIFIED", "G-VOL-EVIDENTIAL-RISK"])
def test_in_a_disowned_order_some_questions_do_not_arise(code: str) -> None:
    story = given(issued("2027-03-01T09:00Z", "VOL"), RECEIVED, DATA)
    finds(story, code)
    finds_not(story.when(by_issuer("order-repudiated", "2027-03-06T09:00Z", finding="never-issued")), code)


# -- keys --------------------------------------------------------------------------------------------------------------


def compromised(since: str, rotated: str | None = None) -> Story:
    """Make a story: a provider's key is suspected from `since` on, and is replaced at `rotated`."""
    suspicion = {"actor": "skylark", "suspected_since": since.replace("Z", ":00Z")}
    report = fact("key-compromised", "2027-03-20T09:00Z", "registrar", "ADM", **suspicion)
    rotation = {"actor": "skylark", "old_key": "a", "new_key": "b"}
    facts = [fact("key-rotated", rotated, "registrar", "ADM", **rotation)] if rotated else []
    return BASE.when(DATA).registered(report, *facts).asked_at("2027-03-21T00:00Z")


def test_entries_recorded_from_the_suspected_moment_to_the_new_key_are_not_trusted() -> None:
    finds(compromised("2027-03-05T09:00Z"), "W-KEY-UNTRUSTED", A1="GAP")
    finds_not(compromised("2027-03-05T09:01Z"), "W-KEY-UNTRUSTED")
    finds_not(compromised("2027-03-04T09:00Z", rotated="2027-03-05T09:00Z"), "W-KEY-UNTRUSTED")
    finds(compromised("2027-03-04T09:00Z", rotated="2027-03-05T09:01Z"), "W-KEY-UNTRUSTED")
    finds_not(compromised("2027-03-01T09:00Z").asked_at("2027-03-19T00:00Z"), "W-KEY-UNTRUSTED")


def test_it_is_the_time_of_recording_that_counts() -> None:
    late = replace(DATA, at=moment("2027-03-10T09:00Z"), label="late")
    record = compromised("2027-03-08T09:00Z")
    finds_not(record, "W-KEY-UNTRUSTED")
    finds(record.when(late), "W-KEY-UNTRUSTED")


def confirmed(on: str, by: str = "skylark", role: str = "SP", **fields: Any) -> Fact:
    """Make a fact: an entry is confirmed as genuine."""
    return fact("authenticity-confirmed", on, by, role, method="call-back", **fields)


def test_another_office_or_the_new_key_confirms_entries_one_by_one() -> None:
    record = compromised("2027-03-05T09:00Z", rotated="2027-03-12T09:00Z")
    finds_not(record.when(confirmed("2027-03-06T09:00Z", "ilves", "ISS", about="disclosed")), "W-KEY-UNTRUSTED")
    finds_not(record.when(confirmed("2027-03-12T09:00Z", about="disclosed")), "W-KEY-UNTRUSTED")
    finds(record.when(confirmed("2027-03-11T09:00Z", about="disclosed")), "W-KEY-UNTRUSTED")
    finds(record.when(confirmed("2027-03-06T09:00Z", "ilves", "ISS")), "W-KEY-UNTRUSTED")


def test_the_office_under_suspicion_confirms_nothing_with_its_old_key() -> None:
    record = compromised("2027-03-05T09:00Z", rotated="2027-03-12T09:00Z")
    for on, found in (("2027-03-11T09:00Z", True), ("2027-03-12T08:59:59Z", True), ("2027-03-12T09:00Z", False)):
        story = record.when(confirmed(on, about="disclosed"))
        seen = {f.code: f.entries for f in judged(story).findings}.get("W-KEY-UNTRUSTED", ())
        assert (leaf("disclosed") in seen) is found
    never = compromised("2027-03-05T09:00Z").when(confirmed("2027-03-12T09:00Z", about="disclosed"))
    assert leaf("disclosed") in finds(never, "W-KEY-UNTRUSTED").entries


# -- the answer --------------------------------------------------------------------------------------------------------


def test_a_disclosure_recorded_by_the_other_side_is_second_hand_until_its_own_record_backs_it() -> None:
    seen = replace(DATA, by="orn", role="RET", speaks="observation", whose="skylark")
    finds(BASE.when(seen), "G-SECOND-HAND", A1="GAP")
    finds_not(BASE.when(DATA), "G-SECOND-HAND")
    finds_not(BASE.when(seen, backing("disclosed")), "G-SECOND-HAND")
    finds(BASE.when(seen, backing("disclosed", "fails")), "G-SECOND-HAND")


def test_a_certificate_is_there_where_it_was_asked_for_or_nothing_compels() -> None:
    asked = issued("2027-03-01T09:00Z", special_instructions=["certification"])
    finds(given(asked, RECEIVED, DATA), "G-NOT-CERTIFIED", A1="GAP")
    finds(given(issued("2027-03-01T09:00Z", "VOL"), RECEIVED, DATA), "G-NOT-CERTIFIED")
    finds_not(BASE.when(DATA), "G-NOT-CERTIFIED")
    paper = {"code": "certificate", "media": "application/pdf", "size": 1, "sha256": "0" * 64}
    finds_not(given(asked, RECEIVED, disclosed("2027-03-05T09:00Z", certificate=paper)), "G-NOT-CERTIFIED")


def test_what_is_given_without_compulsion_carries_a_risk() -> None:
    voluntary = given(issued("2027-03-01T09:00Z", "VOL"), RECEIVED)
    assert finds(voluntary.when(DATA), "G-VOL-EVIDENTIAL-RISK").effects == ()
    finds_not(voluntary, "G-VOL-EVIDENTIAL-RISK")
    assert "G-VOL-EVIDENTIAL-RISK" not in codes(BASE.when(DATA))


def test_a_motion_after_its_fourteen_days_comes_too_late() -> None:
    motion = by_provider("reasoned-objection-filed", "2027-03-16T22:59:59Z", conflicting_law_party="XX")
    served = given(issued("2027-03-01T09:00Z", "SCA", data_categories=["content"]), RECEIVED)  # 14 days: 16 March
    finds_not(served.when(motion), "W-2703h-LATE")
    assert state(served.when(motion)) == "SUSPENDED"
    late = served.when(replace(motion, on=moment("2027-03-16T23:00:00Z"))).asked_at("2027-03-17T00:00Z")
    assert finds(late, "W-2703h-LATE").effects == ()
    assert state(late) == "SERVED"
