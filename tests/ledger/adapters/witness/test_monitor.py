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

from cli.exit_codes import Exit
from ledger.adapters.witness.monitor import Look, Patience, look
from ledger.entries.split_view import check_split
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import MLDSA44, Vkey, cosign, cosign_mldsa, witness_vkey
from ledger.tlog.policy import parse_policy
from tests.ledger.entries.test_log_keys import KEY
from tests.support.cli import House, run
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
