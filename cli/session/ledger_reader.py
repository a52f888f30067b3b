"""Open a ledger for reading: its orders by name, as known now or at a moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.exit_codes import Stop
from cli.session import ledger_choice
from ledger.adapters.folders.ledger_folder import Folder, read_folder
from ledger.adapters.folders.order_names import names
from ledger.adapters.log.checkpoints import CheckpointStore, PublishedHead
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.application.case_reader import CaseReader
from ledger.entries.case import Case, Entry
from ledger.tlog.note import note_digest

if TYPE_CHECKING:
    from ledger.entries.keyring import Keyring
    from ledger.entries.placement import Chains


MINUTE = timedelta(minutes=1)  # longer than a command takes to come to its question


@dataclass(frozen=True)
class Reader:
    """One ledger, opened to read; `labels` are the names a story gave its orders."""

    folder: Folder
    store: EntryReader
    cases: CaseReader
    labels: dict[str, str]
    drawer: SubjectKeyStore | None
    # the register as it was checked last: who may sign, by what it was read from (`cli.reports.integrity`)
    registers: dict[object, tuple[Keyring, Chains]] = field(default_factory=dict)

    def find(self, name: str) -> str:
        """The order that people mean by `name`: a story's label, a reference, or the beginning of an id."""
        return self.labels.get(name) or self.cases.find(name)

    def called(self, name: str) -> list[str]:
        """Every order that `name` fits, be it by the beginning of its id."""
        labelled = [self.labels[name]] if name in self.labels else []
        return [*labelled, *self.cases.named(name), *(order for order, _ in self.store.orders(name))]

    def names(self) -> dict[str, str]:
        """The names that were given to orders here, by the order's id."""
        return {order: name for name, order in names(self.folder.path).items()}

    def case(self, name: str) -> Case:
        """All that may be asked about an order, sealed values opened where their keys are here."""
        order = self.find(name)
        return self.cases.case(order, label=self.label(order))

    def label(self, order: str) -> str | None:
        """The name a story gave an order."""
        return next((label for label, known in self.labels.items() if known == order), None)

    def all(self) -> Iterator[Case]:
        """Every order people ask about."""
        return (self.cases.case(order, label=self.label(order)) for order in self.cases.orders())

    def accesses(self) -> list[Entry]:
        """Who read what: the entries of the access order."""
        order = self.cases.access
        return list(self.cases.entries(order, self.cases.opened(order)))

    def of_subject(self, subject: str) -> set[str]:
        """The orders in which something is sealed for a person, by the name the ledger's users give them."""
        from cli.session.subjects import subject_name

        keys = self.drawer.keys_of(self.drawer.stored_name(subject_name(subject, self.find))) if self.drawer else {}
        if not keys:
            hint = "by default values are sealed for 'target of ORDER'"
            raise Stop(f"no data subject is called {subject!r} here", hint=hint)
        orders = {order for key in keys for _, order, *_ in self.store.encrypted_with(key)}
        return {self.main_of(order) or order for order in orders}

    def main_of(self, order: str) -> str | None:
        """The order whose companion this is; None for every other order."""
        return self.drawer.main_of(order) if self.drawer else None

    def head_at(self, moment: datetime) -> PublishedHead | None:
        """The newest head that was kept at or before a moment."""
        heads = CheckpointStore(self.folder.heads, writable=False)
        try:
            return heads.known_at(moment)
        finally:
            heads.close()

    def head_of(self, note: bytes) -> PublishedHead:
        """The kept head whose note this is; `Stop` if this ledger kept none."""
        with closing(CheckpointStore(self.folder.heads, writable=False)) as heads:
            found = heads.get(note_digest(note))
        if found is None:
            hint = "`comity file` makes bundle and papers together"
            raise Stop("this ledger kept no head such as the one in that bundle", hint=hint)
        return found

    def known(self, case: Case, moment: datetime) -> Case:
        """What was on record of an order at a moment; now, all of it, whatever an entry says of when it was signed."""
        return case if moment >= self.now() - MINUTE else case.known(moment)

    def now(self) -> datetime:
        """The present moment, or the story's where that is ahead of ours."""
        return ledger_choice.now(str(self.folder.path))


@contextmanager
def reading(place: Path | None = None) -> Iterator[Reader]:
    """Open a ledger (by default the one this command is about); nothing is written, no key needed that is not here."""
    path = place or Path(ledger_choice.ledger_folder())
    folder = read_folder(path)
    told: Any = ledger_choice.story_of(str(path)).get("orders", {})
    with ExitStack() as opened:
        store = opened.enter_context(closing(EntryReader(folder.entries)))
        drawer = None
        if folder.drawer.exists():
            drawer = opened.enter_context(closing(SubjectKeyStore(folder.drawer, writable=False)))
        yield Reader(folder, store, CaseReader(folder, store, drawer), dict(told), drawer)
