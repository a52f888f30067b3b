"""Archives with segments of eight entries: of a ledger in memory, or changed as a dishonest holder would."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.application.archive import audit_archive, check_segment, manifest, verify_archive
from ledger.application.archive.manifest import (
    MANIFEST,
    ArchivedFile,
    Manifest,
    Segment,
    digest_of,
    format_manifest,
    segment_path,
    states_path,
)
from ledger.application.archive.parquet_files import Row, read_entries, write_entries, write_states
from ledger.application.integrity.check_run import subtree
from ledger.entries.envelope import open_
from ledger.entries.placement import map_of, registry_of
from ledger.tlog.tree import Frontier, leaf_hash
from tests.support.memory_ledger import Ledger

WIDTH = 8  # entries of a segment in these tests


@contextmanager
def narrow_segments() -> Iterator[None]:
    """Let each segment have `WIDTH` entries."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (manifest, audit_archive, verify_archive):
            patch.setattr(module, "SEGMENT", WIDTH)
        patch.setattr(audit_archive, "_LEVEL", WIDTH.bit_length() - 1)
        check_segment.program()  # before workers are forked
        yield


def rows_of(ledger: Ledger) -> list[Row]:
    """Return the rows of a ledger in memory, as `comity archive` writes them."""
    tree, rows = Frontier(), []
    for index, raw in enumerate(ledger.entries):
        p, leaf = open_(raw, verify=False).payload, leaf_hash(raw)
        nodes = b"".join(tree.add(leaf)[1:])
        rows.append(Row(index, p.order, p.seq, p.kind, bytes.fromhex(p.entry), leaf, nodes, raw))
    return rows


def write_archive(folder: Path, origin: str, rows: list[Row]) -> Manifest:
    """Write segments and manifest of these rows, whatever they have; without checkpoint and binding."""
    (folder / "entries").mkdir(parents=True)
    (folder / "states").mkdir()
    segments, tree = [], Frontier()
    for start in range(0, len(rows), WIDTH):
        part = rows[start : start + WIDTH]
        content = write_entries(part)
        (folder / segment_path(start, start + len(part))).write_bytes(content)
        leaves = [leaf_hash(row.raw) for row in part]
        tree.extend(leaves)
        segments.append(
            Segment(
                bytes=len(content),
                sha256=digest_of(content),
                start=start,
                end=start + len(part),
                root=Frontier(len(part), subtree(leaves)[1]).root().hex(),
                reserved=sum(row.order in (registry_of(origin), map_of(origin)) for row in part),
            )
        )
    states = write_states([])
    (folder / states_path(len(rows))).write_bytes(states)
    made = Manifest(
        origin=origin,
        size=len(rows),
        root=tree.root().hex(),
        checkpoint="0" * 64,
        test=False,
        states=ArchivedFile(bytes=len(states), sha256=digest_of(states)),
        segments=segments,
    )
    (folder / MANIFEST).write_bytes(format_manifest(made))
    return made


def change_manifest(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the manifest of an archive, and write it in its one spelling."""
    said = json.loads((folder / MANIFEST).read_bytes())
    change(said)
    (folder / MANIFEST).write_bytes(json.dumps(said, sort_keys=True, separators=(",", ":")).encode() + b"\n")


def replace_segment(folder: Path, number: int, content: bytes) -> None:
    """Put other bytes in the place of a segment, and their digest and size into the manifest."""

    def change(said: dict[str, Any]) -> None:
        segment = said["segments"][number]
        (folder / segment_path(segment["start"], segment["end"])).write_bytes(content)
        segment["bytes"], segment["sha256"] = len(content), sha256(content).hexdigest()

    change_manifest(folder, change)


def segment_rows(folder: Path, number: int) -> list[Row]:
    """Return the rows of a segment."""
    segment = json.loads((folder / MANIFEST).read_bytes())["segments"][number]
    path = folder / segment_path(segment["start"], segment["end"])
    return read_entries(path.read_bytes(), segment["end"] - segment["start"])
