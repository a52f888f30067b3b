"""The words of the code lists of the answer, and of the notice to the customer."""

from __future__ import annotations

from typing import Final

from ledger.facts.words.code_list import CodeList

WITHHOLDING_REASONS: Final = CodeList(
    "withholding-reasons",
    "Why a provider withholds data.",
    {
        "instructed": "an instruction not to disclose",
        "refused-by-state": "a refusal of its State",
        "condition": "a condition",
        "not-held": "the data are not held",
        "provider-policy": "a policy of the provider",
        "law-of-provider": "the law of the provider's State",
        "technical": "technical reasons",
        "other": "another reason",
    },
)
DECLINING_REASONS: Final = CodeList(
    "declining-reasons",
    "Why a provider will not disclose.",
    {
        "reserved-by-state": "a reservation of its State",
        "instructed": "an instruction not to disclose",
        "not-properly-served": "the order was not properly served",
        "law-of-provider": "the law of the provider's State",
        "overbroad": "the order asks for too much",
        "not-our-service": "the service is another provider's",
        "provider-policy": "a policy of the provider",
        "none-given": "no reason is given",
        "wrong-identifier": "the identifier is wrong",
        "needs-judicial-cooperation": "judicial cooperation is needed",
        "no-such-data": "no such data",
        "no-valid-legal-basis": "the legal basis is missing",
    },
)
REVIEW_DECISIONS: Final = CodeList(
    "review-decisions",
    "The decision of a court that reviews an order.",
    {
        "upheld": "the order is upheld",
        "lifted": "the order is lifted",
    },
)
CONFIDENTIALITY_BASES: Final = CodeList(
    "confidentiality-bases",
    "What a prohibition to inform the customer rests on.",
    {
        "court-order": "an order of a court",
        "provider-law": "the law of the provider's State",
    },
)
NOTICE_PARTS: Final = CodeList(
    "notice-parts",
    "What a person is informed of.",
    {
        "legal-basis": "the legal basis",
        "purpose": "the purpose",
        "data-categories": "the categories of data",
        "retention": "the period of storage",
        "recipients": "the recipients",
        "access-and-rectification": "access and rectification",
        "remedies": "the remedies",
    },
)

LISTS: Final = (
    WITHHOLDING_REASONS,
    DECLINING_REASONS,
    REVIEW_DECISIONS,
    CONFIDENTIALITY_BASES,
    NOTICE_PARTS,
)
