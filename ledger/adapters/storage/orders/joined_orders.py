"""Answer which orders of a ledger are one, by the entries that join them (docs/adr/0139)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime

from ledger.entries.case import Entry, joined, named_as_same

EVER = datetime.max.replace(tzinfo=UTC)  # orders are one by every entry on record, whatever moment it states


class JoinedOrders:
    """The joins of one ledger, as one reader of it reads entries.

    `stated` returns the entries of one order id, without sealed values; `naming` the orders that may name one, and
    `names` is False for an order that names none.
    """

    def __init__(
        self,
        stated: Callable[[str], Sequence[Entry]],
        naming: Callable[[str], Iterable[str]],
        names: Callable[[str], bool],
    ) -> None:
        self._stated = stated
        self._naming = naming
        self._names = names

    def parts_of(self, order: str) -> list[str]:
        """Return the orders that entries of `order` have joined with it: their entries are entries of `order`."""
        return [other for other in self._joined(order) if self.joined_into(other) == order]

    def joined_into(self, order: str) -> str | None:
        """Return the order that has taken in `order`, by an entry there; None if none has.

        Of several the one whose entry is the first. An order that has taken in another one is not taken in.
        """
        wholes = [other for other in self._naming(order) if order in self._joined(other)]
        if not wholes or self._joined(order):
            return None
        return min(wholes, key=lambda other: self._place_of_join(other, order))

    def changed_with(self, order: str) -> list[str]:
        """Return the orders that a new entry of `order` can change, also by a join that it begins or ends; it is first.

        Whether two orders are one depends on what each of them, and each order that names one of them, says.
        """
        named = self.named_by(order)
        return list(
            dict.fromkeys((order, *named, *(other for each in (order, *named) for other in self._wholes(each))))
        )

    def _wholes(self, order: str) -> Iterator[str]:
        return (other for other in self._naming(order) if order in self.named_by(other))

    def named_by(self, order: str) -> tuple[str, ...]:
        """Return the orders that entries of `order` have ever named as the same one."""
        return named_as_same(order, self._stated(order)) if self._names(order) else ()

    def _joined(self, order: str) -> tuple[str, ...]:
        """Return the orders that entries of `order` join with it now."""
        if not self._names(order):
            return ()
        own = self._stated(order)
        named = (e for other in named_as_same(order, own) for e in self._stated(other))
        return joined(order, [*own, *named], EVER)

    def _place_of_join(self, whole: str, part: str) -> int:
        return min(e.index for e in self._stated(whole) if part in named_as_same(whole, [e]))
