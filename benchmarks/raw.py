"""What nobody can be faster than: PyNaCl verifying signatures of the same size, and nothing else."""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Sequence

from nacl.bindings import crypto_sign_open

from benchmarks.measure import CORES, median
from ledger.envelope import EVENT_TYPE, open_, open_bytes, pae


def verifications(entries: Sequence[bytes]) -> float:
    """Signatures of these sealed entries that one core verifies in a second, times the cores.

    The messages lie ready as libsodium wants them; the high-level `VerifyKey.verify` is a tenth slower.
    """
    ready = []
    for raw in entries:
        _, payload = open_bytes(raw, EVENT_TYPE, verify=False)
        signature = a2b_base64(raw.rpartition(b'"sig":"')[2][:88])
        ready.append((signature + pae(EVENT_TYPE, payload), bytes.fromhex(open_(raw).payload.signer.key)))

    def verify_all() -> None:
        for message, key in ready:
            crypto_sign_open(message, key)

    return len(ready) / median(verify_all) * CORES
