"""Emergencies: declaration, oral requests, confirmation in writing, validation after the fact."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import AUTHORITIES, CASE_FILE, EX_POST
from ledger.facts.value_types import Actor, AttachedFile, Event, Instant, Numbered, Order, Text
from ledger.facts.vocabulary import Capacity, Channel


class EmergencyDeclared(Fact):
    """An emergency is declared."""

    basis = ("2AP:3(2)(c)", "2AP:9(3)(e)", "2AP:10(1)", "EPOC:3(18)", "EPOC:5(5)(g)")
    signers = ("ISS", "POC", "CAR")

    threat: Annotated[Literal["life", "physical-integrity", "safety", "critical-infrastructure"], "What is in danger."]

    emergency_reasons: Annotated[
        Text,
        SealedField(AUTHORITIES),
        "The facts that make it an emergency and how the data relate to it.",
    ]


class OralRequestMade(Fact):
    """The request is made by word of mouth."""

    basis = ("2AP:9(4)",)
    signers = ("POC",)

    spoke_to: Annotated[Actor, "Who took it."]
    confirmation_demanded: Annotated[bool, "The other side asks for it in writing."]

    note: Annotated[Text | None, SealedField(AUTHORITIES), "What was said."] = None


class RequestConfirmedInWriting(Fact):
    """The request is confirmed in writing: an oral one, or one sent by expedited means."""

    basis = ("2AP:9(4)", "BC:25(3)")
    signers = ("POC", "ISS")

    confirms: Annotated[Event, "The oral request, or the transmission by expedited means."]

    confirmation: Annotated[AttachedFile | None, SealedField(AUTHORITIES), "The confirmation."] = None


class DeterminationGiven(Fact):
    """The requested Party says whether it will execute, and on what conditions."""

    basis = ("2AP:9(6)", "2AP:10(4)")
    signers = ("POC", "CAQ")

    result: Annotated[Literal["yes", "yes-with-conditions", "no"], "The answer."]

    reasons: Annotated[Text | None, SealedField(AUTHORITIES), "Why."] = None


class EmergencyReassessed(Fact):
    """The emergency is looked at again."""

    basis = ("2AP:9", "EPOC:3(18)")
    signers = ("ISS", "POC", "NOT", "CAQ")

    outcome: Annotated[Literal["upheld", "ended", "downgraded"], "The outcome."]
    effective_at: Annotated[Instant, "From when the outcome counts."]
    known_false_at_declaration: Annotated[bool | None, "The declared facts were known to be untrue."] = None

    reasons: Annotated[Text | None, SealedField(AUTHORITIES), "Why."] = None


class ExPostValidationSought(Fact):
    """The issuing authority asks for validation after the fact."""

    basis = ("EPOC:4(5)",)
    signers = ("ISS",)
    shown_to = EX_POST

    asked_of: Annotated[Actor, "Who is asked."]

    main_order: Annotated[Order | None, SealedField(EX_POST), "The order it belongs to; the ledger fills it in."] = None
    not_obtainable_in_time: Annotated[bool | None, "Validation could not be obtained before the order was issued."] = (
        None
    )
    possible_in_domestic_case: Annotated[
        bool | None,
        "The authority could issue such an order without validation in a similar domestic case.",
    ] = None


class ExPostValidationGranted(Fact):
    """The validation is granted."""

    basis = ("EPOC:4(5)",)
    signers = ("VAL",)
    shown_to = EX_POST

    about: Annotated[Event, "The request for it."]
    capacity: Annotated[Capacity, "In which capacity the validator acts."]

    reasons: Annotated[Text | None, SealedField(CASE_FILE), "Why."] = None


class ExPostValidationRefused(Fact):
    """The validation is refused. The order must be withdrawn and the data deleted or restricted."""

    basis = ("EPOC:4(5)",)
    signers = ("VAL",)
    shown_to = EX_POST

    about: Annotated[Event, "The request for it."]
    capacity: Annotated[Capacity, "In which capacity the validator acts."]

    reasons: Annotated[Text | None, SealedField(CASE_FILE), "Why."] = None


class EmergencyRequestFormalised(Fact):
    """The request is sent again after execution, in the form the requested Party has declared."""

    basis = ("2AP:9(5)",)
    signers = ("ISS", "CAR", "POC")

    channel: Annotated[Channel, "By which channel."]
    reference: Annotated[Numbered | None, "Its reference."] = None
    new_order: Annotated[Order | None, "The formal request, if it is in this record."] = None
