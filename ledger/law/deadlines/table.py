"""The table of deadlines: every period of the law, in the order of findings.md 3."""

from __future__ import annotations

from functools import cache

from ledger.law.deadlines import between_states as states
from ledger.law.deadlines import data_subject_rights as rights
from ledger.law.deadlines import direct_cooperation as direct
from ledger.law.deadlines import e_evidence as eu
from ledger.law.deadlines import e_evidence_authorities as authorities
from ledger.law.deadlines import e_evidence_decisions as decisions
from ledger.law.deadlines import e_evidence_enforcement as enforcement
from ledger.law.deadlines import e_evidence_preservation as preservation
from ledger.law.deadlines import executive_agreements as agreements
from ledger.law.deadlines import general_duties as duties
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.rule import Clock, Deadline

REGISTER: tuple[Deadline, ...] = (
    direct.D_7_7,
    direct.D_7_5D,
    direct.D_6_3D,
    states.D_8_6_SERVICE,
    states.D_8_6_RETURN,
    states.D_9_5,
    states.B_29_60,
    states.B_16_90,
    eu.E_10_2,
    eu.E_10_3,
    eu.E_10_4,
    authorities.E_10_4_DATA,
    decisions.E_10_5,
    authorities.E_10_6,
    decisions.E_10_7,
    decisions.E_10_8,
    preservation.E_11_1,
    authorities.E_11_5,
    eu.E_12_1,
    decisions.E_12_2,
    enforcement.E_16_2,
    enforcement.E_16_3,
    enforcement.E_16_7,
    decisions.E_16_8,
    eu.E_17_2,
    decisions.E_17_10,
    authorities.E_4_5,
    decisions.E_4_5_WITHDRAWAL,
    authorities.E_4_5_DATA,
    authorities.E_2025_3_3_3_B,
    direct.SCA_2703_H,
    direct.SCA_2703_F,
    agreements.OPO_9_SERVICE,
    agreements.OPO_5_PRODUCE,
    duties.D_14_2B,
    duties.NOTICE_REVIEW,
    duties.NOTICE_DUE,
    duties.DP_72H,
    rights.GDPR_12_3,
    rights.LED_12_3,
    rights.RETENTION_REVIEW,
)

# A disowned order needs no answer; the duties towards the person and the supervisory authority stay.
OF_DISOWNED = (
    *(duties.NOTICE_REVIEW, duties.NOTICE_DUE, duties.DP_72H),
    *(rights.GDPR_12_3, rights.LED_12_3, rights.RETENTION_REVIEW),
)


@cache
def _rules(instrument: str, *, disowned: bool) -> tuple[Deadline, ...]:
    return tuple(d for d in (OF_DISOWNED if disowned else REGISTER) if d.applies(instrument))


def clocks(r: OrderReading) -> tuple[Clock, ...]:
    """Return the clocks listed for an order at its moment, in the order of the table, a rolled twin after its clock."""
    rules = _rules(r.instrument, disowned=r.substance.disowned)
    return tuple(clock for d in rules for clock in d.run(d, r))
