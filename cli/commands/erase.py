"""`comity erase`: destroy the key to the sealed values of one data subject."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager

import click
from msgspec.structs import replace

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.open_ledger import case, find, hand, writing
from cli.session.options import AS, KEY, ROLE
from cli.session.record_target import FolderTarget
from cli.session.subjects import called, near, subject_name
from cli.terminal import output, prompts
from cli.terminal.receipt import tell
from ledger.adapters.subject_keys.names import TARGET
from ledger.application.erasure_scope import ErasureScope
from ledger.application.journal import Journal
from ledger.application.subject_keys_binding import where
from ledger.application.write.draft import target_of
from ledger.entries.case import Case, Unread
from ledger.entries.envelope import Signer, open_
from ledger.entries.form import slips
from ledger.errors import LedgerError
from ledger.facts import build
from ledger.law import Judgement, judge
from ledger.verify.disclosures import CUSTODIANS


@command(
    "comity erase PPO-2026-123 --cause retention-ended --as orn",
    "comity erase PPO-2026-123 --subject 'witness 3' --cause erasure-granted --as dpo",
    "comity erase --subject 'witness 3' --everywhere --cause erasure-granted --as dpo",
)
@click.argument("order", required=False)
@click.option("--subject", metavar="NAME", help="The data subject, if it is not the target of ORDER.")
@click.option("--everywhere", is_flag=True, help="In all orders of this data subject.")
@click.option("--only-here", is_flag=True, help="Erase what this keys.db opens, though other keys sealed values too.")
@click.option("--lost", is_flag=True, help="All values whose keys are in no keys.db any more.")
@click.option(
    "--cause", required=True, metavar="CODE", help="retention-ended, erasure-granted, out-of-scope, withdrawn, other."
)
@click.option("--custodian", "custodians", multiple=True, metavar="ACTOR", help="Who held the key; repeatable.")
@AS
@ROLE
@KEY
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(
    order: str | None,
    subject: str | None,
    everywhere: bool,
    only_here: bool,
    lost: bool,
    cause: str,
    custodians: tuple[str, ...],
    actor: str | None,
    role: str | None,
    key_file: str | None,
    yes: bool,
) -> None:
    """Destroy the keys to a subject's sealed values: no one can read them again, and the chain still verifies.

    First shows the values, the duties that are still open and what the record loses. A restriction keeps the values and
    locks them instead.
    """
    if lost and (order or subject or everywhere or only_here):
        raise click.UsageError("--lost takes what keys are missing for, of any subject: no ORDER, no --subject")
    if order is None and subject is None and not lost:
        raise Stop("whose values?", hint="name an ORDER, whose target is meant, or --subject NAME, or both")
    with writing() as journal:
        fields = {"key_ref": "x", "method": "crypto-erased", "cause": cause, "custodians": list(custodians)}
        for slip in slips(
            build("payload-key-destroyed", fields, {}), journal.cases.known(journal.read_keyring()), journal.now()
        ):
            raise slip
        if lost:
            signer = _custodian(journal, actor, role, key_file)
            scope = journal.erasure.lost()
            for line in _covers(journal, scope):
                output.tell(line)
            with _outside(journal, scope) as delete, _kept_files(journal, scope) as (remove, finish):
                prompts.confirm("no keys.db opens them any more, and what is encrypted is dropped", yes=yes)
                delete()
                remove()
                finish()
            for receipt in journal.erasure.erase_lost(signer, cause=cause, custodians=custodians):
                tell(FolderTarget(journal), "payload-key-destroyed", receipt)
            return
        here = None if order is None else find(journal, order)
        named = target_of(str(here)) if subject is None else subject_name(subject, lambda o: find(journal, o))
        named = journal.subject_keys.stored_name(named) if journal.subject_keys else named
        if subject is not None:
            for line in near(journal, named):
                output.tell(f"{line}, and stays; `comity subject same` says otherwise")
        place = None if everywhere else here or _only_order(journal, named)
        signer = _custodian(journal, actor, role, key_file, place)
        journal.erasure.check_whole(place, only_here=only_here)
        covered = journal.erasure.covered(named, place)
        if offices := journal.erasure.logged(covered):
            raise Stop(
                f"the log of accesses by {', '.join(offices)} is under that key, and it is kept: LED art. 25 wants the "
                "justification and the person of every access",
                hint="how long such a log is kept is a rule of its own, and no right of a data subject erases it",
                code=Exit.REFUSED,
            )
        if covered.keys:
            for line in _covers(journal, covered):
                output.tell(line)
            hint = "comity record processing-restricted ORDER -f cause=kept-as-evidence"
            output.tell(f"to keep the values and lock them: {hint}")
            with _outside(journal, covered) as delete:
                prompts.confirm("the key is destroyed, and nobody can bring back what it sealed", yes=yes)
                delete()
        with _kept_files(journal, covered) as (remove, finish):
            receipts = journal.erasure.erase(
                named, signer, order=place, cause=cause, custodians=custodians, only_here=only_here
            )
            remove()
            finish()
        for receipt in receipts:
            if receipt.already:
                output.tell(f"already destroyed, entry {receipt.index}")
            tell(FolderTarget(journal), "payload-key-destroyed", receipt)
        if not receipts:
            output.tell("nothing was sealed under that key, so no entry tells of it; the key is destroyed")
        if others := journal.erasure.elsewhere(place):
            says = f"{where(journal.store, others)} stay readable where their keys are, and may be this person's"
            raise LedgerError("KEYS-OTHER", says, "erase there, too")


@contextmanager
def _outside(journal: Journal, covered: ErasureScope) -> Iterator[Callable[[], None]]:
    """Say what an erasure reaches outside of the log; yield a function that deletes it: bundles, and notes."""
    from server.work.erasure import notes_on

    with (
        _bundles(journal, covered) as bundles,
        notes_on(journal.folder, {_main(journal, order) for _, order, *_ in covered.values}) as (count, notes),
    ):
        if count:
            output.tell(f"{output.counted(count, 'note')} of offices on these orders, and notices, are deleted")

        def delete() -> None:
            bundles()
            notes()

        yield delete


def _main(journal: Journal, order: str) -> str:
    return (journal.subject_keys.main_of(order) if journal.subject_keys else None) or order


@contextmanager
def _bundles(journal: Journal, covered: ErasureScope) -> Iterator[Callable[[], None]]:
    """Say which bundles to and from peers open values of an erasure; yield a function that deletes the bundles here."""
    if not (journal.folder.path / "exchange.db").exists():
        yield lambda: None
        return
    from server.exchange.erasure import delete, reach
    from server.exchange.store import ExchangeStore

    values = {(index, field) for index, _, field, _ in covered.values}
    with closing(ExchangeStore(journal.folder.path)) as store:
        found = reach(store, values, {_main(journal, order) for _, order, *_ in covered.values})
        for waiting in found.waiting:
            output.tell(f"the bundle {waiting.digest[:12]} for {waiting.peer} opens some of them: it is deleted here")
            if waiting.tries:
                output.tell(f"{waiting.peer} may have it: it was handed over {output.counted(waiting.tries, 'time')}")
        for held in found.quarantined:
            says = "in quarantine may open some of them: it is refused and deleted"
            output.tell(f"the bundle {held.digest[:12]} of {held.peer} {says}")
        for given in found.given:
            says = f"got a bundle of order {given.order}: what it opened stays there, ask them"
            output.tell(f"{given.peer} {says}")
        yield lambda: delete(store, found, journal.origin)


@contextmanager
def _kept_files(journal: Journal, covered: ErasureScope) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    """Say how many kept files an erasure reaches; yield functions that remove their links, and delete the files."""
    from server.files.erasure import reached

    with reached(journal.folder, journal.subject_keys, covered.keys) as found:
        if found is None or not found.count:
            yield lambda: None, lambda: None
            return
        output.tell(f"{output.counted(found.count, 'kept file')} can be read by no one any more")

        def finish() -> None:
            try:
                output.tell(f"{output.counted(found.delete(), 'encrypted file')} deleted from the store")
            except LedgerError as fault:
                output.tell(f"the store cannot be reached ({fault.says}): the server deletes what is left of them")

        yield found.remove, finish


def _custodian(
    journal: Journal, actor: str | None, role: str | None, key_file: str | None, order: str | None = None
) -> Signer:
    """Return the signer of an erasure; `Stop` with REFUSED for an office that does not keep the keys of this ledger.

    A verifier accepts an erasure from a custodian only.
    """
    signer, party = (
        hand(journal, "payload-key-destroyed", actor, role, key_file, order),
        journal.read_keyring().registrar.party,
    )
    if signer.party != party or signer.role not in CUSTODIANS:
        says = f"{signer.actor} ({signer.role}) does not keep the keys of this ledger, so it does not say they are gone"
        hint = f"an office of {party} signs it, as {', '.join(CUSTODIANS)}"
        raise Stop(says, hint=hint, code=Exit.REFUSED)
    return signer


def _only_order(journal: Journal, subject: str) -> str | None:
    """Return the one order with sealed values of a data subject; None without one, `Stop` if there are several."""
    orders = sorted(set(journal.subject_keys.keys_of(subject).values())) if journal.subject_keys else []
    if len(orders) > 1:
        places = ", ".join(called(journal, order) for order in orders[:_FEW])
        more = f" and {len(orders) - _FEW} more" if len(orders) > _FEW else ""
        raise Stop(f"{subject!r} is known in {places}{more}", hint="name one ORDER, or say --everywhere")
    return orders[0] or None if orders else None


_FEW = 10  # orders, and entries of each, that are listed


def _covers(journal: Journal, covered: ErasureScope) -> Iterator[str]:
    """Yield lines on what an erasure covers: the number of values, their fields, entries and orders, and each loss."""
    orders: dict[str, dict[int, list[str]]] = {}
    for index, order, field, _ in covered.values:
        orders.setdefault(_main(journal, order), {}).setdefault(index, []).append(field)
    count = output.counted(len(covered.values), "value")
    entries = output.counted(sum(map(len, orders.values())), "entry", "entries")
    yield f"covers {count} in {entries} of {output.counted(len(orders), 'order')}"
    digests = {digest for *_, digest in covered.values}
    listed = set(journal.orders())
    for order, fields in orders.items():
        name = called(journal, order)
        for index in list(fields)[:_FEW]:
            p = open_(journal.store.at(index) or b"", verify=False).payload
            prefix = "companion " if p.order != order else ""
            yield f"{name}: {prefix}#{p.seq} {p.kind}: {', '.join(sorted(fields[index]))}"
        if len(fields) > _FEW:
            yield f"{name}: and {len(fields) - _FEW} more entries"
        if order in listed:
            yield from losses(case(journal, order), journal, digests)
    around = {_main(journal, order) for key_id in covered.keys for _, order, *_ in journal.store.encrypted_with(key_id)}
    for order in sorted(around & listed):
        for whose, left in journal.erasure.stays(order, covered.keys).items():
            name, count = called(journal, order), output.counted(len(left), "value")
            yield f"{name}: stays readable: {count} of {_subject(journal, whose)}: {', '.join(dict.fromkeys(left))}"


def _subject(journal: Journal, name: str) -> str:
    """Return a data subject as `--subject` takes it: for the target of an order, with the order's name for people."""
    return repr(f"{TARGET}{called(journal, name.removeprefix(TARGET))}" if name.startswith(TARGET) else name)


def losses(case: Case, journal: Journal, gone: Collection[str]) -> list[str]:
    """Return lines on the open deadlines of an order, and on what its record loses with the values of these digests."""
    from projections.views.due import due

    now = journal.now()
    before, after = judge(case, now), judge(_without(case, gone), now)
    name = called(journal, case.order)
    lines = [f"{name}: open: {d.clock.id}, due {output.plain(d.clock.due) or 'not known'}" for d in due(before, now)]
    lines += [f"{name}: loses: {line}" for line in _changed(before, after)]
    return lines or [f"{name}: no duty is open, and no criterion changes"]


def _changed(before: Judgement, after: Judgement) -> list[str]:
    lines = [
        f"{name} {c.state} becomes {after.criteria[name].state}"
        for name, c in before.criteria.items()
        if c.state != after.criteria[name].state
    ]
    codes = {f.code for f in before.findings}
    return lines + [f"{f.code}: {f.says}" for f in after.findings if f.code not in codes]


def _without(case: Case, gone: Collection[str]) -> Case:
    """Return the order as its readers see it once the sealed values of these digests are erased."""
    return replace(
        case,
        entries=tuple(
            replace(e, sealed={n: Unread.ERASED if e.digests.get(n) in gone else v for n, v in e.sealed.items()})
            for e in case.entries
        ),
    )
