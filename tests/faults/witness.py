"""A witness that serves and meets a fault while it starts, cosigns, refuses, shows and ends.

Afterwards it remembers what it answered for, follows one line of heads, and answers the next request.
"""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from ledger.tlog.names import origin_hash
from tests.faults.folder import PendingBatch, copied, environment, unclear
from tests.faults.strike import Process, counted, counting, fault
from tests.support.cli import House
from tests.support.hash_log import HashLog

DISK = ("pwrite64", "fsync", "fdatasync", "unlink", "ftruncate", "rename", "mkdir")
SOCKET = ("accept4", "recvfrom", "sendto", "bind", "listen")
SPOKEN = "write"
NAME = "witness.example/xo"
LOG = HashLog(size=40)
OTHER = LOG.fork(5, 40)
WORDS = ("--name", NAME, "--state", "HOUSE/witness", "--policy", "HOUSE/logs.policy")
SERVE = ("witness", "serve", *WORDS, "--listen", "127.0.0.1:0")


def lacks() -> str:
    """Return what is missing, as in `folder`."""
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        return "needs the extra `server`"
    return ""


def names() -> list[str]:
    """Return the commands, as in `folder`."""
    return ["serve"]


def trials(name: str) -> list[PendingBatch]:
    """Return the faults, as in `folder`."""
    calls = (*DISK, *SOCKET, SPOKEN)
    with tempfile.TemporaryDirectory() as place:
        house, trace = copied(pristine(), Path(place)), Path(place) / "trace"
        statuses, wrong = _served(house, *counting(calls, trace))
        if wrong or statuses != {20: 200, 30: 422}:
            raise RuntimeError(f"{statuses} {wrong}")
        made = counted(calls, trace)
    return every_fault(name, made)


def every_fault(name: str, made: Mapping[str, int]) -> list[PendingBatch]:
    """Return a kill and the errors that are possible at each of the calls that a server made."""
    return [
        PendingBatch(name, call, number, kind)
        for call, count in made.items()
        for number in range(1, count + 1)
        for kind in ("kill", *(() if call == SPOKEN else ("ECONNRESET",) if call in SOCKET else ("EIO", "ENOSPC")))
    ]


def tried(trial: PendingBatch) -> list[str]:
    """Try one fault, as in `folder`."""
    with tempfile.TemporaryDirectory() as place:
        house = copied(pristine(), Path(place))
        statuses, wrong = _served(house, *fault(trial.call, trial.number, trial.fault), killed=trial.fault == "kill")
        return wrong + _asked(house, statuses)


@cache
def pristine() -> Path:
    """Return a witness that has cosigned ten entries."""
    house = House(Path(tempfile.mkdtemp()) / "house")
    house.folder.mkdir()
    (house.folder / "logs.policy").write_text(f"log {LOG.key.text}\nquorum none\n")
    done = house.run("witness", "new", NAME, "--state", str(house.folder / "witness"))
    assert done.exit_code == 0, done.output
    LOG.publish(house.folder / "log", 10)
    done = house.run("witness", "pull", *put(house, str(house.folder / "log"), *WORDS))
    assert done.exit_code == 0, done.output
    shutil.rmtree(house.folder / "log")
    return house.folder


def put(house: House, *words: str) -> list[str]:
    """Return the words of a command, with the folder of the house for HOUSE."""
    return [word.replace("HOUSE", str(house.folder)) for word in words]


def _served(house: House, *trace: str, killed: bool = False) -> tuple[dict[int, int], list[str]]:
    """Run one life of a witness; return what it answered to heads by their size, and what is wrong."""
    process = Process(put(house, *SERVE), environment(house), *trace)
    statuses, wrong = {}, []
    if url := process.said("listening on "):
        statuses = {20: _post(url, LOG.request(10, 20)), 30: _post(url, _forged(20, 30))}
        _get(url)
        if not killed and not goes_on(process, lambda: _post(url, LOG.request(10, 20))):
            wrong.append("it does not answer the next request")
    process.send(signal.SIGTERM)
    return {size: status for size, status in statuses.items() if status}, wrong + unclear(
        process.ended(), killed=killed
    )


def goes_on(process: Process, ask: Callable[[], int]) -> bool:
    """Return True if a server answers this request with a status or one of the next, or ends.

    It wakes itself through a socket too.
    """
    for _ in range(3):
        if not process.lives() or ask() in (200, 409):
            return True
        time.sleep(0.5)
    return False


def _asked(house: House, statuses: dict[int, int]) -> list[str]:
    """Return what is wrong with the witness when it is started again."""
    wrong = []
    process = Process(put(house, *SERVE), environment(house))
    url = process.said("listening on ")
    seen = _get(url) if url else 0
    if not url:
        wrong.append("it does not start again")
    elif seen not in ((20,) if statuses.get(20) == 200 else (10, 20)):
        wrong.append(f"it remembers {seen} entries and had answered {statuses}")
    else:
        for why, body in {
            "a fork": _forged(seen, 30),
            "another tree of this size": _forged(seen, seen),
            "an older head": LOG.request(8, 9),
            "an older fork": OTHER.request(8, 9),
        }.items():
            if _post(url, body) == 200:
                wrong.append(f"it cosigns {why}")
        if _post(url, LOG.request(seen, 35)) != 200:
            wrong.append("it does not cosign the next head")
    process.send(signal.SIGTERM)
    ended = process.ended()
    kept = house.run("witness", "evidence", *put(house, *WORDS), "--json")
    if kept.exit_code or (statuses.get(30) == 422 and not json.loads(kept.stdout)["evidence"]):
        wrong.append(f"what it refused is not kept: {kept.output[-300:]}")
    return wrong + unclear(ended, killed=False)


def _forged(old: int, size: int) -> bytes:
    """Return a request for a head of another history, with its proof."""
    return OTHER.request(old, size)


def _post(url: str, body: bytes) -> int:
    """Return the status of an answer; 0 if none came."""
    return spoken(url, "POST", "/add-checkpoint", body)[0]


def _get(url: str) -> int:
    """Return the size of the head that is shown; 0 if none is."""
    status, body = spoken(url, "GET", f"/{origin_hash(LOG.origin)}/checkpoint", None)
    return int(body.split(b"\n")[1]) if status == 200 else 0


def spoken(
    url: str, method: str, path: str, body: bytes | None, headers: Mapping[str, str] = MappingProxyType({})
) -> tuple[int, bytes]:
    """Return status and body of an answer; 0 and no body if none came."""
    line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        line.request(method, path, body, headers)
        answer = line.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        line.close()
