"""The signing page that `comity serve` serves: built, on a separate origin, and stated in the register."""

from __future__ import annotations

from hashlib import sha256
from importlib.metadata import version
from urllib.parse import urlsplit

from cli.exit_codes import Stop
from cli.serving.addresses import is_local
from cli.shipped_files import shipped
from ledger.application.case_reader import CaseReader
from ledger.command_line import command_line


def built_page(origin: str, bases: tuple[str, ...]) -> bytes:
    """Return the built signing page, empty without an origin for it; `Stop` if it cannot be served there."""
    if not origin:
        return b""
    check_apart(origin, bases)
    if origin.startswith("http:") and not is_local(str(urlsplit(origin).hostname)):
        raise Stop(f"--signing {origin}: browsers sign over HTTPS alone, or on this machine")
    page = shipped("browser/sign.html")
    if not page.is_file():
        raise Stop("the signing page is not built", hint="make browser")
    return page.read_bytes()


def check_apart(origin: str, bases: tuple[str, ...]) -> None:
    """Raise `Stop` if the signing page would have the origin of the office server."""
    if origin in bases:
        says = f"--signing {origin}: the signing page has a host name of its own, and not one of the office server"
        raise Stop(says, hint="--signing https://sign.office.example")


def published(cases: CaseReader, page: bytes, origin: str) -> list[str]:
    """Return the SHA-256 of the signing page, and whether the register states it; with the command that records it."""
    from server.signing.published import published_at

    digest = sha256(page).hexdigest()
    index = published_at(cases.opened_registry(), digest, origin)
    if index is not None:
        return [f"signing page {digest} at {origin}, recorded as entry {index} of the log"]
    fields = (f"sha256={digest}", f"base={origin}", f"version={version('comity')}")
    command = command_line("record", "signing-page-published", *(word for field in fields for word in ("-f", field)))
    return [
        f"signing page {digest} at {origin}, not recorded: nobody can compare it with the ledger",
        f"hint: {command}",
    ]
