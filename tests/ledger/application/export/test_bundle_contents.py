"""A bundle has what its audience may read, with the bytes, proofs and heads of the logs whose entries it wraps."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.log.checkpoints import PublishedHead, TimeStampToken
from ledger.application.export import bundle_contents
from ledger.application.export.bundle_contents import _foreign, _heads_seen, _named, _registers, _tokens, orders_of
from ledger.entries.wrapped_entry import KIND, PROOF, VALUES

AT = datetime(2027, 3, 1, tzinfo=UTC)
HEAD = PublishedHead(3, b"note", AT, None)
CHECKPOINT = sha256(b"checkpoint").hexdigest()


def token(head: str, reply: bytes) -> TimeStampToken:
    return TimeStampToken(head, "tsa", reply, AT)


def test_time_stamps_are_numbered_for_each_note_in_the_order_of_their_arrival() -> None:
    arrived = [(HEAD.digest, b"1"), (CHECKPOINT, b"2"), ("other", b"3"), (HEAD.digest, b"4"), (CHECKPOINT, b"5")]
    tokens = [token(head, reply) for head, reply in arrived]
    assert _tokens(tokens, CHECKPOINT, [HEAD]) == {
        f"heads/{HEAD.digest}.1.tsr": b"1",
        "checkpoint.1.tsr": b"2",
        f"heads/{HEAD.digest}.2.tsr": b"4",
        "checkpoint.2.tsr": b"5",
    }


def entry(kind: str, documents: tuple[Any, ...] = (), **public: Any) -> Any:
    return SimpleNamespace(payload=SimpleNamespace(kind=kind, public=public, documents=documents))


class Desk:
    """A journal of stand-ins: orders with kinds of entries, a companion, and received files."""

    def __init__(self) -> None:
        self.kinds: dict[str, list[str]] = {"main": ["order-issued"], "beside": ["ex-post-validation-sought"]}
        self.companion: str | None = "beside"
        self.held: dict[str, bytes] = {}
        self.arrivals: list[Any] = []
        self.subject_keys: Any = SimpleNamespace(companion_of=lambda order: self.companion)
        self.cases: Any = SimpleNamespace(
            opened=lambda order: [(n, entry(kind)) for n, kind in enumerate(self.kinds[order])],
            arrived=lambda order, opened: self.arrivals if order == "main" else [],
        )
        self.received: Any = SimpleNamespace(read=self.held.get)
        self.store: Any = SimpleNamespace(head=lambda order: order in ("main", "other"))
        self.folder: Any = SimpleNamespace(others="others")

    def case(self, order: str) -> Any:
        return SimpleNamespace(entries=())


@pytest.fixture
def desk() -> Any:
    return Desk()


def test_a_bundle_has_the_companion_for_an_audience_that_may_see_each_of_its_entries(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {"ex-post-validation-sought"}
    monkeypatch.setattr(bundle_contents, "visible", lambda kind, audience: audience == "CT" and kind in seen)
    assert list(orders_of(desk, "main", "CT")) == ["main", "beside"]
    assert list(orders_of(desk, "main", "SP")) == ["main"]
    desk.kinds["beside"].append("ex-post-validation-granted")
    assert list(orders_of(desk, "main", "CT")) == ["main"]
    desk.companion = None
    assert list(orders_of(desk, "main", "CT")) == ["main"]
    desk.subject_keys = None
    assert list(orders_of(desk, "main", "CT")) == ["main"]


def test_linked_orders_are_those_that_are_here_and_other_ones(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.companion = None
    monkeypatch.setattr(bundle_contents, "linked", lambda entries: ["main", "other", "elsewhere"])
    assert list(orders_of(desk, "main", "CT", True)) == ["main", "other"]
    assert list(orders_of(desk, "main", "CT")) == ["main"]


def test_documents_are_carried_that_an_entry_names_to_this_audience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(bundle_contents, "documents_named", lambda entries, audience: {"a", "c"})
    assert _named({"a": tmp_path / "a", "b": tmp_path / "b"}, [], "CT") == {"a": b"a"}


@pytest.mark.parametrize("closed", [False, True])
def test_of_a_wrapped_entry_a_bundle_has_the_bytes_the_proof_and_what_the_audience_may_read(
    closed: bool, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.held |= {"foreign/e1": b"entry", f"foreign/e1{PROOF}": b"proof", "foreign/e2": b"alone", "foreign/e9": b"x"}
    wrapper = entry(KIND, envelope="e1")
    desk.arrivals = [
        (3, wrapper, "inner", ["name", "account", "reason"]),
        (4, entry(KIND, envelope="e2"), "inner", ["reason"]),
    ]
    monkeypatch.setattr(bundle_contents, "as_counted", lambda inner, wrapper, index: index)
    monkeypatch.setattr(bundle_contents, "readable", lambda counted, audience: {"name", "account"})
    monkeypatch.setattr(bundle_contents, "parse_disclosure", lambda text: SimpleNamespace(name=text))
    covered = {
        "main": [(3, wrapper), (4, entry(KIND, envelope="e2")), (5, entry("order-issued", envelope="e9"))],
        "registry": [(1, entry(KIND, envelope=7)), (2, entry(KIND, envelope="none"))],
    }
    request: Any = SimpleNamespace(audience="CT", closed=closed)
    values = {} if closed else {f"e1{VALUES}": b"name\naccount\n"}
    assert _foreign(desk, covered, request) == {"e1": b"entry", f"e1{PROOF}": b"proof", "e2": b"alone", **values}


def test_the_registers_and_heads_are_those_of_the_logs_whose_entries_are_wrapped(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = [*(entry(KIND, origin=name) for name in "bac"), entry("order-issued", origin="d")]
    monkeypatch.setattr(bundle_contents, "origin_hash", lambda origin: f"hash of {origin}")
    monkeypatch.setattr(
        bundle_contents, "registers", lambda received: {f"hash of {name}": {1: (b"e", b"p")} for name in "abd"}
    )
    assert list(_registers(desk, opened)) == ["a", "b"]
    heads = {name: SimpleNamespace(digest=f"digest {name}", note=name.encode()) for name in "abd"}
    monkeypatch.setattr(bundle_contents, "newest_seen", lambda others, origin: heads.get(origin))
    assert _heads_seen(desk, iter(opened)) == {"digest a": b"a", "digest b": b"b"}
    documents = (SimpleNamespace(sha256="s1"), SimpleNamespace(sha256="s2"))
    desk.held["foreign/s1"] = b"last head"
    assert _heads_seen(desk, [entry("log-succeeded", documents)]) == {"s1": b"last head"}
    assert _heads_seen(desk, [entry("order-issued", documents)]) == {}
