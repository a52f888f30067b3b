"""Read a ledger and verify an evidence bundle from Python. Nothing is written, and no sealed value is returned.

    import comity

    with comity.open("ledger") as ledger:
        for order in ledger.orders():
            print(order.ref, order.instrument, order.state)
        judgement = ledger.order("PPO-2026-123").judge()

    report = comity.verify("court.evidence.zip", trust="trust")
    print(report.integrity)

    with comity.connect("https://office.example", key="ilves", trust="trust") as ledger:
        ledger.record("receipt-acknowledged", {}, "PPO-2026-123")

Times are aware datetimes in UTC. Indexes of entries count from 0. Digests and leaf hashes are lower-case hexadecimal.
`RecordError` says that signed bytes are not what they have to be. `LedgerError` says that the files of a ledger cannot
be used. Both carry `code` (docs/reference/codes.md), `says` and `hint`. A file that cannot be read is an `OSError`, a
wrong argument a `ValueError`. The page for readers is docs/reference/python.md.
"""

from comity.ledger import Ledger, Order, open  # noqa: A004 (as `gzip.open`)
from comity.remote import connect
from comity.verification import verify
from ledger.entries.case import Entry, Unread
from ledger.entries.payload import Condition
from ledger.errors import LedgerError as LedgerError
from ledger.errors import RecordError as RecordError
from ledger.law import Clock, Criterion, Finding, Judgement
from ledger.law.admissibility.forums import ForumSheet
from ledger.trust.trust_folder import Trust
from ledger.verify.report import Report, Verdict
from projections.views.custody import CustodyStep
from projections.views.due import Duty
from projections.views.state import OrderView
from projections.views.timeline import TimelineEntry

__all__ = [
    "Clock",
    "Condition",
    "Criterion",
    "CustodyStep",
    "Duty",
    "Entry",
    "Finding",
    "ForumSheet",
    "Judgement",
    "Ledger",
    "LedgerError",
    "Order",
    "OrderView",
    "RecordError",
    "Report",
    "TimelineEntry",
    "Trust",
    "Unread",
    "Verdict",
    "connect",
    "open",
    "verify",
]
