"""Commit the heads of all orders of a ledger under one root, by an entry that the ledger itself signs.

The entry `heads-committed` is in the map order. It covers the first entries of the log, never itself. A reader with
these entries can compute its root again (docs/reference/formats/map-of-heads.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ledger.adapters.keys.key_files import Key
from ledger.adapters.log.head_store import HeadsAt, HeadStore
from ledger.application.journal import Journal
from ledger.application.write.draft import Draft
from ledger.application.write.receipt import Receipt
from ledger.entries.envelope import Circumstances, OpenedEntry, Signer, open_
from ledger.entries.keyring import RegisteredKey
from ledger.entries.placement import HEADS_COMMITTED, committed_by, map_of
from ledger.errors import LedgerError, RecordError
from ledger.facts import Fact, build

ROLE = "SYS"  # this role signs only facts that every reader can compute again
OFFICE = "ledger"  # the usual name of the office that the ledger itself is


class CommittedHeads(Struct, frozen=True):
    """A committed map of heads: the index of its entry in the log, the map, and True if the entry is a new one."""

    index: int
    heads: HeadsAt
    fresh: bool


def heads_signer(journal: Journal) -> Signer:
    """Return the ledger itself as signer; `LedgerError` KEY-MISSING without a key, `RecordError` KEY-* otherwise."""
    key = journal.log.signatory.heads_key()
    known = _registered(journal, key)
    if known is None:
        says = "the key that commits the heads of this ledger is not in its register"
        raise LedgerError("KEY-MISSING", says, "comity log commit --enrol enrols it")
    return journal.signer(known.actor, ROLE, key)


def enrol_heads_key(journal: Journal, registrar: Signer, actor: str = OFFICE) -> list[Receipt]:
    """Enrol a key with which the ledger commits heads, and accept it; return the receipts, none if it has one.

    A key that has ended is followed by a new one, of the same office. `RecordError` KEY-ROLE if another office is
    called `actor`.
    """
    key = _key(journal)
    known = _registered(journal, key) if key else None
    if known is not None and known.ended is not None:
        actor, key, known = known.actor, None, None
    if known is not None and known.accepted is not None:
        return []
    key = key or journal.log.signatory.heads_key(make=True)
    now = journal.now()
    said = Circumstances(now, now)
    actor = known.actor if known else actor
    ledger = Signer(actor, ROLE, registrar.party, key.public, key.sign)
    public, roles = key.public.hex(), [ROLE]
    facts: list[tuple[Fact, Signer]] = []
    if known is None:
        office = journal.read_keyring().offices.get(actor)
        if office is None or ROLE not in office.roles:
            names = {"en": f"the ledger {journal.origin}"[:200]}
            day = now.date().isoformat()
            fields = {"actor": actor, "party": registrar.party, "roles": roles, "names": names, "valid_from": day}
            facts.append((build("authority-registered", fields, {}), registrar))
        facts.append((build("key-registered", {"actor": actor, "key": public, "roles": roles}, {}), registrar))
    facts.append((build("key-accepted", {"key": public}, {}), ledger))
    return journal.record_batch([Draft(fact, journal.registry, signer, said) for fact, signer in facts])


def commit_heads(journal: Journal, orders: Sequence[str] = ()) -> CommittedHeads:
    """Commit the heads of all orders, unless only commits were added since the last one; prove these orders.

    `LedgerError` KEY-MISSING if this ledger has no key to commit with; `RecordError` LOG-CORRUPT if entries are
    missing, so that the root would be a wrong one; what `Journal.record` raises.
    """
    last = last_commit(journal)
    commit = _binding(journal, last)
    signer = heads_signer(journal)
    with HeadStore(journal.folder.map) as store:
        if last is not None and _only_commits_since(journal, last[1]):
            index, opened = last
            public = opened.payload.public
            kept = store.kept(orders)
            if kept is not None and (kept.size, kept.root.hex()) == (public["size"], public["map_root"]):
                return CommittedHeads(index, kept, fresh=False)
        heads = store.advance(journal.store, orders, commit)
    fact = build(HEADS_COMMITTED, {"size": heads.size, "map_root": heads.root.hex()}, {})
    receipt = journal.record(fact, map_of(journal.origin), signer)
    return CommittedHeads(receipt.index, heads, fresh=True)


def last_commit(journal: Journal) -> tuple[int, OpenedEntry] | None:
    """Return the newest entry that commits the ledger, with its index in the log; None if none does."""
    place = map_of(journal.origin)
    row = journal.store.newest(place)
    if row is None or committed_by((opened := open_(row[1], verify=False)).payload) is not None:
        return (row[0], opened) if row else None
    earlier = ((index, open_(raw, verify=False)) for index, raw in reversed(journal.store.order(place)))
    return next(((index, each) for index, each in earlier if committed_by(each.payload) is not None), None)


def _binding(journal: Journal, last: tuple[int, OpenedEntry] | None) -> tuple[int, bytes] | None:
    """Return size and root that a commit states; None if there is none, or a key without the role signed it.

    `RecordError` LOG-CORRUPT if the register does not know its key: an entry of the register is missing.
    """
    if last is None:
        return None
    index, opened = last
    keyring = journal.read_keyring()
    try:
        keyring.check(opened, index)
    except RecordError as wrong:
        says = f"an entry of the register is missing: {wrong.says}, and commits the ledger there"
        raise RecordError("LOG-CORRUPT", says, where=f"#{index}", hint="comity fsck") from wrong
    signer = opened.payload.signer
    return committed_by(opened.payload) if signer.role == ROLE and keyring.holds(signer, index) else None


def _only_commits_since(journal: Journal, opened: OpenedEntry) -> bool:
    """Return True if every later entry than the covered ones is in the map order itself."""
    covered, place = opened.payload.public["size"], map_of(journal.origin)
    since = journal.store.leaves_between(covered, journal.store.size())
    return all(order == place for order, _ in since)


def _key(journal: Journal) -> Key | None:
    try:
        return journal.log.signatory.heads_key()
    except LedgerError as error:
        if error.code != "KEY-MISSING":
            raise
        return None


def _registered(journal: Journal, key: Key) -> RegisteredKey | None:
    return journal.read_keyring().keys.get(key.public.hex())
