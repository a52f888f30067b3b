"""A report on paper that carries a bundle: what is taken out is the bundle, byte for byte, or nothing."""

from __future__ import annotations

import zlib

import pytest

from cli.attached import bundle_inside

ARCHIVE = b"PK\x03\x04 an archive"


def paper(*files: bytes, kind: str = "EmbeddedFile", more: str = "", tail: str = "") -> bytes:
    """A PDF of one table with these streams in it."""
    pdf, places = b"%PDF-1.7\n", []
    for number, file in enumerate(files, 1):
        places.append(len(pdf))
        pdf += f"{number} 0 obj\n<</Length {len(file)}/Type/{kind}{more}>>\nstream\n".encode() + file
        pdf += b"\nendstream\nendobj\n"
    rows = ["0000000000 65535 f\r\n", *(f"{place:010} 00000 n\r\n" for place in places)]
    table = f"xref\n0 {len(rows)}\n{''.join(rows)}trailer\n<</Size {len(rows)}{tail}>>\nstartxref\n{len(pdf)}\n%%EOF"
    return pdf + table.encode()


DEFLATED = zlib.compress(ARCHIVE)
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
    "a stream beyond the file": (paper(ARCHIVE).replace(b"/Length 15", b"/Length 99"), None),
}


@pytest.mark.parametrize("name", PAPERS)
def test_the_bundle_is_taken_out_byte_for_byte_or_not_at_all(name: str) -> None:
    pdf, inside = PAPERS[name]
    assert bundle_inside(pdf) == inside
