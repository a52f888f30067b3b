"""`comity object`: record the objection of the notified authority."""

from __future__ import annotations

import click

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.recording import RecordOptions, put, recording
from cli.session.step_fields import listed, stated_fields
from cli.terminal import output, prompts


@command(
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
    asked: RecordOptions,
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
        public = stated_fields(ground=instruction, scope=scope, elements=listed(covers))
        return put(asked, "non-disclosure-instructed", order, public=public)
    public = stated_fields(grounds=listed(grounds), scope=scope, elements=listed(covers))
    return put(asked, "ground-for-refusal-raised", order, public=public)


def _which(instruction: str | None, grounds: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    if grounds:  # or neither
        raise Stop("an instruction and a ground for refusal are two acts", hint="record them one after the other")
    if not prompts.attended():
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
