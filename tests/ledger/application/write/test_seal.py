"""A repeated command finds what it recorded only if it says the same, and what is sealed has its readers and keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.storage.entry_store import Conflict
from ledger.application.journal import Journal
from ledger.application.write.draft import Draft, check_wrapped
from ledger.application.write.encrypt import ISSUED, ValueEncrypter
from ledger.application.write.group_commit import REFERENCE
from ledger.application.write.receive_sealed import OrderCommitments, SealedReceiver
from ledger.application.write.seal import Sealer, _with_readers, unsigned
from ledger.application.write.write_position import WritePosition
from ledger.entries.case import Unread
from ledger.entries.envelope import Circumstances, open_
from ledger.entries.payload import Condition
from ledger.entries.replacement import readers
from ledger.entries.wrapped_entry import KIND
from ledger.errors import LedgerError, RecordError
from ledger.facts import build, public_of
from ledger.tlog.tree import leaf_hash
from tests.ledger.application.test_journal import (
    ILVES,
    NOON,
    ORDER,
    OTHER,
    SKYLARK,
    Clock,
    issued,
    made,
    sealed_for,
    sent,
)
from tests.support.memory_ledger import small

HOUR = timedelta(hours=1)
ID, CONDITIONED, CORRECTED = "ab" * 16, "cd" * 16, "ef" * 16
EARLIER = Circumstances(NOON - HOUR, NOON)
THEN = Circumstances(NOON, NOON)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    with made(tmp_path_factory.mktemp("sealed") / "ledger") as journal:
        signer = journal.signer("ilves", "ISS", ILVES)
        first = journal.record(issued(), ORDER, signer, EARLIER, entry=ID)
        unless = Condition(1, [ORDER], ["order-withdrawn"])
        journal.record(sent(), ORDER, signer, replace(THEN, unless=unless), entry=CONDITIONED)
        corrected = replace(THEN, replaces=first.leaf, why="the address was wrong")
        journal.record(issued(circumstances=["minor"]), ORDER, signer, corrected, entry=CORRECTED)
        yield journal


def drafted(journal: Journal, fact: Any, said: Circumstances, entry: str, **more: Any) -> Draft:
    return Draft(fact, ORDER, journal.signer("ilves", "ISS", ILVES), said, entry, **more)


@pytest.mark.parametrize(
    ("said", "is_same"),
    [
        (EARLIER, True),
        (replace(EARLIER, signed_at=NOON + HOUR), True),
        (replace(EARLIER, on=NOON - 2 * HOUR), False),
        (Circumstances(NOON + HOUR, NOON + HOUR), False),  # of now, and the recorded one is of an earlier act
        (replace(EARLIER, speaks="observation", whose="skylark"), False),
        (replace(EARLIER, unless=Condition(1, [ORDER], ["order-closed"])), False),
    ],
)
def test_the_moment_of_signing_may_differ_and_what_is_said_of_the_act_may_not(
    journal: Journal, said: Circumstances, is_same: bool
) -> None:
    draft = drafted(journal, issued(), said, ID)
    if is_same:
        assert journal.recorded(draft) is not None
        return
    with pytest.raises(Conflict, match="this entry id stands for another fact"):
        journal.recorded(draft)


@pytest.mark.parametrize(
    ("changed", "is_same"),
    [
        (THEN, False),
        (replace(THEN, unless=Condition(2, [ORDER], ["order-withdrawn"])), True),  # the log has grown meanwhile
        (replace(THEN, unless=Condition(1, [OTHER], ["order-withdrawn"])), False),
        (replace(THEN, unless=Condition(1, [ORDER], ["order-closed"])), False),
        (Circumstances(NOON + HOUR, NOON + HOUR, unless=Condition(1, [ORDER], ["order-withdrawn"])), True),
    ],
)
def test_a_condition_is_the_same_at_another_position(journal: Journal, changed: Circumstances, is_same: bool) -> None:
    draft = drafted(journal, sent(), changed, CONDITIONED)
    if is_same:
        assert journal.recorded(draft) is not None
        return
    with pytest.raises(Conflict):
        journal.recorded(draft)


def test_a_correction_is_the_same_with_its_reason_and_the_entry_that_it_replaces(journal: Journal) -> None:
    first, condition = (journal.store.by_entry(bytes.fromhex(entry)) for entry in (ID, CONDITIONED))
    assert first is not None
    assert condition is not None
    leaf, other = (open_(raw, verify=False).leaf for _, raw in (first, condition))
    said = replace(THEN, replaces=leaf, why="the address was wrong")
    assert journal.recorded(drafted(journal, issued(circumstances=["minor"]), said, CORRECTED)) is not None
    for changes in ({"why": "another reason"}, {"replaces": other}, {"replaces": None, "why": None}):
        with pytest.raises(Conflict):
            journal.recorded(drafted(journal, issued(circumstances=["minor"]), replace(said, **changes), CORRECTED))


CHANGES = ("fact", "public", "sealed", "less sealed", "more sealed", "order", "role", "actor")


@pytest.mark.parametrize("changes", CHANGES)
def test_another_fact_order_or_signer_is_another_entry(changes: str, journal: Journal) -> None:
    draft = drafted(journal, issued(), EARLIER, ID)
    other: Any = {
        "fact": {"fact": sent()},
        "public": {"fact": issued("PPO-2")},
        "sealed": {"fact": issued(identifiers=["merlin@skylark.example"])},
        "less sealed": {"fact": build("order-issued", public_of(draft.fact), {})},
        "more sealed": {"fact": issued(circumstances=["minor"])},
        "order": {"order": OTHER},
        "role": {"signer": journal.signer("ilves", "VAL", ILVES)},
        "actor": {"signer": journal.signer("skylark", "SP", SKYLARK)},
    }[changes]
    with pytest.raises(Conflict):
        journal.recorded(Draft(**{name: getattr(draft, name) for name in draft.__slots__} | other))


def test_only_sealed_values_need_the_keys_of_data_subjects(tmp_path: Path) -> None:
    with made(tmp_path / "ledger") as journal:
        journal.record(issued(), ORDER, journal.signer("ilves", "ISS", ILVES))
    for path in (tmp_path / "ledger").glob("keys.db*"):
        path.unlink()
    with Journal.open(tmp_path / "ledger", now=Clock()) as again:
        signer = again.signer("ilves", "ISS", ILVES)
        receipt = again.record(sent(), ORDER, signer)
        size = again.store.size()
        sealing = (
            (issued(), THEN),
            (sent(), replace(THEN, replaces=receipt.leaf, why="twice")),
            (build("ex-post-validation-sought", {"asked_of": "court"}, {}), THEN),
        )
        for fact, said in sealing:
            with pytest.raises(LedgerError, match="KEYS-MISSING"):
                again.record(fact, ORDER, signer, said)
        with pytest.raises(LedgerError, match="KEYS-MISSING"):
            again._sealer._keys()
        assert again.store.size() == size
        (received,) = again.receive_sealed([sealed_for(again, sent(), signer)])
        assert received.index == size
        assert set(again.case(ORDER).entries[0].sealed.values()) == {Unread.WITHHELD}


@pytest.mark.parametrize(
    ("fact", "said", "carried", "seals"),
    [
        (sent(), THEN, (), False),
        (sent(), replace(THEN, replaces="ab" * 32, why="twice"), (), True),
        (sent(), THEN, (None,), True),
        (issued(), THEN, (), True),
        (build("ex-post-validation-sought", {"asked_of": "court"}, {}), THEN, (), True),
    ],
)
def test_whose_keys_they_are_is_asked_before_anything_is_sealed(
    fact: Any, said: Circumstances, carried: Any, seals: bool
) -> None:
    def other() -> None:
        raise LedgerError("KEYS-OTHER", "they are those of another ledger")

    none: Any = SimpleNamespace(group=None)
    sealer = Sealer("ledger.example", none, none, none, lambda count: bytes(count), other)
    with pytest.raises(LedgerError if seals else AttributeError) as found:
        sealer.seal(Draft(fact, ORDER, none, said, carried=carried), none)
    assert not seals or getattr(found.value, "code", "") == "KEYS-OTHER"


def test_the_replaced_entry_is_read_only_where_a_reason_is_stated() -> None:
    asked: list[str] = []
    batch: Any = SimpleNamespace(entry=asked.append)
    for replaces, why in ((None, None), ("leaf", None), (None, "why")):
        said = replace(THEN, replaces=replaces, why=why)
        assert _with_readers(said, batch) is said
    assert asked == []
    said = replace(THEN, replaces="leaf", why="")
    assert _with_readers(said, batch) is said, "there is no such entry"
    assert asked == ["leaf"]


def test_a_fact_can_be_shown_as_the_first_entry_of_its_order(journal: Journal) -> None:
    entry = unsigned(drafted(journal, issued(), EARLIER, ID), "EPOC")
    assert (entry.instrument, entry.seq, entry.kind, entry.by) == ("EPOC", 0, "order-issued", "ilves")
    assert (entry.on, entry.public["reference"]) == (EARLIER.on, "PPO-2026-123")
    with pytest.raises(RecordError, match="FORM-DATE"):
        journal.preview(issued(), ORDER, journal.signer("ilves", "ISS", ILVES), Circumstances(NOON + HOUR, NOON))


@pytest.mark.parametrize("audience", [{"identifiers": ["nobody-such"]}, {"reference": ["CT"]}, {"none": ["CT"]}])
def test_the_readers_of_a_field_are_roles_and_the_field_is_sealed(audience: Any, journal: Journal) -> None:
    size = journal.store.size()
    with pytest.raises(RecordError, match="FACT"):
        journal.record(issued(), OTHER, journal.signer("ilves", "ISS", ILVES), replace(THEN, audience=audience))
    assert journal.store.size() == size


@pytest.mark.parametrize(("said", "whom"), [(None, None), ({"identifiers": ["CT"]}, None), ({"why": ["CT"]}, ["CT"])])
def test_who_may_read_the_replaced_entry_may_read_why_unless_the_signer_says_who(
    journal: Journal, said: Any, whom: Any
) -> None:
    signer = journal.signer("ilves", "ISS", ILVES)
    order = f"{len(list(journal.orders()))}{OTHER[1:]}"
    first = journal.record(issued(), order, signer, THEN)
    why = replace(THEN, replaces=first.leaf, why="it was wrong", audience=said)
    journal.record(issued(), order, signer, why)
    old, new = (open_(raw).payload for _, raw in journal.store.order(order))
    asked = {} if said is None else said
    assert new.audience == {**asked, "why": whom or readers(old)}


def test_an_entry_may_replace_one_that_is_stored_with_it(journal: Journal) -> None:
    signer = journal.signer("ilves", "ISS", ILVES)
    with journal.many() as many:
        first = many.add(Draft(sent(), ORDER, signer, THEN))
        many.add(Draft(sent(), ORDER, signer, replace(THEN, replaces=first, why="twice")))
        with pytest.raises(RecordError, match="FORM-REPLACES"):
            many.add(Draft(sent(), ORDER, signer, replace(THEN, replaces="ab" * 32, why="twice")))
    assert journal.cases.case(ORDER).entries[-1].replaces == first


def test_an_entry_of_another_record_is_recorded_with_its_bytes_alone(journal: Journal) -> None:
    theirs, _ = small()
    signer, raw = journal.signer("ilves", "ISS", ILVES), theirs.entries[-1]
    right = {"envelope": sha256(raw).hexdigest(), "leaf": leaf_hash(raw).hex()}
    said = {"origin": "other.test/log", "index": 3, "proof_check": "verifies"}
    size = journal.store.size()
    for changed, wraps in (({}, None), ({"envelope": "ab" * 32}, raw), ({"leaf": "ab" * 32}, raw), ({}, raw + b" ")):
        with pytest.raises(RecordError, match="ENT-MISMATCH"):
            journal.record(build(KIND, {**said, **right, **changed}, {}), ORDER, signer, wraps=wraps)
    assert journal.store.size() == size
    check_wrapped(Draft(build(KIND, {**said, **right}, {}), ORDER, signer, THEN, wraps=raw))


def test_a_condition_excludes_entries_that_are_stored_with_it(journal: Journal) -> None:
    signer, size = journal.signer("ilves", "ISS", ILVES), journal.store.size()
    unless = replace(THEN, unless=Condition(size, [ORDER], ["order-transmitted"]))
    opposed, conditional = Draft(sent(), ORDER, signer, THEN), Draft(issued("PPO-77"), ORDER, signer, unless)
    with pytest.raises(RecordError, match="CTX-CONDITION"):
        journal.record_batch([opposed, conditional])
    assert journal.store.size() == size
    assert len(journal.record_batch([conditional, opposed])) == 2


# -- what a writer remembers -------------------------------------------------------------------------------------------


def test_the_register_is_read_again_only_if_it_may_have_grown() -> None:
    ledger, _ = small()
    opened = [(n, o) for n, raw in enumerate(ledger.entries) if (o := open_(raw)).payload.order == ledger.registry]
    asked: list[int] = []

    def registry() -> list[Any]:
        asked.append(len(opened))
        return opened

    cases: Any = SimpleNamespace(registry=ledger.registry, opened_registry=registry)
    registrar: Any = SimpleNamespace(actor=ledger.keeper.actor, party=ledger.keeper.party, key=ledger.keeper.key)
    store: Any = SimpleNamespace()
    past = WritePosition(ledger.origin, registrar, cases, store)
    assert past.keyring is past.keyring
    assert (len(asked), past.still, past.next_index) == (1, {ledger.registry: len(opened)}, opened[-1][0] + 1)
    past.learn({})
    _ = past.keyring
    assert len(asked) == 1
    past.learn({ledger.registry: object()})  # type: ignore[dict-item]
    _ = past.keyring
    past.forget()
    _ = past.keyring
    assert len(asked) == 3


def test_the_subject_of_a_replaced_field_stays_and_the_link_of_a_companion_has_none() -> None:
    keys = {"identifiers": "k1", "main_order": "k2"}
    cases: Any = SimpleNamespace(sealing_keys=lambda leaf: {"leaf": keys}[leaf])
    store: Any = SimpleNamespace(name_of={"k1": "witness 3", "k2": "companion x"}.get)
    encrypter = ValueEncrypter(cases=cases, keys=lambda: store)
    assert encrypter.subjects_of("leaf", ["identifiers", "why"]) == {"identifiers": "witness 3", "why": "witness 3"}
    unasked = ValueEncrypter(cases=None, keys=None)  # type: ignore[arg-type]
    assert unasked.subjects_of("leaf", []) == unasked.subjects_of(None, ["identifiers"]) == {}


def test_commitments_of_many_orders_are_forgotten_together() -> None:
    ledger, _ = small()
    opened = open_(ledger.entries[-1])
    trial: Any = SimpleNamespace(head=lambda order: None)
    kept = {str(n): {"x"} for n in range(4_096)}
    store: Any = None
    for size in (4_097, 1):
        page = OrderCommitments(kept, store, [opened], trial)
        page.admit(opened)
        page.keep()
        assert len(kept) == size or size == 4_097
    assert kept == {opened.leaf: {*opened.sd}}


class Values:
    """Rows that are their entries, with the number of their disclosures and of the keys."""

    def __init__(self) -> None:
        self.keyed: list[int] = []

    def keys_for(self, opened: Any) -> Any:
        self.keyed.append(len(opened))
        return {"key": "made"}

    def row(self, opened: Any, disclosures: Any, subjects: Any, keys: Any = None) -> Any:
        return opened.leaf, [each.name for each in disclosures], keys


@pytest.mark.parametrize("disclosed", [False, True])
@pytest.mark.parametrize("same_id", [False, True])
def test_an_id_that_another_entry_took_meanwhile_is_a_conflict_when_the_page_is_placed_again(
    disclosed: bool, same_id: bool
) -> None:
    ledger, _ = small()
    place = next(n for n, raw in enumerate(ledger.entries) if open_(raw).sd)
    raw = ledger.entries[place]
    opened, ids = open_(raw), list[Any]()
    texts = [each.text for each in ledger.held[place]] if disclosed else []

    def by_entry(entry: bytes) -> object:
        ids.append(entry)
        return (7, b"") if same_id else None

    batch: Any = SimpleNamespace(look_up=ids.append, head=lambda _: None, admit=lambda *_: None)
    store: Any = SimpleNamespace(by_entry=by_entry, by_leaf=None, of_orders=lambda _: [])
    values, made = Values(), list[Any]()

    def commit(request: Any) -> Any:
        assert (request.size, request.shared) == (1, REFERENCE if opened.payload.kind == ISSUED else frozenset())
        assert request.alone == {opened.payload.order, opened.payload.entry}
        for _ in range(2):  # the second time after another process has stored entries
            made.append(request.make(batch))
        return ["receipt"]

    receiver: Any = SealedReceiver(store, values, commit, None)  # type: ignore[arg-type]
    if same_id:
        with pytest.raises(Conflict, match="entry 0 of those received"):
            receiver.receive_whole([raw], [texts])
        assert len(made) == 1
    else:
        assert receiver.receive_whole([raw], [texts]) == ["receipt"]
        assert made[0] == made[1]
        assert receiver._committed == {opened.leaf: {*opened.sd}}
    ((leaf, names, keys),) = made[0]
    assert (leaf, len(names), keys) == (opened.leaf, len(texts), {"key": "made"} if disclosed else {})
    assert values.keyed == [1, 1] * disclosed
    assert ids.count({opened.payload.order}) == 2, "the orders of a page are looked up at once"
    assert [each for each in ids if each != {opened.payload.order}] == [bytes.fromhex(opened.payload.entry)]


@pytest.mark.parametrize("earlier", [0, 1, 63, 64, 65, 130])
def test_earlier_commitments_are_read_for_64_orders_at_a_time(earlier: int) -> None:
    ledger, _ = small()
    raw = next(raw for raw in ledger.entries if open_(raw).sd)
    opened, asked = open_(raw), list[int]()
    page = [
        SimpleNamespace(payload=SimpleNamespace(order=str(n)), sd=["x"], leaf=f"leaf of {n}") for n in range(earlier)
    ]

    def of_orders(orders: list[str]) -> list[tuple[str, bytes]]:
        asked.append(len(orders))
        return [(order, raw) for order in orders]

    store: Any = SimpleNamespace(of_orders=of_orders)
    trial: Any = SimpleNamespace(head=lambda order: SimpleNamespace(leaf=f"before {order}"))
    kept: dict[str, set[str]] = {}
    found = OrderCommitments(kept, store, page, trial)  # type: ignore[arg-type]
    assert asked == [64] * (earlier // 64) + [earlier % 64] * (earlier % 64 > 0)
    for each in page:
        found.admit(each)  # type: ignore[arg-type]
        again: Any = SimpleNamespace(payload=each.payload, sd=[opened.sd[0]], leaf="copied")
        with pytest.raises(RecordError, match="SD-DUP"):
            found.admit(again)
    found.keep()
    assert kept == {f"leaf of {n}": {"x", *opened.sd} for n in range(earlier)}


def test_commitments_are_taken_over_by_the_next_entry_and_forgotten_with_one_that_is_not_stored() -> None:
    def entry(order: str, leaf: str, *sd: str) -> Any:
        return SimpleNamespace(payload=SimpleNamespace(order=order), sd=list(sd), leaf=leaf)

    heads = {"a": SimpleNamespace(leaf="a1"), "b": SimpleNamespace(leaf="b1")}
    kept: dict[str, set[str]] = {"a1": {"x"}, "other": {"y"}}
    store: Any = SimpleNamespace(of_orders=None)  # not asked: one is known, one has no commitments, one is new
    page = [entry("a", "a2"), entry("b", "b2"), entry("c", "c1", "z")]
    found = OrderCommitments(kept, store, page, SimpleNamespace(head=heads.get))  # type: ignore[arg-type]
    assert kept == {"other": {"y"}}
    for each in page:
        found.admit(each)
    with pytest.raises(RecordError, match="SD-DUP"):
        found.admit(entry("a", "a3", "x"))
    found.keep()
    assert kept == {"other": {"y"}, "a2": {"x"}, "c1": {"z"}}
    heads["a"] = SimpleNamespace(leaf="a2")
    OrderCommitments(kept, store, page[:1], SimpleNamespace(head=heads.get)).keep()  # type: ignore[arg-type]
    assert kept["a2"] == {"x"}, "its entry was stored before"
