"""`comity replay`: show an order as recorded at a moment, the changes between two moments, or all moments as a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import click
from msgspec import UNSET, Struct, UnsetType, field

from cli.access.recorded_access import Stated, opened_in, revealing
from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.records.source import RecordSource, from_bundle, item
from cli.session.ledger_reader import LedgerReader
from cli.session.local_time import MOMENT
from cli.session.options import ANY_ORDER, AS_OF, LANG
from cli.session.record_reader import RecordReader
from cli.terminal import output
from cli.terminal.answer import RecordAnswer, Time
from cli.terminal.file_format import check_ending
from cli.terminal.file_io import check_new
from cli.terminal.judgement_text import JudgementFields, opinion
from cli.terminal.table import wrapped
from ledger.entries.case import Case, Entry
from ledger.law import judge as judge_case
from projections.documents.judgement import ChangeItem, judged


class MomentItem(Struct, frozen=True, kw_only=True):
    """The state of the log at a moment: its size, and the newest kept head, its digest, its time and whose clock."""

    at: Time
    size: int
    head: str | UnsetType = UNSET
    clock: str
    dated: Time | UnsetType = UNSET
    says: str


class OpenedItem(Struct, frozen=True):
    """The sealed values of one entry (`#SEQ`), by field."""

    entry: str
    leaf: str
    kind: str
    values: dict[str, Any]


class ReplayAnswer(JudgementFields, tag="comity.replay/1"):
    """The judgement of one order as the record stood at a moment; with --reveal the sealed values known then."""

    replay: MomentItem
    values: list[OpenedItem] | UnsetType = UNSET


class SizeItem(Struct, frozen=True):
    """A moment, and the size of the log then."""

    at: Time
    size: int


class NewEntryItem(Struct, frozen=True):
    """One entry that the later moment has and the earlier one has not."""

    seq: int
    kind: str
    on: Time
    leaf: str


class ReplayDiffAnswer(RecordAnswer, tag="comity.replay-diff/1"):
    """What one moment knows of an order that an earlier one did not; with --reveal the sealed values."""

    order: str
    from_: SizeItem = field(name="from")
    to: SizeItem
    entries: list[NewEntryItem]
    changes: list[ChangeItem]
    values: list[OpenedItem] | UnsetType = UNSET


@command(
    "comity replay main --at 2027-03-10T00:00:00Z",
    "comity replay main --diff 2027-03-10T00:00:00Z..2027-03-16T00:00:00Z",
    "comity replay main --html replay.html",
    "comity replay --bundle court.evidence.zip --trust trust/ --html replay.html",
    "comity replay main --html verlauf.html --lang de",
    refused=Exit.UNDECIDABLE,
)
@ANY_ORDER
@click.option("--at", type=MOMENT, help="The state as it was known at this moment.")
@click.option("--diff", metavar="A..B", help="What moment B knew that A did not.")
@click.option("--html", "file", metavar="FILE", help="One page with a slider over every moment.")
@LANG
@AS_OF
@revealing
@from_bundle
def replay(
    order: str | None,
    at: datetime | None,
    diff: str | None,
    file: str | None,
    lang: str,
    as_of: datetime | None,
    reveal: bool,
    stated: Stated,
    actor: str | None,
    source: RecordSource,
) -> None:
    """The order as the record stood at a moment, what changed between two, or all of it as a page to watch.

    Sealed values are shown only with --reveal: those of the entries known then, of the new ones, of the page's story.
    """
    if sum(option is not None for option in (at, diff, file)) != 1:
        raise click.UsageError("one of --at TIME, --diff A..B and --html FILE")
    if lang != "en" and file is None:
        raise click.UsageError("--lang is of the page: --html FILE")
    first, dots, last = (diff or "..").partition("..")
    if not dots:
        raise click.UsageError("--diff is two moments with two dots between: A..B")
    span = (MOMENT.convert(first, None, None), MOMENT.convert(last, None, None)) if diff else None
    if file is not None:
        check_ending(file, PAGE)
        check_new(file, "a replay")
    with source.reading() as reader:
        case = reader.case(source.order(order, reader))
        reader.known(case, as_of or at or (span[1] if span else reader.now()))  # a bundle ends at its own moment
        reveal = opened_in(reader, [case.order], "timeline", reveal, stated, actor)
        if file is not None:
            from cli.reports.issued_report import put
            from cli.reports.order_report import replay_of

            put(file, replay_of(reader, case, as_of or reader.now(), reveal=reveal, lang=lang).encode())
        elif at is not None:
            _replay_at(reader, case, at, reveal)
        elif span is not None:
            _replay_diff(reader, case, *span, reveal)


PAGE = (".html", ".htm")
CLAIMED = "as far as the signers say: no state of the log in this bundle has a proven date"


def _moment(reader: RecordReader, at: datetime) -> tuple[int, MomentItem]:
    if not isinstance(reader, LedgerReader):
        return _dated_moment(reader, at)
    head = reader.head_at(at)
    if head is None:
        return 0, MomentItem(at=at, size=0, clock="none", says="no head was kept at or before this moment")
    clock = "log" if head.cosigned is None else "cosigned"
    says = "the log's own clock; no witness had signed" if head.cosigned is None else "the time of a witness"
    return head.size, MomentItem(at=at, size=head.size, head=head.digest, clock=clock, dated=head.at, says=says)


def _dated_moment(reader: RecordReader, at: datetime) -> tuple[int, MomentItem]:
    """Return the newest dated state of a bundle at a moment, and its size."""
    states = [state for state in reader.dated() if state.at <= at]
    if not states:
        return 0, MomentItem(at=at, size=0, clock="none", says="no state of the log is dated at or before this moment")
    newest = states[-1]
    says = CLAIMED if newest.clock == "claimed" else "by then a witness or a time stamp shows it"
    head = newest.digest or UNSET
    return newest.size, MomentItem(at=at, size=newest.size, head=head, clock=newest.clock, dated=newest.at, says=says)


def _opened(entries: Iterable[Entry]) -> list[OpenedItem]:
    """Return the sealed values of entries, by entry; the caller has recorded the access."""
    from projections.views.timeline import fields

    shown = ((e, {name: v for name, v in fields(e, reveal=True).items() if name in e.sealed}) for e in entries)
    return [OpenedItem(f"#{e.number}", e.leaf, e.kind, output.jsonable(values)) for e, values in shown if values]


def _values(opened: Sequence[OpenedItem]) -> list[str]:
    lines: list[str] = []
    for one in opened:
        lines += ["", f"  {one.entry} {one.kind}"]
        for name, value in one.values.items():
            lines += wrapped(f"{name}: {output.plain(value)}", " ", indent=3)
    return lines


def _replay_at(reader: RecordReader, case: Case, at: datetime, reveal: bool) -> None:
    from projections.views.known_at import LogMoment, as_known

    size, moment = _moment(reader, at)
    snapshot = as_known(case, LogMoment(at, size))
    judgement = judge_case(snapshot, at)
    opened = _opened(snapshot.entries) if reveal else []
    answer = ReplayAnswer(
        replay=moment, **judged(judgement), values=opened if reveal else UNSET, bundle=item(reader.bundle)
    )
    rows = [("state", judgement.state), ("entries", len(snapshot.entries)), ("log size", size), ("clock", moment.clock)]

    def text() -> str:
        known_then = output.counted(len(snapshot.entries), "entry", "entries")
        head = f"Log size {size} at {output.plain(at)} ({moment.says}); {known_then} of this order."
        return "\n".join([head, "", opinion(snapshot, judgement), *_values(opened)])

    output.emit(answer, ("what", "value"), rows, text=text)


def _replay_diff(reader: RecordReader, case: Case, first: datetime, last: datetime, reveal: bool) -> None:
    from projections.views.known_at import LogMoment, difference

    before, after = LogMoment(first, _moment(reader, first)[0]), LogMoment(last, _moment(reader, last)[0])
    diff = difference(case, before, after, judge_case)
    changes = [ChangeItem(c.what, c.before, c.after) for c in diff.changes]
    opened = _opened(diff.entries) if reveal else []
    answer = ReplayDiffAnswer(
        order=case.order,
        from_=SizeItem(first, before.size),
        to=SizeItem(last, after.size),
        entries=[NewEntryItem(e.seq, e.kind, e.on, e.leaf) for e in diff.entries],
        changes=changes,
        values=opened if reveal else UNSET,
        bundle=item(reader.bundle),
    )

    def text() -> str:
        new = [f"+ #{e.number} {output.plain(e.on)} {e.kind}" for e in diff.entries] or ["no new entries"]
        changed = []
        for c in diff.changes:
            if c.before is not None:
                changed.append(output.paint(f"- {c.what}: {c.before}", "red"))
            if c.after is not None:
                changed.append(output.paint(f"+ {c.what}: {c.after}", "green"))
        return "\n".join([f"{output.plain(first)} .. {output.plain(last)}", "", *new, "", *changed, *_values(opened)])

    output.emit(answer, ChangeItem.__struct_fields__, changes, text=text)
