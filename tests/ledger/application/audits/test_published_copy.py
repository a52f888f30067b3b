"""The entries that a log publishes are copied once, held against its signed tree, and fetched again if they differ."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from ledger.adapters.storage.entry_store import EntryStore
from ledger.application.audits import published_copy
from ledger.application.audits.published_copy import copy_entries
from ledger.entries.envelope import open_
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Checkpoint
from ledger.tlog.tree import EMPTY_ROOT, root
from tests.support.files.published_tiles import fetched, files_of
from tests.support.files.system_calls import open_below
from tests.support.memory_ledger import LINKED, Ledger, small, two_histories


def head(ledger: Ledger, size: int | None = None) -> Checkpoint:
    size = ledger.size if size is None else size
    return Checkpoint(ledger.origin, size, root(size, ledger.read) if size else EMPTY_ROOT)


def entries(path: Path) -> list[bytes]:
    with closing(EntryStore(path, writable=False)) as store:
        return [store.at(n) or b"" for n in range(store.size())]


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    made, by = small()
    for n in range(300):
        made.record(
            by,
            "order-supervised",
            {"capacity": "court", "decision": "approved"},
            order=f"{n:08d}-2222-4333-8444-555555555555",
        )
    return made


def test_a_copy_has_the_entries_of_the_signed_tree_and_goes_on_where_it_ended(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published_copy, "STEP", 1)
    files = {**files_of(ledger), **files_of(ledger, 9), **files_of(ledger, 260)}
    asked: list[str] = []
    fetch = fetched(files, asked)
    for size, wanted in ((0, []), (9, [0]), (260, [0, 1]), (260, []), (ledger.size, [1])):
        asked.clear()
        path = copy_entries(tmp_path / "copy", fetch, head(ledger, size))
        assert entries(path) == ledger.entries[:size]
        assert [int(each.split("/")[2].partition(".")[0]) for each in asked] == wanted
    assert path == tmp_path / "copy" / "entries.db"
    assert open_below(tmp_path) == []


def test_a_copy_of_another_tree_is_fetched_once_more_and_then_refused(tmp_path: Path) -> None:
    here, by = small()
    longer = here.record(by, "order-supervised", {"capacity": "court", "decision": "approved"}, order=LINKED)
    folder = tmp_path / "copy"
    copy_entries(folder, fetched(files_of(here)), head(here))
    shorter, _ = small()
    assert entries(copy_entries(folder, fetched(files_of(shorter)), head(shorter))) == shorter.entries  # it was longer
    other = [*shorter.entries[:-1], here.entries[longer]]
    wrong = Ledger()
    for raw in other:
        wrong.append(raw)
    asked: list[str] = []
    with pytest.raises(LedgerError) as raised:
        copy_entries(folder, fetched(files_of(wrong), asked), Checkpoint(here.origin, wrong.size, bytes(32)))
    assert (raised.value.code, len(asked)) == (
        "LOG-CORRUPT",
        1,
    )  # the copy was of another tree, and of no fewer entries
    assert str(wrong.size) in raised.value.says
    assert entries(folder / "entries.db") == other, "what was fetched last stays, to be continued"
    assert entries(copy_entries(folder, fetched(files_of(wrong)), head(wrong))) == other
    assert open_below(tmp_path) == []


def test_a_log_with_two_entries_at_one_place_of_an_order_is_refused(tmp_path: Path) -> None:
    ledger, _, _ = two_histories()
    with pytest.raises(RecordError, match="CONFLICT"):
        copy_entries(tmp_path, fetched(files_of(ledger)), head(ledger))


def test_an_entry_that_is_none_is_named_by_its_place(tmp_path: Path) -> None:
    ledger, _ = small()
    ledger.append(b"no entry")
    with pytest.raises(RecordError) as raised:
        copy_entries(tmp_path, fetched(files_of(ledger)), head(ledger))
    assert raised.value.where == f"#{ledger.size - 1}"
    for size in (1, 3):
        copy_entries(tmp_path, fetched(files_of(ledger, size)), head(ledger, size))
        with pytest.raises(RecordError) as raised:
            copy_entries(tmp_path, fetched(files_of(ledger)), head(ledger))
        assert raised.value.where == f"#{ledger.size - 1}"
    with pytest.raises(LedgerError) as missing:
        copy_entries(tmp_path, fetched({}), head(ledger))
    assert missing.value.code == "LOG-UNREACHABLE"
    assert open_(ledger.entries[0]).payload.log == ledger.origin


def test_an_entry_with_a_wrong_signature_is_copied_and_its_verification_names_it(tmp_path: Path) -> None:
    ledger, _ = small()
    envelope = json.loads(ledger.entries[4])
    envelope["signatures"][0]["sig"] = json.loads(ledger.entries[0])["signatures"][0]["sig"]
    forged = Ledger()
    for raw in (*ledger.entries[:4], json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode()):
        forged.append(raw)
    with pytest.raises(RecordError, match="SIG-BAD"):
        open_(forged.entries[4])
    assert entries(copy_entries(tmp_path, fetched(files_of(forged)), head(forged))) == forged.entries


def test_sixteen_bundles_are_stored_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[int] = []

    def append_pages(pages: list[object], expected: object) -> None:
        assert expected == {}
        stored.append(len(pages))

    store = SimpleNamespace(size=lambda: 0, append_pages=append_pages, hashes=None, close=lambda: None)
    monkeypatch.setattr(published_copy, "EntryStore", lambda path: store)
    monkeypatch.setattr(published_copy, "_pages", lambda fetch, start, size: iter([["row"]] * 40))
    monkeypatch.setattr(published_copy, "root", lambda size, hashes: b"root")
    assert published_copy._brought_up(tmp_path, fetched({}), Checkpoint("o", 9, b"root"))
    assert stored == [16, 16, 8]
