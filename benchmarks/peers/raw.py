"""The yardstick of an audit: PyNaCl verifying signatures of the same size on every core, and nothing else.

A ratio of two rates says something only if both were measured on the same machine. So the yardstick runs on all
cores at once, as the audit does, and again before and after every run of what is measured; each ratio is the
median over the rounds. Rates are by wall clock. The ratio of processor time is given too, and the smaller one is
compared with the reach: other work on the machine disturbs the clock more.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from time import perf_counter, process_time
from typing import NamedTuple, Self

from nacl.signing import VerifyKey

from benchmarks.measure import CORES
from ledger.entries.envelope import open_
from ledger.formats.dsse import EVENT_TYPE, pae, parts

SAMPLE = 2_000  # signatures over which the raw rate is taken, on each core
AGAIN = 3  # times over, each time the yardstick is put to use

_Ready = list[tuple[VerifyKey, bytes, bytes]]
_ready: _Ready = []  # in a process of the yardstick


class Cost(NamedTuple):
    """Hold the cost of one run: entries in a second by wall clock, processor seconds per entry, of all processes."""

    rate: float
    cpu: float


class Against(NamedTuple):
    """Hold medians over several rounds: the ratio of the rates, of processor time, and their parts."""

    ratio: float
    cpu_ratio: float
    rate: float
    raw: float
    raw_on_one_core: float

    @property
    def least(self) -> float:
        """Return the smaller ratio: on a busy machine one of them can be too large by chance."""
        return min(self.ratio, self.cpu_ratio)

    def made_of(self) -> dict[str, float]:
        """Return the parts of the ratio as they are printed."""
        return {
            "clock_ratio": round(self.ratio, 3),
            "cpu_ratio": round(self.cpu_ratio, 3),
            "entries_per_second": round(self.rate),
            "raw_verifications_per_second": round(self.raw),
            "raw_verifications_per_second_on_one_core": round(self.raw_on_one_core),
        }


class Yardstick:
    """A process for each core that verifies these entries' signatures when asked; keys and messages are in memory."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        spawn = get_context("spawn")
        self._pools = [ProcessPoolExecutor(1, spawn, _make_ready, (list(entries),)) for _ in range(CORES)]
        self._cost(self._pools)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools:
            pool.shutdown()

    def on_all_cores(self) -> Cost:
        """Return the signatures in a second with every core at work."""
        return self._cost(self._pools)

    def on_one_core(self) -> Cost:
        """Return the signatures in a second with one core at work."""
        return self._cost(self._pools[:1])

    def against(self, run: Callable[[], Cost], rounds: int) -> Against:
        """Call `run` this many times, with the yardstick before and after each."""
        one, raws, runs = self.on_one_core(), [self.on_all_cores()], []
        for _ in range(rounds):
            runs.append(run())
            raws.append(self.on_all_cores())
        pairs = [(mine, _mean(raws[n : n + 2])) for n, mine in enumerate(runs)]
        return Against(
            statistics.median(mine.rate / raw.rate for mine, raw in pairs),
            statistics.median(raw.cpu / mine.cpu for mine, raw in pairs),
            statistics.median(mine.rate for mine in runs),
            statistics.median(raw.rate for raw in raws),
            one.rate,
        )

    def _cost(self, pools: Sequence[ProcessPoolExecutor]) -> Cost:
        start = perf_counter()
        done = [future.result() for future in [pool.submit(_verify_all) for pool in pools]]
        taken = perf_counter() - start
        verified = sum(count for count, _ in done)
        return Cost(verified / taken, sum(cpu for _, cpu in done) / verified)


def _mean(costs: Sequence[Cost]) -> Cost:
    return Cost(statistics.mean(cost.rate for cost in costs), statistics.mean(cost.cpu for cost in costs))


def _make_ready(entries: Sequence[bytes]) -> None:
    for raw in entries:
        cut = parts(raw, EVENT_TYPE)
        if cut is None:
            raise ValueError("not a sealed entry")
        payload, _, signature = cut
        key = VerifyKey(bytes.fromhex(open_(raw, verify=False).payload.signer.key))
        _ready.append((key, pae(EVENT_TYPE, payload), signature))


def _verify_all() -> tuple[int, float]:
    start = process_time()
    for _ in range(AGAIN):
        for key, message, signature in _ready:
            key.verify(message, signature)
    return AGAIN * len(_ready), process_time() - start
