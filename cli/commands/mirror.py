"""`comity mirror new|serve|evidence`: store the logs of others, and state it with cosignatures."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.terminal import output as ui
from cli.terminal.answer import CommandAnswer
from cli.terminal.log_output import VERBOSE

if TYPE_CHECKING:
    from ledger.adapters.keys.key_files import SeedKey
    from ledger.tlog.note import Vkey

LOGS = "logs"
STATE = click.option("--state", metavar="DIR", help="Its keys, memory and entries (default: in your state folder).")
POLICY = click.option(
    "--policy", "policies", multiple=True, required=True, metavar="FILE",
    help="The logs that it stores: `log` lines of c2sp.org/tlog-policy; repeatable.",
)  # fmt: skip


class NewMirrorAnswer(CommandAnswer, tag="comity.mirror/1"):
    """The new mirror: its name, its verifier keys, and the folder of its state."""

    name: str
    vkeys: list[str]
    state: str


@command("comity mirror new mirror.example/xv", "comity mirror new mirror.example/xv --mldsa --state /srv/mirror")
@click.argument("name")
@STATE
@click.option("--mldsa", is_flag=True, help="Make an ML-DSA-44 key as well: it signs a second line.")
def new(name: str, state: str | None, mldsa: bool) -> None:
    """Make a mirror called NAME: its keys, its memory, and the folder for the entries; prints its verifier keys.

    Its keys are used for nothing else: each cosignature states that all entries are stored. The entries need room.
    """
    from ledger.adapters.folders.new_folder import new_folder
    from ledger.adapters.folders.user_folders import private_folder
    from ledger.adapters.keys import key_files
    from ledger.adapters.keys.mldsa import new as new_mldsa
    from ledger.adapters.mirror.mirror_state import MirrorState
    from ledger.tlog.note import COSIGNATURE, MLDSA44, Vkey, check_name

    check_name(name)
    folder = _folder(name, state)
    Vkey.of(name, MLDSA44, bytes(1312))  # raises CP-KEY for an invalid name before a file is made
    if files := [file for file in ("mirror.key", "mldsa.key", "mirror.db") if (folder / file).exists()]:
        raise Stop(f"{folder} has a {files[0]} already", hint="a mirror is never made twice", code=Exit.REFUSED)
    with new_folder(str(folder)) as making:
        keys = [Vkey.of(name, COSIGNATURE, key_files.new(making / "mirror.key").public)]
        if mldsa:
            keys.append(Vkey.of(name, MLDSA44, new_mldsa(making / "mldsa.key").public))
        private_folder(making / LOGS)
        MirrorState.create(making / "mirror.db", keys[0].text).close()
    answer = NewMirrorAnswer(name, [key.text for key in keys], str(folder))
    ui.emit(answer, ("vkey",), [(vkey,) for vkey in answer.vkeys], text=lambda: "\n".join(answer.vkeys))
    ui.tell(f"keys, memory and entries: {folder}")
    ui.tell("for offices that want to be stored here: comity mirror add VKEY URL")


@command(
    "comity mirror serve --name mirror.example/xv --policy karsk",
    "comity mirror serve --name mirror.example/xv --policy karsk --state /srv/mirror --listen 127.0.0.1:7381",
)
@click.option("--name", required=True, metavar="NAME", help="The mirror's name, as in its verifier key.")
@POLICY
@STATE
@click.option("--listen", default="127.0.0.1:7381", metavar="HOST:PORT", help="Where (default: this machine only).")
@VERBOSE
def serve(name: str, policies: tuple[str, ...], state: str | None, listen: str) -> None:
    """Be a c2sp.org/tlog-mirror over HTTP for the logs of the policies, until stopped.

    Its clients can read the entries: put a web server with TLS in front of it, and a password where entries are not
    public.
    """
    try:
        from ledger.adapters.mirror.server import serve
    except ImportError:
        raise Stop("serving needs starlette and uvicorn", hint="pip install 'comity[server]'") from None
    from cli.commands.witness import logs_in
    from ledger.adapters.keys import key_files, mldsa
    from ledger.adapters.mirror.mirror import Mirror
    from ledger.adapters.mirror.mirror_state import MirrorState
    from ledger.adapters.witness.witness import cosigners
    from ledger.tlog.note import MLDSA44, Vkey

    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise Stop(f"{listen!r} is no address to listen on", hint="--listen 127.0.0.1:7381")
    folder = _folder(name, state)
    key = key_files.load(folder / "mirror.key")
    second = mldsa.load(folder / "mldsa.key") if (folder / "mldsa.key").exists() else None
    vkeys = [_ed25519(name, key), *([] if second is None else [Vkey.of(name, MLDSA44, second.public)])]
    with ExitStack() as opened:
        memory = opened.enter_context(closing(MirrorState(folder / "mirror.db", vkeys[0].text)))
        logs = logs_in(policies, vkeys)
        mirror = opened.enter_context(closing(Mirror(memory, cosigners(name, key, second), logs, folder / LOGS)))
        for vkey in vkeys:
            ui.tell(vkey.text)
        try:
            serve(mirror, host.strip("[]"), int(port), ready=lambda url: ui.tell(f"listening on {url}"))
        except OSError as error:
            raise Stop(f"{listen}: {error.strerror}", code=Exit.UNDECIDABLE) from None


@command("comity mirror evidence --name mirror.example/xv --policy karsk -o exhibits/", refused=Exit.UNDECIDABLE)
@click.option("--name", required=True, metavar="NAME", help="The mirror's name, as in its verifier key.")
@POLICY
@STATE
@click.option("-o", "output", metavar="DIR", help="Write both notes of each, and the exhibit where they prove it.")
def evidence(name: str, policies: tuple[str, ...], state: str | None, output: str | None) -> None:
    """What logs have signed that does not follow what this mirror accepted, and whether it proves a split view."""
    from cli.commands.witness import show_evidence
    from ledger.adapters.keys import key_files
    from ledger.adapters.mirror.mirror_state import MirrorState

    folder = _folder(name, state)
    vkey = _ed25519(name, key_files.load(folder / "mirror.key"))
    with closing(MirrorState(folder / "mirror.db", vkey.text)) as memory:
        show_evidence(memory, policies, output)


def _ed25519(name: str, key: SeedKey) -> Vkey:
    from ledger.tlog.note import COSIGNATURE, Vkey

    return Vkey.of(name, COSIGNATURE, key.public)


def _folder(name: str, state: str | None) -> Path:
    from ledger.adapters.folders.user_folders import Home
    from ledger.tlog.note import origin_hash

    return Path(state) if state else Home.user().state / "mirror" / origin_hash(name)
