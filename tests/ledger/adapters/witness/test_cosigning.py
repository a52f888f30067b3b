"""A log asks its witnesses, verifies their answers, and stops when a witness remembers another tree."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.keys import mldsa
from ledger.adapters.keys.key_files import SeedKey
from ledger.adapters.log.log import Log
from ledger.adapters.witness import client
from ledger.adapters.witness.client import WitnessResult, ask_witnesses, remembered
from ledger.adapters.witness.cosigning import (
    Cosigned,
    _exhibit,
    check_remembered,
    check_shown,
    cosign_head,
    open_published,
    take_answers,
    take_cosignatures,
    witnessed,
)
from ledger.adapters.witness.witness import Witness, WitnessReply, cosigners, exhibit_of
from ledger.adapters.witness.witness_state import Memory
from ledger.entries.split_view import check_split
from ledger.errors import LedgerError, RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.add_checkpoint import parse_submission
from ledger.tlog.names import origin_hash
from ledger.tlog.note import (
    MLDSA44,
    Checkpoint,
    Head,
    Vkey,
    cosign,
    format_checkpoint,
    in_turn,
    lines_of,
    note_digest,
    open_checkpoint,
    open_note,
    parse_vkey,
    sign_note,
    split_note,
    witness_vkey,
)
from ledger.tlog.policy import Policy, parse_policy
from ledger.tlog.tree import root
from tests.ledger.adapters.log.test_log import KEY, NOON, ORIGIN, SEED, Clock, closed, opened, store
from tests.ledger.adapters.log.test_log import clock as clock
from tests.ledger.adapters.log.test_log import folder as folder
from tests.ledger.adapters.storage.test_entry_store import OTHER
from tests.support.files.system_calls import synced
from tests.support.hash_log import HashLog

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
from tests.ledger.adapters.witness.test_server import Live, listening

SEEDS = {name: name.encode() * 32 for name in "abc"}
KEYS = {name: parse_vkey(witness_vkey(f"witness.example/{name}", public_key(seed))) for name, seed in SEEDS.items()}
Script = Callable[[bytes], WitnessReply]  # the body of a request -> the answer


@contextmanager
def witness(
    name: str, folder: Path, clock: Clock, second: mldsa.MlDsaKey | None = None, log: Sequence[Vkey] = (KEY,)
) -> Iterator[Live]:
    """Run a live witness of this log under one of the names."""
    path = folder / name / "witness.db"
    memory = Memory(path, KEYS[name].text) if path.exists() else Memory.create(path, KEYS[name].text)
    signs = cosigners(KEYS[name].name, SeedKey(SEEDS[name]), second)
    with listening(Witness(memory, signs, {ORIGIN: log}, now=clock)) as live:
        yield live
    memory.close()


@contextmanager
def scripted(script: Script, shown: bytes | None = None) -> Iterator[str]:
    """Run a server that answers add-checkpoint by a script, and shows a note at its monitoring address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = script(self.rfile.read(int(self.headers["content-length"])))
            self._answer(answer.status, answer.body.encode(), answer.media)

        def do_GET(self) -> None:
            there = self.path == f"/{origin_hash(ORIGIN)}/checkpoint" and shown is not None
            self._answer(200 if there else 404, shown or b"", "text/plain")

        def _answer(self, status: int, body: bytes, media: str) -> None:
            with suppress(ConnectionError):  # the log may have waited long enough
                self.send_response(status)
                self.send_header("content-type", media)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def policy(urls: Mapping[str, str], k: int | str = "all", log: Vkey = KEY) -> Policy:
    lines = [f"log {log.text}", *(f"witness {name} {KEYS[name].text} {url}" for name, url in urls.items())]
    lines += [f"group some {k} {' '.join(urls)}", "quorum some"]
    return parse_policy("".join(f"{line}\n" for line in lines).encode())


@pytest.fixture
def log(folder: Path, clock: Clock) -> Iterator[Log]:
    made = opened(folder, clock, witnesses=tuple(KEYS.values()))
    store(made, 3)
    made.acknowledge(2)
    yield made
    closed(made)


def grown(log: Log, count: int, order: str | None = None) -> int:
    """Record and acknowledge more entries; return the size of the log."""
    last = store(log, count, order) if order else store(log, count)
    return log.acknowledge(last).size


def cosigned(log: Log, asking: Policy, clock: Clock, said: list[str] | None = None) -> Cosigned:
    return cosign_head(
        log, asking, log.files.folder.parent / "evidence", now=clock, say=(said if said is not None else []).append
    )


def evidence(log: Log) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (log.files.folder.parent / "evidence").glob("*")}


def code(do: Callable[[], object]) -> str:
    with pytest.raises((LedgerError, RecordError)) as raised:
        do()
    assert isinstance(raised.value, LedgerError | RecordError)
    return raised.value.code


# -- requests ----------------------------------------------------------------------------------------------------------


def test_a_head_comes_back_with_the_lines_of_its_witnesses_in_the_order_of_the_policy(
    log: Log, clock: Clock, tmp_path: Path
) -> None:
    with witness("a", tmp_path, clock) as a, witness("b", tmp_path, clock) as b:
        asking = policy({"b": b.url, "a": a.url})
        done = cosigned(log, asking, clock)
    assert done.met
    head = open_checkpoint(done.kept.note, ORIGIN, KEY, list(KEYS.values()))
    assert [key.name for key, _ in head.cosignatures] == ["witness.example/b", "witness.example/a"]
    assert head.checkpoint.size == 3
    assert (log.files.folder / "checkpoint").read_bytes() == done.kept.note
    kept = log.heads.newest_cosigned()
    assert kept is not None
    assert kept.cosigned == int(NOON.timestamp())
    assert witnessed(asking, done.kept.note, KEY)
    assert not witnessed(asking, log.signed().note, KEY)


def test_a_growing_log_is_followed_and_a_witness_that_is_behind_says_from_where(
    log: Log, clock: Clock, tmp_path: Path
) -> None:
    with witness("a", tmp_path, clock) as a, witness("b", tmp_path, clock) as b:
        cosigned(log, policy({"a": a.url}), clock)
        for count in (1, 252, 1, 44):
            size = grown(log, count)
            assert cosigned(log, policy({"a": a.url}), clock).met
        assert cosigned(log, policy({"a": a.url, "b": b.url}), clock).met
        assert grown(log, 1) == size + 1
        assert cosigned(log, policy({"b": b.url}), clock).met
        assert cosigned(log, policy({"a": a.url, "b": b.url}), clock).met  # a has not seen the head before this one


def test_asking_again_is_a_heartbeat_and_an_older_cosignature_stays_while_its_witness_is_silent(
    log: Log, clock: Clock, tmp_path: Path
) -> None:
    with witness("a", tmp_path, clock) as a:
        with witness("b", tmp_path, clock) as b:
            asking = policy({"a": a.url, "b": b.url})
            first = cosigned(log, asking, clock)
        clock.now = NOON + timedelta(hours=1)
        said: list[str] = []
        second = cosigned(log, asking, clock, said)
    assert second.met
    times = {key.name[-1]: time for key, time in open_checkpoint(
        second.kept.note, ORIGIN, KEY, list(KEYS.values())).cosignatures}  # fmt: skip
    assert times == {"a": int(clock.now.timestamp()), "b": int(NOON.timestamp())}
    assert [line.split(":")[:2] for line in said] == [["b", " HTTP-SILENT"]]
    assert {kept.digest for kept in log.heads.all()} >= {first.kept.digest, second.kept.digest}


def test_without_a_quorum_the_head_is_published_and_says_so(log: Log, clock: Clock, tmp_path: Path) -> None:
    with witness("a", tmp_path, clock) as a:
        asking = policy({"a": a.url, "b": "http://127.0.0.1:1", "c": "http://127.0.0.1:1/x"}, k=2)
        done = cosigned(log, asking, clock)
    assert not done.met
    assert [bool(answer.lines) for answer in done.asked] == [True, False, False]
    assert (log.files.folder / "checkpoint").read_bytes() == done.kept.note


def test_a_witness_without_a_url_is_not_asked_and_still_counts_when_its_line_is_there(log: Log, clock: Clock) -> None:
    asking = parse_policy(f"log {KEY.text}\nwitness a {KEYS['a'].text}\nquorum a\n".encode())
    assert not cosigned(log, asking, clock).met
    offered = log.signed().note + cosign(log.signed().note, KEYS["a"].name, SEEDS["a"], 1_800_000_000).encode()
    taken = take_cosignatures(log, asking, offered, now=clock)
    assert taken.met
    assert cosigned(log, asking, clock).met


def test_two_keys_at_one_address_are_asked_once_and_both_lines_count(log: Log, clock: Clock, tmp_path: Path) -> None:
    pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="needs cryptography 50")
    second = mldsa.new(tmp_path / "mldsa.key")
    key = Vkey.of(KEYS["a"].name, 0x06, second.public)
    with witness("a", tmp_path, clock, second) as a:
        text = f"log {KEY.text}\nwitness a {KEYS['a'].text} {a.url}/\nwitness pq {key.text} {a.url}\n"
        asking = parse_policy(f"{text}group both all a pq\nquorum both\n".encode())
        log.witnesses = (KEYS["a"], key)
        done = cosigned(log, asking, clock)
        assert (done.met, len(done.asked), done.asked[0].names) == (True, 1, ("a", "pq"))
        grown(log, 2)
        assert cosigned(log, asking, clock).met


# -- answers of witnesses ----------------------------------------------------------------------------------------------


def line(body: bytes, name: str = "a", time: datetime = NOON, seed: bytes | None = None) -> str:
    return cosign(parse_submission(body).note, KEYS[name].name, seed or SEEDS[name], int(time.timestamp()))


def asked(log: Log, script: Script, clock: Clock, shown: bytes | None = None) -> WitnessResult:
    with scripted(script, shown) as url:
        asking = policy({"a": url})
        head = open_checkpoint(log.signed().note, ORIGIN, KEY, ())
        (answer,) = ask_witnesses(asking, KEY, head, log.consistency, now=int(clock().timestamp()))
    return answer


def test_lines_of_unknown_keys_are_left_out(log: Log, clock: Clock) -> None:
    answer = asked(log, lambda body: WitnessReply(200, line(body, "b") + line(body)), clock)
    assert (answer.fault, list(answer.lines)) == (None, [KEYS["a"]])


BAD = {
    "no line of its key": (lambda body: line(body, "b"), "CP-SIG"),
    "a line that does not hold": (lambda body: line(b"old 0\n\n" + HashLog(ORIGIN, size=2).note(2)), "CP-SIG"),
    "a good line and a bad one": (
        lambda body: line(body) + line(b"old 0\n\n" + HashLog(ORIGIN, size=2).note(2)),
        "CP-SIG",
    ),
    "no line": (lambda _: "thank you\n", "CP-FORMAT"),
    "nothing": (lambda _: "", "CP-FORMAT"),
    "sixteen lines": (lambda body: line(body, "b") * 16 + line(body), "CP-FORMAT"),
    "an hour ahead": (lambda body: line(body, time=NOON + timedelta(hours=1)), "CP-FUTURE"),
    "without end": (lambda body: line(body) * 3_000, "CP-FORMAT"),
}


@pytest.mark.parametrize(("says", "fault"), BAD.values(), ids=BAD.keys())
def test_what_does_not_verify_is_not_taken(log: Log, clock: Clock, says: Callable[[bytes], str], fault: str) -> None:
    answer = asked(log, lambda body: WitnessReply(200, says(body)), clock)
    assert not answer.lines
    assert not answer.conflict
    assert answer.fault is not None
    assert answer.fault.code == fault


def test_a_time_of_nothing_is_not_taken(log: Log, clock: Clock) -> None:
    def timeless(body: bytes) -> str:
        from ledger.formats.ed25519 import sign
        from ledger.tlog.note import b64

        text = open_note(parse_submission(body).note, [KEY]).text
        signature = bytes(8) + sign(SEEDS["a"], b"cosignature/v1\ntime 0\n" + text.encode())
        return f"\u2014 {KEYS['a'].name} {b64(KEYS['a'].keyid + signature)}\n"

    answer = asked(log, lambda body: WitnessReply(200, timeless(body)), clock)
    assert answer.fault is not None
    assert answer.fault.code == "CP-TIME"


def test_a_cosignature_older_than_the_last_of_its_key_is_not_taken(log: Log, clock: Clock) -> None:
    with scripted(lambda body: WitnessReply(200, line(body))) as url:
        assert cosigned(log, policy({"a": url}), clock).met
    grown(log, 1)
    with scripted(lambda body: WitnessReply(200, line(body, time=NOON - timedelta(seconds=1)))) as url:
        done = cosigned(log, policy({"a": url}), clock)
    assert not done.met
    assert done.asked[0].fault is not None
    assert done.asked[0].fault.code == "CP-TIME"


@pytest.mark.parametrize("status", [301, 400, 403, 404, 429, 500, 503])
def test_any_other_status_is_no_cosignature_and_no_conflict(log: Log, clock: Clock, status: int) -> None:
    answer = asked(log, lambda body: WitnessReply(status, line(body)), clock)
    assert not answer.lines
    assert not answer.conflict
    assert answer.fault is not None
    assert answer.fault.code == "WITNESS-REFUSED"


def test_a_witness_that_stands_elsewhere_is_asked_once_more_from_there(log: Log, clock: Clock) -> None:
    olds: list[int] = []

    def script(body: bytes) -> WitnessReply:
        olds.append(parse_submission(body).old)
        return WitnessReply(409, "2\n", "text/x.tlog.size") if len(olds) == 1 else WitnessReply(200, line(body))

    assert list(asked(log, script, clock).lines) == [KEYS["a"]]
    assert olds == [0, 2]


def test_a_witness_that_keeps_moving_is_left_alone(log: Log, clock: Clock) -> None:
    olds: list[int] = []

    def moves(body: bytes) -> WitnessReply:
        olds.append(parse_submission(body).old)
        return WitnessReply(409, f"{1 + len(olds) % 2}\n", "text/x.tlog.size")

    answer = asked(log, moves, clock)
    assert olds == [0, 2, 1, 2, 1, 2], "six requests"
    assert not answer.conflict
    assert answer.fault is not None
    assert answer.fault.code == "WITNESS-BUSY"


CONFLICTS = {
    "422": lambda _: WitnessReply(422, "no\n"),
    "409 without its type": lambda _: WitnessReply(409, "0\n"),
    "409 with a charset": lambda _: WitnessReply(409, "2\n", "text/x.tlog.size; charset=utf-8"),
    "409 with the size that was sent": lambda _: WitnessReply(409, "0\n", "text/x.tlog.size"),
    "409 without a number": lambda _: WitnessReply(409, "2", "text/plain"),
    "409 with another spelling": lambda _: WitnessReply(409, "02\n", "text/x.tlog.size"),
}


@pytest.mark.parametrize("script", CONFLICTS.values(), ids=CONFLICTS.keys())
def test_a_conflict_stops_the_log_and_both_notes_are_kept(log: Log, clock: Clock, script: Script) -> None:
    shown = log.signed().note + cosign(log.signed().note, KEYS["a"].name, SEEDS["a"], 1).encode()
    before = log.publish().note
    with scripted(script, shown) as url, scripted(lambda body: WitnessReply(200, line(body, "b"))) as good:
        asking = policy({"a": url, "b": good})
        with pytest.raises(LedgerError, match="LOG-EQUIVOCATION") as stopped:
            cosigned(log, asking, clock)
    assert stopped.value.hint == "it proves nothing yet: ask the operator of that witness what it remembers"
    assert evidence(log) == {f"{note_digest(note)}.note": note for note in (before, shown)}
    assert (log.files.folder / "checkpoint").read_bytes() == before  # the lines of others never repair it


def test_of_a_conflict_without_the_note_of_the_witness_ours_is_kept(log: Log, clock: Clock) -> None:
    with scripted(lambda _: WitnessReply(422, "no\n")) as url:
        assert code(lambda: cosigned(log, policy({"a": url}), clock)) == "LOG-EQUIVOCATION"
    note = log.signed().note
    assert evidence(log) == {f"{note_digest(note)}.note": note}


def test_a_conflict_after_the_second_question_is_one_too(log: Log, clock: Clock) -> None:
    answers = iter((WitnessReply(409, "2\n", "text/x.tlog.size"), WitnessReply(409, "2\n", "text/x.tlog.size")))
    assert asked(log, lambda _: next(answers), clock).conflict


def test_a_witness_that_has_forgotten_is_not_believed(log: Log, clock: Clock) -> None:
    with scripted(lambda body: WitnessReply(200, line(body))) as url:
        cosigned(log, policy({"a": url}), clock)
    grown(log, 1)
    with scripted(lambda _: WitnessReply(409, "1\n", "text/x.tlog.size")) as url:
        done = cosigned(log, policy({"a": url}), clock)
    assert done.asked[0].fault is not None
    assert done.asked[0].fault.code == "WITNESS-LOST"


def test_a_silent_witness_costs_its_seconds_and_no_more(
    log: Log, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SECONDS", 0.2)
    go = threading.Event()
    with (
        scripted(lambda _: WitnessReply(200, str(go.wait(30)))) as slow,
        scripted(lambda b: WitnessReply(200, line(b, "b"))) as b,
    ):
        done = cosigned(log, policy({"a": slow, "b": b}, k=1), clock)
        go.set()
    assert done.met
    assert done.asked[0].fault is not None
    assert done.asked[0].fault.code == "HTTP-SILENT"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "nothing", "http://", "http://[", "http://127.0.0.1:99999"])
def test_an_address_that_is_none_is_silence(log: Log, clock: Clock, url: str) -> None:
    done = cosigned(log, policy({"a": url}), clock)
    assert done.asked[0].fault is not None
    assert done.asked[0].fault.code == "HTTP-SILENT"


# -- a log that contradicts itself -------------------------------------------------------------------------------------


@pytest.fixture
def fork(log: Log, folder: Path, clock: Clock, tmp_path: Path) -> Iterator[Log]:
    """Open a copy of the log with its guard and key."""
    for part in ("ledger", "state"):
        shutil.copytree(folder.parent / part, tmp_path / "twin" / part)
    made = opened(tmp_path / "twin" / "ledger", clock, witnesses=tuple(KEYS.values()))
    yield made
    closed(made)


@pytest.mark.parametrize("longer", [0, 1, 4])
def test_a_log_that_signs_two_trees_is_refused_and_both_sides_hold_the_proof(
    log: Log, fork: Log, clock: Clock, tmp_path: Path, longer: int
) -> None:
    with witness("a", tmp_path, clock) as a:
        asking = policy({"a": a.url})
        cosigned(log, asking, clock)
        size = grown(log, 2)
        assert cosigned(log, asking, clock).met
        grown(fork, 2 + longer, OTHER)
        before = fork.publish().note
        with synced() as names, pytest.raises(LedgerError, match="LOG-EQUIVOCATION") as stopped:
            cosigned(fork, asking, clock)
        assert names[-1] == "evidence"
        assert stopped.value.hint == "it proves that this log signed two trees: comity succeed"
        (kept,) = a.witness.memory.evidence()
        seen = a.witness.memory.seen(ORIGIN)
    assert seen is not None
    assert (seen.size, seen.root) == (size, log.signed().root)
    assert kept.refused == fork.signed().note
    theirs = exhibit_of(kept, [KEY])
    assert theirs is not None
    assert check_split(theirs, KEY).two.size == size + longer
    assert (fork.files.folder / "checkpoint").read_bytes() == before

    exhibits = [data for name, data in evidence(fork).items() if name.endswith(".split-view.json")]
    notes = {data for name, data in evidence(fork).items() if name.endswith(".note")}
    assert notes == {before, seen.note}
    split = check_split(exhibits[0], KEY)
    assert (split.one.root, split.two.root) in (
        (log.signed().root, fork.signed().root),
        (fork.signed().root, log.signed().root),
    )
    assert evidence(log) == {}


def test_an_old_copy_that_meets_its_witness_is_a_rollback(log: Log, fork: Log, clock: Clock, tmp_path: Path) -> None:
    with witness("a", tmp_path, clock) as a:
        asking = policy({"a": a.url})
        grown(log, 2)
        cosigned(log, asking, clock)
        assert code(lambda: check_remembered(fork, asking)) == "LOG-ROLLBACK"
        assert code(lambda: cosigned(fork, asking, clock)) == "LOG-ROLLBACK"
        assert {note_digest(fork.signed().note), log.publish().digest} <= {name[:64] for name in evidence(fork)}
        grown(fork, 3, OTHER)
        assert code(lambda: check_remembered(fork, asking)) == "LOG-FORKED"
        check_remembered(log, asking)
        assert remembered(asking, KEY)[a.url].checkpoint.size == 5


def test_what_another_process_has_cosigned_meanwhile_is_no_rollback(
    log: Log, folder: Path, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with witness("a", tmp_path, clock) as a:
        asking = policy({"a": a.url})
        grown(log, 2)
        cosigned(log, asking, clock)
        other = opened(folder, clock)

        def meanwhile(*asked: Any) -> dict[str, Head]:
            grown(other, 1, OTHER)
            cosigned(other, asking, clock)
            return remembered(*asked)

        monkeypatch.setattr("ledger.adapters.witness.cosigning.remembered", meanwhile)
        check_remembered(log, asking)
        closed(other)


def test_a_size_nobody_can_show_is_no_rollback(log: Log, clock: Clock) -> None:
    stranger = HashLog(ORIGIN, bytes(32), 9).note(9)
    for shown in (None, b"nonsense", stranger, log.signed().note):
        with scripted(lambda _: WitnessReply(409, "9\n", "text/x.tlog.size"), shown) as url:
            done = cosigned(log, policy({"a": url}), clock)
            check_remembered(log, policy({"a": url}))
        assert done.asked[0].fault is not None
        assert done.asked[0].fault.code == "WITNESS-AHEAD"


def test_a_second_publisher_that_was_quicker_is_no_fault(log: Log, folder: Path, clock: Clock, tmp_path: Path) -> None:
    with witness("a", tmp_path, clock) as a:
        asking = policy({"a": a.url})
        head = open_checkpoint(log.publish().note, ORIGIN, KEY, ())
        grown(log, 2)
        cosigned(log, asking, clock)
        (late,) = ask_witnesses(asking, KEY, head, log.consistency, now=int(NOON.timestamp()))
        assert late.fault is not None
        assert late.fault.code == "WITNESS-AHEAD"
        assert cosigned(log, asking, clock).met


def test_the_answers_are_heard_before_their_cosignatures_are_published(log: Log, clock: Clock) -> None:
    got: list[Sequence[WitnessResult]] = []

    def heard(answers: Sequence[WitnessResult]) -> None:
        got.append(answers)
        raise InterruptedError

    with scripted(lambda body: WitnessReply(200, line(body))) as url, pytest.raises(InterruptedError):
        cosign_head(log, policy({"a": url}), log.files.folder / "evidence", now=clock, heard=heard)
    assert [[*answer.lines] for answer in got[0]] == [[KEYS["a"]]]
    assert (log.files.folder / "checkpoint").read_bytes() == log.signed().note


def test_the_lines_that_another_process_has_published_meanwhile_stay(log: Log, clock: Clock) -> None:
    asking = policy({"a": "http://127.0.0.1:1", "b": "http://127.0.0.1:1"})
    head = open_published(log, asking)

    def offered(name: str) -> bytes:
        return head.note + cosign(head.note, KEYS[name].name, SEEDS[name], int(NOON.timestamp())).encode()

    answer = WitnessResult("http://a", ("a",), lines=lines_of(offered("a"), [KEYS["a"]]))

    def meanwhile(_: object) -> None:
        take_cosignatures(log, asking, offered("b"), now=clock)

    done = take_answers(log, asking, head, [answer], log.files.folder / "evidence", heard=meanwhile)
    assert done.met
    assert done.kept.note == client.with_lines(
        head.note, [*lines_of(done.kept.note, [KEY, KEYS["a"], KEYS["b"]]).values()]
    )
    assert set(lines_of(done.kept.note, [*KEYS.values()])) == {KEYS["a"], KEYS["b"]}


def test_the_cosignatures_of_a_head_are_kept_if_a_larger_one_was_published_meanwhile(log: Log, clock: Clock) -> None:
    asking = policy({"a": "http://127.0.0.1:1"})
    head = open_published(log, asking)
    offered = head.note + cosign(head.note, KEYS["a"].name, SEEDS["a"], int(NOON.timestamp())).encode()
    answer = WitnessResult("http://a", ("a",), lines=lines_of(offered, [KEYS["a"]]))

    def meanwhile(_: object) -> None:
        grown(log, 1)
        log.publish()

    done = take_answers(log, asking, head, [answer], log.files.folder / "evidence", heard=meanwhile)
    assert (done.kept.size, done.kept.note, done.met) == (3, offered, True)
    assert (log.files.folder / "checkpoint").read_bytes() == log.signed().note


def test_where_no_witness_answers_the_published_head_stays_as_it_is(log: Log, clock: Clock) -> None:
    with scripted(lambda body: WitnessReply(200, line(body, "b"))) as url:
        first = cosigned(log, policy({"b": url}), clock)
    done = cosigned(log, policy({"a": "http://127.0.0.1:1"}), clock)
    assert (done.kept, done.met) == (first.kept, False)


# -- a head that somebody was shown ------------------------------------------------------------------------------------


def signed_head(log: Log, size: int, top: bytes | None = None, seed: bytes = SEED) -> bytes:
    made = Checkpoint(ORIGIN, size, root(size, log.store.hashes) if top is None else top)
    return sign_note(format_checkpoint(made), ORIGIN, seed).encode()


def test_a_head_of_this_log_is_no_fault_and_one_that_it_never_signed_is_ignored(log: Log) -> None:
    proofs = log.files.folder.parent / "evidence"
    for size in range(4):
        check_shown(log, signed_head(log, size), proofs)
    for stranger in (b"nonsense", signed_head(log, 2, bytes(32), bytes(32)), signed_head(log, 9, bytes(32), bytes(32))):
        check_shown(log, stranger, proofs)
    assert not proofs.exists()


@pytest.mark.parametrize(
    ("size", "expected", "exhibits"), [(2, "LOG-FORKED", 1), (3, "LOG-FORKED", 1), (4, "LOG-ROLLBACK", 0)]
)
def test_a_larger_head_or_one_of_another_tree_is_kept_as_evidence_and_refused(
    log: Log, size: int, expected: str, exhibits: int
) -> None:
    shown = signed_head(log, size, bytes(32))
    with pytest.raises(LedgerError) as refused:
        check_shown(log, shown, log.files.folder.parent / "evidence")
    assert refused.value.code == expected
    if expected == "LOG-ROLLBACK":
        assert refused.value.says == "somebody has seen 4 entries of this log, which knows of 3"
    kept = evidence(log)
    assert {data for name, data in kept.items() if name.endswith(".note")} == {shown, log.signed().note}
    splits = [check_split(data, KEY) for name, data in kept.items() if name.endswith(".split-view.json")]
    assert [(split.one.size, split.two.size) for split in splits] == [(size, 3)] * exhibits


# -- cosignatures from a file ------------------------------------------------------------------------------------------


def test_a_cosigned_note_that_comes_as_a_file_is_taken(log: Log, clock: Clock, tmp_path: Path) -> None:
    asking = policy({"a": "http://127.0.0.1:1", "b": "http://127.0.0.1:1"})
    log.publish()
    for name in "ab":
        note = log.signed().note
        offered = note + cosign(note, KEYS[name].name, SEEDS[name], int(NOON.timestamp())).encode()
        done = take_cosignatures(log, asking, offered, now=clock)
    assert done.met
    grown(log, 1)
    log.publish()
    late = take_cosignatures(log, asking, done.kept.note, now=clock)  # an older head is stored, but not published
    assert log.heads.get(late.kept.digest) is not None
    assert (log.files.folder / "checkpoint").read_bytes() == log.signed().note


def test_the_signed_head_is_published_where_an_older_one_comes_back(log: Log, clock: Clock) -> None:
    asking = policy({"a": "http://127.0.0.1:1"})
    note = log.publish().note
    grown(log, 1)
    offered = note + cosign(note, KEYS["a"].name, SEEDS["a"], int(NOON.timestamp())).encode()
    assert take_cosignatures(log, asking, offered, now=clock).kept.note == offered
    assert (log.files.folder / "checkpoint").read_bytes() == log.signed().note


def test_what_no_witness_has_signed_or_this_log_has_not_is_not_taken(log: Log, clock: Clock) -> None:
    asking = policy({"a": "http://127.0.0.1:1"})
    note = log.publish().note
    early = int((NOON + timedelta(hours=1)).timestamp())
    fork = HashLog(ORIGIN, size=2).note(2)
    offers = {
        "CP-SIG": note,
        "CP-FUTURE": note + cosign(note, KEYS["a"].name, SEEDS["a"], early).encode(),
        "CP-ORIGIN": HashLog("ledger.example/other", size=2).note(2),
        "LOG-CORRUPT": fork + cosign(fork, KEYS["a"].name, SEEDS["a"], 1).encode(),
        "CP-FORMAT": sign_note("words\n", ORIGIN, HashLog().seed).encode(),
    }
    for expected, offered in offers.items():
        assert code(lambda offered=offered: take_cosignatures(log, asking, offered, now=clock)) == expected  # type: ignore[misc]
    assert (log.files.folder / "checkpoint").read_bytes() == note


# -- a log that signs twice --------------------------------------------------------------------------------------------


@pytest.fixture
def twice(folder: Path, clock: Clock) -> Iterator[Log]:
    """Return a log of three entries whose checkpoints have two lines."""
    closed(opened(folder, clock))
    (state,) = (folder.parent / "state").rglob("guard.db")
    second = Vkey.of(ORIGIN, MLDSA44, mldsa.new(state.parent / "log.mldsa.1.key").public)
    made = opened(folder, clock, witnesses=tuple(KEYS.values()), key=(KEY, second))
    store(made, 3)
    made.acknowledge(2)
    yield made
    closed(made)


def test_a_head_with_two_lines_is_cosigned_by_witnesses_that_know_one_key_each(
    twice: Log, clock: Clock, tmp_path: Path
) -> None:
    first, second = in_turn(twice.key)
    asking = {"a": [first], "b": [second], "c": [first, second]}
    with ExitStack() as live:
        urls = {name: live.enter_context(witness(name, tmp_path, clock, log=keys)).url for name, keys in asking.items()}
        done = cosigned(twice, policy(urls), clock)
        grown(twice, 2)
        done = cosigned(twice, policy(urls), clock)
        seen = remembered(policy(urls), twice.key)
    assert {url: head.checkpoint.size for url, head in seen.items()} == dict.fromkeys(urls.values(), 5)
    assert done.met
    assert [line.name for line in split_note(done.kept.note)[1]] == [ORIGIN, ORIGIN, *(KEYS[n].name for n in asking)]
    for key in (first, second, twice.key):
        head = open_checkpoint(done.kept.note, ORIGIN, key, list(KEYS.values()), mldsa=mldsa.verify)
        assert {key.name for key, _ in head.cosignatures} == {KEYS[name].name for name in asking}


def test_a_log_that_signs_two_trees_twice_is_convicted_by_its_first_key(
    twice: Log, folder: Path, clock: Clock, tmp_path: Path
) -> None:
    shutil.copytree(folder.parent, tmp_path / "copy")
    other = opened(tmp_path / "copy" / "ledger", clock, witnesses=tuple(KEYS.values()), key=twice.key)
    with witness("a", tmp_path, clock, log=list(in_turn(twice.key))) as live:
        grown(twice, 2)
        assert cosigned(twice, policy({"a": live.url}), clock).met
        grown(other, 2, OTHER)
        assert code(lambda: cosigned(other, policy({"a": live.url}), clock)) == "LOG-EQUIVOCATION"
    closed(other)
    (exhibit,) = [data for name, data in evidence(other).items() if name.endswith(".split-view.json")]
    assert check_split(exhibit, in_turn(twice.key)[0]).two.size == 5


def one_line(note: bytes, key: Vkey) -> bytes:
    """Return a note with the line of one key of the log, as a witness keeps it that knows this key alone."""
    return client.with_lines(note, [lines_of(note, [key])[key]])


def test_a_note_that_comes_back_with_one_line_of_two_is_kept_with_both(twice: Log, clock: Clock) -> None:
    asking = policy({"a": "http://127.0.0.1:1", "b": "http://127.0.0.1:1"})
    first, second = in_turn(twice.key)
    old = one_line(twice.publish().note, first)
    for at in range(2):
        for name in "ab":
            offered = old + cosign(old, KEYS[name].name, SEEDS[name], int(NOON.timestamp()) + at).encode()
            kept = take_cosignatures(twice, asking, offered, now=clock).kept
            assert set(lines_of(kept.note, [first, second, KEYS[name]])) == {first, second, KEYS[name]}
        grown(twice, 1)
        twice.publish()


def test_a_published_head_that_has_lost_a_line_is_published_again_with_both(twice: Log) -> None:
    note = twice.publish().note
    path = twice.files.folder / "checkpoint"
    for key in in_turn(twice.key):
        path.write_bytes(one_line(note, key))
        assert twice.publish().note == note
        assert path.read_bytes() == note
    assert [head.note for head in twice.heads.all()] == [note], "the note with one line is not kept"


def test_only_a_head_of_our_size_or_a_smaller_one_can_contradict_ours(log: Log) -> None:
    grown(log, 3)
    ours = opened_head(log, log.signed().note)

    def theirs(size: int, mark: int) -> Head:
        body = format_checkpoint(Checkpoint(ORIGIN, size, bytes([mark]) * 32))
        return opened_head(log, sign_note(body, ORIGIN, SEED).encode())

    assert _exhibit(log, ours, None) is None
    assert _exhibit(log, ours, ours) is None
    assert _exhibit(log, ours, opened_head(log, HashLog(ORIGIN, SEED).note(0))) is None
    for size, proved in ((1, True), (6, True), (7, False)):
        assert (_exhibit(log, ours, theirs(size, 7)) is not None) is proved, size


def opened_head(log: Log, note: bytes) -> Head:
    return open_checkpoint(note, ORIGIN, log.key, ())
