"""PostgreSQL takes every statement, and returns as many columns as SQLite does."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from ledger.adapters.storage.postgres import Address, connect, create
from ledger.adapters.storage.schema import SCHEMA
from tests.ledger.adapters.storage.test_statements import STATEMENTS

pytestmark = pytest.mark.postgres


def test_every_statement_returns_as_many_columns_in_both_databases(place: Address) -> None:
    create(place)
    with closing(connect(place, writable=False)) as c, closing(sqlite3.connect(":memory:")) as other:
        for statement in SCHEMA:
            other.execute(statement)
        for name, each in STATEMENTS.items():
            count = each.sqlite.count("?")
            theirs = other.execute(each.sqlite, ["[]" if "json_each(?)" in each.sqlite else 1] * count)
            ours = c.execute(each.postgres.encode(), [None] * count)
            assert ours.description is not None, name
            assert len(ours.description) == len(theirs.description), name
