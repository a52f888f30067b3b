"""Read and write the key files of people and of the log: OpenSSH private keys, as `ssh-keygen` makes and reads them.

A key file has mode 0600. `<name>.pub` is next to it, so that keys can be listed without a passphrase. PKCS#8
is read, never written. The key of a log has no passphrase: any process that can read it can sign a
checkpoint, and only witnesses stop a fork. A key in hardware or in ssh-agent has the two members of `Key` as
well (`open_key`).
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from nacl.bindings import crypto_sign, crypto_sign_BYTES, crypto_sign_seed_keypair

from ledger.adapters.folders.user_folders import private_folder
from ledger.adapters.storage.sqlite import sync_folder, temporary_path
from ledger.errors import LedgerError

Entropy = Callable[[int], bytes]
WIRE = b"\0\0\0\x0bssh-ed25519\0\0\0\x20"  # RFC 8709: two length-prefixed strings, the second is the key


class Key(Protocol):
    """Define a key that signs: `public` is the raw 32-byte Ed25519 key, `sign` returns a 64-byte signature."""

    @property
    def public(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


class SeedKey:
    """Hold an Ed25519 key whose 32-byte private seed is in memory."""

    __slots__ = ("_secret", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self.public, self._secret = crypto_sign_seed_keypair(seed)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over `message`; the same bytes every time."""
        return crypto_sign(message, self._secret)[:crypto_sign_BYTES]

    def __repr__(self) -> str:
        return f"SeedKey({self.public.hex()})"


def new(path: Path, *, passphrase: bytes | None = None, entropy: Entropy = secrets.token_bytes) -> SeedKey:
    """Make a key and its files `path` and `path.pub`; FileExistsError if one exists: a key is never overwritten."""
    return write(path, SeedKey(entropy(32)), passphrase=passphrase)


def write(path: Path, key: SeedKey, *, passphrase: bytes | None = None) -> SeedKey:
    """Write a key to `path` (OpenSSH, encrypted with bcrypt if there is a passphrase) and `path.pub`, durably."""
    from cryptography.hazmat.primitives import serialization as ssh
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(key.seed)
    lock = ssh.BestAvailableEncryption(passphrase) if passphrase else ssh.NoEncryption()
    write_files(path, private.private_bytes(ssh.Encoding.PEM, ssh.PrivateFormat.OpenSSH, lock), key.public)
    return key


def write_files(path: Path, text: bytes, public: bytes) -> None:
    """Write `text` to `path`, and the raw Ed25519 key `public` to `path.pub`, durably; FileExistsError."""
    private_folder(path.parent)
    _write_new(path, text)
    _write_new(_public_file(path), _public_line(path, public))
    sync_folder(path.parent)


def exists(path: Path) -> bool:
    """Return True if there is a key file; first remove an empty one, which an interrupted write has left."""
    for file in (path, _public_file(path)):
        temporary_path(file)
    if path.exists() and not path.stat().st_size:
        path.unlink()
    return path.exists()


def finish(path: Path, public: bytes) -> bool:
    """Write `path.pub` if a crash prevented it; return False if it exists."""
    if _public_file(path).exists():
        return False
    _write_new(_public_file(path), _public_line(path, public))
    sync_folder(path.parent)
    return True


def load(path: Path, passphrase: bytes | None = None) -> SeedKey:
    """Read a private key file: OpenSSH or PKCS#8 (PEM or DER), Ed25519.

    `LedgerError`: KEY-MISSING, KEY-MODE (others can read it), KEY-LOCKED (a passphrase is needed, or this one is
    wrong), KEY-FORMAT.
    """
    from cryptography.hazmat.primitives import serialization as ssh
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        data = path.read_bytes()
        mode = path.stat().st_mode
    except OSError as error:
        raise LedgerError(
            "KEY-MISSING", f"{path}: {error.strerror}", "comity key list shows the keys there are"
        ) from None
    if mode & 0o077:
        raise LedgerError("KEY-MODE", f"others can read the private key {path}", f"chmod 600 {path}")
    read: Callable[[bytes, bytes | None], object] = ssh.load_der_private_key
    if data.startswith(b"-----BEGIN"):
        read = ssh.load_ssh_private_key if b"OPENSSH" in data[:40] else ssh.load_pem_private_key
    try:
        private = read(data, passphrase)
    except TypeError:  # a passphrase is missing, or the key has none
        if passphrase:
            return load(path)
        raise LedgerError("KEY-LOCKED", f"{path} is locked with a passphrase") from None
    except Exception as error:  # a foreign parser on untrusted bytes may raise anything
        if passphrase:
            raise LedgerError("KEY-LOCKED", f"the passphrase does not open {path}") from None
        says = str(error) if isinstance(error, ValueError) else type(error).__name__
        raise LedgerError("KEY-FORMAT", f"{path} is not a private key: {says}") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise LedgerError("KEY-FORMAT", f"{path} is not an Ed25519 key", "comity key new makes one")
    return SeedKey(private.private_bytes_raw())


def public_of(path: Path) -> bytes | None:
    """Return the raw public key in `path.pub`; None if there is no such file or it is of another type."""
    try:
        kind, blob, *_ = _public_file(path).read_text("ascii").split()
        raw = base64.b64decode(blob, validate=True)
    except (OSError, ValueError):
        return None
    return raw.removeprefix(WIRE) if kind == "ssh-ed25519" and raw.startswith(WIRE) and len(raw) == 51 else None


def listed(folder: Path) -> dict[str, bytes]:
    """Return the keys in a folder: name of the file -> raw public key."""
    keys = {file.stem: public_of(file.with_suffix("")) for file in sorted(folder.glob("*.pub"))}
    return {name: public for name, public in keys.items() if public is not None}


def _public_file(path: Path) -> Path:
    return path.with_name(path.name + ".pub")


def _public_line(path: Path, public: bytes) -> bytes:
    return b"ssh-ed25519 " + base64.b64encode(WIRE + public) + b" " + path.name.encode() + b"\n"


def _write_new(path: Path, data: bytes) -> None:
    """Write a whole file or nothing; FileExistsError if it exists."""
    part = temporary_path(path)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)
    finally:
        part.unlink(missing_ok=True)
