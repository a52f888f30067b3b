"""A witness cosigns one sequence of heads for each log, remembers it through a crash, and stores contradictions."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.keys import mldsa
from ledger.adapters.keys.key_files import SeedKey, write
from ledger.adapters.log.published_log import from_folder, place_of, reader, source
from ledger.adapters.witness.witness import SIZE, Witness, WitnessReply, cosigners, exhibit_of, logs_of, pull
from ledger.adapters.witness.witness_state import MOST_EVIDENCE, CosignedHead, Memory
from ledger.entries.split_view import check_split
from ledger.errors import LedgerError, RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.add_checkpoint import LARGEST, format_submission, parse_submission
from ledger.tlog.names import origin_hash
from ledger.tlog.note import (
    MLDSA44,
    Vkey,
    cosign,
    cosign_mldsa,
    lines_of,
    open_checkpoint,
    open_note,
    parse_vkey,
    witness_vkey,
)
from ledger.tlog.policy import parse_policy
from tests.ledger.entries.test_log_keys import KEY as POST_QUANTUM
from tests.support.hash_log import HashLog

VECTORS = Path(__file__).parents[4] / "fixtures" / "vectors" / "witness"
NAME, SEED = "witness.example/fr-y", bytes(range(1, 33))
KEY = parse_vkey(witness_vkey(NAME, public_key(SEED)))
NOON = datetime(2027, 3, 1, 12, 0, 0, tzinfo=UTC)
LOG = HashLog(size=600)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "state" / "witness.db"
    Memory.create(path, KEY.text).close()
    return path


@pytest.fixture
def witness(state: Path, clock: Clock) -> Iterator[Witness]:
    made = opened(state, clock)
    yield made
    made.memory.close()


MEMORIES: list[Memory] = []


def memory(state: Path) -> Memory:
    MEMORIES.append(Memory(state, KEY.text))
    return MEMORIES[-1]


def opened(state: Path, clock: Clock, logs: dict[str, list[Vkey]] | None = None) -> Witness:
    return Witness(memory(state), cosigners(NAME, SeedKey(SEED)), logs or {LOG.origin: [LOG.key]}, now=clock)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close every memory that a test opened."""
    yield
    while MEMORIES:
        MEMORIES.pop().close()


def stored(witness: Witness, log: HashLog = LOG) -> int | None:
    seen = witness.memory.seen(log.origin)
    return seen.size if seen else None


def check_cosigned(answer: WitnessReply, note: bytes, key: Vkey = KEY, time: datetime = NOON) -> None:
    """Assert that the answer is one cosignature of this witness over the note, at this time."""
    assert answer.status == 200, answer
    opened = open_note(note + answer.body.encode(), [key])
    assert opened.cosigned == ((key, int(time.timestamp())),)
    assert answer.body == lines_of(note + answer.body.encode(), [key])[key]


# -- the published dialogue --------------------------------------------------------------------------------------------

DIALOGUE: dict[str, Any] = json.loads((VECTORS / "add_checkpoint_dialogue.json").read_text("utf-8"))


def test_the_published_dialogue_gets_the_status_each_step_must_get(state: Path, clock: Clock) -> None:
    key = parse_vkey(DIALOGUE["log"]["vkey"])
    witness = opened(state, clock, {key.name: [key]})
    for step in DIALOGUE["steps"]:
        before = witness.memory.seen(key.name)
        answer = witness.add_checkpoint(step["body"].encode())
        assert answer.status == step["status"], step["why"]
        if answer.status == 200:
            check_cosigned(answer, parse_submission(step["body"].encode()).note)
        else:
            assert witness.memory.seen(key.name) == before
        if answer.status == 409:
            assert before is not None
            assert (answer.body, answer.media) == (f"{before.size}\n", "text/x.tlog.size")
    seen = witness.memory.seen(key.name)
    assert seen is not None
    assert seen.size == DIALOGUE["after"]["stored_size"]


def test_a_log_whose_origin_is_no_key_name_is_cosigned_if_the_witness_has_its_key(state: Path, clock: Clock) -> None:
    sumdb = DIALOGUE["sumdb"]
    witness = opened(state, clock, {sumdb["origin"]: [parse_vkey(sumdb["vkey"])]})
    check_cosigned(witness.add_checkpoint(sumdb["body"].encode()), parse_submission(sumdb["body"].encode()).note)


# -- every row of the table of answers ---------------------------------------------------------------------------------


def test_one_line_of_heads_is_cosigned_step_by_step(witness: Witness) -> None:
    for old, size in ((0, 0), (0, 3), (3, 3), (3, 4), (4, 255), (255, 256), (256, 600)):
        check_cosigned(witness.add_checkpoint(LOG.request(old, size)), LOG.note(size))
        assert stored(witness) == size


def request(**changes: Any) -> bytes:
    """Return a valid request from size 4 to 7; `changes` replace its first line, its proof or its note."""
    body = LOG.request(4, 7)
    head, _, note = body.partition(b"\n\n")
    first, *proof = head.split(b"\n")
    parts = {"first": first, "proof": proof, "blank": b"\n\n", "note": note} | changes
    return b"\n".join([parts["first"], *parts["proof"]]) + bytes(parts["blank"]) + bytes(parts["note"])


HASH = b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
FORK = LOG.fork(4, 7)  # it begins with the four entries that were cosigned

MALFORMED = {
    "nothing": b"",
    "upper case": request(first=b"Old 4"),
    "leading zero": request(first=b"old 04"),
    "a sign": request(first=b"old +4"),
    "two spaces": request(first=b"old  4"),
    "no size": request(first=b"old "),
    "no size line": request(first=b""),
    "other digits": request(first="old ٤".encode()),
    "a size of 2^63": request(first=b"old 9223372036854775808"),
    "carriage return": request(first=b"old 4\r"),
    "64 hashes": request(proof=[HASH] * 64),
    "a short hash": request(proof=[b"AAAA"]),
    "url-safe base64": request(proof=[HASH.replace(b"A", b"_", 1)]),
    "stray bits": request(proof=[HASH.replace(b"AA=", b"AB=")]),
    "no empty line": request(blank=b"\n"),
    "no note": request(note=b""),
    "no signature line": request(note=LOG.note(7).partition(b"\n\n")[0] + b"\n"),
    "an extension line": request(note=LOG.note(7).replace(b"\n\n", b"\nextension\n\n")),
    "two lines": request(note=LOG.origin.encode() + b"\n7\n\n" + LOG.note(7).partition(b"\n\n")[2]),
    "a size with a zero": request(note=LOG.note(7).replace(b"\n7\n", b"\n07\n")),
    "a root of 31 bytes": request(note=LOG.note(7).replace(LOG.note(7).split(b"\n")[2], HASH[4:])),
    "no UTF-8": request(note=b"\xff" + LOG.note(7)),
    "17 signature lines": request(
        note=LOG.note(7) + b"".join(b"\xe2\x80\x94 x AAAAAAA%d\n" % n for n in range(10, 26))
    ),
    "old > size": LOG.request(4, 7).replace(b"old 4", b"old 8"),
    "more than any request has": request(note=LOG.note(7) + b"x" * LARGEST),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_request_is_400(witness: Witness, body: bytes) -> None:
    witness.add_checkpoint(LOG.request(0, 4))
    assert witness.add_checkpoint(body).status == 400
    assert stored(witness) == 4
    assert witness.memory.evidence() == []


def test_an_unknown_log_is_404_whatever_its_signature(witness: Witness) -> None:
    assert witness.add_checkpoint(HashLog("ledger.example/other", size=3).request(0, 3)).status == 404


def test_a_head_the_log_has_not_signed_is_403(witness: Witness) -> None:
    stranger = HashLog(LOG.origin, bytes(32), 3)
    assert witness.add_checkpoint(stranger.request(0, 3)).status == 403
    good, bad = LOG.note(3), bytearray(LOG.note(3))
    bad[-4] ^= 1
    assert witness.add_checkpoint(format_submission(0, (), bytes(bad))).status == 403
    stray = good[:-2] + b"\n"  # without padding
    assert witness.add_checkpoint(format_submission(0, (), stray)).status == 403
    second = open_note(stranger.note(3), [stranger.key]).text.encode() + b"\n" + stranger.note(3).partition(b"\n\n")[2]
    assert witness.add_checkpoint(format_submission(0, (), second)).status == 403
    assert stored(witness) is None
    check_cosigned(witness.add_checkpoint(format_submission(0, (), good)), good)


def test_a_cosignature_of_the_witness_itself_does_not_stand_for_the_log(witness: Witness) -> None:
    text = LOG.note(3).partition(b"\n\n")[0] + b"\n\n"
    note = text + cosign(LOG.note(3), NAME, SEED, 1).encode()
    assert witness.add_checkpoint(format_submission(0, (), note)).status == 403


def test_lines_of_unknown_keys_are_ignored_and_not_kept(witness: Witness) -> None:
    note = LOG.note(3) + cosign(LOG.note(3), "witness.example/other", bytes(32), 1).encode()
    check_cosigned(witness.add_checkpoint(format_submission(0, (), note)), LOG.note(3))
    kept = witness.checkpoint(origin_hash(LOG.origin))
    assert kept is not None
    assert b"witness.example/other" not in kept


@pytest.mark.parametrize("old", [0, 3, 5])
def test_another_old_size_is_409_with_the_size_that_is_stored(witness: Witness, old: int) -> None:
    witness.add_checkpoint(LOG.request(0, 4))
    assert witness.add_checkpoint(LOG.request(old, 7)) == WitnessReply(409, "4\n", SIZE)
    assert stored(witness) == 4
    assert witness.memory.evidence() == []


def test_409_tells_a_fresh_log_that_nothing_was_cosigned(witness: Witness) -> None:
    assert witness.add_checkpoint(LOG.request(3, 4)) == WitnessReply(409, "0\n", SIZE)


UNPROVEN = {
    "no proof": request(proof=[]),
    "a proof of another pair": request(proof=[HASH] * 2),
    "a hash too many": request(proof=[*request().partition(b"\n\n")[0].split(b"\n")[1:], HASH]),
    "another tree of the same size": format_submission(4, (), LOG.fork(3, 4).note(4)),
    "a proof at the same size": format_submission(4, LOG.prove(3, 4), LOG.note(4)),
    "a fork with its own proof": format_submission(4, LOG.fork(3, 7).prove(4, 7), LOG.fork(3, 7).note(7)),
}


@pytest.mark.parametrize("body", UNPROVEN.values(), ids=UNPROVEN.keys())
def test_what_does_not_follow_is_422_and_kept_with_both_notes(witness: Witness, body: bytes) -> None:
    witness.add_checkpoint(LOG.request(0, 4))
    assert witness.add_checkpoint(body).status == 422
    assert stored(witness) == 4
    (kept,) = witness.memory.evidence()
    submission = parse_submission(body)
    assert (kept.origin, kept.status, kept.old) == (LOG.origin, 422, 4)
    assert kept.cosigned == witness.checkpoint(origin_hash(LOG.origin))
    assert kept.refused == submission.note
    assert kept.proof == submission.proof
    assert kept.at == int(NOON.timestamp())


def test_a_proof_from_nothing_is_422(witness: Witness) -> None:
    assert witness.add_checkpoint(format_submission(0, [bytes(32)], LOG.note(4))).status == 422
    assert stored(witness) is None


def test_an_empty_tree_with_a_root_and_a_full_one_without_are_422(witness: Witness) -> None:
    from ledger.tlog.note import sign_note

    for size, root in ((0, HASH), (5, b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")):
        body = f"{LOG.origin}\n{size}\n{root.decode()}\n"
        note = sign_note(body, LOG.origin, LOG.seed).encode()
        assert witness.add_checkpoint(b"old 0\n\n" + note).status == 422
    assert stored(witness) is None


def test_another_tree_of_the_size_that_is_stored_is_evidence_even_with_another_old_size(witness: Witness) -> None:
    witness.add_checkpoint(LOG.request(0, 4))
    fork = LOG.fork(2, 4)
    assert witness.add_checkpoint(fork.request(0, 4)) == WitnessReply(409, "4\n", SIZE)
    (kept,) = witness.memory.evidence()
    exhibit = exhibit_of(kept, [LOG.key])
    assert exhibit is not None
    assert check_split(exhibit, LOG.key).two.size == 4


# -- evidence ----------------------------------------------------------------------------------------------------------


def test_a_fork_that_brings_its_own_proof_convicts_its_log(witness: Witness) -> None:
    witness.add_checkpoint(LOG.request(0, 5))
    fork = LOG.fork(4, 9)
    assert witness.add_checkpoint(fork.request(5, 9)).status == 422
    (kept,) = witness.memory.evidence()
    exhibit = exhibit_of(kept, [HashLog("ledger.example/other").key, LOG.key])
    assert exhibit is not None
    split = check_split(exhibit, LOG.key)
    assert (split.one.root, split.two.root) == (LOG.root(5), fork.root(9))


def test_a_true_head_with_a_wrong_proof_is_kept_and_convicts_nobody(witness: Witness) -> None:
    witness.add_checkpoint(LOG.request(0, 5))
    witness.add_checkpoint(format_submission(5, [bytes(32)] * 3, LOG.note(9)))
    (kept,) = witness.memory.evidence()
    assert exhibit_of(kept, [LOG.key]) is None


def test_the_same_contradiction_is_kept_once_whatever_else_is_written_below_it(witness: Witness) -> None:
    witness.add_checkpoint(LOG.request(0, 4))
    fork = LOG.fork(2, 4).note(4)
    for n in range(5):
        line = cosign(fork, f"witness.example/{n}", bytes([n]) * 32, 1).encode()
        assert witness.add_checkpoint(format_submission(4, (), fork + line)).status == 422
    assert [kept.refused for kept in witness.memory.evidence()] == [fork]


def test_evidence_has_an_end_and_the_first_of_it_stays(witness: Witness) -> None:
    witness.add_checkpoint(LOG.request(0, 4))
    forks = [HashLog(size=3).grow(1, f"story {n}").note(4) for n in range(MOST_EVIDENCE + 5)]
    for fork in forks:
        assert witness.add_checkpoint(format_submission(4, (), fork)).status == 422
    assert [kept.refused for kept in witness.memory.evidence()] == forks[:MOST_EVIDENCE]


# -- memory ------------------------------------------------------------------------------------------------------------


def test_what_was_cosigned_is_remembered_by_the_next_process(witness: Witness, state: Path, clock: Clock) -> None:
    witness.add_checkpoint(LOG.request(0, 4))
    again = opened(state, clock)
    assert again.add_checkpoint(LOG.request(0, 7)) == WitnessReply(409, "4\n", SIZE)
    check_cosigned(again.add_checkpoint(LOG.request(4, 7)), LOG.note(7))


def test_a_witness_without_its_memory_cosigns_nothing(state: Path, clock: Clock) -> None:
    state.unlink()
    with pytest.raises(LedgerError) as fault:
        opened(state, clock)
    assert fault.value.code == "WITNESS-LOST"
    assert not state.exists()


def test_a_witness_does_not_take_another_ones_memory(state: Path) -> None:
    other = witness_vkey("witness.example/other", public_key(SEED))
    with pytest.raises(LedgerError) as fault:
        Memory(state, other)
    assert fault.value.code == "WITNESS-LOST"
    with pytest.raises(FileExistsError):
        Memory.create(state, other)


def test_the_file_itself_refuses_a_step_back(witness: Witness, state: Path) -> None:
    witness.add_checkpoint(LOG.request(0, 4))
    c = sqlite3.connect(state, isolation_level=None)
    for change in (
        "UPDATE head SET size = 3",
        "UPDATE head SET root = zeroblob(32)",
        "UPDATE head SET time = time - 1",
        "UPDATE head SET origin = 'other'",
        "DELETE FROM head",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            c.execute(change)
    witness.add_checkpoint(format_submission(4, (), LOG.fork(2, 4).note(4)))
    for change in ("DELETE FROM evidence", "UPDATE evidence SET at = 0"):
        with pytest.raises(sqlite3.IntegrityError):
            c.execute(change)
    c.close()
    with pytest.raises(LedgerError) as fault, witness.memory.turn():
        witness.memory.store(LOG.origin, CosignedHead(3, LOG.root(3), 1, b""))
    assert fault.value.code == "WITNESS-BACK"


def test_no_cosignature_is_dated_before_the_previous_one(witness: Witness, clock: Clock) -> None:
    witness.add_checkpoint(LOG.request(0, 4))
    clock.now = NOON - timedelta(seconds=1)
    behind = witness.add_checkpoint(LOG.request(4, 7))
    assert (behind.status, "clock" in behind.body) == (503, True)
    assert stored(witness) == 4
    other = HashLog("ledger.example/other", size=3)
    witness.logs[other.origin] = [other.key]
    check_cosigned(witness.add_checkpoint(other.request(0, 3)), other.note(3), time=clock.now)
    clock.now = NOON
    check_cosigned(witness.add_checkpoint(LOG.request(4, 7)), LOG.note(7))


def test_the_same_head_again_is_cosigned_again_with_the_time_of_now(witness: Witness, clock: Clock) -> None:
    witness.add_checkpoint(LOG.request(0, 4))
    clock.now = NOON + timedelta(hours=1)
    check_cosigned(witness.add_checkpoint(LOG.request(4, 4)), LOG.note(4), time=clock.now)


def test_the_monitoring_note_carries_the_logs_line_and_the_newest_of_ours(witness: Witness, clock: Clock) -> None:
    digest = origin_hash(LOG.origin)
    assert witness.checkpoint(digest) is None
    witness.add_checkpoint(LOG.request(0, 4))
    clock.now = NOON + timedelta(hours=1)
    witness.add_checkpoint(LOG.request(4, 4))
    note = witness.checkpoint(digest)
    assert note is not None
    head = open_checkpoint(note, LOG.origin, LOG.key, [KEY])
    assert head.checkpoint.size == 4
    assert head.cosignatures == ((KEY, int(clock.now.timestamp())),)
    assert witness.checkpoint(digest.upper()) is None
    assert witness.checkpoint(origin_hash("ledger.example/other")) is None


def test_a_full_disk_means_no_cosignature(witness: Witness) -> None:
    pages = witness.memory._c.execute("PRAGMA page_count").fetchone()[0]
    witness.memory._c.execute(f"PRAGMA max_page_count = {pages + 1}")  # room for one more page
    logs = [HashLog(f"ledger.example/log/{n}", size=3) for n in range(200)]
    witness.logs |= {log.origin: [log.key] for log in logs}
    answers = {log.origin: witness.add_checkpoint(log.request(0, 3)) for log in logs}
    full = [origin for origin, answer in answers.items() if answer.status == 503]
    assert 0 < len(full) < len(logs)
    assert {answers[origin].body for origin in full} == {"DISK-FULL: nothing was cosigned\n"}
    assert all((witness.memory.seen(log.origin) is None) == (log.origin in full) for log in logs)


def test_a_request_with_one_bit_changed_is_never_cosigned(witness: Witness) -> None:
    witness.add_checkpoint(LOG.request(0, 4))
    good = LOG.request(4, 7)
    for at in range(len(good) * 8):
        body = bytearray(good)
        body[at // 8] ^= 1 << at % 8
        assert witness.add_checkpoint(bytes(body)).status in (400, 403, 404, 409, 422), at
    assert stored(witness) == 4
    check_cosigned(witness.add_checkpoint(good), LOG.note(7))


# -- two at once, and a crash ------------------------------------------------------------------------------------------


def test_of_two_requests_at_once_the_second_sees_what_the_first_has_stored(state: Path) -> None:
    inside, go = threading.Event(), threading.Event()

    def stalling() -> datetime:  # called within the transaction, after the comparison with the old size
        inside.set()
        assert go.wait(30)
        return NOON

    slow, quick = opened(state, stalling), opened(state, Clock())  # type: ignore[arg-type]
    answers: dict[str, WitnessReply] = {}
    first = threading.Thread(target=lambda: answers.update(slow=slow.add_checkpoint(LOG.request(0, 3))))
    second = threading.Thread(target=lambda: answers.update(quick=quick.add_checkpoint(LOG.request(0, 7))))
    first.start()
    assert inside.wait(30)
    second.start()
    second.join(0.2)
    assert "quick" not in answers  # it waits: if both compared with an empty memory, one would undo the other
    go.set()
    first.join(30)
    second.join(30)
    check_cosigned(answers["slow"], LOG.note(3))
    assert answers["quick"] == WitnessReply(409, "3\n", SIZE)
    assert stored(slow) == 3


def test_threads_of_one_witness_take_turns_and_never_go_back(witness: Witness) -> None:
    def climb() -> None:
        for size in range(1, 40):
            seen = witness.memory.seen(LOG.origin)
            old = seen.size if seen else 0
            if old <= size:
                witness.add_checkpoint(LOG.request(old, size))
            now = witness.memory.seen(LOG.origin)
            sizes.append((old, now.size if now else 0))

    sizes: list[tuple[int, int]] = []
    threads = [threading.Thread(target=climb) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored(witness) == 39
    assert all(before <= after for before, after in sizes)
    assert witness.memory.evidence() == []


KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from ledger.adapters.witness.witness_state import Memory
from tests.ledger.adapters.witness.test_witness import Witness, opened
when, body = sys.argv[2], sys.stdin.buffer.read()
die = lambda *_: os.kill(os.getpid(), 9)
clock = die if when == "compared" else lambda: datetime(2027, 3, 1, 12, tzinfo=UTC)
witness = opened(Path(sys.argv[1]), clock)
if when == "stored":
    store = Memory.store
    Memory.store = lambda *given: (store(*given), die())
answer = witness.add_checkpoint(body)
die()
"""


@pytest.mark.parametrize(("when", "size"), [("compared", 4), ("stored", 4), ("durable", 7)])
def test_a_kill_at_any_moment_leaves_one_line_of_heads(witness: Witness, state: Path, when: str, size: int) -> None:
    """Between check and storage, between storage and commit, between commit and answer."""
    witness.add_checkpoint(LOG.request(0, 4))
    died = subprocess.run(
        [sys.executable, "-c", KILLED, str(state), when], input=LOG.request(4, 7), cwd=Path(__file__).parents[4],
        capture_output=True, check=False,
    )  # fmt: skip
    assert died.returncode == -signal.SIGKILL, died.stderr
    after = opened(state, Clock())
    assert stored(after) == size
    fork = LOG.fork(3, 7)
    assert after.add_checkpoint(fork.request(size, 7)).status == 422  # no second root, before the crash or after it
    if size == 7:
        assert after.add_checkpoint(LOG.request(4, 7)) == WitnessReply(409, "7\n", SIZE)
    check_cosigned(after.add_checkpoint(LOG.request(size, 7)), LOG.note(7))


# -- keys and policies -------------------------------------------------------------------------------------------------


def test_a_witness_with_two_keys_answers_with_two_lines(state: Path, clock: Clock, tmp_path: Path) -> None:
    pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="needs cryptography 50")
    made = mldsa.new(tmp_path / "mldsa.key")
    second = mldsa.load(tmp_path / "mldsa.key")
    assert second.public == made.public
    key = Vkey.of(NAME, 0x06, second.public)
    witness = Witness(memory(state), cosigners(NAME, SeedKey(SEED), second), {LOG.origin: [LOG.key]}, now=clock)
    answer = witness.add_checkpoint(LOG.request(0, 4))
    note = LOG.note(4) + answer.body.encode()
    time = int(NOON.timestamp())
    head = open_checkpoint(note, LOG.origin, LOG.key, [KEY, key], mldsa=mldsa.verify)
    assert head.cosignatures == ((KEY, time), (key, time))
    with pytest.raises(RecordError):
        open_checkpoint(note.replace(b"\n4\n", b"\n5\n"), LOG.origin, LOG.key, [key], mldsa=mldsa.verify)


def test_an_mldsa_key_that_others_can_read_or_that_is_none_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="needs cryptography 50")
    path = tmp_path / "mldsa.key"
    mldsa.new(path)
    path.chmod(0o644)
    assert fault_of(path) == "KEY-MODE"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:100])
    assert fault_of(path) == "KEY-FORMAT"
    path.unlink()
    write(path, SeedKey(SEED))
    assert fault_of(path) == "KEY-FORMAT"
    assert fault_of(tmp_path / "nothing") == "KEY-MISSING"


def fault_of(path: Path) -> str:
    with pytest.raises(LedgerError) as fault:
        mldsa.load(path)
    return fault.value.code


def test_the_logs_of_a_witness_are_those_its_policies_name() -> None:
    other = HashLog("ledger.example/other", bytes(32))
    rotated = HashLog(LOG.origin, bytes([7]) * 32)
    policies = [
        parse_policy(f"log {LOG.key.text}\nlog {rotated.key.text}\nquorum none\n".encode()),
        parse_policy(f"log {other.key.text}\nlog {LOG.key.text}\nquorum none\n".encode()),
    ]
    assert logs_of(policies, [KEY]) == {LOG.origin: [LOG.key, rotated.key], other.origin: [other.key]}


def test_a_witness_does_not_sign_as_a_log_and_one_key_is_one_log() -> None:
    own = parse_vkey(witness_vkey(NAME, LOG.key.public))
    twin = HashLog("ledger.example/twin", LOG.seed)
    policies = [parse_policy(f"log {log.key.text}\nquorum none\n".encode()) for log in (LOG, twin)]
    for given, keys in ((policies[:1], [own]), (policies, [])):
        with pytest.raises(RecordError) as refused:
            logs_of(given, keys)
        assert refused.value.code == "POL-KEY"


def test_two_keys_of_one_id_and_a_name_that_no_checkpoint_can_have_are_refused() -> None:
    policy = parse_policy(f"log {LOG.key.text}\nquorum none\n".encode())
    double = replace(LOG.key, public=bytes(32))
    plus = replace(LOG.key, name="ledger.example/a+b")
    for keys, code in (((LOG.key, double), "POL-KEY"), ((plus,), "CP-ORIGIN")):
        with pytest.raises(RecordError) as refused:
            logs_of([replace(policy, logs=keys)])
        assert refused.value.code == code


def test_a_note_without_an_origin_is_no_checkpoint(witness: Witness) -> None:
    answer = witness.add_checkpoint(LOG.request(0, 4).replace(f"\n{LOG.origin}\n".encode(), b"\n\n", 1))
    assert (answer.status, answer.body) == (400, "not a checkpoint: three lines: origin, size, root\n")


def test_either_key_of_a_log_that_has_changed_keys_will_do(state: Path, clock: Clock) -> None:
    rotated = HashLog(LOG.origin, bytes([7]) * 32, 9)
    witness = opened(state, clock, {LOG.origin: [LOG.key, rotated.key]})
    check_cosigned(witness.add_checkpoint(LOG.request(0, 4)), LOG.note(4))
    check_cosigned(witness.add_checkpoint(rotated.request(4, 9)), rotated.note(9))


# -- pull mode ---------------------------------------------------------------------------------------------------------


def test_a_published_log_is_followed_without_being_asked(witness: Witness, tmp_path: Path) -> None:
    for size in (0, 3, 255, 256, 257, 600, 600):
        LOG.publish(tmp_path / "log", size)
        pulled = pull(witness, source(str(tmp_path / "log")))
        check_cosigned(pulled.answer, LOG.note(size))
        assert (pulled.origin, pulled.size, pulled.exhibit) == (LOG.origin, size, None)
        assert stored(witness) == size


@pytest.mark.parametrize(("old", "at"), [(1, 0), (256, 200), (300, 200), (600, 200)])
def test_a_published_fork_is_not_cosigned_and_its_tiles_convict_it(
    witness: Witness, tmp_path: Path, old: int, at: int
) -> None:
    witness.add_checkpoint(LOG.request(0, old))
    pulled = pull(witness, from_folder(LOG.fork(at, 600).publish(tmp_path, 600)))
    assert pulled.answer.status == 422
    assert stored(witness) == old
    assert pulled.exhibit is not None
    split = check_split(pulled.exhibit, LOG.key)
    assert (split.one.root, split.two.size) == (LOG.root(old), 600)


def test_a_log_that_shows_less_than_before_is_not_followed_back(witness: Witness, tmp_path: Path) -> None:
    witness.add_checkpoint(LOG.request(0, 300))
    assert pull(witness, from_folder(LOG.publish(tmp_path, 200))).answer.status == 400
    assert stored(witness) == 300


def test_a_partial_tile_that_is_gone_is_read_from_the_full_one(tmp_path: Path) -> None:
    LOG.publish(tmp_path, 500)
    LOG.publish(tmp_path, 600)
    shutil.rmtree(tmp_path / "tile" / "0" / "001.p")
    read = reader(from_folder(tmp_path), 500)  # a checkpoint older than the tiles gives this size
    assert read(range(900)) == LOG.stored[:900]


@pytest.mark.parametrize("harm", ["short", "long", "gone"])
def test_a_tile_that_is_not_what_it_should_be_is_no_proof(witness: Witness, tmp_path: Path, harm: str) -> None:
    witness.add_checkpoint(LOG.request(0, 4))
    LOG.publish(tmp_path, 7)
    tile = tmp_path / "tile" / "0" / "000.p" / "7"
    data = tile.read_bytes()
    tile.unlink()
    if harm != "gone":
        tile.write_bytes({"short": data[:-1], "long": data + b"x"}[harm])
    with pytest.raises(LedgerError if harm == "gone" else RecordError):
        pull(witness, from_folder(tmp_path))
    assert stored(witness) == 4


def test_a_hash_beyond_the_tree_is_not_read(tmp_path: Path) -> None:
    read = reader(from_folder(LOG.publish(tmp_path, 7)), 7)
    for index in (11, 14, 2000):
        with pytest.raises(RecordError) as refused:
            read([index])
        assert refused.value.code == "LOG-TILE"


def test_the_place_of_a_stored_hash_is_found_again() -> None:
    from ledger.tlog.tree import stored_count, stored_index

    places = {stored_index(level, n): (level, n) for level in range(10) for n in range(600 >> level)}
    assert {index: place_of(index) for index in range(stored_count(600))} == places


def test_a_log_nobody_knows_is_not_pulled(witness: Witness, tmp_path: Path) -> None:
    for folder in (HashLog("ledger.example/other", size=3).publish(tmp_path / "a", 3), tmp_path / "nothing"):
        with pytest.raises((RecordError, LedgerError)):
            pull(witness, from_folder(folder))


# -- a log that signs twice --------------------------------------------------------------------------------------------


SECOND = Vkey.of(LOG.origin, MLDSA44, POST_QUANTUM.public)


def twice(size: int) -> bytes:
    """Return the head of the log with the lines of both its keys."""
    return LOG.note(size) + cosign_mldsa(LOG.note(size), LOG.origin, POST_QUANTUM.public, POST_QUANTUM.sign, 9).encode()


def bare(note: bytes) -> bytes:
    """Return a note without its first line."""
    text, blank, tail = note.rpartition(b"\n\n")
    return text + blank + b"".join(tail.splitlines(keepends=True)[1:])


@pytest.mark.parametrize(
    ("keys", "lines"), [([LOG.key], 1), ([SECOND], 1), ([LOG.key, SECOND], 2)], ids=["first", "second", "both"]
)
def test_a_head_with_two_lines_is_cosigned_by_a_witness_that_knows_either_key(
    state: Path, clock: Clock, keys: list[Vkey], lines: int
) -> None:
    witness = opened(state, clock, {LOG.origin: keys})
    check_cosigned(witness.add_checkpoint(format_submission(0, (), twice(3))), twice(3))
    check_cosigned(witness.add_checkpoint(format_submission(3, LOG.prove(3, 7), twice(7))), twice(7))
    shown = witness.checkpoint(origin_hash(LOG.origin))
    assert shown is not None
    assert list(lines_of(shown, [LOG.key, SECOND])) == keys, "the lines of the log that it verified, and no others"


def test_one_line_is_enough_and_a_false_one_of_a_known_key_is_refused(state: Path, clock: Clock) -> None:
    witness = opened(state, clock, {LOG.origin: [LOG.key, SECOND]})
    check_cosigned(witness.add_checkpoint(format_submission(0, (), LOG.note(3))), LOG.note(3))
    false = LOG.note(7) + bare(twice(3)).rpartition(b"\n\n")[2]
    assert witness.add_checkpoint(format_submission(3, LOG.prove(3, 7), false)).status == 403
    assert opened(state, clock).add_checkpoint(format_submission(3, LOG.prove(3, 7), false)).status == 200
    check_cosigned(witness.add_checkpoint(format_submission(7, LOG.prove(7, 9), bare(twice(9)))), bare(twice(9)))


def test_the_policies_of_a_witness_may_name_both_keys_or_one(state: Path, clock: Clock) -> None:
    both = parse_policy(f"log {LOG.key.text}\nlog {SECOND.text}\nquorum none\n".encode())
    alone = parse_policy(f"log {SECOND.text}\nquorum none\n".encode())
    assert logs_of([both]) == logs_of([both, alone]) == {LOG.origin: [LOG.key, SECOND]}
    assert logs_of([alone]) == {LOG.origin: [SECOND]}
