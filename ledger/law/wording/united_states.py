"""18 U.S.C. 2702 to 2713 and Federal Rule of Evidence 902 by section: words that rules rest on, what has no rule."""

from __future__ import annotations

from ledger.law.wording.article import ActText, article, quoted

_CIVIL = "Civil and criminal liability under the law of the United States."

STORED_COMMUNICATIONS = ActText(
    "SCA",
    "https://uscode.house.gov/view.xhtml?req=granuleid:USC-prelim-title18-chapter121",
    "sections 2702 to 2713, and 2523 on executive agreements",
    (
        article(
            "2523",
            "Executive agreements on access to data by foreign governments",
            "What an agreement must contain is for the governments; the agreements in force are listed.",
        ),
        article(
            "2702",
            "Voluntary disclosure of customer communications or records",
            "Whether an exception covers a disclosure is for the provider; such disclosures are recorded as VOL.",
        ),
        quoted(
            "2703",
            "Required disclosure of customer communications or records",
            {
                "2703(d)": (
                    "specific and articulable facts",
                    "on a motion made promptly by the service provider, may quash or modify",
                ),
                "2703(f)": (
                    "90 days, which shall be extended for an additional 90-day period upon a renewed request by the "
                    "governmental entity"
                ),
                "2703(h)(1)(A)": (
                    "with which the United States has an executive agreement that has entered into force under section "
                    "2523"
                ),
                "2703(h)(2)(A)": (
                    "the contents of a wire or electronic communication of a subscriber or customer",
                    "is not a United States person and does not reside in the United States",
                    "would violate the laws of a qualifying foreign government",
                ),
                "2703(h)(2)": (
                    "being required to disclose pursuant to legal process issued under this section the contents of a "
                    "wire or electronic communication",
                    "not later than 14 days after the date on which the provider was served with the legal process, "
                    "absent agreement with the government or permission from the court to extend the deadline based on "
                    "an application made within the 14 days",
                ),
                "2703(h)(4)": (
                    "shall preserve, but not be obligated to produce",
                    "unless the court finds that immediate production is necessary",
                ),
                "2703(h)(5)": (
                    "It shall not constitute a violation of a protective order issued under section 2705",
                    "the fact of the existence of legal process issued under this section seeking the contents of a "
                    "wire or electronic communication of a customer or subscriber who is a national or resident of the "
                    "qualifying foreign government",
                ),
            },
            "Which process is required for which data, (a) to (c), is for the court that issues it.",
        ),
        article("2704", "Backup preservation", "A backup that a subpoena requires: no such order is recorded."),
        quoted(
            "2705",
            "Delayed notice",
            {
                "2705(a)(1)": "for a period not to exceed ninety days",
                "2705(a)(4)": "of up to ninety days each",
                "2705(b)": "for such period as the court deems appropriate, not to notify any other person",
            },
            "The grounds of the court are stated by the order.",
        ),
        article("2706", "Cost reimbursement", "Amounts are agreed or decided by the court."),
        article("2707", "Civil action", _CIVIL),
        article("2708", "Exclusivity of remedies", _CIVIL),
        article(
            "2709",
            "Counterintelligence access to telephone toll and transactional records",
            "Letters of an intelligence service: no criminal proceedings.",
        ),
        article("2710", "Wrongful disclosure of video tape rental or sale records", "Another kind of records."),
        article("2711", "Definitions for chapter", "Definitions."),
        article("2712", "Civil actions against the United States", _CIVIL),
        article(
            "2713",
            "Required preservation and disclosure of communications and records",
            "That the place of the data does not matter needs no rule: no finding asks where data are stored.",
        ),
    ),
)

EVIDENCE = ActText(
    "FRE",
    "https://www.law.cornell.edu/rules/fre",
    "the rules that criteria rest on",
    (
        article("803", "Exceptions to the rule against hearsay"),
        article("901", "Authenticating or identifying evidence"),
        quoted(
            "902",
            "Evidence that is self-authenticating",
            {
                "902(13)": (
                    "A record generated by an electronic process or system that produces an accurate result",
                    "The proponent must also meet the notice requirements of Rule 902(11)",
                )
            },
        ),
    ),
    read=False,
)
