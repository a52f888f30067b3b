"""United Nations Convention against Cybercrime: the article on entry into force, which alone could be read."""

from __future__ import annotations

from ledger.law.wording.article import ActText, quoted

CONVENTION = ActText(
    "UNCC",
    "https://treaties.un.org, chapter XVIII, 16",
    "article 65 alone: the Convention is not in force, and no rule is modelled",
    (
        quoted(
            "65",
            "Entry into force",
            {"65(1)": "on the ninetieth day after the date of deposit of the fortieth instrument"},
            "Preservation (42), stored data (44) and mutual assistance: their wording was not read; "
            "UNCC-42 and UNCC-44 have the states of BC-29 and BC-31 and no clock.",
        ),
    ),
    read=False,
)
