"""The next step after an order without answer, and enforcement."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import ALL_SIDES, AUTHORITIES, CORRESPONDENTS
from ledger.facts.value_types import Actor, Element, Event, Instant, Language, Order, Text


class EscalatedToArticle8(Fact):
    """The issuing side turns to the other State under article 8."""

    basis = ("2AP:7(7)", "2AP:7(8)", "2AP:8")
    signers = ("ISS", "CAR")

    new_order: Annotated[Order, "The new order."]
    elements: Annotated[tuple[Element, ...] | None, "What is still wanted; without it, all."] = None

    attempt_summary: Annotated[Text | None, SealedField(AUTHORITIES), "What was tried."] = None


class EscalatedToMutualAssistance(Fact):
    """The issuing side turns to mutual assistance."""

    basis = ("2AP:7(7)", "BC:31")
    signers = ("ISS", "CAR")

    new_order: Annotated[Order | None, "The new request, if it is in this record."] = None
    treaty: Annotated[str | None, "The treaty relied on."] = None
    elements: Annotated[tuple[Element, ...] | None, "What is still wanted; without it, all."] = None

    attempt_summary: Annotated[Text | None, SealedField(AUTHORITIES), "What was tried."] = None


EnforcementPart = Literal["order", "non-execution-form", "other-documents"]


class EnforcementRequested(Fact):
    """The issuing authority asks the enforcing authority to enforce the order."""

    basis = ("EPOC:16(1)",)
    signers = ("ISS",)

    enforcing_authority: Annotated[Actor, "Who is asked."]

    reasons: Annotated[Text | None, SealedField(AUTHORITIES), "Why."] = None
    includes: Annotated[tuple[EnforcementPart, ...] | None, "What goes with it."] = None
    languages: Annotated[tuple[Language, ...] | None, "The languages of what goes with it, as two-letter codes."] = None
    addressee_informed: Annotated[bool | None, "The addressee was informed of the transfer."] = None


DenialGround = Literal[
    "EPOC:16(4)(a)",
    "EPOC:16(4)(b)",
    "EPOC:16(4)(c)",
    "EPOC:16(4)(d)",
    "EPOC:16(4)(e)",
    "EPOC:16(4)(f)",
    "EPOC:16(4)(g)",
    "EPOC:16(5)(a)",
    "EPOC:16(5)(b)",
    "EPOC:16(5)(c)",
    "EPOC:16(5)(d)",
    "EPOC:16(5)(e)",
    "EPOC:16(5)(f)",
]


class RecognitionDecided(Fact):
    """The enforcing authority recognises the order or declines to."""

    basis = ("EPOC:16(2)", "EPOC:16(6)", "EPOC:16(7)")
    signers = ("NOT",)

    decision: Annotated[Literal["recognised", "denied"], "The decision."]
    grounds: Annotated[tuple[DenialGround, ...] | None, "The grounds for denying it."] = None

    reasons: Annotated[Text | None, SealedField(ALL_SIDES), "Why."] = None
    issuer_consulted_first: Annotated[bool | None, "The issuing authority was consulted before a denial."] = None


ObjectionGround = Literal[
    "EPOC:16(4)(a)",
    "EPOC:16(4)(b)",
    "EPOC:16(4)(c)",
    "EPOC:16(4)(d)",
    "EPOC:16(4)(e)",
    "EPOC:16(4)(f)",
    "EPOC:16(5)(a)",
    "EPOC:16(5)(b)",
    "EPOC:16(5)(c)",
    "EPOC:16(5)(d)",
    "EPOC:16(5)(e)",
]


class AddresseeObjected(Fact):
    """The addressee objects to enforcement."""

    basis = ("EPOC:16(3)(a)",)
    signers = ("SP",)

    grounds: Annotated[tuple[ObjectionGround, ...], "The grounds."]

    reasons: Annotated[Text | None, SealedField(ALL_SIDES), "Why."] = None


DemandPart = Literal["possibility-to-object", "penalties"]


class ComplianceOrdered(Fact):
    """The enforcing authority formally requires the addressee to comply."""

    basis = ("EPOC:16(3)", "EPOC:16(6)")
    signers = ("NOT",)

    new_due: Annotated[Instant, "By when."]
    includes: Annotated[tuple[DemandPart, ...] | None, "What else the addressee is informed of."] = None


class DecisionNotified(Fact):
    """A decision is notified to those who must know it."""

    basis = ("EPOC:16(8)", "EPOC:17(8)", "EPOC:17(10)")
    signers = ("NOT", "ISS", "CT")

    about: Annotated[Event, "The decision."]
    recipients: Annotated[tuple[Actor, ...], "Who is notified."]


class PenaltyImposed(Fact):
    """The enforcing authority imposes a penalty on the addressee."""

    basis = ("EPOC:15(1)", "EPOC:16(10)")
    signers = ("NOT",)

    amount: Annotated[str | None, "Amount and currency code."] = None

    reasons: Annotated[Text | None, SealedField(CORRESPONDENTS), "Why."] = None
