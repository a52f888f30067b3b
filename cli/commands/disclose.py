"""`comity disclose`: record the digests of the files that a provider hands over."""

from __future__ import annotations

import click

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.session.field_values import manifest
from cli.session.ledger_reader import order_and_files
from cli.session.recording import RecordOptions, put, recording
from cli.session.step_fields import document_digests, listed, stated_fields

USAGE = "comity disclose ORDER FILES..."


@command(
    "comity disclose PPO-2026-123 return.json --elements name,postal-address --channel provider-portal --as skylark",
    "comity disclose PPO-2026-123 a.zip b.zip --elements name --partial --withheld login-ip "
    "--withheld-reason provider-policy --channel provider-portal --as skylark",
    usual=("--elements",),
)
@click.argument("words", nargs=-1, required=True, metavar="ORDER FILES...")
@click.option("--order", metavar="ORDER", help="The order that is answered; then all words are files.")
@click.option("--channel", required=True, metavar="CODE", help="By which channel, as provider-portal.")
@click.option("--to", "recipient", metavar="ACTOR", help="Who gets the data.")
@click.option("--certificate", metavar="FILE", help="The provider's certificate of authenticity.")
@click.option("--partial", is_flag=True, help="This is not all that was asked for.")
@click.option("--withheld", multiple=True, metavar="LIST", help="The elements that are not handed over.")
@click.option("--withheld-reason", metavar="CODE", help="Why they are withheld, as instructed or not-held.")
@recording
def disclose(
    asked: RecordOptions,
    words: tuple[str, ...],
    order: str | None,
    channel: str,
    recipient: str | None,
    certificate: str | None,
    partial: bool,
    withheld: tuple[str, ...],
    withheld_reason: str | None,
) -> Exit:
    """The provider hands over FILES under ORDER. They are hashed where they lie, and never copied or kept.

    --elements says which data elements they hold. Recorded even against an instruction: the law comments.
    """
    name, paths = (order, list(words)) if order is not None else order_and_files(words, USAGE)
    public = stated_fields(
        partial=partial,
        channel=channel,
        recipient=recipient,
        withheld=listed(withheld),
        withheld_reason=withheld_reason,
        **document_digests(certificate=certificate),
    )
    sealed = {"manifest": manifest(paths, asked.elements)}
    return put(asked, "data-disclosed", name, public=public, sealed=sealed, files=paths)
