"""Split the processor time of a received entry into the steps of the openers and of the writer."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from time import process_time
from unittest.mock import patch

from benchmarks.data.generate import registry
from benchmarks.data.ledgers import new, receive
from benchmarks.split.steps import RAW, adding_up, each, in_microseconds, verifications
from ledger.adapters.storage.entry_recorder import EntryRecorder
from ledger.application.worker_pool import without_cycles
from ledger.application.write import parallel_open
from ledger.application.write.group_commit import GroupCommit
from ledger.application.write.parallel_open import _CHUNK, _open_chunk
from ledger.entries.envelope import Sealed, open_each

OPENED = 4_000  # entries over which the steps of an opener are taken

_MAKE, _STORE = "writer: place, keys, roles, commitments, rows", "writer: SQLite and the tree"
_OPEN, _UNPACK = "open", "writer: entries unpacked"


def split_of_receiving(folder: Path, sealed: Sequence[Sealed]) -> dict[str, float]:
    """Return the microseconds of each step of receiving these entries in a new ledger, in this process alone."""
    raws = [one.raw for one in sealed[:OPENED]]
    pages = [raws[n : n + _CHUNK] for n in range(0, len(raws), _CHUNK)]
    with without_cycles():
        taken = in_microseconds(
            {
                RAW: verifications(raws),
                "verified": each(open_each, pages),
                "read": each(partial(open_each, verify=False), pages),
                _OPEN: each(_open_chunk, pages),
            },
            len(raws),
        )
    spent, whole = _received(folder, sealed)
    split = {
        RAW: taken[RAW],
        "opener: signature: call, bytes to sign, cold caches": taken["verified"] - taken["read"] - taken[RAW],
        "opener: entry parsed and checked, leaf hashed": taken["read"],
        "opener: fields and texts checked, entry packed": taken[_OPEN] - taken["verified"],
        **{name: spent[name] for name in (_UNPACK, _MAKE, _STORE)},
    }
    split["writer: receipts, checkpoint, guard"] = (
        whole - spent[_OPEN] - sum(spent[n] for n in (_UNPACK, _MAKE, _STORE))
    )
    return split


def _received(folder: Path, sealed: Sequence[Sealed]) -> tuple[dict[str, float], float]:
    """Receive in this process; return microseconds of an entry by step, and of all."""
    spent: dict[str, float] = {}
    watched = (
        (_OPEN, parallel_open, "_open_chunk"),
        (_UNPACK, parallel_open, "_opened"),
        (_MAKE, GroupCommit, "_make"),
        (_STORE, EntryRecorder, "insert_events"),
    )
    with tempfile.TemporaryDirectory(dir=folder) as place, new(Path(place) / "ledger") as journal, ExitStack() as stack:
        receive(journal, registry())
        stack.enter_context(patch.object(parallel_open, "CORES", 1))
        for name, owner, attribute in watched:
            stack.enter_context(adding_up(spent, name, owner, attribute))
        start = process_time()
        receive(journal, sealed, disclosures=False)
        whole = process_time() - start
    return {name: each / len(sealed) * 1e6 for name, each in spent.items()}, whole / len(sealed) * 1e6
