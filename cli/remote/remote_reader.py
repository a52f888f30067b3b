"""Read the orders of a ledger behind an office server as the commands read those of a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Never

from cli.remote.connected import connected, verified
from cli.terminal import output
from cli.terminal.answer import ServerItem
from ledger.entries.case import Case, Entry
from ledger.entries.envelope import OpenedEntry
from ledger.entries.keyring import Keyring, SigningOffice
from ledger.entries.wrapped_entry import KIND
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Head
from projections.views.linked_orders import linked_cases

if TYPE_CHECKING:
    from comity.remote.ledger import RemoteLedger
    from ledger.adapters.keys.open_key import Secret

MINUTE = timedelta(minutes=1)  # as `cli.session.ledger_reader.MINUTE`


class RemoteReader:
    """One ledger behind a server. An order is read once in a command, so that all of its answer is of one state.

    Its sealed values are shown to no caller, and its names and labels are those of a folder elsewhere.
    """

    def __init__(self, url: str, ledger: RemoteLedger) -> None:
        self.url = url
        self.ledger = ledger
        self._reader = ledger.reader
        self._verifier = ledger.reader.verifier
        self.origin = ledger.origin
        self._cases: dict[str, Case] = {}
        self._names: dict[str, str] = {}
        self._proven: int | None = None  # the smallest one of the orders that were read by name
        self._lists = False  # an answer has a list, of which nothing shows that it is whole
        self._linked = False  # linked orders were asked for
        self._withheld = self._wrapped = 0
        self._register: tuple[Entry, ...] | None = None

    # -- one order ----------------------------------------------------------------------------------------------------

    @property
    def bundle(self) -> None:
        """Return None: this is a ledger."""

    def find(self, name: str) -> str:
        """Return the id of the order of an id, the beginning of one, a reference, or OFFICE/REFERENCE.

        `LedgerError` ORDER-UNKNOWN, ORDER-AMBIGUOUS.
        """
        from comity.remote.reader import is_named

        if name not in self._names:
            try:
                with verified():
                    order = self._reader.find(name)
                    if not is_named(name, self._case(order)):
                        says = f"the server shows order {order}, and its entries do not state the name {name!r}"
                        raise RecordError("API-FALSE", says, hint="give the id of the order")
            except RecordError as refused:
                if refused.code != "API-MISSING":
                    raise
                says = f"there is no order {name!r} that this key may see"
                raise LedgerError("ORDER-UNKNOWN", says, "`comity orders` lists them") from None
            self._names[name] = order
        return self._names[name]

    def case(self, name: str) -> Case:
        """Return the case of an order, without sealed values."""
        return self._case(self.find(name))

    def _case(self, order: str) -> Case:
        if order not in self._cases:
            case = self._cases[order] = self._reader.case(order)
            self._count(case)
            proven = self._reader.proven(order)
            self._proven = proven if self._proven is None else min(proven, self._proven)
        return self._cases[order]

    def orders_read(self) -> Set[str]:
        """Return the ids of the orders that were read by name."""
        return self._cases.keys()

    def known(self, case: Case, moment: datetime) -> Case:
        """Return a case as recorded at a moment; the whole case if the moment is now."""
        return case if moment >= self.now() - MINUTE else case.known(moment)

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC).replace(microsecond=0)

    def around(self, order: str) -> Mapping[str, Case]:
        """Return the cases of an order and of every order that links reach from it, as far as this key may see."""
        self._linked = True
        with verified():
            return linked_cases(order, self._case, self.holds, self._reader.linked)

    def holds(self, order: str) -> bool:
        """Return True if the server shows this key the order of an id."""
        try:
            with verified():
                self._case(order)
        except RecordError as refused:
            if refused.code != "API-MISSING":
                raise
            return False
        return True

    def dated(self) -> Sequence[Never]:
        """Return nothing: the server shows no kept heads."""
        return ()

    # -- all orders, and the log --------------------------------------------------------------------------------------

    def all(self) -> Iterator[Case]:
        """Iterate over the cases of the orders that this key may see."""
        self._lists = True
        with verified():
            for case in self._reader.listed():
                self._count(case)
                yield case

    def near(self, name: str) -> list[str]:
        """Return no name: the server is asked for an order by its name."""
        return []

    def names(self) -> dict[str, str]:
        """Return no name: `comity order rename` keeps names in the folder of the ledger."""
        return {}

    def label(self, order: str) -> None:
        """Return None: the names of a story stay in its folder."""

    def main_of(self, order: str) -> str | None:
        """Return the main order of a companion that was read; None for every other order."""
        return self._verifier.main_of(order)

    def head(self) -> Head:
        """Return the verified head as it is now."""
        with verified():
            return self._reader.head()

    def size(self) -> int:
        """Return the number of entries under the verified head."""
        return self.head().checkpoint.size

    def register(self) -> tuple[Entry, ...]:
        """Return the entries of the register, read once in a command."""
        if self._register is None:
            with verified():
                self._register = self._reader.register()
        return self._register

    def entries(self, start: int, stop: int) -> Iterator[Entry]:
        """Iterate over the entries from index `start` on and below `stop` that this key may see."""
        self._lists = True
        with verified():
            for e in self._reader.entries(start, stop):
                self._withheld += len(e.sealed)
                yield e

    def placed(self, order: str) -> list[tuple[int, OpenedEntry]]:
        """Return the entries of an order that was read, or of the register, with their indexes in the log."""
        if order == self._reader.registry:
            self.register()
            return self._verifier.register
        return self._reader.placed(order)

    def signed_bytes(self, case: Case) -> dict[str, bytes]:
        """Return the signed bytes of every entry of a case that was read, and of its companion, by leaf hash (hex)."""
        return {opened.leaf: opened.raw for _, opened in self.placed(case.order)}

    def keyring(self) -> Keyring:
        """Return the keys and offices of the register."""
        self.register()
        return self._verifier.keyring

    def party(self) -> str:
        """Return the Party of the registrar."""
        return self._verifier.registrar.party

    def offices_here(self) -> dict[str, SigningOffice]:
        """Return the offices whose keys are on this machine and have not ended, without the registrar."""
        from ledger.adapters.folders.user_folders import Home
        from ledger.adapters.keys.key_files import listed

        keyring = self._verifier.keyring
        mine = {public.hex() for public in listed(Home.user().keys).values()}
        here = {
            k.actor: keyring.offices[k.actor] for k in keyring.keys.values() if k.public in mine and k.ended is None
        }
        here.pop(self._verifier.registrar.actor, None)
        return here

    # -- how far it is proven -----------------------------------------------------------------------------------------

    def _count(self, case: Case) -> None:
        self._withheld += sum(len(e.sealed) for e in case.entries)
        self._wrapped += sum(e.kind == KIND for e in case.entries)

    def item(self) -> ServerItem:
        """Return what was read, as part of an answer."""
        parts = []
        proven = None if self._lists else self._proven
        if proven is None:
            parts.append("only the server says that nothing is left out")
        elif proven == 0:
            parts.append("only the server says that no entry is left out: no committed heads show it")
        else:
            parts.append(f"no entry is left out below {proven}; only the server says that there is no later one")
        if self._linked:
            parts.append("only the server says that no other order names this one")
        if self._withheld:
            closed = output.counted(self._withheld, "sealed value is", "sealed values are")
            parts.append(f"{closed} shown to no caller: findings may be missing, or a gap be found, because of that")
        if self._wrapped:
            others = output.counted(self._wrapped, "entry of another log counts", "entries of other logs count")
            parts.append(f"{others} as what the wrapper says")
        return ServerItem(self.url, self.origin, self._verifier.size, proven, self._withheld, "; ".join(parts))

    def describe(self) -> Iterator[str]:
        """Yield what is said of every answer of a server: what was verified, and what was not."""
        item = self.item()
        yield f"{item.url}: log {item.log}, {item.size} entries, verified under the trust that is kept for it"
        yield item.partial


@contextmanager
def served(url: str, secret: Secret, *, describe: bool = True) -> Iterator[RemoteReader]:
    """Read the ledger behind a server.

    What was verified and what was not is printed on stderr when the block ends, unless `describe` is False.
    """
    with connected(url, secret) as ledger:
        reader = RemoteReader(url, ledger)
        yield reader
    for line in reader.describe() if describe else ():
        output.tell(line)
