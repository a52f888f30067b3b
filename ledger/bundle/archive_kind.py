"""Recognise a ZIP archive: an evidence bundle, an ASiC-E container around one, or something else.

Recognition is not verification. A bundle is known by its first file or by the names in its directory. One of
the two suffices, so that a bundle that is damaged in one place is still reported as a damaged bundle. A
container is read as other programs write it (stored or deflated files, dates, attributes), since its own
bytes prove nothing here: the bundle inside is extracted and verified. Formats: PKWARE APPNOTE.TXT 6.3.10;
ETSI EN 319 162-1, sections 4.4 and A.
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

BUNDLES = b"application/vnd.comity.evidence-bundle."  # the beginning of the media type of every version
CONTAINER = b"application/vnd.etsi.asic-e+zip"
ENDING = ".evidence.zip"

FILES = 64  # the most files of a container
LARGEST_LIST = 1 << 20  # bytes: the largest manifest of a container

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
    """Return True if an archive is meant to be an evidence bundle, complete or damaged."""
    if _first(data).startswith(BUNDLES):
        return True
    paths = names(data)
    return MANIFEST in paths or bool(top_of(paths))


def is_container(data: bytes) -> bool:
    """Return True if an archive claims to be an ASiC-E container and is not a bundle."""
    return _first(data) == CONTAINER and not is_bundle(data)


def holds_bundle(data: bytes) -> bool:
    """Return True if bytes are meant to be a bundle or a container with a bundle, complete or damaged.

    False for anything that is not a ZIP archive. Raises `RecordError` BND-NONE for any other archive: it has
    no verdict.
    """
    try:
        if is_bundle(data) or (is_container(data) and inside(data) is not None):
            return True
    except RecordError:  # verification reports the damage
        return True
    if not data.startswith(b"PK"):
        return False
    bundles = [name for name in names(data) if name.endswith(ENDING)]
    hint = f"take {bundles[0]} out of it and verify that" if bundles else "`comity export` makes bundles"
    raise RecordError("BND-NONE", "it is a ZIP archive and not an evidence bundle", hint=hint)


def names(data: bytes) -> list[str]:
    """Return the names in the directory of an archive, as far as it can be read."""
    return [file.name for file in _directory(data)]


def inside(data: bytes) -> Inside | None:
    """Return the one evidence bundle in a container; None if there is none, or several.

    Raises BND-CONTAINER for a container with a bundle that cannot be read, or whose manifest has another
    digest for one of its files.
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
    bundles = [name for name, content in read.items() if name.endswith(ENDING) or is_bundle(content)]
    if len(bundles) != 1:
        return None
    if broken:
        raise broken[0]
    listed = set()
    for name, digest in _listed(read):
        if name in read and b64(sha256(read[name]).digest()) != digest:
            raise _broken(name, "the manifest of the container has another digest for it")
        listed.add(name)
    return Inside(bundles[0], read[bundles[0]], bundles[0] in listed)


def _first(data: bytes) -> bytes:
    """Return the first hundred bytes of the first file if its name is `mimetype`; else no bytes."""
    if not data.startswith(b"PK\3\4"):
        return b""
    begin = _LOCAL.size + len(MIMETYPE)
    if data[_LOCAL.size : begin] != MIMETYPE.encode():
        return b""
    size, extra = struct.unpack_from("<L", data, 22)[0], struct.unpack_from("<H", data, 28)[0]
    return data[begin + extra : begin + extra + min(size, 100)]


def _directory(data: bytes) -> list[_File]:
    """Return the records of the directory before the last end record, up to the first invalid one."""
    last = len(data) - _END.size
    at = data.rfind(b"PK\5\6", max(0, last - 0xFFFF), max(0, last) + 4)
    if at < 0 or at > last:
        return []
    _, _, _, _, _, size, start, _ = _END.unpack_from(data, at)
    place = at - size
    shift = place - start  # number of bytes before the archive
    records: list[_File] = []
    while 0 <= place <= at - _CENTRAL.size and len(records) < MAX_ENTRIES:
        mark, _, _, flags, method, _, _, crc, packed, plain, name, extra, comment, *_, local = _CENTRAL.unpack_from(
            data, place
        )
        if mark != b"PK\1\2":
            break
        begin = place + _CENTRAL.size
        spelt = data[begin : begin + name].decode("latin-1")
        records.append(_File(spelt, flags, method, crc, packed, plain, local + shift))
        place = begin + name + extra + comment
    return records


def _content(data: bytes, file: _File, left: int) -> bytes:
    """Return the bytes of a file in a container; BND-CONTAINER if it is damaged or packed in an unsupported way."""
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
    """Yield the names in the manifests of a container, in their spelling, each with its SHA-256 in base64."""
    for name, text in files.items():
        if not _LISTS.fullmatch(name) or len(text) > LARGEST_LIST:
            continue
        for part in _REFERENCE.split(text)[1:]:
            uri, digest = _URI.search(part), _DIGEST.search(part)
            if uri and digest and _SHA256.search(part):
                yield uri[1].decode("latin-1"), digest[1].decode()


def _broken(name: str, rule: str) -> RecordError:
    return RecordError("BND-CONTAINER", rule, where=re.sub("[^ -~]", "?", name)[:200])
