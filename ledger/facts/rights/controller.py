"""The description of a controller's processing, which letters to persons and the record of processing print."""

from __future__ import annotations

from typing import Annotated

from ledger.facts.kind import Fact
from ledger.facts.value_types import Actor, Date, Language


class ControllerDescribed(Fact):
    """A controller describes its processing: contacts, purposes, recipients, periods, security."""

    basis = ("LED:13(1)", "LED:24(1)", "GDPR:30(1)", "2AP:14(11)(a)")
    signers = ("ADM", "DPO", "ISS", "RET", "SP")

    controller: Annotated[Actor, "The office whose processing it is."]
    language: Annotated[Language, "The language of this description; one entry for each."]
    valid_from: Annotated[Date, "From when it counts."]
    address: Annotated[tuple[str, ...] | None, "Its postal address, line by line."] = None
    contact: Annotated[str | None, "Its electronic address and telephone number."] = None
    place: Annotated[str | None, "The place from which its letters are dated."] = None
    joint_controllers: Annotated[
        tuple[str, ...] | None, "The joint controllers with their contact; an empty list: there is none."
    ] = None
    representative: Annotated[
        tuple[str, ...] | None, "The representative in the Union with its contact; an empty list: there is none."
    ] = None
    dpo_contact: Annotated[str | None, "The contact of the data protection officer. It names nobody."] = None
    supervisory_authority: Annotated[str | None, "The supervisory authority, as a letter names it."] = None
    supervisory_contact: Annotated[str | None, "Its address and contact."] = None
    court: Annotated[
        str | None, "The court of the remedies, with its address and the time within which to go there."
    ] = None
    purposes: Annotated[tuple[str, ...] | None, "The purposes of the processing."] = None
    legal_bases: Annotated[tuple[str, ...] | None, "The legal bases, of transfers too."] = None
    persons: Annotated[tuple[str, ...] | None, "The categories of persons."] = None
    data: Annotated[tuple[str, ...] | None, "The categories of personal data."] = None
    recipients: Annotated[tuple[str, ...] | None, "The categories of recipients, in other States too."] = None
    transfers: Annotated[
        tuple[str, ...] | None, "The categories of transfers to third countries; an empty list: there is none."
    ] = None
    safeguards: Annotated[tuple[str, ...] | None, "The safeguards of these transfers."] = None
    periods: Annotated[tuple[str, ...] | None, "The periods of storage, or the criteria for them."] = None
    security: Annotated[tuple[str, ...] | None, "The technical and organisational measures, in general."] = None
    profiling: Annotated[str | None, "The use of profiling; where there is none, this says so."] = None
