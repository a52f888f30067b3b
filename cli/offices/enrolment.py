"""Record the Parties, offices and keys of an address book in one transaction.

All entries are planned twice: first with public keys that stand in for the keys to be made, to ask for each entry
whether the ledger would take it, and then with the keys.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence, Set
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.offices.address_book import BookRow, refuse
from cli.offices.enrolment_plan import EnrolmentPlan, OfficeItem, Register
from cli.terminal import output
from ledger.command_line import quoted

if TYPE_CHECKING:
    from ledger.adapters.keys.key_files import Key
    from ledger.application.journal import Journal


def check_new(origin: str, registrar: str, party: str, key_file: Path, rows: Sequence[BookRow], name: str) -> None:
    """Check an address book with which a ledger is to begin: `Stop` after all faults were shown; nothing is made."""
    from ledger.adapters.folders.user_folders import Home
    from ledger.entries.envelope import Signer
    from ledger.entries.keyring import Keyring, Registrar

    keys = StandInKeys()
    public = keys.public(key_file)
    keyring = Keyring("", Registrar(registrar, party, public.hex()))
    register = Register(origin, keyring, {}, 0, datetime.now(UTC), Home.user().keys)
    signer = Signer(registrar, "ADM", party, public, lambda body: keys.sign(key_file, body))
    refuse(name, EnrolmentPlan(register, rows, signer, keys).faults)


def enrol_all(
    journal: Journal,
    rows: Sequence[BookRow],
    name: str,
    key_file: str | None,
    passphrase: Callable[[], bytes | None],
) -> list[OfficeItem]:
    """Record what the register lacks of an address book, all or nothing; return what was done for each Party and row.

    What is registered stays as it is, so the command can be repeated. Keys are made after all rows were checked.
    `passphrase` is called for each new key. Raises `Stop` after all faults were shown, and what
    `Journal.record_batch` raises.
    """
    from cli.session.open_ledger import hand
    from ledger.application.write.draft import Draft
    from ledger.entries.envelope import Circumstances

    registrar = hand(journal, "party-registered", journal.folder.registrar.actor, "ADM", key_file)
    register = Register.of(journal)
    refuse(name, EnrolmentPlan(register, rows, registrar, StandInKeys()).faults)
    plan = EnrolmentPlan(register, rows, registrar, KeyFiles(passphrase))
    if plan.facts:
        said = Circumstances(register.now, register.now)
        journal.record_batch([Draft(fact, journal.registry, signer, said) for fact, signer in plan.facts])
    for says in plan.unlike:
        output.tell(says)
    tell_of_keys_here(journal, {item.actor for item in plan.items if "key-accepted" in item.recorded})
    return plan.items


class StandInKeys:
    """Public keys of files, and for a file that is not there yet a public key for a check; they sign nothing."""

    def __init__(self) -> None:
        self._publics: dict[Path, bytes] = {}

    def public(self, file: Path) -> bytes:
        """Return the public key of a file, else one whose private key is thrown away; the same each time."""
        from ledger.adapters.keys.key_files import SeedKey, public_of

        if file not in self._publics:
            self._publics[file] = public_of(file) or SeedKey(secrets.token_bytes(32)).public
        return self._publics[file]

    def sign(self, file: Path, message: bytes) -> bytes:
        """Raise `ValueError`: what is checked is not signed."""
        raise ValueError(f"{file} is not opened for a check")


class KeyFiles:
    """Private keys that are opened or made when they are needed, each once."""

    def __init__(self, passphrase: Callable[[], bytes | None]) -> None:
        self._passphrase = passphrase
        self._keys: dict[Path, Key] = {}

    def public(self, file: Path) -> bytes:
        """Return the public key of a file; the key is made if there is none."""
        return self._key(file).public

    def sign(self, file: Path, message: bytes) -> bytes:
        """Return the signature of the key of a file."""
        return self._key(file).sign(message)

    def _key(self, file: Path) -> Key:
        from cli.session.open_ledger import opened
        from ledger.adapters.keys import key_files

        if file not in self._keys:
            if key_files.exists(file):
                self._keys[file] = opened(str(file))
                key_files.finish(file, self._keys[file].public)
            else:
                self._keys[file] = key_files.new(file, passphrase=self._passphrase())
        return self._keys[file]


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
    then = f"; on its own machine: comity key accept {quoted(item.actor)}" if waits else ""
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
