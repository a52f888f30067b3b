"""`comity mirror add|push|check`: manage the mirrors that store this ledger."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.session.options import KEY
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time
from cli.terminal.file_io import write
from cli.terminal.stored_by import stored, stored_by
from ledger.errors import LedgerError, RecordError

if TYPE_CHECKING:
    from ledger.adapters.folders.ledger_folder import Folder


@command(
    "comity mirror add mirror.example/xv+66cc80a3+BMyk... https://mirror.example/xv",
    "comity mirror add mirror.example/xv+66cc80a3+BMyk... https://mirror.example/xv --quorum 2 --key adm",
)
@click.argument("vkey")
@click.argument("url")
@click.option("--reads", "monitoring", metavar="URL", default="", help="Where it shows entries (default: the same).")
@click.option("--called", metavar="NAME", help="Its name in the policy (default: the last part of its own).")
@click.option("--quorum", type=int, metavar="K", help="Count it: K of it and all witnesses that count must cosign.")
@KEY
def add(vkey: str, url: str, monitoring: str, called: str | None, quorum: int | None, key_file: str | None) -> None:
    """Send the entries to the mirror VKEY at URL from now on: the registrar records the new policy.

    In the policy it is a witness that does not count for the quorum, unless --quorum is given. The file trust/mirrors
    says that its cosignature states more: all entries are stored there. Give both files to every verifier.
    """
    from cli.commands.witnesses import change, check_vacant, simple
    from cli.session.open_ledger import writing
    from ledger.adapters.http_client import is_address
    from ledger.tlog.names import check_name
    from ledger.tlog.note import parse_vkey
    from ledger.trust.mirrors import MirrorAddress, format_mirrors

    key = parse_vkey(vkey)
    for each in (key.name, called or ""):
        check_name(each)
    for address in (url, monitoring or url):
        if not is_address(address) or len(address.split()) != 1:  # a line of `mirrors` is split at spaces
            raise Stop(f"{address!r} is not the address of an http server")
    with writing() as journal:
        folder = journal.folder
        witnesses, aside = simple(folder)
        name = called or f"{key.name.rstrip('/').rpartition('/')[2]}-mirror"
        check_vacant(folder, name, key)
        if quorum is None:
            aside[name] = key
            group = folder.policy.groups.get(folder.policy.quorum)
            quorum = group.threshold if group else len(witnesses)
        else:
            witnesses[name] = (key, "")
        # before the policy: a line whose key is not in the policy says nothing
        mirrors = {**folder.mirrors, key: MirrorAddress.of(url, monitoring)}
        write(folder.path / "trust" / "mirrors", format_mirrors(mirrors))
        change(journal, witnesses, aside, quorum, key_file)
    output.tell("comity mirror push sends it the entries, and so does comity checkpoint")
    output.tell("hand the new trust/policy and trust/mirrors to everyone who verifies")


class PushItem(Struct, frozen=True):
    """One mirror: the number of entries that it states to store, or why it does not."""

    mirror: str
    url: str
    size: int | None
    code: str
    says: str


class PushAnswer(CommandAnswer, tag="comity.mirror-push/1"):
    """The newest head, and what each mirror answered."""

    size: int
    mirrors: list[PushItem]


@command("comity mirror push", "comity mirror push --json", refused=Exit.UNDECIDABLE)
def push() -> Exit:
    """Send each mirror the entries that it lacks, and keep its cosignature; an interrupted upload goes on.

    Exit 4 if a mirror does not state that it stores all entries up to the newest head.
    """
    from cli.session.clock_check import check_heard
    from cli.session.open_ledger import writing
    from ledger.adapters.mirror.client import push_head

    with writing() as journal:
        journal.log.catch_up()
        folder = journal.folder
        _some(folder)
        evidence = folder.path / "evidence"
        done = push_head(
            journal.log,
            folder.policy,
            folder.mirrors,
            evidence,
            say=output.tell,
            heard=partial(check_heard, journal),
            longest=None,
        )
    size = done.kept.size
    items = [
        PushItem(
            mirror=", ".join(answer.names),
            url=answer.url,
            size=size if answer.lines else None,
            code=answer.fault.code if answer.fault else "",
            says=answer.fault.says if answer.fault else f"all entries up to {size} are stored, as it states",
        )
        for answer in done.asked
    ]
    output.emit(PushAnswer(size, items), PushItem.__struct_fields__, items)
    return Exit.DONE if all(answer.lines for answer in done.asked) else Exit.UNDECIDABLE


class MirrorCheckItem(Struct, frozen=True):
    """One mirror: what it shows at `reads`, compared with this log: the entries that are equal, or a code."""

    mirror: str
    reads: str
    size: int | None
    cosigned: Time | None
    code: str
    says: str


class MirrorCheckAnswer(CommandAnswer, tag="comity.mirror-check/1"):
    """The size of this log, and what each mirror shows of it."""

    size: int
    mirrors: list[MirrorCheckItem]


@command("comity mirror check", "comity mirror check --json", refused=Exit.UNDECIDABLE)
def check() -> Exit:
    """Read every entry that the mirrors show, and compare it with this log: do they store what they state?

    Exit 1 if a mirror lacks an entry that it states to store, shows another one, or has another tree; 4 if it cannot be
    read. A mirror that lacks entries proves nothing against this log, and nothing to others: they read it themselves.
    """
    from ledger.adapters.folders.ledger_folder import read_folder
    from ledger.adapters.log.published_log import source
    from ledger.adapters.mirror.client import check_mirror
    from ledger.adapters.storage.entry_reader import EntryReader
    from ledger.tlog.names import origin_hash

    folder = read_folder(Path(ledger_choice.ledger_folder()))
    _some(folder)
    items, worst = [], Exit.DONE
    with closing(EntryReader(folder.entries)) as store:
        for where in dict.fromkeys(address.monitoring for address in folder.mirrors.values()):
            keys = [key for key, address in folder.mirrors.items() if address.monitoring == where]
            reads = f"{where}/{origin_hash(folder.origin)}"
            try:
                head = check_mirror(store, folder.keys, folder.policy, keys, source(reads))
            except (LedgerError, RecordError) as fault:
                items.append(MirrorCheckItem(keys[0].name, reads, None, None, fault.code, fault.says))
                bad = fault.code in ("MIRROR-LACKS", "LOG-ROLLBACK", "LOG-FORKED", "CP-SIG")
                worst = Exit.PROVED_BAD if bad or worst is Exit.PROVED_BAD else Exit.UNDECIDABLE
                continue
            size, at = head.checkpoint.size, next((each.at for each in stored_by(head, keys)), None)
            items.append(MirrorCheckItem(keys[0].name, reads, size, at, "", f"all {size} entries are there"))
            for line in stored(head, keys):
                output.tell(line)
        ours = store.size()
    output.emit(MirrorCheckAnswer(ours, items), MirrorCheckItem.__struct_fields__, items)
    return worst


def _some(folder: Folder) -> None:
    if not folder.mirrors:
        raise Stop("this ledger has no mirror", hint="comity mirror add VKEY URL")
