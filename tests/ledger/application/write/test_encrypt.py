"""Values are encrypted with the keys of this ledger, and whether the keys are those is asked once for each group."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.write.draft import holder_of, target_of
from ledger.application.write.encrypt import ValueEncrypter, row_of
from ledger.errors import LedgerError


def batch(group: object) -> Any:
    return SimpleNamespace(group=group)


def test_whose_keys_they_are_is_asked_once_for_each_group_and_each_time_without_one() -> None:
    asked: list[str] = []
    encrypter = ValueEncrypter(
        cases=None,  # type: ignore[arg-type]
        keys=lambda: asked.append("keys"),  # type: ignore[arg-type, return-value]
        check_bound=lambda: asked.append("bound"),
    )
    one, other = object(), object()
    for group, times in [(None, 1), (None, 2), (one, 3), (one, 3), (other, 4), (one, 5), (None, 6), (None, 7)]:
        encrypter.check_bound(None if group is None else batch(group))
        assert asked == ["keys", "bound"] * times


@pytest.mark.parametrize(
    ("place", "companion", "asked"),
    [("order", "beside", ["order", "beside"]), ("order", None, ["order"]), ("registry", None, ["registry", "access"])],
)
def test_a_key_that_an_entry_says_was_destroyed_seals_nothing_more(
    place: str, companion: str | None, asked: list[str]
) -> None:
    destroyed = {"gone": 7, "older": 5}
    places: list[list[str]] = []

    def said(orders: list[str]) -> dict[str, int]:
        places.append(orders)
        return destroyed

    cases: Any = SimpleNamespace(
        registry="registry", access="access", is_emptied=lambda key: key != "used", destroyed_keys=said
    )
    keys: Any = SimpleNamespace(companion_of=lambda order: companion)
    encrypter = ValueEncrypter(cases=cases, keys=lambda: keys, check_bound=lambda: None)
    encrypter._check_kept(place, {"used"})
    assert places == [], "a key that has values is no question"
    encrypter._check_kept(place, {"used", "new"})
    assert places == [asked]
    with pytest.raises(LedgerError, match="KEYS-KEPT: entry 5"):
        encrypter._check_kept(place, {"gone", "older", "new"})


@pytest.mark.parametrize(
    ("public", "links"),
    [
        ({}, ()),
        ({"reference": "PPO-1"}, ()),
        ({"prior_order": "a"}, ("a",)),
        ({"prior_order": "a", "new_order": "b"}, ("b", "a")),
        ({"prior_order": "own", "new_order": "b"}, ("b",)),
        ({"prior_order": 7, "new_order": None}, ()),
    ],
)
def test_a_row_names_the_orders_before_and_after_its_own(public: dict[str, Any], links: tuple[str, ...]) -> None:
    assert row_of(opened("order-transmitted", public)).links == links


@pytest.mark.parametrize(
    ("kind", "stated", "given", "reference"),
    [
        ("order-issued", "PPO-1", None, "PPO-1"),
        ("order-issued", "PPO-1", "PPO-2", "PPO-1"),
        ("order-issued", None, "PPO-2", None),
        ("order-closed", "PPO-1", None, None),
        ("order-closed", None, "PPO-2", "PPO-2"),
    ],
)
def test_a_row_has_the_reference_that_its_order_gets(
    kind: str, stated: str | None, given: str | None, reference: str | None
) -> None:
    row = row_of(opened(kind, {} if stated is None else {"reference": stated}), reference=given)
    assert (row.reference, row.ciphertexts, row.topic) == (reference, (), kind)
    assert (row.originator_id, row.originator_version, row.state) == ("own", 3, b"raw")
    assert (row.entry_id, row.leaf) == (bytes([0xAB] * 16), bytes([0xCD] * 32))


def opened(kind: str, public: dict[str, Any]) -> Any:
    payload = SimpleNamespace(order="own", seq=3, kind=kind, entry="ab" * 16, public=public)
    return SimpleNamespace(payload=payload, raw=b"raw", leaf="cd" * 32)


@pytest.mark.parametrize(
    ("order", "public", "main", "subject"),
    [
        ("registry", {"actor": "ilves"}, None, (holder_of("ilves"), "registry")),
        ("registry", {}, None, (holder_of("signer"), "registry")),
        ("access", {}, None, (holder_of("signer"), "registry")),
        ("order", {"actor": "ilves"}, None, (target_of("order"), "order")),
        ("companion", {}, "order", (target_of("order"), "order")),
    ],
)
def test_a_value_is_of_the_person_that_its_entry_is_about(
    order: str, public: dict[str, Any], main: str | None, subject: tuple[str, str]
) -> None:
    cases: Any = SimpleNamespace(registry="registry", access="access")
    keys: Any = SimpleNamespace(main_of=lambda asked: main, keys_for=sorted)
    payload = SimpleNamespace(order=order, public=public, signer=SimpleNamespace(actor="signer"))
    entry: Any = SimpleNamespace(payload=payload)
    bound: list[str] = []
    found: Any = ValueEncrypter(cases, lambda: keys, lambda: bound.append("asked")).keys_for([entry, entry])
    assert (found, bound) == ([subject], ["asked"])


def test_keys_that_are_given_are_not_looked_for() -> None:
    asked: list[Any] = []

    def encrypted(entry: str, disclosures: Any, whose: Any, keys: Any) -> tuple[Any, ...]:
        asked.append((entry, [whose(each.name) for each in disclosures], keys))
        return (SimpleNamespace(key_id="k1"),)

    def found(subjects: Any) -> str:
        asked.append(subjects)
        return "found"

    keys: Any = SimpleNamespace(encrypt_values=encrypted, keys_for=found, main_of=lambda order: None)
    cases: Any = SimpleNamespace(registry="registry", access="access", is_emptied=lambda key: False)
    encrypter, entry = ValueEncrypter(cases, lambda: keys), opened("order-closed", {})
    said: Any = [SimpleNamespace(name="reasons"), SimpleNamespace(name="why")]
    whose = [("witness 3", "own"), (target_of("own"), "own")]
    given: Any = "given"
    row = encrypter.row(entry, said, {"reasons": "witness 3"}, given)
    assert [each.key_id for each in row.ciphertexts] == ["k1"]
    assert asked == [("ab" * 16, whose, "given")]
    asked.clear()
    encrypter.row(entry, said, {"reasons": "witness 3"})
    assert asked == [whose, ("ab" * 16, whose, "found")]
    asked.clear()
    assert encrypter.row(entry, [], {}).ciphertexts == ()
    assert asked == []


def test_a_row_is_not_made_with_a_key_that_was_destroyed_and_the_first_entry_that_says_so_is_named() -> None:
    destroyed = {f"k{n}": 90 - n for n in range(12)}
    closed = [SimpleNamespace(key_id=f"k{n}") for n in range(9)]
    keys: Any = SimpleNamespace(
        encrypt_values=lambda *_: tuple(closed), main_of=lambda order: None, companion_of=lambda order: None
    )
    cases: Any = SimpleNamespace(
        registry="registry", access="access", is_emptied=lambda key: True, destroyed_keys=lambda orders: destroyed
    )
    said: Any = [SimpleNamespace(name="reasons")]
    given: Any = "given"
    with pytest.raises(LedgerError, match="KEYS-KEPT: entry 82 says that this key was destroyed"):
        ValueEncrypter(cases, lambda: keys).row(opened("order-closed", {}), said, {}, given)
