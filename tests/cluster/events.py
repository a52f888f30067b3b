"""Faults of the cluster: each event injects one, and returns a function that repairs what needs repair by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.cluster.cluster import BOTH, Cluster
from tests.cluster.nodes import run

REACH, SWITCHOVER = 30.0, 5.0  # seconds until the office writes again, of office.md
HARM = 15.0  # seconds in which processes under another clock start and are used
FULL = 30.0  # seconds in which a full disk is written to
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

Act = Callable[[Cluster], None]


@dataclass(frozen=True)
class Event:
    """One accident. `strike` returns the act that puts it right once the office writes again; `reach` is in seconds."""

    says: str
    strike: Callable[[Cluster], Act]
    reach: float = REACH


def nothing(cluster: Cluster) -> None:
    """Do nothing: the failed part has come back without hands."""


def _kill(*services: str) -> Callable[[Cluster], Act]:
    """Kill services, which their supervisor starts again."""

    def strike(cluster: Cluster) -> Act:
        for name in services:
            cluster.services[name].kill()
        return nothing

    return strike


def _leader(cluster: Cluster) -> Act:
    patroni = cluster.services[f"patroni-{cluster.leader()}"]
    name = cluster.leader()
    patroni.kill(hold=True)
    cluster.kill_postgres(name)
    return lambda _: patroni.start()


def _postgres(cluster: Cluster) -> Act:
    cluster.kill_postgres(cluster.leader())
    return nothing


def _etcd(cluster: Cluster) -> Act:
    member = cluster.services[f"etcd-{cluster.etcd_leader()}"]
    member.kill(hold=True)
    return lambda _: member.start()


def _switchover(cluster: Cluster) -> Act:
    now, then = cluster.leader(), cluster.standby()
    settings = str(cluster.work / "patroni.yml")
    run("patronictl", "-c", settings, "switchover", "office", "--leader", now, "--candidate", then, "--force")
    return nothing


def _cut(which: Callable[[Cluster], str]) -> Callable[[Cluster], Act]:
    def strike(cluster: Cluster) -> Act:
        node = cluster.nodes[which(cluster)]
        node.cut()
        return lambda _: node.join()

    return strike


def _set_clock(cluster: Cluster, shift: str, services: Sequence[str]) -> Act:
    """Start services again under another clock; monotonic time is as it was."""
    for name in services:
        _restart(cluster, name, {"LD_PRELOAD": FAKETIME, "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"})

    def put_right(cluster: Cluster) -> None:
        for name in services:
            _restart(cluster, name, {})

    return put_right


def _clock_of_machine(shift: str, name: str) -> Callable[[Cluster], Act]:
    """Give the server and the signer of a machine another clock, for so long that they could do harm."""

    def strike(cluster: Cluster) -> Act:
        put_right = _set_clock(cluster, shift, (f"signer-{name}", f"serve-{name}"))
        time.sleep(HARM)
        return put_right

    return strike


def _restart(cluster: Cluster, name: str, clock: dict[str, str]) -> None:
    service = cluster.services[name]
    service.stop()
    service.clock = clock
    service.start()


def _clock_of_postgres(cluster: Cluster) -> Act:
    """Give the standby another clock, and make it the leader."""
    name = cluster.standby()
    put_right = _set_clock(cluster, "+3600s", [f"patroni-{name}"])
    cluster.wait_until_whole()
    assert cluster.standby() == name
    _switchover(cluster)
    return put_right


def _full(cluster: Cluster) -> Act:
    node = cluster.nodes[cluster.leader()]
    node.fill()
    time.sleep(FULL)
    return lambda _: node.free()


EVENTS = {
    "leader": Event("kill -9 of Patroni and of the leading PostgreSQL; both stay down", _leader),
    "postgres": Event("kill -9 of the leading PostgreSQL under its Patroni", _postgres),
    "switchover": Event("patronictl switchover", _switchover, SWITCHOVER),
    "replica": Event("kill -9 of one office server", _kill("serve-one")),
    "replicas": Event("kill -9 of both office servers", _kill(*(f"serve-{name}" for name in BOTH))),
    "signer": Event("kill -9 of one signer", _kill("signer-two")),
    "etcd": Event("kill -9 of the leader of etcd, which stays down", _etcd),
    "haproxy": Event("kill -9 of HAProxy", _kill("haproxy")),
    "partition-leader": Event("the machine with the leading PostgreSQL is cut off", _cut(Cluster.leader)),
    "partition-standby": Event("the machine with the standby is cut off", _cut(Cluster.standby)),
    "clock-ahead": Event(
        "the clock of one machine's server and signer is ten minutes ahead", _clock_of_machine("+600s", "one")
    ),
    "clock-behind": Event(
        "the clock of one machine's server and signer is ten minutes behind", _clock_of_machine("-600s", "two")
    ),
    "clock-postgres": Event("a PostgreSQL whose clock is an hour ahead becomes the leader", _clock_of_postgres),
    "disk-full": Event("the disk of the machine with the leading PostgreSQL is full", _full),
}
