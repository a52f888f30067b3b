"""What a key and a log may be called.

Source: c2sp.org/signed-note, c2sp.org/tlog-checkpoint; an own log, and a key made or pinned here, have stricter names.
"""

from __future__ import annotations

import re
from hashlib import sha256

from ledger.errors import RecordError
from ledger.formats.characters import code, unassigned, unseen

_ORIGIN = re.compile(r"[!-*,-~]{1,255}")  # printable ASCII, no space, no plus
_OWN_ORIGIN = re.compile(r"[a-z0-9][a-z0-9.:-]*(/[a-z0-9._~-]+)*")


def check_name(name: str) -> None:
    """Raise CP-KEY for a key name with an invisible character; used when a key is made or pinned, not for notes."""
    if character := unassigned(name) or unseen(name):
        raise RecordError("CP-KEY", f"in a name every character is seen, {code(character)} is not", where=repr(name))


def check_origin(origin: str) -> None:
    """Raise CP-ORIGIN unless an own log may have this origin: a scheme-less lower-case URL of at most 200 bytes.

    Foreign origins only have to be ASCII without space or plus (`check_foreign_origin`).
    """
    if len(origin) > 200 or not _OWN_ORIGIN.fullmatch(origin):
        raise RecordError(
            "CP-ORIGIN",
            "an origin is a lower-case URL of at most 200 bytes, without scheme or final slash",
            where=repr(origin),
            hint="for example ledger.example/xo/karsk",
        )


def check_foreign_origin(origin: str) -> None:
    """Raise CP-ORIGIN unless a log of others may have this origin: 1 to 255 bytes of ASCII without space and plus."""
    if not _ORIGIN.fullmatch(origin):
        raise RecordError(
            "CP-ORIGIN", "an origin is ASCII without space or plus, at most 255 bytes", where=repr(origin)
        )


def origin_hash(origin: str) -> str:
    """Return the hex SHA-256 of an origin: its folder's name, and its path at a witness (c2sp.org/tlog-witness)."""
    return sha256(origin.encode()).hexdigest()
