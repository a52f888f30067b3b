"""An entry follows the newest one of its order, or of the companion order that only some roles may know."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.write.draft import Draft
from ledger.application.write.place import EntryPlacer, completed_fact
from ledger.entries.payload import Seen
from ledger.entries.placement import Link
from ledger.facts import build
from tests.ledger.application.test_journal import issued, sent

LOG, ORDER, COMPANION, RESERVED = "ledger.test/x", "an order", "its companion", "the register"
HEAD = Link(4, "ab" * 32, "2AP-7")


class Keys:
    """The companion orders of a ledger; `made` has the new ones."""

    def __init__(self, companion: str | None = None) -> None:
        self.companion = companion
        self.made: list[tuple[str, str]] = []

    def companion_of(self, order: str) -> str | None:
        return self.companion if order == ORDER else None

    def main_of(self, order: str) -> str | None:
        return ORDER if order == self.companion else None

    def companion_for(self, order: str, fresh: str) -> str:
        self.made.append((order, fresh))
        return fresh


def placer(keys: Keys | None = None, cosigned: Any = None) -> EntryPlacer:
    def opened() -> Any:
        assert keys is not None, "only an entry that some roles may not know of needs the keys"
        return keys

    cases: Any = SimpleNamespace(reserved={RESERVED})
    heads: Any = SimpleNamespace(newest_cosigned=lambda: cosigned)
    return EntryPlacer(LOG, cases, opened, heads, bytes)


def batch(**heads: Link) -> Any:
    return SimpleNamespace(head={name.replace("_", " "): head for name, head in heads.items()}.get)


def draft(order: str = ORDER, fact: Any = None, **more: Any) -> Draft:
    return Draft(fact or sent(), order, SimpleNamespace(), SimpleNamespace(), **more)  # type: ignore[arg-type]


def hidden() -> Any:
    return SimpleNamespace(shown_to=["DPO"])


def test_an_entry_follows_the_newest_one_of_its_order() -> None:
    place = placer().place(draft(instrument="EPOC"), batch(an_order=HEAD))
    assert (place.log, place.order, place.seq, place.prev, place.instrument, place.seen) == (
        LOG,
        ORDER,
        5,
        HEAD.leaf,
        "2AP-7",
        None,
    )


@pytest.mark.parametrize(
    ("given", "instrument"),
    [
        (draft(), None),
        (draft(instrument="EPOC"), "EPOC"),
        (draft(fact=issued()), "2AP-7"),
        (draft(fact=issued(), instrument="EPOC"), "2AP-7"),
        (draft(RESERVED, fact=issued(), instrument="EPOC"), None),
    ],
)
def test_the_first_entry_of_an_order_names_its_instrument_and_a_reserved_order_has_none(
    given: Draft, instrument: str | None
) -> None:
    place = placer().place(given, batch())
    assert (place.seq, place.prev, place.instrument) == (1, None, instrument)


def test_the_newest_cosigned_head_is_what_an_entry_has_seen_and_a_preview_has_seen_none() -> None:
    head = SimpleNamespace(size=7, digest="cd" * 32)
    assert placer(cosigned=head).place(draft(), batch()).seen == Seen(LOG, 7, "cd" * 32)
    assert placer(cosigned=head).preview(draft(), batch()).seen is None


def test_an_entry_that_only_some_roles_may_know_of_is_in_the_companion_order() -> None:
    there = Keys(COMPANION)
    given = draft(fact=hidden())
    place = placer(there).place(given, batch(an_order=HEAD))
    assert (place.order, place.seq, place.prev) == (COMPANION, 1, None)
    assert place.instrument == "2AP-7", "a companion has the instrument of its order"
    later = placer(there).place(given, batch(an_order=HEAD, its_companion=Link(2, "cd" * 32, "EPOC")))
    assert (later.seq, later.prev, later.instrument) == (3, "cd" * 32, "EPOC")
    assert placer(there).order_of(draft(COMPANION, hidden())) == COMPANION
    assert there.made == []
    none = Keys()
    fresh = placer(none).order_of(given)
    assert none.made == [(ORDER, fresh)]
    assert (fresh[14], fresh[19], len(fresh)) == ("4", "8", 36), "a random UUID"


def test_a_preview_is_in_the_order_itself_and_makes_no_companion() -> None:
    keys = Keys()
    place = placer(keys).preview(draft(fact=hidden()), batch(an_order=HEAD))
    assert (place.order, place.seq, keys.made) == (ORDER, 5, [])


def test_a_fact_of_a_companion_names_the_order_that_it_belongs_to() -> None:
    fact = build("ex-post-validation-sought", {"asked_of": "ilves"}, {})
    completed: Any = completed_fact(draft(fact=fact))
    assert completed.main_order == ORDER
    named = build(
        "ex-post-validation-sought", {"asked_of": "ilves"}, {"main_order": "11111111-1111-4111-8111-111111111111"}
    )
    assert completed_fact(draft(fact=named)) is named
    assert completed_fact(draft(fact=(other := sent()))) is other
