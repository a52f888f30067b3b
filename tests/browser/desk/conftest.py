"""Fixtures: the signing page and the script that hashes files, each built once."""

from __future__ import annotations

import pytest

from browser import build
from tests.browser.conftest import built
from tests.browser.sign.conftest import signing_page

__all__ = ["signing_page"]


@pytest.fixture(scope="session")
def hashing() -> bytes:
    """Return the script that hashes files."""
    return built(lambda: build.script(build.WORKER[1]))
