"""A process may be killed at any moment: the ledger stays whole, and every issued receipt stays true."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.application.journal import Journal
from ledger.tlog.note import open_checkpoint
from ledger.tlog.tree import check_inclusion, parse_proof
from tests.ledger.application.test_journal import ORDER, ORIGIN, Clock, entries, ilves, issued, made, sent

ROOT = Path(__file__).parents[4]
NIGHT = datetime(2027, 3, 2, tzinfo=UTC)

# Records `argv[2]` entries, publishes as often as a command would, and prints each receipt.
RECORDER = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from ledger.application.journal import Journal
from tests.ledger.application.test_journal import *
journal = Journal.open(Path(sys.argv[1]), now=lambda: datetime(2027, 3, 2, tzinfo=UTC))
signer = ilves(journal)
for n in range(int(sys.argv[2])):
    receipt = journal.record(issued(f"PPO-{n}") if n % 3 == 0 else sent(), ORDER, signer)
    print(json.dumps([receipt.index, receipt.leaf, receipt.proof.decode()]), flush=True)
    if n % 2:
        journal.publish()
journal.close()
print("closed", flush=True)
"""


def recorder(folder: Path, count: int, *before: str) -> subprocess.Popen[str]:
    command = [*before, sys.executable, "-c", RECORDER, str(folder), str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def opened(folder: Path) -> Journal:
    """Open a ledger after a kill. A PostgreSQL server may finish a commit of the killed process after an opening."""
    for _ in range(0 if isinstance(read_folder(folder).entries, Path) else 20):
        journal = Journal.open(folder, now=Clock(NIGHT))
        if journal.log.signed().size == journal.store.size():
            return journal
        journal.close()
        time.sleep(0.1)
    return Journal.open(folder, now=Clock(NIGHT))


def assert_whole(folder: Path, told: list[str]) -> None:
    """Assert that the ledger opens, agrees with its guard and files, has every entry with a receipt, and continues."""
    with opened(folder) as journal:
        size = journal.store.size()
        signed = journal.log.signed()
        assert signed.size == size, "what was stored is acknowledged by now"
        assert journal.log.derive().root() == signed.root
        head = journal.log.files.head()
        assert head is not None
        assert (head.checkpoint.size, head.checkpoint.root) == (size, signed.root)
        before = {
            p: p.read_bytes() for p in journal.folder.log.rglob("*") if p.is_file() and not p.name.startswith(".")
        }
        journal.log.rebuild_tiles()
        assert {p: p.read_bytes() for p in before} == before
        stored = {e.index: e for e in entries(journal)}
        for line in told:
            index, leaf, proof_text = json.loads(line)
            assert stored[index].leaf == leaf, "no entry with a receipt is lost"
            proof = parse_proof(proof_text.encode())
            then = open_checkpoint(proof.note, ORIGIN, journal.folder.key, ()).checkpoint
            check_inclusion(index, then.size, bytes.fromhex(leaf), proof.path, then.root)
            if then.size < size:
                journal.log.consistency(then.size, size)
        for entry in stored.values():
            if entry.kind == "order-issued":
                assert entry.get("identifiers") == ["kestrel@skylark.example"], "what was sealed can be opened"
        journal.record(sent(), ORDER, ilves(journal))
    for name in ("entries.db", "heads.db", "keys.db"):  # the first two may be in a database
        if not (folder / name).exists():
            continue
        with closing(sqlite3.connect(folder / name)) as c:
            assert c.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with made(tmp_path / "ledger") as journal:
        journal.record(issued(), ORDER, ilves(journal))
    return tmp_path / "ledger"


@pytest.mark.slow
def test_a_process_killed_at_a_random_moment_leaves_a_whole_ledger(folder: Path) -> None:
    chance = random.Random(20270301)
    for _ in range(5):
        process = recorder(folder, 100_000)
        assert process.stdout is not None
        told = [process.stdout.readline()]
        time.sleep(chance.uniform(0.0, 0.12))
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        told += [line for line in rest.splitlines() if line.endswith("]")]
        assert process.returncode == -signal.SIGKILL
        assert_whole(folder, told)


def test_what_is_finished_after_a_crash_is_the_same_as_if_there_had_been_none(tmp_path: Path) -> None:
    """Two ledgers record the same entries; one is interrupted between the entry and the guard."""
    whole, cut = (made(tmp_path / name, entropy=random.Random(1).randbytes) for name in ("whole", "cut"))
    for journal in (whole, cut):
        journal.record(issued(), ORDER, ilves(journal))
    raw = [raw for page in whole.store.pages() for _, raw in page]
    assert raw == [raw for page in cut.store.pages() for _, raw in page], "the same clock and chance, the same bytes"
    real = cut.log.acknowledge
    cut.log.acknowledge = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        cut.record(sent(), ORDER, ilves(cut))
    cut.log.acknowledge = real  # type: ignore[method-assign]
    whole.record(sent(), ORDER, ilves(whole))
    for journal in (whole, cut):
        journal.log.catch_up()
        journal.close()
    files = [
        {p.relative_to(j.folder.log): p.read_bytes() for p in j.folder.log.rglob("*") if p.is_file()}
        for j in (whole, cut)
    ]
    assert files[0] == files[1]
