"""The programs of other projects, which `make interop` installs; a test skips with a message where one is missing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools" / "interop"
PEERS = Path(__file__).parent / "peers"

PROGRAMS: dict[str, list[str | Path]] = {
    "x/mod": [TOOLS / "bin" / "tlogcheck"],
    "transparency-dev": [TOOLS / "bin" / "proofcheck"],
    "pymerkle": [TOOLS / "python" / "bin" / "python", PEERS / "pymerkle_check.py"],
    "go-securesystemslib": [TOOLS / "bin" / "dssecheck"],
    "securesystemslib": [TOOLS / "python" / "bin" / "python", PEERS / "dsse_check.py"],
    "@sigstore/core": ["node", TOOLS / "node" / "dsse_check.mjs"],
    "ajv": ["node", TOOLS / "node" / "ajv_check.mjs"],
    "sd-jwt": [TOOLS / "python" / "bin" / "python", PEERS / "sdjwt_check.py"],
    "scitt-cose": [TOOLS / "python" / "bin" / "python", PEERS / "cose_receipt_check.py"],
    "openssl": ["openssl"],
    "ts103976": [TOOLS / "python" / "bin" / "python", PEERS / "hi1_check.py", TOOLS / "hi1" / "ts103976" / "schemas"],
    **{f"case_{name}": [TOOLS / "python" / "bin" / f"case_{name}"] for name in ("validate", "prov_rdf", "prov_check")},
}


@dataclass(frozen=True)
class Invocation:
    """The result of a peer: whether it agrees (exit status 0), and its output on both streams."""

    agrees: bool
    text: str


Ask = Callable[..., Invocation]


@pytest.fixture
def ask() -> Ask:
    """Run a peer of `PROGRAMS` by its library's name with further arguments."""

    def run(peer: str, *arguments: str | Path | int) -> Invocation:
        command = [str(part) for part in PROGRAMS[peer]]
        for part in command:
            if not Path(part).exists() and not shutil.which(part):
                pytest.skip(f"needs {peer}; `make interop` installs it")
        done = subprocess.run(
            [*command, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=300
        )
        return Invocation(done.returncode == 0, done.stdout + done.stderr)

    return run
