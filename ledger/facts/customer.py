"""Notice to the person concerned, its delay and its omission."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import ALL_SIDES, CASE_FILE, CORRESPONDENTS, PERSON_CONCERNED
from ledger.facts.value_types import Actor, AttachedFile, Date, Event, Text
from ledger.facts.vocabulary import NoticeChannel, RestrictionGround


class ConfidentialityRequested(Fact):
    """The issuing side asks that the customer not be told."""

    basis = ("2AP:7(4)(f)", "2AP:8(3)(c)", "BC:27(8)")
    signers = ("ISS", "CAR", "POC")

    until: Annotated[Date | None, "Until when."] = None

    reasons: Annotated[Text | None, SealedField(ALL_SIDES), "Why."] = None


class ConfidentialityOrdered(Fact):
    """A court or the law of the provider forbids telling the customer."""

    basis = ("SCA:2705(b)", "BC:16(3)")
    signers = ("CT", "NOT", "ISS")

    confidentiality_basis: Annotated[Literal["court-order", "provider-law"], "What the prohibition rests on."]
    until: Annotated[Date | None, "Until when."] = None

    reasons: Annotated[Text | None, SealedField(ALL_SIDES), "Why."] = None


class CustomerNotificationDelayed(Fact):
    """Telling the person is put off."""

    basis = ("EPOC:13(2)", "LED:13(3)", "2AP:14(11)(b)", "SCA:2705(a)")
    signers = ("ISS", "RET", "CT")

    grounds: Annotated[tuple[RestrictionGround, ...] | None, "On which ground."] = None
    review_on: Annotated[Date, "When the ground is looked at again."]

    reasons: Annotated[Text | None, SealedField(CASE_FILE), "The reasons kept in the case file."] = None


class CustomerNotificationDelayExtended(Fact):
    """The delay is prolonged."""

    basis = ("EPOC:13(2)", "LED:13(3)", "2AP:14(11)(b)", "SCA:2705(a)")
    signers = ("ISS", "RET", "CT")

    about: Annotated[Event, "The delay."]
    grounds: Annotated[tuple[RestrictionGround, ...] | None, "On which ground, now."] = None
    reassessed: Annotated[bool, "The ground was examined afresh."]
    review_on: Annotated[Date, "When it is looked at again."]

    reasons: Annotated[Text | None, SealedField(CASE_FILE), "The reasons kept in the case file."] = None


class CustomerNotificationOmitted(Fact):
    """The person will not be told."""

    basis = ("EPOC:13(2)", "LED:13(3)")
    signers = ("ISS", "RET", "CT")

    grounds: Annotated[tuple[RestrictionGround, ...] | None, "On which ground."] = None

    reasons: Annotated[Text | None, SealedField(CASE_FILE), "The reasons kept in the case file."] = None


class CustomerNotificationDelayLifted(Fact):
    """The reason for the delay is gone. The person is now to be told."""

    basis = ("EPOC:13(2)", "LED:13(3)", "2AP:14(11)(c)")
    signers = ("ISS", "RET", "CT")

    about: Annotated[Event, "The delay."]


NoticePart = Literal[
    "legal-basis", "purpose", "data-categories", "retention", "recipients", "access-and-rectification", "remedies"
]


class CustomerNotified(Fact):
    """The person whose data were sought is told."""

    basis = ("EPOC:13(1)", "EPOC:13(3)", "2AP:14(11)(a)", "LED:13")
    signers = ("ISS", "RET", "SP", "REG")

    channel: Annotated[NoticeChannel, "How."]
    includes: Annotated[tuple[NoticePart, ...] | None, "What the person is told."] = None
    policy_ref: Annotated[str | None, "The provider's published policy under which it gives notice."] = None

    notice: Annotated[AttachedFile | None, SealedField(PERSON_CONCERNED), "The notice."] = None


class CustomerNotifiedContraryToConfidentiality(Fact):
    """The provider told the customer although it was not to."""

    basis = ("2AP:7(4)(f)", "EPOC:13(4)", "SCA:2705(b)")
    signers = ("SP", "REG", "ISS")

    about: Annotated[Event | None, "The request or order of confidentiality."] = None
    admitted: Annotated[bool, "The provider says so itself."]

    details: Annotated[Text | None, SealedField(CORRESPONDENTS), "What happened."] = None


class NoticeRequirementCommunicated(Fact):
    """The transferring Party says that its law requires the person to be told."""

    basis = ("2AP:14(11)(c)",)
    signers = ("CAQ", "NOT", "DPA14", "POC")

    contact: Annotated[Actor, "Whom to ask."]
    legal_basis: Annotated[str | None, "The provision."] = None


class RestrictionStatusAsked(Fact):
    """The transferring Party asks whether telling the person is still barred."""

    basis = ("2AP:14(11)(c)",)
    signers = ("CAQ", "NOT", "DPA14", "POC")

    about: Annotated[Event | None, "The communication of the requirement."] = None


class RestrictionStatusAnswered(Fact):
    """The receiving Party answers."""

    basis = ("2AP:14(11)(c)",)
    signers = ("ISS", "RET", "CAR")

    answers: Annotated[Event, "The question."]
    still_restricted: Annotated[bool, "Telling the person is still barred."]
    until: Annotated[Date | None, "Until when."] = None


class ControllerInformed(Fact):
    """The processor informs the controller about the production of data."""

    basis = ("EPOC:5(7)",)
    signers = ("SP",)

    controller: Annotated[Text | None, SealedField(CORRESPONDENTS), "The controller."] = None
