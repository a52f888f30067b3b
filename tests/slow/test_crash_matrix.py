"""Killed, or failed by the disk, at every call by which a record, an acknowledgement or a publication reaches it.

After Tessera's fault matrix: strace counts the calls of one run, then runs it again and again with SIGKILL, or EIO, at
the first of them, the second, and so on. Whatever happens, the ledger has to be whole and to go on. One call in four
is tried, others for each SEED; with FULL=1 every one.
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
    """How often a whole run makes a call."""
    process = recorder(folder, RECORDS, "strace", "-f", "-qq", "-e", f"trace={call}", "-o", str(trace))
    _, said = process.communicate()
    assert process.returncode == 0, said
    return len(re.findall(rf"^\d+ +{call}\(", trace.read_text(), re.MULTILINE))


def broken(folder: Path, call: str, number: int, how: str) -> list[str]:
    """Run again with the `number`-th call going wrong; the receipts that were given before."""
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
    assert count or call in ("ftruncate", "link", "mkdir", "unlink")
    for number in sampled(range(1, count + 1), 4):
        shutil.rmtree(folder)
        shutil.copytree(pristine, folder)
        told = broken(folder, call, number, how)
        assert_whole(folder, told)


def test_a_full_disk_refuses_and_leaves_a_whole_ledger(folder: Path, tmp_path: Path) -> None:
    count = calls(folder, tmp_path / "trace", "pwrite64")
    for number in sampled(range(1, count + 1), 12):
        told = broken(folder, "pwrite64", number, "error=ENOSPC")
        assert_whole(folder, told)


def test_strace_is_what_kills(folder: Path) -> None:
    process = recorder(
        folder, 1, "strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=fdatasync:signal=SIGKILL:when=1"
    )
    process.communicate()
    assert process.returncode != 0, "else this file proves nothing"
