"""Define the filters, sort orders and pages of the lists that `orders`, `due` and `log` print."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import click

from cli.session.local_time import MOMENT
from cli.terminal import output

if TYPE_CHECKING:
    from ledger.adapters.storage.order_index import OrderRow

T = TypeVar("T")
Key = tuple[str, ...]  # of one item: the sort value, then the values that make it unique; only the first has a /

STATE = click.option("--state", metavar="STATE", help="Only orders in this state, as DISCLOSED.")
PROVIDER = click.option("--provider", metavar="P", help="Only orders to this provider.")
KIND = click.option("--kind", metavar="KIND", help="Only orders that have an entry of this kind.")
LIMIT = click.option("--limit", type=click.IntRange(1), metavar="N", help="No more than N (default: all).")
AFTER = click.option("--after", metavar="CURSOR", help="Go on behind the page before: its `next`.")


def party(of: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Make the option --party; `of` says whose Party it is."""
    return click.option("--party", metavar="P", help=f"Only {of} of this Party.")


def by(whose: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Make the option --by; `whose` says what the office did."""
    return click.option("--by", metavar="ACTOR", help=f"Only {whose} by this office.")


def since(what: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Make the option --since; `what` says which of the times counts."""
    return click.option("--since", type=MOMENT, help=f"Only {what} at this moment or later.")


def sort(*names: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Make the option --sort; the first name is the default, and a - before a name reverses the order."""
    choices = click.Choice([*names, *(f"-{name}" for name in names)])
    return click.option("--sort", type=choices, default=names[0], show_default=True, help="With a - the other way.")


def selected(
    rows: Iterable[OrderRow],
    state: str | None,
    provider: str | None,
    party: str | None = None,
    by: str | None = None,
    kind: str | None = None,
) -> list[OrderRow]:
    """Return the orders that have all of these values; None stands for any.

    A provider, Party or office that no order names is reported on stderr. Raises `click.UsageError` for a state that no
    instrument has, and for a kind of entry that does not exist.
    """
    orders = list(rows)
    if state is not None:
        state = known_state(state)
    if kind is not None:
        kind = known_kind(kind)
    for option, value, names in (
        ("provider", provider, {name for row in orders for name in row.providers}),
        ("party", party, {name for row in orders for name in (row.from_party, row.to_party)}),
        ("by", by, {row.authority for row in orders}),
    ):
        if value is not None and value not in names:
            output.tell(f"--{option} {value}: no order names it")
    return [
        row
        for row in orders
        if (state is None or row.state == state)
        and (provider is None or provider in row.providers)
        and (party is None or party in (row.from_party, row.to_party))
        and (by is None or by == row.authority)
        and (kind is None or kind in row.kinds)
    ]


def known_kind(text: str) -> str:
    """Return the kind of entry that a person typed; `click.UsageError` if there is none of this name."""
    from ledger.facts import KINDS

    return _known("kind", text, KINDS, "no entry is of it")


def known_state(text: str) -> str:
    """Return the state of an order that a person typed, in capitals; `click.UsageError` if no instrument has it."""
    from ledger.law.states import state_names

    return _known("state", text.upper(), state_names(), "no order can be in it")


def known_deadline(text: str) -> str:
    """Return the name of a deadline that a person typed, as D-7-7; `click.UsageError` if no rule has it."""
    from ledger.law.terms.periods import PERIODS

    return _known("kind", text, PERIODS, "no rule has a deadline of this name")


def _known(option: str, text: str, names: Iterable[str], wrong: str) -> str:
    from ledger.facts import meant

    if text not in (known := sorted(names)):
        near = meant(text, known)
        raise click.UsageError(f"--{option} {text}: {wrong}{near and f'; {near}'}")
    return text


def page(
    items: Iterable[T], sorts: Mapping[str, Callable[[T], Key]], sort: str, *, after: str | None, limit: int | None
) -> tuple[list[T], str | None]:
    """Return one page of the items in the order `sort`, and the cursor behind it; None if nothing follows.

    `sorts` has the key of each order by its name; a - before the name reverses it. A cursor is the order and the key of
    the last item. Each key occurs once, and keys of one order have the same length. The cursor stays valid when items
    come or go: the page after it begins with the first greater key (with the first smaller if the order is reversed).
    """
    key, turned = sorts[sort.removeprefix("-")], sort.startswith("-")
    ordered = sorted(((key(item), item) for item in items), key=lambda pair: pair[0], reverse=turned)
    if after is not None:
        start = cursor(after, sort, len(ordered[0][0]) if ordered else 1)
        ordered = [(k, item) for k, item in ordered if (k < start if turned else k > start)]
    shown = ordered if limit is None else ordered[:limit]
    following = "/".join((sort, *shown[-1][0])) if shown and len(shown) < len(ordered) else None
    return [item for _, item in shown], following


def cursor(text: str, sort: str, length: int) -> Key:
    """Return the key in a cursor; `click.UsageError` if it is of another order, or its key of another length."""
    name, slash, rest = text.partition("/")
    key = tuple(rest.rsplit("/", length - 1))
    if not slash or name != sort or len(key) != length:
        raise click.UsageError(f"--after {text}: it is the `next` of the page before, with the same --sort")
    return key


def at_or_after(moment: datetime | None, time: str | None) -> bool:
    """Return True if a stored time is at the moment or later, or if the moment is None."""
    from ledger.entries.case import wire

    return moment is None or (time is not None and time >= wire(moment))
