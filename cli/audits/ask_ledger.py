"""Audit one ledger, in a separate process: integrity, heads and witnesses, then the law order by order."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ledger.adapters.folders.handed_folder import NOTE, TRUST_FILE, HandedFolder
from ledger.adapters.folders.ledger_folder import ENTRIES_DB, STORE
from ledger.adapters.keys import mldsa
from ledger.adapters.log.ledger_as_published import reading
from ledger.adapters.log.published_log import LARGEST_NOTE, source
from ledger.adapters.storage.connection import ReadableLocation
from ledger.application import lazy_verifiers
from ledger.application.auditing.run import Auditor
from ledger.application.audits.handed_orders import handed_orders
from ledger.application.audits.published_copy import copy_entries
from ledger.application.audits.results import (
    LISTED,
    MOST_POINTS,
    Audited,
    AuditedLedger,
    AuditTask,
    AuditVerdict,
    DutyCount,
    FoundCode,
    OverdueDuty,
    ViewsTask,
    WitnessCount,
    not_read,
)
from ledger.application.audits.seen_heads import SeenHeads, compare_heads, compare_views
from ledger.application.case_reader import CaseReader
from ledger.application.integrity.audit import Audit, audit
from ledger.application.integrity.continued_audit import ContinuedAudit
from ledger.application.integrity.kept_verdicts import KeptVerdicts
from ledger.application.integrity.log_files import LogFiles, Progress
from ledger.application.integrity.verify_ledger import verify_folder
from ledger.application.integrity.verify_log import Walk, verify_log
from ledger.entries.keyring import Registrar
from ledger.errors import LedgerError, RecordError
from ledger.law import judge
from ledger.tlog.note import MLDSA44, Checkpoint, Vkey, open_checkpoint
from ledger.tlog.policy import Policy, parse_policy
from ledger.trust.trust_folder import Trust, parse_registrar
from ledger.verify.claims import TEST
from ledger.verify.report import Reason, Report, Verdict
from ledger.verify.time_brackets import Times
from projections.views.due import due

TRIES, PAUSE = 5, 1.0  # a ledger that is written to is read again, after so many seconds
UNTRUSTED = "No trust from outside names this log: nothing here says whose it is."
DISTURBED = frozenset({"BUSY"})


class _Verified(Struct, frozen=True):
    """The verdict on the integrity of one place, and where its entries are, if the orders can be judged."""

    log: str
    report: Report
    seen: SeenHeads | None
    trust: Trust | None
    entries: Path | None = None
    rests: int = 0


def audit_ledger(task: AuditTask) -> Audited:
    """Audit one ledger. Whatever is wrong with it is in the result."""
    for attempt in range(TRIES):
        try:
            return _audited(task)
        except (RecordError, LedgerError) as fault:
            if fault.code in DISTURBED and attempt < TRIES - 1:
                time.sleep(PAUSE)
                continue
            where = getattr(fault, "where", "")
            return not_read(task, fault.code, fault.says, where)
        except OSError as error:
            says = f"{error.filename or task.place}: {(error.strerror or str(error)).lower()}"
            return not_read(task, "DISK-ERROR", says)
    raise AssertionError("the last attempt returns")


def _audited(task: AuditTask) -> Audited:
    published = task.place.startswith(("http://", "https://"))
    if not published and not Path(task.place).is_dir():
        raise LedgerError("NO-LEDGER", f"{task.place} is not there, or is no folder")
    folder = HandedFolder(task.place)
    if not published and not task.store and not folder.has(ENTRIES_DB) and not folder.has(STORE):
        published = folder.has("checkpoint")
    log = _stated_origin(task.place, published)
    trust = next((each for each in task.trusts if any(key.name == log for key in each.policy.logs)), None)
    if task.expected and log != task.expected:
        says = f"it says that it is the log {log or 'of no name'}, and the list names {task.expected} at this place"
        return _wrong(task, log, Reason("CP-ORIGIN", "log/checkpoint", says))
    verified = (_published if published else _handed)(task, log, trust)
    if isinstance(verified, Audited):
        return verified
    return _result(task, verified)


def _wrong(task: AuditTask, log: str, reason: Reason) -> Audited:
    return Audited(AuditedLedger(task.place, log, task.holder, AuditVerdict.FAILED, [reason], trusted=False))


def _stated_origin(place: str, published: bool) -> str:
    """Return the log that a place says it holds, unverified; "" if it says none."""
    if published:
        note = source(place)("checkpoint", LARGEST_NOTE)
        return note.partition(b"\n")[0].decode("ascii", "replace")
    folder = HandedFolder(place)
    policy = folder.read("trust/policy", TRUST_FILE)
    try:
        names = {key.name for key in parse_policy(policy).logs} if policy is not None else set()
    except RecordError:
        names = set()
    if len(names) == 1:
        return names.pop()
    return (folder.read("log/checkpoint", NOTE) or b"").partition(b"\n")[0].decode("ascii", "replace")


# -- integrity ---------------------------------------------------------------------------------------------------------


def _read_all(
    place: ReadableLocation, origin: str, registrar: Registrar, _: Checkpoint, times: Times, progress: Progress
) -> Audit:
    """Read every entry in this process: others read the other ledgers."""
    return audit(place, origin, registrar, times=times, workers=1, progress=progress)


@contextmanager
def _walk(task: AuditTask, log: str, trust: Trust | None) -> Iterator[Walk]:
    """Yield the audit of the entries: of all, or behind the verdicts that an auditor has kept."""
    if task.auditor is None or trust is None or trust.registrar is None:
        yield _read_all
        return
    key = mldsa.load(Path(task.auditor.file))
    vkey = Vkey.of(task.auditor.name, MLDSA44, key.public)
    auditor = Auditor(vkey, task.auditor.statement, key.sign)
    with KeptVerdicts(Path(task.state) / "verdicts.db", log, trust.registrar, auditor) as kept:
        yield ContinuedAudit(kept, workers=1)


def _handed(task: AuditTask, log: str, trust: Trust | None) -> _Verified | Audited:
    """Verify a ledger folder, or a copy of one."""
    path = Path(task.place)
    with _walk(task, log, trust) as walk:
        report = verify_folder(path, trust, None, task.now, store=task.store, walk=walk)
    seen = None
    if trust is not None and report.verdict is not Verdict.FAILED and report.head is not None and not task.store:
        with reading(task.place) as fetch:
            seen = compare_heads(task.place, fetch, trust, log, Path(task.state), task.now, ask=task.ask)
    return _Verified(log, report, seen, trust, rests=_rests(walk))


def _rests(walk: Walk) -> int:
    return walk.rests if isinstance(walk, ContinuedAudit) else 0


def _published(task: AuditTask, log: str, trust: Trust | None) -> _Verified | Audited:
    """Verify a published log by a copy of its entries; without trust nothing of it can be verified."""
    if trust is None:
        reason = Reason("NO_TRUST_ANCHOR", "", "no trust from outside names this log, and a published log brings none")
        return Audited(AuditedLedger(task.place, log, task.holder, AuditVerdict.INDETERMINATE, [reason], trusted=False))
    fetch = source(task.place)
    seen = compare_heads(task.place, fetch, trust, log, Path(task.state), task.now, ask=task.ask)
    if seen.head is None:
        if seen.wrong:
            return _wrong(task, log, seen.wrong[0])
        first = seen.unreachable[0]
        return not_read(task, first.code, first.says, first.where, log)
    try:
        entries = copy_entries(Path(task.state), fetch, seen.head.checkpoint)
    except (RecordError, LedgerError) as fault:
        if fault.code in ("LOG-UNREACHABLE", "HTTP-SILENT", "NO-HTTP", "DISK-ERROR", "DISK-FULL"):
            raise
        return _wrong(task, log, Reason(fault.code, getattr(fault, "where", ""), fault.says))
    files = LogFiles(of="log", origin=log, place=entries, checkpoint=seen.head.note, policy=trust.raw)
    with _walk(task, log, trust) as walk:
        report = verify_log(
            files,
            trust,
            None,
            task.now,
            mldsa=lazy_verifiers.mldsa,
            stamps=lazy_verifiers.stamps(),
            walk=walk,
        )
    return _Verified(log, report, seen, trust, entries, _rests(walk))


def compare_observers(task: ViewsTask) -> list[tuple[str, Reason]]:
    """Compare the heads that several observers hold of one log; return who holds one that contradicts the largest.

    A head that could not be compared is in the result too.
    """
    found = []
    keys = tuple(key for key in task.trust.policy.logs if key.name == task.log)
    head = open_checkpoint(task.note.encode(), task.log, keys, (), mldsa=mldsa.verify)
    for holder, note in task.others:
        try:
            other = open_checkpoint(note.encode(), task.log, keys, (), mldsa=mldsa.verify)
            with reading(task.place) as fetch:
                evidence = Path(task.state) / "evidence"
                if unproven := compare_views(head, other, fetch, task.trust, task.log, evidence):
                    found.append((holder, Reason("LOG-ROLLBACK", holder, unproven)))
        except (RecordError, LedgerError) as fault:
            found.append((holder, Reason(fault.code, holder, fault.says)))
    return found


# -- the result --------------------------------------------------------------------------------------------------------


def _result(task: AuditTask, verified: _Verified) -> Audited:
    report, seen, trust = verified.report, verified.seen, verified.trust
    reasons = [*(seen.wrong if seen else ()), *report.reasons, *(seen.doubts if seen else ())]
    verdict = AuditVerdict(str(report.verdict))
    if seen and seen.wrong:
        verdict = AuditVerdict.FAILED
    elif verdict is AuditVerdict.PASSED and (trust is None or reasons):
        verdict = AuditVerdict.INDETERMINATE
    elif verdict is AuditVerdict.PASSED and verified.rests:
        verdict = AuditVerdict.CONTINUED
    head = report.head
    remarks = [] if trust is not None else [UNTRUSTED]
    remarks += [f"{r.code} {r.says}" for r in (seen.unreachable if seen else ())]
    remarks += [f"{r.code} {r.says}" for r in report.procedure[:LISTED]]
    first_seen = seen.first_seen if seen else None
    result = AuditedLedger(
        place=task.place,
        log=verified.log,
        holder=task.holder,
        verdict=verdict,
        reasons=reasons,
        trusted=trust is not None,
        test=TEST in report.not_proven or (verified.entries is None and HandedFolder(task.place).has("TEST")),
        size=head.checkpoint.size if head else None,
        root=head.checkpoint.root.hex() if head else None,
        head_at=report.head_seen or first_seen,
        head_by="witness" if report.head_seen else "auditor" if first_seen else "",
        entries=report.entries,
        signatures=report.signatures,
        not_covered=report.not_covered,
        rests=verified.rests,
        witnesses=_witnesses(report, trust, seen),
        remarks=remarks,
    )
    note = head.note.decode() if head and trust else ""
    if verdict is AuditVerdict.FAILED:
        return Audited(result, note=note)
    with _orders(task, verified) as cases:
        return _judged(result, note, cases, task.as_of) if cases else Audited(result, note=note)


def _witnesses(report: Report, trust: Trust | None, seen: SeenHeads | None) -> WitnessCount | None:
    if trust is None or report.head is None:
        return None
    names = trust.policy.names(key for key, _ in report.head.cosignatures)
    voters = trust.policy.voters()
    return WitnessCount(len(names & voters), len(voters), trust.policy.met(names), seen.remember if seen else 0)


# -- the law -----------------------------------------------------------------------------------------------------------


@contextmanager
def _orders(task: AuditTask, verified: _Verified) -> Iterator[CaseReader | None]:
    """Open the orders of a ledger under the trust of the auditor, else under the one that the folder brings."""
    named = _policy_and_registrar(task, verified)
    if named is None:
        yield None
        return
    policy, registrar = named
    path = Path(task.place) if verified.entries is None else verified.entries.parent
    with handed_orders(path, policy, registrar, task.as_of, entries=verified.entries, store=task.store) as cases:
        yield cases


def _policy_and_registrar(task: AuditTask, verified: _Verified) -> tuple[Policy, Registrar] | None:
    if verified.trust is not None and verified.trust.registrar is not None:
        return verified.trust.policy, verified.trust.registrar
    if verified.entries is not None:
        return None
    folder = HandedFolder(task.place)
    policy, registrar = (folder.read(f"trust/{name}", TRUST_FILE) for name in ("policy", "registrar"))
    if policy is None or registrar is None:
        return None
    try:
        return parse_policy(policy), parse_registrar(registrar)
    except RecordError:
        return None


def _judged(result: AuditedLedger, note: str, cases: CaseReader, now: datetime) -> Audited:
    """Return the result with the findings and the duties of all orders, judged without any sealed value."""
    found: dict[tuple[str, str], list[str]] = {}
    overdue: list[OverdueDuty] = []
    points: list[str] = []
    orders = opened = undetermined = 0
    for order in cases.orders():
        case = cases.case(order, reveal=False)
        judgement = judge(case, now)
        orders += 1
        codes = {(finding.level.value, finding.code) for finding in judgement.findings}
        for level, code in codes:
            found.setdefault((level, code), []).append(order)
        points += [f"{code} {order}" for level, code in sorted(codes) if level != "G"]
        issued = next((e for e in case.entries if e.kind == "order-issued"), None)
        ref = None if issued is None else issued.get("reference")
        for duty in due(judgement, now):
            opened += 1
            undetermined += duty.left is None
            if duty.over and duty.clock.due is not None:
                overdue.append(OverdueDuty(order, ref if isinstance(ref, str) else None, duty.clock.id, duty.clock.due))
                points.append(f"{duty.clock.id} {order}")
    overdue.sort(key=lambda duty: (duty.due, duty.order, duty.id))
    levels = "VWG"
    listed = sorted(found.items(), key=lambda item: (levels.index(item[0][0]), -len(item[1]), item[0][1]))
    return Audited(
        replace(
            result,
            judged=True,
            orders=orders,
            findings=[FoundCode(code, level, len(some), some[:LISTED]) for (level, code), some in listed],
            duties=DutyCount(opened, len(overdue), undetermined, overdue[:LISTED]),
        ),
        sorted(set(points))[:MOST_POINTS],
        note,
    )
