"""People with their own keys keep a ledger over HTTP: what they read was verified, what they record has a receipt."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

import httpx

import comity
from comity.remote.connection import Connection
from comity.remote.ledger import RemoteLedger
from comity.remote.recording import RecordedEntry
from ledger.adapters.keys.key_files import SeedKey, load
from ledger.errors import LedgerError, RecordError
from ledger.tlog.tree import parse_proof
from tests.server.office import Office, serving, serving_story
from tests.support.cli import House

OFFICES = {"ilves": ("XO", ["ISS", "RET"]), "skylark": ("XV", ["SP"]), "auditor": ("XO", ["AUD"])}
KEYS = {actor: SeedKey(bytes([n]) * 32) for n, actor in enumerate(OFFICES, 1)}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with serving_story("S2", tmp_path_factory.mktemp("S2")) as office:
        yield office


def enrol(registrar: RemoteLedger, actor: str) -> None:
    """Register an office and its key, as the registrar does."""
    party, roles = OFFICES[actor]
    registrar.record(
        "authority-registered",
        {"actor": actor, "party": party, "roles": roles, "names": {"en": actor.title()}, "valid_from": "2026-01-01"},
        "register",
        unregistered=True,
    )
    registrar.record("key-registered", {"actor": actor, "key": KEYS[actor].public.hex(), "roles": roles}, "register")


@pytest.mark.parametrize("begins", [True, False], ids=["an order", "a step"])
def test_a_call_whose_answer_was_lost_is_repeated_by_its_id_and_returns_what_is_on_record(
    tmp_path: Path, begins: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = secrets.token_hex(16)
    with serving_story("S2", tmp_path / "S2") as office, office.connect("ilves", tmp_path) as ledger:
        order = None if begins else next(ledger.orders(datetime(2028, 1, 1, tzinfo=UTC))).order  # the story is of 2027
        kind, fields = (
            ("order-issued", {"instrument": "VOL", "from_party": "XO", "to_party": "XV"})
            if begins
            else ("order-transmitted", {"addressee": "harbor", "channel": "mail"})
        )

        def record(fields: dict[str, Any] = fields) -> RecordedEntry:
            return ledger.record(kind, fields, order, role="ISS", entry=entry, unregistered=True)

        size, send = ledger.size(), ledger.connection._send

        def losing(method: str, path: str, sent: Any) -> tuple[int, str, bytes]:
            answer = send(method, path, sent)
            if method == "POST":
                raise httpx.ReadError("the line was cut")
            return answer

        with monkeypatch.context() as patch:
            patch.setattr(ledger.connection, "_send", losing)
            with pytest.raises(LedgerError, match="HTTP-SILENT"):
                record()
        again = record()
        assert (again.already, again.entry, ledger.size()) == (True, entry, size + 1)
        assert record() == again
        with pytest.raises(RecordError, match="CONFLICT"):
            record({**fields, "to_party": "XW"} if begins else {**fields, "channel": "decentralised-it-system"})
        assert ledger.size() == size + 1


def test_three_people_record_an_order_from_issue_to_receipt_and_its_bundle_passes(tmp_path: Path) -> None:
    house = House(tmp_path).begun()
    registrar = load(next(house.keys.glob("registrar*[!.pub]")))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in house.env.items():
            patch.setenv(name, value)
        with serving(house.ledger) as office:
            ledgers = {actor: office.connect(KEYS[actor], tmp_path / actor) for actor in OFFICES}
            with office.connect(registrar, tmp_path / "registrar") as keeper:
                for actor, (_, roles) in OFFICES.items():
                    enrol(keeper, actor)
                    key = KEYS[actor].public.hex()
                    ledgers[actor].record("key-accepted", {"key": key}, "register", role=roles[0])
            issuing, provider = ledgers["ilves"], ledgers["skylark"]
            order = {
                "instrument": "2AP-7", "from_party": "XO", "to_party": "XV", "reference": "PPO-2026-1",
                "issuing_authority": "ilves", "providers": ["skylark"], "data_categories": ["subscriber"],
                "identifiers": ["skyl-4471"],
            }  # fmt: skip
            issued = issuing.record("order-issued", order, role="ISS")
            issuing.record("order-transmitted", {"addressee": "skylark", "channel": "provider-portal"}, "PPO-2026-1")
            provider.record("order-received", {}, issued.order)
            manifest = {"elements": ["name"], "files": [{"name": "return.json", "sha256": "0" * 64, "size": 12}]}
            unless = comity.Condition(0, [issued.order], ["order-received"])
            sent = {"addressee": "skylark", "channel": "mail"}
            with pytest.raises(RecordError, match="CTX-CONDITION"):
                issuing.record("order-transmitted", sent, "PPO-2026-1", unless=unless)
            disclosed = {"partial": False, "channel": "provider-portal", "manifest": manifest}
            unless = comity.Condition(provider.size(), [issued.order], ["order-withdrawn"])
            given = provider.record("data-disclosed", disclosed, "ilves/PPO-2026-1", unless=unless)
            received = issuing.record(
                "evidence-received", {"about": given.leaf, "check": "not-checked"}, "PPO-2026-1", role="RET"
            )
            assert parse_proof(received.proof).index == received.index
            assert [view.state for view in ledgers["auditor"].orders()] == [issuing.order("PPO-2026-1").judge().state]
            assert [line.entry.by for line in provider.order("PPO-2026-1").timeline()] == [
                "ilves", "ilves", "skylark", "skylark", "ilves",
            ]  # fmt: skip
            for each in ledgers.values():
                each.close()
    bundle = tmp_path / "court.evidence.zip"
    assert house.run("export", "PPO-2026-1", "--audience", "COURT", "-o", str(bundle)).exit_code == 0
    verified = house.run("verify", str(bundle), "--trust", str(house.ledger / "trust"))
    assert verified.stdout.startswith("Integrity: TOTAL-PASSED")


def test_what_a_client_reads_is_what_the_ledger_has(story: Office, tmp_path: Path) -> None:
    with comity.open(story.ledger) as here, story.connect("ilves", tmp_path) as there:
        ours, theirs = list(here.entries()), list(there.entries())
        assert [(e.leaf, e.index, e.kind) for e in theirs] == [
            (e.leaf, e.index, e.kind) for e in ours if e.order != access_order(story)
        ]
        order = next(here.orders()).order
        moment = comity.Order(here, order).timeline()[-1].entry.at
        mine, yours = here.order(order), there.order(order)
        assert [(line.entry.leaf, str(line.says)) for line in yours.timeline(moment)] == [
            (line.entry.leaf, str(line.says)) for line in mine.timeline(moment)
        ]
        assert [(c.id, c.due, c.verdict) for c in yours.deadlines(moment)] == [
            (c.id, c.due, c.verdict) for c in mine.deadlines(moment)
        ]
        assert there.size() == here.size()


def access_order(office: Office) -> str:
    from ledger.entries.placement import access_of

    return access_of(office.running.view.origin)


def test_a_name_that_an_order_does_not_bear_finds_nothing(story: Office, tmp_path: Path) -> None:
    with story.connect("ilves", tmp_path) as ledger, pytest.raises(RecordError, match="API-MISSING"):
        ledger.order("PPO-OF-NOBODY")


def test_what_the_law_would_find_is_shown_before_anything_is_signed(story: Office, tmp_path: Path) -> None:
    with story.connect("harbor", tmp_path) as provider, comity.open(story.ledger) as here:
        order = next(here.orders()).order
        manifest = {"elements": ["name"], "files": [{"name": "a.json", "sha256": "0" * 64, "size": 1}]}
        disclosed = {"partial": False, "channel": "mail", "manifest": manifest}
        found = provider.preview("data-disclosed", disclosed, order)
        assert found
        assert here.size() == provider.size()
    with story.connect("ilves", tmp_path / "other") as court:
        begun = {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV", "providers": ["harbor"]}
        assert court.preview("order-issued", begun, role="ISS")


def test_a_request_that_came_too_early_is_sent_again(
    story: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("comity.remote.connection.time.sleep", waited.append)
    send, early = Connection._send, 2
    body = b'{"type":"","title":"","status":429,"detail":"","code":"API-RATE","where":"","hint":""}'

    def slowed(self: Connection, method: str, path: str, sent: Any) -> tuple[int, str, bytes]:
        nonlocal early
        early -= 1
        return (429, "application/problem+json", body) if early >= 0 else send(self, method, path, sent)

    monkeypatch.setattr(Connection, "_send", slowed)
    with story.connect("ilves", tmp_path) as ledger:
        assert ledger.size() > 0
        assert waited == [1.0, 1.0]
        early = 100
        with pytest.raises(LedgerError, match="API-RATE"):
            ledger.size()
