"""Witnesses that may lie, sizes that a key signs, and instants: page and program compute the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.formats.ed25519 import public_key
from ledger.tlog.note import COSIGNATURE, ED25519, Vkey
from ledger.tlog.policy import parse_policy
from tests.browser.support.node import Page
from tests.support.memory_ledger import hand

pytestmark = pytest.mark.browser


def key(name: str, kind: int) -> str:
    return Vkey.of(f"{name}.example", kind, public_key(hand(name).seed)).text


NAMES = [f"w{n}" for n in range(7)]
WITNESSES = "".join(f"witness {name} {key(name, COSIGNATURE)}\n" for name in NAMES)
START = f"log {key('log', ED25519)}\n{WITNESSES}"


def group(name: str, threshold: int | str, *members: str) -> str:
    return f"group {name} {threshold} {' '.join(members)}\n"


PLAIN = [group("g", k, *NAMES[:n]) + "quorum g\n" for n in range(1, 8) for k in (*range(1, n + 1), "any", "all")]
NESTED = [
    "quorum none\n",
    "quorum w0\n",
    group("g", 2, *NAMES[:3]) + "quorum none\n",
    group("g", 2, *NAMES[:3]) + "quorum w5\n",
    group("g", 2, *NAMES[:3]) + group("h", 1, *NAMES[3:5]) + "quorum g\n",
    group("g", 2, *NAMES[:3]) + group("h", 1, *NAMES[3:5]) + "quorum h\n",
    group("g", 2, *NAMES[:3]) + group("h", 2, "g", *NAMES[3:5]) + "quorum h\n",
    group("g", 2, *NAMES[:3]) + group("h", 2, *NAMES[3:5]) + group("i", "all", "g", "h") + "quorum i\n",
    group("g", 2, *NAMES[:3]) + group("h", 1, "g") + group("i", 1, "h") + "quorum i\n",
    group("g", 2, *NAMES[:3]) + group("h", 1, "g") + group("i", 1, "w6") + "quorum h\n",
]


def test_page_and_program_count_the_same_witnesses_and_the_same_liars(node: Page) -> None:
    texts = [f"{START}{more}".encode() for more in PLAIN + NESTED]
    policies = [parse_policy(text) for text in texts]
    expected = [[policy.faults(), sorted(policy.voters())] for policy in policies]
    assert node.ask("voters", texts=texts) == expected
    assert {faults for faults, _ in expected} == {None, *range(7)}


def test_a_key_signs_the_sizes_from_its_first_to_before_its_end_and_a_key_without_sizes_signs_all(node: Page) -> None:
    cases = [(name, size) for name in ("a", "b", "c") for size in (0, 3, 4, 5, 8, 9, 10)]
    found = node.ask("spans", sizes={"a": [4, 9], "b": [4, None]}, cases=cases)
    assert found == [{"a": 4 <= size < 9, "b": size >= 4}.get(name, True) for name, size in cases]


REAL = ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "2024-02-29T12:30:45Z"]
REAL += ["2026-11-29T08:40:00Z", "9999-12-31T23:59:59Z"]
NONE = ["", "0000-01-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2026-04-31T00:00:00Z"]
NONE += ["2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T23:60:00Z", "2026-01-01T23:59:60Z"]
NONE += ["2026-01-01T00:00:00", "2026-01-01T00:00:00z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00.5Z"]
NONE += ["2026-01-01T00:00:00Z\n", " 2026-01-01T00:00:00Z", "+2026-01-01T00:00:00Z", "2026-1-1T00:00:00Z", "2026-01-01"]


def test_an_instant_is_a_second_of_the_calendar_and_is_written_in_one_way(node: Page) -> None:
    seconds = [(datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() for text in REAL]
    assert node.ask("instants", texts=REAL) == [list(pair) for pair in zip(seconds, REAL, strict=True)]
    assert node.ask("instants", texts=NONE) == [None] * len(NONE)
