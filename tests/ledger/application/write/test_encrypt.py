"""Values are encrypted with the keys of this ledger, and whether the keys are those is asked once for each group."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ledger.application.write.encrypt import ValueEncrypter


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
