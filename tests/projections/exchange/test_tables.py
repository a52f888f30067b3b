"""The rows of an order in the tables of an archive have the columns of their table, and its number in each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from ledger.law import Judgement
from projections.exchange.tables import TABLES, Row, order_rows
from tests.support.judging import judged
from tests.support.scenarios import Fact, by_issuer, given, issued, moment, received

DRAFTED = by_issuer("order-drafted", "2027-03-01T08:00Z", label="draft")
ISSUED = issued("2027-03-01T09:00Z", reference="E-7")
GOT = received("2027-03-02T09:00Z", at="2027-03-05T09:00Z")


def made(*facts: Fact) -> tuple[dict[str, list[Row]], Judgement]:
    story = given(*facts)
    judgement = judged(story)
    return order_rows(story.case, judgement), judgement


@pytest.mark.parametrize(
    ("facts", "reference"),
    [((DRAFTED, ISSUED, GOT), "E-7"), ((issued("2027-03-01T09:00Z"), GOT), None), ((DRAFTED,), None)],
)
def test_each_row_has_the_columns_of_its_table_and_the_number_of_its_order(
    facts: tuple[Fact, ...], reference: str | None
) -> None:
    rows, judgement = made(*facts)
    for name, of in rows.items():
        for row in of:
            assert [*row] == [*TABLES[name]]
            assert (row["order_id"], row["reference"]) == (judgement.order, reference)
    assert len(rows["timeline"]) == len(facts)
    assert len(rows["deadlines"]) == len(judgement.deadlines)
    assert len(rows["findings"]) == len(judgement.findings)


def test_a_row_of_the_timeline_says_how_late_its_entry_was_and_between_which_states_it_moved() -> None:
    again = received("2027-03-05T10:00Z", "again", replaces="receipt")
    (first, late, last), judgement = made(ISSUED, GOT, again)[0]["timeline"], made(ISSUED, GOT, again)[1]
    assert (first["late_seconds"], late["late_seconds"]) == (None, 3 * 86_400)
    assert (first["state_before"], first["state"]) == ("-", "ISSUED")
    assert (late["state_before"], late["state"], late["replaced_at"]) == (None, None, moment("2027-03-05T10:00Z"))
    assert (first["replaced_by"], first["replaced_at"]) == (None, None)
    assert late["replaced_by"] == judgement.trail[-1].leaf
    assert (last["kind"], last["happened"]) == ("order-received", moment("2027-03-05T10:00Z"))


def test_a_row_of_a_deadline_or_a_finding_has_what_the_judgement_says() -> None:
    rows, judgement = made(ISSUED, GOT)
    clock, finding = judgement.deadlines[0], judgement.findings[0]
    row = rows["deadlines"][0]
    assert (row["id"], row["due"], row["verdict"], row["policy"]) == (
        clock.id, clock.due, str(clock.verdict), clock.policy,
    )  # fmt: skip
    assert (row["cite"], row["wound_by"], row["met_by"]) == ([*clock.cite], clock.trigger, [*clock.met_by])
    row = rows["findings"][0]
    assert (row["code"], row["level"], row["says"]) == (finding.code, finding.level.value, finding.says)
    assert (row["criteria"], row["cite"], row["entries"]) == (
        [*finding.criteria], [*finding.cite], [*finding.entries],
    )  # fmt: skip


def test_what_was_replaced_after_the_moment_of_the_judgement_is_not_replaced() -> None:
    story = given(ISSUED, GOT, received("2027-03-05T10:00Z", "again", replaces="receipt"))
    judgement = judged(story)
    for at, replaced in (
        (moment("2027-03-05T10:00Z"), True),
        (moment("2027-03-05T10:00Z") - timedelta(seconds=1), False),
    ):
        (_, row, _) = order_rows(story.case, replace(judgement, as_of=at))["timeline"]
        assert (row["replaced_by"] is not None) is replaced
