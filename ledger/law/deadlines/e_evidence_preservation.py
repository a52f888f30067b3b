"""The clock of a European Preservation Order: Regulation (EU) 2023/1543 art. 11(1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ledger.entries.case import Entry
from ledger.law.deadlines.deadline_base import first_of, since, start_by_receipt
from ledger.law.deadlines.e_evidence_authorities import E_11_5, clarify
from ledger.law.reading.effective_entries import precedes
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.calendar import DAY, CountedPeriod, Duration, duration, eu_days
from ledger.law.terms.rule import Clock, ClockVerdict, Deadline, Mark

KEPT, LONGER = 60, 30  # days: art. 11(1), "after 60 days", "an additional 30-day period" [text]
ENDS = ("order-withdrawn", "preservation-ceased", "preservation-released", "impossibility-concluded")
REFUSALS = ("preservation-refused", "no-data-held")


def keeping_end(r: OrderReading) -> datetime | None:
    """Return the end of the sixty days of art. 11(1), before any extension; None while the receipt is not known."""
    return start_by_receipt(r, E_11_1, lambda on: eu_days(on, KEPT, r.parties.provider_days), extendable=False).due


def extension_in_time(r: OrderReading, e: Entry) -> bool:
    """Return True if a preservation-extended came before the end of the sixty days, or while that is not known."""
    end = keeping_end(r)
    return end is None or e.on < end


def extensions(r: OrderReading) -> tuple[Entry, ...]:
    """Return the extensions in time of the last version. The first one counts, whatever length it states."""
    return tuple(e for e in since(r, "preservation-extended") if extension_in_time(r, e))


def is_thirty_days(e: Entry) -> bool:
    """Return True if a preservation-extended states thirty days, in days or in hours; a month is another length."""
    length = duration(e.get("extends_by"))
    return (
        length is not None
        and not length.months
        and length.days * DAY.total_seconds() + length.seconds == (LONGER * DAY.total_seconds())
    )


def _releases(r: OrderReading) -> Iterator[Entry]:
    """Yield what releases the provider. A refusal does not, once the provider has preserved the data after it.

    If some of the data are not held, the provider still keeps the rest.
    """
    yield from r.entries.of(*ENDS)
    kept = r.entries.of("preservation-confirmed")
    refusals = (e for e in r.entries.of(*REFUSALS) if e.kind != "no-data-held" or r.substance.is_no_data_for_all(e))
    yield from (e for e in refusals if not any(precedes(e, c) for c in kept))


def _e_11_1(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    if not (r.order.versions and r.order.sent_or_received):
        return
    days = KEPT + LONGER if extensions(r) else KEPT

    def counting(on: datetime) -> CountedPeriod:
        """Count the thirty days from the sixtieth calendar day, and roll the whole (decision 36)."""
        return eu_days(on, Duration(days=days), r.parties.provider_days)

    w = start_by_receipt(r, d, counting, extendable=False)
    requests = since(r, "production-request-confirmed")
    verdict, answer = w.judged(first_of(requests), requests)
    if w.due is not None and verdict in (ClockVerdict.OPEN, ClockVerdict.MISSED):
        over = next((e for e in _releases(r) if w.before(e)), None)
        exempt = any(c.verdict is ClockVerdict.MISSED for c in clarify(E_11_5, r))
        if over is not None or exempt:
            yield w.clock(ClockVerdict.NOT_RUNNING, answer, over)
            return
    yield w.clock(verdict, answer)


E_11_1 = Deadline(
    id="E-11-1",
    instruments=("EPOC-PR",),
    wound_by="governing receipt",
    winds=("order-received",),
    met_by="production-request-confirmed",
    length="60 days; with a preservation-extended in time 90 days, whatever length it states, counted as one period",
    policy="EU-1182-71",
    acts="the provider",
    listed="once transmitted or received",
    cite=("EPOC:11(1)",),
    mark=Mark.TEXT,  # where it starts is [likely]
    run=_e_11_1,
)
