"""The statements over the tables of subject keys, each written for SQLite and for PostgreSQL.

The tables are in `schema.py` and `postgres_keys.sql`. Both forms of a statement take the same parameters in the same
order and return the same columns. Where a parameter is a list, it is passed as one JSON array.
"""

from __future__ import annotations

from ledger.adapters.storage.statements import Statement
from ledger.adapters.subject_keys.names import COMPANION, HOLDER, TARGET


def _both(text: str) -> Statement:
    """Return a statement that differs in the marks of its parameters alone."""
    return Statement(text, text.replace("?", "%s"))


def _listing(text: str) -> Statement:
    """Return a statement in which LISTED stands for the values of a list."""
    return Statement(
        text.replace("LISTED", "(SELECT value FROM json_each(?))"),
        text.replace("LISTED", "(SELECT value FROM json_array_elements_text(%s::json))").replace("?", "%s"),
    )


def _named_otherwise(columns: str, *prefixes: str) -> Statement:
    """Return a statement over the names that begin with none of these prefixes, which it skips in the index.

    A large ledger has the target of each order among its names.
    """
    skipped = sorted(prefixes)  # each ends with a space, behind which "!" is the next character
    starts = ("", *(f"{each[:-1]}!" for each in skipped))
    spans = [f"n.name >= '{start}' AND n.name < '{end}'" for start, end in zip(starts, skipped, strict=False)]
    spans.append(f"n.name >= '{starts[-1]}'")
    return _both(" UNION ALL ".join(f"SELECT {columns} WHERE {span}" for span in spans))


_KEYS = " FROM subject_key k JOIN subject_name n ON n.subject = k.subject"

# -- names and keys ----------------------------------------------------------------------------------------------------

KEYS_OF = _both(f"SELECT k.key_id, k.order_id{_KEYS} WHERE n.name = ? ORDER BY k.key_id")
KEYS_OF_IN = _both(f"SELECT k.key_id, k.order_id{_KEYS} WHERE n.name = ? AND k.order_id IN (?, ?) ORDER BY k.key_id")
SUBJECTS = _both(f"SELECT n.name, k.order_id, k.key_id{_KEYS} ORDER BY n.name, k.order_id, k.key_id")
GIVEN = _named_otherwise(f"n.name, k.key_id{_KEYS}", COMPANION, HOLDER, TARGET)
SUBJECTS_OF = _listing(
    f"SELECT n.name, k.order_id, k.key_id{_KEYS} WHERE k.key_id IN LISTED"  # sorted, SQLite would scan all names
)
NAMES = _named_otherwise("n.name, n.subject FROM subject_name n", COMPANION, TARGET)
NAME_OF_KEY = _both(f"SELECT min(n.name){_KEYS} WHERE k.key_id = ?")
SUBJECT_OF_NAME = _both("SELECT subject FROM subject_name WHERE name = ?")
EXISTING = _listing("SELECT key_id FROM subject_key WHERE key_id IN LISTED")
SECRET = _both("SELECT secret FROM subject_key WHERE key_id = ?")
# each element of the list is a name and an order; of several rows for one element, the last one is used: the key of
# this order, not that of all orders
FIND = Statement(
    "SELECT n.name, json_extract(w.value, '$[1]'), k.key_id, k.secret FROM json_each(?) w"
    " JOIN subject_name n ON n.name = json_extract(w.value, '$[0]')"
    " JOIN subject_key k ON k.subject = n.subject AND k.order_id IN (json_extract(w.value, '$[1]'), ?)"
    " ORDER BY k.order_id, k.key_id DESC",
    "SELECT n.name, w.value->>1, k.key_id, k.secret FROM json_array_elements(%s::json) w (value)"
    " JOIN subject_name n ON n.name = w.value->>0"
    " JOIN subject_key k ON k.subject = n.subject AND k.order_id IN (w.value->>1, %s)"
    " ORDER BY k.order_id, k.key_id DESC",
)
ADD_NAME = _both("INSERT INTO subject_name VALUES (?, ?) ON CONFLICT DO NOTHING")
ADD_KEY = _both("INSERT INTO subject_key SELECT ?, subject, ?, ? FROM subject_name WHERE name = ?")
MERGE_KEYS = _both("UPDATE subject_key SET subject = ? WHERE subject = ?")
MERGE_NAMES = _both("UPDATE subject_name SET subject = ? WHERE subject = ?")
SPLIT_KEYS = _both("UPDATE subject_key SET subject = ? WHERE subject = ? AND order_id = ?")
# the names of subjects without a key, and with them the link between their orders
DROP_NAMES = _both("DELETE FROM subject_name WHERE subject NOT IN (SELECT subject FROM subject_key)")

# -- destroyed keys ----------------------------------------------------------------------------------------------------

MARKING = _both("SELECT secret FROM marking")
MARKED = _both("SELECT key_id FROM erased WHERE mark = ?")
MARK = _both("INSERT INTO erased VALUES (?, ?)")
DELETE_KEY = _both("DELETE FROM subject_key WHERE key_id = ?")
DELETE_INDEXED = _both("DELETE FROM indexed_value WHERE key_id = ?")
DESTROYED = _both("INSERT INTO destroyed_key VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
UNRECORDED = _both("SELECT key_id, cause, custodians FROM destroyed_key ORDER BY key_id")
DESTROYED_HERE = _listing(
    "SELECT key_id FROM erased WHERE key_id IN LISTED UNION SELECT key_id FROM destroyed_key WHERE key_id IN LISTED"
)
RECORDED = _both("DELETE FROM destroyed_key WHERE key_id = ?")

# -- companions --------------------------------------------------------------------------------------------------------

COMPANION_OF = _both("SELECT companion FROM companion WHERE main = ?")
MAIN_OF = _both("SELECT main FROM companion WHERE companion = ?")
ADD_COMPANION = _both("INSERT INTO companion VALUES (?, ?) ON CONFLICT (main) DO NOTHING")

# -- index of values ---------------------------------------------------------------------------------------------------

INDEX_POSITION = _both("SELECT size FROM index_position")
SET_INDEX_POSITION = _both("UPDATE index_position SET size = ?")
CLEAR_INDEX = _both("DELETE FROM indexed_value")
ADD_INDEXED = Statement(  # a key that was destroyed gets no row
    "INSERT INTO indexed_value SELECT ?, key_id FROM subject_key WHERE key_id = ? ON CONFLICT DO NOTHING",
    "INSERT INTO indexed_value SELECT %s, key_id FROM subject_key WHERE key_id = %s ON CONFLICT DO NOTHING",
)
WITH_HASH = _both("SELECT key_id FROM indexed_value WHERE hash = ?")
