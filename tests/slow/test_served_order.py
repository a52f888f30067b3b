"""The program still does what docs/tutorial/office-server.md shows, from the wheel and its extra `server` alone."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.docs.sessions import FILE, typed_lines

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial" / "office-server.md"
URL = "http://127.0.0.1:7400"
SERVE = re.compile(r"^(comity serve .+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of a new environment that has the wheel of this tree with its extra `server`."""
    folder = tmp_path_factory.mktemp("environment")
    (ROOT / "build" / "man").mkdir(parents=True, exist_ok=True)  # the manual, which a release makes
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    pip = [str(folder / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pins = (part for name in ("run", "server") for part in ("-r", str(ROOT / "requirements" / f"{name}.txt")))
    try:
        subprocess.run([*pip, "--require-hashes", *pins], check=True)
    except subprocess.CalledProcessError:
        pytest.skip("needs the index of packages, or a cache of it")
    (wheel,) = folder.glob("comity-*.whl")
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
    return folder / "venv" / "bin"


class Typing:
    """The people of the page, each with a home below a folder and a shell of their own; the server has a free port."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.url = folder, URL
        self._programs = programs
        self._env: dict[str, dict[str, str]] = {}

    def home(self, who: str) -> Path:
        (self.folder / who).mkdir(exist_ok=True)
        return self.folder / who

    def env(self, who: str) -> dict[str, str]:
        path = f"{self._programs}:{os.defpath}"
        said = {"HOME": str(self.home(who)), "PATH": path, "NO_COLOR": "1", "COLUMNS": "80", "LANG": "C.UTF-8"}
        said["PYTHONUNBUFFERED"] = "1"  # standard error among standard output, as a terminal shows them
        return self._env.setdefault(who, said)

    def type(self, who: str, command: str) -> tuple[int, str]:
        """Type a command; return its exit code and what it says."""
        command = command.replace(URL, self.url)
        if command.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            self.env(who)[name] = value
            return 0, ""
        done = subprocess.run(  # noqa: S602 - our page
            command, shell=True, cwd=self.home(who), env=self.env(who), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout.replace(self.url, URL)

    @contextmanager
    def serving(self, command: str) -> Iterator[None]:
        """Run the server as the page says, on a free port, until the block ends."""
        words = command.replace(":7400", ":0").split()
        process = subprocess.Popen(
            [str(self._programs / words[0]), *words[1:]], cwd=self.home("keeper"), env=self.env("keeper"),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        with process:
            try:
                assert process.stdout is not None
                ready, self.url = process.stdout.readline().split()
                assert ready == "READY"
                yield
            finally:
                process.terminate()


def test_the_tutorial_goes_as_it_is_shown_from_the_wheel_alone(programs: Path, tmp_path: Path) -> None:
    text = PAGE.read_text("utf-8")
    people = Typing(tmp_path, programs)
    people.home("court")
    lines = typed_lines(PAGE)
    begin = next(n for n, (_, command, _, _) in enumerate(lines) if "remote add" in command)
    for line in lines[:begin]:
        check(people, *line)
    (serve,) = SERVE.findall(text)
    assert f"READY {URL}" in text
    with people.serving(serve):
        for name, content in FILE.findall(text):
            (people.home(name.partition("/")[0]) / Path(name).name).write_text(
                content.replace(URL, people.url), "utf-8"
            )
        for line in lines[begin:-1]:
            check(people, *line)
    assert (lines[-1][0], len(lines)) == ("court", 36)
    check(people, *lines[-1])  # without the server
    with ZipFile(tmp_path / "court" / "court.evidence.zip") as archive:
        assert sum(name.startswith("documents/") for name in archive.namelist()) == 1


def check(people: Typing, who: str, command: str, code: int, shown: str) -> None:
    ended, said = people.type(who, command)
    assert ended == code, f"{command}: {said}"
    assert doctest.OutputChecker().check_output(shown, said, doctest.ELLIPSIS), f"{command}\n{said}"
