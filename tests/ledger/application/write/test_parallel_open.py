"""Entries opened in other processes equal entries opened in this one; an invalid entry is named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.write import parallel_open
from ledger.application.write.parallel_open import VerifierPool, open_entry
from ledger.errors import RecordError
from tests.support.cli import ledger_of

CHUNK = 3


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    ledger = ledger_of("S1", tmp_path_factory.mktemp("entries"))
    with closing(EntryReader(read_folder(ledger).entries)) as store:
        return [raw for _, raw in store.page(0)] * 2


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[VerifierPool]:
    for name, value in {"_MANY": 10, "_CHUNK": CHUNK, "CORES": 2}.items():
        monkeypatch.setattr(parallel_open, name, value)
    with closing(VerifierPool()) as made:
        yield made


def test_pages_from_several_processes_hold_every_entry_in_its_order(entries: list[bytes], pool: VerifierPool) -> None:
    for _ in range(2):  # the second time the processes are running already
        pages = list(pool.pages(entries))
        assert [start for start, _ in pages] == [sum(len(page) for _, page in pages[:n]) for n in range(len(pages))]
        assert [opened for _, page in pages for opened in page] == [open_entry(raw) for raw in entries]
    assert len(pages) > 1


@pytest.mark.parametrize("place", [0, CHUNK, 3 * CHUNK + 1, -1])
def test_the_first_wrong_entry_is_named_and_the_pages_before_it_were_handed_on(
    entries: list[bytes], pool: VerifierPool, place: int
) -> None:
    place %= len(entries)
    wrong = [*entries]
    wrong[place] = wrong[place].replace(b'"sig":"', b'"sig":"A', 1)
    seen: list[int] = []
    with pytest.raises(RecordError) as refused:
        seen += [start + len(page) for start, page in pool.pages(wrong)]
    with pytest.raises(RecordError) as alone:
        open_entry(wrong[place])
    assert refused.value.code == alone.value.code
    assert str(place) in refused.value.where
