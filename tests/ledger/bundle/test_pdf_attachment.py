"""A PDF report with an attached bundle: the reader returns the bundle byte for byte, or nothing."""

from __future__ import annotations

import zlib

import pytest

from ledger.bundle import pdf_attachment
from ledger.bundle.pdf_attachment import CHUNK, FILES, _plain, bundle_inside

ARCHIVE = b"PK\x03\x04 an archive"


def paper(*files: bytes, kind: str = "EmbeddedFile", more: str = "", tail: str = "") -> bytes:
    """Return a PDF with one table and these streams, each named in its catalogue."""
    count = len(files)
    objects = [
        f"<</Length {len(file)}/Type/{kind}{more}>>\nstream\n".encode() + file + b"\nendstream" for file in files
    ]
    objects += [f"<</Type/Filespec/F(a)/UF(a)/EF<</F {n} 0 R/UF {n} 0 R>>>>".encode() for n in range(1, count + 1)]
    names = "".join(f"({n:03}){count + n} 0 R" for n in range(1, count + 1))
    objects.append(f"<</Type/Catalog/Names<</EmbeddedFiles<</Names[{names}]>>>>>>".encode())
    return written(objects, tail)


def written(objects: list[bytes], tail: str = "") -> bytes:
    """Return a PDF of these objects; the last one is its catalogue."""
    pdf, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(pdf))
        pdf += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    rows = ["0000000000 65535 f\r\n", *(f"{place:010} 00000 n\r\n" for place in places)]
    trailer = f"trailer\n<</Size {len(rows)}/Root {len(objects)} 0 R{tail}>>"
    return pdf + f"xref\n0 {len(rows)}\n{''.join(rows)}{trailer}\nstartxref\n{len(pdf)}\n%%EOF".encode()


DEFLATED = zlib.compress(ARCHIVE)
OTHER = b"PK\x03\x04 another one"
CATALOGUE = b"<</Type/Catalog/Names<</EmbeddedFiles<</Names[(a)3 0 R]>>>>>>"


TYPE = "/Type/EmbeddedFile"


def stream(content: bytes, more: str = TYPE) -> bytes:
    return f"<</Length {len(content)}{more}>>\nstream\n".encode() + content + b"\nendstream"


def spec(*numbers: int) -> bytes:
    first, second = numbers if len(numbers) == 2 else numbers * 2
    return f"<</Type/Filespec/F(a)/UF(a)/EF<</F {first} 0 R/UF {second} 0 R>>>>".encode()


HEXED = OTHER.hex().encode() + b">"
PLAIN = [stream(ARCHIVE), b"null", spec(1), CATALOGUE]
BOTH = CATALOGUE.replace(b"3 0 R", b"3 0 R(b)4 0 R")
HAND = written(PLAIN)
TWO = [stream(ARCHIVE), stream(OTHER)]
# A PDF program may show the other archive: for each of these files some program gave ARCHIVE or OTHER.
AMBIGUOUS = {
    "one that is named and cannot be read here, one that is not named": written(
        [stream(ARCHIVE), stream(HEXED, f"{TYPE}/Filter/ASCIIHexDecode"), spec(2), CATALOGUE]
    ),
    "one that is named and has no type": written([stream(ARCHIVE), stream(OTHER, ""), spec(2), CATALOGUE]),
    "one that is not named": written([*TWO, spec(2), CATALOGUE]),
    "one that is not named and has no type": written(
        [stream(ARCHIVE), stream(OTHER, ""), spec(1), b"null", spec(2), CATALOGUE]
    ),
    "two names for two systems": written([*TWO, spec(1, 2), CATALOGUE]),
    "a name that is escaped": written([*TWO, spec(1), b"<</Type/Annot/FS<</E#46<</F 2 0 R>>>>>>", CATALOGUE]),
    "a file beside a page, without a type, by way of another object": written(
        [stream(ARCHIVE), stream(OTHER, ""), spec(1), b"<</Type/Annot/FS<</EF 5 0 R>>>>", b"<</F 2 0 R>>", CATALOGUE]
    ),
    "a type that is escaped": written([stream(ARCHIVE), stream(OTHER, "/Type/Embedded#46ile"), spec(1), CATALOGUE]),
    "a file beside a page": written(
        [*TWO, spec(1), b"<</Type/Annot/Subtype/FileAttachment/FS 5 0 R>>", spec(2), CATALOGUE]
    ),
    "two trees of names": written(
        [*TWO, spec(1), spec(2), b"<</EmbeddedFiles<</Names[(a)4 0 R]>>>>", CATALOGUE[:-2] + b"/Names 5 0 R>>"]
    ),
    "a tree with branches": written(
        [
            stream(ARCHIVE),
            b"<</Names[(a)3 0 R]>>",
            spec(1),
            b"<</Type/Catalog/Names<</EmbeddedFiles<</Kids[2 0 R]>>>>>>",
        ]
    ),
    "a second length": written([stream(ARCHIVE, f"{TYPE}/Length 3"), b"null", spec(1), CATALOGUE]),
    "a file outside": written([stream(ARCHIVE, f"{TYPE}/F(other.zip)"), b"null", spec(1), CATALOGUE]),
    "a filter with parameters": written(
        [stream(DEFLATED, f"{TYPE}/Filter/FlateDecode/DecodeParms<</Predictor 12>>"), b"null", spec(1), CATALOGUE]
    ),
    "objects in a stream": written(PLAIN, "/XRefStm 9"),
    "an encrypted paper": written(PLAIN, "/Encrypt 9 0 R"),
    "an earlier revision, escaped": written(PLAIN, "/P#72ev 9"),
    "two catalogues": written(PLAIN, "/Root 2 0 R"),
    "an object of another number": written(PLAIN).replace(b"2 0 obj", b"7 0 obj"),
    "bytes before it begins": b" " + written(PLAIN),
    "a catalogue that is a stream": written(
        [
            stream(ARCHIVE),
            b"<</Names[(a)3 0 R]>>",
            spec(1),
            stream(CATALOGUE, "/Type/Catalog/Names<</EmbeddedFiles 2 0 R>>"),
        ]
    ),
    "a space that is none in PDF": written([*PLAIN[:3], CATALOGUE.replace(b"/Names<<", b"/Names\xa0<<")]),
    "an object inside a stream": written([stream(ARCHIVE), stream(b"x 5 0 obj" + spec(1)), spec(1), CATALOGUE]),
    "two names for two systems, of which one has no type": written(
        [stream(ARCHIVE), stream(OTHER, ""), spec(1, 2), CATALOGUE]
    ),
    "a file outside, beside one without": written(
        [stream(b"text", f"{TYPE}/F(other.zip)"), stream(ARCHIVE), spec(1), spec(2), BOTH]
    ),
    "a length up to the end of another stream": written(
        [stream(ARCHIVE).replace(b"/Length 15", b"/Length 89"), stream(OTHER, "/A"), spec(1), CATALOGUE]
    ),
    "a length that ends too early": written([stream(ARCHIVE).replace(b"/Length 15", b"/Length 14"), *PLAIN[1:]]),
    "an earlier revision, on another line": written(PLAIN, "/Prev\n9"),
    "another kind of file": HAND.replace(b"%PDF-", b"%FDF-"),
    "a specification of a file that is a stream": written(
        [stream(ARCHIVE), b"null", stream(b"", "/EF<</F 1 0 R/UF 1 0 R>>"), CATALOGUE]
    ),
    "an object that does not end, and a file in the next one": written(
        [stream(ARCHIVE), b"null", b"<<>>", spec(1), CATALOGUE]
    ).replace(b"<<>>\nendobj", b"<<>>\n      "),
}


def revised(pdf: bytes, objects: dict[int, bytes], tail: str = "", root: int = 4, **row: str) -> bytes:
    """Append a revision that writes these objects; `row` replaces lines of its table, as n4=..."""
    before = int(pdf[pdf.rindex(b"startxref") :].split()[1])
    pdf += b"\n"
    lines = {}
    for number, content in objects.items():
        lines[number] = f"{len(pdf):010} 00000 n\r\n"
        pdf += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    lines |= {int(name[1:]): f"{line}\r\n" for name, line in row.items()}
    table = "".join(f"{number} 1\n{line}" for number, line in sorted(lines.items()))
    trailer = f"trailer\n<</Size 9/Root {root} 0 R/Prev {before}{tail}>>"
    return pdf + f"xref\n{table}{trailer}\nstartxref\n{len(pdf)}\n%%EOF\n".encode()


def linearized(pdf: bytes) -> bytes:
    """Split the table in two, where the last table of the file names the first, as in a linearized PDF."""
    body, _, table = pdf.partition(b"xref\n")
    rows = table.split(b"\r\n")
    start = len(body)
    first = b"xref\n0 3\n" + b"\r\n".join(rows[0].split(b"\n")[1:] + rows[1:3]) + b"\r\n"
    first += b"trailer\n<</Size 5>>\nstartxref\n0\n%%EOF\n"
    second = b"xref\n3 2\n" + b"\r\n".join(rows[3:5]) + b"\r\n"
    second += f"trailer\n<</Size 5/Root 4 0 R/Prev {start}>>\nstartxref\n{start + len(first)}\n%%EOF\n".encode()
    return body + first + second


SIGNED = CATALOGUE[:-2] + b"/AcroForm 5 0 R>>"
REVISED = {
    "an annotation": revised(HAND, {5: b"<</Type/Annot/Subtype/Text>>"}),
    "a signature": revised(HAND, {4: SIGNED, 5: b"<</Fields[]>>"}),
    "two revisions": revised(revised(HAND, {4: SIGNED}), {6: b"<<>>"}),
    "thirty-one revisions": HAND,
    "a linearized paper": linearized(HAND),
}
for _ in range(31):
    REVISED["thirty-one revisions"] = revised(REVISED["thirty-one revisions"], {6: b"<<>>"})
INSIDE = {5: stream(b"1 0 obj\n" + stream(OTHER))}
# A revision that changes or hides which file is embedded or shown: other programs may show another file.
CHANGED = {
    "another archive in its place": revised(HAND, {1: stream(OTHER)}),
    "an archive where there was none": revised(written([b"null", *PLAIN[1:]]), {1: stream(ARCHIVE)}),
    "another archive of a later generation": revised(HAND, {}, n1=f"{HAND.index(b'1 0 obj'):010} 00001 n"),
    "another archive under another number": revised(HAND, {3: spec(5), 5: stream(OTHER)}),
    "another list of names": revised(HAND, {4: CATALOGUE.replace(b"3 0 R", b"6 0 R"), 5: stream(OTHER), 6: spec(5)}),
    "another list of names of the same file": revised(HAND, {4: CATALOGUE.replace(b"3 0 R", b"6 0 R"), 6: spec(1)}),
    "a second file": revised(HAND, {4: CATALOGUE.replace(b"[", b"[(b)6 0 R"), 5: stream(OTHER), 6: spec(5)}),
    "another catalogue": revised(
        HAND, {7: CATALOGUE.replace(b"3 0 R", b"6 0 R"), 5: stream(OTHER), 6: spec(5)}, root=7
    ),
    "no list of names any more": revised(HAND, {4: b"<</Type/Catalog>>"}),
    "a file beside a page, later": revised(
        HAND, {5: b"<</Subtype/FileAttachment/FS 6 0 R>>", 6: spec(7), 7: stream(OTHER)}
    ),
    "an archive that is gone": revised(HAND, {}, n1="0000000000 00001 f"),
    "an archive that lies elsewhere": revised(
        HAND, INSIDE, n1=f"{revised(HAND, INSIDE).rindex(b'1 0 obj'):010} 00000 n"
    ),
    "objects in a stream, later": revised(HAND, {5: b"<<>>"}, "/XRefStm 9"),
    "encrypted later": revised(HAND, {5: b"<<>>"}, "/Encrypt 5 0 R"),
    "a table before itself": HAND.replace(b"/Root", b"/Prev %d/Root" % HAND.index(b"xref\n")),
    "an earlier table that is none": HAND.replace(b"/Root", b"/Prev 9/Root"),
    "two earlier tables": revised(HAND, {5: b"<<>>"}, "/Prev 9"),
    "too many revisions": revised(REVISED["thirty-one revisions"], {6: b"<<>>"}),
}


def called(name: bytes, *, listed: bytes = b"", archive: bytes = OTHER) -> bytes:
    """Return a PDF whose embedded file has a name, as it is written: (text), or <hexadecimal digits>."""
    file = spec(1).replace(b"(a)", name)
    return written([stream(ARCHIVE), stream(archive, ""), file, CATALOGUE.replace(b"(a)", listed or name)])


NAMED = {
    "a name with an umlaut": called(f"<{'Köln 7.zip'.encode().hex()}>".encode()),
    "a name with an umlaut, in UTF-16 and capitals": called(
        f"<FEFF{'Köln'.encode('utf-16-be').hex().upper()}>".encode()
    ),
    "hexadecimal digits on two lines": called(b"<4b c3b6\n6c6e>"),
    "a name with brackets": called(b"(a [1] <2>.zip)"),
    "a name with brackets in each other": called(b"(a [[1]].zip)"),
    "a name with parentheses": called(b"(a (1).zip)"),
    "a name with parentheses in each other": called(b"(((a)(1)).zip)"),
    "a name with escaped parentheses": called(rb"(a \(1\).zip)"),
    "a name with one parenthesis": called(rb"(a\(.zip)"),
    "a name that ends in a backslash": called(rb"(a\\)"),
    "a long name": called(b"(%b)" % (b"a" * 4_096)),
    "an empty name": called(b"()"),
    "an empty name, hexadecimal": called(b"<>"),
}
MISNAMED = {
    "a name that contains a list of names": called(b"(/Names<</EmbeddedFiles<</Names[(a)2 0 R]>>>>)"),
    "a listed name that contains a list of names": called(
        b"(a)", listed=b"(/Names<</EmbeddedFiles<</Names[(a\\)2 0 R]>>>>)"
    ),
    "a name that contains another file": called(b"(/EF<</F 2 0 R/UF 2 0 R>>)"),
    "a name of other digits": called(b"<4G>"),
    "too long a name": called(b"(%b)" % (b"a" * 4_097)),
    "a list that does not end": called(b"(a)", listed=b"(%b" % (rb"\a" * 2_000_000)),
    "a name that does not end": called(b"(a)", listed=b"(a"),
    "a name with a parenthesis that does not end": called(b"(a)", listed=b"(a(b)"),
    "more after a name": called(b"(a)", listed=b"(a))"),
    "two names and one file": called(b"(a)", listed=b"(a)<61>"),
    "a name in single brackets": called(b"(a)", listed=b"[a]"),
}


def with_free_rows(count: int) -> bytes:
    """Return a PDF whose table has this many rows in all: most of them of objects that are not in use."""
    free = b"0000000000 00000 f\r\n"
    pdf = HAND.replace(b"xref\n0 5\n", b"xref\n0 %d\n" % count, 1)
    at = pdf.index(b"trailer")
    return pdf[:at] + free * (count - 5) + pdf[at:]


PAPERS = {
    "stored": (paper(ARCHIVE), ARCHIVE),
    "deflated": (paper(DEFLATED, more="/Filter/FlateDecode"), ARCHIVE),
    "deflated, as a list": (paper(DEFLATED, more="/Filter [ /FlateDecode ]"), ARCHIVE),
    "one archive among files": (paper(b"text", ARCHIVE), ARCHIVE),
    "an archive that contains what names a file, and a later stream": (
        revised(written([stream(ARCHIVE + spec(9)), *PLAIN[1:]]), {5: stream(b"text", "/A")}),
        ARCHIVE + spec(9),
    ),
    "two archives": (paper(ARCHIVE, ARCHIVE), None),
    "no archive": (paper(b"text"), None),
    "an archive that is no embedded file": (paper(ARCHIVE, kind="XObject"), None),
    "another filter": (paper(DEFLATED, more="/Filter[/ASCIIHexDecode/FlateDecode]"), None),
    "damaged": (paper(DEFLATED[:-3], more="/Filter/FlateDecode"), None),
    "not deflated at all": (paper(ARCHIVE, more="/Filter/FlateDecode"), None),
    "as many files as a paper may have": (paper(*[b"text"] * (FILES - 1), ARCHIVE), ARCHIVE),
    "one file too many": (paper(*[b"text"] * FILES, ARCHIVE), None),
    "a file with one name for all systems": (
        written([*PLAIN[:2], spec(1).replace(b"/UF 1 0 R", b""), CATALOGUE]),
        ARCHIVE,
    ),
    "a stream that no table names, after an object": (
        written([*PLAIN[:2], spec(1) + b"\nendobj\n9 0 obj\n" + stream(OTHER, "/A"), CATALOGUE]),
        ARCHIVE,
    ),
    "more after the end": (paper(DEFLATED + b"x", more="/Filter/FlateDecode"), None),
    "cut short": (paper(ARCHIVE)[:60], None),
    "no table": (b"%PDF-1.7\n%%EOF", None),
    "a row that is none": (written(PLAIN).replace(b"65535 f\r\n", b"65535 g\r\n"), None),
    "a row of another generation": (written(PLAIN).replace(b" 00000 n", b" 00001 n", 1), None),
    "a table beyond the file": (b"%PDF-1.7\nstartxref\n9999999999\n%%EOF", None),
    "as many objects as a file may have": (with_free_rows(100_000), ARCHIVE),
    "one object too many": (with_free_rows(100_001), None),
    "one object too many in two tables": (revised(with_free_rows(100_000), {5: b"<<>>"}), None),
    "a table that is cut in its rows": (HAND.replace(b"xref\n0 5\n", b"xref\n0 999\n"), None),
    "a table without a trailer": (HAND.replace(b"trailer", b"trailed"), None),
    "written by hand": (written(PLAIN), ARCHIVE),
    **{name: (pdf, ARCHIVE) for name, pdf in REVISED.items()},
    **{name: (pdf, None) for name, pdf in (AMBIGUOUS | CHANGED | MISNAMED).items()},
    **{name: (pdf, ARCHIVE) for name, pdf in NAMED.items()},
    "a stream beyond the file": (paper(ARCHIVE).replace(b"/Length 15", b"/Length 99"), None),
}


@pytest.mark.parametrize(
    ("left", "plain"),
    [(0, None), (1, None), (299, None), (300, b"a" * 300), (70_000, b"a" * 300), (CHUNK + 5, b"a" * 300)],
)
def test_a_stream_is_decompressed_up_to_one_byte_more_than_is_left(left: int, plain: bytes | None) -> None:
    deflated = zlib.compress(b"a" * 300)
    assert _plain(deflated, b"/Filter /FlateDecode", left) == (plain, min(left + 1, 300))
    assert _plain(deflated, b"/Filter /LZWDecode", left) == (None, 0)
    assert _plain(deflated, b"", left) == (deflated, len(deflated))
    bomb = zlib.compress(bytes(10 * CHUNK))
    assert _plain(bomb, b"/Filter /FlateDecode", left) == (None, left + 1)


@pytest.mark.parametrize("name", PAPERS)
def test_the_bundle_is_taken_out_byte_for_byte_or_not_at_all(name: str) -> None:
    pdf, inside = PAPERS[name]
    assert bundle_inside(pdf) == inside


def test_all_embedded_files_together_have_at_most_the_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pdf_attachment.LARGEST == 512 << 20
    pdf = paper(b"a" * 20, ARCHIVE)
    for largest, inside in ((20 + len(ARCHIVE), ARCHIVE), (19 + len(ARCHIVE), None)):
        monkeypatch.setattr(pdf_attachment, "LARGEST", largest)
        assert bundle_inside(pdf) == inside


def test_a_paper_has_a_limit_of_bytes_outside_its_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    outside = len(HAND) - len(ARCHIVE)
    for most, inside in ((outside, ARCHIVE), (outside - 1, None)):
        monkeypatch.setattr(pdf_attachment, "STRUCTURE", most)
        assert bundle_inside(HAND) == inside


def test_a_trailer_has_the_same_limit_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    objects, rows = [stream(ARCHIVE + bytes(2_000)), *PLAIN[1:]], "0000000000 65535 f\r\n"
    at = len(b"%PDF-1.7\nxref\n0 5\ntrailer\n<</Size 5/Root 4 0 R>>\n") + 5 * len(rows)
    body = b""
    for number, content in enumerate(objects, 1):
        rows += f"{at + len(body):010} 00000 n\r\n"
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = f"%PDF-1.7\nxref\n0 5\n{rows}trailer\n<</Size 5/Root 4 0 R>>\n".encode()
    pdf = table + body + b"startxref\n9\n%%EOF"
    assert bundle_inside(pdf) == ARCHIVE + bytes(2_000)
    monkeypatch.setattr(pdf_attachment, "STRUCTURE", 2_000)
    assert bundle_inside(pdf) is None


def test_the_table_is_named_within_the_last_1024_bytes() -> None:
    named = len(HAND) - HAND.rindex(b"startxref")
    assert bundle_inside(HAND + b"\n" * (1_024 - named)) == ARCHIVE
    assert bundle_inside(HAND + b"\n" * (1_025 - named)) is None


@pytest.mark.parametrize(("longer", "numbers"), [(0, [1, 2]), (-1, [2]), (2, [2]), (None, [2])])
def test_a_stream_ends_before_the_next_object_begins(longer: int | None, numbers: list[int]) -> None:
    first, second = (b"1 0 obj\n%b\nendobj\n" % stream(content) for content in (b"one", b"two"))
    if longer is None:  # the end of the second is taken for that of the first
        longer = len(first + second) - len(b"\nendstream\nendobj\n") - first.index(b"one") - len(b"one")
    first = first.replace(b"/Length 3", b"/Length %d" % (3 + longer))
    pdf, at = first + second.replace(b"1 0", b"2 0"), len(first)
    found = list(pdf_attachment._streams(pdf, {1: 0, 2: at}, {0: at, at: len(pdf)}))
    assert [number for number, _ in found] == numbers
    begin, end, _ = found[-1][1]
    assert pdf[begin:end] == b"two"
