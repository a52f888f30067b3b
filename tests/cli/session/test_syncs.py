"""A record on the command line is durable, and syncs no more than that takes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import PERSON, House

ROOT = Path(__file__).parents[3]
RECORD = ("record", "order-transmitted", "PPO-1", "-f", "addressee=ilves", "-f", "channel=mail", "--as", "ilves")
START = "from cli.start import main; main()"
MOST = 8  # five of them for entries.db, which is one whole file again when the command ends


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_a_record_makes_at_most_eight_syncs_and_the_row_and_the_guard_are_synced_before_its_receipt(
    tmp_path: Path,
) -> None:
    house = House(tmp_path / "house").furnished()
    assert house.run(*RECORD, "--yes").exit_code == 0
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,sync_file_range,syncfs,sync,msync,write"
    command = ["strace", "-f", "-y", "-e", calls, "-o", str(trace), sys.executable, "-c", START, *RECORD, "--yes"]
    told = {**os.environ, **house.env, "COMITY_PERSON": PERSON, "COMITY_LEDGER": str(house.ledger)}
    done = subprocess.run(command, env=told, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "recorded order-transmitted" in done.stdout
    lines = trace.read_text().splitlines()
    synced = [n for n, line in enumerate(lines) if re.search(r"\b(fsync|fdatasync|sync\w*|msync)\(", line)]
    assert len(synced) <= MOST, "\n".join(lines[n] for n in synced)
    receipt = next(n for n, line in enumerate(lines) if "write(1" in line and "recorded" in line)
    before = "\n".join(lines[n] for n in synced if n < receipt)
    assert "entries.db-wal" in before
    assert "guard.db-wal" in before
