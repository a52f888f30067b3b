"""The numbers of entries: those of the order, and those of its companion after them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from projections.reports.entry_numbers import in_order, number, numbers, runs, together
from tests.support.scenarios import case, issued, sent

NUMBERS = st.tuples(st.sampled_from(("", "C")), st.integers(1, 200)).map(lambda one: f"{one[0]}{one[1]}")


def test_an_entry_has_its_place_in_its_order_with_a_c_in_front_in_another_order() -> None:
    own = case((issued("2027-03-01T09:00Z"), sent("2027-03-01T10:00Z")), "2AP-7")
    other = case((issued("2027-03-01T09:00Z", label="prior"),), "2AP-8", order="prior").entries[0]
    both = replace(own, entries=(*own.entries, other))
    seqs = [e.seq for e in both.entries]
    assert [number(e, both) for e in both.entries] == [f"{seqs[0]}", f"{seqs[1]}", f"C{seqs[2]}"]
    assert numbers(both) == {e.leaf: number(e, both) for e in both.entries}


@given(st.lists(NUMBERS))
def test_numbers_are_sorted_by_order_then_by_size_and_split_where_one_is_left_out(some: list[str]) -> None:
    ordered = sorted(some, key=in_order)
    assert ordered == [
        f"{c}{n}" for c, n in sorted((text[: -len(text.lstrip("C"))], int(text.lstrip("C"))) for text in some)
    ]
    split = runs(some)
    assert [n for group in split for n in group] == some
    for group in split:
        prefix, first = ("C", int(group[0][1:])) if group[0][0] == "C" else ("", int(group[0]))
        assert group == [f"{prefix}{first + n}" for n in range(len(group))]


def test_consecutive_numbers_are_one_run_and_a_companion_begins_another() -> None:
    assert runs(["9", "10", "11", "C12", "C13", "14", "14", "16"]) == [
        ["9", "10", "11"],
        ["C12", "C13"],
        ["14"],
        ["14"],
        ["16"],
    ]
    assert runs([]) == []
    assert sorted(["C1", "10", "9", "C10", "C9"], key=in_order) == ["9", "10", "C1", "C9", "C10"]


def test_neighbours_with_the_same_sentence_are_together() -> None:
    lines = [("1", "a"), ("2", "a"), ("3", "b"), ("4", "a")]
    assert together(lines) == [(["1", "2"], "a"), (["3"], "b"), (["4"], "a")]
    assert together([]) == []
