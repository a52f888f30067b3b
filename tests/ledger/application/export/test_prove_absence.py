"""That a ledger has no order is proved under a witnessed head, with the register as far as this head reaches."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.export import prove_absence as module
from ledger.application.export.prove_absence import prove_absence
from ledger.entries.absence import ProvenLine
from ledger.errors import LedgerError

HERE, REGISTRY, NONE = "an order that is here", "the register", "an order that is not here"


class Ledger:
    """A ledger with one order, whose head is at a size; `asked` is what the proof needed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
        self.asked: list[Any] = []
        self.documents: list[Any] = []
        rows = [(4, b"four"), (0, b"zero"), (size, b"beyond"), (size + 1, b"further")]
        store = SimpleNamespace(
            first_kind=lambda order: "order-issued" if order == HERE else None,
            order=lambda order: rows if order == REGISTRY else [],
            at=lambda index: b"the commit" if index == 2 else None,
            hashes=None,
        )
        self.journal: Any = SimpleNamespace(store=store, registry=REGISTRY, origin="ledger.test/xo")
        self.head = SimpleNamespace(checkpoint=SimpleNamespace(size=size), note=b"a note")
        self.witnesses: Any = SimpleNamespace(witnessed_head=self.witnessed)
        monkeypatch.setattr(module, "commit_heads", self.commit)
        monkeypatch.setattr(module, "prove_inclusions", self.prove)
        monkeypatch.setattr(module, "format_absence", self.formatted)

    def witnessed(self, index: int, *, unwitnessed: bool) -> Any:
        self.asked.append((index, unwitnessed))
        return self.head

    def formatted(self, said: object) -> bytes:
        self.documents.append(said)
        return b"document"

    def commit(self, journal: object, orders: list[str]) -> Any:
        assert journal is self.journal
        self.asked.append(orders)
        return SimpleNamespace(index=2, heads=SimpleNamespace(size=9, proofs={NONE: b"absent", REGISTRY: b"there"}))

    def prove(self, places: list[int], size: int, hashes: object) -> list[list[bytes]]:
        self.asked.append((places, size))
        return [[b"%d" % place] for place in places]


def test_the_document_has_the_commit_and_the_register_below_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(monkeypatch, 7)
    assert prove_absence(ledger.journal, NONE, ledger.witnesses) == b"document"
    assert ledger.asked == [[NONE, REGISTRY], (2, False), ([0, 2, 4], 7)]
    (said,) = ledger.documents
    assert (said.log, said.order, said.checkpoint) == ("ledger.test/xo", NONE, "a note")
    assert (said.absent, said.registered) == ("YWJzZW50", "dGhlcmU=")
    assert said.commit == ProvenLine(2, "the commit", ["Mg=="])
    assert said.register == [ProvenLine(4, "four", ["NA=="]), ProvenLine(0, "zero", ["MA=="])]
    assert NONE in said.says
    prove_absence(ledger.journal, NONE, ledger.witnesses, unwitnessed=True)
    assert ledger.asked[-2] == (2, True)


def test_an_order_that_is_here_is_not_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(monkeypatch, 7)
    with pytest.raises(LedgerError, match="ORDER-EXISTS") as refused:
        prove_absence(ledger.journal, HERE, ledger.witnesses)
    assert (refused.value.hint, ledger.asked) == ("comity export makes its bundle", [])
