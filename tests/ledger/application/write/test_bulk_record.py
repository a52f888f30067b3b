"""Many facts at once: all of them or none are stored, page after page in one transaction."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.storage.entry_reader import Ciphertext
from ledger.adapters.storage.entry_recorder import EntryRow
from ledger.adapters.storage.entry_store import Conflict
from ledger.application.journal import Journal
from ledger.application.write import bulk_record, parallel_open
from ledger.application.write.draft import Draft, target_of
from ledger.entries.envelope import Circumstances
from ledger.entries.payload import Condition
from ledger.entries.placement import Link
from ledger.errors import LedgerError, RecordError
from ledger.facts import Fact, build
from tests.ledger.application.test_journal import ADM, NOON, ORDER, OTHER, entries, ilves, issued, made, sent

PAGE = 4
THIRD = "33333333-3333-4333-8333-333333333333"


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    monkeypatch.setattr(bulk_record, "PAGE", PAGE)
    with made(tmp_path / "ledger") as journal:
        yield journal


def draft(journal: Journal, fact: Fact, order: str = ORDER, *, entry: str | None = None) -> Draft:
    """Draft a fact that Ilves will record."""
    return Draft(fact, order, ilves(journal), Circumstances(NOON, NOON), entry=entry)


@pytest.mark.parametrize("count", [1, PAGE, PAGE + 1, 3 * PAGE + 2])
def test_what_was_added_stands_in_the_log_in_its_order(journal: Journal, count: int) -> None:
    start = journal.store.size()
    heard: list[tuple[int, int]] = []
    with journal.many(lambda done, total: heard.append((done, total))) as many:
        leaves = [many.add(draft(journal, issued() if n == 0 else sent())) for n in range(count)]
    assert many.indices == range(start, start + count)
    assert [e.leaf for e in entries(journal)] == leaves
    assert heard[-1] == (count, count)
    assert journal.log.derive().root() == journal.log.signed().root
    assert journal.log.signed().size == start + count


def attempt(journal: Journal, drafts: Sequence[Draft], last: Callable[[], object]) -> None:
    """Add drafts, and perform one more act before the block ends."""
    with journal.many() as many:
        for each in drafts:
            many.add(each)
        last()


def two_pages(journal: Journal) -> list[Draft]:
    """Draft an order of two pages."""
    return [draft(journal, issued() if n == 0 else sent()) for n in range(2 * PAGE)]


def test_what_a_block_does_not_finish_was_never_there(journal: Journal) -> None:
    start = journal.store.size()
    with pytest.raises(ZeroDivisionError):
        attempt(journal, two_pages(journal), lambda: 1 // 0)
    assert journal.store.size() == start
    journal.record(issued(), ORDER, ilves(journal))


def test_nothing_added_is_nothing_stored(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal.store, "append_pages", None)
    with journal.many() as many:
        pass
    assert (len(many.indices), many.already) == (0, 0)


def test_a_page_that_cannot_be_stored_takes_those_before_it_along(journal: Journal) -> None:
    with pytest.raises(Conflict):
        attempt(journal, two_pages(journal), lambda: journal.record(issued("PPO-other"), ORDER, ilves(journal)))
    assert [e.get("reference") for e in entries(journal)] == ["PPO-other"]


@pytest.mark.parametrize("between", [0, PAGE])
def test_an_id_that_comes_twice_is_a_replay(journal: Journal, between: int) -> None:
    start = journal.store.size()
    first, again = (draft(journal, fact, entry="ab" * 16) for fact in (issued(), sent()))
    with pytest.raises(RecordError, match="CTX-REPLAY"):
        attempt(journal, [first, *[draft(journal, sent())] * between, again], lambda: None)
    assert journal.store.size() == start


def test_what_stands_there_under_its_id_is_not_stored_again(journal: Journal) -> None:
    first = journal.record_batch([draft(journal, issued(), entry="ab" * 16)])[0]
    with journal.many() as many:
        again = many.add(draft(journal, issued(), entry="ab" * 16))
        many.add(draft(journal, sent()))
    assert (again, many.already, len(many.indices)) == (first.leaf, 1, 1)


def test_keys_for_many_orders_are_made_once(journal: Journal) -> None:
    assert journal.subject_keys is not None
    journal.prepare([(target_of(ORDER), ORDER), ("another", ORDER)])
    before = journal.subject_keys.subjects()
    journal.prepare([(target_of(ORDER), ORDER), ("another", ORDER)])
    with journal.many() as many:
        many.add(draft(journal, issued()))
    assert journal.subject_keys.subjects() == before


def test_what_is_staged_lies_in_no_folder(journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    before = sorted(os.listdir(tmp_path / "ledger"))
    with journal.many() as many:
        for n in range(3 * PAGE):
            many.add(draft(journal, issued() if n == 0 else sent()))
        assert os.listdir(tmp_path / "tmp") == []
        assert sorted(os.listdir(tmp_path / "ledger")) == before


def test_a_fact_that_issues_an_order_stays_out_if_another_order_was_issued_meanwhile(journal: Journal) -> None:
    def issue() -> None:
        journal.record(issued("PPO-other"), OTHER, ilves(journal))

    start = journal.store.size()
    with pytest.raises(Conflict):
        attempt(journal, [draft(journal, issued())], issue)
    assert journal.store.size() == start + 1
    journal.record(issued(), ORDER, ilves(journal))
    attempt(journal, [draft(journal, sent())] * PAGE, lambda: journal.record(issued("PPO-3"), THIRD, ilves(journal)))
    assert len(entries(journal)) == 1 + PAGE


@pytest.mark.parametrize("between", [0, PAGE, 2 * PAGE])
def test_an_entry_may_replace_one_that_is_staged_or_stored(journal: Journal, between: int) -> None:
    stored = journal.record(issued(), ORDER, ilves(journal))
    said = Circumstances(NOON, NOON, why="it was wrong")
    with journal.many() as many:
        staged = many.add(draft(journal, sent()))
        for _ in range(between):
            many.add(draft(journal, sent()))
        for leaf, fact in ((staged, sent()), (stored.leaf, issued())):
            many.add(Draft(fact, ORDER, ilves(journal), replace(said, replaces=leaf)))
        with pytest.raises(RecordError, match="FORM-REPLACES"):
            many.add(Draft(sent(), ORDER, ilves(journal), replace(said, replaces="ab" * 32)))
    assert [e.replaces for e in entries(journal)][-2:] == [staged, stored.leaf]


@pytest.mark.parametrize("between", [0, PAGE, 2 * PAGE])
def test_a_condition_excludes_entries_that_are_staged_or_stored(journal: Journal, between: int) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    size = journal.store.size()
    unless = Circumstances(NOON, NOON, unless=Condition(size, [ORDER], ["order-transmitted"]))
    other = Circumstances(NOON, NOON, unless=Condition(size, [OTHER], ["order-transmitted"]))
    earlier = Circumstances(NOON, NOON, unless=Condition(size - 1, [ORDER], ["order-issued"]))
    with journal.many() as many:
        many.add(Draft(sent(), ORDER, ilves(journal), unless))
        for _ in range(between):
            many.add(draft(journal, sent()))
        many.add(Draft(sent(), ORDER, ilves(journal), other))
        for said in (unless, earlier):
            with pytest.raises(RecordError, match="CTX-CONDITION"):
                many.add(Draft(sent(), ORDER, ilves(journal), said))
    assert len(entries(journal)) == 3 + between


def row(number: int, order: str = ORDER, **more: Any) -> EntryRow:
    return EntryRow(order, number, "kind", b"state %d" % number, bytes([number] * 16), bytes([number] * 32), **more)


def test_rows_come_back_from_the_file_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_record, "PAGE", PAGE)
    sealed = (Ciphertext("a", "d1", "k1", b"one"), Ciphertext("b", "d2", "k2", None))
    rows = [row(0), row(1, ciphertexts=sealed), row(2, reference="PPO-1"), row(3, links=("x", "y")), row(4, OTHER)]
    with bulk_record.staged() as staging:
        assert (list(staging.pages()), staging.size) == ([], 0)
        assert (staging.head(ORDER), staging.entry("00" * 32)) == (None, None)
        staging.add(rows[:3], {ORDER: Link(2, "leaf 2", "EPOC")})
        staging.add(rows[3:], {ORDER: Link(3, "leaf 3", "EPOC"), OTHER: Link(4, "leaf 4", None)})
        assert (list(staging.pages()), staging.size) == ([rows[:4], rows[4:]], 5)
        assert [staging.head(order) for order in (ORDER, OTHER, THIRD)] == [
            Link(3, "leaf 3", "EPOC"),
            Link(4, "leaf 4", None),
            None,
        ]
        assert [staging.entry(rows[n].leaf.hex()) for n in (0, 4)] == [b"state 0", b"state 4"]
        assert staging.opposing(Condition(0, [OTHER, ORDER], ["none", "kind"])) == (None, ORDER, "kind")
        assert staging.opposing(Condition(0, [OTHER], ["kind"])) == (None, OTHER, "kind")
        for orders, kinds in (([THIRD], ["kind"]), ([ORDER], ["none"]), ([], ["kind"]), ([ORDER], [])):
            assert staging.opposing(Condition(0, orders, kinds)) is None


@pytest.mark.parametrize("again", [{"entry_id": bytes(16)}, {"leaf": bytes(32)}])
def test_an_id_or_a_leaf_is_staged_once(again: dict[str, Any]) -> None:
    with bulk_record.staged() as staging:
        staging.add([row(0)], {})
        staging.add([row(1)], {})
        with pytest.raises(RecordError, match="CTX-REPLAY"):
            staging.add([changed(row(9), **again)], {})
        assert staging.size == 2


@pytest.mark.parametrize(("count", "staged"), [(0, []), (3, [3]), (4, [4]), (5, [4, 1]), (9, [4, 4, 1])])
def test_sealed_entries_are_staged_a_page_at_a_time(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, count: int, staged: list[int]
) -> None:
    pages: list[int] = []
    add = bulk_record.Staging.add

    def counted(self: bulk_record.Staging, rows: Sequence[EntryRow], heads: Any) -> None:
        pages.append(len(rows))
        add(self, rows, heads)

    monkeypatch.setattr(bulk_record.Staging, "add", counted)
    with journal.many() as many:
        for n in range(count):
            many.add(draft(journal, issued() if n == 0 else sent()))
    assert pages == staged


@pytest.mark.parametrize("count", [1, PAGE, PAGE + 1])
def test_facts_are_not_stored_if_the_register_has_changed_since_they_were_sealed(journal: Journal, count: int) -> None:
    def register() -> None:
        office = {"actor": "court", "party": "XO", "roles": ["CT"], "valid_from": "2027-01-01"}
        adm = journal.signer("adm", "ADM", ADM)
        journal.record(build("authority-registered", office, {}), journal.registry, adm)

    start = journal.store.size()
    drafts = [draft(journal, issued() if n == 0 else sent()) for n in range(count)]
    with pytest.raises(Conflict):
        attempt(journal, drafts, register)
    assert journal.store.size() == start + 1
    attempt(journal, drafts, lambda: None)
    assert journal.store.size() == start + 1 + count


def test_a_page_has_2500_entries_and_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parallel_open.PAGE == 2_500
    with bulk_record.staged() as staging:
        assert staging._c.execute("PRAGMA journal_mode").fetchone() == ("off",)
        staging._c.execute("PRAGMA max_page_count = 8")
        with pytest.raises(LedgerError, match=r"DISK-FULL.*the staging file"):
            staging.add([row(n) for n in range(200)], {})


def test_an_entry_of_an_order_that_is_known_to_be_new_is_not_looked_for(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []

    def known(draft: Draft) -> str | None:
        asked.append(draft.entry)
        return None

    monkeypatch.setattr(journal, "recorded", known)
    with journal.many() as many:
        many.add(draft(journal, issued(), entry="ab" * 16), fresh=True)
        many.add(draft(journal, sent(), entry="cd" * 16))
    assert (asked, many.already) == (["cd" * 16], 0)
