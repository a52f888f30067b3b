"""The newest commit under a checkpoint counts, of the ledger's own key alone, and a wrong one is proved wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ledger.application.integrity.committed_orders import newest_commit
from ledger.entries.envelope import open_
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.placement import map_of
from ledger.errors import RecordError
from ledger.tlog.note import Checkpoint
from ledger.tlog.tree import Frontier, leaf_hash
from tests.support.memory_ledger import Ledger, resealed, small


class Store:
    """The reading side of a log in memory."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        self.entries, self.stored, self.tree = entries, list[bytes](), Frontier()
        for raw in entries:
            self.stored += self.tree.add(leaf_hash(raw))

    def hashes(self, positions: Sequence[int]) -> list[bytes]:
        return [self.stored[position] for position in positions]

    def order(self, order: str) -> list[tuple[int, bytes]]:
        entries = enumerate(self.entries)
        return [(index, raw) for index, raw in entries if open_(raw, verify=False).payload.order == order]


def newest(ledger: Ledger, size: int | None = None, changed: dict[int, bytes] | None = None) -> int | None:
    """Return the index of the newest commit under the head of a size; entries may be `changed` since."""
    size = ledger.size if size is None else size
    head = Checkpoint(ledger.origin, size, Store(ledger.entries[:size]).tree.root() if size else bytes(32))
    keyring = Keyring(ledger.registry, Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key))
    store: Any = Store(ledger.entries)
    for index, raw in store.order(ledger.registry):
        keyring.admit(open_(raw), index)
    store.entries = [(changed or {}).get(index, raw) for index, raw in enumerate(ledger.entries)]
    found = newest_commit(store, ledger.origin, head, keyring)
    return None if found is None else found[0]


def test_the_newest_commit_under_a_head_counts() -> None:
    ledger, _ = small()
    assert newest(ledger) is None
    node = ledger.enrol("node", "XO", "SYS")
    first, second = ledger.commit(node), ledger.commit(node)
    sizes = [first, first + 1, second, second + 1]
    assert [newest(ledger, size) for size in sizes] == [None, first, first, second]


def test_an_entry_by_a_key_without_the_role_commits_a_ledger_to_nothing() -> None:
    ledger, ilves = small()
    at = ledger.commit(ledger.enrol("node", "XO", "SYS"))
    stated = {"size": ledger.size, "map_root": bytes(32).hex()}
    ledger.record(ilves, "heads-committed", stated, order=map_of(ledger.origin), role="SYS")
    assert newest(ledger) == at


def test_an_entry_of_another_kind_commits_a_ledger_to_nothing() -> None:
    ledger, ilves = small()
    at = ledger.commit(ledger.enrol("node", "XO", "SYS"))
    sent = {"addressee": "skylark", "channel": "mail"}
    ledger.record(ilves, "order-transmitted", sent, order=map_of(ledger.origin))
    assert newest(ledger) == at


def test_a_commit_that_was_changed_or_that_no_key_could_sign_is_proved_wrong() -> None:
    ledger, ilves = small()
    node = ledger.enrol("node", "XO", "SYS")
    first, second = ledger.commit(node), ledger.commit(node)
    other = resealed(ledger.entries[second], lambda said: said["signer"].update(actor="other"), ilves)
    for changed, code in ((ledger.entries[first], "PRF-PATH"), (other, "PRF-PATH")):
        with pytest.raises(RecordError) as wrong:
            newest(ledger, changed={second: changed})
        assert (wrong.value.code, wrong.value.where) == (code, f"#{second}")
    ledger.append(other)
    with pytest.raises(RecordError, match="is not enrolled") as wrong:
        newest(ledger)
    assert (wrong.value.code, wrong.value.where) == ("KEY-UNKNOWN", f"#{second + 1}")
