"""The values of a letter to a person. HTML, PDF and JSON are made of them.

A letter has no findings, no codes and no commands. Its annex names the entries that it rests on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from projections.reports.front_page import Provenance

LetterKind = Literal["notice", "access", "erasure"]
Omission = Literal["", "grounds", "restriction"]
Paragraph = tuple[str, ...]  # its sentences


@dataclass(frozen=True, slots=True)
class LetterSection:
    """Hold one part of a letter: paragraphs, a list, and what is left to be filled in by hand."""

    title: str
    paragraphs: tuple[Paragraph, ...] = ()
    points: tuple[str, ...] = ()
    blanks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LetterSource:
    """Hold one entry that the letter rests on: its number, when it happened, and its sentence."""

    number: str
    on: datetime
    says: str


@dataclass(frozen=True, slots=True)
class MissingContent:
    """Hold a content that an act asks for and the record does not have, with its provisions and what to record."""

    says: str
    cite: tuple[str, ...]
    add: str


@dataclass(frozen=True, slots=True)
class Letter:
    """Hold a letter: who writes to whom, when, about what.

    `sender`, `addressee`, `reference` and `enclosures` are printed as they were stated. `sources` is empty
    where the letter may not say which order it is about. `answers` is the number of the request that it answers;
    `restricted`: something is withheld.
    """

    letter: LetterKind
    title: str
    making: Provenance
    sender: tuple[str, ...]
    addressee: tuple[str, ...]
    place: str
    date: str
    reference: str
    sections: tuple[LetterSection, ...]
    basis: str
    enclosures: tuple[str, ...]
    office: str
    sources: tuple[LetterSource, ...]
    missing: tuple[MissingContent, ...]
    answers: str
    restricted: bool
    languages: tuple[tuple[str, str], ...]
    subject: None = None


class LetterRefused(Exception):
    """The law does not allow this letter now; `hint` says what would change it."""

    def __init__(self, says: str, hint: str) -> None:
        self.says, self.hint = says, hint
        super().__init__(says)
