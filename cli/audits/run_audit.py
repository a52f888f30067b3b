"""Run an audit over many ledgers, or continue one that was interrupted."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cli.audits.ask_ledger import audit_ledger, compare_observers
from cli.audits.places import Place
from ledger.application.auditing.program import program_digest
from ledger.application.audits.audit_state import AuditRun, begun, folder_of
from ledger.application.audits.bounded_processes import Limits, Unfinished, run_bounded
from ledger.application.audits.results import (
    Audited,
    AuditedLedger,
    AuditorKey,
    AuditTask,
    AuditVerdict,
    ViewsTask,
    difference,
    not_read,
    worst_first,
)
from ledger.application.audits.seen_heads import PROVED
from ledger.law.provisions import rules_digest
from ledger.messages import plain
from ledger.trust.trust_folder import Trust, format_registrar
from ledger.verify.report import Reason

PRELOADED = ("cli.audits.ask_ledger",)
SPELT = "backslashreplace"
PROCESSES = min(os.cpu_count() or 1, 16)


class AuditQuestion(Struct, frozen=True):
    """What an audit asks: of which ledgers, under which trust, as of which moment (UTC; None: of the run)."""

    places: Sequence[Place]
    trusts: Sequence[Trust]
    as_of: datetime | None
    stale: timedelta | None
    ask: bool
    auditor: AuditorKey | None

    def text(self) -> bytes:
        """Return the question as bytes: an interrupted run is continued if they are the same."""
        lines = [f"program {program_digest()}", f"rules {rules_digest()}", f"as of {self.as_of}", f"ask {self.ask}"]
        lines += [f"stale {self.stale}", f"auditor {self.auditor.name if self.auditor else ''}"]
        lines += sorted(f"trust {_fingerprint(trust)}" for trust in self.trusts)
        for each in sorted(self.places, key=lambda each: each.place):
            own = _fingerprint(each.trust) if each.trust else ""
            named = (each.place, each.log, each.holder, each.store, own)
            lines.append(f"ledger {msgspec.json.encode([ascii(text) for text in named]).decode()}")
        return "".join(f"{line}\n" for line in lines).encode()


class AuditOfMany(Struct, frozen=True):
    """The results of a run, the worst first; `continued` counts the ledgers that an interrupted run had read."""

    moment: datetime
    ledgers: list[AuditedLedger]
    continued: int


def _fingerprint(trust: Trust) -> str:
    registrar = b"" if trust.registrar is None else format_registrar(trust.registrar)
    return sha256(registrar + trust.raw + b"".join(sorted(trust.authorities))).hexdigest()


def run_audit(
    question: AuditQuestion,
    state: Path,
    now: datetime,
    limits: Limits,
    *,
    anew: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> AuditOfMany:
    """Audit every ledger of the question, each in a bounded process, and compare with the run before.

    `LedgerError` BUSY if another process audits with this state.
    """
    with begun(state, question.text(), now, anew=anew) as run:
        results = {each.place: result for each in question.places if (result := run.result(each.place)) is not None}
        continued = len(results)
        left = [each for each in question.places if each.place not in results]
        tasks = [_task(each, question, state, run.moment) for each in left]
        for number, answer in run_bounded(audit_ledger, tasks, limits, PRELOADED):
            task = tasks[number]
            result = not_read(task, answer.code, answer.says) if isinstance(answer, Unfinished) else answer
            result = _compared(run, _aged(printable(result), run.moment, question.stale), task.place)
            run.keep(task.place, result)
            results[task.place] = result
            progress(len(results), len(question.places))
        for place in _compare_places(results, question, state, limits):
            run.keep(place, results[place])
        run.complete()
    ledgers = worst_first([result.ledger for result in results.values()])
    return AuditOfMany(run.moment, ledgers, continued)


def _task(each: Place, question: AuditQuestion, state: Path, moment: datetime) -> AuditTask:
    trusts = (each.trust, *question.trusts) if each.trust else tuple(question.trusts)
    return AuditTask(
        place=each.place,
        trusts=trusts,
        state=str(folder_of(state, each.place)),
        now=moment,
        as_of=question.as_of or moment,
        expected=each.log,
        holder=each.holder,
        store=each.store,
        ask=question.ask,
        auditor=question.auditor,
    )


def _compare_places(results: dict[str, Audited], question: AuditQuestion, state: Path, limits: Limits) -> set[str]:
    """Compare the heads of each log that was read at several places; return the places that are doubted by it."""
    doubted: set[str] = set()
    by_log: dict[str, list[str]] = {}
    for place, result in results.items():
        if result.note:
            by_log.setdefault(result.ledger.log, []).append(place)
    tasks = []
    for log, places in by_log.items():
        trust = _trust_in(log, question)
        largest = max(places, key=lambda place: results[place].ledger.size or 0)
        others = [(place, results[place].note) for place in places if place != largest]
        others += [each for one in question.places if one.log == log for each in one.seen]
        if others and trust is not None:
            tasks.append(ViewsTask(log, largest, results[largest].note, others, trust, str(state / "places")))
    for number, answer in run_bounded(compare_observers, tasks, limits, PRELOADED):
        task = tasks[number]
        if isinstance(answer, Unfinished):
            found = [(task.place, Reason(answer.code, task.place, answer.says))]
        else:
            found = answer
        for holder, reason in found:
            for one in {holder, task.place} & results.keys():
                results[one] = _doubted(results[one], reason)
                doubted.add(one)
    return doubted


def _trust_in(log: str, question: AuditQuestion) -> Trust | None:
    own = [each.trust for each in question.places if each.trust is not None]
    return next((one for one in (*own, *question.trusts) if any(key.name == log for key in one.policy.logs)), None)


def _doubted(result: Audited, reason: Reason) -> Audited:
    """Return a result with one reason more, which proves a contradiction or leaves a doubt."""
    verdict = AuditVerdict.FAILED if reason.code in PROVED else AuditVerdict.INDETERMINATE
    verdict = min(verdict, result.ledger.verdict, key=list(AuditVerdict).index)
    return replace(result, ledger=replace(result.ledger, verdict=verdict, reasons=[reason, *result.ledger.reasons]))


def _aged(result: Audited, now: datetime, stale: timedelta | None) -> Audited:
    """Mark a ledger whose newest checkpoint is older than `stale`; one without a checkpoint is marked too."""
    ledger = result.ledger
    if stale is None or ledger.size is None or (ledger.head_at is not None and now - ledger.head_at <= stale):
        return result
    return replace(result, ledger=replace(ledger, stale=True))


def printable(result: Audited) -> Audited:
    """Return a result in which the bytes of names that are not UTF-8 are spelt, so that it can be written as JSON."""

    def spelt(value: Any) -> Any:
        if isinstance(value, str):
            return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode(errors=SPELT)
        if isinstance(value, dict):
            return {name: spelt(each) for name, each in value.items()}
        return [spelt(each) for each in value] if isinstance(value, list) else value

    return msgspec.convert(spelt(msgspec.to_builtins(result, enc_hook=plain)), Audited)


def _compared(run: AuditRun, result: Audited, place: str) -> Audited:
    before = run.before(place)
    if before is None:
        return result
    since, old = before
    log = result.ledger.log or old.ledger.log  # so that a ledger that is not read has its name
    return replace(result, ledger=replace(result.ledger, log=log, difference=difference(result, old, since)))
