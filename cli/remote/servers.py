"""Keep for each office server the trust folder under which its answers are verified, and the key that asks.

Each server has a folder below `servers` in the configuration folder of the user: `server.json` and `trust`.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import click
import msgspec
from msgspec import Meta, Struct

from cli.exit_codes import Stop
from cli.invocation import said
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from ledger.trust.trust_folder import Trust

COMMANDS = (
    "orders, due, show, timeline, judge, custody, log, checkpoint, lint, issue, notify, object, disclose, "
    "notify-customer, record, key accept, export"
)


class Server(Struct, frozen=True):
    """One office server: its URL, the log that its trust folder names, the fingerprint of that folder (hex).

    `key` is the key that asks, as a file, `agent:...` or `pkcs11:...`; `ca` a file of certificates in place of those of
    the system.
    """

    url: str
    log: str
    fingerprint: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    key: str | None = None
    ca: str | None = None

    @property
    def trust(self) -> Path:
        """The folder with the trust in this server's log."""
        return folder_of(self.url) / "trust"


def chosen_url() -> str | None:
    """Return the URL that --ledger or COMITY_LEDGER names; None for a folder. `Stop` for a URL that is refused."""
    named = said().ledger or ""
    return server_url(named) if named.startswith(("http://", "https://")) else None


def server_url(text: str) -> str:
    """Return the URL of a server without a slash at its end; `Stop` for another form, or http:// to another machine."""
    try:
        parts = urlsplit(text)
        host = parts.hostname if parts.scheme in ("http", "https") else None
        _ = parts.port
    except ValueError:
        host = None
    if not host or parts.username is not None or parts.query or parts.fragment:
        raise Stop(f"{text!r} is not the address of an office server", hint="as https://office.example")
    if parts.scheme == "http" and not _is_here(host):
        raise Stop(f"{text}: http:// is for a server on this machine", hint="https://, so that no one else reads along")
    return text.rstrip("/")


def _is_here(host: str) -> bool:
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def only_in_a_folder(what: str = "", url: str = "") -> LedgerError:
    """Return the refusal of a command, or of a part of it, that needs a folder; `url` is else that of --ledger."""
    ctx = click.get_current_context(silent=True)
    command = f"`{ctx.command_path}`" if ctx else "this"
    part = f"{what} of {command}" if what else command
    says = f"{part} needs the folder of the ledger, and {url or said().ledger} is a server"
    return LedgerError("FOLDER-ONLY", says, f"run it where the ledger is; with a server work: {COMMANDS}")


# -- what is kept ------------------------------------------------------------------------------------------------------


def _all() -> Path:
    from ledger.adapters.folders.user_folders import Home

    return Home.user().keys.parent / "servers"


def folder_of(url: str) -> Path:
    """Return the folder that keeps what is known of a server."""
    return _all() / sha256(url.encode()).hexdigest()[:16]


def known_server(url: str) -> Server | None:
    """Return what is kept of a server; None if nothing is. `LedgerError` TRUST for a file that cannot be read."""
    return kept_server(folder_of(url) / "server.json")


def known_servers() -> list[Server]:
    """Return every server that is kept, by URL."""
    found = (kept_server(path) for path in _all().glob("*/server.json"))
    return sorted((each for each in found if each is not None), key=lambda each: each.url)


def kept_server(path: Path) -> Server | None:
    """Return the server of a file; None without one. `LedgerError` TRUST for a file that cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Server)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise LedgerError("TRUST", f"{path} cannot be read: {wrong}", "comity remote add") from None


def trust_of(server: Server) -> Trust:
    """Return the trust that is kept for a server, checked against its fingerprint; TRUST-FORMAT, POL-*."""
    from ledger.adapters.folders.read_trust import read_trust_folder

    return read_trust_folder(str(server.trust), server.fingerprint)


def forget_server(server: Server) -> None:
    """Remove what is kept of a server; what was verified of its log stays in the state folder."""
    import shutil

    (folder_of(server.url) / "server.json").unlink(missing_ok=True)
    shutil.rmtree(folder_of(server.url))


def keep_server(server: Server, trust: dict[str, bytes]) -> None:
    """Keep a server with the files of its trust folder, in the place of what was kept of it."""
    import shutil

    from ledger.adapters.folders.user_folders import private_folder, replace_file

    folder = private_folder(folder_of(server.url))
    making = folder / "trust.new"
    shutil.rmtree(making, ignore_errors=True)
    for name, data in trust.items():
        path = making / name
        private_folder(path.parent)
        replace_file(path, data)
    shutil.rmtree(server.trust, ignore_errors=True)
    os.replace(making, server.trust)
    replace_file(folder / "server.json", msgspec.json.encode(server))
