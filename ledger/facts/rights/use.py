"""Use of data, their quality, and access to them."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import EVIDENCE, OVERSIGHT
from ledger.facts.value_types import Actor, Element, Event, Numbered, Order, Text
from ledger.facts.vocabulary import OFFICES, Purpose


class PurposeRecorded(Fact):
    """The purpose for which data are held is written down."""

    basis = ("2AP:14(2)(a)", "LED:4(1)(b)")
    signers = ("ISS", "RET", "SEEK")

    case_ref: Annotated[Numbered, "The case."]
    purpose_code: Annotated[Purpose, "The purpose."]


class UseRecorded(Fact):
    """Data are used in a case."""

    basis = ("2AP:14(8)", "LED:25(1)")
    signers = ("ISS", "RET", "SEEK", "LAB")

    case_ref: Annotated[Numbered, "The case in which they are used."]
    purpose_code: Annotated[Purpose, "What for."]
    elements: Annotated[tuple[Element, ...] | None, "What."] = None
    conditions_checked: Annotated[tuple[Event, ...] | None, "The conditions looked at before."] = None

    person: Annotated[str | None, SealedField(OVERSIGHT), "Who used them."] = None


class FurtherUseDecided(Fact):
    """Use in another case is allowed or refused."""

    basis = ("2AP:14(2)(a)", "LED:4(2)")
    signers = ("ISS", "RET", "CT")

    case_ref: Annotated[Numbered, "The other case."]
    decision: Annotated[Literal["allowed", "refused"], "The decision."]
    legal_basis: Annotated[str | None, "The provision."] = None

    reasons: Annotated[Text | None, SealedField(OVERSIGHT), "Why."] = None


class DataQualityNoted(Fact):
    """Something is noted about how reliable data are."""

    basis = ("2AP:14(3)", "LED:7")
    signers = ("ISS", "RET", "SP", "LAB")

    elements: Annotated[tuple[Element, ...], "Which data."]
    quality: Annotated[Literal["fact", "assessment", "inaccurate", "outdated", "incomplete"], "What is noted."]

    note: Annotated[Text | None, SealedField(EVIDENCE), "In words."] = None


SpecialCategory = Literal[
    "racial-or-ethnic-origin",
    "political-opinion",
    "religion-or-belief",
    "trade-union",
    "genetic",
    "biometric",
    "health",
    "sex-life",
]


class SensitiveDataFlagged(Fact):
    """Specially protected data are found."""

    basis = ("2AP:14(4)", "LED:10")
    signers = ("ISS", "RET", "LAB", "DPO")

    elements: Annotated[tuple[Element, ...], "Which data."]
    safeguard: Annotated[str | None, "The safeguard applied, by its identifier."] = None

    special_category: Annotated[SpecialCategory | None, SealedField(OVERSIGHT), "The kind."] = None


class IncorrectTransmissionNotified(Fact):
    """Recipients are told that data were wrong or should not have been sent."""

    basis = ("LED:7(3)",)
    signers = ("ISS", "RET", "SP", "CAQ", "NOT")

    about: Annotated[Event, "The disclosure concerned."]
    recipients: Annotated[tuple[Actor, ...], "Who is told."]
    error: Annotated[Literal["wrong", "unlawful", "incomplete"], "What was the matter."]


class AutomatedDecisionDeclared(Fact):
    """A decision rests on automated means alone."""

    basis = ("2AP:14(6)", "LED:11")
    signers = ("ISS", "RET", "DPO")

    legal_basis: Annotated[str, "The provision."]
    human_reviewer: Annotated[Actor, "Who reviews it."]


View = Literal["timeline", "docket", "custody", "dpo", "evidence-chain", "audit", "export"]


class RecordAccessed(Fact):
    """Somebody reads the record."""

    basis = ("LED:25(1)", "2AP:14(8)")
    signers = OFFICES

    view: Annotated[View, "What was read."]
    purpose_code: Annotated[Purpose, "What for."]
    orders: Annotated[tuple[Order, ...] | None, "The orders that were read."] = None

    justification: Annotated[Text | None, SealedField(OVERSIGHT), "Why."] = None
    person: Annotated[str | None, SealedField(OVERSIGHT), "Who."] = None
