"""A bundle has the states of the log that are proven to be of a date; without one, what its signers claim."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Stop
from cli.records.bundle_reader import BundleReader
from cli.session.record_reader import DatedState, VerifiedBundle
from ledger.errors import LedgerError
from ledger.verify.report import DatedHead

MADE = datetime(2027, 6, 1, 12, tzinfo=UTC)
ORDER = "1b4e28ba-2fa1"


def day(n: int) -> datetime:
    return MADE + timedelta(days=n - 10)


def entry(index: int, at: int, received: int | None = None, **public: str) -> Any:
    return SimpleNamespace(
        index=index, at=day(at), received=None if received is None else day(received), get=public.get
    )


def reader(*heads: DatedHead, entries: tuple[Any, ...] = (), registry: tuple[Any, ...] = ()) -> BundleReader:
    case: Any = SimpleNamespace(order=ORDER, entries=entries, registry=registry, known=lambda at: f"known at {at.day}")
    bundle: Any = SimpleNamespace(report=SimpleNamespace(dated=heads))
    return BundleReader(bundle, case, MADE)


def test_proven_states_come_first_and_a_smaller_one_is_not_dated_later_than_a_larger_one() -> None:
    heads = [DatedHead(3, "a", day(1)), DatedHead(5, "b", day(4)), DatedHead(7, "c", day(3)), DatedHead(9, "d", day(3))]
    found = reader(*heads, entries=(entry(1, 1),)).dated()
    assert found == [DatedState(3, day(1), "cosigned", "a"), DatedState(9, day(3), "cosigned", "d")]


def test_without_a_proven_state_each_entry_claims_one() -> None:
    made = reader(entries=(entry(4, 5), entry(2, 2, 3)), registry=(entry(0, 1),))
    assert made.dated() == [
        DatedState(1, day(1), "claimed"),
        DatedState(3, day(3), "claimed"),
        DatedState(5, day(5), "claimed"),
    ]


@pytest.mark.parametrize("later", [2, 3])
def test_an_entry_that_claims_no_later_moment_joins_the_state_before(later: int) -> None:
    made = reader(entries=(entry(0, 1), entry(1, 3), entry(2, later)))
    assert made.dated() == [DatedState(1, day(1), "claimed"), DatedState(3, day(3), "claimed")]


def test_a_bundle_without_an_entry_claims_no_state() -> None:
    assert reader().dated() == []


@pytest.mark.parametrize("name", ["PPO-1", "KA-1", ORDER, ORDER[:1], ORDER.upper()[:6]])
def test_the_order_is_found_by_reference_case_or_the_beginning_of_its_id(name: str) -> None:
    made = reader(entries=(entry(0, 1, reference="PPO-1"), entry(1, 1, case_ref="KA-1")))
    assert made.find(name) == ORDER
    assert made.case(name) is made.only


@pytest.mark.parametrize("name", ["", "PPO-2", "2fa1"])
def test_another_name_is_refused_with_one_that_it_has(name: str) -> None:
    made = reader(entries=(entry(0, 1, reference="PPO-1"), entry(1, 1, case_ref="KA-1")))
    with pytest.raises(LedgerError, match="no order in this bundle is called") as found:
        made.find(name)
    assert found.value.hint == "it is of the order KA-1"
    with pytest.raises(LedgerError) as found:
        reader().find(name)
    assert found.value.hint == f"it is of the order {ORDER}"


def test_a_bundle_shows_nothing_of_a_later_moment_and_the_whole_order_at_its_own() -> None:
    made = reader()
    case: Any = made.only
    assert made.known(case, MADE) is case
    earlier: Any = made.known(case, day(9))
    assert earlier == "known at 31"
    with pytest.raises(Stop, match="it shows nothing of a later moment"):
        made.known(case, MADE + timedelta(seconds=1))
    assert made.now() == MADE


def test_only_the_order_of_the_bundle_is_here() -> None:
    made = reader()
    assert [made.holds(each) for each in (ORDER, "other")] == [True, False]
    assert made.around(ORDER) == {ORDER: made.only}


def test_what_a_bundle_leaves_unread_is_neither_of_its_order_nor_of_the_register() -> None:
    case = SimpleNamespace(entries=(entry(4, 1), entry(5, 1)), registry=(entry(0, 1), entry(4, 1)))
    manifest: Any = SimpleNamespace(withheld_count=3)
    for case_or_none, unread in ((case, 6), (None, 9)):
        report: Any = SimpleNamespace(case=case_or_none, entries=9)
        bundle = VerifiedBundle("a.zip", manifest, report)
        assert (bundle.withheld, bundle.unread) == (3, unread)
