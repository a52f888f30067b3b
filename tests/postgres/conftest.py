"""Start one server for a session of these tests, and make a separate database for each test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from ledger.adapters.storage.postgres import Address, address
from tests.support.cli import ORIGIN

pytest.importorskip("psycopg", reason="needs the extra `postgres`")

from tests.postgres.server import Server, database_of, programs

_numbers = count()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    if programs() is None:
        pytest.skip("needs PostgreSQL: tests/postgres/install.sh")
    server = Server.new()
    yield server
    server.gone()


@pytest.fixture
def own() -> Iterator[Server]:
    """Start a separate server that the test may damage."""
    if programs() is None:
        pytest.skip("needs PostgreSQL: tests/postgres/install.sh")
    server = Server.new()
    yield server
    server.gone()


@pytest.fixture
def uri(server: Server) -> Iterator[str]:
    """Make an empty database of the owner, return its address, and drop it after the test."""
    made = server.database(f"d{next(_numbers)}")
    yield made
    server.drop(database_of(made))


@pytest.fixture
def place(uri: str) -> Address:
    return address(uri, ORIGIN)
