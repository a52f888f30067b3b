"""`comity mirror new|serve|evidence`: store the logs of others, and state it with cosignatures."""

from __future__ import annotations

from contextlib import closing

import click

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.terminal import output as ui
from cli.terminal.answer import CommandAnswer
from cli.terminal.log_output import VERBOSE

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
    from cli.session.own_cosigner import make_cosigner, state_folder
    from ledger.adapters.mirror.mirror_state import MirrorState

    folder = state_folder(MirrorState.role, name, state)
    vkeys = make_cosigner(MirrorState, name, folder, mldsa_key=mldsa, inside=(LOGS,))
    answer = NewMirrorAnswer(name, vkeys, str(folder))
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
    from cli.session.own_cosigner import OwnCosigner, address, announced, state_folder
    from ledger.adapters.mirror.mirror import Mirror
    from ledger.adapters.mirror.mirror_state import MirrorState

    host, port = address(listen, "127.0.0.1:7381")
    with closing(OwnCosigner(MirrorState, name, state_folder(MirrorState.role, name, state))) as own:
        made = Mirror(own.memory, own.cosigners, own.logs(policies), own.folder / LOGS)
        with closing(made) as mirror, announced(own.vkeys, listen) as ready:
            serve(mirror, host, port, ready=ready)


@command("comity mirror evidence --name mirror.example/xv --policy karsk -o exhibits/", refused=Exit.UNDECIDABLE)
@click.option("--name", required=True, metavar="NAME", help="The mirror's name, as in its verifier key.")
@POLICY
@STATE
@click.option("-o", "output", metavar="DIR", help="Write both notes of each, and the exhibit where they prove it.")
def evidence(name: str, policies: tuple[str, ...], state: str | None, output: str | None) -> None:
    """What logs have signed that does not follow what this mirror accepted, and whether it proves a split view."""
    from cli.commands.witness import show_evidence
    from cli.session.own_cosigner import OwnCosigner, state_folder
    from ledger.adapters.mirror.mirror_state import MirrorState

    with closing(OwnCosigner(MirrorState, name, state_folder(MirrorState.role, name, state))) as own:
        show_evidence(own.memory, policies, output)
