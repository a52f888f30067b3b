"""Requests of the person concerned, and the answers."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import EVIDENCE, OVERSIGHT, PERSON_CONCERNED, TRIAL
from ledger.facts.value_types import AttachedFile, Event, Party, Text


class AccessRequested(Fact):
    """A person asks what is held about them."""

    basis = ("2AP:14(12)(a)(i)", "LED:14", "GDPR:15")
    signers = ("ISS", "RET", "SP", "DPO", "DEF")

    request: Annotated[AttachedFile | None, SealedField(PERSON_CONCERNED), "The request."] = None


AccessPart = Literal["copy", "legal-basis", "purpose", "retention", "recipients", "redress"]


class AccessGranted(Fact):
    """Access is given."""

    basis = ("2AP:14(12)(a)(i)", "LED:14")
    signers = ("ISS", "RET", "SP", "DPO")

    answers: Annotated[Event, "The request."]
    includes: Annotated[tuple[AccessPart, ...] | None, "What is given."] = None


AccessRestrictionGround = Literal[
    "LED:15(1)(a)", "LED:15(1)(b)", "LED:15(1)(c)", "LED:15(1)(d)", "LED:15(1)(e)", "2AP:14(12)(a)(i)"
]


class AccessRestricted(Fact):
    """Access is refused or limited."""

    basis = ("2AP:14(12)(b)", "LED:15")
    signers = ("ISS", "RET", "SP", "DPO")

    answers: Annotated[Event, "The request."]
    grounds: Annotated[tuple[AccessRestrictionGround, ...], "On which ground."]
    redress_info: Annotated[bool, "The person is told how to seek redress."]

    reasons: Annotated[
        Text | None,
        SealedField(OVERSIGHT),
        "Factual and legal reasons, for the supervisory authority.",
    ] = None


class RectificationRequested(Fact):
    """A person asks for data to be put right."""

    basis = ("2AP:14(12)(a)(ii)", "LED:16(1)")
    signers = ("ISS", "RET", "SP", "DPO", "DEF")

    about: Annotated[Event | None, "The entry concerned."] = None

    request: Annotated[AttachedFile | None, SealedField(PERSON_CONCERNED), "The request."] = None


RectificationMode = Literal["correction", "supplementation", "erasure", "anonymisation", "restriction", "blocking"]


class RectificationMade(Fact):
    """Data are put right. The old entry stays."""

    basis = ("2AP:14(12)(a)(ii)", "LED:16(1)")
    signers = ("ISS", "RET", "SP", "DPO", "LAB")

    about: Annotated[Event, "The entry concerned."]
    mode: Annotated[RectificationMode, "How."]

    correction: Annotated[Text | None, SealedField(PERSON_CONCERNED), "What is right."] = None


class RectificationRefused(Fact):
    """Data are not put right."""

    basis = ("2AP:14(12)(b)", "LED:16(4)")
    signers = ("ISS", "RET", "SP", "DPO")

    answers: Annotated[Event, "The request."]
    redress_info: Annotated[bool, "The person is told how to seek redress."]

    reasons: Annotated[Text | None, SealedField(PERSON_CONCERNED), "Why."] = None


class SupplementaryStatementAdded(Fact):
    """Somebody adds a statement to an earlier entry. Both are shown."""

    basis = ("LED:16(1)", "2AP:14(12)(a)(ii)")
    signers = ("ISS", "RET", "SP", "REG", "NOT", "CAQ", "POC", "DPO", "DEF", "LAB")

    about: Annotated[Event, "The entry concerned."]

    statement: Annotated[Text | None, SealedField(EVIDENCE), "The statement."] = None


class ErasureRequested(Fact):
    """A person asks for data to be erased."""

    basis = ("LED:16(2)", "GDPR:17")
    signers = ("ISS", "RET", "SP", "DPO", "DEF")

    request: Annotated[AttachedFile | None, SealedField(PERSON_CONCERNED), "The request."] = None


class ErasureDecided(Fact):
    """The request to erase is decided."""

    basis = ("LED:16(2)", "LED:16(3)(b)", "GDPR:17(3)")
    signers = ("ISS", "RET", "SP", "DPO")

    answers: Annotated[Event, "The request."]
    decision: Annotated[Literal["erased", "refused", "restricted-instead"], "The decision."]

    reasons: Annotated[Text | None, SealedField(PERSON_CONCERNED), "Why."] = None


ExtensionGround = Literal["complexity", "number-of-requests"]


class ReplyPeriodExtended(Fact):
    """The time for the answer to a request of a person is extended, and the person is informed."""

    basis = ("GDPR:12(3)",)
    signers = ("ISS", "RET", "SP", "REG", "DPO")

    about: Annotated[Event, "The request."]
    grounds: Annotated[tuple[ExtensionGround, ...], "On which ground."]

    reasons: Annotated[Text | None, SealedField(PERSON_CONCERNED), "The reasons for the delay."] = None


class RemedySought(Fact):
    """A person seeks a remedy."""

    basis = ("2AP:14(13)", "EPOC:18")
    signers = ("CT", "DEF", "ISS")

    forum: Annotated[Literal["court", "supervisory-authority", "other"], "Where."]

    claim: Annotated[Text | None, SealedField(TRIAL), "What is claimed."] = None

    in_party: Annotated[Party | None, "The State in which it is sought."] = None


class RemedyDecided(Fact):
    """The remedy is decided."""

    basis = ("2AP:14(13)", "EPOC:18")
    signers = ("CT", "SA")

    about: Annotated[Event, "The remedy sought."]
    decision: Annotated[Literal["granted", "granted-in-part", "refused"], "The decision."]

    reasons: Annotated[Text | None, SealedField(TRIAL), "Why."] = None
