"""`comity log commit`: commit the heads of all orders under one root, signed by the ledger itself."""

from __future__ import annotations

import click

from cli.click_extensions import command
from cli.session.open_ledger import hand, writing
from cli.session.options import KEY
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from ledger.application.commit_heads import OFFICE, commit_heads, enrol_heads_key


class CommitAnswer(CommandAnswer, tag="comity.log-commit/1"):
    """The committed heads: the entry that commits them, how many entries they cover, and their root.

    `fresh` is false if only commits were added since that entry. `enrolled` has the entries that enrolled the key.
    """

    index: int
    size: int
    map_root: str
    fresh: bool
    enrolled: list[int]


@command("comity log commit", "comity log commit --enrol", "comity log commit --json")
@click.option("--enrol", is_flag=True, help="First let the registrar enrol a key of the ledger's own, if it has none.")
@click.option("--as", "actor", default=OFFICE, metavar="NAME", help="The office that the ledger then is.")
@KEY
def commit(enrol: bool, actor: str, key_file: str | None) -> None:
    """Commit the heads of all orders, the register among them, under one root.

    From then on a bundle shows that its orders had no other entries at that size. Every export commits. This command is
    for a daily job; if only commits were added since the last one, it adds none. A wrong root is detected by `comity
    fsck`, `comity monitor --entries`, and everybody else who has all entries.
    """
    if key_file is not None and not enrol:
        raise click.UsageError("--key is the registrar's, for --enrol")
    with writing() as journal:
        receipts = []
        if enrol:
            registrar = hand(journal, "key-registered", journal.folder.registrar.actor, "ADM", key_file)
            receipts = enrol_heads_key(journal, registrar, actor)
        done = commit_heads(journal)
    answer = CommitAnswer(
        index=done.index,
        size=done.heads.size,
        map_root=done.heads.root.hex(),
        fresh=done.fresh,
        enrolled=[receipt.index for receipt in receipts],
    )
    entries = output.counted(answer.size, "entry", "entries")
    did = (
        f"entry {answer.index} commits"
        if answer.fresh
        else f"nothing to commit since entry {answer.index}, which commits"
    )
    output.emit(
        answer,
        ("index", "size", "map_root", "fresh"),
        [answer],
        text=lambda: f"{did} the heads of all orders at {entries}\n  root  {answer.map_root}",
    )
