"""Ids that occur twice are found, in one set or in two, with memory for a part of them."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

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
    assert repeated == sorted(one for one, count in counts.items() if count > 1)


def id_of(first: int, number: int) -> bytes:
    return bytes([first]) + number.to_bytes(15, "big")


def test_an_id_is_repeated_wherever_its_second_entry_is_and_others_around_it_are_not() -> None:
    with EntryIds() as found:
        found.add(b"".join(id_of(7, n) for n in range(10)))
        assert list(found.repeated()) == []
        found.add(id_of(7, 3) + id_of(7, 5) + id_of(8, 1))
        assert next(found.repeated()) == id_of(7, 3)
        found.add(id_of(0, 0) + id_of(7, 5) + id_of(255, 255))
        found.add(id_of(0, 1) + id_of(255, 254) + id_of(255, 255) * 2)
        assert list(found.repeated()) == [id_of(7, 3), id_of(7, 5), id_of(255, 255)]
        assert found._file.seek(0, 2) == 20 * 16


def test_the_ids_of_one_first_byte_are_in_memory_at_a_time() -> None:
    with EntryIds() as found:
        for part in range(3):
            found.add(b"".join(id_of(first, 9 * part + n) for first in range(256) for n in range(4)))
        read, real = [], found._file

        def noted(count: int) -> bytes:
            read.append(count)
            return real.read(count)

        vars(found)["_file"] = SimpleNamespace(seek=real.seek, read=noted, close=real.close)
        assert list(found.repeated()) == []
    assert read == [4 * 16] * (3 * 256)
