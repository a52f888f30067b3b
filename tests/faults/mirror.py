"""A mirror that serves and meets a fault while it starts, accepts a checkpoint, stores, cosigns, shows and ends.

Afterwards it still has every entry that it answered for, what it cosigned is whole, and an upload goes on.
"""

from __future__ import annotations

import signal
import tempfile
from functools import cache
from pathlib import Path

from ledger.adapters.log.published_log import from_folder
from ledger.adapters.witness.monitor import check_entries
from ledger.errors import LedgerError, RecordError
from ledger.tlog.names import origin_hash
from ledger.tlog.note import open_note, parse_checkpoint, parse_vkey
from tests.faults import witness
from tests.faults.folder import PendingBatch, copied, environment, unclear
from tests.faults.strike import Process, counted, counting, fault
from tests.faults.witness import every_fault, goes_on, put, spoken
from tests.support.cli import House
from tests.support.hash_log import HashLog

NAME = "mirror.example/xo"
LOG = HashLog(size=900)
OTHER = LOG.fork(5, 900)
BEFORE, SIZE, LATER = 300, 600, 900
WORDS = ("--name", NAME, "--state", "HOUSE/mirror", "--policy", "HOUSE/logs.policy")
SERVE = ("mirror", "serve", *WORDS, "--listen", "127.0.0.1:0")
BINARY = {"content-type": "application/octet-stream"}

lacks = witness.lacks
names = witness.names


def trials(name: str) -> list[PendingBatch]:
    """Return the faults, as in `folder`."""
    calls = (*witness.DISK, *witness.SOCKET, witness.SPOKEN)
    with tempfile.TemporaryDirectory() as place:
        house, trace = copied(pristine(), Path(place)), Path(place) / "trace"
        told, wrong = _served(house, *counting(calls, trace))
        if wrong or told != {"accept": 200, "part": 202, "whole": 200, "fork": 422}:
            raise RuntimeError(f"{told} {wrong}")
        made = counted(calls, trace)
    return every_fault(name, made)


def tried(trial: PendingBatch) -> list[str]:
    """Try one fault, as in `folder`."""
    with tempfile.TemporaryDirectory() as place:
        house = copied(pristine(), Path(place))
        told, wrong = _served(house, *fault(trial.call, trial.number, trial.fault), killed=trial.fault == "kill")
        return wrong + _asked(house, told)


@cache
def pristine() -> Path:
    """Return a mirror that has stored and cosigned some entries."""
    house = House(Path(tempfile.mkdtemp()) / "house")
    house.folder.mkdir()
    (house.folder / "logs.policy").write_text(f"log {LOG.key.text}\nquorum none\n")
    done = house.run("mirror", "new", NAME, "--state", str(house.folder / "mirror"))
    assert done.exit_code == 0, done.output
    (house.folder / "vkey").write_text(str(done.stdout).strip())
    process = Process(put(house, *SERVE), environment(house))
    url = process.said("listening on ")
    assert _post(url, "/add-checkpoint", LOG.request(0, BEFORE)) == 200
    assert _post(url, "/add-entries", LOG.upload(0, BEFORE)) == 200
    process.send(signal.SIGTERM)
    process.ended()
    return house.folder


def _served(house: House, *trace: str, killed: bool = False) -> tuple[dict[str, int], list[str]]:
    """Run one life of a mirror; return what it answered, and what is wrong."""
    process = Process(put(house, *SERVE), environment(house), *trace)
    told, wrong = {}, []
    if url := process.said("listening on "):
        told = {
            "accept": _post(url, "/add-checkpoint", LOG.request(BEFORE, SIZE)),
            "part": _post(url, "/add-entries", LOG.upload(BEFORE, SIZE, most=1)),
            "whole": _post(url, "/add-entries", LOG.upload(512, SIZE)),
            "fork": _post(url, "/add-checkpoint", OTHER.request(SIZE, LATER)),
        }
        spoken(url, "GET", f"/{origin_hash(LOG.origin)}/checkpoint", None)
        if not killed and not goes_on(process, lambda: _post(url, "/add-checkpoint", LOG.request(BEFORE, SIZE))):
            wrong.append("it does not answer the next request")
    process.send(signal.SIGTERM)
    return {what: status for what, status in told.items() if status}, wrong + unclear(process.ended(), killed=killed)


def _asked(house: House, told: dict[str, int]) -> list[str]:
    """Return what is wrong with the mirror when it is started again."""
    wrong = []
    process = Process(put(house, *SERVE), environment(house))
    url = process.said("listening on ")
    if not url:
        wrong.append("it does not start again")
    else:
        shown = _whole(house, wrong)
        if shown not in ((SIZE,) if told.get("whole") == 200 else (BEFORE, SIZE)):
            wrong.append(f"it has cosigned {shown} entries and had answered {told}")
        if told.get("part") == 202 and _missing(url) < 512:
            wrong.append("it has lost entries that it had answered for")
        if _post(url, "/add-checkpoint", OTHER.request(BEFORE, LATER)) == 200:
            wrong.append("it accepts a fork")
        for size in (SIZE, LATER):
            old = BEFORE if _post(url, "/add-checkpoint", LOG.request(BEFORE, size)) == 200 else SIZE
            if old == SIZE and _post(url, "/add-checkpoint", LOG.request(SIZE, size)) not in (200, 409):
                wrong.append(f"it does not accept the checkpoint of {size} entries")
        if _post(url, "/add-entries", LOG.upload(min(_missing(url), LATER), LATER)) != 200:
            wrong.append("an upload does not go on")
        elif _whole(house, wrong) != LATER:
            wrong.append("what it cosigned last is not shown")
    process.send(signal.SIGTERM)
    return wrong + unclear(process.ended(), killed=False)


def _whole(house: House, wrong: list[str]) -> int:
    """Return the size of the checkpoint that the mirror shows; all its entries have to be those of the log."""
    folder = house.folder / "mirror" / "logs" / origin_hash(LOG.origin)
    note = (folder / "checkpoint").read_bytes()
    checkpoint = parse_checkpoint(note.decode().partition("\n\n")[0] + "\n")
    try:
        open_note(note, [LOG.key, parse_vkey((house.folder / "vkey").read_text())])
        check_entries(from_folder(folder), checkpoint)
    except (LedgerError, RecordError) as fault:
        wrong.append(f"what it cosigned is not whole: {fault}")
    if checkpoint.root != LOG.root(checkpoint.size):
        wrong.append("it has cosigned another tree")
    return checkpoint.size


def _missing(url: str) -> int:
    """Return the first entry that the mirror lacks; no upload starts behind all entries that can be."""
    status, body = spoken(url, "POST", "/add-entries", LOG.upload(LATER, LATER), BINARY)
    return int(body.split(b"\n")[1]) if status == 409 else LATER


def _post(url: str, path: str, body: bytes) -> int:
    """Return the status of an answer; 0 if none came."""
    return spoken(url, "POST", path, body, BINARY)[0]
