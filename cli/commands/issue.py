"""`comity issue`: make an order, and record that it was made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session import ledger_choice
from cli.session.local_time import typed_period
from cli.session.record_target import RecordTarget
from cli.session.recording import FurtherFact, RecordOptions, put, recording
from cli.session.step_fields import document_digests, listed, stated_fields
from cli.terminal import output
from cli.terminal.next_commands import tell_next
from ledger.command_line import quoted

if TYPE_CHECKING:
    from ledger.entries.envelope import Signer


@command(
    "comity issue --template 2AP-7 > order.json",
    "comity issue --from order.json --as ilves",
    "comity issue --instrument 2AP-7 --to XV --provider skylark --reference PPO-2026-123 --from order.json --as ilves",
    "comity issue --instrument EPOC --to XV --provider skylark --reference E-7 --category content --dry-run",
    "comity issue --from order.json --send --notify --as ilves       (issued, sent and notified at one moment)",
)
@click.option("--template", metavar="CODE", help="Print the order as JSON to fill in, with what this instrument asks.")
@click.option("--instrument", metavar="CODE", help="Under which instrument, as 2AP-7 or EPOC.")
@click.option("--to", "to_party", metavar="PARTY", help="The Party of the provider or authority.")
@click.option("--from-party", metavar="PARTY", help="The issuing Party (default: the signer's).")
@click.option("--order", metavar="ORDER", help="An order that has begun already, as by its supervision.")
@click.option("--reference", metavar="REF", help="The order's own number, as people will quote it.")
@click.option("--provider", "providers", multiple=True, metavar="ACTOR", help="Who is to be served; repeatable.")
@click.option("--category", "categories", multiple=True, metavar="CODE", help="Category of data; repeatable.")
@click.option("--element", "sought", multiple=True, metavar="CODE", help="Data element sought; repeatable.")
@click.option("--within", metavar="PERIOD", help="The time for the answer, as '20 days' or P20D.")
@click.option("--document", metavar="FILE", help="The order as served; its digest is recorded, sealed.")
@click.option("--lookalike", is_flag=True, help="The reference is meant, though one in other letters looks the same.")
@click.option("--send", is_flag=True, help="Record also that it is sent to its provider, at the same moment.")
@click.option("--channel", metavar="CODE", help="By which channel it is sent (default: the usual one).")
@click.option(
    "--notify",
    is_flag=False,
    flag_value="",
    metavar="[ACTOR]",
    help="Record also that this authority is notified, at the same moment (default: the only one that can be).",
)
@recording
def issue(
    asked: RecordOptions,
    template: str | None,
    instrument: str | None,
    to_party: str | None,
    from_party: str | None,
    order: str | None,
    reference: str | None,
    providers: tuple[str, ...],
    categories: tuple[str, ...],
    sought: tuple[str, ...],
    within: str | None,
    document: str | None,
    lookalike: bool,
    send: bool,
    channel: str | None,
    notify: str | None,
) -> Exit:
    """Make an order, and record that it was made. What it lacks under its instrument is shown before it is signed.

    `comity lint` shows the same beforehand; --from takes the order's fields as JSON, which --template prints.
    With --send and --notify the order, its transmission and the notification are recorded together, all or none, at
    one moment: CETS 224 art. 7(5)(a) and Regulation (EU) 2023/1543 art. 8(1) ask for the two at the same time.
    """
    if template is not None:
        _print_template(template)
        return Exit.DONE
    if asked.source is None:
        _check_given(instrument=instrument, to_party=to_party)

    def implied(signer: Signer, on: datetime, target: RecordTarget, stated: Mapping[str, Any]) -> dict[str, Any]:
        party = stated.get("to_party")
        return {
            "from_party": from_party or signer.party,
            "issuing_authority": asked.whose or signer.actor,
            "date_issued": on.date().isoformat(),
            **stated_fields(resolved_declarations=_declared(target, party, on) if party else []),
        }

    def served(stated: Mapping[str, Any], target: RecordTarget) -> list[FurtherFact]:
        from cli.terminal.following import usual_channel

        facts: list[FurtherFact] = []
        if notify is not None:
            authority = notify or _authority(target, stated)
            facts.append(("notification-sent", {"notified_authority": authority}))
        if send:
            by = channel or usual_channel(stated.get("instrument"))
            facts += [("order-transmitted", {"addressee": to, "channel": by}) for to in _addressees(stated)]
        return facts

    if channel is not None and not send:
        raise Stop("--channel says how the order is sent", hint="add --send")
    if asked.elements:
        output.tell("--elements is of files that are handed over; an order asks with --element, and it is taken so")
        sought = (*sought, *listed(asked.elements))
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
            return_timeframe=None if within is None else typed_period(within, "--within"),
        ),
        sealed=document_digests(order_document=document),
        complete=implied,
        instrument=instrument,
        lookalike=lookalike,
        together=served,
    )


def _addressees(stated: Mapping[str, Any]) -> list[str]:
    """Return the providers to which an order is sent; `Stop` if it names none."""
    if not (providers := stated.get("providers")):
        raise Stop("--send: the order names no provider", hint="--provider ACTOR names it")
    return list(providers)


def _authority(target: RecordTarget, stated: Mapping[str, Any]) -> str:
    """Return the authority to notify of an order; `Stop` unless the order or the register leaves no choice."""
    from cli.terminal.following import authority_to_notify

    found = authority_to_notify(stated.get("notified_authority"), stated.get("to_party"), target.register())
    if found is None:
        raise Stop("--notify: the register has not exactly one authority to notify", hint="--notify ACTOR names it")
    return found


def _check_given(**options: str | None) -> None:
    """Raise the usage error of a required option that is missing."""
    ctx = click.get_current_context()
    for param in ctx.command.params:
        if param.name in options and options[param.name] is None:
            raise click.MissingParameter(ctx=ctx, param=param)


def _print_template(instrument: str) -> None:
    """Print the template of an order, with what the ledger knows, and the commands that take it."""
    import json

    from ledger.facts.vocabulary import INSTRUMENTS
    from ledger.facts.words.lookup import code_of, hint_of
    from projections.reports.order_template import template

    code = code_of(instrument, INSTRUMENTS)
    if code is None:
        raise Stop(f"--template {instrument}: no such instrument", hint=hint_of(instrument, INSTRUMENTS))
    known: dict[str, Any] = {}
    office = "OFFICE"
    if ledger_choice.has_ledger():
        known, office = _known()
    click.echo(json.dumps(template(code, known), ensure_ascii=False, indent=2))
    output.tell("put a value in the place of each null that you can state; a null that stays is not stated")
    tell_next(
        "comity lint order.json",
        f"comity issue --from order.json --as {quoted(office)}",
        heading="next, if this is order.json:",
    )


def _known() -> tuple[dict[str, Any], str]:
    """Return the fields of an order that the register leaves no choice about, and the only office that may issue."""
    from cli.session.ledger_reader import reading_anywhere

    with reading_anywhere(describe=False) as reader:
        offices = list(reader.keyring().offices.values())
        own = reader.party()
    issuers = [o.actor for o in offices if o.party == own and "ISS" in o.roles]
    providers = [o for o in offices if o.party != own and {"SP", "REG"} & {*o.roles}]
    fields: dict[str, Any] = {}
    if len(providers) == 1:
        fields = {"to_party": providers[0].party, "providers": [providers[0].actor]}
    return fields, issuers[0] if len(issuers) == 1 else "OFFICE"


def _declared(target: RecordTarget, party: str, on: datetime) -> list[str]:
    """Return the declarations of the other Party on the day of issue, in its own time zone.

    The order records them as they were at that time.
    """
    from ledger.law.parties.party_register import fold

    register = fold(target.register())
    return sorted(register.declared(party, register.days(party).day(on)))
