"""What a verifier borrows from other libraries, imported only where a bundle holds what needs it.

Checking an ordinary bundle loads nothing of a ledger's own: no database, no files but the ones named.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.verify import ReadStamp, Stamp


def mldsa(public: bytes, message: bytes, signature: bytes) -> bool:
    """True if an ML-DSA-44 signature holds."""
    from ledger.adapters.keys.mldsa import verify

    return verify(public, message, signature)


def stamps() -> ReadStamp | None:
    """What reads time-stamp tokens; None without the extra `tsa`, and then they are set aside."""
    return _read if find_spec("rfc3161_client") else None


def _read(reply: bytes, data: bytes, trusted: Sequence[bytes]) -> Stamp:
    from ledger.adapters.timestamps.rfc3161 import read_stamp

    return read_stamp(reply, data, trusted)
