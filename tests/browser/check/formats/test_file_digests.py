"""A file of any size is digested in pieces of four mebibytes, by every algorithm that the record names."""

from __future__ import annotations

import hashlib

import pytest

from ledger.formats.ed25519 import enrolable, public_key, sign, verify_signature
from tests.browser.support.node import Page

pytestmark = pytest.mark.browser

PIECE = 4 * 2**20


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 7])
def test_a_file_is_read_once_in_pieces_and_has_the_digests_of_its_bytes(size: int, node: Page) -> None:
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    found = node.ask("digests", data=data, names=["sha256", "sha512"])
    wanted = [hashlib.new(name, data).hexdigest() for name in ("sha256", "sha512")]
    assert [*found["digests"].values()] == wanted
    pieces = [PIECE] * (size // PIECE) + ([size % PIECE] if size % PIECE else [])
    assert found["pieces"] == pieces


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 16_383, 16_384, 16_385])
def test_a_digest_is_that_of_its_bytes(size: int, node: Page) -> None:
    data = bytes(n % 253 for n in range(size))
    assert node.ask("sha256", data=data) == hashlib.sha256(data).hexdigest()


def test_a_key_or_a_signature_of_another_length_holds_for_nothing(node: Page) -> None:
    seed, message = bytes(range(32)), b"message"
    key, signature = public_key(seed), sign(seed, message)
    assert node.ask("signature", key=key, message=message, signature=signature) is True
    for one, other in (
        (key[:31], signature),
        (key + b"\0", signature),
        (b"", signature),
        (key, signature[:63]),
        (key, signature + b"\0"),
        (key, b""),
    ):
        assert node.ask("signature", key=one, message=message, signature=other) is False
        assert not verify_signature(one, message, other)
    for each in (key, key[:31], key + b"\0", bytes(32), b"\1" + bytes(31), b"\xff" * 32):
        assert node.ask("enrolable", key=each) is enrolable(each)
