"""What may be said of a case: the same by both verifiers, twice, and nothing better than the case deserves."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ledger.entries.case import Unread
from ledger.errors import RecordError
from ledger.formats.characters import visible
from ledger.law import read_order
from ledger.trust.trust_folder import Trust
from ledger.verify.evidence_bundle import verify
from ledger.verify.report import Report
from tests.browser.check.test_conformance import differences
from tests.browser.support.node import Asked, Crashed
from tests.browser.support.recorder import question, report_fields
from tests.fuzz.built import Built, build
from tests.fuzz.script import RANKS, Expect, Script

SLOW = 20.0  # seconds for one case in one verifier, on a machine that has other work
# What an honest world may be said to be: of its times, what it has not; of the law, anything.
OWN_CODES = ("TIME-", "CMP-", "SD-", "ENT-", "TST-", "KEY-", "V-ROLE", "V-AFTER")


@dataclass(frozen=True)
class Failure:
    """`kind` and `code` are what a smaller script must show too."""

    kind: str
    code: str
    says: str
    open: str = ""

    @property
    def name(self) -> tuple[str, str]:
        return self.kind, self.code


@dataclass(frozen=True)
class Meaning:
    """The meaning of a record in a report, by deeds: what counts, what is first-hand, what is found."""

    counts: Counter[str]
    first_hand: frozenset[str]
    erased: frozenset[tuple[str, str]]
    findings: Counter[str]
    criteria: dict[str, str]


def meaning(report: Report, deeds: dict[str, str]) -> Meaning | None:
    case, judgement, at = report.case, report.judgement, report.as_of
    if case is None or judgement is None or at is None:
        return None
    r = read_order(case, at)

    def named(leaf: str) -> str:
        return deeds.get(leaf, leaf)

    effective = [e for e in r.entries.current if r.entries.is_effective(e)]
    counts = Counter(named(e.leaf) for e in effective)
    hand = frozenset(named(e.leaf) for e in effective if r.reliability.first_hand(e))
    gone = frozenset((named(e.leaf), n) for e in case.entries for n, v in e.sealed.items() if v is Unread.ERASED)
    criteria = {name: str(c.state) for name, c in judgement.criteria.items()}
    return Meaning(counts, hand, gone, Counter(f.code for f in judgement.findings), criteria)


def failures(
    script: Script, expects: list[Expect], page: Asked | None, *, thorough: bool = False, honest: bool = False
) -> list[Failure]:
    """Return everything that is wrong with the verdicts on this case.

    `thorough`: also with less trust, twice, and with files left out.
    """
    return list(_failures(script, expects, page, thorough=thorough, honest=honest))


def _failures(
    script: Script, expects: list[Expect], page: Asked | None, *, thorough: bool, honest: bool
) -> Iterator[Failure]:
    built = build(script)
    report, wrong = _asked(built, built.trust)
    if report is None:
        yield wrong
        return
    if built.skipped:
        yield Failure("generator", "skipped", f"these deeds cannot be sealed: {built.skipped}")
    if page is not None:
        yield from _differs(built, built.trust, report, page)
    if honest:
        yield from _honest(report)
    yield from _deserved(script, expects, built, report)
    if thorough:
        again, _ = _asked(built, built.trust)
        if again is None or _whole(again) != _whole(report):
            yield Failure("twice", "", "the same bytes are judged in two ways")
        yield from _with_less(script, built, report, page)


def _whole(report: Report) -> tuple[object, ...]:
    j = report.judgement
    return report_fields(report), report.procedure, j and (j.state, j.regions, j.deadlines, j.findings, j.criteria)


def _asked(built: Built, trust: Trust | None, data: bytes | None = None) -> tuple[Report | None, Failure]:
    """Return the report of the program; a failure if it raises or takes long."""
    begun = time.process_time()
    try:
        report = verify(built.data if data is None else data, trust, built.anchor, built.now)
    except Exception as error:  # whatever it is, it is the finding
        return None, Failure("crash", type(error).__name__, f"the program raises {error!r}")
    taken = time.process_time() - begun
    if taken > SLOW:
        return None, Failure("slow", "program", f"the program takes {taken:.1f} s")
    return report, Failure("", "", "")


def _differs(built: Built, trust: Trust | None, report: Report, page: Asked) -> Iterator[Failure]:
    begun = time.monotonic()
    try:
        ours = page.ask("verify", **question(built.data, trust, built.anchor, built.now))
    except Crashed as error:
        yield Failure("page-crash", str(error).split("\n")[0], f"the page throws {error}")
        return
    if (taken := time.monotonic() - begun) > 5 * SLOW:
        yield Failure("slow", "page", f"the page takes {taken:.1f} s")
    found = differences(ours, _shown(report_fields(report)))
    if found:
        yield Failure("differs", " ".join(each.split(":")[0] for each in found), "; ".join(found))


def _shown(value: Any) -> Any:
    """Return what a report says, as people are shown it."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {name: _shown(each) for name, each in value.items()}
    return [_shown(each) for each in value] if isinstance(value, list) else value


def codes_of(report: Report) -> set[str]:
    return {r.code for r in report.reasons} | {r.code for r in report.procedure}


def _honest(report: Report) -> Iterator[Failure]:
    """Check that an honest world passes, and that nothing is found about its times, claims and commitments."""
    if str(report.verdict) != "TOTAL-PASSED":
        yield Failure("honest", report.integrity, f"an honest world is {report.integrity}: {report.reasons}")
    found = sorted(c for c in codes_of(report) if c.startswith(OWN_CODES))
    for code in found:
        said = {r.code: r.says for r in report.procedure} | {r.code: r.says for r in report.reasons}
        yield Failure("honest", code, f"an honest world has {code}: {said[code]}")


def _deserved(script: Script, expects: list[Expect], built: Built, report: Report) -> Iterator[Failure]:
    verdict = str(report.verdict)
    for expect in expects:
        if RANKS[verdict] > RANKS[expect.at_most]:
            says = f"{report.integrity}, and deserves {expect.at_most} at most: {expect.what}"
            yield Failure("better", expect.at_most, says, expect.open)
    floor = min((RANKS[e.at_least] for e in expects), default=0)
    if RANKS[verdict] < min(floor, min((RANKS[e.at_most] for e in expects), default=2)):
        says = f"{report.integrity} ({report.reasons[0].says}): one signer's falsehood spoils more than its own entry"
        yield Failure("poison", report.reasons[0].code, f"{says}: {_what(expects)}", _open(expects))
    if verdict != "TOTAL-FAILED":
        yield from _said(expects, report)
    yield from _weighs(script, expects, built, report)
    yield from _withdrawn(script, expects, built, report)


def _what(expects: list[Expect]) -> str:
    return "; ".join(e.what for e in expects)


def _open(expects: list[Expect]) -> str:
    return next((e.open for e in expects if e.open), "")


def _said(expects: list[Expect], report: Report) -> Iterator[Failure]:
    codes = codes_of(report)
    for expect in expects:
        if expect.codes and not codes & set(expect.codes):
            says = f"{report.integrity} without a word of {' or '.join(expect.codes)}: {expect.what}"
            yield Failure("silent", expect.codes[0], says, expect.open)
        if expect.unproven and not any(expect.unproven in each for each in report.not_proven):
            says = f"{report.integrity}, and nothing not proven speaks of {expect.unproven!r}: {expect.what}"
            yield Failure("silent", expect.unproven, says, expect.open)


def _weighs(script: Script, expects: list[Expect], built: Built, report: Report) -> Iterator[Failure]:
    """Check a mutation without weight: the record with it means what it means without it."""
    lies = {id for e in expects for id in e.weightless}
    if not lies or str(report.verdict) == "TOTAL-FAILED":
        return
    ours = meaning(report, built.deeds)
    if ours is None:
        return
    theirs, others = _without(script, lies)
    if theirs is None:
        return
    what, open, code = _what(expects), _open(expects), next((e.open for e in expects if e.weightless), "")
    own = {id for e in expects if e.own for id in e.weightless}
    own |= set(built.deeds.values()) - others - lies  # a wrapper of what is not there
    for id in sorted(k for k in (ours.counts - theirs.counts) if k not in own):
        yield Failure("weighs", f"counts {code}", f"{report.integrity}, and {id} counts: {what}", open)
    for id in sorted(theirs.counts - ours.counts):
        yield Failure("weighs", f"uncounts {code}", f"{report.integrity}, and {id} counts no more: {what}", open)
    for id in sorted(ours.first_hand - theirs.first_hand - lies - own):
        yield Failure("weighs", f"first-hand {code}", f"{report.integrity}, and {id} is first-hand: {what}", open)
    for id, name in sorted(ours.erased - theirs.erased):
        yield Failure("weighs", f"erased {code}", f"{report.integrity}, and {id} {name} reads as erased: {what}", open)
    gone = theirs.findings - ours.findings
    if gone:
        yield Failure("weighs", f"unfinds {code}", f"{report.integrity}, and {', '.join(gone)} is gone: {what}", open)
    for name, state in ours.criteria.items():
        if state == "DEMONSTRATED" and theirs.criteria.get(name) in ("GAP", "CONTRADICTED"):
            says = f"{report.integrity}, and {name} is demonstrated that was {theirs.criteria[name]}: {what}"
            yield Failure("weighs", f"demonstrates {code}", says, open)


def _withdrawn(script: Script, expects: list[Expect], built: Built, report: Report) -> Iterator[Failure]:
    """Check that withdrawing an entry that contradicts withdraws no contradiction."""
    deeds = {id for e in expects for id in e.withdraws}
    ours = meaning(report, built.deeds) if deeds else None
    theirs = _without(script, deeds)[0] if ours else None
    if ours is None or theirs is None:
        return
    for name in ("A1", "A2", "A3"):
        if (theirs.criteria.get(name), ours.criteria[name]) == ("CONTRADICTED", "DEMONSTRATED"):
            yield Failure("withdraws", name, f"{name} was contradicted and is demonstrated: {_what(expects)}")


def _without(script: Script, lies: set[str]) -> tuple[Meaning | None, set[str]]:
    """Return what the script means without these deeds, and its remaining deeds; nothing, without a bundle."""
    try:
        honest = build(script.without(*lies))
    except RecordError:
        return Meaning(Counter(), frozenset(), frozenset(), Counter(), {}), set()
    report, _ = _asked(honest, honest.trust)
    return meaning(report, honest.deeds) if report else None, set(honest.deeds.values())


def _with_less(script: Script, built: Built, report: Report, page: Asked | None) -> Iterator[Failure]:
    """Check that less trust, more witnesses or fewer files never give a better verdict."""
    rank = RANKS[str(report.verdict)]
    held = script.verifier
    less: list[tuple[str, dict[str, Any]]] = [
        ("no trust", {"policy": "none"}),
        ("no registrar", {"registrar": "none"}),
        ("a witness more", {"more_witnesses": 1}),
        ("others unknown", {"others": False}),
        ("another registrar", {"registrar": "stranger"}),
    ]
    if held.anchor == "head" and rank > 0:
        less.append(("no anchor", {"anchor": None}))
    for name, changes in less:
        other = script.clone()
        for field, value in changes.items():
            setattr(other.verifier, field, value)
        stricter = build(other)
        theirs, wrong = _asked(stricter, stricter.trust)
        if theirs is None:
            yield wrong
            continue
        better = RANKS[str(theirs.verdict)]
        if better == 2 and rank == 1 and (held.anchor is None or "no " not in name):  # a checkpoint vouches alone
            says = f"{name}: {theirs.integrity}, with more {report.integrity}"
            yield Failure("monotone", name, says)
        if name == "no trust" and held.anchor is None and better == 2:
            yield Failure("monotone", name, "a bundle is judged by nothing from outside, and passes")
        if page is not None and name in ("no trust", "others unknown"):
            yield from _differs(stricter, stricter.trust, theirs, page)
    yield from _with_linked(script, built, report)
    for part in (r"entries/\d+\.", r"disclosures/", "foreign/.*tlog-proof", "foreign/[0-9a-f]{64}$", "^policy$"):
        other = script.clone()
        other.bundle.drop = [*other.bundle.drop, part]
        fewer = build(other)
        theirs, wrong = _asked(fewer, fewer.trust)
        if theirs is None:
            yield wrong
        elif str(theirs.verdict) == "TOTAL-PASSED" and rank == 1:
            yield Failure("monotone", part, f"without {part}: {theirs.integrity}, with it {report.integrity}")


def _with_linked(script: Script, built: Built, report: Report) -> Iterator[Failure]:
    """Check that another order in the bundle changes nothing about this one."""
    if str(report.verdict) == "TOTAL-FAILED" or "main_order" in str(script.deeds):
        return
    other = script.clone()
    other.bundle.more = [] if other.bundle.more else ["linked"]
    more = build(other)
    theirs, wrong = _asked(more, more.trust)
    if theirs is None:
        yield wrong
        return
    ours, others = meaning(report, built.deeds), meaning(theirs, more.deeds)
    if str(theirs.verdict) != "TOTAL-FAILED" and ours != others:
        yield Failure("linked", "", f"with {other.bundle.more} beside it the order means {others}, else {ours}")
