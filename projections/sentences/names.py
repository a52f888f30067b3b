"""The names that sentences use: offices and States from the register, the numbers of entries, and places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

from ledger.entries.case import Case, Entry, ReceivedRegister
from ledger.messages import LANGUAGES, Message, OfficeName
from projections.sentences.catalogue import catalogue
from projections.sentences.quotation import QUOTES, set_apart

if TYPE_CHECKING:
    from projections.sentences.local_time import LocalTimes

AS_REGISTERED: Final = Message("{0} (as {1} registers it)")  # a name, a log
OFFICES: Final = ("authority-registered", "authority-changed")
PARTY: Final = "party-registered"


class Names:
    """The names in a register, and the numbers of the entries of one order."""

    def __init__(
        self,
        registry: Sequence[Entry],
        entries: Iterable[Entry] = (),
        order: str = "",
        others: Sequence[ReceivedRegister] = (),
    ) -> None:
        self._home = next((e.party for e in registry if e.role == "ADM"), "")  # the Party of the registrar
        self._others = [(other.origin, Names(other.entries)) for other in others]
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
    def offices(self) -> dict[str, OfficeName]:
        """The names of offices by actor, in English if they have one, with the log that gives a name of others."""
        received = (actor for _, names in self._others for actor in names._offices)
        return {actor: self.named(actor) for actor in dict.fromkeys((*self._offices, *received))}

    def named(self, actor: str) -> OfficeName:
        """Return the name of an office in English, with its names in every other language that it has."""
        registers = (self, *(names for _, names in self._others))
        languages = {lang for names in registers for lang in names._offices.get(actor, ())}
        english = self.office(actor)
        if self._others or english[0] in QUOTES:  # words or marks of the language are around the name
            languages |= set(LANGUAGES)
        return OfficeName(english, {lang: self.office(actor, lang) for lang in languages - {"en"}})

    def office(self, actor: str, lang: str = "en") -> str:
        """Return the newest name of an office, in a language if it has one, else in English; its id without a name.

        A name that reads like words of this program is in quotation marks.
        A name from a register of another log is given with that log. Where that name is another one, both are given,
        but not for an office of our registrar's own Party.
        """
        own = set_apart(_in(self._offices.get(actor), lang), lang)
        if own and (not self._others or self._party.get(actor) == self._home):
            return own
        theirs = [
            (set_apart(name, lang), origin)
            for origin, names in self._others
            if (name := _in(names._offices.get(actor), lang))
        ]
        words = catalogue(lang).get(AS_REGISTERED, AS_REGISTERED)
        others = "; ".join(words.format(name, origin) for name, origin in dict(reversed(theirs)).items() if name != own)
        return f"{own} ({others})" if own and others else own or others or set_apart(actor, lang)

    def party(self, code: str, lang: str = "en") -> str:
        """Return the name of a State or organisation: as registered, else of the CLDR, else in English; or its code."""
        names = self._parties.get(code)
        return set_apart(code if not names else names.get(lang) or territory(code, lang) or _in(names, lang), lang)

    def entry(self, leaf: str) -> str | None:
        """Return the number of an entry of the order; None for an entry that is not here."""
        if self._numbers is None:
            self._numbers = {}
            for e in self._entries:
                number = e.number if e.prefix or e.order == self._order else f"C{e.seq}"
                self._numbers[e.leaf] = number
                if e.proves:
                    self._numbers.setdefault(e.proves, number)
        return self._numbers.get(leaf)

    def times(self, actor: str) -> LocalTimes:
        """Return the local time of an office: that of its Party; UTC alone for an office that is not registered."""
        return _times(self.zone(actor))

    def zone(self, actor: str) -> str:
        """Return the name of the time zone of an office, which our registrar states of its Party; empty if it has none.

        The Party of an office that our registrar has not registered is the one that all other registers name.
        """
        named = (self, *(names for _, names in self._others)) if actor not in self._party else (self,)
        parties = {names._party[actor] for names in named if actor in names._party}
        return self._zones.get(parties.pop(), "") if len(parties) == 1 else ""


@cache
def _times(zone: str) -> LocalTimes:
    from projections.sentences.local_time import LocalTimes  # most commands show no local time

    return LocalTimes(zone)


def names_of(case: Case) -> Names:
    """Return the names for the sentences of one order."""
    return Names(case.registry, case.entries, case.order, case.others)


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
