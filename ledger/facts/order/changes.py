"""Changes and explanations of an order, until it is closed."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import ALL_SIDES, AUTHORITIES
from ledger.facts.value_types import Actor, AttachedFile, Element, Event, Text
from ledger.facts.vocabulary import NonExecutionReason, ReceiptProof


class OrderReferredBack(Fact):
    """The addressee cannot execute the order as it stands and asks for clarification."""

    basis = ("EPOC:10(6)", "EPOC:11(5)", "2AP:7(4)(c)")
    signers = ("SP", "REG")

    reason_codes: Annotated[tuple[NonExecutionReason, ...], "Why."]
    data_preserved: Annotated[bool | None, "The data could be identified and preserved."] = None

    details: Annotated[Text | None, SealedField(ALL_SIDES), "In words."] = None


class FormReceived(Fact):
    """A form, or an order for enforcement, has arrived at the authority that it is for."""

    basis = ("EPOC:10(6)", "EPOC:11(5)", "EPOC:16(2)")
    signers = ("ISS", "CAR", "RET", "NOT")

    about: Annotated[Event, "The entry by which it was sent."]
    proof_kind: Annotated[ReceiptProof | None, "What the time of arrival rests on."] = None
    proof: Annotated[AttachedFile | None, "The proof itself."] = None


class AdditionalInformationRequested(Fact):
    """The addressee or an authority asks for more information."""

    basis = ("2AP:7(4)(c)", "2AP:7(5)(d)(i)", "2AP:8(3)(b)(vi)", "2AP:10(3)", "EPOC:16(7)")
    signers = ("SP", "REG", "NOT", "CAQ", "POC")

    asked_of: Annotated[Actor, "Who is asked."]
    asks_consent_to_share: Annotated[
        bool | None,
        "Whether consent to show the reply to the provider is asked for.",
    ] = None

    question: Annotated[Text | None, SealedField(AUTHORITIES), "The question."] = None


class AdditionalInformationProvided(Fact):
    """The issuing side answers a request for information."""

    basis = ("2AP:7(5)(d)(i)", "2AP:8(3)(b)(vi)", "2AP:10(3)", "EPOC:10(6)", "EPOC:16(7)")
    signers = ("RET", "ISS", "SEEK", "CAR", "POC")

    answers: Annotated[Event, "The request answered."]
    may_share_with_provider: Annotated[bool | None, "The provider may see the reply; without it, no."] = None

    reply: Annotated[Text | None, SealedField(AUTHORITIES), "The reply."] = None
    reply_document: Annotated[AttachedFile | None, SealedField(AUTHORITIES), "The reply as a document."] = None


class OrderCorrected(Fact):
    """The issuing authority corrects the order."""

    basis = ("EPOC:10(6)", "EPOC:11(5)")
    signers = ("ISS", "CAR")

    corrects: Annotated[Event, "The order or version corrected."]
    material: Annotated[bool, "The correction changes what must be done. Only then do clocks start again."]
    changed_fields: Annotated[tuple[str, ...], "The names of the fields corrected or supplied."]
    elements_sought: Annotated[tuple[Element, ...] | None, "The elements now sought, if they change."] = None

    changes: Annotated[Text | None, SealedField(ALL_SIDES), "What was wrong and what is right."] = None
    corrected_order: Annotated[AttachedFile | None, SealedField(ALL_SIDES), "The corrected order as served."] = None


AdaptationCause = Literal["ground-for-refusal", "condition", "provider-reasons", "own-motion"]


class OrderAdapted(Fact):
    """The issuing authority narrows the order."""

    basis = ("EPOC:10(5)", "EPOC:12(3)")
    signers = ("ISS",)

    adapts: Annotated[Event, "The order or version narrowed."]
    elements_sought: Annotated[tuple[Element, ...], "The elements that remain."]
    cause: Annotated[AdaptationCause | None, "What led to it."] = None

    reasons: Annotated[Text | None, SealedField(AUTHORITIES), "In words."] = None


class OrderMaintained(Fact):
    """The issuing authority stands by the order after an objection."""

    basis = ("EPOC:10(5)", "EPOC:10(8)", "EPOC:17(3)", "BC:29(6)")
    signers = ("ISS",)

    answers: Annotated[Event, "The objection or the reasons answered."]

    reasons: Annotated[Text | None, SealedField(ALL_SIDES), "Why."] = None


class ImpossibilityConcluded(Fact):
    """The issuing authority concludes that execution is impossible, and that the order need not be executed."""

    basis = ("EPOC:10(7)", "EPOC:11(6)")
    signers = ("ISS",)

    about: Annotated[Event | None, "The reasons of the addressee."] = None

    reasons: Annotated[Text | None, SealedField(ALL_SIDES), "Why."] = None


DataHandling = Literal["none-held", "delete", "restrict", "return", "keep"]
WithdrawalReason = Literal[
    "ground-for-refusal",
    "ex-post-validation-refused",
    "no-longer-needed",
    "obtained-otherwise",
    "issued-in-error",
    "person-found",
    "objection-accepted",
]


class OrderWithdrawn(Fact):
    """The issuing authority withdraws the order."""

    basis = ("EPOC:4(5)", "EPOC:10(9)", "EPOC:12(2)")
    signers = ("ISS", "CAR", "POC")

    data_handling: Annotated[DataHandling, "What is to happen to data already held."]

    reason: Annotated[
        WithdrawalReason | None,
        SealedField(AUTHORITIES, always=True),
        "Why. Never for the provider, who must not learn that a validation was pending.",
    ] = None
    reasons: Annotated[Text | None, SealedField(AUTHORITIES, always=True), "In words."] = None


class WithdrawalConfirmed(Fact):
    """The addressee confirms that the withdrawal has arrived."""

    basis = ("EPOC:10(9)", "EPOC:12(2)")
    signers = ("SP", "REG", "NOT", "CAQ", "POC")

    about: Annotated[Event, "The withdrawal."]
    stopped: Annotated[bool | None, "Execution was stopped, or had not begun."] = None


Ending = Literal["answered", "answered-in-part", "refused", "no-data", "withdrawn", "repudiated", "replaced"]


class OrderClosed(Fact):
    """The file is closed."""

    basis = ()
    signers = ("ISS", "RET", "CAR")

    outcome: Annotated[Ending, "How it ended."]
