"""PostgreSQL servers for tests: each has a temporary folder, listens on a socket in it, and can be killed."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from tempfile import mkdtemp

import psycopg

OWNER, CLERK, AUDITOR = "owner", "clerk", "auditor"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "postgresql.md"
RIGHTS = PAGE.read_text(encoding="utf-8").partition("```sql\n")[2].partition("```")[0]  # the documented grants


def programs() -> Path | None:
    """Return the folder of programs of the newest PostgreSQL on this machine, None without one."""
    found = [p for p in Path("/usr/lib/postgresql").glob("*/bin") if (p / "postgres").exists()]
    if wanted := os.environ.get("COMITY_TEST_POSTGRES"):
        found = [p for p in found if p.parent.name == wanted]
    return max(found, key=lambda p: int(p.parent.name), default=None)


def _user() -> dict[str, str | int]:
    """Return the user for subprocesses: PostgreSQL refuses to run as root, so root starts it as `postgres`."""
    return {"user": "postgres", "group": pwd.getpwnam("postgres").pw_gid} if os.geteuid() == 0 else {}


class Server:
    """One server. Its superuser is `boss`. Every role may connect, only through the socket in the server's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def new(cls) -> Server:
        """Make a server and start it."""
        server = cls(_folder())
        server.run("initdb", "-D", str(server.data), "-U", "boss", "-A", "trust", "--no-sync", "-E", "UTF8")
        server.set(listen_addresses="", fsync="on", max_connections="50", shared_buffers="32MB", wal_level="replica")
        server.set(dynamic_shared_memory_type="mmap")  # files in its folder: they are removed with it
        server.start()
        with server.boss() as c:
            for role in (OWNER, CLERK, AUDITOR):
                c.execute(f"CREATE ROLE {role} LOGIN".encode())
        return server

    def run(self, program: str, *args: str) -> None:
        """Run one of PostgreSQL's programs, as the server's user."""
        bin_ = programs()
        assert bin_ is not None
        done = subprocess.run([bin_ / program, *args], capture_output=True, text=True, cwd=self.folder, **_user())  # type: ignore[call-overload]
        assert done.returncode == 0, done.stderr

    def set(self, **settings: str) -> None:
        """Append settings to the configuration; they take effect at the next start or `reload`."""
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        bin_ = programs()
        assert bin_ is not None
        with (self.folder / "log").open("ab") as log:
            command = [bin_ / "postgres", "-D", str(self.data), "-k", str(self.folder)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **_user())  # type: ignore[call-overload]
        for _ in range(600):
            try:
                self.boss().close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.folder / "log").read_text())

    def boss(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """Return a superuser's connection."""
        return psycopg.connect(self.uri(database, "boss"), autocommit=True)

    def uri(self, database: str, user: str = OWNER) -> str:
        """Return the address of a database, as users write it."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def database(self, name: str) -> str:
        """Make a database that the owner owns, and return its address."""
        with self.boss() as c:
            c.execute(f"CREATE DATABASE {name} OWNER {OWNER}".encode())
        return self.uri(name)

    def drop(self, name: str) -> None:
        """Drop a database, and end whatever is connected to it."""
        with self.boss() as c:
            c.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def open_to(self, name: str) -> None:
        """Grant the other roles the rights of docs/how-to/postgresql.md."""
        with psycopg.connect(self.uri(name), autocommit=True) as c:
            c.execute(RIGHTS.encode())

    def alone(self, name: str) -> None:
        """Wait until no client is connected to a database."""
        with self.boss() as c:
            for _ in range(200):
                if c.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", (name,)).fetchone() == (0,):
                    return
                time.sleep(0.02)
        raise AssertionError(f"somebody stays connected to {name}")

    def reload(self) -> None:
        """Make the server read its configuration again."""
        with self.boss() as c:
            c.execute("SELECT pg_reload_conf()")
        time.sleep(0.3)

    def kill(self) -> None:
        """Kill all processes of the server with SIGKILL, as a power cut would end them."""
        assert self._process is not None
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *map(int, children)):
            os.kill(each, signal.SIGKILL)
        self._process.wait()
        self._process = None
        deadline = time.monotonic() + 10
        while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < deadline:
            time.sleep(0.02)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        """Shut the server down properly."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()
            self._process = None

    def standby(self, *, synchronous: bool) -> Server:
        """Start a second server that replicates this one."""
        other = Server(_folder())
        self.run("pg_basebackup", "-h", str(self.folder), "-U", "boss", "-D", str(other.data), "-R", "-c", "fast")
        if synchronous:
            with (other.data / "postgresql.auto.conf").open("a") as file:
                file.write(f"primary_conninfo = 'host={self.folder} user=boss application_name=second'\n")
        other.start()
        if synchronous:
            self.set(synchronous_standby_names="second")
            self.reload()
        return other

    def follow(self, primary: Server) -> None:
        """Wait until this standby has replayed everything that its primary has written."""
        with primary.boss() as c:
            row = c.execute("SELECT pg_current_wal_flush_lsn()").fetchone()
        with self.boss() as c:
            for _ in range(200):
                if c.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", row).fetchone() == (True,):
                    return
                time.sleep(0.05)
        raise AssertionError("the standby does not follow")

    def pause(self) -> None:
        """Cut this standby off from its primary."""
        with self.boss() as c:
            c.execute("ALTER SYSTEM SET primary_conninfo = ''")
        self.reload()

    def promote(self) -> None:
        """Make this standby the primary."""
        with self.boss() as c:
            c.execute("SELECT pg_promote()")
            while c.execute("SELECT pg_is_in_recovery()").fetchone() != (False,):
                time.sleep(0.05)

    def gone(self) -> None:
        """Stop the server and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def database_of(uri: str) -> str:
    """Return the name of the database in an address of these servers."""
    return uri.split("/")[3].split("?")[0]


def _folder() -> Path:
    folder = Path(mkdtemp(prefix="comity-pg-"))  # short: a socket's path has 107 bytes at most
    if user := _user().get("user"):
        shutil.chown(folder, user)
    return folder
