"""How the office server ends."""

from __future__ import annotations

import signal

import pytest

pytest.importorskip("uvicorn", reason="needs the extra `server`")

from starlette.applications import Starlette

from ledger.adapters.http_server import listen, server
from server.run import _ended_by_signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("linger", [0, 0.1])
def test_a_signal_before_the_server_runs_interrupts_nothing_and_ends_it(number: signal.Signals, linger: float) -> None:
    made = server(Starlette(), most_at_once=4, largest_head=4_096, grace=1, linger=linger)
    before = signal.getsignal(number)
    reached = []
    with listen("127.0.0.1", 0) as listening, _ended_by_signals(made):
        signal.raise_signal(number)
        reached.append("the server")
        made.run(sockets=[listening])
        reached.append("its end")
    assert reached == ["the server", "its end"]
    assert signal.getsignal(number) is before
