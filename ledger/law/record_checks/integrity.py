"""Whether it is still the same, and who held it: digests, custody, independent checks, the defence (A2, A3, A8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from ledger.entries.case import Entry, Unread
from ledger.entries.replacement import ALGORITHMS, DIGESTS, Stated, dropped, stated
from ledger.law.reading.effective_entries import Record, in_order
from ledger.law.rules.check import Seen, finding
from ledger.law.rules.order_facts import Examination
from ledger.law.terms.rule import Mark

ARRIVALS = ("evidence-received", "data-transmitted-by-state")
COMPARED = ("evidence-received", "custody-transferred", "working-copy-made", "analysis-performed")
HANDED = ("data-disclosed", "data-transmitted-by-state")
HANDLED = ("evidence-accessed", "working-copy-made", "evidence-sealed", "analysis-performed")

# -- digests -----------------------------------------------------------------------------------------------------------


def files(e: Entry) -> list[dict[str, Any]]:
    """The files of the manifest of an entry, as far as it can be read here."""
    return list((e.get("manifest") or {}).get("files") or ())


@finding(
    "V-HASH-MISMATCH",
    cite="ISO27037:6.1, 2025/1550:3.3.3",
    mark=Mark.KNOWN,
    kinds="evidence-received custody-transferred working-copy-made analysis-performed data-transmitted-by-state",
    contradicts="A2",
    says="A file is not the one that was handed over.",
)
def another_file(r: Examination) -> Seen:
    kept = still_stated(r)
    compared = (*r.of(*COMPARED), *(e for e in kept if e.kind in COMPARED))
    said = [e for e in compared if e.get("check") == "differ" or changed(e)]
    arrived = (*r.of(*ARRIVALS), *(e for e in kept if e.kind in ARRIVALS))
    return (*said, *(e for a in arrived for source in differing(r, a, kept) for e in (source, a)))


@finding(
    "G-NOT-COMPARED",
    cite="ISO27037:6.1",
    mark=Mark.DESIGN,
    kinds="evidence-received data-transmitted-by-state",
    gap="A2",
    says="Something that arrived can be compared with nothing that was handed over.",
)
def not_compared(r: Examination) -> Seen:
    kept = still_stated(r)
    return [a for a in r.of(*ARRIVALS) if a.get("manifest") is not None and _is_strange(a, handed(r, a, kept))]


def _is_strange(arrival: Entry, sources: Iterable[Entry]) -> bool:
    """It lists no file, or one that no source lists by its name or its digest; not where no source lists any."""
    known = [f for s in sources for f in files(s)]
    names = {f.get("name") for f in known}
    digests = {f[d] for f in known for d in ALGORITHMS if f.get(d)}
    strange = (f.get("name") not in names and not any(f.get(d) in digests for d in ALGORITHMS) for f in files(arrival))
    return bool(known) and (not files(arrival) or any(strange))


def still_stated(r: Record) -> list[Entry]:
    """Replaced entries as far as none of those that replaced them states their digests again, or another one.

    A digest is replaced by a digest, never by none: what was left out goes on counting, with what it was said to show.
    """
    found = []
    for leaf in r.replacements:
        old = r.by_leaf[leaf]
        if not r.would_count(old):
            continue
        lost = set(stated(_read(old)))
        for e in r.successors(leaf):
            if not lost:
                break
            closed = {field for field in DIGESTS if isinstance(e.sealed.get(field), Unread)}
            lost &= {one for one in dropped(_read(old), _read(e)) if one[0] not in closed}
        if lost:
            found.append(_only(old, lost, r.successors(leaf)))
    return found


def _read(e: Entry) -> dict[str, Any]:
    return {field: e.get(field) for field in DIGESTS}


def _only(old: Entry, lost: set[Stated], after: Iterable[Entry]) -> Entry:
    """An entry with these of its digests; where it lost one of two, the other is the one stated since."""
    after = list(after)
    names = {(name, algorithm) for field, name, algorithm, _ in lost if field == "manifest"}
    listed = [{k: v for k, v in f.items() if k not in ALGORITHMS or (f["name"], k) in names} for f in files(old)]
    said = dict(old.sealed)
    if "manifest" in said:
        said["manifest"] = {"elements": [], "files": [f for f in listed if any(d in f for d in ALGORITHMS)]}
    for field in DIGESTS[1:]:
        if field in said and field not in {one[0] for one in lost}:
            said[field] = next((value for e in after if (value := e.get(field)) is not None), said[field])
    return replace(old, sealed=said)


def changed(e: Entry) -> bool:
    """The digests that an entry states of one exhibit, before and after, are not the same."""
    before, after = e.get("digest_before"), e.get("digest_after")
    return before is not None and after is not None and before != after


def differing(r: Record, arrival: Entry, kept: Iterable[Entry]) -> Iterator[Entry]:
    """What a receipt or a transmission differs from; a file that one of several answers holds may differ in the others.

    `kept` is what `still_stated` finds. Other kinds are compared with nothing.
    """
    if arrival.kind not in ARRIVALS:
        return
    before = handed(r, arrival, kept)
    agreeing = [o for o in before if _excuses(r, arrival, o)] if _answer(r, arrival) is None else []
    excused = {f.get("name") for o in agreeing for f in files(o)}
    yield from (s for s in before if _differ(arrival, s, excused))


def handed(r: Record, arrival: Entry, kept: Iterable[Entry]) -> list[Entry]:
    """What a receipt or a transmission is of: the answer it names; naming none, whatever was handed over before.

    Before it is what is dated before it, and what stood on record when it was recorded.
    """
    if (named := _answer(r, arrival)) is not None:
        about = arrival.get("about")
        same = (k for k in kept if about == k.leaf or about in {e.leaf for e in r.successors(k.leaf)})
        return [named, *same]
    kinds = HANDED[:1] if arrival.kind == "data-transmitted-by-state" else HANDED
    every = (*r.of(*kinds), *(k for k in kept if k.kind in kinds))
    return [s for s in every if in_order(s) < in_order(arrival) or s.index < arrival.index]


def _answer(r: Record, arrival: Entry) -> Entry | None:
    """The answer that a receipt or a transmission names."""
    named = r.named(arrival.get("about"))
    # what is no handing over, and what the recipient itself has observed of one, is not what arrived
    if named is None or named.kind not in HANDED or (named.by == arrival.by and not r.first_hand(named)):
        return None
    return named


def _excuses(r: Record, arrival: Entry, o: Entry) -> bool:
    """Several answers may hold files of one name: an arrival need be equal to one of them only.

    What the recipient itself has observed of an answer agrees with itself, and excuses nothing.
    """
    return (o.by != arrival.by or r.first_hand(o)) and _shares_a_name(arrival, o) and not _differ(arrival, o)


def _shares_a_name(a: Entry, b: Entry) -> bool:
    return not {f.get("name") for f in files(a)}.isdisjoint(f.get("name") for f in files(b))


def _differ(a: Entry, b: Entry, excused: Collection[Any] = ()) -> bool:
    """A file of the same name, which is not excused, has another digest of the same kind."""
    others = {f.get("name"): f for f in files(b) if f.get("name") not in excused}
    pairs = ((f, others[f.get("name")]) for f in files(a) if f.get("name") in others)
    return any(f.get(d) and o.get(d) and f[d] != o[d] for f, o in pairs for d in ALGORITHMS)


# -- custody -----------------------------------------------------------------------------------------------------------


@finding(
    "W-CUSTODY-GAP",
    cite="ISO27037:6.1",
    mark=Mark.KNOWN,
    kinds="evidence-received custody-transferred evidence-accessed working-copy-made evidence-sealed"
    " analysis-performed",
    gap="A3",
    says="There is a stretch of time in which it is not shown who held the exhibit.",
)
def not_shown_who_held_it(r: Examination) -> Seen:
    holders: dict[str, str] = {}
    gaps = []
    for e in r.of("evidence-received", "custody-transferred", *HANDLED):
        exhibit = e.get("exhibit")
        if e.kind == "evidence-received":
            if exhibit is not None and holders.setdefault(exhibit, e.actor) != e.actor:
                gaps.append(e)  # somebody else is shown to hold it, who hands it over by a transfer
            continue
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
def not_reproduced(r: Examination) -> Seen:
    return [e for e in r.of("expert-verification-performed") if e.get("result") != "reproduced"]


@finding(
    "G-WITHHELD-NO-REASON",
    cite="ECHR:6, EPOC:18(5)",
    mark=Mark.KNOWN,
    kinds="defence-bundle-issued",
    gap="A8",
    says="Something is kept from the defence and it is not said why.",
)
def withheld_without_reason(r: Examination) -> Seen:
    bundles = r.of("defence-bundle-issued")
    return [e for e in bundles if e.stated("withheld_fields") and not e.stated("withheld_reasons")]
