"""The cost of judging orders, against the cost of loading and parsing them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from benchmarks.measure import Figure, say, seconds
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.application.case_reader import CaseReader
from ledger.entries.case import Case
from ledger.law import judge

MOST = 100_000  # orders
AT = datetime(2027, 1, 1, tzinfo=UTC)


def judge_figure(ledger: Path) -> Figure:
    """Divide the seconds to judge every order of a ledger by the seconds to load, open and parse its entries."""
    say("judging every order")
    folder = read_folder(ledger)
    store, subject_keys = EntryReader(folder.entries), SubjectKeyStore(folder.subject_keys, writable=False)
    cases = CaseReader(folder, store, subject_keys)
    orders = list(islice(cases.orders(), MOST))
    loaded = judged = 0.0
    for start in range(0, len(orders), 1_000):
        page = orders[start : start + 1_000]
        found: list[Case] = []
        loaded += seconds(partial(_load, cases, page, found))
        judged += seconds(partial(_judge, found))
    store.close()
    subject_keys.close()
    made_of = {"orders": len(orders), "loaded_s": round(loaded, 2), "judged_s": round(judged, 2)}
    return Figure(judged / loaded, made_of, at_most=3)


def _load(cases: CaseReader, orders: list[str], into: list[Case]) -> None:
    into.extend(cases.case(order) for order in orders)


def _judge(found: list[Case]) -> None:
    for case in found:
        judge(case, AT)
