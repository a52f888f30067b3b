"""`comity queue`: what waits for one office in the ledgers of many authorities, each answer verified."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import BY_CODE, Exit, Stop
from cli.remote.servers import Server, known_servers, server_url
from cli.reports.timeline_text import left
from cli.session.options import LANG
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time
from ledger.command_line import quoted
from ledger.errors import LedgerError, RecordError

if TYPE_CHECKING:
    from comity.remote.ledger import RemoteLedger
    from ledger.adapters.keys.key_files import Key

AT_ONCE = 8  # servers that are asked together
MOST = 10_000  # lines of one ledger


class QueueItem(Struct, frozen=True):
    """One thing that waits for the caller's office in an order of a ledger.

    `asked` is what the order asks for, as far as it is not sealed. `id` is the deadline, empty for an order that waits
    for an acknowledgement without one. `due` is null where the end is not known. `next` are the kinds that the office
    may sign next. `authority` is the office that asks.
    """

    url: str
    log: str
    office: str
    authority: str
    order: str
    ref: str | None
    instrument: str
    asked: list[str]
    id: str
    due: Time | None
    verdict: str
    next: list[str]


class ReadItem(Struct, frozen=True):
    """A ledger that was read, under which head, with the office that asks and the number of its orders."""

    url: str
    log: str
    size: int
    office: str
    orders: int


class UnreadItem(Struct, frozen=True):
    """A ledger that could not be read, or whose answers do not verify: nothing of it is in the queue."""

    url: str
    log: str
    code: str
    says: str
    proven: bool


class QueueAnswer(CommandAnswer, tag="comity.queue/1"):
    """What waits, soonest first; where an end is not known it comes first. Ledgers that were not read are named."""

    as_of: Time
    queue: list[QueueItem]
    read: list[ReadItem]
    unread: list[UnreadItem]


class _Part(Struct, frozen=True):
    items: list[QueueItem]
    read: ReadItem | None = None
    unread: UnreadItem | None = None


@command(
    "comity queue",
    "comity queue --server https://office.karsk.example --server https://prosecutor.example",
    "comity queue --json          (for a script: exit 3 if something waits, 1 if a server lies, 4 if one is silent)",
    refused=Exit.UNDECIDABLE,
)
@click.option("--server", "urls", multiple=True, metavar="URL", help="Only this server of `comity remote list`.")
@LANG
def queue(urls: tuple[str, ...], lang: str) -> Exit:
    """List what waits for your office in the ledgers of all servers that you ask (`comity remote add`), in one queue.

    Every answer is verified under the trust that is kept for its server. A server that does not answer, or whose answer
    does not verify, is named, and the exit code says so: 1 if an answer shows a false log, else 4. Without such a
    server it is 3 if something waits.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    opened = [_opened(server) for server in _servers(urls)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = list(pool.map(lambda each: _read(each[0], each[1], now, lang), opened))
    items = sorted((item for part in parts for item in part.items), key=_soonest)
    unread = [part.unread for part in parts if part.unread is not None]
    read = [part.read for part in parts if part.read is not None]
    rows = [
        (
            *(i.authority, i.ref or i.order[:8], "; ".join(i.asked), i.id, i.due),
            *(left(None if i.due is None else i.due - now), i.verdict, ", ".join(i.next), i.url),
        )
        for i in items
    ]
    columns = ("authority", "order", "asked", "clock", "due", "left", "verdict", "next", "server")
    output.emit(QueueAnswer(now, items, read, unread), columns, rows)
    for each in unread:
        output.tell(f"NOT READ {each.url} ({each.log}): {each.code} {each.says}")
    of = output.counted(len(read), "ledger", "ledgers")
    output.tell(f"{len(items)} waiting in {of}" + (f", {len(unread)} not read" if unread else ""))
    if any(each.proven for each in unread):
        return Exit.PROVED_BAD
    return Exit.UNDECIDABLE if unread else Exit.FINDINGS if items else Exit.DONE


def _soonest(item: QueueItem) -> tuple[bool, datetime, str, str]:
    return item.due is not None, item.due or datetime.min.replace(tzinfo=UTC), item.log, item.order


def _servers(urls: Sequence[str]) -> list[Server]:
    """Return the servers that are asked; `Stop` for one that is not kept, or if none is."""
    kept = {server.url: server for server in known_servers()}
    wanted = [server_url(url) for url in urls] or list(kept)
    for url in wanted:
        if url not in kept:
            raise Stop(f"nothing is kept of {url}", hint=f"comity remote add {quoted(url)} --trust DIR")
    if not wanted:
        raise Stop("no server is kept", hint="comity remote add https://office.example --trust DIR --key FILE")
    return [kept[url] for url in dict.fromkeys(wanted)]


def _opened(server: Server) -> tuple[Server, Key | UnreadItem]:
    """Return a server with the key that asks it, or with why there is none: it is asked for here, not in a thread."""
    from cli.remote.connected import key_of
    from cli.session.open_ledger import secret

    try:
        return server, key_of(server, secret)
    except (LedgerError, RecordError, Stop) as wrong:
        return server, _unread(server, wrong)


def _read(server: Server, key: Key | UnreadItem, now: datetime, lang: str) -> _Part:
    from cli.remote.connected import connected, verified

    if isinstance(key, UnreadItem):
        return _Part([], unread=key)
    try:
        with connected(server.url, lambda _: None, key) as ledger, verified():
            return _waiting(server, ledger, now, lang)
    except (LedgerError, RecordError, Stop) as wrong:
        return _Part([], unread=_unread(server, wrong))


def _waiting(server: Server, ledger: RemoteLedger, now: datetime, lang: str) -> _Part:
    """Return what waits in one ledger for the office of the key; raises what does not verify."""
    from ledger.law import judge
    from projections.render.translation import translation
    from projections.reports.front_page import subject
    from projections.views.due import due
    from server.desk.turns import waits_for
    from server.guests.acts import next_acts

    reader, items, orders = ledger.reader, [], 0
    caller = reader.caller()
    for case in reader.listed():
        orders += 1
        judgement = judge(case, now)
        about = translation(lang).of(subject(case, judgement))
        acts = next_acts(caller, case)
        kinds = [act.kind for act in acts]
        mine = [d.clock for d in due(judgement, now) if waits_for(d.clock, case).is_for(caller)]
        request = about.request
        known = (server.url, reader.origin, caller.actor, request.authority or "", case.order, about.reference)
        asked = [*request.asked_for, *(", ".join(each) for each in request.elements)]
        for clock in mine:
            items.append(QueueItem(*known, about.instrument, asked, clock.id, clock.due, str(clock.verdict), kinds))
        if not mine and any(act.aim == "acknowledge" for act in acts):
            items.append(QueueItem(*known, about.instrument, asked, "", None, "", kinds))
    return _Part(items[:MOST], ReadItem(server.url, reader.origin, reader.head().checkpoint.size, caller.actor, orders))


def _unread(server: Server, wrong: LedgerError | RecordError | Stop) -> UnreadItem:
    code = "" if isinstance(wrong, Stop) else wrong.code
    says = str(wrong.message) if isinstance(wrong, Stop) else wrong.says
    return UnreadItem(server.url, server.log, code or "NOT-ASKED", says, BY_CODE.get(code) is Exit.PROVED_BAD)
