"""Running a ledger: begin it, publish it, copy it, check it, and take out what nobody may read any more."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.commands.key import PASSPHRASE
from cli.exit_codes import Exit, Stop
from cli.terminal import output

if TYPE_CHECKING:
    from ledger.application.erasure import Covered
    from ledger.application.journal import Journal
    from ledger.entries.case import Case
    from ledger.entries.envelope import Signer
    from ledger.law import Judgement


@output.command(
    "comity init ledger/ --origin ledger.example/xo/karsk",
    "comity init test/ --origin ledger.example/xo/try --test",
    "comity init ledger/ --origin ledger.example/xo/karsk --store postgresql://db.example/karsk",
)
@click.argument("folder", metavar="DIR")
@click.option("--origin", required=True, metavar="O", help="The log's name, a lower-case URL without its scheme.")
@click.option("--test", is_flag=True, help="A test ledger: it says TEST on everything it makes.")
@click.option("--registrar", default="registrar", metavar="NAME", help="Who keeps the register.")
@click.option("--party", metavar="PARTY", help="Whose; else the second part of the origin, as in ledger.example/xo/...")
@output.STORE
@output.KEY
@PASSPHRASE
def init(
    folder: str,
    origin: str,
    test: bool,
    registrar: str,
    party: str | None,
    store: str,
    key_file: str | None,
    passphrase_fd: int | None,
) -> None:
    """Begin a ledger in DIR, with its registrar, log key and guard.

    Log key and guard are kept outside DIR, in your state folder; the registrar's key in your configuration folder.
    DIR/trust is what you hand to those who will verify. With --store, DIR/store keeps the address of the entries.
    """
    from cli.commands.key import checked_name, passphrase
    from cli.session.open_ledger import opened
    from ledger.adapters.folders.user_folders import Home
    from ledger.adapters.keys import key_files
    from ledger.adapters.keys.open_key import is_elsewhere
    from ledger.application.create_ledger import check_vacant
    from ledger.application.journal import Journal
    from ledger.entries.keyring import Registrar
    from ledger.tlog.note import check_origin

    check_origin(origin)
    state = _party(origin, party, test)
    path, home = Path(folder), Home.user()
    check_vacant(path)
    if not re.fullmatch(r"[a-z0-9_.-]{1,200}", registrar):
        raise Stop(f"{registrar!r} is no name for an office", hint="lower-case letters, digits, dot, dash, underscore")
    mine = home.keys / checked_name(f"{registrar}.{origin.replace('/', '.')}"[:80])
    file = key_file or str(mine)
    there = is_elsewhere(file) or key_files.exists(Path(file))
    key = opened(file) if there else key_files.new(Path(file), passphrase=passphrase(passphrase_fd))
    if not is_elsewhere(file):
        key_files.finish(Path(file), key.public)
    who = Registrar(registrar, state, key.public.hex())
    with Journal.create(path, origin, who, home=home, test=test, store=store) as journal:
        journal.publish()
        document = {
            "ledger": folder,
            "origin": origin,
            "test": test,
            "store": store or None,
            "log_key": journal.folder.key.text,
            "registrar": {"actor": registrar, "party": state, "key": key.public.hex(), "file": file},
            "guard": str(home.log(origin)),
        }

    def text() -> str:
        lines = [
            f"{'TEST ledger' if test else 'ledger'} {origin} in {folder}",
            f"  log key    {document['log_key']}",
            f"  registrar  {registrar} of {state}, key {file}",
            f"  guard      {document['guard']}",
            *([f"  entries    {store}"] if store else []),
        ]
        return "\n".join(lines)

    output.emit("init", document, ("ledger", "origin", "log_key"), [(folder, origin, document["log_key"])], text=text)
    output.tell("whoever can read the log key can sign a checkpoint; only witnesses stop a fork")
    output.tell(_NEXT.format(state))


_NEXT = """next, for each Party and for each office:
  comity record party-registered -f party={0} -f zone=AREA/CITY \\
    -f declarations_verified=false
  comity key new ACTOR
  comity key enrol ACTOR --role ROLE --party {0} --office NAME
  comity key accept ACTOR
  comity key person ACTOR 'Name Surname'"""


def _party(origin: str, said: str | None, test: bool) -> str:
    """The registrar's Party: as said, else as the origin's second part has it; a test ledger may do without."""
    parts = origin.split("/")
    party = said or (parts[1].upper() if len(parts) > 2 and re.fullmatch("[a-z]{2,3}", parts[1]) else "")
    if not party and test:
        return "XX"
    if not re.fullmatch("[A-Z][A-Z0-9-]{1,31}", party):
        says = f"{said!r} is no code of a Party" if said else "whose registrar is it?"
        raise Stop(says, hint="--party XO, a code of capital letters")
    return party


@output.command("comity checkpoint", "comity checkpoint --json")
def checkpoint() -> None:
    """Sign and publish the state of the log now; prints the checkpoint, which others may hold as an anchor.

    The witnesses of the policy are asked to cosign it; once more on an idle log, it shows that the log is alive.
    """
    from cli.handover.bundle_contents import opened_head, published, witnessed
    from cli.session.open_ledger import writing

    with writing() as journal:
        journal.log.catch_up()
        policy = journal.folder.policy
        if any(key in policy.urls for key in policy.witnesses.values()):
            from cli.handover.hand_over import cosigned

            head = opened_head(journal, cosigned(journal).kept.note)
        else:
            head = published(journal)
        journal.log.files.rebuild(head.checkpoint.size, journal.store.hashes)  # tiles that are missing
        seen = witnessed(journal, head)
        asks = policy.quorum != "none"
    c = head.checkpoint
    document: dict[str, Any] = {
        "origin": c.origin,
        "size": c.size,
        "root": c.root.hex(),
        "cosignatures": len(head.cosignatures),
        "quorum": seen if asks else None,
        "note": head.note.decode(),
    }
    columns = ("origin", "size", "root", "cosignatures")
    output.emit(
        "checkpoint", document, columns, [tuple(document[n] for n in columns)], text=lambda: head.note.decode().rstrip()
    )
    if not asks:
        output.tell("NO-WITNESS: the policy asks for none")
    elif not seen:
        output.tell("UNWITNESSED: no quorum of the policy's witnesses has seen it")


@output.command("comity log publish /srv/log", "comity log publish entries/ --ledger ledger/")
@click.argument("folder", metavar="DIR")
def publish(folder: str) -> None:
    """Write the log with its entry bundles to DIR, for those who may read the entries (c2sp.org/tlog-tiles).

    The ledger's own log/ folder holds hashes only and may be public; what is written here may not.
    """
    from cli.session.open_ledger import writing

    with writing() as journal:
        kept = journal.log.publish_entries(Path(folder))
        origin = journal.origin
    document = {"origin": origin, "size": kept.size, "folder": folder}
    says = f"{origin}, {kept.size} entries, in {folder}"
    output.emit("publish", document, tuple(document), [tuple(document.values())], text=lambda: says)


# -- checking ----------------------------------------------------------------------------------------------------------


@output.command("comity fsck", "comity fsck --ledger ledger/ --json", refused=Exit.UNDECIDABLE)
def fsck() -> None:
    """Is this ledger whole, under its own trust? Entries, keys, sealed values, heads, guard, tiles, witnesses.

    Everything is derived again from the stored bytes; nothing is changed. Exit 0: CONSISTENT; 1: INCONSISTENT; 3:
    UNDECIDED, because something to compare with is missing or silent. What it proves to others is for `comity verify`.
    """
    from cli.commands.fsck import EXITS, examine

    found = examine(Path(output.ledger_folder()))
    for says in found.beside:
        output.tell(says)
    report = found.report
    document = {
        "verdict": str(found.verdict),
        "reasons": [{"code": r.code, "where": r.where, "says": r.says} for r in found.reasons],
        "entries": report.entries + report.not_covered,
        "signatures": report.signatures,
        "not_covered": report.not_covered,
        "size": report.head.checkpoint.size if report.head else None,
    }

    entries = output.counted(report.entries + report.not_covered, "entry", "entries")
    checked = f"{entries} and {output.counted(report.signatures, 'signature')} checked"

    def text() -> str:
        code = f" {found.reasons[0].code}" if found.reasons else ""
        lines = [f"Ledger: {output.paint(str(found.verdict))}{code}", ""]
        lines.append(
            f"{checked} under the ledger's own trust; compared with the guard, every kept head and time stamp, the "
            "published files, the witnesses."
        )
        lines += [f"{r.code}{' ' + r.where if r.where else ''}: {r.says}" for r in found.reasons]
        return "\n".join(lines)

    rows = [(str(found.verdict), "verdict", "", f"{checked} under the ledger's own trust")]
    rows += [(r.code, "reason", r.where, r.says) for r in found.reasons]
    output.emit("fsck", document, ("code", "level", "where", "says"), rows, text=text)
    click.get_current_context().exit(EXITS[found.verdict])


# -- copies ------------------------------------------------------------------------------------------------------------


@output.command("comity backup ledger/ -o ledger-2027-03-01.tar")
@click.argument("folder", metavar="DIR")
@click.option("-o", "--output", "file", required=True, metavar="FILE", help="Where the copy goes.")
def backup(folder: str, file: str) -> None:
    """Copy a ledger while it is in use: everything but guard, log key and keys.db.

    A copy with the guard could sign a second history; keys.db has backups of its own that expire, or erasure would not
    be erasure.
    """
    from cli.handover.backup_files import copy_out

    size, count = copy_out(Path(folder), file)
    document = {"ledger": folder, "file": file, "size": size, "files": count}
    says = f"{size} entries in {count} files: {file}"
    output.emit("backup", document, tuple(document), [tuple(document.values())], text=lambda: says)


@output.command(
    "comity restore ledger-2027-03-01.tar ledger/",
    "comity restore ledger-2027-03-01.tar ledger/ --store postgresql://db.example/karsk",
)
@click.argument("file")
@click.argument("folder", metavar="DIR")
@click.option(
    "--behind", is_flag=True, help="Put it back even if the log has signed more since: to read, never to write."
)
@output.STORE
def restore(file: str, folder: str, behind: bool, store: str) -> None:
    """Put a copy back into DIR, verified entry by entry and checked against the guard on this machine.

    A copy older than what the log has signed is LOG-ROLLBACK: writing on in it would fork the log. A copy is the same
    whatever kept the entries: this is also how a ledger moves into a database, with --store, and out of one, without.
    """
    from cli.handover.backup_files import copy_in

    size = copy_in(file, Path(folder), behind=behind, store=store)
    document = {"ledger": folder, "file": file, "size": size}
    says = f"{size} entries, verified, in {folder}"
    output.emit("restore", document, tuple(document), [tuple(document.values())], text=lambda: says)


# -- erasure -----------------------------------------------------------------------------------------------------------


@output.command(
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
@output.AS
@output.ROLE
@output.KEY
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
    """Destroy the keys to a subject's sealed values: nobody will read them again, and the chain still verifies.

    First shows which values they are, the duties still open and what the record loses. Restriction keeps the values and
    locks them instead.
    """
    from cli.commands.record import tell
    from cli.commands.subject import near, subject_name
    from cli.session.open_ledger import find, writing
    from ledger.application.sealing import target_of
    from ledger.application.subject_keys_binding import where
    from ledger.entries.form import slips
    from ledger.errors import LedgerFault
    from ledger.facts import build

    if lost and (order or subject or everywhere or only_here):
        raise click.UsageError("--lost takes what keys are missing for, whoever's it is: no ORDER, no --subject")
    if order is None and subject is None and not lost:
        raise Stop("whose values?", hint="name an ORDER, whose target is meant, or --subject NAME, or both")
    with writing() as journal:
        asked = {"key_ref": "x", "method": "crypto-erased", "cause": cause, "custodians": list(custodians)}
        for slip in slips(
            build("payload-key-destroyed", asked, {}), journal.cases.known(journal.keyring), journal.now()
        ):
            raise slip
        if lost:
            signer = _custodian(journal, actor, role, key_file)
            for line in _covers(journal, journal.lost()):
                output.tell(line)
            output.confirm("no keys.db opens them any more, and what is encrypted is dropped", yes=yes)
            for receipt in journal.erase_lost(signer, cause=cause, custodians=custodians):
                tell(journal, "payload-key-destroyed", receipt)
            return
        here = None if order is None else find(journal, order)
        named = target_of(str(here)) if subject is None else subject_name(subject, lambda o: find(journal, o))
        named = journal.drawer.spelt(named) if journal.drawer else named
        if subject is not None:
            for line in near(journal, named):
                output.tell(f"{line}, and stays; `comity subject same` says otherwise")
        place = None if everywhere else here or _only_order(journal, named)
        signer = _custodian(journal, actor, role, key_file)
        journal.check_whole(place, only_here=only_here)
        covered = journal.covered(named, place)
        if offices := journal.logged(covered):
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
            output.confirm("the key is destroyed, and nobody can bring back what it sealed", yes=yes)
        receipts = journal.erase(named, signer, order=place, cause=cause, custodians=custodians, only_here=only_here)
        for receipt in receipts:
            if receipt.already:
                output.tell(f"already destroyed, entry {receipt.index}")
            tell(journal, "payload-key-destroyed", receipt)
        if not receipts:
            output.tell("nothing was sealed under that key, so no entry tells of it; the key is destroyed")
        if others := journal.elsewhere(place):
            says = f"{where(journal.store, others)} stay readable where their keys are, and may be this person's"
            raise LedgerFault("KEYS-OTHER", says, "erase there, too")


def _custodian(journal: Journal, actor: str | None, role: str | None, key_file: str | None) -> Signer:
    """Who signs an erasure; `Stop` with REFUSED for who keeps no keys here: nobody would go by what it says."""
    from cli.session.open_ledger import hand
    from ledger.verify.disclosures import CUSTODIANS

    signer, party = hand(journal, "payload-key-destroyed", actor, role, key_file), journal.keyring.registrar.party
    if signer.party != party or signer.role not in CUSTODIANS:
        says = f"{signer.actor} ({signer.role}) does not keep the keys of this ledger, so it does not say they are gone"
        hint = f"an office of {party} signs it, as {', '.join(CUSTODIANS)}"
        raise Stop(says, hint=hint, code=Exit.REFUSED)
    return signer


def _only_order(journal: Journal, subject: str) -> str | None:
    """The one order in which something is sealed for a data subject; `Stop` if there are several."""
    from cli.commands.subject import called

    orders = sorted(set(journal.drawer.keys_of(subject).values())) if journal.drawer else []
    if len(orders) > 1:
        places = ", ".join(called(journal, order) for order in orders[:_FEW])
        more = f" and {len(orders) - _FEW} more" if len(orders) > _FEW else ""
        raise Stop(f"{subject!r} is known in {places}{more}", hint="name one ORDER, or say --everywhere")
    return orders[0] or None if orders else None


_FEW = 10  # orders, and entries of each, that are named one by one


def _covers(journal: Journal, covered: Covered) -> Iterator[str]:
    """What an erasure covers: how many values, of which fields, in which entries and orders; and what each loses."""
    from cli.commands.subject import called
    from cli.session.open_ledger import case
    from ledger.entries.envelope import open_

    def main(order: str) -> str:
        return (journal.drawer.main_of(order) if journal.drawer else None) or order

    orders: dict[str, dict[int, list[str]]] = {}
    for index, order, field, _ in covered.values:
        orders.setdefault(main(order), {}).setdefault(index, []).append(field)
    count = output.counted(len(covered.values), "value")
    entries = output.counted(sum(map(len, orders.values())), "entry", "entries")
    yield f"covers {count} in {entries} of {output.counted(len(orders), 'order')}"
    gone = {digest for *_, digest in covered.values}
    listed = set(journal.orders())
    for order, fields in orders.items():
        name = called(journal, order)
        for index in list(fields)[:_FEW]:
            p = open_(journal.store.at(index) or b"", verify=False).payload
            beside = "companion " if p.order != order else ""
            yield f"{name}: {beside}#{p.seq} {p.kind}: {', '.join(sorted(fields[index]))}"
        if len(fields) > _FEW:
            yield f"{name}: and {len(fields) - _FEW} more entries"
        if order in listed:
            yield from losses(case(journal, order), journal, gone)
    around = {main(order) for key_id in covered.keys for _, order, *_ in journal.store.closed_by(key_id)}
    for order in sorted(around & listed):
        for whose, left in journal.stays(order, covered.keys).items():
            name, count = called(journal, order), output.counted(len(left), "value")
            yield f"{name}: stays readable: {count} of {_subject(journal, whose)}: {', '.join(dict.fromkeys(left))}"


def _subject(journal: Journal, name: str) -> str:
    """A data subject as `--subject` takes it: the target of an order by what people call the order."""
    from cli.commands.subject import called
    from ledger.adapters.storage.subject_keys import TARGET

    return repr(f"{TARGET}{called(journal, name.removeprefix(TARGET))}" if name.startswith(TARGET) else name)


def losses(case: Case, journal: Journal, gone: Collection[str]) -> list[str]:
    """What an order still owes, and what its record no longer shows once the values of these digests are gone."""
    from cli.commands.subject import called
    from ledger.law import judge
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
    told = {f.code for f in before.findings}
    return lines + [f"{f.code}: {f.says}" for f in after.findings if f.code not in told]


def _without(case: Case, gone: Collection[str]) -> Case:
    """The same order as its readers will know it when the sealed values of these digests are erased."""
    from msgspec.structs import replace

    from ledger.entries.case import Unread

    return replace(
        case,
        entries=tuple(
            replace(e, sealed={n: Unread.ERASED if e.digests.get(n) in gone else v for n, v in e.sealed.items()})
            for e in case.entries
        ),
    )
