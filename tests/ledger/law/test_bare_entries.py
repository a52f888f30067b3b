"""Entries that state the least that they may, and orders that do not count, are judged like all others."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.facts import KINDS, Field
from ledger.facts.vocabulary import INSTRUMENTS
from ledger.law import Judgement, judge
from tests.support.scenarios import DAY, OFFICES, Fact, case, moment

START = moment("2027-03-01T09:00Z")
RECORDED = [name for name, kind in KINDS.items() if kind.group != "governance"]
LEAST: dict[str, Any] = {
    "bool": False,
    "int": 1,
    "instant": "2027-03-05T09:00:00Z",
    "date": "2027-03-05",
    "duration": "P20D",
    "party": "XV",
    "actor": "skylark",
    "instrument": "2AP-7",
    "element": "name",
    "event": "no-such-entry",
    "document": {"code": "paper", "media": "application/pdf", "size": 1, "sha256": "0" * 64},
    "manifest": {},
}


def least(field: Field) -> Any:
    """Return the least value that a required field may have."""
    if field.type.startswith("list["):
        return []
    return field.one_of[0] if field.type == "code" else LEAST.get(field.type, "some")


def bare(kind: str, day: int = 2) -> Fact:
    """Return a fact with its required fields alone, by a registered office or by none."""
    role = KINDS[kind].signers[0]
    by = next((actor for actor, office in OFFICES.items() if role in office.roles), "unregistered")
    fields = {name: least(field) for name, field in KINDS[kind].fields().items() if field.required}
    on = START + day * DAY
    return Fact(kind, on, by, role, on, label=kind, fields=fields)


def ordered(instrument: str, role: str = "ISS") -> Fact:
    """Return the order with its required fields alone."""
    parties = {"instrument": instrument, "from_party": "XO", "to_party": "XV"}
    order = bare("order-issued", 0)
    return Fact("order-issued", START, "ilves", role, START, label="issued", fields={**order.fields, **parties})


def judged(instrument: str, *facts: Fact) -> Judgement:
    """Judge an order; assert that each finding points at entries that are on record."""
    drawn = case(facts, instrument)
    found = judge(drawn, START + 90 * DAY)
    assert {leaf for f in found.findings for leaf in f.entries} <= {e.leaf for e in (*drawn.entries, *drawn.registry)}
    return found


@pytest.mark.parametrize("role", ["ISS", "SP"], ids=["an order", "an order that does not count"])
@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_an_order_of_entries_that_state_the_least_is_judged_by_every_criterion(instrument: str, role: str) -> None:
    facts = (bare(kind, 2 + n % 30) for n, kind in enumerate(RECORDED) if kind != "order-issued")
    assert set(judged(instrument, ordered(instrument, role), *facts).criteria) == {f"A{n}" for n in range(1, 9)}


FAST = ("2AP-7", "BC-29", "EPOC", "SCA")


@pytest.mark.parametrize("role", ["ISS", "SP"], ids=["an order", "an order that does not count"])
@pytest.mark.parametrize(
    "instrument", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in INSTRUMENTS]
)
def test_findings_on_one_entry_that_states_the_least_point_at_what_is_on_record(instrument: str, role: str) -> None:
    for kind in RECORDED:
        assert judged(instrument, ordered(instrument, role), bare(kind)).instrument == instrument
