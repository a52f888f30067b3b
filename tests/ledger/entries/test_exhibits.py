"""An exhibit says in its first bytes which form it has, and is checked by the rules of that form."""

from __future__ import annotations

import json
from functools import cache

import pytest

from ledger.entries.exhibits import check_exhibit, claimed_logs, form_of
from ledger.entries.split_view import (
    LARGEST,
    Omission,
    Shown,
    SplitOrder,
    SplitView,
    prove_omission,
    prove_order,
    prove_split,
)
from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import Vkey, log_vkey, parse_vkey, sign_note, split_note
from ledger.tlog.tree import format_proof, leaf_hash, prove_inclusion
from tests.support.hash_log import HashLog
from tests.support.memory_ledger import two_histories

TRUE = HashLog(size=9)
FORK = TRUE.fork(5, 9)
SPLIT = prove_split(TRUE.key, TRUE.note(7), FORK.note(7))
OMITTED = prove_omission(TRUE.key, TRUE.entries[6], TRUE.receipt(6, 8), leaf_hash(FORK.entries[6]), FORK.receipt(6, 9))
FORMS = ("comity.split-view/1", "comity.omission/1", "comity.split-order/1", "comity.map-root/1")


NEWER = b"n" * 32  # the seed of another key of the log


@cache
def split_order(newer: bool = False) -> tuple[bytes, list[Vkey]]:
    """Return an exhibit of two entries at one place of an order, and the keys of their log that signed its heads."""
    ledger, _, places = two_histories()
    seeds = [ledger.log.seed, NEWER if newer else ledger.log.seed]
    keys = [parse_vkey(log_vkey(ledger.origin, public_key(seed))) for seed in seeds]
    text = split_note(ledger.checkpoint())[0]
    shown = []
    for n, key, seed in zip(places, keys, seeds, strict=True):
        proof = format_proof(
            n, prove_inclusion(n, ledger.size, ledger.read), sign_note(text, ledger.origin, seed).encode()
        )
        shown.append(Shown(ledger.entries[n], proof, key))
    return prove_order(*shown), keys


def test_an_exhibit_is_checked_by_the_rules_of_the_form_that_it_claims() -> None:
    split, omission = check_exhibit(SPLIT, [TRUE.key]), check_exhibit(OMITTED, [TRUE.key])
    exhibit, keys = split_order()
    order = check_exhibit(exhibit, keys[:1])
    assert [type(each) for each in (split, omission, order)] == [SplitView, Omission, SplitOrder]
    assert [each.code for each in (split, omission, order)] == ["SPLIT-VIEW", "SPLIT-VIEW", "SPLIT-ORDER"]
    assert (split.sizes, omission.sizes) == ((7, 7), (8, 9))


def test_two_entries_of_an_order_convict_a_log_under_one_of_its_keys_or_two() -> None:
    for newer in (False, True):
        exhibit, keys = split_order(newer)
        document = json.loads(exhibit)
        assert claimed_logs(exhibit) == ((keys[0].text, keys[1].text) if newer else (keys[0].text,))
        assert ("other_log" in document) is newer
        found = check_exhibit(exhibit, keys)
        assert isinstance(found, SplitOrder)
        assert found.places == tuple(sorted(found.places))
        one, two = (f"{leaf[:8]}.. at place {n}" for leaf, n in zip(found.leaves, found.places, strict=True))
        assert document["says"] == str(found) == f"{keys[0].name} signed trees with {found.broken.says}: {one}, {two}"
        assert found.sizes == (found.sizes[0],) * 2
    with pytest.raises(RecordError, match="CP-SIG"):
        check_exhibit(exhibit, keys[:1])


def test_a_file_of_no_form_is_refused_and_convicts_no_log() -> None:
    with pytest.raises(RecordError, match="SPLIT-FORMAT"):
        check_exhibit(b'{"format": "comity.split-view/2"}', [TRUE.key])


def test_the_keys_that_an_exhibit_names_are_read_without_a_check() -> None:
    assert claimed_logs(SPLIT) == (TRUE.key.text,)
    assert claimed_logs(b'{"log": "one"}') == ("one",)
    assert claimed_logs(b'{"log": "one", "other_log": "two"}') == ("one", "two")
    assert [claimed_logs(data) for data in (b"", b"{", b"[]", b'"log"', b"7", b"\xff")] == [()] * 6


@pytest.mark.parametrize(("form", "more"), [("comity.split-view/1", False), ("comity.map-root/1", True)])
def test_only_an_exhibit_of_a_map_may_name_keys_in_more_than_262144_bytes(form: str, more: bool) -> None:
    start = b'{"format": "' + form.encode() + b'", "log": "one"}'
    largest = start + b" " * (LARGEST - len(start))
    assert len(largest) == 262_144
    assert claimed_logs(largest) == ("one",)
    assert claimed_logs(largest + b" ") == (("one",) if more else ())


@pytest.mark.parametrize("form", FORMS)
def test_the_form_is_read_from_the_first_200_bytes_of_an_object(form: str) -> None:
    claim = b'{"format":"' + form.encode() + b'"'
    end = 200 - len(claim) + 1  # without the quotation mark
    assert form_of(claim) == form_of(b" \n" + claim) == form_of(b" " * end + claim) == form
    assert form_of(b" " * (end + 1) + claim) is None
    assert form_of(b"[" + claim[1:]) is None
    assert form_of(claim.replace(b"comity.", b"comity-")) is None
    assert form_of(b"{}") is form_of(b"") is None
