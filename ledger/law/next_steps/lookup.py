"""Look up what would settle the points of a judgement, when they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from ledger.entries.case import Case, Entry
from ledger.law.admissibility.criteria import Criterion, repeated
from ledger.law.judge import read_order
from ledger.law.judgement import Judgement
from ledger.law.next_steps import (
    e_evidence,
    e_evidence_contents,
    e_evidence_enforcement,
    e_evidence_execution,
    e_evidence_transmission,
    other_instruments,
    persons,
    record_checks,
    second_protocol,
)
from ledger.law.next_steps.changes import changes
from ledger.law.next_steps.clocks import lacking, meeting
from ledger.law.next_steps.criteria import DUTIES, LACKS
from ledger.law.next_steps.step import NextStep, Remedies, Remedy, record
from ledger.law.reading.order_reading import OrderReading
from ledger.law.record_checks.open_duties import OpenDuty
from ledger.law.rules.order_contents import CONTENTS, WORDS, RequiredContent
from ledger.law.terms.periods import outcome
from ledger.law.terms.rule import Clock, ClockVerdict, Finding
from ledger.messages import Message, joined

FINDINGS: dict[str, Remedies] = {
    **e_evidence.ROWS,
    **e_evidence_contents.ROWS,
    **e_evidence_enforcement.ROWS,
    **e_evidence_execution.ROWS,
    **e_evidence_transmission.ROWS,
    **second_protocol.ROWS,
    **other_instruments.ROWS,
    **persons.ROWS,
    **record_checks.ROWS,
}
CONTENT: dict[str, RequiredContent] = {point.code: point for points in CONTENTS.values() for point in points}
NOT_IN_FORCE = "V-NOT-IN-FORCE"  # its steps name the Parties of the order
OF_CLOCKS = "G-CLOCK-UNDETERMINED"  # its steps are those of the clocks


def has_steps(code: str) -> bool:
    """Return True if a finding of this code has a next step."""
    return code in FINDINGS or code in CONTENT or code == OF_CLOCKS


class NextSteps:
    """The next steps of one judgement; `order` is the name of the order in commands."""

    def __init__(self, case: Case, judgement: Judgement, order: str) -> None:
        self._case = case
        self._judgement = judgement
        self._order = order

    @cached_property
    def _reading(self) -> OrderReading:
        return read_order(self._case, self._judgement.as_of)

    @cached_property
    def _by_leaf(self) -> dict[str, Entry]:
        return {e.leaf: e for e in self._case.entries}

    def of_finding(self, finding: Finding) -> tuple[NextStep, ...]:
        """Return what would settle a finding."""
        if finding.code == OF_CLOCKS:
            return _once(step for clock in self._judgement.deadlines for step in self.of_clock(clock))
        if finding.code == NOT_IN_FORCE:
            r = self._reading
            parties = [p for p in (r.parties.from_party, r.parties.to_party) if p]
            if binding := other_instruments.binding_steps(r.register, r.instrument, parties):
                return (*binding, FINDINGS[NOT_IN_FORCE][-1].step(self._order, None))
        entries = [e for leaf in finding.entries if (e := self._by_leaf.get(leaf))]
        rows = FINDINGS.get(finding.code)
        if rows is None and (point := CONTENT.get(finding.code)) is not None:
            rows = (self._content(point),)
        return tuple(self._step(row, entries) for row in self._fitting(rows or (), entries))

    def _fitting(self, rows: Sequence[Remedy], entries: Sequence[Entry]) -> Sequence[Remedy]:
        """Return the rows that are about an entry of the order, or about none; all rows if there is no such row."""
        everywhere = (*entries, *self._reading.entries.current)
        return [row for row in rows if self._entry(row, everywhere) is not None or not row.about] or rows

    def of_clock(self, clock: Clock) -> tuple[NextStep, ...]:
        """Return what a clock lacks that could not be computed; for another one, nothing."""
        if clock.verdict is not ClockVerdict.UNDETERMINED:
            return ()
        return lacking(self._reading, clock, self._order)

    def changing(self, clock: Clock) -> tuple[NextStep, ...]:
        """Return what would move, stop or start a clock again."""
        started = [e for leaf in (clock.trigger,) if leaf and (e := self._by_leaf.get(leaf))]
        return tuple(self._step(row, started) for row in changes(clock))

    def of_criterion(self, criterion: Criterion) -> tuple[NextStep, ...]:
        """Return what would supply the facts that a criterion lacks."""
        return _once(step for lack in criterion.lacks for step in self._of_any_lack(lack))

    def of_lack(self, lack: str) -> tuple[NextStep, ...]:
        """Return the steps of one lack of a criterion; none if it repeats a finding or a clock."""
        return tuple(self._step(row, self._reading.entries.current) for row in LACKS.get(lack, DUTIES.get(lack, ())))

    def of_duty(self, duty: OpenDuty) -> tuple[NextStep, ...]:
        """Return what would fulfil an open duty, or show that it was fulfilled."""
        if duty.says in DUTIES:
            entries = [e for leaf in duty.entries if (e := self._by_leaf.get(leaf))]
            rows = [row for row in DUTIES[duty.says] if not entries or self._entry(row, entries)]
            return tuple(self._step(row, entries) for row in rows or DUTIES[duty.says])
        return self._of_clock_lack(duty.says)

    def _of_any_lack(self, lack: str) -> Iterator[NextStep]:
        if lack in LACKS:
            yield from (self._step(row, self._reading.entries.current) for row in LACKS[lack])
        elif (duty := next((d for d in self._judgement.duties if d.says == lack), None)) is not None:
            yield from self.of_duty(duty)
        elif (finding := next((f for f in self._judgement.findings if repeated(f) == lack), None)) is not None:
            yield from self.of_finding(finding)
        else:
            yield from self._of_clock_lack(lack)

    def _of_clock_lack(self, lack: str) -> tuple[NextStep, ...]:
        """Return the steps of the outcome of a clock: what the clock lacks, or what meets it."""
        clocks = [c for c in self._judgement.deadlines if outcome(c) == lack]
        return _once(step for c in clocks for step in (self.of_clock(c) or meeting(self._reading, c, self._order)))

    def _content(self, point: RequiredContent) -> Remedy:
        fields = [name for name in point.fields if self._reading.order.lacks(name)]
        changed = " ".join(f"-f changed_fields={name}" for name in fields)
        return record(
            Message("in the order, by a correction: {0}", joined(", ", (Message(WORDS[name]) for name in fields))),
            f"order-corrected -f corrects=ENTRY -f material=no {changed} -f changes=TEXT",
            "order-issued",
        )

    def _entry(self, row: Remedy, entries: Iterable[Entry]) -> Entry | None:
        return next((e for e in entries if not row.about or e.kind in row.about), None)

    def _step(self, row: Remedy, entries: Iterable[Entry]) -> NextStep:
        """Fill a row by the first entry it is about: of those of the point, else of the order."""
        entry = self._entry(row, entries)
        if entry is None and row.about:
            entry = self._entry(row, self._reading.entries.current)
        return row.step(self._order, entry)


def _once(steps: Iterable[NextStep]) -> tuple[NextStep, ...]:
    return tuple(dict.fromkeys(steps))
