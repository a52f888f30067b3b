"""Service of an order: transmission, receipt, authenticity."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import ALL_SIDES, CORRESPONDENTS
from ledger.facts.value_types import Actor, AttachedFile, Event, FileName, Order, PastInstant, Reference, Size, Text
from ledger.facts.vocabulary import AlternativeGround, Channel, Circumstance, ReceiptProof, SignatureLevel


class OrderTransmitted(Fact):
    """The order is sent to the provider or to the requested authority."""

    basis = ("2AP:7(1)", "2AP:7(6)", "2AP:8(1)", "EPOC:9(1)", "EPOC:19(1)")
    signers = ("ISS", "CAR", "CAQ", "POC")

    addressee: Annotated[Actor, "To whom it is sent."]
    channel: Annotated[Channel, "By which channel."]
    about: Annotated[Event | None, "The version sent; without it, the order as issued."] = None

    record: Annotated[
        AttachedFile | None,
        SealedField(CORRESPONDENTS),
        "The record to be made when the regular channel is not used.",
    ] = None
    confirmation_required: Annotated[
        bool | None, "The requested Party requires formal confirmation of a request sent by expedited means."
    ] = None
    copy_to_central_authority: Annotated[
        bool | None, "A copy went at the same time to the central authority of the requested Party."
    ] = None

    alternative_ground: Annotated[
        AlternativeGround | None, "Why the decentralised system could not be used, if it was not."
    ] = None
    signature_level: Annotated[SignatureLevel | None, "How the certificate is signed or sealed."] = None


class AlternativeTransmissionRecorded(Fact):
    """A transmission by other means than the decentralised system is recorded in it."""

    basis = ("EPOC:19(6)", "2025/1550:3.3.1", "2025/1550:3.3.2")
    signers = ("ISS", "RET", "CAR", "SP", "NOT")

    about: Annotated[Event, "The transmission."]
    reference: Annotated[Reference, "The number of the case or of the file."]
    sent_on: Annotated[PastInstant, "Its date and time."]
    recipient: Annotated[Actor, "To whom it was sent; the sender is the office whose act it was."]
    size: Annotated[Size, "The size of its files, in bytes."]

    file_names: Annotated[tuple[FileName, ...], SealedField(CORRESPONDENTS), "The name of each file."]


class OrderReceived(Fact):
    """The order has arrived. Most clocks start here."""

    basis = ("2AP:7(7)", "2AP:8(6)(a)", "EPOC:10(1)", "EPOC:11(1)", "BC:29(7)")
    signers = ("SP", "REG", "CAQ", "POC", "ISS")

    proof_kind: Annotated[ReceiptProof | None, "What the time of arrival rests on."] = None
    proof: Annotated[AttachedFile | None, "The proof itself."] = None
    proper_addressee: Annotated[
        bool | None,
        "The place of arrival is the designated one. False starts no clock.",
    ] = None
    about: Annotated[Event | None, "The version that arrived; without it, the order as issued."] = None

    circumstances: Annotated[
        tuple[Circumstance, ...] | None,
        SealedField(ALL_SIDES, always=True),
        "Declared circumstances that the provider recognises in the account.",
    ] = None


class DuplicateServiceRecorded(Fact):
    """The same order arrived a second time."""

    basis = ("2AP:7(7)", "EPOC:10(1)")
    signers = ("SP", "REG", "ISS")

    first: Annotated[Event, "The first receipt, whose clock goes on."]
    second_on: Annotated[PastInstant, "When it arrived again."]
    channel: Annotated[Channel | None, "By which channel."] = None
    first_order: Annotated[
        Order | None,
        "The other order of this record in which the first receipt is. Both are then read as one order.",
    ] = None


class ReceiptDisputed(Fact):
    """A party says that the order arrived at another time, or not at all."""

    basis = ("2AP:7(7)", "EPOC:10(1)")
    signers = ("SP", "REG", "ISS", "CAR")

    about: Annotated[Event, "The receipt in dispute."]
    claimed_on: Annotated[PastInstant, "The time claimed instead."]

    reasons: Annotated[Text | None, SealedField(CORRESPONDENTS), "Why."] = None


Doubt = Literal[
    "sender-unknown",
    "signature-missing",
    "signature-invalid",
    "domain-suspicious",
    "content-unusual",
    "call-back-failed",
]


class AuthenticityQuestioned(Fact):
    """Somebody doubts that the order comes from the office it names."""

    basis = ("2AP:7(6)", "EPOC:19(5)")
    signers = ("SP", "REG", "ISS", "POC", "NOT")

    about: Annotated[Event | None, "The entry in doubt."] = None
    doubt: Annotated[Doubt, "What raised the doubt."]

    checks: Annotated[Text | None, SealedField(CORRESPONDENTS), "What was checked."] = None


ConfirmationMethod = Literal["call-back", "register-key", "contact-point-24-7", "letter", "in-person"]


class AuthenticityConfirmed(Fact):
    """The order, or a single entry, is confirmed as genuine."""

    basis = ("2AP:7(6)", "EPOC:19(5)")
    signers = ("ISS", "RET", "CAR", "POC", "SP", "REG")

    about: Annotated[Event | None, "The entry confirmed; without it, the order."] = None
    method: Annotated[ConfirmationMethod, "How it was confirmed."]

    checks: Annotated[Text | None, SealedField(CORRESPONDENTS), "What was checked."] = None


class OrderRepudiated(Fact):
    """The office named in the order declares that it never made it."""

    basis = ("2AP:7(6)",)
    signers = ("ISS", "CAR", "POC")

    about: Annotated[Event | None, "The entry that is disowned."] = None
    finding: Annotated[Literal["never-issued", "altered", "office-impersonated"], "What happened."]

    explanation: Annotated[Text | None, SealedField(CORRESPONDENTS), "In words."] = None
