"""`comity record`: record a fact of any kind."""

from __future__ import annotations

import click

from cli import click_extensions
from cli.exit_codes import Exit
from cli.session.recording import RecordOptions, put, recording
from ledger.entries.form import check_by_hand
from ledger.facts import kind_of


@click_extensions.command(
    "comity record order-received PPO-2026-123 -f proof_kind=own-stamp --on 2027-03-02T08:30:00Z --as skylark",
    "comity record evidence-received PPO-2026-123 -f check=equal -f manifest=return.json --elements name --as orn",
    "comity record court-ruled PPO-2026-123 --from ruling.json --speaks import --whose karsk_court --as archive",
    "comity record policy-adopted --from policy.json --as skylark             (no order: it stands in the register)",
)
@click.argument("kind")
@click.argument("order", required=False)
@click.option("--instrument", metavar="CODE", help="The instrument of a new order, where ORDER is `new`.")
@recording
def record(asked: RecordOptions, kind: str, order: str | None, instrument: str | None) -> Exit:
    """Record one fact of any KIND about ORDER; what the law will say of it is shown before it is signed.

    The law refuses nothing; what has not the form of its field is refused. `comity vocabulary KIND` shows the fields.
    Personal values are better given with --from than on the command line, where others on this machine may see them.
    """
    kind_of(kind)  # report an unknown kind before the ledger is opened
    check_by_hand(kind)
    return put(asked, kind, order, instrument=instrument)
