"""Count orders for a statistic, and make the report with both statistical forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import click

from cli.exit_codes import Stop
from cli.session import local_time
from cli.session.ledger_reader import LedgerReader
from cli.shipped_files import shipped
from cli.terminal import output, prompts
from ledger.command_line import quoted
from ledger.law import judge
from ledger.law.provisions import rules_digest
from ledger.messages import Message, Moment
from ledger.trust.trust_folder import Trust

if TYPE_CHECKING:
    from projections.reports.front_page import CheckCommand, Provenance
    from projections.statistics.counted_group import CountedGroup
    from projections.statistics.counted_order import CountedOrder, OrderFilter
    from projections.statistics.report import PublishedSeries, Statistics

FIXTURES = shipped("fixtures/statistics")
FILES = {"google": "google.csv", "facebook": "facebook-2013-h1.csv", "twitter": "twitter-2017-h1.csv"}
GOOGLE, NONE = "google", "none"  # the default published series, and no series


class Day(local_time.Moment):
    """A moment, or a calendar day in UTC: its beginning, or the beginning of the next day where `last`."""

    name = "DAY"

    def __init__(self, *, last: bool = False) -> None:
        self.last = last

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            day = local_time.typed_day(value, "a day")
        except Stop:
            return super().convert(value, param, ctx)
        try:
            return datetime.combine(day, time(), UTC) + timedelta(days=self.last)
        except OverflowError:
            raise click.UsageError(f"{value} is the last day of the calendar: leave the option out") from None


SINCE = click.option("--from", "since", type=Day(), metavar="DAY", help="Issued on this day (UTC) or later.")
UNTIL = click.option(
    "--to", "until", type=Day(last=True), metavar="DAY", help="Issued on this day (UTC) or before; or before a moment."
)
PARTY = click.option("--party", metavar="CODE", help="Only orders from or to this Party.")
PROVIDER = click.option("--provider", metavar="ACTOR", help="Only orders to this provider alone.")
BESIDE = click.option("--beside", type=click.Choice(tuple(FILES)), help="Published figures beside ours.")


def counted_orders(reader: LedgerReader, moment: datetime) -> Iterator[CountedOrder]:
    """Yield every order that had been issued by `moment`, as statistics count it."""
    from projections.statistics.counted_order import counted_order

    done, size = 0, reader.store.size()
    with prompts.progress("counting") as report:
        for case in reader.all():
            snapshot = case.known(moment)
            if snapshot.entries and (counted := counted_order(snapshot, judge(snapshot, moment))) is not None:
                yield counted
            done += len(case.entries)
            report(done, size)


def counted_groups(
    reader: LedgerReader, wish: OrderFilter, as_of: datetime | None
) -> tuple[list[CountedGroup], datetime]:
    """Return the orders that are counted, in groups, and the moment: now, or `as_of`.

    Now they are read from the view of the ledger. As of another moment, and where the ledger keeps no view, every order
    is judged.
    """
    from cli.lists.counted_rows import groups_of
    from cli.lists.docket import keeps_view, listed
    from projections.statistics.counted_group import grouped

    moment = as_of or reader.now()
    if as_of is None and keeps_view(reader):
        with listed(reader, moment) as index:
            groups = groups_of(index, wish.since, wish.until)
        return [group for group in groups if wish.takes_offices(group.like)], moment
    return grouped(order for order in counted_orders(reader, moment) if wish.takes(order)), moment


def office(reader: LedgerReader, provider: str) -> str:
    """Return the name under which a provider is counted; `Stop` if the register does not know it."""
    from projections.views.timeline import office_names

    names = office_names(reader.cases.register(reveal=False))
    if provider not in names and provider not in names.values():
        raise Stop(f"no office {provider!r} in the register", hint=f"there are {', '.join(sorted(names)[:8])}")
    return names.get(provider, provider)


def selection(wish: OrderFilter) -> str:
    """Return a sentence that says which orders are counted."""
    since, until = (Moment(output.plain(moment)) if moment else None for moment in (wish.since, wish.until))
    if since and until:
        sentence = Message("Orders issued from {0} until before {1}", since, until)
    elif since:
        sentence = Message("Orders issued from {0}", since)
    elif until:
        sentence = Message("Orders issued until before {0}", until)
    else:
        sentence = Message("All orders")
    party = Message(", from or to {0}", wish.party) if wish.party else ""
    provider = Message(", to {0} alone", wish.provider) if wish.provider else ""
    return Message("{0}{1}{2}.", sentence, party, provider)


def published(series: str) -> PublishedSeries:
    """Return the published figures of a company, added up by half year."""
    from projections.statistics.published_figures import SOURCES, by_period, read
    from projections.statistics.report import PublishedSeries

    figures = read(series, (FIXTURES / FILES[series]).read_bytes())
    return PublishedSeries(series.capitalize(), SOURCES[series], tuple(by_period(figures)))


def statistics_of(
    reader: LedgerReader, wish: OrderFilter, series: str, moment: datetime, trust: Trust | None, look: str
) -> Statistics:
    """Return the report with both forms, as recorded at a moment.

    `look` are the options for its medium and language, as its command states them.
    """
    from projections.statistics.counted_group import grouped
    from projections.statistics.report import statistics

    todo = _commands(_words(wish, series, moment), f"{look} --trust TRUST" if trust else look)
    if wish.provider is not None:
        wish = replace(wish, provider=office(reader, wish.provider))
    # judged, not read from the view: the paper says that every entry was verified
    groups = grouped(order for order in counted_orders(reader, moment) if wish.takes(order))
    comparison = None if series == NONE else published(series)
    return statistics(groups, selection(wish), _making(reader, moment, trust), todo, comparison)


def _words(wish: OrderFilter, series: str, moment: datetime) -> str:
    """Return the command that counts these orders."""
    options = {
        "--as-of": output.plain(moment),
        "--from": wish.since and output.plain(wish.since),
        "--to": wish.until and output.plain(wish.until),
        "--party": wish.party,
        "--provider": wish.provider,
        "--beside": None if series == GOOGLE else series,
    }
    return " ".join(
        [
            "comity report statistics",
            *(f"{name} {quoted(value)}" for name, value in options.items() if value),
        ]
    )


def _making(reader: LedgerReader, moment: datetime, trust: Trust | None) -> Provenance:
    """Return how the statistics are made, with every entry of the ledger verified as in an audit.

    The head is the newest that was kept at `moment`.
    """
    from cli.reports.integrity import audited, kept_checkpoint, verified
    from cli.version import tool
    from projections.reports.front_page import Provenance

    result = verified(reader, trust)
    head = kept_checkpoint(reader, reader.head_at(moment), trust)
    return Provenance(moment, tool(), rules_digest()[:16], head, audited(result, trust), test=reader.folder.test)


def _commands(words: str, look: str) -> tuple[CheckCommand, ...]:
    from projections.reports.front_page import CheckCommand

    return (
        CheckCommand(
            Message("Verify the ledger that was counted, on any copy of it:"), "comity verify LEDGER --trust TRUST"
        ),
        CheckCommand(Message("The same numbers for a machine:"), f"{words} --json"),
        CheckCommand(
            Message("Make this paper again: the same record gives the same bytes, up to its options."),
            f"{words}{look} | sha256sum",
        ),
    )
