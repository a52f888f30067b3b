"""Of a directory an audit takes each ledger that goes on and has an address, with its newest checkpoints."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.audits import directories
from cli.audits.directories import MOST_COMPARED, listed_places
from cli.audits.places import Place
from cli.exit_codes import Exit, Stop

ORIGIN = "root.example"
NOW = datetime(2027, 6, 1, 1, tzinfo=timezone(timedelta(hours=2)))  # 31 May in UTC
STATE = Path("/state")


def trust(*logs: str) -> Any:
    return SimpleNamespace(policy=SimpleNamespace(logs=[SimpleNamespace(name=log) for log in logs]))


def entry(log: str, address: str, end: str = "9999-12-31") -> Any:
    return SimpleNamespace(
        log=log,
        address=address,
        holder=f"holder of {log}",
        trust=lambda: f"trust in {log}",
        ended=lambda day: day >= end,
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    said: list[Any] = []
    taken = [(n, SimpleNamespace(note=f"note {n}".encode())) for n in range(MOST_COMPARED + 2)]
    entries = [
        entry("a", "https://a.example"), entry("ended", "https://b.example", "2027-05-31"), entry("nowhere", ""),
        entry("goes-on", "https://c.example", "2027-06-01"),
    ]  # fmt: skip
    directory = SimpleNamespace(current=lambda: entries, checkpoints={"a": taken, "x": taken})

    def read(*given: Any) -> Any:
        said.append(given)
        return directory

    monkeypatch.setattr(directories, "published", lambda where: f"{where}/published")
    monkeypatch.setattr(directories, "source", lambda place: lambda name, most: f"{ORIGIN}\n{place} {name}\n".encode())
    monkeypatch.setattr(directories, "read_directory", read)
    return said


def test_a_ledger_that_has_ended_or_has_no_address_is_not_audited(asked: list[Any]) -> None:
    other, ours, later = trust("else"), trust("x", ORIGIN), trust(ORIGIN)
    first, last = listed_places("root", [other, ours, later], STATE, NOW)
    assert asked == [("root/published", ours, STATE, NOW)]
    held: Any = "trust in a", "trust in goes-on"
    seen = tuple((f"leaf {n} of {ORIGIN}", f"note {n}") for n in range(2, MOST_COMPARED + 2))
    assert first == Place("https://a.example", "a", "holder of a", "", held[0], seen)
    assert last == Place("https://c.example", "goes-on", "holder of goes-on", "", held[1], ())


def test_without_trust_in_a_directory_nothing_of_it_is_read(asked: list[Any]) -> None:
    with pytest.raises(Stop) as stopped:
        list(listed_places("root", [trust("else")], STATE, NOW))
    assert stopped.value.message == f"root says it is the directory '{ORIGIN}', and no trust names it"
    assert stopped.value.hint == "--trust DIR: the trust folder of the directory"
    assert (stopped.value.code, asked) == (Exit.UNDECIDABLE, [])
