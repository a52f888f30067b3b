"""Find the folders for secrets that must not be next to the entries: the guard, the log key, the keys of people."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from ledger.errors import LedgerError
from ledger.messages import Message


class Home(Struct, frozen=True):
    """Hold two folders: `state` has, for every origin, its guard and log key; `keys` has the key files of people."""

    state: Path
    keys: Path

    @classmethod
    def user(cls) -> Home:
        """Return the folders of the user who runs the program (XDG base directories). `LedgerError` NO-HOME."""
        state = _base("XDG_STATE_HOME", ".local/state")
        return cls(state / "comity", _base("XDG_CONFIG_HOME", ".config") / "comity" / "keys")

    @classmethod
    def inside(cls, ledger: Path) -> Home:
        """Return folders inside the ledger's folder, for ledgers that are played and thrown away."""
        return cls(ledger / "state", ledger / "keys")

    @classmethod
    def of(cls, ledger: Path) -> Home:
        """Return the folders inside the ledger if it was made with them, else those of the user."""
        return cls.inside(ledger) if (ledger / "state").is_dir() else cls.user()

    def log(self, origin: str) -> Path:
        """Return the folder with the guard and the key of one log."""
        return self.state / sha256(origin.encode()).hexdigest()


def _base(variable: str, otherwise: str) -> Path:
    """Return a base directory; a relative one is invalid and ignored (XDG Base Directory Specification)."""
    if os.path.isabs(named := os.environ.get(variable, "")):
        return Path(named)
    try:
        home = Path.home()
    except RuntimeError:
        home = Path()
    if not home.is_absolute() or home == Path("/"):
        says = "HOME names no folder: there is nowhere to keep the guard, the log key and the keys of people"
        raise LedgerError("NO-HOME", says, f"set HOME, or {variable} to an absolute path")
    return home / otherwise


def exposed(ledger: Path, home: Home, origin: str, mode: int = 0o077) -> list[Path]:
    """Return the secret files that others can read, and the folders in which others can replace files.

    `mode` are the permissions to report: of group and others (0o077), or of others alone (0o007).
    """
    state = home.log(origin)
    private = {ledger / "keys.db": mode, state / "guard.db": mode, state: mode, home.keys: 0o022, ledger: 0o022}
    return [path for path, bits in private.items() if path.exists() and path.stat().st_mode & bits & mode]


def private_folder(folder: Path) -> Path:
    """Make a folder and its missing parents, with mode 0700."""
    if not folder.is_dir():
        private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def replace_file(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write a whole file of mode 0600 or nothing; its name is durable once its folder is synced.

    Without `durable` a power cut may take the content as well: the file is then missing, empty, short or all zero.
    """
    new = path.with_name(f".{path.name}.new")  # a fixed name, so that the next call overwrites what a crash left
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        if durable:
            os.fsync(file.fileno())
    os.replace(new, path)


@contextmanager
def lock_file(path: Path, busy: str | None) -> Iterator[None]:
    """Hold the lock of a file; `LedgerError` BUSY, which says `busy`, if another process or thread has it.

    None: wait until it has not.
    """
    file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if busy is None else fcntl.LOCK_NB))
        except BlockingIOError:
            raise LedgerError("BUSY", str(busy), Message("try again")) from None
        yield
    finally:
        os.close(file)
