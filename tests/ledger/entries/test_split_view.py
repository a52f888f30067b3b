"""An exhibit proves to every holder of the log's key that the log contradicted itself; no other file is one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.entries.split_view import check_split, prove_split
from ledger.errors import RecordError
from ledger.tlog.note import Vkey
from tests.support.hash_log import HashLog

TRUE = HashLog(size=20)
KEY = TRUE.key


def code(exhibit: bytes, key: Vkey = KEY) -> str:
    with pytest.raises(RecordError) as refused:
        check_split(exhibit, key)
    return refused.value.code


def changed(exhibit: bytes, **members: Any) -> bytes:
    return json.dumps(json.loads(exhibit) | members).encode()


def test_two_roots_at_one_size_are_proof_enough() -> None:
    split = check_split(prove_split(KEY, TRUE.note(7), TRUE.fork(5, 7).note(7)), KEY)
    assert (split.one.size, split.two.size) == (7, 7)
    assert split.one.root != split.two.root
    assert str(split) == "ledger.example/xo/karsk signed two trees of 7 entries"


@pytest.mark.parametrize(("m", "n"), [(m, n) for n in range(2, 14) for m in range(1, n)])
def test_a_larger_tree_that_begins_otherwise_is_proof_with_the_path_and_its_beginning(m: int, n: int) -> None:
    fork = TRUE.fork(m - 1, n)
    exhibit = prove_split(KEY, fork.note(n), TRUE.note(m), fork.prove(m, n), fork.root(m))
    split = check_split(exhibit, KEY)
    assert (split.one.size, split.one.root) == (m, TRUE.root(m))
    assert (split.two.size, split.two.root) == (n, fork.root(n))


@pytest.mark.parametrize(("m", "n"), [(3, 4), (3, 7), (5, 8), (6, 7), (7, 13), (12, 13)])
def test_the_beginning_is_told_by_the_path_itself_except_at_powers_of_two(m: int, n: int) -> None:
    fork = TRUE.fork(m - 1, n)
    check_split(prove_split(KEY, TRUE.note(m), fork.note(n), fork.prove(m, n)), KEY)


@pytest.mark.parametrize("m", [1, 2, 4, 8])
def test_at_a_power_of_two_the_path_alone_is_an_accusation(m: int) -> None:
    fork = TRUE.fork(m - 1, 13)
    with pytest.raises(RecordError) as refused:
        prove_split(KEY, TRUE.note(m), fork.note(13), fork.prove(m, 13))
    assert refused.value.code == "SPLIT-UNPROVEN"


@pytest.mark.parametrize(("m", "n"), [(0, 5), (3, 3), (3, 7), (4, 8), (4, 9)])
def test_an_honest_log_is_never_convicted(m: int, n: int) -> None:
    with pytest.raises(RecordError) as refused:
        prove_split(KEY, TRUE.note(m), TRUE.note(n), TRUE.prove(m, n), TRUE.root(m))
    assert refused.value.code == "SPLIT-UNPROVEN"


def test_an_invented_beginning_or_path_convicts_nobody() -> None:
    for path, began in (
        (TRUE.prove(3, 7), HashLog(size=3).grow(1, "x").root(3 + 1)),
        ([], TRUE.fork(2, 3).root(3)),
        (TRUE.prove(3, 7)[1:], None),
        ([b"\x00" * 32, *TRUE.prove(3, 7)[1:]], None),
        (TRUE.fork(2, 7).prove(3, 7), TRUE.fork(2, 3).root(3)),
    ):
        with pytest.raises(RecordError) as refused:
            prove_split(KEY, TRUE.note(3), TRUE.note(7), path, began)
        assert refused.value.code == "SPLIT-UNPROVEN"


def test_the_heads_must_be_those_of_the_log_whose_key_the_reader_has() -> None:
    exhibit = prove_split(KEY, TRUE.note(7), TRUE.fork(5, 7).note(7))
    stranger = HashLog(seed=bytes(32)).key
    assert code(exhibit, stranger) == "CP-SIG"
    assert code(exhibit, HashLog("ledger.example/other").key) == "CP-ORIGIN"
    forged = HashLog(seed=bytes(32)).grow(7, "forged").note(7).decode()
    assert code(changed(exhibit, two=forged)) == "CP-SIG"


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"format": "comity.split-view/2", "one": "", "two": ""}',
        b'{"format": "comity.split-view/1", "one": 1, "two": ""}',
        b'{"format": "comity.split-view/1", "one": "", "two": "", "began": "zz"}',
        b'{"format": "comity.split-view/1", "one": "", "two": "", "path": 3}',
        b'{"format": "comity.split-view/1", "one": "", "two": "", "path": [3]}',
        b" " * (1 << 18) + b"{}",
    ],
)
def test_what_is_no_exhibit_is_refused_as_such(broken: bytes) -> None:
    assert code(broken) == "SPLIT-FORMAT"


def test_a_note_without_signature_is_no_note() -> None:
    exhibit = prove_split(KEY, TRUE.note(7), TRUE.fork(5, 7).note(7))
    assert code(changed(exhibit, one="")) == "CP-FORMAT"


@pytest.mark.parametrize(("m", "n"), [(1, 2), (3, 7), (4, 8)])
def test_two_sizes_without_a_path_are_an_accusation(m: int, n: int) -> None:
    fork = TRUE.fork(m - 1, n)
    for began in (None, fork.root(m)):
        with pytest.raises(RecordError) as refused:
            prove_split(KEY, TRUE.note(m), fork.note(n), (), began)
        assert refused.value.code == "SPLIT-UNPROVEN"
