"""Summarise the register of a whole ledger on one screen: what is on record, what is open, what is kept until when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from textwrap import fill

from msgspec import Struct

from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time
from cli.terminal.table import wrapped
from ledger.adapters.storage.orders.order_answers import AnsweredOrder, LikeAnswers
from projections.reports.data_protection.dpo_questions import QUESTIONS

FEW = 3  # orders named on one line
MOST = 12  # lines of one part

ABOUT = {
    1: "legal basis",
    2: "who received or read",
    3: "surplus, special data",
    4: "notice to the person",
    5: "delays of the notice",
    6: "retention",
    7: "onward transfers",
    8: "conditions of use",
    9: "incidents",
    10: "requests of persons",
}


class CountedItem(Struct, frozen=True):
    """Words that several orders share, and the number of these orders (of accesses: of entries)."""

    says: str
    count: int


class SummaryItem(Struct, frozen=True):
    """One question over the ledger: the orders with something on record, those with an open duty, the words by number.

    `orders` and `open` are numbers of orders.
    """

    number: int
    question: str
    cite: str
    orders: int
    open: int
    answers: list[CountedItem]


class OpenItem(Struct, frozen=True):
    """One open duty, with its question, and the references of all orders in which it is open."""

    question: int
    says: str
    orders: list[str]


class KeptItem(Struct, frozen=True):
    """An order whose data are held: its reference, and the day on which their retention is reviewed; null: no rule."""

    order: str
    until: str | None


class RegisterSummary(CommandAnswer, tag="comity.register-summary/1"):
    """The ten questions over all orders of a ledger. `orders` is the number of orders that were read."""

    as_of: Time
    orders: int
    questions: list[SummaryItem]
    open: list[OpenItem]
    kept: list[KeptItem]


def summary(
    as_of: Time,
    answers: Sequence[LikeAnswers],
    orders: Sequence[AnsweredOrder],
    names: Mapping[str, str],
    accesses: Iterable[str],
    questions: Collection[int],
    until: date | None,
) -> RegisterSummary:
    """Return the summary of all orders, by their answers, on some of the questions.

    `orders` are the ones with an open duty or with held data, `names` the names given to orders, by id, and `accesses`
    the purposes of all accesses. With `until`, `kept` has only data whose retention is reviewed by that day, and data
    without a rule.
    """
    called = {one.order: names.get(one.order) or one.name for one in orders}
    open_: dict[tuple[int, str], dict[str, str]] = {}  # by order: two orders may have one reference
    for one in orders:
        for number, says in one.open:
            if number in questions:
                open_.setdefault((number, says), {})[one.order] = called[one.order]
    kept = [
        KeptItem(called[one.order], one.kept or None)
        for one in sorted(orders, key=lambda one: (not one.kept, one.kept or "", called[one.order]))
        if one.kept is not None and (until is None or one.kept <= until.isoformat())
    ]
    items = [_item(number, answers, tuple(accesses)) for number in sorted(questions)]
    duties = [OpenItem(number, says, list(named.values())) for (number, says), named in open_.items()]
    duties.sort(key=lambda duty: (duty.question, -len(duty.orders), duty.says))
    many = sum(some.orders for some in answers)
    return RegisterSummary(as_of, many, items, duties, kept if 6 in questions else [])


def _item(number: int, answers: Sequence[LikeAnswers], accesses: Sequence[str]) -> SummaryItem:
    question, cite = QUESTIONS[number]
    key = str(number)
    words: Counter[str] = Counter()
    for some in answers:
        for says in some.answers.get(key, ()):
            words[says] += some.orders
    if number == 2:
        words.update(f"sealed values opened for {purpose}" for purpose in accesses)
    on_record = sum(some.orders for some in answers if key in some.answers)
    open_ = sum(some.orders for some in answers if any(question == number for question, _ in some.open))
    most = sorted(words.items(), key=lambda word: (-word[1], word[0]))
    return SummaryItem(number, question, cite, on_record, open_, [CountedItem(*pair) for pair in most])


def as_text(answer: RegisterSummary, *, only_open: bool, until: date | None) -> str:
    """Return the summary for people."""
    lines = [f"{output.counted(answer.orders, 'order')}, as of {answer.as_of:%Y-%m-%d %H:%MZ}"]
    if until is not None:
        lines += _kept(answer.kept, f"Held data that are reviewed by {until}, and data without a rule")
    elif only_open:
        lines += _open(answer.open)
    elif len(answer.questions) == 1:
        lines += _one(answer.questions[0])
        lines += _open(answer.open)
    else:
        lines += ["", f"{'':4}{'question':<24}{'on record':>10}{'open':>8}"]
        lines += [f"{q.number:>2}. {ABOUT[q.number]:<24}{q.orders:>10}{q.open:>8}" for q in answer.questions]
        lines += [*_open(answer.open), *_months(answer.kept)]
    return "\n".join(lines)


def _one(item: SummaryItem) -> Iterator[str]:
    yield from ("", *wrapped(f"{item.question} ({item.cite})", f"{item.number}.", indent=0))
    yield from _first([f"{one.count:>8}  {one.says}" for one in item.answers] or ["    Nothing on record."])


def _open(duties: Sequence[OpenItem]) -> Iterator[str]:
    yield from ("", output.paint("Open duties", "bold") if duties else "No duty is open.")
    lines = []
    for duty in duties:
        more = f" and {len(duty.orders) - FEW} more" if len(duty.orders) > FEW else ""
        named = ", ".join(duty.orders[:FEW])
        text = f"{len(duty.orders):>8}  {duty.question}. {duty.says} {named}{more}"
        lines.append(fill(text, 80, subsequent_indent=" " * 13, break_long_words=False, break_on_hyphens=False))
    yield from _first(lines)


def _kept(kept: Sequence[KeptItem], title: str) -> Iterator[str]:
    yield from ("", output.paint(title, "bold"))
    yield from _first([f"  {one.until}  {one.order}" for one in kept if one.until] or ["  None by that day."])
    if without := sum(one.until is None for one in kept):
        yield f"  no rule     {output.counted(without, 'order')}"


def _months(kept: Sequence[KeptItem]) -> Iterator[str]:
    if kept:
        yield from ("", output.paint("Held data, by the month of the review of retention", "bold"))
        months = Counter(one.until[:7] if one.until else "no rule" for one in kept)
        yield from _first([f"{count:>8}  {month}" for month, count in sorted(months.items(), key=lambda m: m[0])])


def _first(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:MOST]
    if len(lines) > MOST:
        yield f"          and {len(lines) - MOST} more lines: --json has all"
