"""Inject faults into a cluster under load; print a JSON line for each, and a summary; exit 1 if one did harm.

It needs Linux, root, and the programs of tests/cluster/install.sh. Everything is in a temporary folder and in
namespaces that end with this process.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.cluster.copies import COPIES
from tests.cluster.events import EVENTS
from tests.cluster.office import OFFICE

INSIDE = "COMITY_TEST_CLUSTER"  # set in the namespaces
PROGRAMS = ("unshare", "nsenter", "ip", "etcd", "patroni", "haproxy", "pgbackrest", "openssl", "mkfs.ext4")


def main() -> int:
    """Start again in namespaces of our own, and run there."""
    parts = [OFFICE, *EVENTS, COPIES]
    ask = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    ask.add_argument("--part", choices=parts, action="append", help="this one; repeatable")
    ask.add_argument("--seconds", type=float, default=5.0, help="of writing before and after each event")
    ask.add_argument("--keep", type=Path, metavar="DIR", help="copy the logs of all processes to DIR")
    asked = ask.parse_args()
    if INSIDE in os.environ:
        from tests.cluster.run import run

        with tempfile.TemporaryDirectory(prefix="comity-cluster-", ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o711)  # PostgreSQL and etcd run as other users
            return run(Path(folder), asked.part or parts, asked.seconds, asked.keep)
    absent = [each for each in PROGRAMS if shutil.which(each, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]
    if os.geteuid() or absent:
        sys.stderr.write(f"a cluster needs root and {', '.join(absent) or 'nothing else'}: tests/cluster/install.sh\n")
        return 2
    os.environ[INSIDE] = "1"
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    namespaces = ["--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
    again = [sys.executable, "-m", "tests.cluster", *sys.argv[1:]]
    # the shell is the first process there, and waits for all that lose their parents
    os.execvp("unshare", ["unshare", *namespaces, "bash", "-c", '"$@"; exit $?', "cluster", *again])  # noqa: S606
    raise AssertionError("unreachable")


if __name__ == "__main__":
    sys.exit(main())
