"""Read a trust folder that another party may have made: plain files, or versions of a signed policy.

Only regular files are read, each up to a size; no link in the folder is followed
(`ledger.adapters.folders.handed_folder`).
"""

from __future__ import annotations

from pathlib import Path

from ledger.adapters.folders.handed_folder import TRUST_FILE, HandedFolder
from ledger.errors import RecordError
from ledger.trust.signed_policy import NAME, PolicyVersion, check_versions, expand, parse_fingerprint, versions_in
from ledger.trust.trust_folder import Trust, fingerprint_of, parse_trust, trusted_files

PIN = "fingerprint"


def read_trust_folder(folder: str, pin: str | None = None) -> Trust:
    """Read a trust folder, or the one of a ledger folder.

    `pin` is the fingerprint in 64 hex digits, of version 1 of a signed policy or of a folder without versions; by
    default the one kept in the folder.
    Raises `RecordError`: TRUST-FORMAT, POL-*, NOT-A-FILE, NO_TRUST_ANCHOR for signed versions without a fingerprint.
    """
    pin = pin or kept_pin(folder)
    versions = versions_of(folder)
    if versions:
        if pin is None:
            hint = "--root-fingerprint, as it came by another way; or keep it: comity trust update MINE FROM"
            says = "nothing says that its first version is the true one"
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
    """Return the fingerprint of version 1 that is kept in a folder, in hex; None if there is none."""
    pin = HandedFolder(folder).read(PIN, TRUST_FILE) if Path(folder).is_dir() else None
    return None if pin is None else parse_fingerprint(pin.decode("ascii", "replace"))
