"""Define the filters, sort orders and pages of the lists that `orders`, `due` and `log` print."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import click

from cli.session.local_time import MOMENT
from cli.terminal import output

if TYPE_CHECKING:
    from ledger.adapters.storage.orders.order_index import OrderIndex
    from ledger.adapters.storage.orders.order_lists import OrderFilter

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


def order_filter(
    orders: OrderIndex,
    *,
    state: str | None,
    provider: str | None,
    party: str | None = None,
    by: str | None = None,
    kind: str | None = None,
    since: datetime | None = None,
    words: str | None = None,
    found: tuple[str, ...] = (),
) -> OrderFilter:
    """Return the filter for orders that have all of these values; None stands for any.

    A provider, Party or office that no order names is reported on stderr. Raises `click.UsageError` for a state that no
    instrument has, and for a kind of entry that does not exist.
    """
    from ledger.adapters.storage.orders.order_lists import OrderFilter

    state = None if state is None else known_state(state)
    kind = None if kind is None else known_kind(kind)
    for option, value in (("provider", provider), ("party", party), ("by", by)):
        if value is not None and not orders.has(option, value):
            output.tell(f"--{option} {value}: no order names it")
    return OrderFilter(
        state=state, provider=provider, party=party, by=by, kind=kind, since=since, words=words, found=found
    )


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


def cursor(text: str, sort: str, length: int) -> Key:
    """Return the key in a cursor; `click.UsageError` if it is of another order, or its key of another length.

    A cursor is the sort order and the key of the last item of a page. It stays valid when items come or go: the page
    after it begins with the first greater key (with the first smaller if the order is reversed).
    """
    name, slash, rest = text.partition("/")
    key = tuple(rest.rsplit("/", length - 1))
    if not slash or name != sort or len(key) != length:
        raise click.UsageError(f"--after {text}: it is the `next` of the page before, with the same --sort")
    return key


def cursor_of(sort: str, key: Key | None) -> str | None:
    """Return the cursor behind the item with a key in the order `sort`; None without a key."""
    return None if key is None else "/".join((sort, *key))
