"""Verify and make cosignatures of type 0x06 (ML-DSA-44), and read and write the key file of a witness.

Pure FIPS 204 with an empty context, computed by OpenSSL through `cryptography` 50 or later. The key file has
the form that `openssl genpkey -algorithm ML-DSA-44` makes.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.adapters.folders.user_folders import private_folder
from ledger.adapters.storage.sqlite import sync_folder
from ledger.errors import LedgerError, RecordError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey


class MlDsaKey:
    """Hold an ML-DSA-44 key that signs: `public` has 1312 bytes."""

    __slots__ = ("_private", "public")

    def __init__(self, private: MLDSA44PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return a signature of 2420 bytes over `message`; different bytes every time."""
        return self._private.sign(message)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return True if an ML-DSA-44 signature holds, as `open_note` needs; `RecordError` CP-KEY without support."""
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

        key = MLDSA44PublicKey.from_public_bytes(public)
    except (ImportError, UnsupportedAlgorithm):
        raise RecordError(
            "CP-KEY",
            "a trusted ML-DSA-44 key signed this note, and nothing here can verify it",
            hint="install cryptography 50 or later",
        ) from None
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def new(path: Path) -> MlDsaKey:
    """Make an ML-DSA-44 key and its file, mode 0600, without passphrase; FileExistsError if it exists."""
    from cryptography.hazmat.primitives import serialization as pem

    private = _module().generate()
    text = private.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())
    private_folder(path.parent)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
    return MlDsaKey(private)


def load(path: Path) -> MlDsaKey:
    """Read a PKCS#8 key file; `LedgerError`: KEY-MISSING, KEY-MODE (others can read it), KEY-FORMAT."""
    from cryptography.hazmat.primitives import serialization as pem

    kind = _module()
    try:
        data, mode = path.read_bytes(), path.stat().st_mode
    except OSError as error:
        raise LedgerError("KEY-MISSING", f"{path}: {error.strerror}") from None
    if mode & 0o077:
        raise LedgerError("KEY-MODE", f"others can read the private key {path}", f"chmod 600 {path}")
    try:
        private = pem.load_pem_private_key(data, None)
    except Exception as error:  # a foreign parser on untrusted bytes may raise anything
        says = str(error) if isinstance(error, ValueError | TypeError) else type(error).__name__
        raise LedgerError("KEY-FORMAT", f"{path} is not a private key without passphrase: {says}") from None
    if not isinstance(private, kind):
        raise LedgerError("KEY-FORMAT", f"{path} is not an ML-DSA-44 key", "openssl genpkey -algorithm ML-DSA-44")
    return MlDsaKey(private)


def _module() -> type[MLDSA44PrivateKey]:
    try:
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
    except ImportError:
        raise LedgerError("KEY-FORMAT", "ML-DSA-44 is not to be had here", "install cryptography 50 or later") from None
    return MLDSA44PrivateKey
