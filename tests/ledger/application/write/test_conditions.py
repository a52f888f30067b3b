"""A log takes an entry with a condition only if what its signer had not seen does not oppose it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.storage.entry_recorder import StaleVersion
from ledger.application.journal import Journal
from ledger.application.write.draft import Draft
from ledger.application.write.receipt import Receipt
from ledger.application.write.sequencer import Sequencer
from ledger.entries.envelope import open_
from ledger.entries.payload import Condition
from ledger.errors import RecordError
from ledger.facts import build
from tests.ledger.application.test_journal import (
    ADM,
    NOON,
    ORDER,
    OTHER,
    SKYLARK,
    ilves,
    issued,
    journal,
    sealed_for,
    sent,
)
from tests.ledger.application.write.test_group_commit import SAID, together
from tests.ledger.application.write.test_sequencer import ROUNDS, beside

__all__ = ["journal"]  # the fixture

SENT, KEPT_SECRET = "order-transmitted", "confidentiality-requested"


def secret() -> Any:
    return build(KEPT_SECRET, {"until": "2027-06-01"}, {"reasons": "Others are still looked for."})


def demand(after: int, *orders: str, kinds: tuple[str, ...] = (SENT,)) -> Condition:
    return Condition(after, sorted(orders), sorted(kinds))


def decision(journal: Journal, condition: Condition, order: str = OTHER, **given: Any) -> Draft:
    return Draft(secret(), order, ilves(journal), replace(SAID, unless=condition), **given)


@pytest.fixture
def two(journal: Journal) -> Journal:
    """Return a ledger with an order on which decisions rest, ORDER, and one in which they are recorded, OTHER."""
    for order, name in ((ORDER, "PPO-1"), (OTHER, "PPO-2")):
        journal.record(issued(name), order, ilves(journal))
    return journal


def refused(journal: Journal, *drafts: Draft) -> str:
    size = journal.store.size()
    with pytest.raises(RecordError) as error:
        journal.record_batch(drafts)
    assert (error.value.code, journal.store.size()) == ("CTX-CONDITION", size)
    return error.value.says


def test_an_entry_is_refused_where_one_that_its_condition_excludes_came_since(two: Journal) -> None:
    seen = two.store.size()
    opposed = two.record(sent(), ORDER, ilves(two)).index
    assert f"entry {opposed} is one" in refused(two, decision(two, demand(seen, ORDER)))
    taken = two.record_batch([decision(two, demand(two.store.size(), ORDER))])[0]
    assert open_(two.store.at(taken.index) or b"").payload.unless == demand(opposed + 1, ORDER)


@pytest.mark.parametrize(
    ("orders", "kinds", "since"),
    [((OTHER,), (SENT,), 0), ((ORDER,), (KEPT_SECRET,), 0), ((ORDER, OTHER), (SENT, KEPT_SECRET), 1)],
    ids=["in another order", "of another kind", "that was seen"],
)
def test_an_entry_that_the_condition_does_not_exclude_opposes_nothing(
    two: Journal, orders: tuple[str, ...], kinds: tuple[str, ...], since: int
) -> None:
    seen = two.store.size()
    two.record(sent(), ORDER, ilves(two))
    two.record_batch([decision(two, demand(seen + since, *orders, kinds=kinds))])


def test_a_signer_cannot_have_seen_more_entries_than_there_are(two: Journal) -> None:
    size = two.store.size()
    assert f"{size + 1} entries of this log were known, and there were {size}" in refused(
        two, decision(two, demand(size + 1, ORDER))
    )


def test_the_register_can_be_in_a_condition(two: Journal) -> None:
    seen, adm = two.store.size(), two.signer("adm", "ADM", ADM)
    revoked = {"key": SKYLARK.public.hex(), "actor": "skylark", "cause": "lost"}
    condition = demand(seen, two.registry, kinds=("key-revoked",))
    two.record_batch([decision(two, condition)])
    two.record(build("key-revoked", revoked, {}), two.registry, adm)
    assert "key-revoked" in refused(two, decision(two, condition))


def test_entries_that_are_recorded_together_oppose_each_other_in_their_order(two: Journal) -> None:
    seen, signer = two.store.size(), ilves(two)
    before = Draft(sent(), ORDER, signer, SAID)
    assert "one that is recorded with it is one" in refused(two, before, decision(two, demand(seen, ORDER)))
    two.record_batch([decision(two, demand(seen, ORDER)), before])


def test_a_request_of_the_same_group_opposes_the_one_behind_it(two: Journal) -> None:
    seen, signer = two.store.size(), ilves(two)
    answers = together(
        two,
        [
            lambda: two.record_batch([Draft(sent(), ORDER, signer, SAID)]),
            lambda: two.record_batch([decision(two, demand(seen, ORDER))]),
        ],
    )
    assert answers[0].result()
    error = answers[1].exception()
    assert isinstance(error, RecordError)
    assert error.code == "CTX-CONDITION"


def test_many_facts_that_are_recorded_in_one_transaction_oppose_each_other(two: Journal) -> None:
    seen, signer = two.store.size(), ilves(two)

    def record() -> None:
        with two.many() as bulk:
            bulk.add(Draft(sent(), ORDER, signer, SAID))
            bulk._turn()  # what is staged is no page in memory any more
            bulk.add(decision(two, demand(seen, ORDER)))

    with pytest.raises(RecordError, match="CTX-CONDITION"):
        record()
    assert two.store.size() == seen


def test_what_another_process_stores_meanwhile_opposes_an_entry_in_bulk(two: Journal) -> None:
    seen = two.store.size()
    with Journal.open(two.folder.path, now=two.now) as other:

        def record() -> None:
            with two.many() as bulk:
                bulk.add(decision(two, demand(seen, ORDER)))
                other.record(sent(), ORDER, ilves(other))

        with pytest.raises(RecordError, match="CONFLICT") as conflict:
            record()
        assert isinstance(conflict.value.__cause__, StaleVersion)


def test_an_entry_that_was_sealed_elsewhere_is_taken_by_its_condition_too(two: Journal) -> None:
    seen = two.store.size()
    raw = sealed_for(two, secret(), ilves(two), order=OTHER, said=replace(SAID, unless=demand(seen, ORDER)))
    two.record(sent(), ORDER, ilves(two))
    with pytest.raises(RecordError, match="CTX-CONDITION"):
        two.receive_sealed([raw])


def test_a_repeated_command_finds_its_entry_whatever_came_since(two: Journal) -> None:
    draft = decision(two, demand(two.store.size(), ORDER), entry="ab" * 16)
    first = two.record_batch([draft])[0]
    two.record(sent(), ORDER, ilves(two))
    again = decision(two, demand(two.store.size(), ORDER), entry="ab" * 16)
    assert two.record_batch([again])[0].index == first.index


# -- at the same moment -----------------------------------------------------------------------------------------------


def decided(journal: Journal, rounds: int = ROUNDS) -> list[Receipt]:
    """Let threads of one sequencer and another process oppose and decide at once; return what was decided."""
    signer, taken = ilves(journal), []
    for order, name in ((ORDER, "PPO-1"), (OTHER, "PPO-2")):
        journal.record(issued(name), order, signer)
    with Sequencer(journal) as sequencer, beside(journal.folder.path) as process, ThreadPoolExecutor(6) as threads:
        barrier = threading.Barrier(7)

        def decide(seen: int) -> Receipt | None:
            barrier.wait()
            try:
                return sequencer.record([decision(journal, demand(seen, ORDER))])[0]
            except RecordError as error:
                if error.code != "CTX-CONDITION":
                    raise
                return None

        def oppose() -> None:
            barrier.wait()
            sequencer.record([Draft(sent(), ORDER, signer, SAID)])

        for n in range(rounds):
            seen = journal.store.size()
            going = [threads.submit(decide, seen) for _ in range(5)]
            opposing = threads.submit(oppose) if n % 2 else threads.submit(barrier.wait)
            assert process.stdin
            assert process.stdout
            process.stdin.write(f"{ORDER}\n")
            process.stdin.flush()
            barrier.wait()
            taken += [receipt for each in going if (receipt := each.result()) is not None]
            opposing.result()
            process.stdout.readline()
    return taken


def check_decided(journal: Journal, taken: list[Receipt]) -> None:
    """Check, with the stored bytes alone, that no entry follows one that its condition excludes."""
    opposing = [i for i, raw in journal.store.order(ORDER) if open_(raw, verify=False).payload.kind == SENT]
    assert taken
    for receipt in taken:
        asked = open_(journal.store.at(receipt.index) or b"").payload.unless
        assert isinstance(asked, Condition)
        assert not [index for index in opposing if asked.after <= index < receipt.index]


def test_in_twenty_rounds_of_simultaneous_writers_no_entry_is_taken_in_spite_of_its_condition(
    journal: Journal,
) -> None:
    with Journal.open(journal.folder.path, now=lambda: NOON + timedelta(days=1)) as writer:
        check_decided(writer, decided(writer))
