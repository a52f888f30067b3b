"""Mail each person who asked for it what is new in the orders that they follow, at most once a day.

A mail has the references of orders and how many notices of which sort each has: no note, no name, no sealed value. It
goes only to the domains of the mail settings: that of the sender, and those of the people in the configuration.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import closing
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Final

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.errors import LedgerError, RecordError
from ledger.messages import Message, Moment
from projections.render.translation import translation
from server.access import Caller
from server.api.reading import LedgerView
from server.identity.accounts import Accounts
from server.identity.database import open_database
from server.jobs.mail import automatic_mail, mail_server
from server.jobs.settings import Settings
from server.jobs.state import JobStore
from server.jobs.table import Place
from server.jobs.views import office_views
from server.work.office import OfficeWork
from server.work.store import Notice, WorkStore

logger = logging.getLogger(__name__)

_MOST = 200  # orders in one mail
_SORTS: Final = {
    "assigned": Message("assigned to you"),
    "mention": Message("notes that name you"),
    "note": Message("notes"),
    "entry": Message("new entries"),
}


def notice_mail(
    address: str, language: str, sender: str, notices: Sequence[tuple[str, str]], origin: str, now: datetime
) -> EmailMessage:
    """Return the mail on notices, each with the reference of its order and its sort, in a language."""
    said = translation(language).words
    by_order: dict[str, Counter[str]] = {}
    for reference, why in notices:
        by_order.setdefault(reference, Counter())[why] += 1
    as_of = Moment(f"{now:%Y-%m-%d %H:%M}")
    about = Message("New in orders that you follow, as of {0} UTC. Sign in at the desk to read more.", as_of)
    body = [said(about), ""]
    for reference, counts in list(by_order.items())[:_MOST]:
        new = ", ".join(f"{said(_SORTS[why])}: {count}" for why, count in sorted(counts.items()))
        body.append(f"{reference}  {new}")
    if len(by_order) > _MOST:
        body.append(said(Message("... and {0} more orders", len(by_order) - _MOST)))
    subject = said(Message("Notices: {0}; orders: {1}", len(notices), len(by_order)))
    foot = Message(
        "Sent by the office server of {0}. It names no person, and nothing sealed. The page of notices switches it "
        "off.",
        origin,
    )
    content = "\n".join([*body, "", said(foot), ""])
    return automatic_mail(sender, address, subject, content, (origin, "notices", address), now)


def send_notices(settings: Settings, store: JobStore, place: Place) -> None:
    """Mail each person their notices that were neither seen nor mailed; a mail that fails does not stop the others.

    The first error is raised at the end: `LedgerError` MAIL-REFUSED.
    """
    if settings.mail is None:
        raise LedgerError("MAIL-REFUSED", "the configuration has no table [mail]")
    now = datetime.fromtimestamp(place.now, UTC)
    day, failed = f"{now:%Y-%m-%d}", None
    domains = {each.rpartition("@")[2].lower() for each in (settings.mail.sender, *(p.mail for p in settings.people))}
    with closing(open_database(read_folder(place.ledger))) as database, office_views(place.ledger, now) as seen:
        accounts, work = Accounts(database), WorkStore(database)
        OfficeWork(work, accounts, seen.view).follow()
        for account, choice in work.mail_choices():
            person, waiting = accounts.get(account), work.to_mail(account)
            if person is None or choice.day >= day or not waiting:
                continue
            if choice.address.rpartition("@")[2].lower() not in domains:
                logger.warning("no mail of notices to the account %s: its address is of another domain", account)
                continue
            try:
                caller = seen.view.keyring.person(account, person.office, person.roles, frozenset())
                lines = _lines(seen.view, caller, waiting)
                if lines:
                    with mail_server(settings.mail) as send:
                        send(
                            notice_mail(
                                choice.address, choice.language, settings.mail.sender, lines, seen.view.origin, now
                            )
                        )
                work.mailed(account, waiting, day if lines else choice.day)
            except (LedgerError, RecordError) as wrong:
                failed = failed or wrong
    if failed is not None:
        raise failed


def _lines(view: LedgerView, caller: Caller, notices: Collection[Notice]) -> list[tuple[str, str]]:
    """Return the reference of the order and the sort of each notice on an order that the caller may still see."""
    references: dict[str, str] = {}
    for order in {notice.order for notice in notices}:
        if view.may_see(caller, order):
            found = view.orders(caller, 0, 1, name=order).orders
            references[order] = (found[0].order.ref if found else None) or order[:8]
    return [(references[notice.order], notice.why) for notice in notices if notice.order in references]
