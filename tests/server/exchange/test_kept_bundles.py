"""What waits for peers, or for a decision, comes back from a backup and is reached by an erasure."""

from __future__ import annotations

import shutil
import tarfile
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.bundle import zip_profile
from ledger.bundle.archive import unpack
from server.exchange.documents import ExchangeAnswer, Refusal
from server.exchange.store import ExchangeStore, OutgoingItem
from server.jobs.state import JobStore, WebhookPlace
from tests.server.exchange.offices import Offices, copy
from tests.server.exchange.test_exchange import SEND

ERASE = "comity erase E-7 --cause retention-ended --as ilves --yes"
REASON = Refusal("BND-ZIP", "it is damaged")


@pytest.fixture(scope="module")
def prepared(begun: Offices, tmp_path_factory: pytest.TempPathFactory) -> Offices:
    """Return two offices with a bundle of karsk for skylark that waits and opens values."""
    made = copy(begun, tmp_path_factory.mktemp("prepared") / "offices")
    made.configure("karsk", "http://127.0.0.1:9")
    made.type("karsk", f"{SEND} --later")
    return made


@pytest.fixture
def sending(prepared: Offices, tmp_path: Path) -> Offices:
    return copy(prepared, tmp_path / "offices")


def waiting(offices: Offices) -> OutgoingItem:
    """Return the bundle that waits."""
    with store(offices) as kept:
        (item,) = kept.sent()
        assert any("/disclosures/" in name for name in unpack(kept.content(item)))
        return item


def store(offices: Offices, folder: str = "ledger") -> closing[ExchangeStore]:
    return closing(ExchangeStore(offices.root / "karsk" / folder))


def hold(offices: Offices, data: bytes) -> str:
    """Keep a bundle of skylark in the quarantine of karsk; return its digest."""
    digest = sha256(data).hexdigest()
    with store(offices) as kept:
        kept.hold("skylark", data, ExchangeAnswer("ledger.example/xo/karsk", digest, "quarantined", [], REASON))
    return digest


def names(offices: Offices) -> list[str]:
    with tarfile.open(offices.root / "karsk" / "copy.tar") as tar:
        return tar.getnames()


def restored(offices: Offices) -> str:
    offices.type("karsk", "comity backup ledger -o copy.tar")
    said = offices.type("karsk", "comity restore copy.tar again")
    shutil.copy(offices.ledger("karsk") / "keys.db", offices.root / "karsk" / "again" / "keys.db")
    return said


# -- backups -----------------------------------------------------------------------------------------------------------


def test_a_backup_has_no_value_that_a_waiting_bundle_opens_and_restoring_names_the_bundle(sending: Offices) -> None:
    item = waiting(sending)
    said = restored(sending)
    assert "exchange.db" in names(sending)
    assert not [name for name in names(sending) if item.digest in name]
    assert f"skylark: the bundle of order {item.order} that waited is not in the copy" in said
    with store(sending, "again") as kept:
        (after,) = kept.sent()
        assert (after.state, after.reason.code if after.reason else "") == ("deleted", "EXCHANGE-DELETED")
        assert kept.due(early=True) == [], "nothing is handed over"
        assert kept.gave("skylark", item.order), "that the order concerns the peer is still known"


def test_bundles_without_opened_values_come_back_and_are_handed_over_by_the_same_digest(sending: Offices) -> None:
    plain = _closed(sending)
    with store(sending) as kept:
        item = kept.put("skylark", "11111111-2222-4333-8444-555555555555", plain, [])
    held = hold(sending, plain)
    damaged = hold(sending, b"no bundle at all")
    assert "not in the copy" not in restored(sending)
    with store(sending, "again") as kept:
        assert kept.content(item) == plain
        assert [each.digest for each in kept.due(early=True)] == [item.digest]
        assert kept.held(held)[1] == plain
        assert kept.known("skylark", damaged) is None, "its peer sends it again"


def _closed(offices: Offices) -> bytes:
    """Return a bundle that opens nothing."""
    item = waiting(offices)
    with store(offices) as kept:
        files = unpack(kept.content(item))
        kept.delete(item, REASON)
    return zip_profile.write({name: data for name, data in files.items() if "/disclosures/" not in name})


def test_after_a_restore_nobody_gets_a_second_mail_and_no_ended_calendar_has_an_address(sending: Offices) -> None:
    with closing(JobStore(sending.ledger("karsk"))) as jobs:
        jobs.keep_mailed("ilves/Dina", "2026-01-01")
        jobs.keep_feed("00" * 32, "ilves", "Dina")
        jobs.webhook("desk", 3)
        jobs.keep_webhook("desk", WebhookPlace(5, 0, 0))
        jobs.begin("audit")
    restored(sending)
    with closing(JobStore(sending.root / "karsk" / "again")) as jobs:
        assert jobs.mailed("ilves/Dina") > "2026-01-01"
        assert jobs.feed("00" * 32) is None
        assert jobs.webhook("desk", 0).position == 5
        assert list(jobs.runs()) == ["audit"]


@pytest.mark.parametrize("name", ["exchange.db", "jobs.db"])
def test_a_damaged_file_of_a_server_keeps_no_ledger_from_being_restored(sending: Offices, name: str) -> None:
    waiting(sending)
    with closing(JobStore(sending.ledger("karsk"))):
        pass
    sending.type("karsk", "comity backup ledger -o whole.tar")
    here = sending.root / "karsk"
    with tarfile.open(here / "whole.tar") as tar:
        tar.extractall(here / "parts", filter="data")
    (here / "parts" / name).write_bytes(b"no database")
    with tarfile.open(here / "copy.tar", "w") as tar:
        for file in sorted((here / "parts").rglob("*")):
            if file.is_file():
                tar.add(file, file.relative_to(here / "parts").as_posix())
    said = sending.type("karsk", "comity restore copy.tar again")
    assert f"{name} is left out" in said
    assert not (here / "again" / name).exists()


# -- erasures ----------------------------------------------------------------------------------------------------------


def test_an_erasure_deletes_a_waiting_bundle_that_opens_what_is_erased(sending: Offices) -> None:
    item = waiting(sending)
    said = sending.type("karsk", ERASE)
    assert f"the bundle {item.digest[:12]} for skylark opens some of them: it is deleted here" in said
    with store(sending) as kept:
        (after,) = kept.sent()
        assert (after.state, kept.due(early=True)) == ("deleted", [])
        assert not (kept.outgoing / item.digest).exists()
    listed = sending.answer("karsk", "comity exchange list")["bundles"]
    assert [(each["state"], each["code"]) for each in listed] == [("deleted", "EXCHANGE-DELETED")]


def test_an_erasure_refuses_what_the_quarantine_has_of_the_same_order(sending: Offices) -> None:
    item = waiting(sending)
    with store(sending) as kept:
        data = kept.content(item)
    same, unreadable = hold(sending, data), hold(sending, b"no bundle at all")
    said = sending.type("karsk", ERASE)
    for digest in (same, unreadable):
        assert f"the bundle {digest[:12]} of skylark in quarantine may open some of them" in said
    with store(sending) as kept:
        assert {each.answer.state for each in kept.received()} == {"refused"}
        assert [*kept.quarantine.iterdir()] == []


def test_an_erasure_names_the_peers_that_have_a_bundle_already_and_leaves_other_bundles(sending: Offices) -> None:
    item = waiting(sending)
    with store(sending) as kept:
        kept.answered(item, ExchangeAnswer("ledger.example/xv/skylark", item.digest, "recorded", []))
        other = kept.put("skylark", "11111111-2222-4333-8444-555555555555", b"no bundle", [])
    said = sending.type("karsk", ERASE)
    assert f"skylark got a bundle of order {item.order}: what it opened stays there" in said
    with store(sending) as kept:
        assert [each.state for each in kept.sent()] == ["acknowledged", "waiting"]
        assert kept.content(other)


def test_what_is_not_confirmed_deletes_no_bundle(sending: Offices) -> None:
    waiting(sending)
    said = sending.type("karsk", ERASE.removesuffix(" --yes"), 2)
    assert "it is deleted here" in said
    with store(sending) as kept:
        assert [each.state for each in kept.sent()] == ["waiting"]


def test_an_erasure_without_an_exchange_makes_no_file_of_it(offices: Offices) -> None:
    offices.type("karsk", ERASE)
    assert not (offices.ledger("karsk") / "exchange.db").exists()
