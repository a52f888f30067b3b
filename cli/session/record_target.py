"""Where a command records: in the folder of a ledger, or at an office server (`cli.remote.server_target`)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from cli.exit_codes import Stop
from cli.remote.servers import chosen_url
from cli.session import ledger_choice
from cli.session.subjects import known_elsewhere, near
from cli.terminal.receipt import RecordReceipt
from ledger.command_line import quoted

if TYPE_CHECKING:
    from ledger.application.journal import Journal
    from ledger.application.record_fact import RecordPlan
    from ledger.application.write.draft import Draft
    from ledger.entries.case import Case, Entry
    from ledger.entries.envelope import Signer
    from ledger.entries.keyring import SigningOffice
    from ledger.entries.payload import Other


class RecordTarget(Protocol):
    """A ledger in which one command records; `registry` is the id of its register."""

    @property
    def origin(self) -> str: ...

    @property
    def registry(self) -> str: ...

    def now(self) -> datetime:
        """Return the present moment in UTC, whole seconds."""

    def entry_id(self) -> str | None:
        """Return the id that an entry gets if the user gives none; None if it is made when the entry is stored."""

    def size(self) -> int:
        """Return the number of entries in the log."""

    def find(self, name: str) -> str:
        """Return the id of the order that a name means; `LedgerError` ORDER-UNKNOWN, ORDER-AMBIGUOUS."""

    def case(self, order: str) -> Case:
        """Return the case of an order (its id), with what this command has recorded."""

    def register(self) -> Sequence[Entry]:
        """Return the entries of the register, without sealed values."""

    def entry_labels(self, label: str) -> Mapping[str, str]:
        """Return the leaf hash of each entry that a story gave a name in the order with this label."""

    def signer(
        self, kind: str, actor: str | None, role: str | None, key_file: str | None, order: str | None = None
    ) -> Signer:
        """Return who signs a fact of this kind: the named office, or the only one with a key on this machine.

        Its role is that in which it has signed in `order`, where several fit.
        """

    def newest_foreign(self, order: str, case: Case | None) -> Other | None:
        """Return which entry of another log arrived last in an order; None if none did."""

    def same_subjects(self, draft: Draft) -> list[str]:
        """Return a sentence for each data subject of a draft that other orders name too."""

    def similar_subjects(self, draft: Draft) -> list[str]:
        """Return a sentence for each other data subject with a name similar to a new one of a draft."""

    def prepare(self, draft: Draft, case: Case | None, *, unregistered: bool, lookalike: bool) -> RecordPlan:
        """Check the form of a draft, and return it with what the law would find; nothing is signed."""

    def preview(self, draft: Draft) -> Entry:
        """Return the entry that a draft would become."""

    def record(self, plan: RecordPlan) -> RecordReceipt:
        """Sign and record a prepared draft; durable on return."""

    def record_together(self, plans: Sequence[RecordPlan]) -> Sequence[RecordReceipt]:
        """Sign and record several prepared drafts, all or none; `LedgerError` FOLDER-ONLY at an office server."""

    def offices_here(self) -> Mapping[str, SigningOffice]:
        """Return the offices whose keys are on this machine, without the registrar."""


@dataclass(frozen=True)
class FolderTarget:
    """The ledger in a folder."""

    journal: Journal

    @property
    def origin(self) -> str:
        """The origin of the log."""
        return self.journal.origin

    @property
    def registry(self) -> str:
        """The id of the register."""
        return self.journal.registry

    def now(self) -> datetime:
        """Return the moment of the journal."""
        return self.journal.now()

    def entry_id(self) -> None:
        """Return None: the answer to a command here is not lost."""

    def size(self) -> int:
        """Return the number of entries in the log."""
        return self.journal.store.size()

    def find(self, name: str) -> str:
        """Return the id of the order that a name means."""
        from cli.session.open_ledger import find

        return find(self.journal, name)

    def case(self, order: str) -> Case:
        """Return the case of an order; sealed values are opened where their keys are in this ledger."""
        from cli.session.open_ledger import case

        return case(self.journal, order)

    def register(self) -> Sequence[Entry]:
        """Return the entries of the register, without sealed values."""
        return self.journal.cases.register(reveal=False)

    def entry_labels(self, label: str) -> Mapping[str, str]:
        """Return the names that a story gave the entries of an order."""
        labels: Mapping[str, str] = (
            ledger_choice.story_of(str(self.journal.folder.path)).get("entries", {}).get(label, {})
        )
        return labels

    def signer(
        self, kind: str, actor: str | None, role: str | None, key_file: str | None, order: str | None = None
    ) -> Signer:
        """Return who signs."""
        from cli.session.open_ledger import hand

        return hand(self.journal, kind, actor, role, key_file, order)

    def newest_foreign(self, order: str, case: Case | None) -> Other | None:
        """Return which entry of another log arrived last in an order."""
        from ledger.application.record_fact import newest_foreign

        return newest_foreign(self.journal, order, case)

    def same_subjects(self, draft: Draft) -> list[str]:
        """Return a sentence for each data subject that other orders name too."""
        return known_elsewhere(self.journal, draft.subjects.values(), draft.order)

    def similar_subjects(self, draft: Draft) -> list[str]:
        """Return a sentence for each data subject with a similar name."""
        keys = self.journal.subject_keys
        new = [name for name in dict.fromkeys(draft.subjects.values()) if keys and not keys.keys_of(name)]
        return [line for name in new for line in near(self.journal, name)]

    def prepare(self, draft: Draft, case: Case | None, *, unregistered: bool, lookalike: bool) -> RecordPlan:
        """Check the form of a draft, and return it with what the law would find."""
        from ledger.application.record_fact import prepare

        return prepare(self.journal, draft, case, unregistered=unregistered, lookalike=lookalike)

    def preview(self, draft: Draft) -> Entry:
        """Return the entry that a draft would become."""
        more = {"instrument": draft.instrument}
        return self.journal.preview(draft.fact, draft.order, draft.signer, draft.said, **more)

    def record(self, plan: RecordPlan) -> RecordReceipt:
        """Sign and record a prepared draft."""
        from ledger.application.record_fact import record

        return record(self.journal, plan)

    def record_together(self, plans: Sequence[RecordPlan]) -> Sequence[RecordReceipt]:
        """Sign and record several prepared drafts, all or none."""
        from ledger.application.record_fact import record_together

        return record_together(self.journal, plans)

    def offices_here(self) -> Mapping[str, SigningOffice]:
        """Return the offices whose keys are on this machine, without the registrar."""
        from ledger.adapters.keys.key_files import listed

        keyring = self.journal.read_keyring()
        mine = {public.hex() for public in listed(self.journal.home.keys).values()}
        registrar = self.journal.folder.registrar.actor
        held = (k for k in keyring.keys.values() if k.public in mine and k.ended is None and k.actor != registrar)
        return {k.actor: keyring.offices[k.actor] for k in held}


@contextmanager
def recording_at(actor: str | None, key_file: str | None) -> Iterator[RecordTarget]:
    """Open the ledger of this command for recording: its folder, or the one behind an office server."""
    from cli.session.open_ledger import secret, writing

    url = chosen_url()
    if url is None:
        with writing() as journal:
            yield FolderTarget(journal)
        return
    from cli.remote.server_target import recording_served

    with recording_served(url, secret, actor, key_file) as target:
        yield target


@dataclass(frozen=True)
class Place:
    """The order of a new fact, and its case so far; the case is None for a new order or the register."""

    target: RecordTarget
    order: str
    case: Case | None

    @classmethod
    def of(cls, target: RecordTarget, kind: str, name: str | None, entry: str | None) -> Place:
        """Return the place of the order with a name; `new` begins an order, and None means the register."""
        from ledger.entries.keyring import REGISTRY_ONLY, REGISTRY_TOO

        if name is None:
            if kind not in REGISTRY_ONLY | REGISTRY_TOO:
                raise Stop(f"{kind} is about an order: which?", hint=f"`comity record {quoted(kind)} ORDER ...`")
            return cls(target, target.registry, None)
        if name == "new":
            return cls(target, new_order(target.origin, entry), None)
        order = target.find(name)
        return cls(target, order, target.case(order))

    def event(self, text: str) -> str:
        """Return the leaf hash of an entry of this order: by `7` or `#7`, a story's label, or the start of its hash."""
        entries: Sequence[Entry] = () if self.case is None else self.case.entries
        own = {f"#{e.number}": e.leaf for e in entries if e.order == self.order or e.prefix}
        if self.case is not None and self.case.label is not None:
            own |= self.target.entry_labels(self.case.label)
        return ledger_choice.choose_entry(text, own, (e.leaf for e in entries))


def new_order(origin: str, entry: str | None) -> str:
    """Return the id of a new order: random, or derived from the entry id, so that repeating --id gives the same."""
    if entry is None:
        return str(uuid.uuid4())
    from ledger.entries.placement import order_begun_by

    return order_begun_by(origin, entry)
