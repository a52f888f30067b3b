"""The two statistical forms: what the Member States report to the Commission, and what providers publish.

Regulation (EU) 2023/1543, article 28(2), asks for numbers by type of data, addressee and situation. Providers'
reports show requests, and in how many of them some data were produced, by country and by half year.

The letters of article 28(2) were read (OJ L 191, 28.7.2023, p. 118) [text]: (a) issued; (b) issued under
emergency case derogations; (c) fulfilled and not; (d) notified under article 8, refused and on which ground; (e)
average period of fulfilled EPOCs until the data were obtained; (f) of fulfilled EPOC-PRs until "the subsequent
request for production was issued"; (g) "transmitted to and received by an enforcing State" and fulfilled; (h)
remedies "in the issuing State and in the enforcing State"; (i) validation afterwards "was not granted"; (j) "costs
claimed ... and the costs reimbursed".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ledger.messages import Message
from projections.statistics.counted_group import CountedGroup
from projections.statistics.counted_order import CountedOrder
from projections.statistics.counting import TOTAL, Form, Key, RowGroup, Selection, TablePlan, form, forms, key_of

ARTICLE = "EPOC:28(2)"
PROVIDERS = Message("By provider")
QUARTERS = Message("By quarter of issue: how old open requests are")
TIMES = Message("Time to disclosure, by provider")
GROUNDS = ("EPOC:12(1)(a)", "EPOC:12(1)(b)", "EPOC:12(1)(c)", "EPOC:12(1)(d)")

CANNOT_KNOW = (
    Message("Orders that are not in this record: those of other offices, those sent on paper and never written down."),
    Message("Whether an order without an answer was answered elsewhere: what nobody recorded is counted as open."),
    Message("How many accounts an order named: identifiers are sealed and are not opened for statistics."),
    Message("Costs and remedies that nobody recorded."),
    Message(
        "What a second table would tell: two of them over orders that overlap can be subtracted from "
        "each other. Choose one period and one selection, and publish only that."
    ),
)


def article_28(groups: Sequence[CountedGroup]) -> Form:
    """Return the table of article 28(2), for production and for preservation orders."""
    groups = [x for x in groups if x.like.instrument in ("EPOC", "EPOC-PR")]
    return form("art28", groups, european([x.like for x in groups]), CANNOT_KNOW)


def transparency(groups: Sequence[CountedGroup]) -> Form:
    """Return requests and how many of them produced data: by country, half year, instrument and situation."""
    return form("transparency", groups, requested([x.like for x in groups]), CANNOT_KNOW)


def both(groups: Sequence[CountedGroup]) -> tuple[Form, Form]:
    """Return the two tables over the same orders, in one document.

    A number is withheld for what either of them would reveal.
    """
    orders = [x.like for x in groups]
    plans = {"art28": european(orders), "transparency": requested(orders, apart=True)}
    of_states, of_providers = forms(plans, groups, CANNOT_KNOW, between)
    return of_states, of_providers


def between(cells: Mapping[Key, int]) -> Iterator[tuple[Key, Sequence[Key], Mapping[Key, int]]]:
    """Yield the sums that hold between the two forms.

    The requests under an instrument of the Regulation are its orders. The requests in a situation are its
    orders and those under all other instruments.
    """
    by_instrument = {key for key in cells if len(key) == 2 and any(part.startswith("instrument/") for part in key)}
    ours: list[Key] = []
    for instrument, orders in (("EPOC", key_of(PRODUCTION)), ("EPOC-PR", key_of(PRESERVATION))):
        ours.append(orders)
        requests = key_of(REQUESTS) | {f"instrument/{instrument}"}
        if requests in by_instrument:
            by_instrument.remove(requests)
            yield requests, [orders], {}
            for answer, outcomes in zip(ANSWERS, (OUTCOMES[:2], OUTCOMES[2:3], OUTCOMES[3:]), strict=True):
                yield requests | key_of(answer), [orders | key_of(outcome) for outcome in outcomes], {}
    others = key_of(OTHERS)
    parts: list[Key] = []
    for situation in map(key_of, SITUATIONS):
        requests, terms = key_of(REQUESTS) | situation, [orders | situation for orders in ours]
        parts.append(others | situation)
        yield requests, [*terms, parts[-1]], {parts[-1]: cells[requests] - sum(cells[key] for key in terms)}
    yield others, parts, {}
    instruments = sorted(by_instrument, key=sorted)
    yield others, instruments, {}
    for some in map(key_of, ANSWERS):
        yield others | some, [instrument | some for instrument in instruments], {}


def european(orders: Sequence[CountedOrder]) -> list[TablePlan]:
    """Return the tables of article 28(2) for these orders."""
    return [_production(), _preservation(), *_by_addressee(orders)]


def requested(orders: Sequence[CountedOrder], *, apart: bool = False) -> list[TablePlan]:
    """Return the tables of a transparency report on these orders.

    With `apart`, European orders are left out of the table of providers: another form counts them by addressee.
    Quarters are parts of half years: a partition that is finer in another way would tell small numbers by differences.
    """
    share = (Message("some data"), TOTAL)
    halves = _each(orders, Message("half year"), lambda x: half_year(x.issued_on))
    quarters = [
        replace(
            _each(
                [x for x in orders if half_year(x.issued_on) == half.says], "quarter", lambda x: quarter(x.issued_on)
            ),
            of=half.says,
        )
        for half in halves.rows
    ]
    whole = OTHERS if apart else REQUESTS
    among = f", {OTHERS.says}" if apart else ""
    providers = _each(_among(orders, whole.test), "addressee", lambda x: x.addressee)
    times = (Message(f"{TIMES}{among}"), Message("some data"))
    return [
        *(
            TablePlan(title, REQUESTS, ANSWERS, (rows,), share=share)
            for title, rows in (
                (Message("By requesting Party"), _each(orders, "party", lambda x: x.from_party)),
                (Message("By half year of issue"), halves),
                (Message("By instrument"), _each(orders, "instrument", lambda x: x.instrument)),
                (Message("By situation"), RowGroup(SITUATIONS)),
            )
        ),
        TablePlan(Message(f"{PROVIDERS}{among}"), whole, ANSWERS, (providers,), share=share, times=times),
        TablePlan(QUARTERS, REQUESTS, ANSWERS, (replace(halves, shown=False), *quarters), share=share),
    ]


def quarter(moment: datetime) -> str:
    """Return the quarter of a moment, in UTC: `2027-Q1`."""
    return f"{moment.year}-Q{(moment.month + 2) // 3}"


def half_year(moment: datetime) -> str:
    """Return the half year of a moment, in UTC: `2027-H1`."""
    return f"{moment.year}-H{1 if moment.month <= 6 else 2}"


def _production() -> TablePlan:
    return TablePlan(
        Message("European Production Orders"),
        PRODUCTION,
        CATEGORIES,
        (
            RowGroup(SITUATIONS),
            RowGroup(
                (
                    Selection(Message("validated only afterwards"), lambda x: x.sought_after, f"{ARTICLE}(b)"),
                    Selection(Message("validation afterwards refused"), lambda x: x.refused_after, f"{ARTICLE}(i)"),
                ),
                parts=False,
            ),
            RowGroup(OUTCOMES),
            RowGroup(
                (
                    Selection(Message("notified to the enforcing authority"), lambda x: x.notified, f"{ARTICLE}(d)"),
                    Selection(Message("refused"), lambda x: bool(x.grounds), f"{ARTICLE}(d)"),
                ),
                parts=False,
            ),
            RowGroup((*map(_ground, GROUNDS), SEVERAL), of="refused"),
            *ENFORCED,
            RowGroup((REMEDY,), parts=False),
            RowGroup(REMEDIES, parts=False, of=REMEDY.says),
            COSTS,
            RowGroup(PERSONS),
        ),
    )


def _preservation() -> TablePlan:
    followed = Selection(
        Message("followed by a request for production"),
        lambda x: x.took is not None,
        f"{ARTICLE}(f)",
        took=Message("from issue to that request"),
    )
    return TablePlan(
        Message("European Preservation Orders"),
        PRESERVATION,
        CATEGORIES,
        (
            RowGroup(SITUATIONS),
            RowGroup((replace(OUTCOMES[0], took="", cite=f"{ARTICLE}(c)"), *OUTCOMES[1:])),
            RowGroup((followed,), parts=False),
            *ENFORCED,
            COSTS,
        ),
    )


def _by_addressee(orders: Sequence[CountedOrder]) -> list[TablePlan]:
    return [
        TablePlan(
            Message("{0} by addressee", title), whole, OUTCOMES, (_each(mine, "addressee", lambda x: x.addressee),)
        )
        for title, whole in (
            (Message("European Production Orders"), PRODUCTION),
            (Message("European Preservation Orders"), PRESERVATION),
        )
        if (mine := _among(orders, whole.test))
    ]


def _among(orders: Sequence[CountedOrder], test: Callable[[CountedOrder], bool]) -> list[CountedOrder]:
    return [x for x in orders if test(x)]


def _each(orders: Sequence[CountedOrder], among: str, name: Callable[[CountedOrder], str]) -> RowGroup:
    """Return one row for each name that occurs, in alphabetical order."""

    def of(value: str) -> Selection:
        return Selection(value, lambda x: name(x) == value, among=among)

    return RowGroup([of(value) for value in sorted({name(x) for x in orders})], by=name)


def _ground(code: str) -> Selection:
    return Selection(
        Message("on ground {0} alone", code.removeprefix("EPOC:")), lambda x: x.grounds == (code,), f"{ARTICLE}(d)"
    )


PRODUCTION = Selection(Message("production orders issued"), lambda x: x.instrument == "EPOC", f"{ARTICLE}(a)")
PRESERVATION = Selection(Message("preservation orders issued"), lambda x: x.instrument == "EPOC-PR", f"{ARTICLE}(a)")
REQUESTS = Selection(Message("requests"), lambda x: True)
OTHERS = Selection(Message("requests under other instruments"), lambda x: x.instrument not in ("EPOC", "EPOC-PR"))

CATEGORIES = (
    Selection(Message("subscriber"), lambda x: x.category == "subscriber"),
    Selection(Message("identification"), lambda x: x.category == "identification"),
    Selection(Message("traffic"), lambda x: x.category == "traffic"),
    Selection(Message("content"), lambda x: x.category == "content"),
    Selection(
        Message("not stated"), lambda x: x.category not in ("subscriber", "identification", "traffic", "content")
    ),
)
SITUATIONS = (
    Selection(Message("in an emergency"), lambda x: x.emergency, f"{ARTICLE}(a)"),
    Selection(Message("not in an emergency"), lambda x: not x.emergency, f"{ARTICLE}(a)"),
)
OUTCOMES = (
    Selection(
        Message("fulfilled"),
        lambda x: x.outcome == "fulfilled",
        f"{ARTICLE}(c), (e)",
        took=Message("from issue to the data obtained"),
    ),
    Selection(Message("fulfilled in part"), lambda x: x.outcome == "in part", f"{ARTICLE}(c)"),
    Selection(Message("not fulfilled"), lambda x: x.outcome == "not fulfilled", f"{ARTICLE}(c)"),
    Selection(Message("open"), lambda x: x.outcome == "open", f"{ARTICLE}(c)"),
)
ANSWERS = (
    Selection(Message("some data"), lambda x: x.outcome in ("fulfilled", "in part")),
    Selection(Message("no data"), lambda x: x.outcome == "not fulfilled"),
    Selection(Message("open"), lambda x: x.outcome == "open"),
)
SENT = Selection(Message("sent for enforcement"), lambda x: x.enforced, f"{ARTICLE}(g)")
OBEYED = Selection(Message("fulfilled after that"), lambda x: x.enforced and x.outcome == "fulfilled", f"{ARTICLE}(g)")
ARRIVED = Selection(Message("received by the enforcing State"), lambda x: x.enforced and x.received, f"{ARTICLE}(g)")
ENFORCED = (RowGroup((SENT,), parts=False), RowGroup((ARRIVED, OBEYED), parts=False, of=SENT.says))
REMEDY = Selection(Message("a remedy was sought"), lambda x: x.remedy, f"{ARTICLE}(h)")
REMEDIES = (
    Selection(Message("in the issuing State"), lambda x: x.remedy and x.from_party in x.remedy_in, f"{ARTICLE}(h)"),
    Selection(Message("in the enforcing State"), lambda x: x.remedy and x.to_party in x.remedy_in, f"{ARTICLE}(h)"),
)
COSTS = RowGroup(
    (
        Selection(
            Message("costs were claimed"), lambda x: bool(x.claimed), f"{ARTICLE}(j)", amounts=lambda x: x.claimed
        ),
        Selection(
            Message("costs were reimbursed"),
            lambda x: bool(x.reimbursed),
            f"{ARTICLE}(j)",
            amounts=lambda x: x.reimbursed,
        ),
    ),
    parts=False,
)
SEVERAL = Selection(
    Message("on several or other grounds"),
    lambda x: bool(x.grounds) and x.grounds not in {(g,) for g in GROUNDS},
    f"{ARTICLE}(d)",
)
PERSONS = (
    Selection(Message("the person was told"), lambda x: x.informed == "informed", "EPOC:13"),
    Selection(Message("telling the person was put off"), lambda x: x.informed == "put off", "EPOC:13"),
    Selection(Message("the person will not be told"), lambda x: x.informed == "left out", "EPOC:13"),
    Selection(
        Message("nothing on record on telling the person"), lambda x: x.informed == "nothing on record", "EPOC:13"
    ),
)
