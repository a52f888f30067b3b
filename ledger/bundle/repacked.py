"""Read a bundle that another program, such as a mail gateway or a file manager, unpacked and zipped again.

Its archive differs from the one that its maker wrote, but its files do not. The signed manifest lists them
with their digests, so they can be verified. The usual differences are accepted: deflated files, another
order, times, attributes, extra fields, comments, data descriptors, folders as separate records, and one
folder around everything. An archive that could be read in two ways is rejected: names twice, headers that
contradict the directory, gaps, files that overlap, zip64, encryption, links. Format: PKWARE APPNOTE.TXT
6.3.10, sections 4.3.7, 4.3.9, 4.3.12, 4.3.16 and 4.4.4.
"""

from __future__ import annotations

import struct
import zlib

from msgspec import Struct

from ledger.bundle.layout import MANIFEST, rank
from ledger.bundle.zip_profile import MAX_ENTRIES, MAX_ENTRY, MAX_TOTAL, check_paths
from ledger.errors import RecordError

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_FLAGS = 0x080E  # the level of compression, a data descriptor, a name in UTF-8
_DESCRIBED = 0x0008
_TYPES = {True: (0, 4), False: (0, 8)}  # Unix file types of a folder and of a file; no link, no device


class _Record(Struct, frozen=True):
    """One record of the directory; `place` is the offset of its local header."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    place: int
    type: int


def reread(data: bytes) -> dict[str, bytes] | None:
    """Return the files of a repacked archive, path -> content, in the order of the layout; None if it is rejected.

    At most 10,000 files, 64 MiB each, 512 MiB in all are unpacked. A file that declares a larger size is not
    unpacked.
    """
    if len(data) > MAX_TOTAL or (directory := _directory(data)) is None:
        return None
    records, start = directory
    if sum(record.size for record in records) > MAX_TOTAL:
        return None
    files: dict[str, bytes] = {}
    folders: set[str] = set()
    end = 0
    for record in sorted(records, key=lambda each: each.place):
        entry = _entry(data, record) if record.place == end else None
        if entry is None or not record.name.isascii():
            return None
        content, end = entry
        name = record.name.decode("ascii")
        if name in files or name in folders or (name.endswith("/") and content):
            return None
        if record.type not in _TYPES[name.endswith("/")]:
            return None
        if name.endswith("/"):
            folders.add(name)
        else:
            files[name] = content
    parents = {path[: n + 1] for path in files for n, letter in enumerate(path) if letter == "/"}
    if end != start or not folders <= parents:  # each file begins where the one before ends, the last ends at `start`
        return None
    return _in_order(_without_top(files))


def top_of(names: list[str]) -> str:
    """Return the one folder of all these names, with its slash, if a bundle's manifest is directly in it; else ""."""
    top = names[0].partition("/")[0] + "/" if names else "/"
    return top if f"{top}{MANIFEST}" in names and all(name.startswith(top) for name in names) else ""


def _without_top(files: dict[str, bytes]) -> dict[str, bytes]:
    top = len(top_of(list(files)))
    return {path[top:]: content for path, content in files.items()}


def _in_order(files: dict[str, bytes]) -> dict[str, bytes] | None:
    try:
        check_paths(files)
    except RecordError:
        return None
    return {path: files[path] for path in sorted(files, key=rank)}


def _directory(data: bytes) -> tuple[list[_Record], int] | None:
    """Return the records of a directory that ends where the end record begins, and its offset."""
    at = data.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(data):
        return None
    _, disk, first, here, count, size, start, comment = _END.unpack_from(data, at)
    if (disk, first) != (0, 0) or here != count or count > MAX_ENTRIES:
        return None
    if start + size != at or at + _END.size + comment != len(data):
        return None
    records, place = [], start
    for _ in range(count):
        if place + _CENTRAL.size > at:
            return None
        mark, _, _, flags, method, _, _, crc, packed, plain, name, extra, note, other, _, external, local = (
            _CENTRAL.unpack_from(data, place)
        )
        begin = place + _CENTRAL.size
        place = begin + name + extra + note
        if mark != b"PK\1\2" or other:
            return None
        spelt, kind = data[begin : begin + name], external >> 28
        records.append(_Record(spelt, flags, method, crc, packed, plain, local, kind))
    return (records, start) if place == at else None


def _entry(data: bytes, record: _Record) -> tuple[bytes, int] | None:
    """Return the content of a file and its end; None if header and directory differ."""
    if record.flags & ~_FLAGS or record.method not in (0, 8) or record.size > MAX_ENTRY:
        return None
    if record.place + _LOCAL.size > len(data):
        return None
    mark, _, flags, method, _, _, crc, packed, size, name, extra = _LOCAL.unpack_from(data, record.place)
    begin = record.place + _LOCAL.size + name + extra
    header, fields = (crc, packed, size), (record.crc, record.packed, record.size)
    described = bool(flags & _DESCRIBED)
    if mark != b"PK\3\4" or (flags, method) != (record.flags, record.method):
        return None
    at = record.place + _LOCAL.size
    if data[at : at + name] != record.name or not (header == fields or (described and header == (0, 0, 0))):
        return None
    end = begin + record.packed
    content = data[begin:end]
    if method == 8:
        unpacker = zlib.decompressobj(-15)
        try:
            content = unpacker.decompress(content, record.size + 1)
        except zlib.error:
            return None
        if not unpacker.eof or unpacker.unused_data:
            return None
    if len(content) != record.size or zlib.crc32(content) != record.crc:
        return None
    if described:
        tail = struct.pack("<3L", *fields)
        if data[end : end + 16] == b"PK\7\10" + tail:
            return content, end + 16
        return (content, end + 12) if data[end : end + 12] == tail else None
    return content, end
