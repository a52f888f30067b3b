"""A ledger behind an office server, with every answer verified here before it is returned."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.adapters.folders.read_trust import read_trust_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import Key
from ledger.adapters.keys.open_key import open_key
from ledger.errors import LedgerError
from ledger.trust.trust_folder import Trust

if TYPE_CHECKING:
    from comity.remote.ledger import RemoteLedger


def connect(
    url: str,
    *,
    key: str | PathLike[str] | Key,
    trust: str | PathLike[str] | Trust,
    state: str | PathLike[str] | None = None,
    ca: str | None = None,
) -> RemoteLedger:
    """Connect to the office server of a ledger; use the result in a `with` statement, or call its `close`.

    `key` signs every request and every entry: a key file, `agent:...`, `pkcs11:...`, or a key. `trust` is a trust
    folder that came by another way than from this server. `state` is the folder that remembers the verified heads, by
    default in the state folder of the user. `ca` is a file of certificates (PEM) in place of those of the system.
    Raises `LedgerError` (KEY-*, TRUST, NO-HTTP) and `RecordError` (TRUST-FORMAT, POL-*). Nothing is asked yet.

        with comity.connect("https://office.example", key="ilves", trust="trust") as ledger:
            print(ledger.order("PPO-2026-123").view().state)
    """
    try:
        from comity.remote.connection import Connection
        from comity.remote.ledger import RemoteLedger
    except ModuleNotFoundError as absent:
        if absent.name not in ("httpx", "http_message_signatures"):
            raise
        raise LedgerError("NO-HTTP", f"asking over HTTP needs {absent.name}", "pip install 'comity[server]'") from None
    opened = open_key(fspath(key)) if isinstance(key, str | PathLike) else key
    read = trust if isinstance(trust, Trust) else read_trust_folder(fspath(trust))
    folder = Path(state) if state is not None else Home.user().state / "remote"
    return RemoteLedger(Connection(url, opened, ca=ca), opened, read, folder)
