"""`comity issue`: make an order, and record that it was made."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from cli.click_extensions import command
from cli.session.recording import RecordOptions, put, recording
from cli.session.step_fields import document_digests, stated_fields

if TYPE_CHECKING:
    from cli.exit_codes import Exit
    from ledger.application.journal import Journal
    from ledger.entries.envelope import Signer


@command(
    "comity issue --instrument 2AP-7 --to XV --provider skylark --reference PPO-2026-123 --from order.json --as ilves",
    "comity issue --instrument EPOC --to XV --provider skylark --reference E-7 --category content --dry-run",
)
@click.option("--instrument", required=True, metavar="CODE", help="Under which instrument, as 2AP-7 or EPOC.")
@click.option("--to", "to_party", required=True, metavar="PARTY", help="The Party of the provider or authority.")
@click.option("--from-party", metavar="PARTY", help="The issuing Party (default: the signer's).")
@click.option("--order", metavar="ORDER", help="An order that has begun already, as by its supervision.")
@click.option("--reference", metavar="REF", help="The order's own number, as people will quote it.")
@click.option("--provider", "providers", multiple=True, metavar="ACTOR", help="Who is to be served; repeatable.")
@click.option("--category", "categories", multiple=True, metavar="CODE", help="Category of data; repeatable.")
@click.option("--element", "sought", multiple=True, metavar="CODE", help="Data element sought; repeatable.")
@click.option("--within", metavar="P20D", help="The time within which the answer is asked for.")
@click.option("--document", metavar="FILE", help="The order as served; its digest is recorded, sealed.")
@click.option("--lookalike", is_flag=True, help="The reference is meant, though one in other letters looks the same.")
@recording
def issue(
    asked: RecordOptions,
    instrument: str,
    to_party: str,
    from_party: str | None,
    order: str | None,
    reference: str | None,
    providers: tuple[str, ...],
    categories: tuple[str, ...],
    sought: tuple[str, ...],
    within: str | None,
    document: str | None,
    lookalike: bool,
) -> Exit:
    """Make an order, and record that it was made. What it lacks under its instrument is shown before it is signed.

    `comity lint` shows the same beforehand; --from takes the order's fields as JSON.
    """

    def implied(signer: Signer, on: datetime, journal: Journal) -> dict[str, Any]:
        return {
            "from_party": from_party or signer.party,
            "issuing_authority": asked.whose or signer.actor,
            "date_issued": on.date().isoformat(),
            **stated_fields(resolved_declarations=_declared(journal, to_party, on)),
        }

    return put(
        asked,
        "order-issued",
        order or "new",
        public=stated_fields(
            instrument=instrument,
            to_party=to_party,
            reference=reference,
            providers=list(providers),
            data_categories=list(categories),
            elements_sought=list(sought),
            return_timeframe=within,
        ),
        sealed=document_digests(order_document=document),
        complete=implied,
        instrument=instrument,
        lookalike=lookalike,
    )


def _declared(journal: Journal, party: str, on: datetime) -> list[str]:
    """Return the declarations of the other Party on the day of issue, in its own time zone.

    The order records them as they were at that time.
    """
    from ledger.law.parties.party_register import fold

    register = fold(journal.cases.register(reveal=False))
    return sorted(register.declared(party, register.days(party).day(on)))
