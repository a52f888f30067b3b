"""Read a trust folder that another party may have made: plain files, or versions of a signed policy.

Only regular files are read, each up to a size; no link in the folder is followed
(`ledger.adapters.folders.handed_folder`).
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from ledger.adapters.folders.handed_folder import TRUST_FILE, HandedFolder
from ledger.errors import LedgerError, RecordError
from ledger.trust.signed_policy import NAME, PolicyVersion, check_versions, expand, parse_fingerprint, versions_in
from ledger.trust.trust_folder import Trust, fingerprint_of, parse_trust, trusted_files


def read_trust_folder(folder: str, pin: str | None = None) -> Trust:
    """Read a trust folder, or the one of a ledger folder.

    `pin` is the fingerprint in 64 hex digits, of version 1 of a signed policy or of a folder without versions; by
    default the one that the user keeps for this folder (`keep_pin`), if it has versions. A fingerprint in the folder
    itself is not read.
    Raises `RecordError`: TRUST-FORMAT, POL-*, NOT-A-FILE, NO_TRUST_ANCHOR for signed versions without a fingerprint.
    """
    versions = versions_of(folder)
    if versions:
        pin = pin or kept_pin(folder)
        if pin is None:
            hint = "--root-fingerprint, as it came by another way; with comity trust update MINE FROM it is kept"
            says = "nothing says that its first version is the true one"
            if HandedFolder(folder).has("fingerprint"):
                says = "its fingerprint came in the same folder; nothing else says that version 1 is the true one"
            raise RecordError("NO_TRUST_ANCHOR", says, where=folder, hint=hint)
        return expanded(folder, check_versions(versions, pin))
    files = plain_files(folder)
    if pin is not None and pin != fingerprint_of(files):
        says = "it has no signed trust policy, and its files have another fingerprint than the one given"
        raise RecordError("TRUST-FORMAT", says, where=folder, hint="`comity trust check` prints the fingerprint")
    if "policy" not in files:
        hint = "a trust folder holds `policy` and `registrar`, as trust/ of a ledger does"
        raise RecordError("TRUST-FORMAT", "it has no file named policy", where=folder, hint=hint)
    return parse_trust(files)


def lies_beside(held: str, file: str) -> bool:
    """Return True if a trust folder or a file of the reader is in or next to the folder of the file that is verified.

    So does a trust folder that holds this file. The trust folder of a ledger does only where the file is in the
    ledger's folder, and nothing does for lying in the user's home folder.
    """
    place = Path(os.path.realpath(held))
    folder = Path(os.path.realpath(file)).parent
    if place.is_dir() and _is_ledger(str(place)):
        place /= "trust"
    if place.parent == folder or folder.is_relative_to(place):
        return True
    if _is_ledger(str(place.parent)):
        return False
    home = Path(os.path.expanduser("~"))
    inside = place.is_relative_to(folder) and not home.is_relative_to(folder)
    return inside or (place.parent == folder.parent and not home.is_relative_to(place.parent))


def plain_files(folder: str) -> dict[str, bytes]:
    """Return the files of a plain trust folder, or of the one in a ledger folder, that a verifier reads."""
    return trusted_files(trust_files(str(Path(folder) / "trust") if _is_ledger(folder) else folder))


def _is_ledger(folder: str) -> bool:
    files = HandedFolder(folder)
    return files.has("trust") and (files.has("entries.db") or files.has("store"))


def trust_files(folder: str) -> dict[str, bytes]:
    """Return the public files of a trust folder that a verifier reads, by their paths in the folder."""
    files = HandedFolder(folder)
    names = ["policy", "registrar", "mirrors", *(f"tsa/{name}" for name in files.names("tsa"))]
    names += [f"others/{name}/{file}" for name in files.names("others") for file in ("policy", "registrar")]
    contents = ((name, files.read(name, TRUST_FILE)) for name in names)
    return {name: data for name, data in contents if data is not None}


def versions_of(folder: str) -> list[PolicyVersion]:
    """Return the versions of a signed policy in a folder, oldest first, none of them checked."""
    if not Path(folder).is_dir():
        return []
    files = HandedFolder(folder)
    contents = ((name, files.read(name, TRUST_FILE)) for name in files.names(".") if NAME.fullmatch(name))
    return versions_in({name: data for name, data in contents if data is not None})


def expanded(folder: str, version: PolicyVersion) -> Trust:
    """Return the trust that a version states, with the certificates of time-stamp authorities in the same folder."""
    files = HandedFolder(folder)
    certificates = (files.read(f"tsa/{name}", TRUST_FILE) for name in files.names("tsa"))
    return expand(version, [data for data in certificates if data is not None])


def kept_pin(folder: str) -> str | None:
    """Return the fingerprint of version 1 that the user keeps for a folder, in hex; None if there is none."""
    try:
        return parse_fingerprint(_pin_file(folder).read_text("ascii", "replace"))
    except (FileNotFoundError, LedgerError):  # NO-HOME: this user keeps nothing
        return None


def keep_pin(folder: str, pin: str) -> None:
    """Keep the fingerprint of version 1 for a folder: in the configuration of the user, never in the folder itself."""
    from ledger.adapters.folders.user_folders import private_folder, replace_file

    path = _pin_file(folder)
    private_folder(path.parent)
    replace_file(path, f"{pin}\n".encode())


def _pin_file(folder: str) -> Path:
    from ledger.adapters.folders.user_folders import Home  # a verifier of a plain folder asks for none

    place = sha256(os.fsencode(os.path.realpath(folder))).hexdigest()
    return Home.user().keys.parent / "fingerprints" / place
