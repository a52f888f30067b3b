"""Preservation of data, before or during an order for them."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import ALL_SIDES_AND_OVERSIGHT, AUTHORITIES, CORRESPONDENTS, EVIDENCE_AND_OVERSIGHT
from ledger.facts.value_types import DataManifest, Date, Duration, Element, Numbered, Order, State, Text
from ledger.facts.vocabulary import AssistanceGround, NonExecutionReason


class PreservationRequested(Fact):
    """Somebody asks that data be kept, beside or before an order for them."""

    basis = ("BC:16", "BC:29", "EPOC:10(1)", "SCA:2703(f)")
    signers = ("ISS", "CAR", "POC")

    elements: Annotated[tuple[Element, ...] | None, "What is to be kept."] = None
    period: Annotated[Duration | None, "For how long."] = None
    preservation_ref: Annotated[str | None, "The reference given to it."] = None

    identifiers: Annotated[
        tuple[str, ...] | None,
        SealedField(ALL_SIDES_AND_OVERSIGHT),
        "The account, address or other identifier.",
    ] = None


class PreservationConfirmed(Fact):
    """The data are being kept."""

    basis = ("BC:16(1)", "BC:29(3)", "EPOC:11(1)")
    signers = ("SP", "REG", "CAQ", "POC")

    elements: Annotated[tuple[Element, ...] | None, "What is kept."] = None
    until: Annotated[Date | None, "Until when, as the keeper reckons it."] = None
    preservation_ref: Annotated[str | None, "The reference given to it."] = None


# The grounds of a Party that refuses assistance, and the reasons of an addressee under a European order.
KeepingGround = Literal[AssistanceGround, NonExecutionReason]


class PreservationRefused(Fact):
    """The data are not, or cannot be, kept."""

    basis = ("BC:29(5)", "EPOC:11(4)", "EPOC:11(6)", "EPOC:11(7)")
    signers = ("SP", "REG", "CAQ", "POC")

    ground: Annotated[KeepingGround, "The ground. Of a European order, a reason of the form of annex III."]

    reasons: Annotated[Text | None, SealedField(CORRESPONDENTS), "Why."] = None


PreservationRisk = Literal["availability", "confidentiality", "investigation"]


class PreservationRiskReported(Fact):
    """The requested Party says that preservation will not secure the data, or will harm the investigation."""

    basis = ("BC:29(6)",)
    signers = ("CAQ", "POC")

    risk: Annotated[PreservationRisk, "What is at risk."]

    reasons: Annotated[Text | None, SealedField(AUTHORITIES), "Why."] = None


class PreservationExtended(Fact):
    """The keeping period is lengthened."""

    basis = ("EPOC:11(1)", "BC:16(2)", "SCA:2703(f)")
    signers = ("ISS", "CAR", "POC")

    extends_by: Annotated[Duration, "By how much."]

    reasons: Annotated[Text | None, SealedField(AUTHORITIES), "Why."] = None


class ProductionRequestConfirmed(Fact):
    """The issuing side confirms that an order or request for the kept data has been made."""

    basis = ("EPOC:11(1)", "EPOC:11(2)", "BC:29(7)")
    signers = ("ISS", "CAR", "POC")

    production_kind: Annotated[Literal["EPOC", "EIO", "MLA", "2AP-8", "domestic"], "What was made."]
    new_order: Annotated[Order | None, "The order, if it is in this record."] = None
    reference: Annotated[Numbered | None, "Its reference."] = None


CeasingCause = Literal["period-ended", "produced", "withdrawn", "refused", "released-by-issuer", "exempt"]


class PreservationCeased(Fact):
    """The data are no longer kept."""

    basis = ("EPOC:11(3)", "BC:29(7)")
    signers = ("SP", "REG", "CAQ", "ISS")

    cause: Annotated[CeasingCause, "Why."]


ReleaseCause = Literal["no-longer-needed", "obtained-otherwise", "enforcement-denied", "order-lifted", "other"]


class PreservationReleased(Fact):
    """An authority tells the addressee that the data need no longer be produced or kept."""

    basis = ("EPOC:10(9)", "EPOC:11(3)")
    signers = ("ISS", "NOT")

    cause: Annotated[ReleaseCause | None, "Why."] = None


class TrafficDataPartiallyDisclosed(Fact):
    """Enough traffic data are disclosed to find another provider in the path."""

    basis = ("BC:17", "BC:30")
    signers = ("SP", "CAQ")

    other_provider_party: Annotated[State | None, "Where that provider is."] = None

    path: Annotated[Text | None, SealedField(AUTHORITIES), "The path and the provider."] = None
    manifest: Annotated[DataManifest | None, SealedField(EVIDENCE_AND_OVERSIGHT), "What was handed over."] = None
