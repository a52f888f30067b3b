"""Plan the entries of an address book: what the register lacks, and the faults of each row; nothing is recorded."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from cli.exit_codes import Stop
from cli.imports.tables import Wrong
from cli.offices.address_book import NEW, BookRow
from ledger.command_line import quoted
from ledger.errors import RecordError

if TYPE_CHECKING:
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


class Register(Struct, frozen=True):
    """What an address book is added to; `parties` has the fields of party-registered by the code of the Party."""

    log: str
    keyring: Keyring
    parties: Mapping[str, Mapping[str, Any]]
    size: int
    now: datetime
    keys: Path

    @classmethod
    def of(cls, journal: Journal) -> Register:
        """Return the register of a ledger."""
        kinds = (e for e in journal.cases.register(reveal=False) if e.kind == "party-registered")
        parties = {e.public["party"]: e.public for e in kinds}
        size = journal.store.size()
        return cls(journal.origin, journal.read_keyring(), parties, size, journal.now(), journal.home.keys)


class Keys(Protocol):
    """Define the private keys of a machine, by their files."""

    def public(self, file: Path) -> bytes:
        """Return the raw public key of a file, which need not be there yet."""
        ...

    def sign(self, file: Path, message: bytes) -> bytes:
        """Sign a message with the key in a file; return the signature."""
        ...


class EnrolmentPlan:
    """The facts that the register lacks, each with its signer, in the order of the log.

    `faults` are the faults of rows, also of a row that the ledger would refuse. `unlike` says what the register has
    otherwise than the address book. Keys of `keys` sign when the facts are recorded.
    """

    def __init__(self, register: Register, rows: Sequence[BookRow], registrar: Signer, keys: Keys) -> None:
        self._register, self._rows, self._registrar, self._keys = register, rows, registrar, keys
        self._keyring = copy.deepcopy(register.keyring)  # after the facts of the plan
        self.facts: list[tuple[Fact, Signer]] = []
        self.items: list[OfficeItem] = []
        self.faults: list[tuple[int, Wrong]] = []
        self.unlike: list[str] = []
        for row in self._first_rows():
            self._party(row, register.parties.get(row.party))
        seen: set[str] = set()
        for row in rows:
            if row.actor in seen:
                self._fault(row, "actor", f"{row.actor} has a row already", _another_person(row))
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

    def _party(self, row: BookRow, registered: Mapping[str, Any] | None) -> None:
        if registered is not None:
            if row.zone and row.zone != registered["zone"]:
                changed = f"-f party={quoted(row.party)} -f zone={quoted(row.zone)}"
                again = f"comity record party-registered {changed} ... --as registrar"
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
            day = self._register.now.date().isoformat()
            fields = {"actor": row.actor, "party": row.party, "roles": list(row.roles), "valid_from": day}
            if not self._add(row, "authority-registered", fields | ({"names": row.names} if row.names else {})):
                return
            recorded.append("authority-registered")
        elif office.party != row.party:
            self._fault(row, "party", f"{row.actor} is registered as an office of {office.party}")
            return
        elif set(office.roles) != set(row.roles):
            change = "comity record authority-changed -f roles=... changes it"
            self.unlike.append(f"{row.actor} stays registered as {', '.join(office.roles)}; {change}")
        public, file = self._key(row, recorded) if row.key else ("", "")
        self.items.append(OfficeItem(row.party, row.actor, list(row.roles), public, file, recorded))

    def _key(self, row: BookRow, recorded: list[str]) -> tuple[str, str]:
        """Add the entries that enrol and accept the key of a row; return the public key in hex and its private file.

        Both are empty where no key is made, the file also where it is not on this machine.
        """
        try:
            public, file = self._named(row)
        except Stop as stop:
            self._fault(row, "key", stop.message, stop.hint)
            return "", ""
        if not public:
            self.unlike.append(f"{row.actor} has a key in the register, and none was made: `comity key list` shows it")
            return "", ""
        key = self._keyring.keys.get(public)
        if key is not None and key.actor != row.actor:
            self._fault(row, "key", f"this is the key of {key.actor}", "each office has a key of its own")
            return "", ""
        roles = list(key.roles if key else row.roles)
        if key is None:
            fields = {"actor": row.actor, "key": public, "roles": roles}
            if not self._add(row, "key-registered", fields, {"holder": row.holder} if row.holder else {}):
                return "", ""
            recorded.append("key-registered")
        if key is None or key.accepted is None:
            signs = self._roles_that_sign(row.actor, roles)
            if not signs:
                hint = "leave the column empty for an office that does not sign"
                self._fault(row, "key", f"{row.actor} cannot sign as {', '.join(roles)}", hint)
            elif file:
                self._accept(row, signs[0], public, Path(file))
                recorded.append("key-accepted")
        return public, file

    def _roles_that_sign(self, actor: str, roles: Sequence[str]) -> list[str]:
        from ledger.facts import KINDS

        held = self._keyring.offices[actor].roles
        return [role for role in roles if role in held and role in KINDS["key-accepted"].signers]

    def _named(self, row: BookRow) -> tuple[str, str]:
        """Return the public key of a row in hex and its private file, empty if it is not here.

        No key is made for an office that has a current one elsewhere: both are then empty.
        """
        from cli.session.key_files import new_key_name, public_key
        from ledger.adapters.keys import key_files

        if row.key.lower() != NEW:
            public = public_key(row.key)
            here = {key.hex(): name for name, key in key_files.listed(self._register.keys).items()}
            return public, str(self._register.keys / here[public]) if public in here else ""
        file = self._register.keys / new_key_name(row.actor)
        if not key_files.exists(file) and any(self._keyring.current(row.actor)):
            return "", ""
        return self._keys.public(file).hex(), str(file)

    def _accept(self, row: BookRow, role: str, public: str, file: Path) -> None:
        from ledger.entries.envelope import Signer

        signer = Signer(row.actor, role, row.party, bytes.fromhex(public), lambda body: self._keys.sign(file, body))
        self._add(row, "key-accepted", {"key": public}, signer=signer)

    def _add(
        self,
        row: BookRow,
        kind: str,
        public: dict[str, Any],
        sealed: dict[str, Any] | None = None,
        signer: Signer | None = None,
    ) -> bool:
        """Add a fact, by default one that the registrar signs; return False if the ledger would refuse it."""
        from ledger.entries.envelope import Circumstances, EntryPlace, check_unsigned
        from ledger.entries.form import RegisteredNames, slips
        from ledger.facts import build

        signer, now = signer or self._registrar, self._register.now
        known = RegisteredNames(
            {*self._keyring.offices, *(r.actor for r in self._rows)},
            {*self._register.parties, *(r.party for r in self._rows)},
        )
        place = EntryPlace(self._register.log, self._keyring.registry, 1, None, None)
        try:
            fact = build(kind, public, sealed or {})
            for slip in slips(fact, known, now):
                raise slip
            entry = check_unsigned(fact, place, signer, Circumstances(now, now))
            self._keyring.admit(entry, self._register.size + len(self.facts))
        except RecordError as error:
            self._fault(row, _column(error.where), error.says, error.hint)
            return False
        self.facts.append((fact, signer))
        return True


def _column(where: str) -> str:
    """Return the column of a field, as `name_de` of `authority-registered.names.de`; empty without a field."""
    kind, _, path = where.partition(".")
    field, _, language = path.partition(".")
    if field == "names":
        name = "party_name" if kind == "party-registered" else "name"
        return name if language in ("", "en") else f"{name}_{language}"
    return field.partition("[")[0]


def _another_person(row: BookRow) -> str:
    """Return how a second person of an office gets a key, which an address book does not say."""
    actor = quoted(row.actor)
    roles = " ".join(f"--role {quoted(role)}" for role in row.roles)
    return (
        f"one row for each office; a second person gets another key: `comity key new {quoted(f'{row.actor}-2')}`, then "
        f"`comity key enrol {actor} --public FILE.pub {roles} --holder {quoted(row.holder or 'NAME')}`, then "
        f"`comity key accept {actor}`"
    )
