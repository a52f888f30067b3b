"""The answers of the provider, and their consequences."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import ALL_SIDES, AUTHORITIES, CORRESPONDENTS, EVIDENCE_AND_OVERSIGHT, EXHIBIT
from ledger.facts.value_types import Actor, AttachedFile, DataManifest, Element, Event, Instant, Numbered, State, Text
from ledger.facts.vocabulary import AlternativeGround, Channel, Comparison, NonExecutionReason

WithholdingReason = Literal[
    "instructed",
    "refused-by-state",
    "condition",
    "not-held",
    "provider-policy",
    "law-of-provider",
    "technical",
    "other",
]


class DataDisclosed(Fact):
    """The provider hands over data."""

    basis = ("2AP:6(2)", "2AP:7(2)(a)", "2AP:8(6)", "BC:18", "EPOC:10(2)", "EPOC:10(3)", "EPOC:10(4)")
    signers = ("SP", "REG")

    partial: Annotated[bool, "The provider says that this is not all that was asked for."]
    withheld: Annotated[tuple[Element, ...] | None, "The elements the provider says it does not hand over."] = None
    withheld_reason: Annotated[WithholdingReason | None, "Why it withholds them."] = None
    recipient: Annotated[Actor | None, "Who gets the data."] = None
    channel: Annotated[Channel, "By which channel."]
    access_until: Annotated[Instant | None, "Until when a link stays open."] = None
    certificate: Annotated[AttachedFile | None, "The provider's certificate of authenticity."] = None

    manifest: Annotated[
        DataManifest, SealedField(EVIDENCE_AND_OVERSIGHT), "What was handed over, file by file, with digests."
    ]

    alternative_ground: Annotated[
        AlternativeGround | None, "Why the decentralised system could not be used, if it was not."
    ] = None


class DataTransmittedByState(Fact):
    """An authority passes the data on to the issuing side."""

    basis = ("2AP:8(6)(b)", "2AP:9", "EPOC:16(9)")
    signers = ("CAQ", "NOT", "POC")

    recipient: Annotated[Actor | None, "Who gets the data."] = None
    channel: Annotated[Channel, "By which channel."]

    manifest: Annotated[
        DataManifest, SealedField(EVIDENCE_AND_OVERSIGHT), "What was passed on, file by file, with digests."
    ]

    access_until: Annotated[Instant | None, "Until when a link stays open."] = None
    alternative_ground: Annotated[
        AlternativeGround | None, "Why the decentralised system could not be used, if it was not."
    ] = None


class AccessExtended(Fact):
    """The sender keeps data accessible for longer."""

    basis = ("2025/1550:3.3.3(b)",)
    signers = ("SP", "NOT")

    about: Annotated[Event, "The disclosure or transmission of the data."]
    access_until: Annotated[Instant, "Until when the data are accessible now."]
    requested_by: Annotated[Actor | None, "The authority of the issuing State that asked for it."] = None


class EvidenceReceived(Fact):
    """The data have arrived on the issuing side and were compared with the manifest."""

    basis = ("2025/1550:3.3.3", "2AP:7(4)(c)")
    signers = ("RET", "SEEK", "ISS", "POC")

    about: Annotated[Event | None, "The disclosure or transmission that arrived, if it is on record already."] = None
    check: Annotated[Comparison, "Outcome of comparing digests."]
    exhibit: Annotated[Numbered | None, "The exhibit number under which custody goes on."] = None

    manifest: Annotated[
        DataManifest | None,
        SealedField(EVIDENCE_AND_OVERSIGHT),
        "What arrived, file by file, with digests recomputed.",
    ] = None
    remarks: Annotated[Text | None, SealedField(EXHIBIT), "Anything unusual."] = None


class NoDataHeld(Fact):
    """The provider holds no such data."""

    basis = ("EPOC:10(7)", "2AP:7(7)")
    signers = ("SP", "REG")

    elements: Annotated[tuple[Element, ...] | None, "What was looked for; without it, all."] = None

    search_description: Annotated[Text | None, SealedField(CORRESPONDENTS), "How it was looked for."] = None


DecliningReason = Literal[
    "reserved-by-state",
    "instructed",
    "not-properly-served",
    "law-of-provider",
    "overbroad",
    "not-our-service",
    "provider-policy",
    "none-given",
    # as providers and the SIRIUS reports list them, the most frequent first
    "wrong-identifier",
    "needs-judicial-cooperation",
    "no-such-data",
    "no-valid-legal-basis",
]


class DisclosureDeclined(Fact):
    """The provider says that it will not disclose."""

    basis = ("2AP:7(7)", "2AP:6(5)")
    signers = ("SP", "REG")

    reason_code: Annotated[DecliningReason | None, "Why, as a code."] = None

    reasons: Annotated[Text | None, SealedField(CORRESPONDENTS), "In words."] = None


class ReasonRequested(Fact):
    """The issuing side asks why there is no disclosure."""

    basis = ("2AP:7(7)", "2AP:6(5)")
    signers = ("ISS", "RET", "CAR")

    about: Annotated[Event | None, "The refusal asked about."] = None


class ReasonGiven(Fact):
    """The provider says why."""

    basis = ("2AP:7(7)", "2AP:6(5)")
    signers = ("SP", "REG")

    answers: Annotated[Event, "The question."]

    reasons: Annotated[Text | None, SealedField(CORRESPONDENTS), "Why."] = None


class ReasonsForNonExecutionGiven(Fact):
    """The addressee explains on the form why it does not, or not fully or not in time, execute."""

    basis = ("EPOC:10(5)", "EPOC:10(7)", "EPOC:10(8)", "EPOC:11(4)", "EPOC:11(6)", "EPOC:11(7)")
    signers = ("SP",)

    reason_codes: Annotated[tuple[NonExecutionReason, ...], "Why."]
    data_preserved: Annotated[bool | None, "The data are kept meanwhile."] = None

    details: Annotated[Text | None, SealedField(ALL_SIDES), "In words."] = None


class ReasonedObjectionFiled(Fact):
    """The addressee objects because the law of another country forbids disclosure."""

    basis = ("EPOC:17(1)", "EPOC:17(2)", "SCA:2703(h)(2)")
    signers = ("SP",)

    conflicting_law_party: Annotated[State, "The country whose law is said to forbid it."]

    objection: Annotated[
        Text | None,
        SealedField(ALL_SIDES),
        "The law, its applicability, the conflict and the consequences.",
    ] = None
    not_us_person: Annotated[
        bool | None,
        SealedField(ALL_SIDES),
        "The customer is no United States person and does not reside in the United States.",
    ] = None


class ForeignGovernmentInformed(Fact):
    """The provider tells a foreign government that contents of its national are sought in the United States."""

    basis = ("SCA:2703(h)(5)",)
    signers = ("SP",)

    government: Annotated[State, "The State that is told."]

    national_or_resident: Annotated[
        bool | None,
        SealedField(ALL_SIDES, always=True),
        "The customer is a national or a resident of that State.",
    ] = None


class CourtReviewRequested(Fact):
    """The issuing authority asks the court to review the order."""

    basis = ("EPOC:17(3)",)
    signers = ("ISS",)

    about: Annotated[Event, "The objection."]

    reasons: Annotated[Text | None, SealedField(AUTHORITIES), "Why it means to uphold the order."] = None


class CourtReviewDecided(Fact):
    """The court upholds or lifts the order."""

    basis = ("EPOC:17(5)", "EPOC:17(6)", "EPOC:17(8)", "SCA:2703(h)(2)")
    signers = ("CT",)

    decision: Annotated[Literal["upheld", "lifted"], "The decision."]

    reasons: Annotated[Text | None, SealedField(ALL_SIDES), "Why."] = None


class DeadlineExtended(Fact):
    """The issuing side or a court sets a new end for a clock."""

    basis = ("EPOC:10(8)", "2AP:7(4)(d)", "SCA:2703(h)(2)")
    signers = ("ISS", "CAR", "CT")

    deadline: Annotated[str, "The identifier of the clock."]
    new_due: Annotated[Instant, "The new end."]

    reasons: Annotated[Text | None, SealedField(ALL_SIDES), "Why."] = None


class DeadlineLapsed(Fact):
    """A clock has run out. Anybody can compute this again from the same entries."""

    basis = ("2AP:7(7)", "EPOC:16(1)")
    signers = ("SYS",)

    deadline: Annotated[str, "The identifier of the clock."]
    policy: Annotated[str, "How the days were counted."]
    due: Annotated[Instant, "The end."]
    trigger: Annotated[Event | None, "The entry that started it."] = None
