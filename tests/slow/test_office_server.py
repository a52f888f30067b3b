"""Every receipt that an office server gave out before it was killed leads to a head of the ledger that is left."""

from __future__ import annotations

import http.client
import random
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

import comity
from comity.remote.recording import RecordedEntry
from ledger.adapters.keys.open_key import open_key
from ledger.errors import LedgerError, RecordError
from tests.support.cli import House

pytestmark = pytest.mark.slow
ROUNDS = 4
WRITERS = 3
SENT = {"addressee": "ilves", "channel": "mail"}


def write(url: str, house: House, order: str, state: Path, receipts: list[RecordedEntry]) -> None:
    """Record until the server is gone."""
    key, trust = open_key(str(house.keys / "ilves")), house.ledger / "trust"
    with comity.connect(url, key=key, trust=trust, state=state) as ledger:
        try:
            while True:
                receipts.append(ledger.record("order-transmitted", SENT, order))
        except (LedgerError, RecordError, http.client.HTTPException):
            return


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_what_was_acknowledged_before_a_kill_is_on_record(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path).furnished()
    for name, value in house.env.items():
        monkeypatch.setenv(name, value)
    order = house.reply("orders")["orders"][0]["order"]
    program = str(Path(sys.executable).with_name("comity"))
    command = [program, "serve", "--listen", "127.0.0.1:0", "--ledger", str(house.ledger), "--rate", "100000"]
    receipts: list[RecordedEntry] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[1]
        threads = [
            Thread(target=write, args=(url, house, order, tmp_path / f"state-{n}", receipts)) for n in range(WRITERS)
        ]
        for thread in threads:
            thread.start()
        while not receipts and process.poll() is None:
            time.sleep(0.05)
        time.sleep(random.Random(seed).uniform(0, 1.5))
        process.kill()
    for thread in threads:
        thread.join()
    assert house.run("fsck").exit_code == 0
    with comity.open(house.ledger) as ledger:
        recorded = {entry.index: entry.leaf for entry in ledger.entries()}
    assert receipts
    assert all(recorded[receipt.index] == receipt.leaf for receipt in receipts)
