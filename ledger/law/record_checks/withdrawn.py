"""Findings on replaced entries, and on contradictions that their own signers removed by a replacement (A1-A3).

A replaced entry does not count. Where it contradicted other entries, or left a gap, the contradiction does not
disappear with it: the order is read again as it would be without the replacement. All of it is [design]: no source says
how a record of evidence may be corrected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from ledger.entries.case import Entry
from ledger.entries.replacement import DIGESTS, dropped, stated
from ledger.law.instruments import e_evidence_transmission
from ledger.law.reading.exhibit_digests import COMPARED
from ledger.law.reading.order_reading import OrderReading
from ledger.law.record_checks import integrity, origin, procedure
from ledger.law.rules.check import CheckResult, FindingRule, Matches, finding
from ledger.law.terms.rule import CriterionState, Finding, Mark

CRITERIA = ("A1", "A2", "A3")
BEARS = (  # the kinds on which these criteria rest
    *("order-issued", "authenticity-confirmed", "data-disclosed", "data-transmitted-by-state", "evidence-received"),
    *("custody-transferred", *integrity.HANDLED, "expert-verification-performed"),
)
RAISED_BY: tuple[FindingRule, ...] = (  # every finding that can pull one of these criteria
    *(origin.no_signed_order, origin.disclosed_to_a_forger, origin.signed_with_an_untrusted_key),
    *(
        origin.second_hand,
        origin.not_certified,
        e_evidence_transmission.manifest_incomplete,
        e_evidence_transmission.not_qualified,
    ),
    *(integrity.another_file, integrity.not_compared, integrity.not_shown_who_held_it),
    *(integrity.not_reproduced, procedure.disputed),
)


MAY_RAISE = frozenset((*BEARS, *(kind for check in RAISED_BY for kind in check.kinds)))
WORK = 20_000  # replaced entries times entries of the order: beyond it the order is read again for fewer
MOST = 100  # replaced entries for which the order is read again; the contradictions of others count as open


@finding(
    "W-REPLACED",
    mark=Mark.DESIGN,
    kinds=" ".join(BEARS),
    says="An entry on which authenticity, integrity or custody rests was replaced by its own signer; both are shown.",
)
def replaced(r: OrderReading) -> Matches:
    old = (r.entries.by_leaf[leaf] for leaf in r.entries.replacements)
    return [e for one in old if one.kind in BEARS for e in (one, *r.entries.replacements[one.leaf])]


@finding(
    "V-CONTRADICTION-WITHDRAWN",
    mark=Mark.DESIGN,
    says="An entry that showed a contradiction or a gap was replaced by its own signer, and nothing answers what it "
    "showed.",
)
def contradiction_withdrawn(r: OrderReading) -> Matches:
    """Pull each criterion that the replaced entry would pull to GAP, until equal digests or another office answer.

    The order is read once more for each replaced entry, as if it counted and had no replacement.
    """
    contradictions = {old.leaf: (old, after, pulled) for old, after, pulled in _withdrawn(r)}
    if not contradictions:
        return None
    leaves = dict.fromkeys(e.leaf for old, after, _ in contradictions.values() for e in (old, *after))
    pulled = {criterion for *_, criteria in contradictions.values() for criterion in criteria}
    return CheckResult(tuple(leaves), effects=tuple((criterion, CriterionState.GAP) for criterion in sorted(pulled)))


def _withdrawn(r: OrderReading) -> Iterator[tuple[Entry, Iterable[Entry], set[str]]]:
    """Yield replaced entries with an unanswered contradiction, their replacements, and the criteria."""
    if not r.entries.replacements and not r.register.withdrawn:
        return
    now = {f.code: f for f in _raised(r)}
    bearing = [r.entries.by_leaf[leaf] for leaf in r.entries.replacements if r.entries.by_leaf[leaf].kind in MAY_RAISE]
    most = min(MOST, WORK // max(1, len(r.case.entries)))
    for old in bearing[most:]:
        yield old, r.entries.replacements[old.leaf], set(CRITERIA)
    for old in bearing[:most]:
        leaf, after = old.leaf, list(r.entries.successors(old.leaf))
        standing = [e for e in after if e.leaf not in r.entries.replacements]
        leaves = {e.leaf for e in after}
        then = _read_again(r, entries=tuple(e for e in r.case.entries if e.leaf not in leaves))
        again = {e.leaf for e in standing}
        pulled = {
            criterion
            for f in _raised(then)
            if (leaf in f.entries or (f.code not in now and _may_raise(old, f.code)))
            and (f.code not in now or again.isdisjoint(now[f.code].entries))
            for criterion in f.criteria
            if criterion in CRITERIA
        }
        if pulled and not any(_carries(r, old, e) or _confirmed(r, e) for e in standing):
            yield old, after, pulled
    for old, since in r.register.withdrawn:
        leaves = {e.leaf for e in since}
        then = _read_again(r, registry=tuple(e for e in r.case.registry if e.leaf not in leaves))
        code = origin.signed_with_an_untrusted_key.code
        if code not in now and any(f.code == code for f in _raised(then)):
            yield old, since, {"A1"}


def _read_again(r: OrderReading, **other: tuple[Entry, ...]) -> OrderReading:
    return r.of_case(replace(r.case, **other))


def _raised(r: OrderReading) -> list[Finding]:
    here = (check for check in RAISED_BY if not check.instruments or r.instrument in check.instruments)
    return [f for check in here if (f := check.find(r)) is not None]


def _may_raise(old: Entry, code: str) -> bool:
    """Return True if a replaced entry can cause a finding on other entries: it changed the holder of an exhibit."""
    return code == integrity.not_shown_who_held_it.code and old.kind in ("evidence-received", "custody-transferred")


def _carries(r: OrderReading, old: Entry, e: Entry) -> bool:
    """Return True if the replacement states the digests again, and another office states one of every file too."""
    if not r.entries.is_effective(e):
        return False
    mine = {field: e.get(field) for field in DIGESTS}
    if dropped({field: old.get(field) for field in DIGESTS}, mine):
        return False
    if mine["digest_before"] != mine["digest_after"]:
        return False  # of a comparison both sides are stated, and they are equal; with a manifest there are none
    others = {
        (algorithm, digest)
        for o in r.entries.current
        if o.by != e.by and r.entries.is_effective(o)
        for *_, algorithm, digest in stated({field: o.get(field) for field in DIGESTS})
    }
    files: dict[tuple[str, str], bool] = {}
    for field, name, algorithm, digest in stated(mine):
        files[field, name] = files.get((field, name), False) or (algorithm, digest) in others
    return bool(files) and all(files.values())


def _confirmed(r: OrderReading, e: Entry) -> bool:
    """Return True if a later entry of another office confirms the replacement."""
    later = (o for o in r.entries.current if o.by != e.by and o.position > e.position and r.entries.is_effective(o))
    return any(_confirms(r, o, e) for o in later)


def _confirms(r: OrderReading, o: Entry, e: Entry) -> bool:
    if o.kind == "authenticity-confirmed":
        return r.entries.named(o.get("about")) is e
    if o.kind == e.kind == "expert-verification-performed":
        return bool(o.get("result") == "reproduced")
    if o.kind not in COMPARED or o.get("check") != "equal":
        return False
    exhibit = e.get("exhibit")
    return r.entries.named(o.get("about")) is e or (exhibit is not None and o.get("exhibit") == exhibit)
