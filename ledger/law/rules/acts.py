"""The acts of the law: their names, the first day on which each applies, and the source of that day.

A number of the law always has a date and a source: the date of a rule is the date of its act, unless the rule says
otherwise. The day on which an order was made decides, in the zone of the issuing Party.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from ledger.law.parties.bound_parties import NEVER, agreement_from, bound_from
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import Matches, finding
from ledger.law.terms.rule import Mark


class Act(Struct, frozen=True):
    """A treaty, regulation, statute or standard, by the code used in citations (`<code>:<provision>`).

    `since` is the first day on which it applies; None where it is unknown, or where the register states it. `until` is
    the last day of an act that was repealed.
    """

    code: str
    says: str
    since: date | None
    source: str
    mark: Mark
    until: date | None = None


ACTS = {
    act.code: act
    for act in (
        Act(
            "2AP",
            "Second Additional Protocol to the Convention on Cybercrime, CETS 224",
            None,  # four of five ratifications as far as could be read; the register says from when it applies
            "2AP:16(3)",
            Mark.LIKELY,
        ),
        Act("BC", "Convention on Cybercrime, Budapest, ETS 185", date(2004, 7, 1), "BC:36(3)", Mark.TEXT),
        Act("EPOC", "Regulation (EU) 2023/1543", date(2026, 8, 18), "EPOC:34(2)", Mark.TEXT),
        Act("1182/71", "Regulation (EEC, Euratom) No 1182/71", date(1971, 7, 1), "1182/71:6", Mark.TEXT),
        Act("2025/1550", "Implementing Regulation (EU) 2025/1550", date(2025, 8, 18), "2025/1550:2", Mark.TEXT),
        Act("LED", "Directive (EU) 2016/680", date(2018, 5, 6), "LED:63(1)", Mark.KNOWN),
        Act("GDPR", "Regulation (EU) 2016/679", date(2018, 5, 25), "GDPR:99(2)", Mark.KNOWN),
        Act("SCA", "Stored Communications Act, 18 U.S.C. 2701 ff.", date(1986, 10, 21), "Pub. L. 99-508", Mark.KNOWN),
        Act(
            "OPO",
            "Crime (Overseas Production Orders) Act 2019, United Kingdom",
            date(2019, 10, 9),  # in Northern Ireland 22 February 2021, S.I. 2021/146
            "S.I. 2019/1318",
            Mark.LIKELY,
        ),
        Act(
            "UNCC",
            "United Nations Convention against Cybercrime, adopted 24 December 2024",
            None,  # not in force: forty instruments are needed; see UN_CONVENTION in parties/known_parties.py
            "UNCC:65(1)",
            Mark.TEXT,
        ),
        Act("FRE", "Federal Rules of Evidence", date(1975, 7, 1), "Pub. L. 93-595", Mark.KNOWN),
        Act("ECHR", "European Convention on Human Rights, ETS 5", date(1953, 9, 3), "ECHR:59", Mark.KNOWN),
        Act("T-CY(2016)2", "Cybercrime Convention Committee, cloud evidence group", None, "T-CY(2016)2", Mark.TEXT),
        Act("ISO27037", "ISO/IEC 27037:2012", None, "ISO/IEC", Mark.KNOWN),
        Act("ACPO", "ACPO good practice guide for digital evidence", None, "ACPO", Mark.TEXT),
    )
}

# The duty to use the decentralised IT system: "one year after the adoption of the implementing acts", which was on
# 28 July 2025. EPOC:34(2) [text]. The first order could be made on 18 August 2026, so none is of the time before.
COMMON_SYSTEM_SINCE = date(2026, 7, 28)

# 18 U.S.C. 2703(h), the motion of a provider, came with the CLOUD Act: Pub. L. 115-141, division V, s. 103.
CLOUD_ACT = date(2018, 3, 23)
LATER = {
    "SCA:2703(h)(2)": CLOUD_ACT,
    "SCA:2703(h)(2)(A)": CLOUD_ACT,
    "SCA:2703(h)(5)": CLOUD_ACT,
    "SCA:2703(f)(2)": date(1996, 4, 24),  # Pub. L. 104-132, s. 804 [likely]
}


def valid_from(cite: tuple[str, ...]) -> date | None:
    """Return the first day on which a rule with these citations applies, by the first citation; None if unknown."""
    for provision in cite[:1]:
        act = ACTS.get(provision.partition(":")[0])
        return LATER.get(provision, act.since if act else None)
    return None


def valid_until(cite: tuple[str, ...]) -> date | None:
    """Return the last day on which a rule with these citations applies; None where its act was not repealed."""
    act = ACTS.get(cite[0].partition(":")[0]) if cite else None
    return act.until if act else None


def _in_force_between(r: OrderReading) -> date | None:
    """Return the first day on which the instrument of an order binds both States; `NEVER` if one of them not at all.

    A State of which neither the register nor a list says anything is bound from the day of the act [design]; without
    such a day, as CETS 224 and the United Nations Convention, it is not bound. A domestic order (BC-16, BC-18) rests on
    national law: only the day of the act counts.
    """
    parties = (r.parties.from_party, r.parties.to_party)
    if r.instrument == "COA":
        return agreement_from(r.register, parties)
    act = r.instrument.partition("-")[0]
    since = ACTS[act].since
    if since and r.instrument in ("BC-16", "BC-18"):
        return since
    days = [bound_from(r.register, act, party) or since or NEVER for party in parties]
    return max(days) if since is None else max(since, *days)


@finding(
    "V-NOT-IN-FORCE",
    cite="2AP:16(3), EPOC:3(1), EPOC:34(2), BC:36(3)-(4), SCA:2523, UNCC:65(1)",
    mark=Mark.LIKELY,
    under="2AP-6 2AP-7 2AP-8 2AP-9 2AP-10 BC-16 BC-18 BC-29 BC-31 EPOC EPOC-PR COA UNCC-42 UNCC-44",
    kinds="order-issued",
    contradicts="A5",
    says="The instrument did not bind both States when the order was made.",
)
def not_in_force(r: OrderReading) -> Matches:
    since = _in_force_between(r)
    return [e for e in r.entries.of("order-issued") if since and r.parties.issuer_days.day(e.on) < since]


@finding(
    "V-3-1-OWN-STATE",
    cite="EPOC:3(1)-(2), EPOC:1(1)",
    mark=Mark.TEXT,
    under="EPOC EPOC-PR",
    kinds="order-issued",
    contradicts="A5",
    says="The order goes to an addressee in the State that made it; the Regulation is for addressees in another Member "
    "State.",
)
def addressee_in_the_own_state(r: OrderReading) -> Matches:
    return r.entries.of("order-issued") if r.parties.from_party == r.parties.to_party else None


@finding(
    "G-DECLARATIONS-UNVERIFIED",
    cite="2AP:19",
    mark=Mark.DESIGN,
    under="2AP-6 2AP-7 2AP-8 2AP-9 2AP-10",
    kinds="order-issued",
    gap="A4 A5",
    says="Nobody has read the declarations of the other Party, so it cannot be shown that its conditions were met.",
)
def declarations_unverified(r: OrderReading) -> Matches:
    party = r.register.parties.get(r.parties.to_party or "")
    return None if party and party.declarations_verified else r.order.versions[:1]
