"""The eight criteria: the state of each, the entries it rests on, and what is missing. findings.md 6.

Each starts from the entries of the order. Then every finding pulls: to CONTRADICTED, or to GAP unless it is already
CONTRADICTED, even a criterion that would otherwise not apply. Nothing here says that evidence is admissible: a court
decides that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from ledger.entries.case import Entry, Unread
from ledger.entries.replacement import has_strong_digest
from ledger.law.reading.exhibit_digests import HANDED, files
from ledger.law.reading.order_reading import OrderReading
from ledger.law.reading.person_requests import CLOCKS
from ledger.law.record_checks.open_duties import open_duties
from ledger.law.terms.periods import outcome
from ledger.law.terms.rule import ClockVerdict, CriterionState, Finding
from ledger.messages import Message

NO_LAWFUL_AUTHORITY = ("VOL",)
NO_RECEIPT = Message("No receipt of the data is on record.")
NO_CONDITIONS = ("VOL", "SCA", "COA", "BC-16", "BC-18")


class Criterion(Struct, frozen=True):
    """The state of a criterion: `rests_on` are leaf hashes, `lacks` sentences on what is missing."""

    state: CriterionState
    rests_on: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


class CriterionQuestion(Struct, frozen=True):
    """A criterion: its name, its question, and its starting value before any finding pulls."""

    id: str
    says: str
    start: Callable[[OrderReading], Start]


class Start(Struct, frozen=True):
    """The starting value of a criterion: DEMONSTRATED if nothing is lacking, else GAP; or one set outright."""

    rests_on: Iterable[Entry | str] = ()
    lacks: Iterable[str] = ()
    state: CriterionState | None = None

    def criterion(self) -> Criterion:
        """Return the criterion: GAP if anything is lacking, DEMONSTRATED if not, unless a state is given."""
        lacks = tuple(self.lacks)
        leaves = dict.fromkeys(e if isinstance(e, str) else e.leaf for e in self.rests_on)
        return Criterion(
            self.state or (CriterionState.GAP if lacks else CriterionState.DEMONSTRATED), tuple(leaves), lacks
        )


def _not_applicable(why: str) -> Start:
    return Start(lacks=(why,), state=CriterionState.NOT_APPLICABLE)


def _no_data(r: OrderReading) -> Start | None:
    """Return the start of a criterion about data while no data exist (decisions 63, 64); else None."""
    if r.substance.disowned:
        return _not_applicable(Message("The order is disowned."))
    return (
        None
        if r.substance.reaching
        else _not_applicable(Message("The record shows no data that reached the issuing side."))
    )


def authenticity(r: OrderReading) -> Start:
    """A1: the order and everything handed over are recorded by the office that did it."""
    if (nothing := _no_data(r)) is not None:
        return nothing
    handed = r.entries.of("data-disclosed", "data-transmitted-by-state")
    orders = [e for e in r.entries.of("order-issued") if r.reliability.first_hand(e)]
    lacks = [] if orders else [Message("No order is on record in its maker's own hand.")]
    if not all(r.reliability.first_hand(e) for e in handed):
        lacks.append(Message("That data were handed over is not on record in the hand of the office that did it."))
    return Start((*orders, *(e for e in handed if r.reliability.first_hand(e))), lacks)


def integrity(r: OrderReading) -> Start:
    """A2: every file has a digest, and what arrived was compared with what was handed over, and found equal."""
    if (nothing := _no_data(r)) is not None:
        return nothing
    receipts = r.entries.of("evidence-received")
    listed = [d for d in r.substance.disclosures if _has_digests(d)]
    equal = [e for e in receipts if e.get("check") == "equal"]
    lacks = []
    without = [d for d in r.substance.disclosures if d not in listed]
    sealed = [d for d in without if d.sealed.get("manifest") is Unread.WITHHELD]
    if sealed:
        lacks.append(Message("The files of a disclosure are sealed for this reader."))
    if len(without) > len(sealed):
        lacks.append(
            Message(
                "A disclosure lists no files, a file without a strong digest, or files that cannot be read any more."
            )
        )
    if not receipts:
        lacks.append(NO_RECEIPT)
    elif len(equal) < len(receipts):
        lacks.append(Message("Not everything that arrived was compared and found equal."))
    if receipts and not r.entries.of(*HANDED):
        lacks.append(
            Message("The record does not show what was handed over; what arrived can be compared with nothing.")
        )
    return Start((*listed, *equal), lacks)


def _has_digests(disclosure: Entry) -> bool:
    listed = files(disclosure)
    return bool(listed) and all(map(has_strong_digest, listed))


def custody(r: OrderReading) -> Start:
    """A3: it is known who handed the data over, and somebody received them and has held them since."""
    if (nothing := _no_data(r)) is not None:
        return nothing
    received = r.entries.of("evidence-received")
    moved = r.entries.of("custody-transferred") if received else ()
    lacks = [] if received else [NO_RECEIPT]
    if not r.entries.of(*HANDED):
        lacks.append(Message("The record does not show by whom the data were handed over."))
    return Start((*received, *moved), lacks)


def lawful_authority(r: OrderReading) -> Start:
    """A4: an authority made the order, and the authority that had to approve it did."""
    if r.substance.disowned:
        return _not_applicable(Message("The order is disowned."))
    if r.instrument in NO_LAWFUL_AUTHORITY:
        return _not_applicable(Message("The instrument compels nobody."))
    refused = [
        *r.entries.of("ex-post-validation-refused"),
        *(e for e in r.entries.of("order-supervised", "order-validated") if e.get("decision") == "refused"),
    ]
    if refused:
        return Start(refused, (Message("Supervision or validation was refused."),), CriterionState.CONTRADICTED)
    orders, granted = r.entries.of("order-issued"), r.entries.of("ex-post-validation-granted")
    lacks = [] if orders else [Message("No effective order is on record.")]
    if any(e.get("validation_pending") is True for e in orders) and not granted:
        lacks.append(Message("The order was issued without validation, and none has been granted since."))
    approved = (e for e in r.entries.of("order-supervised", "order-validated") if e.get("decision") == "approved")
    return Start((*orders, *approved, *granted), lacks)


def conditions_of_the_instrument(r: OrderReading) -> Start:
    """A5: the instrument's own conditions; kept only by the absence of findings."""
    if r.substance.disowned:
        return _not_applicable(Message("The order is disowned."))
    if r.instrument in NO_CONDITIONS:
        return _not_applicable(Message("No treaty or regulation sets conditions for this instrument here."))
    orders = r.entries.of("order-issued")
    return Start(orders, () if orders else (Message("No effective order is on record."),))


def time(r: OrderReading) -> Start:
    """A6: what had to be done in time was done in time."""
    clocks = tuple(c for c in r.deadlines.counting if c.id not in CLOCKS)
    if all(c.verdict is ClockVerdict.NOT_RUNNING for c in clocks):
        return _not_applicable(Message("No clock runs."))
    bad = [c for c in clocks if c.verdict in (ClockVerdict.MISSED, ClockVerdict.UNDETERMINED)]
    met = [c for c in clocks if c.verdict is ClockVerdict.MET]
    lacks = [outcome(c) for c in bad]
    if not met:
        lacks.append(Message("No clock has been met."))
    return Start((leaf for c in met for leaf in c.entries), lacks)


def data_protection(r: OrderReading) -> Start:
    """A7: the duties towards the person; none of them is open, and no finding says that one was broken."""
    return _no_data(r) or Start(r.substance.reaching, (duty.says for duty in open_duties(r)))


def defence_access(r: OrderReading) -> Start:
    """A8: the defence has the raw answer, the digests and the means to check them."""
    if (nothing := _no_data(r)) is not None:
        return nothing
    bundles = r.entries.of("defence-bundle-issued")
    return Start(bundles, () if bundles else (Message("The record shows nothing that was issued to the defence."),))


QUESTIONS = (
    CriterionQuestion("A1", "authenticity", authenticity),
    CriterionQuestion("A2", "integrity", integrity),
    CriterionQuestion("A3", "custody", custody),
    CriterionQuestion("A4", Message("lawful authority"), lawful_authority),
    CriterionQuestion("A5", Message("conditions of the instrument"), conditions_of_the_instrument),
    CriterionQuestion("A6", "time", time),
    CriterionQuestion("A7", Message("data protection"), data_protection),
    CriterionQuestion("A8", Message("defence access"), defence_access),
)


def repeated(finding: Finding) -> Message:
    """Return what a criterion lacks by a finding: its code and what it says."""
    return Message("{0}: {1}", finding.code, finding.says)


def criteria(r: OrderReading, findings: Iterable[Finding]) -> dict[str, Criterion]:
    """Return the eight criteria, after these findings have pulled."""
    results = {question.id: question.start(r).criterion() for question in QUESTIONS}
    for finding in findings:
        for name, standing in finding.effects:
            results[name] = _pulled(results[name], finding, standing)
    return results


def _pulled(criterion: Criterion, finding: Finding, standing: CriterionState) -> Criterion:
    state = CriterionState.CONTRADICTED if CriterionState.CONTRADICTED in (criterion.state, standing) else standing
    if criterion.state is CriterionState.NOT_APPLICABLE:
        criterion = Criterion(state)  # why it would not apply is no longer the point
    return Criterion(state, criterion.rests_on, (*criterion.lacks, repeated(finding)))
