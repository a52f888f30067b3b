"""Letters to a person of invented orders, as values: `written(...)`, and their words."""

from __future__ import annotations

from typing import Any

from ledger.entries.case import Case
from projections.reports.front_page import IntegrityResult, Provenance
from projections.reports.letters.context import LetterRequest
from projections.reports.letters.letter import Letter, LetterKind, Omission
from projections.reports.letters.make import letter
from tests.support.scenarios import OFFICES, PARTIES, Fact, Office, Party, case, fact, issued, moment

NAMED = {
    **OFFICES,
    "ilves": Office("XO", ("ISS", "VAL"), name="Prosecutor's Office Karsk"),
    "orn": Office("XO", ("RET",), name="Cyber Unit Karsk"),
    "lab": Office("XO", ("LAB",), name="Karsk Forensic Laboratory"),
    "skylark": Office("XV", ("SP",), name="Skylark Mail AS"),
}
OSLO = {**PARTIES, "XO": Party("Europe/Oslo")}
ISSUED = issued("2027-03-01T09:00Z", domestic_legal_grounds=["Code of Criminal Procedure, s. 88"], dp_regime="LED")


def described(**fields: Any) -> Fact:
    """Return the description of the controller, whole unless a field is given as None."""
    whole: dict[str, Any] = {
        "controller": "ilves",
        "language": "en",
        "valid_from": "2027-01-01",
        "address": ["Court Square 1", "1000 Karsk"],
        "contact": "data@karsk.example",
        "place": "Karsk",
        "dpo_contact": "dpo@karsk.example",
        "supervisory_authority": "Data Protection Authority of Orsinia",
        "supervisory_contact": "complaints@dpa.example",
        "court": "District Court of Karsk, within one month",
        "purposes": ["the prosecution of criminal offences"],
        "legal_bases": ["Data Protection Act, s. 12"],
        "periods": ["until the proceedings end"],
        "safeguards": ["article 14 of CETS 224"],
        **fields,
    }
    stated = {name: value for name, value in whole.items() if value is not None}
    return fact("controller-described", "2027-02-01T09:00Z", "registrar", "ADM", label="controller", **stated)


def written(
    kind: LetterKind,
    *facts: Fact,
    at: str = "2027-09-01T08:00Z",
    instrument: str = "2AP-7",
    actor: str = "ilves",
    role: str = "ISS",
    omit: Omission = "",
    register: tuple[Fact, ...] = (described(),),
    order: Fact = ISSUED,
    enclosures: tuple[str, ...] = (),
    lang: str = "en",
) -> Letter:
    """Return a letter on an order from Oslo's zone, of the issuing authority unless another office writes."""
    made = written_about(*facts, instrument=instrument, register=register, order=order)
    making = Provenance(moment(at), "comity", "rules", None, IntegrityResult("INDETERMINATE", "", (), ()))
    return letter(LetterRequest(kind, actor, role, lang, (), enclosures, omit), made.known(moment(at)), making)


def written_about(
    *facts: Fact, instrument: str = "2AP-7", register: tuple[Fact, ...] = (described(),), order: Fact = ISSUED
) -> Case:
    """Return the order on which a letter is written."""
    return case((order, *facts), instrument, parties=OSLO, offices=NAMED, register=register)


def words(made: Letter) -> str:
    """Return every sentence of a letter, and its lists."""
    lines = [made.title, *made.sender, made.place, made.date, made.reference]
    for s in made.sections:
        lines += [s.title, *(" ".join(p) for p in s.paragraphs), *s.points, *s.blanks]
    return "\n".join((*lines, made.basis, *made.enclosures, *(s.says for s in made.sources)))


def section(made: Letter, title: str) -> str:
    """Return the words of one section."""
    s = next(s for s in made.sections if s.title == title)
    return "\n".join((*(" ".join(p) for p in s.paragraphs), *s.points, *s.blanks))
