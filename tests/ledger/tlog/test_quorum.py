"""Quorums: their arithmetic, and the description of a policy in words."""

from __future__ import annotations

from itertools import combinations

import pytest

from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import log_vkey, parse_vkey, witness_vkey
from ledger.tlog.policy import Policy, parse_policy
from ledger.tlog.quorum import blocking, explain, format_policy, needed, overlap
from tests.support.hash_log import HashLog

LOG = HashLog().key
KEYS = {name: parse_vkey(witness_vkey(f"witness.example/{name}", public_key(name.encode() * 32))) for name in "abcdefg"}


def policy(rest: str, names: str = "abcdefg") -> Policy:
    lines = [f"log {LOG.text}", *(f"witness {name} {KEYS[name].text}" for name in names), rest]
    return parse_policy("".join(f"{line}\n" for line in lines).encode())


def quorums(policy: Policy) -> list[frozenset[str]]:
    """Return every set of witnesses that is sufficient."""
    names = list(policy.witnesses)
    return [
        frozenset(chosen)
        for size in range(len(names) + 1)
        for chosen in combinations(names, size)
        if policy.met(chosen)
    ]


@pytest.mark.parametrize(
    ("n", "f", "k", "down"),
    [(1, 0, 1, 0), (2, 0, 2, 0), (3, 1, 3, 0), (4, 1, 3, 1), (5, 2, 4, 1), (7, 2, 5, 2)],
)
def test_the_quorum_outvotes_those_who_lie_and_does_without_those_who_are_down(
    n: int, f: int, k: int, down: int
) -> None:
    assert needed(n, f) == k
    names = "abcdefg"[:n]
    parsed = policy(f"group all-of-them {k} {' '.join(names)}\nquorum all-of-them", names)
    assert overlap(parsed) - 1 >= f
    assert blocking(parsed) - 1 == down
    assert parsed.faults() == overlap(parsed) - 1


def test_a_smaller_quorum_than_needed_lets_the_liars_win() -> None:
    for n in range(1, 12):
        for f in range(n):
            k = needed(n, f)
            assert 2 * k - n > f
            assert 2 * (k - 1) - n <= f


def test_nobody_can_outvote_witnesses_that_all_lie() -> None:
    for n, f in ((0, 0), (3, 3), (1, -1)):
        with pytest.raises(ValueError):
            needed(n, f)


@pytest.mark.parametrize(
    "rest",
    [
        "quorum a",
        "group some all a b c\nquorum some",
        "group some any a b c\nquorum some",
        "group some 3 a b c d e\nquorum some",
        "group x 2 a b c\ngroup y any d e f\ngroup z all x y\nquorum z",
        "group x 2 a b c\ngroup y 2 d e f\ngroup z any x y\nquorum z",
        "group x all a b\ngroup y all c d\ngroup z 2 x y e\nquorum z",
    ],
)
def test_overlap_and_blocking_are_those_of_every_pair_of_quorums(rest: str) -> None:
    parsed = policy(rest)
    every = quorums(parsed)
    assert overlap(parsed) == min(len(one & two) for one in every for two in every)
    names = frozenset(parsed.witnesses)
    assert blocking(parsed) == min(len(names - there) for there in map(frozenset, subsets(names)) if there not in every)


def subsets(names: frozenset[str]) -> list[tuple[str, ...]]:
    return [chosen for size in range(len(names) + 1) for chosen in combinations(sorted(names), size)]


def test_a_policy_says_what_it_withstands() -> None:
    assert explain(policy("group some 3 a b c d\nquorum some", "abcd")) == [
        "3 of 4 must have cosigned: a, b, c, d",
        "a split view fails as long as at most 1 of the 4 lies",
        "heads get their quorum as long as at most 1 of the 4 is silent",
    ]
    assert explain(policy("quorum b", "ab")) == [
        "the witness b must have cosigned",
        "a split view fails as long as none of the 1 lies",
        "heads get their quorum as long as none of the 1 is silent",
        "asked, but not counted: a",
    ]


def test_a_policy_whose_quorums_need_not_meet_says_so() -> None:
    said = explain(policy("group some any a b\nquorum some", "ab"))
    assert "two quorums need not share a witness: a split view can succeed although nobody lies" in said
    assert "heads get their quorum as long as at most 1 of the 2 is silent" in said


def test_without_a_quorum_the_log_key_alone_decides_and_the_words_say_so() -> None:
    assert explain(policy("quorum none")) == [
        "no witness is needed: the holder of the log key can show different people different records"
    ]
    assert (overlap(policy("quorum none")), blocking(policy("quorum none"))) == (0, 0)


def test_groups_within_the_quorum_are_told_one_by_one() -> None:
    said = explain(policy("group x 2 a b c\ngroup y any d e\ngroup z all x y\nquorum z"))
    assert said[:3] == ["2 of 2 must have cosigned: x, y", "x is 2 of 3: a, b, c", "y is 1 of 2: d, e"]


def test_a_simple_policy_is_written_as_it_is_read() -> None:
    witnesses = {name: (KEYS[name], f"https://witness.example/{name}") for name in "abc"}
    parsed = parse_policy(format_policy(LOG, witnesses, 2))
    assert parsed.logs == (LOG,)
    assert list(parsed.witnesses.items()) == [(name, KEYS[name]) for name in "abc"]
    assert parsed.urls[KEYS["b"]] == "https://witness.example/b"
    assert parsed.met({"a", "c"})
    assert not parsed.met({"c"})
    assert parse_policy(format_policy(LOG, {}, 0)).met(())


def test_more_witnesses_than_there_are_cannot_be_asked_for() -> None:
    for k in (0, 2):
        with pytest.raises(RecordError) as refused:
            format_policy(LOG, {"a": (KEYS["a"], "https://witness.example")}, k)
        assert refused.value.code == "POL-QUORUM"


NESTED = (
    ("group x 2 a b\ngroup y 1 c d e\ngroup z {k} y x f\nquorum z", (1, 2, 3)),
    ("group x 1 a b\ngroup y 3 c d e\ngroup z {k} x y\nquorum z", (1, 2)),
    ("group x 2 a b c\ngroup y 2 x d e\ngroup z {k} g y f\nquorum z", (1, 2, 3)),
)


@pytest.mark.parametrize(("rest", "k"), [(rest, k) for rest, every in NESTED for k in every])
def test_how_many_may_lie_or_be_silent_is_what_counting_every_set_says(rest: str, k: int) -> None:
    parsed = policy(rest.format(k=k))
    every = quorums(parsed)
    least = min(len(one & two & parsed.voters()) for one in every for two in every)
    assert overlap(parsed) == least
    voters = sorted(parsed.voters())
    silent = min(
        len(gone)
        for size in range(len(voters) + 1)
        for gone in combinations(voters, size)
        if not parsed.met(set(parsed.witnesses) - set(gone))
    )
    assert blocking(parsed) == silent


def test_a_witness_aside_and_an_auditor_are_named_and_count_toward_no_quorum() -> None:
    pair = {name: (KEYS[name], "") for name in "ab"}
    parsed = parse_policy(format_policy(LOG, pair, 2, {"c": KEYS["c"]}))
    assert list(parsed.witnesses) == ["a", "b", "c"]
    assert parsed.voters() == {"a", "b"}
    assert parsed.urls == {}
    assert parsed.met({"a", "b"})
    assert not parsed.met({"a", "c"})
    assert not parse_policy(format_policy(LOG, {}, 7, {"c": KEYS["c"]})).voters()


def test_a_policy_is_written_with_every_key_of_its_log_and_names_of_any_octets() -> None:
    newer = parse_vkey(log_vkey(LOG.name, public_key(b"n" * 32)))
    name = b"\xff".decode("utf-8", "surrogateescape")
    parsed = parse_policy(format_policy((LOG, newer), {name: (KEYS["a"], "https://witness.example/")}, 1))
    assert parsed.logs == (LOG, newer)
    assert list(parsed.witnesses) == [name]
    assert parsed.urls == {KEYS["a"]: "https://witness.example/"}


def test_the_last_sentence_names_the_witnesses_that_are_not_counted() -> None:
    assert explain(policy("group some 2 a b\nquorum some", "abdc"))[-1] == "asked, but not counted: c, d"
    many = explain(policy("group some 1 c\nquorum some", "gebdacf"))
    assert many[-1] == "asked, but not counted: a, b, d, e, f, g"
    assert not any("not counted" in says for says in explain(policy("group some 2 a b\nquorum some", "ab")))
