"""Crime (Overseas Production Orders) Act 2019 by section: words that rules rest on, what has no rule.

Sections 9 and 10 were read as enacted. Section 5 was not read: the seven days are second-hand.
"""

from __future__ import annotations

from ledger.law.wording.article import ActText, article, quoted

OVERSEAS = ActText(
    "OPO",
    "https://www.legislation.gov.uk/ukpga/2019/5",
    "sections 5, 9 and 10",
    (
        article("5", "Contents of order"),
        quoted(
            "9",
            "Restrictions on service of order",
            {
                "9(1)": (
                    "not served within the period of 3 months beginning with the day on which the order is made",
                    "to be treated as if it had been quashed immediately after the end of that period",
                )
            },
            "That the Secretary of State or the Lord Advocate serves the order is a matter of national law.",
        ),
        article("10", "Retention of electronic data and use as evidence", "Retention is a rule of data protection."),
    ),
)
