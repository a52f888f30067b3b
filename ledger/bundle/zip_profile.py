"""Write and read the strict ZIP of an evidence bundle: one list of files has one archive, and only that is accepted.

Everything that a ZIP can express in several ways has one value here: stored, 1980-01-01, no attributes, no
extra fields, comments, encryption, data descriptors, zip64, gaps or bytes before or after. A bundle can
therefore neither decompress to an excessive size nor be read differently by two programs. Nothing is
extracted to disk. Format: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16; the profile:
docs/reference/formats/evidence-bundle.md.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Mapping

from ledger.errors import RecordError

MAX_ENTRIES = 10_000
MAX_ENTRY = 64 << 20  # bytes
MAX_TOTAL = 512 << 20
MAX_PARTS = 7

_PART = "[a-zA-Z0-9][a-zA-Z0-9._-]{0,79}"
_PATH = re.compile(f"{_PART}(?:/{_PART}){{0,{MAX_PARTS - 1}}}")

_DATE = 0x0021  # 1980-01-01 in MS-DOS form, the earliest possible date; the time is 0
_VERSION = 10  # 1.0 suffices to read a stored file
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")


def write(files: Mapping[str, bytes]) -> bytes:
    """Return the archive of `files` (path -> content) in their order; BND-ZIP if no reader would accept it."""
    check_paths(files)
    body, directory = bytearray(), bytearray()
    for path, content in files.items():
        if len(content) > MAX_ENTRY:
            raise _broken(path, f"{len(content)} bytes, at most {MAX_ENTRY} are allowed")
        crc = zlib.crc32(content)
        directory += _central(path, content, crc, len(body))
        body += _local(path, content, crc)
        body += content
    end = _END.pack(b"PK\5\6", 0, 0, len(files), len(files), len(directory), len(body), 0)
    archive = bytes(body + directory + end)
    _check_total(archive)
    return archive


def read(data: bytes) -> dict[str, bytes]:
    """Return the files of an archive that `write` could have made, path -> content, in their order.

    Raises `RecordError` BND-ZIP with the entry and the rule it breaks, before the caller sees any content.
    """
    _check_total(data)
    count, start = _read_end(data)
    files, directory, offset = {}, bytearray(), 0
    for number in range(count):
        path, content, crc = _read_entry(data, offset, start, number)
        if path in files:
            raise _broken(path, "a name stands there twice")
        directory += _central(path, content, crc, offset)
        offset += _LOCAL.size + len(path) + len(content)
        files[path] = content
    if offset != start:
        raise _broken("archive", f"{start - offset} bytes between the last file and the directory")
    if directory != data[start : -_END.size]:
        raise _diagnose(bytes(directory), data[start : -_END.size], files)
    check_paths(files)
    return files


def _local(path: str, content: bytes, crc: int) -> bytes:
    size, name = len(content), path.encode()
    return _LOCAL.pack(b"PK\3\4", _VERSION, 0, 0, 0, _DATE, crc, size, size, len(name), 0) + name


def _central(path: str, content: bytes, crc: int, offset: int) -> bytes:
    size, name = len(content), path.encode()
    fixed = (b"PK\1\2", _VERSION, _VERSION, 0, 0, 0, _DATE, crc, size, size, len(name), 0, 0, 0, 0, 0, offset)
    return _CENTRAL.pack(*fixed) + name


def _read_end(data: bytes) -> tuple[int, int]:
    """Return the number of files and the offset of their directory."""
    if len(data) < _END.size or not data.startswith((b"PK\3\4", b"PK\5\6")):
        raise _broken("archive", "not a ZIP archive, or something stands before it")
    mark, disk, first, here, count, size, start, comment = _END.unpack(data[-_END.size :])
    if mark != b"PK\5\6" or comment:
        raise _broken("archive", "the end record is not the last thing in it: a comment, or bytes after the archive")
    if (disk, first) != (0, 0) or here != count or 0xFFFF in (here, count) or 0xFFFFFFFF in (size, start):
        raise _broken("archive", "one volume, without zip64")
    if count > MAX_ENTRIES:
        raise _broken("archive", f"{count} files, at most {MAX_ENTRIES} are allowed")
    if start + size + _END.size != len(data):
        raise _broken("archive", "the directory does not stand right before the end record")
    return count, start


def _read_entry(data: bytes, offset: int, limit: int, number: int) -> tuple[str, bytes, int]:
    """Return path, content and CRC-32 of the file whose local header is at `offset`, in the bytes before `limit`."""
    where = f"file {number + 1}"
    if offset + _LOCAL.size > limit:
        raise _broken(where, "the directory lists more files than there are")
    mark, version, flags, method, time, date, crc, packed, size, name_size, extra = _LOCAL.unpack_from(data, offset)
    begin = offset + _LOCAL.size
    name = data[begin : begin + name_size]
    where = name.decode("ascii", "backslashreplace")[:200] if mark == b"PK\3\4" else where
    rules = (
        (mark == b"PK\3\4", "its header does not follow the file before it"),
        (not flags & 0x1, "it is encrypted"),
        (not flags & 0x8, "it has a data descriptor"),
        (method == 0, f"it is compressed (method {method}); only stored files are read"),
        (flags == 0 and version == _VERSION, "flags are 0, the version needed is 1.0"),
        ((time, date) == (0, _DATE), "its time is not 1980-01-01 00:00"),
        (extra == 0, "it has an extra field"),
        (0xFFFFFFFF not in (packed, size), "zip64 is not read"),
        (packed == size, "packed and true size differ"),
        (size <= MAX_ENTRY, f"{size} bytes, at most {MAX_ENTRY} are allowed"),
        (begin + name_size + size <= limit, "it reaches beyond the files"),
    )
    for holds, rule in rules:
        if not holds:
            raise _broken(where, rule)
    content = data[begin + name_size : begin + name_size + size]
    if zlib.crc32(content) != crc:
        raise _broken(where, "its CRC-32 is wrong")
    try:
        return name.decode("ascii"), content, crc
    except UnicodeDecodeError:
        raise _broken(where, "its name is not ASCII") from None


def check_paths(paths: Iterable[str]) -> None:
    """Raise BND-ZIP for a name outside the profile, a name that differs only in case, or a file named like a folder."""
    folded: dict[str, str] = {}
    folders: set[str] = set()
    for number, path in enumerate(paths):
        if number == MAX_ENTRIES:
            raise _broken("archive", f"more than {MAX_ENTRIES} files")
        if not _PATH.fullmatch(path):
            raise _broken(repr(path)[1:-1], f"a name has at most {MAX_PARTS} parts of the form {_PART}")
        if (twin := folded.setdefault(path.lower(), path)) != path:
            raise _broken(path, f"it differs from {twin} in case alone")
        parts = path.lower().split("/")
        folders.update("/".join(parts[:n]) for n in range(1, len(parts)))
    for both in sorted(folders & folded.keys()):
        raise _broken(folded[both], "it is the name of a file and of a folder")


def _check_total(archive: bytes) -> None:
    if len(archive) > MAX_TOTAL:
        raise _broken("archive", f"{len(archive)} bytes, at most {MAX_TOTAL} are allowed")


def _diagnose(made: bytes, found: bytes, files: Mapping[str, bytes]) -> RecordError:
    """Return an error that names the first record of the central directory that contradicts its local header."""
    offset = 0
    for path in files:
        size = _CENTRAL.size + len(path)
        if made[offset : offset + size] != found[offset : offset + size]:
            return _broken(path, "its record in the directory differs from its header (size, name, place, attributes)")
        offset += size
    return _broken("archive", "the directory lists more than its files")


def _broken(entry: str, rule: str) -> RecordError:
    return RecordError("BND-ZIP", rule, where=entry)
