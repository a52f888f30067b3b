"""The signer process signs only a continuation of its last checkpoint, once for each size, even after a crash."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.guard.signed_state import Signed
from ledger.adapters.keys import mldsa
from ledger.adapters.keys.key_files import SeedKey, write
from ledger.adapters.log.checkpoint_signer import LocalSigner
from ledger.adapters.log.log import first_note
from ledger.adapters.log.remote_signer import RemoteSigner
from ledger.adapters.log.signer_process import (
    SignerServer,
    _answer_all,
    _contradiction,
    _converse,
    listen,
    serve,
)
from ledger.entries.placement import map_of, registry_of
from ledger.errors import LedgerError
from ledger.formats.canonical_json import canonical
from ledger.formats.dsse import EVENT_TYPE, MANIFEST_TYPE, pae
from ledger.formats.ed25519 import public_key, verify_signature
from ledger.tlog.note import (
    MLDSA44,
    Checkpoint,
    Vkey,
    b64,
    format_checkpoint,
    log_vkey,
    open_checkpoint,
    open_note,
    parse_vkey,
    unb64,
)
from ledger.tlog.tree import EMPTY_ROOT, Frontier, leaf_hash, prove_consistency, root
from tests.support.files.system_calls import open_below

ORIGIN = "ledger.example/xo/karsk"
SEED = bytes(range(32))
KEY = parse_vkey(log_vkey(ORIGIN, public_key(SEED)))
NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)  # in the past: the process uses the real clock
PROJECT = Path(__file__).parents[4]


class Tree:
    """A tree of `size` leaves; the leaf at index `twisted` differs."""

    def __init__(self, size: int, twisted: int = -1) -> None:
        self.stored: list[bytes] = []
        frontier = Frontier()
        for n in range(size):
            self.stored += frontier.add(leaf_hash(b"%d%s" % (n, b"!" * (n == twisted))))

    def read(self, indexes: Sequence[int]) -> list[bytes]:
        return [self.stored[n] for n in indexes]

    def root(self, size: int) -> bytes:
        return root(size, self.read) if size else EMPTY_ROOT

    def question(self, old: int, new: int, *, origin: str = ORIGIN, proof: Sequence[bytes] | None = None) -> bytes:
        checkpoint = format_checkpoint(Checkpoint(origin, new, self.root(new)))
        if proof is None:
            proof = prove_consistency(old, new, self.read) if 0 < old <= new else ()
        asked = {"ask": "sign", "old": [old, b64(self.root(old))], "checkpoint": checkpoint}
        return json.dumps({**asked, "proof": [b64(value) for value in proof]}).encode()


TREE, OTHER = Tree(40), Tree(40, twisted=3)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    write(tmp_path / "signer" / "log.key", SeedKey(SEED))
    Guard.create(tmp_path / "signer" / "guard.db", first_note(KEY, SEED, NOW)).close()
    return tmp_path / "signer"


@pytest.fixture
def signer(state: Path) -> Iterator[SignerServer]:
    made = SignerServer(state, now=lambda: NOW)
    yield made
    made.close()


def signed(signer: SignerServer, question: bytes) -> int:
    """Return the size that is signed in the answer; the note verifies under the log's key."""
    told = json.loads(signer.answer(question))["signed"]
    head = open_checkpoint(told["note"].encode(), ORIGIN, KEY, ())
    assert (head.checkpoint.size, b64(head.checkpoint.root)) == (told["size"], told["root"])
    return head.checkpoint.size


def refused(signer: SignerServer, question: bytes) -> dict[str, Any]:
    before = signer.answer(b'{"ask": "last"}')
    found: dict[str, Any] = json.loads(signer.answer(question))["refused"]
    assert signer.answer(b'{"ask": "last"}') == before, "a refusal changes nothing"
    return found


def test_it_signs_what_is_proven_to_follow_what_it_signed_last(signer: SignerServer) -> None:
    assert signed(signer, b'{"ask": "last"}') == 0
    for old, new in ((0, 3), (3, 4), (4, 11), (11, 40)):
        assert signed(signer, TREE.question(old, new)) == new


def test_the_same_question_again_gets_the_same_note(signer: SignerServer) -> None:
    signed(signer, TREE.question(0, 3))
    once = signer.answer(TREE.question(3, 11))
    assert signer.answer(TREE.question(3, 11)) == once
    assert signer.answer(TREE.question(0, 11)) == once


@pytest.mark.parametrize(
    ("tree", "old", "new", "code"),
    [
        (OTHER, 11, 11, "LOG-FORKED"),
        (OTHER, 3, 11, "LOG-FORKED"),
        (OTHER, 11, 20, "LOG-FORKED"),
        (TREE, 11, 5, "LOG-ROLLBACK"),
        (OTHER, 11, 5, "LOG-ROLLBACK"),
        (TREE, 12, 20, "LOG-GAP"),
    ],
    ids=[
        "another tree of this size",
        "the same, said to follow less",
        "another past",
        "back",
        "another past, back",
        "gap",
    ],
)
def test_a_fork_a_step_back_or_a_gap_is_refused_and_both_sides_kept(
    signer: SignerServer, state: Path, tree: Tree, old: int, new: int, code: str
) -> None:
    signed(signer, TREE.question(0, 11))
    no = refused(signer, tree.question(old, new))
    assert no["code"] == code
    ours, asked = no["evidence"]
    assert open_checkpoint(ours.encode(), ORIGIN, KEY, ()).checkpoint.size == 11
    assert asked.splitlines()[1] == str(new)
    (kept,) = (state / "refused").iterdir()
    assert json.loads(kept.read_bytes())["evidence"] == [ours, asked]


def test_the_right_old_root_does_not_excuse_a_wrong_proof(signer: SignerServer) -> None:
    signed(signer, TREE.question(0, 11))
    honest = json.loads(TREE.question(11, 20))
    forked = json.loads(OTHER.question(11, 20))
    asked = {**honest, "checkpoint": forked["checkpoint"]}
    proofs: list[list[str]] = [honest["proof"], forked["proof"], [], honest["proof"][:-1]]
    for proof in proofs:
        assert refused(signer, json.dumps({**asked, "proof": proof}).encode())["code"] == "LOG-FORKED"
    assert refused(signer, TREE.question(11, 20, proof=()))["code"] == "LOG-FORKED"
    assert signed(signer, TREE.question(11, 20)) == 20


def test_somebody_who_was_slower_is_told_what_was_signed_and_gets_no_signature(signer: SignerServer) -> None:
    signed(signer, TREE.question(0, 11))
    for new in (5, 20):
        told = json.loads(signer.answer(TREE.question(3, new)))
        assert list(told) == ["moved"]
        assert told["moved"]["size"] == 11


def test_a_signature_that_another_process_took_meanwhile_is_answered_with_what_it_signed(
    signer: SignerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = LocalSigner.step

    def slower(self: LocalSigner, *given: Any) -> Any:
        with monkeypatch.context() as once:
            once.setattr(LocalSigner, "step", step)
            with closing(LocalSigner(ORIGIN, signer._state)) as other:
                other.ready(other.last(), NOW)
                assert other.step(other.last(), 5, TREE.root(5), lambda: (), NOW, print) is not None
        return step(self, *given)

    monkeypatch.setattr(LocalSigner, "step", slower)
    answered = json.loads(signer.answer(TREE.question(0, 11)))
    assert list(answered) == ["moved"]
    assert answered["moved"]["size"] == 5


def test_another_logs_checkpoint_is_not_signed(signer: SignerServer) -> None:
    assert refused(signer, TREE.question(0, 3, origin="ledger.example/xv/other"))["code"] == "CP-ORIGIN"


@pytest.mark.parametrize(
    "question",
    [
        b"",
        b"{}",
        b"[]",
        b'{"ask": "keys"}',
        b"\xff",
        b'{"ask": "sign"}',
        b'{"ask": "sign", "old": [0, "!"]}',
        b"{" * 60_000,
    ],
)
def test_whatever_is_asked_is_answered_in_one_line(signer: SignerServer, question: bytes) -> None:
    answer = signer.answer(question)
    assert answer.count(b"\n") == 1
    assert json.loads(answer)["refused"]["code"] in ("SIGNER-FORMAT", "CP-FORMAT")


# -- the entries that commit heads -------------------------------------------------------------------------------------


def heads(message: bytes = b"", *, make: bool = False) -> bytes:
    return json.dumps({"ask": "heads", "make": make, "message": b64(message)}).encode()


def commit(**changed: object) -> bytes:
    """Return the bytes to sign of an entry; what matters is log, order and kind."""
    entry = {"kind": "heads-committed", "log": ORIGIN, "order": map_of(ORIGIN), "public": {"size": 3}}
    return pae(EVENT_TYPE, canonical({**entry, **changed}))


def test_the_entries_that_commit_heads_are_signed_with_a_key_of_their_own(signer: SignerServer) -> None:
    made = json.loads(signer.answer(heads(make=True)))["heads"]
    assert made == json.loads(signer.answer(heads()))["heads"]
    told = json.loads(signer.answer(heads(commit())))["heads"]
    assert told["public"] == made["public"] != b64(public_key(SEED))
    assert verify_signature(unb64(told["public"]), commit(), unb64(told["signature"]))


def test_without_such_a_key_none_is_told_and_nothing_signed(signer: SignerServer) -> None:
    for question in (heads(), heads(commit())):
        assert refused(signer, question)["code"] == "KEY-MISSING"


PAYLOAD = commit()[commit().find(b"{") :]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (commit(kind="data-disclosed"), "SIGNER-FORMAT"),
        (commit(order=registry_of(ORIGIN)), "SIGNER-FORMAT"),
        (commit(kind="key-accepted"), "SIGNER-FORMAT"),
        (commit(order=registry_of(ORIGIN), kind="key-registered"), "SIGNER-FORMAT"),
        (commit(order=map_of("ledger.example/xv/other")), "SIGNER-FORMAT"),
        (commit(log="ledger.example/xv/other"), "SIGNER-FORMAT"),
        (commit(log=None), "SIGNER-FORMAT"),
        (pae(MANIFEST_TYPE, PAYLOAD), "SIGNER-FORMAT"),
        (PAYLOAD, "SIGNER-FORMAT"),
        (commit() + b" ", "SIGNER-FORMAT"),
        (b"no entry", "SIGNER-FORMAT"),
        (format_checkpoint(Checkpoint(ORIGIN, 3, TREE.root(3))).encode(), "SIGNER-FORMAT"),
        (pae(EVENT_TYPE, b'{"kind":"data-disclosed",' + PAYLOAD[1:]), "JSON-FORM"),
        (pae(EVENT_TYPE, PAYLOAD.replace(b",", b", ")), "JSON-FORM"),
        (pae(EVENT_TYPE, b"{" * 1000), "JSON-FORM"),
        (pae(EVENT_TYPE, b"{}"), "SIGNER-FORMAT"),
    ],
)
def test_no_other_bytes_are_signed_with_it(signer: SignerServer, message: bytes, code: str) -> None:
    signer.answer(heads(make=True))
    assert refused(signer, heads(message))["code"] == code


@pytest.mark.parametrize("message", ["!", "AA", "ä", None, 7])
def test_a_message_that_is_no_base64_is_refused(signer: SignerServer, message: object) -> None:
    signer.answer(heads(make=True))
    assert refused(signer, json.dumps({"ask": "heads", "message": message}).encode())["code"] == "SIGNER-FORMAT"


def test_a_clock_that_was_set_back_signs_nothing(state: Path) -> None:
    signer = SignerServer(state, now=lambda: NOW)
    signer._now = lambda: NOW - timedelta(hours=1)
    assert refused(signer, TREE.question(0, 3))["code"] == "CLOCK-BACK"
    signer.close()


def test_without_a_guard_there_is_no_signing_process(tmp_path: Path) -> None:
    write(tmp_path / "log.key", SeedKey(SEED))
    with pytest.raises(LedgerError) as found:
        SignerServer(tmp_path)
    assert found.value.code == "GUARD-MISSING"


@pytest.mark.parametrize(
    "question", [b'{"x":' + b"[" * 50_000, b'{"ask": "\xff"}', b'{"ask": "heads", "message": "A"}']
)
def test_a_line_that_cannot_be_read_is_no_question(signer: SignerServer, question: bytes) -> None:
    assert refused(signer, question)["code"] == "SIGNER-FORMAT"


def test_no_more_than_a_hundred_contradictions_are_kept(signer: SignerServer, state: Path) -> None:
    signed(signer, TREE.question(0, 11))
    assert refused(signer, b"no question")["code"] == "SIGNER-FORMAT"
    assert not (state / "refused").exists(), "it contradicts nothing"
    for new in (4, 5, 6, 7):
        assert refused(signer, TREE.question(11, new))["code"] == "LOG-ROLLBACK"
        if new == 4:
            assert stat.S_IMODE((state / "refused").stat().st_mode) == 0o700
            for n in range(98):
                (state / "refused" / f"{n}.json").touch()
    assert len(list((state / "refused").iterdir())) == 100


@pytest.mark.parametrize(
    ("old", "asked", "code"),
    [
        ((11, TREE.root(11)), (12, TREE), None),
        ((11, TREE.root(11)), (11, TREE), "LOG-FORKED"),  # the caller has answered it if it is the same tree
        ((11, OTHER.root(11)), (12, TREE), "LOG-FORKED"),
        ((11, TREE.root(11)), (12, OTHER), "LOG-FORKED"),
        ((11, TREE.root(11)), (10, TREE), "LOG-ROLLBACK"),
        ((12, TREE.root(12)), (10, TREE), "LOG-ROLLBACK"),
        ((12, TREE.root(12)), (12, TREE), "LOG-GAP"),
        ((12, TREE.root(11)), (13, TREE), "LOG-GAP"),
        ((10, TREE.root(11)), (12, TREE), None),  # the caller has answered it with what was signed
    ],
)
def test_what_does_not_follow_the_last_signed_tree_is_contradicted(
    old: tuple[int, bytes], asked: tuple[int, Tree], code: str | None
) -> None:
    last = Signed(11, TREE.root(11), b"", NOW)
    size, tree = asked
    proof = prove_consistency(11, size, tree.read) if size >= 11 else []
    found = _contradiction(last, old, Checkpoint(ORIGIN, size, tree.root(size)), proof)
    assert (found and found[0]) == code
    empty = Signed(0, EMPTY_ROOT, b"", NOW)
    assert _contradiction(empty, (0, EMPTY_ROOT), Checkpoint(ORIGIN, 3, TREE.root(3)), []) is None


def test_what_is_answered_is_logged_and_a_refusal_is_said(state: Path, caplog: pytest.LogCaptureFixture) -> None:
    said: list[str] = []
    with closing(SignerServer(state, now=lambda: NOW, say=said.append)) as signer, caplog.at_level("INFO"):
        signer.answer(TREE.question(0, 3))
        signer.answer(TREE.question(0, 5))
        signer.answer(b'{"ask": "root"}')
        assert said == []
        signer.answer(TREE.question(4, 5))
    assert [record.message for record in caplog.records] == [
        "answered with the checkpoint of 3 entries",
        "answered with the checkpoint of 3 entries",
        "signed the root of 3 entries for receipts",
        "refused: LOG-GAP",
    ]
    assert said == ["refused: LOG-GAP: it is said to follow 4 entries, and only 3 were signed here"]


# -- its socket --------------------------------------------------------------------------------------------------------


def test_a_socket_in_this_process_is_for_its_owner_alone(place: Path) -> None:
    before = os.umask(0)
    try:
        with listen(place) as server:
            assert stat.S_IMODE(place.stat().st_mode) == 0o600
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(place))
                server.accept()[0].close()
            with pytest.raises(LedgerError, match=f"a process listens at {place} already") as found:
                listen(place)
            assert found.value.code == "SIGNER-RUNS"
    finally:
        os.umask(before)
    listen(place).close()  # the first one has ended
    for wrong in (place.parent / "none" / "socket", place.parent):
        with pytest.raises(LedgerError) as found:
            listen(wrong)
        assert (found.value.code, open_below(place.parent)) == ("SIGNER-RUNS", [])


class Answering:
    """A signer that answers with what it was asked, or with a refusal of another form."""

    def answer(self, question: bytes) -> bytes:
        return question if question.startswith(b"{") else b'{"refused":{"code":"SIGNER-FORMAT"}}\n'


def conversed(sent: bytes, refusal: Callable[[object], str] = lambda line: "") -> bytes:
    """Return all that is answered to what a client sends before it ends."""
    signer: Any = Answering()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(20)
        ours.sendall(sent)
        ours.shutdown(socket.SHUT_WR)
        _answer_all(signer, theirs, refusal)
        theirs.close()
        return b"".join(iter(lambda: ours.recv(1 << 20), b""))


def test_every_line_is_answered_until_one_is_no_question(caplog: pytest.LogCaptureFixture) -> None:
    assert conversed(b"") == b""
    assert conversed(b"{1}\n{2}\n{3}") == b"{1}\n{2}\n{3}"
    assert conversed(b"{1}\nx\n{3}\n") == b'{1}\n{"refused":{"code":"SIGNER-FORMAT"}}\n'
    assert caplog.records == []
    whys = ["", "not in the list", ""]
    answers = conversed(b"{1}\n{2}\n{3}\n", lambda line: whys.pop(0)).splitlines()
    assert answers[0] == b"{1}"
    (refusal,) = map(json.loads, answers[1:])
    assert (refusal["refused"]["code"], refusal["refused"]["says"]) == ("SIGNER-MACHINE", "not in the list")
    assert refusal["refused"]["hint"] == "add it to the list of machines, on the machine of the signing process"
    assert [record.message for record in caplog.records] == ["refused: SIGNER-MACHINE: not in the list"]


def test_a_line_has_64_kib_at_most() -> None:
    long = b"{" + b"x" * 65_534 + b"\n"
    assert conversed(long) == long
    assert conversed(b"{" + long) == b"{" + long[:-1] + b'{"refused":{"code":"SIGNER-FORMAT"}}\n'


def test_a_client_that_leaves_or_is_not_accepted_ends_its_conversation_and_frees_its_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    signer: Any = Answering()
    freed: list[str] = []
    ours, theirs = socket.socketpair()
    ours.sendall(b"{1}\n{2}\n")
    ours.close()
    _converse(signer, theirs, lambda line: line, lambda line: "", lambda: freed.append("left"))
    assert theirs.fileno() == -1

    def unfit(line: socket.socket) -> socket.socket:
        raise OSError("no certificate")

    ours, theirs = socket.socketpair()
    with ours, caplog.at_level("INFO"):
        _converse(signer, theirs, unfit, lambda line: "", lambda: freed.append("not accepted"))
        assert (theirs.fileno(), ours.recv(9)) == (-1, b"")
    assert [record.message for record in caplog.records] == ["a connection ended: no certificate"]
    assert freed == ["left", "not accepted"]


def test_256_connections_are_open_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Any] = []
    closed: list[int] = []
    signer: Any = object()

    class Server:
        count = 0

        def settimeout(self, seconds: float) -> None:
            assert seconds == 0.5

        def accept(self) -> tuple[Any, None]:
            self.count += 1
            if self.count == 1:
                raise TimeoutError
            if self.count == 260:
                begun[0]()
            if self.count == 262:
                raise KeyboardInterrupt
            number = self.count
            return SimpleNamespace(close=lambda: closed.append(number)), None

    def thread(target: object, args: tuple[Any, ...], daemon: bool) -> Any:
        assert (target, args[0], daemon) == (_converse, signer, True)
        assert (args[2]("line"), args[3]("line")) == ("line", "")
        return SimpleNamespace(start=lambda: begun.append(args[4]))

    monkeypatch.setattr(threading, "Thread", thread)
    server: Any = Server()
    with pytest.raises(KeyboardInterrupt):
        serve(signer, server)
    assert (len(begun), closed) == (257, [258, 259, 261])


# -- the separate process ----------------------------------------------------------------------------------------------

# The process dies at a given moment: before or after the guard has recorded the step.
DYING = """
import os, sys
from ledger.adapters.guard.sign_once_guard import Guard
advance = Guard.advance
def dying(*given):
    if sys.argv.pop() == "after":
        advance(*given)
    os.kill(os.getpid(), 9)
Guard.advance = dying
"""


@contextmanager
def running(state: Path, place: Path, dies: str = "") -> Iterator[subprocess.Popen[str]]:
    """Run `comity signer serve` as a process that is ready to answer."""
    code = f"{DYING if dies else ''}\nfrom cli.app import comity\ncomity.main({_arguments(state, place)!r})"
    command = [sys.executable, "-c", code, *([dies] if dies else [])]
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(command, cwd=PROJECT, env=env, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while not (line := process.stderr.readline()).startswith("signing for "):
            assert line.startswith("CLOCK-AHEAD: "), "the heads of these tests are of 2024"
        try:
            yield process
        finally:
            process.terminate()


def _arguments(state: Path, place: Path) -> list[str]:
    return ["signer", "serve", str(state), "--socket", str(place), "--clock-is-right"]


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s") / "socket"


def step(hand: RemoteSigner, new: int, tree: Tree = TREE) -> int | None:
    last = hand.last()
    proof: Callable[[], list[bytes]] = lambda: prove_consistency(last.size, new, tree.read)  # noqa: E731
    after = hand.step(last, new, tree.root(new), proof, NOW, lambda _: None)
    return after.size if after else None


@pytest.mark.parametrize("dies", ["before", "after"])
def test_killed_around_its_guard_it_never_signs_two_trees_of_one_size(state: Path, place: Path, dies: str) -> None:
    hand = RemoteSigner((KEY,), place)
    with running(state, place, dies) as process:
        with pytest.raises(LedgerError) as found:
            step(hand, 11)
        assert found.value.code == "KEY-AWAY"
        assert process.wait(30) == -signal.SIGKILL
    with running(state, place):
        before = hand.last().size
        assert before == (11 if dies == "after" else 0)
        if dies == "after":
            with pytest.raises(LedgerError) as found:
                hand.step(hand.last(), 11, OTHER.root(11), lambda: (), NOW, lambda _: None)
            assert found.value.code == "LOG-FORKED"
        else:
            assert step(hand, 11, OTHER) == 11, "nothing was signed before"
            with pytest.raises(LedgerError) as found:
                hand.step(hand.last(), 11, TREE.root(11), lambda: (), NOW, lambda _: None)
            assert found.value.code == "LOG-FORKED"
        hand.close()


@pytest.mark.parametrize("sent", [b"x" * 500_000, b"\n" * 100_000, b"{}\n" * 10_000])
def test_whoever_asks_no_question_is_told_once_and_hung_up_on(state: Path, place: Path, sent: bytes) -> None:
    with running(state, place) as process:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(20)
            line.connect(str(place))
            with suppress(BrokenPipeError, ConnectionResetError):
                line.sendall(sent)
            with suppress(ConnectionResetError):
                while line.recv(65_536):
                    pass
        hand = RemoteSigner((KEY,), place)
        hand.last()
        hand.close()
        process.terminate()
        assert process.stderr is not None
        assert process.stderr.read().count("refused: SIGNER-FORMAT") == 1


def test_its_socket_is_for_its_owner_alone_and_one_process_listens_there(state: Path, place: Path) -> None:
    with running(state, place) as process:
        assert place.stat().st_mode & 0o777 == 0o600
        with pytest.raises(LedgerError) as found:
            listen(place)
        assert found.value.code == "SIGNER-RUNS"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert not place.exists()


def test_a_socket_left_behind_by_a_killed_process_is_taken_over(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place))
    listen(place).close()


def test_of_two_that_ask_at_once_one_gets_the_signature(state: Path, place: Path) -> None:
    with running(state, place):
        one, two = RemoteSigner((KEY,), place), RemoteSigner((KEY,), place)
        before = two.last()
        assert step(one, 11) == 11
        proof: Callable[[], list[bytes]] = lambda: prove_consistency(before.size, 20, TREE.read)  # noqa: E731
        assert two.step(before, 20, TREE.root(20), proof, NOW, lambda _: None) is None
        assert step(two, 20) == 20
        for hand in (one, two):
            hand.close()


# -- a second key ------------------------------------------------------------------------------------------------------


@pytest.fixture
def second(state: Path) -> Vkey:
    """Give the signer an ML-DSA-44 key from size 11 on."""
    return Vkey.of(ORIGIN, MLDSA44, mldsa.new(state / "log.mldsa.11.key").public)


def keys_of(answer: bytes, keys: Sequence[Vkey]) -> list[Vkey]:
    """Return the keys that signed the note in an answer; every line is verified."""
    note = json.loads(answer)["signed"]["note"].encode()
    return list(open_note(note, keys, mldsa=mldsa.verify).verified)


def test_from_the_size_of_its_second_key_on_it_signs_twice(signer: SignerServer, second: Vkey) -> None:
    keys = (KEY, second)
    assert keys_of(signer.answer(TREE.question(0, 3)), keys) == [KEY]
    answer = signer.answer(TREE.question(3, 11))
    assert keys_of(answer, keys) == [KEY, second]
    assert signer.answer(TREE.question(3, 11)) == answer, "once for each size, although each signature differs"
    assert keys_of(signer.answer(TREE.question(11, 12)), keys) == [KEY, second]
    opened = open_note(json.loads(answer)["signed"]["note"].encode(), keys, mldsa=mldsa.verify)
    assert opened.cosigned == ((second, int(NOW.timestamp())),), "the line has the time of signing"


def test_a_change_of_the_second_key_is_signed_by_both(signer: SignerServer, state: Path, second: Vkey) -> None:
    third = Vkey.of(ORIGIN, MLDSA44, mldsa.new(state / "log.mldsa.20.key").public)
    keys = (KEY, second, third)
    wanted = {3: [KEY], 11: [KEY, second], 15: [KEY, second], 20: [KEY, second, third], 30: [KEY, third]}
    for old, new in pairwise([0, *wanted]):
        assert keys_of(signer.answer(TREE.question(old, new)), keys) == wanted[new]


def test_without_its_second_key_it_signs_nothing_more(state: Path, second: Vkey) -> None:
    with closing(SignerServer(state, now=lambda: NOW)) as signer:
        assert signed(signer, TREE.question(0, 11)) == 11
    path = (state / "log.mldsa.11.key").rename(state / "away")
    with pytest.raises(LedgerError) as found:
        SignerServer(state, now=lambda: NOW)
    assert found.value.code == "KEY-MISSING"
    with closing(LocalSigner(ORIGIN, state)) as local, pytest.raises(LedgerError) as found:
        local.step(local.last(), 20, TREE.root(20), lambda: (), NOW, lambda _: None)
    assert found.value.code == "KEY-MISSING"
    path.rename(state / "log.mldsa.11.key")
    with closing(SignerServer(state, now=lambda: NOW)) as signer:
        assert keys_of(signer.answer(TREE.question(11, 20)), (KEY, second)) == [KEY, second]


def test_a_second_key_that_the_policy_does_not_name_signs_nothing(state: Path, second: Vkey) -> None:
    with closing(LocalSigner(ORIGIN, state, (KEY,))) as local:
        assert local.step(local.last(), 3, TREE.root(3), lambda: (), NOW, lambda _: None) is not None
        with pytest.raises(LedgerError) as found:
            local.step(local.last(), 11, TREE.root(11), lambda: (), NOW, lambda _: None)
    assert found.value.code == "KEY-FORMAT"
    with closing(LocalSigner(ORIGIN, state, (KEY, second))) as local:
        assert local.step(local.last(), 11, TREE.root(11), lambda: (), NOW, lambda _: None) is not None
