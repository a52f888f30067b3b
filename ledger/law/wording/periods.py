"""Regulation (EEC, Euratom) No 1182/71 by article: how periods of Union law are counted. Read whole."""

from __future__ import annotations

from ledger.law.wording.article import ActText, article, quoted

PERIODS = ActText(
    "1182/71",
    "http://data.europa.eu/eli/reg/1971/1182/oj",
    "all articles",
    (
        article("1", "Scope", "That it covers the periods of Regulation (EU) 2023/1543 is believed right."),
        quoted(
            "2",
            "Public holidays and working days",
            {"2(2)": "means all days other than public holidays, Sundays and Saturdays"},
            "The lists of holidays that States transmit are not read; the register states the holidays of a Party.",
        ),
        quoted(
            "3",
            "Periods",
            {
                "3(1)": (
                    "the hour during which that event occurs or that action takes place shall not be considered as "
                    "falling within the period in question",
                    "the day during which that event occurs or that action takes place shall not be considered as "
                    "falling within the period in question",
                ),
                "3(2)": "shall end with the expiry of the last hour of the last day of the period",
                "3(3)": "shall include public holidays, Sundays and Saturdays, save where these are expressly excepted",
                "3(4)": "shall end with the expiry of the last hour of the following working day",
                "3(5)": "Any period of two days or more shall include at least two working days",
            },
        ),
        article("4", "Entry into force of acts", "Acts, not periods of an order; the table of acts has the days."),
        article("5", "Actions at a specified date", "A date that an entry states ends at its midnight (STATED)."),
        article("6", "Entry into force", "1 July 1971."),
    ),
)
