"""The same request gets the same answer, also from the next process; another one with its key is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger.errors import LedgerError, RecordError
from server.api.answers import KEPT, AnswerFile
from server.api.idempotency import AnswerStore


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[AnswerStore]:
    with closing(AnswerStore(AnswerFile(tmp_path / "requests.db"))) as store:
        yield store


def never() -> bytes:
    raise AssertionError("it was done a second time")


def test_a_repeated_request_is_not_done_again(answers: AnswerStore) -> None:
    assert answers.once("ilves", "key", b"request", lambda: b"answer") == b"answer"
    assert answers.once("ilves", "key", b"request", never) == b"answer"


def test_an_answer_outlives_the_process(tmp_path: Path) -> None:
    for do in (lambda: b"answer", never):
        with closing(AnswerStore(AnswerFile(tmp_path / "requests.db"))) as store:
            assert store.once("ilves", "key", b"request", do) == b"answer"


def test_a_key_is_of_one_request_and_one_sender(answers: AnswerStore) -> None:
    answers.once("ilves", "key", b"request", lambda: b"answer")
    with pytest.raises(RecordError, match="API-KEY-REUSED"):
        answers.once("ilves", "key", b"another", never)
    assert answers.once("skylark", "key", b"another", lambda: b"its own") == b"its own"


def test_a_refusal_is_not_kept(answers: AnswerStore) -> None:
    def refuse() -> bytes:
        raise RecordError("CTX-CHAIN", "not yet")

    with pytest.raises(RecordError, match="CTX-CHAIN"):
        answers.once("ilves", "key", b"request", refuse)
    assert answers.once("ilves", "key", b"request", lambda: b"now") == b"now"


def test_a_request_that_runs_is_not_done_twice(answers: AnswerStore) -> None:
    def again() -> bytes:
        with pytest.raises(RecordError, match="API-IN-FLIGHT"):
            answers.once("ilves", "key", b"request", never)
        return b"once"

    assert answers.once("ilves", "key", b"request", again) == b"once"


@pytest.mark.parametrize("key", ["", "k" * 201, "schlüssel", "a\nb"])
def test_a_key_is_a_short_line_of_ascii(answers: AnswerStore, key: str) -> None:
    with pytest.raises(RecordError, match="API-REQUEST"):
        answers.once("ilves", key, b"request", never)


def test_old_answers_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.api.idempotency._PRUNED", 1)
    now = [1_000_000.0]
    made: Callable[[], bytes] = lambda: b"answer"  # noqa: E731
    with closing(AnswerStore(AnswerFile(tmp_path / "requests.db"), lambda: now[0])) as store:
        store.once("ilves", "old", b"request", made)
        now[0] += KEPT + 1
        store.once("ilves", "new", b"request", made)
        assert store.once("ilves", "old", b"request", lambda: b"again") == b"again"


def test_a_full_disk_takes_no_answer_of_what_was_done(answers: AnswerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise LedgerError("DISK-FULL", "no room left")

    monkeypatch.setattr(answers, "_keep", full)
    assert answers.once("ilves", "key", b"request", lambda: b"answer") == b"answer"
