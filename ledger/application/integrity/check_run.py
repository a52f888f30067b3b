"""Check an aligned run of entries of a ledger: one step of an audit, for a worker process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import orjson
from msgspec import UNSET, Struct

from ledger.adapters.storage import statements
from ledger.adapters.storage.connection import ReadableLocation, ReadConnection, open_connection
from ledger.entries.condition import check_condition
from ledger.entries.envelope import OpenedEntry, instrument_of, open_each
from ledger.entries.keyring import Keyring, RegisteredKey
from ledger.entries.payload import Condition
from ledger.entries.placement import Link, check_place
from ledger.entries.wrapped_entry import KIND
from ledger.errors import RecordError
from ledger.tlog.tree import leaf_hash, node_hash
from ledger.verify.entries import is_suspect, note_texts
from ledger.verify.field_forms import check_public, known
from ledger.verify.progress import VerificationLog
from ledger.verify.report import Bracket, Remark
from ledger.verify.time_brackets import Times, absent_of, check_time

TOGETHER = 64  # entries opened in one call: enough to save time, few enough for a processor's cache
MOST = 100  # limit of reported problems and of findings; the first problem already decides
LISTED = 1_000  # limit of listed brackets; those of a larger ledger are only counted

# Queries for rows that an index does not lead to; each code names the constraint that should have refused them.
_NOT_FOUND = {"CTX-CHAIN": statements.NOT_FOUND_BY_VERSION, "CTX-REPLAY": statements.NOT_FOUND_BY_ENTRY_ID}


@dataclass(frozen=True, slots=True)
class Problem:
    """Hold one proven fault: released code, entry (`#index` in the log) or file, and a sentence."""

    code: str
    where: str
    says: str


OTHER_REGISTER = Problem("LOG-CORRUPT", "register", "the register that is found by its order is not the one in the log")


@dataclass(slots=True)
class Noted:
    """Hold what entries state without proving a fault: findings, brackets, doubtful keys, other logs.

    `remarks` and `brackets` are the first of all that `findings` and `entries` count. `suspect` has, by
    public key, the indexes of the entries that the key's owner may not have signed; `naming` has the indexes
    of entries that name other logs. `not_held` and `unknown` are leaves: of entries whose key did not hold
    their role, and of unknown kinds. `absent` has the digests of cited states that are missing here.
    """

    entries: int = 0
    findings: int = 0
    remarks: list[Remark] = field(default_factory=list)
    brackets: list[Bracket] = field(default_factory=list)
    open_ends: int = 0
    late: int = 0
    sealed: int = 0
    suspect: dict[str, list[int]] = field(default_factory=dict)
    naming: list[int] = field(default_factory=list)
    not_held: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    absent: set[str] = field(default_factory=set)

    def add(self, other: Noted) -> None:
        """Add the notes on the entries that follow these."""
        self.entries += other.entries
        self.findings += other.findings
        self.remarks += other.remarks[: MOST - len(self.remarks)]
        self.brackets += other.brackets[: LISTED + 1 - len(self.brackets)]
        self.open_ends += other.open_ends
        self.late += other.late
        self.sealed += other.sealed
        self.naming += other.naming
        self.not_held += other.not_held[: MOST - len(self.not_held)]
        self.unknown += other.unknown[: MOST - len(self.unknown)]
        self.absent |= other.absent
        for key, indexes in other.suspect.items():
            self.suspect.setdefault(key, []).extend(indexes)


@dataclass(slots=True)
class Run:
    """Hold the result of one run: counts, the peaks of its subtree, problems and notes.

    `signatures` counts the good ones, `register` the entries of the register. `peaks` is (leaves, peak
    hashes); a full run has one peak. If they were asked for, `leaves` are the leaf hashes, `ids` the ids of the
    entries (16 bytes), `orders` has the indexes of the entries of each order, and `ends` its first entry in the run
    and its last one.
    """

    signatures: int
    register: int
    peaks: tuple[int, list[bytes]]
    problems: list[Problem]
    noted: Noted
    orders: dict[str, list[int]]
    leaves: list[bytes]
    ids: list[bytes] = field(default_factory=list)
    ends: dict[str, End] = field(default_factory=dict)


class End(Struct, frozen=True, gc=False):
    """Hold what joins a run to an order: the entry before its first entry there (None if it has none), and its last."""

    before: Link | None
    last: Link


def check_run(
    place: ReadableLocation,
    origin: str,
    keyring: Keyring,
    times: Times | None,
    with_leaves: bool,
    start: int,
    stop: int,
) -> Run:
    problems: list[Problem] = []
    noted, book = Noted(), VerificationLog()
    reported = [key for key in keyring.keys.values() if key.reported is not None]
    leaves: list[bytes] = []  # as computed here; `stored_hashes` has the stored ones
    stored_hashes: list[tuple[int, bytes | None]] = []
    signatures = register = 0
    heads: dict[str, Link] = {}  # the newest entry of each order in this run
    begins: dict[str, Link | None] = {}  # by order: the entry before its first entry in this run
    ids: list[bytes] = []
    places: dict[str, list[int]] = {}  # by order: the number of its first entry here, and the indexes of all
    with closing(open_connection(place)) as c:
        expected = start
        for (index, order, seq, topic, raw, leaf, stored, entry), opened in _opened(
            c.execute(statements.AUDITED_COLUMNS, (start, stop))
        ):
            if index != expected:
                problems.append(Problem("LOG-CORRUPT", f"#{expected}", "an entry is missing"))
            expected = index + 1
            own = None
            try:
                if isinstance(opened, RecordError):
                    raise opened
                signatures += 1
                p, own = opened.payload, bytes.fromhex(opened.leaf)
                if (p.order, p.seq, p.kind, bytes.fromhex(p.entry), own) != (order, seq, topic, entry, leaf):
                    raise RecordError("LOG-CORRUPT", "the columns do not match the signed entry")
                before = heads.get(order) or _before(c, order, seq, index)
                begins.setdefault(order, before)
                ids.append(entry)
                heads[order] = Link(seq, opened.leaf, p.instrument)
                places.setdefault(order, [seq]).append(index)
                check_place(opened, origin, before)
                if order == keyring.registry:
                    register += 1  # `_registry` checked it
                else:
                    check_public(p)
                    keyring.check(opened, index)
                if times is not None:
                    note_entry(index, opened, keyring, reported, times, noted, book)
                    if p.unless is not UNSET:
                        _compare_condition(c, index, opened, p.unless, book)
            except RecordError as wrong:
                heads.pop(order, None)
                problems.append(Problem(wrong.code, f"#{index}", wrong.says))
            leaves.append(own or leaf_hash(bytes_of(raw)))
            stored_hashes.append((index, stored))
            if len(problems) >= MOST:
                break
        else:
            if expected != stop:
                problems.append(Problem("LOG-CORRUPT", f"#{expected}", "an entry is missing"))
        for code, ask in _NOT_FOUND.items():
            if code == "CTX-CHAIN" and not problems and _plainly_found(c, places):
                continue
            if not problems and (row := c.execute(ask, (start, stop)).fetchone()):
                says = "its number in its order, or its id, is found for another entry, or not at all"
                problems.append(Problem(code, f"#{row[0]}", says))
    nodes, peaks = subtree(leaves)
    for completed, (index, stored) in zip(nodes, stored_hashes, strict=True):
        if not isinstance(stored, bytes) or len(stored) != 32 * completes(index) or not stored.startswith(completed):
            problems.append(Problem("LOG-CORRUPT", f"#{index}", "a stored Merkle hash is not that of the entries"))
    noted.findings = len(book.remarks)
    noted.remarks = book.remarks[:MOST]
    run = Run(signatures, register, (len(leaves), peaks), problems, noted, {}, [])
    if with_leaves:
        run.orders = {order: indexes for order, (_, *indexes) in places.items()}
        run.leaves, run.ids = leaves, ids
        run.ends = {order: End(begins[order], last) for order, last in heads.items()}
    return run


def note_entry(
    index: int,
    opened: OpenedEntry,
    keyring: Keyring,
    reported: Sequence[RegisteredKey],
    times: Times,
    noted: Noted,
    book: VerificationLog,
) -> None:
    """Note what an entry states apart from faults."""
    p = opened.payload
    note_texts(opened, book)
    bracket = check_time(index, opened, times, book)
    noted.entries += 1
    noted.sealed += len(p.sealed)
    noted.late += bracket.not_after is None
    noted.open_ends += bracket.not_before is None or bracket.not_after is None
    if len(noted.brackets) <= LISTED:
        noted.brackets.append(bracket)
    for key in reported:
        if is_suspect(opened, index, key, times):
            noted.suspect.setdefault(key.public, []).append(index)
    if not keyring.holds(p.signer, index):
        noted.not_held.append(opened.leaf)
    if (digest := absent_of(opened, times)) is not None:
        noted.absent.add(digest)
    if known(p) is None:
        noted.unknown.append(opened.leaf)
    if p.other or p.kind == KIND:
        noted.naming.append(index)


def _compare_condition(
    c: ReadConnection, index: int, opened: OpenedEntry, condition: Condition, book: VerificationLog
) -> None:
    """Add the finding CTX-CONDITION if the log took an entry in spite of its condition."""
    orders, kinds = (orjson.dumps(names).decode() for names in (condition.orders, condition.kinds))
    row = c.execute(statements.FIRST_OF_KINDS_IN_ORDERS, (orders, kinds, condition.after, index)).fetchone()
    try:
        check_condition(condition, index, row)
    except RecordError as disregarded:
        book.remark(disregarded.code, disregarded.says, opened.leaf)


def bytes_of(cell: Any) -> bytes:
    """Return a cell that has to hold bytes; empty if a damaged file holds another type."""
    return cell if isinstance(cell, bytes) else b""


def _opened(cursor: Any) -> Iterator[tuple[tuple[Any, ...], OpenedEntry | RecordError]]:
    """Yield rows of `AUDITED_COLUMNS`, each with its opened entry or the error."""
    while rows := cursor.fetchmany(TOGETHER):
        yield from zip(rows, open_each([bytes_of(row[4]) for row in rows]), strict=True)


def _before(c: ReadConnection, order: str, seq: int, index: int) -> Link | None:
    """Return the preceding entry of an order, from another run, which checks its signature; None for the first."""
    if seq == 1:
        return None
    row = c.execute(statements.AT_VERSION, (order, seq - 1)).fetchone()
    if row is None:
        raise RecordError("CTX-CHAIN", "the entry before it in its order is missing")
    if row[0] > index:
        raise RecordError("CTX-CHAIN", "the entry before it in its order stands behind it in the log")
    raw = bytes_of(row[1])
    return Link(seq - 1, leaf_hash(raw).hex(), instrument_of(raw))


def _plainly_found(c: ReadConnection, places: Mapping[str, Sequence[int]]) -> bool:
    """Return True if the index of orders leads to these entries by number, in this order, and to no others."""
    ranges = [f"{order}{first:016d}{first + len(rest) - 1:016d}" for order, (first, *rest) in places.items()]
    indexes = [index for (index,) in c.execute(statements.FOUND_BY_VERSION, (orjson.dumps(ranges).decode(),))]
    return indexes == [index for _, *rest in places.values() for index in rest]


def subtree(leaves: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return the tree over the leaf hashes of a run: the joined hashes that each leaf completes, and its peaks."""
    completed, peaks = [b""] * len(leaves), []
    level, each = leaves, 1  # leaves below each node of the level
    while level:
        if len(level) & 1:
            peaks.append(level[-1])
        level = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
        each *= 2
        for last, node in zip(range(each - 1, len(leaves), each), level, strict=True):
            completed[last] += node
    return completed, peaks[::-1]


def completes(index: int) -> int:
    """Return how many subtrees of more than one entry end with this entry."""
    return (index ^ (index + 1)).bit_length() - 1
