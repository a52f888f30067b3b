"""Every deadline of the register: what starts, moves, ends and answers it, to the second. findings.md 3."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ledger.law import read_order
from ledger.law.deadlines.counting_policies import POLICIES
from ledger.law.deadlines.table import REGISTER
from ledger.law.terms.rule import ClockVerdict
from tests.support.scenarios import (
    Fact,
    by_authority,
    by_issuer,
    by_provider,
    disclosed,
    fact,
    given,
    issued,
    labels,
    leaf,
    received,
    sent,
)
from tests.support.story_files import STORY_NAMES, cases, source


def expectations() -> list[Any]:
    found = []
    for name in STORY_NAMES:
        for expect in source(name)["expect"]:
            found.append(pytest.param(name, expect, id=f"{name}-{expect['order']}-{expect['as_of']:%Y%m%dT%H%M}"))
    return found


@pytest.mark.parametrize(("name", "expect"), expectations())
def test_a_story_lists_exactly_its_clocks(name: str, expect: dict[str, Any]) -> None:
    reading = read_order(cases(name)[expect["order"]], expect["as_of"])
    found = [(c.id, c.policy, c.due, str(c.verdict)) for c in reading.deadlines.clocks]
    stated = [(d["id"], d["policy"], d.get("due"), d["verdict"]) for d in expect["deadlines"]]
    assert sorted(found, key=str) == sorted(stated, key=str)


# -- shared by all: verdicts -------------------------------------------------------------------------------------------

ISSUED = issued("2027-03-01T09:00Z")
SENT = sent("2027-03-02T08:00Z")
RECEIVED = received("2027-03-02T08:30Z")  # in Stockholm thirty days end with 1 April, a Thursday
END = "2027-04-01T22:00Z"
SERVED = given(ISSUED, SENT, RECEIVED)

SAME = {"files": [{"name": "x", "size": 1, "sha512": "5a"}]}
OTHER = {"files": [{"name": "x", "size": 1, "sha256": "5b"}]}
DISPUTED = by_issuer("receipt-disputed", "2027-03-05T09:00Z", about="receipt", claimed_on="2027-03-03T09:00:00Z")


@pytest.mark.parametrize(
    ("answered", "verdict"), [("2027-04-01T21:59:59Z", ClockVerdict.MET), ("2027-04-01T22:00:00Z", ClockVerdict.MISSED)]
)
def test_what_happens_at_the_first_instant_after_the_period_is_late(answered: str, verdict: ClockVerdict) -> None:
    SERVED.when(disclosed(answered)).then("D-7-7", verdict, END)


def test_a_clock_is_open_until_its_end_and_missed_from_then_on() -> None:
    SERVED.asked_at("2027-04-01T21:59:59Z").then("D-7-7", ClockVerdict.OPEN, END)
    SERVED.asked_at("2027-04-01T22:00:00Z").then("D-7-7", ClockVerdict.MISSED, END)


def test_a_clock_points_at_what_wound_it_and_what_answered_it_and_tells_how_it_was_counted() -> None:
    (clock,) = SERVED.when(disclosed("2027-03-03T09:00Z", label="a")).clocks("D-7-7")
    by_leaf = SERVED.when(disclosed("2027-03-03T09:00Z", label="a")).reading.entries.by_leaf
    assert labels(*(by_leaf[e] for e in clock.entries))
    assert (clock.trigger, clock.met_by) == (leaf("receipt"), (leaf("a"),))
    assert clock.entries == (leaf("receipt"), leaf("a"))
    assert clock.steps[-1].startswith("due: 2027-04-01T22:00:00Z")


@pytest.mark.parametrize(
    ("source", "arrival", "verdict"),
    [
        ("own-act", None, ClockVerdict.UNDETERMINED),
        ("estimate", None, ClockVerdict.UNDETERMINED),
        ("receipt-stamp", None, ClockVerdict.MET),
        ("own-act", {"on": "2027-03-31T12:00Z", "about": "a"}, ClockVerdict.MET),
        ("own-act", {"on": "2027-03-31T12:00Z", "about": "b"}, ClockVerdict.UNDETERMINED),
        ("own-act", {"on": "2027-03-31T12:00Z", "manifest": SAME}, ClockVerdict.MET),
        ("own-act", {"on": "2027-03-31T12:00Z", "manifest": OTHER}, ClockVerdict.UNDETERMINED),
        ("own-act", {"on": "2027-04-01T22:00Z", "about": "a"}, ClockVerdict.UNDETERMINED),
        ("own-act", {"on": "2027-03-31T12:00Z", "at": "2027-04-02T12:00Z", "about": "a"}, ClockVerdict.UNDETERMINED),
    ],
    ids=["alone", "estimate", "stamp", "named", "another named", "digest", "other digest", "after the end", "late too"],
)  # fmt: skip
def test_an_answer_written_down_late_counts_with_a_stamp_or_the_word_of_the_other_side(
    source: str, arrival: dict[str, Any] | None, verdict: ClockVerdict
) -> None:
    files = [{"name": "return.json", "size": 1, "sha256": "5a5a", "sha512": "5a"}]
    answer = disclosed("2027-03-31T10:00Z", label="a", at="2027-04-05T09:00Z", on_source=source, files=files)
    said = [fact("evidence-received", arrival.pop("on"), "orn", "RET", check="equal", **arrival)] if arrival else []
    SERVED.when(answer, *said).asked_at("2027-04-06T00:00Z").then("D-7-7", verdict, END)


def test_an_answer_written_down_late_but_before_the_end_needs_no_support() -> None:
    SERVED.when(disclosed("2027-03-10T10:00Z", at="2027-04-01T21:59:59Z")).then("D-7-7", ClockVerdict.MET)


def test_an_unsupported_part_leaves_the_whole_undetermined_and_a_supported_answer_beside_it_counts() -> None:
    late = disclosed("2027-03-31T10:00Z", "name", partial=True, at="2027-04-05T09:00Z")
    rest = disclosed("2027-03-31T11:00Z", "postal-address", partial=True)
    SERVED.when(late, rest).then("D-7-7", ClockVerdict.UNDETERMINED)
    declined = by_provider("disclosure-declined", "2027-03-31T12:00Z")
    SERVED.when(late, rest, declined).asked_at("2027-04-05T09:00Z").then("D-7-7", ClockVerdict.MET)


@pytest.mark.parametrize(
    ("receipt", "others"),
    [
        (received("2027-03-02T08:30Z", at="2027-03-04T08:30Z"), ()),
        (RECEIVED, (DISPUTED,)),
        (RECEIVED, (by_issuer("event-disputed", "2027-03-05T09:00Z", about="receipt"),)),
        (received("2027-03-02T08:30Z", proper_addressee=False), ()),
    ],
    ids=["late", "disputed", "disputed otherwise", "at the wrong place"],
)  # fmt: skip
def test_a_clock_whose_receipt_is_not_known_is_undetermined_and_has_no_end(
    receipt: Fact, others: tuple[Fact, ...]
) -> None:
    given(ISSUED, SENT, receipt, *others, disclosed("2027-03-20T09:00Z")).then_unwound("D-7-7")


AGAIN = received("2027-03-02T08:30Z", label="again", at="2027-03-05T10:00Z", on_source="receipt-stamp")
LATER = received("2027-03-02T09:30Z", label="again", at="2027-03-05T10:00Z", on_source="receipt-stamp")
AS_CLAIMED = received("2027-03-03T09:00Z", label="again", at="2027-03-05T10:00Z", on_source="receipt-stamp")


@pytest.mark.parametrize("again", [AGAIN, LATER], ids=["the same time", "another time"])
@pytest.mark.parametrize("replaces", [None, "receipt"], ids=["behind it", "in its place"])
def test_a_disputed_receipt_that_its_signer_states_once_more_winds_no_clock(again: Fact, replaces: str | None) -> None:
    stated = msgspec.structs.replace(again, replaces=replaces)
    given(ISSUED, SENT, RECEIVED, DISPUTED, stated).asked_at("2027-03-20T09:00Z").then_unwound("D-7-7")


def test_a_receipt_stated_once_more_as_the_dispute_claims_winds_the_clock() -> None:
    stated = msgspec.structs.replace(AS_CLAIMED, replaces="receipt")
    given(ISSUED, SENT, RECEIVED, DISPUTED, stated).asked_at("2027-03-20T09:00Z").then("D-7-7", ClockVerdict.OPEN)


def test_every_entry_that_winds_a_clock_must_be_known() -> None:
    incident = by_issuer(
        "security-incident-detected", "2027-03-02T08:00Z", at="2027-03-04T09:00Z", aware_at="2027-03-02T07:00:00Z",
        incident_kind="loss", regime="LED:30",
    )  # fmt: skip
    given(ISSUED, incident).then_unwound("DP-72H")
    delayed = by_issuer("customer-notification-delayed", "2027-03-02T08:00Z", label="a", review_on="2027-06-01")
    given(ISSUED, delayed, by_issuer("event-disputed", "2027-03-03T08:00Z", about="a")).then_unwound("NOTICE-REVIEW")


def test_without_an_effective_order_no_clock_wound_by_a_receipt_is_listed() -> None:
    given(SENT, RECEIVED).then_not_listed("D-7-7")
    given(issued("2027-03-01T09:00Z", role="RET"), SENT, RECEIVED).then_not_listed("D-7-7")


def test_a_disowned_order_keeps_only_what_is_owed_to_the_person_and_the_supervisory_authority() -> None:
    story = SERVED.when(
        by_issuer("customer-notification-delayed", "2027-03-03T09:00Z", label="a", review_on="2027-06-01"),
        by_issuer("customer-notification-delay-lifted", "2027-03-04T09:00Z", about="a"),
        by_issuer("security-incident-detected", "2027-03-04T09:00Z", aware_at="2027-03-04T08:00:00Z",
                  incident_kind="forged-order", regime="GDPR:33"),
        by_authority("non-disclosure-instructed", "2027-03-04T09:30Z", ground="G-7-i", scope="all"),
        fact("out-of-scope-data-identified", "2027-03-04T09:40Z", "orn", "RET", elements=["name"]),
    )  # fmt: skip
    assert {c.id for c in story.reading.deadlines.clocks} == {
        "D-7-7",
        "D-7-5d",
        "D-14-2b",
        "NOTICE-REVIEW",
        "NOTICE-DUE",
        "DP-72H",
    }
    disowned = story.when(by_issuer("order-repudiated", "2027-03-05T09:00Z", finding="never-issued"))
    assert [c.id for c in disowned.reading.deadlines.clocks] == ["NOTICE-REVIEW", "NOTICE-DUE", "DP-72H"]


@pytest.mark.parametrize("by", [("ilves", "ISS"), ("central", "CAR"), ("judge", "CT")])
def test_the_issuing_side_or_a_court_sets_a_new_end(by: tuple[str, str]) -> None:
    extended = fact("deadline-extended", "2027-03-20T09:00Z", *by, deadline="D-7-7", new_due="2027-05-01T10:00:00Z")
    SERVED.when(extended).then("D-7-7", ClockVerdict.OPEN, "2027-05-01T10:00Z")
    SERVED.when(extended).asked_at("2027-05-01T10:00Z").then("D-7-7", ClockVerdict.MISSED, "2027-05-01T10:00Z")


def test_a_provider_that_gives_itself_more_time_moves_nothing() -> None:
    extended = by_provider("deadline-extended", "2027-03-20T09:00Z", deadline="D-7-7", new_due="2027-05-01T10:00:00Z")
    SERVED.when(extended).then("D-7-7", ClockVerdict.OPEN, END)


def test_the_last_end_set_counts_and_gives_an_end_even_to_a_clock_that_could_not_be_wound() -> None:
    first = by_issuer("deadline-extended", "2027-03-20T09:00Z", deadline="D-7-7", new_due="2027-05-01T10:00:00Z")
    second = by_issuer("deadline-extended", "2027-03-21T09:00Z", deadline="D-7-7", new_due="2027-04-20T10:00:00Z")
    given(ISSUED, SENT, first, second).then("D-7-7", ClockVerdict.OPEN, "2027-04-20T10:00Z")
    other = by_issuer("deadline-extended", "2027-03-21T09:00Z", deadline="D-7-5d", new_due="2027-04-20T10:00:00Z")
    given(ISSUED, SENT, other).then_unwound("D-7-7")


def test_an_end_that_was_set_has_no_rolled_twin() -> None:
    story = given(ISSUED, SENT, received("2027-03-04T08:30Z"))  # thirty days end on Saturday 3 April
    assert [c.policy for c in story.clocks("D-7-7")] == ["2AP-CAL", "2AP-CAL+ROLL"]
    set_end = by_issuer("deadline-extended", "2027-03-20T09:00Z", deadline="D-7-7", new_due="2027-04-03T22:00:00Z")
    assert [c.policy for c in story.when(set_end).clocks("D-7-7")] == ["2AP-CAL"]


# -- the register itself -----------------------------------------------------------------------------------------------


def test_every_clock_names_a_policy_and_a_citation() -> None:
    assert {d.policy for d in REGISTER} <= set(POLICIES)
    assert all(d.cite for d in REGISTER)


def test_two_clocks_are_windows() -> None:
    assert [d.id for d in REGISTER if d.window] == ["E-12-1", "SCA-2703-h"]
    assert [d.id for d in REGISTER if "window" in d.listed] == ["E-12-1", "SCA-2703-h"]


def test_a_way_of_counting_holds_since_its_source_applies() -> None:
    assert {policy.id: str(policy.since) for policy in POLICIES.values() if policy.since} == {
        "EU-1182-71": "1971-07-01",
        "EU-17(9)": "2026-08-18",
        "US-45": "2009-12-01",
        "GB-CAL": "2019-10-09",
        "SAME-TIME": "2026-12-02",  # a choice of this project, on that day
    }


@pytest.mark.parametrize(
    ("policy", "cite"),
    [
        ("EU-1182-71", ("1182/71:3(1)-(5)", "1182/71:2(2)")),
        ("US-45", ("Federal Rules of Criminal Procedure, rule 45(a)(1)",)),
    ],
)
def test_a_way_of_counting_cites_provisions_or_its_source_in_words(policy: str, cite: tuple[str, ...]) -> None:
    assert POLICIES[policy].cite == cite
