"""Replace the key of a log from a size on. Each step can be repeated, and every size has a key after each step.

    log.next.key       made; the policy names it, and it signs nothing yet
    log.<n>.key        signs from size n on, the first time together with the old one
    log-key-rotated    the entry in the register, with which verifiers compare every checkpoint

Reason: a disclosed key can sign a second history, but only of entries that are not cosigned yet.
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
    """Return the prepared key, or make one if there is none yet. `LedgerError` GUARD-MISSING, KEY-*."""
    if not (state / "guard.db").exists():
        raise LedgerError("GUARD-MISSING", f"{state} holds no guard: the log's keys are somewhere else", "--state DIR")
    path = state / NEXT
    key = load(path) if path.exists() else new(path)
    return parse_vkey(log_vkey(origin, key.public))


def begin(state: Path, hand: Signatory) -> int:
    """Let the prepared key sign from the next size on; return this size. Durable on return."""
    size = hand.last().size + 1
    _rename(state, NEXT, f"log.{size}.key")
    while (last := hand.last().size) >= size:  # another process has signed meanwhile, with the old key
        _rename(state, f"log.{size}.key", f"log.{last + 1}.key")
        size = last + 1
    return size


def begun(origin: str, state: Path) -> dict[str, int]:
    """Return the keys that followed the first one, as vkeys, each with the first size that it signs."""
    keys = {load(state / name).public: size for size, name in later_keys(state).items()}
    return {log_vkey(origin, public): size for public, size in keys.items()}


def with_log(policy: bytes, key: Vkey) -> bytes:
    """Return a policy text that names one more key of the log, after its other keys."""
    lines = policy.decode("utf-8", "surrogateescape").splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if line.split()[:1] == ["log"])
    text = "".join([*lines[: last + 1], f"log {key.text}\n", *lines[last + 1 :]])
    return text.encode("utf-8", "surrogateescape")


def _rename(state: Path, old: str, name: str) -> None:
    (state / old).rename(state / name)
    with suppress(FileNotFoundError):  # signing does not read it, and a crash may have prevented it
        (state / f"{old}.pub").rename(state / f"{name}.pub")
    sync_folder(state)
