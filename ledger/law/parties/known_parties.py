"""The Parties to CETS 224 and their declarations, with the source of each and the declarations that were not read.

A registrar records them as `party-registered` and `declaration-recorded`; an unverified declaration leads to GAP, never
to "met". The named pages were read last in 2026; the registrar checks for later changes.
Other acts stand in bound_parties.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ledger.law.terms.rule import Mark


@dataclass(frozen=True, slots=True)
class KnownDeclaration:
    """One declaration, reservation or communication of a Party. `verified`: its text was read."""

    code: str
    says: str
    verified: bool
    mark: Mark


@dataclass(frozen=True, slots=True)
class KnownParty:
    """A State that has ratified CETS 224: the day, its source, and its known declarations."""

    code: str
    name: str
    zone: str
    ratified: date
    declarations: tuple[KnownDeclaration, ...]
    complete: bool  # every declaration of this Party is listed and read
    source: str
    mark: Mark


IN_FORCE: date | None = None  # CETS 224 needs five ratifications (art. 16(3)); four could be read
AS_READ = (
    "Four of the five ratifications that are needed could be read, the last of 15 April 2026; a fifth could not be "
    "found. A page of the Netherlands of 5 September 2026 leaves the day of entry into force empty. Whether a State "
    "deposited after that day is not known here. ETS 185, article 36(3), counts from the fifth deposit to the first "
    "day of the month after three months; article 16(3) of the Protocol was not read."
)
UN_CONVENTION = (
    "United Nations Convention against Cybercrime (UNCC): adopted on 24 December 2024, open for signature until "
    "31 December 2026, 72 signatories at Hanoi. Not in force: article 65(1) needs forty instruments, and counts ninety "
    "days from the fortieth. Ratifications that were reported by May 2026: Qatar, Viet Nam, Azerbaijan. Source: United "
    "Nations Treaty Collection XVIII-16 for the signatories and article 65(1) [text]; The Machine Herald, 21 May 2026, "
    "for the ratifications [likely]."
)
NEEDED = 5
SOURCE = "Netherlands treaty database, entry 013833, capture after 2026-02-05"

RATIFIED = {
    party.code: party
    for party in (
        KnownParty(
            "RS",
            "Serbia",
            "Europe/Belgrade",
            date(2023, 2, 9),
            (),
            complete=False,
            source=f"{SOURCE}; Official Gazette of Serbia, International Treaties 7/2022",
            mark=Mark.TEXT,
        ),
        KnownParty(
            "JP",
            "Japan",
            "Asia/Tokyo",
            date(2023, 8, 10),
            (
                KnownDeclaration("R-7-9-a", "does not apply article 7", verified=True, mark=Mark.TEXT),
                KnownDeclaration(
                    "D-8-11",
                    "takes requests under article 8 from the central authority or one mutually determined",
                    verified=True,
                    mark=Mark.TEXT,
                ),
                KnownDeclaration(
                    "C-6-6", "names the authority for consultations under article 6", verified=True, mark=Mark.TEXT
                ),
                KnownDeclaration(
                    "C-8-10",
                    "names its authorities under article 8(10)(a): Ministry of Justice, International Affairs "
                    "Division; National Public Safety Commission, National Police Agency, International "
                    "Investigative Operations Division",
                    verified=True,
                    mark=Mark.TEXT,
                ),
                KnownDeclaration("C-8-10-b", "names the authority of 8(10)(b)", verified=False, mark=Mark.LIKELY),
                KnownDeclaration("C-14-7-c", "names the authority for incidents", verified=False, mark=Mark.LIKELY),
                KnownDeclaration(
                    "C-14-10-b", "names the authority for onward transfer", verified=False, mark=Mark.LIKELY
                ),
            ),
            complete=False,
            source=SOURCE,
            mark=Mark.TEXT,
        ),
        KnownParty(
            "HU",
            "Hungary",
            "Europe/Budapest",
            date(2026, 2, 5),
            (),
            complete=False,
            source=f"{SOURCE}; Act CIX of 2025, published 2025-12-20",
            mark=Mark.TEXT,
        ),
        KnownParty(
            "CR",
            "Costa Rica",
            "America/Costa_Rica",
            date(2026, 4, 15),
            (),
            complete=False,
            source='Council of Europe, page captured 2026-04-29 ("4 countries have ratified"); CADE; Law 10778 of 2025',
            mark=Mark.LIKELY,  # the day by a copy of the page; that it is the fourth State was read
        ),
    )
}

# What Council Decision (EU) 2023/436 of 14 February 2023 (OJ L 63, 28.2.2023, p. 48) is expected to prescribe to Member
# States in its annex, which could not be read. For planning only: a Member State's own declarations decide.
EXPECTED_OF_MEMBER_STATES = (
    KnownDeclaration(
        "D-7-2-b", "orders under the supervision of a prosecutor or other judicial authority", False, Mark.LIKELY
    ),
    KnownDeclaration("N-7-5-a", "simultaneous notification in every case", False, Mark.LIKELY),
    KnownDeclaration("C-7-5-e", "a single authority to be notified", False, Mark.LIKELY),
    KnownDeclaration("D-8-4", "additional supporting information", False, Mark.LIKELY),
    KnownDeclaration("C-14-7-c", "names the authority for incidents", False, Mark.LIKELY),
    KnownDeclaration("C-14-10-b", "names the authority for onward transfer", False, Mark.LIKELY),
)
