"""Every writing command, killed or failed at every call by which it writes, and the state it leaves.

strace counts the calls of one run, then each run has SIGKILL, EIO, ENOSPC or ECONNRESET at one of them. After
each the ledger is whole, everything that was acknowledged is there, the same command finishes, and the next one
works. A part is a module with `lacks`, `names`, `trials` and `tried`:

    folder    a ledger in a folder: every command (`commands`)
    postgres  its entries in PostgreSQL: the command's calls, and those of the server's process that serves it
    witness   a witness that serves, and is asked to cosign
    mirror    a mirror that serves, and stores entries
    signer    a process that signs, while a command waits for it
    clock     a clock that jumps between two readings of it by one command

A sample is tried; COUNT=0 tries all, and goes on where an earlier run was stopped.

    python -m tests.faults [--seed N] [--count K] [--keep FILE] [--part PART] [--only COMMAND]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

PARTS = ("folder", "postgres", "witness", "mirror", "signer", "clock")


def parts(names: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Return the modules of these parts."""
    for name in names:
        yield name, import_module(f"tests.faults.{name}")
