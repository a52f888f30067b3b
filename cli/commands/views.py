"""`comity views`: say which view of orders answers, and make it again while it answers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click
from msgspec import Struct

from cli.click_extensions import command
from cli.exit_codes import Stop
from cli.lists.docket import board_name, keeps_view, remake
from cli.session.ledger_reader import reading
from cli.terminal import output, prompts
from cli.terminal.answer import CommandAnswer
from ledger.adapters.storage.orders.remade_index import path_of_next, view_in
from ledger.adapters.storage.sqlite import SQLiteErrors, connect
from ledger.errors import LedgerError


class ViewItem(Struct, frozen=True):
    """One view: its file and size in bytes, the digest of its rules, the entries applied to it, the orders in it.

    `current`: it has the rules of this program. `answers`: programs with its rules read it; else it is being made.
    """

    file: str
    bytes: int
    rules: str
    current: bool
    answers: bool
    applied: int
    orders: int


class ViewsAnswer(CommandAnswer, tag="comity.views/1"):
    """The views of a ledger; `size` is the number of entries in its log."""

    size: int
    views: list[ViewItem]


@command("comity views", "comity views --rebuild          (after an update, or if a list is doubted)")
@click.option(
    "--rebuild", is_flag=True, help="Make the view again from the entries; the present one answers meanwhile."
)
def views(rebuild: bool) -> None:
    """The view of orders: what `orders`, `due`, `stats` and `register` read. It may be deleted at any time.

    With --rebuild it is made again from the first entry. The present view answers until the new one takes its place,
    and a rebuild that was interrupted is continued.
    """
    with reading() as reader:
        if rebuild:
            if not keeps_view(reader):
                raise Stop(f"{reader.folder.path} cannot be written", hint="copy it: a view is kept in the folder")
            with prompts.progress("judging") as report:
                remake(reader, report)
        path, size = reader.folder.views, reader.store.size()
    items = [item for item in (_item(path, answers=True), _item(path_of_next(path), answers=False)) if item]
    answer = ViewsAnswer(size, items)
    output.emit(answer, ViewItem.__struct_fields__, items, text=lambda: _text(answer))


def _item(path: Path, *, answers: bool) -> ViewItem | None:
    """Return what a file has; None if it has no view."""
    name = view_in(path)
    if name is None:
        return None
    try:
        opened = connect(path, writable=False)
    except LedgerError as error:
        if error.code != "NO-LEDGER":
            raise
        return None  # it took the place of the other one meanwhile
    with SQLiteErrors(path), closing(opened) as c:
        applied = c.execute("SELECT notification_id FROM tracking WHERE application_name = ?", (name,)).fetchone()
        (orders,) = c.execute("SELECT count(*) FROM board").fetchone()
    many = 0 if applied is None else int(applied[0])
    return ViewItem(
        path.name, path.stat().st_size, name.rpartition(" ")[2], name == board_name(), answers, many, int(orders)
    )


def _text(answer: ViewsAnswer) -> str:
    return (
        "\n".join(_line(item, answer.size) for item in answer.views) or "There is no view yet: the next list makes it."
    )


def _line(item: ViewItem, size: int) -> str:
    says = f"{item.file}: {item.applied} of {size} entries, {output.counted(item.orders, 'order')}, rules {item.rules}"
    if not item.answers:
        return f"{says}; being made, or interrupted: --rebuild continues it"
    return says if item.current else f"{says}; of another version of comity: the next list makes it again"
