"""Recording, acknowledgement and publication survive SIGKILL or EIO at every system call that reaches the disk.

After Tessera's fault matrix: strace counts the calls of one run, then runs it repeatedly with SIGKILL, or EIO, at the
first call, the second, and so on. Each time the ledger must be whole and continue. One call in four is tried, other
calls for another SEED; FULL=1 tries every one.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.ledger.adapters.log.test_crash import assert_whole, folder, recorder
from tests.support.samples import sampled

__all__ = ["folder"]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")]

CALLS = ("pwrite64", "fsync", "fdatasync", "rename", "link", "unlink", "ftruncate", "mkdir", "write")
RECORDS = 2


def calls(folder: Path, trace: Path, call: str) -> int:
    """Return how often a whole run makes a system call."""
    process = recorder(folder, RECORDS, "strace", "-f", "-qq", "-e", f"trace={call}", "-o", str(trace))
    _, said = process.communicate()
    assert process.returncode == 0, said
    return len(re.findall(rf"^\d+ +{call}\(", trace.read_text(), re.MULTILINE))


def broken(folder: Path, call: str, number: int, how: str) -> list[str]:
    """Run again with a fault at the `number`-th call; return the receipts that were issued before it."""
    inject = (
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        f"trace={call}",
        "-e",
        f"inject={call}:{how}:when={number}",
    )
    process = recorder(folder, RECORDS, *inject)
    said, _ = process.communicate()
    return [line for line in said.splitlines() if line.startswith("[") and line.endswith("]")]


@pytest.mark.parametrize("how", ["signal=SIGKILL", "error=EIO"])
@pytest.mark.parametrize("call", CALLS)
def test_no_call_that_goes_wrong_leaves_half_a_ledger(folder: Path, tmp_path: Path, call: str, how: str) -> None:
    if (call, how) == ("write", "error=EIO"):
        pytest.skip("that fails the process's own standard output")
    pristine = tmp_path / "pristine"
    shutil.copytree(folder, pristine)
    count = calls(folder, tmp_path / "trace", call)
    assert count or call in ("fsync", "ftruncate", "link", "mkdir", "unlink")  # fsync: of full tiles alone
    for number in sampled(range(1, count + 1), 4):
        shutil.rmtree(folder)
        shutil.copytree(pristine, folder)
        acknowledged = broken(folder, call, number, how)
        assert_whole(folder, acknowledged)


def test_a_full_disk_refuses_and_leaves_a_whole_ledger(folder: Path, tmp_path: Path) -> None:
    count = calls(folder, tmp_path / "trace", "pwrite64")
    for number in sampled(range(1, count + 1), 12):
        acknowledged = broken(folder, "pwrite64", number, "error=ENOSPC")
        assert_whole(folder, acknowledged)


def test_strace_is_what_kills(folder: Path) -> None:
    process = recorder(
        folder, 1, "strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=fdatasync:signal=SIGKILL:when=1"
    )
    process.communicate()
    assert process.returncode != 0, "else this file proves nothing"
