"""An import that is killed at a random moment leaves whole entries only; a second run completes it without duplicates.

Twenty moments cover a whole import: rows are checked, sealed, stored, acknowledged, published.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.cli import ledger_of, reply, run
from tests.support.import_tables import opening, sending, written

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MOMENTS = 20
ORDERS = 400


def importing(ledger: Path, table: Path) -> subprocess.Popen[bytes]:
    """Start the import command in a separate process."""
    command = [sys.executable, "-m", "cli.app", "--ledger", str(ledger), "import", str(table), "--as", "ilves"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def size(ledger: Path) -> int:
    """Return the number of entries, after the ledger has acknowledged entries that a crash left."""
    return int(reply("checkpoint", ledger=ledger)["size"])


def test_an_import_killed_at_twenty_random_moments_leaves_a_whole_ledger(tmp_path: Path) -> None:
    pristine = ledger_of("S1", tmp_path)
    rows = [row for n in range(ORDERS) for row in (opening(f"A-{n}"), sending(f"A-{n}"))]
    table = written(tmp_path / "t.csv", rows)
    before, ledger = size(pristine), tmp_path / "try"
    shutil.copytree(pristine, ledger)
    started = time.monotonic()
    assert importing(ledger, table).wait() == 0
    whole = time.monotonic() - started
    assert size(ledger) == before + len(rows)

    chance = random.Random(20270301)
    found = set()
    for number in range(MOMENTS):
        shutil.rmtree(ledger)
        shutil.copytree(pristine, ledger)
        process = importing(ledger, table)
        time.sleep(whole * (number + chance.random()) / MOMENTS)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not [name for name in os.listdir(ledger) if name.startswith(".")], "no half-written file is left"
        found.add(size(ledger))
        fsck = run("fsck", ledger=ledger)
        assert fsck.exit_code == 0, fsck.output
        answer = reply("import", str(table), "--as", "ilves", ledger=ledger)
        assert answer["recorded"] + answer["already"] == len(rows)
        assert size(ledger) == before + len(rows), "nothing is there twice"
    assert found <= {before, before + len(rows)}, "all of them or none"
    assert before in found
