"""The custody of exhibits."""

from __future__ import annotations

from typing import Annotated

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import EXHIBIT, EXHIBIT_AND_OVERSIGHT, OVERSIGHT
from ledger.facts.value_types import Actor, AttachedFile, DataManifest, Date, Digest, Element, Numbered, Text
from ledger.facts.vocabulary import Comparison, DestructionMethod, Extent, Purpose


class CustodyTransferred(Fact):
    """The exhibit changes hands."""

    basis = ("ISO27037:6.1",)
    signers = ("RET", "ISS", "SEEK", "LAB", "CT")

    exhibit: Annotated[Numbered, "The exhibit number."]
    released_by: Annotated[Actor, "Who gave it."]
    received_by: Annotated[Actor, "Who took it."]
    check: Annotated[Comparison, "Outcome of comparing digests."]

    digest_before: Annotated[Digest | None, SealedField(EXHIBIT), "SHA-256 as released."] = None
    digest_after: Annotated[Digest | None, SealedField(EXHIBIT), "SHA-256 as received."] = None
    place: Annotated[str | None, SealedField(EXHIBIT), "Where."] = None
    purpose: Annotated[Text | None, SealedField(EXHIBIT), "What for, and on whose authority."] = None


class EvidenceAccessed(Fact):
    """Somebody opens the exhibit."""

    basis = ("ISO27037:6.1",)
    signers = ("RET", "ISS", "SEEK", "LAB", "CT", "EXP", "DEF")

    exhibit: Annotated[Numbered, "The exhibit number."]
    purpose_code: Annotated[Purpose, "What for."]

    purpose: Annotated[Text | None, SealedField(EXHIBIT), "In words."] = None


class WorkingCopyMade(Fact):
    """A copy is made to work on."""

    basis = ("ISO27037:6.1",)
    signers = ("RET", "LAB", "CT", "EXP", "DEF")

    exhibit: Annotated[Numbered, "The exhibit number."]
    copy: Annotated[Numbered, "The number of the copy."]
    check: Annotated[Comparison, "Outcome of comparing digests."]

    digest_before: Annotated[Digest | None, SealedField(EXHIBIT), "SHA-256 of the exhibit."] = None
    digest_after: Annotated[Digest | None, SealedField(EXHIBIT), "SHA-256 of the copy."] = None


class EvidenceSealed(Fact):
    """The exhibit is sealed."""

    basis = ("ISO27037:6.1",)
    signers = ("RET", "LAB", "CT")

    exhibit: Annotated[Numbered, "The exhibit number."]
    seal: Annotated[Numbered, "The number of the seal."]


class AnalysisPerformed(Fact):
    """The exhibit is examined."""

    basis = ("ISO27042",)
    signers = ("LAB", "EXP")

    exhibit: Annotated[Numbered, "The exhibit or copy examined."]
    tool: Annotated[str, "The tool."]
    tool_version: Annotated[str, "Its version."]
    check: Annotated[Comparison, "The exhibit after the examination compared with before."]

    procedure: Annotated[Text | None, SealedField(EXHIBIT), "How it was done."] = None
    report_document: Annotated[AttachedFile | None, SealedField(EXHIBIT), "The report."] = None


class OutOfScopeDataIdentified(Fact):
    """More was received than was asked for."""

    basis = ("2AP:14(2)(b)", "LED:4(1)(c)")
    signers = ("RET", "SEEK", "ISS", "LAB")

    elements: Annotated[tuple[Element, ...], "What is surplus."]

    details: Annotated[Text | None, SealedField(OVERSIGHT), "How it was found."] = None


class DataReturned(Fact):
    """Data are sent back."""

    basis = ("2AP:14(2)(b)", "EPOC:10(4)")
    signers = ("RET", "ISS", "LAB")

    scope: Annotated[Extent, "What is sent back."]
    elements: Annotated[tuple[Element, ...] | None, "The elements."] = None

    manifest: Annotated[DataManifest | None, SealedField(EXHIBIT_AND_OVERSIGHT), "The files."] = None


class DataDestroyed(Fact):
    """Data are destroyed."""

    basis = ("EPOC:4(5)", "EPOC:10(4)", "2AP:14(2)(b)", "2AP:14(5)")
    signers = ("RET", "ISS", "LAB")

    scope: Annotated[Extent, "What is destroyed."]
    elements: Annotated[tuple[Element, ...] | None, "The elements."] = None
    method: Annotated[DestructionMethod, "How."]
    witness: Annotated[Actor | None, "Who saw it."] = None

    manifest: Annotated[DataManifest | None, SealedField(EXHIBIT_AND_OVERSIGHT), "The files."] = None


class UseRestricted(Fact):
    """Data are kept but may not be used."""

    basis = ("EPOC:4(5)", "EPOC:10(4)", "LED:16(3)(b)", "2AP:14(12)(a)(ii)")
    signers = ("RET", "ISS", "LAB", "CT")

    scope: Annotated[Extent, "What is restricted."]
    elements: Annotated[tuple[Element, ...] | None, "The elements."] = None
    until: Annotated[Date | None, "Until when."] = None

    reasons: Annotated[Text | None, SealedField(EXHIBIT), "Why."] = None
