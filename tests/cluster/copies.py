"""Physical copies of the cluster by pgBackRest: made under load, restored into a scratch server, and compared.

What is restored to the end of the write-ahead log has every entry that was acknowledged. What is restored to the end of
an older copy is found by the guard.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx
import psycopg

from ledger.adapters.folders.read_trust import read_trust_folder
from ledger.adapters.storage.postgres import address
from tests.cluster.cluster import BOTH, COMITY, ORIGIN, SHIPPED, Cluster, ask, until
from tests.cluster.load import Load
from tests.cluster.nodes import run, words_of
from tests.cluster.oracle import compare
from tests.postgres.server import Server

COPIES = "copies"
COPIES_SAYS = "full and incremental copies by pgBackRest under load, restored into a scratch server, and an older one"


def check_copies(cluster: Cluster, load: Load) -> Iterator[str]:
    """Yield what is wrong; nothing if everything holds."""
    copies = _Copies(cluster)
    load.start()
    _written(load)
    copies.make("full")
    _written(load)
    copies.make("incr")
    _written(load)
    load.stop()
    copies.end_segment()
    full, incremental = copies.made()
    if (full["type"], incremental["type"]) != ("full", "incr"):
        yield f"the copies are {full['type']} and {incremental['type']}"
    if incremental["info"]["repository"]["delta"] >= full["info"]["repository"]["delta"]:
        yield "an incremental copy is as large as a full one"
    with copies.restored() as server:
        yield from _compared(cluster, load, server)
    with copies.restored("--type=immediate", f"--set={full['label']}", "--target-action=promote") as server:
        says = _fsck(cluster, server)
        if "LOG-ROLLBACK" not in says:
            yield f"fsck finds nothing in a copy that is older than what was signed: {says[-300:]}"


class _Copies:
    """The repository of a cluster, and what was restored from it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._repository = cluster.work / "backrest"
        self._repository.mkdir(mode=0o700)
        run("chown", "postgres", str(self._repository))
        text = (SHIPPED / "pgbackrest.conf").read_text("utf-8")
        own = f"{self._repository}\nlock-path={self._repository}/lock\nlog-level-file=off"
        self._config = cluster.work / "pgbackrest.conf"
        self._config.write_text(text.replace("/var/lib/pgbackrest", own))
        self._config.chmod(0o644)
        self._switch_on()

    def _switch_on(self) -> None:
        """Have each PostgreSQL hand over its write-ahead log, as `patronictl edit-config` and `restart` do."""
        command = f"pgbackrest --config={self._config} --stanza=office archive-push %p"
        parameters = {"archive_mode": "on", "archive_command": command}
        self._tell("config", {"postgresql": {"parameters": parameters}}, self._cluster.leader(), "PATCH")
        until(lambda: all("pending_restart" in m for m in self._cluster.members().values()), 60, "a restart is due")
        for name in sorted(BOTH, key=lambda name: name == self._cluster.leader()):  # the leader last
            self._tell("restart", {}, name, "POST")
        self._cluster.wait_until_whole()
        self._run("stanza-create")
        self._run("check")

    def _tell(self, what: str, body: Any, name: str, method: str) -> None:
        url = f"http://{self._cluster.nodes[name].host}:8008/{what}"
        httpx.request(method, url, json=body, timeout=90, trust_env=False).raise_for_status()

    def _run(self, *words: str) -> str:
        """Run pgBackRest at the leader."""
        enter = words_of(self._cluster.nodes[self._cluster.leader()], "postgres")
        return run(*enter, "pgbackrest", f"--config={self._config}", "--stanza=office", *words)

    def make(self, kind: str) -> None:
        """Make a copy while the office writes."""
        self._run(f"--type={kind}", "backup")

    def made(self) -> list[Any]:
        """Return what pgBackRest says of each copy, oldest first."""
        self._run("verify")
        copies: list[Any] = json.loads(self._run("--output=json", "info"))[0]["backup"]
        return copies

    def end_segment(self) -> None:
        """Hand over the write-ahead log up to now."""
        with self._cluster.database("postgres") as c:
            c.execute(b"CHECKPOINT")
            row = c.execute(b"SELECT pg_walfile_name(pg_switch_wal())").fetchone()
            assert row is not None

            def archived() -> bool:
                last = c.execute(b"SELECT last_archived_wal FROM pg_stat_archiver").fetchone()
                return last is not None and last[0] is not None and last[0] >= row[0]

            until(archived, 60, "the write-ahead log is handed over")

    @contextmanager
    def restored(self, *options: str) -> Iterator[Server]:
        """Restore into a scratch server on the machine in front, and start it; it ends with the context."""
        folder = Path(mkdtemp(prefix="comity-scratch-"))
        server = _Scratch(folder)
        try:
            folder.chmod(0o711)
            server.data.mkdir(mode=0o700)
            run("chown", "-R", "postgres", str(folder))
            words = (f"--config={self._config}", "--stanza=office", f"--pg1-path={server.data}", "--archive-mode=off")
            run("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "pgbackrest", *words, *options,
                "restore")  # fmt: skip
            (server.data / "pg_hba.conf").write_text("local all all trust\n")
            server.set(
                hba_file=str(server.data / "pg_hba.conf"), ident_file=str(server.data / "pg_ident.conf"),
                listen_addresses="", unix_socket_directories=str(folder), port="5432", shared_buffers="32MB",
                primary_conninfo="", synchronous_standby_names="", restart_after_crash="off",
            )  # fmt: skip
            server.start()
            until(server.recovered, 60, "the write-ahead log is replayed")
            yield server
        finally:
            server.stop()
            shutil.rmtree(folder, ignore_errors=True)


class _Scratch(Server):
    """A server that was restored; its superuser is that of the cluster."""

    def boss(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.uri(database, "postgres"), autocommit=True)

    def recovered(self) -> bool:
        """Return True when the write-ahead log has been replayed and the server writes."""
        with self.boss() as c:
            return c.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)


def _written(load: Load, many: int = 30) -> None:
    """Wait until so many more receipts came."""
    before = len(load.taken.receipts)
    until(lambda: len(load.taken.receipts) >= before + many, 120, f"{many} more receipts")


def _compared(cluster: Cluster, load: Load, server: Server) -> Iterator[str]:
    """Compare a restored server with all receipts and heads, and check the ledger in it."""
    notes = []
    for each in BOTH:
        head = json.loads(ask(f"http://{cluster.nodes[each].address}:7400/v1/head", host="office.example"))
        notes.append(head["head"]["note"].encode())
    trust = read_trust_folder(str(cluster.work / "ledger" / "trust"))
    found = compare(
        address(server.uri("office"), ORIGIN), trust, load.taken.receipts, load.taken.on_record, notes
    )  # fmt: skip
    yield from (*found.lost, *found.forks, *found.holes)
    says = _fsck(cluster, server)
    if '"CONSISTENT"' not in says:
        yield f"fsck of the restored server: {says[-300:]}"


def _fsck(cluster: Cluster, server: Server) -> str:
    """Return what `comity fsck` says of a folder whose entries and keys are in a restored server."""
    place = cluster.work / f"restored-{time.monotonic_ns()}"
    for folder in ("ledger", "state"):
        shutil.copytree(cluster.nodes["one"].disk / "comity" / folder, place / folder)
    for file, database in (("store", "office"), ("keys-store", "office_keys")):
        (place / "ledger" / file).write_text(server.uri(database, "clerk") + "\n")
    try:
        return run(COMITY, "fsck", "--json", **cluster.environment(place))
    except AssertionError as failed:
        return str(failed)
