"""Read the trust of a verifier from --trust and --root-fingerprint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cli.exit_codes import Exit, Stop
from cli.terminal import file_io
from ledger.errors import RecordError

if TYPE_CHECKING:
    from ledger.trust.signed_policy import PolicyVersion
    from ledger.trust.trust_folder import Trust


def read_trust(place: str, root_fingerprint: str | None = None) -> Trust:
    """Return the trust of a verifier.

    `place` is a trust folder, a ledger, a folder with the versions of a signed policy, or a policy
    file.
    """
    from ledger.adapters.folders.read_trust import read_trust_folder
    from ledger.trust.trust_folder import parse_trust

    pin = pin_of(place, root_fingerprint)
    if pin is None and not os.path.isdir(place):
        return parse_trust({"policy": file_io.read(place)})
    return read_trust_folder(place, pin)


def _some(folder: str) -> list[PolicyVersion]:
    from ledger.adapters.folders.read_trust import versions_of

    if versions := versions_of(folder):
        return versions
    raise Stop(f"{folder} has no 1.trust.json", hint="comity trust new makes one", code=Exit.UNDECIDABLE)


def _check_plain(folder: str, trust: Trust) -> None:
    """Raise TRUST-FORMAT if a plain file for the verifier page, where there is one, differs from the newest version."""
    from ledger.trust.signed_policy import plain_files

    for name, data in plain_files(trust).items():
        path = Path(folder) / "page" / name
        if path.exists() and path.read_bytes() != data:
            raise RecordError("TRUST-FORMAT", "it is not what the signed policy says", where=f"page/{name}")


def pin_of(folder: str, typed: str | None) -> str | None:
    """Return the root fingerprint: as typed, from a file with that name, or from the folder; None if there is none."""
    from ledger.adapters.folders.read_trust import kept_pin
    from ledger.trust.signed_policy import parse_fingerprint

    if typed is not None:
        if os.path.isfile(typed):
            return parse_fingerprint(file_io.read(typed).decode("ascii", "replace"))
        try:
            return parse_fingerprint(typed)
        except RecordError as wrong:
            raise RecordError(wrong.code, f"there is no file {typed!r}, and {wrong.says}", where=wrong.where) from None
    return kept_pin(folder)
