"""Copy a ledger to a file while it is in use: whole, or what came after an earlier copy."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from ledger.adapters.folders.ledger_folder import (
    ENTRIES_DB,
    HEADS_DB,
    OTHERS,
    Folder,
    read_folder,
)
from ledger.adapters.folders.received_files import FOREIGN, REGISTERS, received_files
from ledger.adapters.log.checkpoints import CheckpointStore, other_logs
from ledger.adapters.storage.copy_entries import copy, copy_later
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.postgres import Address
from ledger.adapters.storage.sqlite import sync_folder
from ledger.application.backup.copied_files import MACHINE, closed_bundles, unchanged_files
from ledger.application.backup.later_entries import check_later, root_at
from ledger.application.backup.manifest import (
    LATER,
    CopiedFile,
    Manifest,
    format_manifest,
    read_manifest,
    state_of,
)
from ledger.application.backup.manifest import NAME as MANIFEST
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import parse_checkpoint
from ledger.tlog.tile import tile_path, tiles_for
from ledger.tlog.tree import EMPTY_ROOT

CHECKPOINT = "log/checkpoint"


class Made(Struct, frozen=True):
    """A new copy: the entries from `since` to before `size`, and the number of files in it."""

    since: int
    size: int
    files: int


def back_up(folder: Path, file: str, before: str = "") -> Made:
    """Write a tar of a ledger, without guard, log key, keys.db and identity.db.

    With `before`, the file of an earlier copy, only what came after it is written. Published files are copied first and
    the entries last, so that every published head is covered by the copied entries. `LedgerError` PATH-TAKEN, BUSY;
    COPY-FORMAT, LOG-FORKED and LOG-CORRUPT if the ledger does not continue the earlier copy.
    """
    ledger = read_folder(folder)
    if os.path.exists(file):
        raise LedgerError("PATH-TAKEN", f"{file} is there already", "a copy is never overwritten")
    base = read_manifest(before) if before else None
    if base is not None and base.origin != ledger.origin:
        raise LedgerError("COPY-FORMAT", f"{before} is a copy of {base.origin}, and this is {ledger.origin}")
    with work_folder(Path(file)) as work:
        part = work / "tar"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
                paths = [
                    *unchanged_files(folder, shared=ledger.shared),
                    *closed_bundles(folder),
                ]
                files, claimed = _add_files(tar, folder, paths, base)
                with closing(EntryReader(ledger.entries)) as reader:
                    published = min(claimed, reader.size())  # a damaged checkpoint may claim any size
                _add_tiles(tar, folder, base.published if base else 0, published)
                for name, write in _databases(ledger):
                    target = work / Path(name).name
                    write(target)
                    tar.add(target, name, filter=_anonymous)
                name, size, log_root = _copy_entries(ledger, work, base)
                tar.add(work / name, name, filter=_anonymous)
                files |= _add_shared(tar, ledger, base)  # after the entries that name them
                manifest = Manifest(
                    origin=ledger.origin,
                    since=base.size if base else 0,
                    since_root=base.root if base else EMPTY_ROOT.hex(),
                    size=size,
                    root=log_root,
                    published=published,
                    files=files,
                )
                _add(tar, MANIFEST, format_manifest(manifest))
                count = len(tar.getnames()) - 1
            stream.flush()
            os.fsync(stream.fileno())
        os.link(part, file)
    sync_folder(Path(file).absolute().parent)
    return Made(manifest.since, size, count)


def _add_files(
    tar: tarfile.TarFile, folder: Path, paths: Iterable[Path], base: Manifest | None
) -> tuple[dict[str, CopiedFile], int]:
    """Add files that are copied unchanged, behind `base` only the changed ones.

    Return all of them, and the size that the published checkpoint claims.
    """
    files: dict[str, CopiedFile] = {}
    published = base.published if base else 0
    for path in paths:
        name = path.relative_to(folder).as_posix()
        state = state_of(path.stat())
        known = base.files.get(name) if base else None
        if known is not None and known.state == state:
            files[name] = known
            continue
        data = path.read_bytes()
        if name == CHECKPOINT:
            published = _size_of(data)
        _add(tar, name, data)
        files[name] = CopiedFile(sha256(data).hexdigest(), state)
    return files, published


def _add_shared(tar: tarfile.TarFile, ledger: Folder, base: Manifest | None) -> dict[str, CopiedFile]:
    """Add the received files that are in the database with the entries, behind `base` only new ones; return all."""
    files: dict[str, CopiedFile] = {}
    if ledger.shared:
        with closing(EntryReader(ledger.entries)) as store:
            received = received_files(ledger, store)
            for top in (FOREIGN, REGISTERS):
                for rest, data in received.under(top).items():
                    name = f"{top}/{rest}"
                    files[name] = CopiedFile(sha256(data).hexdigest(), (len(data), 0, 0, 0))
                    if base is None or name not in base.files or base.files[name].sha256 != files[name].sha256:
                        _add(tar, name, data)
    return files


def _databases(ledger: Folder) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Yield the name of each small database, and how to write it to a path; that of the entries is not among them."""
    for name in MACHINE:
        if (ledger.path / name).exists():
            yield name, partial(copy, ledger.path / name)
    place = ledger.heads
    if isinstance(place, Address):
        for log in (*other_logs(place), ""):
            with closing(CheckpointStore(place, writable=False, log=log)) as heads:
                yield f"{OTHERS}/{log}.db" if log else HEADS_DB, heads.copy
    else:
        for file in (*sorted((ledger.path / OTHERS).glob("*.db")), place):
            yield file.relative_to(ledger.path).as_posix(), partial(copy, file)


def _add_tiles(tar: tarfile.TarFile, folder: Path, start: int, stop: int) -> None:
    """Add the tiles that the log of `stop` entries has and that of `start` has not."""
    for tile in tiles_for(start, stop):
        path = folder / "log" / tile_path(tile)
        if path.is_file():  # a missing one is written again from the entries
            _add(tar, path.relative_to(folder).as_posix(), path.read_bytes())


def _copy_entries(ledger: Folder, work: Path, base: Manifest | None) -> tuple[str, int, str]:
    """Copy the entries, behind `base` only what follows it; return the name of the file, the size and the root."""
    if base is None:
        copy(ledger.entries, work / ENTRIES_DB)
        with closing(EntryReader(work / ENTRIES_DB)) as reader:
            return ENTRIES_DB, reader.size(), root_at(reader, reader.size())
    copy_later(ledger.entries, base.size, work / LATER)
    with closing(EntryReader(ledger.entries)) as reader:
        return LATER, *check_later(work / LATER, base, reader)


def _size_of(note: bytes) -> int:
    """Return the size of a checkpoint; 0 for a damaged one, which `fsck` finds: tiles are made from the entries."""
    try:
        return parse_checkpoint(note.decode("utf-8", "replace").partition("\n\n")[0] + "\n").size
    except RecordError:
        return 0


@contextmanager
def work_folder(file: Path) -> Iterator[Path]:
    """Yield a folder next to `file` in which one process at a time makes it; remove what a killed process left."""
    work = file.with_name(f".{file.name}.part")
    file.parent.stat()  # the error names this folder, and no file in it
    while True:
        work.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(work, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.exists(work) and os.path.samestat(os.stat(work), os.fstat(lock)):
                break
        except BlockingIOError:
            os.close(lock)
            raise LedgerError("BUSY", f"another process makes {file} now", "wait for it") from None
        os.close(lock)  # another process has just made the file, and removed its folder
    try:
        for left in work.iterdir():
            left.unlink()
        yield work
    finally:
        shutil.rmtree(work)
        os.close(lock)


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    tar.addfile(info, io.BytesIO(data))


def _anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info
