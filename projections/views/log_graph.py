"""The log as `git log --graph` draws it: one line for each order, joined where one order led to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger.entries.case import Entry
from projections.views.linked_orders import pair


def graph(entries: Sequence[Entry], texts: Sequence[Sequence[str]], main_order: Mapping[str, str]) -> list[str]:
    """Return lines of text: `texts[n]` describes `entries[n]`, newest first.

    `main_order` names the main order of a companion order. A companion is in the line of its order. A line ends
    with its order's first entry, or continues in the order before it.
    """
    line_of = [main_order.get(e.order, e.order) for e in entries]
    last = {order: n for n, order in enumerate(line_of)}
    before = {later: earlier for e in entries if (joined := pair(e.order, e.public)) for earlier, later in [joined]}
    lanes: list[str | None] = []
    out: list[str] = []
    for n, (order, lines) in enumerate(zip(line_of, texts, strict=True)):
        here = _lane(lanes, order)
        first, *rest = lines
        drawn = _drawn(lanes, here)
        out.append(f"{drawn} {first}")
        if last[order] == n:
            prior = before.get(order)
            going = prior is not None and last.get(prior, -1) > n
            if going and prior in lanes:
                out.append(_joined(lanes, here, lanes.index(prior)))
                lanes[here] = None
            else:
                lanes[here] = prior if going else None
        while lanes and lanes[-1] is None:
            lanes.pop()
        out += [f"{_drawn(lanes):<{len(drawn)}} {line}".rstrip() for line in rest]
    return out


def _lane(lanes: list[str | None], order: str) -> int:
    """Return the column of an order: the one it has, else the first that is free."""
    if order not in lanes:
        free = lanes.index(None) if None in lanes else len(lanes)
        lanes[free : free + 1] = [order]
    return lanes.index(order)


def _drawn(lanes: Sequence[str | None], here: int | None = None) -> str:
    return " ".join("*" if n == here else "|" if order else " " for n, order in enumerate(lanes))


def _joined(lanes: Sequence[str | None], here: int, prior: int) -> str:
    """Return the line in which column `here` runs over into column `prior`."""
    drawn = list(" ".join("|" if order and n != here else " " for n, order in enumerate(lanes)))
    low, high = sorted((here, prior))
    for column in range(2 * low + 2, 2 * high - 1):
        if drawn[column] == " ":
            drawn[column] = "_"
    drawn[2 * here - 1 if here > prior else 2 * here + 1] = "/" if here > prior else "\\"
    return "".join(drawn).rstrip()
