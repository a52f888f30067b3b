"""Choose the ledger of a command, its time, and the order that a name means."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from cli.exit_codes import Exit, Stop
from cli.invocation import said
from cli.remote.servers import chosen_url, only_in_a_folder

HASH_DIGITS = 8  # from so many characters on, digits alone can be the start of a hash


def is_ledger(folder: str) -> bool:
    """Return True for a folder that holds a ledger."""
    stores = (os.path.join(folder, name) for name in ("entries.db", "store"))
    return os.path.isdir(os.path.join(folder, "trust")) and any(map(os.path.exists, stores))


def has_ledger() -> bool:
    """Return True if --ledger, COMITY_LEDGER or the current folder is a ledger, or the office server of one."""
    return chosen_url() is not None or is_ledger(said().ledger or ".")


def ledger_folder() -> str:
    """Return the folder of the ledger: --ledger, COMITY_LEDGER, or the current folder; `Stop` if it is none."""
    return checked_ledger(said().ledger or ".")


def checked_ledger(folder: str) -> str:
    """Return a folder that holds a ledger; `Stop` if it holds none."""
    if folder.startswith(("http://", "https://")):
        raise only_in_a_folder(url=folder)
    if not is_ledger(folder):
        with suppress(FileNotFoundError, NotADirectoryError):  # no permission: PermissionError instead
            os.stat(os.path.join(folder, "trust", "policy"))
        where = "this folder is not a ledger" if folder == "." else f"{folder} is not a ledger"
        hint = "name one with --ledger DIR or COMITY_LEDGER; `comity init DIR` makes one, `comity demo` shows one"
        raise Stop(where, hint=hint, code=Exit.NO_LEDGER)
    return folder


def story_of(folder: str) -> dict[str, Any]:
    """Return the labels and the clock that `play` wrote for its ledger; empty for every other ledger."""
    from ledger.adapters.folders.story_file import read_story

    return read_story(folder)


def now(folder: str | None = None) -> datetime:
    """Return the present moment in UTC, whole seconds; the clock of a story's ledger if that is ahead.

    Only a test ledger has such a clock: a file put into another ledger does not move its time.
    """
    here = datetime.now(UTC).replace(microsecond=0)
    if not folder:
        return here
    from ledger.adapters.folders.story_file import clock_of

    clock = clock_of(folder)
    return here if clock is None else max(here, clock)


def moment(text: str, what: str = "a moment") -> datetime:
    """Return a typed moment in UTC; `Stop` if it is malformed, lacks its offset or Z, or has fractions of a second."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        hint = "a moment is written 2027-03-01T09:40:00Z or 2027-03-01T10:40+01:00"
        raise Stop(f"{what}: {text!r} is not a moment", hint=hint) from None
    if time.tzinfo is None:
        raise Stop(f"{what}: {text!r} needs its offset or Z: the same words are another moment elsewhere")
    if time.microsecond:
        raise Stop(f"{what}: {text!r}: the record counts whole seconds")
    try:
        return in_utc(time)
    except ValueError:
        raise Stop(f"{what}: {text!r} is a moment that no calendar here has") from None


def in_utc(found: datetime) -> datetime:
    """Return the moment in UTC; ValueError outside the years 1000 to 9999, which entries can write."""
    try:
        utc = found.astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the calendar") from None
    if utc.year < 1000:
        raise ValueError("entries write years of four digits")
    return utc


def choose_entry(text: str, names: Mapping[str, str], leaves: Iterable[str]) -> str:
    """Return the leaf hash of an entry: by `7` or `#7`, a story's label, or the start of its hash.

    Up to seven digits are always a number: the hash of another entry may begin with them.
    """
    number = text.isascii() and text.isdecimal() and len(text) < HASH_DIGITS
    return choose(f"#{text}" if number else text, names, leaves, "entry")


def choose(text: str, names: Mapping[str, str], ids: Iterable[str], what: str = "order") -> str:
    """Return the id that `text` names: a key of `names` (name -> id), else an unambiguous prefix of one of `ids`."""
    if text in names:
        return names[text]
    matches = sorted({i for i in ids if i.startswith(text.lower())}) if text else []
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise Stop(f"{text!r} could be {', '.join(i[:13] for i in matches[:4])}", hint="type more of it")
    lists = "`comity orders` lists them" if what == "order" else "`comity timeline ORDER` shows the numbers, as #7 or 7"
    raise Stop(f"no {what} {text!r} here", hint=lists)
