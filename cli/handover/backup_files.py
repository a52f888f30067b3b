"""Copy a ledger while it is in use, and check a copy before it is put back."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cli.exit_codes import Exit, Stop
from cli.handover.new_folder import place
from cli.handover.own_check import check_own
from cli.terminal import output
from ledger.adapters.folders.ledger_folder import RESTORED, SHELF, STORE, read_folder
from ledger.adapters.folders.user_folders import Home, replace_file
from ledger.adapters.log.signer_process import POINTER, signatory
from ledger.adapters.storage.connection import Place
from ledger.adapters.storage.copy_entries import copy, move_in
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.postgres import address
from ledger.application.restore import check_witnesses, mark_restored
from ledger.errors import LedgerError

NEVER = ("state", "keys", STORE)  # a copy that brings them is not one of ours
LEFT_OUT = frozenset({"keys.db", "views.db", "state", "keys", SHELF, STORE, "heads.db", "others", RESTORED})


def copy_out(folder: Path, file: str) -> tuple[int, int]:
    """Write a tar of a ledger: (entries, files). What may not be copied (guard, log key, keys.db) is not in it.

    What was published goes first and the entries last, so that a copy never promises more than it holds.
    """
    there = read_folder(folder)
    if os.path.exists(file):
        raise Stop(f"{file} is there already", hint="a copy is never overwritten", code=Exit.REFUSED)
    count = 0
    with _workplace(Path(file)) as place:
        part = place / "tar"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
                for path in _plain(folder):
                    _add(tar, path.relative_to(folder).as_posix(), path.read_bytes())
                    count += 1
                others = sorted(f"others/{path.name}" for path in (folder / "others").glob("*.db"))
                sources: dict[str, Place] = {name: folder / name for name in (*others, "heads.db")}
                for name, source in {**sources, SHELF: there.entries}.items():
                    made = place / Path(name).name
                    copy(source, made)
                    tar.add(made, name, filter=_anonymous)
                    count += 1
                with closing(EntryReader(place / SHELF)) as shelf:
                    size = shelf.size()
            stream.flush()
            os.fsync(stream.fileno())
        os.link(part, file)
    return size, count


@contextmanager
def _workplace(file: Path) -> Iterator[Path]:
    """A folder beside `file` in which one process at a time makes it; what a killed one left there is removed."""
    place = file.with_name(f".{file.name}.part")
    while True:
        place.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.exists(place) and os.path.samestat(os.stat(place), os.fstat(lock)):
                break
        except BlockingIOError:
            os.close(lock)
            raise Stop(f"another process makes {file} now", hint="wait for it", code=Exit.BUSY) from None
        os.close(lock)  # another process has just made the file, and removed its folder
    try:
        for left in place.iterdir():
            left.unlink()
        yield place
    finally:
        shutil.rmtree(place)
        os.close(lock)


def copy_in(file: str, folder: Path, *, behind: bool, store: str = "") -> int:
    """Put a copy back in a new folder: its number of entries. What is wrong with it leaves nothing behind.

    With `store`, its entries go into that database, and are verified there once more.

    `LedgerError` LOG-ROLLBACK if the log has signed more since, unless it is to be read only (`behind`).
    """
    with place(str(folder)) as making:
        _unpack(file, making)
        size = _verified(making, file)
        if not behind:
            _check_guard(making, file)
            mark_restored(making)
        if store:
            move_in(making / SHELF, address(store, read_folder(making).origin))
            replace_file(making / STORE, f"{store}\n".encode())
            for name in (SHELF, f"{SHELF}-wal", f"{SHELF}-shm"):
                (making / name).unlink(missing_ok=True)
            _verified(making, store)
    return size


def _verified(folder: Path, file: str) -> int:
    found = check_own(read_folder(folder))
    if found.wrong:
        worst = found.wrong[0]
        raise LedgerError(worst.code, f"{file}: {worst.where}: {worst.says}", "take another copy")
    return found.report.entries + found.report.not_covered


def _check_guard(folder: Path, file: str) -> None:
    """Hold a copy against what its log has signed since, as the guard here knows and as its witnesses do."""
    there = read_folder(folder)
    state, origin = Home.user().log(there.origin), there.origin
    with closing(EntryReader(there.entries)) as store:
        size = store.size()
        if any((state / name).exists() for name in ("guard.db", POINTER)):  # else nothing here has signed for this log
            with closing(signatory(there.keys, state)) as hand:
                last = hand.last()
            if size < last.size:
                raise LedgerError(
                    "LOG-ROLLBACK",
                    f"{file} holds {size} entries, and {origin} has signed {last.size}",
                    "take the newest copy; --behind puts it back for reading only",
                )
        try:
            check_witnesses(there, size, store.hashes)
        except LedgerError as fault:
            if fault.code not in ("LOG-UNREACHABLE", "NO-HTTP"):
                raise
            output.tell(f"{fault.says}; they are asked again before anything is signed")


def _plain(folder: Path) -> Iterator[Path]:
    """Every file that is copied as it is."""
    for path in sorted(folder.rglob("*")):
        top = path.relative_to(folder).parts[0]
        if path.is_file() and top not in LEFT_OUT and not top.startswith((".", *(f"{n}-" for n in LEFT_OUT))):
            yield path


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    tar.addfile(info, io.BytesIO(data))


def _anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


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
                    or parts[0] in ("state", "keys", STORE)
                ):
                    raise Stop(f"{file}: {member.name!r} has no place in a copy of a ledger", code=Exit.UNDECIDABLE)
                path = folder / member.name
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                stream = tar.extractfile(member)
                if stream is None:
                    raise Stop(f"{file}: {member.name!r} cannot be read", code=Exit.UNDECIDABLE)
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                    shutil.copyfileobj(stream, out)
                    out.flush()
                    os.fsync(out.fileno())
    except tarfile.TarError as error:
        raise Stop(f"{file}: not a copy of a ledger: {error}", code=Exit.UNDECIDABLE) from None
