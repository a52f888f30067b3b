"""Run the parts of the test on one cluster, one after the other; events under load."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ledger.adapters.folders.read_trust import read_trust_folder
from ledger.adapters.storage.postgres import address
from tests.cluster.cluster import BOTH, DATABASE, ORIGIN, URL, Cluster, ask, until
from tests.cluster.copies import COPIES, COPIES_SAYS, check_copies
from tests.cluster.events import EVENTS
from tests.cluster.load import Load
from tests.cluster.office import OFFICE, OFFICE_SAYS, check_office
from tests.cluster.oracle import compare

AGAIN = 120.0  # seconds after which an event has failed


@dataclass
class Outcome:
    """What one event did."""

    event: str
    says: str
    seconds_until_writing: float
    reach: float
    slowest_receipt: float
    receipts: int
    size: int
    lost: int
    forks: int
    holes: int
    fsck: str
    failures: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Return True if nothing was lost and the office wrote again within its reach."""
        return not self.wrong and self.fsck == "CONSISTENT" and self.seconds_until_writing <= self.reach


def run(work: Path, parts: Sequence[str], seconds: float, keep: Path | None) -> int:
    """Run parts on a new cluster; print their outcomes and a summary as JSON lines."""
    begun = time.monotonic()
    cluster: Cluster | None = None
    outcomes: list[Outcome] = []
    held: list[bool] = []
    try:
        cluster = Cluster(work)
        _say(f"the cluster stands after {time.monotonic() - begun:.0f} s")
        load = Load(URL, work / "ca.pem", _key(work, "ilves"), work / "ledger" / "trust", work / "client")
        for name in parts:
            if name == OFFICE:
                wrong = list(check_office(cluster))
                _print({"part": OFFICE, "says": OFFICE_SAYS, "wrong": wrong})
                held.append(not wrong)
            elif name == COPIES:
                wrong = list(check_copies(cluster, load))
                _print({"part": COPIES, "says": COPIES_SAYS, "receipts": len(load.taken.receipts), "wrong": wrong})
                held.append(not wrong)
            else:
                outcomes.append(_happen(cluster, load, name, seconds))
                _print(asdict(outcomes[-1]))
                held.append(outcomes[-1].held)
    finally:
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            for log in work.glob("*.log"):
                shutil.copy(log, keep)
        if cluster is not None:
            cluster.close()
    summary = {
        "parts": len(held),
        "held": sum(held),
        "receipts": sum(each.receipts for each in outcomes),
        "lost": sum(each.lost for each in outcomes),
        "forks": sum(each.forks for each in outcomes),
        "holes": sum(each.holes for each in outcomes),
        "seconds_until_writing": {each.event: each.seconds_until_writing for each in outcomes},
        "reach": {each.event: each.reach for each in outcomes},
        "seconds": round(time.monotonic() - begun),
    }
    _print(summary)
    return 0 if all(held) else 1


def _happen(cluster: Cluster, load: Load, name: str, seconds: float) -> Outcome:
    """Let one event happen while the office writes; compare everything afterwards."""
    event = EVENTS[name]
    _say(f"{name}: {event.says}")
    before = len(load.taken.receipts)
    load.taken.failures.clear()
    load.taken.slowest = 0.0
    load.start()
    until(lambda: len(load.taken.receipts) > before, 60, "a first receipt")
    time.sleep(seconds)
    at = time.monotonic()
    put_right = event.strike(cluster)
    _say("  struck")
    flowed = _wait(lambda: load.last() > at and time.monotonic() - at > seconds and _flows(load), AGAIN)
    again = load.gap(at)
    _say(f"  {'writes' if flowed else 'does not write'} again after {again:.1f} s")
    put_right(cluster)
    cluster.wait_until_whole()
    time.sleep(seconds)
    gap = max(again, load.gap(at))
    load.stop()
    return _judged(cluster, load, name, round(gap, 1), len(load.taken.receipts) - before)


def _wait(holds: Callable[[], bool], seconds: float) -> bool:
    """Wait until something holds; False if it does not within so many seconds."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.2)
    return holds()


def _flows(load: Load) -> bool:
    """Return True if five receipts came within the last two seconds."""
    return len(load.taken.moments) > 5 and time.monotonic() - load.taken.moments[-5] < 2


def _judged(cluster: Cluster, load: Load, name: str, gap: float, receipts: int) -> Outcome:
    cluster.comity("checkpoint", at="one")  # signs what was stored and not answered
    heads = [json.loads(cluster.comity("checkpoint", "--json", at=each)) for each in BOTH]
    notes = [each["note"].encode() for each in heads]
    for each in BOTH:
        head = json.loads(ask(f"http://{cluster.nodes[each].address}:7400/v1/head", host="office.example"))
        notes.append(head["head"]["note"].encode())
    trust = read_trust_folder(str(cluster.work / "ledger" / "trust"))
    store = address(f"postgresql://owner@{DATABASE}/office", ORIGIN)
    found = compare(store, trust, load.taken.receipts, load.taken.on_record, notes)
    fsck = {each: _fsck(cluster, each) for each in BOTH}
    wrong = [*found.lost, *found.forks, *found.holes]
    return Outcome(
        name, EVENTS[name].says, gap, EVENTS[name].reach, round(load.taken.slowest, 1), receipts, found.size,
        len(found.lost), len(found.forks), len(found.holes), " ".join(sorted(set(fsck.values()))),
        dict(load.taken.failures.most_common(8)), wrong[:10],
    )  # fmt: skip


def _fsck(cluster: Cluster, name: str) -> str:
    answer: dict[str, Any] = json.loads(cluster.comity("fsck", "--json", at=name))
    return str(answer["verdict"])


def _key(work: Path, actor: str) -> Path:
    return next(path for path in (work / "config" / "comity" / "keys").iterdir() if path.name == actor)


def _print(outcome: Any) -> None:
    sys.stdout.write(json.dumps(outcome) + "\n")
    sys.stdout.flush()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
