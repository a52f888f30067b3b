"""What all letters read: the order as the person may know it, the office that writes, and the controller's words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.entries.case import Case, Entry
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.instruments import EUROPEAN
from projections.reports.entry_numbers import number
from projections.reports.front_page import Provenance
from projections.reports.letters.letter import LetterKind, LetterSource, MissingContent, Omission
from projections.reports.letters.provisions import PROVISIONS
from projections.reports.letters.wording import office_names_in, party_names_in
from projections.sentences.local_time import LocalTimes
from projections.views.controller_description import description

PERSON = "CUST"  # the reader of every letter


@dataclass(frozen=True, slots=True)
class LetterRequest:
    """Hold the wanted letter: which, from which office in which role, in which language, to whom, with what."""

    letter: LetterKind
    actor: str
    role: str
    lang: str = "en"
    addressee: tuple[str, ...] = ()
    enclosures: tuple[str, ...] = ()
    omit: Omission = ""


@dataclass
class LetterContext:
    """Hold what a letter is made of, and collect its sources and what it lacks.

    `case` holds only what the person may read (`ledger.bundle.audience.shown_to`), `reading` is of the same case. In a
    `concealed` letter nothing may show that there is an order: neither its act nor its issuing authority.
    """

    asked: LetterRequest
    case: Case
    reading: OrderReading
    making: Provenance
    concealed: bool = False
    answers: str = ""
    restricted: bool = False
    sources: dict[str, LetterSource] = field(default_factory=dict)
    missing: list[MissingContent] = field(default_factory=list)

    def __post_init__(self) -> None:
        registry = self.case.registry
        self.parties = party_names_in(registry, self.asked.lang)
        self.times = LocalTimes(self.reading.parties.days_of(self.sender_party).zone)
        issuer = None if self.issued is None else str(self.issued.get("issuing_authority") or self.issued.actor)
        of_whom = [self.asked.actor, *([issuer] if issuer and self.own_side and not self.concealed else [])]
        today = self.times.day(self.making.as_of)
        self.names = office_names_in(self.reading.register, self.asked.lang, today)
        self.description = description(registry, of_whom, self.asked.lang, today)

    @property
    def issued(self) -> Entry | None:
        """The newest version of the order."""
        return self.reading.order.issued

    @property
    def sender_party(self) -> str | None:
        """The Party of the office that writes."""
        return party_of(self.reading, self.asked.actor)

    @property
    def own_side(self) -> bool:
        """True if the office is of the issuing State, False for a provider or another State."""
        return self.asked.role not in ("SP", "REG") and self.sender_party == self.reading.parties.from_party

    @property
    def office(self) -> str:
        """The name of the office that writes."""
        return self.name(self.asked.actor)

    @property
    def controller(self) -> str:
        """The name of the office that is responsible: the one of the description, else the one that writes."""
        return self.office if self.description is None else self.name(self.description.get("controller"))

    @property
    def sender(self) -> tuple[str, ...]:
        """The head of the letter: the office that writes, the controller if that is another one, and its contact."""
        other = () if self.controller == self.office else (self.controller,)
        return (self.office, *other, *self.described("address"), *self.described("contact"))

    @property
    def regimes(self) -> frozenset[str]:
        """The acts whose rights the letter serves, from the instrument, the stated regime and the role."""
        if self.concealed:
            return frozenset({"LED" if self.own_side else "GDPR"})
        said = str(self.issued.get("dp_regime") or "") if self.issued is not None else ""
        stated = {act.strip().partition(":")[0] for act in said.split(",")}  # `LED`, `GDPR:6(1)(f)`
        european = self.case.instrument in EUROPEAN
        found = {
            "EPOC": european,
            "LED": self.own_side and (european or "LED" in stated),
            "GDPR": "GDPR" in stated or self.asked.role in ("SP", "REG"),
            "2AP": self.case.instrument.startswith("2AP"),
            "SCA": self.case.instrument in ("SCA", "COA"),
        }
        return frozenset(act for act, applies in found.items() if applies)

    def of(self, *kinds: str) -> tuple[Entry, ...]:
        """Return the effective entries of these kinds, without reports of what an office states itself."""
        entries, reliability = self.reading.entries.of(*kinds), self.reading.reliability
        return tuple(e for e in entries if not reliability.stated_by_its_office(e))

    def name(self, actor: object) -> str:
        """Return the name of an office or a State for people, in the language of the letter."""
        return (
            self.names.get(str(actor))
            or self.parties.get(str(actor))
            or (actor if isinstance(actor, str) else str(actor))
        )

    def rests_on(self, e: Entry, says: str) -> str:
        """Return a sentence, and list its entry in the annex."""
        self.sources.setdefault(e.leaf, LetterSource(number(e, self.case), e.on, says))
        return says

    def cited(self, content: str) -> tuple[str, ...]:
        """Return the provisions that require a content: of the acts that apply, or of all acts if none applies."""
        provisions = PROVISIONS[content][self.asked.letter]
        return tuple(cite for act, cite in provisions.items() if act in self.regimes) or tuple(provisions.values())

    def lacks(self, says: str, content: str, add: str) -> None:
        """Note a content that an act asks for and the record does not have."""
        self.missing.append(MissingContent(says, self.cited(content), add))

    def described(self, name: str) -> tuple[str, ...]:
        """Return what the controller's description states in a field, as lines; empty where it states nothing."""
        value = None if self.description is None else self.description.get(name)
        return () if not value else tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)

    def describes(self, field_name: str, says: str, content: str) -> tuple[str, ...]:
        """Return the same, and note the content as missing where the description states nothing."""
        if not (lines := self.described(field_name)):
            self.lacks(says, content, f"controller-described: {field_name}")
        return lines

    def sorted_sources(self) -> tuple[LetterSource, ...]:
        """Return the entries of the annex in the order in which they happened."""
        return tuple(sorted(self.sources.values(), key=lambda s: (s.on, s.number)))


def blank(lines: Iterable[str], label: str) -> tuple[str, ...]:
    """Return the label of a line to fill in by hand where there are no lines."""
    return () if tuple(lines) else (label,)


def party_of(reading: OrderReading, actor: str) -> str | None:
    """Return the Party of an office; the issuing Party for an office that the register does not know."""
    office = reading.register.office(actor)
    return office.party if office else reading.parties.from_party
