"""The entries that a deadline rests on are proven under the newest checkpoint, as far as it covers them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import law_deadline
from cli.commands.law_deadline import _leaves


def entry(index: int, origin: str | None = None) -> Any:
    named = {"leaf": f"leaf {index}", "seq": index + 1, "number": str(index + 1), "kind": "order-issued"}
    return SimpleNamespace(**named, index=index, origin=origin)


ENTRIES = [entry(2), entry(4), entry(3, "other.example"), entry(5), entry(9)]


@pytest.mark.parametrize(("size", "proven"), [(None, []), (0, []), (5, [2, 4]), (6, [2, 4, 5]), (10, [2, 4, 5, 9])])
def test_an_own_entry_that_the_checkpoint_covers_has_a_proof(
    size: int | None, proven: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def prove(covered: list[int], of: int, hashes: Any) -> list[list[int]]:
        assert of == size
        return [[index] for index in covered]

    monkeypatch.setattr(law_deadline, "prove_inclusions", prove)
    monkeypatch.setattr(law_deadline, "format_proof", lambda index, path, note: f"{index} {path} {note}".encode())
    head = None if size is None else SimpleNamespace(size=size, note="note")
    reader: Any = SimpleNamespace(newest_head=lambda: head, store=SimpleNamespace(hashes=None))
    found = _leaves(reader, ENTRIES)
    assert [(item.leaf, item.entry, item.kind, item.index) for item in found] == [
        (e.leaf, f"#{e.seq}", e.kind, e.index) for e in ENTRIES
    ]
    assert [item.proof for item in found] == [
        f"{e.index} [{e.index}] note" if e.index in proven else None for e in ENTRIES
    ]
