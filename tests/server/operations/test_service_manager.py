"""The service manager hears READY when the log can be signed, and the signal of the watchdog only while it can."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from server.operations.service_manager import ALIVE, READY, notify
from tests.support.cli import House, ledger_of, run

PROGRAM = Path(sys.executable).with_name("comity")


def heard(manager: socket.socket, seconds: float) -> list[str]:
    """Return what the manager is sent within some seconds."""
    said = []
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        manager.settimeout(left)
        try:
            said.append(manager.recv(100).decode())
        except TimeoutError:
            break
    return said


def test_without_a_manager_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify(READY)


def test_a_manager_that_is_away_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "away"))
    notify(READY)


@pytest.mark.slow
def test_the_watchdog_hears_of_a_log_only_while_it_can_be_signed(tmp_path: Path, house: House) -> None:
    path = str(tmp_path / "n")
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        manager.bind(path)
        fd = listening.fileno()
        command = [str(PROGRAM), "serve", "--fd", str(fd), "--ledger", str(house.ledger)]
        env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **house.env, "NOTIFY_SOCKET": path}
        with subprocess.Popen(
            command, pass_fds=(fd,), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
        ) as served:
            try:
                manager.settimeout(30)
                assert manager.recv(100).decode() == ALIVE  # the head was checked before
                assert manager.recv(100).decode() == READY
                assert served.stdout is not None
                assert served.stdout.readline().decode().strip().endswith(str(listening.getsockname()[1]))
                assert manager.recv(100).decode() == ALIVE
                (guard,) = (tmp_path / "state").rglob("guard.db")
                for file in guard.parent.glob("guard.db*"):
                    file.write_bytes(b"")
                heard(manager, 2)
                assert heard(manager, 3) == []
            finally:
                served.kill()


def test_a_descriptor_that_is_no_listening_socket_is_refused(tmp_path: Path) -> None:
    ledger = ledger_of("S2", tmp_path)
    for fd in ("0", "999"):
        result = run("serve", "--fd", fd, ledger=ledger)
        assert (result.exit_code, "is no TCP socket that listens" in result.stderr) == (2, True)


def test_a_descriptor_and_an_address_exclude_each_other(tmp_path: Path) -> None:
    result = run("serve", "--fd", "3", "--listen", "127.0.0.1:0", ledger=ledger_of("S2", tmp_path))
    assert (result.exit_code, "exclude each other" in result.stderr) == (2, True)
