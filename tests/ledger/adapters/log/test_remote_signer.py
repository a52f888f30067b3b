"""A ledger whose checkpoints a signer process signs records through it, and verifies what it replies."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from ledger.adapters.keys import mldsa
from ledger.adapters.log.checkpoint_signer import LocalSigner
from ledger.adapters.log.log import first_note
from ledger.adapters.log.remote_signer import POINTER, RemoteSigner, signatory
from ledger.adapters.log.signer_messages import SignReply
from ledger.adapters.log.signer_process import SignerServer, listen
from ledger.errors import LedgerError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import (
    MLDSA44,
    Vkey,
    b64,
    log_vkey,
    parse_vkey,
)
from tests.ledger.adapters.log.test_signer_process import (
    KEY,
    NOW,
    ORIGIN,
    TREE,
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
    from threading import Thread

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
