"""Replace a lost log by a successor, because a lost log must not sign again under its origin.

If a log was restored from an old copy, or split, another party may hold a head that the remaining entries
cannot continue. The successor has a new origin, key and guard. The first entry of its register, signed by the
registrar, names the predecessor with the last head that others saw, and keeps that head.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from ledger.adapters.folders.ledger_folder import HEADS_DB, read_folder
from ledger.adapters.folders.received_files import FOREIGN, ReceivedFiles
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.guard.guard_place import place_in
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.guard.sqlite_guard import make_whole
from ledger.adapters.keys import mldsa
from ledger.adapters.log.checkpoints import CheckpointStore
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.postgres import Address
from ledger.adapters.storage.sqlite import sync_folder
from ledger.adapters.witness.client import remembered
from ledger.application.counterparties import keep_counterparty
from ledger.application.restore import RETIRED
from ledger.entries.payload import Document
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Checkpoint, note_digest, open_checkpoint, parse_checkpoint
from ledger.trust.trust_folder import Trust

HEAD = "predecessor-head"  # code of the document that is the last head of the old log


def last_head(trust: Trust, ledger: Path | None, given: bytes | None) -> bytes:
    """Return the newest head of a lost log, as a note: from its witnesses, its remaining files, or `given`.

    A cosigned head comes before a larger one without cosignatures. `LedgerError` NO-HEAD if there is none;
    SPLIT-VIEW if two of one size differ.
    """
    keys = trust.policy.logs
    witnesses = tuple(trust.policy.witnesses.values())
    notes = [head.note for head in remembered(trust.policy, keys).values()]
    notes += [given] if given is not None else []
    notes += _left(ledger) if ledger is not None else []
    heads = []
    for note in notes:
        try:
            heads.append(open_checkpoint(note, keys[0].name, keys, witnesses, mldsa=mldsa.verify))
        except RecordError:
            if note is given:
                raise
    if not heads:
        hint = "--head FILE: the newest note of it that somebody holds"
        raise LedgerError("NO-HEAD", f"nothing here shows what {keys[0].name} had signed", hint)
    roots: dict[int, Checkpoint] = {}
    for head in heads:
        first = roots.setdefault(head.checkpoint.size, head.checkpoint)
        if first.root != head.checkpoint.root:
            says = f"{first.origin} has signed two trees of {first.size} entries: say which was seen last, and why"
            if given is None:
                raise LedgerError("SPLIT-VIEW", says, "--head FILE, with --cause split-view")
    if given is not None:
        return given
    return max(heads, key=lambda head: (bool(head.cosignatures), head.checkpoint.size)).note


def _left(ledger: Path) -> list[bytes]:
    notes = []
    if (ledger / "log" / "checkpoint").exists():
        notes.append((ledger / "log" / "checkpoint").read_bytes())
    place: Location = ledger / HEADS_DB
    with suppress(LedgerError):  # the trust files may be lost
        place = read_folder(ledger).heads
    if isinstance(place, Address) or place.exists():
        with closing(CheckpointStore(place, writable=False)) as heads:
            notes += [head.note for head in (heads.newest(), heads.newest_cosigned()) if head is not None]
    return notes


def succession(note: bytes, cause: str, lost: Sequence[int] = ()) -> tuple[dict[str, Any], Document]:
    """Return the public fields of `log-succeeded` for the last head of the old log, and that head as a document."""
    head = parse_checkpoint(note.decode().partition("\n\n")[0] + "\n")
    public: dict[str, Any] = {
        "predecessor": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "cause": cause,
        **({"lost": sorted(set(lost))} if lost else {}),
    }
    return public, Document(HEAD, "text/plain", len(note), note_digest(note))


def retire(home: Home, origin: str) -> bool:
    """Retire the guard of a log that has a successor, so that it signs nothing more. Return False if it is not here."""
    if not signs(home, origin):
        return False
    place = place_in(home.log(origin))
    if isinstance(place, Path):
        with suppress(LedgerError):  # a damaged guard is retired as it is
            make_whole(place)
        place.rename(place.with_name(RETIRED))
        sync_folder(place.parent)
    else:
        with closing(Guard(place)) as guard:
            guard.retire()
    return True


def signs(home: Home, origin: str) -> bool:
    """Return True if there is a guard here with which this log signs."""
    place = place_in(home.log(origin))
    if isinstance(place, Path):
        return place.exists()  # a damaged one too
    try:
        with closing(Guard(place)) as guard:
            guard.last()
    except LedgerError as fault:
        if fault.code not in ("GUARD-MISSING", "GUARD-CLOSED"):
            raise
        return False
    return True


def keep_predecessor(folder: Path, received: ReceivedFiles, note: bytes, trust: Trust, files: dict[str, bytes]) -> None:
    """Keep the last head of the old log with what the successor received, and the trust files for it in its folder."""
    received.keep({f"{FOREIGN}/{note_digest(note)}": note})
    keep_counterparty(folder / "trust", trust, files)
