"""Record at an office server: what is sealed and signed is made here, and its receipt is verified."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cli.exit_codes import Exit, Stop
from cli.remote.connected import connected, verified
from cli.remote.remote_reader import RemoteReader
from cli.remote.servers import only_in_a_folder
from cli.terminal import output
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import Key, listed
from ledger.adapters.keys.open_key import Secret, open_key
from ledger.adapters.storage.entry_store import Conflict
from ledger.application.record_fact import RecordPlan
from ledger.application.write.draft import Draft, check_entry_id
from ledger.entries.case import Case, Entry, check_dates
from ledger.entries.envelope import Circumstances, EntryPlace, OpenedEntry, Signer, check_unsigned
from ledger.entries.keyring import Keyring, SigningOffice, fitting_roles
from ledger.entries.payload import Other, SignedBy
from ledger.entries.replacement import readers
from ledger.errors import LedgerError
from ledger.facts import WHY, build, check_audience, public_of

if TYPE_CHECKING:
    from comity.remote.bundles import RemoteBundles
    from comity.remote.recording import Permissions, RecordedEntry


class ServerTarget:
    """The ledger behind an office server, for one command that records (`cli.session.record_target.RecordTarget`).

    Entries are signed by the key that signs the requests.
    """

    def __init__(self, reader: RemoteReader) -> None:
        self.reader = reader
        self._recorder = reader.ledger.recorder
        self._key = reader.ledger.key
        self._unregistered = self._lookalike = False
        self._entry = secrets.token_hex(16)
        self._stored: Entry | None = None
        self.origin = reader.origin
        self.registry = reader.ledger.reader.registry

    # -- reading ------------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Return the present moment in UTC, whole seconds."""
        return self.reader.now()

    def entry_id(self) -> str:
        """Return the id of the entry, of which the id of a new order is made: both can be repeated."""
        return self._entry

    def size(self) -> int:
        """Return the number of entries under the verified head."""
        return self.reader.size()

    def find(self, name: str) -> str:
        """Return the id of the order that a name means."""
        return self.reader.find(name)

    def case(self, order: str) -> Case:
        """Return the case of an order (its id), with what this command has recorded."""
        stored = self._stored
        if stored is None or stored.order != order:
            return self.reader.case(order)
        case = Case(order, "", (), self.register()) if stored.seq == 1 else self.reader.case(order)
        if any(e.leaf == stored.leaf for e in case.entries):
            return case
        return replace(case, instrument=stored.instrument or "", entries=(*case.entries, stored))

    def register(self) -> tuple[Entry, ...]:
        """Return the entries of the register, with what this command has recorded."""
        register, stored = self.reader.register(), self._stored
        if stored is None or stored.order != self.registry or any(e.leaf == stored.leaf for e in register):
            return register
        return (*register, stored)

    def entry_labels(self, label: str) -> Mapping[str, str]:
        """Return nothing: the names of a story stay in its folder."""
        return {}

    def newest_foreign(self, order: str, case: Case | None) -> Other | None:
        """Return None: a server shows the wrappers of other logs' entries, and not the entries."""
        return None

    def same_subjects(self, draft: Draft) -> list[str]:
        """Return nothing: the names of data subjects stay with their keys."""
        return []

    def similar_subjects(self, draft: Draft) -> list[str]:
        """Return nothing: the names of data subjects stay with their keys."""
        return []

    def offices_here(self) -> Mapping[str, SigningOffice]:
        """Return the offices whose keys are on this machine, without the registrar."""
        return self.reader.offices_here()

    def bundles(self) -> RemoteBundles:
        """Return what has bundles made by this server."""
        from comity.remote.bundles import RemoteBundles

        return RemoteBundles(self.reader.ledger.connection, self.reader.ledger.reader, self._recorder)

    # -- who signs ----------------------------------------------------------------------------------------------------

    def signer(
        self, kind: str, actor: str | None, role: str | None, key_file: str | None, order: str | None = None
    ) -> Signer:
        """Return who signs: the named office, or that of the key that asks; in the role that it has in `order`.

        `Stop` for an office that is not registered or has no key here, `RecordError` KEY-* as the ledger would raise.
        """
        keyring = self.reader.keyring()
        asking = keyring.keys.get(self._key.public.hex())
        name = actor or (asking.actor if asking else "")
        office = keyring.offices.get(name)
        if office is None:
            raise Stop(
                f"no office {name!r} in the register", hint=f"there are {', '.join(sorted(keyring.offices)[:8])}"
            )
        used = {e.role for e in (self.case(order).entries if order and role is None else ()) if e.by == name}
        fitting = fitting_roles(kind, office.roles, used)
        if role is None and len(fitting) != 1:
            raise Stop(f"{name} could sign {kind} as {' or '.join(fitting)}", hint="say which with --role")
        return self._signer(name, role or fitting[0], accepts=False)

    def _signer(self, actor: str, role: str, *, accepts: bool) -> Signer:
        keyring, key = self.reader.keyring(), self._key
        signed = SignedBy(key.public.hex(), actor, role, keyring.offices[actor].party)
        size = self.reader.ledger.reader.verifier.size
        keyring.check_key(signed, size, accepts=accepts)
        keyring.check_role(signed, size)
        return Signer(actor, role, signed.party, key.public, key.sign)

    def accept(self, actor: str) -> RecordedEntry:
        """Record that the holder of the key that asks accepts it; `Stop` unless it waits for that."""
        public = self._key.public.hex()
        waiting = {k.public: k for k in self.reader.keyring().keys.values() if k.actor == actor and k.accepted is None}
        if not waiting:
            raise Stop(
                f"no key of {actor} waits to be accepted",
                hint="it was accepted already, or the registrar has to enrol it: comity key enrol",
            )
        if public not in waiting:
            says = f"the key that asks is not the one that was enrolled for {actor}"
            raise Stop(says, hint="--key FILE names it", code=Exit.REFUSED)
        now = self.now()
        fact = build("key-accepted", {"key": public}, {})
        signer = self._signer(actor, waiting[public].roles[0], accepts=True)
        return self.record(RecordPlan(Draft(fact, self.registry, signer, Circumstances(now, now))))

    # -- recording ----------------------------------------------------------------------------------------------------

    def prepare(self, draft: Draft, case: Case | None, *, unregistered: bool, lookalike: bool) -> RecordPlan:
        """Check the form of a draft, and return it with what the law would find; nothing is signed or sent.

        The server checks the reference of a new order when the entry is sent: it alone knows which are taken.
        """
        from comity.remote.recording import check_kind

        check_kind(draft.fact.kind)
        if draft.subjects:
            raise only_in_a_folder("--subject")
        if draft.entry is not None:
            check_entry_id(draft.entry)
            if self._on_record(draft) is not None:
                return RecordPlan(draft, recorded=True)
        if draft.said.audience:
            check_audience(draft.fact.kind, draft.said.audience)
        check_dates(draft.said.on, draft.said.signed_at)
        self._unregistered, self._lookalike = unregistered, lookalike
        self._recorder.check_form(draft.fact, draft.said, None if case is None else draft.order, self._without())
        instrument = _instrument(draft)
        check_unsigned(
            draft.fact, EntryPlace(self.origin, draft.order, 1, None, instrument), draft.signer, self._complete(draft)
        )
        if draft.order == self.registry:
            return RecordPlan(draft)
        if case is not None and (closed := sum(len(e.sealed) for e in case.entries)):
            sealed = output.counted(closed, "sealed value", "sealed values")
            output.tell(f"findings are computed without {sealed} of this order, which the server shows to no caller")
        case = case or Case(draft.order, "", (), self.register())
        return RecordPlan(draft, self._recorder.findings(draft.fact, case, draft.signer, draft.said, instrument))

    def _without(self) -> Permissions:
        from comity.remote.recording import Permissions

        return Permissions(self._unregistered, self._lookalike)

    def preview(self, draft: Draft) -> Entry:
        """Return the entry that a draft would become."""
        case = Case(draft.order, "", (), self.register())
        return self._recorder.draft(draft.fact, case, draft.signer, draft.said, _instrument(draft))

    def record(self, plan: RecordPlan) -> RecordedEntry:
        """Sign and send a prepared draft, and return its receipt after it was verified.

        The same bytes are sent again while no answer comes. If none comes at all, `LedgerError` HTTP-SILENT names the
        id by which the command can be repeated: it is then recorded once.
        """
        draft = plan.draft
        entry = draft.entry or self._entry
        placed = self._on_record(draft) if plan.recorded else None
        with verified():
            if placed is not None:
                return self._recorder.again(placed)
            try:
                receipt = self._send(draft, entry)
            except LedgerError as fault:
                if fault.code != "HTTP-SILENT":
                    raise
                hint = f"nothing shows whether it was recorded: the same command with --id {entry} records it once"
                raise LedgerError(fault.code, fault.says, hint) from None
        self._stored = replace(
            self.preview(draft), leaf=receipt.leaf, index=receipt.index, seq=receipt.seq, order=receipt.order
        )
        output.tell(f"{self.reader.url}: the receipt was verified: the log has the entry at index {receipt.index}")
        return receipt

    def record_together(self, plans: Sequence[RecordPlan]) -> Sequence[RecordedEntry]:
        """Refuse it: a server takes one entry at a time."""
        raise only_in_a_folder("an entry together with others")

    def _send(self, draft: Draft, entry: str) -> RecordedEntry:
        said, fact = self._complete(draft), draft.fact
        if draft.order == self.registry or draft.order in self.reader.orders_read():
            return self._recorder.add(fact, draft.order, draft.signer, said, self._without(), entry)
        without = self._without()
        return self._recorder.begin(fact, draft.order, _instrument(draft), draft.signer, said, without, entry)

    def _complete(self, draft: Draft) -> Circumstances:
        """Return the circumstances with the roles that may read why an entry is replaced, as the ledger adds them."""
        said = draft.said
        if said.why is None or said.replaces is None or WHY.name in (said.audience or {}):
            return said
        old = next((o for _, o in self.reader.placed(draft.order) if o.leaf == said.replaces), None)
        return (
            said if old is None else replace(said, audience={**(said.audience or {}), WHY.name: readers(old.payload)})
        )

    def _on_record(self, draft: Draft) -> tuple[int, OpenedEntry] | None:
        """Return the entry with the id of a draft; None if there is none, CONFLICT if it states something else."""
        conflict: Conflict | None = None
        with verified():
            try:
                return self._recorder.recorded(draft.fact, draft.order, draft.signer, draft.said, draft.entry or "")
            except Conflict as wrong:  # no false answer
                conflict = wrong
        raise conflict


def _instrument(draft: Draft) -> str | None:
    """Return the instrument of an order that begins with a draft."""
    named: str | None = public_of(draft.fact).get("instrument")
    return named or draft.instrument


@contextmanager
def recording_served(url: str, secret: Secret, actor: str | None, key_file: str | None) -> Iterator[ServerTarget]:
    """Open the ledger behind a server for recording: with the key of the file, else with one of the office here."""
    with ExitStack() as opened:
        ledger = opened.enter_context(connected(url, secret, key_file, actor))
        if key_file is None and actor is not None:
            keyring = RemoteReader(url, ledger).keyring()
            asking = keyring.keys.get(ledger.key.public.hex())
            if actor in keyring.offices and (asking is None or asking.actor != actor):
                ledger = opened.enter_context(connected(url, secret, _held(keyring, actor, secret)))
        yield ServerTarget(RemoteReader(url, ledger))


def _held(keyring: Keyring, actor: str, secret: Secret) -> Key:
    """Return the key of an office that is on this machine; `Stop` if there is none."""
    home, current = Home.user(), {k.public for k in keyring.current(actor)}
    for name, public in listed(home.keys).items():
        if public.hex() in current:
            return open_key(str(home.keys / name), secret)
    lacks = f"no key here ({home.keys})" if current else "no key that may sign now"
    raise Stop(f"{actor} has {lacks}", hint="--key FILE names one", code=Exit.UNDECIDABLE)
