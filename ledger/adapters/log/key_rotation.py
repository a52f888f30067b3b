"""Another key for the log, from a size on: each step can be repeated, and none leaves a size that nobody may sign.

    log.next.key       made; the policy names it, and it signs nothing yet
    log.<n>.key        signs from size n on, the first time together with the old one
    log-key-rotated    the register says so, and verifiers hold every checkpoint against it

Why: a key that may be known to others can sign a second history of what has not been cosigned yet, no more.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ledger.adapters.keys.key_files import load, new
from ledger.adapters.log.checkpoint_signer import Signatory, later_keys
from ledger.adapters.storage.sqlite import sync_folder
from ledger.errors import LedgerError
from ledger.tlog.note import Vkey, log_vkey, parse_vkey

NEXT = "log.next.key"


def prepare(origin: str, state: Path) -> Vkey:
    """The key that will follow: the one that was made before, else a new one. `LedgerError` GUARD-MISSING, KEY-*."""
    if not (state / "guard.db").exists():
        raise LedgerError("GUARD-MISSING", f"{state} holds no guard: the log's keys are somewhere else", "--state DIR")
    path = state / NEXT
    key = load(path) if path.exists() else new(path)
    return parse_vkey(log_vkey(origin, key.public))


def begin(state: Path, hand: Signatory) -> int:
    """Have the prepared key sign from the next size on: the first size it signs; durable on return."""
    size = hand.last().size + 1
    _rename(state, NEXT, f"log.{size}.key")
    while (last := hand.last().size) >= size:  # somebody signed meanwhile, with the old key
        _rename(state, f"log.{size}.key", f"log.{last + 1}.key")
        size = last + 1
    return size


def begun(origin: str, state: Path) -> dict[str, int]:
    """The keys that have followed the first one, as vkeys, and the first size each signs."""
    keys = {load(state / name).public: size for size, name in later_keys(state).items()}
    return {log_vkey(origin, public): size for public, size in keys.items()}


def with_log(policy: bytes, key: Vkey) -> bytes:
    """A policy text that names one more key of the log, the newest last."""
    lines = policy.decode("utf-8", "surrogateescape").splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if line.split()[:1] == ["log"])
    text = "".join([*lines[: last + 1], f"log {key.text}\n", *lines[last + 1 :]])
    return text.encode("utf-8", "surrogateescape")


def _rename(state: Path, old: str, name: str) -> None:
    (state / old).rename(state / name)
    with suppress(FileNotFoundError):  # nobody reads it, and a crash may have come before it
        (state / f"{old}.pub").rename(state / f"{name}.pub")
    sync_folder(state)
