"""`comity witness add|list|take`: manage the witnesses that cosign for this ledger."""

from __future__ import annotations

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
from cli.terminal.stored_by import StoredByItem, says

if TYPE_CHECKING:
    from ledger.adapters.folders.ledger_folder import Folder
    from ledger.application.journal import Journal
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
    from cli.session.open_ledger import writing
    from ledger.adapters.http_client import is_address
    from ledger.tlog.names import check_name
    from ledger.tlog.note import parse_vkey

    key = parse_vkey(vkey)
    for each in (key.name, called or ""):
        check_name(each)
    if not is_address(url):
        raise Stop(f"{url!r} is not the address of an http server")
    with writing() as journal:
        witnesses, aside = simple(journal.folder)
        name = called or key.name.rstrip("/").rpartition("/")[2]
        check_vacant(journal.folder, name, key)
        witnesses[name] = (key, url)
        change(journal, witnesses, aside, quorum, key_file)
    output.tell("comity checkpoint asks it; hand the new trust/policy to everyone who verifies")


class WitnessItem(Struct, frozen=True):
    """One witness of the policy: its name there, its own name, and the newest kept head that it cosigned.

    `mirror` is true if its cosignature states as well that it stores all entries.
    """

    name: str
    witness: str
    url: str
    size: int | None
    cosigned: Time | None
    vkey: str
    mirror: bool


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
        witnesses = tuple(policy.witnesses.values())
        newest = sorted((head for head in heads.all() if head.cosigned is not None), key=lambda head: head.size)[::-1]
        for kept in newest:
            head = open_checkpoint(kept.note, folder.origin, folder.keys, witnesses, mldsa=mldsa.verify)
            for key, at in head.cosignatures:
                last.setdefault(key, (head.checkpoint.size, datetime.fromtimestamp(at, UTC)))
            if len(last) == len(witnesses):
                break
    addresses = {key: address.submission for key, address in folder.mirrors.items()} | dict(policy.urls)
    items = [
        WitnessItem(name, key.name, addresses.get(key, ""), size, cosigned, key.text, mirror=key in folder.mirrors)
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
    lines = (
        says(StoredByItem(item.witness, item.size, item.cosigned))
        for item in items
        if item.mirror and item.size is not None and item.cosigned is not None
    )
    for line in dict.fromkeys(lines):  # a mirror with two keys states it once
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
    from ledger.tlog.names import origin_hash

    with writing() as journal:
        if note.startswith(("http://", "https://")):
            offered = from_url(note)(f"{origin_hash(journal.origin)}/checkpoint", LARGEST_NOTE)
        else:
            offered = file_io.read(note)
        done = take_cosignatures(journal.log, journal.folder.policy, offered)
    answer = HeadAnswer(done.kept.size, done.kept.digest, done.met, done.kept.note.decode())
    output.emit(answer, ("size", "digest", "quorum"), [answer])


def simple(folder: Folder) -> tuple[dict[str, tuple[Vkey, str]], dict[str, Vkey]]:
    """Return the witnesses of a policy that count and the mirrors that do not, if a command can rewrite the policy.

    It can if the policy has no quorum, one witness, or one group of all witnesses that count.
    """
    policy, mirrors = folder.policy, folder.mirrors
    voters = policy.voters()
    aside = {name: key for name, key in policy.witnesses.items() if key in mirrors and name not in voters}
    counted = {name: (key, policy.urls.get(key, "")) for name, key in policy.witnesses.items() if name not in aside}
    flat = policy.quorum in ("none", *policy.witnesses) and not policy.groups
    group = policy.groups.get(policy.quorum)
    if not flat and (group is None or set(group.members) != set(counted) or len(policy.groups) > 1):
        raise Stop(
            "this policy has groups of its own making, and is not written over",
            hint="edit trust/policy by hand, and record witness-changed with its digest",
        )
    return counted, aside


def check_vacant(folder: Folder, name: str, key: Vkey) -> None:
    """Raise `Stop` if the policy has a witness of this name, or this key under another one."""
    if name in folder.policy.witnesses:
        raise Stop(f"the policy has a witness {name} already", hint="--called NAME")
    if other := next((known for known in folder.policy.witnesses.values() if known.public == key.public), None):
        says = f"the policy has the key of {key.name} already, as {other.name}"
        hint = "one key makes one statement: a mirror and a witness have each their own"
        raise Stop(says, hint=hint, code=Exit.REFUSED)


def change(
    journal: Journal,
    witnesses: dict[str, tuple[Vkey, str]],
    aside: dict[str, Vkey],
    quorum: int | None,
    key_file: str | None,
) -> None:
    """Record a new policy by the registrar, then write it, and say what its quorum withstands.

    `quorum` of the `witnesses` must cosign, by default enough to outvote a dishonest third.
    """
    from ledger.tlog.quorum import explain, format_policy

    folder = journal.folder
    wanted = quorum if quorum is not None or not witnesses else _default_quorum(len(witnesses))
    auditors = {name: (key, folder.policy.urls.get(key, "")) for name, key in folder.policy.auditors.items()}
    text = format_policy(folder.keys, witnesses, wanted or 0, aside, auditors)
    for line in explain(record_policy(journal, text, key_file)):
        output.tell(line)


def record_policy(journal: Journal, text: bytes, key_file: str | None) -> Policy:
    """Record a new policy by the registrar, write it, and return it. POL-* before anything is recorded."""
    from cli.session.open_ledger import hand
    from cli.session.record_target import FolderTarget
    from cli.terminal.receipt import tell
    from ledger.application.counterparties import policy_document
    from ledger.facts import build
    from ledger.tlog.policy import parse_policy

    policy = parse_policy(text)
    fact = build("witness-changed", {"policy_text": policy_document(text)}, {})
    signer = hand(journal, fact.kind, journal.folder.registrar.actor, "ADM", key_file)
    tell(FolderTarget(journal), fact.kind, journal.record(fact, journal.registry, signer))
    write(journal.folder.path / "trust" / "policy", text)
    return policy


def _default_quorum(n: int) -> int:
    """Return the quorum of `n` witnesses that withstands (n - 1) // 3 liars, which is fewer than a third."""
    from ledger.tlog.quorum import needed

    return needed(n, (n - 1) // 3)
