"""The words of letters: dates, periods, instruments, data elements, names. Codes have words here, values stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from ledger.entries.case import Entry
from ledger.facts import KINDS
from ledger.facts.vocabulary import INSTRUMENTS
from ledger.facts.words.data import INSTRUMENT_WORDS
from ledger.facts.words.rights import ACCESS_RESTRICTION_GROUNDS, LOCK_CAUSES
from ledger.facts.words.shared import CATEGORIES, DESTRUCTION_METHODS, PURPOSES
from ledger.law.parties.party_register import Register
from ledger.messages import LongDay, Message, coded, joined
from projections.sentences.quotation import set_apart

PARTY: Final = "party-registered"
CATEGORY_WORDS: Final = CATEGORIES.words
PURPOSE_WORDS: Final = {code: words for code, words in PURPOSES.words.items() if code != "other"}
METHOD_WORDS: Final = DESTRUCTION_METHODS.words
LOCK_WORDS: Final = LOCK_CAUSES.words
RESTRICTION_WORDS: Final = ACCESS_RESTRICTION_GROUNDS.words
ACT_WORDS: Final[Mapping[str, str]] = {
    "EPOC:13": "article 13 of Regulation (EU) 2023/1543",
    "LED:13": "article 13 of Directive (EU) 2016/680",
    "2AP:14(11)": "article 14, paragraph 11, of the Second Additional Protocol (CETS 224)",
    "SCA:2705": "18 U.S.C. 2705(a)",
    "LED:14": "article 14 of Directive (EU) 2016/680",
    "LED:15": "article 15 of Directive (EU) 2016/680",
    "GDPR:15": "article 15 of Regulation (EU) 2016/679",
    "2AP:14(12)": "article 14, paragraph 12, of the Second Additional Protocol (CETS 224)",
    "LED:16": "article 16 of Directive (EU) 2016/680",
    "GDPR:12": "article 12 of Regulation (EU) 2016/679",
}
WORDS: Final = (INSTRUMENT_WORDS, ACT_WORDS)
UNITS: Final = {"Y": "year", "M": "month", "W": "week", "D": "day", "H": "hour", "m": "minute", "S": "second"}


def instrument_words(code: str) -> str:
    """Return an instrument as a letter names it; in the words of the vocabulary where it has none here."""
    return coded(code, INSTRUMENT_WORDS if INSTRUMENT_WORDS.get(code) else INSTRUMENTS)


def listed(codes: Iterable[object] | None, words: Mapping[str, str]) -> str:
    """Return codes in words with a comma between, each once; labels such as `#mailbox-2` are left out."""
    plain = dict.fromkeys(str(code).partition("#")[0] for code in codes or ())
    return joined(", ", (coded(code, words) if code in words else code.replace("-", " ") for code in plain))


def stated_date(value: object) -> str:
    """Return a stated date of the wire as a letter writes it."""
    return LongDay(date.fromisoformat(str(value)))


def period(value: object) -> str:
    """Return an ISO 8601 duration in words: `P1Y6M` as `1 year, 6 months`."""
    days, _, clock = str(value).removeprefix("P").partition("T")
    parts = [*re.findall(r"(\d+)([YMWD])", days), *re.findall(r"(\d+)([HmS])", clock.replace("M", "m"))]
    return joined(", ", (Message(f"{{0}} {UNITS[unit]}{'' if n == '1' else 's'}", n) for n, unit in parts))


def office_names_in(register: Register, lang: str, day: date) -> dict[str, str]:
    """Return the names of offices by actor on a day, in `lang` if there is one, else in English."""
    offices = ((actor, register.office(actor, day)) for actor in register.offices)
    return {actor: _name(office.names, lang) for actor, office in offices if office is not None and office.names}


def party_names_in(registry: Sequence[Entry], lang: str) -> dict[str, str]:
    """Return the names of States by their code, in `lang` if there is one, else in English."""
    found = (e for e in registry if e.kind == PARTY and e.held and e.role in KINDS[PARTY].signers and e.get("names"))
    return {str(e.get("party")): _name(e.public["names"], lang) for e in found}


def _name(names: Mapping[str, str], lang: str) -> str:
    return set_apart(names.get(lang) or names.get("en") or next(iter(names.values())), lang)
