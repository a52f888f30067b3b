"""Import the libraries of a verifier only if a bundle needs them.

Verifying an ordinary bundle loads no module for a ledger's own storage: no database, and no files but the
named ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.verify.timestamps import ReadStamp, Stamp


def mldsa(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return True if an ML-DSA-44 signature holds."""
    from ledger.adapters.keys.mldsa import verify

    return verify(public, message, signature)


def stamps() -> ReadStamp | None:
    """Return the reader of time-stamp tokens; None without the extra `tsa`, and then tokens are left unchecked."""
    return _read if find_spec("rfc3161_client") else None


def _read(reply: bytes, data: bytes, trusted: Sequence[bytes]) -> Stamp:
    from ledger.adapters.timestamps.rfc3161 import read_stamp

    return read_stamp(reply, data, trusted)
