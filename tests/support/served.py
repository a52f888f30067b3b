"""Run a web server of this program in a thread, so that a test needs no process for it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uvicorn import Server


@contextmanager
def served(server: Server) -> Iterator[int]:
    """Run a server on a free port of the loopback until the block ends; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(30)
