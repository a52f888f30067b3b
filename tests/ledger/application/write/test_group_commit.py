"""Requests that wait are stored together, and each is answered as if it had been alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from ledger.adapters.folders.user_folders import Home
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.keys.key_files import SeedKey
from ledger.adapters.log.checkpoint_signer import LocalSigner
from ledger.adapters.storage.entry_store import EntryStore
from ledger.application.journal import Journal
from ledger.application.record_fact import RecordPlan, prepare, record
from ledger.application.write.draft import Draft
from ledger.application.write.receipt import Receipt
from ledger.entries.envelope import Circumstances, EntryPlace, Signer, seal
from ledger.errors import RecordError
from ledger.facts import build
from ledger.tlog.note import open_checkpoint
from ledger.tlog.tree import check_consistency, check_inclusion, parse_proof
from tests.ledger.application.test_journal import (
    ADM,
    NOON,
    ORDER,
    ORIGIN,
    OTHER,
    REGISTRAR,
    Clock,
    enrol,
    entries,
    ilves,
    issued,
    journal,
    sealed_for,
    sent,
)

__all__ = ["journal"]  # the fixture

SAID = Circumstances(NOON, NOON)


def order(number: int) -> str:
    return f"{number:08x}-1111-4111-8111-111111111111"


@contextmanager
def pool(threads: int = 16) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(threads) as made:
        yield made


def together(journal: Journal, requests: Sequence[Callable[[], list[Receipt]]]) -> list[Future[list[Receipt]]]:
    """Bring all requests while no group is stored, so that they wait together; return their answers."""
    with pool(len(requests)) as threads, journal._group.turn():
        answers: list[Future[list[Receipt]]] = []
        for number, request in enumerate(requests, 1):
            answers.append(threads.submit(request))
            waiting(journal, number)
    return answers


def waiting(journal: Journal, requests: int) -> None:
    """Wait until so many requests wait behind the one that holds the turn."""
    end = monotonic() + 30
    while len(journal._group._waiting) <= requests:
        assert monotonic() < end, "a request does not wait"
        sleep(0.0005)


def drafted(journal: Journal, *drafts: Draft) -> Callable[[], list[Receipt]]:
    return lambda: journal.record_batch(drafts)


def opening(journal: Journal, number: int, **given: Any) -> Draft:
    return Draft(issued(f"PPO-{number}"), order(number), ilves(journal), SAID, **given)


def check_receipts(journal: Journal, receipts: Sequence[Receipt]) -> None:
    """Check that each receipt leads to its entry, and that its checkpoint is one of the log as it is now."""
    last = journal.log.signed()
    for receipt in receipts:
        proof = parse_proof(receipt.proof)
        head = open_checkpoint(proof.note, ORIGIN, journal.folder.keys, ()).checkpoint
        check_inclusion(receipt.index, head.size, bytes.fromhex(receipt.leaf), proof.path, head.root)
        path = journal.log.consistency(head.size, last.size)
        check_consistency(head.size, last.size, head.root, last.root, path)
        stored = journal.store.by_leaf(bytes.fromhex(receipt.leaf))
        assert stored is not None
        assert stored[0] == receipt.index


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, method: str) -> list[object]:
    calls: list[object] = []
    original = getattr(owner, method)

    def call(*args: Any, **given: Any) -> Any:
        calls.append(None)
        return original(*args, **given)

    monkeypatch.setattr(owner, method, call)
    return calls


# -- one commit for all that wait -------------------------------------------------------------------------------------


def test_all_requests_that_wait_are_stored_in_one_transaction_under_one_checkpoint(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, signed = counted(monkeypatch, EntryStore, "append"), counted(monkeypatch, Guard, "advance")
    answers = together(journal, [drafted(journal, opening(journal, n)) for n in range(12)])
    receipts = [receipt for answer in answers for receipt in answer.result()]
    assert (len(stored), len(signed)) == (1, 1)
    assert len({receipt.index for receipt in receipts}) == 12
    assert len({parse_proof(receipt.proof).note for receipt in receipts}) == 1
    check_receipts(journal, receipts)


def test_a_request_that_finds_no_other_is_stored_at_once(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = counted(monkeypatch, EntryStore, "append")
    for n in range(3):
        journal.record_batch([opening(journal, n)])
        assert len(stored) == n + 1


def test_receipts_of_a_group_need_no_query(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = together(journal, [drafted(journal, opening(journal, n)) for n in range(5)])
    monkeypatch.setattr(EntryStore, "hashes", None)
    assert all(parse_proof(receipt.proof).path for answer in answers for receipt in answer.result())


def test_a_receipt_is_given_after_the_guard_was_advanced_and_the_guard_after_the_rows_are_stored(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts: list[str] = []
    append, step = EntryStore.append, LocalSigner.step

    def stored(self: EntryStore, *args: Any, **given: Any) -> Any:
        places = append(self, *args, **given)
        acts.append("row")
        return places

    def stepped(self: LocalSigner, before: Any, size: int, *args: Any) -> Any:
        assert journal.store.size() >= size, "only stored entries are signed"
        after = step(self, before, size, *args)
        acts.append("guard")
        return after

    monkeypatch.setattr(EntryStore, "append", stored)
    monkeypatch.setattr(LocalSigner, "step", stepped)

    def request() -> list[Receipt]:
        receipts = journal.record_batch([opening(journal, 1)])
        acts.append("receipt")
        return receipts

    together(journal, [request])[0].result()
    assert acts == ["row", "guard", "receipt"]


def test_entries_of_one_order_from_several_requests_are_chained(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    answers = together(journal, [drafted(journal, Draft(sent(), ORDER, ilves(journal), SAID)) for _ in range(6)])
    assert [answer.result()[0].seq for answer in answers] == [2, 3, 4, 5, 6, 7]
    past = entries(journal)
    assert [entry.seq for entry in past] == list(range(1, 8))


def test_a_group_has_at_most_256_requests(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    monkeypatch.setattr("ledger.application.write.group_commit.MOST", 4)
    stored = counted(monkeypatch, EntryStore, "append")
    together(journal, [drafted(journal, Draft(sent(), ORDER, ilves(journal), SAID)) for _ in range(9)])
    assert len(stored) == 3


# -- each request has its own answer ----------------------------------------------------------------------------------


def test_one_bad_request_among_255_good_ones_is_refused_alone(journal: Journal) -> None:
    stranger = SeedKey(bytes([9] * 32))
    bad = Draft(issued("PPO-BAD"), order(999), Signer("ilves", "ISS", "XO", stranger.public, stranger.sign), SAID)
    drafts = [bad if n == 100 else opening(journal, n) for n in range(256)]
    size = journal.store.size()
    answers = together(journal, [drafted(journal, draft) for draft in drafts])
    refused = [answer.exception() for answer in answers if answer.exception()]
    assert [getattr(error, "code", error) for error in refused] == ["KEY-UNKNOWN"]
    assert journal.store.size() == size + 255
    check_receipts(journal, [receipt for answer in answers if not answer.exception() for receipt in answer.result()])


def test_all_entries_of_a_request_are_stored_or_none(journal: Journal) -> None:
    size = journal.store.size()
    good = opening(journal, 1)
    half = [opening(journal, 2), Draft(sent(), order(3), ilves(journal), SAID)]  # the second order does not begin so
    answers = together(journal, [drafted(journal, *half), drafted(journal, good)])
    assert isinstance(answers[0].exception(), RecordError)
    assert [receipt.order for receipt in answers[1].result()] == [order(1)]
    assert journal.store.size() == size + 1


def test_a_request_behind_a_refused_one_gets_the_place_of_the_refused_one(journal: Journal) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    bad = sealed_for(journal, sent(), ilves(journal), prev="00" * 32)
    answers = together(
        journal,
        [
            lambda: journal.receive_sealed([bad], whole=True),
            drafted(journal, Draft(sent(), ORDER, ilves(journal), SAID)),
        ],
    )
    error = answers[0].exception()
    assert isinstance(error, RecordError)
    assert error.code == "CTX-CHAIN"
    assert answers[1].result()[0].seq == 2


def test_an_error_that_no_code_names_is_raised_where_the_request_was_brought(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    answers = together(
        journal,
        [lambda: journal.record_batch([opening(journal, 1)], broken), drafted(journal, opening(journal, 2))],
    )
    assert isinstance(answers[0].exception(), ZeroDivisionError)
    assert answers[1].result()[0].order == order(2)


def test_the_same_sealed_entry_from_several_threads_is_stored_once(journal: Journal) -> None:
    raw = sealed_for(journal, issued(), ilves(journal))
    answers = together(journal, [lambda: journal.receive_sealed([raw], whole=True) for _ in range(4)])
    receipts = [answer.result()[0] for answer in answers]
    assert len({receipt.index for receipt in receipts}) == 1
    assert sorted(receipt.already for receipt in receipts) == [False, True, True, True]
    check_receipts(journal, receipts)


def test_the_same_id_from_several_threads_is_one_entry_and_for_another_fact_a_conflict(journal: Journal) -> None:
    entry = "ab" * 16
    same, other = opening(journal, 1, entry=entry), opening(journal, 2, entry=entry)
    answers = together(journal, [drafted(journal, draft) for draft in (same, same, other)])
    first, second = (answer.result()[0] for answer in answers[:2])
    assert (first.index, first.already, second.index, second.already) == (first.index, False, first.index, True)
    error = answers[2].exception()
    assert isinstance(error, RecordError)
    assert error.code == "CONFLICT"


def test_a_taken_id_refuses_its_own_request_alone(journal: Journal) -> None:
    signer = ilves(journal)
    (first,) = journal.receive_sealed([sealed_for(journal, issued(), signer)])
    place = EntryPlace(ORIGIN, OTHER, 1, None, "2AP-7")
    taken = seal(issued("PPO-2"), place, signer, SAID, first.entry, random.Random(2).randbytes).raw
    answers = together(
        journal, [lambda: journal.receive_sealed([taken], whole=True), drafted(journal, opening(journal, 1))]
    )
    error = answers[0].exception()
    assert isinstance(error, RecordError)
    assert error.code == "CONFLICT"
    check_receipts(journal, [first, *answers[1].result()])


def planned(journal: Journal, plan: RecordPlan) -> list[Receipt]:
    return [record(journal, plan)]


def test_of_several_threads_one_gets_a_reference(journal: Journal) -> None:
    plans = [
        prepare(journal, Draft(issued("PPO-ONE"), order(n), ilves(journal), SAID), None, unregistered=True)
        for n in range(4)
    ]
    answers = together(journal, [partial(planned, journal, plan) for plan in plans])
    codes = [getattr(answer.exception(), "code", None) for answer in answers]
    assert codes == [None, "REFERENCE-TAKEN", "REFERENCE-TAKEN", "REFERENCE-TAKEN"]


def test_a_reference_that_comes_without_a_check_in_the_same_moment_is_seen_by_the_check(journal: Journal) -> None:
    plan = prepare(journal, Draft(issued("PPO-ONE"), order(1), ilves(journal), SAID), None, unregistered=True)
    unchecked = Draft(issued("PPO-ONE"), order(2), ilves(journal), SAID)
    answers = together(journal, [drafted(journal, unchecked), lambda: [record(journal, plan)]])
    assert answers[0].exception() is None
    assert getattr(answers[1].exception(), "code", None) == "REFERENCE-TAKEN"


def test_a_key_that_ends_in_a_group_signs_nothing_behind_that_entry(journal: Journal) -> None:
    signer = ilves(journal)
    end = Draft(
        build("key-revoked", {"actor": "ilves", "cause": "left-office"}, {}),
        journal.registry,
        journal.signer("adm", "ADM", ADM),
        SAID,
    )
    before, after = (Draft(issued(f"PPO-{n}"), order(n), signer, SAID) for n in range(2))
    answers = together(journal, [drafted(journal, draft) for draft in (before, end, after)])
    assert [getattr(answer.exception(), "code", None) for answer in answers] == [None, None, "KEY-ENDED"]


# -- other writers of the same log ------------------------------------------------------------------------------------


def test_an_entry_is_taken_behind_one_that_another_process_stored(journal: Journal) -> None:
    signer = ilves(journal)
    journal.record(issued(), ORDER, signer)
    with Journal.open(journal.folder.path, now=Clock()) as second:
        second.record(sent(), ORDER, ilves(second))
    (receipt,) = journal.receive_sealed([sealed_for(journal, sent(), signer)], whole=True)
    assert receipt.seq == 3


def test_entries_are_taken_from_an_office_that_another_process_enrolled(tmp_path: Path) -> None:
    first = Journal.create(tmp_path / "l", ORIGIN, REGISTRAR, home=Home.inside(tmp_path / "l"), now=Clock())
    with first, Journal.open(tmp_path / "l", now=Clock()) as second:
        assert not list(first.read_keyring().current("ilves"))
        enrol(second)
        raw = sealed_for(second, issued(), ilves(second))
        assert first.receive_sealed([raw])[0].seq == 1


def test_a_group_is_made_again_where_another_process_stored_first(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    original = EntryStore.append
    others: list[Receipt] = []

    def late(self: EntryStore, *args: Any, **given: Any) -> Any:
        if self is journal.store and len(others) < 3:
            with Journal.open(journal.folder.path, now=Clock()) as second:
                others.append(second.record(sent(), ORDER, ilves(second)))
        return original(self, *args, **given)

    monkeypatch.setattr(EntryStore, "append", late)
    answers = together(journal, [drafted(journal, Draft(sent(), ORDER, ilves(journal), SAID)) for _ in range(3)])
    receipts = [answer.result()[0] for answer in answers]
    assert [receipt.seq for receipt in receipts] == [5, 6, 7]
    check_receipts(journal, [*receipts, *others])


def test_a_group_gets_smaller_where_another_process_keeps_storing_first(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.record(issued(), ORDER, ilves(journal))
    original = EntryStore.append
    with Journal.open(journal.folder.path, now=Clock()) as second:
        signer = ilves(second)

        def late(self: EntryStore, rows: Sequence[Any], **given: Any) -> Any:
            if self is journal.store and len(rows) > 1:
                second.record(sent(), ORDER, signer)
            return original(self, rows, **given)

        monkeypatch.setattr(EntryStore, "append", late)
        answers = together(journal, [drafted(journal, Draft(sent(), ORDER, ilves(journal), SAID)) for _ in range(8)])
        receipts = [answer.result()[0] for answer in answers]
    assert len({receipt.seq for receipt in receipts}) == 8
    check_receipts(journal, receipts)


def test_a_check_may_read_the_keys_of_the_ledger(journal: Journal) -> None:
    keys: list[int] = []
    journal.record_batch([opening(journal, 1)], lambda: keys.append(len(journal.read_keyring().keys)))
    assert keys == [3]


def test_a_thread_reads_the_register_while_others_add_to_it(journal: Journal) -> None:
    adm = journal.signer("adm", "ADM", ADM)

    def office(number: int) -> Draft:
        fields = {"actor": f"office-{number}", "party": "XO", "roles": ["ISS"], "valid_from": "2027-01-01"}
        return Draft(build("authority-registered", fields, {}), journal.registry, adm, SAID)

    with pool(4) as threads:
        written = [threads.submit(journal.record_batch, [office(number)]) for number in range(40)]
        while not all(each.done() for each in written):
            indices = [index for index, _ in journal.cases.opened_registry()]
            assert len(indices) == len(set(indices))
    assert len(journal.read_keyring().offices) == 43
