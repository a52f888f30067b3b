"""The tables of `lines.db`.

Moments are in microseconds since 1970. What depends on the time is kept with the moment at which it changes.
"""

from __future__ import annotations

from typing import Final

EDITION: Final = 2  # raise it when these tables change
SCHEMA: Final = (
    "CREATE TABLE made (one INTEGER PRIMARY KEY, by TEXT NOT NULL, leaf TEXT NOT NULL, size INTEGER NOT NULL,"
    " register INTEGER NOT NULL) STRICT",
    # n: the number of the order in the log; named: 0 while the names in its entries are not read
    "CREATE TABLE orders (n INTEGER PRIMARY KEY, order_id TEXT NOT NULL UNIQUE, named INTEGER NOT NULL) STRICT",
    "CREATE INDEX orders_unnamed ON orders (n) WHERE named = 0",
    # sees: 1 if the entries of the order name it; 0 if the judgement alone rests on it
    "CREATE TABLE name (name TEXT NOT NULL, n INTEGER NOT NULL, sees INTEGER NOT NULL, PRIMARY KEY (name, n)) STRICT,"
    " WITHOUT ROWID",
    # knows: 1 for people who know of the kinds that only some roles are shown
    "CREATE TABLE asked (knows INTEGER PRIMARY KEY) STRICT",
    # size: of the log, from which on the order is to be judged
    "CREATE TABLE stale (knows INTEGER NOT NULL, n INTEGER NOT NULL, why INTEGER NOT NULL, size INTEGER NOT NULL,"
    " PRIMARY KEY (knows, n)) STRICT, WITHOUT ROWID",
    "CREATE INDEX stale_why ON stale (knows, why, n)",
    # id: 2 n + knows; worth: 0 the next deadline can be met, 1 it has no end, 2 it cannot be met, 3 there is none;
    # worth, due and acts are of the next deadline, as it is from `turned` until `turns`; moments are in microseconds
    "CREATE TABLE line (id INTEGER PRIMARY KEY, knows INTEGER NOT NULL, n INTEGER NOT NULL, order_id TEXT NOT NULL,"
    " size INTEGER NOT NULL, until INTEGER NOT NULL, name TEXT NOT NULL, provider TEXT NOT NULL, made INTEGER NOT NULL,"
    " issued INTEGER, last INTEGER NOT NULL, violations INTEGER NOT NULL, remarks INTEGER NOT NULL,"
    " gaps INTEGER NOT NULL, state TEXT NOT NULL, ended INTEGER NOT NULL, worth INTEGER NOT NULL, due INTEGER,"
    " acts TEXT NOT NULL, turned INTEGER NOT NULL, turns INTEGER NOT NULL) STRICT",
    *(
        f"CREATE INDEX line_{name} ON line (knows, {columns}, order_id)"
        for name, columns in {
            "name": "name",
            "provider": "provider",
            "made": "made",
            "last": "last",
            "due": "worth, due",
            "due_down": "worth, due DESC",
            "acts": "worth, acts",
            "levels": "violations, remarks, gaps",
            "state": "state",
        }.items()
    ),
    "CREATE INDEX line_ended ON line (knows, ended, order_id, n)",
    "CREATE INDEX line_until ON line (until)",
    "CREATE INDEX line_turns ON line (turns)",
    "CREATE INDEX line_turned ON line (turned)",
    "CREATE TABLE body (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
    "CREATE TABLE text (id INTEGER PRIMARY KEY, said TEXT NOT NULL) STRICT",
    "CREATE VIRTUAL TABLE words USING fts5 (said, content = 'text', content_rowid = 'id',"
    " tokenize = 'trigram case_sensitive 1')",
    "CREATE TABLE value (knows INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, id INTEGER NOT NULL,"
    " PRIMARY KEY (knows, name, value, id)) STRICT, WITHOUT ROWID",
    # how many orders have a value; name "": how many orders, deadlines, and orders without one there are
    "CREATE TABLE tally (knows INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, orders INTEGER NOT NULL,"
    " PRIMARY KEY (knows, name, value)) STRICT, WITHOUT ROWID",
    "CREATE TABLE waits (id INTEGER PRIMARY KEY, said TEXT NOT NULL UNIQUE) STRICT",
    # one open deadline; gone: the moment from which it can no longer be met; due: before every moment without an end
    "CREATE TABLE clock (id INTEGER NOT NULL, place INTEGER NOT NULL, knows INTEGER NOT NULL, n INTEGER NOT NULL,"
    " order_id TEXT NOT NULL, waits INTEGER NOT NULL, side TEXT NOT NULL, due INTEGER NOT NULL, gone INTEGER NOT NULL,"
    " PRIMARY KEY (id, place)) STRICT, WITHOUT ROWID",
    "CREATE INDEX clock_due ON clock (knows, due, order_id, place, gone, waits, n)",
    "CREATE INDEX clock_gone ON clock (knows, gone, waits, due, n)",
    "CREATE INDEX clock_waits ON clock (knows, waits, gone, n)",
    "CREATE INDEX clock_side ON clock (knows, side, gone)",
)
