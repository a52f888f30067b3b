"""The words of the code lists that several kinds use."""

from __future__ import annotations

from typing import Final

from ledger.facts.vocabulary import GROUNDS
from ledger.facts.words.code_list import CodeList

CHANNELS: Final = CodeList(
    "channels",
    "How an order, an answer or data are sent.",
    {
        "decentralised-it-system": "through the decentralised IT system",
        "provider-portal": "through the provider's portal",
        "encrypted-mail": "by encrypted e-mail",
        "mail": "by e-mail",
        "link": "by a link",
        "post": "by post",
        "courier": "by courier",
        "fax": "by fax",
        "by-hand": "by hand",
        "contact-point-24-7": "through the contact points available day and night",
        "interpol": "through Interpol",
        "not-known": "by a channel that is not known",
    },
)
PURPOSES: Final = CodeList(
    "purposes",
    "What data or the record are used for.",
    {
        "investigation": "the investigation of criminal offences",
        "prosecution": "the prosecution of criminal offences",
        "trial": "criminal proceedings before a court",
        "execution-of-sentence": "the execution of a sentence",
        "defence": "the defence of the accused person",
        "supervision": "the supervision of data protection",
        "audit": "the examination of the record",
        "rights-request": "the answer to a person who exercises a right",
        "other": "another purpose",
    },
)
CAPACITIES: Final = CodeList(
    "capacities",
    "In which capacity an authority issues, supervises or validates.",
    {
        "judge": "judge",
        "court": "court",
        "investigating-judge": "investigating judge",
        "public-prosecutor": "public prosecutor",
        "other-judicial-authority": "other judicial authority",
        "independent-authority": "independent authority",
        "other-authority": "other authority",
    },
)
APPROVALS: Final = CodeList(
    "approvals",
    "The decision of an authority that supervises or validates.",
    {
        "approved": "the order is approved",
        "refused": "the approval is refused",
    },
)
CIRCUMSTANCES: Final = CodeList(
    "circumstances",
    "What a Party may declare to need a notification or consultation.",
    {
        "media-account": "an account of the media",
        "privileged-profession": "an account of a privileged professional",
        "public-authority": "an account of a public authority",
        "minor": "an account of a minor",
        "other": "another circumstance that was declared",
    },
)
ALTERNATIVE_GROUNDS: Final = CodeList(
    "alternative-grounds",
    "Why the decentralised IT system was not used.",
    {
        "system-disrupted": "the system was disrupted",
        "nature-of-material": "the nature of the material",
        "data-size": "the size of the data",
        "technical-limitation": "technical limitations",
        "admissibility": "rules on the admissibility of evidence",
        "forensic-requirements": "forensic requirements",
        "exceptional-circumstances": "exceptional circumstances",
        "other": "another reason",
    },
)
SIGNATURE_LEVELS: Final = CodeList(
    "signature-levels",
    "How a document is signed or sealed.",
    {
        "qualified-signature": "a qualified electronic signature",
        "qualified-seal": "a qualified electronic seal",
        "advanced": "an advanced electronic signature",
        "simple": "a simple electronic signature",
        "by-hand": "a signature by hand",
        "none": "no signature",
    },
)
RECEIPT_PROOFS: Final = CodeList(
    "receipt-proofs",
    "What the time of an arrival rests on.",
    {
        "own-stamp": "a stamp of the addressee",
        "delivery-receipt": "a delivery receipt",
        "portal-log": "the log of the portal",
        "courier-receipt": "a receipt of the courier",
        "none": "no proof",
    },
)
NON_EXECUTION_REASONS: Final = CodeList(
    "non-execution-reasons",
    "Why an addressee cannot execute an order.",
    {
        "incomplete": "the order is incomplete",
        "manifest-errors": "the order has manifest errors",
        "insufficient-information": "the order has too little information",
        "data-not-held": "the data are not held",
        "de-facto-impossibility": "execution is impossible in fact",
        "not-issued-or-validated-under-art-4": "the order was not issued or validated as article 4 asks",
        "offence-not-covered-by-5-4": "the offence is not covered by article 5(4)",
        "service-not-covered": "the service is not covered",
        "immunity-or-press": "an immunity, a privilege or the freedom of the press",
        "third-country-law": "the law of a third country",
        "other": "another reason",
    },
)
ASSISTANCE_GROUNDS: Final = CodeList(
    "assistance-grounds",
    "Why a Party refuses to preserve or to assist.",
    {
        "BC:25(4)": "conditions or grounds of its own law or of a treaty on mutual assistance",
        "BC:27(4)(a)": "political offence, or one connected with it",
        "BC:27(4)(b)": "sovereignty, security, public order or other essential interests",
        "BC:29(4)": "the condition of dual criminality is not fulfilled",
        "BC:29(5)(a)": "preservation is sought for a political offence, or one connected with it",
        "BC:29(5)(b)": "preservation would harm sovereignty, security, public order or other essential interests",
        "BC:30(2)(a)": "traffic data are sought for a political offence, or one connected with it",
        "BC:30(2)(b)": "traffic data would harm sovereignty, security, public order or other essential interests",
        "2AP:9": "a condition of article 9 of the Second Additional Protocol is not fulfilled",
        "other": "another ground",
    },
)
RESTRICTION_GROUNDS: Final = CodeList(
    "restriction-grounds",
    "Why the notice to a person is delayed or omitted.",
    {
        **{
            code: GROUNDS[code].says
            for code in (
                "LED:13(3)(a)",
                "LED:13(3)(b)",
                "LED:13(3)(c)",
                "LED:13(3)(d)",
                "LED:13(3)(e)",
                "2AP:14(12)(a)(i)",
                "SCA:2705(a)(2)(A)",
                "SCA:2705(a)(2)(B)",
                "SCA:2705(a)(2)(C)",
                "SCA:2705(a)(2)(D)",
                "SCA:2705(a)(2)(E)",
            )
        },
    },
)
COMPARISONS: Final = CodeList(
    "comparisons",
    "The result of a comparison of digests.",
    {
        "equal": "the digests are equal",
        "differ": "the digests differ",
        "not-checked": "the digests were not compared",
    },
)
EXTENTS: Final = CodeList(
    "extents",
    "The part of the data that an entry is about.",
    {
        "all": "all data",
        "part": "part of the data",
        "out-of-scope": "data that were not asked for",
    },
)
DESTRUCTION_METHODS: Final = CodeList(
    "destruction-methods",
    "How data or keys were destroyed.",
    {
        "overwritten": "they were overwritten",
        "crypto-erased": "the key that opens them was destroyed",
        "media-destroyed": "the storage media were destroyed",
        "deleted-by-provider": "the provider deleted them",
    },
)
NOTICE_CHANNELS: Final = CodeList(
    "notice-channels",
    "How a person is informed.",
    {
        "letter": "by letter",
        "e-mail": "by e-mail",
        "in-app": "in the app of the service",
        "counsel": "through counsel",
        "in-person": "in person",
    },
)
CATEGORIES: Final = CodeList(
    "categories",
    "The categories of data.",
    {
        "subscriber": "subscriber data",
        "identification": "data to identify the user",
        "traffic": "traffic data",
        "content": "content of communications and stored data",
        "domain-registration": "domain name registration data",
    },
)

LISTS: Final = (
    CHANNELS,
    PURPOSES,
    CAPACITIES,
    APPROVALS,
    CIRCUMSTANCES,
    ALTERNATIVE_GROUNDS,
    SIGNATURE_LEVELS,
    RECEIPT_PROOFS,
    NON_EXECUTION_REASONS,
    ASSISTANCE_GROUNDS,
    RESTRICTION_GROUNDS,
    COMPARISONS,
    EXTENTS,
    DESTRUCTION_METHODS,
    NOTICE_CHANNELS,
    CATEGORIES,
)
