"""An etcd for tests: members on free ports of the loopback, with data in a temporary folder; each can be killed."""

from __future__ import annotations

import shutil
import signal
import socket
import ssl
import subprocess
import time
from base64 import b64encode
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx


class Etcd:
    """One etcd with `members` members; with `tls`, the key and certificate of both sides, it wants a certificate."""

    def __init__(self, members: int = 1, tls: tuple[Path, Path] | None = None) -> None:
        self._tls = tls
        self._scheme = "https" if tls else "http"
        self.folder = Path(mkdtemp(prefix="comity-etcd-"))
        ports = _free_ports(2 * members)
        self.ports, self._peers = ports[:members], ports[members:]
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        for number in range(members):
            self.start(number)
        for number in range(members):
            self.wait(number)

    @property
    def address(self) -> str:
        """Return the address of all members, as users write it."""
        return f"etcd{self._scheme[4:]}://{','.join(f'127.0.0.1:{port}' for port in self.ports)}"

    def start(self, number: int) -> None:
        """Start a member."""
        here, peer = self._client(number), f"http://127.0.0.1:{self._peers[number]}"
        cluster = ",".join(f"m{n}=http://127.0.0.1:{port}" for n, port in enumerate(self._peers))
        told = {
            "name": f"m{number}",
            "data-dir": str(self.folder / f"m{number}"),
            "listen-client-urls": here,
            "advertise-client-urls": here,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": cluster,
            "initial-cluster-token": self.folder.name,
            "heartbeat-interval": "50",
            "election-timeout": "500",
        }
        if self._tls:
            key, pem = map(str, self._tls)
            told |= {"key-file": key, "cert-file": pem, "trusted-ca-file": pem, "client-cert-auth": "true"}
        with (self.folder / f"m{number}.log").open("ab") as log:
            words = [f"--{name}={value}" for name, value in told.items()]
            self._processes[number] = subprocess.Popen(["etcd", *words], stdout=log, stderr=log)

    def wait(self, number: int) -> None:
        """Wait until a member answers for the whole etcd."""
        for _ in range(300):
            try:
                if self.ask(number, "kv/range", {"key": "eA=="}):
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError((self.folder / f"m{number}.log").read_text()[-2000:])

    def _client(self, number: int) -> str:
        return f"{self._scheme}://127.0.0.1:{self.ports[number]}"

    def ask(self, number: int, path: str, question: dict[str, Any]) -> dict[str, Any]:
        """Return the answer of a member to a question of its JSON gateway; `httpx.HTTPError` where it has none."""
        context: ssl.SSLContext | bool = False
        if self._tls:
            context = ssl.create_default_context(cafile=str(self._tls[1]))
            context.load_cert_chain(self._tls[1], self._tls[0])
        reply = httpx.post(f"{self._client(number)}/v3/{path}", json=question, timeout=5, verify=context)
        reply.raise_for_status()
        answer: dict[str, Any] = reply.json()
        return answer

    def with_user(self, name: str, password: str, prefix: str) -> None:
        """Demand a user for everything, and make one who may read and write the keys with a prefix."""
        start, end = prefix.encode(), prefix.encode()[:-1] + bytes([prefix.encode()[-1] + 1])
        keys = {"key": b64encode(start).decode(), "range_end": b64encode(end).decode()}
        for path, question in (
            ("user/add", {"name": "root", "password": "x"}),
            ("role/add", {"name": "root"}),
            ("user/grant", {"user": "root", "role": "root"}),
            ("user/add", {"name": name, "password": password}),
            ("role/add", {"name": name}),
            ("role/grant", {"name": name, "perm": {"permType": "READWRITE", **keys}}),
            ("user/grant", {"user": name, "role": name}),
            ("enable", {}),
        ):
            self.ask(0, f"auth/{path}", question)

    def leader(self) -> int:
        """Return the number of the member that leads."""
        for number in self._processes:
            told = self.ask(number, "maintenance/status", {})
            if told["leader"] == told["header"]["member_id"]:
                return number
        raise AssertionError("nobody leads")

    def kill(self, number: int) -> None:
        """Kill a member with SIGKILL."""
        process = self._processes.pop(number)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def gone(self) -> None:
        """Kill all members and remove their folder."""
        for number in list(self._processes):
            self.kill(number)
        shutil.rmtree(self.folder, ignore_errors=True)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
