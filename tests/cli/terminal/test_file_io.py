"""A file is written under a free name, in a folder that is there; what is wrong is said before anything is made."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from cli.exit_codes import Exit, Stop
from cli.terminal.file_io import check_new, write, write_all, write_new
from tests.support.cli import House, ledger_of, run

LONG = "x" * 300


def test_a_missing_folder_is_named_and_no_temporary_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error:
        check_new(str(tmp_path / "nodir" / "x.pdf"), "a report")
    assert error.value.filename == str(tmp_path / "nodir")


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError) as error:
        check_new(str(tmp_path / "file" / "x.pdf"), "a report")
    assert error.value.filename == str(tmp_path / "file" / "x.pdf")


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("nothing")])
def test_a_name_is_taken_by_a_file_a_folder_and_a_link_that_leads_nowhere(make: object, tmp_path: Path) -> None:
    assert callable(make)
    make(tmp_path / "x.pdf")
    with pytest.raises(Stop, match=r"x\.pdf is there already"):
        check_new(str(tmp_path / "x.pdf"), "a report")


@pytest.mark.parametrize("name", ["", "folder/"])
def test_a_name_without_a_file_is_refused(name: str) -> None:
    with pytest.raises(Stop, match=f"'{name}' names no file"):
        check_new(name, "a report")


def test_a_name_that_is_too_long_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="File name too long"):
        check_new(str(tmp_path / LONG), "a report")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "words",
    [
        ("report", "custody", "main", "-o"),
        ("export", "main", "--audience", "COURT", "-o"),
        ("export", "main", "--format", "case", "-o"),
        ("replay", "main", "--html"),
        ("law", "--html"),
        ("law", "--edition"),
        ("report", "processing", "--template", "-o"),
    ],
)
def test_each_command_names_the_missing_folder(words: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*words, str(tmp_path / "nodir" / "x"), ledger=ledger_of("S1", tmp_path))
    assert done.exit_code == Exit.UNDECIDABLE, done.output
    assert done.stderr == f"comity: {tmp_path / 'nodir'}: no such file or directory\n"


def test_a_copy_names_the_missing_folder(tmp_path: Path) -> None:
    house = House(tmp_path).furnished()
    done = house.run("backup", str(house.ledger), "-o", str(tmp_path / "nodir" / "x.tar"))
    assert done.exit_code == Exit.UNDECIDABLE, done.output
    assert done.stderr == f"comity: {tmp_path / 'nodir'}: no such file or directory\n"


def test_a_receipt_that_cannot_be_written_is_refused_before_the_entry_is_signed(tmp_path: Path) -> None:
    house = House(tmp_path).furnished()
    entries = len(house.reply("log")["log"])
    (tmp_path / "taken").touch()
    for name, code in (("taken", Exit.USAGE), ("nodir/x", Exit.UNDECIDABLE)):
        words = ("record", "order-withdrawn", "PPO-1", "--as", "ilves", "--yes", "--receipt", str(tmp_path / name))
        assert house.run(*words).exit_code == code
    assert len(house.reply("log")["log"]) == entries


def test_a_book_of_rules_replaces_no_file(tmp_path: Path) -> None:
    page = tmp_path / "rules.html"
    page.write_text("notes of the prosecutor")
    done = run("law", "EPOC", "--html", str(page))
    assert (done.exit_code, page.read_text()) == (Exit.USAGE, "notes of the prosecutor")
    gaps = tmp_path / "book-not-modelled.html"
    gaps.touch()
    assert run("law", "--html", str(tmp_path / "book.html")).exit_code == Exit.USAGE
    assert not (tmp_path / "book.html").exists()


def test_the_template_of_a_description_goes_where_it_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "controller.json"
    done = run("report", "processing", "--template", "-o", str(file))
    assert (done.exit_code, done.stdout) == (Exit.DONE, "")
    assert json.loads(file.read_text("utf-8")) == json.loads(run("report", "processing", "--template").stdout)


def test_a_new_file_has_its_name_when_all_of_it_is_there_and_not_before(tmp_path: Path) -> None:
    file = tmp_path / ("n" * 120)
    seen: list[tuple[bool, list[int]]] = []

    def before() -> None:
        seen.append((file.exists(), [path.stat().st_size for path in tmp_path.iterdir()]))

    write_new(str(file), b"data", before)
    assert seen == [(False, [4])]
    assert [(path, path.read_bytes()) for path in tmp_path.iterdir()] == [(file, b"data")]
    with pytest.raises(Stop, match="is there already") as stopped:
        write_new(str(file), b"other")
    assert stopped.value.hint == "a bundle is never overwritten; choose another name"
    assert [(path, path.read_bytes()) for path in tmp_path.iterdir()] == [(file, b"data")]


def test_what_fails_before_the_name_is_given_leaves_nothing(tmp_path: Path) -> None:
    def before() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_new(str(tmp_path / "x"), b"data", before)
    assert list(tmp_path.iterdir()) == []


def test_a_file_may_be_written_here_and_to_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    check_new("x", "a report")
    check_new("-", "a report")
    write_new("x", b"data")
    write_new("-", b"data")
    sys.stdout.flush()
    assert capfdbinary.readouterr().out == b"data"
    assert os.listdir(tmp_path) == ["x"]


def test_files_of_a_folder_are_replaced_and_their_folders_are_made(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    write_all(folder, {"a": b"1", "b/c": b"2"})
    write(folder / "a", b"3")
    assert {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()} == {
        "a": b"3",
        "b/c": b"2",
    }
