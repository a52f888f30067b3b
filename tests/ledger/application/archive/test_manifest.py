"""A manifest has one spelling, and the segments of all its entries, each once and in order."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.application.archive.manifest import (
    LARGEST_FILE,
    SEGMENT,
    ArchivedFile,
    Manifest,
    Segment,
    digest_of,
    format_manifest,
    is_layout,
    parse_manifest,
    ranges,
    segment_path,
)
from ledger.application.archive.parquet_files import ENTRY_COLUMNS
from ledger.errors import RecordError
from ledger.tlog.tree import EMPTY_ROOT
from tests.support.cli import check_document

HEX = "ab" * 32


def made(size: int) -> Manifest:
    segments = [Segment(bytes=9, sha256=HEX, start=start, end=end, root=HEX, reserved=0) for start, end in ranges(size)]
    states = ArchivedFile(bytes=9, sha256=HEX)
    return Manifest(
        origin="log.example/x", size=size, root=HEX, checkpoint=HEX, test=False, states=states, segments=segments
    )


@given(st.integers(0, 5 * SEGMENT))
def test_a_manifest_is_read_as_it_was_written(size: int) -> None:
    assert parse_manifest(format_manifest(made(size))) == made(size)


@given(st.integers(0, 10**7))
def test_segments_are_aligned_and_only_the_last_is_shorter(size: int) -> None:
    found = ranges(size)
    assert [start for start, _ in found] == list(range(0, size, SEGMENT))
    assert [end for _, end in found] == [start for start, _ in found[1:]] + ([size] if size else [])


def _swap(said: dict[str, Any]) -> None:
    said["segments"][0], said["segments"][1] = said["segments"][1], said["segments"][0]


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a segment is dropped": lambda said: said["segments"].pop(0),
    "the last segment is dropped": lambda said: said["segments"].pop(),
    "a segment is doubled": lambda said: said["segments"].insert(1, said["segments"][0]),
    "two segments are exchanged": _swap,
    "a segment begins elsewhere": lambda said: said["segments"][1].update(start=SEGMENT + 1),
    "a segment overlaps the next": lambda said: said["segments"][0].update(end=SEGMENT + 1),
    "a path is named": lambda said: said["segments"][0].update(path="../../etc/passwd"),
    "another format": lambda said: said.update(format="comity.archive/2"),
    "a size below zero": lambda said: said.update(size=-1),
    "an endless size": lambda said: said.update(size=10**40),
    "a number that is a text": lambda said: said.update(size="20000"),
    "a number with a fraction": lambda said: said.update(size=20000.5),
    "a digest in capitals": lambda said: said.update(root="AB" * 32),
    "a digest that is a path": lambda said: said["states"].update(sha256="../" * 21 + "x"),
    "a file of no bytes": lambda said: said["segments"][0].update(bytes=0),
    "a file of endless bytes": lambda said: said["segments"][0].update(bytes=1 << 60),
    "a file of more bytes than one may have": lambda said: said["segments"][0].update(bytes=LARGEST_FILE + 1),
    "states of no bytes": lambda said: said["states"].update(bytes=0),
    "a root of a segment that is no digest": lambda said: said["segments"][1].update(root="AB" * 32),
    "a digest of a segment that is none": lambda said: said["segments"][2].update(sha256="ab" * 31),
    "a checkpoint that is no digest": lambda said: said.update(checkpoint=""),
    "fewer reserved entries than none": lambda said: said["segments"][0].update(reserved=-1),
    "a size below zero without segments": lambda said: said.update(size=-1, segments=[]),
    "a size of a trillion": lambda said: said.update(size=10**12),
    "more reserved entries than a later segment has": lambda said: said["segments"][1].update(reserved=SEGMENT + 1),
    "a segment more than entries": lambda said: said.update(size=2 * SEGMENT),
    "more reserved entries than entries": lambda said: said["segments"][0].update(reserved=SEGMENT + 1),
    "a member more": lambda said: said.update(note=""),
    "a member less": lambda said: said.pop("root"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_manifest_that_is_none_is_refused(what: str) -> None:
    said = json.loads(format_manifest(made(2 * SEGMENT + 5)))
    CHANGES[what](said)
    with pytest.raises(RecordError) as refused:
        parse_manifest(json.dumps(said, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    assert refused.value.code == "ARC-FORMAT"


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[" * 100_000, b"\xff", b"null", format_manifest(made(3))[:-1], b" " + format_manifest(made(3))],
)
def test_other_bytes_are_no_manifest(data: bytes) -> None:
    with pytest.raises(RecordError) as refused:
        parse_manifest(data)
    assert refused.value.code == "ARC-FORMAT"


@pytest.mark.parametrize(
    ("path", "fits"),
    [
        ("archive.json", True),
        ("entries/000000000000-000000008192.parquet", True),
        ("states/000000000039.parquet", True),
        ("trust/policy", True),
        ("entries/../archive.json", False),
        ("entries/1-2.parquet", False),
        ("entries/000000000000-000000008192.parquet\n", False),
        ("keys.db", False),
        ("x/entries/000000000000-000000008192.parquet", False),
    ],
)
def test_an_archive_has_files_of_these_names_alone(path: str, fits: bool) -> None:
    assert is_layout(path) is fits


def test_the_vector_of_the_format_page_is_a_manifest_with_the_digest_that_the_page_gives() -> None:
    page = (Path(__file__).parents[4] / "docs" / "reference" / "formats" / "archive.md").read_text("utf-8")
    (line,) = re.findall(r"^```json\n(.*?\n)```$", page, re.MULTILINE | re.DOTALL)
    manifest = parse_manifest(line.encode())
    assert (manifest.size, manifest.root) == (0, EMPTY_ROOT.hex())
    assert digest_of(line.encode()) in page
    assert manifest.states.sha256 == digest_of(b"\0")


def test_the_format_page_has_the_columns_of_a_segment() -> None:
    page = (Path(__file__).parents[4] / "docs" / "reference" / "formats" / "archive.md").read_text("utf-8")
    types = {name: f"fixed_size_binary[{kind}]" if isinstance(kind, int) else kind for name, kind in ENTRY_COLUMNS}
    assert [line for name, kind in types.items() if (line := f"| `{name}` | `{kind}` |") not in page] == []


def test_a_manifest_follows_its_published_schema() -> None:
    check_document(json.loads(format_manifest(made(2 * SEGMENT + 5))))


@pytest.mark.parametrize("reserved", [0, 5])
def test_a_manifest_may_have_files_of_the_largest_size_and_segments_of_reserved_entries_alone(reserved: int) -> None:
    said = json.loads(format_manifest(made(SEGMENT + 5)))
    said["segments"][1].update(bytes=LARGEST_FILE, reserved=reserved)
    data = json.dumps(said, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    assert parse_manifest(data).segments[1].reserved == reserved


@pytest.mark.parametrize("size", [1, SEGMENT - 1, SEGMENT, SEGMENT + 1])
def test_the_files_of_a_manifest_are_named_by_their_entries(size: int) -> None:
    manifest = made(size)
    assert manifest.states_path == f"states/{size:012d}.parquet"
    assert segment_path(0, min(size, SEGMENT)) == f"entries/000000000000-{min(size, SEGMENT):012d}.parquet"
    assert all(map(is_layout, [manifest.states_path, segment_path(0, SEGMENT)]))
