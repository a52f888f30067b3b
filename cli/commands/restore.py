"""`comity restore`: restore a copy of a ledger, or what a mirror stores of it, checked against the guard."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.session import ledger_choice
from cli.session.options import STORE
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer, Time
from ledger.adapters.folders.ledger_folder import ENTRIES_DB, FILES_DB, read_folder
from ledger.adapters.folders.read_trust import plain_files
from ledger.adapters.storage.postgres import Address
from ledger.application.backup.restore_copy import MirrorSource, restore_backup, up_to
from ledger.application.restore_from_mirror import Mirrored
from ledger.errors import LedgerError, RecordError


class MirroredItem(Struct, frozen=True):
    """What came from a mirror: the number of entries, and of the sealed values in them, which are not here.

    The `mirrors` state that they store `size` entries, and `at` is when.
    """

    mirrors: list[str]
    size: int
    at: Time
    entries: int
    sealed_values: int


class RestoreAnswer(CommandAnswer, tag="comity.restore/1"):
    """The ledger that was restored, the number of its entries, and what of it came from a mirror.

    `file` is the whole copy, `later` are the incremental ones behind it.
    """

    ledger: str
    file: str
    size: int
    later: list[str]
    mirrored: MirroredItem | None


@command(
    "comity restore ledger-2027-03-01.tar ledger/",
    "comity restore ledger-2027-03-01.tar ledger-2027-03-02.tar ledger/",
    "comity restore ledger-2027-03-01.tar ledger/ --store postgresql://db.example/karsk",
    "comity restore ledger-2027-03-01.tar ledger/ --from-mirror https://mirror.example/xv/3d4e...",
    "comity restore ledger/ --from-mirror /media/mirror/3d4e... --trust trust/        (no copy is left)",
)
@click.argument("paths", nargs=-1, required=True, metavar="[FILE]... DIR")
@click.option(
    "--behind", is_flag=True, help="Put it back even if the log has signed more since: to read, never to write."
)
@click.option("--from-mirror", "mirror", metavar="URL|DIR", help="Where a mirror shows this log, for later entries.")
@click.option("--trust", metavar="DIR", help="With --from-mirror: your trust folder (default: the one in the copy).")
@click.option("--size", metavar="N", type=click.IntRange(0), help="Use the copies up to the one with N entries.")
@STORE
def restore(
    paths: tuple[str, ...], behind: bool, mirror: str | None, trust: str | None, size: int | None, store: str
) -> None:
    """Put a copy back into DIR, verified entry by entry and checked against the guard on this machine.

    A copy older than what the log has signed is LOG-ROLLBACK: writing on in it would fork the log. A copy is the same
    whatever kept the entries: this is also how a ledger moves into a database, with --store, and out of one, without.

    Several files are a whole copy and the incremental ones behind it, in order.

    A mirror has the entries, and no sealed values, keys, time stamps or entries of other logs: these come from a copy.
    """
    if len(paths) == 1 and (mirror is None or trust is None or size is not None):
        raise click.UsageError("restore FILE... DIR, or without a file: restore DIR --from-mirror URL|DIR --trust DIR")
    if trust is not None and mirror is None:
        raise click.UsageError("--trust is for --from-mirror: a copy is verified under its own trust folder")
    *files, folder = paths
    used = list(files if size is None else up_to(files, size))
    with prompts.progress("verifying") as progress:
        restored, mirrored = restore_backup(
            used[0] if used else "",
            Path(folder),
            ledger_choice.now(),
            behind=behind,
            later=used[1:],
            store=store,
            mirror=None if mirror is None else MirrorSource(mirror, _trust_files(trust)),
            settle=_settle,
            say=output.tell,
            progress=progress,
        )
    item = None if mirrored is None else _item(mirrored)
    answer = RestoreAnswer(folder, used[0] if used else "", restored, used[1:], item)
    output.emit(answer, text=lambda: f"{restored} entries, verified, in {folder}")
    if mirrored is not None:
        output.tell(f"all entries up to {mirrored.size} are stored by {', '.join(mirrored.names)}, as it states")
        output.tell(
            f"{mirrored.added} entries came from there, with {mirrored.sealed} sealed values that are not here:"
        )
        output.tell("a mirror has no sealed values, keys, time stamps or entries of other logs; they come from a copy")


def _settle(folder: Path) -> None:
    """Prepare what a server keeps in the folder, so that nothing is sent twice; what cannot be read is left out."""
    from server.exchange.documents import Refusal
    from server.exchange.store import ExchangeStore
    from server.jobs.state import JobStore

    if (folder / "exchange.db").exists():
        try:
            with closing(ExchangeStore(folder)) as store:
                says = "it opened sealed values, and was in no copy; comity exchange send makes another bundle"
                lost = store.settle_restored(Refusal("EXCHANGE-DELETED", says))
        except LedgerError as fault:
            _leave_out(folder / "exchange.db", fault)
        else:
            for item in lost:
                output.tell(f"{item.peer}: the bundle of order {item.order} that waited is not in the copy: {says}")
    if (folder / "jobs.db").exists():
        try:
            with closing(JobStore(folder)) as jobs:
                jobs.settle_restored(ledger_choice.now().date().isoformat())
        except LedgerError as fault:
            _leave_out(folder / "jobs.db", fault)

    if (folder / FILES_DB).exists() and isinstance(place := read_folder(folder).entries, Address):
        from server.files.links import MOVED
        from server.identity.move import move_accounts

        move_accounts(folder / ENTRIES_DB, place, folder, MOVED)
        for tail in ("", "-wal", "-shm"):
            Path(f"{folder / FILES_DB}{tail}").unlink(missing_ok=True)


def _leave_out(file: Path, fault: LedgerError) -> None:
    for tail in ("", "-wal", "-shm"):
        Path(f"{file}{tail}").unlink(missing_ok=True)
    output.tell(f"{file.name} is left out, it is no part of the record: {fault.code}: {fault.says}")


def _trust_files(folder: str | None) -> dict[str, bytes]:
    files = {} if folder is None else plain_files(folder)
    if folder is not None and not {"policy", "registrar", "mirrors"} <= files.keys():
        says = "a ledger is restored with policy, registrar and mirrors of its trust folder"
        raise RecordError("TRUST-FORMAT", says, where=folder)
    return files


def _item(mirrored: Mirrored) -> MirroredItem:
    return MirroredItem(list(mirrored.names), mirrored.size, mirrored.at, mirrored.added, mirrored.sealed)
