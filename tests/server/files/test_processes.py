"""A server that is killed while a file comes, or is compared with its digest, goes on with it at its next start."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes
from threading import Thread

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

import comity
from comity.remote.files import RemoteFiles
from comity.remote.ledger import RemoteLedger
from ledger.adapters.keys.open_key import open_key
from ledger.errors import LedgerError
from server.files.pieces import PIECE
from tests.support.cli import ledger_of, run

pytestmark = pytest.mark.slow
DATA = token_bytes(12 * PIECE + 5)


@contextmanager
def served(ledger: Path, config: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a server process; yield it with its URL."""
    command = [sys.executable, "-m", "cli.app", "serve", "--ledger", str(ledger), "--config", str(config)]
    with subprocess.Popen([*command, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[1]
        finally:
            process.kill()


@contextmanager
def client(ledger: Path, url: str, state: Path) -> Iterator[tuple[RemoteLedger, RemoteFiles]]:
    key = open_key(str(ledger / "keys" / "PUBLIC-ilves"))
    with comity.connect(url, key=key, trust=ledger / "trust", state=state) as made:
        yield made, RemoteFiles(made.connection, made.reader, made.recorder)


@pytest.mark.parametrize("wait", [0.15, 0.6])
def test_a_file_is_whole_after_its_server_was_killed_at_any_moment(tmp_path: Path, wait: float) -> None:
    ledger, config, source = ledger_of("S2", tmp_path), tmp_path / "serve.toml", tmp_path / "source.bin"
    config.write_text(f'[files]\nfolder = "{tmp_path}/files"\n')
    source.write_bytes(DATA)
    with served(ledger, config) as (process, url), client(ledger, url, tmp_path / "state") as (made, files):
        order = made.record(
            "order-issued", {"instrument": "VOL", "from_party": "XO", "to_party": "XV"}, role="ISS"
        ).order
        file = {"name": "a.zip", "size": len(DATA), "sha256": sha256(DATA).hexdigest()}
        fields = {"check": "equal", "manifest": {"elements": ["name"], "files": [file]}}
        leaf = made.record("evidence-received", fields, order, role="ISS").leaf

        def kill() -> None:
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)

        killer = Thread(target=kill)
        killer.start()
        with suppress(LedgerError):  # HTTP-SILENT, unless all of it was sent before
            files.send(order, source)
        killer.join()
    with served(ledger, config) as (_, url), client(ledger, url, tmp_path / "state") as (made, files):
        assert files.send(order, source).kept
        signer = made.recorder.signer("record-accessed", "ISS")
        opened = files.open(order, leaf, "investigation", "Dina Ilves", None, signer)
        files.fetch(opened, opened.files[0], tmp_path / "got.bin")
        assert (tmp_path / "got.bin").read_bytes() == DATA
    checked = run("files", "check", "--digests", ledger=ledger)
    assert checked.exit_code == 0
    assert "1 file kept, 0 not whole yet" in checked.stdout
