"""Describe the files of a whole log, as its verification reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ledger.adapters.storage.connection import ReadableLocation
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.counterparties import Registers
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import MlDsa
from ledger.tlog.policy import Policy
from ledger.trust.trust_folder import Trust
from ledger.verify.heads import Heads
from ledger.verify.progress import VerificationLog

if TYPE_CHECKING:
    from ledger.application.integrity.audit import Audit

Progress = Callable[[int, int], None]  # entries done, entries in all


def no_progress(done: int, total: int) -> None:
    """Report no progress."""


class StoredEntries(Protocol):
    """The entries of a log, as its verification asks for single ones; the methods are those of `EntryReader`."""

    def size(self) -> int: ...
    def first(self, order: str) -> bytes | None: ...
    def at(self, index: int) -> bytes | None: ...
    def by_leaf(self, leaf: bytes) -> tuple[int, bytes] | None: ...
    def hashes(self, positions: Sequence[int]) -> list[bytes]: ...
    def close(self) -> None: ...


class ArchiveChecks(Protocol):
    """The checks of an archive that a ledger folder does not need; both raise `RecordError`."""

    def check_manifest(self, book: VerificationLog) -> None: ...
    def check_bound(
        self,
        walked: Audit,
        states: Heads,
        policy: Policy,
        trust: Trust | None,
        mldsa: MlDsa | None,
        now: datetime,
        book: VerificationLog,
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class LogFiles:
    """Hold the files of a whole log; none of them is verified yet.

    `place` has the entries, `heads` are kept notes by digest, `tokens` are time stamps by their path in a
    bundle. `checkpoint` is None if none was published; `policy` is the copy in the folder. `foreign` reads a
    file of another log by its name, `foreign_names` lists them, and `registers` reads the received registers
    of other logs. `audits` reads the files of auditors' statements. `of` names the log for people; `log_at`,
    `heads_at` and `entries_at` are the names of its parts in messages. `damage` is the error met in reading
    `heads`. `entries` opens the entries where `place` has no event store, as in an `archive`.
    """

    of: str
    origin: str
    place: ReadableLocation
    checkpoint: bytes | None
    policy: bytes | None
    test: bool = False
    heads: Mapping[str, bytes] = field(default_factory=dict)
    tokens: Mapping[str, bytes] = field(default_factory=dict)
    foreign: Callable[[str], bytes | None] = lambda name: None
    foreign_names: Callable[[], Sequence[str]] = lambda: ()
    registers: Callable[[], Registers] = dict
    audits: Callable[[], Mapping[str, bytes]] = dict
    log_at: str = "log"
    heads_at: str = "heads.db "
    entries_at: str = "entries.db"
    damage: LedgerError | None = None
    entries: Callable[[], StoredEntries] | None = None
    archive: ArchiveChecks | None = None

    def open_entries(self) -> StoredEntries:
        """Return the entries; the caller closes them. What `EntryReader` raises."""
        return EntryReader(self.place) if self.entries is None else self.entries()


@contextmanager
def reading_entries(files: LogFiles) -> Iterator[None]:
    """Raise damage of the event store as `RecordError` LOG-CORRUPT."""
    try:
        yield
    except LedgerError as fault:
        if fault.code != "LOG-CORRUPT":
            raise
        raise RecordError(fault.code, fault.says, where=files.entries_at) from fault
