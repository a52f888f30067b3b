"""Today's kinds read the entries that the first version stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger.entries.envelope import open_
from ledger.facts import KINDS, misformed
from tests.support.kept_files import unpacked


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], list[bytes]]:
    """Return the entries of the stored ledgers, by kind and version."""
    found: dict[tuple[str, int], list[bytes]] = {}
    for raw in _entries(tmp_path_factory.mktemp("kept")):
        p = open_(raw).payload  # this checks the signature over the stored bytes
        found.setdefault((p.kind, p.schema), []).append(raw)
    return found


def _entries(folder: Path) -> Iterator[bytes]:
    for name in ("karsk", "skylark", "plain"):
        for path in unpacked(name, folder).rglob("entries.db"):
            with closing(sqlite3.connect(path)) as c:
                yield from (raw for (raw,) in c.execute("SELECT state FROM stored_events ORDER BY rowid"))


def test_every_stored_kind_is_one_of_today_in_the_same_version(stored: dict[tuple[str, int], list[bytes]]) -> None:
    assert len(stored) >= 18
    assert {kind for kind, version in stored if KINDS[kind].schema != version} == set()


def test_the_fields_of_every_stored_entry_have_the_form_of_today(stored: dict[tuple[str, int], list[bytes]]) -> None:
    for (kind, version), raws in stored.items():
        names = KINDS[kind].fields()
        for raw in raws:
            p = open_(raw).payload
            public = {name: value for name, value in p.public.items() if name in names}
            assert misformed(kind, version, public) == {}, kind
            assert set(p.sealed) <= {*names, "why"}, kind
