"""Read and write the manifest of an archive: the log, and the segments with their digests and roots.

It has no path. The name of a segment's file follows from its entries. Format: docs/reference/formats/archive.md.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Literal

import msgspec
from msgspec import Struct

from ledger.application.integrity.audit import RUN
from ledger.errors import RecordError

SEGMENT = RUN  # entries of each segment but the last
FORMAT: Literal["comity.archive/1"] = "comity.archive/1"

MANIFEST = "archive.json"
ENTRY = "archive.dsse.json"  # the entry of the log that states the manifest
PROOF = "archive.tlog-proof"  # that the log has this entry
GROWN = "archive.consistency"  # that the tree of that proof begins with the entries of the archive
CHECKPOINT = "checkpoint"
POLICY = "trust/policy"
SEGMENTS = "entries"  # folder
STATES = "states"  # folder of the file with the earlier states of the log
BINDING = (ENTRY, PROOF, GROWN)

LARGEST = 1 << 27  # bytes of a manifest: 3e9 entries
LARGEST_FILE = 1 << 29  # bytes of a Parquet file
SEGMENT_NAME = re.compile(r"[0-9]{12}-[0-9]{12}\.parquet")
_STATES_NAME = re.compile(r"[0-9]{12}\.parquet")
_HEX = re.compile("[0-9a-f]{64}")


class ArchivedFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A Parquet file of an archive: its size in bytes, and the SHA-256 of its content in hex."""

    bytes: int
    sha256: str


class Segment(ArchivedFile, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file of the entries from `start` to before `end`, and the root of their subtree in hex.

    `reserved` is the number of its entries in the register and the map order, which an audit reads first.
    """

    start: int
    end: int
    root: str
    reserved: int

    @property
    def path(self) -> str:
        """Return the path of the file in the archive."""
        return segment_path(self.start, self.end)


class Manifest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The content of an archive: the first `size` entries of the log `origin`, under `root` (hex), in segments.

    `checkpoint` is the SHA-256 (hex) of the note of that size, `states` the file of the log's earlier notes and time
    stamps. `test` is True for the ledger of a test.
    """

    format: Literal["comity.archive/1"] = FORMAT
    origin: str
    size: int
    root: str
    checkpoint: str
    test: bool
    states: ArchivedFile
    segments: list[Segment]

    @property
    def states_path(self) -> str:
        """Return the path of the file with the earlier states."""
        return states_path(self.size)


def segment_path(start: int, end: int) -> str:
    """Return the path of the file with the entries from `start` to before `end`."""
    return f"{SEGMENTS}/{start:012d}-{end:012d}.parquet"


def states_path(size: int) -> str:
    """Return the path of the file with the states of a log of `size` entries."""
    return f"{STATES}/{size:012d}.parquet"


def is_layout(path: str) -> bool:
    """Return True if a file of an archive, of any size, may have this path."""
    folder, _, name = path.rpartition("/")
    if folder == SEGMENTS:
        return SEGMENT_NAME.fullmatch(name) is not None
    if folder == STATES:
        return _STATES_NAME.fullmatch(name) is not None
    return path in (MANIFEST, CHECKPOINT, POLICY, *BINDING)


def ranges(size: int) -> list[tuple[int, int]]:
    """Return the entries of each segment of a log of `size` entries, as (start, end)."""
    return [(start, min(start + SEGMENT, size)) for start in range(0, size, SEGMENT)]


def format_manifest(manifest: Manifest) -> bytes:
    """Return the canonical form of a manifest: JSON in one line, members sorted by name."""
    return msgspec.json.encode(manifest, order="sorted") + b"\n"


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest; `RecordError` ARC-FORMAT unless it is canonical, and has the segments of all its entries."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _wrong(f"not the manifest of an archive: {str(error)[:200]}") from None
    digests = [manifest.root, manifest.checkpoint, manifest.states.sha256]
    digests += [digest for each in manifest.segments for digest in (each.sha256, each.root)]
    files = [manifest.states, *manifest.segments]
    if not all(_HEX.fullmatch(digest) for digest in digests):
        raise _wrong("a digest in it is not SHA-256 in hexadecimal")
    if not 0 <= manifest.size < 10**12 or any(not 0 < file.bytes <= LARGEST_FILE for file in files):
        raise _wrong("a size in it is not that of an archive")
    if (
        len(manifest.segments) != -(-manifest.size // SEGMENT)
        or [(each.start, each.end) for each in manifest.segments] != ranges(manifest.size)
        or any(not 0 <= each.reserved <= each.end - each.start for each in manifest.segments)
    ):
        raise _wrong(f"its segments are not those of {manifest.size} entries, each once and in order")
    if format_manifest(manifest) != data:
        raise _wrong("it is not in the canonical form of a manifest")
    return manifest


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of a file in hex."""
    return sha256(data).hexdigest()


def _wrong(says: str) -> RecordError:
    return RecordError("ARC-FORMAT", says, where=MANIFEST)
