"""Open a key that signs: from a file, ssh-agent, or a token.

    ilves, /media/stick/ilves            a key file, or a file of one line with the reference of the key
    agent:SHA256:AAAA...                 in ssh-agent, named as `ssh-add -l` does
    pkcs11:token=karsk;object=ilves      in a token or HSM

A signature from outside this process is verified before it is used. Hardware fails, agents are swapped, and
later readers would refuse an entry with a bad signature.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ledger.adapters.keys import key_files, pkcs11, ssh_agent
from ledger.adapters.keys.key_files import Key, SeedKey
from ledger.errors import LedgerError
from ledger.formats.ed25519 import verify_signature

AGENT = "agent:"
_LONGEST = 2_000  # bytes of a file that holds only a reference to a key

Secret = Callable[[str], bytes | None]  # what is locked, in words -> passphrase or PIN; None without a person to ask


class Verified:
    """Hold a key whose signatures are verified when they are returned."""

    __slots__ = ("_key", "public")

    def __init__(self, key: Key) -> None:
        self._key = key
        self.public = key.public

    def sign(self, message: bytes) -> bytes:
        """Return the signature over `message`; `LedgerError` KEY-ANSWER if it does not hold."""
        signature = self._key.sign(message)
        if not verify_signature(self.public, message, signature):
            raise LedgerError("KEY-ANSWER", f"what {self._key!r} signed does not verify", "nothing was recorded")
        return signature

    def __repr__(self) -> str:
        return f"Verified({self._key!r})"


def open_key(reference: str, secret: Secret = lambda _: None) -> Key:
    """Return the key that a reference names, ready to sign; `secret` returns the passphrase or PIN of a locked one.

    `LedgerError` as `key_files.load`, `ssh_agent.find` and `pkcs11.find` raise it.
    """
    key = _found(reference, secret)
    return key if isinstance(key, SeedKey) else Verified(key)  # this process makes the signatures of a SeedKey itself


def is_elsewhere(reference: str) -> bool:
    """Return True if a reference names a key in ssh-agent or in a token."""
    return reference.startswith((AGENT, pkcs11.SCHEME))


def point_to(path: Path, reference: str, secret: Secret = lambda _: None) -> Key:
    """Write a file with the reference of a key, and its `.pub`, so that a name finds it; FileExistsError."""
    if not is_elsewhere(reference):
        raise LedgerError("KEY-FORMAT", f"{reference} names no key in an agent or a token", "agent:... or pkcs11:...")
    key = open_key(reference, secret)
    key_files.write_files(path, f"{reference}\n".encode(), key.public)
    return key


def _found(reference: str, secret: Secret) -> Key:
    if reference.startswith(AGENT):
        return ssh_agent.find(reference.removeprefix(AGENT))
    if reference.startswith(pkcs11.SCHEME):
        return pkcs11.find(reference, secret)
    path = Path(reference)
    if target := _pointer(path):
        return _found(target, secret)
    try:
        return key_files.load(path)
    except LedgerError as fault:
        if fault.code != "KEY-LOCKED" or (passphrase := secret(f"passphrase of {path}")) is None:
            raise
    return key_files.load(path, passphrase)


def _pointer(path: Path) -> str | None:
    """Return the reference that a file holds instead of a key; None if it holds none."""
    try:
        with path.open("rb") as file:
            line = file.read(_LONGEST).decode("utf-8", "replace").strip()
    except OSError:
        return None  # loading the file raises the error
    return line if is_elsewhere(line) else None
