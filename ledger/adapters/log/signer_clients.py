"""Decide which machines may ask a signing process over TLS, by a list.

    machines = ["one.office.example", "192.0.2.7", "sha256:5f0c..."]

A machine is named by a DNS name or an address of its certificate (subjectAltName, without wildcards), or by the SHA-256
of the whole certificate, in hex. The file is read again when it has changed, and each request is decided by it: a
machine that was taken out gets no further signature, also over a connection that is open. A file that cannot be read
admits no machine.
"""

from __future__ import annotations

import logging
import re
import ssl
import tomllib
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

logger = logging.getLogger(__name__)

_LARGEST = 1 << 16  # bytes of the file
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")


class _Stated(Struct, frozen=True, forbid_unknown_fields=True):
    """Hold the content of the file."""

    machines: Annotated[list[str], Meta(min_length=1, max_length=256)]


def read_machines(path: Path) -> frozenset[str]:
    """Return the machines of a file, as `names_of` writes them; ValueError with the reason, OSError."""
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError(f"a list of machines has at most {_LARGEST} bytes")
    stated = msgspec.convert(tomllib.loads(data.decode()), _Stated)
    return frozenset(map(_machine, stated.machines))


def names_of(der: bytes, decoded: dict[str, Any]) -> frozenset[str]:
    """Return the names of a verified certificate: its digest, and the DNS names and addresses that it is for.

    `decoded` is what `ssl.SSLSocket.getpeercert()` returns for it.
    """
    found = {f"sha256:{sha256(der).hexdigest()}"}
    for kind, value in decoded.get("subjectAltName", ()):
        if kind == "DNS":
            found.add(value.lower())
        elif kind == "IP Address":
            found.add(str(ip_address(value.strip())))
    return frozenset(found)


class SignerClients:
    """The list of machines that may ask; ValueError and OSError if it cannot be read at the beginning."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state: tuple[int, int, int] | None = _state(path)
        self._machines = read_machines(path)

    def refusal(self, line: ssl.SSLSocket) -> str:
        """Return why the machine at the other end of a connection may not ask, empty if it may."""
        der = line.getpeercert(binary_form=True)
        if der is None:
            return "the machine has no certificate"
        if names_of(der, line.getpeercert() or {}) & self._current():
            return ""
        return f"the list of machines does not have the certificate sha256:{sha256(der).hexdigest()}"

    def _current(self) -> frozenset[str]:
        """Return the machines of the file as it is now; none if it cannot be read."""
        try:
            state = _state(self._path)
            if state != self._state:
                self._machines, self._state = read_machines(self._path), state
        except (OSError, ValueError, RecursionError) as wrong:  # TOML and msgspec errors are ValueErrors
            self._machines, self._state = frozenset(), None
            logger.warning("%s: no machine may ask: %s", self._path, wrong)
        return self._machines


def _state(path: Path) -> tuple[int, int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _machine(text: str) -> str:
    """Return the form of a machine that is compared; ValueError for any other text."""
    lowered = text.lower()
    if _DIGEST.fullmatch(lowered):
        return lowered
    try:
        return str(ip_address(text))
    except ValueError:
        if len(text) <= 253 and _NAME.fullmatch(lowered) and not lowered.rpartition(".")[2].isdecimal():
            return lowered
    raise ValueError(f"{text[:80]!r} is no machine: a host name, an address, or sha256: and 64 hexadecimal digits")
