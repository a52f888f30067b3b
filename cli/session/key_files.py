"""Read the key files and passphrases that a command names."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import invocation
from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.terminal import output, prompts

if TYPE_CHECKING:
    from ledger.adapters.folders.user_folders import Home

PASSPHRASE = click.option("--passphrase-fd", type=int, metavar="N", help="Read the passphrase from this descriptor.")


def home() -> Home:
    """Return the folders of keys: those inside a ledger made by `play`, else the user's own folders."""
    from ledger.adapters.folders.user_folders import Home

    folder = invocation.said().ledger or "."
    return Home.of(Path(folder)) if ledger_choice.is_ledger(folder) else Home.user()


def checked_name(name: str) -> str:
    """Return the name of a key if it is safe as a file name; otherwise `Stop`."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}", name):
        raise Stop(f"{name!r} is no name for a key", hint="letters, digits, dot, dash and underscore")
    return name


def new_key_name(name: str) -> str:
    """Return the name of a new key if it is safe, and not that of the file of a public key; otherwise `Stop`."""
    if name.endswith(".pub"):
        raise Stop(f"{name!r} is no name for a key", hint="the file of a public key ends with .pub")
    return checked_name(name)


def public_key(said: str) -> str:
    """Return a public key as 64 hex digits, from digits, a `.pub` file, or the path of its private key."""
    from ledger.adapters.keys.key_files import public_of

    if re.fullmatch("[0-9a-fA-F]{64}", said):
        return said.lower()
    key = public_of(Path(said.removesuffix(".pub")))
    if key is None:
        hint = "64 hex digits, or a .pub file, which comity key new makes"
        lacks = "no Ed25519 public key" if Path(said).exists() else "no such file"
        raise Stop(f"{said}: {lacks}", hint=hint, code=Exit.UNDECIDABLE)
    return key.hex()


def digest_of(public: str) -> str:
    """Return the commitment of a key to the next one: SHA-256 (hex) of the raw public key."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()


def from_descriptor(descriptor: int) -> bytes | None:
    """Return the passphrase that a descriptor holds: its first line; None if it is empty."""
    try:
        with os.fdopen(descriptor, "rb") as stream:
            return stream.readline().rstrip(b"\r\n") or None
    except OSError as error:
        raise Stop(f"descriptor {descriptor}: {error.strerror}") from None


def passphrase(descriptor: int | None) -> bytes | None:
    """Return the passphrase for a new key: from a descriptor, or typed at the terminal; None without a terminal."""
    if descriptor is not None:
        return from_descriptor(descriptor)
    if not prompts.attended():
        output.tell("no passphrase: anyone who can read the file can sign with it")
        return None
    text: str = click.prompt(
        "passphrase (empty for none)",
        default="",
        hide_input=True,
        confirmation_prompt=True,
        show_default=False,
        err=True,
    )
    return text.encode() or None
