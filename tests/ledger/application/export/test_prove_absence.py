"""The document that an order is not in a ledger has the register and the commit under one witnessed head."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.export import prove_absence as exporting
from ledger.application.export.prove_absence import prove_absence
from ledger.entries.absence import parse_absence
from ledger.errors import LedgerError
from ledger.tlog.map_of_heads import order_key
from ledger.tlog.note import b64, unb64
from ledger.tlog.tree import check_inclusion, leaf_hash, root
from tests.support.memory_ledger import ORDER, Ledger, small

ABSENT = "22222222-2222-4222-8222-222222222222"


class Office:
    """A ledger that has committed its heads, and entries of the register before and behind the witnessed head."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ledger, _ = small()
        orn = self.ledger.enrol("orn", "XO", "ISS", "SYS")
        self.commit = self.ledger.commit(orn)
        self.size = self.ledger.size
        self.note = self.ledger.checkpoint()
        self.ledger.enrol("late", "XO", "ISS")
        self.asked: list[Any] = []
        ledger = self.ledger
        store = SimpleNamespace(
            first_kind=lambda order: "order-supervised" if order == ORDER else None,
            order=lambda order: [(n, ledger.entries[n]) for n, _ in ledger.seen_by([order])],
            hashes=ledger.read,
            at=lambda index: ledger.entries[index],
        )
        self.journal: Any = SimpleNamespace(origin=ledger.origin, registry=ledger.registry, store=store)
        self.witnesses: Any = SimpleNamespace(witnessed_head=self.head)
        monkeypatch.setattr(exporting, "commit_heads", self.committed)

    def committed(self, journal: object, orders: list[str]) -> Any:
        assert journal is self.journal
        tree = self.ledger.map_at(self.commit).tree
        proofs = {order: tree.prove(order_key(order)) for order in orders}
        return SimpleNamespace(index=self.commit, heads=SimpleNamespace(size=self.commit, proofs=proofs))

    def head(self, index: int, *, unwitnessed: bool) -> Any:
        self.asked.append((index, unwitnessed))
        return SimpleNamespace(checkpoint=SimpleNamespace(size=self.size), note=self.note)


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(monkeypatch)


def proven(ledger: Ledger, size: int, line: Any) -> int:
    """Return the index of a line; it is the entry of the log there, under the root of so many entries."""
    assert line.entry.encode() == ledger.entries[line.index]
    path = [unb64(node) for node in line.path]
    check_inclusion(line.index, size, leaf_hash(line.entry.encode()), path, root(size, ledger.read))
    return int(line.index)


def test_the_document_proves_the_commit_and_the_register_up_to_the_head(office: Office) -> None:
    ledger = office.ledger
    made = parse_absence(prove_absence(office.journal, ABSENT, office.witnesses))
    assert (made.log, made.order, made.checkpoint) == (ledger.origin, ABSENT, office.note.decode())
    assert made.says == f"{ledger.origin} has no order {ABSENT} among its first {office.commit} entries"
    proofs = office.committed(office.journal, [ABSENT, ledger.registry]).heads.proofs
    assert (made.absent, made.registered) == (b64(proofs[ABSENT]), b64(proofs[ledger.registry]))
    assert proven(ledger, office.size, made.commit) == office.commit
    register = [n for n, _ in ledger.seen_by([ledger.registry])]
    assert register[-1] >= office.size
    assert [proven(ledger, office.size, line) for line in made.register] == [n for n in register if n < office.size]
    assert office.asked == [(office.commit, False)]
    prove_absence(office.journal, ABSENT, office.witnesses, unwitnessed=True)
    assert office.asked[1:] == [(office.commit, True)]


def test_of_an_order_that_is_here_no_absence_is_proven(office: Office) -> None:
    with pytest.raises(LedgerError, match=f"this ledger has an order {ORDER}") as refused:
        prove_absence(office.journal, ORDER, office.witnesses)
    assert (refused.value.code, office.asked) == ("ORDER-EXISTS", [])


def test_a_head_that_ends_with_an_entry_of_the_register_has_it(office: Office) -> None:
    office.size += 1
    office.note = office.ledger.checkpoint(office.size)
    made = parse_absence(prove_absence(office.journal, ABSENT, office.witnesses))
    assert proven(office.ledger, office.size, made.register[-1]) == office.size - 1
