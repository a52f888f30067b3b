"""One way to a key that signs, wherever it lives: a file, ssh-agent, or a token.

    ilves, /media/stick/ilves            a key file, or a file of one line that says where the key is
    agent:SHA256:AAAA...                 in ssh-agent, named as `ssh-add -l` does
    pkcs11:token=karsk;object=ilves      in a token or HSM

A signature that comes from elsewhere is verified before it is used: hardware fails, agents are swapped, and an entry
with a bad signature would be refused by everybody after us.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ledger.adapters.keys import key_files, pkcs11, ssh_agent
from ledger.adapters.keys.key_files import Key, SeedKey
from ledger.errors import LedgerError
from ledger.formats.ed25519 import verify_signature

AGENT = "agent:"
_LONGEST = 2_000  # bytes of a file that only says where a key is

Secret = Callable[[str], bytes | None]  # what it opens -> passphrase or PIN; None where nobody can be asked


class Verified:
    """A key whose signatures are verified as they come back."""

    __slots__ = ("_key", "public")

    def __init__(self, key: Key) -> None:
        self._key = key
        self.public = key.public

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`; `LedgerError` KEY-ANSWER if it does not hold."""
        signature = self._key.sign(message)
        if not verify_signature(self.public, message, signature):
            raise LedgerError("KEY-ANSWER", f"what {self._key!r} signed does not verify", "nothing was recorded")
        return signature

    def __repr__(self) -> str:
        return f"Verified({self._key!r})"


def open_key(reference: str, secret: Secret = lambda _: None) -> Key:
    """The key that a reference names, ready to sign; `secret` is asked for what a locked one needs.

    `LedgerError` as `keys.load`, `agent.find` and `token.find` raise it.
    """
    key = _found(reference, secret)
    return key if isinstance(key, SeedKey) else Verified(key)  # what this process signed itself did not come back


def is_elsewhere(reference: str) -> bool:
    """True if a reference names a key that is no file."""
    return reference.startswith((AGENT, pkcs11.SCHEME))


def point_to(path: Path, reference: str, secret: Secret = lambda _: None) -> Key:
    """Write a file that says where a key is, and its `.pub`, so that it is found by name; FileExistsError."""
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
    if there := _pointer(path):
        return _found(there, secret)
    try:
        return key_files.load(path)
    except LedgerError as fault:
        if fault.code != "KEY-LOCKED" or (passphrase := secret(f"passphrase of {path}")) is None:
            raise
    return key_files.load(path, passphrase)


def _pointer(path: Path) -> str | None:
    """The reference that a file holds instead of a key."""
    try:
        with path.open("rb") as file:
            line = file.read(_LONGEST).decode("utf-8", "replace").strip()
    except OSError:
        return None  # what is wrong with the file, loading it says
    return line if is_elsewhere(line) else None
