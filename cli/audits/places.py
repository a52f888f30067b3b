"""Find the ledgers that an audit is asked about: named places, folders of ledgers, lists of ledgers."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from cli.exit_codes import Stop
from cli.handover.trust_folder import read_trust
from ledger.adapters.folders.handed_folder import HandedFolder, read_named
from ledger.trust.trust_folder import Trust

MOST = 10_000  # ledgers of one audit
LARGEST_LIST = 1 << 22  # bytes


class ListedLedger(Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[ledger]]` of a list: where it is, and what the auditor holds of it from elsewhere."""

    place: str
    log: str = ""
    holder: str = ""
    trust: str = ""
    store: str = ""


class LedgerList(Struct, frozen=True, forbid_unknown_fields=True):
    """A list of ledgers, as TOML; paths are relative to the list."""

    ledger: list[ListedLedger]


class Place(Struct, frozen=True):
    """One ledger to audit: its place, and the origin, holder, store and trust that a list names for it.

    `seen` are heads that others hold of it, as signed notes, each with who holds it.
    """

    place: str
    log: str = ""
    holder: str = ""
    store: str = ""
    trust: Trust | None = None
    seen: tuple[tuple[str, str], ...] = ()


def is_url(text: str) -> bool:
    """Return True for the URL of a published log."""
    return text.startswith(("http://", "https://"))


def places_of(arguments: Sequence[str], listed: Iterable[Place] = ()) -> list[Place]:
    """Return the ledgers that a directory lists and ledgers that the arguments of an audit name, each place once.

    `Stop` for none, or too many.
    """
    found: dict[str, Place] = {}
    for some in (listed, *(_places(argument) for argument in arguments)):
        for place in some:
            found.setdefault(place.place, place)
            if len(found) > MOST:
                raise Stop(f"more than {MOST} ledgers", hint="audit a part of them at a time")
    if not found:
        hint = "name ledger folders, URLs of published logs, a folder with ledgers in it, or a list (TOML)"
        raise Stop("no ledger to audit", hint=hint)
    return list(found.values())


def _places(argument: str) -> Iterator[Place]:
    if is_url(argument):
        yield Place(argument.rstrip("/"))
    elif os.path.isfile(argument):
        yield from _listed(Path(argument))
    elif not os.path.isdir(argument) or _holds_a_log(argument):
        yield Place(os.path.abspath(argument))  # a missing one is named in the report
    else:
        yield from (Place(os.path.abspath(os.path.join(argument, name))) for name in _folders(argument))


def _folders(argument: str) -> Iterable[str]:
    """Return the folders in a folder: each is taken for a ledger, so that a damaged one is named in the report."""
    with os.scandir(argument) as entries:
        return sorted(each.name for each in entries if not each.name.startswith(".") and each.is_dir())


def _holds_a_log(folder: str) -> bool:
    files = HandedFolder(folder)
    return any(files.has(name) for name in ("entries.db", "store", "checkpoint", "trust", "log"))


def _listed(path: Path) -> Iterator[Place]:
    """Yield the ledgers of a list; `Stop` if it is none, what `read_trust` raises for a trust folder of it."""
    for each in parse_list(read_named(path, LARGEST_LIST), str(path)):
        place = each.place.rstrip("/") if is_url(each.place) else os.path.abspath(path.parent / each.place)
        trust = read_trust(str(path.parent / each.trust)) if each.trust else None
        yield Place(place, each.log, each.holder, each.store, trust)


def parse_list(data: bytes, name: str) -> list[ListedLedger]:
    """Return the ledgers that a list names; `Stop` if it is none."""
    try:
        return msgspec.convert(tomllib.loads(data.decode()), LedgerList).ledger
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as wrong:
        hint = 'a list has parts such as: [[ledger]] place = "ledgers/karsk" trust = "trust/karsk"'
        raise Stop(f"{name} is no list of ledgers: {wrong}", hint=hint) from None
