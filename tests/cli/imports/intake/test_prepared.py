"""A table with one order per row, imported by a mapping profile that the ledger keeps."""

from __future__ import annotations

import json
import tarfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Exit, Stop
from cli.imports.intake import prepared as prepared_module
from cli.imports.intake.prepared import Prepared, ProfiledRow, bytes_of, profile_of
from cli.imports.tables import TableRow, Wrong
from ledger.application.intake.expand import CellNote, Expansion, FactRow
from ledger.application.intake.profile import LARGEST
from tests.support.cli import ledger_of, reply, run
from tests.support.intake.tables import HEADINGS, PROFILE, csv_of, profile_file, rows
from tests.support.intake.workbooks import xlsx


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return ledger_of("S1", tmp_path)


def written(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


def by_profile(table: str, profile: Path | str, *more: str, ledger: Path) -> dict[str, object]:
    return reply("import", table, "--profile", str(profile), "--as", "ilves", *more, ledger=ledger)


@pytest.mark.slow
def test_three_hundred_orders_of_a_table_are_recorded_and_their_clocks_run_or_it_is_said_why(
    ledger: Path, tmp_path: Path
) -> None:
    profile = profile_file(tmp_path, PROFILE.replace("[table]", '[table]\nencoding = "cp1250"'))
    table = written(tmp_path / "t.csv", csv_of(rows(300), "cp1250"))
    dry = by_profile(table, profile, "--dry-run", ledger=ledger)
    assert (dry["recorded"], dry["rows"], dry["orders"], dry["new_orders"]) == (0, 825, 300, 300)
    assert {(c["verdict"], c["orders"]) for c in dry["clocks"] if c["id"] == "D-7-7"} == {  # type: ignore[attr-defined]
        ("MISSED", 225),
        ("UNDETERMINED", 75),
    }
    (unwound,) = [u for u in dry["unwound"] if u["kind"] == "order-transmitted"]  # type: ignore[attr-defined]
    assert (unwound["rows"], unwound["clocks"]) == (75, ["D-7-7"])
    done = by_profile(table, profile, ledger=ledger)
    assert done["recorded"] == 825
    again = by_profile(table, profile, ledger=ledger)
    assert (again["recorded"], again["already"]) == (0, 825)
    due = json.loads(run("due", "--json", ledger=ledger).stdout)
    verdicts = [clock["verdict"] for clock in due["due"] if clock["id"] == "D-7-7"]
    assert verdicts.count("UNDETERMINED") == 75


def test_a_table_that_has_grown_records_only_its_new_rows(ledger: Path, tmp_path: Path) -> None:
    profile, path = profile_file(tmp_path), tmp_path / "t.xlsx"
    by_profile(written(path, xlsx({"A": [HEADINGS, *rows(2)]})), profile, ledger=ledger)
    grown = by_profile(written(path, xlsx({"A": [HEADINGS, *rows(3)]})), profile, ledger=ledger)
    assert (grown["recorded"], grown["already"]) == (3, 6)


def test_one_fault_refuses_the_whole_table_and_names_sheet_row_and_column(ledger: Path, tmp_path: Path) -> None:
    table = rows(3)
    table[2][1] = "31.02.2026"
    table[1][4] = "Unknown Ltd"
    path = written(tmp_path / "t.xlsx", xlsx({"Příkazy": [HEADINGS, *table]}))
    done = run("import", path, "--profile", str(profile_file(tmp_path)), "--as", "ilves", ledger=ledger)
    assert done.exit_code == Exit.REFUSED
    assert "sheet 'Příkazy', row 4, Vydáno: '31.02.2026' is no day of the calendar" in done.stderr
    assert "row 3, Poskytovatel: the word 'Unknown Ltd' is not in the list 'offices'" in done.stderr
    assert "nothing was recorded" in done.stderr


def test_a_fault_of_a_field_names_the_column_of_the_table(ledger: Path, tmp_path: Path) -> None:
    profile = profile_file(tmp_path, PROFILE.replace('channel = "mail"', 'channel = { column = "Poznámka" }'))
    path = written(tmp_path / "t.csv", csv_of(rows(1)))
    done = run("import", path, "--profile", str(profile), "--as", "ilves", "--json", ledger=ledger)
    (fault,) = json.loads(done.stdout)["faults"]
    assert (fault["row"], fault["column"]) == (2, "Poznámka")
    assert fault["says"].startswith("order-transmitted.channel: expected")


def test_the_public_id_of_an_entry_is_the_same_from_a_workbook_and_a_csv(ledger: Path, tmp_path: Path) -> None:
    profile = profile_file(tmp_path)
    by_profile(written(tmp_path / "t.csv", csv_of(rows(3))), profile, ledger=ledger)
    again = by_profile(written(tmp_path / "t.xlsx", xlsx({"A": [HEADINGS, *rows(3)]})), profile, ledger=ledger)
    assert again["recorded"] == 0


# -- the profile in the ledger -----------------------------------------------------------------------------------------


def adopted(ledger: Path, tmp_path: Path, text: str = PROFILE) -> None:
    done = run("import", "adopt", str(profile_file(tmp_path, text)), "--as", "ilves", ledger=ledger)
    assert done.exit_code == 0, done.output


def test_an_adopted_profile_is_used_by_its_name_and_its_entry_is_named(ledger: Path, tmp_path: Path) -> None:
    adopted(ledger, tmp_path)
    (item,) = reply("import", "profiles", ledger=ledger)["profiles"]
    assert (item["name"], item["version"], item["office"]) == ("karsk-orders", "1", "ilves")
    done = by_profile(written(tmp_path / "t.csv", csv_of(rows(1))), "karsk-orders", ledger=ledger)
    assert done["profile"] == {
        "name": "karsk-orders",
        "version": "1",
        "sha256": item["sha256"],
        "entry": item["entry"],
        "sheet": "",
        "rows": 1,
    }


def test_a_profile_whose_file_was_changed_is_refused(ledger: Path, tmp_path: Path) -> None:
    adopted(ledger, tmp_path)
    (path,) = (ledger / "profiles").iterdir()
    path.write_text(PROFILE.replace("skylark", "ncco"), encoding="utf-8")
    table = written(tmp_path / "t.csv", csv_of(rows(1)))
    done = run("import", table, "--profile", "karsk-orders", "--as", "ilves", ledger=ledger)
    assert done.exit_code == Exit.REFUSED
    assert "PROFILE-CHANGED" in done.stderr
    path.unlink()
    done = run("import", table, "--profile", "karsk-orders", "--as", "ilves", ledger=ledger)
    assert "PROFILE-MISSING" in done.stderr


def test_a_changed_profile_needs_another_version_and_the_last_one_is_used(ledger: Path, tmp_path: Path) -> None:
    adopted(ledger, tmp_path)
    changed = profile_file(tmp_path, PROFILE.replace('channel = "mail"', 'channel = "post"'))
    done = run("import", "adopt", str(changed), "--as", "ilves", ledger=ledger)
    assert done.exit_code == Exit.REFUSED
    assert "is adopted with other content" in done.output
    newer = changed.read_text(encoding="utf-8").replace('version = "1"', 'version = "2"')
    adopted(ledger, tmp_path, newer)
    (item,) = reply("import", "profiles", ledger=ledger)["profiles"]
    assert item["version"] == "2"


def test_a_profile_that_no_office_has_adopted_is_said_to_be_none(ledger: Path, tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", csv_of(rows(1)))
    done = run("import", table, "--profile", "praha", "--as", "ilves", ledger=ledger)
    assert done.exit_code == Exit.USAGE
    assert "no profile 'praha' is in force" in done.stderr


def test_a_profile_of_a_later_day_is_not_in_force_yet(ledger: Path, tmp_path: Path) -> None:
    file = str(profile_file(tmp_path))
    run("import", "adopt", file, "--as", "ilves", "--from", "2090-01-01", ledger=ledger)
    assert reply("import", "profiles", ledger=ledger)["profiles"] == []


def test_a_copy_of_a_ledger_has_its_profiles(ledger: Path, tmp_path: Path) -> None:
    adopted(ledger, tmp_path)
    done = run("backup", str(ledger), "-o", str(tmp_path / "copy.tar"))
    assert done.exit_code == 0, done.output
    with tarfile.open(tmp_path / "copy.tar") as copy:
        kept = [Path(name).name for name in copy.getnames() if Path(name).parent.name == "profiles"]
    assert kept == [path.name for path in (ledger / "profiles").iterdir()]


# -- drafting and checking without a ledger ----------------------------------------------------------------------------


def test_a_profile_is_drafted_and_checked_without_a_ledger(tmp_path: Path) -> None:
    table = written(tmp_path / "orders.xlsx", xlsx({"A": [HEADINGS, *rows(2)]}))
    drafted = run("import", "profile", table)
    assert 'reference = { column = "Číslo jednací" }' in drafted.stdout
    checked = reply("import", "profile", table, "--check", str(profile_file(tmp_path)))
    assert (checked["rows"], checked["facts"], checked["faults"]) == (2, 6, [])


def test_a_check_of_a_profile_ends_with_refused_where_a_cell_has_a_fault(tmp_path: Path) -> None:
    table = rows(1)
    table[0][1] = "soon"
    path = written(tmp_path / "t.csv", csv_of(table))
    done = run("import", "profile", path, "--check", str(profile_file(tmp_path)))
    assert done.exit_code == Exit.REFUSED
    assert "row 2, column 'Vydáno': expected a date, got 'soon'" in done.stdout


# -- parts -------------------------------------------------------------------------------------------------------------


def test_a_fault_of_a_fact_is_named_by_the_column_of_the_table() -> None:
    row = ProfiledRow(3, 3, {}, "order-issued", {"providers": "To", "reference": "No."})
    wrongs = [Wrong("providers[0]", "a", "h", "C"), Wrong("reference.x", "b"), Wrong("case_ref", "c"), Wrong("", "d")]
    assert [(w.column, w.says, w.hint, w.code) for w in row.named(wrongs)] == [
        ("To", "order-issued.providers[0]: a", "h", "C"),
        ("No.", "order-issued.reference.x: b", "", ""),
        ("", "order-issued.case_ref: c", "", ""),
        ("", "order-issued: d", "", ""),
    ]


def made_of(sheet: str = "Sheet 1", **parts: Any) -> Prepared:
    profile: Any = None
    return Prepared(Expansion(sheet, "ab" * 32, **parts), profile, "cd" * 32, None)


def test_the_faults_of_a_table_come_before_its_facts_row_by_row() -> None:
    faults = [CellNote(4, "To", "a", "h"), CellNote(3, "No.", "b"), CellNote(4, "", "c")]
    facts = [FactRow(2, "order-issued", {"order": "A"}, {"reference": "No."})]
    first, second, fact = made_of(faults=faults, facts=facts).rows()
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    assert (first[0], [(w.column, w.says, w.hint) for w in first[1]]) == (
        TableRow(4, 4, {}), [("To", "a", "h"), ("", "c", "")],
    )  # fmt: skip
    assert (second[0], [w.says for w in second[1]]) == (TableRow(3, 3, {}), ["b"])
    assert fact == ProfiledRow(2, 2, {"order": "A"}, "order-issued", {"reference": "No."})


def test_a_row_is_named_with_its_sheet_if_there_is_one() -> None:
    assert made_of().place(3) == "sheet 'Sheet 1', row 3"
    assert made_of("").place(3) == "row 3"
    assert made_of().sha256 == "ab" * 32


def test_a_file_has_as_many_bytes_as_any_and_no_more(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(b"12345")
    assert bytes_of(str(file), 5) == b"12345"
    for most, says in ((4, "1 MiB"), (3 << 20, None)):
        file.write_bytes(bytes((most or 0) + 1) if says is None else b"12345")
        with pytest.raises(Stop) as stopped:
            bytes_of(str(file), most)
        assert stopped.value.message == f"{file}: more than {says or '3 MiB'}"
        assert stopped.value.code is Exit.UNDECIDABLE


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("orders", False),
        ("a/b", False),
        ("orders.toml", True),
        ("./orders", True),
        ("a-b/c", True),
        ("orders.csv", False),
    ],
)
def test_a_profile_is_a_file_or_the_name_of_one_in_force(
    name: str, file: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = "ledger.application.intake.profile_store"
    adopted = [SimpleNamespace(sha256=sha256(b"other").hexdigest(), index=3),
               SimpleNamespace(sha256=sha256(b"data").hexdigest(), index=5)]  # fmt: skip
    monkeypatch.setattr(f"{store}.in_force", lambda register, day: adopted)
    monkeypatch.setattr(
        f"{store}.find_profile", lambda profiles, name, office: profiles[1] if office == "orn" else None
    )
    monkeypatch.setattr(f"{store}.read_adopted", lambda folder, found: (f"kept in {folder}", b"data"))
    monkeypatch.setattr(prepared_module, "bytes_of", lambda path, most: b"data" if most == LARGEST else b"")
    monkeypatch.setattr(prepared_module, "parse_profile", lambda data, name: f"read from {name}")
    journal: Any = SimpleNamespace(
        cases=SimpleNamespace(register=lambda reveal: ()), now=lambda: datetime(2027, 6, 1, tzinfo=UTC),
        folder=SimpleNamespace(path="ledger"),
    )  # fmt: skip
    found: Any = profile_of(journal, name, "orn")
    assert found == (f"read from {name}" if file else "kept in ledger", sha256(b"data").hexdigest(), 5)
    if file:
        adopted.pop()
        assert profile_of(journal, name, "orn")[2] is None
