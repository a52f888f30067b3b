"""What an audit is measured against: PyNaCl verifying signatures of the same size, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from nacl.signing import VerifyKey

from benchmarks.measure import CORES, median
from ledger.dsse import EVENT_TYPE, pae, parts
from ledger.envelope import open_


def verifications(entries: Sequence[bytes]) -> float:
    """Signatures of these sealed entries that one core verifies in a second, times the cores; keys lie ready."""
    ready = []
    for raw in entries:
        cut = parts(raw, EVENT_TYPE)
        if cut is None:
            raise ValueError("not a sealed entry")
        payload, _, signature = cut
        key = VerifyKey(bytes.fromhex(open_(raw, verify=False).payload.signer.key))
        ready.append((key, pae(EVENT_TYPE, payload), signature))

    def verify_all() -> None:
        for key, message, signature in ready:
            key.verify(message, signature)

    return len(ready) / median(verify_all) * CORES
