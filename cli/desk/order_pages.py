"""One order at the desk: its page, its reports, and access to its sealed values, which is recorded first."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click
from starlette.responses import Response

from cli.access.purposes import CODES, purpose_of
from cli.access.recorded_access import Stated, accessed
from cli.desk.responses import HTML, document, page
from cli.exit_codes import Exit, Stop
from cli.reports import integrity  # noqa: F401 - reports use it; imported before the first request
from cli.reports.order_report import ReportRequest, order_report, replay_of
from cli.reports.report_files import MEDIA, written
from cli.reports.timeline_text import left
from cli.session.ledger_reader import LedgerReader
from ledger.entries.case import Case, linked
from ledger.entries.envelope import Signer
from ledger.facts.vocabulary import ROLES
from ledger.law import Judgement, judge
from ledger.law.next_steps.lookup import NextSteps
from projections.render.desk_pages import ENDED, BoardRow, Frame
from projections.reports.custody_report import custody_rows
from projections.reports.entry_numbers import number
from projections.reports.evidence_chain_report import criterion_rows, periods
from projections.reports.front_page import only_for, procedure, remarks, subject
from projections.reports.history import history
from projections.reports.order_drawings import custody_drawing
from projections.views.custody import custody
from projections.views.deadline_calendar import MARKS, WEEKDAYS, deadline_calendar
from projections.views.due import due
from projections.views.timeline import numbered

if TYPE_CHECKING:
    from cli.desk.session import Desk
    from cli.handover.hand_over import Handing
REPLAY = "replay"
PAPERS = (
    ("custody", "Chain of custody"),
    ("evidence-chain", "Evidence chain"),
    ("dpo", "Processing record"),
)
TITLES = dict(PAPERS) | {REPLAY: "Replay"}
OPENABLE = (
    ("timeline", "What each entry states"),
    ("custody", "Custody report, with files and digests"),
    ("evidence-chain", "Evidence-chain report"),
    ("dpo", "Processing record"),
)  # by the names of views in record-accessed
SECTIONS = {
    "clocks": "Deadlines",
    "findings": "Findings",
    "custody": "Custody",
    "story": "Timeline",
    "papers": "Papers, sealed values, bundle",
}
# The letter of each gravity, its shape, its name, and whether its findings are open when the page comes.
GRAVITIES = (("V", "■", "violation", True), ("W", "▲", "remark", True), ("G", "○", "gap", False))
MOST = 100  # entries of an order on one page
AT_ONCE = 40  # entries of an order up to which its reports take no longer than a page
AUDIENCES = ("CT", "DEF", "DPO", "SA", "AUD", "CUST", "ISS", "RET", "NOT", "SP")


@dataclass(frozen=True, slots=True)
class RecordedOpening:
    """A recorded opening of sealed values: the log index of its entry, and the stated purpose."""

    index: int
    why: Stated


def order_page(desk: Desk, frame: Frame, case: Case) -> Response:
    """Return the page of one order: state, clocks, findings, custody, timeline and reports."""
    snapshot, judgement = _judged_now(case, frame.now)
    newest = slice(-MOST, None)
    endings = _endings(judgement, frame.now)
    about = subject(snapshot, judgement)
    steps = NextSteps(snapshot, judgement, about.name)
    row = desk.view.row(case.order)
    findings = remarks(judgement.findings, snapshot)
    hands = custody(snapshot, frame.now, said=newest)
    held = custody_rows(hands, snapshot, reveal=False, part=newest)
    counts = {"clocks": len(endings), "findings": len(findings), "custody": len(held), "story": about.entries}
    return page(
        "desk_order.html.j2",
        frame,
        about.request.called or about.name,
        "/orders",
        subject=about,
        ended=about.state == ENDED,
        case_ref=row and row.case_ref,
        next=next((e for e in endings if e.due), None),
        only_for=only_for(snapshot.entries),
        procedure=procedure(judgement.findings),
        linked=[(order, desk.name(order)) for order in linked(snapshot.entries) if desk.reader.store.head(order)],
        sections=[(id, name, counts.get(id)) for id, name in SECTIONS.items()],
        over=[e for e in endings if e.over],
        endings=endings,
        periods=periods(snapshot, judgement),
        calendars=[deadline_calendar(clock) for clock in judgement.deadlines],
        signs=MARKS,
        weekdays=WEEKDAYS,
        lacking=[(clock.id, steps.of_clock(clock)) for clock in judgement.deadlines],
        findings=findings,
        gravities=GRAVITIES,
        settling={finding.code: steps.of_finding(finding) for finding in judgement.findings},
        criteria=criterion_rows(snapshot, judgement),
        held=held,
        chain=custody_drawing(hands, snapshot, reveal=False) if len(held) < MOST else None,
        story=history(snapshot, judgement, reveal=False, part=newest),
        most=MOST,
        away=_away(snapshot),
        slow=len(snapshot.entries) > AT_ONCE,
        papers=[(kind, name, forms()) for kind, name in PAPERS],
        openable=OPENABLE,
        audiences=[(role, ROLES[role]) for role in AUDIENCES],
        person=desk.person,
        purposes=CODES.items(),
        form=desk.sessions.form(),
        opened=None,
    )


def entries_page(
    desk: Desk, frame: Frame, case: Case, first: int = 0, opened: RecordedOpening | None = None
) -> Response:
    """Return the page of the entries of an order from place `first` on; all, with sealed values, once `opened`."""
    snapshot, judgement = _judged_now(case, frame.now)
    about = subject(snapshot, judgement)
    last = about.entries if opened else first + MOST
    return page(
        "desk_entries.html.j2",
        frame,
        f"{about.request.called or about.name}: what each entry states",
        "/orders",
        subject=about,
        only_for=only_for(snapshot.entries),
        story=history(snapshot, judgement, reveal=opened is not None, part=slice(first, last)),
        before=max(first - MOST, 0) if first else None,
        after=last if last < about.entries else None,
        opened=opened,
    )


def _away(case: Case) -> dict[str, str]:
    """Return the address of each entry that is too old for the page of the order, by its number."""
    older = numbered(case.entries)[:-MOST]
    return {number(e, case): f"/orders/{case.order}/entries?from={at - at % MOST}" for at, e in enumerate(older)}


def _judged_now(case: Case, now: datetime) -> tuple[Case, Judgement]:
    """Return all recorded entries, whatever moment of signature they claim, and the judgement as of now."""
    if not case.entries:
        raise Stop("nothing of this order is on record yet", code=Exit.UNDECIDABLE)
    return case, judge(case, now)


def _endings(judgement: Judgement, now: datetime) -> list[BoardRow]:
    return [
        BoardRow(
            order=judgement.order,
            name="",
            number=None,
            instrument=judgement.instrument,
            state=judgement.state,
            provider="",
            clock=d.clock.id,
            cite=", ".join(d.clock.cite),
            due=d.clock.due,
            left=left(d.left),
            over=d.over,
        )
        for d in due(judgement, now)
    ]


# -- reports -----------------------------------------------------------------------------------------------------------


async def paper(desk: Desk, frame: Frame, order: str, kind: str, form: str) -> Response:
    """Return a report on an order or its replay as of now, as a page or a file, without sealed values.

    A long report is made in the background: a file is sent when it is finished; a page reloads until then.
    """
    if kind not in TITLES or form not in (forms() if kind != REPLAY else ("html",)):
        raise Stop("there is no such paper", code=Exit.UNDECIDABLE)
    name, entries = desk.name(order), desk.reader.store.head(order)
    if form != "pdf" and entries <= AT_ONCE:
        return _paper(desk.reader, desk.case(order), kind, form, name)
    words = ("replay", order, "--html", "-") if kind == REPLAY else ("report", kind, order, "--format", form)
    if form != "html":
        return _response(await desk.background.wait(words, frame.size), kind, form, name)
    data = desk.background.take(words, frame.size)
    if data is None:
        title = f"{TITLES[kind]} of {name}"
        return page("desk_making.html.j2", frame, title, "/orders", again=1, order=order, entries=entries)
    return _response(data, kind, form, name)


def _paper(reader: LedgerReader, case: Case, kind: str, form: str, name: str, *, reveal: bool = False) -> Response:
    if kind == REPLAY:
        return _response(replay_of(reader, case, reader.now()).encode(), kind, form, name)
    report = order_report(reader, ReportRequest(kind, form, reveal=reveal), case, reader.now(), None)
    return _response(written(kind, report, form), kind, form, name)


def _response(data: bytes, kind: str, form: str, name: str) -> Response:
    """Return HTML as a page, any other format as a file."""
    return document(data, HTML) if form == "html" else document(data, MEDIA[form], f"{name}.{kind}.{form}")


def forms() -> tuple[str, ...]:
    """Return the formats of reports that this installation can make."""
    return ("html", "pdf", "json") if find_spec("typst") else ("html", "json")


# -- access to sealed values -------------------------------------------------------------------------------------------


def open_(desk: Desk, frame: Frame, order: str, said: dict[str, str]) -> Response:
    """Record the access to sealed values with its purpose, then show them."""
    what = said.get("what", "")
    if what not in dict(OPENABLE):
        raise Stop("there is nothing of that kind to open", code=Exit.UNDECIDABLE)
    opened = record(desk, order, what, stated(desk, said, what))
    case = desk.reader.case(order)  # read again: a key may have been destroyed since
    if what == "timeline":
        return entries_page(desk, frame, case, opened=opened)
    return _paper(desk.reader, case, what, "html", desk.name(order), reveal=True)


def stated(desk: Desk, said: dict[str, str], view: str, reader: str | None = None) -> Stated:
    """Return the purpose of an access from the fields of a form; if not stated, from the role and the reader."""
    because, code = said.get("because", "").strip(), said.get("purpose", "")
    if code and code not in CODES:
        raise Stop("there is no such purpose", code=Exit.UNDECIDABLE)
    if not because:
        raise Stop("sealed values are opened for a reason, and none was given", hint="say why", code=Exit.REFUSED)
    role = _signer(desk).role
    purpose = code or purpose_of(view, role, reader)
    if purpose is None:
        says = f"what the role {role} opens this for is not known, so nothing was opened or recorded"
        raise Stop(says, hint='go back and choose under "What for"', code=Exit.REFUSED)
    return Stated(because, purpose, desk.person)


def record(desk: Desk, order: str, view: str, why: Stated) -> RecordedOpening:
    """Record an access in the access order; without this entry no sealed value is opened."""
    from cli.session.open_ledger import writing

    signer = _signer(desk)
    with writing() as journal:
        receipt = accessed(journal, [order], view, why, signer)
    return RecordedOpening(receipt.index, why)


def _signer(desk: Desk) -> Signer:
    if desk.signer is None:
        raise Stop("nobody signs at this desk", hint="comity desk --as ACTOR", code=Exit.REFUSED)
    return desk.signer


async def bundle(desk: Desk, case: Case, said: dict[str, str]) -> Response:
    """Record the export of a bundle with its purpose, then send the bundle, as `comity export` does.

    Witnesses may be slow: a separate thread makes the bundle while the desk answers other requests.
    """
    from cli.handover.hand_over import Handing
    from cli.version import tool
    from ledger.application.export.bundle_contents import BundleRequest

    audience = said.get("audience", "")
    if audience not in AUDIENCES:
        raise Stop("there is no such audience", code=Exit.UNDECIDABLE)
    signer, why = _signer(desk), stated(desk, said, "export", audience)
    wanted = Handing(
        BundleRequest(case.order, audience, desk.reader.now(), tool(), why.purpose),
        signer,
        lambda: signer,
        why.because,
        said.get("unwitnessed") == "1",
        "tick the box to hand over what they cannot confirm",
        why.person,
    )
    data = await asyncio.to_thread(_made, desk.context, wanted)
    issued = next((e for e in case.entries if e.kind == "order-issued"), None)
    name = (issued and issued.get("reference")) or case.label or case.order[:8]
    return document(data, "application/zip", f"{name}.{audience}.evidence.zip")


def _made(context: click.Context, wanted: Handing) -> bytes:
    """Return the bytes of a bundle; runs outside the thread of the command."""
    from cli.handover.hand_over import handing
    from cli.session.open_ledger import writing

    with click.Context(context.command, parent=context), writing() as journal, handing(journal, wanted) as bundle:
        return bundle.data
