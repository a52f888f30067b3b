"""The entry of a destruction has an id that follows from what it says, so that two processes record it once."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import Any

from ledger.application.erasure_scope import _entry_id

SAID = ("payload-key-destroyed", "order", "k1", "digest")


def id_of(*said: str) -> str:
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def test_the_first_free_id_is_the_digest_of_the_content_and_then_of_a_number_behind_it() -> None:
    taken: set[str] = set()
    store: Any = SimpleNamespace(by_entry=lambda entry: b"" if entry.hex() in taken else None)
    for expected in (id_of(*SAID), id_of(*SAID, "1"), id_of(*SAID, "2")):
        assert _entry_id(store, SAID) == expected
        taken.add(expected)
