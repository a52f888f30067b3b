"""One list of files has one archive; any other form of ZIP is refused before its content is read."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.bundle import zip_profile
from ledger.errors import RecordError

FILES = {"mimetype": b"application/x", "logs/a/checkpoint": b"three lines\n", "views/empty.csv": b""}

_names = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,8}(/[a-z0-9][a-z0-9_-]{0,8}){0,3}", fullmatch=True)


def refused(data: bytes) -> str:
    with pytest.raises(RecordError) as caught:
        zip_profile.read(data)
    assert caught.value.code == "BND-ZIP"
    return f"{caught.value.where}: {caught.value.says}"


def foreign(*entries: tuple[zipfile.ZipInfo, bytes], comment: bytes = b"") -> bytes:
    """Write the entries with Python's own ZIP writer."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")  # the writer warns of duplicate names, and writes them
        for info, content in entries:
            wanted = info.external_attr
            archive.writestr(info, content)
            info.external_attr = wanted  # the writer fills in its own permissions
        archive.comment = comment
    return out.getvalue()


def info(name: str, **attributes: object) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    made.create_version, made.extract_version, made.create_system, made.external_attr = 10, 10, 0, 0
    for attribute, value in attributes.items():
        setattr(made, attribute, value)
    return made


@given(st.dictionaries(_names.map(lambda name: name + ".f"), st.binary(max_size=40), max_size=6))
def test_what_is_written_is_read_back_in_the_same_order(files: dict[str, bytes]) -> None:
    data = zip_profile.write(files)
    assert list(zip_profile.read(data).items()) == list(files.items())
    assert zip_profile.write(zip_profile.read(data)) == data


def test_other_programs_read_the_archive() -> None:
    with zipfile.ZipFile(io.BytesIO(zip_profile.write(FILES))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == FILES
        assert all(i.compress_type == zipfile.ZIP_STORED and i.extra == b"" for i in archive.infolist())


@given(st.data())
def test_every_single_changed_bit_is_refused(data: st.DataObject) -> None:
    archive = bytearray(zip_profile.write(FILES))
    bit = data.draw(st.integers(0, len(archive) * 8 - 1))
    archive[bit // 8] ^= 1 << bit % 8
    refused(bytes(archive))


@given(st.binary(max_size=200))
def test_bytes_that_are_no_archive_are_refused_and_never_crash(data: bytes) -> None:
    refused(data)
    refused(b"PK\3\4" + data)


NAMES = {
    "parent": "../up",
    "parent inside": "a/../../up",
    "absolute": "/etc/passwd",
    "drive": "C:/a",
    "backslash": "a\\b",
    "NUL": "a\0b",
    "folder": "a/",
    "empty part": "a//b",
    "dot": "./a",
    "hidden": ".ssh",
    "dash first": "-rf",
    "space": "a b",
    "81 letters": "a" * 81,
    "eight parts": "a/b/c/d/e/f/g/h",
    "newline": "a\n",
    "empty": "",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_hostile_name_is_neither_written_nor_read(name: str) -> None:
    with pytest.raises(RecordError) as caught:
        zip_profile.write({name: b""})
    assert caught.value.code == "BND-ZIP"
    stand_in = b"x" * len(name)  # Python's writer would normalise some of these names
    refused(
        foreign((info(stand_in.decode()), b"")).replace(stand_in, name.encode()) if name else foreign((info(""), b""))
    )


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        (("a", "A"), "case alone"),
        (("a/b", "A/c", "a/B"), "case alone"),
        (("a", "a/b"), "folder"),
        (("A", "a/b"), "folder"),
    ],
)
def test_names_that_some_file_systems_confuse_are_refused(names: tuple[str, ...], rule: str) -> None:
    with pytest.raises(RecordError, match=rule):
        zip_profile.write(dict.fromkeys(names, b""))


def test_a_name_that_is_not_ascii_is_refused() -> None:
    assert "not ASCII" in refused(zip_profile.write({"xx": b""}).replace(b"xx", "é".encode()))


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new, 1)

    return change


HEADER = struct.pack("<4s5H", b"PK\3\4", 10, 0, 0, 0, 0x21)  # of every file that the writer makes
END_SIZE = 22


def header(flags: int = 0, method: int = 0, time: int = 0) -> bytes:
    return struct.pack("<4s5H", b"PK\3\4", 10, flags, method, time, 0x21)


RULES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "deflate": (replaced(HEADER, header(method=8)), "compressed"),
    "encrypted": (replaced(HEADER, header(flags=1)), "encrypted"),
    "data descriptor": (replaced(HEADER, header(flags=8)), "data descriptor"),
    "UTF-8 flag": (replaced(HEADER, header(flags=0x800)), "flags are 0"),
    "a time": (replaced(HEADER, header(time=1)), "1980-01-01"),
    "bytes before": (lambda d: b"MZ" + d, "something stands before"),
    "bytes after": (lambda d: d + b"\0", "bytes after the archive"),
    "comment": (lambda d: d[:-2] + b"\1\0!", "comment"),
    "cut short": (lambda d: d[:-1], "end record"),
    "second volume": (lambda d: d[:-18] + b"\1\0" + d[-16:], "one volume"),
    "zip64": (lambda d: d[:-14] + b"\xff\xff\xff\xff" * 2 + d[-6:], "zip64"),
    "10,001 files": (lambda d: d[:-14] + struct.pack("<2H", 10_001, 10_001) + d[-10:], "at most 10000"),
    "a file more": (lambda d: d[:-14] + struct.pack("<2H", 4, 4) + d[-10:], "more files than there are"),
    "a file less": (lambda d: d[:-14] + struct.pack("<2H", 2, 2) + d[-10:], "between the last file"),
    "other name in the directory": (
        lambda d: d[::-1].replace(b"epytemim", b"epytemiM", 1)[::-1],
        "record in the directory",
    ),
    "content": (replaced(b"three", b"threE"), "CRC-32"),
    "content and its CRC": (
        lambda d: d.replace(b"three", b"threE").replace(
            struct.pack("<L", zlib.crc32(b"three lines\n")), struct.pack("<L", zlib.crc32(b"threE lines\n")), 1
        ),
        "record in the directory",
    ),
    "an unused gap": (
        lambda d: (
            d[: d.index(b"PK\1\2")]
            + b"gap"
            + d[d.index(b"PK\1\2") : -6]
            + struct.pack("<LH", d.index(b"PK\1\2") + 3, 0)
        ),
        "between the last file",
    ),
}


@pytest.mark.parametrize("change", RULES)
def test_each_rule_of_the_profile_has_its_own_words(change: str) -> None:
    make, rule = RULES[change]
    assert rule in refused(make(zip_profile.write(FILES)))


def ended(data: bytes, *, here: int = 3, count: int = 3, size: int | None = None, start: int | None = None) -> bytes:
    """Return an archive with another end record."""
    _, _, _, _, _, old_size, old_start, _ = struct.unpack("<4s4H2LH", data[-END_SIZE:])
    numbers = (old_size if size is None else size, old_start if start is None else start)
    return data[:-END_SIZE] + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, here, count, *numbers, 0)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"here": 2}, "one volume, without zip64"),
        ({"here": 0xFFFF, "count": 0xFFFF}, "one volume, without zip64"),
        ({"size": 0xFFFFFFFF}, "one volume, without zip64"),
        ({"start": 0xFFFFFFFF}, "one volume, without zip64"),
        ({"size": 1}, "the directory does not stand right before the end record"),
        ({"start": 1}, "the directory does not stand right before the end record"),
    ],
)
def test_the_end_record_says_where_the_directory_is(changes: dict[str, int], rule: str) -> None:
    assert refused(ended(zip_profile.write(FILES), **changes)) == f"archive: {rule}"


@pytest.mark.parametrize("number", range(3))
def test_the_record_of_the_directory_that_differs_is_named(number: int) -> None:
    data = zip_profile.write(FILES)
    at = [place for place in range(len(data)) if data.startswith(b"PK\1\2", place)][number]
    said = refused(data[: at + 38] + b"\1" + data[at + 39 :])
    assert said.startswith(f"{[*FILES][number]}: its record in the directory differs")


def test_a_directory_with_more_than_its_files_is_refused() -> None:
    data = zip_profile.write(FILES)
    size = struct.unpack_from("<L", data, len(data) - 10)[0]
    more = ended(data[:-END_SIZE] + b"more" + data[-END_SIZE:], size=size + 4)
    assert refused(more) == "archive: the directory lists more than its files"


def test_a_file_without_its_header_is_named_by_its_number_and_one_with_it_by_its_name() -> None:
    data = zip_profile.write(FILES)
    second = data.index(b"PK\3\4", 4)
    no_header = data[:second] + b"PK\3\5" + data[second + 4 :]
    assert refused(no_header) == "file 2: its header does not follow the file before it"
    encrypted = data[: second + 6] + b"\1" + data[second + 7 :]
    assert refused(encrypted) == "logs/a/checkpoint: it is encrypted"


LOCAL_SIZES = 18  # offset of the packed and the true size in a local header


@pytest.mark.parametrize(
    ("packed", "size", "rule"),
    [
        (0xFFFFFFFF, 13, "zip64 is not read"),
        (13, 0xFFFFFFFF, "zip64 is not read"),
        (12, 13, "packed and true size differ"),
        (200, 200, "it reaches beyond the files"),
        (95, 95, "it reaches beyond the files"),
        (94, 94, "its CRC-32 is wrong"),
    ],
)
def test_the_sizes_of_a_file_are_equal_and_within_the_files(packed: int, size: int, rule: str) -> None:
    data = zip_profile.write(FILES)
    room = data.index(b"PK\1\2") - 30 - len("mimetype")
    packed, size = (room + each - 94 if each in (94, 95) else each for each in (packed, size))
    sizes = struct.pack("<2L", packed, size)
    assert refused(data[:LOCAL_SIZES] + sizes + data[LOCAL_SIZES + 8 :]) == f"mimetype: {rule}"


def test_an_archive_has_at_most_the_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zip_profile.write(FILES)
    monkeypatch.setattr(zip_profile, "MAX_TOTAL", len(data))
    assert zip_profile.read(zip_profile.write(FILES)) == FILES
    monkeypatch.setattr(zip_profile, "MAX_TOTAL", len(data) - 1)
    assert refused(data) == f"archive: {len(data)} bytes, at most {len(data) - 1} are allowed"
    with pytest.raises(RecordError, match="are allowed"):
        zip_profile.write(FILES)


def test_a_file_of_the_largest_size_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_profile, "MAX_ENTRY", 13)
    assert zip_profile.read(zip_profile.write({"a": b"x" * 13})) == {"a": b"x" * 13}
    data = zip_profile.write({"a": b"x" * 13})
    monkeypatch.setattr(zip_profile, "MAX_ENTRY", 12)
    assert refused(data) == "a: 13 bytes, at most 12 are allowed"


FOREIGN = {
    "an ordinary archive": foreign((zipfile.ZipInfo("a"), b"x")),
    "deflated": foreign((info("a", compress_type=zipfile.ZIP_DEFLATED), b"x" * 999)),
    "a link": foreign((info("a", external_attr=0o120777 << 16), b"/etc/passwd")),
    "a comment of a file": foreign((info("a", comment=b"hello"), b"x")),
    "an extra field": foreign((info("a", extra=b"\1\0\2\0ab"), b"x")),
    "made under Unix": foreign((info("a", create_system=3), b"x")),
    "a name twice": foreign((info("a"), b"x"), (info("a"), b"y")),
    "a comment": foreign((info("a"), b"x"), comment=b"hello"),
}


@pytest.mark.parametrize("archive", FOREIGN.values(), ids=FOREIGN.keys())
def test_archives_that_others_make_are_refused(archive: bytes) -> None:
    refused(archive)


def test_the_control_archive_of_the_foreign_writer_is_read() -> None:
    assert zip_profile.read(foreign((info("a"), b"x"))) == {"a": b"x"}


def test_overlapping_files_are_refused() -> None:
    """The quoted-overlap bomb: a second record of the directory points into the first file."""
    inner = zip_profile.write({"b": b"y"})
    local = inner[: inner.index(b"PK\1\2")]
    outer = zip_profile.write({"a": local})
    directory = outer.index(b"PK\1\2")
    second = inner[inner.index(b"PK\1\2") : -END_SIZE]
    second = second[:42] + struct.pack("<L", 31) + second[46:]
    records = outer[directory:-END_SIZE] + second
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2, 2, len(records), directory, 0)
    with zipfile.ZipFile(io.BytesIO(outer[:directory] + records + end)) as archive:
        assert archive.namelist() == ["a", "b"]
    assert "more files than there are" in refused(outer[:directory] + records + end)


def test_more_than_ten_thousand_files_are_refused() -> None:
    with pytest.raises(RecordError, match="more than 10000"):
        zip_profile.write({f"f{n}": b"" for n in range(10_001)})
    many = {f"f{n}": b"" for n in range(10_000)}
    assert zip_profile.read(zip_profile.write(many)) == many


def test_a_file_of_more_than_64_mib_is_refused() -> None:
    with pytest.raises(RecordError, match="67108864 are allowed"):
        zip_profile.write({"a": bytes((64 << 20) + 1)})
    small = zip_profile.write({"a": b"x"})
    large = struct.pack("<2L", (64 << 20) + 1, (64 << 20) + 1)
    assert "67108864 are allowed" in refused(small[:18] + large + small[26:])
