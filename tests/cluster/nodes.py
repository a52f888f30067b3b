"""Machines of a cluster: each is a network namespace and a mount namespace, with a separate disk.

The caller is itself in namespaces that end with it (`tests.cluster.__main__`), as the machine `front`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.cluster import supervisor

DISK = 640  # MiB of each machine
MAIN = "10.77.0.1"  # of `front`, the machine with HAProxy and the clients
NODES = {"one": "10.77.0.11", "two": "10.77.0.12", "three": "10.77.0.13"}
BRIDGE = "office0"


class Node:
    """One machine. `disk` is where its file system is mounted, for all machines to see; `host` its name."""

    def __init__(self, work: Path, name: str) -> None:
        self.name, self.address = name, NODES[name]
        self.host = f"{name}.office.example"
        self.disk = work / name
        self.disk.mkdir()
        image = work / f"{name}.img"
        with image.open("wb") as file:
            file.truncate(DISK << 20)
        run("mkfs.ext4", "-q", "-m", "0", str(image))
        run("mount", "-o", "loop", str(image), str(self.disk))
        for folder, owner in (("postgresql", "postgres"), ("etcd", "etcd"), ("comity", "root")):
            (self.disk / folder).mkdir(mode=0o700)
            run("chown", owner, str(self.disk / folder))
        binds = (("postgresql", "/var/lib/postgresql"), ("etcd", "/var/lib/etcd"))
        script = " && ".join(f"mount --bind {self.disk}/{own} {place}" for own, place in binds)
        script += " && ip link set lo up && echo ready && exec sleep infinity"
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", script], stdout=subprocess.PIPE
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"ready\n"
        self._cable()

    def _cable(self) -> None:
        end, own = f"to-{self.name}", f"in-{self.name}"
        run("ip", "link", "add", end, "type", "veth", "peer", "name", own)
        run("ip", "link", "set", own, "netns", str(self._holder.pid))
        run("ip", "link", "set", end, "master", BRIDGE, "up")
        run(*self.enter(), "ip", "link", "set", own, "name", "eth0")
        run(*self.enter(), "ip", "address", "add", f"{self.address}/24", "dev", "eth0")
        run(*self.enter(), "ip", "link", "set", "eth0", "up")

    def enter(self, user: str = "root") -> list[str]:
        """Return the beginning of a command that runs on this machine as a user."""
        words = ["nsenter", f"--target={self._holder.pid}", "--net", "--mount", "--"]
        if user != "root":
            words += ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        return words

    def close(self) -> None:
        """Unmount the disk; processes that still run on this machine end with its namespaces."""
        self._holder.kill()
        self._holder.wait()
        run("umount", "--lazy", str(self.disk))

    def cut(self) -> None:
        """Disconnect this machine: no packet leaves or reaches it."""
        run("ip", "link", "set", f"to-{self.name}", "down")

    def join(self) -> None:
        """Connect this machine again."""
        run("ip", "link", "set", f"to-{self.name}", "up")

    def fill(self) -> None:
        """Fill the disk of this machine until no byte is free."""
        with (self.disk / "filler").open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                with suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass

    def free(self) -> None:
        """Remove what filled the disk."""
        (self.disk / "filler").unlink()


def front(work: Path) -> None:
    """Make this process's machine the one in front: the bridge, its address, and the names of all machines."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", BRIDGE, "type", "bridge")
    run("ip", "address", "add", f"{MAIN}/24", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")
    lines = ["127.0.0.1 localhost", f"{MAIN} office.example db.office.example"]
    lines += [f"{address} {name}.office.example" for name, address in NODES.items()]
    (work / "hosts").write_text("\n".join(lines) + "\n")
    run("mount", "--bind", str(work / "hosts"), "/etc/hosts")


def run(*words: str, **env: str) -> str:
    """Run a command to its end and return its output; AssertionError with its errors."""
    return supervisor.run(list(words), env)


def words_of(node: Node | None, user: str = "root") -> Sequence[str]:
    """Return the beginning of a command on a machine, or on the one in front."""
    return node.enter(user) if node else []
