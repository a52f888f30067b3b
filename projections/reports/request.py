"""Who asked whom for what, in words for papers: names of States and offices, and what was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ledger.entries.case import Case, Entry
from ledger.facts.words.data import ELEMENT_WORDS
from ledger.facts.words.shared import CATEGORIES
from ledger.messages import Message, coded
from projections.sentences.names import territory
from projections.sentences.quotation import set_apart


@dataclass(frozen=True, slots=True)
class StateName:
    """Hold a Party by its code and its name in English; `own` are its registered names as (language, name)."""

    code: str
    name: str
    own: tuple[tuple[str, str], ...] = ()

    def called(self, lang: str) -> str:
        """Return the name in a language: as registered, else of the CLDR, else in English."""
        return dict(self.own).get(lang) or territory(self.code, lang) or self.name


@dataclass(frozen=True, slots=True)
class Request:
    """Hold who asked whom for what. Offices by their registered names; None or empty where no entry says it.

    `case_number` is the number of the proceeding, `reference` the order's own number. An element is its words, and
    of which account or device it is where the order says so.
    """

    case_number: str | None
    reference: str | None
    authority: str | None
    from_state: StateName | None
    addressees: tuple[str, ...]
    to_state: StateName | None
    asked_for: tuple[str, ...]
    elements: tuple[tuple[str, ...], ...]

    @property
    def called(self) -> str | None:
        """Return what people call the order: the number of its case, else its own number; None without either."""
        return self.case_number or self.reference


def request(case: Case, names: Mapping[str, str]) -> Request:
    """Return who asked whom for what by the newest version of an order; `names` are those of offices, by actor."""
    issued = next((e for e in reversed(case.issued) if e.order == case.order), None)
    if issued is None:
        return Request(None, None, None, None, (), None, (), ())
    sent = (e.get("addressee") for e in case.acting if e.kind == "order-transmitted")
    addressees = issued.get("providers") or [actor for actor in dict.fromkeys(sent) if actor]
    authority = issued.get("issuing_authority") or issued.actor
    return Request(
        case_number=issued.get("case_ref"),
        reference=issued.get("reference"),
        authority=names.get(authority, authority),
        from_state=state(issued.get("from_party"), case.registry),
        addressees=tuple(names.get(actor, actor) for actor in addressees),
        to_state=state(issued.get("to_party"), case.registry),
        asked_for=tuple(coded(c, CATEGORIES.words) for c in issued.get("data_categories") or ()),
        elements=tuple(element(e) for e in issued.get("elements_sought") or ()),
    )


def element(code: str) -> tuple[str, ...]:
    element, *which = code.split("#", 1)
    return Message(ELEMENT_WORDS[element]) if element in ELEMENT_WORDS else element, *which


def state(code: str | None, registry: Iterable[Entry]) -> StateName | None:
    """Return a Party with its names; a Party without a registered name that is no State is `Party XO`."""
    if code is None:
        return None
    own: dict[str, str] = {}
    for e in registry:
        if e.kind == "party-registered" and e.get("party") == code:
            own |= {lang: set_apart(name, lang) for lang, name in (e.get("names") or {}).items()}
    name = own.get("en") or territory(code, "en") or next(iter(own.values()), Message("Party {0}", code))
    return StateName(code, name, tuple(own.items()))
