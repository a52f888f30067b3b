"""Findings on integrity and custody: digests, holders, independent checks, the defence (A2, A3, A8)."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.entries.case import Entry
from ledger.entries.replacement import ALGORITHMS
from ledger.law.reading.exhibit_digests import (
    ARRIVALS,
    COMPARED,
    HANDED,
    Exhibits,
    changed,
    differing,
    files,
    handed,
    still_stated,
)
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import Matches, finding
from ledger.law.terms.rule import Mark

HANDLED = ("evidence-accessed", "working-copy-made", "evidence-sealed", "analysis-performed")

# -- digests -----------------------------------------------------------------------------------------------------------


@finding(
    "V-HASH-MISMATCH",
    cite="ISO27037:6.1, 2025/1550:3.3.3",
    mark=Mark.KNOWN,
    kinds="evidence-received custody-transferred working-copy-made analysis-performed data-transmitted-by-state",
    contradicts="A2",
    says="A file is not the one that was handed over.",
)
def another_file(r: OrderReading) -> Matches:
    earlier = still_stated(r)
    compared = (*r.entries.of(*COMPARED), *(e for e in earlier if e.kind in COMPARED))
    contradictions = [e for e in compared if e.get("check") == "differ" or changed(e)]
    arrived = (*r.entries.of(*ARRIVALS), *(e for e in earlier if e.kind in ARRIVALS))
    chain = Exhibits(r, r.entries.of(*HANDED, *COMPARED))
    moved = [e for e in compared if e.kind not in ARRIVALS and chain.compared(e) == "differs"]
    return (*contradictions, *moved, *(e for a in arrived for source in differing(r, a, earlier) for e in (source, a)))


@finding(
    "G-NOT-COMPARED",
    cite="ISO27037:6.1",
    mark=Mark.DESIGN,
    kinds="evidence-received data-transmitted-by-state",
    gap="A2",
    says="Something that arrived can be compared with nothing that was handed over.",
)
def not_compared(r: OrderReading) -> Matches:
    earlier = still_stated(r)
    return [
        a for a in r.entries.of(*ARRIVALS) if a.get("manifest") is not None and _is_strange(a, handed(r, a, earlier))
    ]


def _is_strange(arrival: Entry, sources: Iterable[Entry]) -> bool:
    """Return True if an arrival lists no file, or one that no source lists; False if no source lists any file."""
    listed = [f for s in sources for f in files(s)]
    names = {f.get("name") for f in listed}
    digests = {f[d] for f in listed for d in ALGORITHMS if f.get(d)}
    strange = (f.get("name") not in names and not any(f.get(d) in digests for d in ALGORITHMS) for f in files(arrival))
    return bool(listed) and (not files(arrival) or any(strange))


# -- custody -----------------------------------------------------------------------------------------------------------


def is_same_transfer(one: Entry, other: Entry) -> bool:
    """Return True if two transfers state one hand-over, each from the side of its signer."""
    fields = ("exhibit", "released_by", "received_by")
    return one.by != other.by and all(one.get(name) == other.get(name) for name in fields)


@finding(
    "W-CUSTODY-GAP",
    cite="ISO27037:6.1",
    mark=Mark.KNOWN,
    kinds="evidence-received custody-transferred evidence-accessed working-copy-made evidence-sealed"
    " analysis-performed",
    gap="A3",
    says="There is a stretch of time in which it is not shown who held the exhibit.",
)
def not_shown_who_held_it(r: OrderReading) -> Matches:
    holders: dict[str, str] = {}
    moved: dict[str, Entry] = {}  # the last transfer of each exhibit
    gaps = []
    for e in r.entries.of("evidence-received", "custody-transferred", *HANDLED):
        exhibit = e.get("exhibit")
        if e.kind == "evidence-received":
            if exhibit is not None and holders.setdefault(exhibit, e.actor) != e.actor:
                gaps.append(e)  # another holder is on record, who would hand it over by a transfer
            continue
        if e.kind == "custody-transferred":
            before, moved[exhibit] = moved.get(exhibit), e
            if before is not None and is_same_transfer(before, e):
                continue  # the other side states the same hand-over
        hands = e.get("released_by") if e.kind == "custody-transferred" else e.actor
        if holders.get(exhibit) != hands:
            gaps.append(e)
        if e.kind == "custody-transferred":
            holders[exhibit] = e.get("received_by")
        elif e.kind == "working-copy-made":
            holders[e.get("copy")] = e.actor
    return gaps


# -- looked at again ---------------------------------------------------------------------------------------------------


@finding(
    "G-NOT-REPRODUCED",
    cite="ACPO:3",
    mark=Mark.TEXT,
    kinds="expert-verification-performed",
    gap="A2",
    says="An independent check did not, or not fully, give the same result.",
)
def not_reproduced(r: OrderReading) -> Matches:
    return [e for e in r.entries.of("expert-verification-performed") if e.get("result") != "reproduced"]


@finding(
    "G-WITHHELD-NO-REASON",
    cite="ECHR:6, EPOC:18(5)",
    mark=Mark.KNOWN,
    kinds="defence-bundle-issued",
    gap="A8",
    says="Something is kept from the defence and it is not said why.",
)
def withheld_without_reason(r: OrderReading) -> Matches:
    bundles = r.entries.of("defence-bundle-issued")
    return [e for e in bundles if e.stated("withheld_fields") and not e.stated("withheld_reasons")]
