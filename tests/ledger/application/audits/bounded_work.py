"""Tasks that end well or badly, for processes that are bounded."""

from __future__ import annotations

import os
import signal
import tempfile
import time


def work(task: str) -> str:
    """Do what the word says, and say that it is done."""
    match task:
        case "raise":
            raise ValueError("broken\nin two lines")
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "memory":
            return str(len(bytearray(4 << 30)))
        case "sleep":
            time.sleep(600)
        case "where":
            os.close(tempfile.mkstemp()[0])
            return tempfile.gettempdir()
        case "exit":
            os._exit(7)
        case "pid":
            return str(os.getpid())
    return f"done {task}"
