"""UmaDB, an event store with group commit, if its package is installed (`pip install umadb`)."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any


@contextmanager
def umadb_server(folder: Path) -> Iterator[Callable[[bytes], object] | None]:
    """Start its server on a file in the folder; yield a function that appends one event durably, None without it."""
    if find_spec("umadb") is None:
        yield None
        return
    library = import_module("umadb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    start = "from umadb.umadb_server_cli import main; main()"
    command = [sys.executable, "-c", start, "--listen", address, "--db-path", str(folder / "uma.db")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            client = _client(library, f"http://{address}")

            def append(raw: bytes) -> object:
                return client.append([library.Event("entry", raw, ["order"])])

            yield append
        finally:
            server.kill()


def _client(library: Any, url: str) -> Any:
    for _ in range(100):
        try:
            client = library.Client(url)
            client.head()
        except Exception:  # it has not started yet
            time.sleep(0.1)
        else:
            return client
    raise TimeoutError(url)
