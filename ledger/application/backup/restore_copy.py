"""Put a copy of a ledger, the later ones behind it, and what a mirror has, into a new folder, and verify it."""

from __future__ import annotations

import errno
import os
import shutil
import tarfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ledger.adapters.folders.ledger_folder import (
    ENTRIES_DB,
    KEYS_STORE,
    STORE,
    read_folder,
)
from ledger.adapters.folders.new_folder import new_folder
from ledger.adapters.folders.read_trust import plain_files
from ledger.adapters.folders.user_folders import Home, replace_file
from ledger.adapters.guard.guard_place import is_guarded
from ledger.adapters.log.published_log import source
from ledger.adapters.log.remote_signer import POINTER, signatory
from ledger.adapters.storage.copy_entries import move_in
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.postgres import address
from ledger.application.backup.copied_files import EXCHANGE, unchanged_files
from ledger.application.backup.later_entries import add_later, erase_destroyed
from ledger.application.backup.manifest import (
    LATER,
    Manifest,
    check_files,
    parse_manifest,
    read_manifest,
)
from ledger.application.backup.manifest import NAME as MANIFEST
from ledger.application.integrity.log_files import Progress, no_progress
from ledger.application.integrity.own_check import check_own
from ledger.application.migration.move_shared import MOVED, set_aside, to_database
from ledger.application.restore import check_witnesses, mark_restored
from ledger.application.restore_from_mirror import Mirrored, complete_from_mirror, lay_out
from ledger.errors import LedgerError
from ledger.tlog.tile import tile_path, tiles_for
from ledger.trust.trust_folder import parse_trust

UNPACKED = ".later"  # the folder for the files of a later copy
NEVER = ("state", "keys", STORE, KEYS_STORE, UNPACKED)  # no backup of ours has them
_FILES = (ENTRIES_DB, MANIFEST, LATER)  # no folders of a copy
_NO_NAME = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG)  # the fault of the copy, not of the disk


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


def _unpack_all(file: str, later: Sequence[str], folder: Path) -> None:
    """Unpack a whole copy and the incremental ones behind it, and compare the files with the last list."""
    _unpack(file, folder)
    if not (folder / ENTRIES_DB).exists():
        raise LedgerError("COPY-FORMAT", f"{file} is no whole copy of a ledger", "the whole copy comes first")
    list_file = folder / MANIFEST
    manifest = parse_manifest(list_file.read_bytes(), file) if list_file.exists() else None
    list_file.unlink(missing_ok=True)
    for each in later:
        unpacked = folder / UNPACKED
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
    for path in [*unchanged_files(folder), *(folder / "log" / "tile").rglob("*"), *(folder / EXCHANGE).rglob("*")]:
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
                    or member.issparse()  # no copy has one, and a small file could fill the disk
                    or member.name.startswith("/")
                    or ".." in parts
                    or parts[0] in NEVER
                    or (len(parts) > 1 and parts[0] in _FILES)
                ):
                    raise _no_place(file, member)
                stream = tar.extractfile(member)
                if stream is None:
                    raise LedgerError("COPY-FORMAT", f"{file}: {member.name!r} cannot be read")
                try:
                    made = _made(folder / member.name)
                except OSError as error:
                    if error.errno in _NO_NAME:
                        raise _no_place(file, member) from None
                    raise
                with os.fdopen(made, "wb") as out:
                    shutil.copyfileobj(stream, out)
                    out.flush()
                    os.fsync(out.fileno())
    except (LedgerError, OSError):
        raise
    except Exception as error:  # tarfile on untrusted bytes raises more than TarError
        raise LedgerError("COPY-FORMAT", f"{file}: not a copy of a ledger: {str(error)[:200]}") from None


def _made(path: Path) -> int:
    """Make a file, and the folders above it; return its descriptor."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _no_place(file: str, member: tarfile.TarInfo) -> LedgerError:
    return LedgerError("COPY-FORMAT", f"{file}: {member.name!r} has no place in a copy of a ledger")
