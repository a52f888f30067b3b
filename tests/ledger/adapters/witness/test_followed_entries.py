"""A monitor that may read the entries of a log checks at each look whether the log keeps its own rules."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Exit
from ledger.adapters.log.published_log import from_folder
from ledger.adapters.witness import followed_entries
from ledger.adapters.witness.monitor import Look, Patience, look
from ledger.entries.envelope import EntryPlace, open_
from ledger.entries.keyring import Registrar
from ledger.entries.placement import map_of
from ledger.entries.split_view import check_order
from ledger.entries.wrong_map import check_wrong_map
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import ED25519, MLDSA44, log_vkey, parse_vkey
from ledger.tlog.policy import parse_policy
from ledger.tlog.tile import bundles_for, pack_entries, tile_bytes, tile_path, tiles_for
from tests.support.cli import run
from tests.support.hash_log import HashLog
from tests.support.memory_ledger import ORDER, Ledger, hand, resealed, small, two_histories

NOON = datetime(2027, 6, 1, 12, tzinfo=UTC)
SENT = {"addressee": "skylark", "channel": "post"}


def publish(ledger: Ledger, folder: Path) -> None:
    """Write the log as static files, in place of the earlier ones."""
    shutil.rmtree(folder, ignore_errors=True)
    files = {tile_path(tile): tile_bytes(tile, ledger.read) for tile in tiles_for(0, ledger.size)}
    for bundle in bundles_for(0, ledger.size):
        first = bundle.n * 256
        files[tile_path(bundle)] = pack_entries(ledger.entries[first : first + bundle.width])
    for name, data in (files | {"checkpoint": ledger.checkpoint()}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


class Watch:
    """A log's folder and the state of a monitor that reads its entries."""

    def __init__(self, folder: Path) -> None:
        self.log, self.state = folder / "log", folder / "state"
        self.state.mkdir()

    def look(self, ledger: Ledger) -> Look:
        publish(ledger, self.log)
        return self.again(ledger)

    def again(self, ledger: Ledger) -> Look:
        registrar = Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key)
        policy, where = parse_policy(ledger.policy()), str(self.log)
        return look(where, policy, ledger.origin, self.state, NOON, Patience(), entries=True, registrar=registrar)

    def codes(self, ledger: Ledger) -> list[str]:
        return [alarm.code for alarm in self.look(ledger).alarms]

    def exhibits(self, ledger: Ledger) -> list[Any]:
        key = parse_vkey(log_vkey(ledger.origin, public_key(ledger.log.seed)))
        found = (self.state / "evidence").glob("*.split-order.json")
        return [check_order(path.read_bytes(), [key]) for path in found]


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path)


def test_an_honest_log_gives_nothing_to_look_at_and_each_entry_is_read_once(watch: Watch) -> None:
    ledger, ilves = small()
    counts = []
    for _ in range(3):
        ledger.record(ilves, "order-transmitted", SENT, order=ORDER)
        seen = watch.look(ledger)
        assert seen.alarms == ()
        counts.append(seen.entries)
    assert [*counts, watch.look(ledger).entries] == [6, 1, 1, 0]


@pytest.mark.parametrize("apart", [False, True])
def test_two_histories_of_an_order_are_found_with_an_exhibit_and_not_forgotten(watch: Watch, apart: bool) -> None:
    ledger, _, (one, two) = two_histories()
    if apart:  # the monitor read the first of them in an earlier look
        last = ledger.entries.pop()
        before, _ = small()
        before.append(ledger.entries[one])
        assert watch.codes(before) == []
        ledger.entries.append(last)
    for _ in range(2):
        assert watch.codes(ledger) == ["SPLIT-ORDER"]
    (found,) = watch.exhibits(ledger)
    assert (found.code, found.places) == ("SPLIT-ORDER", (one, two))


def test_the_first_of_two_entries_is_found_however_long_ago_it_was(watch: Watch) -> None:
    ledger, ilves = small()
    for _ in range(4):
        ledger.record(ilves, "order-transmitted", SENT, order=ORDER)
    assert watch.codes(ledger) == []
    place = EntryPlace(ledger.origin, ORDER, 3, ledger.leaf(4), "2AP-7")
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER, place=place)
    assert watch.codes(ledger) == ["SPLIT-ORDER"]
    (found,) = watch.exhibits(ledger)
    assert found.places == (5, 9)


def test_a_chain_that_breaks_is_found_with_an_exhibit_and_a_gap_without_one(watch: Watch) -> None:
    ledger, ilves = small()
    broken = EntryPlace(ledger.origin, ORDER, 3, "00" * 32, "2AP-7")
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER, place=broken)
    gap = EntryPlace(ledger.origin, "22222222-2222-4333-8444-555555555555", 2, "00" * 32, "2AP-7")
    ledger.record(ilves, "order-transmitted", SENT, order=gap.order, place=gap)
    assert watch.codes(ledger) == ["SPLIT-ORDER", "CTX-CHAIN"]
    assert [found.places for found in watch.exhibits(ledger)] == [(4, 5)]
    assert len(list((watch.state / "evidence").glob("*.dsse.json"))) == 2


def test_an_entry_by_a_key_that_is_not_enrolled_or_has_ended_is_an_alarm(watch: Watch) -> None:
    ledger, ilves = small()
    ledger.record(hand("ilves", key="other"), "order-transmitted", SENT, order=ORDER)
    assert watch.codes(ledger) == ["KEY-UNKNOWN"]
    ledger.record(ledger.keeper, "key-revoked", {"actor": "ilves", "cause": "left-office"})
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER)
    assert watch.codes(ledger) == ["KEY-UNKNOWN", "KEY-ENDED"]


def test_a_role_that_the_key_does_not_hold_is_an_alarm_and_no_conviction(watch: Watch) -> None:
    ledger, ilves = small()
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER, role="CT")
    assert watch.codes(ledger) == ["V-ROLE-NOT-HELD"]


def test_findings_on_roles_leave_room_for_faults(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed_entries, "MOST", 3)
    ledger, ilves = small()
    for _ in range(5):
        ledger.record(ilves, "order-transmitted", SENT, order=ORDER, role="CT")
    assert watch.codes(ledger) == ["V-ROLE-NOT-HELD"] * 3
    ledger.record(hand("ilves", key="other"), "order-transmitted", SENT, order=ORDER)
    assert watch.codes(ledger) == ["V-ROLE-NOT-HELD"] * 3 + ["KEY-UNKNOWN"]


@pytest.mark.parametrize("apart", [False, True])
def test_an_entry_id_that_is_used_again_is_found_with_an_exhibit(watch: Watch, apart: bool) -> None:
    ledger, ilves = small()
    if apart:
        assert watch.codes(ledger) == []
    used = open_(ledger.entries[4]).payload.entry
    other, _ = small()  # the same log and keys
    n = other.record(ilves, "order-transmitted", SENT, order="22222222-2222-4333-8444-555555555555")
    again = resealed(other.entries[n], lambda p: p.update(entry=used), ilves)
    ledger.append(again)
    assert watch.codes(ledger) == ["CTX-REPLAY"]
    assert [(found.code, found.places) for found in watch.exhibits(ledger)] == [("CTX-REPLAY", (4, 5))]


def test_a_public_value_without_its_form_is_a_fault(watch: Watch) -> None:
    ledger, ilves = small()
    n = ledger.record(ilves, "order-transmitted", SENT, order=ORDER)
    wrong = resealed(ledger.entries[n], lambda p: p["public"].update(channel=7), ilves)
    ledger, _ = small()
    ledger.append(wrong)
    assert watch.codes(ledger) == ["FACT"]


def test_the_register_itself_is_followed_across_looks(watch: Watch) -> None:
    ledger, _ = small()
    assert watch.codes(ledger) == []
    orn = ledger.enrol("orn", "XO", "ISS")
    ledger.record(orn, "order-transmitted", SENT, order=ORDER)
    assert watch.codes(ledger) == []
    place = EntryPlace(ledger.origin, ledger.registry, 4, ledger.leaf(2), None)
    ledger.record(ledger.keeper, "key-revoked", {"actor": "orn", "cause": "other"}, place=place)
    assert watch.codes(ledger) == ["SPLIT-ORDER"]
    ledger.record(hand("mere"), "order-transmitted", SENT, order=ORDER, role="ISS")
    assert watch.codes(ledger) == ["SPLIT-ORDER"], "which of the two registers holds is not ours to say"


def test_what_is_no_sealed_entry_or_one_for_another_log_is_an_alarm(watch: Watch) -> None:
    ledger, ilves = small()
    ledger.append(b"neither")
    ledger.append(ledger.entries[4].replace(b'"sig":"', b'"sig":"AAAA', 1))
    ledger.append(resealed(ledger.entries[4], lambda p: p.update(log="ledger.test/else"), ilves))
    assert watch.codes(ledger) == ["ENV-NONCANON", "ENV-NONCANON", "CTX-LOG"]


def test_a_look_that_was_cut_short_goes_on_where_it_stopped(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed_entries, "STEP", 256)
    ledger, ilves = small()
    for _ in range(600):
        ledger.record(ilves, "order-transmitted", SENT, order=ORDER)
    publish(ledger, watch.log)
    bundle = next((watch.log / "tile" / "entries").glob("002.p/*"))
    whole = bundle.read_bytes()
    bundle.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert [alarm.code for alarm in watch.again(ledger).alarms] == ["LOG-CORRUPT"]
    bundle.write_bytes(whole)
    seen: list[int] = []
    take = followed_entries._Step.take

    def counted(step: Any, index: int, *more: Any) -> None:
        seen.append(index)
        take(step, index, *more)

    monkeypatch.setattr(followed_entries._Step, "take", counted)
    assert watch.again(ledger).alarms == ()
    assert seen == list(range(512, ledger.size))


def committing(size: int | None = None, root: bytes | None = None) -> tuple[Ledger, int]:
    """Return a ledger that has committed its heads, and the index of the entry."""
    ledger, _ = small()
    node = ledger.enrol("node", "XO", "SYS")
    return ledger, ledger.commit(node, size, root)


def test_right_heads_are_nothing_to_look_at_however_the_looks_cut_the_log(watch: Watch) -> None:
    ledger, ilves = small()
    node = ledger.enrol("node", "XO", "SYS")
    for size in (0, 3, 8, 1):
        ledger.record(ilves, "order-transmitted", SENT, order=ORDER)
        ledger.commit(node, size)
        assert watch.codes(ledger) == [], "of this look's entries, or of the ones before"
        ledger.commit(node)
    assert watch.codes(ledger) == []


@pytest.mark.parametrize("looks", [(), (4,), (8,)], ids=["one look", "the entries before", "all but the commit"])
def test_wrong_heads_are_an_alarm_with_an_exhibit_that_stands_by_itself(watch: Watch, looks: tuple[int, ...]) -> None:
    ledger, at = committing(6, bytes(32))
    for size in looks:
        earlier = replace_entries(ledger, size)
        assert watch.codes(earlier) == []
    assert watch.codes(ledger) == ["MAP-ROOT"]
    assert watch.codes(ledger) == ["MAP-ROOT"], "not forgotten"
    (exhibit,) = watch.state.rglob("*.map-root.json")
    found = check_wrong_map(exhibit.read_bytes(), parse_vkey(log_vkey(ledger.origin, public_key(ledger.log.seed))))
    assert (found.code, found.index, found.size) == ("MAP-ROOT", at, 6)


def test_heads_of_entries_that_come_later_are_an_alarm_with_an_exhibit(watch: Watch) -> None:
    ledger, _ = committing(99, bytes(32))
    assert watch.codes(ledger) == ["MAP-SIZE"]
    (exhibit,) = watch.state.rglob("*.map-root.json")
    assert json.loads(exhibit.read_bytes())["entries"] == []


def test_heads_that_nobody_in_the_role_of_the_ledger_commits_are_an_alarm_for_the_role_alone(watch: Watch) -> None:
    ledger, ilves = small()
    fact = {"size": 3, "map_root": "00" * 32}
    ledger.record(ilves, "heads-committed", fact, order=map_of(ledger.origin), role="SYS")
    assert watch.codes(ledger) == ["V-ROLE-NOT-HELD"]


@pytest.mark.parametrize("fact", [{}, {"size": "3", "map_root": "00" * 32}, {"size": 3, "map_root": "xy"}])
def test_a_commit_without_its_form_commits_to_nothing_and_stops_nobody(watch: Watch, fact: dict[str, Any]) -> None:
    ledger, at = committing()
    node = hand("node")
    raw = resealed(ledger.entries[at], lambda said: said.update(public=fact), node)
    ledger.entries.pop()
    again = replace_entries(ledger, at)
    again.append(raw)
    assert set(watch.codes(again)) <= {"FACT"}


def replace_entries(ledger: Ledger, size: int) -> Ledger:
    """Return the ledger as it was at a size."""
    earlier = Ledger(origin=ledger.origin, keeper=ledger.keeper, log=ledger.log)
    for raw in ledger.entries[:size]:
        earlier.append(raw)
    return earlier


def test_the_state_of_an_earlier_monitor_is_read_again(watch: Watch) -> None:
    ledger, _ = committing(6, bytes(32))
    assert watch.codes(ledger) == ["MAP-ROOT"]
    (state,) = watch.state.rglob("*.entries.db")
    with closing(sqlite3.connect(state, isolation_level=None)) as c:  # as version 1 had it, without a map
        for table in ("entry", "map", "map_node", "map_head"):
            c.execute(f"DROP TABLE {table}")
        c.execute("DELETE FROM alarm")
        c.execute("PRAGMA user_version = 1")
    assert watch.codes(ledger) == ["MAP-ROOT"]


def test_the_alarms_of_an_earlier_monitor_stay_when_the_log_is_away(watch: Watch) -> None:
    ledger, _, _ = two_histories()
    assert watch.codes(ledger) == ["SPLIT-ORDER"]
    (state,) = watch.state.rglob("*.entries.db")
    with closing(sqlite3.connect(state, isolation_level=None)) as c:  # as version 1 had it, without a map
        for table in ("map", "map_node", "map_head", "entry"):
            c.execute(f"DROP TABLE {table}")
        c.execute("PRAGMA user_version = 1")
    publish(ledger, watch.log)
    shutil.rmtree(watch.log / "tile" / "entries")  # the log serves its entries no longer
    assert "SPLIT-ORDER" in [alarm.code for alarm in watch.again(ledger).alarms]
    assert watch.codes(ledger) == ["SPLIT-ORDER"]


def test_alarms_have_an_end(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed_entries, "MOST", 3)
    ledger, _ = small()
    for n in range(5):
        ledger.append(b"%d" % n)
    assert len(watch.codes(ledger)) == 3
    ledger.append(b"more")
    assert len(watch.codes(ledger)) == 3
    assert len(list((watch.state / "evidence").glob("*.dsse.json"))) == 3


def test_the_exit_code_and_the_exhibit_tell_people(watch: Watch, tmp_path: Path) -> None:
    ledger, _, _ = two_histories()
    publish(ledger, watch.log)
    trust = tmp_path / "trust"
    trust.mkdir()
    (trust / "policy").write_bytes(ledger.policy())
    words = ("monitor", str(watch.log), "--trust", str(trust), "--state", str(watch.state), "--entries", "--json")
    done = run(*words)
    assert (done.exit_code, "NO_TRUST_ANCHOR" in done.stdout) == (Exit.FINDINGS, True), "nobody vouches for the keys"
    (trust / "registrar").write_text(f"{ledger.keeper.actor} {ledger.keeper.party} {ledger.keeper.key}\n")
    done = run(*words)
    assert (done.exit_code, json.loads(done.stdout)["logs"][0]["alarms"][0]["code"]) == (Exit.PROVED_BAD, "SPLIT-ORDER")
    (exhibit,) = (watch.state / "evidence").glob("*.split-order.json")
    assert run("verify", str(exhibit), "--trust", str(trust)).exit_code == Exit.PROVED_BAD


@pytest.mark.parametrize(
    ("key", "code", "near", "kept"),
    [
        (ED25519, "SPLIT-ORDER", True, True),
        (ED25519, "CTX-REPLAY", True, True),
        (ED25519, "SPLIT-ORDER", False, True),  # the first entry of the place is searched
        (ED25519, "SIG-BAD", True, False),
        (MLDSA44, "SPLIT-ORDER", True, False),  # an exhibit has a head that Ed25519 signed
    ],
)
def test_two_entries_of_one_place_are_an_exhibit_of_a_log_that_signs_with_ed25519(
    key: int, code: str, near: bool, kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_entries, "reader", lambda fetch, size: lambda indexes: [])
    monkeypatch.setattr(followed_entries, "prove_inclusion", lambda index, size, hashes: [index])
    monkeypatch.setattr(followed_entries, "format_proof", lambda index, path, note: b"proof")
    monkeypatch.setattr(followed_entries, "_entry", lambda fetch, index, size: f"entry {index}".encode())
    monkeypatch.setattr(followed_entries, "open_", lambda raw, verify: None)
    monkeypatch.setattr(followed_entries, "_first", lambda fetch, size, opened: 1)
    proven: list[tuple[bytes, bytes]] = []

    def prove(first: Any, last: Any) -> bytes:
        proven.append((first.raw, last.raw))
        return b"log.example/x\n3\nexhibit\n"

    monkeypatch.setattr(followed_entries, "prove_order", prove)
    monkeypatch.setattr(followed_entries, "note_digest", lambda note: "digest")
    log: Any = SimpleNamespace(type=key)
    head: Any = SimpleNamespace(checkpoint=SimpleNamespace(size=9), note=b"note")
    wrong = [(SimpleNamespace(index=n, code=code), f"wrong {n}".encode(), 2 if near else None) for n in (5, 6)]
    watched: Any = SimpleNamespace(found=list)
    step: Any = SimpleNamespace(wrong=wrong)
    fetch: Any = None
    followed_entries.Inspection._keep_evidence(watched, fetch, log, head, step, tmp_path)
    names = sorted(path.name.partition(".")[2] for path in tmp_path.iterdir())
    assert names == sorted(["dsse.json", "tlog-proof"] * 2 + ["split-order.json"] * kept)
    pairs = [(b"entry 2" if near else b"entry 1", b"wrong 5"), (b"entry 2", b"wrong 6")]
    assert proven == (pairs[: 1 + near] if kept else []), "the search runs once: one exhibit convicts"


@pytest.mark.parametrize("first", [0, 1, 255, 256, 257, 512, 519, 520])
def test_published_entries_are_read_up_to_a_place_and_one_by_one(first: int, tmp_path: Path) -> None:
    log = HashLog(size=520)
    fetch = from_folder(log.publish(tmp_path, 520))
    assert list(followed_entries._raws(fetch, first, 520)) == log.entries[:first]
    if first < 520:
        assert followed_entries._entry(fetch, first, 520) == log.entries[first]
    assert list(followed_entries._leaves(fetch, first, 520)) == []  # none of them is sealed


@pytest.mark.parametrize(("room", "taken"), [(0, 0), (3, 0), (4, 1), (7, 1), (8, 2), (99, 3)])
def test_an_exhibit_has_the_first_entries_that_fit_into_it(
    room: int, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_entries, "LARGEST", room)
    entries = [b"four", b"more", b"end"]
    assert list(followed_entries._fitting(entries)) == entries[:taken]
