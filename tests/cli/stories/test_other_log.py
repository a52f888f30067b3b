"""A spoilt proof in a story is a proof of another hash, and is still read as one."""

from __future__ import annotations

import pytest

from cli.stories.other_log import spoil_proof
from ledger.errors import RecordError
from ledger.tlog.tree import check_inclusion, leaf_hash, parse_proof, root
from tests.support.memory_ledger import small


@pytest.mark.parametrize("first", [b"A", b"B", b"z"])
def test_the_first_letter_of_the_first_hash_is_another_one_and_nothing_else_changes(first: bytes) -> None:
    head = b"c2sp.org/tlog-proof@v1\nindex 3\n"
    proof = head + first + b"bc=\nDef=\n\nnote\n"
    spoilt = spoil_proof(proof)
    assert [n for n, (one, other) in enumerate(zip(proof, spoilt, strict=True)) if one != other] == [len(head)]


def test_a_spoilt_proof_is_read_and_does_not_verify() -> None:
    ledger, _ = small()
    for index, raw in enumerate(ledger.entries):
        parsed = parse_proof(spoil_proof(ledger.proof(index)))
        assert parsed.index == index
        with pytest.raises(RecordError):
            check_inclusion(index, ledger.size, leaf_hash(raw), parsed.path, root(ledger.size, ledger.read))
