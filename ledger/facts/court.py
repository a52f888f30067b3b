"""Court and defence: disclosure to them, their motions and decisions."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import TRIAL
from ledger.facts.value_types import Actor, AttachedFile, Digest, Event, Instant, Text

BundlePart = Literal["raw-return", "manifest", "entries", "proofs", "keys", "verifier", "instructions", "certificate"]


class DefenceBundleIssued(Fact):
    """The defence is given the raw answer, the digests and the means to check them."""

    basis = ("ECHR:6", "EPOC:18(5)")
    signers = ("ISS", "CT")

    bundle: Annotated[AttachedFile, "The bundle."]
    includes: Annotated[tuple[BundlePart, ...], "What is in it."]
    withheld_fields: Annotated[tuple[str, ...] | None, "The names of sealed fields that are not opened."] = None

    withheld_reasons: Annotated[Text | None, SealedField(TRIAL), "Why they are not opened, and by whose decision."] = (
        None
    )


Criterion = Literal["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8"]


class DefenceChallengeFiled(Fact):
    """The defence challenges the evidence."""

    basis = ("ECHR:6", "EPOC:18")
    signers = ("DEF",)

    criteria: Annotated[tuple[Criterion, ...], "On which criteria."]

    challenge: Annotated[Text | None, SealedField(TRIAL), "The challenge."] = None


class ExpertVerificationPerformed(Fact):
    """Somebody independent repeats the check."""

    basis = ("ACPO:3",)
    signers = ("EXP", "LAB", "AUD", "DEF")

    tool: Annotated[str, "The tool."]
    tool_version: Annotated[str, "Its version."]
    result: Annotated[Literal["reproduced", "reproduced-in-part", "not-reproduced"], "The outcome."]

    report_document: Annotated[AttachedFile | None, SealedField(TRIAL), "The report."] = None


class CourtRuled(Fact):
    """A court rules."""

    basis = ("ECHR:6", "EPOC:18(5)")
    signers = ("CT",)

    ruling: Annotated[Literal["admitted", "admitted-in-part", "excluded", "dispute-settled", "other"], "The ruling."]
    about: Annotated[Event | None, "The entry it concerns."] = None
    settles: Annotated[Event | None, "The dispute it settles."] = None

    reasons: Annotated[Text | None, SealedField(TRIAL), "Why."] = None


Report = Literal["custody", "evidence-chain", "dpo", "audit", "statistics", "certification", "order-form"]


class ReportIssued(Fact):
    """A report is made from the record."""

    basis = ("FRE:902(13)", "FRE:902(14)")
    signers = ("ISS", "RET", "LAB", "DPO", "AUD", "CT", "SYS")

    report: Annotated[Report, "Which report."]
    as_of: Annotated[Instant, "The moment the report speaks of."]
    document: Annotated[AttachedFile, "The report."]
    rules_digest: Annotated[Digest | None, "SHA-256 of the rules by which the record was judged."] = None


class BundleIssued(Fact):
    """Entries of the order are handed to somebody, with proofs."""

    basis = ("2AP:7(6)", "EPOC:19")
    signers = ("ISS", "RET", "SP", "REG", "NOT", "CAQ", "CAR", "POC", "DPO")

    recipient: Annotated[Actor, "Who gets it."]
    bundle: Annotated[AttachedFile, "The bundle."]
    first_entry: Annotated[int | None, "Number of the first entry in it."] = None
    last_entry: Annotated[int | None, "Number of the last entry in it."] = None
    withheld_fields: Annotated[tuple[str, ...] | None, "The names of sealed fields that are not opened."] = None


ProofCheck = Literal["verifies", "fails", "not-checked"]


class CounterpartyRecordReceived(Fact):
    """A sealed entry from another party's record has arrived.

    If its proof verifies, what it says counts as that party's own word.
    """

    basis = ("2AP:7(6)", "2025/1550:5.1")
    signers = ("ISS", "SEEK", "RET", "SP", "REG", "NOT", "CAQ", "CAR", "POC", "CT", "EXP", "LAB", "DPO", "ADM", "SYS")

    origin: Annotated[str, "The name of the other record."]
    index: Annotated[int, "Position of the entry in it."]
    leaf: Annotated[str, "SHA-256 of the leaf, in hexadecimal."]
    envelope: Annotated[str, "SHA-256 of the sealed entry, in hexadecimal."]
    proof_check: Annotated[ProofCheck, "What checking the proof against the other record's signed state showed."]
    backs: Annotated[Event | None, "The entry here that it supports."] = None
