"""`comity offices`: register several Parties and offices with their keys, from one address book."""

from __future__ import annotations

from functools import cache

import click

from cli.click_extensions import command
from cli.exit_codes import Stop
from cli.offices.address_book import COLUMNS, read_book
from cli.offices.address_book import template as made
from cli.offices.enrolment import enrol_all, lines
from cli.offices.enrolment_plan import OfficeItem
from cli.session.key_files import PASSPHRASE, passphrase
from cli.session.open_ledger import writing
from cli.session.options import KEY
from cli.terminal import output
from cli.terminal.answer import CommandAnswer


class OfficesAnswer(CommandAnswer, tag="comity.offices/1"):
    """The Parties and offices of an address book, and what was recorded about each."""

    offices: list[OfficeItem]


@command(
    "comity offices add --template > offices.csv",
    "comity offices add offices.csv",
    "comity init ledger/ --origin ledger.example/xo/karsk --offices offices.csv",
)
@click.argument("file", required=False)
@click.option("--template", is_flag=True, help="Print an address book of invented offices, to fill in.")
@KEY
@PASSPHRASE
def add(file: str | None, template: bool, key_file: str | None, passphrase_fd: int | None) -> None:
    """Register the Parties and offices of FILE, a CSV table with a row for each office, all or none.

    What is registered already is left as it is, so the command can be repeated. Roles are codes or words. `new` in the
    column `key` makes a key on this machine, which is enrolled and accepted at once. The columns are explained by
    --template.
    """
    if template:
        click.echo(made(), nl=False)
        for name, says in COLUMNS.items():
            output.tell(f"  {name}: {says}")
        output.tell("put your own offices in their place; then, for a new ledger:")
        output.tell("  comity init ledger --origin ledger.example/xo/karsk --offices offices.csv")
        return
    if file is None:
        raise Stop("which address book?", hint="comity offices add FILE.csv; --template prints an example")
    with open(file, "rb") as stream:
        rows = read_book(stream, file)
    with writing() as journal:
        items = enrol_all(journal, rows, file, key_file, cache(lambda: passphrase(passphrase_fd)))
    output.emit(OfficesAnswer(items), OfficeItem.__struct_fields__, items, text=lambda: "\n".join(lines(items)))
