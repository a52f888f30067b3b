"""Which digests belong to which file, and what a replacement leaves of the digests of an entry."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.law.reading.exhibit_digests import Digest, First, differing, handed, speaks_of, still_stated
from tests.support.scenarios import LABELS, Fact, Story, by_authority, disclosed, fact, given, issued, leaf

A, B, C = "a" * 64, "b" * 64, "c" * 64
WIDE = "d" * 128


def of(name: str = "x", sha256: str | None = None, sha512: str | None = None, digest: str | None = None) -> Digest:
    return Digest(name, 1, sha256, sha512, digest)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(of(sha256=A), of(sha256=A), True, id="equal"),
        pytest.param(of(sha256=A), of(sha256=B), False, id="another"),
        pytest.param(of(sha256=A), of(sha512=WIDE), None, id="no common algorithm"),
        pytest.param(of(sha256=A, sha512=WIDE), of(sha256=A), True, id="one of two is common"),
        pytest.param(of(sha256=A, sha512=WIDE), of(sha256=A, sha512="e" * 128), False, id="one of two differs"),
        pytest.param(of(digest="sha3-256:aa"), of(digest="sha3-256:aa"), True, id="another algorithm"),
        pytest.param(of(digest="sha3-256:aa"), of(digest="sha3-256:bb"), False, id="another algorithm differs"),
        pytest.param(of(digest="sha3-256:aa"), of(digest="blake2b:bb"), None, id="two other algorithms"),
        pytest.param(of(digest="md5:aa"), of(digest="md5:aa"), None, id="broken and equal shows nothing"),
        pytest.param(of(digest="md5:aa"), of(digest="md5:bb"), False, id="broken and another"),
        pytest.param(of(sha256=A, digest="md5:aa"), of(sha256=A, digest="md5:aa"), True, id="strong and broken"),
        pytest.param(of(), of(), None, id="no digest"),
    ],
)
def test_two_files_are_the_same_if_every_digest_that_both_have_is_equal(
    one: Digest, other: Digest, same: bool | None
) -> None:
    assert one.same(other) is same
    assert other.same(one) is same


def first(label: str, digest: Digest) -> First:
    return First(leaf(label), digest)


def test_a_digest_belongs_to_the_file_that_is_equal_to_it_else_to_that_of_its_name_else_to_the_only_file() -> None:
    x, y = first("x", of("x", A)), first("y", of("y", B))
    assert speaks_of(of("x", B), [x, y]) == [y]
    assert speaks_of(of("x", C), [x, y]) == [x]
    assert speaks_of(of("z", C), [x, y]) == []
    assert speaks_of(of("", C), [x, y]) == []
    assert speaks_of(of("", C), [x]) == [x]
    assert speaks_of(of("z", C), [x]) == []
    whole = first("whole", of("", C))
    assert speaks_of(of("", B), [x, whole]) == [whole]


def test_one_file_is_the_only_one_under_its_one_name_and_under_several_names_with_one_digest() -> None:
    again, copy = first("again", of("x", sha512=WIDE)), first("copy", of("y", A))
    x = first("x", of("x", A))
    assert speaks_of(of("", C), [x, again]) == [x, again]
    assert speaks_of(of("", C), [x, copy]) == [x, copy]
    assert speaks_of(of("", C), [x, first("other", of("y", B))]) == []


# -- what a replacement leaves -----------------------------------------------------------------------------------------


def listed(*files: tuple[str, str]) -> dict[str, Any]:
    return {"elements": ["name"], "files": [{"name": name, "size": 1, "sha256": digest} for name, digest in files]}


def moved(label: str, before: str, after: str | None, **fields: Any) -> Fact:
    more = {} if after is None else {"digest_after": after}
    return fact(
        "custody-transferred", "2027-03-08T11:00Z", "orn", "RET", label=label, exhibit="E", released_by="orn",
        received_by="lab", check="equal", digest_before=before, **more, **fields,
    )  # fmt: skip


def story(*facts: Fact) -> Story:
    return given(issued("2027-03-01T09:00Z"), *facts)


def kept(*facts: Fact) -> dict[str, Any]:
    return {LABELS[e.leaf]: e.sealed for e in still_stated(story(*facts).reading)}


def test_a_file_that_a_replacement_leaves_out_still_counts_and_no_other_of_its_entry() -> None:
    old = disclosed("2027-03-05T09:00Z", label="old", manifest=listed(("x", A), ("y", B)))
    new = disclosed("2027-03-05T09:00Z", label="new", replaces="old", manifest=listed(("x", C)))
    (left,) = kept(old, new).values()
    assert left["manifest"] == {"elements": [], "files": [{"name": "y", "size": 1, "sha256": B}]}


def test_a_replacement_that_states_every_file_again_or_anew_leaves_nothing() -> None:
    old = disclosed("2027-03-05T09:00Z", label="old", manifest=listed(("x", A), ("y", B)))
    for files in ([("x", A), ("y", B)], [("x", C), ("y", C)], [("renamed", A), ("y", C)]):
        new = disclosed("2027-03-05T09:00Z", label="new", replaces="old", manifest=listed(*files))
        assert kept(old, new) == {}


def test_of_two_digests_of_a_step_the_one_that_was_left_out_counts_with_the_one_stated_since() -> None:
    (left,) = kept(moved("old", A, B), moved("new", C, None, replaces="old")).values()
    assert (left["digest_before"], left["digest_after"]) == (C, B)


def test_a_digest_that_a_later_replacement_states_again_is_not_left_over() -> None:
    chain = (moved("old", A, B), moved("mid", A, None, replaces="old"), moved("new", A, B, replaces="mid"))
    assert kept(*chain) == {}


# -- sources of an arrival ---------------------------------------------------------------------------------------------


def arrival(**fields: Any) -> Fact:
    found = {"check": "equal", "manifest": listed(("x", A)), "exhibit": "E", **fields}
    return fact("evidence-received", "2027-03-07T10:00Z", "orn", "RET", label="got", **found)


def sources(*facts: Fact, of: str = "got") -> tuple[list[str], list[str]]:
    """Return the labels of the sources of an arrival, and of the ones from which it differs."""
    r = story(*facts).reading
    e = r.entries.by_leaf[leaf(of)]
    left = still_stated(r)
    return [LABELS[s.leaf] for s in handed(r, e, left)], [LABELS[s.leaf] for s in differing(r, e, left)]


def test_a_receipt_that_names_no_answer_has_all_that_was_handed_over_before_as_its_source() -> None:
    early = disclosed("2027-03-05T09:00Z", label="early", manifest=listed(("x", A)))
    late = disclosed("2027-03-08T09:00Z", label="late", manifest=listed(("x", B)))
    assert sources(early, arrival(), late) == (["early"], [])
    assert sources(early, late, arrival()) == (["early", "late"], [])  # recorded before it, though dated after it
    assert sources(late, arrival()) == (["late"], ["late"])
    assert sources(early, late, arrival(about="late")) == (["late"], ["late"])


def test_a_transmission_is_compared_with_disclosures_and_a_receipt_with_transmissions_too() -> None:
    first = disclosed("2027-03-05T09:00Z", label="first", manifest=listed(("x", A)))
    sent = [
        by_authority(
            "data-transmitted-by-state", f"2027-03-06T0{hour}:00Z", channel="mail", label=f"passed {hour}",
            manifest=listed(("x", B)),
        )
        for hour in (1, 2)
    ]  # fmt: skip
    assert sources(first, *sent, of="passed 2") == (["first"], ["first"])
    assert sources(first, *sent, arrival()) == (["first", "passed 1", "passed 2"], [])
    assert sources(*sent, arrival()) == (["passed 1", "passed 2"], ["passed 1", "passed 2"])


def test_other_kinds_than_arrivals_differ_from_nothing() -> None:
    first = disclosed("2027-03-05T09:00Z", label="first", manifest=listed(("x", A)))
    second = disclosed("2027-03-06T09:00Z", label="second", manifest=listed(("x", B)))
    assert sources(first, second, of="second")[1] == []
