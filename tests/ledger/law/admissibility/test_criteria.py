"""The eight criteria: initial state, the entries each rests on, its gaps, and the effect of findings. findings.md 6."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Unread
from ledger.law import QUESTIONS, Criterion, Finding
from ledger.law.admissibility.criteria import criteria
from ledger.law.terms.rule import CriterionState, Level, Mark
from tests.support.judging import criterion, judged
from tests.support.scenarios import (
    LABELS,
    Fact,
    Story,
    by_authority,
    by_issuer,
    disclosed,
    fact,
    given,
    issued,
    received,
    sent,
)

ISSUED = issued(
    "2027-03-01T09:00Z", "SCA", data_categories=["content"]
)  # no conditions, no notification: few other findings arise
RECEIVED = received("2027-03-02T08:30Z")
DATA = disclosed("2027-03-05T09:00Z", label="disclosed")
EVIDENCE = fact(
    "evidence-received", "2027-03-05T10:00Z", "orn", "RET", label="evidence", about="disclosed", check="equal"
)
BARE = given(ISSUED, RECEIVED)
ANSWERED = BARE.when(DATA, EVIDENCE)
DISOWNED = by_issuer("order-repudiated", "2027-03-08T09:00Z", finding="never-issued")


def said(story: Story, name: str) -> Criterion:
    """Return one criterion of a story with its full text."""
    return judged(story).criteria[name]


def rests_on(story: Story, name: str) -> list[str]:
    """Return the labels of the entries that a criterion rests on."""
    return [LABELS[leaf] for leaf in said(story, name).rests_on]


def test_there_are_eight_and_each_has_a_name() -> None:
    assert [q.id for q in QUESTIONS] == list(judged(BARE).criteria) == [f"A{n}" for n in range(1, 9)]
    assert len({q.says for q in QUESTIONS}) == 8


@pytest.mark.parametrize("name", ["A1", "A2", "A3", "A7", "A8"])
def test_a_criterion_about_data_does_not_apply_until_there_are_any(name: str) -> None:
    assert criterion(BARE, name) == "NOT_APPLICABLE"
    assert criterion(ANSWERED, name) != "NOT_APPLICABLE"
    assert said(BARE, name).lacks == ("The record shows no data that reached the issuing side.",)


@pytest.mark.parametrize("name", ["A1", "A2", "A3", "A4", "A5", "A7", "A8"])
def test_in_a_disowned_order_nothing_but_time_is_asked(name: str) -> None:
    story = given(issued("2027-03-01T09:00Z", "BC-31"), DISOWNED)
    assert criterion(story, name) == "NOT_APPLICABLE"
    assert said(story, name).lacks == ("The order is disowned.",)


def test_a_finding_pulls_even_a_criterion_that_would_not_apply() -> None:
    story = ANSWERED.when(DISOWNED)
    assert criterion(story, "A1") == criterion(story, "A4") == criterion(story, "A7") == "CONTRADICTED"
    assert criterion(story, "A2") == "NOT_APPLICABLE"
    assert said(story, "A1").lacks == (
        "V-DISCLOSED-TO-FORGER: Data were handed to somebody who was not the authority named.",
    )


def test_authenticity_rests_on_the_order_and_the_disclosure_in_their_makers_hand() -> None:
    assert criterion(ANSWERED, "A1") == "DEMONSTRATED"
    assert rests_on(ANSWERED, "A1") == ["issued", "disclosed"]
    seen = BARE.when(replace(DATA, by="orn", role="RET", speaks="observation", whose="skylark"), EVIDENCE)
    assert criterion(seen, "A1") == "GAP"
    assert rests_on(seen, "A1") == ["issued"]
    assert (
        "G-SECOND-HAND: That the data were handed over rests on the word of the other side only."
        in said(seen, "A1").lacks
    )


def test_authenticity_is_a_gap_where_the_order_is_known_by_observation_alone() -> None:
    observed = fact("order-issued", "2027-03-01T09:00Z", "skylark", "SP", **ISSUED.fields)
    story = given(replace(observed, speaks="observation", whose="ilves"), RECEIVED, DATA, EVIDENCE)
    assert criterion(story, "A1") == "GAP"
    assert "No order is on record in its maker's own hand." in said(story, "A1").lacks
    assert rests_on(story, "A1") == ["disclosed"]


def test_authority_and_conditions_are_a_gap_without_an_effective_order() -> None:
    story = given(RECEIVED, DATA, EVIDENCE)
    for name in ("A4", "A5"):
        assert criterion(story, name) == "GAP"
        assert "No effective order is on record." in said(story, name).lacks


@pytest.mark.parametrize("check", ["equal", "not-checked"])
def test_integrity_rests_on_digests_and_on_a_comparison_that_came_out_equal(check: str) -> None:
    story = BARE.when(DATA, replace(EVIDENCE, fields={**EVIDENCE.fields, "check": check}))
    assert criterion(story, "A2") == ("DEMONSTRATED" if check == "equal" else "GAP")
    assert rests_on(ANSWERED, "A2") == ["disclosed", "evidence"]
    assert criterion(BARE.when(DATA), "A2") == "GAP"


@pytest.mark.parametrize(
    "manifest",
    [{"elements": ["name"], "files": []}, {"files": [{"name": "x", "size": 1}]}, Unread.ERASED, Unread.WITHHELD],
)
def test_a_disclosure_without_readable_digests_demonstrates_no_integrity(manifest: Any) -> None:
    story = BARE.when(replace(DATA, fields={**DATA.fields, "manifest": manifest}), EVIDENCE)
    assert criterion(story, "A2") == "GAP"
    assert criterion(story, "A3") == "DEMONSTRATED"


def test_files_that_are_sealed_for_the_reader_are_not_called_unreadable_for_good() -> None:
    stories = [BARE.when(replace(DATA, fields={**DATA.fields, "manifest": why}), EVIDENCE) for why in Unread]
    sealed, erased = (said(story, "A2").lacks for story in stories)
    assert sealed == ("The files of a disclosure are sealed for this reader.",)
    assert erased == (
        "A disclosure lists no files, a file without a strong digest, or files that cannot be read any more.",
    )


def test_custody_begins_with_a_receipt() -> None:
    assert criterion(BARE.when(DATA), "A3") == "GAP"
    assert rests_on(ANSWERED, "A3") == ["evidence"]


@pytest.mark.parametrize("manifest", [None, Unread.WITHHELD, DATA.fields["manifest"]])
def test_without_what_was_handed_over_nothing_shows_integrity_or_custody(manifest: Any) -> None:
    alone = BARE.when(replace(EVIDENCE, fields={"check": "equal", "manifest": manifest}))
    lacking = {
        "A2": "The record does not show what was handed over; what arrived can be compared with nothing.",
        "A3": "The record does not show by whom the data were handed over.",
    }
    for name, lacks in lacking.items():
        assert criterion(alone, name) == "GAP"
        assert said(alone, name).lacks == (lacks,)
        assert rests_on(alone, name) == ["evidence"]


def supervised(decision: str) -> Fact:
    """Make a fact: a supervisor decides on the order."""
    return fact(
        "order-supervised", "2027-03-01T08:00Z", "ilves", "VAL", label="super", capacity="judge", decision=decision
    )


def test_lawful_authority_rests_on_an_effective_order_and_on_whoever_approved_it() -> None:
    assert criterion(BARE, "A4") == "DEMONSTRATED"
    assert rests_on(BARE.when(supervised("approved")), "A4") == ["issued", "super"]
    assert criterion(BARE.when(supervised("refused")), "A4") == "CONTRADICTED"
    assert criterion(given(RECEIVED), "A4") == "GAP"
    assert criterion(given(issued("2027-03-01T09:00Z", "VOL")), "A4") == "NOT_APPLICABLE"


def test_a_validation_that_is_pending_is_a_gap_granted_demonstrated_and_refused_contradicted() -> None:
    urgent: dict[str, Any] = {"issuing_capacity": "other-authority", "emergency": True, "validation_pending": True}
    story = given(issued("2027-03-01T09:00Z", "EPOC", **urgent))
    conditions: dict[str, Any] = {"not_obtainable_in_time": True, "possible_in_domestic_case": True}
    sought = by_issuer("ex-post-validation-sought", "2027-03-01T10:00Z", label="sought", asked_of="judge", **conditions)

    def outcome(kind: str) -> Fact:
        return fact(f"ex-post-validation-{kind}", "2027-03-02T09:00Z", "ilves", "VAL", about="sought", capacity="judge")

    assert criterion(story.when(sought), "A4") == "GAP"
    assert criterion(story.when(sought, outcome("granted")), "A4") == "DEMONSTRATED"
    assert criterion(story.when(sought, outcome("refused")), "A4") == "CONTRADICTED"


@pytest.mark.parametrize("instrument", ["VOL", "SCA", "COA", "BC-16", "BC-18"])
def test_some_instruments_have_no_conditions_of_their_own_here(instrument: str) -> None:
    assert criterion(given(issued("2027-03-01T09:00Z", instrument)), "A5") == "NOT_APPLICABLE"


def test_the_conditions_of_an_instrument_are_kept_by_the_absence_of_findings() -> None:
    assert criterion(given(issued("2027-03-01T09:00Z", "BC-31")), "A5") == "DEMONSTRATED"
    lacking = given(issued("2027-03-01T09:00Z", "BC-29"))
    assert criterion(lacking, "A5") == "GAP"
    assert criterion(given(issued("2027-03-01T09:00Z", "2AP-10")), "A5") == "CONTRADICTED"
    assert (
        "F1001: Missing in the order: the reasons for the emergency."
        in said(given(issued("2027-03-01T09:00Z", "2AP-10")), "A5").lacks
    )


def test_time_asks_for_one_clock_met_and_none_missed() -> None:
    direct = given(issued("2027-03-01T09:00Z"), sent("2027-03-02T08:00Z"))
    assert criterion(given(issued("2027-03-01T09:00Z")), "A6") == "NOT_APPLICABLE"
    assert criterion(direct, "A6") == "GAP"
    assert criterion(direct.when(RECEIVED), "A6") == "GAP"
    assert criterion(direct.when(RECEIVED, DATA), "A6") == "DEMONSTRATED"
    assert rests_on(direct.when(RECEIVED, DATA), "A6") == ["receipt", "disclosed"]
    assert criterion(direct.when(RECEIVED).asked_at("2027-06-01T00:00Z"), "A6") == "GAP"
    assert said(direct.when(RECEIVED).asked_at("2027-06-01T00:00Z"), "A6").lacks == (
        "Answer of the provider (D-7-7): the period was missed.",
        "No clock has been met.",
    )


def test_time_does_not_apply_where_nobody_is_bound_any_more() -> None:
    assert criterion(BARE, "A6") == "GAP"
    assert criterion(BARE.asked_at("2027-06-01T00:00Z"), "A6") == "NOT_APPLICABLE"  # the period passed unused


def test_a_rolled_twin_does_not_count() -> None:
    # the calendar end is Friday 2 April, a holiday; the answer comes before the rolled end and is late all the same
    direct = given(issued("2027-03-01T09:00Z"), received("2027-03-03T08:30Z"), disclosed("2027-04-03T09:00Z"))
    story = direct.where("XV", holidays=("2027-04-02",))
    assert [str(c.verdict) for c in story.clocks("D-7-7")] == ["MISSED", "MET"]
    assert "Answer of the provider (D-7-7): the period was missed." in said(story, "A6").lacks


def test_data_protection_is_demonstrated_once_no_duty_is_open_or_broken() -> None:
    assert criterion(ANSWERED, "A7") == "GAP"
    basis = given(issued("2027-03-01T09:00Z", "BC-18", dp_regime="BC:28"), RECEIVED, DATA, EVIDENCE)
    observed = fact("customer-notified", "2027-03-06T09:00Z", "orn", "RET", channel="letter")
    assert criterion(basis.when(observed), "A7") == "GAP"
    rule = fact("retention-rule-set", "2027-03-06T10:00Z", "orn", "RET", review_on="2028-03-01")
    assert criterion(basis.when(observed, rule), "A7") == "DEMONSTRATED"


def test_the_defence_has_access_once_a_bundle_was_issued() -> None:
    paper = {"code": "bundle", "media": "application/zip", "size": 1, "sha256": "0" * 64}
    bundle = by_issuer("defence-bundle-issued", "2027-06-01T09:00Z", label="bundle", bundle=paper, includes=["proofs"])
    assert criterion(ANSWERED, "A8") == "GAP"
    assert criterion(ANSWERED.when(bundle), "A8") == "DEMONSTRATED"
    assert rests_on(ANSWERED.when(bundle), "A8") == ["bundle"]


def test_a_contradiction_outweighs_a_gap_whichever_comes_first() -> None:
    order = issued("2027-03-01T09:00Z", special_instructions=["certification"])
    conflicting = given(order, RECEIVED, DATA, EVIDENCE, DISOWNED).when(
        by_authority("request-refused", "2027-03-04T09:00Z", ground="other")  # NOT may not refuse the request: A4 GAP
    )
    assert {"V-AUTHORITY", "V-DISCLOSED-TO-FORGER"} <= {f.code for f in judged(conflicting).findings}
    assert criterion(conflicting, "A4") == "CONTRADICTED"


def test_nothing_says_admissible_or_valid() -> None:
    words = " ".join(word for story in (BARE, ANSWERED) for c in judged(story).criteria.values() for word in c.lacks)
    assert not {"admissible", "valid", "OK", "illegal"} & set(words.replace(".", " ").split())


def pulling(*standings: str) -> list[Finding]:
    """Return findings that pull A4 one after the other."""
    return [
        Finding(f"W-{n}", Level.W, (("A4", CriterionState(standing)),), f"Sentence {n}.", (), Mark.DESIGN, ("0" * 64,))
        for n, standing in enumerate(standings)
    ]


@pytest.mark.parametrize(
    ("standings", "state"),
    [
        ((), "DEMONSTRATED"),
        (("GAP",), "GAP"),
        (("CONTRADICTED",), "CONTRADICTED"),
        (("CONTRADICTED", "GAP"), "CONTRADICTED"),
        (("GAP", "CONTRADICTED"), "CONTRADICTED"),
        (("GAP", "GAP"), "GAP"),
    ],
)
def test_a_criterion_that_was_contradicted_once_stays_so_whatever_else_is_found(
    standings: tuple[str, ...], state: str
) -> None:
    found = criteria(BARE.reading, pulling(*standings))["A4"]
    assert str(found.state) == state
    assert found.lacks == tuple(f"W-{n}: Sentence {n}." for n in range(len(standings)))
    assert found.rests_on != ()


def test_a_finding_pulls_a_criterion_that_would_not_apply_and_takes_its_reason_away() -> None:
    reading = given(replace(ISSUED, fields={**ISSUED.fields, "instrument": "VOL"}), RECEIVED).reading
    assert criteria(reading, ())["A4"].lacks == ("The instrument compels nobody.",)
    found = criteria(reading, pulling("GAP"))["A4"]
    assert (str(found.state), found.rests_on, found.lacks) == ("GAP", (), ("W-0: Sentence 0.",))
