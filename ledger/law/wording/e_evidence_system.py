"""Implementing Regulation (EU) 2025/1550 by section of its Annex: words that rules rest on, and what has no rule.

Read whole (OJ 29.7.2025). Its two articles only put the Annex into force.
"""

from __future__ import annotations

from ledger.law.wording.article import ActText, article, quoted

IMPLEMENTING = ActText(
    "2025/1550",
    "http://data.europa.eu/eli/reg_impl/2025/1550/oj",
    "the sections of its Annex",
    (
        article("1", "Introduction and scope (Annex)", "No duty: it says what the Annex sets out."),
        article("2", "Definitions (Annex)", "Definitions of technical terms."),
        quoted(
            "3",
            "Methods of communication by electronic means (Annex)",
            {
                "3.2": "does not exceed the threshold of 25 megabytes (25 600 kilobytes)",
                "3.3.1": (
                    "as a minimum a case or a file reference number, its date and time, the sender and recipient, the "
                    "file name and its size"
                ),
                "3.3.2": (
                    "as a minimum a case or a file reference number, the date and time of transmission, the sender and "
                    "recipient, the file name and its size"
                ),
                "3.3.3(a)": "at least one hash digest of the data which were transmitted or made available",
                "3.3.3(b)": (
                    "no less than 10 calendar days and no more than 45 calendar days from the moment the electronic "
                    "evidence is made available",
                    "may be extended in an individual case",
                ),
            },
            "Statistics of the reference software, point 3.4.",
        ),
        article("4", "Communication protocols (Annex)", "Duties of those who build the systems."),
        quoted(
            "5",
            "Information security objectives and relevant technical measures (Annex)",
            {
                "5.1": (
                    "measures to ensure the integrity of data (messages, forms, documents and electronic evidence) at "
                    "rest and in transit"
                ),
            },
            "Measures of those who run the systems, points 5.2 to 5.7.",
        ),
        quoted(
            "6",
            "Electronic evidence encryption (Annex)",
            {
                "6.5": (
                    "shall, prior to the transmission of that data through the decentralised IT system, encrypt the "
                    "electronic evidence"
                ),
            },
            "Certificates of the issuing State and encryption to them are not recorded.",
        ),
        article("7", "Minimum availability objectives (Annex)", "Duties of those who run the systems."),
        article("8", "Competent authorities/Court database (Annex)", "The database of the Commission is not read."),
    ),
)
