"""Write and read the entries of a directory of ledgers: each says whose a ledger is, which keys it has, where it is.

An entry is a note (c2sp.org/signed-note) that the registrar of the directory signs. Its text has two lines:

    comity.directory-entry/1
    {"address":"https://...","directory":"...","holder":"...","leaf":0,"log":"...","policy":"...",...}

The second is canonical JSON. `policy` and `registrar` are the files of the ledger's trust folder. A later entry on the
same log replaces an earlier one, which stays in the directory. An entry is signed for one place in one root log, so
that who has only the key of the log cannot bring an earlier entry into force again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import msgspec
from msgspec import Struct

from ledger.entries.keyring import Registrar
from ledger.errors import RecordError
from ledger.formats.canonical_json import canonical, parse_json
from ledger.tlog.names import check_foreign_origin
from ledger.tlog.note import ED25519, Vkey, format_line, open_note
from ledger.trust.trust_folder import Trust, parse_trust

HEADER = "comity.directory-entry/1"
LARGEST = 60_000  # bytes of an entry: a leaf of a log has at most 65,535
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class DirectoryEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One ledger as the registrar of a directory states it.

    `directory` is the origin of the root log, and `leaf` the index of the entry in it. `log` is the origin of the
    ledger, `address` the URL or folder where its log is published with its entries, or a ledger folder;
    empty if it is not read. `since` and `until` are days: from when on it is in the directory, and its last one; empty
    if it has none. `successor` is the origin of the ledger that takes its place; empty if none does.
    """

    directory: str
    leaf: int
    log: str
    policy: str
    registrar: str
    holder: str
    since: str
    address: str = ""
    until: str = ""
    successor: str = ""

    def ended(self, day: str) -> bool:
        """Return True if the last day of the ledger is before a day, as 2026-11-28."""
        return bool(self.until) and self.until < day

    def trust(self) -> Trust:
        """Return the trust in the ledger that the entry states; POL-*, TRUST-FORMAT if it states none."""
        return parse_trust({"policy": self.policy.encode(), "registrar": self.registrar.encode()})


def registrar_key(registrar: Registrar) -> Vkey:
    """Return the key with which the registrar of a directory signs entries: its name is that of the registrar."""
    return Vkey.of(registrar.actor, ED25519, bytes.fromhex(registrar.key))


def sign_entry(entry: DirectoryEntry, key: Vkey, sign: Callable[[bytes], bytes]) -> bytes:
    """Return an entry as a signed note; DIR-FORMAT if it has not the form of one."""
    text = _text(_checked(entry))
    note = f"{text}\n{format_line(key, sign(text.encode()))}".encode()
    if len(note) > LARGEST:
        raise RecordError("DIR-FORMAT", f"an entry of {len(note)} bytes; at most {LARGEST} fit into a leaf")
    return note


def is_entry(leaf: bytes) -> bool:
    """Return True if a leaf of a root log is an entry of the directory, and not a checkpoint."""
    return leaf.startswith(f"{HEADER}\n".encode())


def open_entry(note: bytes, key: Vkey, directory: str, leaf: int) -> DirectoryEntry:
    """Return the entry in a note that `key` has signed for a leaf of a directory; DIR-FORMAT, CP-FORMAT, CP-SIG."""
    if len(note) > LARGEST:
        raise RecordError("DIR-FORMAT", f"{len(note)} bytes are no entry of a directory")
    text = open_note(note, [key]).text
    header, _, line = text.partition("\n")
    raw = line.removesuffix("\n").encode()
    try:
        value = parse_json(raw, max_bytes=LARGEST)
        entry = msgspec.convert(value, DirectoryEntry)
    except (RecordError, msgspec.ValidationError) as wrong:
        raise RecordError("DIR-FORMAT", f"not an entry of a directory: {wrong}") from wrong
    if header != HEADER or _text(entry) != text:
        raise RecordError("DIR-FORMAT", "not an entry of a directory in its one form")
    if (entry.directory, entry.leaf) != (directory, leaf):
        says = f"the registrar signed it as leaf {entry.leaf} of {entry.directory}: it is repeated, or in another place"
        raise RecordError("DIR-FORMAT", says)
    return _checked(entry)


def _text(entry: DirectoryEntry) -> str:
    return f"{HEADER}\n{canonical(msgspec.to_builtins(entry)).decode()}\n"


def _checked(entry: DirectoryEntry) -> DirectoryEntry:
    """Return an entry whose values fit together; DIR-FORMAT, POL-*, TRUST-FORMAT."""
    check_foreign_origin(entry.directory)
    check_foreign_origin(entry.log)
    if entry.leaf < 0:
        raise RecordError("DIR-FORMAT", "the index of a leaf is not negative")
    names = {key.name for key in entry.trust().policy.logs}
    if names != {entry.log}:
        raise RecordError("DIR-FORMAT", f"its policy names {', '.join(sorted(names)) or 'no log'}, not {entry.log}")
    days = [entry.since, *([entry.until] if entry.until else [])]
    if not all(_is_day(day) for day in days):
        raise RecordError("DIR-FORMAT", "a day reads 2026-11-28")
    if entry.successor:
        check_foreign_origin(entry.successor)
    if entry.successor == entry.log:
        raise RecordError("DIR-FORMAT", "a ledger is not its own successor")
    return entry


def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False
