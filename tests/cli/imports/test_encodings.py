"""A table in an encoding that its importer states."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exit_codes import Exit
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
