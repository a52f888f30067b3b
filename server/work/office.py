"""Who may see and do what in the work of an office: people of one office, in orders that they may see.

A person who may no longer see an order, or who is locked, gets no notice of it. A note names colleagues by `@Name`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from ledger.errors import RecordError
from ledger.messages import Message
from server.access import Caller
from server.api.reading import LedgerView
from server.identity.accounts import Account, Accounts
from server.work.store import Note, Notice, SavedList, WorkStore

LONGEST_NOTE: Final = 4_000  # characters
LONGEST_NAME: Final = 60  # characters of the name of a saved list
MOST_LISTS: Final = 100  # of one person
AT_ONCE: Final = 5_000  # entries that become notices in one transaction
MOST_NOTES: Final = 1_000  # on one order


class OrderWork(Struct, frozen=True):
    """The work of an office on an order as a person sees it; `people` may be assigned, and have been in `assigned`."""

    people: Sequence[Account]
    assigned: Sequence[Account]
    watched: bool
    notes: Sequence[tuple[Note, str]]


class OfficeWork:
    """The work of the people of one server; `account` of a caller is the person."""

    def __init__(self, store: WorkStore, accounts: Accounts, view: LedgerView) -> None:
        self.store = store
        self._accounts = accounts
        self._view = view
        self._followed = -1

    def check(self, caller: Caller, order: str = "") -> None:
        """Return if a caller is a person, who may see the order; `RecordError` API-DENIED, API-MISSING."""
        if not self._view.access.shares_work(caller, caller.actor):
            raise RecordError("API-DENIED", Message("this is for people who have signed in"))
        if order and (self._view.is_new(order) or not self._view.may_see(caller, order)):
            raise RecordError("API-MISSING", Message("there is no order that this caller may see"))

    def of(self, caller: Caller, order: str) -> OrderWork:
        """Return the work on an order. `RecordError` as `check`."""
        self.check(caller, order)
        people = {each.id: each for each in self.people(caller.actor)}
        known = {each.id: each.name for each in self._accounts.all()}
        assigned = self.store.assigned(caller.actor, [order]).get(order, [])
        return OrderWork(
            [each for each in people.values() if self._sees(each, order)],
            [people[account] for account in assigned if account in people],
            order in self.store.watched_by(caller.account),
            [(note, known.get(note.account, "")) for note in self.store.notes(order, caller.actor)],
        )

    def people(self, office: str) -> list[Account]:
        """Return the people of an office who may sign in, by name; guests are not of them."""
        guests = self.store.guests()
        every = self._accounts.all()
        return [each for each in every if each.office == office and not each.locked and each.id not in guests]

    def names(self, office: str, orders: Sequence[str]) -> dict[str, list[str]]:
        """Return the names of the people of an office to whom orders are assigned, by order."""
        known = {each.id: each.name for each in self.people(office)}
        found = self.store.assigned(office, orders)
        return {order: [known[a] for a in accounts if a in known] for order, accounts in found.items()}

    # -- what a person does --------------------------------------------------------------------------------------------

    def assign(self, caller: Caller, order: str, account: str) -> None:
        """Assign an order to a person of the caller's office who may see it; `RecordError` API-REQUEST, as `check`."""
        self.check(caller, order)
        person = self._colleague(caller, account)
        if not self._sees(person, order):
            raise RecordError("API-REQUEST", Message("this person may not see the order"), where="account")
        if self.store.assign(order, account, caller.actor, caller.account) and account != caller.account:
            self.store.notify([account], order, "assigned", caller.account)

    def unassign(self, caller: Caller, order: str, account: str) -> None:
        """Take an order from a person of the caller's office. `RecordError` as `check`."""
        self.check(caller, order)
        self.store.unassign(order, account, caller.actor)

    def watch(self, caller: Caller, order: str, *, on: bool) -> None:
        """Let the caller watch an order, or watch it no more. `RecordError` as `check`."""
        self.check(caller, order)
        (self.store.watch if on else self.store.unwatch)(order, caller.account)

    def note(self, caller: Caller, order: str, text: str) -> None:
        """Keep a note; named colleagues and people who follow the order get a notice. `RecordError` API-REQUEST."""
        self.check(caller, order)
        said = text.strip()
        if not said or len(said) > LONGEST_NOTE or any(not (c.isprintable() or c in "\n\t") for c in said):
            raise RecordError(
                "API-REQUEST", Message("a note has 1 to {0} printable characters", LONGEST_NOTE), where="text"
            )
        if len(self.store.notes(order, caller.actor)) >= MOST_NOTES:
            raise RecordError("API-REQUEST", Message("an order has at most {0} notes", MOST_NOTES), where="text")
        self.store.add_note(order, caller.actor, caller.account, said)
        people = [each for each in self.people(caller.actor) if each.id != caller.account and self._sees(each, order)]
        named = {each.id for each in mentioned(said, people)}
        following = self.store.followers().get(order, set())
        self.store.notify(sorted(named), order, "mention", caller.account)
        others = [each.id for each in people if each.id in following and each.id not in named]
        self.store.notify(others, order, "note", caller.account)

    def delete_note(self, caller: Caller, order: str, id: str) -> None:
        """Delete a note of the caller; `RecordError` API-MISSING for another one, as `check`."""
        self.check(caller, order)
        if not self.store.delete_note(id, order, caller.account):
            raise RecordError("API-MISSING", Message("there is no such note of this person"))

    def keep_list(self, caller: Caller, name: str, query: str, *, shared: bool) -> None:
        """Keep a list under a name; `RecordError` API-REQUEST."""
        self.check(caller)
        said = name.strip()
        if not 1 <= len(said) <= LONGEST_NAME or not said.isprintable():
            raise RecordError(
                "API-REQUEST", Message("a name has 1 to {0} printable characters", LONGEST_NAME), where="name"
            )
        if len([each for each in self.lists(caller) if each.account == caller.account]) >= MOST_LISTS:
            raise RecordError("API-REQUEST", Message("a person has at most {0} saved lists", MOST_LISTS), where="name")
        self.store.keep_list(caller.account, caller.actor, said, query, shared=shared)

    def lists(self, caller: Caller) -> list[SavedList]:
        """Return the caller's lists and the shared ones of the office; none for a caller who is no person."""
        return self.store.lists(caller.account, caller.actor) if caller.account else []

    # -- notices -------------------------------------------------------------------------------------------------------

    def unseen(self, caller: Caller) -> int:
        """Return how many notices the caller has not seen, after those of new entries were made."""
        if not self._view.access.shares_work(caller, caller.actor):
            return 0
        self.follow()
        return self.store.unseen(caller.account)

    def notices(self, caller: Caller) -> list[tuple[Notice, str]]:
        """Return the caller's notices on orders that the caller may still see, each with the name of its person."""
        self.check(caller)
        known = {each.id: each.name for each in self._accounts.all()}
        found = [(notice, known.get(notice.by_account, "")) for notice in self.store.notices(caller.account)]
        seen = {order: self._view.may_see(caller, order) for order in {notice.order for notice, _ in found}}
        return [each for each in found if seen[each[0].order]]

    def follow(self) -> None:
        """Make notices of the entries behind those of the last call, for people who follow their orders."""
        size = self._view.head().size
        if size == self._followed:
            return
        before = self.store.followed()
        if before is None:
            self.store.follow(None, size, ())
        while before is not None and before < size:
            end = min(size, before + AT_ONCE)
            following = self.store.followers()
            news = [
                (some, order, index)
                for index, order, kind, key in (self._view.news(before, end) if following else ())
                if (some := self._receivers(following.get(order, ()), order, kind, key))
            ]
            self.store.follow(before, end, news)
            before = end
        self._followed = size

    def _receivers(self, accounts: Iterable[str], order: str, kind: str, key: str) -> list[str]:
        """Return who of some people gets a notice of an entry: who may know of it, and did not sign it."""
        found = []
        for each in sorted(accounts):
            account = self._accounts.get(each)
            if account is None or key in self._accounts.keys(each):
                continue
            caller = self._caller(account)
            if caller and self._view.access.sees_kind(caller, kind) and self._view.may_see(caller, order):
                found.append(each)
        return found

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _colleague(self, caller: Caller, account: str) -> Account:
        found = self._accounts.get(account)
        if found is None or found.office != caller.actor or account in self.store.guests():
            raise RecordError("API-REQUEST", Message("there is no such person in your office"), where="account")
        return found

    def _caller(self, account: Account) -> Caller | None:
        try:
            return self._view.keyring.person(account.id, account.office, account.roles, frozenset())
        except RecordError:  # the office has left the register
            return None

    def _sees(self, account: Account, order: str) -> bool:
        caller = self._caller(account)
        return caller is not None and self._view.may_see(caller, order)


def mentioned(text: str, people: Iterable[Account]) -> list[Account]:
    """Return the people whom a text names by @ and their whole name, whatever its case; the longest name counts."""
    found: list[Account] = []
    rest = text
    for person in sorted(people, key=lambda each: -len(each.name)):
        name = re.compile(rf"@{re.escape(person.name)}(?!\w)", re.IGNORECASE)
        if name.search(rest):
            found.append(person)
            rest = name.sub(" ", rest)
    return found
