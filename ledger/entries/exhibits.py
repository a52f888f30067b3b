"""Recognise and check an exhibit of any form."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from ledger.entries import wrong_map
from ledger.entries.split_view import (
    FORMAT,
    LARGEST,
    OMISSION,
    ORDER,
    Omission,
    SplitOrder,
    SplitView,
    check_omission,
    check_order,
    check_split,
    write_exhibit,
)
from ledger.entries.wrong_map import WrongMap, check_wrong_map
from ledger.tlog.note import Vkey

# The members of each form, in their order, without `format` and `says`.
MEMBERS = {
    FORMAT: ("log", "one", "two", "began", "path"),
    OMISSION: ("log", "entry", "proof", "leaf", "instead"),
    ORDER: ("log", "one", "one_proof", "two", "two_proof", "other_log"),
    wrong_map.FORMAT: ("log", "entry", "proof", "path", "entries"),
}
Found = SplitView | Omission | SplitOrder | WrongMap


def check_exhibit(exhibit: bytes, logs: Sequence[Vkey]) -> Found:
    """Check an exhibit of any form with the keys of the log, as many as `claimed_logs` names."""
    match form_of(exhibit):
        case "comity.omission/1":
            return check_omission(exhibit, logs[0])
        case "comity.split-order/1":
            return check_order(exhibit, logs)
        case "comity.map-root/1":
            return check_wrong_map(exhibit, logs[0])
        case _:
            return check_split(exhibit, logs[0])


def is_as_written(exhibit: bytes, found: Found) -> bool:
    """Return True if an exhibit is the file that this program writes of what it proves: no other word is in it."""
    document = orjson.loads(exhibit)
    form = document["format"]
    proof = {name: document[name] for name in MEMBERS[form] if name in document}
    return write_exhibit({"format": form, "says": str(found), **proof}) == exhibit


def claimed_logs(exhibit: bytes) -> tuple[str, ...]:
    """Return the verifier keys that an exhibit names: to look for them among trusted keys, never to use them."""
    largest = wrong_map.LARGEST if form_of(exhibit) == wrong_map.FORMAT else LARGEST
    try:
        document = orjson.loads(exhibit) if len(exhibit) <= largest else None
    except ValueError:
        return ()
    if not isinstance(document, dict):
        return ()
    keys = (document.get("log"), *([document["other_log"]] if "other_log" in document else ()))
    return tuple(str(key) for key in keys)


def form_of(data: bytes) -> str | None:
    """Return the format of exhibit that a file claims; None if it claims none."""
    start = data[:200].lstrip()
    forms = (FORMAT, OMISSION, ORDER, wrong_map.FORMAT)
    return next((form for form in forms if start.startswith(b"{") and form.encode() in start), None)
