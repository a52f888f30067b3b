"""Keep mapping profiles in a ledger: the file by its digest in the folder, the statement of its office in the register.

`policy-adopted` states name, version and digest, and from when the profile is in force. A file that does not have the
digest that was signed is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.storage.sqlite import sync_folder
from ledger.application.intake.profile import LARGEST, Profile, parse_profile
from ledger.entries.case import Entry
from ledger.errors import LedgerError, RecordError
from ledger.messages import Message

FOLDER: Final = "profiles"
CODE: Final = "import-profile"  # of the document that a policy-adopted names
_NAME: Final = "import profile "


class AdoptedProfile(Struct, frozen=True):
    """A profile in force: its name and version, the digest of its file, the office that adopted it, and from when."""

    name: str
    version: str
    sha256: str
    office: str
    valid_from: str
    index: int


def adoption(profile: Profile, data: bytes, valid_from: date) -> dict[str, Any]:
    """Return the public fields of the `policy-adopted` by which an office adopts a profile."""
    document = {"code": CODE, "media": "application/toml", "size": len(data), "sha256": sha256(data).hexdigest()}
    return {"policy": f"{_NAME}{profile.title}", "document": document, "valid_from": valid_from.isoformat()}


def keep(folder: Path, data: bytes) -> Path:
    """Store the file of a profile in the folder of a ledger under its digest, and return its path."""
    place = private_folder(folder / FOLDER) / f"{sha256(data).hexdigest()}.toml"
    replace_file(place, data)
    sync_folder(place.parent)
    return place


def in_force(register: Iterable[Entry], today: date) -> list[AdoptedProfile]:
    """Return the profiles in force on a day by name and office: of each the one that was adopted last."""
    newest: dict[tuple[str, str], AdoptedProfile] = {}
    for e in sorted(register, key=lambda e: e.index):
        document = e.get("document") if e.kind == "policy-adopted" and e.held else None
        policy = str(e.get("policy", ""))
        if not isinstance(document, dict) or document.get("code") != CODE or not policy.startswith(_NAME):
            continue
        name, _, version = policy.removeprefix(_NAME).partition(" ")
        if str(e.get("valid_from")) <= today.isoformat():
            adopted = AdoptedProfile(name, version, document["sha256"], e.by, str(e.get("valid_from")), e.index)
            newest[name, e.by] = adopted
    return sorted(newest.values(), key=lambda each: (each.name, each.office))


def read_adopted(folder: Path, adopted: AdoptedProfile) -> tuple[Profile, bytes]:
    """Return a profile and its file; `LedgerError` PROFILE-MISSING, `RecordError` PROFILE-CHANGED or PROFILE-FORM."""
    path = folder / FOLDER / f"{adopted.sha256}.toml"
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError:
        hint = Message(
            "put the file with the SHA-256 {0} back there, or adopt it again: comity import adopt", adopted.sha256
        )
        raise LedgerError("PROFILE-MISSING", f"{path} with the profile {adopted.name} is missing", hint) from None
    if sha256(data).hexdigest() != adopted.sha256:
        says = Message("it is not the file that {0} adopted in entry {1}", adopted.office, adopted.index)
        raise RecordError(
            "PROFILE-CHANGED", says, where=str(path), hint=Message("adopt a changed profile under a new version")
        )
    return parse_profile(data, adopted.name), data


def find_profile(profiles: Iterable[AdoptedProfile], name: str, office: str | None) -> AdoptedProfile:
    """Return the profile of a name, or of OFFICE/NAME; `office` is the office that is preferred.

    `RecordError` PROFILE-UNKNOWN if there is none, or several offices have one of this name.
    """
    owner, mark, own = name.rpartition("/")
    found = [each for each in profiles if each.name == (own if mark else name) and (not mark or each.office == owner)]
    mine = [each for each in found if each.office == office]
    chosen = mine or found
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        known = ", ".join(sorted({each.name for each in profiles})) or "none"
        says = Message("no profile {0} is in force; in force are {1}", repr(name), known)
        raise RecordError("PROFILE-UNKNOWN", says, hint=Message("a file is named by its path, as ./orders.toml"))
    offices = ", ".join(f"{each.office}/{each.name}" for each in chosen)
    raise RecordError(
        "PROFILE-UNKNOWN",
        Message("several offices have a profile {0}", repr(name)),
        hint=Message("name one: {0}", offices),
    )
