"""`comity log`: list the newest entries, publish the log, and repair its clock or its guard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.invocation import said
from cli.session import ledger_choice
from cli.session.clock_check import check_clock, doubted, times_given
from cli.session.ledger_reader import LedgerReader, reading
from cli.session.options import ONLY
from cli.session.paging import by, party, since
from cli.terminal import file_io, output
from cli.terminal.answer import CommandAnswer, Time
from cli.terminal.output import put_right
from cli.terminal.table import wrapped
from ledger.adapters import system_clock
from ledger.adapters.folders.ledger_folder import Folder, read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys import mldsa
from ledger.entries.case import DRIFT, Case, Entry, wire
from ledger.entries.envelope import entry_of, open_
from ledger.errors import LedgerError
from ledger.tlog.note import open_checkpoint

if TYPE_CHECKING:
    from ledger.adapters.log.sign_once_guard import Signed
    from ledger.adapters.witness.client import WitnessResult
    from ledger.application.journal import Journal


if TYPE_CHECKING:
    from ledger.application.journal import Journal


class LogItem(Struct, frozen=True):
    """One entry: its position in the log (`index`, from 0) and in its order (`seq`), and who signed it, when.

    `replaced` to `why`: the entry that replaced it, in words and as leaf hash, when it was signed, by whom and why.
    """

    index: int
    leaf: str
    order: str
    seq: int
    kind: str
    by: str
    role: str
    on: Time
    signed_at: Time
    replaced: str | None
    replaces: str | None
    replaced_by: str | None
    replaced_at: Time | None
    replaced_who: str | None
    why: str | None
    party: str


class LogAnswer(CommandAnswer, tag="comity.log/1"):
    """Entries of the log; `of` is the number of all, `next` the cursor of the page that follows.

    A list that is oldest first can be continued later, when there are more entries: with `--after OF`.
    """

    of: int
    log: list[LogItem]
    next: str | None


PAGE = 100  # entries read at a time


@command(
    "comity log",
    "comity log -n 5",
    "comity log --kind data-disclosed --by skylark --since 2027-03-01T00:00:00Z",
    "comity log --after 33 --json          (from entry 33 on, oldest first: 33 entries were read before)",
    "comity log --order main --graph",
    "comity log --order main --only --json",
    refused=Exit.UNDECIDABLE,
)
@click.option(
    "-n",
    "--number",
    "--limit",
    "number",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="How many entries.",
)
@click.option("--order", help="Only the entries of this order and of those that are one matter with it.")
@ONLY
@click.option("--graph", "drawn", is_flag=True, help="Draw a line for each order, joined where one led to the other.")
@click.option("--kind", metavar="KIND", help="Only entries of this kind.")
@by("entries signed")
@party("entries signed by an office")
@since("entries signed")
@click.option(
    "--sort", type=click.Choice(["newest", "oldest"]), help="Default: newest first; with --after N oldest first."
)
@click.option("--after", metavar="N|CURSOR", help="Go on behind N entries, or behind the page before: its `next`.")
def log(
    number: int,
    order: str | None,
    only: bool,
    drawn: bool,
    kind: str | None,
    by: str | None,
    party: str | None,
    since: datetime | None,
    sort: str | None,
    after: str | None,
) -> None:
    """The entries of the log, newest first: who signed what, and when.

    --after N begins with entry N, as `ledger.entries(after=N)` of the Python interface does: N entries were read
    before. The `next` of a list with the newest first is another cursor, `..N`: the entries before entry N.
    """
    from projections.sentences.names import Names
    from projections.sentences.sentence import sentence
    from projections.views.log_graph import graph
    from projections.views.replaced import numbered, replaced

    if only and order is None:
        raise click.UsageError("--only is of one order: --order NAME")
    bound, oldest = _bound(after, sort)
    if drawn and oldest:
        raise click.UsageError("--graph draws the newest entry first: no --sort oldest, no --after N")
    wanted = _Wanted(kind, by, party, since)
    with reading() as reader:
        source, orders, of = _entries(reader, order, only, bound, oldest)
        entries = list(islice((e for e in source if wanted.takes(e)), number + 1))
        more, entries = len(entries) > number, entries[:number]
        label = {e.order: reader.label(reader.main_of(e.order) or e.order) for e in entries}
        label |= {reader.cases.registry: "register", reader.cases.access: "access"}
        companions = {e.order: main for e in entries if (main := reader.main_of(e.order))}
        registry = reader.cases.register()
        replacements = replaced(Case("", "", tuple(sorted(entries, key=lambda e: e.index)), registry))
    following = None
    if more:
        following = f"{entries[-1].index + 1}" if oldest else f"..{entries[-1].index}"
    items = [
        LogItem(
            index=e.index,
            leaf=e.leaf,
            order=e.order,
            seq=e.seq,
            kind=e.kind,
            by=e.by,
            role=e.role,
            on=e.on,
            signed_at=e.at,
            replaces=e.replaces,
            party=e.party,
            **put_right(replacements.get(e.leaf)),
        )
        for e in entries
    ]
    columns = ("index", "leaf", "order", "seq", "kind", "by", "role", "on", "signed_at", "replaced")
    rows = [(*(getattr(i, c) for c in columns[:-1]), numbered(replacements, i.leaf)) for i in items]

    def paragraphs() -> Iterator[list[str]]:
        names = Names(registry)
        for e in entries:
            where = label[e.order] or (companions.get(e.order) or e.order)[:8]
            where += " (companion)" if e.order in companions else ""
            yield [
                f"{output.paint(f'entry {e.index}', 'yellow')} {e.leaf[:16]}  {where} #{e.seq}",
                f"Signed: {e.by} as {e.role} of {e.party}, {output.plain(e.at)}",
                f"Event:  {output.plain(e.on)}",
                "",
                f"    {output.paint(e.kind, 'bold strike' if e.leaf in replacements else 'bold')}",
                *wrapped(sentence(e, names), " ", 72),
                *(
                    wrapped(f"{replacements[e.leaf].line(f'#{replacements[e.leaf].entry.seq}')}", " ", 72)
                    if e.leaf in replacements
                    else ()
                ),
                "",
            ]

    def text() -> str:
        if drawn or (orders > 1 and not oldest):
            return "\n".join(graph(entries, list(paragraphs()), companions))
        return "\n".join(line for lines in paragraphs() for line in lines)

    answer = LogAnswer(of, items, following)
    output.emit(answer, columns, rows, text=text if drawn or output.terminal() else None)
    if after is not None or sort is not None or any((kind, by, party, since)):
        output.tell_next(following)


@dataclass(frozen=True)
class _Wanted:
    kind: str | None
    by: str | None
    party: str | None
    since: datetime | None

    def takes(self, e: Entry) -> bool:
        return (
            (self.kind is None or e.kind == self.kind)
            and (self.by is None or e.by == self.by)
            and (self.party is None or e.party == self.party)
            and (self.since is None or e.at >= self.since)
        )


def _bound(after: str | None, sort: str | None) -> tuple[int | None, bool]:
    """Return the log index that a cursor stands for, and True if the list is oldest first."""
    if after is None:
        return None, sort == "oldest"
    digits = after.removeprefix("..")
    oldest = digits == after
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 19):
        raise click.UsageError(f"--after {after}: a number of entries, or the `next` of the page before")
    if sort not in (None, "oldest" if oldest else "newest"):
        raise click.UsageError(f"--after {after} goes on in a list that is {'oldest' if oldest else 'newest'} first")
    return int(digits), oldest


def _entries(
    reader: LedgerReader, order: str | None, only: bool, bound: int | None, oldest: bool
) -> tuple[Iterator[Entry], int, int]:
    """Return the entries from `bound` on, or below it, the number of their orders, and the number of all entries."""
    from cli.records.linked_orders import matter

    if order is not None:
        shares, _ = matter(reader, order, reader.now(), only=only)
        entries = sorted((e for s in shares for e in s.case.entries), key=lambda e: e.index, reverse=not oldest)
        inside = (e for e in entries if bound is None or (e.index >= bound if oldest else e.index < bound))
        return inside, len(shares), len(entries)
    size = reader.store.size()
    end = size if bound is None else min(bound, size)
    pages = reader.store.pages(bound or 0, PAGE) if oldest else _pages_back(reader, end)
    return (entry_of(open_(raw, verify=False), index) for page in pages for index, raw in page), 1, size


def _pages_back(reader: LedgerReader, stop: int) -> Iterator[list[tuple[int, bytes]]]:
    while stop > 0:
        start = max(0, stop - PAGE)
        yield reader.store.page(start, stop - start)[::-1]
        stop = start


class PublishAnswer(CommandAnswer, tag="comity.publish/1"):
    """The published log: its origin, its size, and the folder."""

    origin: str
    size: int
    folder: str


@command("comity log publish /srv/log", "comity log publish entries/ --ledger ledger/")
@click.argument("folder", metavar="DIR")
def publish(folder: str) -> None:
    """Write the log with its entry bundles to DIR, for those who may read the entries (c2sp.org/tlog-tiles).

    The ledger's own log/ folder holds hashes only and may be public; what is written here may not.
    """
    from cli.session.open_ledger import writing

    with writing() as journal:
        head = journal.log.publish_entries(Path(folder))
        origin = journal.origin
    says = f"{origin}, {head.size} entries, in {folder}"
    output.emit(PublishAnswer(origin, head.size, folder), text=lambda: says)


class GuardAnswer(CommandAnswer, tag="comity.guard/1"):
    """The guard that was made again: the head it holds, and its folder."""

    origin: str
    size: int
    root: str
    guard: str


@command("comity log remake-guard", "comity log remake-guard --anchor karsk.note")
@click.option("--anchor", metavar="FILE", help="A checkpoint somebody holds, in place of a quorum of witnesses.")
def remake_guard(anchor: str | None) -> None:
    """Make the lost guard of this log again, at the newest head that witnesses, or --anchor, and the ledger show.

    Only a quorum of the policy's witnesses, or a checkpoint from outside, can say what was signed before. Entries that
    do not begin with what they saw are LOG-ROLLBACK or LOG-FORKED, and nothing is made.
    """
    from ledger.application.restore import remake_guard

    path = Path(ledger_choice.ledger_folder())
    folder, home = read_folder(path), Home.of(path)
    check_clock(folder, home)
    signed = remake_guard(folder, home, ledger_choice.now(str(path)), file_io.read(anchor) if anchor else None)
    answer = GuardAnswer(folder.origin, signed.size, signed.root.hex(), str(home.log(folder.origin)))
    says = f"guard of {folder.origin} at {signed.size} entries: {answer.guard}"
    output.emit(answer, ("origin", "size", "root"), [answer], text=lambda: says)
    output.tell(
        "whatever was signed after the newest head shown and is not here is lost; if that may be: comity succeed"
    )


class ClockAnswer(CommandAnswer, tag="comity.clock/1"):
    """The time at which a log goes on, by whose word; `later` are the positions of entries signed later than now."""

    origin: str
    size: int
    signed_at: Time
    now: Time
    by: str
    later: list[int]


@command("comity log clock", "comity log clock --clock-is-right")
def set_back() -> Exit:
    """Go on at the true time, after the log signed a head by a clock that was ahead (CLOCK-BACK).

    The witnesses of the policy, or a time-stamp authority, say what time it is; where none can, --clock-is-right does.
    What was signed stays as it is; the guard notes the other time. Entries that state a later signature than now are
    listed: correct them with `--replaces` and `--why`.
    """
    from ledger.adapters.log.sign_once_guard import LATENESS, Guard
    from ledger.adapters.log.signer_process import POINTER

    path = Path(ledger_choice.ledger_folder())
    folder, home = read_folder(path), Home.of(path)
    state = home.log(folder.origin)
    if (state / POINTER).exists():
        hint = "start it again with --clock-is-right: comity signer serve DIR --socket PATH --clock-is-right"
        raise Stop("another process holds the guard of this log", hint=hint, code=Exit.REFUSED)
    now = ledger_choice.now(str(path))
    with closing(Guard(state / "guard.db")) as guard:
        last = guard.last()
        if now >= last.at - LATENESS:
            output.tell(f"the last head was signed at {output.plain(last.at)}: nothing is to be set back")
            return Exit.DONE
        by = _says_so(folder, home, last, now)
        if not guard.set_back(last, now):
            raise Stop("something was signed meanwhile", hint="try again", code=Exit.REFUSED)
    later = _signed_later(path, now)
    answer = ClockAnswer(folder.origin, last.size, last.at, now, by, later)
    dated = f"its head of {last.size} entries is dated {output.plain(last.at)}"
    says = f"{folder.origin} goes on at {output.plain(now)}, by {by}; {dated}"
    output.emit(answer, ("origin", "size", "signed_at", "now", "by"), [answer], text=lambda: says)
    if later:
        entries = output.counted(len(later), "entry says that it was", "entries say that they were")
        output.tell(f"{entries} signed later than now: log index {', '.join(map(str, later[:20]))}")
        output.tell("record each again with its true date, --replaces and --why; both stay")
    return Exit.DONE


def _says_so(folder: Folder, home: Home, last: Signed, now: datetime) -> str:
    """Return who confirms the clock: a quorum of witnesses, a time-stamp authority, or --clock-is-right.

    Raises `LedgerError` CLOCK-BACK if no one does, CLOCK-AHEAD if one of them contradicts.
    """
    from ledger.application.journal import Journal

    with Journal.open(folder.path, home, writable=False, now=lambda: now) as journal:
        answers = _asked(journal, last, now)
    stamped = _stamped(folder, last, now)
    policy = folder.policy
    doubted(system_clock.away(now, times_given(answers), policy.faults() or 0))
    near = [a for a in answers if any(abs(now - at) <= system_clock.AWAY for _, at in times_given([a]))]
    if policy.quorum != "none" and policy.met({name for a in near for name in a.names}):
        return "a quorum of witnesses"
    if stamped:
        return f"time-stamp authority {stamped[0]}"
    if not said().clock_is_right:
        says = (
            "no quorum of witnesses and no time-stamp authority says what time it is; "
            f"the clock says {output.plain(now)}"
        )
        raise LedgerError("CLOCK-BACK", says, system_clock.HINT)
    return "--clock-is-right"


def _asked(journal: Journal, last: Signed, now: datetime) -> list[WitnessResult]:
    """Return the answers of the policy's witnesses to the newest signed head."""
    from ledger.adapters.witness.client import ask_witnesses

    policy, log = journal.folder.policy, journal.log
    if not any(key in policy.urls for key in policy.witnesses.values()):
        return []
    head = open_checkpoint(last.note, log.origin, log.key, (), mldsa=mldsa.verify)
    answers = ask_witnesses(policy, log.key, head, log.consistency, now=int(now.timestamp()))
    for answer in answers:
        if answer.fault:
            output.tell(f"{', '.join(answer.names)}: {answer.fault}")
    return answers


def _stamped(folder: Folder, last: Signed, now: datetime) -> list[str]:
    """Return the names of the time-stamp authorities that stamp the newest head now; CLOCK-AHEAD if one contradicts."""
    from ledger.adapters.timestamps.rfc3161 import authorities, need, obtain, trusted

    tsa, names = folder.path / "trust" / "tsa", []
    for name, url in authorities(tsa).items():
        try:
            need()
            obtain(url, last.note, trusted(tsa), now)
        except LedgerError as fault:
            if fault.code == "CLOCK-AHEAD":
                doubted(fault)
            else:
                output.tell(f"{name}: {fault}")
        else:
            names.append(name)
    return names


def _signed_later(path: Path, now: datetime) -> list[int]:
    """Return the log index of every entry that states a signing time after `now`."""
    end = wire(now + DRIFT)
    with reading(path) as reader:
        entries = ((index, open_(raw, verify=False)) for page in reader.store.pages() for index, raw in page)
        return [index for index, opened in entries if opened.payload.signed_at > end]
