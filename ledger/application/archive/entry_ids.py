"""Find entry ids that occur twice in a log.

The ids are in a temporary file. They are compared in parts at the end, so memory holds one part at a time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise
from tempfile import TemporaryFile
from typing import Self

LENGTH = 16  # bytes of an id
PARTS = 256  # by the first byte of an id; memory holds one part at a time


class EntryIds:
    """The ids of all entries so far, in sorted sets, in a temporary file."""

    def __init__(self) -> None:
        self._file = TemporaryFile(prefix="comity-")  # noqa: SIM115 -- closed at the end
        self._sets: list[tuple[int, list[int]]] = []  # where a set begins in the file, and each part in the set

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, ids: bytes) -> None:
        """Add sorted ids of 16 bytes each, joined."""
        each = range(len(ids) // LENGTH)
        parts = [bisect_left(each, part, key=lambda n: ids[n * LENGTH]) * LENGTH for part in range(PARTS)]
        self._sets.append((self._file.seek(0, 2), [*parts, len(ids)]))
        self._file.write(ids)

    def repeated(self) -> Iterator[bytes]:
        """Yield each id (16 bytes) that was added more than once, in ascending order."""
        for part in range(PARTS):
            found: list[bytes] = []
            for begin, parts in self._sets:
                self._file.seek(begin + parts[part])
                joined = self._file.read(parts[part + 1] - parts[part])
                found += [joined[n : n + LENGTH] for n in range(0, len(joined), LENGTH)]
            if len(set(found)) != len(found):
                yield from sorted({one for one, other in pairwise(sorted(found)) if one == other})
