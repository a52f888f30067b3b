"""A scanned letter states a day that there is at its place."""

from __future__ import annotations

import pytest

from ledger.application.intake.letter import letter_cells, media_of
from ledger.errors import RecordError


@pytest.mark.parametrize(
    ("day", "zone"), [("0001-01-01", "America/Juneau"), ("9999-12-31", "Etc/GMT+12"), ("2027-02-30", "")]
)
def test_a_day_whose_noon_is_no_moment_of_the_calendar_is_refused(day: str, zone: str) -> None:
    with pytest.raises(RecordError, match="on which day") as refused:
        letter_cells(b"scan", "scan.pdf", "o", "order-received", day=day, zone=zone, whose="")
    assert refused.value.code == "FORM-DATE"


ZIP = b"PK\x03\x04" + bytes(26)


@pytest.mark.parametrize(
    ("begin", "media"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "application/octet-stream"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"\x00\x00\x00\x18ftypheix", "image/heic"),
        (b"\x00\x00\x00\x18ftypmif1", "image/heic"),
        (b"\x00\x00\x00\x18ftypmp42", "application/octet-stream"),
        (b"PK\x03\x04" + bytes(14) + (9).to_bytes(4, "little") + bytes(8) + b"mimetypetext/plain", "text/plai"),
        (ZIP + b"word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (ZIP + b"other", "application/zip"),
        (b"From: a@b.example\n", "message/rfc822"),
        (b"date: today\n", "message/rfc822"),
        (b"Fromage: none\n", "text/plain"),
        ("Grüße".encode(), "text/plain"),
        (b"a\x00b", "application/octet-stream"),
        (b"\xff\xfe", "application/octet-stream"),
        (b"", "application/octet-stream"),
        (b"a" * 4094 + "ü".encode()[:1] + b"x", "application/octet-stream"),
        (b"a" * 4095 + "ü".encode()[:1], "text/plain"),
        (b"a" * 4000 + "ü".encode()[:1], "application/octet-stream"),
        (b"a" * 4094 + "ü".encode()[:1], "application/octet-stream"),  # a file that ends within a character
        (b"a" * 4093 + "€".encode()[:2] + b"x", "application/octet-stream"),
        (b"a" * 4093 + "😀".encode()[:3], "text/plain"),
        (b"a" + "€".encode() * 1365, "text/plain"),
        (b"\xff\xfe" * 2048, "application/octet-stream"),  # no NUL, and no text
        (b"a" * 100 + b"\xff" + b"a" * 4000, "application/octet-stream"),
        (b"From: a@b.example\n" + b"\xff" * 4096, "application/octet-stream"),
        (b"a" * 4095 + b"\0", "application/octet-stream"),
        (b"PK\x03\x04" + bytes(14) + (258).to_bytes(4, "little") + bytes(8) + b"mimetype" + b"a" * 300, "a" * 258),
        (b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
    ],
)
def test_the_type_of_a_letter_is_read_from_its_first_bytes(begin: bytes, media: str) -> None:
    assert media_of(begin[:4096]) == media


def test_a_letter_is_of_the_day_that_is_stated_or_of_the_one_that_begins_its_name() -> None:
    def at(name: str, day: str = "", zone: str = "") -> str:
        row = letter_cells(b"%PDF-", name, "o", "order-received", day=day, zone=zone, whose="")
        assert (row["order"], row["kind"], row["on_source"], "actor" in row) == (
            "o",
            "order-received",
            "estimate",
            False,
        )
        return str(row["occurred"])

    assert at("2027-03-01 letter.pdf") == at("x.pdf", "2027-03-01") == "2027-03-01T12:00:00Z"
    assert at("2027-03-01.pdf", "2027-07-02", "Europe/Oslo") == "2027-07-02T10:00:00Z"
    for name in ("letter.pdf", "2027-03-011.pdf", "a 2027-03-01.pdf", "2027-13-01.pdf"):
        with pytest.raises(RecordError, match="on which day") as refused:
            at(name)
        assert refused.value.where == name
    row = letter_cells(b"scan", "2027-03-01.pdf", "o", "order-received", day="", zone="", whose="skylark")
    documents = [value for value in row.values() if isinstance(value, dict)]
    assert row["actor"] == "skylark"
    assert [(each["size"], each["media"], len(each["sha256"])) for each in documents] == [(4, "text/plain", 64)]


@pytest.mark.parametrize("kind", ["", "key-revoked", "nothing"])
def test_a_kind_that_a_letter_alone_does_not_show_is_refused(kind: str) -> None:
    with pytest.raises(RecordError, match="is not taken from a letter alone") as refused:
        letter_cells(b"scan", "2027-03-01.pdf", "o", kind, day="", zone="", whose="")
    assert (refused.value.code, refused.value.says.startswith(kind or "no kind")) == ("API-REQUEST", True)


def test_the_type_of_a_letter_is_that_of_its_beginning() -> None:
    def media(data: bytes) -> str:
        row = letter_cells(data, "2027-03-01.pdf", "o", "order-received", day="", zone="", whose="")
        return next(str(value["media"]) for value in row.values() if isinstance(value, dict))

    assert media(b"a" * 4095 + b"\0") == "application/octet-stream"
    assert media(b"a" * 4096 + b"\0") == "text/plain"
