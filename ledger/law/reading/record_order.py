"""Put the entries of one order in an order of recording that is the same in every ledger that has them.

A log index says when an entry arrived here, so two ledgers number the same entries differently. Each log keeps its
own order. Logs are merged by the time of signature; at one time by the kind, in the order of the life of an order,
and then by the leaf hash. What forbids comes last: an act is no breach of a decision that another ledger recorded in
the same second [design].
"""

from __future__ import annotations

from heapq import merge
from typing import Final

from msgspec.structs import replace

from ledger.entries.case import Entry, place_in_log
from ledger.facts import KINDS

_CARRIER: Final = "counterparty-record-received"
_FORBID: Final = (
    "order-withdrawn non-disclosure-instructed ground-for-refusal-raised condition-imposed confidentiality-requested "
    "confidentiality-ordered customer-notification-delayed customer-notification-delay-extended use-restricted "
    "processing-restricted onward-transfer-authorisation-refused transfers-suspended order-referred-back"
).split()
STAGE: Final = {kind: stage for stage, kind in enumerate([kind for kind in KINDS if kind not in _FORBID] + _FORBID)}


def ranked(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Return the entries in the common order, each with its rank; unchanged if all are of one log.

    A carrier of a received entry, which no other ledger has, follows the entry before it in its log.
    """
    if all(e.origin is None for e in entries):
        return entries
    logs: dict[str | None, list[Entry]] = {}
    carriers: dict[str | None, list[Entry]] = {}  # by the leaf of the entry before them
    for e in sorted(entries, key=place_in_log):
        log = logs.setdefault(e.origin, [])
        if e.kind == _CARRIER:
            carriers.setdefault(log[-1].leaf if log else None, []).append(e)
        else:
            log.append(e)
    # a merge by the first entries left, so that the entries of each log keep their order whatever their times are
    order = list(carriers.get(None, ()))
    for e in merge(*logs.values(), key=_key):
        order += (e, *carriers.get(e.leaf, ()))
    return tuple(replace(e, rank=rank) for rank, e in enumerate(order))


def _key(e: Entry) -> tuple[object, ...]:
    return (e.at, STAGE.get(e.kind, len(STAGE)), e.leaf)
