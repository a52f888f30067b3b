"""Questions put to the entries of an order: story, duties, custody, criteria, replay, register, and an order unsent."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger.entries.case import Case, Unread
from ledger.entries.payload import Condition
from ledger.law import judge, state_at
from ledger.law.terms.rule import ClockVerdict
from projections.documents.timeline import timeline_item
from projections.documents.times import Time
from projections.reports.data_protection.dpo_questions import register
from projections.reports.data_protection.processing_record import processing_record
from projections.reports.front_page import IntegrityResult, Provenance
from projections.views.completeness import known_register, lint
from projections.views.custody import custody, trace
from projections.views.due import due, soonest_first
from projections.views.evidence_chain import CRITERIA, evidence_chain
from projections.views.exhibit_digests import Digest
from projections.views.known_at import LogMoment, as_known, difference
from projections.views.replaced import numbered, replaced
from projections.views.rulebook import rulebook
from projections.views.state import view
from projections.views.timeline import by_time, fields, timeline
from tests.support.judging import judged
from tests.support.scenarios import (
    LABELS,
    Fact,
    Story,
    by_issuer,
    disclosed,
    fact,
    given,
    issued,
    received,
    sent,
)
from tests.support.story_files import cases

END = datetime(2027, 9, 2, tzinfo=UTC)


def reply(name: str, order: str = "main") -> Case:
    return cases(name)[order]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# -- the story ---------------------------------------------------------------------------------------------------------


def test_a_timeline_tells_what_happened_in_the_order_in_which_it_happened() -> None:
    lines = timeline(reply("S1"))
    assert [x.entry.on for x in lines] == sorted(x.entry.on for x in lines)
    assert lines[0].entry.kind == "order-supervised"
    assert lines[-1].entry.kind == "defence-bundle-issued"


def test_a_timeline_shows_no_sealed_value_unless_it_is_revealed() -> None:
    case = reply("S1")
    hidden = next(x for x in timeline(case) if x.entry.kind == "order-issued")
    shown = next(x for x in timeline(case, reveal=True) if x.entry.kind == "order-issued")
    assert hidden.fields["identifiers"] is Unread.WITHHELD
    assert shown.fields["identifiers"] == ["skyl-4471"]
    assert hidden.fields["providers"] == ["skylark"]


def test_a_timeline_marks_where_the_state_moved() -> None:
    case = reply("S1")
    moved = [x.moved for x in timeline(case, judge(case, END).trail) if x.moved]
    assert moved == [("-", "DRAFT"), ("DRAFT", "ISSUED"), ("ISSUED", "SERVED"), ("SERVED", "DISCLOSED")]


@pytest.mark.parametrize("story", ["S1", "S2", "S6", "S9"])
def test_the_state_alone_is_the_one_of_the_judgement_at_every_moment(story: str) -> None:
    case = reply(story)
    moments = [*(e.at for e in case.entries), END]
    states = [state_at(case, moment) for moment in moments]
    assert states == [judge(case, moment).state for moment in moments]
    assert len(set(states)) > 2


def test_a_change_of_state_by_time_alone_is_told_apart_from_those_by_an_entry() -> None:
    case = reply("S6")
    trail = judge(case, at("2027-12-01T00:00:00Z")).trail
    assert all(step.leaf is None and step.clock for step in by_time(trail))
    assert len(by_time(trail)) + sum(step.leaf is not None for step in trail) == len(trail)


def test_what_was_written_down_more_than_a_day_after_the_event_says_so() -> None:
    story = given(issued("2027-03-01T09:00Z"), received("2027-03-02T09:00Z")).when(
        by_issuer("order-withdrawn", "2027-03-05T09:00Z", at="2027-03-08T09:00Z", data_handling="none-held")
    )
    late = {x.entry.kind: x.late for x in timeline(story.case)}
    assert late == {"order-issued": None, "order-received": None, "order-withdrawn": timedelta(days=3)}


def test_an_entry_that_was_put_right_stays_in_the_story_and_names_its_correction() -> None:
    story = given(
        issued("2027-03-01T09:00Z"),
        received("2027-03-02T09:00Z"),
        received("2027-03-02T10:00Z", "again", replaces="receipt"),
    )
    lines = timeline(story.case)
    assert len(lines) == 3
    assert lines[1].replaced_by == lines[2].entry.leaf


def test_an_import_says_whose_act_it_reports() -> None:
    line = next(x for x in timeline(reply("landmark-yahoo-belgium")) if x.entry.kind == "disclosure-declined")
    assert line.who.startswith("Sunnyvale, California, import by")


# -- duties ------------------------------------------------------------------------------------------------------------


def served(asked: str) -> Story:
    return given(issued("2027-03-01T09:00Z"), sent("2027-03-02T08:00Z"), received("2027-03-02T08:30Z")).asked_at(asked)


def test_what_is_due_is_what_is_open_with_the_time_that_is_left() -> None:
    story = served("2027-03-31T22:00Z")
    (duty,) = [d for d in due(judged(story), at("2027-03-31T22:00Z")) if d.clock.policy == "2AP-CAL"]
    assert (duty.clock.id, duty.left, duty.over) == ("D-7-7", timedelta(days=1), False)


def test_a_period_that_ended_with_nothing_done_is_over() -> None:
    story = served("2027-04-05T00:00Z")
    assert [d.over for d in due(judged(story), at("2027-04-05T00:00Z")) if d.clock.policy == "2AP-CAL"] == [True]


def test_a_period_that_was_answered_is_due_no_more() -> None:
    story = served("2027-04-20T00:00Z").when(disclosed("2027-03-10T09:00Z"))
    assert not [d for d in due(judged(story), at("2027-04-20T00:00Z")) if d.clock.id == "D-7-7"]


def test_a_period_that_was_answered_too_late_is_due_no_more() -> None:
    story = served("2027-04-20T00:00Z").when(disclosed("2027-04-10T09:00Z"))
    judgement = judged(story)
    (clock,) = (c for c in judgement.deadlines if c.id == "D-7-7")
    assert (clock.verdict, len(clock.met_by)) == (ClockVerdict.MISSED, 1), "answered after its end"
    assert not [d for d in due(judgement, at("2027-04-20T00:00Z")) if d.clock.id == "D-7-7"]


def test_what_cannot_be_computed_stands_first_then_the_soonest() -> None:
    unknown = given(issued("2027-03-01T09:00Z"), sent("2027-03-02T08:00Z")).asked_at("2027-03-10T00:00Z")
    now = at("2027-03-10T00:00Z")
    duties = soonest_first([*due(judged(served("2027-03-10T00:00Z")), now), *due(judged(unknown), now)])
    assert duties[0].clock.verdict is ClockVerdict.UNDETERMINED
    assert duties[0].left is None
    assert [d.left for d in duties[1:]] == sorted(d.left for d in duties[1:] if d.left is not None)


# -- custody -----------------------------------------------------------------------------------------------------------

GIVEN = "e978f14d76503f4d341d5efcb61f68ea39864a7c49599b6239ce6660e819f6ff"  # of S1


def test_custody_goes_from_the_disclosure_hand_to_hand() -> None:
    hands = custody(reply("S1"))
    assert [(h.entry.kind, h.exhibit) for h in hands] == [
        ("data-disclosed", None),
        ("evidence-received", "KA-0311/1"),
        ("custody-transferred", "KA-0311/1"),
    ]
    assert hands[2].holder == "Karsk Forensic Laboratory"
    assert hands[2].released_by == "Cyber Unit Karsk"


def test_only_the_steps_of_the_part_asked_for_are_put_in_words_and_compared() -> None:
    case = reply("S1")
    first, *others = custody(case, said=slice(1, None))
    assert (first.says, first.compared, first.firsts) == ("", "", ())
    assert others == custody(case)[1:]
    assert all(h.says and h.compared and h.firsts for h in others)


def hands(*facts: Fact) -> list[tuple[str | None, str | None, str | None]]:
    """Releaser, receiver and holder of each step, by what their offices are called here."""
    story = given(issued("2027-03-01T09:00Z"), *facts).asked_at("2027-05-01T00:00Z")
    return [(h.released_by, h.received_by, h.held_by) for h in custody(story.case)]


def arrives(on: str, by: str = "orn", **fields: Any) -> Fact:
    return fact("evidence-received", on, by, "RET", check="equal", exhibit="EX-1", **fields)


def passed_on(on: str, **fields: Any) -> Fact:
    manifest = {"elements": ["name"], "files": []}
    return fact("data-transmitted-by-state", on, "ncco", "CAQ", channel="post", manifest=manifest, **fields)


def test_a_disclosure_is_released_by_its_provider_and_received_by_whom_it_names() -> None:
    assert hands(disclosed("2027-03-05T09:00Z", recipient="orn")) == [("skylark", "orn", None)]
    assert hands(disclosed("2027-03-05T09:00Z")) == [("skylark", None, None)]
    seen = disclosed("2027-03-05T09:00Z", by="ilves", role="ISS", recipient="orn")
    reported = msgspec.structs.replace(seen, speaks="observation", whose="skylark")
    assert hands(reported) == [("skylark", "orn", None)]


@pytest.mark.parametrize(
    ("facts", "giver"),
    [
        ((disclosed("2027-03-05T09:00Z", recipient="orn"),), "skylark"),
        ((disclosed("2027-03-05T09:00Z"),), "skylark"),
        ((disclosed("2027-03-05T09:00Z", recipient="ilves"),), "skylark"),
        ((disclosed("2027-03-05T09:00Z", recipient="ncco"), passed_on("2027-03-05T10:00Z")), "ncco"),
        ((disclosed("2027-03-05T09:00Z", recipient="ncco"), passed_on("2027-03-05T10:00Z", recipient="orn")), "ncco"),
        ((disclosed("2027-03-05T09:00Z"), passed_on("2027-03-05T10:00Z")), None),
        ((passed_on("2027-03-07T10:00Z"),), None),
        ((), None),
    ],
)
def test_a_receipt_is_received_by_its_signer_and_released_by_whoever_handed_over(
    facts: tuple[Fact, ...], giver: str | None
) -> None:
    found = hands(*facts, arrives("2027-03-06T09:00Z"))
    assert (giver, "orn", None) in found


def test_a_receipt_that_names_what_arrived_is_released_by_its_signer() -> None:
    both = (disclosed("2027-03-05T09:00Z", label="one"), passed_on("2027-03-05T10:00Z", label="other"))
    assert hands(*both, arrives("2027-03-06T09:00Z", about="one"))[-1] == ("skylark", "orn", None)
    assert hands(*both, arrives("2027-03-06T09:00Z", about="other"))[-1] == ("ncco", "orn", None)


def test_where_nothing_changes_hands_nobody_releases_and_nobody_receives() -> None:
    opened = fact("evidence-accessed", "2027-03-07T09:00Z", "orn", "RET", exhibit="EX-1", purpose_code="trial")
    moved = {"exhibit": "EX-1", "released_by": "orn", "received_by": "ilves", "check": "equal"}
    given_on = fact("custody-transferred", "2027-03-08T09:00Z", "orn", "RET", **moved)
    back = fact("data-returned", "2027-03-09T09:00Z", "ilves", "ISS", scope="all")
    assert hands(opened, given_on, back) == [(None, None, "orn"), ("orn", "ilves", None), ("ilves", None, None)]


def test_every_medium_names_releaser_and_receiver_alike(tmp_path: Path) -> None:
    from tests.projections.render.test_html import Page
    from tests.support.cli import ledger_of, run
    from tests.support.cli import reply as answered

    ledger = ledger_of("S1", tmp_path)
    pairs = [
        ("Skylark Mail AS", "Cyber Unit Karsk"),
        ("Skylark Mail AS", "Cyber Unit Karsk"),
        ("Cyber Unit Karsk", "Karsk Forensic Laboratory"),
    ]
    steps = answered("custody", "main", ledger=ledger)["custody"]
    assert [(s["released_by"], s["received_by"]) for s in steps] == pairs
    assert [s["holder"] for s in steps] == [taker for _, taker in pairs]
    held = answered("report", "custody", "main", "--trust", str(ledger / "trust"), ledger=ledger)["held"]
    assert [(h["released_by"], h["received_by"]) for h in held] == pairs
    table = run("custody", "main", "--format", "csv", ledger=ledger).stdout.splitlines()[1:]
    rows = run("export", "main", "--format", "custody-csv", "-o", "-", ledger=ledger).stdout.splitlines()[1:]
    for line, row, pair in zip(table, rows, pairs, strict=True):
        assert f",{' to '.join(pair)}," in line.replace("\t", ",")
        assert ",".join(pair) in row
    for asked in (("custody", "main"), ("certificate", "main", "--form", "fre-902-14")):
        page = Page(run("report", *asked, ledger=ledger).stdout).words
        for giver, taker in pairs:
            signed = r"( signed with key \w+… , entry \d+ ; the name of the person is not given to this record)?"
            assert re.search(f"{giver}({signed}| the giver has not signed) {taker}", page)
    nodes = json.loads(run("export", "main", "--format", "case", "-o", "-", ledger=ledger).stdout)["@graph"]
    names = {n["@id"]: n.get("uco-core:name") for n in nodes}
    acts = {n["uco-core:name"]: n for n in nodes if n["@type"] == "case-investigation:InvestigativeAction"}
    for kind, pair in zip(("data-disclosed", "evidence-received", "custody-transferred"), pairs, strict=True):
        who = [acts[kind]["uco-action:performer"], *acts[kind].get("uco-action:participant", ())]
        assert {names[office["@id"]] for office in who} == set(pair)


def test_a_file_that_was_disclosed_is_found_at_every_hand() -> None:
    found = trace(custody(reply("S1")), Digest("skyl-return.json", 1842, GIVEN, None))
    assert len(found.equal) == 3
    assert not found.differs


def test_a_file_of_the_same_name_with_another_content_differs_from_the_first_hand_on() -> None:
    found = trace(custody(reply("S1")), Digest("skyl-return.json", 1842, "00" * 32, None))
    assert not found.equal
    assert found.differs[0].entry.kind == "data-disclosed"


def test_two_digests_of_different_algorithms_are_not_compared() -> None:
    assert Digest("a", 1, "00" * 32, None).same(Digest("a", 1, None, "00" * 64)) is None
    assert Digest("a", 1, "00" * 32, "11" * 64).same(Digest("a", 1, "00" * 32, "22" * 64)) is False


# -- criteria ----------------------------------------------------------------------------------------------------------


def test_every_criterion_names_the_entries_it_rests_on_or_what_is_lacking() -> None:
    for name in ("S1", "S2", "S2b", "landmark-yahoo-belgium"):
        case = reply(name)
        pillars = evidence_chain(case, judge(case, at("2027-12-01T00:00:00Z")))
        assert [p.id for p in pillars] == list(CRITERIA)
        assert all(p.rests_on or p.lacks for p in pillars)


def test_a_criterion_that_is_pulled_names_the_finding_that_pulls_it() -> None:
    case = reply("S2")
    pillars = {p.id: p for p in evidence_chain(case, judge(case, at("2027-04-15T00:00:00Z")))}
    assert pillars["A5"].state == "CONTRADICTED"
    assert [f.code for f in pillars["A5"].pulled_by] == ["V-7-5c-DISCLOSED-AGAINST-INSTRUCTION"]


# -- replay ------------------------------------------------------------------------------------------------------------


def test_a_replay_knows_only_what_the_log_held() -> None:
    case = reply("S1")
    size = case.entries[3].index + 1
    assert len(as_known(case, LogMoment(END, size)).entries) == 4
    assert as_known(case, LogMoment(END, 0)).entries == ()


def test_a_difference_lists_new_entries_and_every_line_that_reads_differently() -> None:
    case = reply("S1")
    before = LogMoment(at("2027-03-10T00:00:00Z"), case.entries[8].index + 1)
    after = LogMoment(END, case.entries[-1].index + 1)
    found = difference(case, before, after, judge)
    assert [e.leaf for e in found.entries] == [e.leaf for e in case.entries[9:]]
    changes = {c.what: (c.before, c.after) for c in found.changes}
    assert changes["state"] == ("SERVED", "DISCLOSED")
    assert changes["criterion A1"] == ("NOT_APPLICABLE", "DEMONSTRATED")
    assert "criterion A4" not in changes


def test_between_a_moment_and_itself_nothing_changed() -> None:
    case = reply("S1")
    now = LogMoment(END, case.entries[-1].index + 1)
    found = difference(case, now, now, judge)
    assert (found.entries, found.changes) == ((), ())


# -- the ten questions of a data protection officer --------------------------------------------------------------------


def answers(story: Story) -> dict[int, bool]:
    return {a.number: a.open for a in register(story.case, judged(story))}


BASIS = {"dp_regime": "2AP:14(2)-(15)"}
HELD = (
    issued("2027-03-01T09:00Z", **BASIS),
    received("2027-03-02T08:30Z"),
    disclosed("2027-03-10T09:00Z"),
    fact("evidence-received", "2027-03-10T10:00Z", "orn", "RET", check="equal", exhibit="X/1"),
)


def test_1_the_legal_basis_is_open_until_an_order_states_it() -> None:
    without = given(issued("2027-03-01T09:00Z"), *HELD[1:])
    assert answers(without)[1]
    assert not answers(given(*HELD))[1]


def test_2_every_use_and_every_reading_is_listed_with_its_purpose() -> None:
    use = fact("use-recorded", "2027-03-11T09:00Z", "orn", "RET", case_ref="KA-1", purpose_code="investigation")
    story = given(*HELD, use)
    answer = register(story.case, judged(story))[1]
    assert [e.kind for e in answer.entries] == ["evidence-received", "use-recorded"]
    assert "for the investigation of criminal offences" in answer.lines[1]


def test_3_surplus_data_stay_open_until_something_is_done_about_them() -> None:
    more = disclosed("2027-03-10T11:00Z", "message-content", label="more")
    surplus = given(
        *HELD[:3], more, fact("evidence-received", "2027-03-10T12:00Z", "orn", "RET", check="equal", about="more")
    )
    assert answers(surplus)[3]
    destroyed = fact("data-destroyed", "2027-03-20T09:00Z", "orn", "RET", scope="out-of-scope", method="overwritten")
    assert not answers(surplus.when(destroyed))[3]


def test_4_whether_the_person_was_told_is_open_until_told_also_while_it_is_put_off() -> None:
    assert answers(given(*HELD))[4]
    delay = {"review_on": "2027-09-01", "grounds": ["LED:13(3)(a)"]}
    put_off = given(*HELD, by_issuer("customer-notification-delayed", "2027-03-11T09:00Z", **delay))
    assert answers(put_off)[4]
    told_later = fact("customer-notified", "2027-08-12T09:00Z", "orn", "RET", channel="letter")
    assert not answers(put_off.when(told_later))[4]
    assert not answers(given(*HELD, fact("customer-notified", "2027-03-12T09:00Z", "orn", "RET", channel="letter")))[4]


def test_5_a_delay_without_a_ground_is_open() -> None:
    delay = {"review_on": "2027-09-01"}
    assert answers(given(*HELD, by_issuer("customer-notification-delayed", "2027-03-11T09:00Z", **delay)))[5]
    grounded = by_issuer("customer-notification-delayed", "2027-03-11T09:00Z", grounds=["LED:13(3)(a)"], **delay)
    assert not answers(given(*HELD, grounded))[5]


def test_6_data_held_without_a_retention_rule_or_past_its_review_are_open() -> None:
    assert answers(given(*HELD))[6]
    rule = by_issuer("retention-rule-set", "2027-03-11T09:00Z", review_on="2027-06-01")
    assert not answers(given(*HELD, rule))[6]
    assert answers(given(*HELD, rule).asked_at("2027-07-01T00:00Z"))[6]


def test_7_a_transfer_without_authorisation_is_open() -> None:
    assert answers(given(*HELD, by_issuer("onward-transferred", "2027-04-01T09:00Z", recipient_party="XN")))[7]
    assert not answers(given(*HELD))[7]


def test_8_a_condition_nobody_answered_is_open() -> None:
    asked = fact("condition-imposed", "2027-03-11T09:00Z", "ncco", "NOT", condition_code="this-case-only", label="cond")
    assert answers(given(*HELD, asked))[8]
    assert not answers(given(*HELD, asked, by_issuer("condition-accepted", "2027-03-12T09:00Z", about="cond")))[8]


def test_9_an_incident_is_open_until_the_authority_was_told() -> None:
    incident = by_issuer(
        "security-incident-detected",
        "2027-04-01T09:00Z",
        aware_at="2027-04-01T09:00:00Z",
        incident_kind="loss",
        regime="LED:30",
        label="loss",
    )
    assert answers(given(*HELD, incident))[9]
    notified = by_issuer("incident-notified-to-authority", "2027-04-02T09:00Z", about="loss", notified_authority="ncco")
    assert not answers(given(*HELD, incident, notified))[9]


def test_10_what_the_person_asked_for_is_open_until_it_is_answered() -> None:
    asked = by_issuer("access-requested", "2027-04-01T09:00Z", label="ask")
    assert answers(given(*HELD, asked))[10]
    assert not answers(given(*HELD, asked, by_issuer("access-granted", "2027-04-10T09:00Z", answers="ask")))[10]


def test_the_register_has_exactly_ten_questions_each_with_its_provisions() -> None:
    found = register(reply("S1"), judge(reply("S1"), END))
    assert [a.number for a in found] == list(range(1, 11))
    assert all(a.cite and a.lines for a in found)


# -- the processing record ---------------------------------------------------------------------------------------------


def holdings(*facts: Fact) -> list[tuple[str, str, str | None]]:
    """Each period of the processing record: holder, and the label of the entry that begins it and that ends it."""
    story = given(*HELD[:3], *facts)
    making = Provenance(END, "comity 0", "0" * 16, None, IntegrityResult("INDETERMINATE", "", (), ()))
    found = processing_record(story.case, judged(story), making, (), (), ()).holdings
    at_number = {str(e.seq): e for e in story.case.entries}
    for h in found:
        assert h.since == at_number[h.since_entry].on
        assert h.until == (None if h.until_entry is None else at_number[h.until_entry].on)
    named = {number: LABELS[e.leaf] for number, e in at_number.items()}
    return [(h.holder, named[h.since_entry], h.until_entry and named[h.until_entry]) for h in found]


def got(label: str, on: str) -> Fact:
    return fact("evidence-received", on, "orn", "RET", label=label, check="equal", exhibit="X/1")


def handed(label: str, on: str, released_by: str, received_by: str) -> Fact:
    by = {"released_by": released_by, "received_by": received_by, "check": "equal"}
    return fact("custody-transferred", on, received_by, "LAB", label=label, exhibit="X/1", **by)


def test_a_holder_has_the_data_until_the_entry_that_hands_them_on() -> None:
    to_lab, on = handed("to lab", "2027-03-11T09:00Z", "orn", "lab"), handed("on", "2027-03-12T09:00Z", "lab", "expert")
    assert holdings(got("got", "2027-03-10T10:00Z"), to_lab, on) == [
        ("orn", "got", "to lab"),
        ("lab", "to lab", "on"),
        ("expert", "on", None),
    ]
    early = handed("early", "2027-03-10T09:30Z", "orn", "lab")
    assert ("orn", "got", None) in holdings(early, got("got", "2027-03-10T10:00Z")), "given away before, and had again"
    gone = fact("data-destroyed", "2027-03-13T09:00Z", "expert", "LAB", label="gone", scope="all", method="wiped")
    assert holdings(got("got", "2027-03-10T10:00Z"), to_lab, on, gone)[-1] == ("expert", "on", "gone")


def test_a_holder_that_gets_the_data_back_has_them_again() -> None:
    there, back = (
        handed("to lab", "2027-03-11T09:00Z", "orn", "lab"),
        handed("back", "2027-03-12T09:00Z", "lab", "orn"),
    )
    again = fact("evidence-accessed", "2027-03-12T10:00Z", "orn", "RET", exhibit="X/1", purpose_code="trial")
    assert holdings(got("got", "2027-03-10T10:00Z"), there, back, again) == [
        ("orn", "got", "to lab"),
        ("lab", "to lab", "back"),
        ("orn", "back", None),
    ]


# -- an order before it is sent ----------------------------------------------------------------------------------------

NOW = at("2027-03-01T09:00:00Z")


def test_lint_names_what_is_missing_by_citation_with_what_to_add() -> None:
    public = {"instrument": "2AP-7", "from_party": "RS", "to_party": "HU", "providers": ["x"]}
    found = {m.code: m for m in lint(public, {"offences": ["fraud"]}, known_register(NOW), NOW, "provider-portal")}
    assert found["F701"].cite == "2AP:7(3)(a)"
    assert found["F701"].add == "issuing_authority: the issuing authority; date_issued: its date"
    assert "F703" not in found
    assert "F704" not in found


def test_lint_says_that_a_party_which_reserved_article_7_takes_no_such_order() -> None:
    public = {"instrument": "2AP-7", "from_party": "RS", "to_party": "JP"}
    assert "V-7-RESERVED" in {m.code for m in lint(public, {}, known_register(NOW), NOW, "provider-portal")}


def test_lint_asks_for_electronic_form_only_where_the_order_goes_electronically() -> None:
    public = {"instrument": "2AP-7", "from_party": "RS", "to_party": "HU"}
    codes = {channel: {m.code for m in lint(public, {}, [], NOW, channel)} for channel in ("post", "provider-portal")}
    assert "F721" not in codes["post"]
    assert "F721" in codes["provider-portal"]


def test_the_declarations_of_a_real_party_nobody_has_read_in_full_stay_unverified() -> None:
    assert all(not e.get("declarations_verified") for e in known_register(NOW) if e.kind == "party-registered")


# -- the rule book -----------------------------------------------------------------------------------------------------


def test_the_rule_book_of_an_instrument_leaves_out_the_rules_of_others() -> None:
    assert not [r.id for r in rulebook("2AP-7") if r.instruments and "2AP-7" not in r.instruments]
    assert len(rulebook()) > len(rulebook("2AP-7"))


# -- its state --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("order", "linked"), [("main", True), ("second", True)])
def test_an_order_names_the_orders_it_is_linked_to(order: str, linked: bool) -> None:
    case = reply("S3", order)
    assert bool(view(case, judge(case, END)).linked) is linked


def test_an_order_has_no_day_of_issue_before_it_is_issued() -> None:
    case = given(issued("2027-03-01T09:00Z")).case
    days = [view(case, judge(case, at(f"2027-03-01T{t}Z"))).issued_on for t in ("08:59:59", "09:00:00")]
    assert days == [None, at("2027-03-01T09:00:00Z")]


def test_a_line_says_that_a_role_was_not_held_and_that_an_arrived_entry_is_not_proven() -> None:
    case = given(issued("2027-03-01T09:00Z")).case
    (entry,) = case.entries
    (line,) = timeline(msgspec.structs.replace(case, entries=(msgspec.structs.replace(entry, held=False),)))
    assert "did not hold the role (issuing authority): the entry has no legal effect" in line.says
    arrived = msgspec.structs.replace(
        entry,
        kind="counterparty-record-received",
        public={"origin": "o", "index": 1, "proof_check": "not-checked"},
        unproven="CP-QUORUM",
    )
    (line,) = timeline(msgspec.structs.replace(case, entries=(arrived,)))
    assert line.says == (
        "ilves received entry 1 of the record o. Its check: the proof was not checked. "
        "It is not proven to be its signer's own act: CP-QUORUM."
    )


def test_a_line_names_its_signer_where_the_sentence_does_or_where_it_is_the_act_of_another() -> None:
    (own,) = timeline(given(issued("2027-03-01T09:00Z")).case)
    report = next(x for x in timeline(reply("landmark-yahoo-belgium")) if x.entry.whose is not None)
    assert own.who in own.says
    assert report.who not in report.says
    assert (own.names_signer, report.names_signer) == (True, True)
    assert not replace(own, who="another office").names_signer


def test_a_sealed_value_that_an_entry_does_not_state_is_no_field_of_its_line() -> None:
    (entry,) = given(issued("2027-03-01T09:00Z")).case.entries
    sealed = {"identifiers": None, "summary_of_facts": Unread.ERASED, "time_range": "a"}
    stated = msgspec.structs.replace(entry, sealed=sealed)
    hidden, opened = (fields(stated, reveal=reveal) for reveal in (False, True))
    assert hidden == {**entry.public, "summary_of_facts": Unread.ERASED, "time_range": Unread.WITHHELD}
    assert opened == {**entry.public, "summary_of_facts": Unread.ERASED, "time_range": "a"}


@pytest.mark.parametrize(
    ("stated", "hidden", "opened"),
    [
        pytest.param({}, "no reason stated", "no reason stated", id="none"),
        pytest.param({"why": None}, "no reason stated", "no reason stated", id="not stated"),
        pytest.param({"why": "a typo"}, "[sealed]", "a typo", id="stated"),
        pytest.param({"why": Unread.WITHHELD}, "[sealed]", "[sealed]", id="withheld"),
        pytest.param({"why": Unread.ERASED}, "[erased]", "[erased]", id="erased"),
    ],
)
def test_a_replaced_entry_is_marked_with_number_signer_and_reason_and_another_is_not(
    stated: dict[str, Any], hidden: str, opened: str
) -> None:
    case = given(
        issued("2027-03-01T09:00Z"),
        received("2027-03-02T09:00Z"),
        received("2027-03-02T10:00Z", "again", replaces="receipt"),
    ).case
    *before, last = case.entries
    case = msgspec.structs.replace(case, entries=(*before, msgspec.structs.replace(last, sealed=stated)))
    for reveal, why in ((False, hidden), (True, opened)):
        lines = [numbered(replaced(case, reveal=reveal), e.leaf) for e in case.entries]
        marked = f"REPLACED by #{last.seq}, signed 2027-03-02T10:00:00Z by skylark (SP): {why}"
        assert lines == ["", marked, ""]
    assert replaced(case, at("2027-03-02T09:59:59Z")) == {}, "not yet"
    assert [*replaced(case, at("2027-03-02T10:00:00Z"))] == [before[1].leaf]


def test_the_document_of_a_line_has_the_condition_of_its_signer_only_where_there_is_one() -> None:
    (line,) = timeline(given(issued("2027-03-01T09:00Z")).case)
    assert "unless" not in json.loads(msgspec.json.encode(timeline_item("main", line)))
    condition = Condition(3, [line.entry.order], ["order-withdrawn"])
    entry = msgspec.structs.replace(line.entry, unless=condition)
    document = json.loads(msgspec.json.encode(timeline_item("main", replace(line, entry=entry))))
    assert document["unless"] == {"after": 3, "orders": [line.entry.order], "kinds": ["order-withdrawn"]}
    assert document["on"] == document["signed_at"] == "2027-03-01T09:00:00Z"


def test_a_time_of_a_document_has_its_offset() -> None:
    assert msgspec.json.decode('"2027-03-01T09:00:00Z"', type=Time) == at("2027-03-01T09:00:00Z")
    with pytest.raises(msgspec.ValidationError, match="timezone"):
        msgspec.json.decode('"2027-03-01T09:00:00"', type=Time)
