"""Requests to a mirror, byte by byte, in any pieces; and its answer about what is missing."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RecordError
from ledger.tlog.add_entries import (
    EntryPackage,
    MirrorInfo,
    UploadHeader,
    UploadParser,
    format_header,
    format_info,
    format_package,
    package_ranges,
    parse_info,
)

ORIGIN = "example.com/behind-the-sofa"
HEADER = UploadHeader(ORIGIN, 254, 513, b"\x00\xff")


def parsed(body: bytes, *cuts: int) -> tuple[list[UploadHeader | EntryPackage], bool]:
    """Return what a parser finds in a body that arrives in pieces, and whether the upload is complete."""
    parser, start = UploadParser(), 0
    found: list[UploadHeader | EntryPackage] = []
    for cut in (*sorted(cuts), len(body)):
        found += parser.feed(body[start:cut])
        start = cut
    return found, parser.done


def package(first: int, end: int, hashes: int = 2) -> EntryPackage:
    entries = tuple(b"entry %d" % n for n in range(first, end))
    return EntryPackage(entries, tuple(hashlib.sha256(b"%d" % n).digest() for n in range(hashes)))


def test_a_header_has_the_bytes_of_the_specification() -> None:
    assert format_header(HEADER).hex(" ") == (
        "00 1b " + ORIGIN.encode().hex(" ") + " 00 00 00 00 00 00 00 fe 00 00 00 00 00 00 02 01 00 02 00 ff"
    )


def test_a_package_has_the_bytes_of_the_specification() -> None:
    proof = (bytes(32), bytes(range(32)))
    assert format_package(EntryPackage((b"a", b"bc"), proof)) == b"\x00\x01a\x00\x02bc\x02" + b"".join(proof)
    assert format_package(EntryPackage((b"a",), ())) == b"\x00\x01a\x00"


def test_packages_end_where_bundles_end_and_at_the_end_of_the_upload() -> None:
    assert list(package_ranges(254, 513)) == [(254, 256), (256, 512), (512, 513)]
    assert list(package_ranges(0, 256)) == [(0, 256)]
    assert list(package_ranges(7, 8)) == [(7, 8)]
    assert list(package_ranges(8, 8)) == []


@given(
    st.integers(0, 600), st.integers(0, 40), st.integers(0, 63), st.binary(max_size=9), st.lists(st.integers(0, 20_000))
)
def test_a_request_is_read_as_it_was_written_however_it_arrives(
    start: int, count: int, hashes: int, ticket: bytes, cuts: list[int]
) -> None:
    header = UploadHeader(ORIGIN, start, start + count, ticket)
    packages = [package(first, end, hashes) for first, end in package_ranges(start, start + count)]
    body = format_header(header) + b"".join(map(format_package, packages))
    assert parsed(body, *(cut % (len(body) + 1) for cut in cuts)) == ([header, *packages], True)
    assert parsed(body[:-1], *(cut % len(body) for cut in cuts)) == (
        [header, *packages[:-1]] if packages else [],
        False,
    )


def test_a_request_with_the_longest_parts_is_written_and_read() -> None:
    header = UploadHeader("x" * 255, (1 << 63) - 2, (1 << 63) - 1, bytes(65_535))
    packages = [EntryPackage((bytes(65_535),), tuple(bytes([n]) * 32 for n in range(63)))]
    assert parsed(format_header(header) + format_package(packages[0])) == ([header, *packages], True)
    shortest = UploadHeader("x", 0, 0)
    assert parsed(format_header(shortest)) == ([shortest], True)


def test_bytes_after_the_last_package_are_ignored() -> None:
    body = format_header(UploadHeader(ORIGIN, 0, 1)) + format_package(package(0, 1))
    assert parsed(body + b"more") == parsed(body)


def test_at_most_a_part_of_one_package_waits() -> None:
    parser = UploadParser()
    body = format_header(UploadHeader(ORIGIN, 0, 1 << 40)) + (b"\xff\xff" + bytes(65_535)) * 256
    for at in range(0, len(body), 65_536):
        assert len(list(parser.feed(body[at : at + 65_536]))) == (at == 0)  # the header
        assert len(parser._buffer) < 65_537
    with pytest.raises(RecordError, match="at most 63 hashes"):
        list(parser.feed(b"\xff"))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"\x00\x00", "an origin has 1 to 255 bytes"),
        (b"\x01\x00" + b"x" * 256, "an origin has 1 to 255 bytes"),
        (b"\x00\x01\xff" + bytes(18), "an origin is UTF-8"),
        (b"\x00\x01x" + (2).to_bytes(8, "big") + (1).to_bytes(8, "big"), "an upload starts at or before its end"),
        (b"\x00\x01x" + bytes(8) + b"\x80" + bytes(7), "an upload starts at or before its end"),
        (b"\x00\x01x" + bytes(8) + (1).to_bytes(8, "big") + bytes(2) + bytes(2), "entry 0 is empty"),
        (b"\x00\x01x" + bytes(8) + (1).to_bytes(8, "big") + bytes(2) + b"\x00\x01a\x40", "at most 63 hashes"),
    ],
)
def test_what_no_request_can_have_is_refused_when_it_arrives(body: bytes, says: str) -> None:
    with pytest.raises(RecordError, match=says) as refused:
        parsed(body)
    assert refused.value.code == "MIR-FORMAT"


@pytest.mark.parametrize(
    "header",
    [
        UploadHeader("", 0, 0),
        UploadHeader("x" * 256, 0, 0),
        UploadHeader(ORIGIN, 2, 1),
        UploadHeader(ORIGIN, -1, 1),
        UploadHeader(ORIGIN, 0, 1 << 63),
        UploadHeader(ORIGIN, 0, 0, bytes(65_536)),
    ],
)
def test_a_header_that_no_parser_reads_is_not_written(header: UploadHeader) -> None:
    with pytest.raises(ValueError, match=r"an origin has|an upload starts"):
        format_header(header)


@pytest.mark.parametrize("bad", [EntryPackage((b"",), ()), EntryPackage((), ()), EntryPackage((b"a",), (b"short",))])
def test_a_package_that_no_parser_reads_is_not_written(bad: EntryPackage) -> None:
    with pytest.raises(ValueError, match=r"a bundle holds|a proof has"):
        format_package(bad)


def test_what_is_missing_is_said_in_three_lines() -> None:
    assert format_info(MirrorInfo(1234, 56, b"\x00")) == "1234\n56\nAA==\n"
    assert format_info(MirrorInfo(0, 0)) == "0\n0\n\n"


@given(st.integers(0, (1 << 63) - 1), st.integers(0, (1 << 63) - 1), st.binary(max_size=50))
def test_what_is_missing_is_read_as_it_was_written(size: int, next_entry: int, ticket: bytes) -> None:
    info = MirrorInfo(size, next_entry, ticket)
    assert parse_info(format_info(info).encode()) == info


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"1\n2\n", b"1\n2\n\n\n", b"1\n2\n\nx", b"01\n2\n\n", b"1\n-2\n\n", b"1\n2\nAB==\n", b"\xff\n2\n\n"),
        format_info(MirrorInfo(1, 1, bytes(65_536))).encode(),
    ],
)
def test_other_lines_about_what_is_missing_are_refused(body: bytes) -> None:
    with pytest.raises(RecordError) as refused:
        parse_info(body)
    assert refused.value.code == "MIR-FORMAT"


@pytest.mark.parametrize("origin", ["o", "o" * 255, "ö" * 127 + "o"])
@pytest.mark.parametrize(("start", "end"), [(0, 0), (0, (1 << 63) - 1), ((1 << 63) - 1, (1 << 63) - 1)])
@pytest.mark.parametrize("ticket", [b"", b"t" * 65_535])
def test_a_header_of_the_largest_size_is_written_and_read(origin: str, start: int, end: int, ticket: bytes) -> None:
    header = UploadHeader(origin, start, end, ticket)
    found, done = parsed(format_header(header))
    assert (found, done) == ([header], start == end)


def test_a_package_of_the_largest_size_is_written_and_read() -> None:
    header = format_header(UploadHeader(ORIGIN, 0, 1, b""))
    for entry, hashes in ((b"e" * 65_535, 63), (b"e", 0)):
        made = EntryPackage((entry,), tuple(bytes([n]) * 32 for n in range(hashes)))
        assert parsed(header + format_package(made))[0][1:] == [made]
    too_many = EntryPackage((b"e",), (bytes(32),) * 64)
    with pytest.raises(ValueError, match="at most 63"):
        format_package(too_many)
    with pytest.raises(RecordError, match="at most 63"):
        parsed(header + b"\x00\x01e" + bytes([64]) + bytes(32 * 64))


def test_the_largest_ticket_about_what_is_missing_is_read_and_a_larger_one_is_not() -> None:
    for size, refused in ((65_535, False), (65_536, True)):
        body = format_info(MirrorInfo(7, 3, b"t" * size)).encode()
        if refused:
            with pytest.raises(RecordError, match="MIR-FORMAT"):
                parse_info(body)
        else:
            assert parse_info(body) == MirrorInfo(7, 3, b"t" * size)
