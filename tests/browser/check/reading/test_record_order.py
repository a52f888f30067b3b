"""Entries of several logs: page and program put them in one order, and count the same ones."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from msgspec.structs import replace

from ledger.entries.case import Case, Entry
from projections.views.exhibit_digests import Digest
from tests.browser.support.node import Page
from tests.projections.views.evidence_files import A, B, arrives, evidence_of, hands_over, question, stories
from tests.support.scenarios import Office, fact, given, issued

pytestmark = pytest.mark.browser

OTHER = "ledger.test/other"


def elsewhere(case: Case, chance: random.Random) -> Case:
    """Return a case in which the entries of one office arrived from its own log, with times that its log chose."""
    away = chance.choice(sorted({e.by for e in case.entries}))
    entries: list[Entry] = []
    place = 0
    for e in case.entries:
        if e.by == away:
            place += 1
            said = e.at + timedelta(days=chance.choice((-9, 0, 0, 3)))
            e = replace(e, origin=OTHER, place=place, index=100 - 7 * place, received=case.entries[-1].at, at=said)
        entries.append(e)
    return replace(case, entries=tuple(sorted(entries, key=lambda e: e.index)))


def test_page_and_program_compare_digests_of_several_logs_in_one_order(node: Page) -> None:
    chance = random.Random(33)
    asked = [(elsewhere(case, chance), file, at) for case, file, at in stories(300, 33) if case.entries]
    found = node.ask_each("evidence", [question(*each) for each in asked])
    for each, said in zip(asked, found, strict=True):
        wanted = evidence_of(*each)
        assert {name: said[name] for name in wanted} == wanted


def test_what_an_office_of_another_state_received_for_the_issuing_authority_is_compared_with_nothing(
    node: Page,
) -> None:
    wrong = fact(
        "evidence-received", "2027-03-08T10:00Z", "prosecutor-xv", "ISS", label="theirs", check="equal", exhibit="EX-A",
        manifest={"elements": ["name"], "files": [{"name": "a.zip", "size": 1, "sha256": B}]},
    )  # fmt: skip
    made = given(issued("2027-03-01T09:00Z"), hands_over("one", 5, ("a.zip", A)), arrives("got", 7, "EX-A"), wrong)
    case, file = made.among(**{"prosecutor-xv": Office("XV", ("ISS",))}).case, Digest("a.zip", 1, B, None)
    wanted = evidence_of(case, file)
    said = node.ask("evidence", **question(case, file))
    assert {name: said[name] for name in wanted} == wanted
    assert not said["equal"]
