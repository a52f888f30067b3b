"""An exhibit convicts a log before whoever holds its key, and says nothing to others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.exhibit import check_omission, form_of, prove_omission, prove_split
from ledger.note import Vkey
from ledger.refusal import Refused
from ledger.tlog import leaf_hash
from ledger.verify import Report, Trust, Verdict, parse_trust, verify_exhibit
from tests.hash_log import HashLog

TRUE = HashLog(size=20)
FORK = TRUE.fork(5, 9)
SPLIT = prove_split(TRUE.key, TRUE.note(7), FORK.note(7))
LARGER = prove_split(TRUE.key, TRUE.note(7), FORK.note(9), FORK.prove(7, 9), FORK.root(7))


def trust(*keys: Vkey) -> Trust:
    return parse_trust({"policy": "".join(f"log {key.text}\n" for key in keys).encode() + b"quorum none\n"})


def omitted(index: int = 6, one: int = 8, two: int = 9, instead: HashLog = FORK, place: int | None = None) -> bytes:
    at = index if place is None else place
    other = instead.receipt(at, two)
    return prove_omission(
        TRUE.key, TRUE.entries[index], TRUE.receipt(index, one), leaf_hash(instead.entries[at]), other
    )


def said(report: Report) -> tuple[Verdict, list[str]]:
    return report.verdict, [reason.code for reason in report.reasons]


@pytest.mark.parametrize("exhibit", [SPLIT, LARGER, omitted()])
def test_a_log_is_convicted_before_whoever_holds_its_key(exhibit: bytes) -> None:
    report = verify_exhibit(exhibit, trust(TRUE.key))
    assert said(report) == (Verdict.FAILED, ["SPLIT-VIEW"])
    assert report.reasons[0].says == json.loads(exhibit)["says"]
    assert report.signatures == 2


@pytest.mark.parametrize("exhibit", [SPLIT, omitted()])
def test_an_exhibit_vouches_for_no_key_of_its_own(exhibit: bytes) -> None:
    assert said(verify_exhibit(exhibit, None)) == (Verdict.INDETERMINATE, ["NO_TRUST_ANCHOR", "SPLIT-VIEW"])
    stranger = trust(HashLog(seed=bytes(32)).key)
    assert said(verify_exhibit(exhibit, stranger)) == (Verdict.INDETERMINATE, ["CP-ORIGIN", "SPLIT-VIEW"])


def changed(exhibit: bytes, **members: Any) -> bytes:
    return json.dumps(json.loads(exhibit) | members).encode()


NOTHING = [
    (changed(SPLIT, two=TRUE.note(7).decode()), "SPLIT-UNPROVEN"),
    (changed(SPLIT, two=TRUE.note(9).decode()), "SPLIT-UNPROVEN"),
    (changed(SPLIT, two=HashLog(seed=bytes(32)).grow(7, "x").note(7).decode()), "CP-SIG"),
    (changed(SPLIT, two=3), "SPLIT-FORMAT"),
    (changed(SPLIT, log="nobody"), "SPLIT-FORMAT"),
    (changed(LARGER, path=[]), "SPLIT-UNPROVEN"),
    (changed(LARGER, path=[7]), "SPLIT-FORMAT"),
    (changed(LARGER, began="zz"), "SPLIT-FORMAT"),
    (b'{"format": "comity.split-view/1"', "SPLIT-FORMAT"),
    (changed(omitted(), entry="another"), "PRF-PATH"),
    (changed(omitted(), leaf="00"), "SPLIT-FORMAT"),
    (changed(omitted(), leaf=leaf_hash(b"x").hex()), "PRF-PATH"),
    (
        changed(omitted(), instead=FORK.receipt(7, 9).decode(), leaf=leaf_hash(FORK.entries[7]).hex()),
        "SPLIT-UNPROVEN",
    ),
    (
        changed(omitted(), instead=TRUE.receipt(6, 12).decode(), leaf=leaf_hash(TRUE.entries[6]).hex()),
        "SPLIT-UNPROVEN",
    ),
    (changed(omitted(), instead="c2sp.org/tlog-proof@v1\nindex 1\n"), "PRF-FORMAT"),
    (changed(omitted(), proof=None), "SPLIT-FORMAT"),
]


@pytest.mark.parametrize(("exhibit", "code"), NOTHING)
def test_what_proves_nothing_leaves_the_log_alone(exhibit: bytes, code: str) -> None:
    assert said(verify_exhibit(exhibit, trust(TRUE.key))) == (Verdict.INDETERMINATE, [code])


@pytest.mark.parametrize(("one", "two"), [(8, 9), (9, 8), (20, 9), (7, 9), (8, 8)])
def test_an_omission_is_proven_whichever_head_is_the_larger(one: int, two: int) -> None:
    found = check_omission(omitted(6, one, two), TRUE.key)
    assert (found.index, found.one.size, found.two.size) == (6, one, two)


def test_a_head_too_small_to_hold_the_entry_convicts_nobody() -> None:
    with pytest.raises(Refused, match="PRF-INDEX"):
        omitted(6, 8, 5)


def test_the_same_entry_in_a_larger_tree_is_what_honest_logs_show() -> None:
    with pytest.raises(Refused, match="SPLIT-UNPROVEN"):
        omitted(3, 8, 20, TRUE)


def test_only_what_says_that_it_is_an_exhibit_is_read_as_one() -> None:
    assert form_of(SPLIT) == "comity.split-view/1"
    assert form_of(omitted()) == "comity.omission/1"
    assert form_of(b"PK\x03\x04") is None
    assert form_of(b'{"payload":"comity.split-view/2"') is None
