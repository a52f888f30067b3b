"""A private copy of the tree, and which of its tests executes which line there."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.mutate.probes import PLACE, either, prepared, unpacked

PLUGIN = "tests.mutate.plugin"
ROOT = Path(__file__).parents[2]
MADE = (".tools", "projections/templates/built")  # by `make install`; git ignores it
SLOW = "slow"  # the marker of the tests of `make slow`
LONGEST = 15  # seconds of a slow test that is asked
FOR_TESTS = {"SEED", "COUNT", "FULL"}  # make exports them: the word that names a sample of mutants is no number there


class Baseline:
    """The tests of one pytest session over a copy of the tree, with the blocks that each reaches.

    `asked` are pytest's arguments. Measurements are kept in `folder` and reused while the test file is the same: a
    change of the program seldom changes which tests reach a function. `packages` are those with probes.
    """

    def __init__(self, root: Path, folder: Path, name: str, asked: tuple[str, ...], packages: tuple[str, ...]) -> None:
        self.root, self.folder, self.name, self.asked, self.packages = root, folder, name, asked, packages
        self.tree = folder / "tree"
        self.kept = folder / f"{name}.jsonl"
        self.tests: dict[str, float] = {}  # seconds of each test that passes, by node id
        self._reached: dict[str, tuple[str, bytes]] = {}  # the layout and its blocks, by node id
        self._imported: dict[str, bytes] = {}  # the blocks that importing reaches, by layout

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
        """Run the tests of the files that are not measured yet, with the blocks that they reach."""
        tests = {file: digest for file, digest in digests.items() if Path(file).name.startswith("test_")}
        wanted = [file for file in sorted(tests) if file.startswith("tests/browser/") == (self.name == "page")]
        wanted = [file for file in wanted if not file.startswith(("tests/slow/", "tests/postgres/", "tests/interop/"))]
        wanted = [file for file in wanted if only is None or file in only]
        if self.name == SLOW:
            wanted = [file for file in wanted if "mark.slow" in (self.tree / file).read_text("utf-8")]
        whole = {(line["file"], line["digest"]) for line in self._lines() if "file" in line}
        named = [file for file in wanted if (file, tests[file]) not in whole]
        if named:
            layout, more = self._prepared(digests) if self.packages else ("", dict[str, str]())
            task = {"do": "measure", "layout": layout, "files": tests, "keep": str(self.kept)}
            self.session(task, named, lambda: None, **more)
        self._read(tests, wanted)

    def _prepared(self, digests: dict[str, str]) -> tuple[str, dict[str, str]]:
        """Write the code with probes; return the name of its layout and the environment that has it used."""
        files = [file for file in sorted(digests) if file.endswith(".py") and file.partition("/")[0] in self.packages]
        place = self.folder / f"{self.name}.probes"
        found = prepared(self.tree, files, place)
        name = digest_of({file: digests[file] for file in files})[:16]
        layouts = self.folder / "layouts"
        layouts.mkdir(exist_ok=True)
        said = {file: [digests[file], first, blocks] for file, (first, blocks) in found.items()}
        (layouts / f"{name}.json").write_text(json.dumps(said))
        return name, {PLACE: str(place), "PYTHONPATH": f"{place}:{self.tree}:{ROOT}"}

    def _lines(self) -> list[Any]:
        whole = self.kept.read_text().rpartition("\n")[0] if self.kept.exists() else ""
        return [json.loads(text) for text in whole.splitlines()]

    def _read(self, tests: dict[str, str], wanted: list[str]) -> None:
        """Take the newest line of each test whose file is the same."""
        lines = [line for line in self._lines() if tests.get(_file(line)) == line["digest"] and _file(line) in wanted]
        shared = {line["file"]: [unpacked(each) for each in line["reached"]] for line in lines if "file" in line}
        for line in lines:
            if "test" not in line:
                continue
            if not line["passed"]:
                sys.stderr.write(f"fails without a mutant, and is not asked: {line['test']}\n")
                continue
            if self.name == SLOW and line["seconds"] > LONGEST:
                continue
            self.tests[line["test"]] = line["seconds"]
            if line["layout"]:
                reached = either([unpacked(line["reached"]), *shared.get(_file(line), [])])
                self._reached[line["test"]] = line["layout"], reached
        for line in self._lines():
            if line["layout"] and "file" in line:
                known = self._imported.get(line["layout"])
                self._imported[line["layout"]] = either([unpacked(line["imported"]), *([known] if known else [])])

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
        environment = {name: value for name, value in os.environ.items() if name not in FOR_TESTS}
        environment |= {"PYTHONPATH": f"{self.tree}:{ROOT}", "MUTATE_TASK": str(asked)} | more
        path = self.folder / f"{self.name}-{task['do']}.log"
        with path.open("w") as log:
            process = subprocess.Popen(
                command, cwd=self.tree, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
            while process.poll() is None:
                time.sleep(0.2)
                watch()
        watch()
        if process.returncode == pytest.ExitCode.INTERRUPTED:
            raise SystemExit(f"the tests cannot be collected, and nothing was tried: {path}")
        if process.returncode == pytest.ExitCode.INTERNAL_ERROR:
            raise SystemExit(f"pytest broke, and what was not tried is left: {path}")
        return json.loads(answer.read_text()) if answer.exists() else None

    # -- what reaches a statement

    @cached_property
    def _layouts(self) -> dict[str, Any]:
        return {name: json.loads((self.folder / "layouts" / f"{name}.json").read_text()) for name in self._imported}

    def reaching(self, file: str, digest: str, function: str, statement: int) -> tuple[set[str], bool]:
        """Return the tests that reach a statement, and whether importing modules does.

        Where the file has changed since it was measured, the tests that reach its function are returned; where that
        is new, those of the file.
        """
        places = {
            name: _blocks(layout.get(file), digest, function, statement) for name, layout in self._layouts.items()
        }
        imported = any(self._imported[name][n] for name, numbers in places.items() for n in numbers)
        return {t for t, (name, hits) in self._reached.items() if any(hits[n] for n in places[name])}, imported

    def touching(self, files: Iterable[str]) -> set[str]:
        """Return the tests that reach any block of these files outside of imports."""
        spans = {
            name: [slice(laid[file][1], laid[file][1] + len(laid[file][2])) for file in files if file in laid]
            for name, laid in self._layouts.items()
        }
        return {test for test, (name, hits) in self._reached.items() if any(any(hits[span]) for span in spans[name])}

    def naming(self, file: str) -> set[str]:
        """Return the tests of the test files that import a file: one that reads only a constant reaches no block."""
        return {test for test in self.tests if _module(file) in self._named_by(test.partition("::")[0])}

    @cache  # noqa: B019 -- a baseline lives as long as the run
    def _named_by(self, test_file: str) -> set[str]:
        return _imports((self.tree / test_file).read_bytes())

    @cached_property
    def importers(self) -> dict[str, set[str]]:
        """The files that import a file, directly or through others, by its name."""
        return importing(self.tree, next(iter(self._layouts.values()), ()))


def importing(tree: Path, files: Iterable[str]) -> dict[str, set[str]]:
    """Return for each of these Python files the files that import it, directly or through others."""
    names = {_module(file): file for file in files}
    direct: dict[str, set[str]] = {file: set() for file in names.values()}
    for file in names.values():
        for name in _imports((tree / file).read_bytes()) & names.keys():
            direct[names[name]].add(file)
    found = {}
    for file in direct:
        seen, left = {file}, [file]
        while left:
            fresh = direct[left.pop()] - seen
            seen |= fresh
            left += fresh
        found[file] = seen - {file}
    return found


def _module(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imports(source: bytes) -> set[str]:
    """Return the dotted names that a module imports, and the modules that it imports names from."""
    wanted: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            wanted |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            wanted |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return wanted


def _blocks(laid: Any, digest: str, function: str, statement: int) -> list[int]:
    if laid is None:
        return []
    was, first, blocks = laid
    if was == digest:
        found = [n for n, (_, lines) in enumerate(blocks, first) if statement in lines]
    else:
        found = [n for n, (name, _) in enumerate(blocks, first) if name == function]
    return found or list(range(first, first + len(blocks)))


def _file(line: Any) -> str:
    return str(line["file"] if "file" in line else line["test"].partition("::")[0])


def digest_of(digests: dict[str, str]) -> str:
    return sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()
