"""`comity lapse`: record `deadline-lapsed` for clocks that ended unmet; each is computed again before it is signed."""

from __future__ import annotations

import click
from msgspec import UNSET, Struct, UnsetType

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.open_ledger import case as case_of
from cli.session.open_ledger import find, hand, writing
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from ledger.adapters.keys.key_files import listed
from ledger.application.commit_heads import ROLE
from ledger.application.journal import Journal
from ledger.entries.case import Case, wire
from ledger.entries.envelope import Signer
from ledger.facts import build
from ledger.law import Clock, ClockVerdict, judge


class LapsedItem(Struct, frozen=True):
    """One deadline that ended unmet; `trigger` is the leaf hash of the entry that started it."""

    order: str
    deadline: str
    policy: str
    due: str
    trigger: str | UnsetType = UNSET


class LapseAnswer(CommandAnswer, tag="comity.lapse/1"):
    """The deadlines that ended unmet, and whether they were recorded."""

    recorded: bool
    lapsed: list[LapsedItem]


@command("comity lapse", "comity lapse PPO-2026-123 --as node", "comity lapse --dry-run --json")
@click.argument("order", required=False)
@click.option("--as", "actor", help="The office in the role SYS that signs; else the only one whose key is here.")
@click.option("--dry-run", is_flag=True, help="Say what would be recorded, and record nothing.")
def lapse(order: str | None, actor: str | None, dry_run: bool) -> None:
    """Record deadline-lapsed for every clock of ORDER, or of every order, that ran out with nothing done."""
    lapsed: list[LapsedItem] = []
    with writing() as journal:
        moment = journal.now()
        chosen = [find(journal, order)] if order else list(journal.orders())
        signer = None if dry_run else _node(journal, actor)
        for name in chosen:
            case = case_of(journal, name)
            for clock in unanswered(case, judge(case, moment).deadlines):
                fields = {"deadline": clock.id, "policy": clock.policy, "due": wire(clock.due or moment)}
                if clock.trigger:
                    fields["trigger"] = clock.trigger
                lapsed.append(LapsedItem(name, clock.id, clock.policy, fields["due"], clock.trigger or UNSET))
                if signer is not None:
                    journal.record(build("deadline-lapsed", fields, {}), name, signer)
    output.emit(LapseAnswer(not dry_run, lapsed), ("order", "deadline", "policy", "due"), lapsed)
    if not lapsed:
        output.tell("no clock ended unmet that is not on record already")


def unanswered(case: Case, clocks: tuple[Clock, ...]) -> list[Clock]:
    """Return the clocks that ended with no entry that meets them, and that no `deadline-lapsed` records yet."""
    lapses = {(e.get("deadline"), e.get("policy"), e.get("due")) for e in case.entries if e.kind == "deadline-lapsed"}
    return [
        c
        for c in clocks
        if c.verdict is ClockVerdict.MISSED and not c.met_by and c.due and (c.id, c.policy, wire(c.due)) not in lapses
    ]


def _node(journal: Journal, actor: str | None) -> Signer:
    if actor is None:
        keyring, here = journal.read_keyring(), {key.hex() for key in listed(journal.home.keys).values()}
        offices = (o.actor for o in keyring.offices.values() if ROLE in o.roles)
        nodes = [name for name in offices if any(key.public in here for key in keyring.current(name))]
        if len(nodes) != 1:
            says = f"offices in the role {ROLE} whose key is here: {', '.join(nodes) or 'none'}"
            raise Stop(says, hint="name one with --as, or register one", code=Exit.USAGE)
        actor = nodes[0]
    return hand(journal, "deadline-lapsed", actor, ROLE, None)
