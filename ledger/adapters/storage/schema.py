"""The tables of `entries.db`, and the triggers that keep them append-only, version 1.

Triggers refuse UPDATE, DELETE, REPLACE and gaps. They prevent mistakes; published checkpoints prove an attack.
If a statement changes, its old text has to stay known to `connect_foreign`, or that refuses earlier files.
"""

from __future__ import annotations

_REFUSE = "CREATE TRIGGER {0}_{1} {2} ON {0} {3} BEGIN SELECT RAISE(ABORT, '{0} is append-only'); END"
# INSERT OR REPLACE deletes without DELETE triggers, so every INSERT trigger has to refuse an existing row.
SCHEMA = (
    # rowid = leaf index + 1; event_id and metadata: columns that version 10 of the library reads
    """CREATE TABLE stored_events (
        rowid INTEGER PRIMARY KEY, originator_id TEXT NOT NULL, originator_version INTEGER NOT NULL,
        topic TEXT NOT NULL, state BLOB NOT NULL, event_id TEXT, metadata BLOB,
        UNIQUE (originator_id, originator_version)) STRICT""",
    # nodes: the hashes of the complete subtrees that end with this leaf, from height 1 up
    """CREATE TABLE log_leaf (
        idx INTEGER PRIMARY KEY, entry_id BLOB NOT NULL UNIQUE CHECK (length(entry_id) = 16),
        leaf BLOB NOT NULL UNIQUE CHECK (length(leaf) = 32),
        nodes BLOB NOT NULL CHECK (length(nodes) % 32 = 0)) STRICT""",
    """CREATE TABLE ciphertext (
        idx INTEGER NOT NULL, field TEXT NOT NULL, digest TEXT NOT NULL, key_id TEXT NOT NULL, ciphertext BLOB,
        PRIMARY KEY (idx, field)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX ciphertext_key ON ciphertext (key_id)",
    """CREATE TABLE order_reference (
        reference TEXT NOT NULL, order_id TEXT NOT NULL, PRIMARY KEY (reference, order_id)) STRICT, WITHOUT ROWID""",
    # the orders that an entry of order_id names as before or after it
    """CREATE TABLE order_link (
        named TEXT NOT NULL, order_id TEXT NOT NULL, PRIMARY KEY (named, order_id)) STRICT, WITHOUT ROWID""",
    *(
        _REFUSE.format(table, event.lower(), f"BEFORE {event}", "")
        for table in ("stored_events", "log_leaf", "order_reference", "order_link")
        for event in ("UPDATE", "DELETE")
    ),
    _REFUSE.format(
        "stored_events",
        "next",
        "BEFORE INSERT",
        "WHEN EXISTS (SELECT 1 FROM stored_events WHERE rowid = NEW.rowid) OR NEW.originator_version <> 1 +"
        " (SELECT ifnull(max(originator_version), 0) FROM stored_events WHERE originator_id = NEW.originator_id)",
    ),
    _REFUSE.format(
        "stored_events",
        "gap",
        "AFTER INSERT",
        "WHEN NEW.rowid <> 1 AND NOT EXISTS (SELECT 1 FROM stored_events WHERE rowid = NEW.rowid - 1)",
    ),
    _REFUSE.format(
        "log_leaf",
        "next",
        "BEFORE INSERT",
        "WHEN NEW.idx <> (SELECT ifnull(max(idx), -1) + 1 FROM log_leaf)"
        " OR EXISTS (SELECT 1 FROM log_leaf WHERE leaf = NEW.leaf)"
        " OR EXISTS (SELECT 1 FROM log_leaf WHERE entry_id = NEW.entry_id)"
        " OR NOT EXISTS (SELECT 1 FROM stored_events WHERE rowid = NEW.idx + 1)",
    ),
    _REFUSE.format(
        "order_reference",
        "twice",
        "BEFORE INSERT",
        "WHEN EXISTS (SELECT 1 FROM order_reference WHERE reference = NEW.reference AND order_id = NEW.order_id)",
    ),
    _REFUSE.format(
        "order_link",
        "twice",
        "BEFORE INSERT",
        "WHEN EXISTS (SELECT 1 FROM order_link WHERE named = NEW.named AND order_id = NEW.order_id)",
    ),
    _REFUSE.format(
        "ciphertext",
        "twice",
        "BEFORE INSERT",
        "WHEN EXISTS (SELECT 1 FROM ciphertext WHERE idx = NEW.idx AND field = NEW.field)",
    ),
    # a ciphertext may be removed, never changed
    _REFUSE.format(
        "ciphertext",
        "change",
        "BEFORE UPDATE",
        "WHEN NEW.ciphertext IS NOT NULL OR NEW.idx <> OLD.idx OR NEW.field <> OLD.field"
        " OR NEW.digest <> OLD.digest OR NEW.key_id <> OLD.key_id",
    ),
    "PRAGMA user_version = 1",
)
