"""A reader is shown the values that its role may read, and for every other value why it is closed."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.bundle.audience import Withheld, _digests, documents_named, readable, select, shown_to, visible
from ledger.entries.case import Case, Unread
from ledger.facts import KINDS
from ledger.formats.selective_disclosure import veil
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


HIDDEN = next(fact for fact in KINDS.values() if fact.shown_to)


def test_a_kind_that_is_shown_to_some_roles_is_hidden_from_all_others() -> None:
    assert all(visible(HIDDEN.kind, role) for role in HIDDEN.shown_to)
    assert not visible(HIDDEN.kind, "nothing")
    assert visible("order-issued", "nothing")
    assert visible("a-kind-of-the-future", "nothing")


def test_a_role_reads_public_values_and_the_sealed_ones_of_its_audience_and_the_signer_reads_all() -> None:
    (entry,) = order().entries
    public = frozenset(entry.public) - {"_sd"}
    entry = replace(entry, public={**entry.public, "_sd": ["x"]})
    assert readable(entry, entry.role) == public | set(STATED)
    assert readable(entry, "SP") == public | {"identifiers"}
    assert readable(replace(entry, role="SP"), "SP") == public | set(STATED)
    assert readable(replace(entry, kind="a-kind-of-the-future"), "SP") == public
    assert readable(replace(entry, kind=HIDDEN.kind), "nothing") == frozenset()
    chosen = replace(entry, audience={"summary_of_facts": ("SP",), "identifiers": ("NA",)})
    assert readable(chosen, "SP") == public | {"summary_of_facts"}
    assert readable(replace(entry, sealed={"invented": 1}), "CT") == public


def test_documents_are_named_by_the_values_that_a_role_may_read() -> None:
    (entry,) = order(identifiers=[{"sha256": "a"}], summary_of_facts={"sha256": "b"}).entries
    assert documents_named([entry], "CT") == {"a", "b"}
    assert documents_named([entry], "SP") == {"a"}
    assert documents_named([entry], "NA") == frozenset()


def test_a_bundle_carries_what_its_audience_may_read_and_says_why_the_rest_is_closed() -> None:
    (entry,) = order().entries
    entry = replace(entry, sealed=dict([*entry.sealed.items()][::-1]))
    public = next(iter(entry.public))
    more = (("invented", 1), (public, entry.public[public]))
    held = [veil(name, value, bytes(16)) for name, value in (*reversed(STATED.items()), *more)]
    texts = {each.name: each.text for each in held}
    both = tuple(texts[name] for name in sorted(STATED))
    closed = Withheld(entry.index, "summary_of_facts", "audience")
    assert select([entry], {entry.index: held}, "CT") == ({entry.index: both}, ())
    assert select([entry], {entry.index: held}, "SP") == ({entry.index: (texts["identifiers"],)}, (closed,))
    missing = Withheld(entry.index, "identifiers", "not-held")
    assert select([entry], {}, "SP") == ({}, (missing, closed))
    assert select([entry], {entry.index: held[:1]}, "NA") == ({}, (replace(missing, why="audience"), closed))
    erased = replace(entry, sealed={**entry.sealed, "identifiers": Unread.ERASED})
    assert select([erased], {}, "SP") == ({}, (replace(missing, why="erased"), closed))


def test_a_companion_order_with_a_hidden_entry_is_left_out_whole_and_its_own_order_is_not() -> None:
    case = order()
    (entry,) = case.entries
    other = replace(entry, order="companion", leaf="1" * 64)
    hidden = replace(other, kind=HIDDEN.kind, index=entry.index + 1)
    case = replace(case, entries=(entry, other, hidden, replace(hidden, order=case.order)))
    orders = [(shown.order, shown.kind) for shown in shown_to(case, "nothing").entries]
    assert orders == [(case.order, entry.kind)]
    assert len(shown_to(case, HIDDEN.shown_to[0]).entries) == 4
    assert [e.order for e in shown_to(case, "nothing", entry.index + 1).entries] == [case.order, "companion"]
