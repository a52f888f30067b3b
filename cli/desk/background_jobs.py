"""Papers that take longer than an answer may: each is made by a `comity` of its own, while the desk goes on answering.

Nothing sealed is opened in them. A paper is handed out once, and only as long as the record it was made of is all there
is; whoever asks again gets it made again.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from cli.exit_codes import Exit, Stop

PROGRAM = (sys.executable, "-P", "-c", "from cli.app import main; main()")  # -P: nothing from the folder one stands in
FINISHED = (Exit.DONE, Exit.FINDINGS, Exit.PROVED_BAD)  # the verdict on integrity, which stands in the paper itself
FRESH = 60.0  # seconds in which a paper must be fetched; one of an earlier minute is made again
MOST = 16  # papers that wait to be made or fetched


@dataclass(frozen=True, slots=True)
class _Making:
    size: int  # of the log when it was asked for
    paper: Future[tuple[bytes, float]]  # and when it was finished


class Beside:
    """The papers of one ledger that are being made, one after the other, each known by the words of its command."""

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="paper")
        self._under_way: dict[tuple[str, ...], _Making] = {}

    def take(self, command: tuple[str, ...], size: int) -> bytes | None:
        """The paper of a log of this size, if it is finished; None while it is being made, which begins here."""
        making = self._asked(command, size)
        return self._handed_out(command, making) if making.paper.done() else None

    async def wait(self, command: tuple[str, ...], size: int) -> bytes:
        """The paper of a log of this size, once it is finished."""
        making = self._asked(command, size)
        await asyncio.wait([asyncio.wrap_future(making.paper)])
        return self._handed_out(command, making)

    def close(self) -> None:
        """Make nothing more; wait for what is being made."""
        self._pool.shutdown(cancel_futures=True)

    def _asked(self, command: tuple[str, ...], size: int) -> _Making:
        making = self._under_way.get(command)
        if making is None or making.size != size or _old(making.paper):
            while len(self._under_way) >= MOST:
                self._under_way.pop(next(iter(self._under_way))).paper.cancel()
            making = _Making(size, self._pool.submit(self._made, command))
            self._under_way[command] = making
        return making

    def _handed_out(self, command: tuple[str, ...], making: _Making) -> bytes:
        if self._under_way.get(command) is making:
            del self._under_way[command]
        return making.paper.result()[0]

    def _made(self, command: tuple[str, ...]) -> tuple[bytes, float]:
        words = [*PROGRAM, *command, "--ledger", str(self._ledger)]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode not in FINISHED or not done.stdout:
            says = done.stderr.decode(errors="replace").strip().removeprefix("comity: ")
            raise Stop(says or "the paper could not be made", code=Exit.BUSY)
        return done.stdout, monotonic()


def _old(paper: Future[tuple[bytes, float]]) -> bool:
    return paper.done() and paper.exception() is None and monotonic() - paper.result()[1] > FRESH
