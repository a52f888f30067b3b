"""Extract the evidence bundle that is attached to a PDF report, without a verdict on it.

The extracted file is the one that a PDF reader shows: the one to which the name tree leads. Supported is what
typst writes, and its signed, annotated or linearized forms: classic cross-reference tables, each newer one in
front of the older ones, one list of names in the catalogue, files stored or deflated (ISO 32000-2, 7.5.4,
7.5.6, 7.7.4, 7.11.4). No revision may change the embedded files or the list of them. A PDF with any other
possible embedded file counts as one without a bundle: two programs could extract two different files. The
verifier page reads the same (browser/check/bundle/pdf_attachment.mjs).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

LARGEST = 512 * 2**20  # bytes of all embedded files together
FILES = 64  # the most embedded files, of which one may be a bundle
MOST = 100_000  # the most objects in all tables together
TABLES = 32  # the most tables of objects: one for each revision, two of a linearized file
STRUCTURE = 64 * 2**20  # bytes of a PDF outside its streams
CHUNK = 2**20  # bytes to decompress at a time
ROW = 20  # bytes of a line of the table
HEAD = 4_096  # the dictionary of a stream ends within this many bytes
NAME = 4_096  # the most bytes of the name of an embedded file, as it is written

_END = re.compile(rb"startxref\r?\n([0-9]{1,10})\r?\n%%EOF\s*\Z")
_TABLE = re.compile(rb"xref\r?\n")
_SECTION = re.compile(rb"([0-9]{1,6}) ([0-9]{1,6}) ?\r?\n")
_LINE = re.compile(rb"([0-9]{10}) ([0-9]{5}) ([nf])")
_TRAILER = re.compile(rb"\s*trailer\s*<<")
_BEFORE = re.compile(rb"/Prev ([0-9]{1,10})(?![0-9])")
_ROOT = re.compile(rb"/Root ([0-9]{1,6}) 0 R")
_STREAM = re.compile(rb"[0-9]+ 0 obj\s*<<(?P<dictionary>.*?)>>\s*stream\r?\n", re.DOTALL)
_LENGTH = re.compile(rb"/Length ([0-9]{1,10})(?! [0-9]+ R)")
_LIST = re.compile(rb"/Names\s*<<\s*/EmbeddedFiles\s*<<\s*/Names\s*\[\s*")
_LIST_ENDS = re.compile(rb"\]\s*>>\s*>>")
_HEX = re.compile(rb"<[0-9A-Fa-f\s]{0,%d}>" % NAME)
_SIGN = re.compile(rb"\\.|[()]", re.DOTALL)
_REFERENCE = re.compile(rb"\s*([0-9]{1,6}) 0 R\s*")
_FILE = re.compile(rb"/EF\s*<<\s*/F ([0-9]{1,6}) 0 R\s*(?:/UF ([0-9]{1,6}) 0 R\s*)?>>")
# The dictionary of an embedded file may contain nothing else, so that no reader finds other bytes.
_EMBEDDED = re.compile(
    rb"(?:\s*(?:/Length [0-9]+|/Type\s*/EmbeddedFile|/Subtype\s*/[^\s/<>\[\]()%]+|/Params\s*<<[^<>]*>>"
    rb"|/Filter\s*(?:\[\s*/\w+\s*\]|/\w+)))*\s*"
)
_FILTER = re.compile(rb"/Filter[\s\[]*(/\w+)")

Stream = tuple[int, int, bytes]  # offsets of begin and end, and the dictionary


def bundle_inside(pdf: bytes) -> bytes | None:
    """Return the one ZIP archive among the embedded files of a PDF; None if there is none, or several.

    None also for an unsupported PDF, and for one above the limits of this module: objects may overlap, and
    each may decompress to any size.
    """
    archives, left = [], LARGEST
    for begin, end, dictionary in _embedded(pdf):
        file, size = _plain(pdf[begin:end], dictionary, left)
        left -= size
        if left < 0 or file is None:
            return None
        if file.startswith(b"PK"):
            archives.append(file)
    return archives[0] if len(archives) == 1 else None


def _embedded(pdf: bytes) -> Sequence[Stream]:
    """Return the embedded files to which the name tree leads; none if the PDF may contain any others."""
    offsets, trailer = _tables(pdf)
    root = _ROOT.findall(trailer)
    if len(root) != 1:
        return ()
    ends = dict(pairwise([*sorted(set(offsets.values())), len(pdf)]))
    streams = dict(_streams(pdf, offsets, ends))
    structure = b"".join(_outside(pdf, streams))
    if len(structure) > STRUCTURE:
        return ()

    def at(number: bytes) -> bytes:
        begin = offsets.get(int(number), len(pdf))
        text = b"" if int(number) in streams else pdf[begin : min(ends.get(begin, begin), begin + STRUCTURE)]
        return text.partition(b"endobj")[0]

    names = _lists(at(root[0]))
    if len(names) != 1:
        return ()
    (listed,) = names
    places = [_FILE.findall(at(number)) for number in listed]
    leads = {pair for pairs in places for pair in pairs if pair[1] in (b"", pair[0])}
    files = {first for first, _ in leads}
    named = [streams[int(number)] for number in files if int(number) in streams]
    text = _spelt(structure)
    everywhere, lists = _FILE.findall(structure), _lists(structure)
    whole = all(_EMBEDDED.fullmatch(dictionary) and _distinct(dictionary) for _, _, dictionary in named)
    agree = (
        len(named) == len(places) == len(re.findall(rb"/EmbeddedFile\b", text)) <= FILES
        and len(everywhere) == len(re.findall(rb"/EF\b", text))
        and set(everywhere) == leads
        and len(lists) == len(re.findall(rb"/EmbeddedFiles\b", text))
        and all(each == listed for each in lists)
    )
    once = all(len(re.findall(rb"(?<![0-9])%b [0-9]+ obj" % number, structure)) == 1 for number in {*listed, *files})
    return named if whole and agree and once else ()


def _lists(text: bytes) -> list[list[bytes]]:
    """Return for each list of embedded files in a text the numbers of the objects to which its names lead."""
    found, at = [], 0
    while begin := _LIST.search(text, at):
        place = at = begin.end()
        numbers: list[bytes] = []
        while len(numbers) <= FILES and (led := _REFERENCE.match(text, _after_name(text, place))):
            numbers.append(led[1])
            place = led.end()
        if ends := _LIST_ENDS.match(text, place):
            found.append(numbers)
            at = ends.end()
    return found


def _after_name(text: bytes, at: int) -> int:
    """Return the offset after the name at `at`, (text) or <hexadecimal digits>; that of the end if there is none."""
    if name := _HEX.match(text, at):
        return name.end()
    within = 0
    if text.startswith(b"(", at):
        for sign in _SIGN.finditer(text, at, at + NAME + 2):
            within += {b"(": 1, b")": -1}.get(sign[0], 0)
            if not within:
                return sign.end()
    return len(text)


def _tables(pdf: bytes) -> tuple[Mapping[int, int], bytes]:
    """Return the offsets of the objects in use by number, from the tables of the file, and the newest trailer."""
    end = _END.search(pdf, max(0, len(pdf) - 1_024))
    at, left, newest = (int(end[1]) if end and pdf.startswith(b"%PDF-") else len(pdf)), MOST, b""
    objects: dict[int, int | None] = {}
    for _ in range(TABLES):
        table = _TABLE.match(pdf, at)
        if table is None:
            return {}, b""
        at = table.end()
        while section := _SECTION.match(pdf, at):
            first, count = int(section[1]), int(section[2])
            left -= count
            if left < 0:
                return {}, b""
            for n in range(count):
                line = _LINE.match(pdf, section.end() + n * ROW)
                if line is None or (line[3] == b"n" and line[2] != b"00000"):
                    return {}, b""
                objects.setdefault(first + n, int(line[1]) if line[3] == b"n" else None)
            at = section.end() + count * ROW
        closes = pdf.find(b"startxref", at, at + STRUCTURE)
        trailer = pdf[at:closes]
        before = _BEFORE.findall(trailer)
        if closes < 0 or not _TRAILER.match(trailer) or len(before) > 1 or b"#" in trailer:
            return {}, b""
        if re.search(rb"/(?:XRefStm|Encrypt)\b", trailer) or len(before) != len(re.findall(rb"/Prev\b", trailer)):
            return {}, b""
        newest = newest or trailer
        if not before:
            break
        at = int(before[0])
    else:
        return {}, b""
    offsets = {n: offset for n, offset in objects.items() if offset is not None}
    if any(not pdf.startswith(b"%d 0 obj" % n, offset) for n, offset in offsets.items()):
        return {}, b""  # PDF readers repair such a table by a search for objects
    return offsets, newest


def _streams(pdf: bytes, offsets: Mapping[int, int], ends: Mapping[int, int]) -> Iterator[tuple[int, Stream]]:
    """Yield the streams of a file by the number of their object, if they end before the next object begins."""
    for number, offset in offsets.items():
        head = _STREAM.match(pdf, offset, offset + HEAD)
        if head is None or b"endobj" in head["dictionary"] or not (length := _LENGTH.search(head["dictionary"])):
            continue
        end = head.end() + int(length[1])
        if end <= ends[offset] and re.compile(rb"\r?\n?endstream").match(pdf, end):
            yield number, (head.end(), end, head["dictionary"])


def _outside(pdf: bytes, streams: Mapping[int, Stream]) -> Iterator[bytes]:
    """Yield the parts of a file between its streams."""
    at = 0
    for begin, end, _ in sorted(streams.values()):
        yield pdf[at:begin]
        at = end
    yield pdf[at:]


def _spelt(text: bytes) -> bytes:
    """Return a text in which names have no escapes: `/E#46` is another spelling of `/EF` (7.3.5)."""
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), text)


def _distinct(dictionary: bytes) -> bool:
    """Return True if a dictionary has its length and type once, and its filter at most once."""
    return all(
        len(re.findall(key, dictionary)) in counts
        for key, counts in ((rb"/Length\b", (1,)), (rb"/Type\b", (1,)), (rb"/Filter\b", (0, 1)))
    )


def _plain(content: bytes, dictionary: bytes, left: int) -> tuple[bytes | None, int]:
    """Return the bytes of a stream, and the number of bytes that were decompressed: at most one more than `left`.

    The bytes are None for another filter than Flate, and for damaged or too large content.
    """
    filters = _FILTER.search(dictionary)
    if filters is None:
        return content, len(content)
    if filters[1] != b"/FlateDecode":
        return None, 0
    unpacker, data = zlib.decompressobj(), bytearray()
    try:
        while len(data) <= left and (piece := unpacker.decompress(content, min(CHUNK, left + 1 - len(data)))):
            data += piece
            content = unpacker.unconsumed_tail
    except zlib.error:
        return None, len(data)
    whole = unpacker.eof and not unpacker.unused_data and len(data) <= left
    return (bytes(data) if whole else None), len(data)
