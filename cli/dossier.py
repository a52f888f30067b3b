"""The reports on one order: judged at a moment, read again for integrity, with the commands that check them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cli import ui
from cli.exits import Stop
from cli.reading import Reader

if TYPE_CHECKING:
    from ledger.law import Judgement
    from ledger.order import Case
    from ledger.verify import Trust
    from ledger.world.heads import Kept
    from projections.face import Command, Making
    from projections.page import Report


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is asked to be: its kind, the form it follows where it has several, the medium, what it carries."""

    kind: str
    medium: str = "html"
    form: str = ""
    attached: str | None = None
    reveal: bool = False
    lang: str = "en"


def order_report(reader: Reader, asked: Asked, case: Case, moment: datetime, trust: Trust | None) -> Report:
    """The report asked for on a case, as recorded at a moment."""
    from ledger.law import judge

    made = making(reader, case.order, moment, trust, reveal=asked.reveal)
    known = case.known(moment)
    made = _without_later(made, len(reader.known(case, moment).entries) - len(known.entries))
    if not known.entries:
        raise Stop(f"nothing of this order was on record at {ui.plain(moment)}", hint="a later --as-of")
    judgement = judge(known, moment)
    todo = commands(asked, known, judgement, moment)
    match asked.kind:
        case "certification":
            from projections.certificates import certificate

            return certificate(asked.form, known, judgement, made, todo)
        case "order-form":
            from projections.forms import order_form

            return order_form(known, judgement, made)
        case "custody":
            from projections.reports import custody_report

            return custody_report(known, judgement, made, todo)
        case "evidence-chain":
            from projections.reports import evidence_chain_report

            return evidence_chain_report(known, judgement, made, todo)
    from projections.processing import processing_record
    from projections.stages import stages

    read = [e for e in reader.accesses() if e.at <= moment and case.order in e.get("orders", ())]
    return processing_record(known, judgement, made, todo, read, stages(known, dated(reader), moment, judge))


def _without_later(made: Making, later: int) -> Making:
    """The same, which also says how many entries on record say that they were signed after the moment of the report."""
    if not later:
        return made
    said = (
        "1 entry of this order says that it was signed after this moment; what it states is left out."
        if later == 1
        else f"{later} entries of this order say that they were signed after this moment; what they state is left out."
    )
    not_proven = (said, *made.integrity.not_proven)
    return replace(made, integrity=replace(made.integrity, not_proven=not_proven))


def making(reader: Reader, order: str, moment: datetime, trust: Trust | None, *, reveal: bool = False) -> Making:
    """How a report on an order is made: what was checked, and the head kept by then that everything leads to."""
    from cli.brackets import brackets, spelled
    from cli.court import tool
    from cli.integrity import read_again
    from ledger.law.provisions import rules_digest
    from projections.face import Making

    read = read_again(reader, order, reader.head_at(moment), trust)
    proven = {index: said for index, found in brackets(reader, [order], trust).items() if (said := spelled(found))}
    return Making(
        moment,
        tool(),
        rules_digest()[:16],
        read.checkpoint,
        read.checked,
        test=reader.folder.test,
        reveal=reveal,
        proven=proven,
    )


def replay_of(reader: Reader, case: Case, moment: datetime, *, reveal: bool = False, lang: str = "en") -> str:
    """The page on which an order can be watched up to a moment; sealed values only where they are revealed."""
    from ledger.law import judge
    from projections.page import replay_page
    from projections.stages import replay
    from projections.stated import stated

    cosigned = any(kept.cosigned is not None for kept in kept_heads(reader))
    made = making(reader, case.order, moment, None, reveal=reveal)
    return replay_page(
        replay(case, dated(reader), made, judge, cosigned=cosigned), lang, stated((*case.entries, *case.registry))
    )


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


def commands(asked: Asked, case: Case, judgement: Judgement, moment: datetime) -> Sequence[Command]:
    """How somebody else checks a report on an order, with our program and without."""
    from projections.face import Command, subject

    name = subject(case, judgement).name
    named = name if name.replace("-", "").isalnum() else case.order[:13]
    as_of = ui.plain(moment)
    bundle = asked.attached or "order.evidence.zip"
    if asked.attached:
        first = Command(
            "Take the order's bundle out of this file. Most programs that show PDF list what is attached; or:",
            f"pdfdetach -saveall {asked.kind}.pdf",
        )
    else:
        first = Command(
            "Ask the office for the order's bundle. It makes it with:",
            f"comity export {named} --audience COURT -o {bundle}",
        )
    if asked.kind == "custody":
        check = Command(
            "Is the file you hold what was disclosed, and at which hand did it change?", f"comity check FILE {named}"
        )
    else:
        check = Command(
            "Every period and finding again, from the signed bytes:", f"comity judge {named} --as-of {as_of}"
        )
    words = ["comity report", asked.kind, named, f"--as-of {as_of}"]
    words += [f"--form {asked.form}"] if asked.form else []
    words += ["--format pdf"] if asked.medium == "pdf" else []
    words += [f"--attach {bundle}"] if asked.attached else []
    words += [f"--lang {asked.lang}"] if asked.lang != "en" else []
    return (
        first,
        Command(
            "Verify it offline, with a copy of the program, a folder of trust and a checkpoint that did not come from "
            "this office:",
            f"comity verify {bundle} --trust TRUST --anchor CHECKPOINT",
        ),
        Command(
            "Or without our program, with Python and OpenSSL only: the page inside tells how, in six steps.",
            f"unzip {bundle} READ-ME-FIRST.html",
        ),
        check,
        Command(
            "Make this paper again: the same record gives the same bytes, up to its options.",
            f"{' '.join(words)} | sha256sum",
        ),
    )
