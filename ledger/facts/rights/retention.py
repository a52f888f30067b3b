"""Retention, restriction and destruction of data."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import OVERSIGHT
from ledger.facts.value_types import Actor, Date, Duration, Event, Text
from ledger.facts.vocabulary import DestructionMethod


class RetentionRuleSet(Fact):
    """It is fixed how long data are kept."""

    basis = ("2AP:14(5)", "LED:5")
    signers = ("ISS", "RET", "SP", "DPO")

    period: Annotated[Duration | None, "For how long."] = None
    review_on: Annotated[Date, "When it is looked at again."]


class RetentionReviewed(Fact):
    """The need to keep data is looked at again."""

    basis = ("2AP:14(5)", "LED:5")
    signers = ("ISS", "RET", "SP", "DPO")

    about: Annotated[Event, "The rule."]
    decision: Annotated[Literal["keep", "erase", "restrict"], "The outcome."]
    review_on: Annotated[Date | None, "When it is looked at next."] = None


class RetentionExpired(Fact):
    """The time for keeping data is over."""

    basis = ("2AP:14(5)", "LED:5")
    signers = ("ISS", "RET", "SP", "DPO")

    about: Annotated[Event, "The rule."]


class PayloadKeyDestroyed(Fact):
    """The key to sealed values is destroyed. The chain still verifies; the values are gone."""

    basis = ("LED:5", "2AP:14(5)")
    signers = ("ISS", "RET", "SP", "DPO", "LAB")

    key_ref: Annotated[str, "The key, by its identifier."]
    entries: Annotated[tuple[Event, ...] | None, "The entries it opened."] = None
    custodians: Annotated[tuple[Actor, ...] | None, "Who held it."] = None
    method: Annotated[DestructionMethod, "How."]
    cause: Annotated[Literal["retention-ended", "erasure-granted", "out-of-scope", "withdrawn", "other"], "Why."]
    digests: Annotated[
        tuple[str, ...] | None,
        "Digests of the sealed values that nobody can open any more; the ledger fills them in.",
    ] = None


class ProcessingRestricted(Fact):
    """Data are locked: kept, but not to be processed."""

    basis = ("LED:16(3)", "GDPR:18")
    signers = ("ISS", "RET", "SP", "DPO", "CT", "SA")

    cause: Annotated[Literal["kept-as-evidence", "accuracy-contested", "unlawful", "safety-of-a-person"], "Why."]
    about: Annotated[Event | None, "The entry concerned."] = None


class RestrictionReleased(Fact):
    """The lock is opened."""

    basis = ("LED:16(3)",)
    signers = ("ISS", "RET", "DPO", "CT", "SA")

    about: Annotated[Event, "The restriction."]

    reasons: Annotated[Text | None, SealedField(OVERSIGHT), "Why."] = None
