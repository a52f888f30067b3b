"""The law of the exchange: nothing is lost, nothing is recorded twice, nothing unproven is in a ledger."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.keys.open_key import open_key
from ledger.adapters.storage.entry_store import Conflict
from ledger.errors import LedgerError, RecordError
from server.exchange.client import PeerClient
from server.exchange.documents import ExchangeAnswer, Refusal
from server.exchange.store import MOST_HELD, ExchangeStore, OutgoingItem
from tests.server.exchange.offices import Offices, copy, peer_of
from tests.server.office import Office

SEND = "comity exchange send E-7 --to skylark --as ilves --config serve.toml"
DELIVER = "comity exchange deliver --now --config serve.toml"
ANSWER = (
    "comity record order-received E-7 -f proof_kind=own-stamp --as skylark",
    "comity record no-data-held E-7 --as skylark",
    "comity exchange send E-7 --to karsk --as skylark --config serve.toml",
)


@dataclass(frozen=True)
class World:
    """Both offices; skylark serves, and karsk knows where."""

    offices: Offices
    skylark: Office

    def deliver(self, connect: Callable[..., PeerClient] = PeerClient) -> list[tuple[str, str | None]]:
        """Hand over what waits at karsk, through a connection; return state and code of each attempt."""
        from server.exchange.delivery import deliver

        with self.offices.opened("karsk") as (journal, store):
            peers = (peer_of("karsk", self.skylark.url),)
            tried = list(deliver(journal, store, peers, early=True, connect=connect))
        return [(each.state, each.reason.code if each.reason else None) for each in tried]

    def waiting(self) -> OutgoingItem:
        """Make the bundle of karsk for skylark, which waits; return it."""
        self.offices.type("karsk", f"{SEND} --later")
        with self.offices.opened("karsk") as (_, store):
            return store.sent()[-1]


@pytest.fixture
def world(offices: Offices) -> Iterator[World]:
    with offices.serving("skylark") as skylark:
        offices.configure("karsk", skylark.url)
        offices.configure("skylark", None)
        yield World(offices, skylark)


def through(change: Callable[[PeerClient, bytes], ExchangeAnswer]) -> Callable[..., PeerClient]:
    """Return a connection whose answers to a bundle are changed on the way."""

    class Changed(PeerClient):
        def hand_in(self, bundle: bytes) -> ExchangeAnswer:
            return change(super(), bundle)  # type: ignore[arg-type]

    return Changed


def test_an_order_and_its_answer_go_over_the_network_and_both_read_the_same(world: World) -> None:
    offices = world.offices
    sent = offices.answer("karsk", SEND)["sent"]
    assert [(each["state"], each["tries"]) for each in sent] == [("acknowledged", 1)]
    for line in ANSWER:
        offices.type("skylark", line)
    fetched = offices.answer("karsk", "comity exchange fetch --config serve.toml")["received"]
    assert [(each["peer"], each["state"], each["entries"]) for each in fetched] == [("skylark", "recorded", 4)]
    assert offices.answer("karsk", "comity exchange fetch skylark --config serve.toml")["received"] == []
    ours, theirs = (offices.judged(who) for who in ("karsk", "skylark"))
    assert ours == theirs
    assert ours["state"] == "NO_DATA"
    assert {each["state"] for each in offices.answer("skylark", "comity exchange list")["bundles"]} == {
        "acknowledged", "recorded",
    }  # fmt: skip
    for who in ("karsk", "skylark"):
        offices.type(who, "comity fsck")


def test_a_peer_that_is_silent_does_not_keep_back_the_bundles_of_others(world: World) -> None:
    offices = world.offices
    offices.type("karsk", SEND)
    said = offices.type("skylark", ANSWER[2])
    assert "karsk has to fetch it: the configuration has no url for karsk" in said
    file = offices.root / "karsk" / "serve.toml"
    mute = '[[peers]]\nname = "mute"\norigin = "ledger.example/mute"\naudience = "SP"\nurl = "http://127.0.0.1:1"\n'
    file.write_text(mute + file.read_text("utf-8"), "utf-8")
    said = offices.type("karsk", "comity exchange fetch --config serve.toml", 3)
    assert "recorded" in said
    assert "mute: HTTP-SILENT" in said
    assert "HTTP-SILENT" in offices.type("karsk", "comity exchange fetch --config serve.toml", 4)


def test_a_bundle_whose_answer_was_lost_is_sent_again_and_recorded_once(world: World) -> None:
    def lost(client: PeerClient, bundle: bytes) -> ExchangeAnswer:
        client.hand_in(bundle)
        raise LedgerError("HTTP-SILENT", "the answer was lost")

    world.waiting()
    before = world.offices.kinds("skylark")
    assert world.deliver(through(lost)) == [("waiting", "HTTP-SILENT")]
    after = world.offices.kinds("skylark")
    assert after == [*before, "counterparty-record-received", "counterparty-record-received"]
    assert world.deliver() == [("acknowledged", None)]
    assert world.offices.kinds("skylark") == after
    assert world.deliver() == []


def test_the_same_bundle_gets_the_same_receipts(world: World) -> None:
    answers: list[ExchangeAnswer] = []

    def twice(client: PeerClient, bundle: bytes) -> ExchangeAnswer:
        answers.extend((client.hand_in(bundle), client.hand_in(bundle)))
        return answers[0]

    world.waiting()
    assert world.deliver(through(twice)) == [("acknowledged", None)]
    assert answers[0] == answers[1]


def test_an_acknowledged_bundle_is_deleted_and_its_receipts_are_kept(world: World) -> None:
    item = world.waiting()
    world.deliver()
    with world.offices.opened("karsk") as (_, store):
        (kept,) = store.sent()
        assert kept.answer is not None
        assert len(kept.answer.receipts) == len(kept.places) == 2
        assert not (store.outgoing / item.digest).exists()


def false(change: Callable[[ExchangeAnswer], ExchangeAnswer]) -> Callable[..., PeerClient]:
    return through(lambda client, bundle: change(client.hand_in(bundle)))


def with_receipt(answer: ExchangeAnswer, **values: str) -> ExchangeAnswer:
    return replace(answer, receipts=[replace(answer.receipts[0], **values), *answer.receipts[1:]])


LIES: dict[str, tuple[Callable[[ExchangeAnswer], ExchangeAnswer], str]] = {
    "without receipts": (lambda a: replace(a, receipts=[]), "EXCHANGE-RECEIPT"),
    "one is missing": (lambda a: replace(a, receipts=a.receipts[1:]), "EXCHANGE-RECEIPT"),
    "one twice": (lambda a: replace(a, receipts=[a.receipts[0], a.receipts[0]]), "EXCHANGE-RECEIPT"),
    "of another bundle": (lambda a: replace(a, digest="0" * 64), "EXCHANGE-RECEIPT"),
    "of another log": (lambda a: replace(a, log="ledger.example/other"), "EXCHANGE-RECEIPT"),
    "another proof": (lambda a: with_receipt(a, proof=a.receipts[1].proof), "PRF-PATH"),
    "no proof": (lambda a: with_receipt(a, proof=""), "PRF-FORMAT"),
    "another entry": (lambda a: with_receipt(a, entry=a.receipts[0].entry.replace("payload", "p")), "ENV-TYPE"),
    "refused without a reason": (lambda a: replace(a, state="refused", receipts=[]), "EXCHANGE-RECEIPT"),
}


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory, begun: Offices) -> Iterator[tuple[World, OutgoingItem]]:
    offices = copy(begun, tmp_path_factory.mktemp("answered") / "offices")
    with offices.serving("skylark") as skylark:
        offices.configure("karsk", skylark.url)
        world = World(offices, skylark)
        yield world, world.waiting()


@pytest.mark.parametrize("lie", LIES)
def test_a_receipt_that_proves_nothing_leaves_the_bundle_waiting(
    answered: tuple[World, OutgoingItem], lie: str
) -> None:
    change, code = LIES[lie]
    ((state, said),) = answered[0].deliver(false(change))
    assert state == "waiting"
    assert said is not None
    assert said.startswith(code), said


@pytest.mark.slow
def test_a_bundle_that_meets_another_writer_is_sent_again_and_not_held(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise Conflict("another process wrote first")

    world.waiting()
    with monkeypatch.context() as patched:
        patched.setattr("server.exchange.reception.take_in", refuse)
        assert world.deliver() == [("waiting", "CONFLICT")]
    assert held(world) == []
    assert world.deliver() == [("acknowledged", None)]


# -- what is not proven ------------------------------------------------------------------------------------------------


def altered(client: PeerClient, bundle: bytes) -> ExchangeAnswer:
    return client.hand_in(bundle.replace(b"signatures", b"signaturez", 1))


def held(world: World) -> list[Any]:
    listed = world.offices.answer("skylark", "comity exchange list")["bundles"]
    return [each for each in listed if each["state"] == "quarantined"]


def test_a_bundle_of_a_known_peer_that_is_altered_is_kept_in_quarantine_and_not_recorded(world: World) -> None:
    offices = world.offices
    offices.answer("karsk", SEND)  # from here on skylark knows the register of karsk
    before = offices.kinds("skylark")
    item = world.waiting()
    said: list[ExchangeAnswer] = []

    def keeping(client: PeerClient, bundle: bytes) -> ExchangeAnswer:
        said.append(altered(client, bundle))
        return said[0]

    assert world.deliver(through(keeping)) == [("waiting", "EXCHANGE-RECEIPT")]  # it speaks of other bytes
    assert (said[0].state, said[0].receipts, said[0].reason is not None) == ("quarantined", [], True)
    assert offices.kinds("skylark") == before
    assert [each["code"] for each in held(world)] == ["BND-ZIP"]
    digest = said[0].digest[:12]
    offices.type("skylark", f"comity exchange release {digest} --as skylark", 5)
    offices.type("skylark", f"comity exchange refuse {digest} --because 'it is damaged'")
    assert held(world) == []
    assert offices.kinds("skylark") == before
    assert world.deliver() == [("acknowledged", None)]
    assert item.digest != said[0].digest


@pytest.mark.slow
def test_a_peer_that_has_taken_back_its_log_is_convicted_and_learns_no_file_name(world: World) -> None:
    offices = world.offices
    before = shutil.copytree(offices.root / "karsk", offices.root.with_name("before"))  # a server writes to the other
    offices.answer("karsk", SEND)
    kept = offices.kinds("skylark")
    shutil.rmtree(offices.root / "karsk")
    shutil.copytree(before, offices.root / "karsk")
    offices.configure("karsk", world.skylark.url)
    world.waiting()
    assert world.deliver() == [("quarantined", "SPLIT-VIEW")]
    assert offices.kinds("skylark") == kept
    assert [*(offices.ledger("skylark") / "evidence").glob("*.split-view.json")]
    said = offices.answer("karsk", "comity exchange list")["bundles"][-1]["says"]
    assert str(offices.root) not in said


def test_a_guest_in_the_register_of_a_peer_is_not_the_peer(world: World) -> None:
    world.offices.answer("karsk", SEND)
    for line in ANSWER:
        world.offices.type("skylark", line)  # a bundle waits for karsk
    mine = open_key(str(world.offices.root / "karsk" / ".config" / "comity" / "keys" / "ilves"))
    peer = peer_of("karsk", world.skylark.url)
    with closing(PeerClient(peer, mine)) as client, pytest.raises(RecordError, match="KEY-UNKNOWN"):
        client.waiting(0)
    with world.offices.opened("karsk") as (journal, _):
        key = journal.log.signatory.heads_key()
    with closing(PeerClient(peer, key)) as client:
        assert len(client.waiting(0).bundles) == 1


def test_an_altered_bundle_of_somebody_unknown_is_refused_and_nothing_of_it_is_kept(world: World) -> None:
    world.waiting()
    assert world.deliver(through(altered)) == [("waiting", "KEY-UNKNOWN")]
    with world.offices.opened("skylark") as (_, store):
        assert store.received() == []
        assert not [*store.quarantine.iterdir(), *store.arriving.iterdir()]


@pytest.mark.slow
def test_a_bundle_waits_while_the_peer_itself_cannot_check_it(offices: Offices) -> None:
    with offices.serving("skylark") as skylark:
        offices.configure("karsk", skylark.url)
        world = World(offices, skylark)
        offices.answer("karsk", SEND)
        pinned = next((offices.ledger("skylark") / "trust" / "others").iterdir())
        away = pinned.rename(offices.root / "away")
        item = world.waiting()
        (state,) = world.deliver()
        assert state[0] == "waiting", (
            state
        )  # the ledger of skylark cannot say whom it trusts: that is no fault of karsk
        away.rename(pinned)
        assert world.deliver() == [("acknowledged", None)]
        assert item.size > 0


def holding(world: World) -> OutgoingItem:
    """Put a bundle of karsk into the quarantine of skylark, where it is held although it verifies; return it."""
    world.offices.type("karsk", "comity record order-withdrawn E-7 -f data_handling=none-held --yes --as ilves")
    item = world.waiting()
    with world.offices.opened("skylark") as (journal, store):
        content = (world.offices.ledger("karsk") / "exchange" / "outgoing" / item.digest).read_bytes()
        reason = Refusal("SIG-BAD", "held by the test")
        store.hold("karsk", content, ExchangeAnswer(journal.origin, item.digest, "quarantined", [], reason))
    return item


@pytest.mark.slow
def test_a_bundle_that_the_peer_holds_is_asked_for_until_a_person_decides(world: World) -> None:
    offices = world.offices
    offices.answer("karsk", SEND)
    item = holding(world)
    assert world.deliver() == [("quarantined", "SIG-BAD")]
    assert world.deliver() == [("quarantined", "SIG-BAD")]
    offices.type("skylark", f"comity exchange release {item.digest} --as skylark")
    assert world.deliver() == [("acknowledged", None)]
    assert world.deliver() == []


@pytest.mark.slow
def test_a_bundle_that_a_person_refuses_is_sent_no_more(world: World) -> None:
    offices = world.offices
    offices.answer("karsk", SEND)
    before = offices.kinds("skylark")
    item = holding(world)
    offices.type("skylark", f"comity exchange refuse {item.digest} --because 'not for us'")
    assert world.deliver() == [("refused", "SIG-BAD")]
    assert world.deliver() == []
    assert offices.kinds("skylark") == before
    assert offices.answer("karsk", "comity exchange list")["bundles"][-1]["says"] == "not for us"


def test_the_quarantine_of_a_peer_is_bounded(offices: Offices) -> None:
    with offices.opened("skylark") as (journal, store):
        for number in range(MOST_HELD):
            store.settle("karsk", 1, ExchangeAnswer(journal.origin, f"{number:064}", "quarantined", []))
        with pytest.raises(LedgerError, match="EXCHANGE-FULL"):
            store.hold("karsk", b"x", ExchangeAnswer(journal.origin, "f" * 64, "quarantined", []))
        store.hold("another", b"x", ExchangeAnswer(journal.origin, "f" * 64, "quarantined", []))


def test_what_a_crash_left_of_an_arriving_bundle_is_deleted(offices: Offices) -> None:
    with offices.opened("skylark") as (_, store):
        (store.arriving / "half").write_bytes(b"PK")
    with offices.serving("skylark"), offices.opened("skylark") as (_, store):
        assert not [*store.arriving.iterdir()]


def test_a_file_that_a_crash_left_without_a_row_is_deleted_after_an_hour(offices: Offices) -> None:
    with offices.opened("karsk") as (_, store):
        store.put("skylark", "order", b"PK", [(1, "leaf")])
        for place in (store.outgoing, store.quarantine):
            (place / "old").write_bytes(b"PK")
            (place / "new").write_bytes(b"PK")
            os.utime(place / "old", (1, 1))
        os.utime(next(path for path in store.outgoing.iterdir() if len(path.name) == 64), (1, 1))
        store.tidy()
        assert len([*store.outgoing.iterdir()]) == 2  # the new one, and the one that waits
        assert [path.name for path in store.quarantine.iterdir()] == ["new"]


def test_a_file_that_another_process_has_just_renamed_stops_no_one(
    offices: Offices, monkeypatch: pytest.MonkeyPatch
) -> None:
    with offices.opened("karsk") as (_, store):
        (store.outgoing / "nowhere").symlink_to("gone")
        monkeypatch.setattr(type(store.outgoing), "iterdir", lambda folder: [folder / ".a.new", folder / "nowhere"])
        store.tidy()
        assert (store.outgoing / "nowhere").is_symlink()  # it is of this hour


def test_an_attempt_that_failed_waits_longer_each_time(offices: Offices) -> None:
    moment = 1_000.0
    store = ExchangeStore(offices.ledger("karsk"), lambda: moment)
    store.put("skylark", "order", b"PK", [(1, "leaf")])
    waits = []
    for _ in range(14):
        (item,) = store.due()
        store.failed(item, Refusal("HTTP-SILENT", "nobody answers"))
        assert store.due() == []
        waits.append(store.sent()[0].next_at - moment)
        moment = store.sent()[0].next_at
    store.close()
    assert waits[:3] == [10, 20, 40]
    assert waits == sorted(waits)
    assert waits[-1] == 6 * 3600
