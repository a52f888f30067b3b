"""Security incidents: detection, assessment, notification."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import OVERSIGHT
from ledger.facts.value_types import Actor, Date, Event, PastInstant, Text
from ledger.facts.vocabulary import NoticeChannel, RestrictionGround

IncidentKind = Literal["misdirected", "unauthorised-access", "loss", "alteration", "forged-order", "other"]
IncidentRegime = Literal["GDPR:33", "LED:30", "2AP:14(7)"]


class SecurityIncidentDetected(Fact):
    """A security incident comes to light."""

    basis = ("2AP:14(7)(b)", "LED:30", "GDPR:33")
    signers = ("ISS", "RET", "SP", "REG", "CAQ", "POC", "LAB", "DPO")

    aware_at: Annotated[PastInstant, "When the controller became aware."]
    incident_kind: Annotated[IncidentKind, "What kind."]
    regime: Annotated[IncidentRegime | None, "The regime under which it must be reported."] = None

    description: Annotated[Text | None, SealedField(OVERSIGHT), "What happened."] = None


class IncidentAssessed(Fact):
    """Likelihood and scale of harm are assessed."""

    basis = ("2AP:14(7)(b)", "LED:30")
    signers = ("ISS", "RET", "SP", "REG", "CAQ", "POC", "DPO")

    about: Annotated[Event, "The incident."]
    risk: Annotated[Literal["none", "low", "significant", "high"], "The outcome."]

    assessment: Annotated[Text | None, SealedField(OVERSIGHT), "In words."] = None


Mitigation = Literal["recall-asked", "access-cut", "key-revoked", "notice-to-staff", "process-changed", "other"]


class MitigationTaken(Fact):
    """Something is done against the harm."""

    basis = ("2AP:14(7)(b)",)
    signers = ("ISS", "RET", "SP", "REG", "CAQ", "POC", "DPO")

    about: Annotated[Event, "The incident."]
    measure: Annotated[Mitigation, "What."]

    details: Annotated[Text | None, SealedField(OVERSIGHT), "In words."] = None


class IncidentNotifiedToTransferringParty(Fact):
    """The Party the data came from is told of the incident."""

    basis = ("2AP:14(7)(b)", "2AP:14(7)(c)", "LED:30(6)")
    signers = ("ISS", "RET", "DPO")

    about: Annotated[Event, "The incident."]
    notified_authority: Annotated[Actor, "Who is told."]


class IncidentNotifiedToIndividual(Fact):
    """The person concerned is told of the incident."""

    basis = ("2AP:14(7)(b)", "LED:31", "GDPR:34")
    signers = ("ISS", "RET", "SP", "REG", "DPO")

    about: Annotated[Event, "The incident."]
    channel: Annotated[NoticeChannel, "How."]


class IncidentNotifiedToAuthority(Fact):
    """The supervisory authority is told of the incident."""

    basis = ("LED:30", "GDPR:33")
    signers = ("ISS", "RET", "SP", "REG", "DPO")

    about: Annotated[Event, "The incident."]
    notified_authority: Annotated[Actor, "Who is told."]
    phased: Annotated[bool | None, "More will follow."] = None

    late_reasons: Annotated[Text | None, SealedField(OVERSIGHT, always=True), "Why it was told late."] = None


class IncidentNoticeDelayed(Fact):
    """Telling somebody of the incident is put off."""

    basis = ("2AP:14(7)(b)", "LED:31(5)")
    signers = ("ISS", "RET", "DPO")

    about: Annotated[Event, "The incident."]
    grounds: Annotated[tuple[RestrictionGround, ...], "On which ground."]
    review_on: Annotated[Date, "When it is looked at again."]
