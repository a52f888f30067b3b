"""The words of the code lists of the order and its service."""

from __future__ import annotations

from typing import Final

from ledger.facts.words.code_list import CodeList

SPECIAL_INSTRUCTIONS: Final = CodeList(
    "special-instructions",
    "Special procedural instructions to the addressee.",
    {
        "confidentiality": "confidentiality",
        "certification": "certification of the data",
        "authentication": "authentication of the data",
        "encryption": "encryption of the data",
        "no-notice-to-controller": "no notice to the controller",
        "other": "another instruction",
    },
)
NOTIFICATION_TESTS: Final = CodeList(
    "notification-tests",
    "Whether an authority of the other State must be notified.",
    {
        "required": "a notification is required",
        "not-required-category": "no notification is required for this category of data",
        "not-required-8-2": "no notification is required under article 8(2)",
    },
)
OFFENCE_THRESHOLDS: Final = CodeList(
    "offence-thresholds",
    "Which threshold for traffic and content data is met.",
    {
        "three-years-or-more": "an offence with a maximum of three years or more",
        "listed-information-system-offence": "a listed offence against information systems",
        "terrorism": "terrorism",
        "sentence-execution": "the execution of a sentence of four months or more",
        "below": "no threshold",
    },
)
PRIVILEGE_CONDITIONS: Final = CodeList(
    "privilege-conditions",
    "When data of a privileged professional may be sought.",
    {
        "resides-in-issuing-state": "the professional resides in the issuing State",
        "detrimental-to-the-investigation": "another addressee would harm the investigation",
        "waived": "the privilege was waived",
    },
)
PROTECTIONS: Final = CodeList(
    "protections",
    "What protects the data under the law of the enforcing State.",
    {
        "nothing": "no protection",
        "immunity-or-privilege": "an immunity or a privilege",
        "press-or-expression": "freedom of the press or of expression",
    },
)
ADDRESSEE_CAPACITIES: Final = CodeList(
    "addressee-capacities",
    "In which capacity the addressee gets the order.",
    {
        "designated-establishment": "designated establishment",
        "legal-representative": "legal representative",
        "other-establishment": "other establishment",
    },
)
OTHER_ADDRESSEE_REASONS: Final = CodeList(
    "other-addressee-reasons",
    "Why the order goes to another addressee in an emergency.",
    {
        "no-reaction": "the addressee did not react",
        "none-designated": "no addressee was designated",
    },
)
PROCESSOR_GROUNDS: Final = CodeList(
    "processor-grounds",
    "Why the order goes to a processor.",
    {
        "controller-not-identified": "the controller cannot be identified",
        "detrimental-to-the-investigation": "an order to the controller would harm the investigation",
    },
)
PROCEEDINGS: Final = CodeList(
    "proceedings",
    "The proceedings for which data are needed.",
    {
        "criminal-proceedings": "criminal proceedings",
        "execution-of-sentence": "the execution of a sentence",
    },
)
PARALLEL_INSTRUMENTS: Final = CodeList(
    "parallel-instruments",
    "Other instruments under which the same data are asked for.",
    {
        "european-investigation-order": "a European Investigation Order",
        "mutual-assistance": "mutual assistance",
        "convention": "the Convention on Cybercrime",
        "protocol": "the Second Additional Protocol",
        "other": "another instrument",
    },
)
DEFENCE_REQUESTS: Final = CodeList(
    "defence-requests",
    "Who of the defence asked for the order.",
    {
        "suspect-or-accused": "the suspected or accused person",
        "lawyer": "the lawyer of the person",
    },
)
DOUBTS: Final = CodeList(
    "doubts",
    "What raised a doubt that the order is genuine.",
    {
        "sender-unknown": "the sender is not known",
        "signature-missing": "the signature is missing",
        "signature-invalid": "the signature does not verify",
        "domain-suspicious": "the domain of the sender is suspicious",
        "content-unusual": "the contents are unusual",
        "call-back-failed": "a call back to the office failed",
    },
)
CONFIRMATION_METHODS: Final = CodeList(
    "confirmation-methods",
    "How an order was confirmed as genuine.",
    {
        "call-back": "by a call back",
        "register-key": "by a key of the register",
        "contact-point-24-7": "through the contact points available day and night",
        "letter": "by letter",
        "in-person": "in person",
    },
)
REPUDIATIONS: Final = CodeList(
    "repudiations",
    "Why an office disowns an order.",
    {
        "never-issued": "the order was never issued",
        "altered": "the order was altered",
        "office-impersonated": "somebody posed as the office",
    },
)
ADAPTATION_CAUSES: Final = CodeList(
    "adaptation-causes",
    "What led to a narrower order.",
    {
        "ground-for-refusal": "a ground for refusal",
        "condition": "a condition",
        "provider-reasons": "reasons of the provider",
        "own-motion": "own motion",
    },
)
DATA_HANDLINGS: Final = CodeList(
    "data-handlings",
    "What is to happen to data already held after a withdrawal.",
    {
        "none-held": "no data are held",
        "delete": "data already held are to be deleted",
        "restrict": "data already held are to be restricted",
        "return": "data already held are to be returned",
        "keep": "data already held are kept",
    },
)
WITHDRAWAL_REASONS: Final = CodeList(
    "withdrawal-reasons",
    "Why an order is withdrawn.",
    {
        "ground-for-refusal": "a ground for refusal",
        "ex-post-validation-refused": "the validation after the fact was refused",
        "no-longer-needed": "the data are no longer needed",
        "obtained-otherwise": "the data were obtained otherwise",
        "issued-in-error": "the order was issued in error",
        "person-found": "the person was found",
        "objection-accepted": "an objection was accepted",
    },
)
OUTCOMES: Final = CodeList(
    "outcomes",
    "How an order ends.",
    {
        "answered": "the order was answered",
        "answered-in-part": "the order was answered in part",
        "refused": "the order was refused",
        "no-data": "no data were held",
        "withdrawn": "the order was withdrawn",
        "repudiated": "the order was disowned",
        "replaced": "another order replaced the order",
    },
)

LISTS: Final = (
    SPECIAL_INSTRUCTIONS,
    NOTIFICATION_TESTS,
    OFFENCE_THRESHOLDS,
    PRIVILEGE_CONDITIONS,
    PROTECTIONS,
    ADDRESSEE_CAPACITIES,
    OTHER_ADDRESSEE_REASONS,
    PROCESSOR_GROUNDS,
    PROCEEDINGS,
    PARALLEL_INSTRUMENTS,
    DEFENCE_REQUESTS,
    DOUBTS,
    CONFIRMATION_METHODS,
    REPUDIATIONS,
    ADAPTATION_CAUSES,
    DATA_HANDLINGS,
    WITHDRAWAL_REASONS,
    OUTCOMES,
)
