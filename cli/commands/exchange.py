"""`comity exchange`: bundles to and from the ledgers of other offices, with receipts both ways."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.access.persons import PERSON
from cli.access.purposes import PURPOSE
from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.handover.reception import Received, ReceivedOrderItem, RegisterItem, orders_in, watched
from cli.invocation import said
from cli.session import ledger_choice
from cli.session.options import AS, KEY, ROLE, configuration
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time
from cli.terminal.next_commands import tell_next
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.application.journal import Journal
from ledger.entries.wrapped_entry import KIND
from ledger.errors import LedgerError, RecordError

if TYPE_CHECKING:
    from server.exchange.documents import Refusal
    from server.exchange.peers import Peer
    from server.exchange.store import ExchangeStore

CONFIG = configuration("whose tables [[peers]] name the peers")
NEEDED = ("httpx", "http_message_signatures")


class SentItem(Struct, frozen=True):
    """A bundle for a peer: its state, how often it was handed over, and why it still waits."""

    number: int
    peer: str
    order: str
    digest: str
    state: str
    tries: int
    code: str | None = None
    says: str | None = None


class SentAnswer(CommandAnswer, tag="comity.exchange-sent/1"):
    """Bundles for peers."""

    sent: list[SentItem]


class CameItem(Struct, frozen=True):
    """A bundle from a peer: its state here, how many entries are on record, and why it is not."""

    peer: str
    digest: str
    state: str
    entries: int
    code: str | None = None
    says: str | None = None


class CameAnswer(CommandAnswer, tag="comity.exchange-received/1"):
    """Bundles that came from peers, and what they changed in each order and in the registers of others."""

    received: list[CameItem]
    orders: list[ReceivedOrderItem]
    registers: list[RegisterItem]


class ExchangeListItem(Struct, frozen=True):
    """A bundle to or from a peer, and since when it is here."""

    way: str
    peer: str
    digest: str
    state: str
    since: Time
    code: str | None = None
    says: str | None = None


class ExchangeListAnswer(CommandAnswer, tag="comity.exchange-list/1"):
    """The bundles to and from peers."""

    bundles: list[ExchangeListItem]


SENT = ("number", "peer", "digest", "state", "tries", "code")
CAME = ("peer", "digest", "state", "entries", "code")


@command("comity exchange send PPO-2026-123 --to skylark --as ilves --config serve.toml")
@click.argument("order")
@click.option("--to", "name", required=True, metavar="PEER", help="The peer, as the configuration calls it.")
@click.option("--later", is_flag=True, help="Keep it for the peer, and hand nothing over now.")
@CONFIG
@AS
@ROLE
@KEY
@PURPOSE
@click.option("--because", metavar="TEXT", help="Why values are opened; by default the purpose. Recorded.")
@PERSON
@click.option("--documents", metavar="DIR", help="Add the documents in this folder that the peer may see.")
@click.option("--unwitnessed", is_flag=True, help="Make it even if no quorum of witnesses saw the log.")
def send(
    order: str,
    name: str,
    later: bool,
    config: str,
    actor: str | None,
    role: str | None,
    key_file: str | None,
    purpose: str | None,
    because: str | None,
    person: str | None,
    documents: str | None,
    unwitnessed: bool,
) -> Exit:
    """Make the evidence bundle of ORDER for a peer, keep it until the peer acknowledges it, and hand it over.

    The bundle is made as `comity export` makes it. It is sent again, after growing waits, until receipts are here that
    verify under the keys pinned for the peer. Then it is deleted here, and the receipts are kept. A peer without a url
    fetches it. Exit 3 if a peer did not acknowledge what it was sent.
    """
    from cli.access.recorded_access import Stated
    from cli.handover.evidence_bundle import Handed, bundle
    from cli.session.open_ledger import writing
    from ledger.application.foreign.arrivals import trust_in_log
    from ledger.application.foreign.receipts import to_acknowledge
    from server.exchange.peers import peer_named

    peers = _peers(config)
    peer = peer_named(peers, name)
    with writing() as journal:
        trust_in_log(journal, peer.origin)  # without it no receipt of the peer could be checked
    stated = Stated(because, purpose, person)
    handed = Handed(peer.audience, actor, role, key_file, stated, (), documents, unwitnessed=unwitnessed)
    with _store() as store:
        with bundle(order, f"for {peer.name}", handed) as evidence:
            places = to_acknowledge(evidence.contents)
            item = store.put(peer.name, evidence.contents.about.order, evidence.data, places)
            evidence.close_access()
        if later or peer.url is None:
            _tell_sent([SentItem(item.number, item.peer, item.order, item.digest, item.state, item.tries)])
            if peer.url is None:
                output.tell(f"{peer.name} has to fetch it: the configuration has no url for {peer.name}")
            return Exit.DONE
        try:
            with writing() as journal:
                return _tell_delivered(journal, store, peers, early=False)
        except LedgerError as fault:
            if fault.code != "BUSY":
                raise
            output.tell("another process hands bundles over now; this one waits")
            return Exit.FINDINGS


@command("comity exchange deliver --config serve.toml", "comity exchange deliver --now --config serve.toml")
@click.option("--now", "early", is_flag=True, help="Also what was tried before, without waiting longer.")
@CONFIG
def deliver_(early: bool, config: str) -> Exit:
    """Hand over the bundles that wait for peers and are due; exit 3 if a peer did not acknowledge one of them."""
    from cli.session.open_ledger import writing

    peers = _peers(config)
    with _store() as store, writing() as journal:
        return _tell_delivered(journal, store, peers, early=early)


@command("comity exchange fetch skylark --config serve.toml", "comity exchange fetch --config serve.toml")
@click.argument("name", metavar="[PEER]", required=False)
@CONFIG
def fetch_(name: str | None, config: str) -> Exit:
    """Fetch the bundles that wait at PEER, or at every peer with a url; record them, and send the receipts.

    A bundle that cannot be proven goes to the quarantine; exit 3. A peer that fails does not stop the others: exit 3 if
    bundles of others came, else the exit code of its error.
    """
    from cli.session.open_ledger import writing
    from server.exchange.peers import peer_named
    from server.exchange.reception import Reception

    with _network():
        from server.exchange.delivery import fetch
    peers = _peers(config)
    chosen = [peer_named(peers, name)] if name else [peer for peer in peers if peer.url is not None]
    rows: list[CameItem] = []
    changed: list[Received] = []
    faults: list[tuple[str, RecordError | LedgerError]] = []
    with _store() as store, writing() as journal:
        opened = partial(Journal.open, journal.folder.path, journal.home, now=journal.now)
        reception = Reception(opened, peers, store, partial(watched, changed))
        for peer in chosen:
            try:
                for each in fetch(journal, reception, peer):
                    came = each.answer
                    rows.append(_came(peer.name, came.digest, came.state, len(came.receipts), came.reason))
            except (RecordError, LedgerError) as fault:
                faults.append((peer.name, fault))
    if faults and not rows:
        raise faults[0][1]
    _tell_came(rows, changed)
    for who, wrong in faults:
        output.tell(f"{who}: {wrong.code}: {wrong.says}")
    return Exit.FINDINGS if faults or any(row.state == "quarantined" for row in rows) else Exit.DONE


@command("comity exchange list", "comity exchange list --json")
def list_() -> None:
    """List the bundles that wait for peers or were acknowledged, and the bundles that came, with the quarantine."""
    rows = []
    with _store() if Path(ledger_choice.ledger_folder(), "exchange.db").exists() else nullcontext() as store:
        for item in store.sent() if store else ():
            since = datetime.fromtimestamp(item.at, UTC)
            rows.append(ExchangeListItem("to", item.peer, item.digest, item.state, since, *_why(item.reason)))
        for came in store.received() if store else ():
            since, answer = datetime.fromtimestamp(came.at, UTC), came.answer
            rows.append(ExchangeListItem("from", came.peer, came.digest, answer.state, since, *_why(answer.reason)))
    output.emit(ExchangeListAnswer(rows), ("way", "peer", "digest", "state", "since", "code"), rows)


@command("comity exchange release 5b1c --as ilves", "comity exchange release 5b1c --as ilves --anyway")
@click.argument("digest")
@click.option("--anyway", is_flag=True, help="Keep what cannot be verified fully; it then counts for nothing.")
@AS
@ROLE
@KEY
def release(digest: str, anyway: bool, actor: str | None, role: str | None, key_file: str | None) -> None:
    """Record the bundle of the quarantine that begins with DIGEST, as `comity receive` would: you sign its arrival.

    It is verified again, so it can be released once what was missing is here, such as a pinned key. The peer gets the
    receipts when it asks the next time.
    """
    from cli.session.open_ledger import hand, writing
    from ledger.application.foreign.arrivals import from_bundle
    from ledger.application.foreign.take_in import take_in
    from server.exchange.reception import answer_of

    with _store() as store, writing() as journal:
        item, data = store.held(digest)
        signer = hand(journal, KIND, actor, role, key_file, *orders_in(data)[:1])
        changed: list[Received] = []
        with watched(changed, journal, data):
            arrivals, check = from_bundle(journal, data, None, output.tell, anyway=anyway)
            answer = answer_of(journal, item.digest, take_in(journal, arrivals, signer, check, anyway=anyway))
        store.settle(item.peer, item.size, answer)
        rows = [_came(item.peer, item.digest, answer.state, len(answer.receipts), None)]
    _tell_came(rows, changed)


@command("comity exchange refuse 5b1c --because 'sent to the wrong office'")
@click.argument("digest")
@click.option("--because", required=True, metavar="TEXT", help="Why; the peer reads it.")
def refuse(digest: str, because: str) -> None:
    """Refuse the bundle of the quarantine that begins with DIGEST for good, and delete it; nothing is recorded."""
    from server.exchange.documents import ExchangeAnswer, Refusal

    if not because.strip() or len(because) > 1000:
        raise click.UsageError("--because has 1 to 1000 characters")
    with _store() as store:
        item, _ = store.held(digest)
        reason = Refusal(item.answer.reason.code if item.answer.reason else "", because)
        origin = read_folder(Path(ledger_choice.ledger_folder())).origin
        store.settle(item.peer, item.size, ExchangeAnswer(origin, item.digest, "refused", [], reason))
        rows = [_came(item.peer, item.digest, "refused", 0, reason)]
    _tell_came(rows, [])


# -- parts -------------------------------------------------------------------------------------------------------------


def _peers(config: str) -> tuple[Peer, ...]:
    from server.exchange.peers import peers_of
    from server.operations.configuration import read_table

    try:
        return peers_of(read_table(Path(config), "peers"))
    except (ValueError, RecursionError) as wrong:
        raise Stop(f"--config {config}: {wrong}") from None


@contextmanager
def _store() -> Iterator[ExchangeStore]:
    from server.exchange.store import ExchangeStore

    with closing(ExchangeStore(Path(ledger_choice.ledger_folder()))) as store:
        yield store


@contextmanager
def _network() -> Iterator[None]:
    """Turn the absence of the extra `server` into a `Stop`."""
    try:
        yield
    except ModuleNotFoundError as absent:
        if absent.name not in NEEDED:
            raise
        raise Stop(f"the exchange needs {absent.name}", hint="pip install 'comity[server]'") from None


def _tell_delivered(journal: Journal, store: ExchangeStore, peers: tuple[Peer, ...], *, early: bool) -> Exit:
    with _network():
        from server.exchange.delivery import deliver

    rows = []
    for each in deliver(journal, store, peers, early=early):
        i, why = each.item, _why(each.reason)
        rows.append(SentItem(i.number, i.peer, i.order, i.digest, each.state, i.tries + 1, *why))
    _tell_sent(rows)
    for row in rows:
        if row.code is not None:
            output.tell(f"{row.peer}: {row.code}: {row.says}")
    return Exit.DONE if all(row.state in ("acknowledged", "refused") for row in rows) else Exit.FINDINGS


def _tell_sent(rows: list[SentItem]) -> None:
    output.emit(SentAnswer(rows), SENT, rows)
    if not rows:
        output.tell("nothing is due")


def _tell_came(rows: list[CameItem], changed: list[Received]) -> None:
    """Print the rows of bundles, and on standard error what they changed in each order."""
    orders, registers = [o for each in changed for o in each.orders], [r for each in changed for r in each.registers]
    output.emit(CameAnswer(rows, orders, registers), CAME, rows)
    if said().format == "table":
        output.tell_lines(line for each in changed for line in each.lines)
        tell_next(*(command for each in changed for command in each.next))


def _why(reason: Refusal | None) -> tuple[str | None, str | None]:
    return (None, None) if reason is None else (reason.code, reason.says)


def _came(peer: str, digest: str, state: str, entries: int, reason: Refusal | None) -> CameItem:
    return CameItem(peer, digest, state, entries, *_why(reason))
