"""Each format is read up to its largest size, and not a byte, a line, a hash or a key beyond it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256

import pytest

from ledger.entries.split_view import read_exhibit
from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.add_checkpoint import parse_submission
from ledger.tlog.cosigned_message import subtree_message
from ledger.tlog.note import ED25519, Vkey, split_note
from ledger.tlog.policy import NO_POLICY, parse_policy
from ledger.tlog.tree import parse_proof
from ledger.trust.mirrors import parse_mirrors

HASH = b64encode(bytes(32)) + b"\n"
LINE = "\u2014 log.example/x ".encode() + b64encode(bytes(68)) + b"\n"


def padded(before: bytes, filler: bytes, after: bytes, size: int) -> bytes:
    """Return `size` bytes of lines that are no longer than 100 bytes, as the first and the last part need them."""
    left = size - len(before) - len(after)
    whole, rest = divmod(left, 64)
    line = filler * 63 + b"\n"
    return before + line * (whole - 1) + filler * (63 + rest) + b"\n" + after


def note(size: int) -> bytes:
    return padded(b"", b"x", b"\n" + LINE, size)


def signed_by(lines: int) -> bytes:
    return b"text\n\n" + LINE * lines


def proof(size: int) -> bytes:
    return padded(b"c2sp.org/tlog-proof@v1\nindex 0\n\n", b"x", b"", size)


def proof_line(size: int) -> bytes:
    return b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + b"x" * size


def proof_path(hashes: int) -> bytes:
    return b"c2sp.org/tlog-proof@v1\nindex 0\n" + HASH * hashes + b"\nnote"


def policy(size: int) -> bytes:
    return padded(b"", b"#", b"quorum none\n", size)


def policy_keys(keys: int) -> bytes:
    each = (Vkey.of("log.example/x", ED25519, public_key(sha256(b"%d" % n).digest())) for n in range(keys))
    return "".join(f"log {key.text}\n" for key in each).encode() + b"quorum none\n"


def submission(size: int) -> bytes:
    return padded(b"old 0\n\n", b"x", b"", size)


def submission_proof(hashes: int) -> bytes:
    return b"old 0\n" + HASH * hashes + b"\nnote"


def mirrors(size: int) -> bytes:
    return padded(b"", b"#", b"", size)


def exhibit(size: int) -> bytes:
    return padded(b'{"format":"f"', b" ", b"}", size)


def named(size: int) -> bytes:
    return b"w" * size


def message(name: bytes) -> bytes:
    return subtree_message(name.decode(), 1, "o", 0, 2, bytes(32))


LIMITS: list[tuple[Callable[[bytes], object], Callable[[int], bytes], int, str]] = [
    (split_note, note, 65_536, "CP-FORMAT"),
    (split_note, signed_by, 16, "CP-FORMAT"),
    (parse_proof, proof, 131_072, "PRF-FORMAT"),
    (parse_proof, proof_line, 4_096, "PRF-FORMAT"),
    (parse_proof, proof_path, 63, "PRF-FORMAT"),
    (parse_policy, policy, 1 << 20, "POL-FORMAT"),
    (parse_policy, policy_keys, 256, "POL-FORMAT"),
    (parse_submission, submission, 73_728, "WIT-FORMAT"),
    (parse_submission, submission_proof, 63, "WIT-FORMAT"),
    (message, named, 255, "CP-KEY"),
    (lambda data: parse_mirrors(data, NO_POLICY), mirrors, 1 << 20, "TRUST-FORMAT"),
    (lambda data: read_exhibit(data, "f"), exhibit, 1 << 18, "SPLIT-FORMAT"),
]


@pytest.mark.parametrize(("read", "made", "most", "code"), LIMITS, ids=lambda value: getattr(value, "__name__", None))
def test_the_largest_is_read_and_one_more_is_not(
    read: Callable[[bytes], object], made: Callable[[int], bytes], most: int, code: str
) -> None:
    read(made(most))
    with pytest.raises(RecordError) as found:
        read(made(most + 1))
    assert found.value.code == code


def test_a_cosigned_subtree_is_signed_with_its_lengths_and_numbers_in_network_order() -> None:
    start, end, time = (bytes([*range(n, n + 8)]) for n in (1, 9, 17))
    numbers = (int.from_bytes(each, "big") for each in (time, start, end))
    seen, first, last = numbers
    made = subtree_message("w.example/\u00e4", seen, "log.example", first, last, b"r" * 32)
    who = "w.example/\u00e4".encode()
    assert made == b"subtree/v1\n\0" + b"\x0c" + who + time + b"\x0blog.example" + start + end + b"r" * 32
