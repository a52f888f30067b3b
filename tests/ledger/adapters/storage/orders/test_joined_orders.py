"""An office joins an order with one that it has imported itself; no entry of another office or log hides an order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import CARRIER, JOINING, Case, Entry, joined, numbered

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
THEIRS = "ledger.test/xv"


def entry(index: int, order: str, kind: str, *, seq: int = 1, **more: Any) -> Entry:
    said: dict[str, Any] = {
        "instrument": "EPOC", "by": "skylark", "role": "SP", "party": "XV", "key": "k", "speaks": "act", **more,
    }  # fmt: skip
    return Entry(f"{index:064x}", index, order, seq, kind, on=NOON, at=NOON, **said)


ARRIVED = entry(0, "A", CARRIER)
IMPORTED = entry(1, "B", "order-issued", speaks="import", whose="court")
JOIN = entry(2, "A", JOINING, seq=2, public={"first_order": "B"})


def found(*entries: Entry) -> tuple[str, ...]:
    return joined("A", entries, NOON)


def test_an_order_is_joined_with_one_that_the_signer_of_the_join_has_imported() -> None:
    assert found(ARRIVED, IMPORTED, JOIN) == ("B",)
    assert joined("B", (ARRIVED, IMPORTED, JOIN), NOON) == ()
    assert [e.number for e in numbered("A", (ARRIVED, IMPORTED, JOIN))] == ["1", "I1", "2"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": "nosy"},  # another office
        {"role": "NOT"},  # a role that cannot state the kind
        {"held": False},
        {"instrument": "EPOC-PR"},
        {"speaks": "import"},  # a table confirms nothing
        {"known_to": THEIRS, "received": NOON, "origin": THEIRS},  # an office that only another register knows
        {"received": NOON},  # sealed for this log, but it came too late for its place
        {"received": NOON, "origin": THEIRS, "place": 9},  # another log
        {"public": {"first_order": "A"}},
        {"public": {"first_order": "C"}},  # an order that is not here
        {"public": {}},
    ],
)
def test_no_other_entry_takes_in_an_order(wrong: dict[str, Any]) -> None:
    assert found(ARRIVED, IMPORTED, replace(JOIN, **wrong)) == ()


@pytest.mark.parametrize("first", [{"speaks": "act"}, {"by": "court"}, {"instrument": "EPOC-PR"}])
def test_an_order_that_was_not_imported_by_the_signer_is_not_taken_in(first: dict[str, Any]) -> None:
    later = entry(3, "B", "order-received", seq=2, speaks="import")
    assert found(ARRIVED, replace(IMPORTED, **first), later, JOIN) == ()


def test_a_join_of_another_log_counts_for_what_that_log_alone_has_stated() -> None:
    theirs: dict[str, Any] = {"received": NOON, "origin": THEIRS}
    carrier, stated = entry(3, "B", CARRIER, by="ilves"), replace(IMPORTED, index=3, place=1, **theirs)
    join = replace(JOIN, place=2, **theirs)
    assert found(carrier, stated, join) == ("B",)
    own = entry(4, "B", "order-transmitted", seq=2, by="ilves", role="ISS")
    assert found(carrier, stated, join, own) == ()
    other = entry(5, "B", "order-withdrawn", seq=3, by="court", role="ISS", received=NOON, origin="ledger.test/xo")
    assert found(carrier, stated, join, other) == ()


def test_a_join_ends_when_it_is_disputed_or_replaced_and_holds_again_when_a_court_settles_the_dispute() -> None:
    dispute = entry(3, "A", "event-disputed", seq=3, public={"about": JOIN.leaf})
    assert found(ARRIVED, IMPORTED, JOIN, dispute) == ()
    ruling = entry(4, "A", "court-ruled", seq=4, by="judge", role="CT", public={"settles": dispute.leaf})
    assert found(ARRIVED, IMPORTED, JOIN, dispute, ruling) == ("B",)
    assert found(ARRIVED, IMPORTED, JOIN, entry(3, "A", JOINING, seq=3, replaces=JOIN.leaf)) == ()
    case = Case("A", "EPOC", (ARRIVED, IMPORTED, JOIN, dispute), ())
    assert {e.order for e in case.known(NOON).entries} == {"A"}
