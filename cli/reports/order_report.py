"""Make the reports on one order: judged at a moment, verified again, with the commands that check them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from cli.exit_codes import Stop
from cli.session.ledger_reader import LedgerReader
from cli.session.record_reader import RecordReader
from cli.terminal import output
from ledger.adapters.log.checkpoints import PublishedHead
from ledger.command_line import quoted, quoted_path
from ledger.entries.case import Case
from ledger.errors import LedgerError
from ledger.law import judge
from ledger.law.provisions import rules_digest
from ledger.messages import Message
from ledger.trust.trust_folder import Trust

if TYPE_CHECKING:
    from projections.render.html import Report
    from projections.reports.front_page import CheckCommand, Provenance
    from projections.reports.hearing.depths import Depth


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """The wanted report: its kind, its form where there are several, its medium, and its contents.

    `reader` is the role an order form is for, by default the addressee. `head` is the kept head that
    the report leads to, by default the newest at its moment. `attached` is the name of the bundle
    inside the PDF, `beside` that of the bundle handed over with it; with `page` the verifier page is
    handed over too. `file` is the file name of the report. `depth` is that of a hearing bundle.
    """

    kind: str
    medium: str = "html"
    form: str = ""
    attached: str | None = None
    reveal: bool = False
    lang: str = "en"
    reader: str = ""
    head: PublishedHead | None = None
    beside: str | None = None
    page: bool = False
    file: str = ""
    depth: Depth = "detailed"


def order_report(
    reader: RecordReader, asked: ReportRequest, case: Case, moment: datetime, trust: Trust | None
) -> Report:
    """Return the wanted report on a case, as recorded at a moment; `Stop` if nothing was on record then."""
    also = (reader.cases.access,) if asked.kind == "dpo" and isinstance(reader, LedgerReader) else ()
    provenance = making(reader, case.order, moment, trust, reveal=asked.reveal, head=asked.head, also=also)
    snapshot = case.known(moment)
    provenance = _without_later(provenance, len(reader.known(case, moment).entries) - len(snapshot.entries))
    if not snapshot.entries:
        raise Stop(f"nothing of this order was on record at {output.plain(moment)}", hint="a later --as-of")
    judgement = judge(snapshot, moment)
    todo = commands(reader, asked, snapshot, provenance, trust)
    match asked.kind:
        case "certification":
            from projections.reports.certificates import certificate

            return certificate(asked.form, snapshot, judgement, provenance)
        case "order-form":
            from projections.reports.order_form.make import addressee, order_form

            return order_form(snapshot, judgement, provenance, asked.reader or addressee(snapshot.instrument))
        case "custody":
            from projections.reports.custody_report import custody_report

            return custody_report(snapshot, judgement, provenance, todo)
        case "evidence-chain":
            from projections.reports.evidence_chain_report import evidence_chain_report

            return evidence_chain_report(snapshot, judgement, provenance, todo)
        case "hearing":
            from projections.reports.hearing.hearing_bundle import hearing

            return hearing(snapshot, judgement, provenance, todo, asked.depth)
    from projections.reports.data_protection.processing_record import processing_record
    from projections.reports.replay import stages

    if not isinstance(reader, LedgerReader):
        raise TypeError(type(reader))  # a bundle has no log of accesses
    read = [e for e in reader.accesses() if e.at <= moment and case.order in e.get("orders", ())]
    return processing_record(
        snapshot, judgement, provenance, todo, read, stages(snapshot, moments(reader), moment, judge)
    )


def _without_later(made: Provenance, later: int) -> Provenance:
    """Return the same, with a sentence on `later` entries that state a signing time after the report's moment."""
    if not later:
        return made
    sentence = (
        Message("1 entry of this order says that it was signed after this moment; what it states is left out.")
        if later == 1
        else Message(
            "{0} entries of this order say that they were signed after this moment; what they state is left out.", later
        )
    )
    not_proven = (sentence, *made.integrity.not_proven)
    return replace(made, integrity=replace(made.integrity, not_proven=not_proven))


def making(
    reader: RecordReader,
    order: str,
    moment: datetime,
    trust: Trust | None,
    *,
    reveal: bool = False,
    head: PublishedHead | None = None,
    also: Sequence[str] = (),
) -> Provenance:
    """Return how a report on an order is made: the integrity check, and the head that the report leads to.

    By default the head is the newest that was kept at `moment`. Of a bundle it is the head of the bundle, with the
    verdict on it. `also` are other orders that the report reads: as many entries as the ledger committed must be there.
    """
    from cli.reports.integrity import bundle_read, read_again
    from cli.session.proven_times import brackets, spelled
    from cli.version import tool
    from projections.reports.front_page import Provenance

    if isinstance(reader, LedgerReader):
        read, test = read_again(reader, order, head or reader.head_at(moment), trust, also), reader.folder.test
    elif reader.bundle is not None:
        read, test = bundle_read(reader.bundle), reader.bundle.manifest.test
    else:
        raise TypeError(type(reader))
    proven = {index: text for index, bracket in brackets(reader, [order], trust).items() if (text := spelled(bracket))}
    return Provenance(
        moment,
        tool(),
        rules_digest()[:16],
        read.checkpoint,
        read.checked,
        test=test,
        reveal=reveal,
        proven=proven,
    )


def replay_of(reader: RecordReader, case: Case, moment: datetime, *, reveal: bool = False, lang: str = "en") -> str:
    """Return a page of HTML that shows an order at every moment; sealed values only if they are revealed."""
    from projections.render.html import replay_page
    from projections.reports.replay import replay

    cosigned = any(state.clock == "cosigned" for state in reader.dated())
    provenance = making(reader, case.order, moment, None, reveal=reveal)
    return replay_page(
        replay(case, moments(reader), provenance, judge, cosigned=cosigned),
        lang,
    )


def moments(reader: RecordReader) -> list[tuple[datetime, int]]:
    """Return the moment and size of every dated state of the log."""
    return [(state.at, state.size) for state in reader.dated()]


OUTSIDE = (
    "custody",
    "evidence-chain",
    "hearing",
    "certification",
)  # filed outside the office, where no ledger can be asked


def commands(
    reader: RecordReader, asked: ReportRequest, case: Case, made: Provenance, trust: Trust | None
) -> Sequence[CheckCommand]:
    """Return the commands with which a reader checks a report on an order, with our program and without.

    A report that is filed outside the office omits the commands that need the office's ledger.
    """
    from projections.reports.front_page import CheckCommand

    checks: list[CheckCommand] = []
    bundle = quoted_path(asked.attached or asked.beside or "order.evidence.zip")
    if asked.attached:
        says = Message(
            "Take the order's bundle out of this file. Most programs that show PDF list what is attached; or:"
        )
        checks.append(CheckCommand(says, f"pdfdetach -saveall {quoted(asked.file or f'{asked.kind}.pdf')}"))
    elif asked.kind not in OUTSIDE:
        says = Message("Have the order's bundle made:")
        checks.append(CheckCommand(says, f"comity export {quoted(_typed(reader, case))} --audience DPO -o {bundle}"))
    elif asked.beside is None:
        checks.append(
            CheckCommand(Message("Ask the office for the order's evidence bundle; below it is called {0}.", bundle), "")
        )
    anchor = " --anchor CHECKPOINT" if made.head else ""
    checks += [
        CheckCommand(
            Message(
                "Verify it offline, with a copy of the program, a folder of trust and a checkpoint that did not "
                "come from this office:"
            ),
            f"comity verify {bundle} --trust TRUST{anchor}",
        ),
        *([CheckCommand(PAGE, "")] if asked.page else []),
        CheckCommand(
            Message("Or without our program, with Python and OpenSSL only: the page inside tells how, in six steps."),
            f"unzip {bundle} READ-ME-FIRST.html",
        ),
    ]
    if asked.kind in OUTSIDE:
        if asked.kind == "custody" and made.reveal:
            compared = Message("Is the file you hold what was disclosed? The bundle says by which entry:")
            checks.append(CheckCommand(compared, f"comity check FILE --bundle {bundle} --trust TRUST"))
            digest = Message("Or without our program: its digest must be one that stands under Files and digests:")
            checks.append(CheckCommand(digest, "sha256sum FILE"))
        return checks
    named, as_of = quoted(_typed(reader, case)), quoted(output.plain(made.as_of))
    judged = Message("Every period and finding again, from the signed bytes:")
    checks.append(CheckCommand(judged, f"comity judge {named} --as-of {as_of}"))
    words = ["comity report", asked.kind, named, f"--as-of {as_of}"]
    words += ["--format pdf"] if asked.medium == "pdf" else []
    words += [f"--lang {asked.lang}"] if asked.lang != "en" else []
    words += ["--trust TRUST"] if trust else []
    if not (asked.reveal or asked.attached):
        again = Message("Make this paper again: the same record gives the same bytes, up to its options.")
        checks.append(CheckCommand(again, f"{' '.join(words)} | sha256sum"))
    return checks


PAGE = Message(
    "Or without installing anything: open OPEN-ME-FIRST.html in a browser, give it the bundle and "
    "the folder of trust, and type the three lines of the checkpoint."
)


def _typed(reader: RecordReader, case: Case) -> str:
    """Return what to type for an order: its name for people if that names this order alone, else its id."""
    from projections.views.state import name_of

    for name in (reference(case), name_of(case)):
        if name and not name.startswith("-"):
            with suppress(LedgerError):
                if reader.find(name) == case.order:
                    return name
    return case.order


def reference(case: Case) -> str | None:
    """Return the number of an order at its issuing authority; None if it has none."""
    return next((e.get("reference") for e in case.issued), None)
