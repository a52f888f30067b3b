"""Repeat the comparison that the log made before it took an entry with a condition (`ledger.entries.condition`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import UNSET

from ledger.entries.condition import CODE, check_condition, opposing
from ledger.entries.envelope import OpenedEntry
from ledger.errors import RecordError
from ledger.verify.other_records.received_entries import ArrivedEntry
from ledger.verify.progress import Unproven, VerificationLog
from ledger.verify.report import CommittedHeads


def check_conditions(
    opened: Mapping[int, OpenedEntry],
    arrivals: Iterable[ArrivedEntry],
    committed: CommittedHeads | None,
    book: VerificationLog,
) -> None:
    """Add the finding CTX-CONDITION for each entry that the log took in spite of its condition.

    The chains of the bundle's orders are whole. So an order has no other entry before index n if the bundle has a later
    one of it, or if heads are committed from there on. Of every other order the sentence says what is not proven. The
    condition of an entry that has arrived from another log is about that log, whose entries are not here.
    """
    whole = {entry.payload.order: index for index, entry in sorted(opened.items())}  # up to its newest entry here
    if committed is not None:
        whole = {order: max(index, committed.size) for order, index in whole.items()}
    places = [(index, entry.payload.order, entry.payload.kind) for index, entry in sorted(opened.items())]
    for index, entry in sorted(opened.items()):
        condition = entry.payload.unless
        if condition is UNSET:
            continue
        before = (place for place in places if place[0] < index)
        try:
            check_condition(condition, index, opposing(condition, before))
        except RecordError as disregarded:
            book.remark(disregarded.code, disregarded.says, entry.leaf)
            continue
        if unseen := [order for order in condition.orders if order not in whole or whole[order] < index]:
            book.not_proven.append(
                Unproven(
                    CODE,
                    f"that the log held to the condition of entry {index}, no {', '.join(condition.kinds)} "
                    f"behind its first {condition.after} entries: the {book.of} does not have all entries until then "
                    f"of {', '.join(unseen)}.",
                )
            )
    for one in arrivals:
        if one.inner is not None and one.inner.payload.unless is not UNSET:
            log, index = one.inner.payload.log, one.wrapper.payload.public["index"]
            book.not_proven.append(Unproven(CODE, f"that the log {log} held to the condition of its entry {index}."))
