"""Sign with keys in ssh-agent: the private half stays in the agent, or in the token behind it.

Two of the agent's requests are used: list the keys, and sign. An agent's Ed25519 signature is the plain one
of RFC 8032, so it does not differ from one made with a key file. Source: draft-ietf-sshm-ssh-agent, 3.5 and
3.6; RFC 8709.
"""

from __future__ import annotations

import base64
import os
import socket
import struct
from hashlib import sha256
from pathlib import Path

from ledger.adapters.keys.key_files import WIRE
from ledger.errors import LedgerError

SECONDS = 60.0  # an agent may ask its user, or wait for a touch of the token
LARGEST = 262_144  # bytes of a reply, the limit of OpenSSH
_LIST, _LISTED, _SIGN, _SIGNED = 11, 12, 13, 14
_ED25519 = b"ssh-ed25519"


class AgentKey:
    """Hold an Ed25519 key of an agent: `public` is the raw key."""

    def __init__(self, public: bytes, agent: Path) -> None:
        self.public = public
        self._agent = agent

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over `message`; `LedgerError` KEY-AWAY if the agent does not return it."""
        question = bytes([_SIGN]) + _string(WIRE + self.public) + _string(message) + struct.pack(">I", 0)
        kind, answer = _ask(self._agent, question)
        if kind != _SIGNED:
            raise LedgerError("KEY-AWAY", f"ssh-agent did not sign with {fingerprint(self.public)}", "is it locked?")
        algorithm, rest = _take(_take(answer)[0])
        if algorithm != _ED25519:
            raise LedgerError("KEY-ANSWER", "ssh-agent answered with a signature of another algorithm")
        return _take(rest)[0]

    def __repr__(self) -> str:
        return f"AgentKey({fingerprint(self.public)})"


def find(wanted: str, agent: Path | None = None) -> AgentKey:
    """Return the key with this fingerprint (`SHA256:...`, as `ssh-add -l` shows) in `agent`, by default SSH_AUTH_SOCK.

    `LedgerError`: KEY-AWAY (no agent answers), KEY-MISSING (it has no such key).
    """
    place = agent or _usual()
    keys = {fingerprint(public): public for public in held(place)}
    if wanted not in keys:
        hint = f"it has {', '.join(keys)}" if keys else "ssh-add FILE puts one there"
        raise LedgerError("KEY-MISSING", f"ssh-agent has no Ed25519 key {wanted}", hint)
    return AgentKey(keys[wanted], place)


def held(agent: Path) -> list[bytes]:
    """Return the raw Ed25519 public keys of an agent."""
    kind, answer = _ask(agent, bytes([_LIST]))
    if kind != _LISTED:
        raise LedgerError("KEY-AWAY", f"{agent} does not say which keys it has")
    keys, rest = [], answer[4:]
    for _ in range(int.from_bytes(answer[:4])):
        blob, rest = _take(rest)
        _, rest = _take(rest)  # a comment
        algorithm, key = _take(blob)
        if algorithm == _ED25519:
            keys.append(_take(key)[0])
    return keys


def fingerprint(public: bytes) -> str:
    """Return OpenSSH's name of a key: `SHA256:` and the base64 of the digest of its wire form, without padding."""
    return "SHA256:" + base64.b64encode(sha256(WIRE + public).digest()).decode().rstrip("=")


def _usual() -> Path:
    place = os.environ.get("SSH_AUTH_SOCK")
    if not place:
        raise LedgerError("KEY-AWAY", "no ssh-agent: SSH_AUTH_SOCK is not set", "eval $(ssh-agent); ssh-add FILE")
    return Path(place)


def _ask(agent: Path, question: bytes) -> tuple[int, bytes]:
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(SECONDS)
            line.connect(str(agent))
            line.sendall(_string(question))
            size = int.from_bytes(_read(line, 4))
            if not 0 < size <= LARGEST:
                raise OSError(f"an answer of {size} bytes")
            answer = _read(line, size)
    except OSError as error:
        raise LedgerError("KEY-AWAY", f"ssh-agent at {agent}: {error}", "ssh-add -l shows whether it runs") from None
    return answer[0], answer[1:]


def _read(line: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = line.recv(size - len(data))
        if not part:
            raise OSError("it hung up")
        data += part
    return data


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _take(data: bytes) -> tuple[bytes, bytes]:
    """Return the string at the beginning of `data` and the rest; `LedgerError` KEY-ANSWER if it is cut off."""
    size = int.from_bytes(data[:4])
    if len(data) < 4 + size:
        raise LedgerError("KEY-ANSWER", "ssh-agent answered with something that is cut off")
    return data[4 : 4 + size], data[4 + size :]
