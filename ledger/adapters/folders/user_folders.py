"""Where the things live that must not lie beside the entries: the guard, the log key, the keys of people."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from ledger.errors import LedgerError


class Home(Struct, frozen=True):
    """`state` has a folder for every origin with its guard and log key; `keys` the key files of people."""

    state: Path
    keys: Path

    @classmethod
    def user(cls) -> Home:
        """The folders of whoever runs the program (XDG base directories). `LedgerError` NO-HOME."""
        state = _base("XDG_STATE_HOME", ".local/state")
        return cls(state / "comity", _base("XDG_CONFIG_HOME", ".config") / "comity" / "keys")

    @classmethod
    def inside(cls, ledger: Path) -> Home:
        """Everything inside the ledger's own folder: for ledgers that are played and thrown away."""
        return cls(ledger / "state", ledger / "keys")

    @classmethod
    def of(cls, ledger: Path) -> Home:
        """The home a ledger carries inside, if it was made with one; else the user's."""
        return cls.inside(ledger) if (ledger / "state").is_dir() else cls.user()

    def log(self, origin: str) -> Path:
        """The folder with the guard and the key of one log."""
        return self.state / sha256(origin.encode()).hexdigest()


def _base(variable: str, otherwise: str) -> Path:
    """A base directory; a relative one is invalid and ignored, as the XDG specification says."""
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
    """What of a ledger's secrets others can copy before it is destroyed, or sign with; what they can put others into.

    `mode` are the permissions that are not for them: of group and others, or of others alone (0o007).
    """
    state = home.log(origin)
    private = {ledger / "keys.db": mode, state / "guard.db": mode, state: mode, home.keys: 0o022, ledger: 0o022}
    return [path for path, bits in private.items() if path.exists() and path.stat().st_mode & bits & mode]


def private_folder(folder: Path) -> Path:
    """Make a folder, and those above it that are missing, with mode 0700."""
    if not folder.is_dir():
        private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def replace_file(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 whole or not at all; its name is durable once its folder is synced."""
    new = path.with_name(f".{path.name}.new")  # one name: whatever a crash leaves is overwritten next time
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
