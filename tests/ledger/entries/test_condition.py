"""A condition excludes entries of its kinds in its orders, from the first entry on that its signer had not seen."""

from __future__ import annotations

import pytest

from ledger.entries.condition import Found, check_condition, opposing
from ledger.entries.payload import Condition
from ledger.errors import RecordError

ORDER, SECOND, OTHER = (f"{n * 8}-2222-4333-8444-555555555555" for n in "123")
CONDITION = Condition(3, [ORDER, SECOND], ["order-closed", "order-transmitted"])


@pytest.mark.parametrize(
    ("found", "excluded"),
    [
        ((3, ORDER, "order-closed"), True),
        ((4, ORDER, "order-transmitted"), True),
        ((4, SECOND, "order-closed"), True),
        ((None, ORDER, "order-closed"), True),  # it is recorded together with the entry that has the condition
        ((2, ORDER, "order-closed"), False),
        ((0, ORDER, "order-closed"), False),
        ((3, OTHER, "order-closed"), False),
        ((None, OTHER, "order-closed"), False),
        ((3, ORDER, "order-issued"), False),
        ((None, ORDER, "order-issued"), False),
    ],
)
def test_an_entry_is_excluded_if_order_and_kind_are_named_and_its_signer_had_not_seen_it(
    found: Found, excluded: bool
) -> None:
    assert opposing(CONDITION, [found]) == (found if excluded else None)


def test_the_first_excluded_entry_is_reported() -> None:
    first, second = (5, SECOND, "order-closed"), (6, ORDER, "order-transmitted")
    assert opposing(CONDITION, iter([(3, ORDER, "order-issued"), first, second])) == first
    assert opposing(CONDITION, []) is None


def refused(size: int, found: Found | None) -> RecordError:
    with pytest.raises(RecordError) as error:
        check_condition(CONDITION, size, found)
    assert error.value.code == "CTX-CONDITION"
    return error.value


def test_a_signer_has_seen_no_more_entries_than_the_log_had() -> None:
    assert refused(2, None).says == "its signer says that 3 entries of this log were known, and there were 2"
    assert refused(2, (3, ORDER, "order-closed")).says == refused(2, None).says
    check_condition(CONDITION, 3, None)
    check_condition(CONDITION, 4, None)


@pytest.mark.parametrize(("index", "place"), [(5, "entry 5"), (0, "entry 0"), (None, "one that is recorded with it")])
def test_an_entry_that_its_signer_excluded_is_named_with_its_place(index: int | None, place: str) -> None:
    error = refused(6, (index, ORDER, "order-closed"))
    assert error.says == f"its signer demanded no order-closed in {ORDER} from entry 3 on, and {place} is one"
    assert error.hint == "read that entry, decide again, and record behind it"
