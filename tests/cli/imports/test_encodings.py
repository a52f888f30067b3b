"""A table in an encoding that its importer states."""

from __future__ import annotations

import io
import os
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from cli.exit_codes import Exit, Stop
from cli.imports.orders import _form, opened, orders
from cli.invocation import Invocation
from tests.support.cli import ledger_of, reply, run
from tests.support.import_tables import HEAD, opening, sending


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return ledger_of("S1", tmp_path)


LOCAL = HEAD + opening("M\u00fcnchen-7") + sending("M\u00fcnchen-7")


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_a_csv_in_a_stated_encoding_gives_the_entries_of_the_same_table_in_utf_8(
    encoding: str, ledger: Path, tmp_path: Path
) -> None:
    table, plain = tmp_path / "local.csv", tmp_path / "utf-8.csv"
    table.write_bytes(LOCAL.encode(encoding))
    plain.write_bytes(LOCAL.encode())
    assert reply("import", str(table), "--as", "ilves", "--encoding", encoding, ledger=ledger)["recorded"] == 2
    again = reply("import", str(plain), "--as", "ilves", ledger=ledger)
    assert (again["recorded"], again["already"]) == (0, 2)


def test_a_line_in_utf_8_is_refused_where_another_encoding_is_stated(ledger: Path, tmp_path: Path) -> None:
    table = tmp_path / "utf-8.csv"
    table.write_bytes(LOCAL.encode())
    done = run("import", str(table), "--as", "ilves", "--encoding", "cp1252", ledger=ledger)
    assert done.exit_code == Exit.UNDECIDABLE
    assert "line 2 is UTF-8, and --encoding cp1252 would change its letters" in done.output


def test_a_byte_that_the_stated_encoding_does_not_have_is_refused_with_its_line(ledger: Path, tmp_path: Path) -> None:
    table = tmp_path / "broken.csv"
    table.write_bytes(HEAD.encode() + b"K-\x81,order-issued\n")
    done = run("import", str(table), "--as", "ilves", "--encoding", "cp1252", ledger=ledger)
    assert done.exit_code == Exit.UNDECIDABLE
    assert "line 2 is not cp1252 at byte" in done.output


def test_json_lines_take_no_other_encoding_than_utf_8(ledger: Path, tmp_path: Path) -> None:
    table = tmp_path / "rows.jsonl"
    table.write_text("{}\n")
    done = run("import", str(table), "--as", "ilves", "--encoding", "latin-1", ledger=ledger)
    assert done.exit_code == Exit.USAGE
    assert "JSON Lines are UTF-8" in done.output


# -- the file ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"", "csv"),
        (b"order,kind\n", "csv"),
        (b'{"order": 1}', "jsonl"),
        (b'\xef\xbb\xbf \n\t{"order": 1}', "jsonl"),
        (b'[{"order": 1}]', "csv"),
        (b" " * 65535 + b"{", "jsonl"),
        (b" " * 65536 + b"{", "csv"),
    ],
)
def test_a_table_that_begins_with_an_object_is_json_lines(data: bytes, form: str) -> None:
    stream = io.BytesIO(data)
    stream.seek(len(data))
    assert _form(stream) == form


def test_a_file_that_can_be_read_once_is_refused_and_standard_input_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    held = os.open(pipe, os.O_RDWR)
    try:
        with pytest.raises(Stop, match="can be read only once") as stopped, opened(str(pipe)):
            pass
    finally:
        os.close(held)
    assert (stopped.value.hint, stopped.value.code) == ("pipe it in, and name it -", Exit.UNDECIDABLE)
    data = bytes(range(256)) * 5000
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    with opened("-") as stream:
        stream.seek(0)
        assert stream.read() == data
    file = tmp_path / "a.csv"
    file.write_bytes(b"a")
    with opened(str(file)) as stream:
        assert stream.read() == b"a"
    assert stream.closed


@pytest.mark.parametrize(
    ("typed", "mark"), [(";", ";"), ("tab", "\t"), ("\\t", "\t"), (None, None), ("", None), ("ab", None)]
)
def test_a_delimiter_is_one_character_or_tab(
    typed: str | None, mark: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def import_table(stream: Any, options: Any, *, dry_run: bool) -> Exit:
        asked.append((options.form, options.delimiter, options.most, options.zone, options.encoding, dry_run))
        return Exit.DONE

    monkeypatch.setattr("cli.imports.import_run.import_table", import_table)
    file = tmp_path / "a.csv"
    file.write_bytes(b"order\n")
    words = [str(file), *(() if typed is None else ("--delimiter", typed)), "--zone", "Europe/Oslo", "--errors", "3"]
    if mark is None and typed is not None:
        with pytest.raises(Stop, match="--delimiter is one character, or `tab`"):
            orders.main(words, standalone_mode=False, obj=Invocation())
        return
    assert orders.main([*words, "--dry-run"], standalone_mode=False, obj=Invocation()) is Exit.DONE
    assert asked == [("csv", mark, 3, "Europe/Oslo", "utf-8", True)]


def test_a_message_and_a_table_by_a_profile_are_imported_in_their_own_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.imports.hi1.import_message", lambda *said, dry_run: (*said, dry_run))
    found = orders.main(["m.json", "--as", "orn", "--role", "SP"], standalone_mode=False, obj=Invocation())
    assert found == ("m.json", "orn", "SP", None, None, False)
    with pytest.raises(click.UsageError, match="which FILE"):
        orders.main([], standalone_mode=False, obj=Invocation())
    asked: list[Any] = []

    def import_table(stream: Any, options: Any, *, dry_run: bool) -> Exit:
        asked.append((stream.read(), options.form, options.prepared, options.most, dry_run))
        return Exit.DONE

    monkeypatch.setattr("cli.imports.import_run.import_table", import_table)
    monkeypatch.setattr("cli.imports.intake.prepared.prepared", lambda *said: said)
    monkeypatch.setattr("cli.session.open_ledger.writing", lambda: nullcontext("journal"))
    file = tmp_path / "t.xlsx"
    file.write_bytes(b"PK")
    words = [str(file), "--profile", "karsk", "--as", "orn"]
    assert orders.main(words, standalone_mode=False, obj=Invocation()) is Exit.DONE
    assert asked == [(b"PK", "table", ("journal", str(file), b"PK", "karsk", "orn"), 20, False)]
