"""Many threads write to one ledger: a bounded number of requests, an orderly end, and the answers of a plain model."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from ledger.adapters.keys.key_files import SeedKey
from ledger.adapters.storage.entry_store import EntryStore
from ledger.application.journal import Journal
from ledger.application.write.draft import Draft
from ledger.application.write.receipt import Receipt
from ledger.application.write.sequencer import Sequencer
from ledger.entries.envelope import Signer
from ledger.errors import LedgerError, RecordError, TooManyRequests
from tests.ledger.application.test_journal import (
    NOON,
    ORDER,
    Clock,
    entries,
    ilves,
    issued,
    journal,
    made,
    sealed_for,
    sent,
)
from tests.ledger.application.write.test_group_commit import SAID, check_receipts, opening, order, together
from tests.support.samples import examples

__all__ = ["journal"]  # the fixture

ROOT = Path(__file__).parents[4]
ROUNDS, THREADS, EACH = 20, 8, 3


# -- a bounded number, an orderly end ---------------------------------------------------------------------------------


@contextmanager
def stopped(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let no entry be stored until the event is set."""
    free = threading.Event()
    append = EntryStore.append

    def wait(self: EntryStore, *args: Any, **given: Any) -> Any:
        free.wait(30)
        return append(self, *args, **given)

    with monkeypatch.context() as patch:
        patch.setattr(EntryStore, "append", wait)
        try:
            yield free
        finally:
            free.set()


def until(true: Any) -> None:
    end = monotonic() + 30
    while not true():
        assert monotonic() < end
        sleep(0.0005)


def test_what_does_not_fit_is_refused_with_the_seconds_to_wait(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    sequencer = Sequencer(journal, most=2)
    drafts = [opening(journal, n) for n in range(3)]
    with stopped(journal, monkeypatch) as free, ThreadPoolExecutor() as threads:
        taken = [threads.submit(sequencer.record, [draft]) for draft in drafts[:2]]
        until(lambda: sequencer._requests == 2)
        with pytest.raises(TooManyRequests) as refused:
            sequencer.record([drafts[2]])
        free.set()
        assert [future.result()[0].order for future in taken] == [order(0), order(1)]
    assert (refused.value.code, refused.value.seconds) == ("BUSY", 1)
    assert "nothing was recorded" in refused.value.says
    assert sequencer.record([drafts[2]])[0].order == order(2)


def test_four_thousand_requests_are_taken_at_a_time_and_a_stopped_writer_is_asked_again_in_five_seconds() -> None:
    asked: list[object] = []

    class Stores:
        def record_batch(self, drafts: Any, check: Any = None) -> list[Receipt]:
            asked.append((drafts, check))
            return ["recorded"]  # type: ignore[list-item]

        def receive_sealed(self, entries: Any, disclosures: Any = None, *, whole: bool = False) -> list[Receipt]:
            asked.append((entries, disclosures, whole))
            return ["received"]  # type: ignore[list-item]

        def seconds_to_store(self, requests: int) -> int:
            return requests * 2

    sequencer: Any = Sequencer(Stores())
    with sequencer as entered:
        assert entered is sequencer
        sequencer._requests = 4_095
        assert sequencer.record("drafts", "check") == ["recorded"]
        assert sequencer.receive("entries", "disclosures") == ["received"]
        assert (asked, sequencer._requests) == ([("drafts", "check"), ("entries", "disclosures", True)], 4_095)
        sequencer._requests = 4_096
        with pytest.raises(TooManyRequests, match="4096 requests wait already") as refused:
            sequencer.record([])
        assert (refused.value.seconds, sequencer._requests) == (8_192, 4_096)
        sequencer._requests = 0
    with pytest.raises(TooManyRequests, match="is being stopped") as refused:
        sequencer.receive([])
    assert (refused.value.seconds, len(asked)) == (5, 2)


def test_closing_answers_what_was_taken_and_refuses_what_comes_later(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = [opening(journal, n) for n in range(2)]
    with stopped(journal, monkeypatch) as free, ThreadPoolExecutor() as threads, Sequencer(journal) as sequencer:
        taken = threads.submit(sequencer.record, [drafts[0]])
        until(lambda: sequencer._requests == 1)
        closing = threads.submit(sequencer.close)
        until(lambda: sequencer._closed)
        with pytest.raises(TooManyRequests) as refused:
            sequencer.record([drafts[1]])
        assert not closing.done()
        free.set()
        closing.result()
        assert taken.done()
    assert refused.value.seconds > 0
    assert taken.result()[0].order == order(0)


def test_a_refused_request_makes_room_for_the_next(journal: Journal) -> None:
    sequencer = Sequencer(journal, most=1)
    for _ in range(2):
        with pytest.raises(RecordError):
            sequencer.record([Draft(sent(), ORDER, ilves(journal), SAID)])
    with pytest.raises(RecordError):
        sequencer.receive([b"no entry"])
    assert sequencer.record([opening(journal, 1)])[0].order == order(1)


def test_entries_sealed_elsewhere_are_taken_all_or_none(journal: Journal) -> None:
    signer = ilves(journal)
    good = sealed_for(journal, issued(), signer)
    bad = good.replace(b'"sig":"', b'"sig":"A', 1)
    size = journal.store.size()
    with Sequencer(journal) as sequencer:
        with pytest.raises(RecordError) as refused:
            sequencer.receive([good, bad])
        assert "entry 1" in refused.value.where
        assert journal.store.size() == size
        (receipt,) = sequencer.receive([good])
        assert sequencer.receive([good])[0].index == receipt.index
    check_receipts(journal, [receipt])


# -- at the same moment -----------------------------------------------------------------------------------------------

BESIDE = """
import json, sys
from pathlib import Path
from tests.ledger.application.test_journal import *
with Journal.open(Path(sys.argv[1]), now=lambda: NOON + timedelta(days=1)) as journal:
    signer = journal.signer("ilves", "ISS", ILVES)
    for line in sys.stdin:
        receipt = journal.record(sent(), line.strip(), signer)
        print(json.dumps([receipt.index, receipt.leaf, receipt.seq]), flush=True)
"""


@contextmanager
def beside(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that records in the orders whose ids it reads."""
    command = [sys.executable, "-c", BESIDE, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin
        process.stdin.close()
        assert process.wait() == 0


def simultaneous(journal: Journal, rounds: int = ROUNDS) -> None:
    """Let eight threads of one sequencer and two processes write at once, all to one order and each to its own."""
    signer = ilves(journal)
    journal.record(issued(), ORDER, signer)
    start = journal.store.size()
    receipts: list[Receipt] = []
    elsewhere: list[tuple[int, str, int]] = []
    folder = journal.folder.path
    with Sequencer(journal) as sequencer, beside(folder) as one, beside(folder) as two:
        barrier = threading.Barrier(THREADS)

        def write(number: int) -> list[Receipt]:
            barrier.wait()
            mine = [*sequencer.record([Draft(issued(f"PPO-{number}"), order(number), signer, SAID)])]
            mine += sequencer.record([Draft(sent(), place, signer, SAID) for place in (ORDER, order(number))])
            return mine

        with ThreadPoolExecutor(THREADS) as threads:
            for n in range(rounds):
                for process in (one, two):
                    assert process.stdin
                    process.stdin.write(f"{ORDER}\n")
                    process.stdin.flush()
                written = [threads.submit(write, 1_000 + n * THREADS + k) for k in range(THREADS)]
                receipts += [receipt for future in written for receipt in future.result()]
                for process in (one, two):
                    assert process.stdout
                    elsewhere.append(json.loads(process.stdout.readline()))
    known = {(receipt.index, receipt.leaf): receipt.seq for receipt in receipts}
    known |= {(index, leaf): seq for index, leaf, seq in elsewhere}
    assert sorted(index for index, _ in known) == list(range(start, start + rounds * (THREADS * EACH + 2)))
    assert journal.log.catch_up().size == journal.store.size() == start + len(known)
    check_receipts(journal, receipts)
    shared = entries(journal)
    assert [entry.seq for entry in shared] == list(range(1, len(shared) + 1))
    assert {(entry.index, entry.leaf): entry.seq for entry in shared[1:]}.items() <= known.items()
    assert journal.log.derive().root() == journal.log.signed().root


@pytest.mark.parametrize("rounds", [5, pytest.param(ROUNDS, marks=pytest.mark.slow)])
def test_in_rounds_of_simultaneous_threads_and_processes_there_is_no_hole_and_no_fork(
    journal: Journal, rounds: int
) -> None:
    with Journal.open(journal.folder.path, now=lambda: NOON + timedelta(days=1)) as writer:
        simultaneous(writer, rounds)


def test_writers_of_one_log_read_the_tree_once(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = ilves(journal)
    journal.record(issued(), ORDER, signer)
    with Journal.open(journal.folder.path, now=Clock()) as second:
        second.record(sent(), ORDER, signer)
        monkeypatch.setattr(type(journal.store.recorder), "_read_tree", None)
        for _ in range(5):
            journal.record(sent(), ORDER, signer)
            second.record(sent(), ORDER, signer)
    assert journal.log.derive().root() == journal.log.catch_up().root


# -- a process that is killed ------------------------------------------------------------------------------------------

KILLED = """
import json, sys, threading
from pathlib import Path
from ledger.application.write.sequencer import Sequencer
from tests.ledger.application.test_journal import *
from tests.ledger.application.write.test_group_commit import SAID, order
journal = Journal.open(Path(sys.argv[1]), now=lambda: NOON + timedelta(days=1))
signer, sequencer = journal.signer("ilves", "ISS", ILVES), Sequencer(journal)
def write(number):
    place = order(number)
    sequencer.record([Draft(issued(f"PPO-{number}"), place, signer, SAID)])
    while True:
        (receipt,) = sequencer.record([Draft(sent(), place, signer, SAID)])
        sys.stdout.write(json.dumps([receipt.index, receipt.leaf, receipt.proof.decode()]) + "\\n")
        sys.stdout.flush()
for number in range(16):
    threading.Thread(target=write, args=(number,), daemon=True).start()
threading.Event().wait()
"""


def killed_in_a_group(folder: Path, acknowledged: int) -> list[Receipt]:
    """Kill a process of sixteen writers with SIGKILL after so many receipts; return every receipt that it gave."""
    command = [sys.executable, "-c", KILLED, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(acknowledged)]
        process.kill()
        lines += process.stdout.readlines()
    whole = [json.loads(line) for line in lines if line.endswith("\n")]
    assert len(whole) >= acknowledged
    return [Receipt(index, leaf, "", "", 0, False, constant(proof.encode())) for index, leaf, proof in whole]


def constant(proof: bytes) -> Callable[[int], bytes]:
    return lambda _: proof


@pytest.mark.parametrize("acknowledged", [1, 50, 200])
def test_what_was_acknowledged_is_there_after_the_process_was_killed_in_a_group(
    journal: Journal, acknowledged: int
) -> None:
    killed_and_opened(journal, acknowledged)


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(30))
def test_what_was_acknowledged_is_there_whenever_the_process_was_killed(journal: Journal, moment: int) -> None:
    killed_and_opened(journal, random.Random(moment).randrange(1, 400))


def killed_and_opened(journal: Journal, acknowledged: int) -> None:
    journal.close()
    receipts = killed_in_a_group(journal.folder.path, acknowledged)
    with Journal.open(journal.folder.path, now=lambda: NOON + timedelta(days=2)) as after:
        check_receipts(after, receipts)
        assert after.log.derive().root() == after.log.signed().root
        assert after.log.signed().size == after.store.size()
        after.record(issued(), ORDER, ilves(after))


# -- a plain model ----------------------------------------------------------------------------------------------------

_orders = st.integers(0, 3)
_requests = st.one_of(
    st.tuples(st.just("open"), _orders),
    st.tuples(st.just("send"), _orders),
    st.tuples(st.just("stranger"), _orders),
    st.tuples(st.just("half"), _orders),
    st.tuples(st.just("repeat"), _orders),
)


class Model:
    """What a ledger answers to one request after another: the places of its entries, or a refusal."""

    def __init__(self) -> None:
        self.sizes: Counter[int] = Counter()
        self.repeated: dict[int, int] = {}  # the order whose first entry has the id -> its number in the order

    def answer(self, what: str, number: int) -> list[int] | str:
        if what in ("open", "send") and (what == "open" or self.sizes[number]):
            self.sizes[number] += 1
            return [self.sizes[number]]
        if what == "repeat":
            if number not in self.repeated:
                self.sizes[number] += 1
                self.repeated[number] = self.sizes[number]
            return [self.repeated[number]]
        return "refused"


@given(groups=st.lists(st.lists(_requests, min_size=1, max_size=6), min_size=1, max_size=5))
@examples(25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_request_is_answered_as_if_the_requests_had_come_one_after_another(
    groups: list[list[tuple[str, int]]],
) -> None:
    with TemporaryDirectory() as folder, made(Path(folder) / "ledger") as journal:
        signer = ilves(journal)
        key = SeedKey(bytes([9] * 32))
        stranger = Signer("ilves", "ISS", "XO", key.public, key.sign)
        start, model = journal.store.size(), Model()

        def drafts(what: str, number: int) -> list[Draft]:
            place = order(number)
            match what:
                case "open":
                    return [Draft(issued(f"PPO-{number}"), place, signer, SAID)]
                case "send":
                    return [Draft(sent(), place, signer, SAID)]
                case "repeat":
                    return [Draft(issued(f"PPO-{number}"), place, signer, SAID, entry=f"{number:032x}")]
                case "stranger":
                    return [Draft(issued(f"PPO-{number}"), place, stranger, SAID)]
                case _:
                    return [*drafts("open", number), *drafts("stranger", number)]

        def request(sequencer: Sequencer, each: tuple[str, int]) -> list[Receipt]:
            return sequencer.record(drafts(*each))

        receipts = []
        with Sequencer(journal) as sequencer:
            for group in groups:
                answers = together(journal, [partial(request, sequencer, each) for each in group])
                seqs = [answered(answer) for answer in answers]
                expected = [model.answer(*each) for each in group]
                assert [seq == "refused" for seq in seqs] == [seq == "refused" for seq in expected]
                assert sorted(map(str, seqs)) == sorted(map(str, expected))
                receipts += [receipt for answer in answers if not answer.exception() for receipt in answer.result()]
        assert journal.store.size() == start + model.sizes.total()
        for number, size in model.sizes.items():
            assert [entry.seq for entry in (entries(journal, order(number)) if size else ())] == list(
                range(1, size + 1)
            )
        check_receipts(journal, receipts)


def answered(answer: Future[list[Receipt]]) -> list[int] | str:
    error = answer.exception()
    if error is None:
        return [receipt.seq for receipt in answer.result()]
    assert isinstance(error, RecordError | LedgerError)
    return "refused"
