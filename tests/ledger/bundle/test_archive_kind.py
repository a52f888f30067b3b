"""The kind of an archive: a damaged bundle is a bundle, a container gives its bundle, other archives are no bundles."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from cli.exit_codes import Exit
from ledger.bundle import archive_kind, zip_profile
from ledger.bundle.archive import unpack
from ledger.bundle.archive_kind import FILES, Inside, holds_bundle, inside, is_bundle, is_container, names
from ledger.errors import RecordError
from ledger.verify.evidence_bundle import verify
from projections.exchange.asic import MANIFEST, SIGNATURE, container, manifest
from tests.ledger.bundle.test_pdf_attachment import paper
from tests.support.cli import run
from tests.support.memory_ledger import NOW, small

NAME = "court.evidence.zip"


def bundle() -> bytes:
    ledger, ilves = small()
    return ledger.bundle(ilves)


BUNDLE = bundle()
CONTAINER = container({NAME: BUNDLE}, b"a signature")


def rewritten(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """Write an archive of these files as other programs do."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as opened:
        for name, content in files.items():
            opened.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else method)
        opened.comment = comment
    return made.getvalue()


OTHERS = {
    "a spreadsheet": rewritten({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}),
    "a document": rewritten({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"}),
    "evidence, a bundle among it": rewritten({"photo.jpg": b"jpeg", NAME: BUNDLE}),
    "evidence, a bundle stored in it": rewritten({NAME: BUNDLE, "photo.jpg": b"jpeg"}, zipfile.ZIP_STORED),
    "a bundle's folder among others": rewritten(
        {"photo.jpg": b"jpeg"} | {f"court/{path}": content for path, content in unpack(BUNDLE).items()}
    ),
    "an empty archive": rewritten({}),
    "two letters": b"PK",
    "a broken archive": b"PK\3\4 and no more",
    "a container of something else": container({"contract.pdf": b"%PDF-"}, b"a signature"),
    "a container of two bundles": container({NAME: BUNDLE, "more.evidence.zip": BUNDLE}, b"a signature"),
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("place", ["alone", "in a PDF"])
def test_an_archive_that_is_no_bundle_is_undecidable_and_never_a_pass(name: str, place: str, tmp_path: Path) -> None:
    file = tmp_path / "file.bin"
    file.write_bytes(OTHERS[name] if place == "alone" else paper(OTHERS[name]))
    done = run("verify", str(file), "--json")
    assert done.exit_code == Exit.UNDECIDABLE
    assert json.loads(done.stdout)["format"] == "comity.error/1"
    assert "not an evidence bundle" in done.stderr or "no evidence bundle" in done.stderr
    assert "FAILED" not in done.stderr
    assert "BND-NONE" in done.stderr
    if name.startswith("evidence"):
        assert f"take {NAME} out of it" in done.stderr


STILL = {
    "packed anew with a file more": rewritten({"first": b"", **unpack(BUNDLE)}),
    "stored anew with a file changed": rewritten({**unpack(BUNDLE), "READ-ME-FIRST.html": b"x"}, zipfile.ZIP_STORED),
    "its media type changed": BUNDLE.replace(b"evidence-bundle.v", b"evidence-bumble.v"),
    "its first name changed": BUNDLE.replace(b"mimetype", b"mimetypo"),
    "its list renamed": BUNDLE.replace(b"manifest.dsse.json", b"manifest.dsse.jsom"),
    "cut short": BUNDLE[:-1],
    "cut in half": BUNDLE[: len(BUNDLE) // 2],
    "cut behind its first file": BUNDLE[:100],
    "a comment and a file more": rewritten({**unpack(BUNDLE), "more": b""}, comment=b"x" * 65_535),
    "its first letter changed": b"Q" + BUNDLE[1:],
    "something before it": b"\x7fELF" + BUNDLE,
    "more behind it": BUNDLE + b"x" * 1_000,
    "a spreadsheet behind it": BUNDLE + OTHERS["a spreadsheet"],
}


@pytest.mark.parametrize("name", STILL)
def test_a_bundle_that_was_changed_stays_a_bundle_and_fails(name: str, tmp_path: Path) -> None:
    file = tmp_path / "file.zip"
    file.write_bytes(STILL[name])
    done = run("verify", str(file))
    assert done.exit_code == Exit.PROVED_BAD, done.output
    code = "BND-MANIFEST" if " a file " in name else "BND-ZIP"
    assert done.stdout.startswith(f"Integrity: TOTAL-FAILED {code}")


def test_no_single_change_makes_something_else_of_a_bundle() -> None:
    directory = BUNDLE.index(b"PK\1\2")
    places = {*range(140), *random.Random(52).sample(range(140, len(BUNDLE)), 400), *range(directory, len(BUNDLE))}
    for at in places:
        for changed in (BUNDLE[at] ^ 1, BUNDLE[at] ^ 0x80, 0):
            assert is_bundle(BUNDLE[:at] + bytes([changed]) + BUNDLE[at + 1 :]), at


def test_a_newer_bundle_is_one() -> None:
    assert is_bundle(zip_profile.write({"mimetype": b"application/vnd.comity.evidence-bundle.v99+zip"}))


def test_of_a_newer_bundle_nothing_is_said_in_a_container_either(tmp_path: Path) -> None:
    file = tmp_path / "court.asice"
    newer = zip_profile.write({"mimetype": b"application/vnd.comity.evidence-bundle.v99+zip"})
    file.write_bytes(container({NAME: newer}, None))
    done = run("verify", str(file))
    assert (done.exit_code, done.stdout) == (Exit.UNDECIDABLE, "")
    assert "BND-VERSION" in done.stderr


# -- containers --------------------------------------------------------------------------------------------------------

AROUND = {"mimetype": b"application/vnd.etsi.asic-e+zip", NAME: BUNDLE}
LISTED = manifest({NAME: BUNDLE})


def annotated(files: dict[str, bytes]) -> bytes:
    """Write an archive whose files have an extra field and a comment each, as other programs may write them."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2027, 3, 1, 9, 0, 0))
            info.extra, info.comment = b"UT\5\0\1\0\0\0\0", b"evidence"
            opened.writestr(info, content)
    return made.getvalue()


TAKEN = {
    "as we make it": CONTAINER,
    "unsigned": container({NAME: BUNDLE}, None),
    "signed by hand": rewritten({**AROUND, MANIFEST: LISTED, SIGNATURE: b"x"}, zipfile.ZIP_STORED),
    "deflated": rewritten({**AROUND, MANIFEST: LISTED, SIGNATURE: b"x"}),
    "extra fields and comments": annotated({**AROUND, MANIFEST: LISTED}),
    "other prefixes, other names": rewritten(
        {**AROUND, "META-INF/ASiCManifest.xml": LISTED.replace(b"asic:", b"ns3:").replace(b"ds:", b"")}
    ),
    "more files": rewritten(
        {**AROUND, "letter.pdf": b"%PDF", MANIFEST: manifest({NAME: BUNDLE, "letter.pdf": b"%PDF"})}
    ),
}


def references(*parts: bytes) -> bytes:
    """Write a manifest with more references before the true one."""
    wrapped = (b"<asic:DataObjectReference " + part + b"</asic:DataObjectReference>" for part in parts)
    begin = LISTED.index(b"<asic:DataObjectReference")
    return LISTED[:begin] + b"".join(wrapped) + LISTED[begin:]


NAMED = b'URI="' + NAME.encode() + b'">'
SHA256 = b'<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
FALSE = b"<ds:DigestValue>AAAA</ds:DigestValue>"
LACKING = (b">" + SHA256 + FALSE, NAMED + SHA256, NAMED + SHA256.replace(b"sha256", b"sha512") + FALSE, NAMED + FALSE)
TAKEN |= {
    f"a reference that lacks a part, {n}": rewritten({**AROUND, MANIFEST: references(part)})
    for n, part in enumerate(LACKING)
}
TAKEN["a reference to a file elsewhere"] = rewritten(
    {**AROUND, MANIFEST: references(b'URI="absent.pdf">' + SHA256 + FALSE)}
)
UNLISTED = {
    "no manifest": rewritten(AROUND),
    "a manifest of another file": rewritten({**AROUND, MANIFEST: manifest({"else": b""})}),
    "a manifest with SHA-512": rewritten({**AROUND, MANIFEST: LISTED.replace(b"sha256", b"sha512")}),
    "a manifest elsewhere": rewritten({**AROUND, "ASiCManifest001.xml": LISTED}),
    "a manifest that is too large": rewritten({**AROUND, MANIFEST: LISTED + b" " * (2**20 + 1 - len(LISTED))}),
}
TAKEN["a manifest of the largest size"] = rewritten({**AROUND, MANIFEST: LISTED + b" " * (2**20 - len(LISTED))})


@pytest.mark.parametrize("name", TAKEN)
def test_the_bundle_is_taken_out_of_a_container_byte_for_byte(name: str) -> None:
    assert is_container(TAKEN[name])
    assert not is_bundle(TAKEN[name])
    assert inside(TAKEN[name]) == Inside(NAME, BUNDLE, True)


def test_a_container_whose_manifest_does_not_list_the_bundle_says_so() -> None:
    for what, data in UNLISTED.items():
        assert inside(data) == Inside(NAME, BUNDLE, False), what


DAMAGED = {
    "a second reference, false": rewritten({**AROUND, MANIFEST: references(NAMED + SHA256 + FALSE)}),
    "another bundle": rewritten({**AROUND, NAME: BUNDLE[:-1] + b"\1", MANIFEST: LISTED}),
    "another digest": rewritten({**AROUND, MANIFEST: manifest({NAME: b"something else"})}),
    "a digest that is none": rewritten({**AROUND, MANIFEST: LISTED.replace(b"DigestValue>", b"DigestValue>=", 1)}),
    "two digests": rewritten({**AROUND, MANIFEST: LISTED, "META-INF/ASiCManifest002.xml": manifest({NAME: b"else"})}),
    "another file of it changed": rewritten(
        {**AROUND, "a.pdf": b"b", MANIFEST: manifest({NAME: BUNDLE, "a.pdf": b"a"})}
    ),
    "its bundle flipped": CONTAINER.replace(b"READ-ME-FIRST.html", b"READ-ME-FIRST.htmk", 1),
    "its manifest flipped": CONTAINER.replace(b"DigestMethod", b"DigestMethoe", 1),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_container_that_does_not_go_together_fails(name: str, tmp_path: Path) -> None:
    with pytest.raises(RecordError) as refused:
        inside(DAMAGED[name])
    assert refused.value.code == "BND-CONTAINER"
    file = tmp_path / "court.asice"
    file.write_bytes(DAMAGED[name])
    done = run("verify", str(file))
    assert (done.exit_code, done.stdout.splitlines()[0]) == (1, "Integrity: TOTAL-FAILED BND-CONTAINER")


def test_a_bundle_is_held_against_one_in_a_container(tmp_path: Path) -> None:
    one, other = tmp_path / "court.evidence.zip", tmp_path / "court.asice"
    one.write_bytes(BUNDLE)
    other.write_bytes(CONTAINER)
    for file, beside in ((one, other), (other, one)):
        done = run("verify", str(file), "--with", str(beside))
        assert done.exit_code == Exit.FINDINGS, done.output
        assert f"{beside} by itself: INDETERMINATE" in done.stderr


def with_a_nameless_record(data: bytes, crc: int) -> bytes:
    """Add a record of 46 bytes to the end of the directory: an empty name for the file `mimetype` once more."""
    size = len(AROUND["mimetype"])
    record = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, crc, size, size, 0, 0, 0, 0, 0, 0, 0)
    end = data.rindex(b"PK\5\6")
    length = int.from_bytes(data[end + 12 : end + 16], "little") + len(record)
    return data[:end] + record + data[end : end + 12] + length.to_bytes(4, "little") + data[end + 16 :]


def test_the_directory_of_a_container_is_read_to_its_last_byte() -> None:
    crc = zlib.crc32(AROUND["mimetype"])
    more = with_a_nameless_record(CONTAINER, crc)
    assert names(more) == [*names(CONTAINER), ""]
    assert inside(more) == Inside(NAME, BUNDLE, True)
    with pytest.raises(RecordError, match="CRC-32 is wrong"):
        inside(with_a_nameless_record(CONTAINER, crc ^ 1))


@pytest.mark.parametrize("size", [0xFFFF_FFFF, len(CONTAINER)])
def test_a_directory_that_begins_before_the_file_is_none(size: int) -> None:
    end = CONTAINER.rindex(b"PK\5\6")
    spoilt = CONTAINER[: end + 12] + size.to_bytes(4, "little") + CONTAINER[end + 16 :]
    assert names(spoilt) == []
    assert inside(spoilt) is None


def test_a_directory_of_no_bytes_is_empty_and_one_that_begins_with_the_file_is_read() -> None:
    assert names(OTHERS["an empty archive"]) == []
    name = b"a"
    record = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0) + name
    alone = record + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(record), 0, 0)
    assert names(alone) == ["a"]
    assert names(record + alone) == ["a"]
    assert names(alone.replace(b"PK\1\2", b"PK\1\1")) == []
    empty = OTHERS["an empty archive"]
    assert {tuple(names(empty[:length])) for length in range(len(empty))} == {()}


def test_the_files_of_a_container_are_found_behind_bytes_that_are_before_it() -> None:
    assert inside(b"PK\3\4" * 3 + CONTAINER) == Inside(NAME, BUNDLE, True)


def test_an_unlisted_damaged_bundle_in_a_container_fails_as_a_bundle() -> None:
    broken = rewritten({**AROUND, NAME: BUNDLE[:-1]})
    report = verify(broken, None, None, NOW)
    assert (report.verdict, report.reasons[0].code) == ("TOTAL-FAILED", "BND-ZIP")


def test_the_report_of_a_container_is_that_of_its_bundle_and_says_what_was_not_checked() -> None:
    ledger, _ = small()
    alone, around = (verify(data, ledger.trust(), None, NOW) for data in (BUNDLE, CONTAINER))
    assert (around.verdict, around.reasons, around.steps[1:]) == (alone.verdict, alone.reasons, alone.steps[1:])
    (more,) = set(around.not_proven) - set(alone.not_proven)
    assert more == (
        "CONTAINER: who sealed the ASiC-E container around court.evidence.zip, and when: "
        "its signature was not checked. Its manifest has its digest."
    )
    assert around.not_proven[0] == alone.not_proven[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d[: len(d) // 2],
        lambda d: d[:-30],
        lambda d: d.replace(b"PK\1\2", b"PK\1\1"),
        lambda d: rewritten({"mimetype": AROUND["mimetype"], **{f"{n}.txt": b"" for n in range(65)}, NAME: BUNDLE}),
    ],
)
def test_a_container_that_cannot_be_read_is_no_pass(change: Callable[[bytes], bytes], tmp_path: Path) -> None:
    file = tmp_path / "court.asice"
    file.write_bytes(change(CONTAINER))
    assert run("verify", str(file)).exit_code in (Exit.UNDECIDABLE, Exit.PROVED_BAD)
    assert verify(change(CONTAINER), None, None, NOW).verdict == "TOTAL-FAILED"


ROOM = (512 << 20) - len(AROUND["mimetype"]) - len(BUNDLE)  # bytes that the limit leaves for a third file


@pytest.mark.parametrize(
    ("stated", "refused"), [(600 << 20, "too large"), (ROOM + 1, "too large"), (ROOM, "its size"), (8, "unpacked")]
)
def test_a_container_that_unfolds_without_end_is_not_unfolded(stated: int, refused: str) -> None:
    bomb = rewritten({**AROUND, "zeros": bytes(8 << 20)})
    said = bomb.replace((8 << 20).to_bytes(4, "little"), stated.to_bytes(4, "little"))
    with pytest.raises(RecordError, match=refused):
        inside(said)


def test_chance_makes_no_error_of_a_container() -> None:
    chance = random.Random(3)
    for _ in range(300):
        data = bytearray(CONTAINER)
        for _ in range(chance.randint(1, 4)):
            data[chance.choice((chance.randrange(len(data)), chance.randrange(len(data) - 600, len(data))))] = (
                chance.randrange(256)
            )
        spoilt = bytes(data)
        verify(spoilt, None, None, NOW)
        try:
            found = inside(spoilt)
        except RecordError:
            continue
        assert found is None or sha256(found.data).digest() == sha256(BUNDLE).digest()


# -- what is read of a container ---------------------------------------------------------------------------------------


def refused(data: bytes) -> str:
    with pytest.raises(RecordError) as caught:
        inside(data)
    assert caught.value.code == "BND-CONTAINER"
    return f"{caught.value.where}: {caught.value.says}"


def test_a_container_has_at_most_64_files() -> None:
    more = {f"{n}.txt": b"" for n in range(FILES - 2)}
    assert inside(rewritten({**AROUND, **more})) == Inside(NAME, BUNDLE, False)
    assert inside(rewritten({**AROUND, **more, "last.txt": b""})) is None


def test_a_bundle_is_known_by_its_content_under_any_name() -> None:
    assert inside(rewritten({"mimetype": AROUND["mimetype"], "court.zip": BUNDLE})) == Inside(
        "court.zip", BUNDLE, False
    )
    assert inside(rewritten({"mimetype": AROUND["mimetype"], "court.zip": BUNDLE, NAME: b"?"})) is None


def test_a_name_twice_in_a_container_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in (*AROUND.items(), ("a.txt", b"1"), ("b.txt", b"2")):
            archive.writestr(name, content)
    assert refused(made.getvalue().replace(b"b.txt", b"a.txt")) == "a.txt: a name stands there twice"


def test_the_first_damaged_file_of_a_container_is_named_with_its_damage() -> None:
    data = rewritten({**AROUND, "a.txt": b"first", "b.txt": b"second"}, zipfile.ZIP_STORED)
    spoilt = data.replace(b"first", b"FIRST").replace(b"second", b"SECOND")
    assert refused(spoilt) == "a.txt: its size or its CRC-32 is wrong"


def record_of(data: bytes, name: bytes) -> int:
    """Return the offset of the record of a file in the directory."""
    return data.rindex(name) - 46


@pytest.mark.parametrize(
    ("offset", "value", "says"),
    [
        (8, b"\1\0", "encrypted, packed in a way that is not read, or too large"),
        (10, b"\14\0", "encrypted, packed in a way that is not read, or too large"),
        (42, b"\1\0\0\0", "it is not where the directory says"),
        (42, b"\xff\xff\xff\x7f", "it is not where the directory says"),
        (10, b"\10\0", "it cannot be unpacked"),
        (24, b"\4\0\0\0", "its size or its CRC-32 is wrong"),
        (16, b"\0\0\0\0", "its size or its CRC-32 is wrong"),
    ],
)
def test_a_file_that_the_directory_describes_otherwise_is_refused(offset: int, value: bytes, says: str) -> None:
    data = rewritten({**AROUND, "a.txt": b"first"}, zipfile.ZIP_STORED)
    at = record_of(data, b"a.txt") + offset
    assert refused(data[:at] + value + data[at + len(value) :]) == f"a.txt: {says}"


def test_a_deflated_file_is_one_stream_to_its_end() -> None:
    data = rewritten({**AROUND, "a.txt": b"a" * 500})
    at = record_of(data, b"a.txt") + 20
    packed = int.from_bytes(data[at : at + 4], "little")
    for wrong in (packed - 1, packed + 1):
        spoilt = data[:at] + wrong.to_bytes(4, "little") + data[at + 4 :]
        assert refused(spoilt) == "a.txt: it cannot be unpacked"


def test_no_header_is_read_before_or_behind_the_file() -> None:
    tail = b"PK\3\4" + bytes(25)
    data = rewritten(AROUND, zipfile.ZIP_STORED, comment=tail)
    at = record_of(data, NAME.encode()) + 42
    behind = data[:at] + (len(data) - len(tail)).to_bytes(4, "little") + data[at + 4 :]
    assert refused(behind) == f"{NAME}: it is not where the directory says"
    start = len(data) - len(tail) - 6
    place = int.from_bytes(data[start : start + 4], "little")
    before = data[:start] + (place + len(tail)).to_bytes(4, "little") + data[start + 4 :]
    assert refused(before) == "mimetype: it is not where the directory says"


def test_a_header_may_end_with_the_file() -> None:
    tail = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, 0, 0)
    data = rewritten({**AROUND, "empty": b""}, zipfile.ZIP_STORED, comment=tail)
    at = record_of(data, b"empty") + 42
    moved = data[:at] + (len(data) - len(tail)).to_bytes(4, "little") + data[at + 4 :]
    assert inside(moved) == Inside(NAME, BUNDLE, False)


def test_the_name_of_a_damaged_file_is_shown_in_ascii_and_not_in_full() -> None:
    name = "\N{LATIN SMALL LETTER O WITH DIAERESIS}" + "a" * 300
    data = rewritten({**AROUND, name: b"first"}, zipfile.ZIP_STORED).replace(b"first", b"FIRST")
    assert refused(data) == f"??{'a' * 198}: its size or its CRC-32 is wrong"


def test_only_so_many_records_of_a_directory_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = rewritten({f"{n}.txt": b"" for n in range(5)})
    monkeypatch.setattr(archive_kind, "MAX_ENTRIES", 3)
    assert names(data) == ["0.txt", "1.txt", "2.txt"]


def test_an_archive_that_is_no_bundle_is_refused_with_what_to_do() -> None:
    assert holds_bundle(BUNDLE)
    assert holds_bundle(CONTAINER)
    assert holds_bundle(DAMAGED["its bundle flipped"])
    assert not holds_bundle(b"no archive")
    for data, hint in (
        (OTHERS["evidence, a bundle among it"], f"take {NAME} out of it and verify that"),
        (OTHERS["a spreadsheet"], "`comity export` makes bundles"),
        (OTHERS["a container of something else"], "`comity export` makes bundles"),
    ):
        with pytest.raises(RecordError, match="BND-NONE") as caught:
            holds_bundle(data)
        assert caught.value.hint == hint


def test_a_bundle_in_one_folder_is_one_and_other_first_bytes_begin_no_archive() -> None:
    whole = {f"court/{path}": content for path, content in unpack(BUNDLE).items()}
    assert is_bundle(rewritten(whole))
    assert not is_bundle(rewritten({**whole, "photo.jpg": b"jpeg"}))
    first = zip_profile.write({"mimetype": b"application/vnd.comity.evidence-bundle."})
    assert is_bundle(first)
    assert not is_bundle(b"PK\3\5" + first[4:])


def test_the_first_file_is_known_by_its_name_and_read_to_its_size() -> None:
    kind = AROUND["mimetype"]
    assert is_container(zip_profile.write({"mimetype": kind, "a": b""}))
    assert not is_container(zip_profile.write({"mimetypo": kind, "a": b""}))
    assert not is_container(zip_profile.write({"mimetype": kind + b"x", "a": b""}))
    assert not is_container(zip_profile.write({"a": b"", "mimetype": kind}))
    first = zip_profile.write({"mimetype": b"application/vnd.comity.evidence-bundle."})
    assert [is_bundle(first[:length]) for length in (29, 30, 38, 76, 77)] == [False, False, False, False, True]
