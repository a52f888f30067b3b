"""Each statement takes the same parameters and returns the same columns in both databases."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from ledger.adapters.storage import statements
from ledger.adapters.storage.schema import SCHEMA
from ledger.adapters.storage.statements import Statement

STATEMENTS = {name: each for name, each in vars(statements).items() if isinstance(each, Statement)}


@pytest.mark.parametrize("name", STATEMENTS)
def test_both_forms_of_a_statement_take_as_many_parameters(name: str) -> None:
    assert STATEMENTS[name].sqlite.count("?") == STATEMENTS[name].postgres.count("%s")


def test_sqlite_takes_every_statement_over_the_schema() -> None:
    with closing(sqlite3.connect(":memory:")) as c:
        for statement in SCHEMA:
            c.execute(statement)
        for each in STATEMENTS.values():
            params = ["[]" if "json_each(?)" in each.sqlite else 1] * each.sqlite.count("?")
            c.execute(each.sqlite, params).fetchall()
