"""The five steps everybody needs, each with the flags its law needs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from cli.commands.record import Asked, put, recording
from cli.exit_codes import Stop
from cli.terminal import output

if TYPE_CHECKING:
    from cli.exit_codes import Exit
    from ledger.application.journal import Journal
    from ledger.entries.envelope import Signer


@output.command(
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
@recording
def issue(
    asked: Asked,
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
) -> Exit:
    """Make an order, and record that it was made. What it lacks under its instrument is shown before it is signed.

    `comity lint` shows the same beforehand; --from takes the order's fields as JSON.
    """

    def implied(signer: Signer, on: datetime, journal: Journal) -> dict[str, Any]:
        return {
            "from_party": from_party or signer.party,
            "issuing_authority": asked.whose or signer.actor,
            "date_issued": on.date().isoformat(),
            **_stated(resolved_declarations=_declared(journal, to_party, on)),
        }

    return put(
        asked,
        "order-issued",
        order or "new",
        public=_stated(
            instrument=instrument,
            to_party=to_party,
            reference=reference,
            providers=list(providers),
            data_categories=list(categories),
            elements_sought=list(sought),
            return_timeframe=within,
        ),
        sealed=_documents(order_document=document),
        complete=implied,
        instrument=instrument,
    )


def _declared(journal: Journal, party: str, on: datetime) -> list[str]:
    """What the other Party has declared as of the day of issue, in its own zone: kept in the order as looked up."""
    from ledger.law.reading.parties import fold

    register = fold(journal.cases.register(reveal=False))
    return sorted(register.declared(party, register.days(party).day(on)))


@output.command(
    "comity notify PPO-2026-123 --to ncco --includes order,summary-of-facts --as ilves",
    "comity notify PPO-2026-123 --to ncco --about '#9' --as ilves              (a corrected version)",
)
@click.argument("order")
@click.option("--to", "authority", required=True, metavar="ACTOR", help="The authority that is told.")
@click.option("--includes", multiple=True, metavar="LIST", help="What goes with it: order, summary-of-facts, ...")
@click.option("--about", metavar="ENTRY", help="The version notified; without it, the order as issued.")
@recording
def notify(asked: Asked, order: str, authority: str, includes: tuple[str, ...], about: str | None) -> Exit:
    """The other State is told of ORDER: CETS 224 art. 7(5)(a); Regulation (EU) 2023/1543 art. 8."""
    named = _also(asked, about=about)
    return put(
        named, "notification-sent", order, public=_stated(notified_authority=authority, includes=_list(includes))
    )


@output.command(
    "comity object PPO-2026-123 --instruction G-7-i --as ncco",
    "comity object E-7 --ground 'EPOC:12(1)(a)' --scope part --covers message-content --as ncco",
)
@click.argument("order")
@click.option(
    "--instruction", metavar="GROUND", help="Instruct the provider not to disclose, on this ground (2AP 7(5)(c))."
)
@click.option(
    "--ground", "grounds", multiple=True, metavar="CODE", help="Raise this ground for refusal (EPOC art. 12)."
)
@click.option("--scope", type=click.Choice(["all", "part", "conditions"]), default="all", help="How much is barred.")
@click.option("--covers", multiple=True, metavar="LIST", help="The data elements barred, if only a part.")
@recording
def object_(
    asked: Asked,
    order: str,
    instruction: str | None,
    grounds: tuple[str, ...],
    scope: str,
    covers: tuple[str, ...],
) -> Exit:
    """The notified authority says no to ORDER: by an instruction not to disclose, or by a ground for refusal.

    These are two different acts under two different laws, so which of them is meant must be said.
    """
    if bool(instruction) == bool(grounds):
        instruction, grounds = _which(instruction, grounds)
    if instruction:
        if scope == "conditions":
            raise Stop("an instruction bars all or a part", hint="conditions are for --ground; see condition-imposed")
        public = _stated(ground=instruction, scope=scope, elements=_list(covers))
        return put(asked, "non-disclosure-instructed", order, public=public)
    public = _stated(grounds=_list(grounds), scope=scope, elements=_list(covers))
    return put(asked, "ground-for-refusal-raised", order, public=public)


def _which(instruction: str | None, grounds: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    if instruction and grounds:
        raise Stop("an instruction and a ground for refusal are two acts", hint="record them one after the other")
    if not output.attended():
        hint = "--instruction GROUND (CETS 224 art. 7(5)(c)) or --ground CODE (Regulation 2023/1543 art. 12)"
        raise Stop("which objection is meant?", hint=hint)
    from ledger.facts.vocabulary import GROUNDS

    output.tell("Which objection is meant?")
    output.tell("  instruction  not to disclose, to the provider: CETS 224 art. 7(5)(c)")
    output.tell("  ground       for refusal, to the issuing authority: Regulation (EU) 2023/1543 art. 12")
    chosen = click.prompt("Which", type=click.Choice(["instruction", "ground"]), err=True)
    codes = [code for code in GROUNDS if code.startswith("G-7" if chosen == "instruction" else "EPOC:12")]
    ground: str = click.prompt("On which ground", type=click.Choice(codes), err=True)
    return (ground, ()) if chosen == "instruction" else (None, (ground,))


@output.command(
    "comity disclose return.json PPO-2026-123 --elements name,postal-address --channel provider-portal --as skylark",
    "comity disclose a.zip b.zip PPO-2026-123 --elements name --partial --withheld login-ip "
    "--withheld-reason provider-policy --channel provider-portal --as skylark",
)
@click.argument("files", nargs=-1, required=True, metavar="FILES... [ORDER]")
@click.option("--order", metavar="ORDER", help="The order that is answered; it may also stand behind the files.")
@click.option("--channel", required=True, metavar="CODE", help="By which channel, as provider-portal.")
@click.option("--to", "recipient", metavar="ACTOR", help="Who gets the data.")
@click.option("--certificate", metavar="FILE", help="The provider's certificate of authenticity.")
@click.option("--partial", is_flag=True, help="This is not all that was asked for.")
@click.option("--withheld", multiple=True, metavar="LIST", help="The elements that are not handed over.")
@click.option("--withheld-reason", metavar="CODE", help="Why they are withheld, as instructed or not-held.")
@recording
def disclose(
    asked: Asked,
    files: tuple[str, ...],
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
    from cli.session.field_values import manifest

    paths, name = _files_and_order(files, order)
    public = _stated(
        partial=partial,
        channel=channel,
        recipient=recipient,
        withheld=_list(withheld),
        withheld_reason=withheld_reason,
        **_documents(certificate=certificate),
    )
    return put(asked, "data-disclosed", name, public=public, sealed={"manifest": manifest(paths, asked.elements)})


def _files_and_order(words: Sequence[str], order: str | None) -> tuple[list[str], str]:
    """The files, and the order: named by --order, else the last word or the first, whichever is no file."""
    if order is not None:
        return list(words), order
    for at in (-1, 0):
        rest = [word for n, word in enumerate(words) if n != at % len(words)]
        if rest and not os.path.exists(words[at]):
            return rest, words[at]
    raise Stop("which order is answered?", hint="say --order ORDER, or name it behind the files")


@output.command(
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
    asked: Asked, order: str, channel: str, includes: tuple[str, ...], notice: str | None, policy: str | None
) -> Exit:
    """The person whose data were sought is told. LED art. 13; EPOC art. 13; CETS 224 art. 14(11)."""
    public = _stated(channel=channel, includes=_list(includes), policy_ref=policy)
    return put(asked, "customer-notified", order, public=public, sealed=_documents(notice=notice))


def _stated(**values: Any) -> dict[str, Any]:
    """The values that were given; what was not said is not stated."""
    return {name: value for name, value in values.items() if value is not None and value != []}


def _list(said: Sequence[str]) -> list[str]:
    return [part.strip() for each in said for part in each.split(",") if part.strip()]


def _documents(**paths: str | None) -> dict[str, Any]:
    from cli.session.field_values import document

    return {name: document(path, name.replace("_", "-")) for name, path in paths.items() if path is not None}


def _also(asked: Asked, **said: str | None) -> Asked:
    """The same, with fields that name entries, which are looked up where all fields are."""
    from dataclasses import replace

    more = tuple(f"{name}={value}" for name, value in said.items() if value is not None)
    return replace(asked, fields=(*asked.fields, *more))
