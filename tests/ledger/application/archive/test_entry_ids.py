"""Ids that occur twice are found, in one set or in two, with memory for a part of them."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ledger.application.archive.entry_ids import EntryIds

ids = st.binary(min_size=1, max_size=2).map(lambda data: data * 16).map(lambda data: data[:16])


@given(st.lists(st.lists(ids, max_size=20), max_size=6))
def test_exactly_the_ids_that_were_added_twice_are_repeated(sets: list[list[bytes]]) -> None:
    with EntryIds() as found:
        for each in sets:
            found.add(b"".join(sorted(each)))
        repeated = list(found.repeated())
    counts = Counter(one for each in sets for one in each)
    assert sorted(repeated) == sorted(one for one, count in counts.items() if count > 1)
