"""Verify a ledger folder: one that was handed over, or the ledger of this office while it is in use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ledger.adapters.folders.handed_folder import FOREIGN, NOTE, TRUST_FILE, HandedFolder
from ledger.adapters.folders.ledger_folder import ENTRIES_DB, HEADS_DB, STORE, Folder
from ledger.adapters.folders.received_files import received_files
from ledger.adapters.log.checkpoints import CheckpointStore, notes_in
from ledger.adapters.storage.connection import ReadableLocation
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.foreign_file import ForeignFile, file_state, without_wal
from ledger.adapters.storage.postgres import Address, address
from ledger.adapters.storage.schema import SCHEMA
from ledger.adapters.storage.shared.received_rows import ReceivedRows
from ledger.application import lazy_verifiers
from ledger.application.auditing import audit_files
from ledger.application.counterparties import registers, registers_by
from ledger.application.integrity.log_files import LogFiles, Progress, no_progress
from ledger.application.integrity.verify_log import Walk, verify_log
from ledger.command_line import quoted_path
from ledger.errors import LedgerError, RecordError
from ledger.tlog.policy import parse_policy
from ledger.trust.held import Came, HeldCheckpoint, parse_held
from ledger.trust.trust_folder import Trust
from ledger.verify.report import Report


def verify_folder(
    path: Path,
    trust: Trust | None,
    anchor: bytes | None,
    now: datetime,
    *,
    store: str = "",
    progress: Progress = no_progress,
    walk: Walk | None = None,
    came: Came | None = None,
    typed_as_printed: bool = False,
) -> Report:
    """Verify a folder that was handed over. Nothing in it is trusted or followed, and nothing is written into it.

    `anchor` is a checkpoint held independently, `now` the moment of the verdict (UTC), `store` the address of the
    database with the entries: the address in the folder is never used. `walk` is as in `verify_log`, `came` and
    `typed_as_printed` are as in `ledger.verify.evidence_bundle.verify`. `LedgerError` NO-LEDGER, NOT-A-LEDGER,
    STORE-GIVEN if the folder is no log; `RecordError` and `LedgerError` if it cannot be read.
    """
    held = parse_held(anchor, typed_as_printed=typed_as_printed)
    handed_folder = HandedFolder(path)
    databases = [path / name for name in (ENTRIES_DB, HEADS_DB) if handed_folder.has(name)]
    before = [file_state(file) for file in databases]
    with ExitStack() as until:
        files = _handed_files(handed_folder, path, store, until)
        report = verify_files(files, trust, held, now, progress, walk, came)
    if [file_state(file) for file in databases] != before:
        says = f"{path} was written to while it was read"
        raise LedgerError("BUSY", says, "try again, or verify a copy: comity backup makes one")
    return report


def verify_own(
    folder: Folder,
    trust: Trust | None,
    now: datetime,
    *,
    unpublished: bool = False,
    progress: Progress = no_progress,
    walk: Walk | None = None,
) -> Report:
    """Verify a ledger of this office while it may be in use, by the same steps; `unpublished`: its entries alone.

    `walk` is as in `verify_log`.
    """
    notes: dict[str, bytes] = {}
    tokens: list[tuple[str, bytes]] = []
    if folder.has_heads and not unpublished:
        with closing(CheckpointStore(folder.heads, writable=False, moved=True)) as heads:  # also within a move
            notes = {head.digest: head.note for head in heads.all()}
            tokens = [(token.head, token.reply) for token in heads.tokens()]
    with closing(EntryReader(folder.entries)) as store:
        received = received_files(folder, store)
        files = LogFiles(
            of="folder",
            origin=folder.origin,
            place=folder.entries,
            checkpoint=None if unpublished else _content(folder.log / "checkpoint"),
            policy=_content(folder.path / "trust" / "policy"),
            test=folder.test,
            heads=notes,
            tokens=_by_path(tokens),
            foreign=lambda name: received.read(f"foreign/{name}"),
            foreign_names=lambda: received.names("foreign"),
            registers=lambda: registers(received),
            audits=lambda: audit_files.files_in(folder.log / audit_files.FOLDER),
            entries_at=STORE if folder.store else ENTRIES_DB,
        )
        return verify_files(files, trust, None, now, progress, walk)


def verify_files(
    files: LogFiles,
    trust: Trust | None,
    anchor: HeldCheckpoint | None,
    now: datetime,
    progress: Progress,
    walk: Walk | None = None,
    came: Came | None = None,
) -> Report:
    """Verify the files of a log as `verify_log` does; ML-DSA and time stamps are loaded when they are asked."""
    return verify_log(
        files,
        trust,
        anchor,
        now,
        mldsa=lazy_verifiers.mldsa,
        stamps=lazy_verifiers.stamps(),
        progress=progress,
        walk=walk,
        came=came,
    )


def _handed_files(there: HandedFolder, path: Path, store: str, until: ExitStack) -> LogFiles:
    """Read the regular files of a folder, each up to the size that its kind may have."""
    if not store and not there.has(ENTRIES_DB):
        raise _no_log(there, path)
    policy = there.read("trust/policy", TRUST_FILE)
    checkpoint = there.read("log/checkpoint", NOTE)
    origin = _origin(policy, checkpoint)
    if not origin:
        says = f"{path} does not say which log it holds: neither trust/policy nor log/checkpoint names one"
        raise LedgerError("NO-LEDGER", says, "a folder is verified as it was copied, with trust/ and log/")
    place: ReadableLocation = address(store, origin) if store else ForeignFile(path / ENTRIES_DB, SCHEMA)
    notes: dict[str, bytes] = {}
    tokens: list[tuple[str, bytes]] = []
    damage: LedgerError | None = None
    try:
        if not store:
            place = ForeignFile(until.enter_context(without_wal(path / ENTRIES_DB)), SCHEMA)
        if there.has(HEADS_DB):
            notes, tokens = notes_in(until.enter_context(without_wal(path / HEADS_DB)))
    except LedgerError as fault:
        if fault.code != "LOG-CORRUPT":
            raise
        damage = fault
    files = LogFiles(
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
        audits=lambda: audit_files.files_by(
            there.names(f"log/{audit_files.FOLDER}"),
            lambda name: there.read(f"log/{audit_files.FOLDER}/{name}", NOTE),
        ),
        entries_at="store" if store else ENTRIES_DB,
        damage=damage,
    )
    return _shared(files, place, until) if isinstance(place, Address) and not there.has(HEADS_DB) else files


def _shared(files: LogFiles, place: Address, until: ExitStack) -> LogFiles:
    """Return the files of a log with the heads and received bytes that are next to its entries in a database."""
    try:
        heads = until.enter_context(closing(CheckpointStore(place, writable=False)))
    except LedgerError as fault:
        if fault.code != "NO-LEDGER":
            raise
        return files  # they were in files that are missing here
    received = ReceivedRows(until.enter_context(closing(EntryReader(place))), place)
    return replace(
        files,
        heads={head.digest: head.note for head in heads.all()},
        tokens=_by_path((token.head, token.reply) for token in heads.tokens()),
        foreign=lambda name: received.read(f"foreign/{name}"),
        foreign_names=lambda: received.names("foreign"),
        registers=lambda: registers(received),
    )


def _no_log(there: HandedFolder, path: Path) -> LedgerError:
    """Return the error that says why a folder is not verified as a log, and which command reads it."""
    if there.has(STORE):
        says = f"the entries of {path} are in a database, and the address in its file `store` is not followed"
        hint = "--store ADDRESS once you have looked at it; or a copy with its entries, which comity backup makes"
        return LedgerError("STORE-GIVEN", says, hint)
    if there.has("checkpoint"):
        says = f"{path} is a published log, and not a ledger"
        hint = f"comity monitor {quoted_path(path)} --trust TRUST --entries asks what can be asked of it"
        return LedgerError("NOT-A-LEDGER", says, hint)
    hint = "comity init DIR makes a ledger; --ledger DIR or COMITY_LEDGER names one"
    return LedgerError("NO-LEDGER", f"{path} is not a ledger: it has no {ENTRIES_DB}", hint)


def _origin(policy: bytes | None, checkpoint: bytes | None) -> str:
    """Return the origin of the log as the policy of the folder names it, else its checkpoint; "" if neither does."""
    if policy is not None:
        try:
            names = {key.name for key in parse_policy(policy).logs}
        except RecordError:
            names = set()
        if len(names) == 1:
            return names.pop()
    return (checkpoint or b"").partition(b"\n")[0].decode("ascii", "replace")


def _by_path(tokens: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    """Return the time stamps by the path that each has in a bundle, numbered in the order of their arrival."""
    counts: Counter[str] = Counter()
    stamps = {}
    for head, reply in tokens:
        counts[head] += 1
        stamps[f"heads/{head}.{counts[head]}.tsr"] = reply
    return stamps


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
