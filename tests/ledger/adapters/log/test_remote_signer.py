"""A ledger whose checkpoints a signer process signs records through it, and verifies what it replies."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Thread, Timer
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.guard.signed_state import Signed, SignedState
from ledger.adapters.keys import mldsa
from ledger.adapters.log import remote_signer
from ledger.adapters.log.checkpoint_signer import LocalSigner
from ledger.adapters.log.log import first_note
from ledger.adapters.log.remote_signer import POINTER, RemoteSigner, signatory
from ledger.adapters.log.signer_messages import HeadsSignature, No, RootSignature, SignReply
from ledger.adapters.log.signer_process import SignerServer, listen
from ledger.errors import LedgerError
from ledger.formats.ed25519 import public_key, sign
from ledger.tlog.note import (
    MLDSA44,
    Checkpoint,
    Vkey,
    b64,
    format_checkpoint,
    log_vkey,
    parse_vkey,
    sign_note,
)
from tests.ledger.adapters.log.test_signer_process import (
    KEY,
    NOW,
    ORIGIN,
    OTHER,
    SEED,
    TREE,
    Tree,
    place,
    running,
    second,
    state,
    step,
)
from tests.support.cli import House

__all__ = ["place", "second", "state"]  # the fixtures


def test_another_machine_without_a_state_folder_uses_a_signer_process(tmp_path: Path) -> None:
    house, socket_of = House(tmp_path).furnished(), tmp_path / "s"
    shutil.rmtree(tmp_path / "state")
    done = house.run("signer", "use", str(socket_of))
    assert done.exit_code == 0, done.output
    away = house.run("checkpoint")
    assert (away.exit_code, "KEY-AWAY" in away.output) == (4, True)


def test_a_ledger_records_through_the_process_and_neither_key_nor_guard_is_on_its_side(
    tmp_path: Path, place: Path
) -> None:
    house = House(tmp_path).begun().with_office("ilves", "ISS")
    (state,) = (tmp_path / "state" / "comity").iterdir()
    away = tmp_path / "away"
    assert house.reply("signer", "use", str(place), "--move", str(away))["folder"] == str(away)
    assert {path.name for path in state.iterdir()} == {POINTER}
    assert (away / "heads.key").exists()
    with running(away, place):
        house.order()
        assert house.reply("log", "commit")["size"] == 7
        assert house.reply("checkpoint")["size"] == 8
        assert house.run("fsck").exit_code == 0
    done = house.run(
        "issue", "--unregistered", "--instrument", "2AP-7", "--to", "XV", "--reference", "PPO-2", "--as", "ilves"
    )
    assert (done.exit_code, "KEY-AWAY" in done.stderr) == (4, True)
    assert house.reply("orders")["orders"][0]["ref"] == "PPO-1", "reading needs no signature"
    with running(away, place):
        assert house.reply("checkpoint")["size"] == 8, "what was not acknowledged was not recorded"


def test_the_process_makes_the_key_that_commits_heads_for_a_ledger_without_one(tmp_path: Path, place: Path) -> None:
    house = House(tmp_path).begun()
    away = tmp_path / "away"
    house.reply("signer", "use", str(place), "--move", str(away))
    for file in away.glob("heads*"):
        file.unlink()  # as in a ledger that is older than this key
    with running(away, place):
        done = house.run("log", "commit")
        assert (done.exit_code, "KEY-MISSING" in done.stderr) == (4, True)
        assert house.reply("log", "commit", "--enrol")["enrolled"] == [3, 4]
        assert (away / "heads.key").exists()
        assert house.run("fsck").exit_code == 0


def test_an_older_copy_of_a_ledger_is_refused_by_the_process_too(tmp_path: Path, place: Path) -> None:
    house = House(tmp_path).begun().with_office("ilves", "ISS")
    copy, back = tmp_path / "copy.tar", tmp_path / "back"
    house.reply("signer", "use", str(place), "--move", str(tmp_path / "away"))
    with running(tmp_path / "away", place):
        assert house.run("backup", str(house.ledger), "-o", str(copy)).exit_code == 0
        house.order()
        done = house.run("restore", str(copy), str(back))
        assert (done.exit_code, "LOG-ROLLBACK" in done.stderr) == (1, True)
        assert house.run("restore", str(copy), str(back), "--behind").exit_code == 0
        house.ledger = back
        done = house.run(
            "issue", "--unregistered", "--instrument", "2AP-7", "--to", "XV", "--reference", "PPO-2", "--as", "ilves"
        )
        assert (done.exit_code, "LOG-ROLLBACK" in done.stderr) == (1, True)


def test_a_state_folder_points_to_a_process_or_holds_guard_and_key(tmp_path: Path) -> None:
    assert isinstance(signatory((KEY,), tmp_path), LocalSigner)
    (tmp_path / POINTER).write_text("/run/comity/signer\n")
    assert isinstance(signatory((KEY,), tmp_path), RemoteSigner)


def test_a_note_that_comes_back_is_verified_before_it_is_used(state: Path, place: Path) -> None:
    with closing(SignerServer(state)) as signer:
        good = json.loads(signer.answer(b'{"ask": "last"}'))["signed"]
    stranger = first_note(parse_vkey(log_vkey(ORIGIN, public_key(bytes(32)))), bytes(32), NOW)
    answers = [
        {**good, "note": stranger.note.decode()},
        {**good, "size": 7},
        {**good, "root": b64(TREE.root(3))},
        {**good, "root": "!"},
        {**good, "at": "yesterday"},
    ]
    with listen(place) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line, line.makefile("rb") as questions:
                for answer in answers:
                    questions.readline()
                    line.sendall(json.dumps({"signed": answer}).encode() + b"\n")

        thread = Thread(target=serve)
        thread.start()
        hand = RemoteSigner((KEY,), place)
        for _ in answers:
            with pytest.raises(LedgerError) as found:
                hand.last()
            assert found.value.code == "KEY-ANSWER"
        hand.close()
        thread.join()


def test_the_ledger_verifies_both_lines_of_the_process(state: Path, place: Path, second: Vkey) -> None:
    stranger = Vkey.of(ORIGIN, MLDSA44, mldsa.new(state / "stranger").public)
    with running(state, place):
        for keys in ((KEY, second), (KEY,), (KEY, stranger)):
            with closing(RemoteSigner(keys, place)) as hand:
                assert step(hand, hand.last().size + 11) is not None


class Liar(RemoteSigner):
    """A signer process whose answer has one letter of its second line changed."""

    def _exchange(self, question: bytes) -> SignReply:
        reply = super()._exchange(question)
        state = reply.signed
        assert state is not None
        letter = "A" if state.note[-9] != "A" else "B"
        return replace(reply, signed=replace(state, note=f"{state.note[:-9]}{letter}{state.note[-8:]}"))


def test_a_false_second_line_of_the_process_is_not_taken(state: Path, place: Path, second: Vkey) -> None:
    with running(state, place):
        with closing(RemoteSigner((KEY, second), place)) as hand:
            assert step(hand, 11) == 11
        with closing(Liar((KEY, second), place)) as liar, pytest.raises(LedgerError) as found:
            liar.last()
        assert found.value.code == "KEY-ANSWER"
        with closing(Liar((KEY,), place)) as liar:
            assert liar.last().size == 11, "who knows one key verifies by that one"


class Answered(RemoteSigner):
    """A signer process that gives these answers, and notes what it is asked."""

    def __init__(self, *answers: SignReply | OSError, keys: Sequence[Vkey] = (KEY,)) -> None:
        super().__init__(keys, Path("/run/signer"))
        self.answers = list(answers)
        self.asked: list[Any] = []

    def _exchange(self, question: bytes) -> SignReply:
        assert question.endswith(b"\n")
        self.asked.append(json.loads(question))
        answer = self.answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer


def answer_of(call: Callable[[], object]) -> tuple[str, str, str]:
    with pytest.raises(LedgerError) as found:
        call()
    return found.value.code, found.value.says, found.value.hint


FIRST = first_note(KEY, SEED, NOW)


@pytest.mark.parametrize(("before", "proof"), [(0, []), (1, ["AA=="]), (7, ["AA=="])])
def test_a_proof_is_sent_unless_nothing_was_signed_before(before: int, proof: list[str]) -> None:
    hand = Answered(SignReply(moved=SignedState.of(FIRST)))
    last = Signed(before, TREE.root(before), b"", NOW)
    assert hand.step(last, 8, TREE.root(8), lambda: [b"\0"], NOW, lambda _: None) is None
    (asked,) = hand.asked
    assert (asked["ask"], asked["old"], asked["proof"]) == ("sign", [before, b64(TREE.root(before))], proof)
    assert asked["checkpoint"] == format_checkpoint(Checkpoint(ORIGIN, 8, TREE.root(8)))


@pytest.mark.parametrize(("size", "tree"), [(5, TREE), (5, OTHER), (6, TREE), (4, TREE)])
def test_a_signature_over_another_tree_is_no_answer(size: int, tree: Tree) -> None:
    note = sign_note(format_checkpoint(Checkpoint(ORIGIN, 5, TREE.root(5))), ORIGIN, SEED)
    five = Signed(5, TREE.root(5), note.encode(), NOW)
    hand = Answered(SignReply(signed=SignedState.of(five)))
    call = partial(hand.step, FIRST, size, tree.root(size), tuple, NOW, lambda _: None)
    if (size, tree) == (5, TREE):
        assert call() == five
    else:
        assert answer_of(call)[0] == "KEY-ANSWER"


@pytest.mark.parametrize("reply", [SignReply(), SignReply(moved=SignedState.of(FIRST))])
def test_an_answer_without_a_state_is_none(reply: SignReply) -> None:
    assert answer_of(Answered(reply).last)[0] == "KEY-ANSWER"
    assert Answered(SignReply(signed=SignedState.of(FIRST))).last() == FIRST
    Answered(SignReply(signed=SignedState.of(FIRST))).ready(FIRST, NOW)
    with pytest.raises(LedgerError, match="KEY-ANSWER"):
        Answered(reply).ready(FIRST, NOW)


@pytest.mark.parametrize(
    ("code", "said"), [("LOG-FORKED", "LOG-FORKED"), ("BUSY", "BUSY"), ("OWN-CODE", "KEY-ANSWER"), ("", "KEY-ANSWER")]
)
def test_a_refusal_has_a_code_that_a_signer_may_give(code: str, said: str) -> None:
    found = answer_of(Answered(SignReply(refused=No(code, "it is so", "do this"))).last)
    more = "" if code == said else f" ({code})"
    assert found == (said, f"the signing process refuses: it is so{more}", "do this")


def test_a_process_that_hangs_up_is_asked_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    monkeypatch.setattr(RemoteSigner, "close", lambda self: closed.append("closed"))
    hand = Answered(OSError("it hung up"), SignReply(signed=SignedState.of(FIRST)))
    assert hand.last() == FIRST
    assert (closed, hand.asked) == (["closed"], [{**hand.asked[0]}] * 2)
    for error, says in (
        (OSError("it hung up"), "it hung up"),
        (FileNotFoundError(2, "No such file", "/a/key"), "No such file: /a/key"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
    ):
        closed.clear()
        found = answer_of(Answered(OSError(), error).last)
        hint = "comity signer serve starts the process that signs for this log"
        assert found == ("KEY-AWAY", f"/run/signer: {says}", hint)
        assert closed == ["closed", "closed"]


def test_what_is_signed_for_receipts_is_verified(state: Path) -> None:
    with closing(LocalSigner(ORIGIN, state)) as local:
        local.ready(local.last(), NOW)
        signed = local.sign_root()
    sent = RootSignature.of(signed)
    assert Answered(SignReply(root=sent)).sign_root() == signed
    stranger = parse_vkey(log_vkey(ORIGIN, public_key(bytes(32))))
    other = parse_vkey(log_vkey("ledger.example/other", KEY.public))
    changed = replace(sent, root=b64(bytes(32)))
    for hand in (
        Answered(SignReply()),
        Answered(SignReply(root=replace(sent, root="!"))),
        Answered(SignReply(root=changed)),
        Answered(SignReply(root=sent), keys=(stranger,)),
        Answered(SignReply(root=sent), keys=(other,)),
    ):
        assert answer_of(hand.sign_root)[0] == "KEY-ANSWER"
    older = Answered(SignReply(refused=No("SIGNER-FORMAT", "no such question")))
    assert "older than receipts" in answer_of(older.sign_root)[2]
    refused = Answered(SignReply(refused=No("NO-CBOR", "none here", "install it")))
    assert answer_of(refused.sign_root) == ("NO-CBOR", "the signing process refuses: none here", "install it")


def test_the_key_that_commits_heads_is_asked_for_and_its_signatures_are_verified() -> None:
    seed, message = bytes([9] * 32), b"an entry"
    public = public_key(seed)
    good = HeadsSignature(b64(public), b64(sign(seed, message)))
    hand = Answered(SignReply(heads=good), SignReply(heads=good))
    key = hand.heads_key(make=True)
    assert (key.public, key.sign(message)) == (public, sign(seed, message))
    assert [(each["make"], each["message"]) for each in hand.asked] == [(True, ""), (False, b64(message))]
    Answered(SignReply(heads=good)).heads_key()
    for wrong in (
        SignReply(),
        SignReply(heads=replace(good, public=b64(bytes(32)))),
        SignReply(heads=replace(good, signature=b64(sign(seed, b"another")))),
        SignReply(heads=replace(good, signature="!")),
        SignReply(heads=replace(good, public="!")),
    ):
        assert answer_of(partial(Answered(wrong).sign_heads, public, message))[0] == "KEY-ANSWER"


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[RemoteSigner, socket.socket]]:
    """Yield a signer whose connection is one end of a pair, and the other end."""
    ours, theirs = socket.socketpair()
    lines = [ours]
    monkeypatch.setattr(remote_signer, "connect", lambda place: lines.pop())
    hand = RemoteSigner((KEY,), Path("/run/signer"))
    with ours, theirs:
        yield hand, theirs


def test_an_answer_may_come_in_parts_and_the_connection_stays_open(
    pair: tuple[RemoteSigner, socket.socket],
) -> None:
    hand, theirs = pair
    reply = json.dumps({"refused": {"code": "BUSY", "says": "x"}}).encode() + b"\n"
    for _ in range(2):
        theirs.sendall(reply[:9])
        sender = Timer(0.01, theirs.sendall, [reply[9:]])
        sender.start()
        assert hand._exchange(b"?\n") == SignReply(refused=No("BUSY", "x"))
        sender.join()
    theirs.settimeout(20)
    assert theirs.recv(99) == b"?\n?\n"
    hand.close()
    hand.close()
    assert theirs.recv(99) == b""


def test_an_answer_without_an_end_is_none(pair: tuple[RemoteSigner, socket.socket]) -> None:
    hand, theirs = pair
    theirs.sendall(b"{")
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(OSError, match="it hung up"):
        hand._exchange(b"?\n")


@pytest.mark.parametrize("most", [True, False])
def test_an_answer_has_a_bounded_length(pair: tuple[RemoteSigner, socket.socket], most: bool) -> None:
    hand, theirs = pair
    parts = [b"{" + b" " * 65_535, b" " * 65_536, *([] if most else [b" "]), b" " * 65_534 + b"}\n", b"\n"]
    hand._line = SimpleNamespace(sendall=lambda _: None, recv=lambda _: parts.pop(0))  # type: ignore[assignment]
    if most:
        assert hand._exchange(b"") == SignReply()
    else:
        with pytest.raises(OSError, match="it hung up"):
            hand._exchange(b"")
    theirs.close()


@pytest.mark.parametrize("answer", [b"\n", b"[]\n", b'{"x":' + b"[" * 20_000 + b"\n", b'{"heads":{"public":"\xff"}}\n'])
def test_what_is_no_answer_ends_the_connection(pair: tuple[RemoteSigner, socket.socket], answer: bytes) -> None:
    hand, theirs = pair
    theirs.sendall(answer)
    assert answer_of(lambda: hand._exchange(b"?\n"))[0] == "KEY-ANSWER"
    assert hand._line is None


@pytest.mark.parametrize(("content", "place"), [
    (b"/run/signer\n", Path("/run/signer")), (b"/run/signer", Path("/run/signer")), (b"", None), (b"\n", None),
    (b"/run/\0signer\n", None), (b"\xff\n", None),
])  # fmt: skip
def test_a_state_folder_that_names_no_process_signs_nothing(tmp_path: Path, content: bytes, place: Path | None) -> None:
    (tmp_path / POINTER).write_bytes(content)
    if place is None:
        code, says, hint = answer_of(lambda: signatory((KEY,), tmp_path))
        assert (code, says) == ("KEY-AWAY", f"{tmp_path / POINTER} does not say which process to ask")
        assert hint == "comity signer use PLACE writes it anew"
    else:
        hand = signatory((KEY,), tmp_path)
        assert isinstance(hand, RemoteSigner)
        assert hand._place == place
