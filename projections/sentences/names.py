"""The names that sentences use: offices and States from the register, the numbers of entries, and places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

from ledger.entries.case import Case, Entry

if TYPE_CHECKING:
    from projections.sentences.local_time import LocalTimes

OFFICES: Final = ("authority-registered", "authority-changed")
PARTY: Final = "party-registered"


class Names:
    """The names in a register, and the numbers of the entries of one order."""

    def __init__(self, registry: Sequence[Entry], entries: Iterable[Entry] = (), order: str = "") -> None:
        self._offices: dict[str, Mapping[str, str]] = {}
        self._parties: dict[str, Mapping[str, str]] = {}
        self._party: dict[str, str] = {}
        self._zones: dict[str, str] = {}
        for e in registry:
            if e.kind in OFFICES:
                self._party |= {e.public["actor"]: e.public["party"]} if "party" in e.public else {}
                self._offices |= {e.public["actor"]: e.public["names"]} if e.public.get("names") else {}
            elif e.kind == PARTY:
                self._parties |= {e.public["party"]: e.public["names"]} if e.public.get("names") else {}
                self._zones[e.public["party"]] = e.public.get("zone", "")
        self._entries = entries
        self._order = order
        self._numbers: dict[str, str] | None = None

    @cached_property
    def offices(self) -> dict[str, str]:
        """The names of offices by actor, in English if they have one."""
        return {actor: _in(names, "en") for actor, names in self._offices.items()}

    def office(self, actor: str, lang: str = "en") -> str:
        """Return the newest name of an office, in a language if it has one, else in English; its id without a name."""
        return _in(self._offices.get(actor), lang) or actor

    def party(self, code: str, lang: str = "en") -> str:
        """Return the name of a State or organisation: as registered, else of the CLDR, else in English; or its code."""
        names = self._parties.get(code)
        return code if not names else names.get(lang) or territory(code, lang) or _in(names, lang)

    def entry(self, leaf: str) -> str | None:
        """Return the number of an entry of the order; None for an entry that is not here."""
        if self._numbers is None:
            self._numbers = {}
            for e in self._entries:
                number = f"{'' if e.order == self._order else 'C'}{e.seq}"
                self._numbers[e.leaf] = number
                if e.proves:
                    self._numbers.setdefault(e.proves, number)
        return self._numbers.get(leaf)

    def times(self, actor: str) -> LocalTimes:
        """Return the local time of an office: that of its Party; UTC alone for an office that is not registered."""
        return _times(self.zone(actor))

    def zone(self, actor: str) -> str:
        """Return the name of the time zone of an office, which is that of its Party; empty if it has none."""
        return self._zones.get(self._party.get(actor, ""), "")


@cache
def _times(zone: str) -> LocalTimes:
    from projections.sentences.local_time import LocalTimes  # most commands show no local time

    return LocalTimes(zone)


def names_of(case: Case) -> Names:
    """Return the names for the sentences of one order."""
    return Names(case.registry, case.entries, case.order)


@cache
def territory(code: str, lang: str) -> str | None:
    """Return the name of a State in a language by its code (ISO 3166-1), as the CLDR has it; None if it has none."""
    from babel import Locale

    found = Locale.parse(lang, sep="-").territories.get(code)
    return None if found is None else str(found)


@cache
def language_name(code: str, lang: str) -> str:
    """Return the name of a language by its code (ISO 639-1) in a language, as the CLDR has it; else the code."""
    from babel import Locale

    return str(Locale.parse(lang, sep="-").languages.get(code, code))


def _in(names: Mapping[str, str] | None, lang: str) -> str:
    return "" if not names else names.get(lang) or names.get("en") or next(iter(names.values()))
