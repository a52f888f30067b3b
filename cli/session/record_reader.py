"""Define what the commands that read an order ask of a record: of a ledger, or of a verified bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from ledger.bundle.manifest import Manifest
    from ledger.entries.case import Case
    from ledger.verify.report import Report


class VerifiedBundle(Struct, frozen=True):
    """An evidence bundle that is read in the place of a ledger: its file, its manifest, and the verdict on it."""

    file: str
    manifest: Manifest
    report: Report

    @property
    def withheld(self) -> int:
        """The number of sealed values that the bundle does not open."""
        return self.manifest.withheld_count

    @property
    def unread(self) -> int:
        """The number of proven entries that are neither of the order of the bundle nor of the register."""
        case = self.report.case
        read = {entry.index for entry in (*case.entries, *case.registry)} if case else set()
        return self.report.entries - len(read)


class DatedState(Struct, frozen=True):
    """A state of the log: its size, the digest of its note, its moment, and who gives that moment.

    `clock` is cosigned (a witness or time-stamp authority), log (the clock of the log), or claimed (the signers).
    """

    size: int
    at: datetime
    clock: str
    digest: str = ""


class RecordReader(Protocol):
    """An order that can be read, and the orders linked with it.

    `bundle` is None for a ledger. Of a bundle only what it carries can be read: one order, as of the moment at which
    the bundle was made, with the values that it opens.
    """

    @property
    def bundle(self) -> VerifiedBundle | None:
        """The bundle that is read; None for a ledger."""

    def find(self, name: str) -> str:
        """Return the id of the order that a name means."""

    def case(self, name: str) -> Case:
        """Return the case of an order."""

    def known(self, case: Case, moment: datetime) -> Case:
        """Return a case as recorded at a moment."""

    def now(self) -> datetime:
        """Return the moment of the record: the present one, or that of a bundle."""

    def around(self, order: str) -> Mapping[str, Case]:
        """Return the case of an order, and of every order here that links reach from it, by their ids."""

    def holds(self, order: str) -> bool:
        """Return True if entries of an order are here."""

    def dated(self) -> Sequence[DatedState]:
        """Return the dated states of the log, oldest first."""
