"""Mail each person once a day what is due in the orders that their office may see.

A mail has the references of orders, the names of deadlines and their ends, and no sealed value: it is made of what the
server answers to the office. All copies of the mail of one day
have the same Message-ID, so that a reader recognises a copy that is sent again after a crash.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from msgspec import UNSET, Struct

from ledger.errors import LedgerError, RecordError
from ledger.law.terms.periods import period
from ledger.messages import Day, Message, Moment
from projections.render.translation import translation
from server.access import Caller
from server.api.reading import LedgerView
from server.documents import OrderItem
from server.jobs.mail import automatic_mail, mail_server
from server.jobs.settings import Person, Settings
from server.jobs.state import JobStore
from server.jobs.table import Place
from server.jobs.views import office_views, order_items

_MOST = 500  # deadlines in one mail


class DueLine(Struct, frozen=True):
    """One deadline of a mail: its end in UTC (None where it could not be computed), the order, its id, its article."""

    due: datetime | None
    order: str
    id: str
    cite: str


def due_lines(view: LedgerView, caller: Caller, until: datetime) -> list[DueLine]:
    """Return the deadlines that end before a moment, are over or could not be computed, soonest first."""
    lines = (line for item in order_items(view, caller) for line in _lines(item, until))
    return sorted(lines, key=lambda line: (line.due is not None, line.due or until, line.order, line.id))


def _lines(item: OrderItem, until: datetime) -> Iterator[DueLine]:
    for clock in item.due:
        due = None if clock.due is UNSET else _moment(clock.due)
        if due is None or due <= until:
            yield DueLine(due, item.order.ref or item.order.order[:8], clock.id, clock.cite)


def _moment(due: object) -> datetime:
    return (due if isinstance(due, datetime) else datetime.fromisoformat(str(due))).astimezone(UTC)


def _minute(moment: datetime) -> Moment:
    return Moment(f"{moment:%Y-%m-%d %H:%M}")


def message(person: Person, sender: str, lines: list[DueLine], origin: str, now: datetime) -> EmailMessage:
    """Return the mail of a person about deadlines, in their language."""
    said = translation(person.language).words
    first = next((line.due for line in lines if line.due is not None), None)
    soonest = Day(f"{first:%Y-%m-%d}") if first else Message("no date")
    subject = said(Message("Deadlines: {0}; the first ends {1}", len(lines), soonest))
    about = Message(
        "Open deadlines of {0} that end within {1} days, as of {2} UTC. Times are in UTC.",
        *(person.office, person.within, _minute(now)),
    )
    body = [said(about), ""]
    for line in lines[:_MOST]:
        end = said(Message("could not be computed") if line.due is None else _minute(line.due))
        over = f" ({said(Message('over'))})" if line.due is not None and line.due <= now else ""
        body.append(f"{end}{over}  {line.order}  {said(period(line.id))} [{line.id}, {line.cite}]")
    if len(lines) > _MOST:
        body.append(said(Message("... and {0} more", len(lines) - _MOST)))
    foot = Message("Sent by the office server of {0}. It names no person, and nothing sealed.", origin)
    content = "\n".join([*body, "", said(foot), ""])
    return automatic_mail(sender, person.mail, subject, content, (origin, person.office, person.mail), now)


def send_digests(settings: Settings, store: JobStore, place: Place) -> None:
    """Mail each person what is due, once a day; a mail that fails does not stop the others.

    Nothing is sent where nothing is due. The first error is raised at the end: `LedgerError` MAIL-REFUSED,
    `RecordError` KEY-UNKNOWN for an office that may see nothing any more.
    """
    now = datetime.fromtimestamp(place.now, UTC)
    failed: list[LedgerError | RecordError] = []
    if settings.mail is None:
        raise LedgerError("MAIL-REFUSED", "the configuration has no table [mail]")
    waiting = [p for p in settings.people if store.mailed(f"{p.office}\n{p.mail}") != f"{now:%Y-%m-%d}"]
    if not waiting:
        return
    with office_views(place.ledger, now) as seen:
        for person in waiting:
            try:
                lines = due_lines(seen.view, seen.caller(person.office), now + timedelta(days=person.within))
                if lines:
                    with mail_server(settings.mail) as send:
                        send(message(person, settings.mail.sender, lines, seen.view.origin, now))
                store.keep_mailed(f"{person.office}\n{person.mail}", f"{now:%Y-%m-%d}")
            except (LedgerError, RecordError) as wrong:
                failed.append(wrong)
    if failed:
        raise failed[0]
