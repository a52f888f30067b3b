"""The tables of `keys.db`, version 3, and how a file of an earlier version is read and migrated."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence

VERSION = 3
_SUBJECTS = 2  # the version from which subjects have ids, and a key for each order
ALL_ORDERS = ""  # the order of a key of version 1, which is valid in all orders of a subject

SCHEMA: tuple[str, ...] = (
    "CREATE TABLE subject_name (name TEXT PRIMARY KEY, subject TEXT NOT NULL) STRICT",
    """CREATE TABLE subject_key (
        key_id TEXT PRIMARY KEY, subject TEXT NOT NULL, order_id TEXT NOT NULL, secret BLOB NOT NULL) STRICT""",
    "CREATE INDEX subject_key_subject ON subject_key (subject, order_id)",
    # destroyed keys whose destruction the log does not state yet, with the values of that entry
    "CREATE TABLE destroyed_key (key_id TEXT PRIMARY KEY, cause TEXT, custodians TEXT NOT NULL) STRICT",
    # digests, keyed with `marking`, of name and order of an erased subject: finding the id of the key needs the name
    "CREATE TABLE erased (mark BLOB PRIMARY KEY, key_id TEXT NOT NULL) STRICT",
    "CREATE TABLE marking (one INTEGER PRIMARY KEY CHECK (one = 1), secret BLOB NOT NULL) STRICT",
)
# keyed hashes of identifiers, with the key of the subject; and how many entries of the log have been read for them
INDEX: tuple[str, ...] = (
    """CREATE TABLE indexed_value (
        hash BLOB NOT NULL, key_id TEXT NOT NULL, PRIMARY KEY (hash, key_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX indexed_value_key ON indexed_value (key_id)",
    "CREATE TABLE index_position (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL) STRICT",
    "INSERT INTO index_position VALUES (1, 0)",
)
# which order a companion order belongs to; in the log this is a sealed value; the same table as in version 1
COMPANIONS = "CREATE TABLE companion (main TEXT PRIMARY KEY, companion TEXT NOT NULL UNIQUE) STRICT"

# The keys of version 1: one for each subject, in all orders. The name of a target has the order.
_KEYS_OF_VERSION_1 = """SELECT key_id, subject, CASE
    WHEN subject GLOB 'target of *' THEN substr(subject, 11)
    WHEN subject GLOB 'companion *' THEN ifnull(
        (SELECT main FROM companion WHERE companion = substr(subject, 11)), '')
    ELSE '' END AS order_id, secret FROM drawer"""
_VIEWS = {  # the tables of version 2 as views of version 1; a reader needs no index
    "subject_name": "SELECT subject AS name, subject FROM drawer",
    "subject_key": _KEYS_OF_VERSION_1,
    "destroyed_key": "SELECT key_id, NULL AS cause, '' AS custodians FROM destroyed",
    "erased": "SELECT x'' AS mark, '' AS key_id WHERE 0",
    "marking": "SELECT 1 AS one, x'' AS secret",
}


def needs_views(version: int) -> bool:
    """Return True if a file of this version has other tables for subjects and keys."""
    return version < _SUBJECTS


def create_views(c: sqlite3.Connection) -> None:
    """Show a file of version 1 as version 2 in this connection, without a change to the file."""
    for name, select in _VIEWS.items():
        c.execute(f"CREATE TEMP VIEW {name} AS {select}")


def drop_views(c: sqlite3.Connection) -> None:
    """Remove what `create_views` made."""
    for name in _VIEWS:
        c.execute(f"DROP VIEW temp.{name}")


def migrate(c: sqlite3.Connection, version: int, marking: bytes) -> None:
    """Migrate a file of an earlier version within a transaction. Every key stays, under the same id."""
    if version < _SUBJECTS:
        _migrate_subjects(c, marking)
    for statement in INDEX:
        c.execute(statement)
    c.execute(f"PRAGMA user_version = {VERSION}")


def _migrate_subjects(c: sqlite3.Connection, marking: bytes) -> None:
    for statement in SCHEMA:
        c.execute(statement)
    c.execute(*insert_marking(marking))
    ids = {name: new_subject_id() for (name,) in c.execute("SELECT subject FROM drawer").fetchall()}
    c.executemany("INSERT INTO subject_name VALUES (?, ?)", list(ids.items()))
    keys = [(key_id, ids[name], order, key) for key_id, name, order, key in c.execute(_KEYS_OF_VERSION_1).fetchall()]
    c.executemany("INSERT INTO subject_key VALUES (?, ?, ?, ?)", keys)
    c.execute("INSERT INTO destroyed_key SELECT key_id, NULL, '' FROM destroyed")
    c.execute("DROP TABLE drawer")
    c.execute("DROP TABLE destroyed")


def insert_marking(secret: bytes) -> tuple[str, Sequence[object]]:
    """Return the statement, with its parameter, that stores the key of the digests in `erased` (32 bytes)."""
    return "INSERT INTO marking VALUES (1, ?)", (secret,)


def new_subject_id() -> str:
    """Return a random id of a subject. It is in `keys.db` only, so no story has to repeat it."""
    return str(uuid.uuid4())
