"""An archive is verified as a ledger folder is: nothing in it is trusted, and the log states its manifest."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from ledger.application.archive.make_archive import _locked
from ledger.application.archive.manifest import MANIFEST
from ledger.application.archive.verify_archive import verify_archive
from ledger.errors import LedgerError
from tests.ledger.application.archive.archives import change_manifest, narrow_segments, replace_segment
from tests.support.cli import ledger_of, run
from tests.support.files.system_calls import open_below
from tests.support.memory_ledger import NOW

SIZE = 39  # entries of the story


@pytest.fixture(scope="module", autouse=True)
def narrow() -> Iterator[None]:
    with narrow_segments():
        yield


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a ledger, its archive, and its trust folder as others hold it."""
    folder = tmp_path_factory.mktemp("office")
    ledger = ledger_of("S1", folder)
    made = run("archive", str(folder / "archive"), ledger=ledger)
    assert made.exit_code == 0, made.output
    shutil.copytree(ledger / "trust", folder / "trust")
    return folder


@pytest.fixture
def archive(office: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(office / "archive", tmp_path / "archive"))


@pytest.fixture
def audit(office: Path, tmp_path: Path) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Return a function that audits an archive under the office's trust, in a state folder of this test."""

    def audited(archive: Path, *words: str, trust: Path | None = office / "trust") -> tuple[int, dict[str, Any]]:
        given = () if trust is None else ("--trust", str(trust))
        words = ("audit", "--archive", str(archive), "--state", str(tmp_path / "state"), *given, *words, "--json")
        done = run(*words)
        return done.exit_code, json.loads(done.stdout) if done.stdout else {"error": done.output}

    return audited


def codes(answer: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in answer["reasons"]]


def test_a_whole_archive_passes_under_trust_from_outside(office: Path, audit: Any) -> None:
    code, answer = audit(office / "archive")
    assert (code, answer["verdict"], answer["reasons"]) == (Exit.DONE, "TOTAL-PASSED", [])
    assert (answer["entries"], answer["signatures"], answer["head"]["size"]) == (SIZE, SIZE, SIZE)
    steps = {step["step"]: step["says"] for step in answer["steps"]}
    assert steps[3] == "5 segments, 39 entries"
    assert steps[17] == "entry 39 of the log states the manifest"


def test_without_trust_an_archive_is_indeterminate(office: Path, audit: Any) -> None:
    code, answer = audit(office / "archive", trust=None)
    assert (code, codes(answer)) == (Exit.FINDINGS, ["NO_TRUST_ANCHOR"])


def test_under_the_trust_of_another_log_nothing_passes(office: Path, audit: Any, tmp_path: Path) -> None:
    other = ledger_of("S2", tmp_path)
    code, answer = audit(office / "archive", trust=other / "trust")
    assert (code, codes(answer)) == (Exit.FINDINGS, ["CP-ORIGIN"])


def test_an_anchor_of_an_earlier_size_is_compared(office: Path, audit: Any, tmp_path: Path) -> None:
    note = (office / "archive" / "checkpoint").read_text()
    lines = note.split("\n")
    same, other = tmp_path / "same", tmp_path / "other"
    same.write_text(note)
    other.write_text("\n".join([lines[0], "20", lines[2], ""]))
    assert audit(office / "archive", "--anchor", str(same))[0] == Exit.DONE
    code, answer = audit(office / "archive", "--anchor", str(other))
    assert (code, codes(answer)) == (Exit.FINDINGS, ["ANCHOR-TYPED"]), "it was typed, and not compared"


# -- dishonest archives ------------------------------------------------------------------------------------------------


def remove(name: str) -> Callable[[Path], object]:
    return lambda archive: (archive / name).unlink()


def write(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda archive: (archive / name).write_bytes(content)


def alter(name: str) -> Callable[[Path], object]:
    def change(archive: Path) -> None:
        data = bytearray((archive / name).read_bytes())
        data[len(data) // 2] ^= 1
        (archive / name).write_bytes(data)

    return change


def doubled(archive: Path) -> None:
    first = archive / "entries" / "000000000000-000000000008.parquet"
    shutil.copy(first, archive / "entries" / "000000000039-000000000047.parquet")


def reordered(archive: Path) -> None:
    change_manifest(archive, lambda said: said["segments"].reverse())


def shortened(archive: Path) -> None:
    """Drop the last segment, and say so in a manifest of the right form."""

    def change(said: dict[str, Any]) -> None:
        last = said["segments"].pop()
        (archive / "entries" / f"{last['start']:012d}-{last['end']:012d}.parquet").unlink()
        said["size"] = last["start"]
        states = archive / "states"
        (states / "000000000039.parquet").rename(states / f"{last['start']:012d}.parquet")

    change_manifest(archive, change)


def same_entries_in_other_bytes(archive: Path) -> None:
    """Write a segment anew with another compression: the entries are the same, and the log states other bytes."""
    import pyarrow.parquet as pq

    path = archive / "entries" / "000000000008-000000000016.parquet"
    table = pq.read_table(path)
    pq.write_table(table, path, compression="gzip", store_schema=False, use_dictionary=False)
    replace_segment(archive, 1, path.read_bytes())


def pipe(archive: Path) -> None:
    path = archive / "entries" / "000000000008-000000000016.parquet"
    path.unlink()
    os.mkfifo(path)


DISHONEST: dict[str, tuple[Callable[[Path], object], str]] = {
    "a segment is missing": (remove("entries/000000000008-000000000016.parquet"), "ARC-MISSING"),
    "a segment is altered": (alter("entries/000000000008-000000000016.parquet"), "ARC-DIGEST"),
    "a segment is a pipe": (pipe, "NOT-A-FILE"),
    "a segment is doubled": (doubled, "ARC-UNLISTED"),
    "the manifest has segments in another order": (reordered, "ARC-FORMAT"),
    "the archive is shortened": (shortened, "ARC-MANIFEST"),
    "the same entries have other bytes": (same_entries_in_other_bytes, "ARC-MANIFEST"),
    "a file is added": (write("names.csv", b"Dina Ilves"), "ARC-UNLISTED"),
    "a file is added to the segments": (write("entries/x.parquet", b"PAR1"), "ARC-UNLISTED"),
    "a file is added to the policy": (write("trust/subjects.parquet", b"PAR1"), "ARC-UNLISTED"),
    "the manifest is none": (write(MANIFEST, b"[]"), "ARC-FORMAT"),
    "the manifest is endless": (write(MANIFEST, b"[" * (1 << 20)), "ARC-FORMAT"),
    "the states are missing": (remove("states/000000000039.parquet"), "ARC-MISSING"),
    "the states are altered": (alter("states/000000000039.parquet"), "ARC-DIGEST"),
    "the checkpoint is missing": (remove("checkpoint"), "ARC-MANIFEST"),
    "the checkpoint is another": (write("checkpoint", b"x"), "ARC-MANIFEST"),
    "the stating entry is altered": (alter("archive.dsse.json"), "SIG-BAD"),
    "the proof is altered": (alter("archive.tlog-proof"), "PRF-PATH"),
    "the proof of consistency is another": (write("archive.consistency", b"AAAA\n"), "CP-CONSISTENCY"),
}


@pytest.mark.parametrize("what", DISHONEST)
def test_what_a_dishonest_holder_changes_is_proved_wrong(what: str, archive: Path, audit: Any) -> None:
    act, code = DISHONEST[what]
    act(archive)
    exit_code, answer = audit(archive)
    assert exit_code == Exit.PROVED_BAD, answer
    assert answer["verdict"] == "TOTAL-FAILED"
    found = codes(answer)
    assert code in found or (what.endswith("altered") and found[0].split("-")[0] in ("SIG", "ENV", "PRF", "CP", "JSON"))


@pytest.mark.parametrize("name", ["archive.dsse.json", "archive.tlog-proof", "archive.consistency"])
def test_a_manifest_that_no_entry_states_is_a_doubt(name: str, archive: Path, audit: Any) -> None:
    (archive / name).unlink()
    code, answer = audit(archive)
    assert (code, codes(answer)) == (Exit.FINDINGS, ["ARC-UNBOUND"])


def test_the_statement_of_another_archive_is_no_statement(office: Path, archive: Path, audit: Any) -> None:
    """Give the entry, which the log has, to an archive whose manifest has another word."""
    change_manifest(archive, lambda said: said.update(test=False))
    code, answer = audit(archive)
    assert (code, codes(answer)) == (Exit.PROVED_BAD, ["ARC-MANIFEST"])


def test_a_folder_that_is_no_archive_is_refused(tmp_path: Path, audit: Any) -> None:
    (tmp_path / "empty").mkdir()
    code, answer = audit(tmp_path / "empty")
    assert code == Exit.UNDECIDABLE
    assert "NO-ARCHIVE" in str(answer)
    assert audit(tmp_path / "nowhere")[0] == Exit.USAGE


def test_results_are_never_kept_in_the_archive(archive: Path, office: Path) -> None:
    done = run("audit", "--archive", str(archive), "--trust", str(office / "trust"), "--state", str(archive / "state"))
    assert done.exit_code == Exit.USAGE
    assert not (archive / "state").exists()


def test_what_archives_need_is_asked_for_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LedgerError, match="NO-ARCHIVE"):
        verify_archive(tmp_path / "none", None, None, NOW)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(LedgerError, match="NO-PYARROW"):
        verify_archive(tmp_path / "none", None, None, NOW)


def test_one_process_at_a_time_writes_an_archive(tmp_path: Path) -> None:
    with _locked(tmp_path), pytest.raises(LedgerError, match="BUSY"), _locked(tmp_path):
        pass
    assert open_below(tmp_path) == []
    with _locked(tmp_path):
        assert open_below(tmp_path) == [str(tmp_path)]
