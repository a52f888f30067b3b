"""An exhibit proves to every holder of the log's key that the log contradicted itself; no other file is one."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from ledger.entries.split_view import (
    OMISSION,
    Shown,
    _beginning,
    check_omission,
    check_order,
    check_split,
    prove_omission,
    prove_order,
    prove_split,
    read_exhibit,
)
from ledger.errors import RecordError
from ledger.tlog.note import COSIGNATURE, MLDSA44, Vkey
from ledger.tlog.tree import leaf_hash
from tests.support.hash_log import HashLog
from tests.support.memory_ledger import Ledger, small, two_histories

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


def test_a_path_tells_the_root_that_it_begins_with_unless_that_is_its_first_hash() -> None:
    log = HashLog(size=40)
    for n in range(2, 41):
        for m in range(1, n):
            if m & (m - 1):
                assert _beginning(m, n, log.prove(m, n)) == log.root(m), (m, n)
    assert _beginning(3, 7, []) is None


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


def test_an_exhibit_names_the_log_and_both_trees_the_smaller_first() -> None:
    fork = TRUE.fork(3, 9)
    exhibit = prove_split(KEY, fork.note(9), TRUE.note(5), fork.prove(5, 9), fork.root(5))
    document, split = json.loads(exhibit), check_split(exhibit, KEY)
    says = "ledger.example/xo/karsk signed a tree of 9 entries that does not begin with its tree of 5 entries"
    assert document["says"] == str(split) == says
    assert (split.sizes, split.code, split.log) == ((5, 9), "SPLIT-VIEW", KEY)
    assert [document[name] for name in ("log", "one", "two")] == [
        KEY.text,
        TRUE.note(5).decode(),
        fork.note(9).decode(),
    ]
    assert list(document) == ["format", "says", "log", "one", "two", "began", "path"]
    without = json.loads(prove_split(KEY, TRUE.note(5), fork.note(9), fork.prove(5, 9)))
    assert without["began"] == fork.root(5).hex(), "the path shows where it begins"
    equal = json.loads(prove_split(KEY, TRUE.note(7), TRUE.fork(5, 7).note(7)))
    assert list(equal) == ["format", "says", "log", "one", "two"]


@pytest.mark.parametrize("name", ["format", "one", "two"])
def test_an_exhibit_of_two_heads_has_all_its_members(name: str) -> None:
    exhibit = prove_split(KEY, TRUE.note(7), TRUE.fork(5, 7).note(7))
    less = {each: value for each, value in json.loads(exhibit).items() if each != name}
    assert code(json.dumps(less).encode()) == "SPLIT-FORMAT"


@pytest.mark.parametrize("kind", [COSIGNATURE, MLDSA44])
def test_only_the_ed25519_key_of_a_log_convicts_it(kind: int) -> None:
    exhibit = prove_split(KEY, TRUE.note(7), TRUE.fork(5, 7).note(7))
    assert code(exhibit, Vkey.of(KEY.name, kind, bytes(1312 if kind == MLDSA44 else 32))) == "CP-KEY"


FORK = TRUE.fork(5, 9)


@cache
def omitted() -> bytes:
    return prove_omission(KEY, TRUE.entries[6], TRUE.receipt(6, 8), leaf_hash(FORK.entries[6]), FORK.receipt(6, 9))


def test_an_omission_names_the_entry_and_both_trees() -> None:
    found = check_omission(omitted(), KEY)
    says = (
        "ledger.example/xo/karsk gave a receipt for entry 6 in its tree of 8 entries,"
        " and in its tree of 9 entries another one stands there"
    )
    assert json.loads(omitted())["says"] == str(found) == says
    assert (found.index, found.sizes, found.code, found.log) == (6, (8, 9), "SPLIT-VIEW", KEY)
    assert list(json.loads(omitted())) == ["format", "says", "log", "entry", "proof", "leaf", "instead"]


@pytest.mark.parametrize("name", ["format", "entry", "proof", "leaf", "instead"])
def test_an_omission_has_all_its_members(name: str) -> None:
    less = {each: value for each, value in json.loads(omitted()).items() if each != name}
    with pytest.raises(RecordError, match="SPLIT-FORMAT"):
        check_omission(json.dumps(less).encode(), KEY)


def test_the_other_leaf_of_an_omission_has_32_bytes_and_is_another_one() -> None:
    for leaf, said in (
        ("00" * 31, "SPLIT-FORMAT"),
        ("00" * 33, "SPLIT-FORMAT"),
        ("00" * 32, "PRF-PATH"),
        ("zz", "SPLIT-FORMAT"),
        (5, "SPLIT-FORMAT"),
        (None, "SPLIT-FORMAT"),
    ):
        with pytest.raises(RecordError, match=said):
            check_omission(changed(omitted(), leaf=leaf), KEY)
    same = changed(omitted(), leaf=leaf_hash(TRUE.entries[6]).hex(), instead=TRUE.receipt(6, 9).decode())
    with pytest.raises(RecordError, match="both proofs are for the same entry"):
        check_omission(same, KEY)
    elsewhere = changed(omitted(), leaf=leaf_hash(FORK.entries[7]).hex(), instead=FORK.receipt(7, 9).decode())
    with pytest.raises(RecordError, match="one proof is for entry 6, the other for entry 7"):
        check_omission(elsewhere, KEY)


def shown(ledger: Ledger, index: int) -> Shown:
    return Shown(ledger.entries[index], ledger.proof(index), ledger.trust().policy.logs[0])


def test_two_entries_in_one_place_of_an_order_convict_their_log_in_whatever_sequence() -> None:
    ledger, _, (one, two) = two_histories()
    log = shown(ledger, one).log
    for places in ((one, two), (two, one)):
        made = prove_order(*(shown(ledger, place) for place in places))
        found = check_order(made, [log])
        assert (found.log, found.places, found.sizes) == (log, (one, two), (ledger.size, ledger.size))
        assert found.leaves == (ledger.leaf(one), ledger.leaf(two))
        document = json.loads(made)
        assert list(document) == ["format", "says", "log", "one", "one_proof", "two", "two_proof"]
        assert document["says"] == str(found)
        assert str(found).endswith(f"{ledger.leaf(one)[:8]}.. at place {one}, {ledger.leaf(two)[:8]}.. at place {two}")
        assert made == (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
    for name in ("one", "one_proof", "two", "two_proof"):
        less = {each: value for each, value in document.items() if each != name}
        for broken in (less, document | {name: 5}, document | {name: None}):
            with pytest.raises(RecordError, match=r"^SPLIT-FORMAT: not an exhibit of a split order"):
                check_order(json.dumps(broken).encode(), [log])


def test_entries_that_were_sealed_for_another_log_convict_no_log_that_has_them() -> None:
    ledger, _, (one, two) = two_histories()
    other = Ledger("ledger.test/xv/skylark")
    for raw in ledger.entries:
        other.append(raw)
    with pytest.raises(RecordError, match=r"^SPLIT-UNPROVEN: they were not both sealed for this log"):
        prove_order(shown(other, one), shown(other, two))


def test_two_entries_that_a_log_may_have_convict_it_of_nothing() -> None:
    ledger, _ = small()
    for one, two in ((3, 4), (4, 3), (0, 4), (4, 4)):
        with pytest.raises(RecordError, match=r"^SPLIT-UNPROVEN: a log may hold both of them"):
            prove_order(shown(ledger, one), shown(ledger, two))


def test_an_exhibit_is_read_up_to_its_largest_size_and_in_its_form() -> None:
    made = omitted()
    assert read_exhibit(made, OMISSION, len(made)) == json.loads(made)
    for data, form, largest in (
        (made, OMISSION, len(made) - 1),
        (made, "comity.split-view/1", len(made)),
        (b"[]", OMISSION, 9),
        (b"{}", OMISSION, 9),
        (b"x", OMISSION, 9),
    ):
        with pytest.raises(RecordError, match=r"^SPLIT-FORMAT: not an exhibit: "):
            read_exhibit(data, form, largest)
