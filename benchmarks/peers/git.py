"""The alternative of today: one git commit per event, signed with the officer's ssh key, verified one by one.

git with its default settings: it does not sync loose objects, so a commit is less durable than a record of
ours.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from benchmarks.measure import seconds


def commit_and_verify(folder: Path, states: list[bytes]) -> tuple[float, float]:
    """Return the seconds per signed commit of one event each, and per `git verify-commit`."""
    folder.mkdir()
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "officer", "-f", key], check=True)
    allowed = folder / "allowed_signers"
    allowed.write_text(f"officer@example.net {(folder / 'key.pub').read_text()}")
    settings = {
        "user.name": "officer",
        "user.email": "officer@example.net",
        "gpg.format": "ssh",
        "user.signingkey": str(key),
        "gpg.ssh.allowedSignersFile": str(allowed),
        "commit.gpgsign": "true",
        "gc.auto": "0",
    }
    flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    alone = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def git(*arguments: str) -> bytes:
        return subprocess.run(
            ["git", *flags, "-C", folder, *arguments], check=True, capture_output=True, env=alone
        ).stdout

    git("init", "--quiet")

    def commit_all() -> None:
        for number, state in enumerate(states):
            (folder / f"{number}.json").write_bytes(state)
            git("add", f"{number}.json")
            git("commit", "--quiet", "--message", f"event {number}")

    committing = seconds(commit_all)
    commits = git("rev-list", "HEAD").decode().split()
    verifying = seconds(lambda: [git("verify-commit", commit) for commit in commits])
    return committing / len(states), verifying / len(commits)
