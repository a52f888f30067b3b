"""The state machine of every instrument, one module for each act."""

from __future__ import annotations

from ledger.law.reading.order_reading import OrderReading
from ledger.law.states.budapest import PRESERVATION_REQUEST
from ledger.law.states.e_evidence import PRESERVATION_ORDER, PRODUCTION_ORDER
from ledger.law.states.machine import NOTHING_YET
from ledger.law.states.second_protocol import DIRECT_ORDER, EMERGENCY, REGISTRATION_DATA, THROUGH_THE_STATE
from ledger.law.states.stored_communications import OWN_PRODUCTION_ORDER
from ledger.law.states.voluntary import VOLUNTARY
from ledger.law.terms.rule import StateHistory

ALL = (
    REGISTRATION_DATA,
    DIRECT_ORDER,
    THROUGH_THE_STATE,
    EMERGENCY,
    PRESERVATION_REQUEST,
    PRODUCTION_ORDER,
    PRESERVATION_ORDER,
    VOLUNTARY,
    OWN_PRODUCTION_ORDER,
)
MACHINES = {instrument: machine for machine in ALL for instrument in machine.instruments}


def state_names() -> frozenset[str]:
    """Return the names of all states that an order of some instrument can be in."""
    tables = (table for machine in ALL for table in (machine.rows, machine.alone))
    named = {name for table in tables for row in table for name in (*row.states.split(), row.to)}
    return frozenset(name for name in named if name.isupper()) | {NOTHING_YET}


def state_history(r: OrderReading) -> StateHistory:
    """Run the state machine of the instrument of an order; without a machine the state never changes."""
    machine = MACHINES.get(r.instrument)
    return machine.run(r) if machine else StateHistory(NOTHING_YET)
