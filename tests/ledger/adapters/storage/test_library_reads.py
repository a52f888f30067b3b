"""Reads, notification log and projections of `eventsourcing` run on the entries of a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.storage.entry_store import EntryStore
from tests.support import library_reads
from tests.support.cli import ledger_of


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EntryStore]:
    with EntryStore(read_folder(ledger_of("S3", tmp_path)).entries) as store:
        yield store


def test_the_reads_of_the_library_are_those_of_the_ledger(store: EntryStore) -> None:
    library_reads.check_reads(store)


def test_a_notification_log_of_the_library_has_every_entry_in_the_order_of_the_log(store: EntryStore) -> None:
    library_reads.check_notification_log(store)


def test_a_projection_of_the_library_processes_each_entry_once_and_goes_on_where_it_ended(
    store: EntryStore, tmp_path: Path
) -> None:
    library_reads.check_projection(store, tmp_path)
