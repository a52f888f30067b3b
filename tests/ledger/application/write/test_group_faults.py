"""A group that cannot be stored or signed, or whose thread is stopped, costs no entry and holds up no other request."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ledger.adapters.log.checkpoint_signer import LocalSigner
from ledger.adapters.storage.entry_store import EntryStore
from ledger.application.journal import Journal
from ledger.application.write.group_commit import GroupCommit
from ledger.errors import LedgerError
from tests.ledger.application.test_journal import journal
from tests.ledger.application.write.test_group_commit import check_receipts, drafted, opening, order, together

__all__ = ["journal"]  # the fixture


class Stopped(BaseException):
    """Ends a thread, as an interrupt does."""


def stopped(*_: Any, **__: Any) -> Any:
    raise Stopped


def test_where_nothing_can_be_stored_each_request_says_so_and_the_next_ones_are_stored(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise LedgerError("DISK-FULL", "no room left")

    size = journal.store.size()
    with monkeypatch.context() as patch:
        patch.setattr(EntryStore, "append", full)
        answers = together(journal, [drafted(journal, opening(journal, n)) for n in range(3)])
    assert [getattr(answer.exception(), "code", None) for answer in answers] == ["DISK-FULL"] * 3
    assert journal.store.size() == size
    journal.record_batch([opening(journal, 7)])


def test_after_a_group_that_could_not_be_signed_nothing_is_stored_until_the_log_can_sign(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsigned(*_: Any) -> Any:
        raise LedgerError("KEY-MISSING", "the key is gone")

    with monkeypatch.context() as patch:
        patch.setattr(LocalSigner, "step", unsigned)
        (answer,) = together(journal, [drafted(journal, opening(journal, 1))])
        assert getattr(answer.exception(), "code", None) == "KEY-MISSING"
        patch.setattr(LocalSigner, "ready", unsigned)
        size = journal.store.size()
        (answer,) = together(journal, [drafted(journal, opening(journal, 2))])
        assert getattr(answer.exception(), "code", None) == "KEY-MISSING"
        assert journal.store.size() == size
    receipts = journal.record_batch([opening(journal, 3)])
    check_receipts(journal, receipts)
    assert journal.log.signed().size == journal.store.size(), "the next checkpoint covers what was not signed"


def test_a_thread_that_is_stopped_while_it_waits_holds_up_nobody(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with journal._group.turn(), monkeypatch.context() as patch:
        patch.setattr(threading.Event, "wait", stopped)
        with pytest.raises(Stopped):
            journal.record_batch([opening(journal, 1)])
    (receipt,) = journal.record_batch([opening(journal, 2)])
    assert receipt.order == order(2)
    assert not journal._group._waiting


def test_requests_that_another_thread_was_storing_when_it_was_stopped_are_told_to_look(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(EntryStore, "append", stopped)
        answers = together(journal, [drafted(journal, opening(journal, n)) for n in range(2)])
        assert isinstance(answers[0].exception(), Stopped)
        error = answers[1].exception()
    assert isinstance(error, LedgerError)
    assert (error.code, "look before" in error.hint) == ("STORE-AWAY", True)
    journal.record_batch([opening(journal, 3)])


@pytest.mark.parametrize("step", ["_take", "_lead", "_store_all"])
def test_a_thread_that_is_stopped_at_any_step_before_storing_holds_up_nobody(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    original = getattr(GroupCommit, step)
    calls: list[object] = []

    def stopped_once(*given: Any) -> Any:
        calls.append(None)
        if len(calls) == 1:
            raise Stopped
        return original(*given)

    monkeypatch.setattr(GroupCommit, step, stopped_once)
    answers = together(journal, [drafted(journal, opening(journal, n)) for n in range(4)])
    assert isinstance(answers[0].exception(timeout=30), Stopped)
    rest = [answer.exception(timeout=30) or answer.result() for answer in answers[1:]]
    assert all(isinstance(each, list) or getattr(each, "code", None) == "STORE-AWAY" for each in rest)
    assert any(isinstance(each, list) for each in rest) is (step != "_store_all")
    assert not journal._group._waiting
    journal.record_batch([opening(journal, 7)])


def test_a_thread_that_is_stopped_in_its_turn_holds_up_nobody(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(GroupCommit, "_await_turn", stopped)
        with pytest.raises(Stopped), journal._group.turn():
            raise AssertionError("it has no turn")
    with pytest.raises(Stopped), journal._group.turn():
        raise Stopped
    journal.record_batch([opening(journal, 1)])
