"""Every rule of the law as a `Provision`: the rows of `comity law` and the input of the digest of the rules.

The digest identifies the rules of a judgement, so that a report can be repeated. It changes when a rule changes: its
words, citation, dates, numbers, instruments or effects on the criteria.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache

import orjson

from ledger.law.deadlines.counting_policies import POLICIES
from ledger.law.deadlines.table import REGISTER
from ledger.law.judge import FINDING_RULES
from ledger.law.rules.acts import ACTS, valid_from, valid_until
from ledger.law.rules.check import FindingRule
from ledger.law.rules.order_contents import CONTENTS, RequiredContent
from ledger.law.states import ALL
from ledger.law.states.machine import Machine, Move, TimedMove
from ledger.law.terms.rule import Deadline, Mark

EDITION = 4  # raised when a rule finds something else while its words stay


@dataclass(frozen=True, slots=True)
class Provision:
    """A rule: `kind` is act, policy, finding, deadline, element or transition, `id` its name among those of its kind.

    `cite` are provisions as `<act>:<provision>`, `instruments` where it applies (empty: everywhere), `since` the first
    day of the act it rests on and `until` the last one of a repealed act, `detail` what the sentence does not say.
    """

    kind: str
    id: str
    cite: tuple[str, ...]
    says: str
    mark: Mark
    instruments: tuple[str, ...] = ()
    since: date | None = None
    detail: tuple[tuple[str, str], ...] = ()
    until: date | None = None


def _of_finding(check: FindingRule) -> Provision:
    effects = tuple((criterion, str(standing)) for criterion, standing in check.effects)
    detail = (("level", str(check.level)), *effects, ("looks at", ", ".join(check.kinds)))
    since, until = valid_from(check.cite), valid_until(check.cite)
    return Provision("finding", check.code, check.cite, check.says, check.mark, check.instruments, since, detail, until)


def _of_deadline(d: Deadline) -> Provision:
    detail = (
        ("wound by", d.wound_by),
        ("met by", d.met_by),
        ("length", d.length),
        ("policy", d.policy),
        ("who must act", d.acts),
        ("listed", d.listed),
    )
    says = f"{d.length}, counted from {d.wound_by}"
    since, until = valid_from(d.cite), valid_until(d.cite)
    return Provision("deadline", d.id, d.cite, says, d.mark, d.instruments, since, detail, until)


def _of_element(instrument: str, point: RequiredContent, name: str) -> Provision:
    when = (("when", (point.when.__doc__ or "").strip()),) if point.when else ()
    detail = (("missing", point.code), ("level", str(point.level)), *when)
    cite = (point.cite,)
    says = f"the order states {name}"
    since, until = valid_from(cite), valid_until(cite)
    name = f"{instrument} {name}"
    return Provision("element", name, cite, says, point.mark, (instrument,), since, detail, until)


def _of_machine(machine: Machine) -> Iterator[Provision]:
    name = machine.instruments[0]
    moves = (*map(_move, machine.rows), *map(_timed_move, machine.alone))
    for number, says in enumerate(moves, 1):
        yield Provision("transition", f"{name} {number}", (), says, Mark.DESIGN, machine.instruments)


def _move(row: Move) -> str:
    when = f", {(row.when.__doc__ or '').strip()}" if row.when else ""
    return f"{', '.join(row.states.split())}: {', '.join(row.kinds.split())}{when} -> {row.to}"


def _timed_move(alone: TimedMove) -> str:
    when = f" {(alone.when.__doc__ or '').strip()}" if alone.when else ""
    return f"{', '.join(alone.states.split())}{when}: end of {alone.ends} -> {alone.to}"


def _rules() -> Iterator[Provision]:
    for act in ACTS.values():
        yield Provision("act", act.code, (act.source,), act.says, act.mark, since=act.since, until=act.until)
    for policy in POLICIES.values():
        yield Provision("policy", policy.id, policy.cite, policy.says, policy.mark, since=policy.since)
    yield from map(_of_finding, FINDING_RULES)
    yield from map(_of_deadline, REGISTER)
    for instrument, points in CONTENTS.items():
        yield from (_of_element(instrument, point, name) for point in points for name in point.fields)
    for machine in ALL:
        yield from _of_machine(machine)


RULES: tuple[Provision, ...] = tuple(_rules())


@cache
def rules_digest() -> str:
    """Return the SHA-256, in hex, of the edition and all rules as JSON with sorted keys, in the order of the law."""
    rules = {"edition": EDITION, "rules": [asdict(rule) for rule in RULES]}
    return hashlib.sha256(orjson.dumps(rules, option=orjson.OPT_SORT_KEYS)).hexdigest()
