"""Back up a ledger while it is in use, and verify a backup before it is restored."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from ledger.adapters.folders.ledger_folder import (
    ENTRIES_DB,
    HEADS_DB,
    IDENTITY_DB,
    KEYS_DB,
    KEYS_STORE,
    OTHERS,
    RESTORED,
    STORE,
    Folder,
    read_folder,
)
from ledger.adapters.folders.new_folder import new_folder
from ledger.adapters.folders.read_trust import plain_files
from ledger.adapters.folders.received_files import FOREIGN, REGISTERS, received_files
from ledger.adapters.folders.user_folders import Home, replace_file
from ledger.adapters.guard.guard_place import is_guarded
from ledger.adapters.log.checkpoints import CheckpointStore, other_logs
from ledger.adapters.log.published_log import source
from ledger.adapters.log.remote_signer import POINTER, signatory
from ledger.adapters.storage.copy_entries import copy, copy_later, move_in
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.postgres import Address, address
from ledger.application.incremental_backup.later_entries import add_later, check_later, erase_destroyed, root_at
from ledger.application.incremental_backup.manifest import (
    LATER,
    CopiedFile,
    Manifest,
    check_files,
    format_manifest,
    parse_manifest,
    read_manifest,
    state_of,
)
from ledger.application.incremental_backup.manifest import NAME as MANIFEST
from ledger.application.integrity.log_files import Progress, no_progress
from ledger.application.integrity.own_check import check_own
from ledger.application.migration.move_shared import MOVED, set_aside, to_database
from ledger.application.restore import check_witnesses, mark_restored
from ledger.application.restore_from_mirror import Mirrored, complete_from_mirror, lay_out
from ledger.bundle.archive import unpack
from ledger.entries.wrapped_entry import VALUES
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import parse_checkpoint
from ledger.tlog.tile import tile_path, tiles_for
from ledger.tlog.tree import EMPTY_ROOT
from ledger.trust.trust_folder import parse_trust

CHECKPOINT = "log/checkpoint"
NEVER = ("state", "keys", STORE, KEYS_STORE)  # no backup of ours has them
EXCHANGE = "exchange"
MACHINE = ("exchange.db", "jobs.db")  # what became of bundles to and from peers, and of jobs, on one machine
LEFT_OUT = frozenset(
    {KEYS_DB, KEYS_STORE, "views.db", "map.db", "state", "keys", ENTRIES_DB, STORE, HEADS_DB, OTHERS, MOVED, RESTORED}
    | {EXCHANGE, "jobs", *MACHINE}  # bundles with opened values stay out
    # an older one would let people in again who were locked out, and has the names of people who left
    | {IDENTITY_DB}
    | {MANIFEST}  # of a copy that an earlier program has restored
)


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
    with _work_folder(Path(file)) as work:
        part = work / "tar"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
                paths = [*_plain(folder, shared=ledger.shared), *_closed_bundles(folder)]  # before the table of bundles
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


def _closed_bundles(folder: Path) -> Iterator[Path]:
    """Yield the bundles that wait for peers, or for a decision, and open no sealed value."""
    for path in sorted((folder / EXCHANGE).glob("*/*")):
        if path.parent.name not in ("outgoing", "quarantine") or path.name.startswith("."):
            continue
        try:
            files = unpack(path.read_bytes())
        except (FileNotFoundError, RecordError):
            continue  # it was acknowledged meanwhile; or whether it opens values cannot be seen
        if not any("/disclosures/" in name or name.endswith(VALUES) for name in files):
            yield path


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
def _work_folder(file: Path) -> Iterator[Path]:
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


@dataclass(frozen=True, slots=True)
class MirrorSource:
    """Where a mirror shows a log, and the files of the trust folder by which it is judged, as `plain_files` reads them.

    Without files, the trust folder in the backup is used.
    """

    where: str
    trust: Mapping[str, bytes] = field(default_factory=dict)


def restore_backup(
    file: str,
    folder: Path,
    now: datetime,
    *,
    behind: bool,
    later: Sequence[str] = (),
    store: str = "",
    mirror: MirrorSource | None = None,
    settle: Callable[[Path], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
    progress: Progress = no_progress,
) -> tuple[int, Mirrored | None]:
    """Restore a backup into a new folder; return its number of entries, and what a mirror gave.

    A faulty backup or mirror leaves no folder. `later` are the incremental copies behind `file`, in order. With a
    `mirror`, later entries come from it, and all of them if `file` is empty. With `store`, the entries go into that
    database and are verified there once more. `settle` gets the folder before it has its name, for what a server keeps
    in it. `say` gets messages for people. `LedgerError` LOG-ROLLBACK if the log has signed more since, unless the
    folder is to be read only (`behind`); PATH-TAKEN, COPY-FORMAT, the errors of `complete_from_mirror`, and the code of
    the first contradiction that is found.
    """
    mirrored = None
    with new_folder(str(folder)) as making:
        if file:
            _unpack_all(file, later, making)
        elif mirror:
            lay_out(making, mirror.trust)
        if mirror:
            trust = parse_trust(mirror.trust or plain_files(str(making)))
            mirrored = complete_from_mirror(making, source(mirror.where), trust, now)
        origin = file or (mirror.where if mirror else "")
        size = _verified_size(making, origin, now, progress)
        if not behind:
            _check_guard(making, origin, say)
            mark_restored(making)
        if store:
            place = address(store, read_folder(making).origin)
            move_in(making / ENTRIES_DB, place)
            to_database(making, place)
            replace_file(making / STORE, f"{store}\n".encode())
            set_aside(making)
            shutil.rmtree(making / MOVED)
            for name in (ENTRIES_DB, f"{ENTRIES_DB}-wal", f"{ENTRIES_DB}-shm"):
                (making / name).unlink(missing_ok=True)
            _verified_size(making, store, now, progress)
        settle(making)
    return size, mirrored


def _verified_size(folder: Path, file: str, now: datetime, progress: Progress) -> int:
    check = check_own(read_folder(folder), now, progress)
    if check.wrong:
        worst = check.wrong[0]
        raise LedgerError(worst.code, f"{file}: {worst.where}: {worst.says}", "take another copy")
    return check.report.entries + check.report.not_covered


def _check_guard(folder: Path, file: str, say: Callable[[str], None]) -> None:
    """Compare a backup with the newest size that the guard of this machine and the witnesses know."""
    ledger = read_folder(folder)
    state, origin = Home.user().log(ledger.origin), ledger.origin
    with closing(EntryReader(ledger.entries)) as store:
        size = store.size()
        if is_guarded(state) or (state / POINTER).exists():  # else nothing was signed here
            with closing(signatory(ledger.keys, state)) as hand:
                last = hand.last()
            if size < last.size:
                raise LedgerError(
                    "LOG-ROLLBACK",
                    f"{file} holds {size} entries, and {origin} has signed {last.size}",
                    "take the newest copy; --behind puts it back for reading only",
                )
        try:
            check_witnesses(ledger, store.size, store.hashes)
        except LedgerError as fault:
            if fault.code not in ("LOG-UNREACHABLE", "NO-HTTP"):
                raise
            say(f"{fault.says}; they are asked again before anything is signed")


def _plain(folder: Path, *, shared: bool = False) -> Iterator[Path]:
    """Yield every file that is copied unchanged, without tiles; received ones unless they are `shared`."""
    elsewhere = (FOREIGN, REGISTERS) if shared else ()
    for at, folders, names in os.walk(folder):
        here = Path(at)
        for each in (folders, names):
            each.sort()
            each[:] = [name for name in each if not _is_left_out((here / name).relative_to(folder), elsewhere)]
        yield from (here / name for name in names if (here / name).is_file())


def _is_left_out(path: Path, elsewhere: Sequence[str]) -> bool:
    top = path.parts[0]
    return (
        top in (*LEFT_OUT, *elsewhere)
        or top.startswith((".", *(f"{n}-" for n in LEFT_OUT)))
        or path.parts[:2] == ("log", "tile")
    )


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    tar.addfile(info, io.BytesIO(data))


def _anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


def _unpack_all(file: str, later: Sequence[str], folder: Path) -> None:
    """Unpack a whole copy and the incremental ones behind it, and compare the files with the last list."""
    _unpack(file, folder)
    if not (folder / ENTRIES_DB).exists():
        raise LedgerError("COPY-FORMAT", f"{file} is no whole copy of a ledger", "the whole copy comes first")
    list_file = folder / MANIFEST
    manifest = parse_manifest(list_file.read_bytes(), file) if list_file.exists() else None
    list_file.unlink(missing_ok=True)
    for each in later:
        unpacked = folder / ".later"
        unpacked.mkdir(mode=0o700)
        _unpack(each, unpacked)
        added = add_later(unpacked, folder, each)
        if manifest is not None and manifest.origin != added.origin:
            raise LedgerError("COPY-FORMAT", f"{each} is a copy of {added.origin}, not of {manifest.origin}")
        manifest = added
        shutil.rmtree(unpacked)
    if manifest is None:  # of an earlier program
        return
    check_files(folder, manifest, later[-1] if later else file)
    if later:
        _remove_older(folder, manifest)
        erase_destroyed(folder)


def _remove_older(folder: Path, manifest: Manifest) -> None:
    """Remove the files that an earlier copy has and the last one does not list."""
    wanted = {f"log/{tile_path(tile)}" for tile in tiles_for(0, manifest.published)} | manifest.files.keys()
    for path in [*_plain(folder), *(folder / "log" / "tile").rglob("*"), *(folder / EXCHANGE).rglob("*")]:
        if path.is_file() and path.relative_to(folder).as_posix() not in wanted:
            path.unlink()


def up_to(files: Sequence[str], size: int) -> Sequence[str]:
    """Return the first of these copies, up to the one with `size` entries; `LedgerError` COPY-FORMAT if none has it."""
    sizes = [read_manifest(file).size for file in files]
    if size not in sizes:
        says = f"these copies have {', '.join(map(str, sizes))} entries, and none has {size}"
        raise LedgerError("COPY-FORMAT", says, "give one of these sizes")
    return files[: sizes.index(size) + 1]


def _unpack(file: str, folder: Path) -> None:
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                parts = Path(member.name).parts
                if (
                    not parts
                    or not member.isfile()
                    or member.name.startswith("/")
                    or ".." in parts
                    or parts[0] in NEVER
                ):
                    raise LedgerError("COPY-FORMAT", f"{file}: {member.name!r} has no place in a copy of a ledger")
                path = folder / member.name
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                stream = tar.extractfile(member)
                if stream is None:
                    raise LedgerError("COPY-FORMAT", f"{file}: {member.name!r} cannot be read")
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                    shutil.copyfileobj(stream, out)
                    out.flush()
                    os.fsync(out.fileno())
    except (LedgerError, OSError):
        raise
    except Exception as error:  # tarfile on untrusted bytes raises more than TarError
        raise LedgerError("COPY-FORMAT", f"{file}: not a copy of a ledger: {str(error)[:200]}") from None
