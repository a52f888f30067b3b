"""Preparation and issue of an order."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import ALL_SIDES, ALL_SIDES_AND_OVERSIGHT, AUTHORITIES, CASE_FILE, DRAFTERS
from ledger.facts.value_types import (
    Actor,
    AttachedFile,
    Duration,
    Element,
    Event,
    Instrument,
    Language,
    Numbered,
    Order,
    Party,
    PastDate,
    Reference,
    State,
    Text,
)
from ledger.facts.vocabulary import Approval, Capacity, Channel, Circumstance, RestrictionGround


class OrderDrafted(Fact):
    """A draft of the order is put on file."""

    basis = ("2AP:7(1)", "EPOC:4")
    signers = ("ISS", "SEEK")

    instrument: Annotated[Instrument, "The instrument under which the order is to be made."]
    to_party: Annotated[Party, "The Party of the provider or of the requested authority."]

    draft: Annotated[AttachedFile | None, SealedField(DRAFTERS), "The draft."] = None


class OrderSupervised(Fact):
    """A prosecutor, another judicial authority or an independent body supervises the making of the order."""

    basis = ("2AP:7(2)(b)",)
    signers = ("VAL",)

    capacity: Annotated[Capacity, "In which capacity the supervisor acts."]
    decision: Annotated[Approval, "The outcome."]
    about: Annotated[Event | None, "The draft that was examined."] = None

    reasons: Annotated[Text | None, SealedField(CASE_FILE), "Why."] = None


class OrderValidated(Fact):
    """A judicial authority validates the order of another authority before it is issued."""

    basis = ("EPOC:4(1)(b)", "EPOC:4(2)(b)", "EPOC:4(3)(b)")
    signers = ("VAL",)

    capacity: Annotated[Capacity, "In which capacity the validator acts."]
    decision: Annotated[Approval, "The outcome."]
    about: Annotated[Event | None, "The draft that was examined."] = None

    reasons: Annotated[Text | None, SealedField(CASE_FILE), "Why."] = None


DataCategory = Literal["subscriber", "identification", "traffic", "content", "domain-registration"]
SpecialInstruction = Literal[
    "confidentiality", "certification", "authentication", "encryption", "no-notice-to-controller", "other"
]
NotificationTest = Literal["required", "not-required-category", "not-required-8-2"]
OffenceThreshold = Literal[
    "three-years-or-more", "listed-information-system-offence", "terrorism", "sentence-execution", "below"
]


PrivilegeCondition = Literal["resides-in-issuing-state", "detrimental-to-the-investigation", "waived"]
Protection = Literal["nothing", "immunity-or-privilege", "press-or-expression"]
AddresseeCapacity = Literal["designated-establishment", "legal-representative", "other-establishment"]
OtherAddresseeReason = Literal["no-reaction", "none-designated"]
ProcessorGround = Literal["controller-not-identified", "detrimental-to-the-investigation"]
Proceedings = Literal["criminal-proceedings", "execution-of-sentence"]
ParallelInstrument = Literal["european-investigation-order", "mutual-assistance", "convention", "protocol", "other"]
DefenceRequest = Literal["suspect-or-accused", "lawyer"]


class ProtectionExamined(Fact):
    """The issuing authority examines whether data of a public authority or protected data are sought."""

    basis = ("EPOC:5(8)", "EPOC:5(9)", "EPOC:5(10)", "EPOC:6(1)")
    signers = ("ISS", "VAL")

    consulted: Annotated[Actor | None, "The authority that was asked for clarification."] = None

    public_authority_in: Annotated[
        State | None,
        SealedField(AUTHORITIES, always=True),
        "The State of the public authority for which the data are stored.",
    ] = None
    privilege_condition: Annotated[
        PrivilegeCondition | None,
        SealedField(AUTHORITIES, always=True),
        "The condition under which data of a privileged professional may be sought.",
    ] = None
    protected_by: Annotated[
        Protection | None,
        SealedField(AUTHORITIES, always=True),
        "What protects the data under the law of the enforcing State, as the issuing authority finds.",
    ] = None
    reasons: Annotated[Text | None, SealedField(AUTHORITIES, always=True), "In words."] = None


class OrderIssued(Fact):
    """An authority makes the order or request. Everything that follows answers it."""

    basis = (
        "2AP:6(1)",
        "2AP:7(1)",
        "2AP:8(1)",
        "2AP:9(1)",
        "2AP:10(1)",
        "BC:16",
        "BC:18",
        "BC:29",
        "BC:31",
        "EPOC:5",
        "EPOC:6",
        "SCA:2703",
    )
    signers = ("ISS", "CAR", "POC")

    instrument: Annotated[Instrument, "The instrument under which it is made."]
    from_party: Annotated[Party, "The issuing or requesting Party."]
    to_party: Annotated[Party, "The Party of the provider or of the requested authority."]
    reference: Annotated[
        Reference | None,
        "The order's own number at the issuing authority, as people quote it. It names nobody.",
    ] = None
    case_ref: Annotated[
        Numbered | None,
        "The pseudonymous number of the specific investigation or proceeding. "
        "Use in another case is measured against it.",
    ] = None
    template: Annotated[str | None, "The form that was used, with its version."] = None
    issuing_authority: Annotated[Actor | None, "The office that makes the order."] = None
    issuing_capacity: Annotated[Capacity | None, "In which capacity the issuing authority acts."] = None
    date_issued: Annotated[PastDate | None, "The date on the order."] = None
    protocol_statement: Annotated[bool | None, "The order says that it is made under this instrument."] = None
    providers: Annotated[
        tuple[Actor, ...] | None,
        "The provider or providers to be served; addressee in EU terms.",
    ] = None
    seeking_authority: Annotated[
        Actor | None,
        "The authority that needs the data, when it is not the issuing authority.",
    ] = None
    return_authority: Annotated[
        Actor | None,
        "Where data are returned, questions are asked and refusals are sent.",
    ] = None
    return_timeframe: Annotated[Duration | None, "The time within which the answer is asked for."] = None
    return_manner: Annotated[Channel | None, "How the answer is to be sent."] = None
    data_categories: Annotated[tuple[DataCategory, ...] | None, "The categories of data sought."] = None
    elements_sought: Annotated[tuple[Element, ...] | None, "The data elements sought, one by one."] = None
    domestic_legal_grounds: Annotated[
        tuple[str, ...] | None,
        "The provisions that empower the issuing authority.",
    ] = None
    preservation_sought: Annotated[
        bool | None,
        "Whether preservation was already asked for; false is an answer.",
    ] = None
    preservation_ref: Annotated[str | None, "Date and reference of the preservation request."] = None
    special_instructions: Annotated[
        tuple[SpecialInstruction, ...] | None,
        "Special procedural instructions to the addressee.",
    ] = None
    simultaneous_notification_statement: Annotated[
        bool | None,
        "The order tells the provider that its authorities are notified at the same time.",
    ] = None
    notified_authority: Annotated[Actor | None, "The authority that is notified, as the addressee may know it."] = None
    notification_test: Annotated[
        NotificationTest | None,
        "The outcome of the test whether an enforcing authority must be notified.",
    ] = None
    supervision: Annotated[Event | None, "The supervision or validation of this order."] = None
    languages: Annotated[
        tuple[Language, ...] | None, "Languages in which the order is served, as two-letter codes."
    ] = None
    electronic_form_accepted: Annotated[bool | None, "The provider accepts orders in electronic form."] = None
    offence_threshold: Annotated[
        OffenceThreshold | None,
        "Which offence threshold for traffic and content data is met.",
    ] = None
    addressed_to_processor: Annotated[
        bool | None,
        "The order goes directly to a provider that only processes for a controller.",
    ] = None
    intends_mutual_assistance: Annotated[
        bool | None,
        "The requesting Party intends to send a mutual assistance request.",
    ] = None
    case_specific_statement: Annotated[
        bool | None,
        "The need arises because the data are relevant to one specific investigation or proceeding, "
        "and they will be used only in it.",
    ] = None
    emergency: Annotated[bool | None, "The order is issued as an emergency."] = None
    resolved_declarations: Annotated[
        tuple[str, ...] | None,
        "Declarations and reservations of the other Party as looked up on the day of issue.",
    ] = None
    dp_regime: Annotated[str | None, "The data-protection regime of the transfer, as a machine code."] = None
    prior_order: Annotated[Order | None, "The earlier order whose failure or outcome this one builds on."] = None

    circumstances: Annotated[
        tuple[Circumstance, ...] | None,
        SealedField(ALL_SIDES, always=True),
        "Declared circumstances that the issuing authority knows of.",
    ] = None
    offences: Annotated[
        tuple[str, ...] | None,
        SealedField(ALL_SIDES_AND_OVERSIGHT),
        "The offences under investigation.",
    ] = None
    offence_provisions: Annotated[tuple[str, ...] | None, SealedField(ALL_SIDES), "The provisions of criminal law."] = (
        None
    )
    applicable_penalties: Annotated[str | None, SealedField(ALL_SIDES), "The penalties they carry."] = None
    identifiers: Annotated[
        tuple[str, ...] | None,
        SealedField(ALL_SIDES_AND_OVERSIGHT),
        "The user, account, address or other identifier.",
    ] = None
    domain_names: Annotated[
        tuple[str, ...] | None,
        SealedField(ALL_SIDES_AND_OVERSIGHT),
        "The domain names asked about.",
    ] = None
    information_sought: Annotated[
        Text | None,
        SealedField(ALL_SIDES_AND_OVERSIGHT),
        "The data sought, described in words.",
    ] = None
    time_range: Annotated[
        str | None,
        SealedField(ALL_SIDES),
        "The period the data are to cover, as two dates with a slash between.",
    ] = None
    other_information: Annotated[
        Text | None,
        SealedField(ALL_SIDES),
        "Anything else that helps the addressee to find the data.",
    ] = None
    processor_conditions: Annotated[
        Text | None,
        SealedField(ALL_SIDES),
        "Confirmation of the conditions for addressing a processor.",
    ] = None
    emergency_reasons: Annotated[
        Text | None,
        SealedField(ALL_SIDES),
        "Why this is an emergency and how the data relate to it.",
    ] = None
    summary_of_facts: Annotated[
        Text | None,
        SealedField(AUTHORITIES),
        "The facts of the case in short. Never for the provider.",
    ] = None
    necessity_grounds: Annotated[
        Text | None,
        SealedField(AUTHORITIES),
        "Why the order is necessary and proportionate. Never for the provider.",
    ] = None
    possession_reasons: Annotated[
        Text | None,
        SealedField(AUTHORITIES),
        "Why the provider is believed to hold the data.",
    ] = None
    relevance: Annotated[Text | None, SealedField(AUTHORITIES), "How the data matter to the case."] = None
    prior_attempts: Annotated[
        Text | None,
        SealedField(AUTHORITIES),
        "What was already tried, or why the provider was not asked first.",
    ] = None
    additional_supporting_information: Annotated[
        Text | None,
        SealedField(AUTHORITIES),
        "What the requested Party has declared that it also needs.",
    ] = None
    custodian_information: Annotated[
        Text | None,
        SealedField(AUTHORITIES),
        "What is known of the custodian and of where the data are.",
    ] = None
    notification_test_reasons: Annotated[
        Text | None,
        SealedField(CASE_FILE),
        "The facts behind the outcome of the notification test.",
    ] = None
    validation_pending: Annotated[
        bool | None,
        SealedField(CASE_FILE, always=True),
        "The order was issued without prior validation. Never for the provider.",
    ] = None
    order_document: Annotated[AttachedFile | None, SealedField(ALL_SIDES), "The order as served."] = None
    translation: Annotated[AttachedFile | None, SealedField(ALL_SIDES), "The translation served with it."] = None
    treaty: Annotated[
        str | None,
        "The treaty or arrangement on mutual assistance that is in force between the two Parties.",
    ] = None

    # Annexes I and II to Regulation (EU) 2023/1543: what the certificate states next to the fields above.
    addressee_capacity: Annotated[AddresseeCapacity | None, "In which capacity the addressee gets the order."] = None
    other_addressee_reason: Annotated[
        OtherAddresseeReason | None,
        "Why the order goes to another addressee in an emergency.",
    ] = None
    processor_ground: Annotated[ProcessorGround | None, "Why the order goes to a processor."] = None
    notice_delay_grounds: Annotated[
        tuple[RestrictionGround, ...] | None,
        "Why the person is not informed yet, as the order tells the addressee in short.",
    ] = None
    proceedings: Annotated[Proceedings | None, "The proceedings for which the data are needed."] = None
    parallel_instruments: Annotated[
        tuple[ParallelInstrument, ...] | None,
        "Other instruments under which the same data are asked for.",
    ] = None

    sentence_months: Annotated[int | None, SealedField(ALL_SIDES), "The length of the sentence, in months."] = None
    sentence_in_absentia: Annotated[
        bool | None, SealedField(ALL_SIDES), "The decision was rendered in the absence of the person."
    ] = None
    convicted_absconded: Annotated[
        bool | None, SealedField(ALL_SIDES), "The person convicted absconded from justice."
    ] = None
    controller_delay_justification: Annotated[
        Text | None,
        SealedField(ALL_SIDES),
        "Why the processor is not to inform the controller, in short, for the addressee.",
    ] = None
    controller_delay_reasons: Annotated[
        Text | None,
        SealedField(CASE_FILE),
        "Why the controller is not informed yet, for the case file.",
    ] = None
    requested_by_defence: Annotated[
        DefenceRequest | None,
        SealedField((*CASE_FILE, "DEF")),
        "Who of the defence asked for the order.",
    ] = None
