"""A monitor compares what a log shows now with what it showed before, and stores contradictions."""

from __future__ import annotations

import json
import shutil
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from msgspec.structs import replace

from cli.exit_codes import Exit
from ledger.adapters.log.published_log import Fetch, from_folder
from ledger.adapters.witness import monitor
from ledger.adapters.witness.monitor import Alarm, Look, Patience, check_entries, look
from ledger.entries.keyring import Registrar
from ledger.entries.split_view import check_split
from ledger.errors import LedgerError, RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.names import origin_hash
from ledger.tlog.note import MLDSA44, Vkey, cosign, cosign_mldsa, parse_checkpoint, witness_vkey
from ledger.tlog.policy import parse_policy
from tests.ledger.entries.test_log_keys import KEY
from tests.support.cli import House, run
from tests.support.files.system_calls import synced
from tests.support.hash_log import HashLog

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
SEED = bytes(range(1, 33))
TRUE = HashLog(size=700)
WITNESS = witness_vkey("witness.example/w", public_key(SEED))
POLICY = f"log {TRUE.key.text}\nwitness w {WITNESS}\nquorum w\n".encode()
HOURS = Patience(timedelta(hours=26), timedelta(hours=26))
ANY = Patience()


class Place:
    """A folder where a log publishes, and the state of a monitor that reads it."""

    def __init__(self, folder: Path) -> None:
        self.log, self.state = folder / "log", folder / "state"
        self.state.mkdir()

    def shows(self, log: HashLog, size: int, cosigned: datetime | None = None) -> Place:
        shutil.rmtree(self.log, ignore_errors=True)
        log.publish(self.log, size)
        if cosigned is not None:
            note = log.note(size)
            line = cosign(note, "witness.example/w", SEED, int(cosigned.timestamp()))
            (self.log / "checkpoint").write_bytes(note + line.encode())
        return self

    def look(self, patience: Patience = ANY, now: datetime = NOON, *, entries: bool = False) -> Look:
        return look(str(self.log), parse_policy(POLICY), TRUE.origin, self.state, now, patience, entries=entries)

    def codes(self, patience: Patience = ANY, now: datetime = NOON, *, entries: bool = False) -> list[str]:
        return [alarm.code for alarm in self.look(patience, now, entries=entries).alarms]

    def exhibits(self) -> list[bytes]:
        return [path.read_bytes() for path in (self.state / "evidence").glob("*.split-view.json")]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_log_that_only_grows_gives_nothing_to_look_at(place: Place) -> None:
    sizes = []
    for size in (3, 3, 256, 300, 700):
        seen = place.shows(TRUE, size).look(entries=True)
        assert seen.alarms == ()
        sizes.append((seen.before, seen.size, seen.entries))
    assert sizes == [(None, 3, 3), (3, 3, 0), (3, 256, 253), (256, 300, 44), (300, 700, 400)]


@pytest.mark.parametrize(("before", "after"), [(7, 7), (7, 9), (8, 9), (256, 300), (300, 700)])
def test_a_fork_is_proven_and_the_proof_kept(place: Place, before: int, after: int) -> None:
    assert place.shows(TRUE, before).codes() == []
    assert place.shows(TRUE.fork(before - 2, after), after).codes() == ["SPLIT-VIEW"]
    (exhibit,) = place.exhibits()
    split = check_split(exhibit, TRUE.key)
    assert (split.one.size, split.two.size) == (before, after)


def test_a_log_that_turns_back_is_no_proof_of_two_trees_and_an_alarm_all_the_same(place: Place) -> None:
    assert place.shows(TRUE, 20).codes() == []
    assert place.shows(TRUE, 9).codes() == ["LOG-ROLLBACK"]
    assert place.exhibits() == []
    assert len(list((place.state / "evidence").glob("*.note"))) == 2
    assert place.shows(TRUE, 30).codes() == []


def test_tiles_that_do_not_make_the_signed_tree_convict_nobody(place: Place) -> None:
    place.shows(TRUE, 5).look()
    place.shows(TRUE, 9)
    tile = place.log / "tile/0/000.p/9"
    tile.write_bytes(tile.read_bytes()[:-32] + bytes(32))
    assert place.codes() == ["CP-CONSISTENCY"]
    assert place.codes() == ["CP-CONSISTENCY"], "it is not forgotten because it was seen"
    assert place.exhibits() == []
    tile.write_bytes(b"short")
    assert place.codes() == ["LOG-TILE"]
    assert place.shows(TRUE, 9).codes() == []


def test_another_key_is_not_this_log(place: Place) -> None:
    assert place.shows(HashLog(seed=bytes(32), size=9), 9).codes() == ["CP-SIG"]


def test_a_log_that_cannot_be_read_is_said_and_what_was_seen_stays(place: Place) -> None:
    place.shows(TRUE, 9).look()
    shutil.rmtree(place.log)
    seen = place.look()
    assert ([alarm.code for alarm in seen.alarms], seen.before, seen.size) == (["LOG-UNREACHABLE"], 9, None)


def test_silence_and_stale_cosignatures_are_alarms_and_a_heartbeat_ends_them(place: Place) -> None:
    later = NOON + timedelta(hours=30)
    assert place.shows(TRUE, 9, NOON).codes(HOURS) == []
    assert place.codes(HOURS, later) == ["LOG-SILENT", "CP-STALE"]
    assert place.codes(ANY, later) == []
    assert place.shows(TRUE, 9, later).codes(HOURS, later) == []
    assert place.shows(TRUE, 12).codes(HOURS, later) == ["CP-STALE"]


@pytest.mark.parametrize(("late", "found"), [(0, False), (1, True)])
def test_a_log_is_silent_and_its_cosignature_stale_a_second_after_the_patience_is_over(
    place: Place, late: int, found: bool
) -> None:
    hours = timedelta(hours=26)
    place.shows(TRUE, 9, NOON).look()
    now = NOON + hours + timedelta(seconds=late)
    silent, stale = (place.look(each, now).alarms for each in (Patience(silence=hours), Patience(stale=hours)))
    assert [(each.code, each.says) for each in (*silent, *stale)] == [
        ("LOG-SILENT", "it has shown nothing new since 2027-03-01T12:00:00Z"),
        ("CP-STALE", "no witness has cosigned its head since 2027-03-01T12:00:00Z"),
    ][: 2 * found]


def test_the_newest_cosignature_of_a_head_counts_and_one_without_any_is_stale(place: Place) -> None:
    late = Patience(stale=timedelta(hours=1))
    (alarm,) = place.shows(TRUE, 9).look(late).alarms
    assert (alarm.code, alarm.says) == ("CP-STALE", "no witness of the policy has cosigned its head")
    note = TRUE.note(12)
    for seed, hours in ((SEED, 5), (bytes(range(2, 34)), 0)):
        name = "witness.example/w" if seed == SEED else "witness.example/x"
        note += cosign(TRUE.note(12), name, seed, int((NOON - timedelta(hours=hours)).timestamp())).encode()
    second = witness_vkey("witness.example/x", public_key(bytes(range(2, 34))))
    both = POLICY.replace(b"quorum w", f"witness x {second}\nquorum w".encode())
    place.shows(TRUE, 12)
    (place.log / "checkpoint").write_bytes(note)
    assert look(str(place.log), parse_policy(both), TRUE.origin, place.state, NOON, late).alarms == ()
    shutil.rmtree(place.log)
    assert place.codes(late) == ["LOG-UNREACHABLE"], "no head was shown that could be stale"


def test_a_log_that_never_showed_a_head_is_not_silent(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", monitor.logger.name)
    assert place.codes(HOURS) == ["LOG-UNREACHABLE"]
    assert [record.getMessage() for record in caplog.records] == [
        f"{TRUE.origin}: looking at {place.log}",
        f"{TRUE.origin}: shows None entries, None before; 1 alarms",
    ]


def test_a_head_is_proven_from_the_largest_one_before_it_and_not_again(place: Place) -> None:
    asked: list[str] = []

    def looked(log: HashLog, size: int) -> list[str]:
        place.shows(log, size)
        read = from_folder(place.log)

        def fetch(path: str, most: int) -> bytes:
            asked.append(path)
            return read(path, most)

        asked.clear()
        seen = look("", parse_policy(POLICY), TRUE.origin, place.state, NOON, ANY, fetch=fetch)
        return [alarm.code for alarm in seen.alarms]

    assert looked(TRUE, 5) == looked(TRUE, 9) == []
    assert len(asked) > 1
    assert (looked(TRUE, 9), asked) == ([], ["checkpoint"])
    assert looked(TRUE.fork(3, 7), 7) == ["SPLIT-VIEW"], "it contradicts the five that were seen before the nine"
    assert looked(TRUE, 7) == ["LOG-ROLLBACK"]


def test_the_key_that_convicts_a_log_is_of_ed25519_in_any_order_of_the_policy() -> None:
    lines = BOTH.splitlines(keepends=True)
    for policy in (BOTH, b"".join([lines[1], lines[0], lines[2]])):
        head, key = monitor._opened(twice(9), parse_policy(policy), TRUE.origin)
        assert (head.checkpoint.size, key) == (9, TRUE.key)


def test_seen_heads_and_evidence_may_be_in_other_folders_than_the_state(place: Place, tmp_path: Path) -> None:
    others, proofs, state = tmp_path / "others", tmp_path / "proofs", tmp_path / "no state"
    place.shows(TRUE, 20)

    def looked(where: str, fetch: Fetch | None = None) -> Look:
        policy = parse_policy(POLICY)
        return look(where, policy, TRUE.origin, state, NOON, ANY, evidence=proofs, fetch=fetch, heads_in=others)

    assert looked(str(place.log)).before is None
    place.shows(TRUE, 9)
    turned = looked("elsewhere", from_folder(place.log))
    assert (turned.before, turned.size, [each.code for each in turned.alarms]) == (20, 9, ["LOG-ROLLBACK"])
    assert turned.alarms[0].says == "it shows 9 entries, and had shown 20; both heads are kept"
    assert {file.read_bytes() for file in proofs.iterdir()} == {TRUE.note(20), TRUE.note(9)}
    assert (turned.log, turned.where, state.exists()) == (TRUE.origin, "elsewhere", False)


def test_the_number_of_checked_entries_is_durable_and_a_damaged_one_counts_as_none(place: Place) -> None:
    noted = place.state / f"{origin_hash(TRUE.origin)}.checked"
    place.shows(TRUE, 9)
    with synced() as names:
        assert place.look(entries=True).entries == 9
    assert (noted.read_bytes(), names[-1]) == (b"9", place.state.name)
    for damaged in (b"", b"nine", b"\xff", b"-1", b"09"):
        noted.write_bytes(damaged)
        assert place.look(entries=True).entries == 9
    for checked, read, after in ((b"8", 1, b"9"), (b"9", 0, b"9"), (b"12", 0, b"12")):
        noted.write_bytes(checked)
        seen = place.look(entries=True)
        assert (seen.entries, seen.alarms, noted.read_bytes()) == (read, (), after)


@pytest.mark.parametrize("start", [0, 1, 255, 256, 257, 511, 512, 699, 700])
def test_entries_are_compared_from_any_of_them_on(place: Place, start: int) -> None:
    place.shows(TRUE, 700)
    fetch, head = from_folder(place.log), parse_checkpoint(TRUE.note(700).decode().partition("\n\n")[0] + "\n")
    check_entries(fetch, head, start)
    with pytest.raises(LedgerError, match="the entry published at 0 is not"):
        check_entries(lambda path, most: fetch(path, most).replace(b"\x06true 0", b"\x06tree 0"), head)
    with pytest.raises(LedgerError, match=r"LOG-CORRUPT.*do not make the signed tree of 700"):
        check_entries(fetch, replace(head, root=bytes(32)), start)
    bundle = place.log / "tile" / "entries" / "001"
    bundle.write_bytes(bundle.read_bytes().replace(b"true 300", b"tree 300"))
    if start <= 300:
        with pytest.raises(LedgerError, match="the entry published at 300 is not the leaf of its tree"):
            check_entries(fetch, head, start)
    else:
        check_entries(fetch, head, start)


def test_faults_of_entries_ever_found_are_alarms_at_a_look_that_fails_too(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    did: list[object] = []

    class Inspected:
        def __init__(self, file: Path, origin: str, registrar: object) -> None:
            did.append((file, origin, registrar))

        def read(self, fetch: object, key: object, head: object, proofs: Path) -> int:
            did.append(proofs)
            if len(did) > 3:
                raise RecordError("ENV-NONCANON", "no entry")
            return 9

        def found(self) -> list[Alarm]:
            return [Alarm("KEY-UNKNOWN", "found before")]

        def close(self) -> None:
            did.append("closed")

    monkeypatch.setattr(monitor, "Inspection", Inspected)
    registrar = Registrar("registrar", "XO", "ab" * 32)
    place.shows(TRUE, 9)
    policy, where = parse_policy(POLICY), str(place.log)
    looks = [
        look(where, policy, TRUE.origin, place.state, NOON, ANY, entries=entries, registrar=registrar)
        for entries in (False, True, True)
    ]
    opened = (place.state / f"{origin_hash(TRUE.origin)}.entries.db", TRUE.origin, registrar)
    assert did == [opened, place.state / "evidence", "closed"] * 2
    assert [seen.entries for seen in looks] == [0, 9, 0]
    assert [[alarm.code for alarm in seen.alarms] for seen in looks] == [
        [],
        ["KEY-UNKNOWN"],
        ["KEY-UNKNOWN", "ENV-NONCANON"],
    ]


def test_an_entry_that_is_not_its_leaf_is_found_with_its_number(place: Place) -> None:
    place.shows(TRUE, 300)
    bundle = place.log / "tile/entries/001.p/44"
    whole = bundle.read_bytes()
    bundle.write_bytes(whole.replace(b"true 270", b"tree 270"))
    (alarm,) = place.look(entries=True).alarms
    assert alarm.code == "LOG-CORRUPT"
    assert "270" in alarm.says
    assert place.codes(entries=True) == ["LOG-CORRUPT"], "it is not forgotten because it was seen"
    bundle.write_bytes(whole)
    assert place.codes(entries=True) == []


def test_an_entry_and_its_leaf_changed_together_do_not_make_the_tree(place: Place) -> None:
    forged = TRUE.fork(5, 9)
    forged.publish(place.log, 9)
    (place.log / "checkpoint").write_bytes(TRUE.note(9))
    assert place.codes(entries=True) == ["LOG-CORRUPT"]


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_exit_code_tells_cron_what_happened(place: Place, tmp_path: Path) -> None:
    trust = tmp_path / "policy"
    trust.write_bytes(POLICY)
    words = ("monitor", str(place.log), "--trust", str(trust), "--state", str(place.state), "--json")
    place.shows(TRUE, 9)
    done = run(*words)
    assert (done.exit_code, json.loads(done.stdout)["logs"][0]["size"]) == (Exit.DONE, 9)
    assert run(*words, "--stale", "1").exit_code == Exit.FINDINGS
    shutil.rmtree(place.log)
    assert run(*words).exit_code == Exit.UNDECIDABLE
    place.shows(TRUE.fork(3, 12), 12)
    done = run(*words)
    assert done.exit_code == Exit.PROVED_BAD
    (exhibit,) = Path(json.loads(done.stdout)["evidence"]).glob("*.split-view.json")
    assert run("verify", str(exhibit), "--trust", str(trust)).exit_code == Exit.PROVED_BAD
    shown = run("verify", str(exhibit), "--trust", str(trust), "--json")
    assert json.loads(shown.stdout)["reasons"][0]["code"] == "SPLIT-VIEW"


def test_the_logs_with_an_address_in_their_policy_are_looked_at_without_being_named(
    place: Place, tmp_path: Path
) -> None:
    place.shows(TRUE, 9)
    trust = tmp_path / "policy"
    trust.write_bytes(POLICY.replace(TRUE.key.text.encode(), f"{TRUE.key.text} http://127.0.0.1:1/".encode()))
    done = run("monitor", "--trust", str(trust), "--state", str(place.state))
    assert done.exit_code == Exit.UNDECIDABLE
    assert "http" in done.output.lower()
    trust.write_bytes(POLICY)
    assert run("monitor", "--trust", str(trust), "--state", str(place.state)).exit_code == Exit.USAGE
    other = HashLog("ledger.example/else", size=3).publish(tmp_path / "else", 3)
    assert run("monitor", str(other), "--trust", str(trust), "--state", str(place.state)).exit_code == Exit.USAGE


def test_a_log_is_followed_over_http_as_in_a_folder(place: Place) -> None:
    pytest.importorskip("httpx", reason="needs the extra `server`")
    place.log.mkdir()
    handler = partial(Quiet, directory=str(place.log))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        found = []
        for log, size in ((TRUE, 300), (TRUE, 700), (TRUE.fork(690, 700), 700)):
            place.shows(log, size)
            seen = look(url, parse_policy(POLICY), TRUE.origin, place.state, NOON, ANY, entries=True)
            found.append((seen.size, seen.entries, [alarm.code for alarm in seen.alarms]))
        server.shutdown()
    assert found == [(300, 300, []), (700, 400, []), (700, 0, ["SPLIT-VIEW"])]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_a_ledgers_own_publication_is_followed_with_its_entries(tmp_path: Path) -> None:
    house = House(tmp_path).begun()
    trust, out = str(house.ledger / "trust"), str(tmp_path / "out")
    words = ("monitor", out, "--trust", trust, "--state", str(tmp_path / "state"), "--entries", "--json")
    for actor, new in (("ilves", 6), ("orn", 3)):  # the register begins with the three entries of the ledger's own key
        house.with_office(actor, "ISS")
        assert house.run("log", "publish", out).exit_code == 0
        done = house.run(*words)
        assert done.exit_code == Exit.DONE, done.output
        assert json.loads(done.stdout)["logs"][0]["entries"] == new


# -- a log that signs twice --------------------------------------------------------------------------------------------


SECOND = Vkey.of(TRUE.origin, MLDSA44, KEY.public)
BOTH = f"log {TRUE.key.text}\nlog {SECOND.text}\nquorum none\n".encode()


def twice(size: int, log: HashLog = TRUE) -> bytes:
    note = log.note(size)
    return note + cosign_mldsa(note, log.origin, KEY.public, KEY.sign, 1_772_000_000).encode()


def watched(place: Place, note: bytes, log: HashLog = TRUE, policy: bytes = BOTH) -> list[str]:
    place.shows(log, int(note.split(b"\n")[1]))
    (place.log / "checkpoint").write_bytes(note)
    seen = look(str(place.log), parse_policy(policy), TRUE.origin, place.state, NOON, ANY)
    return [alarm.code for alarm in seen.alarms]


def test_a_line_of_a_key_in_the_policy_that_is_missing_is_an_alarm(place: Place) -> None:
    assert watched(place, twice(9)) == []
    for _ in range(2):
        assert watched(place, TRUE.note(12)) == ["CP-KEY"]
    only_second = TRUE.note(12).rpartition(b"\n\n")[0] + b"\n\n" + twice(12).splitlines(keepends=True)[-1]
    assert watched(place, only_second) == ["CP-KEY"]
    assert watched(place, TRUE.note(12), policy=POLICY.replace(b"quorum w", b"quorum none")) == []
    assert watched(place, twice(12)) == []


def test_a_false_second_line_is_an_alarm_and_a_fork_by_both_keys_a_proof(place: Place) -> None:
    assert watched(place, twice(9)) == []
    assert watched(place, TRUE.note(12) + twice(9).splitlines(keepends=True)[-1]) == ["CP-SIG"]
    fork = TRUE.fork(7, 12)
    assert watched(place, twice(12, fork), fork) == ["SPLIT-VIEW"]
    (exhibit,) = place.exhibits()
    assert check_split(exhibit, TRUE.key).two.size == 12


def test_a_log_with_an_ml_dsa_key_alone_is_watched_without_an_exhibit(place: Place) -> None:
    alone = f"log {SECOND.text}\nquorum none\n".encode()
    assert watched(place, twice(9), policy=alone) == []
    fork = TRUE.fork(7, 12)
    assert watched(place, twice(12, fork), fork, alone) == ["CP-CONSISTENCY"]
    assert len(list((place.state / "evidence").glob("*.note"))) == 2
    assert place.exhibits() == []
