"""`comity witness new|serve|pull|evidence`: act as a witness for other logs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.terminal import output as ui
from cli.terminal.answer import CommandAnswer, Time
from cli.terminal.file_io import write
from cli.terminal.log_output import VERBOSE

if TYPE_CHECKING:
    from cli.session.own_cosigner import OwnCosigner
    from ledger.adapters.witness.witness import Pulled
    from ledger.adapters.witness.witness_state import Memory

NAME = click.option("--name", required=True, metavar="NAME", help="The witness's name, as in its verifier key.")
KEY = click.option("--key", "key_file", metavar="FILE", help="Its Ed25519 key (default: in its state folder).")
MLDSA = click.option("--mldsa", "mldsa_file", metavar="FILE", help="Its ML-DSA-44 key, if it has one as well.")
STATE = click.option("--state", metavar="DIR", help="Its memory (default: in your state folder).")
POLICY = click.option(
    "--policy", "policies", multiple=True, required=True, metavar="FILE",
    help="The logs it knows: `log` lines of c2sp.org/tlog-policy; repeatable.",
)  # fmt: skip


class WitnessAnswer(CommandAnswer, tag="comity.witness/1"):
    """The new witness: its name, its verifier keys, and the folder of its state."""

    name: str
    vkeys: list[str]
    state: str


@command("comity witness new witness.example/xo", "comity witness new witness.example/xo --mldsa")
@click.argument("name")
@STATE
@click.option("--mldsa", is_flag=True, help="Make an ML-DSA-44 key as well: it signs a second line.")
def new(name: str, state: str | None, mldsa: bool) -> None:
    """Make a witness called NAME: its key, and the memory that goes with it; prints its verifier key.

    Key and memory are made together and only here. A witness that has lost its memory is retired with its name.
    """
    from cli.session.own_cosigner import make_cosigner, state_folder
    from ledger.adapters.witness.witness_state import Memory

    folder = state_folder(Memory.role, name, state)
    answer = WitnessAnswer(name, make_cosigner(Memory, name, folder, mldsa_key=mldsa), str(folder))
    ui.emit(answer, ("vkey",), [(vkey,) for vkey in answer.vkeys], text=lambda: "\n".join(answer.vkeys))
    ui.tell(f"key and memory: {folder}")
    ui.tell("a ledger that wants its cosignatures: comity witness add VKEY URL")


@command(
    "comity witness serve --name witness.example/xo --policy logs.policy",
    "comity witness serve --name witness.example/xo --policy karsk --policy ardel --listen 127.0.0.1:7380",
)
@NAME
@KEY
@MLDSA
@POLICY
@STATE
@click.option("--listen", default="127.0.0.1:7380", metavar="HOST:PORT", help="Where (default: this machine only).")
@VERBOSE
def serve(
    name: str, key_file: str | None, mldsa_file: str | None, policies: tuple[str, ...], state: str | None, listen: str
) -> None:
    """Be a c2sp.org/tlog-witness over HTTP for the logs of the policies, until stopped.

    In the open, put a web server with TLS in front of it.
    """
    try:
        from ledger.adapters.witness.server import serve
    except ImportError:
        raise Stop("serving needs starlette and uvicorn", hint="pip install 'comity[server]'") from None
    from cli.session.own_cosigner import address, announced
    from ledger.adapters.witness.witness import Witness

    host, port = address(listen, "127.0.0.1:7380")
    with closing(_own(name, key_file, mldsa_file, state)) as own:
        witness = Witness(own.memory, own.cosigners, own.logs(policies))
        with announced(own.vkeys, listen) as ready:
            serve(witness, host, port, ready=ready)


class PulledItem(Struct, frozen=True):
    """One log: the size of its head, and the answer to it as an HTTP status and a sentence."""

    log: str
    size: int
    status: int
    says: str


class PullAnswer(CommandAnswer, tag="comity.witness-pull/1"):
    """The answer of a witness to the head of each log."""

    logs: list[PulledItem]


@command(
    "comity witness pull /srv/karsk/log --name witness.example/xo --policy karsk",
    "comity witness pull https://ledger.example/karsk --name witness.example/xo --policy karsk -o karsk.note",
)
@click.argument("logs", nargs=-1, required=True, metavar="DIR|URL...")
@NAME
@KEY
@MLDSA
@POLICY
@STATE
@click.option("-o", "output", metavar="FILE", help="Write the cosigned note of the one log, to be handed back.")
@VERBOSE
def pull(
    logs: tuple[str, ...],
    name: str,
    key_file: str | None,
    mldsa_file: str | None,
    policies: tuple[str, ...],
    state: str | None,
    output: str | None,
) -> Exit:
    """Fetch the published heads of logs and cosign each head that follows the last one seen, without being asked.

    Exit 1 if a log is proved to contradict itself; the exhibit is in the folder `evidence` of the witness's state.
    """
    from ledger.adapters.log.published_log import source
    from ledger.adapters.witness.witness import Witness, pull
    from ledger.tlog.names import origin_hash

    if output and len(logs) > 1:
        raise Stop("-o takes the note of one log")
    items, worst = [], Exit.DONE
    with closing(_own(name, key_file, mldsa_file, state)) as own:
        witness = Witness(own.memory, own.cosigners, own.logs(policies))
        for where in logs:
            pulled = pull(witness, source(where))
            says, code = _said(pulled, own.folder)
            worst = code if worst in (Exit.DONE, Exit.REFUSED) and code else worst
            items.append(PulledItem(pulled.origin, pulled.size, pulled.answer.status, says))
            if output and code is Exit.DONE:
                write(Path(output), witness.checkpoint(origin_hash(pulled.origin)) or b"")
    ui.emit(PullAnswer(items), PulledItem.__struct_fields__, items)
    return worst


def _said(pulled: Pulled, folder: Path) -> tuple[str, Exit]:
    if pulled.answer.status == 200:
        return "cosigned", Exit.DONE
    says = pulled.answer.body.strip()
    if pulled.exhibit is None:
        return says, Exit.REFUSED
    write(folder / "evidence" / f"{_digest(pulled.exhibit)}.split-view.json", pulled.exhibit)
    return f"SPLIT-VIEW: {says}", Exit.PROVED_BAD


class RefusedHeadItem(Struct, frozen=True):
    """One refused head: when, of which log, and SPLIT-VIEW if it proves one."""

    at: Time
    log: str
    status: int
    proves: str
    says: str


class EvidenceAnswer(CommandAnswer, tag="comity.witness-evidence/1"):
    """The heads that a witness or a mirror refused."""

    evidence: list[RefusedHeadItem]


@command("comity witness evidence --name witness.example/xo --policy karsk -o exhibits/", refused=Exit.UNDECIDABLE)
@NAME
@KEY
@POLICY
@STATE
@click.option("-o", "output", metavar="DIR", help="Write both notes of each, and the exhibit where they prove it.")
def evidence(name: str, key_file: str | None, policies: tuple[str, ...], state: str | None, output: str | None) -> None:
    """What logs have signed that does not follow what this witness saw, and whether it proves a split view."""
    with closing(_own(name, key_file, None, state)) as own:
        show_evidence(own.memory, policies, output)


def show_evidence(memory: Memory, policies: Sequence[str], output: str | None) -> None:
    """Print the heads that a witness or a mirror refused, and write notes and exhibits to a folder if one is given."""
    from cli.session.own_cosigner import read_policies
    from ledger.adapters.witness.witness import exhibit_of, logs_of

    items, logs = [], logs_of(read_policies(policies))
    for refusal in memory.evidence():
        exhibit = exhibit_of(refusal, logs.get(refusal.origin, ()))
        proves = "SPLIT-VIEW" if exhibit else ""
        at = datetime.fromtimestamp(refusal.at, UTC)
        items.append(RefusedHeadItem(at, refusal.origin, refusal.status, proves, refusal.says))
        if output:
            for data, ending in (
                (refusal.cosigned, "note"),
                (refusal.refused, "note"),
                (exhibit, "split-view.json"),
            ):
                if data:
                    write(Path(output) / f"{_digest(data)}.{ending}", data)
    ui.emit(EvidenceAnswer(items), RefusedHeadItem.__struct_fields__, items)


def _own(name: str, key_file: str | None, mldsa_file: str | None, state: str | None) -> OwnCosigner[Memory]:
    from cli.session.own_cosigner import OwnCosigner, state_folder
    from ledger.adapters.witness.witness_state import Memory

    return OwnCosigner(Memory, name, state_folder(Memory.role, name, state), key_file, mldsa_file)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
