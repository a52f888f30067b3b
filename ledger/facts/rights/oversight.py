"""Supervision, and public notices."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import AUTHORITIES, OVERSIGHT
from ledger.facts.value_types import AttachedFile, Date, Event, Party, Text


class NoticePublished(Fact):
    """A general notice is published for the persons concerned."""

    basis = ("2AP:14(11)(a)", "LED:13(1)")
    signers = ("ISS", "CAR", "DPO", "DPA14")

    document: Annotated[AttachedFile, "The notice."]
    valid_from: Annotated[Date, "From when it counts."]


class TransfersSuspended(Fact):
    """A Party suspends transfers to another Party."""

    basis = ("2AP:14(15)",)
    signers = ("CAR", "CAQ", "DPA14")

    from_party: Annotated[Party, "The Party that suspends."]
    to_party: Annotated[Party, "The Party that gets no data meanwhile."]
    provisional: Annotated[bool, "For urgency, before the consultation."]

    reasons: Annotated[Text | None, SealedField(AUTHORITIES), "Why."] = None


class SuspensionLifted(Fact):
    """The suspension ends."""

    basis = ("2AP:14(15)",)
    signers = ("CAR", "CAQ", "DPA14")

    about: Annotated[Event, "The suspension."]


class OversightInquiryOpened(Fact):
    """A supervisory authority opens an inquiry."""

    basis = ("2AP:14(14)", "LED:46")
    signers = ("SA",)

    subject: Annotated[Text | None, SealedField(OVERSIGHT), "What about."] = None


CorrectiveMeasure = Literal["erase", "restrict", "rectify", "inform-the-person", "stop-processing", "other"]


class CorrectiveMeasureOrdered(Fact):
    """A supervisory authority orders something to be put right."""

    basis = ("2AP:14(14)", "LED:47")
    signers = ("SA", "CT")

    about: Annotated[Event | None, "The inquiry."] = None
    measure: Annotated[CorrectiveMeasure, "What."]

    reasons: Annotated[Text | None, SealedField(OVERSIGHT), "Why."] = None
