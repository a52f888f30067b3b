"""A log and its mirror in two processes, both killed at many moments: no entry and no cosigned checkpoint is lost.

The ledger records and pushes; the mirror stores and cosigns. One of them, or both, get SIGKILL at a random moment, then
both go on. SEED=N tries other moments.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.keys.key_files import load
from ledger.adapters.log.published_log import entries_of, from_folder
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.tlog.names import origin_hash
from ledger.tlog.note import parse_checkpoint, witness_vkey
from ledger.tlog.tile import bundles_for
from tests.support.cli import ORIGIN, House

pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("httpx", reason="needs the extra `server`")
pytestmark = pytest.mark.slow

NAME = "mirror.example/xv"
ROOT = Path(__file__).parents[2]
ROUNDS = 16
ORDERS = 150  # of each round
COMITY = (sys.executable, "-c", "from cli.app import main; main()")


def environment(house: House) -> dict[str, str]:
    return {**os.environ, **house.env, "PYTHONPATH": str(ROOT), "COMITY_LEDGER": str(house.ledger)}


@contextmanager
def serving(house: House, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the mirror; yield its process and port."""
    words = ["mirror", "serve", "--name", NAME, "--state", str(house.folder / "mirror")]
    words += ["--policy", str(house.ledger / "trust" / "policy"), "--listen", f"127.0.0.1:{port}"]
    with subprocess.Popen([*COMITY, *words], env=environment(house), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = ""
        while not said.startswith("listening on "):
            said = process.stderr.readline()
            assert said, "the mirror does not start"
        try:
            yield process, int(said.strip().rpartition(":")[2])
        finally:
            process.terminate()


def table(house: House, number: int) -> Path:
    """Write a table of orders to import."""
    path = house.folder / f"{number}.csv"
    rows = [
        f"R{number}-{n},order-issued,2026-03-01T09:00:00Z,2AP-7,XO,XV,acct-{number}-{n}-{'x' * 200}"
        for n in range(ORDERS)
    ]
    path.write_text("\n".join(["order,kind,occurred,instrument,from_party,to_party,identifiers", *rows]) + "\n")
    return path


def stored(house: House) -> tuple[int, list[bytes]]:
    """Return the size that the mirror has cosigned, and the entries of that size which it shows."""
    folder = house.folder / "mirror" / "logs" / origin_hash(ORIGIN)
    if not (folder / "checkpoint").exists():
        return 0, []
    note = (folder / "checkpoint").read_bytes()
    size = parse_checkpoint(note.decode().partition("\n\n")[0] + "\n").size
    fetch = from_folder(folder)
    return size, [entry for tile in bundles_for(0, size) for entry in entries_of(fetch, tile.n, tile.width)]


def recorded(house: House) -> list[bytes]:
    store = EntryReader(read_folder(house.ledger).entries)
    try:
        return [raw for _, raw in store.page(0, store.size())]
    finally:
        store.close()


def test_nothing_is_lost_when_log_and_mirror_are_killed_at_any_moment(tmp_path: Path) -> None:
    chance = random.Random(f"mirror {os.environ.get('SEED', '0')}")
    house = House(tmp_path / "house").furnished()
    assert house.run("mirror", "new", NAME, "--state", str(house.folder / "mirror")).exit_code == 0
    key = witness_vkey(NAME, load(house.folder / "mirror" / "mirror.key").public)
    with serving(house) as (_, port):
        assert house.run("mirror", "add", key, f"http://127.0.0.1:{port}").exit_code == 0
    acknowledged: list[bytes] = []
    cosigned, kills = 0, 0
    for number in range(ROUNDS):
        with serving(house, port) as (mirror, _):
            words = chance.choice(
                (["mirror", "push"], ["checkpoint"], ["import", str(table(house, number)), "--as", "ilves"])
            )
            log = subprocess.Popen(
                [*COMITY, *words], env=environment(house), stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            time.sleep(chance.uniform(0.3, 2.0))
            for process in chance.choice(((mirror,), (log,), (mirror, log))):
                kills += process.poll() is None
                process.send_signal(signal.SIGKILL)
            log.communicate()
        size, entries = stored(house)  # before anything is repaired
        assert size >= cosigned
        assert entries == recorded(house)[:size]
        cosigned = size
        entries_now = recorded(house)
        assert entries_now[: len(acknowledged)] == acknowledged
        if words[0] == "import" and log.returncode == 0:
            acknowledged = entries_now
    with serving(house, port):
        pushed = house.reply("mirror", "push")
        assert [each["code"] for each in pushed["mirrors"]] == [""]
        assert [each["code"] for each in house.reply("mirror", "check")["mirrors"]] == [""]
    size, entries = stored(house)
    assert entries == recorded(house)
    assert size == pushed["size"] == len(entries)
    assert kills > ROUNDS // 2
    assert house.run("fsck").exit_code in (0, 3)  # 3: the mirror is not there to be asked
    trust, back = house.folder / "trust", house.folder / "back"
    (house.ledger / "trust").rename(trust)
    shown = house.folder / "mirror" / "logs" / origin_hash(ORIGIN)
    restored = house.away("restore", str(back), "--from-mirror", str(shown), "--trust", str(trust), "--json")
    assert restored.exit_code == 0, restored.output
    assert json.loads(restored.stdout)["size"] == size
    house.ledger = back
    assert recorded(house) == entries
