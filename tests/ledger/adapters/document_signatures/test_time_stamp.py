"""The authorities of a ledger are asked in their order for a time stamp, until one answers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.adapters.document_signatures import time_stamp
from ledger.errors import LedgerError

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let three authorities answer by the words in their names; return the URLs that are asked."""
    urls: list[str] = []

    def obtain(url: str, signature: bytes, roots: object, now: datetime) -> bytes:
        urls.append(url)
        assert (signature, roots, now) == (b"signature", "roots", NOON)
        if url in ("TSA-AWAY", "CLOCK-AHEAD"):
            raise LedgerError(url, "no")
        return url.encode()

    for name, value in {
        "need": lambda: None,
        "obtain": obtain,
        "trusted": lambda tsa: "roots",
        "authorities": lambda tsa: dict(zip("abc", tsa.name.split(), strict=False)),
    }.items():
        monkeypatch.setattr(time_stamp, name, value)
    return urls


@pytest.mark.parametrize(
    ("urls", "answer", "all_asked"),
    [("one two", b"one", ["one"]), ("TSA-AWAY two three", b"two", ["TSA-AWAY", "two"])],
)
def test_the_first_authority_that_answers_stamps(
    asked: list[str], urls: str, answer: bytes, all_asked: list[str]
) -> None:
    assert time_stamp.time_stamper(Path(urls), lambda: NOON)(b"signature") == answer
    assert asked == all_asked


def test_where_none_answers_each_is_named(asked: list[str]) -> None:
    with pytest.raises(LedgerError, match="TSA-REFUSED") as refused:
        time_stamp.time_stamper(Path("TSA-AWAY TSA-AWAY"), lambda: NOON)(b"signature")
    assert "a: TSA-AWAY: no; b: TSA-AWAY: no" in refused.value.says
    assert len(asked) == 2


def test_a_clock_that_is_ahead_ends_the_search(asked: list[str]) -> None:
    with pytest.raises(LedgerError, match="CLOCK-AHEAD"):
        time_stamp.time_stamper(Path("CLOCK-AHEAD two"), lambda: NOON)(b"signature")
    assert asked == ["CLOCK-AHEAD"]


def test_a_ledger_without_an_authority_says_so_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_stamp, "need", lambda: None)
    monkeypatch.setattr(time_stamp, "authorities", lambda tsa: {})
    with pytest.raises(LedgerError, match="TSA-UNNAMED"):
        time_stamp.time_stamper(Path("tsa"), lambda: NOON)
