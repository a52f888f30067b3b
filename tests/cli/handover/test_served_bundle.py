"""What a bundle of an office server needs is asked before the server is."""

from __future__ import annotations

from typing import Any

import click
import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from cli.access.recorded_access import Stated
from cli.exit_codes import Stop
from cli.handover import served_bundle as module
from cli.handover.evidence_bundle import Handed


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the servers that were asked; none answers."""
    urls: list[str] = []

    def connected(url: str, *_: Any) -> Any:
        urls.append(url)
        raise ConnectionError

    monkeypatch.setattr(module, "recording_served", connected)
    return urls


def make(audience: str | None, because: str | None = None) -> None:
    module.served_bundle("https://a.example", lambda _: None, "E-7", "x.zip", Handed(audience, stated=Stated(because)))


def test_a_reader_and_a_reason_are_asked_for_before_the_server_is(asked: list[str]) -> None:
    with pytest.raises(click.UsageError, match="who is going to read it"):
        make(None)
    for empty in ("", "  \n"):
        with pytest.raises(Stop, match="--because is empty"):
            make("CT", empty)
    with pytest.raises(Stop, match="no role 'JUDGE'"):
        make("JUDGE")
    assert asked == []


@pytest.mark.parametrize("because", [None, "hearing on Monday"])
def test_a_reason_may_be_left_out_and_is_taken_as_it_is(because: str | None, asked: list[str]) -> None:
    with pytest.raises(ConnectionError):
        make("court", because)
    assert asked == ["https://a.example"]
