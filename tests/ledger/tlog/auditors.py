"""An auditor with its key, and a log of 40 entries to audit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256

import pytest

from ledger.adapters.keys.mldsa import MlDsaKey
from ledger.tlog.audit_statement import CHECKS, AuditStatement, auditor_name, format_statement
from ledger.tlog.note import MLDSA44, Checkpoint, Vkey
from ledger.tlog.subtree import subtree_root
from ledger.tlog.subtree_cosignature import Subtree, cosign_subtree, subtree_note
from ledger.tlog.tree import Frontier, leaf_hash, root

ORIGIN = "ledger.example/xo/karsk"
SIZE = 40
STATEMENT = AuditStatement(CHECKS, sha256(b"program").hexdigest(), sha256(b"rules").hexdigest())
TEXT = format_statement(STATEMENT)

_FRONTIER = Frontier()
_HASHES = [stored for n in range(SIZE) for stored in _FRONTIER.add(leaf_hash(b"entry %d" % n))]


def read(indexes: Sequence[int]) -> Sequence[bytes]:
    return [_HASHES[index] for index in indexes]


def head(size: int = SIZE) -> Checkpoint:
    return Checkpoint(ORIGIN, size, root(size, read))


def part(start: int, end: int) -> Subtree:
    return Subtree(ORIGIN, start, end, subtree_root(start, end, read))


class Auditor:
    """A cosigner with an ML-DSA-44 key from a seed, under the name that a statement gives it."""

    def __init__(self, seed: str, text: bytes = TEXT, name: str = "") -> None:
        native = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="needs cryptography 50")
        self._key = MlDsaKey(native.MLDSA44PrivateKey.from_seed_bytes(sha256(seed.encode()).digest()))
        self.key = Vkey.of(name or auditor_name(f"auditor.example/{seed}", text), MLDSA44, self._key.public)

    def line(self, subtree: Subtree) -> str:
        return cosign_subtree(subtree, self.key.name, self.key.public, self._key.sign)

    def note(self, start: int, end: int) -> bytes:
        return subtree_note(part(start, end), [self.line(part(start, end))])

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


@cache
def auditor(seed: str = "karsk") -> Auditor:
    return Auditor(seed)
