"""Keep processes running, as systemd does: a process that ends is started again after a second, unless it is held."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event, Lock, Thread

RESTART = 1.0  # seconds, RestartSec


class Service:
    """One process that is kept running; its output is in `log`.

    `enter` is the beginning of its command, which chooses the machine and the user. `clock` has variables for the
    command alone.
    """

    def __init__(
        self, name: str, enter: Sequence[str], command: Sequence[str], log: Path, env: Mapping[str, str]
    ) -> None:
        self.name, self._log = name, log
        self._enter, self._command, self._env = list(enter), list(command), dict(env)
        self.clock: Mapping[str, str] = {}
        self._lock = Lock()
        self._held = False
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = 0.0

    @property
    def pid(self) -> int:
        """Return the number of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the process, and keep it running from now on."""
        with self._lock:
            self._held = False
            self._start()

    def look(self) -> None:
        """Start the process again if it has ended a while ago and is not held."""
        with self._lock:
            if self._held or self._process is None or self._process.poll() is None:
                return
            self._ended = self._ended or time.monotonic()
            if time.monotonic() - self._ended >= RESTART:
                self._start()

    def kill(self, *, hold: bool = False) -> None:
        """Kill the process with SIGKILL; `hold`: until `start` it is not started again."""
        self._end(signal.SIGKILL, hold=hold)

    def stop(self) -> None:
        """End the process with SIGTERM, and start it no more."""
        self._end(signal.SIGTERM, hold=True)

    def _start(self) -> None:
        clock = ["env", *(f"{name}={value}" for name, value in self.clock.items())] if self.clock else []
        words = [*self._enter, *clock, *self._command]
        with self._log.open("ab") as log:
            log.write(f"--- {self.name}: start\n".encode())
            log.flush()
            self._process = subprocess.Popen(words, stdout=log, stderr=log, env={**os.environ, **self._env})
        self._ended = 0.0

    def _end(self, number: int, *, hold: bool) -> None:
        with self._lock:
            self._held = hold
            if self._process is None or self._process.poll() is not None:
                return
            self._process.send_signal(number)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


class Supervisor:
    """Looks after services in a thread."""

    def __init__(self) -> None:
        self._services: list[Service] = []
        self._stopped = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, service: Service) -> Service:
        """Start a service and keep it running."""
        service.start()
        self._services.append(service)
        return service

    def close(self) -> None:
        """Kill all services, the newest first."""
        self._stopped.set()
        self._thread.join()
        for service in reversed(self._services):
            service.kill(hold=True)

    def _run(self) -> None:
        while not self._stopped.wait(0.1):
            for service in self._services:
                service.look()


def run(words: Sequence[str], env: Mapping[str, str] | None = None) -> str:
    """Run a command to its end and return its output; AssertionError with its errors."""
    done = subprocess.run(list(words), capture_output=True, text=True, env={**os.environ, **(env or {})}, check=False)
    assert done.returncode == 0, (
        f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout[-1000:]}{done.stderr[-3000:]}"
    )
    return done.stdout
