"""The files of an audit: the folder of the auditor, and the reports that it writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.audits.auditor_keys import KEY_FILE, open_auditor
from cli.audits.report_text import AuditAnswer, violations
from cli.exit_codes import Exit, Stop
from cli.terminal import output
from cli.terminal.file_format import check_ending
from cli.terminal.file_io import check_new, write_new
from ledger.adapters.folders.user_folders import Home
from ledger.application.audits.results import AuditedLedger, AuditorKey
from ledger.law.provisions import rules_digest

if TYPE_CHECKING:
    from projections.reports.audits.ledgers_report import AttentionLine, LedgerLine, LedgersReport

ENDINGS = {".html": ("html",), ".htm": ("html",), ".pdf": ("pdf",), ".json": ("json",)}
SHORT = 8  # digits of the id of an order


def state_folder(state: str | None) -> Path:
    """Return the folder in which the auditor keeps what it saw."""
    return Path(state) if state else Home.user().state / "auditor" / "ledgers"


def check_state(state: Path, places: Sequence[str]) -> None:
    """Refuse a state that is in a folder that is audited: the folder would keep the verdicts on itself."""
    inside = state.resolve()
    for place in places:
        if not place.startswith(("http://", "https://")) and inside.is_relative_to(Path(place).resolve()):
            raise Stop(f"{state} is in {place}, which is audited", hint="--state DIR elsewhere", code=Exit.REFUSED)


def auditor_key(name: str) -> AuditorKey:
    """Return the key of an auditor for this program; `Stop` if it has none."""
    auditor, folder = open_auditor(name, None)
    return AuditorKey(auditor.key.name, auditor.statement, str(folder / KEY_FILE))


def check_files(files: Sequence[str]) -> None:
    """Refuse a report whose name has another ending, or whose file exists."""
    for file in files:
        check_ending(file, ENDINGS)
        check_new(file, "a report")


def write_reports(answer: AuditAnswer, files: Sequence[str], lang: str) -> None:
    """Write the report to each file, in the format that its ending names; HTML without one."""
    for file in files:
        write_new(file, _bytes(answer, _format(file), lang))


def _format(file: str) -> str:
    ending = Path(file).suffix.lower()
    return ENDINGS.get(ending, ("html",))[0]


def _bytes(answer: AuditAnswer, form: str, lang: str) -> bytes:
    if form == "json":
        return f"{output.dumps(answer)}\n".encode()
    from cli.reports.report_files import written

    report = report_of(answer)
    return written("ledgers", report, form, lang=lang)


def report_of(answer: AuditAnswer) -> LedgersReport:
    """Return the answer as the values of a page or a paper."""
    from cli.version import tool
    from projections.reports.audits.ledgers_report import ledgers_report

    since = max((one.difference.since for one in answer.ledgers if one.difference), default=None)
    lines = [_line(one, answer.moment) for one in answer.ledgers]
    return ledgers_report(lines, answer.as_of, since, tool(), rules_digest()[:16])


def _line(one: AuditedLedger, moment: datetime) -> LedgerLine:
    from projections.reports.audits.ledgers_report import WORDS, LedgerLine, hours
    from projections.reports.front_page import VerdictReason

    count, it = one.witnesses, one.difference
    return LedgerLine(
        log=one.log,
        holder=one.holder,
        place=one.place,
        verdict=str(one.verdict),
        words=WORDS[str(one.verdict)],
        entries=None if one.size is None else one.entries + one.not_covered,
        head_at=one.head_at,
        seen_here=one.head_by == "auditor",
        age=None if one.head_at is None else max(hours(moment - one.head_at), 0),
        stale=one.stale,
        witnesses=None if count is None else (count.seen, count.of),
        orders=one.orders if one.judged else None,
        violations=violations(one) if one.judged else None,
        overdue=one.duties.overdue if one.judged else None,
        uncomputed=one.duties.undetermined if one.judged else None,
        before=None if it is None else WORDS.get(it.verdict, it.verdict),
        added=None if it is None else it.entries,
        new=None if it is None else it.new,
        gone=None if it is None else it.gone,
        reasons=tuple(VerdictReason(r.code, r.where, r.says) for r in one.reasons),
        attention=tuple(_attention(one)),
        test=one.test,
    )


def _attention(one: AuditedLedger) -> Iterator[AttentionLine]:
    """Yield what a person should look at in a ledger: violations, overdue and uncomputed deadlines, what is new."""
    from projections.reports.audits.ledgers_report import attention_lines

    found = [(f.code, f.orders, tuple(o[:SHORT] for o in f.first)) for f in one.findings if f.level == "V"]
    overdue = [(d.id, f"{d.due:%Y-%m-%d}", d.ref or d.order[:SHORT]) for d in one.duties.first]
    new = one.difference.added if one.difference else []
    yield from attention_lines(
        found, overdue, one.duties.overdue - len(overdue), one.duties.undetermined, new, one.rests, stale=one.stale
    )
