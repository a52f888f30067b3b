"""Compare an entry with the condition under which its signer gave it to the log.

A condition (`unless`) names orders, kinds, and how many entries of the log the signer had seen. The log takes the entry
only if no entry of these kinds came into these orders since. The condition is signed with the entry, so that a verifier
repeats the comparison: an append condition of another store cannot be shown afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable

from ledger.entries.payload import Condition
from ledger.errors import RecordError
from ledger.messages import Message

CODE = "CTX-CONDITION"
Found = tuple[int | None, str, str]  # index in the log (None: not stored yet), order, kind


def opposing(condition: Condition, entries: Iterable[Found]) -> Found | None:
    """Return the first of these entries that the condition excludes; None if it excludes none."""
    orders, kinds = frozenset(condition.orders), frozenset(condition.kinds)
    for index, order, kind in entries:
        if order in orders and kind in kinds and (index is None or index >= condition.after):
            return index, order, kind
    return None


def check_condition(condition: Condition, size: int, found: Found | None) -> None:
    """Raise `RecordError` CTX-CONDITION if an entry behind `size` others cannot have this condition.

    `found` is an entry, stored or pending, that the condition excludes.
    """
    if condition.after > size:
        says = f"its signer says that {condition.after} entries of this log were known, and there were {size}"
        raise RecordError(CODE, says)
    if found is not None:
        index, order, kind = found
        place = "one that is recorded with it" if index is None else f"entry {index}"
        says = Message(
            "its signer demanded no {0} in {1} from entry {2} on, and {3} is one", kind, order, condition.after, place
        )
        raise RecordError(CODE, says, hint=Message("read that entry, decide again, and record behind it"))
