"""The replay: who held the data at a moment, changes in words, and a page on which two moments can be compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace as with_fields

from cli.reports.order_report import moments
from cli.session.ledger_reader import reading
from ledger.law import judge
from ledger.messages import Code, Day, Message, state_code
from projections.reports.replay import EntryLine, Stage, _at_once, in_words, running, stages
from projections.views.custody import custody, held_periods
from projections.views.due import due
from projections.views.known_at import Change
from tests.projections.render.test_html import Page, made
from tests.support.cli import ledger_of
from tests.support.scenarios import disclosed, given, issued, moment, received


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S2", tmp_path_factory.mktemp("replayed"))


def every(ledger: Path) -> list[Stage]:
    with reading(ledger) as reader:
        case, heads, until = reader.case("main"), moments(reader), reader.now()
    return stages(case.known(until), heads, until, judge)


def test_a_stage_says_who_held_the_data_and_since_which_entry(ledger: Path) -> None:
    found = every(ledger)
    assert [h.holder for h in found[0].held] == []
    assert [(h.holder, h.exhibit, h.since_entry) for h in found[-1].held] == [("Cyber Unit Karsk", "KA-0311/1", "11")]


def test_a_holder_has_the_data_from_the_receipt_until_before_it_gives_them_away(tmp_path: Path) -> None:
    with reading(ledger_of("S1", tmp_path)) as reader:
        periods = held_periods(custody(reader.case("main")))
    (police,) = [p for p in periods if p.holder == "Cyber Unit Karsk"]
    assert police.at(police.since.on)
    assert police.until is not None
    assert not police.at(police.until.on)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            Change("state", state_code("-"), state_code("INSTRUCTED_NOT_TO_DISCLOSE")),
            ("state", "no order yet", "instructed not to disclose"),
        ),
        (Change("criterion A7", state_code("NOT_APPLICABLE"), None), ("criterion A7", "not applicable", None)),
        (
            Change(
                "deadline answer of the provider (D-7-7), counted as 2AP-CAL",
                Message("{0}, {1}", state_code("OPEN"), Message("end of {0} ({1})", Day("2027-04-01"), "Oslo")),
                state_code("NOT-RUNNING"),
            ),
            (
                "deadline answer of the provider (D-7-7), counted as 2AP-CAL",
                "open, end of 2027-04-01 (Oslo)",
                "not-running",
            ),
        ),
        (
            Change(Message("region {0}", Code("customer_notice", "customer notice")), None, state_code("DELAYED")),
            ("region customer notice", None, "delayed"),
        ),
        (Change("finding V-X", None, "GPS IS OUT"), ("finding V-X", None, "GPS IS OUT")),
    ],
)
def test_states_are_words_and_sentences_stay(change: Change, said: tuple[str, str | None, str | None]) -> None:
    worded = in_words(change)
    assert (worded.what, worded.before, worded.after) == said


@pytest.mark.parametrize("lang", ["en", "de"])
def test_the_page_shows_no_code_of_a_state(ledger: Path, lang: str, tmp_path: Path) -> None:
    page = made(ledger, "replay", tmp_path, "--lang", lang)
    assert re.findall(r">[^<]*\b[A-Z]{3,}_[A-Z_]+\b", page.split("<script>")[0]) == []


def test_each_moment_has_its_time_and_the_facts_that_are_compared(ledger: Path, tmp_path: Path) -> None:
    page = Page(made(ledger, "replay", tmp_path))
    found = every(ledger)
    assert [a["data-at"] for a in page.all("article")] == [f"{s.at:%Y-%m-%dT%H:%M:%SZ}" for s in found]
    compared = [dd["data-of"] for dd in page.all("dd") if "data-of" in dd]
    assert compared == ["state", "clocks", "held", "findings"] * len(found)


def test_without_script_there_is_no_field_that_does_nothing(ledger: Path, tmp_path: Path) -> None:
    page = Page(made(ledger, "replay", tmp_path))
    assert all("hidden" in div for div in page.all("div") if div.get("class") in ("player", "compared"))
    assert len([field for field in page.all("input") if field["type"] == "datetime-local"]) == 2


def test_each_stage_has_what_happened_what_was_recorded_and_what_nobody_could_know_yet() -> None:
    case = given(
        issued("2027-03-01T09:00Z"),
        received("2027-03-02T09:00Z", at="2027-03-05T09:00Z"),
        disclosed("2027-03-04T09:00Z", at="2027-03-06T09:00Z"),
    ).case
    first, second, third = (e.index + 1 for e in case.entries)
    heads = [
        (moment("2027-03-05T10:00Z"), second),
        (moment("2027-03-01T09:30Z"), first),
        (moment("2027-03-05T11:00Z"), first),
        (moment("2027-03-05T12:00Z"), second),
        (moment("2027-03-06T10:00Z"), third),
    ]
    names = dict(zip((e.seq for e in case.entries), "abc", strict=True))

    def named(lines: tuple[EntryLine, ...]) -> str:
        return "".join(names[int(line.number)] for line in lines)

    def shown(until: str) -> list[tuple[str, int, str, str, str]]:
        return [
            (f"{s.at:%d %H:%M}", s.size, named(s.happened), named(s.recorded), named(s.unknown))
            for s in stages(case, heads, moment(until), judge)
        ]

    whole = [
        ("01 09:00", 0, "a", "", "a"),
        ("01 09:30", first, "", "a", ""),
        ("02 09:00", first, "b", "", "b"),
        ("04 09:00", first, "c", "", "bc"),
        ("05 10:00", second, "", "b", "c"),
        ("06 10:00", third, "", "c", ""),
    ]
    assert shown("2027-03-06T10:00Z") == whole
    found = stages(case, heads, moment("2027-03-06T10:00Z"), judge)
    assert [(s.state, s.really) for s in found] == [
        ("no order yet", "issued"),
        ("issued", "issued"),
        ("issued", "served"),
        ("issued", "disclosed"),
        ("served", "disclosed"),
        ("disclosed", "disclosed"),
    ]
    assert [bool(s.changes) for s in found] == [False, True, False, False, True, True]
    assert shown("2027-03-06T09:59Z") == whole[:-1]
    assert shown("2027-03-01T09:00Z") == whole[:1]
    assert shown("2027-03-01T08:59Z") == []


def test_what_its_signer_put_right_is_marked_and_is_no_part_of_what_really_was() -> None:
    wrong = received("2027-02-28T09:00Z", at="2027-03-02T10:00Z", label="wrong")
    right = received("2027-03-02T09:00Z", at="2027-03-02T11:00Z", label="right", replaces="wrong", why="a typing error")
    case = given(issued("2027-03-01T09:00Z"), wrong, right).case
    last = max(e.index for e in case.entries) + 1
    found = stages(case, [(moment("2027-03-02T12:00Z"), last)], moment("2027-03-03T09:00Z"), judge)
    (said,) = (line for stage in found for line in stage.happened if line.on == moment("2027-02-28T09:00Z"))
    assert said.replaced_by == next(e.number for e in case.entries if e.replaces)
    assert [s.really for s in found if s.at == moment("2027-02-28T09:00Z")] == ["no order yet"]


def test_of_two_readings_of_a_deadline_each_names_how_it_is_counted() -> None:
    case = given(issued("2027-03-01T09:00Z"), received("2027-03-04T09:00Z")).case
    judgement = judge(case, moment("2027-03-05T09:00Z"))
    answers = [d for d in due(judgement, judgement.as_of) if d.clock.id == "D-7-7"]
    assert [d.policy for d in running(answers)] == ["2AP-CAL", "2AP-CAL+ROLL"]
    assert [d.policy for d in running(answers[:1])] == [""]


def test_what_really_was_is_read_with_offices_registered_before_the_first_event() -> None:
    case = given(issued("2027-03-01T09:00Z"), received("2027-03-02T09:00Z", at="2027-03-05T09:00Z")).case
    early = with_fields(case.registry[0], on=moment("2027-01-01T00:00Z"), at=moment("2027-01-02T00:00Z"))
    late = with_fields(case.registry[-1], on=moment("2027-04-01T00:00Z"), at=moment("2027-04-02T00:00Z"))
    made = _at_once(with_fields(case, registry=(early, late)), ())
    assert [e.at for e in made.entries] == [e.on for e in case.entries]
    begins = case.entries[0].on
    assert [(e.on, e.at) for e in made.registry] == [(early.on, early.at), (begins, begins)]
    empty = with_fields(case, entries=(), registry=(late,))
    assert _at_once(empty, ()).registry == (late,)
