"""Directive (EU) 2016/680 and Regulation (EU) 2016/679: the articles that rules rest on, with their words.

Read: articles 1 to 19 and 29 to 35 of the Directive, 5 to 17 and 33 to 39 of the Regulation.
"""

from __future__ import annotations

from ledger.law.wording.article import ActText, article, quoted

_HOURS = "without undue delay and, where feasible, not later than 72 hours after having become aware of it"
_HIGH_RISK = "Whether the risk is high is for the controller; that the person was informed is recorded."
_REQUESTS = "Requests and answers are recorded; the Directive names no number of days."

DIRECTIVE = ActText(
    "LED",
    "http://data.europa.eu/eli/dir/2016/680/oj",
    "the articles on which rules rest, and their neighbours",
    (
        quoted(
            "4",
            "Principles relating to processing of personal data",
            {
                "4(1)(c)": "adequate, relevant and not excessive in relation to the purposes",
                "4(2)": "processing is necessary and proportionate to that other purpose",
            },
            "Lawfulness, accuracy and security, paragraph 1, are for the controller.",
        ),
        quoted(
            "5",
            "Time-limits for storage and review",
            {
                "5": (
                    "appropriate time limits to be established for the erasure of personal data or for a periodic "
                    "review of the need for the storage of personal data"
                )
            },
            "The time limit itself is national law; the record states it.",
        ),
        quoted(
            "10",
            "Processing of special categories of personal data",
            {"10": "shall be allowed only where strictly necessary, subject to appropriate safeguards"},
        ),
        quoted(
            "12",
            "Communication and modalities for exercising the rights of the data subject",
            {
                "12(3)": (
                    "to inform the data subject in writing about the follow up to his or her request without undue "
                    "delay"
                )
            },
        ),
        quoted(
            "13",
            "Information to be made available or given to the data subject",
            {
                "13(3)": (
                    "to the extent that, and for as long as, such a measure constitutes a necessary and proportionate "
                    "measure in a democratic society"
                )
            },
        ),
        article("14", "Right of access by the data subject", _REQUESTS),
        quoted(
            "15",
            "Limitations to the right of access",
            {
                "15(3)": "without undue delay, in writing of any refusal or restriction of access",
                "15(4)": "to document the factual or legal reasons on which the decision is based",
            },
        ),
        article("16", "Right to rectification or erasure of personal data and restriction of processing", _REQUESTS),
        quoted(
            "30",
            "Notification of a personal data breach to the supervisory authority",
            {"30(1)": _HOURS},
            "Whether a breach results in a risk is for the controller.",
        ),
        article("31", "Communication of a personal data breach to the data subject", _HIGH_RISK),
        quoted(
            "35",
            "General principles for transfers of personal data",
            {
                "35(1)(c)": "that Member State has given its prior authorisation to the transfer",
                "35(1)(e)": "authorises the onward transfer, after taking into due account all relevant factors",
            },
            "Adequacy and safeguards, points (a), (b) and (d), are for the authority that transfers.",
        ),
    ),
)

REGULATION = ActText(
    "GDPR",
    "http://data.europa.eu/eli/reg/2016/679/oj",
    "the articles on which rules rest, and their neighbours",
    (
        quoted(
            "5",
            "Principles relating to processing of personal data",
            {"5(1)(f)": "processed in a manner that ensures appropriate security of the personal data"},
            "The other principles are for the controller.",
        ),
        quoted(
            "12",
            "Transparent information, communication and modalities for the exercise of the rights of the data subject",
            {
                "12(3)": (
                    "without undue delay and in any event within one month of receipt of the request",
                    "That period may be extended by two further months where necessary",
                ),
                "12(4)": "without delay and at the latest within one month of receipt of the request",
            },
        ),
        quoted(
            "33",
            "Notification of a personal data breach to the supervisory authority",
            {"33(1)": _HOURS},
            "Whether a breach results in a risk is for the controller.",
        ),
        article("34", "Communication of a personal data breach to the data subject", _HIGH_RISK),
        article(
            "48", "Transfers or disclosures not authorised by Union law", "Which agreement is a basis is for courts."
        ),
    ),
)
