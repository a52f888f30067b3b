"""The states of a request or order to preserve data: Budapest Convention (ETS 185), arts 16 and 29."""

from __future__ import annotations

from ledger.law.states.common import machine
from ledger.law.states.machine import ANY, STAYS, Row

PRESERVATION_REQUEST = machine(
    "BC-29",
    "BC-16",
    rows=(
        Row("- DRAFT", "order-issued", "REQUESTED"),
        Row(ANY, "order-transmitted order-received", STAYS),
        Row("REQUESTED", "preservation-confirmed", "PRESERVED"),
        Row("PRESERVED MLA_SUBMITTED", "preservation-confirmed preservation-extended", STAYS),
        Row("REQUESTED", "preservation-refused request-refused", "REFUSED_BY_STATE"),
        Row("PRESERVED", "production-request-confirmed", "MLA_SUBMITTED"),
        Row("PRESERVED MLA_SUBMITTED", "preservation-ceased", "CEASED"),
        Row("PRESERVED MLA_SUBMITTED", "traffic-data-partially-disclosed", STAYS),
        Row("REQUESTED PRESERVED MLA_SUBMITTED", "order-withdrawn", "WITHDRAWN"),
        Row("CEASED REFUSED_BY_STATE", "order-withdrawn", STAYS),
        Row("CEASED REFUSED_BY_STATE WITHDRAWN MLA_SUBMITTED REPUDIATED", "order-closed", "CLOSED"),
    ),
)
