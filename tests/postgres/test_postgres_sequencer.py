"""Many threads and processes write to one ledger whose entries are in PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.adapters.folders.user_folders import Home
from ledger.application.journal import Journal
from ledger.application.write.draft import Draft
from ledger.application.write.receipt import Receipt
from ledger.application.write.sequencer import Sequencer
from tests.ledger.application.test_journal import NOON, ORDER, ilves, issued, made, sent
from tests.ledger.application.write.test_group_commit import SAID, check_receipts, order
from tests.ledger.application.write.test_sequencer import killed_in_a_group, simultaneous, until
from tests.postgres.server import Server

pytestmark = pytest.mark.postgres


@pytest.fixture
def ledger(tmp_path: Path, uri: str) -> Path:
    """Make a ledger with its offices, its entries in an empty database."""
    made(tmp_path / "ledger", store=uri).close()
    return tmp_path / "ledger"


def later(ledger: Path, days: int = 1) -> Journal:
    return Journal.open(ledger, Home.inside(ledger), now=lambda: NOON + timedelta(days=days))


def test_in_twenty_rounds_of_simultaneous_threads_and_processes_there_is_no_hole_and_no_fork(ledger: Path) -> None:
    with later(ledger) as journal:
        simultaneous(journal)


@pytest.mark.parametrize("acknowledged", [1, 200])
def test_what_was_acknowledged_is_there_after_the_process_was_killed_in_a_group(
    ledger: Path, acknowledged: int
) -> None:
    receipts = killed_in_a_group(ledger, acknowledged)
    with later(ledger, days=2) as after:
        check_receipts(after, receipts)
        assert after.log.derive().root() == after.log.signed().root
        after.record(issued(), ORDER, ilves(after))


def test_writers_go_on_after_the_server_was_killed_in_a_group_and_nothing_acknowledged_is_lost(
    tmp_path: Path, own: Server
) -> None:
    folder = tmp_path / "ledger"
    made(folder, store=own.database("own")).close()
    receipts: list[Receipt] = []
    with later(folder) as journal, Sequencer(journal) as sequencer, ThreadPoolExecutor(8) as threads:
        signer = ilves(journal)

        def write(number: int) -> None:
            receipts.extend(sequencer.record([Draft(issued(f"PPO-{number}"), order(number), signer, SAID)]))
            for _ in range(40):
                receipts.extend(sequencer.record([Draft(sent(), order(number), signer, SAID)]))

        written = [threads.submit(write, number) for number in range(8)]
        until(lambda: len(receipts) > 50)
        own.kill()
        own.start()
        for each in written:
            each.result()
        assert len({receipt.index for receipt in receipts}) == 8 * 41
        check_receipts(journal, receipts)
        assert journal.log.derive().root() == journal.log.signed().root


def test_writers_of_one_log_read_the_tree_once(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with later(ledger) as first, later(ledger) as second:
        signer = ilves(first)
        first.record(issued(), ORDER, signer)
        second.record(sent(), ORDER, signer)
        monkeypatch.setattr(type(first.store.recorder), "_read_tree", None)
        for _ in range(3):
            first.record(sent(), ORDER, signer)
            second.record(sent(), ORDER, signer)
        assert first.log.derive().root() == first.log.catch_up().root
