"""`comity guest`: people of offices without a ledger, who answer an order at the office server by a link."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.ledger_reader import LedgerReader, reading
from cli.session.options import ORDER
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer, Time
from ledger.command_line import quoted
from ledger.entries.case import Case
from ledger.entries.form import named_in

if TYPE_CHECKING:
    from server.guests.invitations import Guest, Invitation, Invitations

DAYS, MOST_DAYS = 7, 30  # as in `server.guests.invitations`


class GuestInvitationItem(Struct, frozen=True):
    """An invitation of a person to an order; `state` is open, expired, used or revoked."""

    id: str
    name: str
    office: str
    by_office: str
    by_name: str
    made: Time
    until: Time
    state: str


class GuestItem(Struct, frozen=True):
    """A person who has used an invitation; `ended` says that access has ended."""

    name: str
    account: str
    office: str
    since: Time
    ended: bool


class GuestLinkAnswer(CommandAnswer, tag="comity.guest-link/1"):
    """A new invitation with its link, which is shown once, and the words for the key of the ledger."""

    invitation: GuestInvitationItem
    link: str
    words: str


class GuestsAnswer(CommandAnswer, tag="comity.guests/1"):
    """The guests of an order, and the invitations to it, oldest first."""

    order: str
    invitations: list[GuestInvitationItem]
    guests: list[GuestItem]


class GuestEndedAnswer(CommandAnswer, tag="comity.guest-ended/1"):
    """The id of what has ended: an invitation, or the account of a guest."""

    id: str


@contextmanager
def _opened() -> Iterator[tuple[LedgerReader, Invitations]]:
    """Open the ledger for reading, and its invitations."""
    from server.guests.invitations import Invitations
    from server.identity.accounts import Accounts
    from server.identity.database import open_database

    with reading() as reader, closing(open_database(reader.folder)) as database:
        yield reader, Invitations(database, Accounts(database))


@command(
    "comity guest invite PPO-2026-123 'Ida Sky' --office skylark --url https://office.example",
    "comity guest invite PPO-2026-123 'Ida Sky' --office skylark --days 3 --url https://office.example --json",
)
@ORDER
@click.argument("name")
@click.option("--office", required=True, metavar="ACTOR", help="The person's office, which the order names.")
@click.option("--url", required=True, metavar="URL", help="The address of the office server, as guests reach it.")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=DAYS, show_default=True, help="How long it is good.")
def invite(order: str, name: str, office: str, url: str, days: int) -> None:
    """Make a link with which the person NAME of another office may answer ORDER as a guest; it is good once.

    The link gives no access. The person makes a passkey and a key, the registrar enters the key (`comity key enrol`),
    and the person accepts it. From then on the person sees the orders that name their office, and no other.
    """
    from server.access import Access
    from server.identity.key_documents import LogKey

    base = _base(url)
    with _opened() as (reader, invitations):
        case, size = reader.case(reader.find(order)), reader.size()
        access, known = Access(reader.origin, reader.party()), reader.keyring().offices
        named = named_in(case.entries)
        may = sorted(a for a, o in known.items() if a in named and access.is_invited(o.party, o.roles_at(size)))
        if office not in may:
            says = f"{office!r} is no office of the register that this order names and that may answer it as a guest"
            hint = f"there are {', '.join(may)}" if may else "the order or a notification has to name it first"
            raise Stop(f"GUEST-OFFICE {says}", hint=hint, code=Exit.REFUSED)
        made, secret = invitations.invite(case.order, office, name, _issuer(case), "comity guest", days)
        words = LogKey.of(reader.folder.origin, reader.folder.keys).words
    link = f"{base}/guest#{secret}"
    output.emit(GuestLinkAnswer(_invitation(made), link, words), text=lambda: link)
    output.tell(
        f"send it to {name}; it is good until {datetime.fromtimestamp(made.until, UTC):%Y-%m-%d %H:%M} UTC, once"
    )
    output.tell(f"say these words for the key of the ledger by another way: {words}")


@command("comity guest list PPO-2026-123", "comity guest list PPO-2026-123 --json", refused=Exit.UNDECIDABLE)
@ORDER
def list_(order: str) -> None:
    """The guests of ORDER, and the invitations to it."""
    with _opened() as (reader, invitations):
        id = reader.find(order)
        asked = [_invitation(each) for each in invitations.of_order(id)]
        guests = [_guest(each) for each in invitations.guests_of(id)]
    lines = [f"{g.name}, {g.office}: {'access has ended' if g.ended else 'a guest'}" for g in guests]
    lines += [f"{i.name}, {i.office}: invitation {i.id} {i.state}" for i in asked if i.state != "used"]
    output.emit(
        GuestsAnswer(id, asked, guests),
        GuestInvitationItem.__struct_fields__,
        asked,
        text=lambda: "\n".join(lines) or "no guest, no invitation",
    )


@command("comity guest revoke 3f0c4e2a9b1d5f77")
@click.argument("invitation")
def revoke(invitation: str) -> None:
    """End the INVITATION (its id) that is open: its link is good no more."""
    with _opened() as (_, invitations):
        invitations.revoke(invitation)
    output.emit(GuestEndedAnswer(invitation), text=lambda: f"the invitation {invitation} is revoked")


@command("comity guest end 'Ida Sky' --yes")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def end(name: str, yes: bool) -> None:
    """End the access of the guest NAME at once; what the guest has signed stays on record."""
    with _opened() as (reader, invitations):
        account = invitations.account_of(name)
        prompts.confirm(f"{account.name}: all sessions end, and the person can sign in no more", yes=yes)
        invitations.end(account.id)
        current = {key.public for key in reader.keyring().keys.values() if key.ended is None}
        keys = sorted(invitations.keys_of(account.id) & current)
    output.emit(GuestEndedAnswer(account.id), text=lambda: f"the access of {account.name} has ended")
    for key in keys:
        output.tell(f"the registrar ends the key: comity key revoke {quoted(account.office)} --key {quoted(key)}")


def _issuer(case: Case) -> str:
    """Return the office that has issued an order; `Stop` if no entry says it."""
    issued = next((e for e in reversed(case.entries) if e.kind == "order-issued"), None)
    if issued is None:
        raise Stop("no entry says who has issued this order", code=Exit.REFUSED)
    return str(issued.get("issuing_authority") or issued.by)


def _base(url: str) -> str:
    base = url.rstrip("/")
    if not base.startswith(("https://", "http://localhost", "http://127.0.0.1")) or any(c in base for c in "#? "):
        raise Stop(f"{url!r} is no address of a server", hint="--url https://office.example")
    return base


def _invitation(i: Invitation) -> GuestInvitationItem:
    made, until = (datetime.fromtimestamp(each, UTC) for each in (i.made, i.until))
    state = "expired" if i.state == "open" and until < datetime.now(UTC) else i.state
    return GuestInvitationItem(i.id, i.name, i.office, i.by_office, i.by_name, made, until, state)


def _guest(g: Guest) -> GuestItem:
    return GuestItem(g.name, g.account, g.office, datetime.fromtimestamp(g.since, UTC), g.locked)
