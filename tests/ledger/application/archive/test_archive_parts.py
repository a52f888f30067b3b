"""Single entries of an archive are at their index, and its states are those of the manifest's digest."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.archive import verify_archive
from ledger.application.archive.manifest import ArchivedFile, Manifest, digest_of
from ledger.application.archive.parquet_files import write_states
from ledger.application.archive.verify_archive import _Entries, _states
from ledger.errors import RecordError

HEX = "ab" * 32
STATES = [("a.note", b"one"), ("b.note", b"two"), ("b.note.1.tsr", b"three")]


def manifest(states: bytes, **more: Any) -> Manifest:
    file = ArchivedFile(bytes=len(states), sha256=digest_of(states))
    values: dict[str, Any] = {
        "origin": "o",
        "size": 3,
        "root": HEX,
        "checkpoint": HEX,
        "test": False,
        "segments": [],
        **more,
    }
    return Manifest(states=file, **values)


def folder(data: bytes | None) -> Any:
    return SimpleNamespace(read=lambda path, most: data if path == "states/000000000003.parquet" else None)


def test_the_states_of_an_archive_are_those_that_its_manifest_names() -> None:
    data = write_states(STATES)
    assert _states(folder(data), manifest(data)) == STATES


def test_other_states_than_those_of_the_manifest_are_refused_although_they_can_be_read() -> None:
    data, fewer = write_states(STATES), write_states([("a.note", b"one")])
    for given, code in ((fewer, "ARC-DIGEST"), (None, "ARC-MISSING")):
        with pytest.raises(RecordError) as refused:
            _states(folder(given), manifest(data))
        assert (refused.value.code, refused.value.where) == (code, "states/000000000003.parquet")


@pytest.mark.parametrize("names", [["b", "a"], ["a", "a"], ["a", "b", "a"]])
def test_the_names_of_states_are_sorted_and_distinct(names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_states(STATES)
    monkeypatch.setattr(verify_archive, "read_states", lambda _: [(name, b"") for name in names])
    with pytest.raises(RecordError, match="its names are not sorted and distinct") as refused:
        _states(folder(data), manifest(data))
    assert refused.value.code == "ARC-FORMAT"


def test_an_entry_of_an_archive_is_in_its_segment_at_its_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_archive, "SEGMENT", 4)
    rows = [SimpleNamespace(raw=b"%d" % n, order="x" if n in (2, 5) else "y") for n in range(10)]
    segments = [SimpleNamespace(start=start, reserved=int(start > 0)) for start in (0, 4, 8)]
    walk: Any = SimpleNamespace(
        manifest=SimpleNamespace(size=10, segments=segments),
        rows=lambda segment: rows[segment.start : segment.start + 4],
    )
    entries = _Entries(walk)
    assert [entries.at(n) for n in range(-1, 11)] == [None, *(row.raw for row in rows), None]
    assert (entries.first("x"), entries.first("y"), entries.first("z")) == (b"5", b"4", None)
    assert (entries.size(), entries.by_leaf(bytes(32))) == (10, None)
    with pytest.raises(RecordError, match="LOG-CORRUPT"):
        entries.hashes([0])
