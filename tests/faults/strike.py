"""The program in a separate process, forked from this one so that it has nothing to load; strace makes calls fail."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple, NoReturn

FAULTS = {
    "kill": "signal=SIGKILL",
    "EIO": "error=EIO",
    "ENOSPC": "error=ENOSPC",
    "full": "error=ENOSPC",  # from there on
    "ECONNRESET": "error=ECONNRESET",
}
SECONDS = 40  # after which a process is one that hangs; a writer waits thirty for its turn
HANGS = -signal.SIGALRM
ASKED_TO_END = -signal.SIGTERM


class Ended(NamedTuple):
    """How a process ended: its exit code (minus the signal that killed it), and what it wrote."""

    code: int
    stdout: str
    stderr: str


class Process:
    """`comity` with these words, begun; each call that `trace` names is traced, and the chosen one fails."""

    def __init__(
        self, words: Sequence[str], env: Mapping[str, str], *trace: str, first: Callable[[], Any] = int
    ) -> None:
        self.folder = Path(mkdtemp(prefix="comity-struck-"))
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            self._be(words, env, first)
        self._strace = None
        os.waitpid(self.pid, os.WUNTRACED)
        if trace:
            self._strace = attached(self.pid, *trace)
        os.kill(self.pid, signal.SIGCONT)

    def _be(self, words: Sequence[str], env: Mapping[str, str], first: Callable[[], Any]) -> NoReturn:
        code = 70
        try:
            os.kill(os.getpid(), signal.SIGSTOP)
            signal.alarm(SECONDS)
            for number, name, flags in ((0, os.devnull, os.O_RDONLY), (1, "out", os.O_WRONLY), (2, "err", os.O_WRONLY)):
                os.dup2(os.open(self.folder / name, flags | os.O_CREAT, 0o600), number)
            sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
            os.environ.update(env)
            sys.argv = ["comity", *words]
            first()
            from cli.app import main

            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        finally:
            for stream in (sys.stdout, sys.stderr):
                try:
                    stream.flush()
                except (OSError, ValueError):
                    code = code or 120
            os._exit(code)

    def said(self, what: str, seconds: float = 20) -> str:
        """Wait until a line on standard error begins so; return its rest. Empty if the process has ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
            for line in self._read("err").splitlines(keepends=True):
                if line.startswith(what) and line.endswith("\n"):
                    return line.removeprefix(what).strip()
            if ended:
                break
            time.sleep(0.005)
        return ""

    def lives(self) -> bool:
        """Return True if it has not ended."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def send(self, number: int) -> None:
        """Send it a signal."""
        if self.lives():
            os.kill(self.pid, number)

    def ended(self) -> Ended:
        """Wait for its end."""
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if self._strace is not None:
            self._strace.communicate()
        found = Ended(code, self._read("out"), self._read("err"))
        for file in self.folder.iterdir():
            file.unlink()
        self.folder.rmdir()
        return found

    def _read(self, name: str) -> str:
        file = self.folder / name
        return file.read_text("utf-8", "replace") if file.exists() else ""


def attached(pid: int, *trace: str) -> subprocess.Popen[bytes]:
    """Run strace over a running process, and over what it begins."""
    strace = subprocess.Popen(["strace", "-f", "-p", str(pid), *trace], stderr=subprocess.PIPE)
    assert strace.stderr is not None
    if b"attached" not in (line := strace.stderr.readline()):
        raise RuntimeError(f"strace: {line.decode()}{strace.stderr.read().decode()}")
    return strace


def fault(call: str, number: int, kind: str) -> tuple[str, ...]:
    """Return what tells strace to let the `number`-th call of a name fail."""
    when = f"{number}{'+' if kind == 'full' else ''}"
    return ("-e", f"trace={call}", "-e", f"inject={call}:{FAULTS[kind]}:when={when}", "-o", os.devnull)


def counting(calls: Sequence[str], file: Path) -> tuple[str, ...]:
    """Return what tells strace to write each of these calls to a file."""
    return ("-e", f"trace={','.join(calls)}", "-o", str(file))


def counted(calls: Sequence[str], file: Path) -> dict[str, int]:
    """Return how often each of these calls is in such a file.

    strace counts the calls of each thread, so it is the largest count of one thread.
    """
    made = Counter(re.findall(r"^(\d+) +(\w+)\(", file.read_text("utf-8", "replace"), re.MULTILINE))
    return {call: max((count for (_, name), count in made.items() if name == call), default=0) for call in calls}
