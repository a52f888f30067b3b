"""The writers of `comity export --format`: each reads the record and returns the bytes of one projection."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from cli.exit_codes import Stop
from cli.exports.formats import ExportRequest
from cli.session.ledger_reader import LedgerReader, reading_anywhere
from cli.terminal import output
from ledger.entries.case import Case
from ledger.law import Judgement, judge

if TYPE_CHECKING:
    from cli.remote.remote_reader import RemoteReader
    from projections.views.due import DeadlineHistory, Duty


def case(wanted: ExportRequest) -> bytes:
    """Return an order as CASE/UCO 1.5 in JSON-LD."""
    with reading_anywhere() as reader:
        snapshot, judgement = _known(reader, wanted)
        return case_of(reader, snapshot, judgement, reveal=wanted.reveal)


def case_of(reader: LedgerReader | RemoteReader, known: Case, judgement: Judgement, *, reveal: bool) -> bytes:
    """Return an order as CASE/UCO, as known at the moment of the judgement."""
    from cli.version import tool
    from projections.exchange.case_uco import SignedEntry, case_uco

    raws = reader.signed_bytes(known)
    signed = {leaf: SignedEntry(sha256(raw).hexdigest(), len(raw)) for leaf, raw in raws.items()}
    return case_uco(known, judgement, signed, reader.origin, tool(), reveal=reveal)


def timeline_csv(wanted: ExportRequest) -> bytes:
    """Return the timeline as CSV."""
    from projections.exchange.csv_file import timeline_csv
    from projections.reports.history import history

    with reading_anywhere() as reader:
        snapshot, judgement = _known(reader, wanted)
    return timeline_csv(history(snapshot, judgement, reveal=wanted.reveal, coded=True))


def custody_csv(wanted: ExportRequest) -> bytes:
    """Return the custody steps as CSV."""
    from projections.exchange.csv_file import custody_csv
    from projections.reports.custody_report import custody_rows
    from projections.views.custody import custody

    with reading_anywhere() as reader:
        snapshot, _ = _known(reader, wanted)
    return custody_csv(custody_rows(custody(snapshot, reveal=wanted.reveal), snapshot, reveal=wanted.reveal))


def ics(wanted: ExportRequest) -> bytes | None:
    """Return the deadlines of one order or of all as iCalendar; None, with a message, if no deadline has an end."""
    try:
        from projections.exchange.icalendar_file import calendar_file
    except ModuleNotFoundError:
        raise Stop("a calendar needs icalendar", hint="pip install 'comity[calendar]'") from None
    from projections.views.due import due, followed

    clocks: list[DeadlineHistory] = []
    unanswered: list[Duty] = []
    names: dict[str, str] = {}
    wound: dict[str, datetime] = {}
    with reading_anywhere() as reader:
        moment = wanted.as_of or reader.now()
        cases = reader.all() if wanted.order is None else [reader.case(wanted.order)]
        for snapshot in (case.known(moment) for case in cases):
            judgement = judge(snapshot, moment)
            names[snapshot.order] = _known_by(snapshot)
            clocks += followed(snapshot, moment)
            unanswered += due(judgement, moment)
            wound |= {e.leaf: e.on for e in snapshot.entries}
        origin = reader.origin
    lost = sum(d.clock.due is None for d in unanswered)
    if lost:
        output.tell(
            f"{lost} of {len(unanswered)} clocks could not be computed and have no day; `comity due` lists them first"
        )
    calendar = calendar_file(clocks, names, origin, moment, wound)
    if calendar is None:
        output.tell(f"no clock was open at {output.plain(moment)}: {wanted.file} was not written")
    return calendar


def _known_by(known: Case) -> str:
    """Return what people know an order by: the number of its case, else its own number, and its addressees."""
    from projections.reports.request import request
    from projections.sentences.names import names_of

    asked = request(known, names_of(known).offices)
    return ", ".join((asked.called or known.label or known.order[:8], *asked.addressees))


def _known(reader: LedgerReader | RemoteReader, wanted: ExportRequest) -> tuple[Case, Judgement]:
    """Return an order as recorded at the requested moment, and its judgement."""
    from cli.access.recorded_access import revealed

    moment = wanted.as_of or reader.now()
    case = reader.case(wanted.one)
    snapshot = case.known(moment)
    if not snapshot.entries:
        raise Stop(f"nothing of this order was on record at {output.plain(moment)}", hint="a later --as-of")
    revealed([case.order], "export", wanted.reveal, wanted.handed.stated, wanted.handed.actor)
    return snapshot, judge(snapshot, moment)
