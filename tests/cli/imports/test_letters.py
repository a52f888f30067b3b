"""A folder of scanned letters: each is recorded by its digest under the kind it shows, all of them or none."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit, Stop
from cli.imports.letters import SIDECAR, _dated, _placed, _scans, pairs
from ledger.application.intake.letter import media_of
from ledger.application.journal import Journal
from ledger.entries.case import Entry, wire
from ledger.facts import KINDS
from tests.support.cli import ledger_of, run
from tests.support.import_tables import entries

PDF = b"%PDF-1.7\n..."
PNG = b"\x89PNG\r\n\x1a\n..."
ARRIVED = ("--kind", "order-received", "--whose", "skylark")


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "2027-03-02 receipt.pdf").write_bytes(PDF)
    (folder / ".hidden").write_bytes(b"x")
    return folder


def taken(scans: Path, *more: str) -> tuple[int, str, list[Entry]]:
    """Import a folder into the ledger of S1; return exit status, output, and the new entries."""
    ledger = scans.parent / "ledger"
    if not ledger.exists():
        ledger_of("S1", scans.parent)
    before = len(entries(ledger))
    result = run("import", "letters", str(scans), "--order", "main", "--as", "ilves", *more, ledger=ledger)
    with Journal.open(ledger, writable=False) as journal:
        case = journal.case(journal.find("759427d8"))
    return result.exit_code, result.output, [e for e in case.entries if e.index >= before]


def test_a_letter_is_recorded_by_its_digest_at_the_noon_its_name_says(scans: Path) -> None:
    code, output, (entry,) = taken(scans, *ARRIVED, "--zone", "Europe/Stockholm")
    assert code == 0, output
    assert (entry.kind, entry.speaks, entry.whose, entry.on_source) == (
        "order-received",
        "import",
        "skylark",
        "estimate",
    )
    assert wire(entry.on) == "2027-03-02T11:00:00Z"
    document = {"media": "application/pdf", "size": len(PDF), "sha256": hashlib.sha256(PDF).hexdigest()}
    assert entry.get("proof") == {"code": "proof", **document}


def test_a_sidecar_says_of_each_letter_what_it_shows(scans: Path) -> None:
    (scans / "told.png").write_bytes(PNG)
    (scans / "letters.csv").write_text(
        "file;kind;occurred;actor;channel\ntold.png;customer-notified;2027-05-21T10:00:00Z;orn;letter\n", "utf-8"
    )
    code, output, found = taken(scans, *ARRIVED)
    assert code == 0, output
    notice = next(e for e in found if e.kind == "customer-notified")
    assert (notice.whose, notice.get("channel"), notice.on_source) == ("orn", "letter", "other-party")
    assert notice.get("notice")["media"] == "image/png"
    assert len(found) == 2


def test_a_letter_that_is_on_record_is_passed_over(scans: Path) -> None:
    assert len(taken(scans, *ARRIVED)[2]) == 1
    (scans / "2027-03-02 second.png").write_bytes(PNG)
    code, output, found = taken(scans, *ARRIVED)
    assert (code, len(found)) == (0, 1)
    assert "2027-03-02 receipt.pdf: on record already" in output


def test_one_letter_without_its_day_holds_back_all(scans: Path) -> None:
    (scans / "undated.pdf").write_bytes(PDF + b"2")
    code, output, found = taken(scans, *ARRIVED)
    assert (code, found) == (5, [])
    assert "undated.pdf, occurred" in output


@pytest.mark.parametrize(
    ("sidecar", "more", "code", "says"),
    [
        (None, (), 2, "what does 2027-03-02 receipt.pdf show?"),
        (None, ("--kind", "order-withdrawn"), 2, "rests on no document"),
        ("file,kind\nother.pdf,order-received\n", ARRIVED, 5, "other.pdf is not in"),
        ("file\n2027-03-02 receipt.pdf\n2027-03-02 receipt.pdf\n", ARRIVED, 5, "is named twice"),
        ("file,colour\nx,red\n", ARRIVED, 5, "no kind of fact has a field 'colour'"),
    ],
)
def test_what_cannot_be_taken_over_is_said_and_leaves_nothing(
    sidecar: str | None, more: tuple[str, ...], code: int, says: str, scans: Path
) -> None:
    if sidecar is not None:
        (scans / "letters.csv").write_text(sidecar, "utf-8")
    ended, output, found = taken(scans, *more)
    assert (ended, found) == (code, []), output
    assert says in output


def test_an_empty_folder_and_none_are_said(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    (tmp_path / "empty").mkdir()
    for name in ("empty", "none"):
        result = run("import", "letters", str(tmp_path / name), "--order", "main", *ARRIVED, ledger=ledger)
        assert result.exit_code == 4


@pytest.mark.parametrize(
    ("begin", "media"),
    [
        (PDF, "application/pdf"),
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0JFIF", "image/jpeg"),
        (b"II*\0....", "image/tiff"),
        (b"MM\0*....", "image/tiff"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypheic....", "image/heic"),
        (
            b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml word/document.xml",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (b"PK\x03\x04" + bytes(26) + b"a.txt", "application/zip"),
        (b"Received: from mx.example\r\nSubject: x\r\n\r\n", "message/rfc822"),
        ("Grüße".encode(), "text/plain"),
        ("é".encode() * 3000, "text/plain"),
        ("Grüße".encode("latin-1"), "application/octet-stream"),
        (b"\0\1\2", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_media_type_is_what_the_first_bytes_say(begin: bytes, media: str) -> None:
    assert media_of(begin[:4096]) == media


def test_the_type_of_an_open_document_stands_in_its_first_file() -> None:
    inner = b"application/vnd.oasis.opendocument.text"
    header = b"PK\x03\x04" + bytes(14) + len(inner).to_bytes(4, "little") + bytes(8)
    assert media_of(header + b"mimetype" + inner + b"PK") == inner.decode()


def test_the_letters_of_a_folder_are_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path / "gone", tmp_path / "file"):
        (tmp_path / "file").touch()
        with pytest.raises(Stop, match="is not a folder") as stopped:
            _scans(str(path))
        assert stopped.value.code is Exit.UNDECIDABLE
    letters = tmp_path / "letters"
    letters.mkdir()
    for name in (".hidden", SIDECAR):
        (letters / name).touch()
    (letters / "folder").mkdir()
    with pytest.raises(Stop, match="there is no letter in"):
        _scans(str(letters))
    for name in ("b.pdf", "a.pdf"):
        (letters / name).touch()
    (letters / "link").symlink_to(letters / "a.pdf")
    capsys.readouterr()
    assert _scans(str(letters)) == ["a.pdf", "b.pdf"]
    assert capsys.readouterr().err.splitlines() == [f"{n} is passed over: it is no file" for n in ("folder", "link")]


def test_fields_of_a_command_are_pairs() -> None:
    assert pairs(("a=1", "b=", "c=x=y")) == {"a": "1", "b": "", "c": "x=y"}
    with pytest.raises(Stop, match="--field b: this is name=value"):
        pairs(("a=1", "b"))


# -- one letter --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "name", "dated"),
    [
        ({}, "2027-03-02 reply.pdf", {"occurred": "2027-03-02T12:00:00", "on_source": "estimate"}),
        ({}, "2027-03-021 reply.pdf", {}),
        ({}, "reply 2027-03-02.pdf", {}),
        (
            {"occurred": "2027-04-01"}, "2027-03-02 reply.pdf",
            {"occurred": "2027-04-01T12:00:00", "on_source": "estimate"},
        ),
        ({"occurred": "2027-04-01T08:00:00Z"}, "2027-03-02 reply.pdf", {"occurred": "2027-04-01T08:00:00Z"}),
        (
            {"occurred": "2027-04-01", "on_source": "own-act"}, "x",
            {"occurred": "2027-04-01T12:00:00", "on_source": "own-act"},
        ),
    ],
)  # fmt: skip
def test_a_day_is_its_noon_as_an_estimate(row: dict[str, str], name: str, dated: dict[str, str]) -> None:
    assert _dated({"kind": "x", **row}, name) == {"kind": "x", **dated}


def test_a_document_is_in_the_field_that_names_its_file_else_in_the_first_one() -> None:
    kind, places = next(
        (name, fields)
        for name, cls in KINDS.items()
        if len(fields := [f.name for f in cls.fields().values() if f.type == "document"]) > 1
    )
    document = {"media": "application/pdf", "size": 3, "sha256": "ab" * 32}

    def placed(**row: str) -> dict[str, Any]:
        return _placed({"kind": kind, **row}, document, "a.pdf")

    def at(place: str) -> dict[str, Any]:
        return {place: {"code": place.replace("_", "-"), **document}}

    assert placed() == placed(**{places[1]: "b.pdf"}) == at(places[0])
    for said in ("a.pdf", "yes"):
        assert placed(**{places[1]: said}) == at(places[1])


def test_a_letter_that_shows_nothing_is_asked_about() -> None:
    for row in ({}, {"kind": ""}):
        with pytest.raises(Stop, match=r"what does a\.pdf show\?") as stopped:
            _placed(row, {}, "a.pdf")
        assert stopped.value.hint.startswith("--kind for all of them, or a column kind in letters.csv: ")
    with pytest.raises(Stop, match=r"a\.pdf: order-withdrawn rests on no document"):
        _placed({"kind": "order-withdrawn"}, {}, "a.pdf")


def test_shared_fields_are_names_and_values() -> None:
    assert pairs(("a-b = c=d", "e=")) == {"a_b": " c=d", "e": ""}
    assert pairs(()) == {}
    with pytest.raises(Stop, match="--field x: this is name=value"):
        pairs(("a=b", "x"))


def test_the_letters_of_a_folder_are_its_files_in_the_order_of_their_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("b.pdf", "a.pdf", ".hidden", SIDECAR):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "more").mkdir()
    (tmp_path / "link.pdf").symlink_to(tmp_path / "a.pdf")
    assert _scans(str(tmp_path)) == ["a.pdf", "b.pdf"]
    assert capsys.readouterr().err.splitlines() == [
        "link.pdf is passed over: it is no file", "more is passed over: it is no file",
    ]  # fmt: skip
    with pytest.raises(Stop, match="is not a folder") as stopped:
        _scans(str(tmp_path / "a.pdf"))
    assert stopped.value.code is Exit.UNDECIDABLE
    with pytest.raises(Stop, match="there is no letter in") as stopped:
        _scans(str(tmp_path / "more"))
    assert stopped.value.code is Exit.UNDECIDABLE
