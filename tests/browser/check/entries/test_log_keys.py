"""The keys of a log by size: the page and the program read the same from the rotations in a register."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ledger.entries.log_keys import NONE, key_at, key_starts
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import COSIGNATURE, ED25519, MLDSA44, Vkey
from tests.browser.support.node import Page
from tests.ledger.entries.test_log_keys import post_quantum
from tests.support.memory_ledger import hand

pytestmark = pytest.mark.browser

SIZES = range(14)


def key(number: int, kind: int) -> str:
    """Return a vkey of a type of signature."""
    public = post_quantum(number + 10).public if kind == MLDSA44 else public_key(hand(f"log {number}").seed)
    return Vkey.of("ledger.example/x", kind, public).text


ED = [key(number, ED25519) for number in range(3)]
PQ = [key(number, MLDSA44) for number in range(2)]
WITNESS = key(4, COSIGNATURE)  # of a type that signs no tree of a log


def rotated(old: str, new: str, size: int) -> dict[str, Any]:
    return {"old_key": old, "new_key": new, "from_size": size}


TABLE = {
    "nothing": [],
    "one rotation": [rotated(ED[0], ED[1], 4)],
    "two rotations": [rotated(ED[0], ED[1], 4), rotated(ED[1], ED[2], 12)],
    "a first second key": [rotated(NONE, PQ[0], 4)],
    "both": [rotated(NONE, PQ[0], 3), rotated(ED[0], ED[1], 4), rotated(PQ[0], PQ[1], 9)],
    "a rotation from the first entry on": [rotated(ED[0], ED[1], 0), rotated(ED[1], ED[2], 2)],
    "a second key from the first entry on": [rotated(NONE, PQ[0], 0), rotated(PQ[0], PQ[1], 2)],
    "two at one size": [rotated(ED[0], ED[1], 4), rotated(ED[1], ED[2], 4)],
    "a malformed key": [rotated(ED[0], "x", 4), rotated(ED[0], ED[1] + "=", 5)],
    "a malformed key before a good one": [rotated("x", "y", 2), rotated(ED[0], ED[1], 4)],
    "the key of a witness": [rotated(ED[0], WITNESS, 4)],
    "sizes out of order": [rotated(ED[0], ED[1], 12), rotated(ED[1], ED[2], 3)],
}


def test_page_and_program_read_the_same_keys_from_the_rotations_of_a_register(node: Page) -> None:
    chance = random.Random(4)
    keys = [*ED, *PQ, WITNESS, "x"]
    cases = [*TABLE.values()]
    for _ in range(40):
        drawn = (rotated(chance.choice(keys), chance.choice(keys), chance.randrange(13)) for _ in range(5))
        cases.append([*drawn][: chance.randrange(6)])
    found = node.ask("logKeys", cases=cases, sizes=list(SIZES))
    for rotations, said in zip(cases, found, strict=True):
        starts = key_starts(rotations)
        assert said == [[kind, [key_at(mine, size) for size in SIZES]] for kind, mine in starts.items()], rotations


def test_the_old_key_of_the_first_rotation_is_in_force_before_it_and_a_second_key_is_not(node: Page) -> None:
    (found,) = node.ask("logKeys", cases=[TABLE["both"]], sizes=[0, 3, 4, 8, 9])
    assert found == [[ED25519, [ED[0], ED[0], *[ED[1]] * 3]], [MLDSA44, [None, *[PQ[0]] * 3, PQ[1]]]]
