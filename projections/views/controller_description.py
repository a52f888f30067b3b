"""The standing data of a controller: its newest description in the register, as letters and records print it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from ledger.entries.case import Entry
from ledger.law.parties.party_register import Register, fold

KIND = "controller-described"
AUTHORITIES = ("ISS", "RET", "DPO")


def descriptions(registry: Sequence[Entry], day: date) -> list[Entry]:
    """Return the descriptions that count on a day, the newest last; replaced ones and later ones do not count."""
    register = fold(tuple(registry))
    found = [e for e in register.of(KIND) if e.held and _may_describe(register, e)]
    counting = (e for e in found if max(str(e.get("valid_from")), e.on.date().isoformat()) <= day.isoformat())
    return sorted(counting, key=lambda e: (str(e.get("valid_from")), e.index))


def _may_describe(register: Register, e: Entry) -> bool:
    """Return True for the controller itself, a registrar, or an authority of the controller's Party [design]."""
    controller = str(e.get("controller"))
    if e.by == controller or e.role == "ADM":
        return True
    office = register.office(controller)
    return e.role in AUTHORITIES and office is not None and office.party == e.party


def description(registry: Sequence[Entry], controllers: Iterable[str], lang: str, day: date) -> Entry | None:
    """Return the description of the first of these offices that has one: in `lang`, else in any language."""
    found = descriptions(registry, day)
    for controller in controllers:
        mine = [e for e in found if e.get("controller") == controller]
        if mine:
            return next((e for e in reversed(mine) if e.get("language") == lang), mine[-1])
    return None
