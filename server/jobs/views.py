"""See a ledger as an office does, by the rules by which the server answers the office."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from ledger.application.journal import Journal
from ledger.entries.keyring import Keyring
from ledger.errors import RecordError
from server.access import Caller
from server.api.reading import LedgerView
from server.documents import Head, OrderItem

_PAGE = 500  # orders


class OfficeViews(Struct, frozen=True):
    """One ledger under its newest signed head; `caller` returns an office by its name, `RecordError` KEY-UNKNOWN."""

    view: LedgerView
    head: Head
    keyring: Keyring
    caller: Callable[[str], Caller]


def order_items(view: LedgerView, caller: Caller) -> Iterator[OrderItem]:
    """Iterate over the orders that a caller may see."""
    after: int | None = 0
    while after is not None:
        page = view.orders(caller, after, _PAGE)
        yield from page.orders
        after = page.next


@contextmanager
def office_views(ledger: Path, now: datetime) -> Iterator[OfficeViews]:
    """Open a ledger for reading, as of a moment; nothing is written."""
    with Journal.open(ledger, writable=False) as journal:
        last = journal.log.signed()
        head = Head(last.size, last.note.decode())
        keyring = journal.read_keyring()

        def caller(actor: str) -> Caller:
            office = keyring.offices.get(actor)
            if office is None or not any(keyring.current(actor)):
                raise RecordError("KEY-UNKNOWN", f"{actor} is no office with a key that may sign now")
            return Caller("", actor, office.party, frozenset(office.roles_at(head.size)))

        with closing(LedgerView(journal.folder, lambda: head, lambda: now)) as view:
            yield OfficeViews(view, head, keyring, caller)
