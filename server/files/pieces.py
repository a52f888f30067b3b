"""Encrypt files in pieces: XChaCha20-Poly1305 under a key for each file, with a random nonce for each piece.

Each piece is bound to its object, its number and the size of the file: none can be exchanged, moved or left out. The
nonce is random and not counted, since a piece that was cut off is sent again, possibly with other bytes.
"""

from __future__ import annotations

import os
from typing import Final

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_NPUBBYTES as NONCE_BYTES
from nacl.exceptions import CryptoError
from nacl.secret import Aead

PIECE: Final = 4 << 20  # bytes of a file in one piece; the last piece may have fewer
_FORMAT: Final = "comity.file/1"


def pieces_of(size: int) -> int:
    """Return the number of pieces of a file of `size` bytes; an empty file has one empty piece."""
    return max(1, -(-size // PIECE))


def length_of(size: int, number: int) -> int:
    """Return the number of bytes of a piece, counted from 0, of a file of `size` bytes."""
    return min(PIECE, size - number * PIECE)


def seal_piece(key: bytes, place: str, number: int, size: int, data: bytes) -> bytes:
    """Encrypt a piece; `place` is the name of its object, `size` the number of bytes of the whole file."""
    return bytes(Aead(key).encrypt(data, _bound(place, number, size), os.urandom(NONCE_BYTES)))


def open_piece(key: bytes, place: str, number: int, size: int, sealed: bytes) -> bytes | None:
    """Decrypt a piece; None if it is not the one that was encrypted as this piece of this object."""
    try:
        data = bytes(Aead(key).decrypt(sealed, _bound(place, number, size)))
    except (CryptoError, ValueError):
        return None
    return data if len(data) == length_of(size, number) else None


def _bound(place: str, number: int, size: int) -> bytes:
    return f"{_FORMAT}\n{place}\n{number}\n{size}".encode()
