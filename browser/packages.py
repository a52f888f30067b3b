"""The npm packages that package-lock.json pins, installed once for each such file; none of them is committed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
TOOLS = HERE.parent / ".tools" / "browser"
MANIFESTS = ("package.json", "package-lock.json")


def installed(source: Path = HERE) -> Path:
    """Return the folder in which npm installed what `source`/package-lock.json pins; npm runs once for each such file.

    npm compares the digest of every package. CalledProcessError if one differs or cannot be fetched.
    """
    lock = (source / "package-lock.json").read_bytes()
    folder = TOOLS / sha256(lock).hexdigest()[:16]
    if not folder.exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=TOOLS) as scratch:
            target = Path(scratch, "made")
            target.mkdir()
            for name in MANIFESTS:
                shutil.copy(source / name, target)
            command = ["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, check=True, cwd=target, capture_output=True)
            try:
                target.rename(folder)
            except OSError:
                if not folder.exists():  # no other process was faster
                    raise
    return folder
