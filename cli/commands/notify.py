"""`comity notify`: record that the other State was notified of an order."""

from __future__ import annotations

import click

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.session.recording import RecordOptions, put, recording
from cli.session.step_fields import listed, stated_fields, with_fields


@command(
    "comity notify PPO-2026-123 --to ncco --includes order,summary-of-facts --as ilves",
    "comity notify PPO-2026-123 --to ncco --about '#9' --as ilves              (a corrected version)",
)
@click.argument("order")
@click.option("--to", "authority", required=True, metavar="ACTOR", help="The authority that is told.")
@click.option("--includes", multiple=True, metavar="LIST", help="What goes with it: order, summary-of-facts, ...")
@click.option("--about", metavar="ENTRY", help="The version notified; without it, the order as issued.")
@recording
def notify(asked: RecordOptions, order: str, authority: str, includes: tuple[str, ...], about: str | None) -> Exit:
    """Record that the other State was notified of ORDER: CETS 224 art. 7(5)(a); Regulation (EU) 2023/1543 art. 8."""
    named = with_fields(asked, about=about)
    return put(
        named, "notification-sent", order, public=stated_fields(notified_authority=authority, includes=listed(includes))
    )
