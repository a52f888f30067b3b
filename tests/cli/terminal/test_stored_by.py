"""A mirror is named once for a head that it cosigned, and a witness that is no mirror is not."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from cli.terminal.stored_by import LATEST, StoredByItem, stored, stored_by

END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def head(*cosigned: tuple[Any, int]) -> Any:
    return SimpleNamespace(cosignatures=cosigned, checkpoint=SimpleNamespace(size=9))


def test_what_mirrors_state_of_a_head_is_said_once_for_each() -> None:
    first, again, other, witness = (SimpleNamespace(name=name) for name in ("m.example/a", "m.example/a", "b", "w"))
    keys: Any = [first, again, other]
    seen = head((first, 0), (witness, 5), (other, LATEST), (again, 86_400))
    day = datetime(1970, 1, 2, tzinfo=UTC)
    assert stored_by(seen, keys) == [StoredByItem("m.example/a", 9, day)]
    assert stored(seen, keys) == ["all entries up to 9 are stored by m.example/a: so it states, 1970-01-02T00:00:00Z"]
    assert stored_by(head((other, LATEST - 1)), keys) == [StoredByItem("b", 9, END)]
    assert stored(head((witness, 5)), keys) == []
