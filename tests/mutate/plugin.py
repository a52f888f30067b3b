"""The part of a mutation run inside pytest: it collects once and runs the tests of each mutant in a fork.

A child process gets the mutant's code in place of the code of the imported functions. Code that runs while
modules are imported cannot be changed so: those mutants get a separate pytest process.
"""

from __future__ import annotations

import functools
import gc
import json
import math
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutate.probes import CACHED, Hits, packed

TASK: dict[str, Any] = json.loads(Path(os.environ["MUTATE_TASK"]).read_text())
PATIENCE = 15.0  # seconds of processor after which the other tests of a mutant wait until each mutant had its turn
LATER = "later"
FEW = 60  # tests of a separate process in the first turn
FRESH = 1800  # seconds for a separate pytest process
OUT_OF_MEMORY = "the memory of the process ended"
MEMORY = 4 << 30  # bytes that a process of a mutant may write: a loop that never ends takes all there is

HITS: Hits | None = getattr(sys.modules.get("sitecustomize"), "HITS", None)  # while tests are measured
_seconds: dict[str, float] = {}
_failed: list[str] = []
_shared: list[bytes] = []  # what the shared fixtures of a file have reached

# The same examples each time, and none made small: which test fails is all that is asked.
settings.register_profile(
    "mutate",
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("mutate")


def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    items[:] = [item for item in items if not _in_a_browser(item)]
    if TASK["do"] == "run":
        order = {test: place for place, test in enumerate(TASK["only"])}
        items[:] = sorted((item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid])


def _in_a_browser(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    named = set(map(str, callspec.params.values())) if callspec else set()
    return "browser" in getattr(item, "fixturenames", ()) or bool(named & {"chromium", "firefox"})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Any:
    if TASK["do"] == "run":
        signal.setitimer(signal.ITIMER_REAL, TASK["seconds"][item.nodeid])
    if TASK["do"] != "measure":
        return (yield)
    if HITS is not None:
        HITS.taken()  # what ran between the tests
    try:
        return (yield)
    finally:
        _measured(item.nodeid, None if nextitem is None else nextitem.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any) -> Any:
    """Count what a shared fixture reaches for every test of its file: each looks at what it made."""
    if HITS is None or TASK["do"] != "measure" or fixturedef.scope == "function":
        return (yield)
    before = HITS.taken()
    try:
        return (yield)
    finally:
        _shared.append(HITS.taken())
        HITS.add(before)


def _measured(test: str, after: str | None) -> None:
    """Write the line of a test; with the last test of a file, the line of the file and what its fixtures reached."""
    file = test.partition("::")[0]
    reached = "" if HITS is None else packed(HITS.taken())
    lines: list[dict[str, Any]] = [{"test": test, "seconds": _seconds.get(test, 0.0), "reached": reached}]
    lines[0]["passed"] = test not in _failed
    if after is None or after.partition("::")[0] != file:
        imported = "" if HITS is None else packed(HITS.imported())
        lines.append({"file": file, "reached": [packed(each) for each in _shared], "imported": imported})
        _shared.clear()
    said = {"layout": TASK["layout"], "digest": TASK["files"].get(file, "")}
    with Path(TASK["keep"]).open("a") as keep:
        keep.write("".join(json.dumps(line | said) + "\n" for line in lines))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid] = _seconds.get(report.nodeid, 0.0) + report.duration
    if report.failed:
        _failed.append(report.nodeid)


def pytest_runtestloop(session: pytest.Session) -> object:
    if TASK["do"] != "mutants":
        return None
    if session.testsfailed:
        raise session.Interrupted("the tests cannot be collected without a mutant")
    _mutants(session)
    return True


def _mutants(session: pytest.Session) -> None:
    """Run the tests of each mutant; keep its line with the result and the first test that failed."""
    items = {item.nodeid: item for item in session.items}
    imported = Imported()
    sound: set[str] = set()  # tests that pass in a child process without a mutant
    left = list(TASK["trials"])
    for patience in (PATIENCE, math.inf):
        for trial in left[:]:
            how, by = "", ""
            while not how and os.getppid() == TASK["parent"]:
                how, by = _changed(trial, items, imported, patience)
                if how == "killed" and by in items and by not in sound:
                    if _failing([items[by]], {by: trial["seconds"].get(by, 60)}):
                        del items[by]
                        how = ""
                    else:
                        sound.add(by)
            if not how:
                return
            if how == LATER:
                sys.stdout.write(f"\nlater: {trial['line']}\n")
                continue
            left.remove(trial)
            test = Path(by.partition("::")[0])
            digest = sha256(test.read_bytes()).hexdigest() if test.is_file() else ""
            with Path(TASK["keep"]).open("a") as keep:
                keep.write(json.dumps(trial["line"] | {"how": how, "by": by, "test": digest}) + "\n")


def _changed(trial: Any, items: dict[str, pytest.Item], there: Imported, patience: float) -> tuple[str, str]:
    """Return the result of a mutant while its file is in the copy, and the test.

    It is "killed", "survived", "timeout", or "later" where no test has failed after `patience` seconds of processor.
    """
    file = Path(trial["file"])
    source, mutated, stat = file.read_bytes(), trial["source"].encode(), file.stat()
    chosen, rest = ([test for test in trial[name] or () if test in items] for name in ("tests", "rest"))

    def run() -> str:
        there.forget()
        imported = file.suffix == ".py" and not there.replaced(str(file.resolve()), source, mutated)
        by = "" if imported else _first_failing([items[test] for test in chosen], trial["seconds"], patience)
        if by or (not imported and trial["rest"] is None):
            return by
        signal.setitimer(signal.ITIMER_REAL, 0)
        if patience < math.inf and (len(chosen) > FEW or (imported and rest)):
            return _fresh(chosen[:FEW], trial["seconds"]) or LATER
        return _fresh(chosen, trial["seconds"]) or (_fresh(rest, trial["seconds"]) if imported else "")

    try:
        file.write_bytes(mutated)
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 10**10))  # no cached bytecode is of this time
        by = in_fork(run)
    finally:
        file.write_bytes(source)
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    if by == LATER:
        return LATER, ""
    return ("timeout", "") if by is None else ("killed", by) if by else ("survived", "")


def _failing(items: list[pytest.Item], seconds: dict[str, float]) -> bool:
    return in_fork(lambda: _first_failing(items, seconds)) != ""


def _first_failing(items: list[pytest.Item], seconds: dict[str, float], patience: float = math.inf) -> str:
    """Run tests up to the first that fails; SIGALRM ends this process when one takes longer than its seconds."""
    for item, after in zip_longest(items, items[1:]):
        signal.setitimer(signal.ITIMER_REAL, seconds[item.nodeid])
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        if _failed:
            return _failed[0]
        if after is not None and sum(os.times()[:4]) > patience:
            return LATER
    return ""


def _fresh(tests: list[str], seconds: dict[str, float]) -> str:
    """Return the first of these tests that fails in a separate pytest process, which imports the mutated file, or "".

    Where one takes longer than its seconds, SIGALRM ends that process and then this one.
    """
    if not tests:
        return ""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as task:
        json.dump({"do": "run", "only": tests, "seconds": seconds}, task)
        task.flush()
        files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            __name__,
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            "-rfE",
        ]
        process = subprocess.Popen(
            [*command, *TASK["asked"], *files],
            env=os.environ | {"MUTATE_TASK": task.name},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        signal.setitimer(signal.ITIMER_REAL, FRESH)
        output, _ = process.communicate()
    if process.returncode == 0:
        return ""
    if process.returncode == -signal.SIGALRM:
        os.kill(os.getpid(), signal.SIGALRM)
    return next(
        (line.split()[1] for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))), "collection"
    )


class Imported:
    """The functions and caches that are there when it is made: looking for them takes half a second."""

    def __init__(self) -> None:
        gc.unfreeze()  # tests/conftest.py has hidden all that was imported
        self.files = {str(getattr(module, "__file__", "")) for module in tuple(sys.modules.values())}
        self.functions: dict[str, list[FunctionType]] = {}
        self.caches: list[Any] = []
        for each in gc.get_objects():
            if isinstance(each, FunctionType):
                self.functions.setdefault(each.__code__.co_filename, []).append(each)
            elif isinstance(each, functools._lru_cache_wrapper) and each.__module__.partition(".")[0] in CACHED:
                self.caches.append(each)

    def forget(self) -> None:
        """Empty the caches of the program and of its tests: collecting tests has filled some without the mutant."""
        for each in self.caches:
            each.cache_clear()

    def replaced(self, path: str, source: bytes, mutated: bytes) -> bool:
        """Give each function of a file the code that the mutant has for it, if that is possible.

        A file that is not imported yet will be, with the mutant.
        """
        if path not in self.files:
            return True
        old, new = (_codes(compile(text, path, "exec", dont_inherit=True)) for text in (source, mutated))
        if [code.co_qualname for code in old] != [code.co_qualname for code in new]:
            return False
        changed = {was: now for was, now in zip(old, new, strict=True) if was != now}
        meant = [each for each in self.functions.get(path, ()) if each.__code__ in changed]
        try:
            for function in meant:
                function.__code__ = changed[function.__code__]
        except ValueError:  # a closure over other variables
            return False
        return bool(meant)


def _codes(code: CodeType) -> list[CodeType]:
    return [code, *(each for inner in code.co_consts if isinstance(inner, CodeType) for each in _codes(inner))]


def in_fork(run: Callable[[], str]) -> str | None:
    """Return a function's result in a child process with separate temporary files; None if an alarm ended it."""
    place = tempfile.mkdtemp(prefix="m-")
    answer = Path(place) / "answer"
    child = os.fork()
    if not child:
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
            sys.dont_write_bytecode = True
            os.environ |= {"TMPDIR": place, "PYTHONDONTWRITEBYTECODE": "1"}
            tempfile.tempdir = place
            answer.write_text(run())
        except BaseException:
            said = traceback.format_exc()
            ended = "\nMemoryError" in said  # also where a plugin of pytest raised it anew
            answer.write_text(OUT_OF_MEMORY) if ended else (Path(place) / "broken").write_text(said)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what a test has left running
    if (broken := Path(place) / "broken").exists():
        raise RuntimeError(broken.read_text())
    said = answer.read_text() if answer.exists() else "the process of the tests ended"
    shutil.rmtree(place, ignore_errors=True)
    return None if os.waitstatus_to_exitcode(status) == -signal.SIGALRM else said
