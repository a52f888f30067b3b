"""A browser that has stopped answering: each later command fails at once, and the browser is ended."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.browser.conftest import Running
from tests.browser.support import webdriver
from tests.browser.support.webdriver import Browser, Firefox


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Firefox, socket.socket]]:
    """Return a Firefox that does not end when it should, and the other end of its connection."""
    monkeypatch.setattr(webdriver, "ENDING", 0.1)
    browser = Firefox.__new__(Firefox)
    with socket.create_server(("127.0.0.1", 0)) as server:
        browser._socket = socket.create_connection(server.getsockname(), timeout=0.1)
        there, _ = server.accept()
    browser._rest, browser._number = b"", 0
    browser._firefox = subprocess.Popen(["sleep", "60"])
    with there:
        yield browser, there
    browser.close()


def test_a_closed_connection_is_an_error(peer: tuple[Firefox, socket.socket]) -> None:
    browser, there = peer
    there.close()
    with pytest.raises(ConnectionError):
        browser.windows()


def test_the_answer_to_an_earlier_command_is_not_taken_for_that_to_a_later_one(
    peer: tuple[Firefox, socket.socket],
) -> None:
    browser, there = peer
    with pytest.raises(TimeoutError):
        browser.windows()
    there.sendall(b'18:[1,1,null,["old"]]')
    with pytest.raises(OSError, match="file descriptor"):
        browser.windows()


def test_a_browser_that_does_not_end_is_killed(peer: tuple[Firefox, socket.socket]) -> None:
    browser, _ = peer
    browser.close()
    assert browser._firefox.returncode == -9


def test_a_browser_in_which_a_test_has_failed_is_not_lent_again() -> None:
    closed: list[Any] = []

    def start(_: str) -> Any:
        made: Any = SimpleNamespace(close=lambda: closed.append(made))
        return made

    session: Any = SimpleNamespace(testsfailed=3)
    running = Running(start)
    lent: list[Browser] = []
    for failures in (0, 1, 0):
        with running.lent("firefox", session) as browser:
            lent.append(browser)
            session.testsfailed += failures
    assert lent[0] is lent[1] is not lent[2]
    assert closed == [lent[1]]
    running.close()
    assert closed == [lent[1], lent[2]]
