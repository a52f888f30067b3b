"""Clocks of orders under an agreement of 18 U.S.C. 2523 (COA), as far as the law of the issuing State could be read.

An order of the United Kingdom is an overseas production order. Section 9(1) of the Act of 2019 was read. The seven days
of section 5 are second-hand. Of an international production order of Australia (Telecommunications (Interception and
Access) Act 1979, schedule 1) no period could be read, so that it has no clock.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.entries.case import Entry
from ledger.law.deadlines.deadline_base import RunningPeriod, first_of, since, start_by_receipt, start_period
from ledger.law.deadlines.direct_cooperation import ANSWERS, provider_answers
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.calendar import Duration, days_with_first, duration
from ledger.law.terms.rule import Clock, ClockVerdict, Deadline, Mark

UNITED_KINGDOM = ("GB", "UK")


def _opo_9_service(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    if r.order.issued is not None and r.parties.from_party in UNITED_KINGDOM:
        length = Duration(months=3)
        w = start_period(
            r, d, r.order.issued, lambda on: days_with_first(on, length, r.parties.issuer_days), extendable=False
        )
        served = r.receipts.proper  # of any version: a correction does not undo the service
        yield _unless_withdrawn(w, w.judged(first_of(served), served))


def _opo_5_produce(d: Deadline, r: OrderReading) -> Iterator[Clock]:
    """Yield OPO-5-PRODUCE: the time that the order states, else seven days from service."""
    if r.receipts.governing is None or r.order.issued is None or r.parties.from_party not in UNITED_KINGDOM:
        return
    length = duration(r.order.issued.get("return_timeframe")) or Duration(days=7)
    w = start_by_receipt(r, d, lambda on: days_with_first(on, length, r.parties.issuer_days))
    yield _unless_withdrawn(w, w.judged(provider_answers(r), since(r, *ANSWERS)))


def _unless_withdrawn(w: RunningPeriod, judged: tuple[ClockVerdict, Entry | None]) -> Clock:
    """Return the clock; a withdrawal before the end binds no one any more [design]."""
    verdict, answer = judged
    withdrawn = next((e for e in w.r.entries.of("order-withdrawn") if w.before(e)), None)
    if withdrawn is not None and verdict in (ClockVerdict.OPEN, ClockVerdict.MISSED):
        return w.clock(ClockVerdict.NOT_RUNNING, answer, withdrawn)
    return w.clock(verdict, answer)


OPO_9_SERVICE = Deadline(
    id="OPO-9-SERVICE",
    instruments=("COA",),
    wound_by="order-issued by an authority of the United Kingdom",
    met_by="proper receipt of any version",
    length="3 months, beginning with the day of the order",
    policy="GB-CAL",
    acts="the issuing authority",
    listed="for orders of the United Kingdom",
    cite=("OPO:9(1)",),
    mark=Mark.TEXT,
    run=_opo_9_service,
)
OPO_5_PRODUCE = Deadline(
    id="OPO-5-PRODUCE",
    instruments=("COA",),
    wound_by="governing receipt of an order of the United Kingdom",
    winds=("order-received",),
    met_by="as D-7-7",
    length="return_timeframe, else 7 days, beginning with the day of service",
    policy="GB-CAL",
    acts="the provider",
    listed="for orders of the United Kingdom",
    cite=("OPO:5",),
    mark=Mark.LIKELY,
    run=_opo_5_produce,
)
