"""The verifier page, built once, and Node.js with its scripts in it; a test skips, and says so, where one is absent."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import build
from tests.browser.node import Page


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built page as a file."""
    try:
        made = build.page()
    except (FileNotFoundError, subprocess.CalledProcessError) as absent:
        pytest.skip(f"needs npm and its registry for what the page is built with: {absent}")
    file = tmp_path_factory.mktemp("page") / "verify.html"
    file.write_bytes(made)
    return file


@pytest.fixture(scope="session")
def node(page: Path) -> Iterator[Page]:
    """The page's own scripts, in Node.js."""
    if not shutil.which("node"):
        pytest.skip("needs Node.js")
    waiting = Page(page)
    yield waiting
    waiting.close()
