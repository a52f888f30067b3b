"""What the execution of an order costs, and who pays."""

from __future__ import annotations

from typing import Annotated

from ledger.facts.kind import Fact, SealedField
from ledger.facts.readers import CORRESPONDENTS
from ledger.facts.value_types import Amount, AttachedFile, Currency, Event, Text


class CostsClaimed(Fact):
    """The provider claims its costs of executing the order."""

    basis = ("EPOC:14(1)", "EPOC:28(2)(j)", "SCA:2706")
    signers = ("SP", "REG")

    amount: Annotated[Amount, "The amount claimed, in the currency."]
    currency: Annotated[Currency, "The currency, by its code of ISO 4217."]
    national_law: Annotated[str | None, "The provision of the issuing State that allows the claim."] = None
    invoice: Annotated[AttachedFile | None, "The invoice."] = None

    details: Annotated[Text | None, SealedField(CORRESPONDENTS), "What the costs are for."] = None


class CostsReimbursed(Fact):
    """The issuing side reimburses costs, or declines to."""

    basis = ("EPOC:14(1)", "EPOC:28(2)(j)", "SCA:2706")
    signers = ("ISS", "RET", "CAR")

    claim: Annotated[Event, "The claim."]
    amount: Annotated[Amount, "The amount reimbursed, in the currency; 0 where nothing is."]
    currency: Annotated[Currency, "The currency, by its code of ISO 4217."]
    national_law: Annotated[str | None, "The provision of the issuing State that was applied."] = None

    reasons: Annotated[Text | None, SealedField(CORRESPONDENTS), "Why not all, or nothing."] = None
