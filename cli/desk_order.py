"""One order at the desk: its page, its papers, and what opens its sealed values, which is recorded first."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from cli import ui
from cli.ask import left
from cli.exits import Exit, Stop
from ledger.facts.vocabulary import ROLES
from ledger.law import Judgement, judge
from ledger.order import Case
from projections.desk import Ending, Frame

if TYPE_CHECKING:
    from starlette.responses import Response

    from cli.desk_app import Desk
    from cli.reading import Reader
    from projections.face import Making

PAPERS = (
    ("custody", "Chain of custody"),
    ("evidence-chain", "Evidence chain"),
    ("dpo", "Processing record"),
)
OPENABLE = (
    ("timeline", "What each entry states"),
    ("custody", "Custody report, with files and digests"),
    ("evidence-chain", "Evidence-chain report"),
    ("dpo", "Processing record"),
)  # by the names that record-accessed has for them
SECTIONS = (
    ("clocks", "Clocks"),
    ("findings", "Findings and criteria"),
    ("custody", "Custody"),
    ("story", "Timeline"),
    ("papers", "Papers, sealed values, bundle"),
)
MOST = 100  # entries of an order on one page
AUDIENCES = ("CT", "DEF", "DPO", "SA", "AUD", "ISS", "RET", "NOT", "SP")


@dataclass(frozen=True, slots=True)
class Opened:
    """That sealed values were opened: the entry of the log that says so, and why."""

    index: int
    because: str


def order_page(desk: Desk, frame: Frame, case: Case) -> Response:
    """One order: where it stands, what is due, what was found, who held what, what happened, its papers."""
    from cli.desk_app import page
    from projections.face import only_for, procedure, subject
    from projections.reports import evidence_chain_report, held
    from projections.state import linked

    known, judgement = _known(case, frame.now)
    made = making(desk.reader, frame.now)
    chain = evidence_chain_report(known, judgement, made, ())
    endings = _endings(judgement, frame.now)
    about = subject(known, judgement)
    return page(
        "desk_order.html.j2",
        frame,
        about.name,
        "/orders",
        subject=about,
        only_for=only_for(known.entries),
        procedure=procedure(judgement.findings),
        linked=[(order, desk.name(order)) for order in linked(known.entries) if desk.reader.store.head(order)],
        sections=SECTIONS,
        over=[e for e in endings if e.over],
        endings=endings,
        periods=chain.periods,
        findings=chain.findings,
        criteria=chain.criteria,
        held=held(known, reveal=False)[-MOST:],
        story=replace(chain.story, events=chain.story.events[-MOST:]),
        most=MOST,
        papers=[(kind, name, forms()) for kind, name in PAPERS],
        openable=OPENABLE,
        audiences=[(role, ROLES[role]) for role in AUDIENCES],
        form=desk.sessions.form(),
        opened=None,
    )


def entries_page(desk: Desk, frame: Frame, case: Case, first: int = 0, opened: Opened | None = None) -> Response:
    """What each entry of an order states, from the place `first` on; all of them, and sealed values, once `opened`."""
    from cli.desk_app import page
    from projections.face import only_for, subject
    from projections.reports import story

    known, judgement = _known(case, frame.now)
    about = subject(known, judgement)
    told = story(known, judgement, reveal=opened is not None)
    last = len(told.events) if opened else first + MOST
    return page(
        "desk_entries.html.j2",
        frame,
        f"{about.name}: what each entry states",
        "/orders",
        subject=about,
        only_for=only_for(known.entries),
        story=replace(told, events=told.events[first:last]),
        before=max(first - MOST, 0) if first else None,
        after=last if last < len(told.events) else None,
        opened=opened,
    )


def _known(case: Case, now: datetime) -> tuple[Case, Judgement]:
    known = case.known(now)
    if not known.entries:
        raise Stop("nothing of this order is on record yet", code=Exit.UNDECIDABLE)
    return known, judge(known, now)


def _endings(judgement: Judgement, now: datetime) -> list[Ending]:
    from projections.due import due

    return [
        Ending(
            order=judgement.order,
            name="",
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


# -- papers ------------------------------------------------------------------------------------------------------------


def making(reader: Reader, moment: datetime) -> Making:
    """How a page of the desk is made: it reads, and does not check again; the papers do."""
    from cli.court import tool
    from ledger.law.provisions import rules_digest
    from projections.face import Checked, Making

    return Making(moment, tool(), rules_digest()[:16], None, Checked("", "", (), ()), test=reader.folder.test)


def replay_of(reader: Reader, case: Case) -> str:
    """The page on which an order can be watched, as of now."""
    from cli.dossier import dated, kept_heads
    from projections.page import replay_page
    from projections.stages import replay

    cosigned = any(kept.cosigned is not None for kept in kept_heads(reader))
    return replay_page(replay(case, dated(reader), making(reader, reader.now()), judge, cosigned=cosigned))


def paper(reader: Reader, case: Case, kind: str, form: str, *, reveal: bool = False) -> Response:
    """A report on an order as of now, as a page to read or a file to keep."""
    from cli.desk_app import HTML, document
    from cli.dossier import Asked, order_report
    from projections.page import page as as_page

    if kind not in dict(PAPERS) or form not in forms():
        raise Stop("there is no such paper", code=Exit.UNDECIDABLE)
    made = order_report(reader, Asked(kind, form, reveal=reveal), case, reader.now(), None)
    if form == "html":
        return document(as_page(made), HTML)
    name = f"{_name(made)}.{kind}.{form}"
    if form == "pdf":
        from cli.paper import as_paper

        return document(as_paper(made, None, None), "application/pdf", name)
    return document(ui.dumps({"format": f"comity.report-{kind}/1", **asdict(made)}) + "\n", "application/json", name)


def forms() -> tuple[str, ...]:
    """The forms a paper can have here."""
    return ("html", "pdf", "json") if find_spec("typst") else ("html", "json")


def _name(made: Any) -> str:
    name: str = made.face.subject.name
    return name


# -- what opens sealed values ------------------------------------------------------------------------------------------


def open_(desk: Desk, frame: Frame, case: Case, said: dict[str, str]) -> Response:
    """Record that sealed values are opened and why, then show them."""
    what = said.get("what", "")
    if what not in dict(OPENABLE):
        raise Stop("there is nothing of that kind to open", code=Exit.UNDECIDABLE)
    opened = record(desk, case, what, said.get("because", ""))
    if what == "timeline":
        return entries_page(desk, frame, case, opened=opened)
    return paper(desk.reader, case, what, "html", reveal=True)


def record(desk: Desk, case: Case, view: str, because: str) -> Opened:
    """The entry of the access order by which somebody opens sealed values; without it nothing is opened."""
    from cli.writing import writing

    if desk.signer is None:
        raise Stop("nobody signs at this desk", hint="comity desk --as ACTOR", code=Exit.REFUSED)
    if not because.strip():
        raise Stop("sealed values are opened for a reason, and none was given", hint="say why", code=Exit.REFUSED)
    with writing() as journal:
        receipt = journal.note_access(
            [case.order], desk.signer, view=view, purpose="investigation", because=because.strip()
        )
    return Opened(receipt.index, because.strip())


def bundle(desk: Desk, case: Case, said: dict[str, str]) -> Response:
    """Record that a bundle is made and why, then hand it over."""
    from cli.court import tool
    from cli.desk_app import document
    from cli.gather import Asked, gather, published, witnessed
    from cli.writing import writing
    from ledger.bundle import pack

    audience = said.get("audience", "")
    if audience not in AUDIENCES:
        raise Stop("there is no such audience", code=Exit.UNDECIDABLE)
    if desk.signer is None:
        raise Stop("nobody signs at this desk", hint="comity desk --as ACTOR", code=Exit.REFUSED)
    with writing() as journal:
        if said.get("unwitnessed") != "1" and not witnessed(journal, published(journal)):
            raise Stop("no quorum of witnesses has seen this log", hint="tick the box to go on", code=Exit.REFUSED)
    record(desk, case, "export", f"bundle for {audience} ({ROLES[audience]}): {said.get('because', '')}")
    with writing() as journal:
        data = pack(gather(journal, Asked(case.order, audience, journal.now(), tool())), desk.signer)
    issued = next((e for e in case.entries if e.kind == "order-issued"), None)
    name = (issued and issued.get("reference")) or case.label or case.order[:8]
    return document(data, "application/zip", f"{name}.{audience}.evidence.zip")
