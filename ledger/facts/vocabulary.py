"""The closed lists of the vocabulary: roles, instruments, groups, grounds, data elements, codes.

Each table gives the words for a code of the wire. A released code keeps its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

ROLES: Final[Mapping[str, str]] = {
    "ISS": "issuing authority",
    "VAL": "validating or supervising prosecutor, judge, court or independent authority",
    "SEEK": "authority that needs the data, if it is not the issuing authority",
    "RET": "authority to which data are returned and which answers questions",
    "SP": "service provider; in EU terms the addressee",
    "REG": "entity that provides domain name registration services",
    "NOT": "authority notified in the provider's State; in EU terms the enforcing authority",
    "CAQ": "central or competent authority of the requested Party",
    "CAR": "central authority of the requesting Party",
    "POC": "contact point available day and night",
    "DPA14": "authority designated for security incidents or onward transfers under 2AP art. 14",
    "CT": "court",
    "CUST": "customer, or the person whose data are sought; does not sign",
    "DEF": "defence counsel",
    "DPO": "data protection officer",
    "SA": "supervisory authority",
    "AUD": "auditor",
    "LAB": "evidence custodian or forensic examiner",
    "EXP": "independent expert",
    "ADM": "keeper of the register of offices, declarations and keys",
    "SYS": "ledger node; signs only what anybody can compute again",
}

# The roles that take part in an order and sign; all roles that sign.
OFFICES = tuple(role for role in ROLES if role not in ("CUST", "ADM", "SYS"))
SIGNERS = (*OFFICES, "ADM", "SYS")

INSTRUMENTS: Final[Mapping[str, str]] = {
    "2AP-6": "Second Additional Protocol (CETS 224), art. 6: request for domain name registration information",
    "2AP-7": "Second Additional Protocol, art. 7: order for subscriber information, sent directly to a provider",
    "2AP-8": "Second Additional Protocol, art. 8: giving effect to an order of another Party",
    "2AP-9": "Second Additional Protocol, art. 9: stored data in an emergency, between contact points",
    "2AP-10": "Second Additional Protocol, art. 10: emergency mutual assistance",
    "BC-16": "Budapest Convention (ETS 185), art. 16: domestic order to preserve data",
    "BC-18": "Budapest Convention, art. 18: domestic production order",
    "BC-29": "Budapest Convention, art. 29: request to another Party to preserve data",
    "BC-30": (
        "Budapest Convention, art. 30: traffic data disclosed while executing art. 29; an entry inside "
        "that order, not an order of its own"
    ),
    "BC-31": "Budapest Convention, art. 31: mutual assistance to obtain stored data",
    "VOL": "request without compulsion to a provider abroad",
    "EPOC": "Regulation (EU) 2023/1543: European Production Order",
    "EPOC-PR": "Regulation (EU) 2023/1543: European Preservation Order",
    "SCA": "United States, Stored Communications Act, 18 U.S.C. 2701 ff.",
    "COA": "order under an agreement made under the CLOUD Act, 18 U.S.C. 2523",
    "UNCC-42": "United Nations Convention against Cybercrime (not in force), art. 42: request to preserve data",
    "UNCC-44": "United Nations Convention against Cybercrime (not in force), art. 44: assistance to obtain stored data",
}


class KindGroup(NamedTuple):
    """A group of kinds; a disputed entry of the group leaves a gap in `criterion`, if it has one."""

    letter: str
    criterion: str
    says: str


GROUPS: Final[Mapping[str, KindGroup]] = {
    "order": KindGroup("A", "A4", "the order and its versions"),
    "third-state": KindGroup("B", "A5", "the authorities of the other State"),
    "preservation": KindGroup("C", "A5", "keeping data"),
    "answer": KindGroup("D", "A1", "what the provider answers"),
    "escalation": KindGroup("E", "A5", "the next step, and enforcement"),
    "emergency": KindGroup("F", "A4", "emergencies"),
    "customer": KindGroup("G", "A7", "telling the person concerned"),
    "custody": KindGroup("H", "A3", "the exhibit, hand to hand"),
    "sharing": KindGroup("I", "A7", "passing data on"),
    "rights": KindGroup("J", "A7", "rights of the person, oversight, security"),
    "court": KindGroup("K", "A8", "court and defence"),
    "governance": KindGroup("L", "A1", "offices, keys, declarations, disputes"),
    "costs": KindGroup("M", "", "what execution costs, and who pays"),
}

# When a content of an order that is not stated counts as missing. Without a condition: always.
WHEN: Final[Mapping[str, str]] = {
    "notified": "an authority of the provider's State must be notified of this order",
    "supervised": (
        "the provider's Party requires orders made under supervision, and a supervision or validation is on record"
    ),
    "other-seeker": "an authority that needs the data, and is not the issuing authority, signed an entry of this order",
    "confidentiality-asked": "a request for confidentiality is on record",
    "electronic": "the order went by any channel but post, courier, fax or by hand",
    "declared-8-4": "the requested Party has declared that it requires additional supporting information",
    "preservation-sought": "the order says that preservation was already sought",
    "validation-needed": (
        "the issuing authority needs a validation for these data, none is on record and none is pending"
    ),
    "traffic-or-content": "traffic data or content data are asked for",
    "emergency": "the order is issued as an emergency",
    "processor": "the order goes directly to a processor",
}
# What a condition rests on, where it is not the text of the order or the entries alone.
WHEN_CITES: Final[Mapping[str, str]] = {
    "notified": "2AP 7(5)(a) as declared; EPOC art. 8",
    "supervised": "declaration D-7-2-b",
    "declared-8-4": "declaration D-8-4",
    "validation-needed": "EPOC 4(1)-(3)",
}


class Ground(NamedTuple):
    """A ground for refusal or postponement: its provision, and its content in short."""

    cite: str
    says: str


GROUNDS: Final[Mapping[str, Ground]] = {
    "G-7-i": Ground(
        "2AP:7(5)(c)(i)", "disclosure may prejudice criminal investigations or proceedings in the provider's Party"
    ),
    "G-7-ii-a": Ground(
        "BC:25(4)", "the law of the requested Party or a treaty on mutual assistance sets conditions or grounds"
    ),
    "G-7-ii-b": Ground("BC:27(4)(a)", "political offence, or one connected with it"),
    "G-7-ii-c": Ground("BC:27(4)(b)", "sovereignty, security, public order or other essential interests"),
    "EPOC:12(1)(a)": Ground(
        "EPOC:12(1)(a)", "immunities or privileges, freedom of the press or of expression in other media"
    ),
    "EPOC:12(1)(b)": Ground("EPOC:12(1)(b)", "exceptionally, a manifest breach of a fundamental right"),
    "EPOC:12(1)(c)": Ground("EPOC:12(1)(c)", "nobody is tried twice for the same thing"),
    "EPOC:12(1)(d)": Ground(
        "EPOC:12(1)(d)", "not an offence in the enforcing State, unless listed and of three years or more"
    ),
    "LED:13(3)(a)": Ground("LED:13(3)(a)", "not to obstruct inquiries, investigations or procedures"),
    "LED:13(3)(b)": Ground(
        "LED:13(3)(b)", "not to prejudice prevention, detection, investigation, prosecution or execution"
    ),
    "LED:13(3)(c)": Ground("LED:13(3)(c)", "to protect public security"),
    "LED:13(3)(d)": Ground("LED:13(3)(d)", "to protect national security"),
    "LED:13(3)(e)": Ground("LED:13(3)(e)", "to protect the rights and freedoms of others"),
    "2AP:14(12)(a)(i)": Ground(
        "2AP:14(12)(a)(i)",
        "proportionate restriction under domestic law, to protect others or important public interests",
    ),
    "SCA:2705(a)(2)(A)": Ground("SCA:2705(a)(2)(A)", "danger to life or physical safety"),
    "SCA:2705(a)(2)(B)": Ground("SCA:2705(a)(2)(B)", "flight from prosecution"),
    "SCA:2705(a)(2)(C)": Ground("SCA:2705(a)(2)(C)", "destruction of or tampering with evidence"),
    "SCA:2705(a)(2)(D)": Ground("SCA:2705(a)(2)(D)", "intimidation of witnesses"),
    "SCA:2705(a)(2)(E)": Ground(
        "SCA:2705(a)(2)(E)", "an investigation otherwise seriously jeopardised or a trial unduly delayed"
    ),
}


class DataElement(NamedTuple):
    """A data element with its category under the Budapest Convention and its Protocol, and in EU law.

    `access_number` marks an element that a Party may exclude under CETS 224, art. 7(9)(b).
    """

    category: str
    eu: str
    cite: str
    access_number: bool = False


ELEMENTS: Final[Mapping[str, DataElement]] = {
    "name": DataElement("subscriber", "subscriber", "BC:18(3)(b)"),
    "date-of-birth": DataElement("subscriber", "subscriber", "BC:18(3)(b)"),
    "postal-address": DataElement("subscriber", "subscriber", "BC:18(3)(b)"),
    "email-address": DataElement("subscriber", "subscriber", "BC:18(3)(b)"),
    "telephone-number": DataElement("subscriber", "subscriber", "BC:18(3)(b)"),
    "billing-record": DataElement("subscriber", "subscriber", "BC:18(3)(b)"),
    "payment-means": DataElement("subscriber", "subscriber", "BC:18(3)(b)"),
    "service-type": DataElement("subscriber", "subscriber", "BC:18(3)(a)"),
    "service-period": DataElement("subscriber", "subscriber", "BC:18(3)(a)"),
    "installation-site": DataElement("subscriber", "subscriber", "BC:18(3)(c)"),
    "registration-ip": DataElement("subscriber", "subscriber", "BC:18(3)(b)", access_number=True),
    "login-ip": DataElement("subscriber", "identification", "2AP:7(9)(b)", access_number=True),
    "connection-log": DataElement("traffic", "traffic", "BC:1(d)"),
    "message-headers": DataElement("traffic", "traffic", "BC:1(d)"),
    "device-location": DataElement("traffic", "traffic", "BC:1(d)"),
    "message-content": DataElement("content", "content", "EPOC:3(12)"),
    "stored-files": DataElement("content", "content", "EPOC:3(12)"),
    "voice-messages": DataElement("content", "content", "EPOC:3(12)"),
    "domain-holder": DataElement("domain-registration", "subscriber", "2AP:6(1)"),
    "domain-contact": DataElement("domain-registration", "subscriber", "2AP:6(1)"),
    "domain-dates": DataElement("domain-registration", "subscriber", "2AP:6(1)"),
}

# Of every entry: how its signer speaks (own act; observation; import from paper or mail), and the source of `on`.
Speaks = Literal["act", "observation", "import"]
OnSource = Literal["own-act", "receipt-stamp", "other-party", "estimate"]

# ---------------------------------------------------------------------------------------------------------------------
# Codes that more than one kind uses. A list that one field alone uses is defined at that field.

# The capacity of an authority that issues, supervises or validates.
Capacity = Literal[
    "judge",
    "court",
    "investigating-judge",
    "public-prosecutor",
    "other-judicial-authority",
    "independent-authority",
    "other-authority",
]

# The decision of a supervising or validating authority.
Approval = Literal["approved", "refused"]

# Circumstances for which a Party may declare notification or consultation.
Circumstance = Literal["media-account", "privileged-profession", "public-authority", "minor", "other"]

# The channel of an order, an answer or data.
Channel = Literal[
    "decentralised-it-system",
    "provider-portal",
    "encrypted-mail",
    "mail",
    "link",
    "post",
    "courier",
    "fax",
    "by-hand",
    "contact-point-24-7",
    "interpol",
    "not-known",
]

# Why the decentralised system cannot be used. Regulation (EU) 2023/1543, art. 19(5), whose list is not closed.
AlternativeGround = Literal[
    "system-disrupted",
    "nature-of-material",
    "data-size",
    "technical-limitation",
    "admissibility",
    "forensic-requirements",
    "exceptional-circumstances",
    "other",
]

# The signature or seal of a document. Regulation (EU) 2023/1543, art. 21(2); Regulation (EU) No 910/2014.
SignatureLevel = Literal["qualified-signature", "qualified-seal", "advanced", "simple", "by-hand", "none"]

# The proof of a time of arrival.
ReceiptProof = Literal["own-stamp", "delivery-receipt", "portal-log", "courier-receipt", "none"]

# Reasons of an addressee that cannot execute. Regulation (EU) 2023/1543, annex III.
NonExecutionReason = Literal[
    "incomplete",
    "manifest-errors",
    "insufficient-information",
    "data-not-held",
    "de-facto-impossibility",
    "not-issued-or-validated-under-art-4",
    "offence-not-covered-by-5-4",
    "service-not-covered",
    "immunity-or-press",
    "third-country-law",
    "other",
]

# Grounds of a Party that refuses to preserve or to assist.
AssistanceGround = Literal[
    "BC:25(4)",
    "BC:27(4)(a)",
    "BC:27(4)(b)",
    "BC:29(4)",
    "BC:29(5)(a)",
    "BC:29(5)(b)",
    "BC:30(2)(a)",
    "BC:30(2)(b)",
    "2AP:9",
    "other",
]

# The purpose of a use of data or of the ledger.
Purpose = Literal[
    "investigation",
    "prosecution",
    "trial",
    "execution-of-sentence",
    "defence",
    "supervision",
    "audit",
    "rights-request",
    "other",
]

# The result of a comparison of digests.
Comparison = Literal["equal", "differ", "not-checked"]

# The part of the data that an entry is about.
Extent = Literal["all", "part", "out-of-scope"]

# The method of destruction of data or keys.
DestructionMethod = Literal["overwritten", "crypto-erased", "media-destroyed", "deleted-by-provider"]

# The channel of a notice to a person.
NoticeChannel = Literal["letter", "e-mail", "in-app", "counsel", "in-person"]

# Grounds to delay or omit a notice to a person; GROUNDS has the words of each.
RestrictionGround = Literal[
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
]
