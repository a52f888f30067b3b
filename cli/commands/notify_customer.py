"""`comity notify-customer`: record that the person whose data were sought was notified."""

from __future__ import annotations

import click

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.session.recording import RecordOptions, put, recording
from cli.session.step_fields import document_digests, listed, stated_fields


@command(
    "comity notify-customer PPO-2026-123 --channel letter --includes legal-basis,purpose,remedies --as orn",
    "comity notify-customer PPO-2026-123 --channel e-mail --policy 'user notice v2026-09' --as brightmoor",
)
@click.argument("order")
@click.option("--channel", required=True, metavar="CODE", help="letter, e-mail, in-app, counsel or in-person.")
@click.option("--includes", multiple=True, metavar="LIST", help="What the person is told: legal-basis, remedies, ...")
@click.option("--notice", metavar="FILE", help="The notice itself; its digest is recorded, sealed.")
@click.option("--policy", metavar="TEXT", help="The provider's published policy under which it tells.")
@recording
def notify_customer(
    asked: RecordOptions, order: str, channel: str, includes: tuple[str, ...], notice: str | None, policy: str | None
) -> Exit:
    """Record that the person whose data were sought was informed: LED art. 13; EPOC art. 13; CETS 224 art. 14(11)."""
    public = stated_fields(channel=channel, includes=listed(includes), policy_ref=policy)
    return put(asked, "customer-notified", order, public=public, sealed=document_digests(notice=notice))
