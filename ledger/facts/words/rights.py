"""The words of the code lists of the rights of persons, of the use of data, and of incidents."""

from __future__ import annotations

from typing import Final

from ledger.facts.vocabulary import GROUNDS
from ledger.facts.words.code_list import CodeList

ACCESS_PARTS: Final = CodeList(
    "access-parts",
    "What a person is given with access.",
    {
        "copy": "a copy of the data",
        "legal-basis": "the legal basis",
        "purpose": "the purpose",
        "retention": "the period of storage",
        "recipients": "the recipients",
        "redress": "the redress",
    },
)
ACCESS_RESTRICTION_GROUNDS: Final = CodeList(
    "access-restriction-grounds",
    "Why access is refused or limited.",
    {
        "LED:15(1)(a)": "not to obstruct inquiries, investigations or procedures",
        "LED:15(1)(b)": "not to prejudice prevention, detection, investigation, prosecution or execution",
        "LED:15(1)(c)": "to protect public security",
        "LED:15(1)(d)": "to protect national security",
        "LED:15(1)(e)": "to protect the rights and freedoms of others",
        **{code: GROUNDS[code].says for code in ("2AP:14(12)(a)(i)",)},
    },
)
RECTIFICATIONS: Final = CodeList(
    "rectifications",
    "How data are put right.",
    {
        "correction": "correction",
        "supplementation": "supplementation",
        "erasure": "erasure",
        "anonymisation": "anonymisation",
        "restriction": "restriction",
        "blocking": "blocking",
    },
)
ERASURE_DECISIONS: Final = CodeList(
    "erasure-decisions",
    "The decision on a request to erase.",
    {
        "erased": "the data are erased",
        "refused": "the erasure is refused",
        "restricted-instead": "the data are restricted instead",
    },
)
EXTENSION_GROUNDS: Final = CodeList(
    "extension-grounds",
    "Why the time for an answer to a person is extended.",
    {
        "complexity": "the complexity of the request",
        "number-of-requests": "the number of requests",
    },
)
FORUMS: Final = CodeList(
    "forums",
    "Where a person seeks a remedy.",
    {
        "court": "a court",
        "supervisory-authority": "a supervisory authority",
        "other": "another forum",
    },
)
REMEDY_DECISIONS: Final = CodeList(
    "remedy-decisions",
    "The decision on a remedy.",
    {
        "granted": "the remedy is granted",
        "granted-in-part": "the remedy is granted in part",
        "refused": "the remedy is refused",
    },
)
RETENTION_DECISIONS: Final = CodeList(
    "retention-decisions",
    "The outcome of a review of retention.",
    {
        "keep": "the data are kept",
        "erase": "the data are to be erased",
        "restrict": "the data are to be restricted",
    },
)
KEY_DESTRUCTION_CAUSES: Final = CodeList(
    "key-destruction-causes",
    "Why the key to sealed values is destroyed.",
    {
        "retention-ended": "the period of storage has ended",
        "erasure-granted": "an erasure was granted",
        "out-of-scope": "the data were not asked for",
        "withdrawn": "the order was withdrawn",
        "other": "another reason",
    },
)
LOCK_CAUSES: Final = CodeList(
    "lock-causes",
    "Why data are locked.",
    {
        "kept-as-evidence": "they must be kept as evidence",
        "accuracy-contested": "it is contested whether they are accurate",
        "unlawful": "their processing was unlawful, and they are locked instead of erased",
        "safety-of-a-person": "the safety of a person requires it",
    },
)
FURTHER_USES: Final = CodeList(
    "further-uses",
    "The decision on use in another case.",
    {
        "allowed": "the use is allowed",
        "refused": "the use is refused",
    },
)
DATA_QUALITIES: Final = CodeList(
    "data-qualities",
    "What is noted on the reliability of data.",
    {
        "fact": "based on facts",
        "assessment": "based on an assessment",
        "inaccurate": "inaccurate",
        "outdated": "outdated",
        "incomplete": "incomplete",
    },
)
SPECIAL_CATEGORIES: Final = CodeList(
    "special-categories",
    "The kinds of specially protected data.",
    {
        "racial-or-ethnic-origin": "racial or ethnic origin",
        "political-opinion": "political opinion",
        "religion-or-belief": "religion or belief",
        "trade-union": "membership of a trade union",
        "genetic": "genetic data",
        "biometric": "biometric data",
        "health": "health",
        "sex-life": "sex life or orientation",
    },
)
TRANSMISSION_ERRORS: Final = CodeList(
    "transmission-errors",
    "What was wrong with data that were sent.",
    {
        "wrong": "the data were wrong",
        "unlawful": "the data were sent unlawfully",
        "incomplete": "the data were incomplete",
    },
)
VIEWS: Final = CodeList(
    "views",
    "What was read of the record.",
    {
        "timeline": "the timeline",
        "docket": "the list of orders",
        "custody": "the chain of custody",
        "dpo": "the report on data protection",
        "evidence-chain": "the evidence chain",
        "audit": "the audit report",
        "export": "an export",
    },
)
INCIDENTS: Final = CodeList(
    "incidents",
    "The kinds of security incidents.",
    {
        "misdirected": "data went to a wrong recipient",
        "unauthorised-access": "unauthorised access",
        "loss": "loss of data",
        "alteration": "alteration of data",
        "forged-order": "a forged order",
        "other": "another incident",
    },
)
INCIDENT_REGIMES: Final = CodeList(
    "incident-regimes",
    "Under which provision an incident must be reported.",
    {
        "GDPR:33": "article 33 of Regulation (EU) 2016/679",
        "LED:30": "article 30 of Directive (EU) 2016/680",
        "2AP:14(7)": "article 14, paragraph 7, of the Second Additional Protocol (CETS 224)",
    },
)
RISKS: Final = CodeList(
    "risks",
    "How likely and how grave harm is.",
    {
        "none": "no risk",
        "low": "a low risk",
        "significant": "a significant risk",
        "high": "a high risk",
    },
)
MITIGATIONS: Final = CodeList(
    "mitigations",
    "What was done against harm.",
    {
        "recall-asked": "a recall of the data was asked for",
        "access-cut": "access was cut",
        "key-revoked": "a key was revoked",
        "notice-to-staff": "the staff was informed",
        "process-changed": "the procedure was changed",
        "other": "another measure",
    },
)
CORRECTIVE_MEASURES: Final = CodeList(
    "corrective-measures",
    "What a supervisory authority or a court orders.",
    {
        "erase": "erase data",
        "restrict": "restrict data",
        "rectify": "rectify data",
        "inform-the-person": "inform the person",
        "stop-processing": "stop the processing",
        "other": "another measure",
    },
)

LISTS: Final = (
    ACCESS_PARTS,
    ACCESS_RESTRICTION_GROUNDS,
    RECTIFICATIONS,
    ERASURE_DECISIONS,
    EXTENSION_GROUNDS,
    FORUMS,
    REMEDY_DECISIONS,
    RETENTION_DECISIONS,
    KEY_DESTRUCTION_CAUSES,
    LOCK_CAUSES,
    FURTHER_USES,
    DATA_QUALITIES,
    SPECIAL_CATEGORIES,
    TRANSMISSION_ERRORS,
    VIEWS,
    INCIDENTS,
    INCIDENT_REGIMES,
    RISKS,
    MITIGATIONS,
    CORRECTIVE_MEASURES,
)
