"""Read from the register which key of a log signs which sizes: a fold over `log-key-rotated`.

A log has an Ed25519 key at every size, and an ML-DSA-44 key from some size on, or none (note types 0x01, 0x06).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ledger.errors import RecordError
from ledger.tlog.note import ED25519, MLDSA44, parse_vkey

KIND = "log-key-rotated"
NONE = "none"  # the old key of the first ML-DSA-44 key, which replaces none

ALGORITHMS = {ED25519: "Ed25519", MLDSA44: "ML-DSA-44"}

Starts = dict[int, str]  # first size -> vkey


def key_starts(rotations: Iterable[Mapping[str, Any]]) -> dict[int, Starts]:
    """Return the keys that the public values of rotations name, by signature type, each with its first size.

    Without a rotation of the Ed25519 key its table is empty: the log has had one. A malformed key is left out.
    """
    starts: dict[int, Starts] = {kind: {} for kind in ALGORITHMS}
    for said in rotations:
        try:
            kind = parse_vkey(said["new_key"]).type
        except RecordError:
            continue
        if kind in starts:
            if kind == ED25519:
                starts[kind].setdefault(0, said["old_key"])
            starts[kind][said["from_size"]] = said["new_key"]
    return starts


def key_at(starts: Starts, size: int) -> str | None:
    """Return the key in force at a size; None below the first size."""
    return max(((first, key) for first, key in starts.items() if first <= size), default=(0, None))[1]
