"""The ways of counting, in words: each with its source and certainty. calendar.py does the counting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ledger.law.terms.rule import Mark


@dataclass(frozen=True, slots=True)
class CountingPolicy:
    """A way of counting: its rule in words, its source and the certainty of the source.

    `since` is the first day of the source act, or the day of a choice without an act; None where no day is stated.
    """

    id: str
    says: str
    source: str
    mark: Mark
    since: date | None = None

    @property
    def cite(self) -> tuple[str, ...]:
        """The provisions of its source, or the source in words."""
        return tuple(self.source.split(", ")) if ":" in self.source else (self.source,)


POLICIES = {
    policy.id: policy
    for policy in (
        CountingPolicy(
            "EU-1182-71",
            "hours: the hour of the event does not count, the period begins with the next full hour and lasts so "
            "many real hours; days: the day of the event does not count, the period ends with the last day, or with "
            "the next working day if that is a Saturday, Sunday or public holiday, and one of two days or more "
            "contains at least two working days; working days: counted from the day after the event; all in the zone "
            "and by the holidays of the State where the action is to be taken",
            "1182/71:3(1)-(5), 1182/71:2(2)",
            Mark.TEXT,  # that it governs these periods is [likely]
            date(1971, 7, 1),  # art. 6 [text]
        ),
        CountingPolicy(
            "EU-17(9)",
            "as EU-1182-71, in the zone and by the holidays of the issuing State, standing in for its national law",
            "EPOC:17(9)",
            Mark.DESIGN,
            date(2026, 8, 18),  # art. 34(2) [text]
        ),
        CountingPolicy(
            "2AP-CAL",
            "calendar days in the zone of the one who must act; the day of the event does not count; no rolling",
            "CETS 224 has no rule on counting",
            Mark.DESIGN,
        ),
        CountingPolicy(
            "2AP-CAL+ROLL",
            "as 2AP-CAL, ending with the next working day there: the earliest safe date to go on",
            "CETS 224 has no rule on counting",
            Mark.DESIGN,
        ),
        CountingPolicy(
            "HOUSE-CAL",
            "calendar days as 2AP-CAL, for periods no law puts in numbers",
            "none",
            Mark.DESIGN,
        ),
        CountingPolicy(
            "US-45",
            "calendar days in the zone of the provider; the day of the event does not count; ends with the next day "
            "that is not a Saturday, Sunday or holiday",
            "Federal Rules of Criminal Procedure, rule 45(a)(1)",
            Mark.KNOWN,
            date(2009, 12, 1),  # since when every day counts, also in short periods [known]
        ),
        CountingPolicy(
            "GB-CAL",
            "calendar days in the zone of the issuing Party; the day of the event is the first day; no rolling",
            "OPO:9(1)",
            Mark.TEXT,  # that section 5 counts in this way is [likely]
            date(2019, 10, 9),  # S.I. 2019/1318 [likely]
        ),
        CountingPolicy(
            "STATED",
            "a moment or day an entry states; a day ends at midnight in the zone of the Party of its signer",
            "the entry itself",
            Mark.DESIGN,
        ),
        CountingPolicy(
            "SAME-TIME",
            "acts that an act asks for at the same time may be apart, if they are on one day of the issuing Party, "
            "working day or not; the time between them is a remark",
            "no act says how far apart; a choice of 2 December 2026",
            Mark.DESIGN,
            date(2026, 12, 2),  # of the choice
        ),
        CountingPolicy("CLOCK", "elapsed seconds; for statistics, without verdict", "none", Mark.DESIGN),
    )
}
