"""A command rewrites a policy with no quorum, one witness, or one group of all that count, and no other policy."""

from __future__ import annotations

from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands.witnesses import check_vacant, simple
from cli.exit_codes import Stop
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import COSIGNATURE, Vkey
from ledger.tlog.policy import parse_policy

NAMES = ("a", "b", "c")
KEYS = {n: Vkey.of(f"{n}.example/w", COSIGNATURE, public_key(sha256(n.encode()).digest())) for n in (*NAMES, "other")}


def folder(*lines: str, witnesses: tuple[str, ...] = NAMES, mirrors: tuple[str, ...] = ()) -> Any:
    said = [f"witness {n} {KEYS[n].text}{f' https://{n}.example' if n == 'a' else ''}" for n in witnesses]
    policy = parse_policy("".join(f"{line}\n" for line in (*said, *lines)).encode())
    return SimpleNamespace(policy=policy, mirrors={KEYS[n]: None for n in mirrors})


@pytest.mark.parametrize(
    ("given", "counted", "aside"),
    [
        (folder("quorum none", witnesses=()), "", ""),
        (folder("quorum none"), "abc", ""),
        (folder("quorum none", mirrors=("b",)), "ac", "b"),
        (folder("quorum a", witnesses=("a",)), "a", ""),
        (folder("quorum a", mirrors=("a", "b")), "ac", "b"),  # a mirror that counts is a witness
        (folder("group g 2 a b c", "quorum g"), "abc", ""),
        (folder("group g 1 a b", "quorum g", mirrors=("c",)), "ab", "c"),
        (folder("group g 2 a b c", "quorum g", mirrors=("c",)), "abc", ""),
    ],
)
def test_a_plain_policy_has_witnesses_that_count_and_mirrors_that_do_not(given: Any, counted: str, aside: str) -> None:
    here = {n: (KEYS[n], "https://a.example" if n == "a" else "") for n in counted}
    assert simple(given) == (here, {n: KEYS[n] for n in aside})


@pytest.mark.parametrize(
    "lines",
    [
        ("group g 2 a b", "quorum g"),  # c counts for nothing, and is no mirror
        ("group g 2 a b", "group h 1 g c", "quorum h"),
        ("group g 2 a b c", "quorum none"),
        ("group h 1 c", "group g 2 a b h", "quorum g"),
        ("group g 2 a b c", "quorum a"),
    ],
)
def test_a_policy_with_groups_of_other_making_is_not_written_over(lines: tuple[str, ...]) -> None:
    with pytest.raises(Stop, match="is not written over"):
        simple(folder(*lines))


def test_a_new_witness_has_a_name_and_a_key_that_no_other_has() -> None:
    given = folder("quorum none")
    check_vacant(given, "d", KEYS["other"])
    with pytest.raises(Stop, match="has a witness a already"):
        check_vacant(given, "a", KEYS["other"])
    with pytest.raises(Stop, match=r"has the key of b\.example/w already, as b"):
        check_vacant(given, "d", KEYS["b"])
