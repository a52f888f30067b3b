"""Second Additional Protocol (CETS 224) by article: what has a rule, and what has none.

The text could not be read whole. The titles of articles 1 to 8 were read in part or second hand, the others are by
memory; what is quoted was read in declarations and by others who had the text.
"""

from __future__ import annotations

from ledger.law.wording.article import ActText, article, quoted

_CLOSING = "Final clauses: no duty of an order."

PROTOCOL = ActText(
    "2AP",
    "https://www.coe.int/en/web/conventions/full-list?module=treaty-detail&treatynum=224",
    "all articles, by their titles",
    (
        article("1", "Purpose", "No duty."),
        article("2", "Scope of application", "Which investigations are covered is for the authority that issues."),
        article("3", "Definitions", "Definitions; the emergency of 3(2)(c) is what the declaration states."),
        article("4", "Language", "Which languages a Party accepts: its declarations were not read."),
        article("5", "General principles applicable to Chapter II", "Principles without a period."),
        article("6", "Request for domain name registration information"),
        quoted("7", "Disclosure of subscriber information", {"7(9)(a)": "reserves the right not to apply Article 7"}),
        quoted(
            "8",
            "Giving effect to orders from another Party for expedited production of subscriber information and traffic "
            "data",
            {
                "8(11)": (
                    "submitted to it by the central authority of the requesting Party, or by such other authority as "
                    "mutually determined"
                )
            },
            "The procedure in the requested State, paragraphs 5 and 7, is its law.",
        ),
        quoted(
            "9",
            "Expedited disclosure of stored computer data in an emergency",
            {"9(1)(a)": "without a request for mutual assistance"},
        ),
        article(
            "10", "Emergency mutual assistance", "How mutual assistance goes on is the treaty between the Parties."
        ),
        article("11", "Video conferencing", "Testimony of persons: no order for data."),
        article("12", "Joint investigation teams and joint investigations", "Teams exchange data without an order."),
        article("13", "Conditions and safeguards", "Safeguards are national law; see article 15 of the Convention."),
        article(
            "14",
            "Protection of personal data",
            "Oversight, suspension and the law of the receiving State, paragraphs 1, 6, 8, 9 and 15, are judged by "
            "authorities; their decisions are recorded.",
        ),
        article("15", "Effects of this Protocol", _CLOSING),
        article("16", "Signature and entry into force", "Ratifications: `comity law --parties`."),
        article("17", "Federal clause", "A reservation of federal States; no Party with it is known."),
        article("18", "Territorial application", _CLOSING),
        article("19", "Reservations and declarations", "`comity law --parties` lists what is known."),
        article("20", "Status and withdrawal of reservations", _CLOSING),
        article("21", "Amendments", _CLOSING),
        article("22", "Settlement of disputes", _CLOSING),
        article("23", "Consultations of the Parties and assessment of implementation", _CLOSING),
        article("24", "Denunciation", _CLOSING),
        article("25", "Notification", _CLOSING),
    ),
    read=False,
)
