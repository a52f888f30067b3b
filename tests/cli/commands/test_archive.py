"""`comity archive` writes what was signed and nothing sealed, continues where it was killed, and adds what is new."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from ledger.application.archive.kept_runs import KeptRuns
from ledger.application.archive.parquet_files import read_states
from tests.cli.exports.test_writers import sealed_values
from tests.ledger.application.archive.archives import narrow_segments, segment_rows
from tests.support.cli import ledger_of, run
from tests.support.killed_command import killed

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "archive-a-ledger.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module", autouse=True)
def narrow() -> Iterator[None]:
    with narrow_segments():
        yield


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return ledger_of("S1", tmp_path)


@pytest.fixture
def archive(ledger: Path, tmp_path: Path) -> Path:
    make(ledger, tmp_path / "archive")
    return tmp_path / "archive"


def make(ledger: Path, archive: Path) -> dict[str, Any]:
    done = run("archive", str(archive), "--json", ledger=ledger)
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


def audit(ledger: Path, archive: Path) -> int:
    state = archive.parent / "audit-state"
    return run(
        "audit", "--archive", str(archive), "--trust", str(ledger / "trust"), "--state", str(state), "--workers", "1"
    ).exit_code


def record(ledger: Path) -> None:
    words = ("record", "order-transmitted", "main", "-f", "addressee=skylark", "-f", "channel=courier", "--as", "ilves")
    done = run(*words, "--yes", "--unregistered", ledger=ledger)
    assert done.exit_code == 0, done.output


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# -- what an archive has -----------------------------------------------------------------------------------------------


def test_the_entry_that_states_the_manifest_is_of_the_registrar_and_in_the_register(
    ledger: Path, tmp_path: Path
) -> None:
    made = make(ledger, tmp_path / "archive")
    assert (made["size"], made["segments"], made["written"], made["fresh"]) == (39, 5, 5, True)
    assert made["index"] == 39
    listed = json.loads(run("log", "--kind", "archive-made", "--json", ledger=ledger).stdout)
    assert [entry["index"] for entry in listed["log"]] == [39]
    assert run("fsck", ledger=ledger).exit_code == 0
    assert audit(ledger, tmp_path / "archive") == 0


def test_nothing_is_written_or_recorded_if_only_archives_were_recorded_since(ledger: Path, archive: Path) -> None:
    before = files(archive)
    made = make(ledger, archive)
    assert (made["written"], made["fresh"], made["index"]) == (0, False, 39)
    assert files(archive) == before


def test_a_later_run_writes_only_new_segments_and_the_rest(ledger: Path, archive: Path) -> None:
    before = files(archive)
    for _ in range(9):
        record(ledger)
    made = make(ledger, archive)
    assert (made["size"], made["written"], made["index"]) == (49, 3, 49)
    after = files(archive)
    kept = [name for name in after if name.startswith("entries/") and name in before]
    assert len(kept) == 4
    assert all(after[name] == before[name] for name in kept)
    assert "entries/000000000032-000000000039.parquet" not in after
    assert audit(ledger, archive) == 0


def test_an_archive_is_for_its_maker_alone(archive: Path) -> None:
    assert all(path.stat().st_mode & 0o077 == 0 for path in (archive, *archive.rglob("*")))


def test_no_folder_with_other_files_and_no_folder_of_the_ledger_is_taken(ledger: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "names.csv").write_text("Dina Ilves")
    for folder in (other, ledger / "archive", ledger):
        done = run("archive", str(folder), ledger=ledger)
        assert done.exit_code == Exit.REFUSED
        assert "PATH-TAKEN" in run("archive", str(folder), "--json", ledger=ledger).output
    assert (other / "names.csv").read_text() == "Dina Ilves"


def test_the_archive_of_another_log_is_not_continued(archive: Path, tmp_path: Path) -> None:
    before = files(archive)
    other = ledger_of("S2", tmp_path / "two")
    assert run("archive", str(archive), ledger=other).exit_code == Exit.REFUSED
    assert files(archive) == before


def test_a_link_in_an_archive_is_not_written_through(ledger: Path, archive: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("mine")
    path = archive / "entries" / "000000000032-000000000039.parquet"
    path.unlink()
    path.symlink_to(target)
    assert run("archive", str(archive), ledger=ledger).exit_code == Exit.REFUSED
    assert target.read_text() == "mine"


# -- sealed values and erasure -----------------------------------------------------------------------------------------


def content(archive: Path) -> bytes:
    """Return all that an archive has, unpacked."""
    manifest = json.loads((archive / "archive.json").read_bytes())
    parts = [data for name, data in files(archive).items() if not name.endswith(".parquet")]
    for number in range(len(manifest["segments"])):
        parts += [repr(row).encode() + row.raw + row.nodes for row in segment_rows(archive, number)]
    (states,) = (archive / "states").iterdir()
    parts += [name.encode() + data for name, data in read_states(states.read_bytes())]
    return b"\n".join(parts)


def secrets(ledger: Path) -> list[bytes]:
    """Return the sealed values of a ledger, its ciphertexts, and its keys of data subjects."""
    found = [value.encode() for value in sealed_values(ledger)]
    with closing(sqlite3.connect(ledger / "entries.db")) as c:
        rows = c.execute("SELECT key_id, ciphertext FROM ciphertext").fetchall()
    found += [part if isinstance(part, bytes) else part.encode() for row in rows for part in row if part]
    with closing(sqlite3.connect(ledger / "keys.db")) as c:
        for (table,) in c.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in c.execute(f"SELECT * FROM {table}").fetchall():  # noqa: S608
                found += [cell for cell in row if isinstance(cell, bytes) and len(cell) >= 16]
    return found


def test_an_archive_has_no_sealed_value_no_ciphertext_and_no_key(ledger: Path, archive: Path) -> None:
    hidden = secrets(ledger)
    assert len(hidden) > 40
    there = content(archive)
    assert [value for value in hidden if value in there] == []
    assert b"order-issued" in there


def test_an_erasure_is_not_undone_by_an_archive_from_before_or_after_it(ledger: Path, archive: Path) -> None:
    hidden = secrets(ledger)
    done = run("erase", "main", "--cause", "retention-ended", "--as", "orn", "--yes", ledger=ledger)
    assert done.exit_code == 0, done.output
    old = content(archive)
    make(ledger, archive)
    new = content(archive)
    assert b"payload-key-destroyed" in new
    assert [value for value in hidden if value in old or value in new] == []
    assert audit(ledger, archive) == 0


# -- kills -------------------------------------------------------------------------------------------------------------


def test_a_killed_run_is_continued_with_the_same_bytes(ledger: Path, tmp_path: Path) -> None:
    for number in (2, 7):
        check_killed(ledger, tmp_path, number)


@pytest.mark.slow
def test_a_run_that_is_killed_anywhere_is_continued_with_the_same_bytes(ledger: Path, tmp_path: Path) -> None:
    number = 1
    while check_killed(ledger, tmp_path, number):
        number += 1
    assert number > 12, "five segments, states, policy, checkpoint, manifest, three files of the statement"


def check_killed(ledger: Path, tmp_path: Path, number: int) -> bool:
    """Kill a run at its `number`-th new name of a file; compare what the next run makes with one that was not killed.

    Return False if the run ended before.
    """
    place = tmp_path / str(number)
    there, archive = place / "ledger", place / "archive"
    shutil.copytree(ledger, there)
    was_killed = killed("replace", number, lambda: run("archive", str(archive), ledger=there))
    make(there, archive)
    whole = place / "whole"
    assert audit(there, archive) == 0
    rest = {name: data for name, data in files(archive).items() if name.startswith("entries/")}
    again = ledger_of("S1", place / "again")
    make(again, whole)
    assert rest == {name: data for name, data in files(whole).items() if name.startswith("entries/")}
    manifests = [json.loads((folder / "archive.json").read_bytes()) for folder in (archive, whole)]
    assert manifests[0]["segments"] == manifests[1]["segments"]
    return was_killed


@pytest.mark.parametrize("after", [1, 4])
def test_a_killed_audit_continues_behind_the_segments_that_it_had_checked(
    after: int, ledger: Path, archive: Path, tmp_path: Path
) -> None:
    child = os.fork()
    if child == 0:
        os.setsid()
        put, left = KeptRuns.put, [after]

        def counted(self: KeptRuns, *row: Any) -> None:
            put(self, *row)
            left[0] -= 1
            if not left[0]:
                os.killpg(0, signal.SIGKILL)

        with suppress(BaseException):
            KeptRuns.put = counted  # type: ignore[method-assign, assignment]
            audit(ledger, archive)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    state = archive.parent / "audit-state"
    assert len(list(state.glob("*.db"))) == 1
    words = ("audit", "--archive", str(archive), "--trust", str(ledger / "trust"))
    done = run(*words, "--state", str(state))
    assert f"{after} had been checked" in done.stderr
    fresh = run(*words, "--state", str(tmp_path / "other"))
    assert (done.exit_code, done.stdout) == (fresh.exit_code, fresh.stdout)
    assert list(state.iterdir()) == [], "the next audit checks everything"


def test_kept_results_count_for_nothing_if_a_segment_has_other_bytes(ledger: Path, archive: Path) -> None:
    child = os.fork()
    if child == 0:
        os.setsid()
        with suppress(BaseException):
            KeptRuns.end = lambda self: os.killpg(0, signal.SIGKILL)  # type: ignore[method-assign]
            audit(ledger, archive)
        os._exit(0)
    os.waitpid(child, 0)
    path = archive / "entries" / "000000000008-000000000016.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert audit(ledger, archive) == Exit.PROVED_BAD


# -- questions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", QUERIES)
def test_a_question_of_the_documents_runs_as_it_is_printed(
    query: str, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    duckdb = pytest.importorskip("duckdb")
    monkeypatch.chdir(archive.parent)
    with duckdb.connect() as db:
        rows = db.execute(query).fetchall()
    if "altered" in query:
        assert rows == [(0,)]
    elif "addressee" in query:
        assert rows == [("skylark", 1)]
    else:
        assert len(rows) > 1


def test_the_documents_have_the_four_questions() -> None:
    assert len(QUERIES) == 4
