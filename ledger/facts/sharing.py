"""Disclosure of data to other authorities and States."""

from __future__ import annotations

from typing import Annotated

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import AUTHORITIES, CONDITION, OVERSIGHT
from ledger.facts.value_types import Actor, Element, Event, State, Text
from ledger.facts.vocabulary import Purpose


class SharedDomestically(Fact):
    """Data go to another authority of the same Party."""

    basis = ("2AP:14(9)(a)",)
    signers = ("ISS", "RET", "SEEK", "LAB")

    recipient: Annotated[Actor, "Who gets them."]
    elements: Annotated[tuple[Element, ...] | None, "What."] = None
    purpose_code: Annotated[Purpose, "What for."]

    purpose: Annotated[Text | None, SealedField(OVERSIGHT), "In words."] = None


class OnwardTransferAuthorisationRequested(Fact):
    """The holder asks whether data may go to another State or an international organisation."""

    basis = ("2AP:14(10)", "LED:35(1)(c)")
    signers = ("ISS", "RET", "CAR")

    recipient_party: Annotated[State, "To which State or organisation."]
    elements: Annotated[tuple[Element, ...] | None, "What."] = None
    purpose_code: Annotated[Purpose, "What for."]

    purpose: Annotated[Text | None, SealedField(AUTHORITIES), "In words."] = None


class OnwardTransferAuthorisationGranted(Fact):
    """The transfer is authorised."""

    basis = ("2AP:14(10)", "LED:35(1)(c)")
    signers = ("DPA14", "NOT", "CAQ")

    about: Annotated[Event, "The request."]

    conditions: Annotated[Text | None, SealedField(CONDITION), "On which conditions."] = None


class OnwardTransferAuthorisationRefused(Fact):
    """The transfer is not authorised."""

    basis = ("2AP:14(10)", "LED:35(1)(c)")
    signers = ("DPA14", "NOT", "CAQ")

    about: Annotated[Event, "The request."]

    reasons: Annotated[Text | None, SealedField(AUTHORITIES), "Why."] = None


class OnwardTransferred(Fact):
    """Data went to another State or an international organisation."""

    basis = ("2AP:14(10)", "LED:37(3)")
    signers = ("ISS", "RET", "CAR")

    recipient_party: Annotated[State, "To which State or organisation."]
    recipient_office: Annotated[str | None, "To which office, as a code."] = None
    authorisation: Annotated[Event | None, "The authorisation relied on."] = None
    elements: Annotated[tuple[Element, ...] | None, "What."] = None

    justification: Annotated[Text | None, SealedField(OVERSIGHT), "Why."] = None
