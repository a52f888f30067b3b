"""The result of a segment is kept for the same audit of the same file, and for nothing else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ledger.application.archive.check_segment import SegmentRun
from ledger.application.archive.kept_runs import KeptRuns
from ledger.application.archive.manifest import Segment
from ledger.application.integrity.check_run import Noted
from ledger.errors import LedgerError
from tests.support.files.system_calls import open_below


def segment(start: int, digest: str = "ab" * 32) -> Segment:
    return Segment(sha256=digest, bytes=9, start=start, end=start + 8, root="cd" * 32, reserved=0)


RUN = SegmentRun(program=b"1", noted=Noted(), leaves=b"x" * 32, signatures=3)


def test_a_result_is_found_again_for_the_same_file_of_the_same_audit(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "runs"
    with KeptRuns(path) as runs:
        runs.begin(b"audit")
        assert runs.get(segment(0)) is None
        runs.put(segment(0), RUN)
        runs.put(segment(8), SegmentRun(program=b"2", noted=Noted()))
    with KeptRuns(path) as runs:
        runs.begin(b"audit")
        assert runs.get(segment(0)) == RUN
        assert runs.get(segment(0, "00" * 32)) is None
        assert runs.get(segment(16)) is None
        runs.put(segment(0, "00" * 32), RUN)
        assert (runs.get(segment(0)), runs.get(segment(0, "00" * 32))) == (None, RUN)
        runs.begin(b"another audit")
        assert [runs.get(segment(start)) for start in (0, 8)] == [None, None]
    assert open_below(tmp_path) == []


def test_nothing_is_left_of_a_complete_audit(tmp_path: Path) -> None:
    with KeptRuns(tmp_path / "runs") as runs:
        runs.put(segment(0), RUN)
        runs.end()
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            runs._c.execute("SELECT 1")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_result_is_damage_of_its_file(tmp_path: Path) -> None:
    with KeptRuns(tmp_path / "runs") as runs:
        runs.put(segment(0), RUN)
        with closing(sqlite3.connect(tmp_path / "runs", isolation_level=None)) as c:
            c.execute("UPDATE run SET result = x'c1'")
        with pytest.raises(LedgerError, match="LOG-CORRUPT"):
            runs.get(segment(0))
