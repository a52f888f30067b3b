"""A trust folder: read as plain files, or as a policy signed in versions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cli.exit_codes import Exit, Stop
from cli.handover.received_folder import TRUST_FILE, HandedFolder
from cli.session import ledger_choice
from cli.terminal import file_io

if TYPE_CHECKING:
    from ledger.trust.signed_policy import Version
    from ledger.verify import Trust


def read_trust(place: str, root_fingerprint: str | None = None) -> Trust:
    """What a verifier holds: a trust folder, a ledger's own, versions of a signed policy, or a policy file alone."""
    from ledger.verify import parse_trust

    if signed := signed_trust(place, root_fingerprint):
        return signed
    if not os.path.isdir(place):
        return parse_trust({"policy": file_io.read(place)})
    folder = os.path.join(place, "trust") if ledger_choice.is_ledger(place) else place
    return _parsed(trust_files(folder), folder)


def trust_files(folder: str) -> dict[str, bytes]:
    """The files of a trust folder by their names in it: what a verifier reads there, all of it public."""
    there = HandedFolder(folder)
    names = ["policy", "registrar", *(f"tsa/{name}" for name in there.names("tsa"))]
    names += [f"others/{name}/{file}" for name in there.names("others") for file in ("policy", "registrar")]
    found = ((name, there.read(name, TRUST_FILE)) for name in names)
    return {name: data for name, data in found if data is not None}


def _parsed(files: Mapping[str, bytes], folder: str) -> Trust:
    from ledger.verify import parse_trust

    if "policy" not in files:
        hint = "a trust folder holds `policy` and `registrar`, as trust/ of a ledger does"
        raise Stop(f"{folder} has no file named policy", hint=hint, code=Exit.UNDECIDABLE)
    return parse_trust(files)


PIN = "fingerprint"


def signed_trust(folder: str, typed: str | None) -> Trust | None:
    """What a folder of signed versions says, once all are believed; None if it has none."""
    from ledger.errors import RecordError
    from ledger.trust.signed_policy import check_versions

    pin = _pin(folder, typed)
    versions = _versions(folder)
    if not versions:
        if pin is not None:
            raise Stop(f"{folder} has no signed trust policy", hint="1.trust.json", code=Exit.UNDECIDABLE)
        return None
    if pin is None:
        hint = "--root-fingerprint, as it came by another way; or keep it: comity trust update MINE FROM"
        raise RecordError(
            "NO_TRUST_ANCHOR", "nothing says that its first version is the true one", where=folder, hint=hint
        )
    return _expanded(folder, check_versions(versions, pin))


def _versions(folder: str) -> list[Version]:
    from ledger.trust.signed_policy import NAME, versions_in

    if not os.path.isdir(folder):
        return []
    there = HandedFolder(folder)
    found = ((name, there.read(name, TRUST_FILE)) for name in there.names(".") if NAME.fullmatch(name))
    return versions_in({name: data for name, data in found if data is not None})


def _some(folder: str) -> list[Version]:
    if found := _versions(folder):
        return found
    raise Stop(f"{folder} has no 1.trust.json", hint="comity trust new makes one", code=Exit.UNDECIDABLE)


def _expanded(folder: str, version: Version) -> Trust:
    from ledger.trust.signed_policy import expand

    there = HandedFolder(folder)
    found = (there.read(f"tsa/{name}", TRUST_FILE) for name in there.names("tsa"))
    return expand(version, [data for data in found if data is not None])


def _check_plain(folder: str, trust: Trust) -> None:
    """The plain files for the verifier page, where there are any, say what the newest version says."""
    from ledger.errors import RecordError
    from ledger.trust.signed_policy import plain_files

    for name, data in plain_files(trust).items():
        path = Path(folder) / "page" / name
        if path.exists() and path.read_bytes() != data:
            raise RecordError("TRUST-FORMAT", "it is not what the signed policy says", where=f"page/{name}")


def _pin(folder: str, typed: str | None) -> str | None:
    """The fingerprint that was typed, or lies in a file somebody names, or is kept in the folder one holds."""
    from ledger.trust.signed_policy import parse_fingerprint

    if typed is not None:
        return parse_fingerprint(file_io.read(typed).decode("ascii", "replace") if os.path.isfile(typed) else typed)
    kept = HandedFolder(folder).read(PIN, TRUST_FILE) if os.path.isdir(folder) else None
    return None if kept is None else parse_fingerprint(kept.decode("ascii", "replace"))
