"""Open a ledger for reading: its orders by name, as recorded now or at a moment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cli.exit_codes import Stop
from cli.remote.servers import chosen_url
from cli.session import ledger_choice
from cli.session.record_reader import DatedState, VerifiedBundle
from cli.terminal import output
from ledger.adapters.folders.ledger_folder import Folder, read_folder
from ledger.adapters.folders.order_names import names
from ledger.adapters.log.checkpoints import CheckpointStore, PublishedHead
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.application.case_reader import CaseReader
from ledger.application.subject_keys_binding import open_subject_keys
from ledger.entries.case import Case, Entry
from ledger.entries.envelope import OpenedEntry, entry_of, open_
from ledger.entries.keyring import Keyring
from ledger.entries.placement import Chains
from ledger.errors import LedgerError
from ledger.tlog.note import note_digest

if TYPE_CHECKING:
    from cli.remote.remote_reader import RemoteReader

PAGE = 500  # entries that are read together
MINUTE = timedelta(minutes=1)  # longer than a command takes between reading the clock and asking


class ReadRegister(Struct, frozen=True):
    """The register of a ledger as it was verified: its keys, its chain, and its entries by index."""

    keyring: Keyring
    chains: Chains
    entries: dict[int, OpenedEntry]


class LedgerReader(Struct, frozen=True):
    """One ledger, opened for reading; `labels` are the names that a story gave its orders (name -> id)."""

    folder: Folder
    store: EntryReader
    cases: CaseReader
    labels: dict[str, str]
    subject_keys: SubjectKeyStore | None
    # the register as last checked, by the inputs of the check (`cli.reports.integrity`)
    registers: dict[object, ReadRegister] = {}

    def find(self, name: str) -> str:
        """Return the id of the order named by a story's label, a reference, or the beginning of an id."""
        return self.labels.get(name) or self.cases.find(name)

    def near(self, name: str) -> list[str]:
        """Return the references and names that a mistyped name may mean."""
        return self.cases.near(name)

    def called(self, name: str) -> list[str]:
        """Return the id of every order that `name` fits, prefixes of ids included."""
        labelled = [self.labels[name]] if name in self.labels else []
        return [*labelled, *self.cases.named(name), *(order for order, _ in self.store.orders(name))]

    def names(self) -> dict[str, str]:
        """Return the names given to orders in this ledger's folder, by the id of the order."""
        return {order: name for name, order in names(self.folder.path).items()}

    def case(self, name: str) -> Case:
        """Return the case of an order; sealed values are opened where their keys are in this ledger."""
        order = self.find(name)
        return self.cases.case(order, label=self.label(order))

    @property
    def bundle(self) -> VerifiedBundle | None:
        """Return None: this is a ledger."""
        return None

    def around(self, order: str) -> dict[str, Case]:
        """Return the cases of an order and of every stored order that links reach from it, in both directions."""
        from projections.views.linked_orders import linked_cases

        def case(order: str) -> Case:
            return self.cases.case(order, label=self.label(order))

        def named_by(order: str) -> list[str]:
            return [self.main_of(each) or each for each in self.store.naming(order)]

        return linked_cases(order, case, self.holds, named_by)

    def holds(self, order: str) -> bool:
        """Return True if entries of an order are in this ledger."""
        return self.store.head(order) > 0

    def dated(self) -> list[DatedState]:
        """Return every kept head with its moment, of a cosigning witness or else of the log's own clock."""
        return [
            DatedState(head.size, head.at, "log", head.digest)
            if head.cosigned is None
            else DatedState(head.size, datetime.fromtimestamp(head.cosigned, UTC), "cosigned", head.digest)
            for head in self.kept_heads()
        ]

    def kept_heads(self) -> list[PublishedHead]:
        """Return every kept head, oldest first."""
        with closing(CheckpointStore(self.folder.heads, writable=False)) as heads:
            return heads.all()

    @property
    def origin(self) -> str:
        """The origin of the log."""
        return self.folder.origin

    def party(self) -> str:
        """Return the Party of the registrar, which keeps the ledger."""
        return self.folder.registrar.party

    def size(self) -> int:
        """Return the number of entries in the log."""
        return self.store.size()

    def register(self) -> Sequence[Entry]:
        """Return the entries of the register; sealed values are opened where their keys are in this ledger."""
        return self.cases.register()

    def keyring(self) -> Keyring:
        """Return the keys and offices of the register."""
        return self.cases.keyring()

    def entries(self, start: int, stop: int) -> Iterator[Entry]:
        """Iterate over the entries from index `start` on and below `stop`, without sealed values."""
        while page := self.store.page(start, min(PAGE, stop - start)) if start < stop else []:
            yield from (entry_of(open_(raw, verify=False), index) for index, raw in page)
            start = page[-1][0] + 1

    def signed_bytes(self, case: Case) -> dict[str, bytes]:
        """Return the signed bytes of every entry of a case and its companion, by leaf hash (hex)."""
        orders = dict.fromkeys(e.order for e in case.entries)
        return {opened.leaf: opened.raw for order in orders for _, opened in self.cases.opened(order)}

    def label(self, order: str) -> str | None:
        """Return the name that a story gave an order; None if it gave none."""
        return next((label for label, other in self.labels.items() if other == order), None)

    def all(self) -> Iterator[Case]:
        """Return an iterator over the case of every main order."""
        return (self.cases.case(order, label=self.label(order)) for order in self.cases.orders())

    def accesses(self) -> list[Entry]:
        """Return the entries of the access order: who opened which sealed values."""
        order = self.cases.access
        return list(self.cases.entries(order, self.cases.opened(order)))

    def of_subject(self, subject: str) -> set[str]:
        """Return the orders with values sealed for a data subject, by its name in this ledger; `Stop` if unknown."""
        from cli.session.subjects import subject_name

        keys = (
            self.subject_keys.keys_of(self.subject_keys.stored_name(subject_name(subject, self.find)))
            if self.subject_keys
            else {}
        )
        if not keys:
            hint = "by default values are sealed for 'target of ORDER'"
            raise Stop(f"no data subject is called {subject!r} here", hint=hint)
        orders = {order for key in keys for _, order, *_ in self.store.encrypted_with(key)}
        return {self.main_of(order) or order for order in orders}

    def main_of(self, order: str) -> str | None:
        """Return the main order of a companion; None for every other order."""
        return self.subject_keys.main_of(order) if self.subject_keys else None

    def head_at(self, moment: datetime) -> PublishedHead | None:
        """Return the newest kept head at or before a moment; None if there is none."""
        heads = CheckpointStore(self.folder.heads, writable=False)
        try:
            return heads.known_at(moment)
        finally:
            heads.close()

    def newest_head(self) -> PublishedHead | None:
        """Return the newest kept head; None if no checkpoint was made yet."""
        with closing(CheckpointStore(self.folder.heads, writable=False)) as heads:
            return heads.newest()

    def head_of(self, note: bytes) -> PublishedHead:
        """Return the kept head with this note; `Stop` if this ledger kept none."""
        with closing(CheckpointStore(self.folder.heads, writable=False)) as heads:
            head = heads.get(note_digest(note))
        if head is None:
            hint = "`comity file` makes bundle and papers together"
            raise Stop("this ledger kept no head such as the one in that bundle", hint=hint)
        return head

    def known(self, case: Case, moment: datetime) -> Case:
        """Return a case as recorded at a moment; the whole case if the moment is now.

        The time of signing that an entry states may be in the future, so a case of now is not filtered
        by it.
        """
        return case if moment >= self.now() - MINUTE else case.known(moment)

    def now(self) -> datetime:
        """Return the present moment in UTC, or that of the story's clock if it is ahead."""
        return ledger_choice.now(str(self.folder.path))


@contextmanager
def reading(place: Path | None = None) -> Iterator[LedgerReader]:
    """Open a ledger for reading, by default that of this command; nothing is written, and no key is required."""
    path = place or Path(ledger_choice.ledger_folder())
    folder = read_folder(path)
    labels: Any = ledger_choice.story_of(str(path)).get("orders", {})
    with ExitStack() as opened:
        store = opened.enter_context(closing(EntryReader(folder.entries)))
        if (subject_keys := open_subject_keys(folder, writable=False)) is not None:
            opened.enter_context(closing(subject_keys))
        yield LedgerReader(folder, store, CaseReader(folder, store, subject_keys), dict(labels), subject_keys)


@contextmanager
def reading_anywhere(*, describe: bool = True) -> Iterator[LedgerReader | RemoteReader]:
    """Open the ledger of this command for reading: a folder, or the one behind an office server.

    `describe` is False where a command answers nothing from it.
    """
    url = chosen_url()
    if url is None:
        with reading() as reader:
            yield reader
        return
    from cli.remote.remote_reader import served
    from cli.session.open_ledger import secret

    with served(url, secret, describe=describe) as remote:
        yield remote


def order_and_files(words: Sequence[str], usage: str) -> tuple[str, list[str]]:
    """Return the order and the files of a command that takes the order first; it may also come last, as before.

    The order is the first or the last word: the one that is no file, else the one that the ledger knows. `usage` is
    shown where the order came last. `Stop` for fewer than two words.
    """
    if len(words) < 2:
        raise Stop("which order, and which file?", hint=usage)
    at = next((n for n in (0, -1) if not os.path.exists(words[n]) and os.path.exists(words[-1 - n])), None)
    if at is None:
        at = next((n for n in (0, -1) if _is_order(words[n])), 0)
    if at == -1:
        output.tell(f"the order comes first: {usage}")
    return words[at], list(words[1:] if at == 0 else words[:-1])


def _is_order(name: str) -> bool:
    with reading_anywhere(describe=False) as reader:
        try:
            reader.find(name)
        except (LedgerError, Stop):
            return False
    return True
