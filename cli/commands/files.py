"""`comity files`: send files to an office server that keeps them, fetch them, and check the store."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from cli.access.persons import PERSON, person_at_server
from cli.access.purposes import PURPOSE
from cli.access.recorded_access import purpose_for
from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.remote.servers import chosen_url, only_in_a_folder
from cli.session import ledger_choice
from cli.session.open_ledger import secret, writing
from cli.session.options import AS, KEY, ROLE
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer, Time
from cli.terminal.file_io import check_new

if TYPE_CHECKING:
    from cli.remote.server_target import ServerTarget
    from comity.remote.files import RemoteFiles


class EntryFilesItem(Struct, frozen=True):
    """One entry of an order, by number and leaf hash: how many of its files are kept, and how many are not whole."""

    seq: int
    kind: str
    entry: str
    kept: int
    unfinished: int


class FilesListAnswer(CommandAnswer, tag="comity.files-list/1"):
    """Of which entries of an order the server keeps files, as it says."""

    order: str
    entries: list[EntryFilesItem]


class SentFileItem(Struct, frozen=True):
    """A file that the server keeps now, by its path here, and the number of the entry that states it."""

    file: str
    size: int
    seq: int


class FilesPutAnswer(CommandAnswer, tag="comity.files-put/1"):
    """The files that the server keeps now."""

    order: str
    files: list[SentFileItem]


class FetchedFileItem(Struct, frozen=True):
    """A file that was fetched: its path here, its SHA-256 as the entry states it, and its size."""

    file: str
    sha256: str
    size: int


class FilesGetAnswer(CommandAnswer, tag="comity.files-get/1"):
    """The files of an entry that were fetched, and the index of the access entry in the log."""

    order: str
    seq: int
    access: int
    until: Time
    files: list[FetchedFileItem]


class FilesCheckAnswer(CommandAnswer, tag="comity.files-check/1"):
    """The state of the store: how many files are `kept` and `unfinished`, and what does not fit.

    `damaged` are objects of kept files that are not what was stored, `locked` files whose key is not here and was not
    destroyed here either, `orphans` objects that no link names, `deleted` the number of objects that were deleted.
    """

    kept: int
    unfinished: int
    damaged: list[str]
    locked: list[str]
    orphans: list[str]
    deleted: int


@contextmanager
def _served(actor: str | None, key_file: str | None) -> Iterator[tuple[ServerTarget, RemoteFiles]]:
    """Open the server that --ledger names, and what sends and fetches files there."""
    from cli.remote.server_target import recording_served
    from comity.remote.files import RemoteFiles

    url = chosen_url()
    if url is None:
        raise click.UsageError("files are sent to a server and fetched from it: --ledger https://office.example")
    with recording_served(url, secret, actor, key_file) as target:
        ledger = target.reader.ledger
        yield target, RemoteFiles(ledger.connection, ledger.reader, ledger.recorder)


@command("comity files list PPO-2026-123 --ledger https://office.example")
@click.argument("order")
@AS
@KEY
def list_(order: str, actor: str | None, key_file: str | None) -> None:
    """Show of which entries of ORDER the server keeps files: all if you see every order, else those of your office."""
    from cli.remote.connected import verified

    with _served(actor, key_file) as (target, files):
        id = target.find(order)
        with verified():
            counts = {each.entry: each for each in files.listed(id).entries}
        rows = [
            EntryFilesItem(e.seq, e.kind, e.leaf, counts[e.leaf].kept, counts[e.leaf].unfinished)
            for e in target.case(id).entries
            if e.leaf in counts
        ]
    answer = FilesListAnswer(id, rows)
    output.emit(answer, ("seq", "kind", "kept", "unfinished"), rows)


@command("comity files put PPO-2026-123 return.zip --ledger https://office.example --as harbor")
@click.argument("order")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@AS
@KEY
def put(order: str, paths: tuple[str, ...], actor: str | None, key_file: str | None) -> None:
    """Send each FILE that an entry of your office in ORDER states; the server compares its digest and keeps it.

    Repeated after an interruption, it goes on where it was. A file that no entry of yours states is refused.
    """
    from cli.remote.connected import verified

    sent = []
    with _served(actor, key_file) as (target, files):
        id = target.find(order)
        numbers = {e.leaf: e.seq for e in target.case(id).entries}
        for path in paths:
            with prompts.progress(f"sending {os.path.basename(path)}") as progress, verified():
                state = files.send(id, Path(path), progress)
            sent.append(SentFileItem(path, state.size, numbers.get(state.entry, 0)))
    answer = FilesPutAnswer(id, sent)
    output.emit(answer, ("file", "size", "seq"), sent)


@command(
    "comity files get PPO-2026-123 10 -o return/ --ledger https://office.example --as ilves",
    "comity files get PPO-2026-123 10 -o return/ --purpose trial --because 'hearing of 3 May' --as ilves",
)
@click.argument("order")
@click.argument("number", metavar="ENTRY", type=click.IntRange(1))
@click.option("-o", "--output", "folder", required=True, metavar="DIR", help="The folder for the files.")
@AS
@ROLE
@KEY
@PURPOSE
@click.option("--because", metavar="TEXT", help="Why they are opened; by default the purpose. Recorded.")
@PERSON
def get(
    order: str,
    number: int,
    folder: str,
    actor: str | None,
    role: str | None,
    key_file: str | None,
    purpose: str | None,
    because: str | None,
    person: str | None,
) -> None:
    """Record why the files of entry ENTRY of ORDER are opened, and fetch them into DIR; each digest is compared.

    Repeated after an interruption, it goes on with what has come.
    """
    from cli.remote.connected import verified

    if because is not None and not because.strip():
        raise Stop("--because is empty", hint="say why the files are opened, or leave it out")
    with _served(actor, key_file) as (target, files):
        id = target.find(order)
        entry = next((e for e in target.case(id).entries if e.seq == number and e.order == id), None)
        if entry is None:
            raise Stop(f"{order} has no entry {number}", hint="comity files list ORDER", code=Exit.UNDECIDABLE)
        signer = target.signer("record-accessed", actor, role, key_file)
        code = purpose_for(signer, "export", purpose)
        name = person_at_server(target.register(), signer, person)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        got = []
        with verified():
            opened = files.open(id, entry.leaf, code, name, because, signer)
        output.tell(f"recorded record-accessed, entry {opened.access.index} of the log")
        for path, file in zip(_paths(folder, [f.name for f in opened.files]), opened.files, strict=True):
            check_new(str(path), "a file")
            with prompts.progress(f"fetching {path.name}") as progress, verified():
                files.fetch(opened, file, path, progress)
            got.append(FetchedFileItem(str(path), file.sha256, file.size))
    answer = FilesGetAnswer(id, number, opened.access.index, opened.until, got)
    output.emit(answer, ("file", "sha256", "size"), got)


def _paths(folder: str, names: list[str]) -> list[Path]:
    """Return a path in a folder for each name that an entry states: none leads out of it, and no two are equal."""
    paths: list[Path] = []
    for number, name in enumerate(names, 1):
        last = re.split(r"[/\\]", name)[-1]
        safe = "".join("_" if not c.isprintable() or c in '<>|:*?"' else c for c in last).strip(". ")[:150]
        path = Path(folder, safe or f"file-{number}")
        paths.append(path if path not in paths else Path(folder, f"{number}-{path.name}"))
    return paths


@command("comity files check", "comity files check --digests", "comity files check --collect")
@click.option("--digests", is_flag=True, help="Also decrypt every file and compare its digest.")
@click.option("--collect", is_flag=True, help="Delete objects that no link names.")
def check(digests: bool, collect: bool) -> Exit:
    """Check that every kept file has its object and every object its file, where the ledger is.

    Objects that no link names are left by a crash, or belong to a ledger whose database was put back.
    """
    from server.files.checking import StoreCheck
    from server.files.links import has_links

    if chosen_url() is not None:
        raise only_in_a_folder()
    with writing() as journal:
        if not has_links(journal.folder):
            raise Stop(f"no files are kept for the ledger in {ledger_choice.ledger_folder()}", code=Exit.UNDECIDABLE)
        with prompts.progress("reading files") as progress, closing(StoreCheck(journal.folder)) as store:
            found = store.check(digests=digests, progress=progress)
            deleted = store.collect(found.orphans) if collect else store.delete_gone()
    answer = FilesCheckAnswer(found.kept, found.unfinished, found.damaged, found.locked, found.orphans, deleted)
    output.emit(
        answer,
        ("kept", "unfinished", "damaged", "locked", "orphans", "deleted"),
        [answer],
        text=lambda: "\n".join(_lines(answer)),
    )
    return Exit.PROVED_BAD if found.damaged or found.locked else Exit.DONE


def _lines(answer: FilesCheckAnswer) -> Iterator[str]:
    yield f"{output.counted(answer.kept, 'file')} kept, {answer.unfinished} not whole yet"
    for name, says in (
        ("damaged", "is not what was stored"),
        ("locked", "is under a key that is not here"),
        ("orphans", "belongs to no file here"),
    ):
        yield from (f"{name}: {each} {says}" for each in getattr(answer, name))
    if answer.deleted:
        yield f"deleted: {output.counted(answer.deleted, 'object')}"
