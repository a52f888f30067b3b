"""Fixtures: the signing page, built once, its scripts in Node.js, and a desk that has opened it in a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser import build
from tests.browser.conftest import built
from tests.browser.support.node import Page
from tests.browser.support.webdriver import Browser
from tests.support.cli import reply

if TYPE_CHECKING:
    from tests.browser.sign.desk import Desk
    from tests.server.office import Office

CHECKER = Path(__file__).with_name("checker.mjs")


@pytest.fixture(scope="session")
def signing_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the signing page as a file."""
    file = tmp_path_factory.mktemp("signing") / "sign.html"
    file.write_bytes(built(lambda: build.page(build.SIGNING)))
    return file


@pytest.fixture(scope="session")
def signing(signing_page: Path) -> Iterator[Page]:
    """Run the scripts of the signing page in Node.js."""
    if not shutil.which("node"):
        pytest.skip("needs Node.js")
    waiting = Page(signing_page, checker=CHECKER)
    yield waiting
    waiting.close()


@pytest.fixture(scope="module")
def office(signing_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    from tests.server.office import serving_story

    folder = tmp_path_factory.mktemp("office")
    with serving_story("S2", folder, signing_page=signing_page.read_bytes()) as served:
        yield served


@pytest.fixture(scope="module")
def desk(browser: Browser, office: Office) -> Iterator[Desk]:
    """Return a desk from which a person has enrolled the key file of ilves."""
    from tests.browser.sign.desk import Desk, log_of, pages

    with pages() as port:
        made = Desk(browser, f"http://localhost:{port}", f"http://sign.localhost:{office.port}/")
        made.open()
        answer = made.enrol_file(*log_of(office), str(office.ledger / "keys" / "PUBLIC-ilves"))
        assert answer.get("public") == office.key("ilves").public.hex(), answer
        yield made
        made.close()


@pytest.fixture(scope="module")
def order(office: Office) -> str:
    return str(reply("orders", ledger=office.ledger)["orders"][0]["order"])


@pytest.fixture
def opened(desk: Desk) -> Desk:
    """Return the desk with a fresh signing page."""
    desk.open()
    return desk
