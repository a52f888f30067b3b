"""A report on paper that carries a bundle: what is taken out is the bundle, byte for byte, or nothing."""

from __future__ import annotations

import zlib

import pytest

from cli.attached import bundle_inside

ARCHIVE = b"PK\x03\x04 an archive"


def paper(*files: bytes, kind: str = "EmbeddedFile", more: str = "", tail: str = "") -> bytes:
    """A PDF of one table with these streams in it, each named in its catalogue."""
    count = len(files)
    objects = [
        f"<</Length {len(file)}/Type/{kind}{more}>>\nstream\n".encode() + file + b"\nendstream" for file in files
    ]
    objects += [f"<</Type/Filespec/F(a)/UF(a)/EF<</F {n} 0 R/UF {n} 0 R>>>>".encode() for n in range(1, count + 1)]
    names = "".join(f"({n:03}){count + n} 0 R" for n in range(1, count + 1))
    objects.append(f"<</Type/Catalog/Names<</EmbeddedFiles<</Names[{names}]>>>>>>".encode())
    return written(objects, tail)


def written(objects: list[bytes], tail: str = "") -> bytes:
    """A PDF of these objects; the last one is its catalogue."""
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
TWO = [stream(ARCHIVE), stream(OTHER)]
# What a reader of PDF shows is the other archive, or may be: each of these carried ARCHIVE or OTHER for one program.
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
}
PAPERS = {
    "stored": (paper(ARCHIVE), ARCHIVE),
    "deflated": (paper(DEFLATED, more="/Filter/FlateDecode"), ARCHIVE),
    "deflated, as a list": (paper(DEFLATED, more="/Filter [ /FlateDecode ]"), ARCHIVE),
    "one archive among files": (paper(b"text", ARCHIVE), ARCHIVE),
    "two archives": (paper(ARCHIVE, ARCHIVE), None),
    "no archive": (paper(b"text"), None),
    "an archive that is no embedded file": (paper(ARCHIVE, kind="XObject"), None),
    "a second revision": (paper(ARCHIVE, tail="/Prev 9"), None),
    "another filter": (paper(DEFLATED, more="/Filter[/ASCIIHexDecode/FlateDecode]"), None),
    "damaged": (paper(DEFLATED[:-3], more="/Filter/FlateDecode"), None),
    "more after the end": (paper(DEFLATED + b"x", more="/Filter/FlateDecode"), None),
    "cut short": (paper(ARCHIVE)[:60], None),
    "no table": (b"%PDF-1.7\n%%EOF", None),
    "a table beyond the file": (b"%PDF-1.7\nstartxref\n9999999999\n%%EOF", None),
    "written by hand": (written(PLAIN), ARCHIVE),
    **{name: (pdf, None) for name, pdf in AMBIGUOUS.items()},
    "a stream beyond the file": (paper(ARCHIVE).replace(b"/Length 15", b"/Length 99"), None),
}


@pytest.mark.parametrize("name", PAPERS)
def test_the_bundle_is_taken_out_byte_for_byte_or_not_at_all(name: str) -> None:
    pdf, inside = PAPERS[name]
    assert bundle_inside(pdf) == inside
