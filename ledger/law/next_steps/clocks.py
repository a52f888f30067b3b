"""What a clock that could not be computed lacks, and what meets a clock: by the entries of the order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ledger.entries.case import Entry
from ledger.facts.words.kind_words import kinds_in_words
from ledger.law.deadlines.table import REGISTER
from ledger.law.next_steps.record_checks import BUNDLE
from ledger.law.next_steps.step import NextStep, Remedies, filled, record, restate, run
from ledger.law.reading.order_reading import OrderReading
from ledger.law.reading.receipts import ADDRESSEES
from ledger.law.reading.reliability import Lack, can_be_stamped
from ledger.law.terms.rule import Clock, ClockVerdict, Deadline
from ledger.messages import Code, Message, joined, made

RECEIPT = record(
    "when the order arrived, as the addressee says", "order-received -f proof_kind=own-stamp --on WHEN --as ADDRESSEE"
)
PROVEN = record(
    "or as the issuing authority proves",
    "order-received -f proof_kind=delivery-receipt -f proof=FILE --on WHEN --on-source receipt-stamp --as ISSUER",
)
# The entry that starts a clock, by its kind: what to record where it is missing. A receipt that only the addressee may
# state (2AP-8, BC-31 and others) has no second step.
STARTS: dict[str, Remedies] = {
    "order-received": (RECEIPT, PROVEN),
    "notification-received": (
        record("when the notification arrived", "notification-received --on WHEN --as AUTHORITY"),
    ),
}

# The options that give an entry the value it lacks, by the column that a `Lack` names.
OPTIONS = {
    "on_source": "--on-source receipt-stamp",
    "occurred": "--on WHEN",
    "proof_kind": "-f proof_kind=delivery-receipt -f proof=FILE",
    "proper_addressee": "-f proper_addressee=yes",
    "actor": "--as OFFICE",
    "role": "--as OFFICE --role ROLE",
}
SETTLED = record(
    "the ruling of a court on the dispute", "court-ruled -f ruling=dispute-settled -f settles=ENTRY --as COURT"
)
SUPPORTED = Message("the entry of another office would support it, if that office recorded the same moment in time")
BY_ANOTHER = frozenset(("actor", "role"))  # its signer cannot supply it: another office records the fact


@cache
def rule_of(id: str) -> Deadline:
    """Return the deadline with an id."""
    return next(d for d in REGISTER if d.id == id)


def who_acts(id: str) -> str:
    """Return who must act by a deadline, in words; empty for an id that these rules do not have."""
    return next((d.acts for d in REGISTER if d.id == id), "")


def lacking(r: OrderReading, clock: Clock, order: str) -> tuple[NextStep, ...]:
    """Return what a clock with the verdict UNDETERMINED lacks."""
    if clock.due is None:
        rule = rule_of(clock.id)
        return tuple(_trigger(r, rule, clock, order)) or tuple(_start(r, rule, order))
    return tuple(_answer(r, clock, order))


def meeting(r: OrderReading, clock: Clock, order: str) -> tuple[NextStep, ...]:
    """Return what meets a clock that is open or was missed, in the words of its rule."""
    rule = rule_of(clock.id)
    acts = Code(rule.met_by, kinds_in_words(rule.met_by))
    if clock.verdict is ClockVerdict.MISSED:
        return (NextStep(Message("in time, if it was so, and if the record can show when: {0}", acts)),)
    return (NextStep(Message("what meets {0}: {1}", clock.id, acts)),)


def _trigger(r: OrderReading, rule: Deadline, clock: Clock, order: str) -> Iterator[NextStep]:
    for e in r.entries.current:
        if e.kind in rule.winds or e.leaf == clock.trigger:
            for dispute in r.reliability.open_disputes.get(e.leaf, ()):
                yield SETTLED.step(order, dispute)
            if lacks := r.receipts.lacks_as_trigger(e):
                yield _restated(e, lacks, order)


def _start(r: OrderReading, rule: Deadline, order: str) -> Iterator[NextStep]:
    """Yield what to record where no entry can start a clock."""
    start = Message(rule.wound_by)
    rows = [row for kind in rule.winds for row in STARTS.get(kind, ())]
    if not rows:
        command = f"record {rule.winds[0]} ORDER --from FILE --on WHEN" if rule.winds else None
        yield NextStep(
            Message("nothing on record starts it: {0}", start), command and filled(command, {"ORDER": order})
        )
    for row in rows:
        if row is not PROVEN or r.instrument not in ADDRESSEES:
            yield NextStep(
                Message("nothing on record starts it: {0}; {1}", start, made(row.lacks)), row.step(order, None).command
            )


def _restated(e: Entry, lacks: tuple[Lack, ...], order: str) -> NextStep:
    """Return the step that states an entry again with all that it lacks."""
    says = joined("; ", (lack.words for lack in lacks))
    columns = [lack.column for lack in lacks if lack.column]
    options = [*([] if "occurred" in columns else ["--on MOMENT"]), *(OPTIONS[column] for column in columns)]
    starts_none = Message("#{0} {1} starts no clock: {2}", e.number, e.kind, says)
    if not columns:
        return run(joined("; ", (starts_none, SUPPORTED)), BUNDLE).step(order, e)
    if BY_ANOTHER.intersection(columns):
        return run(starts_none, " ".join(("record KIND ORDER --from FIELDS", *options))).step(order, e)
    return restate(starts_none, "", " ".join(options)).step(order, e)


def _answer(r: OrderReading, clock: Clock, order: str) -> Iterator[NextStep]:
    answers = [e for leaf in clock.met_by if (e := r.entries.by_leaf.get(leaf))]
    for e in answers:
        if can_be_stamped(e):
            says = Message("#{0} {1} was recorded after the end; a stamp that shows when it happened", e.number, e.kind)
            yield restate(says, "", "--on MOMENT --on-source receipt-stamp").step(order, e)
        else:
            yield NextStep(
                Message(
                    "Nothing that can be recorded changes this: #{0} {1} was recorded after the end, and no receipt "
                    "can show the moment of an act of its signer.",
                    e.number,
                    e.kind,
                )
            )
    if not answers:
        yield NextStep(
            Message(
                "Nothing that can be recorded changes this: an instruction not to disclose was lifted only after the "
                "end, and no rule says what was still to be done."
            )
        )
        command = f"record deadline-extended ORDER -f deadline={clock.id} -f new_due=WHEN --as ISSUER"
        yield NextStep(Message("or a new end, set by the issuing authority"), filled(command, {"ORDER": order}))
