"""`comity witness add|list|take`: manage the witnesses that cosign for this ledger."""

from __future__ import annotations

import hashlib
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.session.options import KEY
from cli.terminal import file_io, output
from cli.terminal.answer import CommandAnswer, Time
from cli.terminal.file_io import write

if TYPE_CHECKING:
    from ledger.tlog.note import Vkey
    from ledger.tlog.policy import Policy


@command(
    "comity witness add witness.example/fr+66cc80a3+BMyk... https://witness.example/fr",
    "comity witness add witness.example/fr+66cc80a3+BMyk... https://witness.example/fr --quorum 2 --key adm",
)
@click.argument("vkey")
@click.argument("url")
@click.option("--called", metavar="NAME", help="Its name in the policy (default: the last part of its own).")
@click.option("--quorum", type=int, metavar="K", help="How many must cosign (default: outvotes a third that lies).")
@KEY
def add(vkey: str, url: str, called: str | None, quorum: int | None, key_file: str | None) -> None:
    """Ask the witness VKEY at URL from now on: the registrar records the new policy, then it is written.

    What the quorum withstands is printed. Give the new policy to every verifier: each has a copy.
    """
    from cli.session.open_ledger import hand, writing
    from cli.terminal.receipt import tell
    from ledger.adapters.http_client import is_address
    from ledger.facts import build
    from ledger.tlog.note import check_name, parse_vkey
    from ledger.tlog.policy import parse_policy
    from ledger.tlog.quorum import explain, format_policy

    key = parse_vkey(vkey)
    for each in (key.name, called or ""):
        check_name(each)
    if not is_address(url):
        raise Stop(f"{url!r} is not the address of an http server")
    with writing() as journal:
        folder = journal.folder
        witnesses = _simple(folder.policy)
        name = called or key.name.rstrip("/").rpartition("/")[2]
        if name in witnesses:
            raise Stop(f"the policy has a witness {name} already", hint="--called NAME")
        witnesses[name] = (key, url)
        text = format_policy(folder.keys, witnesses, quorum if quorum is not None else _default_quorum(len(witnesses)))
        policy = parse_policy(text)  # raises POL-* before anything is recorded
        document = {
            "code": "policy",
            "media": "text/plain",
            "size": len(text),
            "sha256": hashlib.sha256(text).hexdigest(),
        }
        fact = build("witness-changed", {"policy_text": document}, {})
        signer = hand(journal, fact.kind, folder.registrar.actor, "ADM", key_file)
        tell(journal, fact.kind, journal.record(fact, journal.registry, signer))
        write(folder.path / "trust" / "policy", text)
    for line in explain(policy):
        output.tell(line)
    output.tell("comity checkpoint asks it; hand the new trust/policy to whoever verifies")


class WitnessItem(Struct, frozen=True):
    """One witness of the policy: its name there, its own name, and the newest kept head that it cosigned."""

    name: str
    witness: str
    url: str
    size: int | None
    cosigned: Time | None
    vkey: str


class WitnessesAnswer(CommandAnswer, tag="comity.witnesses/1"):
    """The witnesses of a ledger, and how many of them may lie or be silent."""

    witnesses: list[WitnessItem]
    quorum: str
    may_lie: int
    may_be_silent: int
    says: list[str]


@command("comity witness list", "comity witness list --json", refused=Exit.UNDECIDABLE)
def list_() -> None:
    """The witnesses of this ledger's policy, what each has cosigned last, and what the quorum withstands."""
    from ledger.adapters.folders.ledger_folder import read_folder
    from ledger.adapters.keys import mldsa
    from ledger.adapters.log.checkpoints import CheckpointStore
    from ledger.tlog.note import open_checkpoint
    from ledger.tlog.quorum import blocking, explain, overlap

    folder = read_folder(Path(ledger_choice.ledger_folder()))
    policy = folder.policy
    last: dict[Vkey, tuple[int, datetime]] = {}
    with closing(CheckpointStore(folder.heads, writable=False)) as heads:
        if newest_head := heads.newest_cosigned():
            witnesses = tuple(policy.witnesses.values())
            head = open_checkpoint(newest_head.note, folder.origin, folder.keys, witnesses, mldsa=mldsa.verify)
            last = {k: (head.checkpoint.size, datetime.fromtimestamp(at, UTC)) for k, at in head.cosignatures}
    items = [
        WitnessItem(name, key.name, policy.urls.get(key, ""), size, cosigned, key.text)
        for name, key in policy.witnesses.items()
        for size, cosigned in [last.get(key, (None, None))]
    ]
    answer = WitnessesAnswer(
        witnesses=items,
        quorum=policy.quorum,
        may_lie=overlap(policy) - 1,
        may_be_silent=blocking(policy) - 1,
        says=list(explain(policy)),
    )
    output.emit(answer, ("name", "witness", "url", "size", "cosigned"), items)
    for line in answer.says:
        output.tell(line)


class HeadAnswer(CommandAnswer, tag="comity.head/1"):
    """A head as it is kept now; `quorum` is true if a quorum of the policy's witnesses cosigned it."""

    size: int
    digest: str
    quorum: bool
    note: str


@command("comity witness take karsk.note", "comity witness take https://witness.example/fr")
@click.argument("note", metavar="FILE|URL")
def take(note: str) -> None:
    """Take the cosignatures of a note that came back as a file, or that a witness shows on its monitoring address."""
    from cli.session.open_ledger import writing
    from ledger.adapters.log.published_log import LARGEST_NOTE, from_url
    from ledger.adapters.witness.cosigning import take_cosignatures
    from ledger.tlog.note import origin_hash

    with writing() as journal:
        if note.startswith(("http://", "https://")):
            offered = from_url(note)(f"{origin_hash(journal.origin)}/checkpoint", LARGEST_NOTE)
        else:
            offered = file_io.read(note)
        done = take_cosignatures(journal.log, journal.folder.policy, offered)
    answer = HeadAnswer(done.kept.size, done.kept.digest, done.met, done.kept.note.decode())
    output.emit(answer, ("size", "digest", "quorum"), [answer])


def _simple(policy: Policy) -> dict[str, tuple[Vkey, str]]:
    """Return the witnesses of a policy that this command can rewrite: no quorum, one witness, or one group of all."""
    flat = policy.quorum in ("none", *policy.witnesses) and not policy.groups
    group = policy.groups.get(policy.quorum)
    if not flat and (group is None or set(group.members) != set(policy.witnesses) or len(policy.groups) > 1):
        raise Stop(
            "this policy has groups of its own making, and is not written over",
            hint="edit trust/policy by hand, and record witness-changed with its digest",
        )
    return {name: (key, policy.urls.get(key, "")) for name, key in policy.witnesses.items()}


def _default_quorum(n: int) -> int:
    """Return the quorum of `n` witnesses that withstands (n - 1) // 3 liars, which is fewer than a third."""
    from ledger.tlog.quorum import needed

    return needed(n, (n - 1) // 3)
