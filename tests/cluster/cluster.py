"""One office on three machines and one in front, set up by the files of release/cluster.

etcd on all three; PostgreSQL under Patroni, `comity serve` and `comity signer serve` on two; HAProxy in front.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.cluster.nodes import NODES, Node, front, run, words_of
from tests.cluster.supervisor import Service, Supervisor
from tests.postgres.server import RIGHTS, programs

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "release" / "cluster"
COMITY = str(Path(sys.executable).with_name("comity"))
ORIGIN = "ledger.example/xo/karsk"
URL, DATABASE = "https://office.example", "db.office.example"
GUARD = "etcd://" + ",".join(f"{name}.office.example:2379" for name in NODES)
BOTH = ("one", "two")  # the machines with PostgreSQL and an office server
OFFICES = {"ilves": ("XO", "ISS", "RET"), "skylark": ("XV", "SP")}
PASSWORDS = {"owner": "secret-owner", "clerk": "secret-clerk"}
PAGES = ROOT / "docs" / "how-to"
_KEYS = (PAGES / "several-machines.md").read_text("utf-8").partition("## A place for the keys")[2]
KEY_RIGHTS = _KEYS.partition("```sql\n")[2].partition("```")[0]
ANSWER_RIGHTS = (PAGES / "high-availability.md").read_text("utf-8").partition("```sql\n")[2].partition("```")[0]
WHOLE = 90.0  # seconds in which a cluster is to be whole again once every machine is there


class Cluster:
    """A running cluster in a folder; `close` ends all of it."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.nodes: dict[str, Node] = {}
        self.services: dict[str, Service] = {}
        self._closing = ExitStack()
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End all processes."""
        self._closing.close()

    def _put_away(self) -> None:
        for node in self.nodes.values():
            node.close()

    def _set_up(self) -> None:
        front(self.work)
        self.nodes = {name: Node(self.work, name) for name in NODES}
        self._closing.callback(self._put_away)
        self.supervisor = Supervisor()
        self._closing.callback(self.supervisor.close)
        for name in NODES:
            self._serve(f"etcd-{name}", name, ["etcd"], "etcd", self._environment("etcd.env", name))
        text, newest = (SHIPPED / "patroni.yml").read_text("utf-8"), programs()
        (self.work / "patroni.yml").write_text(text.replace("/usr/lib/postgresql/17/bin", str(newest)))
        shutil.copy(SHIPPED / "give-lead-away", self.work)
        for name in BOTH:
            patroni = ["patroni", str(self.work / "patroni.yml")]
            env = self._environment("patroni.env", name)
            self._serve(f"patroni-{name}", name, patroni, "postgres", env)
            watch = f"while sleep 10; do {self.work}/give-lead-away {self.work}/patroni.yml; done"
            self._serve(f"disk-{name}", name, ["sh", "-c", watch], "postgres", env)
        self._certificate()
        self._serve("haproxy", None, ["haproxy", "-db", "-f", self._proxy()], env={})
        until(lambda: self.leader() and self.standby(), 90, "PostgreSQL has a leader and a synchronous standby")
        self._make_databases()
        self._make_ledger()
        for name in BOTH:
            self._make_replica(name)
        self.wait_until_whole()

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _serve(
        self, service: str, node: str | None, command: list[str], user: str = "root", env: dict[str, str] | None = None
    ) -> None:
        enter = words_of(self.nodes[node] if node else None, user)
        made = Service(service, enter, command, self.work / f"{service}.log", env or {})
        self.services[service] = self.supervisor.add(made)

    def _environment(self, file: str, name: str) -> dict[str, str]:
        """Return the variables of a shipped environment file for one machine."""
        own, _, same = (SHIPPED / file).read_text("utf-8").partition("# the same on each machine")
        lines = [
            *own.replace("=one\n", f"={name}\n").replace("one.office", f"{name}.office").split("\n"),
            *same.split("\n"),
        ]
        return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    def _certificate(self) -> None:
        pem, key = self.work / "ca.pem", self.work / "office.key"
        named = ("-subj", "/CN=office.example", "-addext", "subjectAltName=DNS:office.example")
        made = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30")
        run("openssl", "req", *made, *named, "-out", str(pem), "-keyout", str(key))
        (self.work / "office.pem").write_text(pem.read_text() + key.read_text())

    def _proxy(self) -> str:
        """Return the path of the shipped configuration of HAProxy, with the certificate of this folder."""
        text = (SHIPPED / "haproxy.cfg").read_text("utf-8")
        text = text.replace("defaults\n", "defaults\n    log stdout format raw local0\n    option tcplog\n")
        (self.work / "haproxy.cfg").write_text(text.replace("/etc/haproxy/office.pem", str(self.work / "office.pem")))
        return str(self.work / "haproxy.cfg")

    def _make_databases(self) -> None:
        lines = [f"{DATABASE}:5432:*:{role}:{word}" for role, word in PASSWORDS.items()]
        (self.work / "pgpass").write_text("\n".join(lines) + "\n")
        (self.work / "pgpass").chmod(0o600)
        os.environ["PGPASSFILE"] = str(self.work / "pgpass")
        with self.database("postgres") as c:
            for role, word in (*PASSWORDS.items(), ("auditor", "secret-auditor")):
                c.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{word}'".encode())
            for name in ("office", "office_keys"):
                c.execute(f"CREATE DATABASE {name} OWNER owner".encode())

    def database(self, name: str) -> psycopg.Connection[tuple[Any, ...]]:
        """Return a superuser's connection to a database of the leader, through HAProxy."""
        word = self._environment("patroni.env", "one")["PATRONI_SUPERUSER_PASSWORD"]
        return psycopg.connect(
            host=DATABASE, dbname=name, user="postgres", password=word, autocommit=True, connect_timeout=5
        )

    def _make_ledger(self) -> None:
        """Make the ledger on the machine in front, as its owner, with two offices."""
        store, keys = f"postgresql://owner@{DATABASE}/office", f"postgresql://owner@{DATABASE}/office_keys"
        shared = ("--store", store, "--keys-store", keys, "--guard", GUARD)
        self.comity("init", str(self.work / "ledger"), "--origin", ORIGIN, *shared)
        for actor, (party, *roles) in OFFICES.items():
            said = [part for role in roles for part in ("--role", role)]
            self.comity("key", "new", actor)
            self.comity("key", "enrol", actor, *said, "--party", party, "--office", actor.title(), "--unregistered")
            self.comity("key", "accept", actor)
        for name, rights in (("office", RIGHTS), ("office_keys", KEY_RIGHTS), ("office", ANSWER_RIGHTS)):
            with self.database(name) as c:
                c.execute(b"SET ROLE owner")
                c.execute(rights.encode())
        for file in ("store", "keys-store"):
            address = self.work / "ledger" / file
            address.write_text(address.read_text().strip().replace("owner@", "clerk@") + "?connect_timeout=3\n")

    def _make_replica(self, name: str) -> None:
        """Set up an office server on a machine, with a signer, as docs/how-to/several-machines.md says."""
        place = self.nodes[name].disk / "comity"
        for folder in ("ledger", "state"):
            shutil.copytree(self.work / folder, place / folder)
        env = self.environment(place)
        socket, signing = str(place / "signer.sock"), str(place / "signer")
        self.comity("signer", "use", socket, "--move", signing, at=name)
        self._serve(f"signer-{name}", name, [COMITY, "signer", "serve", signing, "--socket", socket], env=env)
        serve = [COMITY, "serve", "--quiet", "--listen", f"{self.nodes[name].address}:7400", "--behind-proxy"]
        serve += ["--url", URL, "--rate", "100000", "--log-format", "json"]
        until((place / "signer.sock").exists, 20, "the signer listens")
        self._serve(f"serve-{name}", name, serve, env=env)

    def environment(self, place: Path) -> dict[str, str]:
        """Return the variables for `comity` with its folders in `place`."""
        folders = {"XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config", "COMITY_LEDGER": "ledger"}
        named = {variable: str(place / folder) for variable, folder in folders.items()}
        return {**named, "COMITY_PERSON": "Somebody Invented"}

    def comity(self, *words: str, at: str | None = None, person: bool = False) -> str:
        """Run a command on a machine, by default the one in front, and return its output; `person`: with all keys."""
        place = self.nodes[at].disk / "comity" if at else self.work
        env = self.environment(place)
        if person:
            env["XDG_CONFIG_HOME"] = str(self.work / "config")
        return run(*words_of(self.nodes[at] if at else None), COMITY, *words, **env)

    # -- state ---------------------------------------------------------------------------------------------------------

    def members(self) -> dict[str, dict[str, Any]]:
        """Return what Patroni says of each member, by its name; nothing if none answers."""
        for name in BOTH:
            try:
                view = json.loads(ask(f"http://{self.nodes[name].host}:8008/cluster"))
            except (httpx.HTTPError, ValueError):
                continue
            return {member["name"]: member for member in view["members"]}
        return {}

    def leader(self) -> str:
        """Return the name of the machine whose PostgreSQL leads; empty without one."""
        found = (n for n, m in self.members().items() if m["role"] == "leader" and m["state"] == "running")
        return next(found, "")

    def standby(self) -> str:
        """Return the name of the synchronous standby that streams; empty without one."""
        found = (n for n, m in self.members().items() if m["role"] == "sync_standby" and m["state"] == "streaming")
        return next(found, "")

    def ready(self, name: str) -> bool:
        """Return True if the office server of a machine is ready."""
        try:
            ask(f"http://{self.nodes[name].address}:7400/ready", host="office.example")
        except httpx.HTTPError:
            return False
        return True

    def etcd_answers(self, name: str) -> bool:
        """Return True if the member of etcd on a machine says that it is healthy."""
        try:
            return '"true"' in ask(f"http://{self.nodes[name].host}:2379/health")
        except httpx.HTTPError:
            return False

    def etcd_leader(self) -> str:
        """Return the name of the machine whose etcd leads."""
        for name in NODES:
            status = json.loads(ask(f"http://{self.nodes[name].host}:2379/v3/maintenance/status", body=b"{}"))
            if status["leader"] == status["header"]["member_id"]:
                return name
        raise AssertionError("no etcd leads")

    def is_whole(self) -> bool:
        """Return True if every part of the cluster works."""
        postgres = bool(self.leader() and self.standby())
        return postgres and all(map(self.ready, BOTH)) and all(map(self.etcd_answers, NODES))

    def wait_until_whole(self) -> None:
        """Wait until every part of the cluster works."""
        until(self.is_whole, WHOLE, "every part of the cluster works")

    # -- accidents -----------------------------------------------------------------------------------------------------

    def kill_postgres(self, name: str) -> None:
        """Kill every process of the PostgreSQL server of a machine."""
        data = self.nodes[name].disk / "postgresql" / "office"
        pid = int((data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *map(int, children)):
            try:
                os.kill(each, signal.SIGKILL)
            except ProcessLookupError:
                continue


def ask(url: str, *, host: str = "", body: bytes | None = None) -> str:
    """Return the answer to a request; `httpx.HTTPError` where there is none, or none of status 200."""
    method, headers = "GET" if body is None else "POST", {"host": host} if host else {}
    reply = httpx.request(method, url, content=body, headers=headers, timeout=2, trust_env=False)
    reply.raise_for_status()
    return reply.text


def until(holds: Callable[[], object], seconds: float, says: str) -> None:
    """Wait until something holds; AssertionError after so many seconds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds:g} seconds: {says}"
        time.sleep(0.2)
