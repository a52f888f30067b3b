"""A ledger whose entries are in PostgreSQL: faults at the command's calls, or at those of the server's process.

The calls are to disk and socket. Each process that tries has a separate server, since a server one of whose
processes is killed begins again as a whole.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from itertools import count
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults import folder
from tests.faults.commands import COMMANDS, Command, furnish, put
from tests.faults.folder import PendingBatch, acknowledged, asked, copied, environment, leaves, unclear
from tests.faults.strike import Ended, Process, attached, counted, counting, fault
from tests.support.cli import ORIGIN, House

if TYPE_CHECKING:
    from tests.postgres.server import Server

SOCKET = ("sendto", "recvfrom", "connect")
OF_SERVER = ("pwrite64", "fdatasync", "fsync", "sendto", "recvfrom")
HERE, THERE = "", "of the server"
TRIED = (
    *("record", "sealed", "issue", "import", "reveal", "erase", "key enrol", "rotate-log", "checkpoint", "export"),
    "backup",
)
INTO = {  # commands that make a database into a ledger; EMPTY is the address of one
    "init": ("init", "HOUSE/second", "--origin", "ledger.example/xo/second", "--store", "EMPTY"),
    "restore": ("restore", "HOUSE/copy.tar", "HOUSE/second", "--store", "EMPTY"),
}
_numbers = count()


def lacks() -> str:
    """Return what is missing, as in `folder`."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "needs the extra `postgres`"
    from tests.postgres.server import programs

    return "" if programs() else "needs PostgreSQL: tests/postgres/install.sh"


def names() -> list[str]:
    """Return the commands, as in `folder`."""
    return [f"{name}{'; ' + whose if whose else ''}" for name in (*TRIED, *INTO) for whose in (HERE, THERE)]


def trials(name: str) -> list[PendingBatch]:
    """Return the faults, as in `folder`."""
    command, _, whose = name.partition("; ")
    calls = OF_SERVER if whose else (*folder.CALLS, *SOCKET)
    with _house(command) as (house, known):
        trace = house.folder / "trace"
        done = _typed(house, known, whose, counting(calls, trace))
        made: dict[str, int] = {}
        if done.code:
            raise RuntimeError(f"{name}: {done.code} {done.stderr}")
        for file in sorted(house.folder.glob("trace*")):
            at = file.name.removeprefix("trace")
            made |= {f"{call}{at}": number for call, number in counted(calls, file).items()}
    return [
        PendingBatch(name, call, number, kind)
        for call, total in made.items()
        for number in range(1, total + 1)
        for kind in _kinds(call.partition("@")[0], whose)
    ]


def _kinds(call: str, whose: str) -> tuple[str, ...]:
    """Return what is tried at a call. `folder` tries what an error does to the files outside the database."""
    if whose:
        return {"sendto": ("kill", "ECONNRESET"), "recvfrom": ("kill",)}.get(call) or folder.kinds_of(call)
    # a line that is gone would fail the next call too, and strace fails one: libpq waits for what the server may say
    return ("kill", "ECONNRESET") if call in ("recvfrom", "connect") else ("kill",)


def tried(trial: PendingBatch) -> list[str]:
    """Try one fault, as in `folder`."""
    command, _, whose = trial.command.partition("; ")
    call, _, at = trial.call.partition("@")
    with _house(command) as (house, known):
        before = leaves(house)
        done = _typed(house, known, whose, fault(call, trial.number, trial.fault), int(at or 0))
        _recovered(server())
        wrong = unclear(done, killed=trial.fault == "kill" and not whose)
        return wrong + asked(house, known, before, acknowledged(done.stdout))


@contextmanager
def _house(command: str) -> Iterator[tuple[House, Command]]:
    """Return a ledger in a separate database, and the command as it is typed there."""
    folder.warm(command)
    made, name, empty = _made(command), f"t{next(_numbers)}", f"e{next(_numbers)}"
    with tempfile.TemporaryDirectory() as place, server().boss() as boss:
        house = copied(made[0], Path(place))
        boss.execute(f"CREATE DATABASE {name} TEMPLATE {made[1]} OWNER owner".encode())
        (house.ledger / "store").write_text(f"{server().uri(name)}\n")
        known = COMMANDS[command]
        if command in INTO:
            address = server().database(empty)
            words = tuple(word.replace("EMPTY", address) for word in INTO[command])
            known = Command(words, done=known.done, goes_on="second")
        boss.close()  # a server that begins again ends every line
        yield house, known
        with server().boss() as boss:
            for each in (name, empty):
                boss.execute(f"DROP DATABASE IF EXISTS {each} WITH (FORCE)".encode())


@cache
def _made(command: str) -> tuple[Path, str]:
    """Return the folder of a ledger in which a command can be given, and its database."""
    ready, name = COMMANDS[command].ready, f"p{next(_numbers)}"
    house = House(Path(tempfile.mkdtemp()) / "house")
    house.folder.mkdir()
    done = house.run("init", str(house.ledger), "--origin", ORIGIN, "--store", server().database(name))
    assert done.exit_code == 0, done.output
    furnish(house)
    if ready is not None:
        ready(house)
    server().alone(name)
    return house.folder, name


def _typed(house: House, known: Command, whose: str, trace: tuple[str, ...], at: int = 0) -> Ended:
    """Run the command; strace is over it, or over the server's process for its `at`-th connection, or each."""
    words = (*put(house, known.words), *known.form)
    if not whose:
        return Process(words, environment(house), *trace).ended()
    noted = house.folder / "straces"
    done = Process(words, environment(house), first=partial(_watch, noted, trace, at)).ended()
    for pid in noted.read_text().split() if noted.exists() else []:
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.005)
    return done


def _watch(noted: Path, trace: tuple[str, ...], at: int) -> None:
    """Have strace follow the server's processes from when this one is connected to them."""
    import psycopg

    real: Callable[..., Any] = psycopg.connect
    numbers = count(1)

    def connect(*args: Any, **given: Any) -> Any:
        c, number = real(*args, **given), next(numbers)
        if at in (0, number):
            operands = tuple(f"{word}@{number}" if not at and word.startswith("/") else word for word in trace)
            strace = attached(c.info.backend_pid, *operands)
            with noted.open("a") as file:
                file.write(f"{strace.pid}\n")
        return c

    vars(psycopg)["connect"] = connect


@cache
def server() -> Server:
    """Return this process's server, which ends with the process."""
    from tests.postgres.server import Server

    made = Server.new()
    made.stop()
    made.set(autovacuum="off", max_wal_size="64MB")
    made.start()
    Finalize(None, made.gone, exitpriority=10)
    return made


def _recovered(server: Server) -> None:
    """Wait until the server answers; begin it again if it has ended."""
    import psycopg

    end = time.monotonic() + 30
    while True:
        try:
            server.boss().close()
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return
