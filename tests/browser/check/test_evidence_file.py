"""The page says of a file in the reader's hand what `comity check` says: by the table of cases, and by chance."""

from __future__ import annotations

import pytest

from tests.browser.support.node import Page
from tests.projections.views.evidence_files import CASES, Held, case_of, evidence_of, labelled, question, stories

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("held", CASES.values(), ids=CASES)
def test_the_page_says_of_a_file_what_the_table_says(node: Page, held: Held) -> None:
    said = node.ask("evidence", **question(case_of(held.facts), held.file))
    found = (said["verdict"], labelled(said["equal"]), labelled(said["differs"]))
    assert found == (held.verdict, held.equal, held.differs)
    one = [labelled([said[name]] if said[name] else []) or None for name in ("first", "changed", "given", "reported")]
    assert one == [held.first, held.changed, held.given, held.reported]


def test_page_and_program_agree_on_hundreds_of_records_and_files(node: Page) -> None:
    verdicts = set()
    for case, file, at in stories(500, 15):
        said = node.ask("evidence", **question(case, file, at))
        wanted = evidence_of(case, file, at)
        assert {name: said[name] for name in wanted} == wanted
        verdicts.add((said["verdict"], bool(said["unread"]), bool(said["replaced"])))
    assert len(verdicts) > 8
