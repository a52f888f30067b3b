"""Move what machines share besides entries: heads, time stamps, and what was received from other logs.

Where the entries are in a folder, these are files; where the entries are in a database, they are next to them. Nothing
of it ever changes, apart from proofs of registers, so a move adds what the other place does not have. Each step can be
repeated, and several machines can bring what each of them has.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from msgspec.structs import replace

from ledger.adapters.folders.ledger_folder import HEADS_DB, OTHERS
from ledger.adapters.folders.received_files import FOREIGN, REGISTERS, FilesIn
from ledger.adapters.folders.user_folders import private_folder
from ledger.adapters.log.checkpoints import CheckpointStore, other_logs
from ledger.adapters.migration.close_store import Store, close, open_file, reopen
from ledger.adapters.storage import postgres
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.postgres import Address, PostgresErrors
from ledger.adapters.storage.shared.received_rows import ReceivedRows
from ledger.adapters.storage.shared.tables import has_tables, make_tables
from ledger.adapters.storage.sqlite import sync_folder
from ledger.errors import LedgerError

MOVED = "moved"  # the folder with the files whose content has moved
_FILES = Store("comity", 1, ("head", "token"))
_TAILS = ("", "-wal", "-shm")


def to_database(path: Path, to: Address) -> None:
    """Close heads.db, and add what a folder has to the database with the entries; the files stay.

    `LedgerError`: READ-ONLY for a role that can make no tables, LOG-CORRUPT if the database has something else.
    """
    make_tables(to)
    if (path / HEADS_DB).exists():
        with closing(open_file(path / HEADS_DB, _FILES, writable=False)) as f:  # an old one has no table of time stamps
            known = {name for (name,) in f.execute("SELECT name FROM sqlite_schema").fetchall()}
            tables = tuple(name for name in _FILES.tables if name in known)
        close(path / HEADS_DB, replace(_FILES, tables=tables), str(to))
    for file, log in _files_of_heads(path):
        with (
            closing(CheckpointStore(file, writable=False, moved=True)) as here,
            closing(CheckpointStore(to, log=log)) as there,
        ):
            heads, tokens = here.all(), here.tokens()
            there.add(heads, tokens)
            lost = {head.note for head in heads} - {head.note for head in there.all()}
            if lost or {token.reply for token in tokens} - {token.reply for token in there.tokens()}:
                raise LedgerError("LOG-CORRUPT", f"the heads in {to} are not the copied ones", "repeat this")
    files = {f"{top}/{name}": content for top, name, content in _received(path)}
    with closing(EntryReader(to)) as store:
        rows = ReceivedRows(store, to)
        rows.keep(files)
        if missing := files.keys() - {f"{top}/{name}" for top in (FOREIGN, REGISTERS) for name in rows.names(top)}:
            raise LedgerError("LOG-CORRUPT", f"{to} does not have {min(missing)}", "repeat this")


def from_database(here: Address, path: Path) -> None:
    """Add what a database has, closed or not, to a folder; nothing if its heads are in files still."""
    with closing(postgres.connect_schema(here, "comity", writable=False)) as c, PostgresErrors(here):
        if not has_tables(c):
            return
        c.execute("SELECT pg_advisory_xact_lock(hashtext('comity_shared'))")  # what is being written is then there
        rows = c.execute("SELECT path, content FROM received ORDER BY path").fetchall()
    FilesIn(path).keep({name: bytes(content) for name, content in rows}, replacing=True)
    for log in ("", *other_logs(here)):
        file = path / OTHERS / f"{log}.db" if log else path / HEADS_DB
        with closing(CheckpointStore(here, writable=False, log=log, moved=True)) as heads:
            if file.exists():
                with closing(CheckpointStore(file)) as before:
                    before.add(heads.all(), heads.tokens())
            else:
                new = private_folder(file.parent) / f".{file.name}.new"
                for tail in _TAILS:
                    Path(f"{new}{tail}").unlink(missing_ok=True)
                heads.copy(new)
                os.replace(new, file)
                sync_folder(file.parent)


def take_back_files(path: Path) -> None:
    """Open heads.db again, which a move has closed."""
    if (path / HEADS_DB).exists():
        reopen(path / HEADS_DB, _FILES)


def set_aside(path: Path, *more: str) -> None:
    """Rename the files of a folder whose content is in the database, heads.db last: without it the database is read.

    `more` are the names of other such files.
    """
    if not (path / HEADS_DB).exists():
        return
    there = path / MOVED
    if (there / HEADS_DB).exists():  # of an earlier move; all of it came back since
        shutil.rmtree(there)
    private_folder(there / OTHERS)
    for name in (FOREIGN, REGISTERS, *(f"{name}{tail}" for name in more for tail in _TAILS)):
        if (path / name).exists():
            os.replace(path / name, there / name)
    for file, _ in sorted(_files_of_heads(path), key=lambda each: each[0].parent == path):
        for tail in reversed(_TAILS):
            if (left := Path(f"{file}{tail}")).exists():
                os.replace(left, there / left.relative_to(path))
    for each in (path, there):
        sync_folder(each)


def _files_of_heads(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files with heads, and the origin hash of the log of each; empty for the log of the folder."""
    if (path / HEADS_DB).exists():
        yield path / HEADS_DB, ""
    for file in sorted((path / OTHERS).glob("*.db")):
        if "." not in file.stem:  # <origin hash>.entries.db is what this machine has read of a log
            yield file, file.stem


def _received(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """Yield received files as (folder, name, content), but no entry that is damaged: another machine may have it."""
    for top in (FOREIGN, REGISTERS):
        for name, content in FilesIn(path).under(top).items():
            if top == REGISTERS or "." in name or sha256(content).hexdigest() == name:
                yield top, name, content
