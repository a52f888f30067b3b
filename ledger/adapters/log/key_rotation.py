"""Replace a key of a log from a size on, or add its first ML-DSA-44 key. Each step can be repeated.

    log.next.key       made; the policy names it, and it signs nothing yet
    log.<n>.key        signs from size n on, the first time together with the old one
    log-key-rotated    the entry in the register, with which verifiers compare every checkpoint

Every size has an Ed25519 key after each step. ML-DSA-44 keys are `log.mldsa.next.key` and `log.mldsa.<n>.key`;
the first of them replaces none, and signs in addition to the Ed25519 key.

Reason: a disclosed key can sign a second history, but only of entries that are not cosigned yet.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ledger.adapters.guard.guard_place import is_guarded
from ledger.adapters.keys import key_files, mldsa
from ledger.adapters.log.checkpoint_signer import Signatory, later_keys
from ledger.adapters.storage.sqlite import sync_folder
from ledger.errors import LedgerError
from ledger.tlog.note import ED25519, MLDSA44, Vkey

_STEM = {ED25519: "log", MLDSA44: "log.mldsa"}
_FILES = {ED25519: key_files, MLDSA44: mldsa}


def prepare(origin: str, state: Path, kind: int = ED25519) -> Vkey:
    """Return the prepared key of a signature type, or make one if there is none yet.

    `LedgerError` GUARD-MISSING, KEY-*.
    """
    if not is_guarded(state):
        raise LedgerError("GUARD-MISSING", f"{state} holds no guard: the log's keys are somewhere else", "--state DIR")
    path = state / f"{_STEM[kind]}.next.key"
    key = _FILES[kind].load(path) if key_files.exists(path) else _FILES[kind].new(path)
    return Vkey.of(origin, kind, key.public)


def begin(state: Path, hand: Signatory, kind: int = ED25519) -> int:
    """Let the prepared key sign from the next size on; return this size. Durable on return."""
    stem = _STEM[kind]
    size = hand.last().size + 1
    _rename(state, f"{stem}.next.key", f"{stem}.{size}.key")
    while (last := hand.last().size) >= size:  # another process has signed meanwhile, without the new key
        _rename(state, f"{stem}.{size}.key", f"{stem}.{last + 1}.key")
        size = last + 1
    return size


def begun(origin: str, state: Path) -> dict[str, int]:
    """Return the keys that followed the first one, as vkeys, each with the first size that it signs."""
    return {
        Vkey.of(origin, kind, _FILES[kind].load(state / name).public).text: size
        for kind in _FILES
        for size, name in later_keys(state, kind).items()
    }


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
