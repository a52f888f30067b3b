"""A report says which key commits to the entries of an order: the ledger's own key alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from cli.reports.integrity import _left_out
from ledger.entries.envelope import open_
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.placement import map_of
from tests.support.memory_ledger import ORDER, Ledger, resealed, small


def left_out(ledger: Ledger, size: int | None = None) -> tuple[str, ...]:
    rows = list(enumerate(ledger.entries))
    own = Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key)
    keyring = Keyring(ledger.registry, own)

    def order(name: str) -> list[tuple[int, bytes]]:
        return [(index, raw) for index, raw in rows if open_(raw, verify=False).payload.order == name]

    for index, raw in order(ledger.registry):
        keyring.admit(open_(raw), index)
    reader: Any = SimpleNamespace(
        folder=SimpleNamespace(origin=ledger.origin), store=SimpleNamespace(order=order), registers={0: (keyring, None)}
    )
    return _left_out(reader, ORDER, ledger.size if size is None else size)


def test_a_report_speaks_of_the_newest_commit_of_the_ledgers_own_key() -> None:
    ledger, ilves = small()
    at = ledger.commit(ledger.enrol("node", "XO", "SYS"))
    (says,) = left_out(ledger)
    assert f"entry {at} of the log commits the ledger to 2 of them among the first {at} entries" in says
    fact = {"size": ledger.size, "map_root": bytes(32).hex()}
    ledger.record(ilves, "heads-committed", fact, order=map_of(ledger.origin), role="SYS")
    assert left_out(ledger) == (says,), "a key without the role of the ledger commits it to nothing"
    ledger.append(resealed(ledger.entries[at], lambda said: said["signer"].update(actor="ilves"), ilves))
    assert left_out(ledger) == (says,)


def test_a_commit_counts_for_the_states_of_the_log_that_have_it() -> None:
    ledger, _ = small()
    node = ledger.enrol("node", "XO", "SYS")
    first, second = ledger.commit(node), ledger.commit(node)
    assert left_out(ledger, first) == ()
    for size, at in ((first + 1, first), (second, first), (second + 1, second)):
        assert f"entry {at} of the log commits" in left_out(ledger, size)[0]


def test_a_ledger_that_has_committed_to_nothing_says_nothing() -> None:
    ledger, _ = small()
    assert left_out(ledger) == ()
