"""Convention on Cybercrime (ETS 185), chapters II and III by article: words that rules rest on, what has no rule.

The authentic English text was read whole.
"""

from __future__ import annotations

from ledger.law.wording.article import ActText, article, quoted

_OFFENCE = "A criminal offence in the law of a Party; the record names the offence of the order."
_LIABILITY = "Criminal law of a Party, not a duty of an order."
_REAL_TIME = "Collection in real time: only stored data are recorded here."
_MAY_ONLY = "may only be refused if"

CONVENTION = ActText(
    "BC",
    "https://www.coe.int/en/web/conventions/full-list?module=treaty-detail&treatynum=185",
    "chapters II and III, and article 36",
    (
        article("2", "Illegal access", _OFFENCE),
        article("3", "Illegal interception", _OFFENCE),
        article("4", "Data interference", _OFFENCE),
        article("5", "System interference", _OFFENCE),
        article("6", "Misuse of devices", _OFFENCE),
        article("7", "Computer-related forgery", _OFFENCE),
        article("8", "Computer-related fraud", _OFFENCE),
        article("9", "Offences related to child pornography", _OFFENCE),
        article("10", "Offences related to infringements of copyright and related rights", _OFFENCE),
        article("11", "Attempt and aiding or abetting", _OFFENCE),
        article("12", "Corporate liability", _LIABILITY),
        article("13", "Sanctions and measures", _LIABILITY),
        article("14", "Scope of procedural provisions", "Which offences national powers cover is national law."),
        article(
            "15", "Conditions and safeguards", "Safeguards are national law; supervision and validation are recorded."
        ),
        quoted(
            "16",
            "Expedited preservation of stored computer data",
            {
                "16(1)": "to order or similarly obtain the expeditious preservation of specified computer data",
                "16(2)": (
                    "for a period of time as long as necessary, up to a maximum of ninety days, to enable the "
                    "competent authorities to seek its disclosure",
                    "A Party may provide for such an order to be subsequently renewed",
                ),
                "16(3)": "to keep confidential the undertaking of such procedures",
            },
            "The period of national law, where it is shorter, is stated by the order.",
        ),
        quoted(
            "17",
            "Expedited preservation and partial disclosure of traffic data",
            {
                "17(1)": (
                    "a sufficient amount of traffic data to enable the Party to identify the service providers and the "
                    "path through which the communication was transmitted"
                )
            },
            'Disclosure to an authority of the same State: recorded, and "expeditious" has no number.',
        ),
        quoted(
            "18",
            "Production order",
            {
                "18(1)": (
                    "a service provider offering its services in the territory of the Party to submit subscriber "
                    "information relating to such services"
                )
            },
            "The conditions of a domestic order are national law; orders under it are recorded as BC-18.",
        ),
        article("19", "Search and seizure of stored computer data", "Domestic search and seizure: no order crosses."),
        article("20", "Real-time collection of traffic data", _REAL_TIME),
        article("21", "Interception of content data", _REAL_TIME),
        article("22", "Jurisdiction", "Which State prosecutes is not part of an order."),
        article("23", "General principles relating to international co-operation", "A principle without a period."),
        article("24", "Extradition", "Persons, not data."),
        quoted(
            "25",
            "General principles relating to mutual assistance",
            {
                "25(3)": "with formal confirmation to follow, where required by the requested Party",
                "25(4)": (
                    "shall be subject to the conditions provided for by the law of the requested Party or by "
                    "applicable mutual assistance treaties"
                ),
                "25(5)": "if the conduct underlying the offence for which assistance is sought is a criminal offence",
            },
            "Treaties between two Parties are not modelled; the record names the treaty.",
        ),
        article("26", "Spontaneous information", "No order is made; conditions on such information are not recorded."),
        quoted(
            "27",
            "Procedures pertaining to mutual assistance requests in the absence of applicable international agreements",
            {
                "27(1)": "shall not apply where such treaty, arrangement or legislation exists",
                "27(4)": "is likely to prejudice its sovereignty, security, ordre public or other essential interests",
                "27(5)": "may postpone action on a request if such action would prejudice criminal investigations",
                "27(7)": "Reasons shall be given for any refusal or postponement of the request",
                "27(8)": "keep confidential the fact of any request made under this chapter as well as its subject",
                "27(9)(a)": "a copy shall be sent at the same time to the central authority of the requested Party",
            },
            "Procedures that the requesting Party asks for, paragraph 3, are stated in the request and not checked.",
        ),
        quoted(
            "28",
            "Confidentiality and limitation on use",
            {
                "28(2)": "dependent on the condition that it is",
                "28(2)(b)": "not used for investigations or proceedings other than those stated in the request",
                "28(3)": "When the requesting Party accepts the condition, it shall be bound by it",
                "28(4)": "may require the other Party to explain, in relation to that condition, the use made",
            },
        ),
        quoted(
            "29",
            "Expedited preservation of stored computer data",
            {
                "29(2)(a)": "the authority seeking the preservation",
                "29(2)(b)": (
                    "the offence that is the subject of a criminal investigation or proceedings and a brief summary of "
                    "the related facts"
                ),
                "29(2)(c)": "the stored computer data to be preserved and its relationship to the offence",
                "29(2)(d)": "any available information identifying the custodian of the stored computer data",
                "29(2)(e)": "the necessity of the preservation",
                "29(2)(f)": "that the Party intends to submit a request for mutual assistance",
                "29(3)": "dual criminality shall not be required as a condition to providing such preservation",
                "29(4)": "at the time of disclosure the condition of dual criminality cannot be fulfilled",
                "29(5)": _MAY_ONLY,
                "29(6)": "it shall promptly so inform the requesting Party",
                "29(7)": (
                    "shall be for a period not less than sixty days",
                    "the data shall continue to be preserved pending a decision on that request",
                ),
            },
        ),
        quoted(
            "30",
            "Expedited disclosure of preserved traffic data",
            {
                "30(1)": "shall expeditiously disclose to the requesting Party a sufficient amount of traffic data",
                "30(2)": "may only be withheld if",
            },
            '"Expeditiously" has no number; the record shows what happened and when.',
        ),
        quoted(
            "31",
            "Mutual assistance regarding accessing of stored computer data",
            {"31(3)": "The request shall be responded to on an expedited basis"},
            '"Expedited" has no number; the record shows what happened and when.',
        ),
        article(
            "32",
            "Trans-border access to stored computer data with consent or where publicly available",
            "Access without another State: no order is made.",
        ),
        article("33", "Mutual assistance in the real-time collection of traffic data", _REAL_TIME),
        article("34", "Mutual assistance regarding the interception of content data", _REAL_TIME),
        article("35", "24/7 Network", "Contact points are offices of the register; how they are staffed is not."),
        quoted(
            "36",
            "Signature and entry into force",
            {"36(3)": "on the first day of the month following the expiration of a period of three months"},
        ),
    ),
)
