"""Read a whole log for `verify`: a folder handed over, or the ledger of this office while it is in use."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack, closing
from pathlib import Path

from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.terminal import prompts
from ledger.adapters.folders.handed_folder import FOREIGN, NOTE, TRUST_FILE, HandedFolder
from ledger.adapters.folders.ledger_folder import SHELF, STORE, Folder
from ledger.adapters.log.checkpoints import Heads, notes_in
from ledger.adapters.storage import sqlite
from ledger.adapters.storage.connection import Readable
from ledger.adapters.storage.postgres import address
from ledger.adapters.storage.schema import SCHEMA
from ledger.application import lazy_verifiers
from ledger.application.counterparties import registers, registers_by
from ledger.application.verify_log import Whole, verify_whole
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Checkpoint
from ledger.tlog.policy import parse_policy
from ledger.verify import Report, Trust, parse_anchor

HEADS = "heads.db"


def verify_folder(path: Path, trust: Trust | None, anchor: bytes | None, store: str = "") -> Report:
    """Verify a folder as it was handed over: nothing in it is believed or followed, and nothing is written into it.

    `store` is the address of the database with its entries; the address in the folder is never used. Raises `Stop` if
    it is no log, `RecordError` and `LedgerError` if it cannot be read.
    """
    held = None if anchor is None else parse_anchor(anchor)
    there = HandedFolder(path)
    files = [path / name for name in (SHELF, HEADS) if there.has(name)]
    before = [sqlite.state_of(file) for file in files]
    with ExitStack() as until:
        report = _verified(_handed_over(there, path, store, until), trust, held)
    if [sqlite.state_of(file) for file in files] != before:
        says = f"{path} was written to while it was read"
        raise LedgerError("BUSY", says, "try again, or verify a copy: comity backup makes one")
    return report


def verify_own(folder: Folder, trust: Trust | None, *, unpublished: bool = False) -> Report:
    """Verify a ledger of this office while it may be in use, by the same steps; `unpublished`: its entries alone."""
    notes: dict[str, bytes] = {}
    tokens: list[tuple[str, bytes]] = []
    if folder.heads.exists() and not unpublished:
        with closing(Heads(folder.heads, writable=False)) as heads:
            notes = {kept.digest: kept.note for kept in heads.all()}
            tokens = [(token.head, token.reply) for token in heads.tokens()]
    whole = Whole(
        of="folder",
        origin=folder.origin,
        place=folder.entries,
        checkpoint=None if unpublished else _content(folder.log / "checkpoint"),
        policy=_content(folder.path / "trust" / "policy"),
        test=folder.test,
        heads=notes,
        tokens=_by_path(tokens),
        foreign=lambda name: _content(folder.foreign / name),
        foreign_names=lambda: sorted(os.listdir(folder.foreign)) if folder.foreign.is_dir() else (),
        registers=lambda: registers(folder.registers),
        entries_at=STORE if folder.store else SHELF,
    )
    return _verified(whole, trust, None)


def _verified(whole: Whole, trust: Trust | None, held: Checkpoint | None) -> Report:
    with prompts.progress("verifying") as progress:
        return verify_whole(
            whole,
            trust,
            held,
            ledger_choice.now(),
            mldsa=lazy_verifiers.mldsa,
            stamps=lazy_verifiers.stamps(),
            progress=progress,
        )


def _handed_over(there: HandedFolder, path: Path, store: str, until: ExitStack) -> Whole:
    """What a folder holds, by regular files alone, each up to the size that its kind may have."""
    if not store and not there.has(SHELF):
        raise _no_log(there, path)
    policy = there.read("trust/policy", TRUST_FILE)
    checkpoint = there.read("log/checkpoint", NOTE)
    origin = _origin(policy, checkpoint)
    if not origin:
        says = f"{path} does not say which log it holds: neither trust/policy nor log/checkpoint names one"
        raise Stop(says, hint="a folder is verified as it was copied, with trust/ and log/", code=Exit.NO_LEDGER)
    place: Readable = address(store, origin) if store else sqlite.HandedFile(path / SHELF, SCHEMA)
    notes: dict[str, bytes] = {}
    tokens: list[tuple[str, bytes]] = []
    damage: LedgerError | None = None
    try:
        if not store:
            place = sqlite.HandedFile(until.enter_context(sqlite.settled(path / SHELF)), SCHEMA)
        if there.has(HEADS):
            notes, tokens = notes_in(until.enter_context(sqlite.settled(path / HEADS)))
    except LedgerError as fault:
        if fault.code != "LOG-CORRUPT":
            raise
        damage = fault
    return Whole(
        of="folder",
        origin=origin,
        place=place,
        checkpoint=checkpoint,
        policy=policy,
        test=there.has("TEST"),
        heads=notes,
        tokens=_by_path(tokens),
        foreign=lambda name: there.read(f"foreign/{name}", FOREIGN),
        foreign_names=lambda: there.names("foreign"),
        registers=lambda: registers_by(
            lambda place: there.names(f"registers/{place}".rstrip("/")),
            lambda path: there.read(f"registers/{path}", FOREIGN),
        ),
        entries_at="store" if store else SHELF,
        damage=damage,
    )


def _no_log(there: HandedFolder, path: Path) -> Stop:
    """Why a folder is not verified as a log, and which command asks what can be asked of it."""
    if there.has(STORE):
        says = f"the entries of {path} are in a database, and the address in its file `store` is not followed"
        hint = "--store ADDRESS once you have looked at it; or a copy with its entries, which comity backup makes"
        return Stop(says, hint=hint, code=Exit.UNDECIDABLE)
    if there.has("checkpoint"):
        says = f"{path} is a published log, and not a ledger"
        hint = f"comity monitor {path} --trust TRUST --entries asks what can be asked of it"
        return Stop(says, hint=hint, code=Exit.UNDECIDABLE)
    return Stop(
        f"{path} is not a ledger: it has no {SHELF}",
        hint="comity init DIR makes a ledger; --ledger DIR or COMITY_LEDGER names one",
        code=Exit.NO_LEDGER,
    )


def _origin(policy: bytes | None, checkpoint: bytes | None) -> str:
    """Which log a folder says it holds: as its own policy names it, else its checkpoint; "" if neither does."""
    if policy is not None:
        try:
            names = {key.name for key in parse_policy(policy).logs}
        except RecordError:
            names = set()
        if len(names) == 1:
            return names.pop()
    return (checkpoint or b"").partition(b"\n")[0].decode("ascii", "replace")


def _by_path(tokens: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    """Time stamps by the path that each has in a bundle, numbered in the order in which they came."""
    counts: Counter[str] = Counter()
    found = {}
    for head, reply in tokens:
        counts[head] += 1
        found[f"heads/{head}.{counts[head]}.tsr"] = reply
    return found


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
