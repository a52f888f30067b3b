"""The ten answers of one order in short, for the register of a whole ledger: words that many orders share.

No sealed value is among them, so that they may be kept in the view of orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ledger.entries.case import Case
from ledger.law import Judgement
from ledger.law.reading.person_requests import REQUESTS
from ledger.law.terms.periods import outcome
from projections.reports.recipients import recipients
from projections.sentences.sentence import says

HELD = ("HELD", "RESTRICTED")


def short_answers(case: Case, judgement: Judgement) -> dict[str, list[str]]:
    """Return what an order has on record on each question, as words to be counted; questions without any left out."""
    answers = {str(number): list(dict.fromkeys(answer(case, judgement))) for number, answer in _SHORT.items()}
    return {number: words for number, words in answers.items() if words}


def kept_until(judgement: Judgement) -> str | None:
    """Return the day of the review of retention, of data that are held; an empty text without a rule, else None."""
    if judgement.regions.get("custody") not in HELD:
        return None
    clock = next((c for c in judgement.deadlines if c.id == "RETENTION-REVIEW"), None)
    return clock.count.last.isoformat() if clock and clock.count and clock.count.last else ""


def _basis(case: Case, _: Judgement) -> Iterator[str]:
    for e in case.acting:
        if e.kind == "order-issued":
            yield str(e.get("dp_regime") or "no regime stated")


def _seen(case: Case, _: Judgement) -> Iterator[str]:
    return (one.who for one in recipients(case))


def _surplus(case: Case, judgement: Judgement) -> Iterator[str]:
    yield from (outcome(c) for c in judgement.deadlines if c.id in ("D-14-2b", "E-4-5-DATA"))
    yield from (says(e.kind) for e in case.acting if e.kind == "sensitive-data-flagged")


def _delays(case: Case, judgement: Judgement) -> Iterator[str]:
    if judgement.regions.get("customer_notice") in ("DELAYED", "OVERDUE"):
        delays = [e for e in case.acting if e.kind.startswith("customer-notification-delay")]
        yield from (f"delayed on {ground}" for e in delays[-1:] for ground in e.get("grounds") or ("no ground",))


def _retention(_: Case, judgement: Judgement) -> Iterator[str]:
    custody = judgement.regions.get("custody")
    if custody is not None:
        until = kept_until(judgement)
        yield custody if until is None else f"{custody}, {f'reviewed by {until}' if until else 'no retention rule'}"


def _onward(case: Case, _: Judgement) -> Iterator[str]:
    return (str(e.get("recipient_party")) for e in case.acting if e.kind == "onward-transferred")


def _requests(case: Case, judgement: Judgement) -> Iterator[str]:
    waiting = {leaf for duty in judgement.duties if duty.question == 10 for leaf in duty.entries}
    for e in case.acting:
        if e.kind in REQUESTS:
            yield f"{e.kind}, {'not answered' if e.leaf in waiting else 'answered'}"


def _region(name: str) -> Callable[[Case, Judgement], Iterator[str]]:
    def value(_: Case, judgement: Judgement) -> Iterator[str]:
        if (word := judgement.regions.get(name)) is not None:
            yield word

    return value


_SHORT: dict[int, Callable[[Case, Judgement], Iterator[str]]] = {
    1: _basis,
    2: _seen,
    3: _surplus,
    4: _region("customer_notice"),
    5: _delays,
    6: _retention,
    7: _onward,
    8: _region("conditions"),
    9: _region("incident"),
    10: _requests,
}
