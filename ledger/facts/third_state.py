"""The authorities of the other State: notification, consultation, instructions, refusal, conditions."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import ALL_SIDES, AUTHORITIES, CONDITION, CORRESPONDENTS, INSTRUCTION
from ledger.facts.value_types import Actor, AttachedFile, Date, Element, Event, PastInstant, Text
from ledger.facts.vocabulary import AssistanceGround, Circumstance, ReceiptProof

NotificationPart = Literal[
    "order", "supplemental-information", "summary-of-facts", "necessity-grounds", "additional-information"
]


class NotificationSent(Fact):
    """The authority of the provider's State is told of the order."""

    basis = ("2AP:7(5)(a)", "EPOC:8(1)")
    signers = ("ISS", "CAR")

    notified_authority: Annotated[Actor, "Who is told."]
    includes: Annotated[tuple[NotificationPart, ...] | None, "What goes with it."] = None
    about: Annotated[Event | None, "The version notified; without it, the order as issued."] = None


class NotificationReceived(Fact):
    """The notified authority has the notification."""

    basis = ("2AP:7(5)(a)", "EPOC:12(1)")
    signers = ("NOT",)

    proof_kind: Annotated[ReceiptProof | None, "What the time of arrival rests on."] = None
    proof: Annotated[AttachedFile | None, "The proof itself."] = None


ConsultationTopic = Literal[
    "before-disclosure", "no-disclosure", "late-instruction", "improper-implementation", "suspension", "other"
]


class ConsultationOpened(Fact):
    """Somebody consults an authority before going on."""

    basis = ("2AP:7(5)(b)", "2AP:6(5)", "2AP:14(9)(c)", "2AP:14(15)")
    signers = ("SP", "REG", "ISS", "CAR", "NOT", "CAQ")

    consulted: Annotated[Actor, "Who is consulted."]
    topic: Annotated[ConsultationTopic | None, "What about."] = None

    circumstances: Annotated[
        tuple[Circumstance, ...] | None,
        SealedField(ALL_SIDES, always=True),
        "The declared circumstances that call for it.",
    ] = None
    question: Annotated[Text | None, SealedField(CORRESPONDENTS), "In words."] = None


class ConsultationConcluded(Fact):
    """The consultation ends."""

    basis = ("2AP:7(5)(b)", "2AP:6(5)")
    signers = ("NOT", "CAQ", "ISS", "CAR")

    about: Annotated[Event, "The consultation."]
    outcome: Annotated[Literal["may-disclose", "instruction-follows", "agreed", "no-agreement"], "The outcome."]

    reasons: Annotated[Text | None, SealedField(CORRESPONDENTS), "Why."] = None


class NoGroundConfirmed(Fact):
    """The enforcing authority confirms that it raises no ground for refusal. The provider may answer at once."""

    basis = ("EPOC:10(2)",)
    signers = ("NOT",)

    about: Annotated[Event | None, "The notification."] = None


class NonDisclosureInstructed(Fact):
    """The notified authority instructs the provider not to disclose."""

    basis = ("2AP:7(5)(c)",)
    signers = ("NOT",)

    ground: Annotated[Literal["G-7-i", "G-7-ii-a", "G-7-ii-b", "G-7-ii-c", "other"], "The ground."]
    scope: Annotated[Literal["all", "part"], "Whether all data are covered."]
    elements: Annotated[tuple[Element, ...] | None, "The elements covered, if only a part."] = None

    reasons: Annotated[Text | None, SealedField(INSTRUCTION), "Why. For the issuing side, not for the provider."] = None


class InstructionReasonsGiven(Fact):
    """The notified authority tells the contact authority of its instruction, with reasons."""

    basis = ("2AP:7(5)(d)(ii)",)
    signers = ("NOT",)

    about: Annotated[Event, "The instruction."]

    reasons: Annotated[Text, SealedField(INSTRUCTION), "The reasons."]


class InstructionLifted(Fact):
    """The notified authority takes its instruction back."""

    basis = ("2AP:7(5)(c)",)
    signers = ("NOT",)

    about: Annotated[Event, "The instruction."]

    reasons: Annotated[Text | None, SealedField(INSTRUCTION), "Why."] = None


RefusalGround = Literal["EPOC:12(1)(a)", "EPOC:12(1)(b)", "EPOC:12(1)(c)", "EPOC:12(1)(d)"]
RefusalScope = Literal["all", "part", "conditions"]


class GroundForRefusalRaised(Fact):
    """The enforcing authority raises a ground for refusal."""

    basis = ("EPOC:12(1)", "EPOC:12(4)", "EPOC:10(4)")
    signers = ("NOT",)

    grounds: Annotated[tuple[RefusalGround, ...], "The grounds."]
    scope: Annotated[RefusalScope, "Whether it bars all data, a part, or only unconditional use."]
    elements: Annotated[tuple[Element, ...] | None, "The elements barred, if only a part."] = None
    issuer_contacted_first: Annotated[bool | None, "The issuing authority was contacted before."] = None

    reasons: Annotated[Text | None, SealedField(AUTHORITIES), "Why."] = None


PowerHolder = Literal["enforcing-state", "other-member-state", "third-country", "international-organisation"]


class WaiverRequested(Fact):
    """The waiver of an immunity or a privilege is asked for."""

    basis = ("EPOC:12(5)",)
    signers = ("ISS", "NOT")

    holder: Annotated[PowerHolder, "Whose authority has the power to waive it."]
    asked_of: Annotated[Actor | None, "Who is asked."] = None

    reasons: Annotated[Text | None, SealedField(AUTHORITIES), "Why."] = None


class WaiverDecided(Fact):
    """The authority with the power waives the immunity or the privilege, or does not."""

    basis = ("EPOC:12(5)",)
    signers = ("NOT", "CAQ", "POC", "ISS")

    about: Annotated[Event | None, "The request for it."] = None
    decision: Annotated[Literal["waived", "not-waived"], "The decision."]

    reasons: Annotated[Text | None, SealedField(AUTHORITIES), "Why."] = None


ConditionCode = Literal["this-case-only", "confidentiality", "sources-protected", "handling", "other"]


class ConditionImposed(Fact):
    """The other State allows use only under a condition."""

    basis = ("2AP:8(8)", "2AP:9(6)", "2AP:14(2)(a)", "BC:28(2)", "EPOC:12(4)")
    signers = ("NOT", "CAQ", "POC")

    condition_code: Annotated[ConditionCode, "The kind of condition."]
    elements: Annotated[tuple[Element, ...] | None, "The elements bound by it; without it, all."] = None

    condition: Annotated[Text | None, SealedField(CONDITION), "The condition in words."] = None
    explanation_required: Annotated[bool | None, "The issuing side must explain the use that it makes of the data."] = (
        None
    )


class ConditionAccepted(Fact):
    """The issuing side accepts the condition and is bound by it."""

    basis = ("2AP:8(9)", "2AP:9(7)", "BC:28", "EPOC:12(4)")
    signers = ("ISS", "CAR", "POC")

    about: Annotated[Event, "The condition."]


class ConditionDeclined(Fact):
    """The issuing side cannot comply with the condition."""

    basis = ("2AP:8(9)", "2AP:9(7)")
    signers = ("ISS", "CAR", "POC")

    about: Annotated[Event, "The condition."]

    reasons: Annotated[Text | None, SealedField(CONDITION), "Why."] = None


class UseExplained(Fact):
    """The issuing side explains how it used the data."""

    basis = ("2AP:8(9)(b)", "2AP:9(7)", "BC:28(4)")
    signers = ("ISS", "CAR", "RET")

    about: Annotated[Event | None, "The condition under which the explanation is owed."] = None

    explanation: Annotated[Text | None, SealedField(CONDITION), "The explanation."] = None


class RequestAccepted(Fact):
    """The requested Party has all it needs and takes the request on."""

    basis = ("2AP:8(6)(a)", "BC:31")
    signers = ("CAQ",)

    complete_at: Annotated[PastInstant, "When the last piece of the required information arrived."]


class ExecutionPostponed(Fact):
    """The requested Party puts execution off."""

    basis = ("2AP:8(8)", "BC:27(5)")
    signers = ("CAQ", "POC")

    until: Annotated[Date | None, "Until when."] = None

    reasons: Annotated[Text | None, SealedField(AUTHORITIES), "Why."] = None


class RequestRefused(Fact):
    """The requested Party refuses."""

    basis = ("2AP:8(8)", "BC:25(4)", "BC:27(4)", "BC:29(5)", "BC:30(2)")
    signers = ("CAQ", "POC")

    ground: Annotated[AssistanceGround, "The ground."]

    reasons: Annotated[Text | None, SealedField(AUTHORITIES), "Why."] = None
