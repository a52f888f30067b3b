"""`comity report`: the documents people file, each one page of HTML or the same values as JSON."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import ui
from cli.access import AS_ACTOR, BECAUSE, REVEAL, revealed
from cli.ask import AS_OF
from cli.exits import Exit, Stop
from cli.reading import Reader, reading

if TYPE_CHECKING:
    from ledger.law import Judgement
    from ledger.order import Case
    from ledger.verify import Trust
    from ledger.world.heads import Kept
    from projections.face import Command, Making
    from projections.page import Report

KINDS = ("custody", "evidence-chain", "dpo", "audit")
VIEWS = {"custody": "custody", "evidence-chain": "evidence-chain", "dpo": "dpo"}  # as record-accessed names them
EXITS = {"TOTAL-PASSED": Exit.DONE, "INDETERMINATE": Exit.FINDINGS, "TOTAL-FAILED": Exit.PROVED_BAD}
HEADS = 50  # heads an audit lists; all are compared


@ui.command(
    "comity report custody PPO-2026-123 -o custody.html",
    "comity report evidence-chain main --as-of 2027-09-02T00:00:00Z --trust trust/ -o chain.html",
    "comity report dpo main --json",
    "comity report custody main -o custody.html --record --as ilves",
    "comity report audit -o audit.html",
    refused=Exit.UNDECIDABLE,
)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("order", required=False)
@AS_OF
@click.option("-o", "--output", "file", default="-", metavar="FILE", help="Where it goes (default: standard output).")
@click.option("--trust", metavar="DIR|FILE", help="What you hold from elsewhere: policy and registrar.")
@click.option("--record", is_flag=True, help="Record that it was made (report-issued), with the digest of FILE.")
@REVEAL
@BECAUSE
@AS_ACTOR
def report(
    kind: str,
    order: str | None,
    as_of: datetime | None,
    file: str,
    trust: str | None,
    record: bool,
    reveal: bool,
    because: str | None,
    actor: str | None,
) -> None:
    """Write a report: custody, evidence-chain and dpo (the processing record) of ORDER, audit of the whole ledger.

    One HTML file without network and script, or --format json. Its first page says what was checked, what was found,
    what was not checked, and how to check it without us. Sealed values show as [sealed] unless they are revealed.
    """
    if ui.said().format not in ("table", "html", "json"):
        raise click.UsageError("a report is --format html or json")
    if (kind == "audit") != (order is None):
        raise click.UsageError("audit is of the whole ledger" if order else f"{kind} is a report on one ORDER")
    if order is None and (as_of or reveal):
        raise click.UsageError("audit reads the ledger as it is, and opens nothing: no --as-of, no --reveal")
    if record and (file == "-" or order is None):
        raise click.UsageError("--record is of a report on one ORDER in a file: -o FILE")
    from cli.court import read_trust

    held = None if trust is None else read_trust(trust)
    with reading() as reader:
        if order is None:
            made = audit_report(reader, held)
        else:
            moment = as_of or reader.now()
            case = reader.case(order)
            revealed([case.order], VIEWS[kind], reveal, because, actor)
            made = order_report(reader, kind, case, moment, held, reveal=reveal)
    put(file, as_text(kind, made))
    if record and order is not None:
        record_report(kind, case.order, made.face.making.as_of, file, actor)
    if order is None:
        click.get_current_context().exit(EXITS[made.face.making.integrity.verdict])


# The common --format knows tables; a report is a page.
next(p for p in report.params if "--format" in p.opts).type = click.Choice(("html", "json"))


def as_text(kind: str, made: Report) -> str:
    """A report as it was asked for: a page, or its values as JSON."""
    if ui.said().format == "json":
        return ui.dumps({"format": f"comity.report-{kind}/1", **asdict(made)}) + "\n"
    from projections.page import page

    return page(made)


def put(file: str, text: str) -> None:
    """Write text to a new file, or to standard output for `-`."""
    if file == "-":
        click.echo(text, nl=False)
        return
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise Stop(f"{file} is there already", hint="a report is never overwritten; choose another name") from None
    ui.tell(f"{file}: open it in any browser; it needs no network")


def record_report(kind: str, order: str, as_of: datetime, file: str, actor: str | None) -> None:
    """Record `report-issued` in the order the report is about: which report, of which moment, its digest, the rules."""
    from hashlib import sha256

    from cli.writing import hand, writing
    from ledger.facts import build
    from ledger.law.provisions import rules_digest
    from ledger.order import wire

    data = Path(file).read_bytes()
    media = "application/json" if ui.said().format == "json" else "text/html"
    document = {"code": kind, "media": media, "size": len(data), "sha256": sha256(data).hexdigest()}
    said = {"report": kind, "as_of": wire(as_of), "document": document, "rules_digest": rules_digest()}
    with writing() as journal:
        receipt = journal.record(
            build("report-issued", said, {}), order, hand(journal, "report-issued", actor, None, None)
        )
    ui.tell(f"recorded as entry {receipt.index} of the log")


# -- of one order ------------------------------------------------------------------------------------------------------


def order_report(
    reader: Reader, kind: str, case: Case, moment: datetime, trust: Trust | None, *, reveal: bool = False
) -> Report:
    """The report of a kind on a case, as recorded at a moment."""
    from ledger.law import judge
    from projections.processing import processing_record
    from projections.reports import custody_report, evidence_chain_report
    from projections.stages import stages

    made = making(reader, case.order, moment, trust, reveal=reveal)
    known = case.known(moment)
    if not known.entries:
        raise Stop(f"nothing of this order was on record at {ui.plain(moment)}", hint="a later --as-of")
    judgement = judge(known, moment)
    todo = commands(kind, known, judgement, moment)
    if kind == "custody":
        return custody_report(known, judgement, made, todo)
    if kind == "evidence-chain":
        return evidence_chain_report(known, judgement, made, todo)
    read = [e for e in reader.accesses() if e.at <= moment and case.order in e.get("orders", ())]
    return processing_record(known, judgement, made, todo, read, stages(known, dated(reader), moment, judge))


def making(reader: Reader, order: str, moment: datetime, trust: Trust | None, *, reveal: bool = False) -> Making:
    """How a report on an order is made: what was checked, and the head kept by then that everything leads to."""
    from cli.court import tool
    from cli.integrity import read_again
    from ledger.law.provisions import rules_digest
    from projections.face import Making

    read = read_again(reader, order, reader.head_at(moment), trust)
    return Making(
        moment, tool(), rules_digest()[:16], read.checkpoint, read.checked, test=reader.folder.test, reveal=reveal
    )


def replay_of(reader: Reader, case: Case, moment: datetime, *, reveal: bool = False) -> str:
    """The page on which an order can be watched up to a moment; sealed values only where they are revealed."""
    from ledger.law import judge
    from projections.page import replay_page
    from projections.stages import replay

    cosigned = any(kept.cosigned is not None for kept in kept_heads(reader))
    made = making(reader, case.order, moment, None, reveal=reveal)
    return replay_page(replay(case, dated(reader), made, judge, cosigned=cosigned))


def dated(reader: Reader) -> list[tuple[datetime, int]]:
    """Every kept head by its time: cosigned where a witness signed it, else the log's own clock."""
    return [
        (kept.at if kept.cosigned is None else datetime.fromtimestamp(kept.cosigned, UTC), kept.size)
        for kept in kept_heads(reader)
    ]


def kept_heads(reader: Reader) -> list[Kept]:
    """Every kept head, in the order in which they were published."""
    from contextlib import closing

    from ledger.world.heads import Heads

    with closing(Heads(reader.folder.heads, writable=False)) as heads:
        return heads.all()


def commands(kind: str, case: Case, judgement: Judgement, moment: datetime) -> Sequence[Command]:
    """How somebody else checks a report on an order, with our program and without."""
    from projections.face import Command, subject

    name = subject(case, judgement).name
    named = name if name.replace("-", "").isalnum() else case.order[:13]
    as_of = ui.plain(moment)
    todo = [
        Command(
            "Ask the office for the order's bundle. It makes it with:",
            f"comity export {named} --audience COURT -o order.evidence.zip",
        ),
        Command(
            "Verify it offline, with a copy of the program, a folder of trust and a checkpoint that did not come from "
            "this office:",
            "comity verify order.evidence.zip --trust TRUST --anchor CHECKPOINT",
        ),
        Command(
            "Or without our program, with Python and OpenSSL only: the page inside tells how, in six steps.",
            "unzip order.evidence.zip READ-ME-FIRST.html",
        ),
    ]
    if kind == "custody":
        todo.append(
            Command("Is the file you hold what was disclosed, and at which hand did it change?",
                    f"comity check FILE {named}")
        )  # fmt: skip
    else:
        todo.append(
            Command("Every period and finding again, from the signed bytes:", f"comity judge {named} --as-of {as_of}")
        )
    again = f"comity report {kind} {named} --as-of {as_of} | sha256sum"
    return (*todo, Command("Make this page again: the same record gives the same bytes, up to its options.", again))


# -- of the whole ledger -----------------------------------------------------------------------------------------------


def audit_report(reader: Reader, trust: Trust | None) -> Report:
    """The report on a whole ledger, every entry read again."""
    from cli.court import tool
    from cli.integrity import audited, checkpoint
    from cli.whole import verify_ledger
    from ledger.law.provisions import rules_digest
    from projections.face import Command, Making
    from projections.verification import HeadRow, verification

    path = Path(reader.folder.path)
    found = verify_ledger(path, trust, None)
    kept = kept_heads(reader)
    made = Making(
        as_of=kept[-1].at if kept else reader.now(),
        tool=tool(),
        rules=rules_digest()[:16],
        head=checkpoint(found.head, {k.size: k for k in kept}, reader.folder.key),
        integrity=audited(found, trust),
        test=reader.folder.test,
    )
    rows = [
        HeadRow(k.size, k.at, None if k.cosigned is None else datetime.fromtimestamp(k.cosigned, UTC), k.digest)
        for k in reversed(kept)
    ]
    todo = (
        Command("The same check, on any copy of the ledger:", "comity verify LEDGER --trust TRUST --anchor CHECKPOINT"),
        Command("Also the guard and everything kept, in the office itself:", "comity fsck --ledger LEDGER"),
        Command("As JSON, for a machine to compare:", "comity verify LEDGER --trust TRUST --json"),
    )
    counts = (found.entries, found.signatures, 1 if found.head else 0)
    return verification(
        made, counts, len(list(reader.cases.orders())), _keys(reader, trust), rows[:HEADS], len(rows), todo
    )


def _keys(reader: Reader, trust: Trust | None) -> list[Any]:
    from ledger.keyring import Keyring
    from ledger.refusal import Refused
    from projections.timeline import office_names
    from projections.verification import KeyRow

    registrar = reader.folder.registrar if trust is None or trust.registrar is None else trust.registrar
    keyring = Keyring(reader.cases.registry, registrar)
    for index, opened in reader.cases.opened_registry():
        try:
            keyring.admit(opened, index)
        except Refused:
            break  # the audit says so; the keys up to here stand
    names = office_names(reader.cases.register(reveal=False))
    return [
        KeyRow(
            actor=k.actor,
            name=names.get(k.actor, k.actor),
            party=keyring.offices[k.actor].party if k.actor in keyring.offices else "",
            roles=k.roles,
            public=k.public,
            accepted=k.accepted,
            ended=k.ended,
        )
        for k in keyring.keys.values()
    ]
