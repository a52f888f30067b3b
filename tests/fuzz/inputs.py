"""Changes to inputs that know their grammar: JSON by its values, lines by their words, tables, XML, DER, archives.

A change takes bytes and a source of chance and gives other bytes. Most of them keep their form, so that they
pass a parser's first check. `CHANGES` names the changes.
"""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import tarfile
import warnings
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

Change = Callable[[bytes, Random], bytes]
LARGEST = 1 << 20  # bytes of an input

NUMBERS = ("0", "-1", "007", "+7", "1_000", "٣", "２", "9" * 20, "9" * 5_000, "1e9", "-0", "0x1f", "2147483648", "NaN")
WORDS = (
    "",
    " ",
    "\t",
    "\x00",
    "\x1b]0;x\x07",
    "\r",
    "\u2028",
    "\u202e",
    "\ufeff",
    "\ud7ff",
    "\U0010ffff",
    "e\u0301",
    "ß",
    "İ",
    "..",
    "/",
    "../../etc/passwd",
    "a/b",
    "-",
    "=1+1",
    "'",
    '"',
    "<b>",
    "%00",
    "%",
    "{}",
    "[]",
    "null",
    "true",
    "A" * 300,
    "x" * 70_000,
    "é" * 3_000,
    "2027-13-45",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-23:59",
    "2027-02-29",
    "2024-02-30T25:61:61Z",
    "2027-01-01T00:00:00+99:99",
    "0" * 64,
    "f" * 64,
    "AAAA",
    "A===",
    "!",
    "log",
    "witness",
    "https://[",
    "http://a:99999/",
    "\\",
    "a\nb",
    ":",
    "@",
    ";",
    "|",
)
TOKENS = [word.encode("utf-8", "surrogatepass") for word in (*NUMBERS, *WORDS)]


# -- bytes -------------------------------------------------------------------------------------------------------------


def raw(data: bytes, chance: Random) -> bytes:
    """Flip bits; cut out, double, move or replace bytes and pieces."""
    at, size = chance.randrange(len(data) + 1), chance.choice((1, 1, 2, 4, 16, 200))
    match chance.randrange(7):
        case 0 if data:
            at %= len(data)
            return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        case 1:
            return data[:at] + data[at + size :]
        case 2:
            return data[:at] + data[at : at + size] * chance.choice((2, 3, 50)) + data[at + size :]
        case 3:
            return data[:at] + chance.choice(TOKENS) + data[at:]
        case 4:
            return data[:at]
        case 5:
            return data[:at] + chance.randbytes(size) + data[at + size :]
        case _:
            other = chance.randrange(len(data) + 1)
            return data[:at] + data[other : other + size] + data[at + size :]


# -- lines of words ----------------------------------------------------------------------------------------------------


def lines(data: bytes, chance: Random) -> bytes:
    """Leave out, double or exchange lines; replace a word of a line by another, none, or two."""
    rows = data.split(b"\n")
    at = chance.randrange(len(rows))
    match chance.randrange(6):
        case 0:
            del rows[at]
        case 1:
            rows[at:at] = [rows[at]] * chance.choice((1, 1, 2, 400))
        case 2:
            other = chance.randrange(len(rows))
            rows[at], rows[other] = rows[other], rows[at]
        case _:
            words = re.split(rb"([ +=,])", rows[at])
            word = chance.randrange(len(words))
            words[word] = _other_word(words[word], chance)
            rows[at] = b"".join(words)
    return b"\n".join(rows)


def _other_word(word: bytes, chance: Random) -> bytes:
    if chance.random() < 0.3:
        try:
            return b64encode(raw(b64decode(word, validate=True), chance))
        except ValueError:
            pass
    return chance.choice((chance.choice(TOKENS), chance.choice(TOKENS), b"", word + word, raw(word, chance)))


# -- JSON --------------------------------------------------------------------------------------------------------------


class _Members(list[Any]):
    """The members of an object as pairs, so that a name can occur twice."""


class _Text(str):
    """Text that is written unchanged."""


def json_(data: bytes, chance: Random) -> bytes:
    """Replace a value by one of any type; leave out, add, double or rename a member; nest without end."""
    try:
        value = json.loads(data, object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        return raw(data, chance)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        holder = [value]
        _change(*chance.choice(list(_places(holder))), chance)
        value = holder[0]
    try:
        text = _written(value, ascii=chance.random() < 0.2)
    except RecursionError:  # it was nested deep before
        return raw(data, chance)
    if chance.random() < 0.1:
        text = chance.choice((" " + text, text + "\n", text.replace(",", ", "), text * 2, "\ufeff" + text))
    return text.encode("utf-8", "surrogatepass")


def _places(value: Any) -> Iterator[tuple[Any, int]]:
    """Return every place of a value, as the list that holds it and its index there."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        for at, each in enumerate(here):
            yield here, at
            inner = each[1] if isinstance(here, _Members) else each
            if isinstance(inner, list):
                waiting.append(inner)


def _change(holder: Any, at: int, chance: Random) -> None:
    old = holder[at][1] if isinstance(holder, _Members) else holder[at]
    action = chance.randrange(8)
    if action == 0:
        del holder[at]
        if not holder:
            holder.append(("", None) if isinstance(holder, _Members) else None)
    elif action == 1:
        holder.insert(at, holder[at])
    elif action == 2 and isinstance(holder, _Members):
        holder[at] = (chance.choice((chance.choice(WORDS), holder[at][0] + "_", "format", "v")), old)
    else:
        new = _other_value(old, chance)
        holder[at] = (holder[at][0], new) if isinstance(holder, _Members) else new


def _other_value(old: Any, chance: Random) -> Any:
    if isinstance(old, str) and chance.random() < 0.5:
        changed = _other_word(old.encode("utf-8", "surrogatepass"), chance)
        return changed.decode("utf-8", "replace")
    if isinstance(old, bool | int | float) and chance.random() < 0.5:
        return chance.choice((old + 1, old - 1, -old, 0, 1 << 53, 1 << 64, 0.5, _Text("1e400"), _Text("9" * 5_000)))
    return chance.choice(
        (
            None,
            True,
            False,
            0,
            -1,
            1,
            1 << 62,
            0.1,
            "",
            "x",
            [],
            [[]],
            [None],
            _Members(),
            _Members([("a", 1)]),
            [old],
            [old, old],
            str(old)[:200],
            chance.choice(WORDS),
            _Text(chance.choice(NUMBERS[:4])),
            _Text("NaN"),
            _Text("[" * 500 + "]" * 500),
            _Text("[" * 60_000 + "]" * 60_000),
            _Text('{"a":' * 5_000 + "1" + "}" * 5_000),
            _Text("[" + "0," * 30_000 + "0]"),
            _Text('"\\ud800"'),
            _Text('"\\u0000"'),
        )
    )


def _written(value: Any, *, ascii: bool) -> str:
    if isinstance(value, _Text):
        return str(value)
    if isinstance(value, _Members):
        return "{" + ",".join(f"{json.dumps(n)}:{_written(v, ascii=ascii)}" for n, v in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(each, ascii=ascii) for each in value) + "]"
    return json.dumps(value, ensure_ascii=ascii)


# -- tables and TOML ---------------------------------------------------------------------------------------------------


def table(data: bytes, chance: Random) -> bytes:
    """Leave out, double or replace cells, columns and rows of a CSV; change delimiters, quotation marks, line ends."""
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except (csv.Error, ValueError):
        return raw(data, chance)
    if not rows:
        return raw(data, chance)
    at = chance.choice((0, chance.randrange(len(rows))))
    column = chance.randrange(len(rows[at]) or 1)
    match chance.randrange(6):
        case 0:
            rows[at][column : column + 1] = []
        case 1:
            rows[at][column:column] = rows[at][column : column + 1] * chance.choice((1, 2, 2_000))
        case 2:
            rows.insert(at, list(rows[at]))
        case 3:
            del rows[at]
        case _ if rows[at]:
            rows[at][column] = _other_word(rows[at][column].encode(), chance).decode("utf-8", "replace")
    written = io.StringIO(newline="")
    delimiter, end = chance.choice(",,,;\t|"), chance.choice(("\n", "\n", "\r\n", "\r"))
    quoting: Any = chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    text = written.getvalue()
    return chance.choice(("", "", "", "\ufeff", "sep=;\n")).encode() + text.encode("utf-8", "replace")


def json_lines(data: bytes, chance: Random) -> bytes:
    """Change one line as JSON, or the lines as lines."""
    if chance.random() < 0.2:
        return lines(data, chance)
    rows = data.split(b"\n")
    at = chance.randrange(len(rows))
    rows[at] = json_(rows[at], chance).replace(b"\n", b" ")
    return b"\n".join(rows)


_TOML = (
    "true",
    "0",
    "-1",
    "1e999",
    "inf",
    "nan",
    "9" * 5_000,
    '""',
    "''",
    "'x'",
    '"\\u0000"',
    '"\\ud800"',
    "[]",
    "{}",
    "[[]]",
    "[{}]",
    "{a = 1}",
    "0001-01-01",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-23:59",
    "12:00:00",
    "2027-03-01T09:00:00",
    "[" * 900 + "]" * 900,
    '"' + "x" * 70_000 + '"',
    '"a\\nb"',
    "0x1f",
    "1_000",
    "2027-03-01",
)


def toml(data: bytes, chance: Random) -> bytes:
    """Leave out, double or move a line of TOML; change the type of a value, or the name of a key or table."""
    rows = data.split(b"\n")
    at = chance.randrange(len(rows))
    name, equals, value = rows[at].partition(b" = ")
    match chance.randrange(6):
        case 0 | 1 if equals:
            rows[at] = name + equals + chance.choice(_TOML).encode()
        case 2 if equals:
            rows[at] = (
                name
                + equals
                + re.sub(
                    rb'"([^"]*)"',
                    lambda m: json.dumps(
                        _other_word(m[1], chance).decode("utf-8", "replace"), ensure_ascii=False
                    ).encode(),
                    value,
                    count=1,
                )
            )
        case 3:
            rows[at] = re.sub(rb"\w+", lambda m: chance.choice((m[0] + b"x", b'"a b"', b"a.b", b"")), rows[at], count=1)
        case _:
            return lines(data, chance)
    return b"\n".join(rows)


# -- XML ---------------------------------------------------------------------------------------------------------------

_ODD = (
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"&b;",
    b"&#0;",
    b"&#x110000;",
    b"<![CDATA[x]]>",
    b"<?xml version='1.0'?>",
    b"<!-- -- -->",
    b"<a xmlns='u'/>",
    b"<p:a/>",
    b"<a b='1' b='2'/>",
    b"</a>",
    b"<a>" * 70 + b"</a>" * 70,
    b"<b/>" * 30_000,
    b'<a xmlns:q="' + b"u" * 2_000 + b'" q:b=""/>',
    b"<?xml version='1.0' encoding='UTF-16'?>",
    b"]]>",
)


def xml(data: bytes, chance: Random) -> bytes:
    """Leave out, double, move or replace a tag or a text; add entities, document types, namespaces, other encodings."""
    parts = re.split(rb"(<[^>]*>)", data)
    at = chance.randrange(len(parts))
    match chance.randrange(7):
        case 0:
            del parts[at]
        case 1:
            parts.insert(at, parts[at])
        case 2:
            other = chance.randrange(len(parts))
            parts[at], parts[other] = parts[other], parts[at]
        case 3:
            parts.insert(at, chance.choice(_ODD))
        case 4 if not parts[at].startswith(b"<"):
            parts[at] = chance.choice(TOKENS).replace(b"<", b"&lt;").replace(b"&", b"&amp;")
        case 5:
            return data.decode("utf-8", "replace").encode(chance.choice(("utf-16", "utf-16-be", "latin-1")), "replace")
        case _:
            parts[at] = re.sub(
                rb'"[^"]*"',
                lambda m: b'"%b"' % chance.choice((m[0][1:] * 2, *TOKENS)).replace(b'"', b""),
                parts[at],
                count=1,
            )
    return b"".join(parts)


# -- DER ---------------------------------------------------------------------------------------------------------------


def der(data: bytes, chance: Random) -> bytes:
    """Change a value's tag, length or content, leave it out, or double it; the lengths around it fit, or do not."""
    if data.startswith(b"-----BEGIN"):
        inside = re.sub(rb"-----[^-]+-----|\s", b"", data)
        try:
            changed = der(b64decode(inside), chance)
        except ValueError:
            return raw(data, chance)
        label = (re.search(rb"-----BEGIN ([^-]+)-----", data) or [b"", b"CERTIFICATE"])[1]
        return b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (label, b64encode(changed), label)
    return _der(data, chance, 0)


def _values(data: bytes) -> list[tuple[int, bytes, bytes]] | None:
    """Return the consecutive values: tag, content, the whole; None if that is not what they are."""
    found, at = [], 0
    while at < len(data):
        if at + 2 > len(data):
            return None
        size, begin = data[at + 1], at + 2
        if size & 0x80:
            begin += size & 0x7F
            size = int.from_bytes(data[at + 2 : begin], "big")
        if begin + size > len(data):
            return None
        found.append((data[at], data[begin : begin + size], data[at : begin + size]))
        at = begin + size
    return found


def _der(data: bytes, chance: Random, depth: int) -> bytes:
    values = _values(data)
    if not values or depth > 20:
        return raw(data, chance)
    at = chance.randrange(len(values))
    tag, content, _ = values[at]
    parts = [whole for _, _, whole in values]
    if tag & 0x20 and content and chance.random() < 0.85:
        parts[at] = _tlv(tag, _der(content, chance, depth + 1))
        return b"".join(parts)
    match chance.randrange(7):
        case 0:
            del parts[at]
        case 1:
            parts.insert(at, parts[at])
        case 2:
            parts[at] = _tlv(
                chance.choice((2, 3, 4, 5, 6, 12, 0x17, 0x18, 0x30, 0x31, 0xA0, 0x1F, tag ^ 0x20)), content
            )
        case 3:
            parts[at] = bytes([tag, 0x84]) + chance.choice((b"\xff" * 4, b"\0\0\0\1", b"\0\0\0\0")) + content
        case 4:
            parts[at] = bytes([tag]) + chance.choice((b"\x80", b"\xff", b"\x81\x01", b"\x82\x00")) + content
        case 5:
            parts[at] = b"\x30\x80" * 3_000 + parts[at]
        case _:
            parts[at] = _tlv(tag, raw(content, chance))
    return b"".join(parts)


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 0x80 else bytes([0x80 + (size.bit_length() + 7) // 8])
    return (
        bytes([tag]) + length + (size.to_bytes((size.bit_length() + 7) // 8, "big") if size >= 0x80 else b"") + content
    )


# -- archives and PDF --------------------------------------------------------------------------------------------------

NAMES = ("a", "../a", "/a", "a/../b", "a//b", "a\\b", "C:a", "", ".", "é", "a\x00b", "x" * 300, "META-INF/manifest.xml")


def zipped(data: bytes, chance: Random) -> bytes:
    """Change a member by its grammar, rename, double or leave it out, with right checksums; or change the headers."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = [(info.filename, archive.read(info)) for info in archive.infolist()]
            stored = all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
    except (
        zipfile.BadZipFile,
        ValueError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        zlib.error,
        LookupError,
        struct.error,
    ):
        return raw(data, chance)
    if not files or chance.random() < 0.25:
        return _headers(data, chance)
    at = chance.randrange(len(files))
    name, content = files[at]
    match chance.randrange(8):
        case 0:
            del files[at]
        case 1:
            files.insert(at, files[at])
        case 2:
            files[at] = (chance.choice((*NAMES, files[0][0])), content)
        case 3:
            files.append((chance.choice(NAMES), content[:1_000]))
        case _:
            files[at] = (name, of(name)(content, chance))
    return packed(files, stored=stored)


def packed(files: list[tuple[str, bytes]], *, stored: bool = True) -> bytes:
    """Return a ZIP of files; a name may occur twice."""
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", 0 if stored else 8) as archive:
        warnings.simplefilter("ignore")
        for name, content in files:
            info = zipfile.ZipInfo(name.replace("\0", "0") or "_", (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return stream.getvalue()


def _headers(data: bytes, chance: Random) -> bytes:
    """Change one field of a header, or of the directory."""
    marks = [m.start() for m in re.finditer(rb"PK(\x01\x02|\x03\x04|\x05\x06|\x06\x06)", data)]
    if not marks:
        return raw(data, chance)
    changed = bytearray(data)
    at = chance.choice(marks) + chance.randrange(4, 46)
    value = chance.choice(
        (b"\0", b"\xff", b"\xff\xff", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\1", b"\x08", b"\x63", b"\x80")
    )
    changed[at : at + len(value)] = value
    return bytes(changed)


def tarred(data: bytes, chance: Random) -> bytes:
    """Change a member's name, type, size or mode, double it or leave it out, with right sums; or change bytes."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            members = [(info, archive.extractfile(info).read() if info.isreg() else b"") for info in archive]  # type: ignore[union-attr] # of a file
    except (tarfile.TarError, ValueError, OSError, EOFError, OverflowError, zlib.error):
        return raw(data, chance)
    if not members or chance.random() < 0.2:
        return raw(data, chance)
    at = chance.randrange(len(members))
    info, content = members[at]
    match chance.randrange(7):
        case 0:
            del members[at]
        case 1:
            members.insert(at, members[at])
        case 2:
            info.name = (
                chance.choice((*NAMES, "state/log.key", "keys/a", "store", "TEST", "a/b/c")).replace("\0", "0") or "."
            )
        case 3:
            info.type, info.linkname = (
                chance.choice(
                    (
                        tarfile.SYMTYPE,
                        tarfile.LNKTYPE,
                        tarfile.DIRTYPE,
                        tarfile.FIFOTYPE,
                        tarfile.CHRTYPE,
                        tarfile.GNUTYPE_SPARSE,
                        b"Z",
                    )
                ),
                "../../x",
            )
        case 4:
            info.mode, info.uid = 0o7777, 0
        case 5:
            info.pax_headers = {
                chance.choice(("path", "size", "mtime", "linkpath", "GNU.sparse.map", "hdrcharset")): chance.choice(
                    WORDS[2:40]
                ).replace("\0", "0")
                or "x"
            }
        case _:
            content = of(info.name)(content, chance)
    if at < len(members) and members[at][0] is info:
        members[at] = (info, content)
    stream = io.BytesIO()
    try:
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as made:
            for each, inside in members:
                each.size = len(inside) if each.isreg() else 0
                made.addfile(each, io.BytesIO(inside))
    except (ValueError, UnicodeError):
        return raw(data, chance)
    return stream.getvalue()


_STREAM = re.compile(rb"(?s)/Length (\d+)(.*?stream\r?\n)(.*?)(\r?\nendstream)")


def pdf(data: bytes, chance: Random) -> bytes:
    """Change a word of a dictionary; the content, length or filter of a stream; or bytes."""
    if chance.random() < 0.4:
        found = list(re.finditer(rb"/\w+|\d+ 0 R|\b\d+\b|<<|>>|\[|\]|\(|\)", data))
        if found:
            one, other = chance.choice(found), chance.choice(found)
            new = chance.choice(
                (other[0], b"", one[0] * 2, b"0 0 R", b"99999999999", b"/Filter/FlateDecode", b"<<" * 300)
            )
            return data[: one.start()] + new + data[one.end() :]
    if chance.random() < 0.5 and (streams := list(_STREAM.finditer(data))):
        one = chance.choice(streams)
        content = raw(one[3], chance)
        size = chance.choice((len(content), len(content), 0, 1 << 40))
        return data[: one.start()] + b"/Length %d%b%b%b" % (size, one[2], content, one[4]) + data[one.end() :]
    return raw(data, chance)


# -- by name -----------------------------------------------------------------------------------------------------------

CHANGES: dict[str, Change] = {
    "raw": raw,
    "lines": lines,
    "json": json_,
    "jsonl": json_lines,
    "csv": table,
    "toml": toml,
    "xml": xml,
    "der": der,
    "zip": zipped,
    "tar": tarred,
    "pdf": pdf,
}


def of(name: str) -> Change:
    """Return the change for a file of this name."""
    ends = name.rpartition(".")[2].lower()
    others = {"pem": "der", "tsr": "der", "tlog-proof": "lines", "disclosures": "lines", "html": "raw", "db": "raw"}
    return CHANGES.get(others.get(ends, ends), lines)


def changed(data: bytes, form: str, chance: Random) -> bytes:
    """Return an input after one to three changes, at times one of plain bytes; never larger than `LARGEST`."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        data = (raw if chance.random() < 0.12 else CHANGES[form])(data, chance)[:LARGEST]
    return data
