"""The standing data of a controller: its newest description in the register, as letters and records print it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from ledger.entries.case import Entry, replacements

KIND = "controller-described"


def descriptions(registry: Sequence[Entry], day: date) -> list[Entry]:
    """Return the descriptions that count on a day, the newest last; replaced ones and later ones do not count."""
    found = [e for e in registry if e.kind == KIND]
    replaced = replacements(found, max(e.at for e in found)) if found else {}
    counting = (e for e in found if e.leaf not in replaced and e.held and str(e.get("valid_from")) <= day.isoformat())
    return sorted(counting, key=lambda e: (str(e.get("valid_from")), e.index))


def description(registry: Sequence[Entry], controllers: Iterable[str], lang: str, day: date) -> Entry | None:
    """Return the description of the first of these offices that has one: in `lang`, else in any language."""
    found = descriptions(registry, day)
    for controller in controllers:
        mine = [e for e in found if e.get("controller") == controller]
        if mine:
            return next((e for e in reversed(mine) if e.get("language") == lang), mine[-1])
    return None
