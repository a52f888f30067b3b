"""Facts reach every row of every table: from every state, the test applies every act that is possible next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import wire
from ledger.law import read_order
from ledger.law.reading.order_reading import OrderReading
from ledger.law.states import ALL, MACHINES
from ledger.law.states.machine import Machine, Move
from ledger.law.terms.rule import ClockVerdict
from tests.support.scenarios import (
    OFFICES,
    PARTIES,
    Fact,
    Office,
    Party,
    by_authority,
    by_issuer,
    by_provider,
    case,
    corrected,
    disclosed,
    fact,
    issued,
    moment,
    received,
    sent,
)

HOUR = timedelta(hours=1)
OTHERS = {
    "spv": Office("XO", ("VAL",)),
    "node": Office("XO", ("SYS",)),
    "caq": Office("XV", ("CAQ", "POC")),
    "poc": Office("XO", ("POC",)),
}

# -- every row is reached ----------------------------------------------------------------------------------------------

START = "2027-03-01T09:00Z"


def deeds(instrument: str) -> list[Fact]:
    """Return one of each act that can move this instrument's machine, with the variants that its conditions require."""
    heavy = ["content"] if instrument in ("EPOC", "SCA") else ["subscriber"]
    sought = ["name", "postal-address"]
    order: dict[str, Any] = {"data_categories": heavy, "return_timeframe": "P20D", "elements_sought": sought}
    t = START
    return [
        by_issuer("order-drafted", t, instrument=instrument, to_party="XV"),
        fact("order-supervised", t, "spv", "VAL", capacity="judge", decision="approved"),
        issued(t, instrument, **order),
        received(t, proof_kind="own-stamp"),
        sent(t),
        received(t, by="caq", role="CAQ"),
        by_provider("order-referred-back", t, label="referral", reason_codes=["incomplete"]),
        by_provider("additional-information-requested", t, label="question", asked_of="ilves"),
        by_issuer("additional-information-provided", t, answers="question"),
        by_issuer("order-maintained", t, answers="referral"),
        corrected(t, "correction", material=False),
        by_provider("consultation-opened", t, label="consultation", consulted="ncco"),
        by_authority("consultation-concluded", t, about="consultation", outcome="may-disclose"),
        by_authority("consultation-concluded", t, about="consultation", outcome="no-agreement"),
        by_authority("non-disclosure-instructed", t, label="instruction", ground="G-7-i", scope="all"),
        by_authority("instruction-lifted", t, about="instruction"),
        by_authority("notification-received", t, label="notification"),
        by_authority("no-ground-confirmed", t),
        *(by_authority("ground-for-refusal-raised", t, grounds=[], scope=scope) for scope in ("all", "part")),
        disclosed(t),
        disclosed(t, "name", partial=True),
        by_provider("disclosure-declined", t),
        by_provider("no-data-held", t),
        by_provider("reasoned-objection-filed", t, conflicting_law_party="XO"),
        *(fact("court-review-decided", t, "judge", "CT", decision=decision) for decision in ("upheld", "lifted")),
        by_issuer("escalated-to-article8", t, new_order="second"),
        by_issuer("escalated-to-mutual-assistance", t),
        by_issuer("order-withdrawn", t, label="withdrawal", data_handling="delete"),
        by_provider("withdrawal-confirmed", t, about="withdrawal"),
        by_issuer("order-repudiated", t, finding="never-issued"),
        by_issuer("order-closed", t, outcome="answered"),
        fact("request-accepted", t, "caq", "CAQ", complete_at=wire(moment(t))),
        fact("request-refused", t, "caq", "CAQ", ground="other"),
        fact("execution-postponed", t, "caq", "CAQ"),
        fact("condition-imposed", t, "caq", "CAQ", label="condition", condition_code="handling"),
        by_issuer("condition-accepted", t, about="condition"),
        by_issuer("condition-declined", t, about="condition"),
        fact("data-transmitted-by-state", t, "caq", "CAQ", channel="encrypted-mail", manifest={}),
        fact("evidence-received", t, "orn", "RET", check="equal"),
        fact("oral-request-made", t, "poc", "POC", spoke_to="caq", confirmation_demanded=False),
        *(fact("determination-given", t, "caq", "CAQ", result=said) for said in ("yes", "yes-with-conditions", "no")),
        by_issuer("emergency-request-formalised", t, channel="mail"),
        by_issuer("enforcement-requested", t, enforcing_authority="ncco"),
        *(by_authority("recognition-decided", t, decision=decision) for decision in ("denied", "recognised")),
        fact("ex-post-validation-refused", t, "spv", "VAL", about="issued", capacity="judge"),
        by_provider("preservation-confirmed", t),
        by_provider("preservation-refused", t, ground="other"),
        by_issuer("preservation-extended", t, extends_by="P30D"),
        by_issuer("preservation-released", t),
        by_issuer("impossibility-concluded", t),
        by_issuer("production-request-confirmed", t, production_kind="MLA"),
        by_provider("preservation-ceased", t, cause="period-ended"),
        fact("traffic-data-partially-disclosed", t, "caq", "CAQ"),
        by_provider("authenticity-confirmed", t, method="call-back"),
        fact("deadline-lapsed", t, "node", "SYS", deadline="", policy="", due=wire(moment(t))),
    ]


LATER = ("deadline-lapsed", "enforcement-requested")  # possible only after a deadline has ended
# It moves no state; its review is the one deadline that every instrument can have.
FIRST = by_issuer("customer-notification-delayed", START, grounds=["LED:13(3)(a)"], review_on="2027-03-20")
BEFORE_ISSUE = ("-", "DRAFT", "REPUDIATED")  # an order that was never issued is not followed further
DECLARED = replace(PARTIES["XV"], declarations=("D-9-5",), terms={"D-9-5": "P14D"})


def read(instrument: str, party: Party, facts: tuple[Fact, ...], at: datetime) -> OrderReading:
    """Read these facts at a moment; `party` takes the place of the other Party."""
    record = case(facts, instrument, parties={**PARTIES, "XV": party}, offices={**OFFICES, **OTHERS})
    return read_order(record, at)


def next_deed(instrument: str, party: Party, facts: tuple[Fact, ...], deed: Fact, on: datetime) -> Fact | None:
    """Return an act as it is possible now, or None: a lapse names an ended deadline, an answer the open referral."""
    known, fields = {f.label for f in facts}, dict(deed.fields)
    if deed.kind == "deadline-lapsed":
        clocks = read(instrument, party, facts, on).deadlines.clocks
        ended = next((c for c in clocks if c.verdict is ClockVerdict.MISSED), None)
        if ended is None:
            return None
        fields |= {"deadline": ended.id, "policy": ended.policy, "due": ended.due}
    if deed.kind == "additional-information-provided" and "referral" in known:
        fields["answers"] = "referral"
    label = None if deed.label in known or deed.kind == "data-disclosed" else deed.label
    return replace(deed, on=on, at=on, fields=fields, label=label)


def past(r: OrderReading) -> tuple[bool, ...]:
    """Return the facts of the past that the conditions of a state read besides the state."""
    if r.history.state == "RETURNED":
        return (bool(r.entries.of("data-transmitted-by-state")), any(d.get("partial") for d in r.substance.disclosures))
    if r.history.state in ("DISCLOSED", "CEASED"):
        return (bool(r.entries.of("ex-post-validation-refused")),)
    return (bool(r.entries.of("notification-received")),) if r.history.state == "ISSUED" else ()


def fired(machine: Machine, party: Party) -> set[Move]:
    """Return the rows that fire when every possible act is applied from every state, until all have fired."""
    instrument = machine.instruments[0]
    kinds = {kind for row in machine.rows for kind in row.kinds.split()}
    can = [deed for deed in deeds(instrument) if deed.kind in kinds]
    edge: list[tuple[Fact, ...]] = [(FIRST,)]
    seen, found = set(), set()
    for facts in edge:
        for deed in can:
            for later in (1, 80 * 24) if deed.kind in LATER else (1,):
                on = facts[-1].on + later * HOUR
                done = next_deed(instrument, party, facts, deed, on)
                if done is None:
                    continue
                r = read(instrument, party, (*facts, done), on)
                entry, course = r.case.entries[-1], r.history
                source = next((s.source for s in course.changes if s.leaf == entry.leaf), course.state)
                if (row := machine.row(source, r, entry)) is not None:
                    found.add(row)
                    if len(found) == len(machine.rows):
                        return found
                key = (course.state, past(r))
                if key not in seen and (r.order.issued or course.state in BEFORE_ISSUE):
                    seen.add(key)
                    edge.append((*facts, done))
    return found


@pytest.mark.parametrize("machine", ALL, ids=lambda m: m.instruments[0])
def test_every_row_of_every_table_is_reached_by_facts(machine: Machine) -> None:
    found = fired(machine, PARTIES["XV"])
    if machine is MACHINES["2AP-9"]:
        found |= fired(machine, DECLARED)
    assert [row for row in machine.rows if row not in found] == []
