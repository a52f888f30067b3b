"""The states of a request or order to preserve data: Budapest Convention (ETS 185), arts 16 and 29.

A request under article 42 of the United Nations Convention against Cybercrime takes the same way [design].
"""

from __future__ import annotations

from ledger.law.states.common import machine
from ledger.law.states.machine import ANY, STAYS, Move

PRESERVATION_REQUEST = machine(
    "BC-29",
    "BC-16",
    "UNCC-42",
    rows=(
        Move("- DRAFT", "order-issued", "REQUESTED"),
        Move(ANY, "order-transmitted order-received", STAYS),
        Move("REQUESTED", "preservation-confirmed", "PRESERVED"),
        Move("PRESERVED MLA_SUBMITTED", "preservation-confirmed preservation-extended", STAYS),
        Move("REQUESTED", "preservation-refused request-refused", "REFUSED_BY_STATE"),
        Move("PRESERVED", "production-request-confirmed", "MLA_SUBMITTED"),
        Move("PRESERVED MLA_SUBMITTED", "preservation-ceased", "CEASED"),
        Move("PRESERVED MLA_SUBMITTED", "traffic-data-partially-disclosed", STAYS),
        Move("REQUESTED PRESERVED", "preservation-risk-reported order-maintained", STAYS),
        Move("REQUESTED PRESERVED MLA_SUBMITTED", "order-withdrawn", "WITHDRAWN"),
        Move("CEASED REFUSED_BY_STATE", "order-withdrawn", STAYS),
        Move("CEASED REFUSED_BY_STATE WITHDRAWN MLA_SUBMITTED REPUDIATED", "order-closed", "CLOSED"),
    ),
)
