"""The machine of every instrument, each table beside the act it belongs to."""

from __future__ import annotations

from ledger.law.states.budapest import PRESERVATION_REQUEST
from ledger.law.states.e_evidence import PRESERVATION_ORDER, PRODUCTION_ORDER
from ledger.law.states.second_protocol import DIRECT_ORDER, EMERGENCY, REGISTRATION_DATA, THROUGH_THE_STATE
from ledger.law.states.stored_communications import OWN_PRODUCTION_ORDER
from ledger.law.states.voluntary import VOLUNTARY

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
