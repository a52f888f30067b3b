"""A bundle that was unpacked and zipped again verifies by its contents, with a remark that it is not original."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from cli.exit_codes import Exit
from ledger.bundle import repacked, zip_profile
from ledger.bundle.archive import unpack, unpacked
from ledger.bundle.archive_kind import is_bundle
from ledger.bundle.layout import MANIFEST
from ledger.bundle.repacked import reread, top_of
from ledger.errors import RecordError
from ledger.trust.trust_folder import parse_trust
from ledger.verify.evidence_bundle import verify
from ledger.verify.report import Report
from projections.exchange.asic import container
from tests.ledger.verify.test_bit_flips import trust_of
from tests.support.cli import run
from tests.support.memory_ledger import NOW, small

LEDGER, ILVES = small()
BUNDLE = LEDGER.bundle(ILVES)
FILES = unpack(BUNDLE)
TRUST = trust_of(LEDGER)
LATER = NOW.replace(year=2040)


class Unseekable(io.RawIOBase):
    """A pipe: a writer cannot go back, so the sizes follow each file."""

    def __init__(self) -> None:
        self.made = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.made += bytes(data)  # type: ignore[call-overload]
        return len(bytes(data))  # type: ignore[call-overload]


def zipped(
    files: Mapping[str, bytes],
    method: int = zipfile.ZIP_DEFLATED,
    *,
    folders: bool = False,
    comment: bytes = b"",
    extra: bytes = b"",
    date: tuple[int, int, int, int, int, int] = (2027, 3, 1, 9, 40, 0),
    piped: bool = False,
) -> bytes:
    """Write an archive of these files as other programs do."""
    made, pipe = io.BytesIO(), Unseekable()
    with zipfile.ZipFile(pipe if piped else made, "w", method) as archive:
        if folders:
            for folder in sorted({p[: n + 1] for p in files for n, c in enumerate(p) if c == "/"}):
                archive.writestr(zipfile.ZipInfo(folder, date), b"")
        for name, content in files.items():
            info = zipfile.ZipInfo(name, date)
            info.compress_type, info.extra = method, extra
            info.external_attr = 0o100644 << 16
            archive.writestr(info, content)
        archive.comment = comment
    return bytes(pipe.made) if piped else made.getvalue()


def shuffled(files: Mapping[str, bytes]) -> dict[str, bytes]:
    names = list(files)
    random.Random(11).shuffle(names)
    return {name: files[name] for name in names}


AGAIN: dict[str, bytes] = {
    "packed": zipped(FILES),
    "stored, with times": zipped(FILES, zipfile.ZIP_STORED),
    "in another order": zipped(shuffled(FILES)),
    "with folders of their own": zipped(FILES, folders=True),
    "with a comment": zipped(FILES, comment=b"sent by the registry"),
    "with extra fields": zipped(FILES, extra=struct.pack("<HH5s", 0x5455, 5, b"\x01abcd")),
    "through a pipe": zipped(FILES, piped=True),
    "stored through a pipe": zipped(FILES, zipfile.ZIP_STORED, piped=True),
    "in one folder": zipped({f"court.evidence/{path}": content for path, content in FILES.items()}, folders=True),
}


def report(data: bytes) -> Report:
    return verify(data, parse_trust(TRUST), None, LATER)


@pytest.mark.parametrize("how", AGAIN)
def test_a_bundle_zipped_again_passes_by_its_contents_and_says_so(how: str) -> None:
    found, original = report(AGAIN[how]), report(BUNDLE)
    assert is_bundle(AGAIN[how])
    assert unpacked(AGAIN[how]) == (FILES, False)
    assert list(unpack(AGAIN[how])) == list(FILES)
    assert found.verdict == original.verdict == "TOTAL-PASSED"
    assert [r.code for r in found.procedure] == ["BND-REPACKED", *(r.code for r in original.procedure)]
    assert (found.entries, found.signatures, found.reasons) == (original.entries, original.signatures, ())
    assert found.head == original.head


def test_the_original_says_nothing_of_it() -> None:
    assert unpacked(BUNDLE) == (FILES, True)
    assert "BND-REPACKED" not in [r.code for r in report(BUNDLE).procedure]


def test_the_command_says_it_in_words_and_passes(tmp_path: Path) -> None:
    for name, content in TRUST.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "again.zip").write_bytes(AGAIN["in one folder"])
    (tmp_path / "again.asice").write_bytes(container({"again.evidence.zip": AGAIN["packed"]}, b"a signature"))
    for file in ("again.zip", "again.asice"):
        done = run("verify", str(tmp_path / file), "--trust", str(tmp_path), "--trust-came", "apart")
        assert done.stdout.startswith("Integrity: TOTAL-PASSED"), done.output
        assert "BND-REPACKED: another program zipped the bundle again" in " ".join(done.stdout.split())


# -- archives that are refused -----------------------------------------------------------------------------------------


def ends(data: bytes, code: str) -> None:
    found = report(data)
    assert (found.verdict, found.reasons[0].code) == ("TOTAL-FAILED", code), found.reasons


@pytest.mark.parametrize(
    "change",
    [
        lambda files: {**files, "more.txt": b"x"},
        lambda files: {**files, "policy": files["policy"] + b"\n"},
        lambda files: {name: content for name, content in files.items() if name != "policy"},
    ],
    ids=["a file more", "a file changed", "a file less"],
)
def test_other_contents_are_proved_wrong_as_before(change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> None:
    ends(zipped(change(dict(FILES))), "BND-MANIFEST")


def record(data: bytes, number: int) -> int:
    """Return the offset of a file's record in the central directory."""
    at = data.index(b"PK\1\2")
    for _ in range(number):
        name, extra, comment = struct.unpack_from("<3H", data, at + 28)
        at += 46 + name + extra + comment
    return at


def patched(data: bytes, at: int, form: str, *values: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(form, changed, at, *values)
    return bytes(changed)


def twice() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("policy", FILES["policy"])
    return made.getvalue()


def bomb() -> bytes:
    """Return an archive with a file that states a few bytes and expands to 64 MiB."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packed.compress(bytes(64 << 20)) + packed.flush()
    data = zipped({**FILES, "documents/" + "0" * 64: b"x"}, zipfile.ZIP_DEFLATED)
    at = record(data, len(FILES))
    place = struct.unpack_from("<L", data, at + 42)[0]
    local = bytearray(data[place : place + 30 + len("documents/") + 64])
    struct.pack_into("<L", local, 18, len(body))
    directory = bytearray(data[record(data, 0) :])
    struct.pack_into("<L", directory, at - record(data, 0) + 20, len(body))
    head = data[:place] + bytes(local) + body
    struct.pack_into("<L", directory, len(directory) - 6, len(head))
    return head + bytes(directory)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a name twice": twice,
    "names that differ in case": lambda: zipped({**FILES, "Policy": b"x"}),
    "a name that climbs": lambda: zipped({**FILES, "../policy": b"x"}),
    "a folder that climbs": lambda: zipped({"../": b"", **FILES}),
    "a folder of nothing": lambda: zipped({"empty/": b"", **FILES}),
    "a folder with bytes": lambda: zipped({"logs/": b"x", **FILES}),
    "a name that is not ASCII": lambda: zipped({**FILES, "pölicy": b"x"}),
    "bytes before it": lambda: b"MZ" + AGAIN["packed"],
    "bytes behind it": lambda: AGAIN["packed"] + b"x",
    "a gap": lambda: patched(zipped(FILES, extra=b"ab\0\0"), record(zipped(FILES, extra=b"ab\0\0"), 1) + 42, "<L", 1),
    "an encrypted file": lambda: patched(AGAIN["packed"], record(AGAIN["packed"], 0) + 8, "<H", 1),
    "another way to pack": lambda: patched(AGAIN["packed"], record(AGAIN["packed"], 0) + 10, "<H", 12),
    "another size in the directory": lambda: patched(AGAIN["packed"], record(AGAIN["packed"], 0) + 24, "<L", 7),
    "another name in the directory": lambda: AGAIN["packed"][::-1].replace(b"policy"[::-1], b"policz"[::-1], 1)[::-1],
    "a symbolic link": lambda: patched(AGAIN["packed"], record(AGAIN["packed"], 0) + 38, "<L", 0o120777 << 16),
    "files that overlap": lambda: patched(AGAIN["packed"], record(AGAIN["packed"], 3) + 42, "<L", 0),
    "a file that unfolds into more than it says": bomb,
    "more than 512 MiB by its own words": lambda: sized(AGAIN["packed"], 60 << 20),
    "more files than one may be": lambda: zipped({**FILES, **{f"views/{n}": b"" for n in range(10_001)}}),
}


def sized(data: bytes, size: int) -> bytes:
    """Set the stated size of every file to `size`."""
    for number in range(len(FILES)):
        at = record(data, number)
        place = struct.unpack_from("<L", data, at + 42)[0]
        data = patched(patched(data, at + 24, "<L", size), place + 22, "<L", size)
    return data


@pytest.mark.parametrize("what", HOSTILE)
def test_what_could_be_read_in_two_ways_or_without_end_is_not_read(what: str) -> None:
    data = HOSTILE[what]()
    assert reread(data) is None
    ends(data, "BND-ZIP")


def test_of_a_newer_bundle_that_was_zipped_again_nothing_is_said(tmp_path: Path) -> None:
    newer = zipped({**FILES, "mimetype": b"application/vnd.comity.evidence-bundle.v99+zip"})
    with pytest.raises(RecordError, match="newer version") as refused:
        report(newer)
    assert refused.value.code == "BND-VERSION"
    (tmp_path / "newer.zip").write_bytes(newer)
    assert run("verify", str(tmp_path / "newer.zip")).exit_code == Exit.UNDECIDABLE


def test_a_bit_that_only_the_archive_has_changes_no_file_and_is_said() -> None:
    """For every bit of the directory: the bundle fails, or a remark says that the archive is not original."""
    start = BUNDLE.index(b"PK\1\2")
    said = 0
    for bit in range(start * 8, min(start + 120, len(BUNDLE)) * 8):
        changed = bytearray(BUNDLE)
        changed[bit >> 3] ^= 1 << (bit & 7)
        found = report(bytes(changed))
        if found.verdict == "TOTAL-PASSED":
            assert "BND-REPACKED" in [r.code for r in found.procedure]
            assert unpack(bytes(changed)) == FILES
            said += 1
    assert said


def test_chance_makes_no_error_of_an_archive_that_was_made_again() -> None:
    chance = random.Random(7)
    for data in AGAIN.values():
        for _ in range(60):
            changed = bytearray(data)
            for _ in range(chance.randint(1, 3)):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            files = reread(bytes(changed))
            assert files is None or all(isinstance(content, bytes) for content in files.values())


def test_an_empty_archive_is_none() -> None:
    assert reread(zip_profile.write({})) == {}
    assert reread(b"") is None


@pytest.mark.parametrize(
    ("method", "size", "is_read"),
    [
        (zipfile.ZIP_STORED, 64, True),
        (zipfile.ZIP_STORED, 65, False),
        (zipfile.ZIP_DEFLATED, 64, True),
        (zipfile.ZIP_DEFLATED, 65, False),
        (zipfile.ZIP_BZIP2, 64, False),
    ],
)
def test_a_file_is_read_up_to_its_largest_size_and_by_two_methods(
    method: int, size: int, is_read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repacked, "MAX_ENTRY", 64)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as made:
        made.writestr("file", b"x" * size)
    data = archive.getvalue()
    directory = repacked._directory(data)
    assert directory is not None
    (record,), start = directory
    assert repacked._entry(data, record) == ((b"x" * size, start) if is_read else None)


def one_file(
    content: bytes, *, flags: int = 8, tail: bytes | None = None, gap: bytes = b"", folder: bytes = b"", method: int = 0
) -> bytes:
    """Write an archive of the file `a/b` with a data descriptor `tail`, then `gap`, then the directory."""
    crc = zlib.crc32(content)
    numbers = struct.pack("<3L", crc, len(content), len(content))
    known = bytes(12) if flags & 8 else numbers
    header = struct.pack("<4s5H", b"PK\3\4", 20, flags, method, 0, 0) + known + struct.pack("<2H", 3, 0) + b"a/b"
    after = (b"PK\7\10" + numbers if flags & 8 else b"") if tail is None else tail.replace(b"NUMBERS", numbers)
    body, records = header + content + after, []
    records.append((b"a/b", flags, numbers, 0, 0o100644 << 16))
    if folder:
        records.append((folder, 0, bytes(12), len(body), 0o040755 << 16))
        body += (
            struct.pack("<4s5H", b"PK\3\4", 20, 0, 0, 0, 0) + bytes(12) + struct.pack("<2H", len(folder), 0) + folder
        )
    body += gap
    directory = b"".join(
        struct.pack("<4s6H", b"PK\1\2", 20, 20, of, method, 0, 0)
        + said
        + struct.pack("<5H2L", len(name), 0, 0, 0, 0, kind, place)
        + name
        for name, of, said, place, kind in records
    )
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(records), len(records), len(directory), len(body), 0)
    return body + directory + end


def test_a_data_descriptor_is_read_with_its_mark_and_without_it() -> None:
    for content in (b"", b"content", b"PK\7\10"):
        assert reread(one_file(content)) == {"a/b": content}
        assert reread(one_file(content, tail=b"NUMBERS")) == {"a/b": content}
        assert reread(one_file(content, flags=0)) == {"a/b": content}
    for tail in (b"", b"NUMBER", b"PK\7\10", bytes(12), b"NUMBERSx", b"PK\7\10NUMBERSx"):
        assert reread(one_file(b"content", tail=tail)) is None, tail
    assert reread(one_file(b"content", flags=0, tail=b"NUMBERS")) is None


def test_an_archive_has_no_bytes_between_its_files_and_its_directory_and_no_folder_without_a_file() -> None:
    assert reread(one_file(b"content", folder=b"a/")) == {"a/b": b"content"}
    assert reread(one_file(b"content", gap=b"x")) is None
    assert reread(one_file(b"content", folder=b"c/")) is None
    assert reread(one_file(b"content", folder=b"a/", gap=b"x")) is None
    assert reread(one_file(b"content", flags=1)) is None
    assert reread(one_file(b"content", method=9)) is None


class Member(Struct, frozen=True):
    """A record of an archive: what its local header and the directory say, where that differs from the truth."""

    name: bytes
    content: bytes = b"content"
    body: bytes | None = None  # as it is in the archive; None is the content
    tail: bytes = b""
    note: bytes = b""
    listed: bool = True
    both: Mapping[str, int] = {}
    local: Mapping[str, Any] = {}
    central: Mapping[str, Any] = {}


HEADER = ("mark", "need", "flags", "method", "time", "date", "crc", "packed", "size", "name", "extra")
CENTRAL = ("mark", "made", *HEADER[1:], "note", "disk", "internal", "external", "place")
END = ("mark", "disk", "first", "here", "count", "size", "start", "comment")


def archived(*members: Member, more: bytes = b"", remark: bytes = b"", end: Mapping[str, int] = {}) -> bytes:
    """Write the members, a directory of them that is followed by `more`, and an end that says `end`."""
    data, directory = b"", b""
    for each in members:
        body = each.content if each.body is None else each.body
        said: dict[str, Any] = dict.fromkeys({*HEADER, *CENTRAL}, 0)
        said |= {"crc": zlib.crc32(each.content), "packed": len(body), "size": len(each.content)}
        said |= {"name": len(each.name), "note": len(each.note), "place": len(data)} | dict(each.both)
        local = said | {"mark": b"PK\3\4"} | dict(each.local)
        central = said | {"mark": b"PK\1\2", "spelt": each.name} | dict(each.central)
        data += struct.pack("<4s5H3L2H", *(local[name] for name in HEADER)) + each.name + body + each.tail
        record = struct.pack("<4s6H3L5H2L", *(central[name] for name in CENTRAL)) + central["spelt"] + each.note
        directory += record if each.listed else b""
    count, size = sum(each.listed for each in members), len(directory + more)
    ended = {"disk": 0, "first": 0, "here": count, "count": count, "size": size, "start": len(data)}
    ended |= {"comment": len(remark)} | dict(end)
    return data + directory + more + struct.pack("<4s4H2LH", b"PK\5\6", *(ended[name] for name in END[1:])) + remark


def deflated(content: bytes, *, whole: bool = True) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush(zlib.Z_FINISH if whole else zlib.Z_SYNC_FLUSH)


A, B = Member(b"a"), Member(b"b", b"more", note=b"a note of its own")
PACKED = Member(b"c", b"c" * 40, deflated(b"c" * 40), both={"method": 8})


def test_an_archive_is_read_whatever_the_order_of_its_directory_and_its_comments() -> None:
    files = {"a": b"content", "b": b"more", "c": b"c" * 40}
    assert reread(archived(A, B, PACKED)) == files
    assert reread(archived(A, B, PACKED, remark=bytes(0xFFFF))) == files
    header = len(archived(A)) - 46 - 1 - 22
    first, second = replace(B, central={"place": header}), replace(A, central={"place": 0})
    turned = archived(A, B)[: header + 30 + 1 + 4] + archived(first, second)[header + 30 + 1 + 4 :]
    assert reread(turned) == {"a": b"content", "b": b"more"}


NUMBERS = struct.pack("<3L", zlib.crc32(b"content"), 7, 7)
REFUSED: dict[str, bytes] = {
    **{f"an end with another {name}": archived(A, B, end={name: 1}) for name in ("disk", "first", "here", "comment")},
    "an end that counts a record less": archived(A, B, end={"here": 1, "count": 1}),
    "an end that counts a record more": archived(A, B, end={"here": 3, "count": 3}),
    "a directory that is longer than it is": archived(A, B, end={"size": 2 * (46 + 1) + len(B.note) + 1}),
    "a directory that starts elsewhere": archived(A, B, end={"start": 1}),
    "bytes after the records of a directory": archived(A, B, more=b"x"),
    "no end": bytes(100),
    "an end that is cut": bytes(100) + b"PK\5\6",
    "a record with another mark": archived(A, replace(B, central={"mark": b"PK\1\1"})),
    "a record on another disk": archived(A, replace(B, central={"disk": 1})),
    "a record with another mark on another disk": archived(A, replace(B, central={"mark": b"PK\1\1", "disk": 1})),
    "a header with another mark": archived(A, replace(B, local={"mark": b"PK\3\3"})),
    "a header of another name": archived(A, replace(B, central={"spelt": b"d"})),
    **{
        f"a {side} that says another {name}": archived(A, replace(B, **{side: {name: number}}))
        for side in ("local", "central")
        for name, number in {"flags": 2, "method": 8, "crc": 7, "packed": 3, "size": 5}.items()
    },
    **{
        f"another {name} in both places": archived(A, replace(B, both={name: number}))
        for name, number in {"flags": 1, "method": 12, "crc": 7, "packed": 5, "size": 5}.items()
    },
    "a file that is longer than its size": archived(A, replace(B, both={"size": 3})),
    "a file that is cut by the directory": archived(A, replace(B, both={"packed": 500, "size": 500})),
    "a packed stream without an end": archived(A, replace(PACKED, body=deflated(b"c" * 40, whole=False))),
    "a packed stream and a byte": archived(A, replace(PACKED, body=deflated(b"c" * 40) + b"x")),
    "a packed stream that is none": archived(A, replace(PACKED, body=b"\xff" * 9)),
    "a packed stream of more bytes": archived(A, replace(PACKED, body=deflated(b"c" * 41))),
    "a packed stream of less bytes": archived(A, replace(PACKED, body=deflated(b"c" * 39))),
    "a packed stream of other bytes": archived(A, replace(PACKED, body=deflated(b"d" * 40))),
    "a number that only the descriptor has right": archived(
        replace(A, both={"flags": 8}, local={"crc": 1, "packed": 0, "size": 0}, tail=NUMBERS)
    ),
    "no numbers without a descriptor": archived(replace(A, local={"crc": 0, "packed": 0, "size": 0})),
    "a file twice": archived(A, A),
    "a folder twice": archived(Member(b"f/", b""), Member(b"f/", b""), Member(b"f/a")),
    "a folder with a content": archived(Member(b"f/"), Member(b"f/a")),
    "a folder that is a file": archived(Member(b"f/", b"", both={"external": 8 << 28}), Member(b"f/a")),
    "a file that is a folder": archived(replace(A, central={"external": 4 << 28})),
    "a link": archived(replace(A, central={"external": 10 << 28})),
    "bytes between two files": archived(replace(A, tail=b"x"), B),
    "bytes before the directory": archived(A, replace(B, tail=b"x")),
    "a file that is not in the directory": archived(A, replace(B, listed=False), PACKED),
    "a last file that is not in the directory": archived(A, replace(B, listed=False)),
    "two names for one file": archived(A, replace(B, central={"place": 0, "spelt": b"a"})),
    "a name that is not ASCII": archived(Member("ä".encode())),
    "no name": archived(Member(b"")),
}


@pytest.mark.parametrize("what", REFUSED)
def test_an_archive_that_contradicts_itself_is_not_read(what: str) -> None:
    assert reread(REFUSED[what]) is None


def test_a_folder_is_a_record_of_its_own_or_none() -> None:
    folder = Member(b"f/", b"")
    for kind in (0, 4):
        assert reread(archived(replace(folder, both={"external": kind << 28}), Member(b"f/a"))) == {"f/a": b"content"}
    assert reread(archived(replace(A, central={"external": 8 << 28}))) == {"a": b"content"}


def test_as_many_files_and_bytes_are_unpacked_as_the_profile_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    two, packed = archived(A, B), archived(replace(PACKED, content=b"c" * 4000, body=deflated(b"c" * 4000)))
    for name, most, data in (("MAX_ENTRIES", 2, two), ("MAX_TOTAL", len(two), two), ("MAX_TOTAL", 4000, packed)):
        with monkeypatch.context() as bounds:
            bounds.setattr(repacked, name, most)
            assert reread(data)
            bounds.setattr(repacked, name, most - 1)
            assert reread(data) is None


def test_a_file_that_says_it_is_empty_is_not_unpacked() -> None:
    bomb = archived(replace(PACKED, content=b"", body=deflated(bytes(8 << 20))))
    tracemalloc.start()
    try:
        assert reread(bomb) is None
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert reread(archived(replace(PACKED, content=b"", body=deflated(b"")))) == {"c": b""}


def test_a_header_is_read_up_to_the_last_byte_and_not_behind_it() -> None:
    header = archived(Member(b"", b""))[:30]
    record = repacked._Record(b"", 0, 0, 0, 0, 0, 0, 0)
    assert repacked._entry(header, record) == (b"", 30)
    assert repacked._entry(header[:-1], record) is None


def test_the_folder_around_a_bundle_is_the_one_of_all_its_names() -> None:
    assert top_of(["t/a", f"t/{MANIFEST}"]) == "t/"
    assert top_of([MANIFEST, "a"]) == ""
    assert top_of(["t/a", "t/b"]) == ""
    assert top_of([f"t/{MANIFEST}", "a"]) == ""
    assert top_of([f"t/{MANIFEST}", "ta/b", "t/c"]) == ""
    assert top_of([f"t/u/{MANIFEST}", "t/a"]) == ""
    assert top_of([]) == ""


def test_a_packed_stream_may_repeat_what_is_32_kibibytes_away() -> None:
    content = 2 * random.Random(3).randbytes(32_000)
    assert len(deflated(content)) < 34_000
    assert reread(archived(replace(PACKED, content=content, body=deflated(content)))) == {"c": content}
