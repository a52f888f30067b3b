"""The bytes that a cosignature signs. Source: c2sp.org/tlog-cosignature."""

from __future__ import annotations

from ledger.errors import RecordError


def cosigned_message(text: str, time: int) -> bytes:
    """Return what an Ed25519 cosigner signs for the text of a note that it saw at `time`, in seconds since 1970."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def subtree_message(name: str, time: int, origin: str, start: int, end: int, root: bytes) -> bytes:
    """Return the `cosigned_message` that the ML-DSA-44 cosigner `name` signs for a subtree; a tree starts at 0.

    Raises CP-KEY for a name of more than 255 bytes. Source: c2sp.org/tlog-cosignature, ML-DSA-44.
    """
    who, log = name.encode(), origin.encode()
    if len(who) > 255:
        raise RecordError("CP-KEY", "the name of an ML-DSA-44 cosigner has at most 255 bytes", where=name)
    return b"".join(
        (
            b"subtree/v1\n\0",
            bytes([len(who)]) + who,
            time.to_bytes(8, "big"),
            bytes([len(log)]) + log,
            start.to_bytes(8, "big"),
            end.to_bytes(8, "big"),
            root,
        )
    )
