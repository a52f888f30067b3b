"""The notice: it informs the person that data about them were sought.

Regulation (EU) 2023/1543 art. 13(1), (3); LED art. 13; CETS 224 art. 14(11)(a); 18 U.S.C. 2705(a).
"""

from __future__ import annotations

from ledger.messages import Message
from projections.reports.letters import parts
from projections.reports.letters.context import LetterContext
from projections.reports.letters.letter import LetterSection

TITLE = Message("Information that data about you were sought from a service provider")


def notice(c: LetterContext) -> tuple[str, tuple[LetterSection, ...]]:
    """Return the title and the sections of a notice."""
    says = Message(
        "{0} informs you that data about you were sought from a service provider in criminal proceedings.", c.office
    )
    opening = LetterSection("", ((says,),))
    return TITLE, (
        opening,
        parts.order_section(c),
        parts.disclosure_section(c),
        *parts.delay_section(c),
        parts.purpose_section(c),
        parts.recipients_section(c),
        parts.period_section(c),
        parts.rights_section(c),
        parts.remedies_section(c),
        parts.controller_section(c),
    )
