"""Read the trust of a verifier from --trust and --root-fingerprint."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.exit_codes import Exit, Stop
from cli.invocation import said
from cli.session import ledger_choice
from ledger.errors import LedgerError, RecordError
from ledger.trust.held import Came
from ledger.trust.trust_folder import Trust, parse_trust

if TYPE_CHECKING:
    from ledger.trust.signed_policy import PolicyVersion


def read_trust(place: str, root_fingerprint: str | None = None) -> Trust:
    """Return the trust of a verifier.

    `place` is a trust folder, a ledger, a folder with the versions of a signed policy, or a policy
    file.
    """
    from ledger.adapters.folders.read_trust import read_trust_folder

    pin = pin_of(place, root_fingerprint)
    if pin is None and not os.path.isdir(place):
        from cli.terminal import file_io

        return parse_trust({"policy": file_io.read(place)})
    return read_trust_folder(place, pin)


CAME = click.option(
    "--trust-came",
    "trust_came",
    type=click.Choice([str(Came.WITH), str(Came.APART), str(Came.VOICE)]),
    help="How it came: with FILE, by another way, or its words were compared by voice. Default: by its place.",
)
AS_PRINTED = click.option(
    "--typed-as-printed", is_flag=True, help="Of a typed --anchor: you compared it with your paper, letter by letter."
)


def came_of(stated: str | None, file: str, trust: str | None, typed: str | None, anchor: str | None) -> Came | None:
    """Return how the trust came: as the user says, else by its place: in or next to the folder of `file`.

    A folder whose fingerprint the user typed or keeps (`typed`, `pin_of`) does not vouch for itself, in any place.
    Nor does the trust folder of the ledger that the user has chosen, or what the user keeps in the own folders.
    """
    if stated is not None:
        return Came(stated)
    if trust is not None and (typed is not None or pin_of(trust, None) is not None):
        return None
    from ledger.adapters.folders.read_trust import lies_beside

    if trust is None:
        return Came.BESIDE if anchor is not None and lies_beside(anchor, file) else None
    if not lies_beside(trust, file) or _own(trust):
        return None
    return Came.BESIDE if anchor is None or lies_beside(anchor, file) else Came.TRUST_BESIDE


def _own(trust: str) -> bool:
    """Return True for a trust folder of the user's ledger, or one in the user's own folders.

    The ledger is that of --ledger or COMITY_LEDGER, or the current folder if this user keeps the guard of its log.
    """
    from ledger.adapters.folders.user_folders import Home

    place = Path(os.path.realpath(trust))
    chosen = said().ledger
    ledger = Path(os.path.realpath(chosen or "."))
    of_ledger = place in (ledger, ledger / "trust")
    if chosen and of_ledger:
        return True
    with suppress(LedgerError):  # NO-HOME
        home = Home.user()
        if of_ledger and ledger_choice.is_ledger("."):
            return any(home.log(key.name).is_dir() for key in read_trust(str(ledger / "trust")).policy.logs)
        return place.is_relative_to(home.keys.parent) or place.is_relative_to(home.state)
    return False


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


def pin_of(folder: str, typed: str | None, *sources: str) -> str | None:
    """Return the root fingerprint: as typed, from a file with that name, or as the user keeps it for the folder.

    None if there is none. NO_TRUST_ANCHOR for a file in the folder, or in one of `sources`: it came with them.
    """
    from ledger.adapters.folders.read_trust import kept_pin, versions_of
    from ledger.trust.signed_policy import parse_fingerprint

    if typed is not None:
        if os.path.isfile(typed):
            if any(Path(os.path.realpath(typed)).is_relative_to(os.path.realpath(each)) for each in (folder, *sources)):
                says = "this fingerprint came in the folder that it is to vouch for"
                hint = "--root-fingerprint, as it came by another way: by telephone or on paper"
                raise RecordError("NO_TRUST_ANCHOR", says, where=typed, hint=hint)
            from cli.terminal import file_io

            return parse_fingerprint(file_io.read(typed).decode("ascii", "replace"))
        try:
            return parse_fingerprint(typed)
        except RecordError as wrong:
            raise RecordError(wrong.code, f"there is no file {typed!r}, and {wrong.says}", where=wrong.where) from None
    return kept_pin(folder) if versions_of(folder) else None
