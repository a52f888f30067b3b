"""A received entry and the entry that carries it are one row of a paper, with one number."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import typst
from msgspec.structs import replace

from cli.reports.pdf import folders
from ledger.entries.case import Case
from ledger.entries.wrapped_entry import KIND
from ledger.law import judge
from projections.render.html import page, replay_page
from projections.render.labels import Places, labels
from projections.render.pdf import paper
from projections.reports.custody_report import custody_report
from projections.reports.data_protection.processing_record import processing_record
from projections.reports.evidence_chain_report import evidence_chain_report
from projections.reports.front_page import IntegrityResult, Provenance
from projections.reports.hearing.hearing_bundle import hearing
from projections.reports.history import history
from projections.reports.replay import replay
from tests.support.papers.pdf_text import pdf_text
from tests.support.papers.received import arrived, ledger_of_office, received_by
from tests.support.story_files import cases

ID = re.compile(r' id="([^"]+)"')
LINK = re.compile(r' href="#([^"]+)"')


def making(case: Case, *, reveal: bool = True) -> Provenance:
    at = max(e.at for e in case.entries) + timedelta(days=1)
    return Provenance(at, "comity 0", "0" * 16, None, IntegrityResult("TOTAL-PASSED", "All.", (), ()), reveal=reveal)


def papers(case: Case) -> dict[str, Any]:
    made = making(case)
    judgement = judge(case, made.as_of)
    return {
        "custody": custody_report(case, judgement, made, ()),
        "evidence-chain": evidence_chain_report(case, judgement, made, ()),
        "dpo": processing_record(case, judgement, made, (), (), ()),
        **{depth: hearing(case, judgement, made, (), depth) for depth in ("simple", "detailed", "diagnostic")},
    }


def at(office: str, story: str = "S1", order: str = "main") -> Case:
    return received_by(office, cases(story)[order])


def _orders(office: str, story: str) -> list[str]:
    return [name for name, case in cases(story).items() if any(e.by == office for e in case.entries)]


def events(case: Case) -> Any:
    return history(case, judge(case, making(case).as_of), reveal=True).events


@pytest.mark.parametrize("office", ["ilves", "ncco"])
def test_a_received_entry_and_its_carrier_are_one_row_with_one_number(office: str) -> None:
    case = at(office)
    rows = events(case)
    assert len(rows) == len(cases("S1")["main"].entries) < len(case.entries)
    assert set(Counter(e.number for e in rows).values()) == {1}
    received = [e for e in rows if e.carrier is not None]
    assert [e.origin for e in received] == [ledger_of_office(e.by) for e in case.entries if e.origin]
    assert all(e.carrier.kind == KIND and e.carrier.number == e.number and e.carrier.leaf != e.leaf for e in received)
    assert [e.number for e in rows if e.origin] == [e.number for e in received]


def test_a_page_prints_both_digests_the_carriers_key_and_when_the_entry_arrived() -> None:
    case = at("ilves")
    text = re.sub(r"<[^>]+>", "", page(custody_report(case, judge(case, making(case).as_of), making(case), ())))
    for e in events(case):
        if e.carrier is not None:
            assert text.count(e.leaf) >= 1
            assert text.count(e.carrier.leaf) == 1
            assert e.carrier.key in text
            assert f"Received from the record {e.origin} on {e.carrier.signed_at:%Y-%m-%d %H:%M}" in text


@pytest.mark.parametrize("office", ["ilves", "ncco"])
@pytest.mark.parametrize("story", ["S2", "rights-and-oversight"])
def test_each_label_of_a_page_is_there_once_and_each_link_leads_to_one(story: str, office: str) -> None:
    for order in _orders(office, story):
        case = at(office, story, order)
        for kind, report in papers(case).items():
            assert len(set(labels(report))) == len(labels(report))
            if kind in ("custody", "evidence-chain", "dpo"):
                html = page(report)
                assert [i for i, n in Counter(ID.findall(html)).items() if n > 1] == []
                assert set(LINK.findall(html)) - set(ID.findall(html)) == set()


def test_the_label_of_a_place_is_given_out_once() -> None:
    report = papers(at("ilves"))["custody"]
    places = Places(report)
    first = f"entry-{report.story.events[0].number}"
    assert places(first) == first
    assert first in places
    for taken in (first, "entry-1000"):
        with pytest.raises(ValueError, match=taken):
            places(taken)
    twice = replace_events(report, (*report.story.events, report.story.events[0]))
    with pytest.raises(ValueError, match=first):
        labels(twice)


def replace_events(report: Any, rows: Any) -> Any:
    return dataclasses.replace(report, story=dataclasses.replace(report.story, events=rows))


def acknowledged() -> Case:
    """Return an order with an entry that carries nothing but an acknowledgement of the other office."""
    case = at("ilves")
    last = max(case.entries, key=lambda e: e.index)
    ours = next(e for e in case.entries if e.by == "ilves")
    carrier, _ = arrived(replace(last, index=last.index + 1, seq=last.seq + 1, leaf="a" * 64), ours)
    return replace(case, entries=(*case.entries, carrier))


def test_an_entry_that_only_says_that_another_arrived_is_in_the_annex_and_not_in_the_timeline() -> None:
    case = acknowledged()
    report = papers(case)["custody"]
    (annexed,) = [e for e in report.story.events if e.arrival]
    html = page(report)
    timeline, annex = html.split('<section aria-labelledby="entries">')
    assert f'<tr id="entry-{annexed.number}"' not in timeline
    assert f'id="entry-{annexed.number}"' in annex
    assert "they say only that entries of other records arrived" in timeline
    assert annexed.number not in {mark.number for mark in report.story.drawing.marks}


def test_an_arrival_that_is_not_proven_stays_in_the_timeline() -> None:
    case = acknowledged()
    unproven = replace(case.entries[-1], unproven="KEY-UNKNOWN")
    rows = events(replace(case, entries=(*case.entries[:-1], unproven)))
    assert [e.arrival for e in rows if e.number == str(unproven.seq)] == [False]


def test_a_replay_names_a_received_entry_once() -> None:
    case = acknowledged()
    made = making(case)
    heads = [(made.as_of, max(e.index for e in case.entries) + 1)]
    played = replay(case, heads, made, judge, cosigned=False)
    told = Counter(line.number for stage in played.stages for line in stage.recorded)
    assert set(told.values()) == {1}
    html = replay_page(played)
    assert [i for i, n in Counter(ID.findall(html)).items() if n > 1] == []
    assert set(LINK.findall(html)) <= set(ID.findall(html))


def test_page_one_counts_a_received_entry_once() -> None:
    case = at("ilves")
    assert papers(case)["custody"].face.subject.entries == len(cases("S1")["main"].entries)


def printed(report: Any, file: Any, lang: str = "en") -> str:
    file.write_bytes(paper(report, typst.Fonts(include_system_fonts=False, font_paths=list(folders())), lang=lang))
    return pdf_text(file, "-layout")


def test_paper_and_page_hold_the_same_rows(tmp_path: Any) -> None:
    report = papers(acknowledged())["custody"]
    text = printed(report, tmp_path / "custody.pdf")
    html = page(report)
    listed = re.findall(r'<tr id="entry-(C?\d+)"', html)
    table = text.split("Every entry, in the order")[1].split("What each entry states")[0]
    assert re.findall(r"^(C?\d+) +\d{4}-\d\d-\d\d", table, re.MULTILINE) == listed
    stated = re.findall(r"<h3[^>]*>(?:<s>)?Entry (C?\d+)", html)
    assert re.findall(r"^ ?Entry (C?\d+): ", text, re.MULTILINE) == stated


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "de", "fr"])
@pytest.mark.parametrize("story", ["S1", "S2", "hand-to-hand", "rights-and-oversight"])
def test_every_paper_with_received_entries_can_be_printed(story: str, lang: str, tmp_path: Any) -> None:
    for office in ("ilves", "skylark", "ncco"):
        for order in _orders(office, story):
            for kind, report in papers(at(office, story, order)).items():
                assert printed(report, tmp_path / f"{order}-{office}-{kind}.pdf", lang)
