"""A private copy of the tree, and which of its tests executes which line there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from coverage import CoverageData

PLUGIN = "tests.mutate.plugin"
ROOT = Path(__file__).parents[2]
MADE = (".tools", "projections/templates/built")  # by `make install`; git ignores it
_RC = """[run]
source =
{source}
data_file = {data}
context = ${{MUTATE_TEST-}}
parallel = true
sigterm = true
disable_warnings = no-data-collected, module-not-imported, module-not-measured
"""


class Baseline:
    """The tests of one pytest session over a copy of the tree, with the lines that each executes.

    `asked` are pytest's arguments. Measurements are kept in `folder` and reused: all of them for the same tree,
    the part of each unchanged test file where only test files differ.
    """

    def __init__(self, root: Path, folder: Path, name: str, asked: tuple[str, ...], packages: tuple[str, ...]) -> None:
        self.root, self.folder, self.name, self.asked, self.packages = root, folder, name, asked, packages
        self.tree = folder / "tree"
        self.data = folder / f"{name}.coverage"
        self._kept = folder / f"{name}.json"
        self.tests: dict[str, float] = {}  # seconds of each test that passes, by node id

    def copied(self) -> dict[str, str]:
        """Make the copy equal to the tree; return the digest of every file."""
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=self.root, check=True, capture_output=True
        ).stdout
        files = [
            file
            for file in listed.decode().split("\0")
            if (self.root / file).is_file() and not file.startswith("build/")
        ]
        there = {
            str(f.relative_to(self.tree)) for f in self.tree.rglob("*") if f.is_file() and "__pycache__" not in f.parts
        }
        for old in there.difference(files):
            (self.tree / old).unlink()
        digests = {}
        for file in files:
            source, copy = self.root / file, self.tree / file
            data = source.read_bytes()
            digests[file] = sha256(data).hexdigest()
            if not copy.exists() or copy.read_bytes() != data:
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, copy)
        for made in MADE:
            if (self.root / made).exists() and not (self.tree / made).exists():
                (self.tree / made).symlink_to(self.root / made)
        return digests

    def measured(self, digests: dict[str, str], only: list[str] | None = None) -> None:
        """Run the tests that are not measured yet, with the lines that they execute."""
        tests = {file: digest for file, digest in digests.items() if Path(file).name.startswith("test_")}
        others = digest_of({file: digest for file, digest in digests.items() if file not in tests and _counts(file)})
        kept = json.loads(self._kept.read_text()) if self._kept.exists() else {}
        if kept.get("others") != others:
            kept = {"others": others, "files": {}, "tests": {}}
            self.data.unlink(missing_ok=True)
        stale = sorted(file for file, digest in tests.items() if kept["files"].get(file) != digest)
        named = [file for file in stale if file.startswith("tests/browser/") == (self.name == "page")]
        named = [file for file in named if not file.startswith(("tests/slow/", "tests/postgres/", "tests/interop/"))]
        named = [file for file in named if only is None or file in only]
        if named:
            answer = self._measure(named)
            seconds = answer["passed"]
            for test in answer["failed"]:
                sys.stderr.write(f"fails without a mutant, and is not asked: {test}\n")
            known = {file: digest for file, digest in kept["files"].items() if tests.get(file) == digest}
            old = {test: took for test, took in kept["tests"].items() if test.partition("::")[0] in known}
            known |= {file: tests[file] for file in named}
            kept = {"others": others, "files": known, "tests": old | seconds}
            self._kept.write_text(json.dumps(kept))
        self.tests = {
            test: took
            for test, took in kept["tests"].items()
            if (file := test.partition("::")[0]) in tests and (only is None or file in only)
        }

    def _measure(self, files: list[str]) -> Any:
        """Return the seconds of each passing test, and the names of the failing ones; add which lines each executes."""
        if not self.packages:
            return self.session({"do": "measure"}, files)
        rc = self.folder / f"{self.name}.rc"
        source = "\n".join(f"    {self.tree / package}" for package in self.packages)
        rc.write_text(_RC.format(source=source, data=self.data.with_suffix(".part")))
        answer = self.session({"do": "measure"}, files, COVERAGE_PROCESS_START=str(rc))
        merged = CoverageData(str(self.data))
        if self.data.exists():
            merged.read()
        for part in self.folder.glob(f"{self.name}.part.*"):
            measured = CoverageData(str(part))
            measured.read()
            merged.update(measured)
            part.unlink()
        merged.write()
        return answer

    def session(
        self, task: dict[str, Any], files: Iterable[str], watch: Callable[[], None] = lambda: None, **more: str
    ) -> Any:
        """Return the plugin's answer to a task, in one pytest session over these files; `watch` is called meanwhile."""
        answer, asked = self.folder / f"{self.name}.answer", self.folder / f"{self.name}.task"
        answer.unlink(missing_ok=True)
        asked.write_text(json.dumps(task | {"answer": str(answer), "asked": self.asked, "parent": os.getpid()}))
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            PLUGIN,
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            *self.asked,
            *files,
        ]
        environment = os.environ | {"PYTHONPATH": f"{self.tree}:{ROOT}", "MUTATE_TASK": str(asked)} | more
        with (self.folder / f"{self.name}-{task['do']}.log").open("w") as log:
            process = subprocess.Popen(
                command, cwd=self.tree, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
            while process.poll() is None:
                time.sleep(0.2)
                watch()
        watch()
        return json.loads(answer.read_text()) if answer.exists() else None

    # -- what covers a line

    @cached_property
    def _measured(self) -> CoverageData:
        data = CoverageData(str(self.data))
        data.read()
        return data

    def lines(self, file: str) -> dict[int, set[str]]:
        """Return the tests that execute each line of a file, "" where importing it does."""
        found = self._measured.contexts_by_lineno(str(self.tree / file))
        return {line: set(contexts) for line, contexts in found.items()}


def _counts(file: str) -> bool:
    """Return whether a change of a file could change which tests execute which line."""
    return file.endswith((".py", ".mjs", ".toml", ".json", ".html", ".po")) and not file.startswith(
        ("docs/", "tests/mutate/")
    )


def digest_of(digests: dict[str, str]) -> str:
    return sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()
