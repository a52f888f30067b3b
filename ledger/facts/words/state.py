"""The words of the code lists of the other State, of preservation, enforcement and emergencies."""

from __future__ import annotations

from typing import Final

from ledger.facts.vocabulary import GROUNDS
from ledger.facts.words.code_list import CodeList
from ledger.facts.words.shared import ASSISTANCE_GROUNDS, NON_EXECUTION_REASONS

NOTIFICATION_PARTS: Final = CodeList(
    "notification-parts",
    "What goes with a notification.",
    {
        "order": "the order",
        "supplemental-information": "supplemental information",
        "summary-of-facts": "the summary of facts",
        "necessity-grounds": "the grounds of necessity",
        "additional-information": "additional information",
    },
)
CONSULTATION_TOPICS: Final = CodeList(
    "consultation-topics",
    "What a consultation is about.",
    {
        "before-disclosure": "the disclosure that is to come",
        "no-disclosure": "the absence of a disclosure",
        "late-instruction": "an instruction that came late",
        "improper-implementation": "improper implementation",
        "suspension": "a suspension",
        "other": "another topic",
    },
)
CONSULTATION_OUTCOMES: Final = CodeList(
    "consultation-outcomes",
    "How a consultation ends.",
    {
        "may-disclose": "the data may be disclosed",
        "instruction-follows": "an instruction follows",
        "agreed": "agreement",
        "no-agreement": "no agreement",
    },
)
INSTRUCTION_GROUNDS: Final = CodeList(
    "instruction-grounds",
    "Why a State instructs a provider not to disclose.",
    {
        **{
            code: GROUNDS[code].says
            for code in (
                "G-7-i",
                "G-7-ii-a",
                "G-7-ii-b",
                "G-7-ii-c",
            )
        },
        "other": "another ground",
    },
)
INSTRUCTION_SCOPES: Final = CodeList(
    "instruction-scopes",
    "What an instruction covers.",
    {
        "all": "all data",
        "part": "part of the data",
    },
)
REFUSAL_GROUNDS: Final = CodeList(
    "refusal-grounds",
    "Grounds for refusal of the enforcing authority.",
    {
        **{
            code: GROUNDS[code].says
            for code in (
                "EPOC:12(1)(a)",
                "EPOC:12(1)(b)",
                "EPOC:12(1)(c)",
                "EPOC:12(1)(d)",
            )
        },
    },
)
REFUSAL_SCOPES: Final = CodeList(
    "refusal-scopes",
    "What a ground for refusal bars.",
    {
        "all": "all data",
        "part": "part of the data",
        "conditions": "use without conditions",
    },
)
POWER_HOLDERS: Final = CodeList(
    "power-holders",
    "Whose authority can waive an immunity or a privilege.",
    {
        "enforcing-state": "the enforcing State",
        "other-member-state": "another Member State",
        "third-country": "a third country",
        "international-organisation": "an international organisation",
    },
)
WAIVERS: Final = CodeList(
    "waivers",
    "The decision on a waiver.",
    {
        "waived": "the immunity or privilege is waived",
        "not-waived": "the immunity or privilege is not waived",
    },
)
CONDITIONS: Final = CodeList(
    "conditions",
    "Under which condition data may be used.",
    {
        "this-case-only": "use in this case only",
        "confidentiality": "confidentiality",
        "sources-protected": "protection of sources",
        "handling": "rules on handling",
        "other": "another condition",
    },
)
REFUSALS_TO_KEEP: Final = CodeList(
    "refusals-to-keep",
    "Why data are not kept.",
    {
        **ASSISTANCE_GROUNDS.words,
        **NON_EXECUTION_REASONS.words,
    },
)
PRESERVATION_RISKS: Final = CodeList(
    "preservation-risks",
    "What is at risk.",
    {
        "availability": "the availability of the data",
        "confidentiality": "confidentiality",
        "investigation": "the investigation",
    },
)
PRODUCTION_KINDS: Final = CodeList(
    "production-kinds",
    "The order or request made for kept data.",
    {
        "EPOC": "a European Production Order",
        "EIO": "a European Investigation Order",
        "MLA": "a request for mutual assistance",
        "2AP-8": "an order under article 8 of the Second Additional Protocol",
        "domestic": "a domestic order",
    },
)
CEASING_CAUSES: Final = CodeList(
    "ceasing-causes",
    "Why data are no longer kept.",
    {
        "period-ended": "the period has ended",
        "produced": "the data were produced",
        "withdrawn": "the request was withdrawn",
        "refused": "the request was refused",
        "released-by-issuer": "the issuing side released them",
        "exempt": "the provider is exempt",
    },
)
RELEASE_CAUSES: Final = CodeList(
    "release-causes",
    "Why data need no longer be kept or produced.",
    {
        "no-longer-needed": "the data are no longer needed",
        "obtained-otherwise": "the data were obtained otherwise",
        "enforcement-denied": "enforcement was denied",
        "order-lifted": "the order was lifted",
        "other": "another reason",
    },
)
ENFORCEMENT_PARTS: Final = CodeList(
    "enforcement-parts",
    "What goes with a request for enforcement.",
    {
        "order": "the order",
        "non-execution-form": "the form on non-execution",
        "other-documents": "other documents",
    },
)
RECOGNITIONS: Final = CodeList(
    "recognitions",
    "The decision on recognition.",
    {
        "recognised": "the order is recognised",
        "denied": "the recognition is denied",
    },
)
DENIAL_GROUNDS: Final = CodeList(
    "denial-grounds",
    "Why recognition or enforcement is denied.",
    {
        "EPOC:16(4)(a)": "the order was not issued or validated as article 4 asks",
        "EPOC:16(4)(b)": "the offence is not covered by article 5(4)",
        "EPOC:16(4)(c)": "execution is impossible in fact, or the certificate has manifest errors",
        "EPOC:16(4)(d)": "the order does not concern data stored by or for the provider",
        "EPOC:16(4)(e)": "the service is not covered",
        "EPOC:16(4)(f)": "immunities or privileges, freedom of the press or of expression in other media",
        "EPOC:16(4)(g)": "exceptionally, a manifest breach of a fundamental right",
        "EPOC:16(5)(a)": "the order was not issued or validated as article 4 asks",
        "EPOC:16(5)(b)": "execution is impossible in fact, or the certificate has manifest errors",
        "EPOC:16(5)(c)": "the order does not concern data stored by or for the provider",
        "EPOC:16(5)(d)": "the service is not covered",
        "EPOC:16(5)(e)": "immunities or privileges, freedom of the press or of expression in other media",
        "EPOC:16(5)(f)": "exceptionally, a manifest breach of a fundamental right",
    },
)
OBJECTION_GROUNDS: Final = CodeList(
    "objection-grounds",
    "Why an addressee objects to enforcement.",
    {
        **{
            code: DENIAL_GROUNDS.words[code]
            for code in (
                "EPOC:16(4)(a)",
                "EPOC:16(4)(b)",
                "EPOC:16(4)(c)",
                "EPOC:16(4)(d)",
                "EPOC:16(4)(e)",
                "EPOC:16(4)(f)",
                "EPOC:16(5)(a)",
                "EPOC:16(5)(b)",
                "EPOC:16(5)(c)",
                "EPOC:16(5)(d)",
                "EPOC:16(5)(e)",
            )
        },
    },
)
DEMAND_PARTS: Final = CodeList(
    "demand-parts",
    "What else the addressee is informed of.",
    {
        "possibility-to-object": "the possibility to object",
        "penalties": "the penalties for not complying",
    },
)
THREATS: Final = CodeList(
    "threats",
    "What is in danger.",
    {
        "life": "life",
        "physical-integrity": "physical integrity",
        "safety": "the safety of a person",
        "critical-infrastructure": "critical infrastructure",
    },
)
DETERMINATIONS: Final = CodeList(
    "determinations",
    "Whether a request in an emergency will be executed.",
    {
        "yes": "the request will be executed",
        "yes-with-conditions": "the request will be executed on conditions",
        "no": "the request will not be executed",
    },
)
REASSESSMENTS: Final = CodeList(
    "reassessments",
    "The outcome of a new look at an emergency.",
    {
        "upheld": "the emergency continues",
        "ended": "the emergency has ended",
        "downgraded": "the emergency is less grave",
    },
)

LISTS: Final = (
    NOTIFICATION_PARTS,
    CONSULTATION_TOPICS,
    CONSULTATION_OUTCOMES,
    INSTRUCTION_GROUNDS,
    INSTRUCTION_SCOPES,
    REFUSAL_GROUNDS,
    REFUSAL_SCOPES,
    POWER_HOLDERS,
    WAIVERS,
    CONDITIONS,
    REFUSALS_TO_KEEP,
    PRESERVATION_RISKS,
    PRODUCTION_KINDS,
    CEASING_CAUSES,
    RELEASE_CAUSES,
    ENFORCEMENT_PARTS,
    RECOGNITIONS,
    DENIAL_GROUNDS,
    OBJECTION_GROUNDS,
    DEMAND_PARTS,
    THREATS,
    DETERMINATIONS,
    REASSESSMENTS,
)
