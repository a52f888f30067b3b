"""A received entry of an office that only the register of its log knows: read once, and only as it arrived properly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ledger.entries.wrapped_entry import KIND
from ledger.verify.report import Report
from tests.ledger.verify.other_records.test_received_entries import World, acts
from tests.support.memory_ledger import BEGINS, ORDER, small

NOTIFIED: dict[str, Any] = {"kind": "notification-received", "role": "NOT", "public": {}}


def stranger() -> tuple[World, int]:
    """Return two logs, and the index of an act there of an office of a third State."""
    world = World()
    return world, world.says(by=world.there.enrol("ncco", "XP", "NOT"), **NOTIFIED)


def arrived_twice() -> World:
    world, index = stranger()
    world.arrives(index)
    world.arrives(index)
    return world


def two_at_one_place() -> World:
    """Return a log that shows an unconfirmed act, and then, at another size, a proven one at the same place."""
    world, index = stranger()
    first = world.there.entries[index], world.there.proof(index)
    world.arrives(index)
    again = World()
    again.there.enrol("ncco", "XP", "NOT")
    assert again.says() == index
    again.there.record(again.skylark, "order-received", {"proof_kind": "own-stamp"}, order="another")
    world.there, kept = again.there, world.there
    assert world.there.entries[index] != first[0]
    world.arrives(index)
    assert kept.origin == world.there.origin
    return world


def in_a_role_not_held() -> World:
    world, index = stranger()
    lab = world.here.enrol("lab", "XO", "LAB")
    world.arrives(index, by=lab)  # signed in the first role of the kind, which it lacks
    return world


def in_support() -> World:
    world, index = stranger()
    seen = world.here.record(
        world.ilves, "notification-received", {}, order=ORDER, role="ISS", speaks="observation", whose="ncco"
    )
    world.arrives(index, backs=world.here.leaf(seen))
    return world


def confirmed_and_reported() -> World:
    """Return a log that wraps it before and after it confirms the key, which was stolen later."""
    world, index = stranger()
    world.here, world.ilves = small(witnesses=1)
    world.arrives(index)
    ncco = world.here.enrol("ncco", "XP", "NOT")
    world.arrives(index)
    world.here.witnessed(BEGINS + timedelta(hours=1))
    said = {"actor": "ncco", "key": ncco.key, "suspected_since": "2027-05-01T00:00:00Z"}
    world.here.record(world.here.keeper, "key-compromised", said)
    return world


WORLDS = (arrived_twice, two_at_one_place, in_a_role_not_held, in_support, confirmed_and_reported)


def unconfirmed(report: Report) -> list[str]:
    assert report.case is not None
    return [e.kind for e in report.case.entries if e.known_to]


def says(report: Report) -> str:
    return "\n".join(r.says for r in report.procedure if r.code == "ENT-UNPROVEN")


def test_an_unconfirmed_entry_that_arrives_twice_is_read_once_and_is_not_said_to_count() -> None:
    report = arrived_twice().report()
    assert unconfirmed(report) == ["notification-received"]
    assert "it is on record already, by an earlier entry" in says(report)
    assert "counts" not in says(report)


def test_two_entries_of_another_log_at_one_place_are_found_if_only_one_of_them_is_proven() -> None:
    report = two_at_one_place().report()
    assert acts(report) == []
    assert "its log has shown another entry in its place" in says(report)


@pytest.mark.parametrize(("made", "lacks"), [(in_a_role_not_held, "KEY-ROLE"), (in_support, "KEY-UNKNOWN")])
def test_an_unconfirmed_entry_is_no_act_if_it_did_not_arrive_properly_or_only_supports(
    made: Callable[[], World], lacks: str
) -> None:
    report = made().report()
    assert report.case is not None
    assert not unconfirmed(report)
    assert not acts(report)
    assert [e.unproven for e in report.case.entries if e.kind == KIND] == [lacks]


def test_an_entry_that_was_confirmed_and_arrived_again_counts_and_is_read_once() -> None:
    report = confirmed_and_reported().report()
    assert report.case is not None
    assert [(e.kind, e.known_to) for e in report.case.entries if e.received] == [("notification-received", None)]
