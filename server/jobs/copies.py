"""Name the copies that jobs make in a folder, find which belong together, and delete the ones that are not kept.

ledger-20270301T020000Z.tar          a whole copy of the ledger
ledger-20270302T020000Z.later.tar    what came after the copy before it
keys-20270301T020000Z.db             the keys of data subjects
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from ledger.application.backup.manifest import Manifest, read_manifest
from ledger.errors import LedgerError

_COPY = re.compile(r"ledger-(\d{8}T\d{6}Z)(\.later)?\.tar")
_KEYS = re.compile(r"keys-(\d{8}T\d{6}Z)\.db")
_FORM = "%Y%m%dT%H%M%SZ"


def moment_of(now: float) -> str:
    """Return a moment (seconds since 1970) as it is in the name of a copy."""
    return datetime.fromtimestamp(now, UTC).strftime(_FORM)


def chains(folder: Path) -> list[list[Path]]:
    """Return each whole copy in a folder with the later copies behind it, oldest first.

    Later copies before every whole one belong to none, and are first, as a chain of their own.
    """
    found: list[list[Path]] = []
    for path in sorted((p for p in folder.iterdir() if _COPY.fullmatch(p.name)), key=_moment):
        if not found or not _is_later(path):
            found.append([])
        found[-1].append(path)
    return found


def next_copy(folder: Path, later: int, moment: str) -> tuple[Path, Path | None]:
    """Return the path of the copy that is made next, and the copy that it continues; None: it is whole.

    At most `later` copies follow a whole one. A chain that could not be restored is not continued. Names grow:
    behind a copy of this second, or of a later one, the name has the second after it. So entries that were recorded
    between two copies of one second are in the second copy.
    """
    found = chains(folder)
    newest = found[-1] if found else []
    if newest and moment <= (last := _moment(newest[-1])):
        moment = moment_of(datetime.strptime(last, _FORM).replace(tzinfo=UTC).timestamp() + 1)
    if newest and not _is_later(newest[0]) and len(newest) <= later and follow_each_other(newest):
        return folder / f"ledger-{moment}.later.tar", newest[-1]
    return folder / f"ledger-{moment}.tar", None


def newest_chain(folder: Path) -> list[Path]:
    """Return the newest whole copy and the later ones behind it; `LedgerError` COPY-FORMAT if there is none."""
    found = chains(folder)
    if not found or _is_later(found[-1][0]):
        raise LedgerError("COPY-FORMAT", f"{folder} has no whole copy of the ledger", "comity jobs run backup")
    return found[-1]


def prune(folder: Path, keep: int) -> None:
    """Delete all but the newest `keep` whole copies, and the later copies behind the deleted ones."""
    for chain in chains(folder)[:-keep]:
        for path in reversed(chain):  # a later copy without the whole one is of no use
            path.unlink(missing_ok=True)


def expire(folder: Path, days: int, now: float) -> None:
    """Delete the copies of keys that are older than so many days at the moment `now` (seconds since 1970)."""
    end = datetime.fromtimestamp(now, UTC) - timedelta(days=days)
    for path in folder.iterdir():
        made = _KEYS.fullmatch(path.name)
        if made and datetime.strptime(made[1], _FORM).replace(tzinfo=UTC) <= end:
            path.unlink(missing_ok=True)


def follow_each_other(chain: list[Path]) -> bool:
    """Return True if each copy of a chain can be read, and begins with size and root of the one before it."""
    try:
        lists = [read_manifest(str(path)) for path in chain]
    except LedgerError:
        return False
    return lists[0].since == 0 and all(_continues(one, other) for one, other in pairwise(lists))


def _continues(before: Manifest, after: Manifest) -> bool:
    return (before.origin, before.size, before.root) == (after.origin, after.since, after.since_root)


def _moment(path: Path) -> str:
    found = _COPY.fullmatch(path.name)
    return found[1] if found else ""


def _is_later(path: Path) -> bool:
    return path.name.endswith(".later.tar")
