"""The evidence bundle that a report on paper carries inside it: a file is taken out, nothing is judged.

Read is what typst writes: one revision, one classic table of objects, files stored or deflated (ISO 32000-2, 7.5.4,
7.11.4). The verifier page reads the same (browser/check/pdf.mjs).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

LARGEST = 512 * 2**20  # bytes, of all embedded files together
FILES = 64  # embedded files, of which one may be a bundle
MOST = 100_000  # objects
CHUNK = 2**20  # bytes, unfolded at a time
ROW = 20  # bytes of a line of the table
HEAD = 4_096  # bytes in which the dictionary of a stream ends

_END = re.compile(rb"startxref\r?\n([0-9]{1,10})\r?\n%%EOF\s*\Z")
_TABLE = re.compile(rb"xref\r?\n0 ([0-9]{1,6})\r?\n")
_USED = re.compile(rb"([0-9]{10}) [0-9]{5} n")
_STREAM = re.compile(rb"[0-9]+ [0-9]+ obj\s*<<(.*?)>>\s*stream\r?\n", re.DOTALL)
_LENGTH = re.compile(rb"/Length ([0-9]{1,10})(?! [0-9]+ R)")
_FILTER = re.compile(rb"/Filter\s*(\[[^\]]*\]|/\w+)")


def bundle_inside(pdf: bytes) -> bytes | None:
    """The one ZIP archive embedded in a PDF; None if there is none, or several, or it is not read here.

    Objects of the file may overlap, and each may unfold into anything: too many of them, or too much, is read as none.
    """
    streams = [stream for offset in _objects(pdf) if (stream := _embedded(pdf, offset))]
    archives, left = [], LARGEST
    for begin, end, filters in streams if len(streams) <= FILES else ():
        file, size = _plain(pdf[begin:end], filters, left)
        left -= size
        if left < 0:
            return None
        if file is not None and file.startswith(b"PK"):
            archives.append(file)
    return archives[0] if len(archives) == 1 else None


def _objects(pdf: bytes) -> Iterator[int]:
    """Where the objects in use begin, as the one table of the file says; none if it has another form."""
    end = _END.search(pdf, max(0, len(pdf) - 1_024))
    table = _TABLE.match(pdf, int(end[1])) if end else None
    count = int(table[1]) if table else 0
    if table is None or count > MOST or re.search(rb"/Prev\b", pdf[table.end() + count * ROW :]):
        return
    for n in range(count):
        if row := _USED.match(pdf, table.end() + n * ROW):
            yield int(row[1])


def _embedded(pdf: bytes, offset: int) -> tuple[int, int, bytes] | None:
    """Begin, end and filter of the embedded file in the object at `offset`; None for any other object."""
    head = _STREAM.match(pdf, offset, offset + HEAD)
    if head is None or b"endobj" in head[1] or not re.search(rb"/Type\s*/EmbeddedFile\b", head[1]):
        return None
    length = _LENGTH.search(head[1])
    end = head.end() + int(length[1]) if length else len(pdf) + 1
    if not re.compile(rb"\r?\n?endstream").match(pdf, end):
        return None
    filters = _FILTER.search(head[1])
    return head.end(), end, re.sub(rb"[][\s]", b"", filters[1]) if filters else b""


def _plain(content: bytes, filters: bytes, left: int) -> tuple[bytes | None, int]:
    """The bytes of a stream, and how many it took to know them, at most one more than are `left`.

    None for another filter than Flate, and for what is damaged or too large.
    """
    if filters != b"/FlateDecode":
        return (content, len(content)) if filters == b"" else (None, 0)
    unpacker, data = zlib.decompressobj(), bytearray()
    try:
        while len(data) <= left and (piece := unpacker.decompress(content, min(CHUNK, left + 1 - len(data)))):
            data += piece
            content = unpacker.unconsumed_tail
    except zlib.error:
        return None, len(data)
    whole = unpacker.eof and not unpacker.unused_data and len(data) <= left
    return (bytes(data) if whole else None), len(data)
