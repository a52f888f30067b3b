"""The SELECT statements over the tables of the event store, each written for SQLite and for PostgreSQL.

The tables are in `schema.py` and `postgres.sql`. Both forms of a statement take the same parameters in the same order
and return the same columns. A notification id is a leaf index + 1: `rowid` in SQLite, `notification_id` in PostgreSQL.
Where a parameter is a list, it is passed as one JSON array.
"""

from __future__ import annotations

from typing import NamedTuple


class Statement(NamedTuple):
    """One SELECT statement in the dialect of each database."""

    sqlite: str
    postgres: str


# -- the log ----------------------------------------------------------------------------------------------------------

SCHEMA_VERSION_AND_SIZES = Statement(
    "SELECT (SELECT user_version FROM pragma_user_version),"
    " (SELECT coalesce(max(rowid), 0) FROM stored_events), (SELECT coalesce(max(idx) + 1, 0) FROM log_leaf)",
    "SELECT (SELECT version FROM ledger),"
    " (SELECT coalesce(max(notification_id), 0) FROM stored_events), (SELECT coalesce(max(idx) + 1, 0) FROM log_leaf)",
)
SIZE = Statement(
    "SELECT coalesce(max(idx) + 1, 0) FROM log_leaf",
    "SELECT coalesce(max(idx) + 1, 0) FROM log_leaf",
)
LEAVES = Statement(
    "SELECT idx, leaf, nodes FROM log_leaf WHERE idx IN (SELECT value FROM json_each(?))",
    "SELECT idx, leaf, nodes FROM log_leaf WHERE idx IN (SELECT value::bigint FROM json_array_elements_text(%s::json))",
)
LEAVES_BETWEEN = Statement(
    "SELECT leaf FROM log_leaf WHERE idx >= ? AND idx < ? ORDER BY idx",
    "SELECT leaf FROM log_leaf WHERE idx >= %s AND idx < %s ORDER BY idx",
)
PAGE = Statement(
    "SELECT rowid - 1, state FROM stored_events WHERE rowid > ? AND rowid <= ? ORDER BY rowid LIMIT ?",
    "SELECT notification_id - 1, state FROM stored_events WHERE notification_id > %s AND notification_id <= %s"
    " ORDER BY notification_id LIMIT %s",
)

# -- entries of an order ----------------------------------------------------------------------------------------------

FIRST_OF_ORDER = Statement(
    "SELECT state FROM stored_events WHERE originator_id = ? ORDER BY originator_version LIMIT 1",
    "SELECT state FROM stored_events WHERE originator_id = %s ORDER BY originator_version LIMIT 1",
)
OF_ORDER = Statement(
    "SELECT rowid - 1, state FROM stored_events WHERE originator_id = ? AND originator_version > ?"
    " ORDER BY originator_version",
    "SELECT notification_id - 1, state FROM stored_events WHERE originator_id = %s AND originator_version > %s"
    " ORDER BY originator_version",
)
OF_ORDERS = Statement(
    "SELECT originator_id, state FROM json_each(?) JOIN stored_events ON originator_id = value",
    "SELECT originator_id, state FROM json_array_elements_text(%s::json) JOIN stored_events ON originator_id = value",
)
NEWEST_OF_ORDER = Statement(
    "SELECT rowid - 1, state FROM stored_events WHERE originator_id = ? ORDER BY originator_version DESC LIMIT 1",
    "SELECT notification_id - 1, state FROM stored_events WHERE originator_id = %s"
    " ORDER BY originator_version DESC LIMIT 1",
)
NEWEST_OF_ORDERS = Statement(
    "SELECT state FROM json_each(?) JOIN stored_events e ON e.rowid = (SELECT rowid FROM stored_events"
    " WHERE originator_id = value ORDER BY originator_version DESC LIMIT 1)",
    "SELECT state FROM json_array_elements_text(%s::json) CROSS JOIN LATERAL"
    " (SELECT state FROM stored_events WHERE originator_id = value ORDER BY originator_version DESC LIMIT 1) e",
)
VERSION_OF_ORDER = Statement(
    "SELECT coalesce(max(originator_version), 0) FROM stored_events WHERE originator_id = ?",
    "SELECT coalesce(max(originator_version), 0) FROM stored_events WHERE originator_id = %s",
)
VERSION_OF_ORDER_AT = Statement(
    "SELECT coalesce(max(originator_version), 0) FROM stored_events WHERE originator_id = ? AND rowid <= ?",
    "SELECT coalesce(max(originator_version), 0) FROM stored_events WHERE originator_id = %s AND notification_id <= %s",
)
AT_VERSION = Statement(
    "SELECT rowid - 1, state FROM stored_events WHERE originator_id = ? AND originator_version = ?",
    "SELECT notification_id - 1, state FROM stored_events WHERE originator_id = %s AND originator_version = %s",
)
ORDERS_BEGUN = Statement(
    "SELECT rowid - 1, originator_id, topic FROM stored_events WHERE originator_version = 1 AND rowid > ?"
    " AND rowid <= ? ORDER BY rowid LIMIT ?",
    "SELECT notification_id - 1, originator_id, topic FROM stored_events WHERE originator_version = 1"
    " AND notification_id > %s AND notification_id <= %s ORDER BY notification_id LIMIT %s",
)
NEXT_ORDER = Statement(
    "SELECT originator_id, topic FROM stored_events WHERE originator_id >= ?"
    " ORDER BY originator_id, originator_version LIMIT 1",
    "SELECT originator_id, topic FROM stored_events WHERE originator_id >= %s"
    " ORDER BY originator_id, originator_version LIMIT 1",
)
FIRST_KIND = Statement(
    "SELECT topic FROM stored_events WHERE originator_id = ? AND originator_version = 1",
    "SELECT topic FROM stored_events WHERE originator_id = %s AND originator_version = 1",
)

# -- entries by id, index and kind ------------------------------------------------------------------------------------

BY_ENTRY_ID = Statement(
    "SELECT idx, state FROM log_leaf JOIN stored_events e ON e.rowid = idx + 1 WHERE entry_id = ?",
    "SELECT idx, state FROM log_leaf JOIN stored_events e ON e.notification_id = idx + 1 WHERE entry_id = %s",
)
BY_LEAF = Statement(
    "SELECT idx, state FROM log_leaf JOIN stored_events e ON e.rowid = idx + 1 WHERE leaf = ?",
    "SELECT idx, state FROM log_leaf JOIN stored_events e ON e.notification_id = idx + 1 WHERE leaf = %s",
)
# the entries at a place in an order, with an entry id, or with a leaf: one row where all three are the same entry
SAME_PLACE_OR_ID = Statement(
    "SELECT rowid - 1, state FROM stored_events WHERE originator_id = ? AND originator_version = ?"
    " UNION SELECT l.idx, e.state FROM log_leaf l JOIN stored_events e ON e.rowid = l.idx + 1"
    " WHERE l.entry_id = ? OR l.leaf = ?",
    "SELECT notification_id - 1, state FROM stored_events WHERE originator_id = %s AND originator_version = %s"
    " UNION SELECT l.idx, e.state FROM log_leaf l JOIN stored_events e ON e.notification_id = l.idx + 1"
    " WHERE l.entry_id = %s OR l.leaf = %s",
)
AT_INDEX = Statement(
    "SELECT state FROM stored_events WHERE rowid = ? + 1",
    "SELECT state FROM stored_events WHERE notification_id = %s + 1",
)
OF_KIND = Statement(
    "SELECT rowid - 1, state FROM stored_events WHERE topic = ? ORDER BY rowid",
    "SELECT notification_id - 1, state FROM stored_events WHERE topic = %s ORDER BY notification_id",
)
OF_KIND_IN_ORDERS = Statement(
    "SELECT rowid - 1, state FROM stored_events WHERE topic = ?"
    " AND originator_id IN (SELECT value FROM json_each(?)) ORDER BY rowid",
    "SELECT notification_id - 1, state FROM stored_events WHERE topic = %s"
    " AND originator_id IN (SELECT value FROM json_array_elements_text(%s::json)) ORDER BY notification_id",
)
# The first entry of some kinds in some orders, from an index on and before another one.
FIRST_OF_KINDS_IN_ORDERS = Statement(
    "SELECT rowid - 1, originator_id, topic FROM stored_events WHERE originator_id IN (SELECT value FROM json_each(?))"
    " AND topic IN (SELECT value FROM json_each(?)) AND rowid > ? AND rowid <= ? ORDER BY rowid LIMIT 1",
    "SELECT notification_id - 1, originator_id, topic FROM stored_events"
    " WHERE originator_id IN (SELECT value FROM json_array_elements_text(%s::json))"
    " AND topic IN (SELECT value FROM json_array_elements_text(%s::json))"
    " AND notification_id > %s AND notification_id <= %s ORDER BY notification_id LIMIT 1",
)
ORDERS_WITH_KIND = Statement(
    "SELECT DISTINCT originator_id FROM stored_events WHERE topic = ? ORDER BY 1",
    "SELECT DISTINCT originator_id FROM stored_events WHERE topic = %s ORDER BY 1",
)

# -- references and links of orders -----------------------------------------------------------------------------------

ORDERS_OF_REFERENCE = Statement(
    "SELECT order_id FROM order_reference WHERE reference = ? ORDER BY order_id",
    "SELECT order_id FROM order_reference WHERE reference = %s ORDER BY order_id",
)
REFERENCES = Statement(
    "SELECT reference, order_id FROM order_reference",
    "SELECT reference, order_id FROM order_reference",
)
REFERENCE_COUNT = Statement(
    "SELECT count(*) FROM order_reference",
    "SELECT count(*) FROM order_reference",
)
ORDERS_NAMING = Statement(
    "SELECT order_id FROM order_link WHERE named = ? ORDER BY order_id",
    "SELECT order_id FROM order_link WHERE named = %s ORDER BY order_id",
)

# -- ciphertexts ------------------------------------------------------------------------------------------------------

CIPHERTEXTS_OF_ORDER = Statement(
    "SELECT idx, field, digest, key_id, ciphertext FROM ciphertext WHERE idx IN"
    " (SELECT rowid - 1 FROM stored_events WHERE originator_id = ?) ORDER BY idx, field",
    "SELECT idx, field, digest, key_id, ciphertext FROM ciphertext WHERE idx IN"
    " (SELECT notification_id - 1 FROM stored_events WHERE originator_id = %s) ORDER BY idx, field",
)
ENCRYPTED_WITH = Statement(
    "SELECT c.idx, e.originator_id, c.field, c.digest FROM ciphertext c"
    " JOIN stored_events e ON e.rowid = c.idx + 1 WHERE c.key_id = ? ORDER BY c.idx, c.field",
    "SELECT c.idx, e.originator_id, c.field, c.digest FROM ciphertext c"
    " JOIN stored_events e ON e.notification_id = c.idx + 1 WHERE c.key_id = %s ORDER BY c.idx, c.field",
)
SEALED_BETWEEN = Statement(
    "SELECT e.originator_id, l.entry_id, c.field, c.digest, c.key_id, c.ciphertext FROM ciphertext c"
    " JOIN stored_events e ON e.rowid = c.idx + 1 JOIN log_leaf l ON l.idx = c.idx"
    " WHERE c.idx >= ? AND c.idx < ? AND c.ciphertext IS NOT NULL ORDER BY c.idx, c.field",
    "SELECT e.originator_id, l.entry_id, c.field, c.digest, c.key_id, c.ciphertext FROM ciphertext c"
    " JOIN stored_events e ON e.notification_id = c.idx + 1 JOIN log_leaf l ON l.idx = c.idx"
    " WHERE c.idx >= %s AND c.idx < %s AND c.ciphertext IS NOT NULL ORDER BY c.idx, c.field",
)
IS_EMPTIED = Statement(
    "SELECT ciphertext IS NULL FROM ciphertext WHERE key_id = ? LIMIT 1",
    "SELECT ciphertext IS NULL FROM ciphertext WHERE key_id = %s LIMIT 1",
)
NEWEST_SEALED = Statement(
    "SELECT idx, key_id FROM ciphertext WHERE ciphertext IS NOT NULL AND idx ="
    " (SELECT idx FROM ciphertext WHERE ciphertext IS NOT NULL ORDER BY idx DESC LIMIT 1) ORDER BY key_id",
    "SELECT idx, key_id FROM ciphertext WHERE ciphertext IS NOT NULL AND idx ="
    " (SELECT idx FROM ciphertext WHERE ciphertext IS NOT NULL ORDER BY idx DESC LIMIT 1) ORDER BY key_id",
)
EVER_SEALING = Statement(  # from the index alone
    "SELECT DISTINCT key_id FROM ciphertext",
    "SELECT DISTINCT key_id FROM ciphertext",
)
STILL_SEALING = Statement(
    "SELECT DISTINCT key_id FROM ciphertext"
    " WHERE key_id IN (SELECT value FROM json_each(?)) AND ciphertext IS NOT NULL",
    "SELECT DISTINCT key_id FROM ciphertext"
    " WHERE key_id IN (SELECT value FROM json_array_elements_text(%s::json)) AND ciphertext IS NOT NULL",
)
SEALING_KEYS_OF_ORDERS = Statement(
    "SELECT DISTINCT c.key_id FROM stored_events e JOIN ciphertext c ON c.idx = e.rowid - 1"
    " WHERE e.originator_id IN (SELECT value FROM json_each(?)) AND c.ciphertext IS NOT NULL ORDER BY c.key_id",
    "SELECT DISTINCT c.key_id FROM stored_events e JOIN ciphertext c ON c.idx = e.notification_id - 1"
    " WHERE e.originator_id IN (SELECT value FROM json_array_elements_text(%s::json))"
    " AND c.ciphertext IS NOT NULL ORDER BY c.key_id",
)

# -- the audit of a whole log -----------------------------------------------------------------------------------------

BOUNDS = Statement(
    "SELECT (SELECT coalesce(min(rowid), 1) FROM stored_events), (SELECT coalesce(max(rowid), 0) FROM stored_events)",
    "SELECT (SELECT coalesce(min(notification_id), 1) FROM stored_events),"
    " (SELECT coalesce(max(notification_id), 0) FROM stored_events)",
)
HEADS_BETWEEN = Statement(
    "SELECT e.originator_id, l.leaf FROM stored_events e JOIN log_leaf l ON l.idx = e.rowid - 1"
    " WHERE e.rowid > ? AND e.rowid <= ? ORDER BY e.rowid",
    "SELECT e.originator_id, l.leaf FROM stored_events e JOIN log_leaf l ON l.idx = e.notification_id - 1"
    " WHERE e.notification_id > %s AND e.notification_id <= %s ORDER BY e.notification_id",
)
AUDITED_COLUMNS = Statement(
    "SELECT e.rowid - 1, e.originator_id, e.originator_version, e.topic, e.state, l.leaf, l.nodes, l.entry_id"
    " FROM stored_events e LEFT JOIN log_leaf l ON l.idx = e.rowid - 1"
    " WHERE e.rowid > ? AND e.rowid <= ? ORDER BY e.rowid",
    "SELECT e.notification_id - 1, e.originator_id, e.originator_version, e.topic, e.state, l.leaf, l.nodes,"
    " l.entry_id FROM stored_events e LEFT JOIN log_leaf l ON l.idx = e.notification_id - 1"
    " WHERE e.notification_id > %s AND e.notification_id <= %s ORDER BY e.notification_id",
)
NODES = Statement(
    "SELECT nodes FROM log_leaf WHERE idx = ?",
    "SELECT nodes FROM log_leaf WHERE idx = %s",
)
# A row that is not found by its number in its order, or not alone: the file was made without that constraint, or an
# index does not cover every row.
NOT_FOUND_BY_VERSION = Statement(
    "SELECT e.rowid - 1 FROM stored_events e WHERE e.rowid > ? AND e.rowid <= ? AND coalesce("
    "(SELECT min(x.rowid) FROM stored_events x WHERE x.originator_id = e.originator_id"
    " AND x.originator_version = e.originator_version), 0) <> e.rowid LIMIT 1",
    "SELECT e.notification_id - 1 FROM stored_events e WHERE e.notification_id > %s AND e.notification_id <= %s"
    " AND coalesce((SELECT min(x.notification_id) FROM stored_events x WHERE x.originator_id = e.originator_id"
    " AND x.originator_version = e.originator_version), 0) <> e.notification_id LIMIT 1",
)
# the same by entry id
NOT_FOUND_BY_ENTRY_ID = Statement(
    "SELECT l.idx FROM log_leaf l WHERE l.idx >= ? AND l.idx < ? AND coalesce("
    "(SELECT min(x.idx) FROM log_leaf x WHERE x.entry_id = l.entry_id), -1) <> l.idx LIMIT 1",
    "SELECT l.idx FROM log_leaf l WHERE l.idx >= %s AND l.idx < %s AND coalesce("
    "(SELECT min(x.idx) FROM log_leaf x WHERE x.entry_id = l.entry_id), -1) <> l.idx LIMIT 1",
)
# The entries that the index over orders and versions leads to. Each element of the list is an order (36 characters)
# with the first and the last version asked for (16 digits each). It costs half of NOT_FOUND_BY_VERSION.
FOUND_BY_VERSION = Statement(
    "SELECT x.rowid - 1 FROM json_each(?) CROSS JOIN stored_events x"
    " WHERE x.originator_id = substr(value, 1, 36) AND x.originator_version"
    " BETWEEN CAST(substr(value, 37, 16) AS BIGINT) AND CAST(substr(value, 53, 16) AS BIGINT)",
    "SELECT x.notification_id - 1 FROM json_array_elements_text(%s::json) CROSS JOIN stored_events x"
    " WHERE x.originator_id = substr(value, 1, 36) AND x.originator_version"
    " BETWEEN CAST(substr(value, 37, 16) AS BIGINT) AND CAST(substr(value, 53, 16) AS BIGINT)",
)
