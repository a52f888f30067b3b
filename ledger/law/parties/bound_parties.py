"""Which act binds which State, and from when: Regulation (EU) 2023/1543, ETS 185, agreements under 18 U.S.C. 2523.

The register of a ledger decides first: `in_force` and `not_bound_by` of a Party. Then the lists of this file, which
hold real States alone. A State that neither knows is not judged [design]. An invented State has a code that ISO 3166-1
leaves to its users, and is in no list. CETS 224 binds no State yet (known_parties.py), so the register alone decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from msgspec import Struct

from ledger.law.parties.party_register import Register
from ledger.law.terms.rule import Mark

NEVER: Final = date.max  # in place of the first day: the act does not bind this State


class Bound(Struct, frozen=True):
    """A State and an act: the first day on which the act binds it, None if it does not, and where this was read."""

    act: str
    party: str
    since: date | None
    source: str
    mark: Mark


MEMBER_STATES: Final = tuple("AT BE BG CY CZ DE EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
ALSO: Final = {"EL": "GR", "UK": "GB"}  # codes in use in the Union in addition to ISO 3166-1

_CHART = "chart of signatures and ratifications of Treaty 185, Council of Europe, status of 2015-12-03"
_CONVENTION = (  # the Parties of the chart that could be read; others are not judged one by one
    ("AL", date(2004, 7, 1)),
    ("AM", date(2007, 2, 1)),
    ("AT", date(2012, 10, 1)),
    ("AZ", date(2010, 7, 1)),
    ("BA", date(2006, 9, 1)),
    ("BE", date(2012, 12, 1)),
    ("BG", date(2005, 8, 1)),
    ("CY", date(2005, 5, 1)),
    ("CZ", date(2013, 12, 1)),
    ("DK", date(2005, 10, 1)),
    ("EE", date(2004, 7, 1)),
    ("FI", date(2007, 9, 1)),
    ("FR", date(2006, 5, 1)),
    ("GE", date(2012, 10, 1)),
    ("HR", date(2004, 7, 1)),
)

BOUND: Final = {
    (bound.act, bound.party): bound
    for bound in (
        *(Bound("EPOC", code, date(2026, 8, 18), "EPOC:3(1), EPOC:34(2)", Mark.TEXT) for code in MEMBER_STATES),
        Bound("EPOC", "DK", None, "EPOC recital 101, 2025/1550 recital 8", Mark.TEXT),
        *(Bound("BC", code, since, _CHART, Mark.TEXT) for code, since in _CONVENTION),
        Bound("BC", "CR", date(2018, 1, 1), "Cablenoticias on the ratification of 2017-09-22", Mark.LIKELY),
    )
}


class Agreement(Struct, frozen=True):
    """An agreement under 18 U.S.C. 2523 between the United States and a qualifying foreign government."""

    party: str
    since: date
    source: str
    mark: Mark


AGREEMENTS: Final = {
    agreement.party: agreement
    for agreement in (
        Agreement(
            "GB",
            date(2022, 10, 3),
            "Department of Justice, 2022-10-03, by King & Spalding and Perkins Coie",
            Mark.LIKELY,
        ),
        Agreement(
            "AU",
            date(2024, 1, 31),
            "Joint statement of the Attorneys General of the United States and Australia, 2024-01-31",
            Mark.TEXT,
        ),
    )
}


def is_real(party: str | None) -> bool:
    """Return True for the code of a State; False for one that ISO 3166-1 leaves to its users, or another identifier."""
    return bool(re.fullmatch(r"(?!AA|Q[M-Z]|X[A-JL-Z]|ZZ)[A-Z]{2}", party or ""))


def bound_from(register: Register, act: str, party: str | None) -> date | None:
    """Return the first day on which an act binds a State: NEVER if it does not bind it, None if it is not known."""
    code = ALSO.get(party or "", party or "")
    member = register.parties.get(party or "")
    if member is not None and act in member.not_bound_by:
        return NEVER
    if member is not None and act in member.in_force:
        return member.in_force[act]
    bound = BOUND.get((act, code))
    if bound is not None:
        return bound.since or NEVER
    return NEVER if act == "EPOC" and is_real(code) else None  # the Regulation binds Member States alone


def is_member_state(register: Register, party: str | None) -> bool:
    """Return True for a Member State, Denmark too, and for a Party that the Regulation binds by the register.

    Of an invented State of which the register says nothing, it is False.
    """
    member = register.parties.get(party or "")
    return ALSO.get(party or "", party) in (*MEMBER_STATES, "DK") or (member is not None and "EPOC" in member.in_force)


def agreement_from(register: Register, parties: Iterable[str | None]) -> date | None:
    """Return the day from which an agreement under 18 U.S.C. 2523 is in force between two States; None: not known.

    Between two real States without an agreement on the list it is NEVER.
    """
    pair = tuple(parties)
    stated = [bound_from(register, "COA", party) for party in pair]
    if known := [day for day in stated if day is not None]:
        return max(known)
    codes = {ALSO.get(party or "", party or "") for party in pair}
    if not all(map(is_real, codes)):
        return None
    agreement = AGREEMENTS.get(next(iter(codes - {"US"}), "")) if "US" in codes else None
    return agreement.since if agreement else NEVER
