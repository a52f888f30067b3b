"""A bundle has what its audience may read, with the bytes, proofs and heads of the logs whose entries it wraps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.log.checkpoints import PublishedHead, TimeStampToken
from ledger.application.export import bundle_contents
from ledger.application.export.bundle_contents import (
    BundleRequest,
    _foreign,
    _heads_seen,
    _named,
    _registers,
    _tokens,
    orders_of,
)
from ledger.application.export.bundle_contents import bundle_contents as contents
from ledger.application.export.witnessed_head import open_head
from ledger.application.journal import Journal
from ledger.bundle.contents import Contents
from ledger.bundle.findings import PATH
from ledger.entries.envelope import open_
from ledger.entries.wrapped_entry import KIND, PROOF, VALUES
from ledger.tlog.tree import format_proof, prove_consistency, prove_inclusion
from tests.support.cli import ledger_of

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
            joins=SimpleNamespace(parts_of=lambda order: []),
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


# -- of a ledger -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    """Yield the open ledger of story S1, for tests that only read it: 24 entries of the register and 15 of an order."""
    with Journal.open(ledger_of("S1", tmp_path_factory.mktemp("bundle"))) as opened:
        opened.publish()
        yield opened


def order_of(journal: Journal) -> str:
    return open_(journal.store.at(24) or b"", verify=False).payload.order


def contents_of(
    journal: Journal, *, size: int = 39, committed: Any = None, head: bool = True, **request: Any
) -> Contents:
    asked = BundleRequest(order_of(journal), "CT", AT, "tool", **request)
    note = next(kept.note for kept in journal.heads.all() if kept.size == size)
    return contents(journal, asked, open_head(journal, note) if head else None, committed)


@pytest.mark.parametrize("size", [30, 39])
def test_a_bundle_has_the_entries_up_to_a_head_with_proofs_to_it_from_each_smaller_one(
    journal: Journal, size: int
) -> None:
    made = contents_of(journal, size=size)
    read = journal.store.hashes
    assert made.checkpoint == next(kept.note for kept in journal.heads.all() if kept.size == size)
    assert [index for index, *_ in made.entries] == list(range(size))
    assert made.entries[7] == (7, journal.store.at(7), format_proof(7, prove_inclusion(7, size, read), made.checkpoint))
    assert list(made.consistency) == [(m, size) for m in range(24, size)]
    assert made.consistency[25, size] == prove_consistency(25, size, read)
    assert json.loads(made.views[PATH])["size"] == size
    assert (made.about.test, made.foreign, made.others) == (True, {}, {})


def test_a_bundle_is_as_of_the_newest_head_unless_another_one_is_given(journal: Journal) -> None:
    assert contents_of(journal, head=False).checkpoint == contents_of(journal).checkpoint


def test_only_the_newest_heads_have_a_proof_to_that_of_a_bundle(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_contents, "RECENT", 3)
    assert list(contents_of(journal).consistency) == [(36, 39), (37, 39), (38, 39)]
    assert list(contents_of(journal, size=30).consistency) == [(27, 30), (28, 30), (29, 30)]


def test_a_closed_bundle_opens_no_value_and_says_which_it_does_not_have(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    revealed: list[bool] = []
    case, entries = journal.case, journal.cases.entries

    def asked(of: Any) -> Any:
        def ask(*given: Any, reveal: bool) -> Any:
            revealed.append(reveal)
            return of(*given, reveal=reveal)

        return ask

    monkeypatch.setattr(journal, "case", asked(case))
    monkeypatch.setattr(journal.cases, "entries", asked(entries))
    opened = contents_of(journal)
    assert set(revealed) == {True}
    revealed.clear()
    closed = contents_of(journal, closed=True)
    assert set(revealed) == {False}
    assert (25 in opened.disclosures, closed.disclosures) == (True, {})
    assert {each.why for each in closed.about.withheld} == {"not-held"}
    assert opened.about.withheld == ()


def test_a_bundle_has_the_commit_of_the_heads_if_it_proves_each_of_its_orders(journal: Journal) -> None:
    proofs: dict[str, Any] = {order_of(journal): ("proof",), journal.registry: ("another",), "a third": ("more",)}
    committed = SimpleNamespace(index=26, heads=SimpleNamespace(proofs=proofs))
    made = contents_of(journal, committed=committed)
    proof = format_proof(26, prove_inclusion(26, 39, journal.store.hashes), made.checkpoint)
    assert made.commit == (journal.store.at(26), proof)
    assert dict[str, Any](made.map_proofs) == {order_of(journal): ("proof",), journal.registry: ("another",)}
    for missing in (order_of(journal), journal.registry):
        some = {order: each for order, each in proofs.items() if order != missing}
        lacking = contents_of(journal, committed=SimpleNamespace(index=26, heads=SimpleNamespace(proofs=some)))
        assert (lacking.commit, lacking.map_proofs) == (None, {})
    without = contents_of(journal)
    assert (without.commit, without.map_proofs) == (None, {})


def test_a_bundle_states_its_purpose_and_has_linked_orders_only_if_they_are_wanted(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[bool] = []

    def orders(journal: Journal, order: str, audience: str, with_linked: bool) -> list[str]:
        wanted.append(with_linked)
        return [order]

    monkeypatch.setattr(bundle_contents, "orders_of", orders)
    monkeypatch.setattr(bundle_contents, "_foreign", lambda *_: {"entry": b"1"})
    monkeypatch.setattr(bundle_contents, "_heads_seen", lambda *_: {"head": b"2"})
    plain, trial = contents_of(journal), contents_of(journal, purpose="trial", with_linked=True)
    assert (plain.about.purpose, trial.about.purpose, wanted) == ("other", "trial", [False, True])
    assert plain.foreign == {"entry": b"1", "head": b"2"}
