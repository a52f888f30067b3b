"""`comity remote`: the office servers that this user asks, and under which trust."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.remote.servers import Server, forget_server, keep_server, known_server, known_servers, server_url
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer
from ledger.errors import RecordError

if TYPE_CHECKING:
    from ledger.trust.trust_folder import Trust


class RemoteItem(Struct, frozen=True):
    """One office server: its log, the fingerprint of the trust folder in hex and in words, and the key that asks."""

    url: str
    log: str
    fingerprint: str
    words: str
    key: str | None
    ca: str | None


class RemoteAnswer(CommandAnswer, tag="comity.remote/1"):
    """The office servers that this user asks."""

    servers: list[RemoteItem]


COLUMNS = ("url", "log", "words", "key")


@command(
    "comity remote add https://office.example --trust court-trust/ --root-fingerprint 'lusab-babad-...'",
    "comity remote add https://office.example --trust court-trust/ --key ~/.config/comity/keys/ilves",
)
@click.argument("url")
@click.option("--trust", required=True, metavar="DIR", help="The trust folder, as it came by another way.")
@click.option("--root-fingerprint", "typed", metavar="WORDS|HEX|FILE", help="Its fingerprint, as it came.")
@click.option("--key", "key_file", metavar="FILE|URI", help="The key that asks; else the only one of yours.")
@click.option("--ca", metavar="FILE", help="Certificates (PEM) in the place of those of this machine.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def add(url: str, trust: str, typed: str | None, key_file: str | None, ca: str | None, yes: bool) -> None:
    """Keep a copy of the trust folder under which every answer of the server at URL is verified.

    Without --root-fingerprint a person is asked whether the fingerprint is the right one. Nothing is asked of the
    server, and nothing that it says changes what is kept.
    """
    from cli.handover.trust_folder import pin_of
    from ledger.adapters.folders.read_trust import read_trust_folder
    from ledger.trust.signed_policy import spoken

    url = server_url(url)
    pin = pin_of(trust, typed)
    files, fingerprint = _files(trust)
    held = read_trust_folder(trust, pin or fingerprint)
    if ca is not None and not os.path.isfile(ca):
        raise Stop(f"--ca {ca}: no such file", code=Exit.UNDECIDABLE)
    server = Server(url, _log(trust, held), fingerprint, _file(key_file), _file(ca))
    before = known_server(url)
    words = spoken(fingerprint)
    if before is not None and before.fingerprint == fingerprint and _versions(trust) < _versions(str(before.trust)):
        says = f"it has fewer versions of the signed policy than are kept for {url}; nothing was changed"
        raise RecordError("POL-VERSION", says, where=trust, hint="take the newest versions from the office")
    if before is not None and before.fingerprint != fingerprint:
        prompts.confirm(f"{url} was trusted by {spoken(before.fingerprint)}, and is now by {words}", yes=yes)
    elif pin is None and before is None:
        prompts.confirm(f"the fingerprint of the trust in {server.log} is {words}: compare it by telephone", yes=yes)
    keep_server(server, files)
    _show([server])


@command("comity remote list", "comity remote list --json")
def list_() -> None:
    """List the office servers for which a trust folder is kept here."""
    _show(known_servers())


@command("comity remote remove https://office.example")
@click.argument("url")
def remove(url: str) -> None:
    """Remove the trust folder that is kept for the server at URL: it is asked nothing more.

    The largest head that was verified of its log stays, so that an older one is noticed if the server is added again.
    """
    server = known_server(server_url(url))
    if server is None:
        raise Stop(f"nothing is kept for {url}", hint="comity remote list", code=Exit.UNDECIDABLE)
    forget_server(server)
    _show([server])


def _show(servers: list[Server]) -> None:
    from ledger.trust.signed_policy import spoken

    items = [RemoteItem(s.url, s.log, s.fingerprint, spoken(s.fingerprint), s.key, s.ca) for s in servers]
    output.emit(RemoteAnswer(items), COLUMNS, items)


def _files(folder: str) -> tuple[dict[str, bytes], str]:
    """Return the files of a trust folder that a verifier reads, and its fingerprint; `Stop` if it is no folder."""
    from ledger.adapters.folders.read_trust import plain_files, trust_files, versions_of
    from ledger.trust.signed_policy import format_version
    from ledger.trust.trust_folder import fingerprint_of

    if not os.path.isdir(folder):
        raise Stop(f"{folder}: no such folder", hint="a trust folder is trust/ of a ledger, or made by comity trust")
    if versions := versions_of(folder):
        files = {f"{each.said.version}.trust.json": format_version(each) for each in versions}
        files |= {name: data for name, data in trust_files(folder).items() if name.startswith("tsa/")}
        return files, versions[0].fingerprint
    files = plain_files(folder)
    return files, fingerprint_of(files)


def _versions(folder: str) -> int:
    from ledger.adapters.folders.read_trust import versions_of

    return len(versions_of(folder))


def _log(folder: str, trust: Trust) -> str:
    """Return the name of the one log of a trust folder that also names its registrar; `Stop` for another folder."""
    names = sorted({each.name for each in trust.policy.logs})
    if len(names) != 1 or trust.registrar is None:
        lacks = "names no registrar, so nobody's key can be proven" if len(names) == 1 else f"names {len(names)} logs"
        raise Stop(f"{folder} {lacks}", hint="trust/ of the ledger has the policy of one log, and its registrar")
    return names[0]


def _file(named: str | None) -> str | None:
    """Return a path that holds in every folder; another reference as it is."""
    return None if named is None else os.path.abspath(named) if os.path.exists(named) else named
