"""Fixtures: the verifier page, built once, its scripts in Node.js, and browsers; a test without one of them skips."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from browser import build
from browser.packages import installed
from tests.browser.support.node import Asked, Page
from tests.browser.support.opened import Opened
from tests.browser.support.webdriver import Browser, Chromium, Firefox

T = TypeVar("T")
BROWSERS: dict[str, tuple[Callable[[Path, int | None], Browser], tuple[str, ...]]] = {
    "chromium": (Chromium, ("chromium", "chromedriver")),
    "firefox": (Firefox, ("firefox-esr",)),
}


def built(make: Callable[[], T]) -> T:
    """Return what a function of `browser.build` makes; the test is skipped without npm."""
    try:
        return make()
    except (FileNotFoundError, subprocess.CalledProcessError) as absent:
        pytest.skip(f"needs npm and its registry for what the page is built with: {absent}")


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the page as a file."""
    file = tmp_path_factory.mktemp("page") / "verify.html"
    file.write_bytes(built(build.page))
    return file


@pytest.fixture(scope="session")
def node(page: Path) -> Iterator[Page]:
    """Run the scripts of the page in Node.js."""
    if not shutil.which("node"):
        pytest.skip("needs Node.js")
    waiting = Page(page)
    yield waiting
    waiting.close()


class Running:
    """Browsers that many modules use in turn: a start takes as long as many tests."""

    def __init__(self, start: Callable[[str], Browser]) -> None:
        self._start = start
        self._browsers: dict[str, Browser] = {}

    @contextlib.contextmanager
    def lent(self, name: str, session: pytest.Session) -> Iterator[Browser]:
        """Lend a browser to a module, started when one first needs it; end it after a failure, as it was left."""
        failed = session.testsfailed
        if name not in self._browsers:
            self._browsers[name] = self._start(name)
        yield self._browsers[name]
        if session.testsfailed > failed and name in self._browsers:
            self._browsers.pop(name).close()

    def close(self) -> None:
        """End every browser."""
        while self._browsers:
            self._browsers.popitem()[1].close()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return the browsers of all modules."""
    with contextlib.closing(Running(lambda name: started(name, tmp_path_factory))) as browsers:
        yield browsers


@pytest.fixture(scope="module", params=BROWSERS)
def browser(request: pytest.FixtureRequest, running: Running) -> Iterator[Browser]:
    """Return Chromium, then Firefox, each with the width of its window."""
    with running.lent(request.param, request.session) as browser:
        browser.resize()
        yield browser


@pytest.fixture(scope="module", params=["node", *BROWSERS])
def reader(
    request: pytest.FixtureRequest, page: Path, running: Running, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Asked]:
    """Return the scripts of the page in Node.js, in Chromium, in Firefox."""
    if request.param == "node":
        node: Page = request.getfixturevalue("node")
        yield node
        return
    with running.lent(request.param, request.session) as browser:
        yield Opened(browser, page, tmp_path_factory.mktemp("opened"))


def started(name: str, tmp_path_factory: pytest.TempPathFactory, limit: int | None = None) -> Browser:
    make, programs = BROWSERS[name]
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"needs {program}: apt-get install chromium chromium-driver firefox-esr")
    return make(tmp_path_factory.mktemp(name), limit)


@pytest.fixture(scope="session")
def axe() -> str:
    """Return the source of axe-core, for the test alone."""
    try:
        return (installed() / "node_modules/axe-core/axe.min.js").read_text("utf-8")
    except (FileNotFoundError, subprocess.CalledProcessError) as absent:
        pytest.skip(f"needs npm and its registry for axe-core: {absent}")
