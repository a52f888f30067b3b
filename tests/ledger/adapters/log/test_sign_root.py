"""For receipts, the log's key signs the root of its last checkpoint and no other; no caller can name one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ledger.adapters.keys.key_files import SeedKey, write
from ledger.adapters.log.checkpoint_signer import LocalSigner
from ledger.adapters.log.remote_signer import RemoteSigner
from ledger.adapters.log.signer_messages import RootSignature
from ledger.adapters.log.signer_process import SignerServer, listen
from ledger.errors import LedgerError
from ledger.formats.ed25519 import public_key, sign
from ledger.tlog.cose_receipt import SignedRoot, signed_bytes
from ledger.tlog.note import b64
from tests.ledger.adapters.log.test_signer_process import KEY, NOW, ORIGIN, OTHER, SEED, TREE, place, signer, state

__all__ = ("place", "signer", "state")  # fixtures


def root_of(signer: SignerServer, **more: object) -> SignedRoot:
    told = json.loads(signer.answer(json.dumps({"ask": "root", **more}).encode()))["root"]
    return RootSignature(**told).signed()


def test_the_root_of_the_last_checkpoint_is_signed_whatever_else_the_request_says(signer: SignerServer) -> None:
    signer.answer(TREE.question(0, 11))
    other = json.loads(OTHER.question(0, 11))
    for more in ({}, {"checkpoint": other["checkpoint"], "old": other["old"], "proof": other["proof"]}):
        signed = root_of(signer, **more)
        assert (signed.size, signed.root, signed.public) == (11, TREE.root(11), KEY.public)
        assert signed.holds(ORIGIN)


def test_signing_a_root_moves_no_guard_and_gives_the_same_signature_again(signer: SignerServer) -> None:
    signer.answer(TREE.question(0, 11))
    before = signer.answer(b'{"ask": "last"}')
    assert root_of(signer) == root_of(signer)
    assert signer.answer(b'{"ask": "last"}') == before
    signer.answer(TREE.question(11, 20))
    assert root_of(signer).size == 20


def test_the_key_of_the_size_signs(state: Path) -> None:
    later = SeedKey(bytes([9]) * 32)
    write(state / "log.5.key", later)
    hand = LocalSigner(ORIGIN, state)
    assert hand.sign_root().public == KEY.public
    hand.step(hand.last(), 11, TREE.root(11), lambda: (), NOW, lambda _: None)
    assert hand.sign_root().public == later.public
    hand.close()


def test_the_process_without_the_extra_refuses_and_names_it(
    signer: SignerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cbor2", None)
    refused = json.loads(signer.answer(b'{"ask": "root"}'))["refused"]
    assert (refused["code"], refused["hint"]) == ("NO-CBOR", "pip install 'comity[scitt]'")
    assert "signed" in json.loads(signer.answer(b'{"ask": "last"}'))


def asked(place: Path, answer: dict[str, Any]) -> SignedRoot:
    """Return what a client takes from a process that gives one answer."""
    with listen(place) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line, line.makefile("rb") as questions:
                questions.readline()
                line.sendall(json.dumps(answer).encode() + b"\n")

        thread = Thread(target=serve)
        thread.start()
        hand = RemoteSigner((KEY,), place)
        try:
            return hand.sign_root()
        finally:
            hand.close()
            thread.join()
            place.unlink()


def answer(origin: str = ORIGIN, seed: bytes = SEED) -> dict[str, Any]:
    key, root = public_key(seed), TREE.root(11)
    signature = sign(seed, signed_bytes(origin, key, root))
    return {"size": 11, "root": b64(root), "public": b64(key), "signature": b64(signature)}


def test_a_client_takes_a_root_that_the_key_of_its_log_signed_and_nothing_else(place: Path) -> None:
    assert asked(place, {"root": answer()}).size == 11
    for wrong in (
        answer(origin="ledger.example/another"),
        answer(seed=bytes(32)),
        {**answer(), "root": b64(OTHER.root(11))},
        {**answer(), "signature": "!"},
    ):
        with pytest.raises(LedgerError) as found:
            asked(place, {"root": wrong})
        assert found.value.code == "KEY-ANSWER"
    with pytest.raises(LedgerError, match="KEY-ANSWER"):
        asked(place, {})


def test_a_process_older_than_receipts_refuses_and_the_client_says_how_it_would_sign(place: Path) -> None:
    refusal = {"code": "SIGNER-FORMAT", "says": "there is no question 'root'"}
    with pytest.raises(LedgerError) as found:
        asked(place, {"refused": refusal})
    assert found.value.code == "SIGNER-FORMAT"
    assert "start it again with this version" in found.value.hint


def test_a_client_and_a_process_agree(state: Path, place: Path) -> None:
    server = SignerServer(state, now=lambda: NOW)
    server.answer(TREE.question(0, 11))
    signed = asked(place, json.loads(server.answer(b'{"ask": "root"}')))
    assert (signed.size, signed.root) == (11, TREE.root(11))
    server.close()
