"""Measure steps of the same work in turn: processor time in microseconds for each entry."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from itertools import repeat
from time import process_time
from typing import Any
from unittest.mock import patch

from nacl.signing import VerifyKey

from ledger.entries.envelope import OpenedEntry, open_each
from ledger.formats.dsse import EVENT_TYPE, pae, parts

TURNS = 7
RAW = "raw verification"
SEVERAL = "several processes at once: pipes, shared caches"

_Ready = list[tuple[VerifyKey, bytes, bytes]]


def in_microseconds(steps: Mapping[str, Callable[[], object]], entries: int) -> dict[str, float]:
    """Return the median of each step for one entry; the steps run in turn, so that a busy moment affects all."""
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(TURNS):
        for name, step in steps.items():
            start = process_time()
            step()
            taken[name].append(process_time() - start)
    return {name: statistics.median(each) / entries * 1e6 for name, each in taken.items()}


@contextmanager
def adding_up(spent: MutableMapping[str, float], name: str, owner: Any, attribute: str) -> Iterator[None]:
    """Add the processor seconds of all calls of a function or method to `spent`, while the block runs."""
    original = owner.__dict__[attribute]
    call = original.__func__ if isinstance(original, staticmethod) else original

    def timed(*args: Any, **kwargs: Any) -> Any:
        start = process_time()
        try:
            return call(*args, **kwargs)
        finally:
            spent[name] = spent.get(name, 0.0) + process_time() - start

    with patch.object(owner, attribute, staticmethod(timed) if isinstance(original, staticmethod) else timed):
        yield


def among_processes(split: Mapping[str, float], cpu: float) -> dict[str, float]:
    """Add what an entry costs in several processes; `cpu` is its processor time there in seconds, in all of them."""
    return {**split, SEVERAL: cpu * 1e6 - sum(split.values())}


def each(call: Callable[..., object], *arguments: Iterable[Any]) -> Callable[[], None]:
    """Return a step that calls a function for each entry, or each tuple of arguments, and keeps no result."""
    lists = [given if isinstance(given, repeat) else list(given) for given in arguments]
    return lambda: deque(map(call, *lists), maxlen=0).clear()


def verifications(raws: Sequence[bytes]) -> Callable[[], None]:
    """Return the raw verification of these entries: the public call of PyNaCl, with keys and messages made ready."""
    ready: _Ready = []
    for raw, one in zip(raws, opened(raws), strict=True):
        cut = parts(raw, EVENT_TYPE)
        assert cut is not None
        ready.append((VerifyKey(bytes.fromhex(one.payload.signer.key)), pae(EVENT_TYPE, cut[0]), cut[2]))

    def verify() -> None:
        for key, message, signature in ready:
            key.verify(message, signature)

    return verify


def opened(raws: Sequence[bytes]) -> list[OpenedEntry]:
    """Return the opened entries; the signatures are not checked. Raises the error of a wrong one."""
    entries = []
    for one in open_each(raws, verify=False):
        if not isinstance(one, OpenedEntry):
            raise one
        entries.append(one)
    return entries
