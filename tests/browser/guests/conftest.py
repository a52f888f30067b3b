"""A ledger of an issuing office and a police unit, in which two offices without ledgers are known by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from tests.browser.conftest import BROWSERS, started
from tests.browser.keys.conftest import pages
from tests.browser.support.webdriver import Browser
from tests.support.cli import House

if TYPE_CHECKING:
    from tests.server.office import Office

__all__ = ["Start", "pages"]

Start = Callable[[str], Browser]

OFFICES = {"orn": ("XO", "RET"), "skylark": ("XV", "SP"), "ncco": ("XV", "NOT")}


@pytest.fixture
def made(tmp_path: Path) -> House:
    """Return a ledger; only ilves has a key file."""
    house = House(tmp_path / "guests").begun().with_office("ilves", "ISS", "VAL")
    for actor, (party, role) in OFFICES.items():
        fields = {"actor": actor, "party": party, "roles": role, "valid_from": "2026-01-01"}
        stated = [part for name, value in fields.items() for part in ("-f", f"{name}={value}")]
        done = house.run("record", "authority-registered", *stated, "--unregistered", "--as", "registrar")
        assert done.exit_code == 0, done.stderr
    return house


@pytest.fixture
def office(made: House, pages: dict[str, bytes]) -> Iterator[Office]:
    from tests.server.office import serving

    with pytest.MonkeyPatch.context() as env:
        for name, value in made.env.items():
            env.setenv(name, value)
        with serving(made.ledger, **pages) as served:
            yield served


@pytest.fixture(params=BROWSERS)
def start(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Return a function that starts a browser with a new profile: Chromium, then Firefox."""
    begun: list[Browser] = []

    def new(_: str) -> Browser:
        begun.append(started(request.param, tmp_path_factory))
        return begun[-1]

    yield new
    for each in begun:
        each.close()
