"""A reader is shown the values that its role may read, and for every other value why it is closed."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.bundle.audience import _digests, shown_to
from ledger.entries.case import Case, Unread
from tests.support.scenarios import given, issued

STATED: dict[str, Any] = {"identifiers": ["user-1"], "summary_of_facts": "Payments were taken."}


def order(**sealed: Any) -> Case:
    case = given(issued("2027-03-01T09:00Z", **STATED)).case
    (entry,) = case.entries
    return replace(case, entries=(replace(entry, sealed={**entry.sealed, **sealed}),))


@pytest.mark.parametrize(
    ("role", "closed"),
    [("CT", set()), ("SP", {"summary_of_facts"}), ("NA", {"identifiers", "summary_of_facts"})],
)
def test_a_value_that_a_role_may_not_read_is_withheld(role: str, closed: set[str]) -> None:
    (entry,) = shown_to(order(), role).entries
    assert entry.sealed == STATED | dict.fromkeys(closed, Unread.WITHHELD)


@pytest.mark.parametrize("role", ["CT", "SP", "NA"])
def test_an_erased_value_is_called_erased_to_every_role(role: str) -> None:
    (entry,) = shown_to(order(summary_of_facts=Unread.ERASED), role).entries
    assert entry.sealed["summary_of_facts"] is Unread.ERASED


def test_an_entry_that_the_size_does_not_cover_is_not_shown() -> None:
    case = order()
    index = case.entries[0].index
    assert [len(shown_to(case, "CT", size).entries) for size in (index, index + 1)] == [0, 1]
    assert len(shown_to(case, "CT", index).registry) == index


def test_a_digest_is_found_in_any_list_or_object_and_only_where_it_is_text() -> None:
    value = {"sha256": "a", "in": [{"sha256": "b"}, ({"sha256": "c", "sha1": "d"},), "sha256"], "n": {"sha256": 7}}
    assert list(_digests(value)) == ["a", "b", "c"]
    assert list(_digests("sha256")) == list(_digests(None)) == []


def test_the_register_is_shown_up_to_the_same_size() -> None:
    case = order()
    assert case.registry
    last = max(e.index for e in case.registry)
    for size, seen in ((last + 1, True), (last, False)):
        assert (last in [e.index for e in shown_to(case, "CT", size).registry]) is seen
    assert [e.index for e in shown_to(case, "CT").registry] == [e.index for e in case.registry]
