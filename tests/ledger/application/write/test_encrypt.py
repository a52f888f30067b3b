"""Values are encrypted with the keys of this ledger, and whether the keys are those is asked once for each group."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.write.encrypt import ValueEncrypter
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
