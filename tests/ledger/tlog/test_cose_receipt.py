"""A receipt is a COSE Receipt of RFC 9942: the verifier here is written from the RFC and shares no code with it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LedgerError
from ledger.formats.ed25519 import public_key, sign
from ledger.tlog.cose_receipt import SignedRoot, cose_key, receipt, signed_bytes, thumbprint
from ledger.tlog.note import Checkpoint, format_checkpoint
from ledger.tlog.tree import Frontier, leaf_hash, prove_inclusion, root

ORIGIN = "ledger.example/xo/karsk"
SEED = bytes(range(32))
PUBLIC = public_key(SEED)


def accepts(data: bytes, entry: bytes, public: bytes) -> bool:
    """Verify a receipt over an entry by RFC 9942 section 5.2: compute the root from the path, then the signature."""
    message = cbor2.loads(data)
    assert message.tag == 18
    protected, unprotected, payload, signature = message.value
    header = cbor2.loads(protected)
    assert payload is None
    assert header[1] == -8
    assert header[395] == 1
    (proof,) = unprotected[396][-1]
    size, index, path = cbor2.loads(proof)
    computed = climb(sha256(b"\0" + entry).digest(), index, size, path)
    if computed is None:
        return False
    signed = cbor2.dumps(["Signature1", protected, b"", computed])
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def climb(node: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root by RFC 9162 section 2.1.3.2; None if the path has another length than the place asks for."""
    if index >= size:
        return None
    fn, sn = index, size - 1
    for sibling in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            node = sha256(b"\1" + sibling + node).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = sha256(b"\1" + node + sibling).digest()
        fn, sn = fn >> 1, sn >> 1
    return node if sn == 0 else None


class Tree:
    def __init__(self, entries: Sequence[bytes]) -> None:
        self.stored: list[bytes] = []
        frontier = Frontier()
        for entry in entries:
            self.stored += frontier.add(leaf_hash(entry))
        self.size = len(entries)
        self.root = root(self.size, self.read)

    def read(self, indexes: Sequence[int]) -> list[bytes]:
        return [self.stored[n] for n in indexes]

    def receipt(self, index: int, *, seed: bytes = SEED, origin: str = ORIGIN) -> bytes:
        public = public_key(seed)
        signed = SignedRoot(self.size, self.root, public, sign(seed, signed_bytes(origin, public, self.root)))
        assert signed.holds(origin)
        return receipt(origin, signed, index, prove_inclusion(index, self.size, self.read))


ENTRIES = [b'{"payload":"%d"}' % n for n in range(13)]
TREE = Tree(ENTRIES)


@given(st.data())
def test_every_entry_of_every_tree_has_a_receipt_that_verifies_for_it_and_for_no_other(data: st.DataObject) -> None:
    entries = ENTRIES[: data.draw(st.integers(2, 13))]
    index = data.draw(st.integers(0, len(entries) - 1))
    made = Tree(entries).receipt(index)
    assert [accepts(made, entry, PUBLIC) for entry in entries] == [n == index for n in range(len(entries))]


def change(data: bytes, part: str) -> bytes:
    """Return a receipt of which one part is another."""
    protected, unprotected, _, signature = cbor2.loads(data).value
    header: dict[int, Any] = dict(cbor2.loads(protected))
    size, index, path = cbor2.loads(unprotected[396][-1][0])
    path = list(path)
    match part:
        case "index":
            index -= 1
        case "path":
            path[0] = bytes(32)
        case "shorter path":
            path.pop()
        case "longer path":
            path.append(bytes(32))
        case "origin":
            header[15] = {1: "ledger.example/another"}
        case "signature":
            signature = bytes([signature[0] ^ 1]) + signature[1:]
    proof = cbor2.dumps([size, index, path])
    return cbor2.dumps(cbor2.CBORTag(18, [cbor2.dumps(header), {396: {-1: [proof]}}, None, signature]))


def test_a_receipt_of_which_nothing_is_changed_is_the_same_bytes() -> None:
    assert change(TREE.receipt(5), "") == TREE.receipt(5)


@pytest.mark.parametrize("part", ["index", "path", "shorter path", "longer path", "origin", "signature"])
def test_a_receipt_with_a_changed_part_does_not_verify(part: str) -> None:
    made = TREE.receipt(5)
    assert accepts(made, ENTRIES[5], PUBLIC)
    assert not accepts(change(made, part), ENTRIES[5], PUBLIC)


def test_size_and_place_are_not_signed_and_a_receipt_can_be_made_to_state_others() -> None:
    protected, unprotected, _, signature = cbor2.loads(TREE.receipt(12)).value
    size, index, path = cbor2.loads(unprotected[396][-1][0])
    assert (size, index, len(path)) == (13, 12, 2)
    proof = cbor2.dumps([4, 3, path])  # the last entry of four climbs by the same two steps
    forged = cbor2.dumps(cbor2.CBORTag(18, [protected, {396: {-1: [proof]}}, None, signature]))
    assert accepts(forged, ENTRIES[12], PUBLIC), "READ-ME.txt says so: only a checkpoint signs the size"


def test_a_receipt_under_another_root_or_another_key_does_not_verify() -> None:
    other = Tree([*ENTRIES[:12], b"another"])
    signed = SignedRoot(13, other.root, PUBLIC, sign(SEED, signed_bytes(ORIGIN, PUBLIC, other.root)))
    made = receipt(ORIGIN, signed, 5, prove_inclusion(5, 13, TREE.read))
    assert not accepts(made, ENTRIES[5], PUBLIC)
    assert not accepts(TREE.receipt(5), ENTRIES[5], public_key(bytes(32)))
    assert not SignedRoot(13, TREE.root, PUBLIC, signed.signature).holds(ORIGIN)


def test_the_protected_header_names_algorithm_key_log_and_tree() -> None:
    header = cbor2.loads(cbor2.loads(TREE.receipt(0)).value[0])
    assert header == {1: -8, 4: thumbprint(PUBLIC), 15: {1: ORIGIN}, 395: 1}
    assert [*header] == sorted(header), "deterministic CBOR sorts the labels"


def test_what_is_signed_for_receipts_can_be_no_text_and_so_no_checkpoint() -> None:
    message = signed_bytes(ORIGIN, PUBLIC, TREE.root)
    assert message.startswith(b"\x84\x6aSignature1")
    with pytest.raises(UnicodeDecodeError):
        message.decode()
    assert format_checkpoint(Checkpoint(ORIGIN, 13, TREE.root)).encode()[0] < 0x80


def test_a_key_is_written_as_an_ed25519_cose_key_with_its_thumbprint() -> None:
    assert cbor2.loads(cose_key(PUBLIC)) == {1: 1, 2: thumbprint(PUBLIC), 3: -8, -1: 6, -2: PUBLIC}
    assert thumbprint(PUBLIC) == sha256(b"\xa3\x01\x01\x20\x06\x21\x58\x20" + PUBLIC).digest()  # RFC 9679 section 3


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cbor2", None)
    with pytest.raises(LedgerError, match="NO-CBOR") as error:
        signed_bytes(ORIGIN, PUBLIC, TREE.root)
    assert error.value.hint == "pip install 'comity[scitt]'"
