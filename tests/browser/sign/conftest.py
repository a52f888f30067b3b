"""Fixtures: the signing page, built once, and its scripts in Node.js."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import build
from tests.browser.support.node import Page

CHECKER = Path(__file__).with_name("checker.mjs")


@pytest.fixture(scope="session")
def signing_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the signing page as a file."""
    try:
        made = build.page(build.SIGNING)
    except (FileNotFoundError, subprocess.CalledProcessError) as absent:
        pytest.skip(f"needs npm and its registry for what the page is built with: {absent}")
    file = tmp_path_factory.mktemp("signing") / "sign.html"
    file.write_bytes(made)
    return file


@pytest.fixture(scope="session")
def signing(signing_page: Path) -> Iterator[Page]:
    """Run the scripts of the signing page in Node.js."""
    if not shutil.which("node"):
        pytest.skip("needs Node.js")
    waiting = Page(signing_page, checker=CHECKER)
    yield waiting
    waiting.close()
