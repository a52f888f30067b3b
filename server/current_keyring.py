"""The keyring of the register as it is now: who asks, and which offices and keys are registered."""

from __future__ import annotations

from collections.abc import Callable, Collection
from copy import copy
from threading import Lock

from ledger.application.case_reader import CaseReader
from ledger.entries.form import RegisteredNames
from ledger.entries.keyring import RegisteredKey
from server.access import Caller, caller_of, caller_of_account, caller_of_guest


class CurrentKeyring:
    """The offices and keys of one ledger. `lock` is held while entries are read, `size` counts the entries."""

    def __init__(self, cases: CaseReader, size: Callable[[], int], lock: Lock) -> None:
        self._cases = cases
        self._size = size
        self._lock = lock

    def caller(self, key: str) -> Caller:
        """Return the office of a key (hex); `RecordError` KEY-UNKNOWN, KEY-ENDED."""
        with self._lock:
            return caller_of(self._cases.keyring(), key, self._size())

    def person(self, account: str, office: str, roles: Collection[str], own: frozenset[str]) -> Caller:
        """Return the person of an account; `RecordError` API-DENIED if the register has no such office."""
        with self._lock:
            return caller_of_account(self._cases.keyring(), account, office, roles, own, self._size())

    def guest(self, account: str, office: str, own: frozenset[str]) -> Caller:
        """Return the guest of an account; `RecordError` API-DENIED if the register has no such office."""
        with self._lock:
            return caller_of_guest(self._cases.keyring(), account, office, own, self._size())

    def offices(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Return the Party and the present roles of each office of the register."""
        with self._lock:
            size = self._size()
            offices = self._cases.keyring().offices.items()
            return {actor: (office.party, tuple(office.roles_at(size))) for actor, office in offices}

    def knows(self, key: str) -> bool:
        """Return True if the register has a key (hex)."""
        with self._lock:
            return key in self._cases.keyring().keys

    def keys_of(self, actor: str) -> list[RegisteredKey]:
        """Return the keys of an office, in the order in which they entered the register."""
        with self._lock:
            return [copy(key) for key in self._cases.keyring().keys.values() if key.actor == actor]

    def known(self) -> RegisteredNames:
        """Return the names of the register, for the check of the form of a new entry."""
        with self._lock:
            return self._cases.known(self._cases.keyring())
