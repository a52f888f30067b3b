"""Findings on procedure: entries that crossed, came twice, late or out of sequence, are disputed or unknown."""

from __future__ import annotations

from collections import Counter

from ledger.entries.case import Entry
from ledger.entries.form import named_in, out_of_type
from ledger.entries.replacement import ALGORITHMS
from ledger.facts import KINDS
from ledger.facts.vocabulary import GROUPS
from ledger.formats import time_zones
from ledger.law.reading.exhibit_digests import files
from ledger.law.reading.order_reading import OrderReading
from ledger.law.reading.person_requests import CLOCKS
from ledger.law.reading.reliability import late
from ledger.law.rules.check import CheckResult, Matches, finding, of_clocks
from ledger.law.terms.rule import ClockVerdict, CriterionState, Mark

# -- withdrawal --------------------------------------------------------------------------------------------------------


def _after_withdrawal(r: OrderReading, *, confirmed: bool) -> list[Entry]:
    """Return disclosures after a withdrawal, by whether the addressee had confirmed its arrival by then."""
    arrived = [e.on for e in r.entries.of("withdrawal-confirmed") if r.actors.is_by(e, "SP", "REG", "POC", "CAQ")]
    after = (d for d in r.substance.disclosures if r.entries.earlier(d, "order-withdrawn"))
    return [d for d in after if any(on <= d.on for on in arrived) is confirmed]


@finding(
    "V-DISCLOSED-AFTER-WITHDRAWAL",
    cite="EPOC:10(9), EPOC:12(2)",
    mark=Mark.DESIGN,
    kinds="order-withdrawn",
    contradicts="A4",
    says="Data were handed over after the withdrawal had arrived.",
)
def disclosed_after_withdrawal(r: OrderReading) -> Matches:
    return _after_withdrawal(r, confirmed=True)


@finding(
    "W-CROSSED",
    cite="EPOC:12(2)",
    mark=Mark.DESIGN,
    kinds="order-withdrawn",
    says="Withdrawal and disclosure crossed.",
)
def crossed(r: OrderReading) -> Matches:
    return _after_withdrawal(r, confirmed=False)


# -- twice, out of sequence, late --------------------------------------------------------------------------------------


@finding(
    "W-DUPLICATE",
    cite="2AP:7(7)",
    mark=Mark.DESIGN,
    kinds="duplicate-service-recorded order-received data-disclosed",
    says="The same thing came twice; the first counts.",
)
def came_twice(r: OrderReading) -> Matches:
    again = (e for e in r.entries.of("duplicate-service-recorded") if not e.stated("first_order"))  # else one service
    return (*again, *_received_again(r), *_disclosed_again(r))


def _received_again(r: OrderReading) -> list[Entry]:
    """Return the proper receipts of which one signer recorded several for one version of the order."""
    receipts = [(e, (e.by, version.leaf if (version := r.order.version_of(e)) else None)) for e in r.receipts.proper]
    times = Counter(key for _, key in receipts)
    return [e for e, key in receipts if times[key] > 1]


def _disclosed_again(r: OrderReading) -> list[Entry]:
    """Return disclosures of the same files, by digests of the same kind."""
    again = []
    for digest in ALGORITHMS:
        seen = [(d, sorted(f[digest] for f in files(d) if f.get(digest))) for d in r.substance.disclosures]
        whole = [(d, digests) for d, digests in seen if digests and len(digests) == len(files(d))]
        again += [d for d, digests in whole if sum(digests == other for _, other in whole) > 1]
    return again


@finding(
    "W-OUT-OF-SEQUENCE",
    mark=Mark.DESIGN,
    says="An entry does not follow from what went before; the state was left as it was.",
)
def out_of_sequence(r: OrderReading) -> Matches:
    return CheckResult(r.history.out_of_sequence) if r.history.out_of_sequence else None


@finding(
    "W-LATE-REC",
    cite="FRE:803(6)(A)",
    mark=Mark.DESIGN,
    gap="A6",
    says="An entry was written down more than a day after the event.",
)
def written_down_late(r: OrderReading) -> Matches:
    return [e for e in r.entries.current if late(e)]


@finding(
    "V-AFTER-SIGNATURE",
    cite="FRE:803(6)(A)",
    mark=Mark.DESIGN,
    gap="A6",
    says="An entry was signed before the event that it states; until that moment it counts for nothing.",
)
def signed_before_it_happened(r: OrderReading) -> Matches:
    return [e for e in (*r.entries.current, *r.entries.future) if e.after_signature]


@finding(
    "W-CLOCKS-DIFFER",
    cite="FRE:803(6)(A)",
    mark=Mark.DESIGN,
    says="An entry arrived here up to an hour before the moment that it states: one of the two clocks is wrong.",
)
def arrived_before_it_happened(r: OrderReading) -> Matches:
    return [e for e in (*r.entries.current, *r.entries.future) if e.clocks_differ]


# The kinds that presuppose an order: service, notification, answer, custody, notice, use. Every other kind can come
# before it: drafting, approval, an emergency, preservation, a delay decided beforehand [design].
PRESUPPOSE_THE_ORDER = frozenset(
    "order-transmitted order-received duplicate-service-recorded receipt-disputed authenticity-questioned "
    "authenticity-confirmed order-referred-back form-received additional-information-requested "
    "additional-information-provided "
    "order-corrected order-adapted order-maintained order-withdrawn withdrawal-confirmed order-closed "
    "notification-sent notification-received no-ground-confirmed non-disclosure-instructed instruction-reasons-given "
    "instruction-lifted ground-for-refusal-raised condition-imposed condition-accepted condition-declined "
    "preservation-risk-reported foreign-government-informed use-explained request-accepted execution-postponed "
    "request-refused data-disclosed "
    "data-transmitted-by-state evidence-received no-data-held disclosure-declined reason-requested reason-given "
    "reasons-for-non-execution-given "
    "reasoned-objection-filed court-review-requested court-review-decided deadline-extended deadline-lapsed "
    "escalated-to-article8 escalated-to-mutual-assistance enforcement-requested recognition-decided "
    "addressee-objected compliance-ordered penalty-imposed decision-notified impossibility-concluded "
    "preservation-released waiver-requested waiver-decided request-confirmed-in-writing determination-given "
    "ex-post-validation-sought ex-post-validation-granted ex-post-validation-refused emergency-request-formalised "
    "customer-notification-delay-extended customer-notification-delay-lifted customer-notified "
    "customer-notified-contrary-to-confidentiality restriction-status-asked restriction-status-answered "
    "custody-transferred evidence-accessed working-copy-made evidence-sealed analysis-performed "
    "out-of-scope-data-identified data-returned data-destroyed use-restricted shared-domestically "
    "onward-transfer-authorisation-requested onward-transfer-authorisation-granted "
    "onward-transfer-authorisation-refused onward-transferred use-recorded further-use-decided data-quality-noted "
    "sensitive-data-flagged incorrect-transmission-notified automated-decision-declared defence-bundle-issued "
    "defence-challenge-filed expert-verification-performed alternative-transmission-recorded access-extended "
    "costs-claimed costs-reimbursed controller-informed".split()
)


@finding(
    "W-BEFORE-ORDER",
    mark=Mark.DESIGN,
    kinds="order-issued oral-request-made",
    says="An entry states something that needs an order, and dates it before there was one.",
)
def before_there_was_an_order(r: OrderReading) -> Matches:
    first = r.entries.first("order-issued", "oral-request-made")
    if first is None:
        return None
    return [e for e in r.entries.current if e.kind in PRESUPPOSE_THE_ORDER and e.on < first.on]


@finding(
    "W-NOT-ITS-TYPE",
    mark=Mark.DESIGN,
    says="An entry states a value that is not what its field asks for; it is refused where entries are made.",
)
def not_of_its_type(r: OrderReading) -> Matches:
    zoned = (p for code in (r.parties.from_party, r.parties.to_party) if (p := r.register.parties.get(code or "")))
    leaves = [e.leaf for e in (*r.entries.current, *r.entries.future) if out_of_type(e)]
    leaves += [p.leaf for p in zoned if p.zone not in time_zones.names()]
    return CheckResult(tuple(dict.fromkeys(leaves))) if leaves else None


@finding(
    "W-NAME-MISLEADING",
    mark=Mark.DESIGN,
    says="The registered name of an office reads like a code, a result or a digest of this program, or has letters "
    "of two scripts that look alike. It is a name, and no word of this program.",
)
def misleading_name(r: OrderReading) -> Matches:
    if not r.register.misleading:
        return None
    return [e for e in r.entries.current if not r.register.misleading.isdisjoint(named_in((e,)))]


@finding(
    "G-CLOCK-UNDETERMINED",
    cite="2AP:7(7), EPOC:10",
    mark=Mark.DESIGN,
    gap="A6",
    says="A clock could not be computed, because the receipt or the answer is unknown, disputed or written down "
    "late without support.",
)
def clock_undetermined(r: OrderReading) -> Matches:
    """Pull A6; of the clocks of a person's rights A7."""
    unknown = [c for c in r.deadlines.clocks if c.verdict is ClockVerdict.UNDETERMINED]
    result = of_clocks(unknown)
    if result is None or not any(c.id in CLOCKS for c in unknown):
        return result
    pulled = ("A7",) if all(c.id in CLOCKS for c in unknown) else ("A6", "A7")
    return CheckResult(result.leaves, effects=tuple((criterion, CriterionState.GAP) for criterion in pulled))


# -- disputed, not understood ------------------------------------------------------------------------------------------


@finding(
    "G-DISPUTED",
    mark=Mark.DESIGN,
    kinds="event-disputed",
    says="A party says that an entry is wrong; both statements are shown.",
)
def disputed(r: OrderReading) -> Matches:
    """Pull the criterion of the group of the disputed entry to GAP; a receipt-disputed only stops clocks."""
    standing = [e for e in r.entries.of("event-disputed") if e.leaf not in r.reliability.settled]
    if not standing:
        return None
    about = [e for d in standing if (e := r.entries.by_leaf.get(d.get("about")))]
    criteria = {GROUPS[KINDS[e.kind].group].criterion for e in about if e.kind in KINDS}
    effects = tuple((criterion, CriterionState.GAP) for criterion in sorted(criteria) if criterion)
    return CheckResult(tuple(e.leaf for e in (*standing, *about)), effects=effects)


@finding(
    "G-UNKNOWN-KIND",
    mark=Mark.DESIGN,
    says="The record holds an entry of a kind this reader does not know; it is shown as it is.",
)
def unknown_kind(r: OrderReading) -> Matches:
    return [e for e in (*r.entries.current, *r.entries.future) if e.kind not in KINDS]
