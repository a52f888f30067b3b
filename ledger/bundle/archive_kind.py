"""What a ZIP archive is meant to be: an evidence bundle, an ASiC-E container around one, or something else.

Telling them apart judges nothing. A bundle is known by its first file, and by the names in its directory; either is
enough, so that a bundle damaged in one place stays a bundle, and a damaged one. A container is read as other programs
write it (stored or deflated files, dates, attributes), since its own bytes prove nothing here: the bundle inside is
taken out and verified. Formats: PKWARE APPNOTE.TXT 6.3.10; ETSI EN 319 162-1, sections 4.4 and A.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from hashlib import sha256

from msgspec import Struct

from ledger.bundle.layout import MANIFEST, MIMETYPE
from ledger.bundle.repacked import top_of
from ledger.bundle.zip_profile import MAX_ENTRIES, MAX_TOTAL
from ledger.errors import RecordError
from ledger.tlog.note import b64

BUNDLES = b"application/vnd.comity.evidence-bundle."  # of every version
CONTAINER = b"application/vnd.etsi.asic-e+zip"
ENDING = ".evidence.zip"

FILES = 64  # of a container, more are not read
LARGEST_LIST = 1 << 20  # bytes of a manifest of a container

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_LISTS = re.compile(r"META-INF/[^/]*ASiCManifest[^/]*\.xml")
_REFERENCE = re.compile(rb"<(?:[A-Za-z0-9]+:)?DataObjectReference\b")
_URI = re.compile(rb'[ \t\r\n]URI="([^"]*)"')
_SHA256 = re.compile(rb'DigestMethod[^>]{1,200}Algorithm="http://www\.w3\.org/2001/04/xmlenc#sha256"')
_DIGEST = re.compile(rb"DigestValue>[ \t\r\n]*([A-Za-z0-9+/=]{1,100})[ \t\r\n]*<")


class Inside(Struct, frozen=True):
    """The bundle in a container: its name there, its bytes, and whether a manifest of the container lists it."""

    name: str
    data: bytes
    listed: bool


class _File(Struct, frozen=True):
    """One record of a directory; `place` is the offset of its local header."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    place: int


def is_bundle(data: bytes) -> bool:
    """True if an archive is meant to be an evidence bundle, whole or damaged."""
    if _first(data).startswith(BUNDLES):
        return True
    there = names(data)
    return MANIFEST in there or bool(top_of(there))


def is_container(data: bytes) -> bool:
    """True if an archive says that it is an ASiC-E container, and no bundle."""
    return _first(data) == CONTAINER and not is_bundle(data)


def holds_bundle(data: bytes) -> bool:
    """Say whether bytes are meant to be a bundle or a container with one in it, whole or damaged.

    False for anything that is no ZIP archive. Raises `RecordError` BND-NONE for any other archive: it has no verdict.
    """
    try:
        if is_bundle(data) or (is_container(data) and inside(data) is not None):
            return True
    except RecordError:  # the verdict says what is damaged
        return True
    if not data.startswith(b"PK"):
        return False
    held = [name for name in names(data) if name.endswith(ENDING)]
    hint = f"take {held[0]} out of it and verify that" if held else "`comity export` makes bundles"
    raise RecordError("BND-NONE", "it is a ZIP archive and not an evidence bundle", hint=hint)


def names(data: bytes) -> list[str]:
    """The names in the directory of an archive, as far as it can be read."""
    return [file.name for file in _directory(data)]


def inside(data: bytes) -> Inside | None:
    """The one evidence bundle in a container; None if there is none, or several.

    BND-CONTAINER for a container with a bundle in it that cannot be read, or whose manifest has another digest for one
    of its files.
    """
    files = _directory(data)
    if len(files) > FILES:
        return None
    left, read, broken = MAX_TOTAL, dict[str, bytes](), list[RecordError]()
    for file in files:
        try:
            content = _content(data, file, left)
        except RecordError as wrong:
            broken.append(wrong)
            content = b""
        left -= len(content)
        if file.name in read:
            broken.append(_broken(file.name, "a name stands there twice"))
        read[file.name] = content
    found = [name for name, content in read.items() if name.endswith(ENDING) or is_bundle(content)]
    if len(found) != 1:
        return None
    if broken:
        raise broken[0]
    listed = set()
    for name, digest in _listed(read):
        if name in read and b64(sha256(read[name]).digest()) != digest:
            raise _broken(name, "the manifest of the container has another digest for it")
        listed.add(name)
    return Inside(found[0], read[found[0]], found[0] in listed)


def _first(data: bytes) -> bytes:
    """The first hundred bytes of the first file, if it is called `mimetype`; nothing else is looked at."""
    if len(data) < _LOCAL.size or not data.startswith(b"PK\3\4"):
        return b""
    begin = _LOCAL.size + len(MIMETYPE)
    if data[_LOCAL.size : begin] != MIMETYPE.encode():
        return b""
    size, extra = struct.unpack_from("<L", data, 22)[0], struct.unpack_from("<H", data, 28)[0]
    return data[begin + extra : begin + extra + min(size, 100)]


def _directory(data: bytes) -> list[_File]:
    """The records of the directory that stands right before the last end record; those before one that is none."""
    last = len(data) - _END.size
    at = data.rfind(b"PK\5\6", max(0, last - 0xFFFF), max(0, last) + 4)
    if at < 0 or at > last:
        return []
    _, _, _, _, _, size, start, _ = _END.unpack_from(data, at)
    place = at - size
    shift = place - start  # bytes that stand before the archive
    found: list[_File] = []
    while 0 <= place <= at - _CENTRAL.size and len(found) < MAX_ENTRIES:
        mark, _, _, flags, method, _, _, crc, packed, plain, name, extra, comment, *_, local = _CENTRAL.unpack_from(
            data, place
        )
        if mark != b"PK\1\2":
            break
        begin = place + _CENTRAL.size
        spelt = data[begin : begin + name].decode("latin-1")
        found.append(_File(spelt, flags, method, crc, packed, plain, local + shift))
        place = begin + name + extra + comment
    return found


def _content(data: bytes, file: _File, left: int) -> bytes:
    """The bytes of a file in a container; BND-CONTAINER for what is not read, or damaged."""
    if file.flags & 1 or file.method not in (0, 8) or file.size > left:
        raise _broken(file.name, "encrypted, packed in a way that is not read, or too large")
    if not 0 <= file.place <= len(data) - _LOCAL.size or data[file.place : file.place + 4] != b"PK\3\4":
        raise _broken(file.name, "it is not where the directory says")
    name, extra = struct.unpack_from("<2H", data, file.place + 26)
    begin = file.place + _LOCAL.size + name + extra
    content = data[begin : begin + file.packed]
    if file.method == 8:
        unpacker = zlib.decompressobj(-15)
        try:
            content = unpacker.decompress(content, file.size + 1)
        except zlib.error:
            raise _broken(file.name, "it cannot be unpacked") from None
        if not unpacker.eof or unpacker.unused_data:
            raise _broken(file.name, "it cannot be unpacked")
    if len(content) != file.size or zlib.crc32(content) != file.crc:
        raise _broken(file.name, "its size or its CRC-32 is wrong")
    return content


def _listed(files: dict[str, bytes]) -> Iterator[tuple[str, str]]:
    """What the manifests of a container list: names as they are spelt there, and SHA-256 in base64."""
    for name, text in files.items():
        if not _LISTS.fullmatch(name) or len(text) > LARGEST_LIST:
            continue
        for part in _REFERENCE.split(text)[1:]:
            uri, digest = _URI.search(part), _DIGEST.search(part)
            if uri and digest and _SHA256.search(part):
                yield uri[1].decode("latin-1"), digest[1].decode()


def _broken(name: str, rule: str) -> RecordError:
    return RecordError("BND-CONTAINER", rule, where=re.sub("[^ -~]", "?", name)[:200])
