"""Record the Parties, offices and keys of an address book in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cli.imports.tables import Wrong
from cli.offices.address_book import NEW, BookRow, refuse
from cli.terminal import output
from ledger.errors import RecordError

if TYPE_CHECKING:
    from ledger.adapters.keys.key_files import Key
    from ledger.application.journal import Journal
    from ledger.entries.envelope import Signer
    from ledger.entries.keyring import Keyring
    from ledger.facts import Fact


class OfficeItem(Struct, frozen=True):
    """A Party or an office of an address book, and the kinds of the entries that were recorded about it.

    `actor` is empty for a Party. `key` is the public key in hex, `file` the private key on this machine; both may be
    empty.
    """

    party: str
    actor: str
    roles: list[str]
    key: str
    file: str
    recorded: list[str]


def enrol_all(
    journal: Journal,
    rows: Sequence[BookRow],
    name: str,
    key_file: str | None,
    passphrase: Callable[[], bytes | None],
) -> list[OfficeItem]:
    """Record what the register lacks of an address book, all or nothing; return what was done for each Party and row.

    What is registered stays as it is, so the command can be repeated. Keys are made before anything is recorded.
    `passphrase` is called for each new key. Raises `Stop` after all faults were shown, and what
    `Journal.record_batch` raises.
    """
    from cli.session.open_ledger import hand
    from ledger.application.write.draft import Draft
    from ledger.entries.envelope import Circumstances

    registrar = hand(journal, "party-registered", journal.folder.registrar.actor, "ADM", key_file)
    plan = _Plan(journal, rows, registrar)
    refuse(name, plan.faults)
    plan.make_keys(passphrase)
    now = journal.now()
    if plan.facts:
        said = Circumstances(now, now)
        journal.record_batch([Draft(fact, journal.registry, signer, said) for fact, signer in plan.facts])
    for says in plan.unlike:
        output.tell(says)
    tell_of_keys_here(journal, {item.actor for item in plan.items if "key-accepted" in item.recorded})
    return plan.items


def lines(items: Sequence[OfficeItem]) -> list[str]:
    """Return what was done for each Party and office, in words."""
    return [_line(item) for item in items]


def _line(item: OfficeItem) -> str:
    if not item.actor:
        return f"registered Party {item.party}"
    done = [
        *(["registered"] if "authority-registered" in item.recorded else []),
        *(["key enrolled"] if "key-registered" in item.recorded else []),
        *(["accepted"] if "key-accepted" in item.recorded else []),
    ]
    waits = item.key and not item.file and "key-registered" in item.recorded
    then = f"; on its own machine: comity key accept {item.actor}" if waits else ""
    where = f", key {item.file}" if item.file else ""
    return f"{item.actor} of {item.party} as {', '.join(item.roles)}: {', '.join(done) or 'as before'}{where}{then}"


def tell_of_keys_here(journal: Journal, accepted: Set[str]) -> None:
    """Say, when the second office gets a key on this machine, that its account can sign for each of them.

    `accepted` are the offices whose keys have just been accepted.
    """
    from ledger.adapters.keys.key_files import listed

    here = {public.hex() for public in listed(journal.home.keys).values()}
    keyring = journal.read_keyring()
    actors = {k.actor for k in keyring.keys.values() if k.public in here and k.ended is None}
    offices = sorted(actors - {journal.folder.registrar.actor})
    if len(offices) > 1 and len(set(offices) - accepted) < 2:
        output.tell(
            f"the keys of {', '.join(offices)} are on this machine: one account can sign for each of them, "
            "and the record does not show that. Separate offices keep their keys on machines of their own."
        )


class _Plan:
    """The facts that the register lacks, each with its signer, in the order of the log; nothing is made or recorded.

    `faults` are the faults of rows. `unlike` says what the register has otherwise than the address book.
    """

    def __init__(self, journal: Journal, rows: Sequence[BookRow], registrar: Signer) -> None:
        self._journal, self._rows, self._registrar = journal, rows, registrar
        self._keyring: Keyring = journal.read_keyring()
        self.facts: list[tuple[Fact, Signer]] = []
        self.items: list[OfficeItem] = []
        self.faults: list[tuple[int, Wrong]] = []
        self.unlike: list[str] = []
        self._publics: dict[str, str] = {}  # actor -> public key that the row names, in hex
        self._opened: dict[Path, Key] = {}
        registered = {
            e.public["party"]: e.public for e in journal.cases.register(reveal=False) if e.kind == "party-registered"
        }
        for row in self._first_rows():
            self._party(row, registered.get(row.party))
        seen: set[str] = set()
        for row in rows:
            if row.actor in seen:
                self._fault(row, "actor", f"{row.actor} has a row already", "one row for each office")
            elif row.actor:
                seen.add(row.actor)
                self._office(row)

    def _fault(self, row: BookRow, column: str, says: str, hint: str = "") -> None:
        self.faults.append((row.number, Wrong(column, says, hint)))

    def _first_rows(self) -> list[BookRow]:
        """Return the first row of each Party; another zone in a later row is a fault."""
        first: dict[str, BookRow] = {}
        for row in self._rows:
            known = first.setdefault(row.party, row)
            if row.zone and row.zone != known.zone:
                if known.zone:
                    self._fault(row, "zone", f"{row.party} has the zone {known.zone} in row {known.number}")
                else:
                    first[row.party] = row
        return list(first.values())

    def _party(self, row: BookRow, registered: Any) -> None:
        if registered is not None:
            if row.zone and row.zone != registered["zone"]:
                again = f"comity record party-registered -f party={row.party} -f zone={row.zone} ... --as registrar"
                self.unlike.append(
                    f"{row.party} stays registered with the zone {registered['zone']}; {again} changes it"
                )
            return
        if not row.zone:
            hint = "an IANA name such as Europe/Oslo: deadlines end in this zone"
            self._fault(row, "zone", f"{row.party} is not registered yet: in which time zone is it?", hint)
            return
        fields = {
            "party": row.party,
            "names": row.party_names,
            "zone": row.zone,
            "in_force": list(row.in_force),
        }
        stated = {name: value for name, value in fields.items() if value}
        self._add(row, "party-registered", {**stated, "declarations_verified": row.declarations_verified})
        self.items.append(OfficeItem(row.party, "", [], "", "", ["party-registered"]))

    def _office(self, row: BookRow) -> None:
        office = self._keyring.offices.get(row.actor)
        recorded = []
        if office is None:
            day = self._journal.now().date().isoformat()
            fields = {"actor": row.actor, "party": row.party, "roles": list(row.roles), "valid_from": day}
            self._add(row, "authority-registered", fields | ({"names": row.names} if row.names else {}))
            recorded.append("authority-registered")
        elif office.party != row.party:
            self._fault(row, "party", f"{row.actor} is registered as an office of {office.party}")
        elif set(office.roles) != set(row.roles):
            change = "comity record authority-changed -f roles=... changes it"
            self.unlike.append(f"{row.actor} stays registered as {', '.join(office.roles)}; {change}")
        self._name_key(row)
        self.items.append(OfficeItem(row.party, row.actor, list(row.roles), "", "", recorded))

    def _name_key(self, row: BookRow) -> None:
        """Find the public key that a row names; a new one is made later."""
        from cli.exit_codes import Stop
        from cli.session.key_files import checked_name, public_key

        try:
            if row.key.lower() == NEW:
                checked_name(row.actor)
            elif row.key:
                self._publics[row.actor] = public_key(row.key)
        except Stop as stop:
            self._fault(row, "key", stop.message, stop.hint)
            return
        key = self._keyring.keys.get(self._publics.get(row.actor, ""))
        if key is not None and key.actor != row.actor:
            self._fault(row, "key", f"this is the key of {key.actor}", "each office has a key of its own")

    def _add(self, row: BookRow, kind: str, public: dict[str, Any], sealed: dict[str, Any] | None = None) -> None:
        """Add a fact that the registrar signs, after the check of its form."""
        from ledger.entries.form import RegisteredNames, slips
        from ledger.facts import build

        known = RegisteredNames({*self._keyring.offices, *(r.actor for r in self._rows)}, {r.party for r in self._rows})
        try:
            fact = build(kind, public, sealed or {})
            for slip in slips(fact, known, self._journal.now()):
                raise slip
        except RecordError as error:
            self._fault(row, error.where.rpartition(".")[2], error.says, error.hint)
        else:
            self.facts.append((fact, self._registrar))

    # -- keys ----------------------------------------------------------------------------------------------------------

    def make_keys(self, passphrase: Callable[[], bytes | None]) -> None:
        """Make the keys that rows ask for, and add the entries that enrol and accept the keys of all rows."""
        by_actor = {row.actor: row for row in self._rows if row.key}
        self.items = [
            self._enrolled(item, by_actor[item.actor], passphrase) if item.actor in by_actor else item
            for item in self.items
        ]

    def _enrolled(self, item: OfficeItem, row: BookRow, passphrase: Callable[[], bytes | None]) -> OfficeItem:
        public, file = self._key_of(row, passphrase)
        if not public:
            self.unlike.append(f"{row.actor} has a key in the register, and none was made: `comity key list` shows it")
            return item
        recorded = list(item.recorded)
        key = self._keyring.keys.get(public)
        roles = list(key.roles if key else row.roles)
        if key is None:
            fields = {"actor": row.actor, "key": public, "roles": roles}
            self._add(row, "key-registered", fields, {"holder": row.holder} if row.holder else {})
            recorded.append("key-registered")
        if file and (key is None or key.accepted is None):
            self._accept(row, roles[0], file)
            recorded.append("key-accepted")
        return OfficeItem(row.party, row.actor, list(row.roles), public, file, recorded)

    def _key_of(self, row: BookRow, passphrase: Callable[[], bytes | None]) -> tuple[str, str]:
        """Return the public key of a row in hex and its private file, empty if it is not here.

        No key is made for an office that has a current one elsewhere: the public key is then empty.
        """
        from ledger.adapters.keys import key_files

        folder = self._journal.home.keys
        here = {public.hex(): str(folder / name) for name, public in key_files.listed(folder).items()}
        if public := self._publics.get(row.actor, ""):
            return public, here.get(public, "")
        path = folder / row.actor
        key: Key
        if key_files.exists(path):
            key = self._open(path)
            key_files.finish(path, key.public)
        elif any(self._keyring.current(row.actor)):
            return "", ""
        else:
            key = self._opened[path] = key_files.new(path, passphrase=passphrase())
        return key.public.hex(), str(path)

    def _open(self, path: Path) -> Key:
        """Return a key of a file; a passphrase is asked for once."""
        from cli.session.open_ledger import opened

        if path not in self._opened:
            self._opened[path] = opened(str(path))
        return self._opened[path]

    def _accept(self, row: BookRow, role: str, file: str) -> None:
        from ledger.entries.envelope import Signer
        from ledger.facts import build

        key = self._open(Path(file))
        signer = Signer(row.actor, role, row.party, key.public, key.sign)
        self.facts.append((build("key-accepted", {"key": key.public.hex()}, {}), signer))
