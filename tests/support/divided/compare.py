"""Compare what two ledgers make of one order, by leaf hashes and never by numbers of a log.

`common` leaves in each case what both hold. `differences` compares two judgements. `causes` names which of the things
that one holds and the other lacks make a difference.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
from msgspec.structs import replace

from ledger.entries.case import Case, Entry, Unread, wire
from ledger.law import Judgement, judge
from projections.views.custody import custody
from projections.views.timeline import timeline

NEVER: Final[dict[str, dict[str, str]]] = tomllib.loads(
    Path(__file__).with_name("never_compared.toml").read_text("utf-8")
)
OWN: Final = frozenset(NEVER["kinds"])  # kinds of entries about the record itself


def row(e: Entry) -> str:
    """Return what an entry of a register says, without who keeps the register."""
    return orjson.dumps([e.kind, e.public], default=str, option=orjson.OPT_SORT_KEYS).decode()


def orders_of(case: Case) -> dict[str, Entry]:
    """Return the entries of an order by leaf that can count, without the carriers of received entries."""
    return {e.leaf: e for e in case.entries if e.kind not in OWN and not e.known_to}


def opened(e: Entry) -> frozenset[str]:
    """Return the sealed fields of an entry that are open."""
    return frozenset(name for name, value in e.sealed.items() if not isinstance(value, Unread))


def common(one: Case, other: Case, at: datetime) -> tuple[Case, Case]:
    """Return both cases with only what both hold by a moment: entries, opened values, rows of the registers."""
    one, other = replace(one.known(at), others=()), replace(other.known(at), others=())
    a, b = orders_of(one), orders_of(other)
    shared = a.keys() & b.keys()
    fields = {leaf: opened(a[leaf]) & opened(b[leaf]) for leaf in shared}
    rows = Counter(map(row, one.registry)) & Counter(map(row, other.registry))
    return _reduced(one, fields, rows), _reduced(other, fields, rows)


def _reduced(case: Case, fields: dict[str, frozenset[str]], rows: Counter[str]) -> Case:
    entries = tuple(_closed(e, fields[e.leaf]) for e in case.entries if e.leaf in fields)
    left, registry = Counter(rows), []
    for e in case.registry:
        if left[row(e)]:
            left[row(e)] -= 1
            registry.append(e)
    return replace(case, entries=entries, registry=tuple(registry))


def _closed(e: Entry, fields: frozenset[str]) -> Entry:
    sealed = {name: value if name in fields else Unread.WITHHELD for name, value in e.sealed.items()}
    return replace(e, sealed=sealed)


def described(judgement: Judgement, case: Case) -> dict[str, Any]:
    """Return a judgement as values that two ledgers can have in common: every reference is a leaf hash."""
    ours = {e.leaf for e in case.entries if e.kind not in OWN}
    rows = {e.leaf: row(e) for e in case.registry}

    def names(leaves: Iterable[str]) -> list[str]:
        return sorted(rows.get(leaf, leaf) for leaf in leaves if leaf in ours or leaf in rows)

    return {
        "state": judgement.state,
        "regions": judgement.regions,
        **{
            f"deadline {c.id} {c.trigger or ''} {n}": [
                c.policy, str(c.verdict), c.due and wire(c.due), names(c.met_by), names(c.entries), list(c.steps),
            ]
            for n, c in _numbered(judgement.deadlines)
        },
        **{
            f"finding {f.code}": [str(f.level), [[x, str(y)] for x, y in f.effects], f.says, names(f.entries)]
            for f in judgement.findings
        },
        **{
            f"criterion {name}": [str(c.state), names(c.rests_on), list(c.lacks)]
            for name, c in judgement.criteria.items()
        },
        "duties": [str(duty.says) for duty in judgement.duties],
        "custody": [
            [h.entry.leaf, _numberless(h.says), h.released_by, h.received_by, h.held_by, repr(h.replaced is None)]
            for h in custody(case, judgement.as_of, reveal=True)
        ],
        "timeline": [
            [line.entry.leaf, _numberless(line.says), line.who, line.moved]
            for line in timeline(case, judgement.trail, reveal=True, at=judgement.as_of)
            if line.entry.kind not in OWN
        ],
        "trail": [[wire(t.on), t.source, t.to, t.leaf, t.clock] for t in judgement.trail],
    }  # fmt: skip


def _numberless(text: object) -> str:
    """Return a sentence without the numbers by which one ledger calls its entries."""
    words = str(text)
    for pattern, instead in NEVER["words"].items():
        words = re.sub(pattern, instead, words)
    return words


def _numbered(clocks: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    count: Counter[tuple[str, str | None]] = Counter()
    for c in sorted(clocks, key=lambda c: (c.id, c.trigger or "", c.due is None, (c.due and wire(c.due)) or "")):
        count[c.id, c.trigger] += 1
        yield count[c.id, c.trigger], c


def differences(one: Case, other: Case, at: datetime) -> dict[str, tuple[Any, Any]]:
    """Return what two cases differ in when both are judged at one moment, by the name of the part."""
    a, b = described(judge(one, at), one), described(judge(other, at), other)
    return {name: (a.get(name), b.get(name)) for name in sorted(a.keys() | b.keys()) if a.get(name) != b.get(name)}


OPPOSITES = (
    {"MET", "MISSED"},
    {"DEMONSTRATED", "CONTRADICTED"},
)


def contradictions(part: Judgement, whole: Judgement) -> list[str]:
    """Return where a judgement of less says the opposite of a judgement of all: it may only know less.

    A violation, a state or a region that the whole lacks is one; UNDETERMINED and GAP are none.
    """
    found = []
    violations = {f.code for f in whole.findings if f.level == "V"}
    found += [f"finding {f.code}" for f in part.findings if f.level == "V" and f.code not in violations]
    found += [
        f"criterion {name}: {result.state} and {whole.criteria[name].state}"
        for name, result in part.criteria.items()
        if {str(result.state), str(whole.criteria[name].state)} in OPPOSITES
    ]
    verdicts: dict[object, set[str]] = {}
    for c in whole.deadlines:
        verdicts.setdefault((c.id, c.policy, c.due), set()).add(str(c.verdict))
    for c in part.deadlines:
        others = verdicts.get((c.id, c.policy, c.due), set())
        if str(c.verdict) not in others and any({str(c.verdict), other} in OPPOSITES for other in others):
            found.append(f"deadline {c.id}: {c.verdict} and {', '.join(sorted(others))}")
    if part.state not in (whole.state, "UNDETERMINED"):
        found.append(f"state: {part.state} and {whole.state}")
    return found


def as_far_as(whole: Case, part: Case) -> Case:
    """Return the undivided case with only the acts, and the opened values, that one ledger of the divided story has."""

    def act(e: Entry) -> tuple[object, ...]:
        return (e.kind, e.by, e.whose, e.on, e.at)

    held: dict[object, list[Entry]] = {}
    for e in part.entries:
        held.setdefault(act(e), []).append(e)
    entries = []
    for e in whole.entries:
        if same := held.get(act(e)):
            other = same.pop(0) if len(same) > 1 else same[0]
            entries.append(_closed(e, opened(other)))
    return replace(whole, entries=tuple(entries))


# -- causes ------------------------------------------------------------------------------------------------------------

Cause = tuple[str, str]  # what one ledger has and the other lacks: entry, moment, proof, value or row; and its name


def causes(one: Case, other: Case, at: datetime) -> list[Cause]:
    """Return each thing that one of two ledgers holds at a moment and the other lacks."""
    a, b = _all_of(one.known(at)), _all_of(other.known(at))
    later = _all_of(one).keys() & _all_of(other).keys()
    found = [("moment" if leaf in later else "entry", leaf) for leaf in sorted(a.keys() ^ b.keys())]
    for leaf in sorted(a.keys() & b.keys()):
        if bool(a[leaf].known_to) is not bool(b[leaf].known_to):
            found.append(("proof", leaf))
        found += [("value", f"{leaf} {name}") for name in sorted(opened(a[leaf]) ^ opened(b[leaf]))]
    found += [("proof", e.leaf) for case in (one, other) for e in case.known(at).entries if e.proves]
    rows = Counter(row(e) for e in one.registry if e.on <= at), Counter(row(e) for e in other.registry if e.on <= at)
    return found + [("row", text) for text in sorted((rows[0] - rows[1]) | (rows[1] - rows[0]))]


def _all_of(case: Case) -> dict[str, Entry]:
    return {e.leaf: e for e in case.entries if e.kind not in OWN}


def without(case: Case, gone: Iterable[Cause]) -> Case:
    """Return a case without things that the other ledger lacks."""
    gone = set(gone)
    leaves = {name for sort, name in gone if sort in ("entry", "moment", "proof")}
    values = {tuple(name.split(" ")) for sort, name in gone if sort == "value"}
    texts = {name for sort, name in gone if sort == "row"}

    def kept(register: Iterable[Entry]) -> tuple[Entry, ...]:
        return tuple(e for e in register if row(e) not in texts)

    def shown(e: Entry) -> Entry:
        closed = {name: Unread.WITHHELD if (e.leaf, name) in values else value for name, value in e.sealed.items()}
        return replace(e, sealed=closed)

    return replace(
        case,
        entries=tuple(map(shown, (e for e in case.entries if not {e.leaf, e.public.get("leaf")} & leaves))),
        registry=kept(case.registry),
        others=tuple(replace(other, entries=kept(other.entries)) for other in case.others),
    )


def explained(one: Case, other: Case, at: datetime) -> dict[str, frozenset[Cause]]:
    """Return for each difference of two judgements a smallest set of causes without which it vanishes.

    The set is empty where it does not vanish without all of them: then the difference has no cause.
    """
    found = causes(one, other, at)
    one, other = one.known(at), other.known(at)

    def differ(gone: Iterable[Cause]) -> dict[str, tuple[Any, Any]]:
        gone = tuple(gone)
        return differences(without(one, gone), without(other, gone), at)

    reasons: dict[str, frozenset[Cause]] = {}
    rest = set(differ(()))
    for cause in found:
        if not rest:
            return reasons
        vanished = rest - differ([cause]).keys()
        reasons |= {name: frozenset({cause}) for name in vanished}
        rest -= vanished
    still = differ(found).keys() if rest else set()
    for name in rest:
        reasons[name] = frozenset() if name in still else _smallest(found, name, differ)
    return reasons


def _smallest(found: list[Cause], name: str, differ: Callable[[Iterable[Cause]], dict[str, Any]]) -> frozenset[Cause]:
    """Return causes of which none can be left out, so that a difference vanishes: halves first."""
    needed = list(found)
    size = len(needed) // 2
    while size:
        for start in range(0, len(needed), size):
            fewer = needed[:start] + needed[start + size :]
            if name not in differ(fewer):
                needed = fewer
                break
        else:
            size //= 2
    return frozenset(needed)
