"""`comity report`: write the documents that people file, as one page of HTML, as PDF, or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from cli.access.recorded_access import Stated, revealed, revealing
from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.handover.evidence_bundle import role_of
from cli.handover.paper_signer import PaperSigner, SigningOptions, paper_signer, signing_options
from cli.handover.trust_folder import AS_PRINTED, CAME, read_trust
from cli.records.source import ANCHOR, BUNDLE, PIN, RecordSource, source_of
from cli.reports.issued_report import put, record_report, recording
from cli.reports.letter_report import LetterOptions, letter_options, made_letter, tell_missing, tell_recording
from cli.reports.order_report import ReportRequest, order_report
from cli.reports.report_files import ENDINGS, MEDIA, making_of, written
from cli.reports.statistics_report import FILES, GOOGLE, NONE, PARTY, PROVIDER, SINCE, UNTIL, statistics_of
from cli.session.ledger_reader import LedgerReader, reading
from cli.session.options import AS_OF, LANG
from cli.terminal import output
from cli.terminal.file_format import check_ending, format_of
from cli.terminal.file_io import check_new
from ledger.entries.case import Case
from ledger.law import judge
from ledger.trust.trust_folder import Trust
from projections.reports.hearing.depths import DEPTHS, Depth
from projections.statistics.counted_order import OrderFilter

if TYPE_CHECKING:
    from cli.records.bundle_report import BundleReport
    from cli.reports.pdf import Bundle
    from projections.render.html import Report

KINDS = (
    "custody",
    "evidence-chain",
    "hearing",
    "dpo",
    "audit",
    "statistics",
    "certification",
    "order-form",
    "letter",
    "processing",
)
WHOLE = ("audit", "statistics", "processing")  # on the whole ledger; all others on one order
ALIASES = {"certificate": "certification"}
FORMS = ("fre-902-13", "fre-902-14", "18-usc-3505", "bsa-63-4")
# The views in the vocabulary of record-accessed.
VIEWS = {
    "custody": "custody",
    "evidence-chain": "evidence-chain",
    "hearing": "evidence-chain",
    "dpo": "dpo",
    "certification": "custody",
    "order-form": "export",
}
READERS = {"certification": "CT"}  # the role for which a report is made, where it is known
EXITS = {"TOTAL-PASSED": Exit.DONE, "INDETERMINATE": Exit.FINDINGS, "TOTAL-FAILED": Exit.PROVED_BAD}


@command(
    "comity report custody PPO-2026-123 -o custody.html",
    "comity report evidence-chain main --as-of 2027-09-02T00:00:00Z --trust trust/ -o chain.html",
    "comity report custody main --format pdf --attach court.evidence.zip -o custody.pdf",
    "comity report hearing main --attach court.evidence.zip -o hearing.pdf",
    "comity report hearing main --depth diagnostic -o hearing-diagnostic.pdf",
    "comity report certificate main --form fre-902-14 --format pdf -o certificate.pdf",
    "comity report order-form main --reveal --because 'to be served' -o order.html      (for the addressee)",
    "comity report order-form main --for NOT --reveal --because 'to be notified' -o notified.html",
    "comity report dpo main --json",
    "comity report custody main --format pdf --sign seal.p12 -o custody.pdf",
    "comity report custody main -o custody.html --record --as ilves",
    "comity report audit -o audit.html",
    "comity report statistics --from 2027-01-01 --to 2028-01-01 --format pdf -o statistics.pdf",
    "comity report custody --bundle court.evidence.zip --trust trust/ -o custody.html",
    "comity report custody main --lang de -o verwahrung.html",
    "comity report letter main --kind notice --because 'the delay is lifted' --as ilves -o notice.html",
    "comity report processing --format pdf -o processing.pdf",
    "comity report processing --template -o controller.json",
    refused=Exit.UNDECIDABLE,
)
@click.argument("kind", type=click.Choice((*KINDS, *ALIASES)), metavar="KIND")
@click.argument("order", required=False)
@AS_OF
@click.option("--form", type=click.Choice(FORMS), help="Of a certificate: after which law.")
@click.option("--depth", type=click.Choice(DEPTHS), help="Of a hearing bundle: how much (default: detailed).")
@click.option("--for", "whose", metavar="ROLE", help="Of an order form: who reads it (default: the addressee).")
@click.option("-o", "--output", "file", default="-", metavar="FILE", help="Where it goes (default: standard output).")
@click.option("--attach", metavar="FILE", help="Of a PDF: the order's evidence bundle, to travel inside it.")
@click.option("--fonts", metavar="DIR", help="Of a PDF: a folder with more fonts.")
@LANG
@SINCE
@UNTIL
@PARTY
@PROVIDER
@click.option("--beside", type=click.Choice((*FILES, NONE)), help="Of statistics: whose figures stand beside ours.")
@click.option("--trust", metavar="DIR|FILE", help="What you hold from elsewhere: policy and registrar.")
@BUNDLE
@PIN
@ANCHOR
@CAME
@AS_PRINTED
@click.option("--record", is_flag=True, help="Record that it was made (report-issued), with the digest of FILE.")
@click.option("--template", is_flag=True, help="Of processing: the controller's description to fill in, as JSON.")
@signing_options
@letter_options
@revealing
def report(
    kind: str,
    order: str | None,
    as_of: datetime | None,
    form: str | None,
    depth: Depth | None,
    whose: str | None,
    file: str,
    attach: str | None,
    fonts: str | None,
    lang: str,
    since: datetime | None,
    until: datetime | None,
    party: str | None,
    provider: str | None,
    beside: str | None,
    trust: str | None,
    bundle: str | None,
    pin: str | None,
    anchor: str | None,
    trust_came: str | None,
    typed_as_printed: bool,
    record: bool,
    template: bool,
    signing: SigningOptions,
    letters: LetterOptions,
    reveal: bool,
    stated: Stated,
    actor: str | None,
) -> None:
    """Write a document: custody, evidence-chain, hearing (both in one PDF, with cover and index), dpo (the processing
    record), certification or order-form of ORDER, a letter to the person of ORDER; audit, statistics or processing (the
    record of processing) of the whole ledger.

    One HTML file without network and script, or --format pdf (PDF/A-3a and PDF/UA-1), json, or case (the order as
    CASE/UCO, whichever report is asked for); without --format the ending of FILE decides. The first page of a report
    says who asked whom for what, what was disclosed, what was found and what was not checked; its annex says how to
    check it without us. Sealed values show as [sealed] unless they are revealed. Statistics are of orders issued --from
    DAY --to DAY, both included, of a --party, to a --provider, with Google's figures for comparison. A letter opens
    values, which is an entry first; it is refused while the person must not be informed, and ends with exit 3 where it
    lacks what an act asks for. --sign signs a PDF (PAdES) with the time stamp of the ledger's authority; the signature
    shows who signed the file and that it is unchanged, and says nothing of what is in it. With --bundle custody,
    evidence-chain and hearing are made of a bundle, whose verdict they state. Otherwise the exit code is that of the
    verdict on integrity, as of `verify`: 3 without --trust, 1 if the record is proved bad.
    """
    kind = ALIASES.get(kind, kind)
    if template:
        if kind != "processing":
            raise click.UsageError("--template is of processing")
        _put_template(file)
        return
    medium = _medium(file, "pdf" if kind == "hearing" else "html")

    wish = OrderFilter(since, until, party, provider)
    if kind == "hearing" and medium not in ("pdf", "json"):
        raise click.UsageError("a hearing bundle is one paper: --format pdf, or json")
    if depth is not None and kind != "hearing":
        raise click.UsageError("--depth is of a hearing bundle")
    if bundle is not None or pin is not None or anchor is not None or trust_came is not None or typed_as_printed:
        if record or attach or form or whose or signing.key is not None:
            raise click.UsageError("with --bundle nothing is recorded, attached or signed, and no form is filled in")
        source = source_of(bundle, trust, pin, anchor, trust_came, typed_as_printed=typed_as_printed)
        from cli.records.bundle_report import BundleReport

        wanted = BundleReport(kind, order, as_of, medium, file, lang, fonts, depth or "detailed")
        click.get_current_context().exit(_of_bundle(source, wanted, reveal, stated, actor))
    _fits(kind, order, form, medium, attach)
    letters.check(kind)
    if signing.key is not None and medium != "pdf":
        raise click.UsageError("--sign signs a PDF: --format pdf")
    if kind == "letter" and (medium == "case" or attach is not None):
        raise click.UsageError("a letter is a page, a PDF or JSON, and goes without a bundle")
    if kind in ("letter", "processing", "hearing") and record:
        raise click.UsageError(f"{kind} is recorded by no report-issued: without --record")
    if lang != "en" and medium in ("json", "case"):
        raise click.UsageError("JSON is in English always: --lang is of a page or a PDF")
    if kind == "audit" and as_of:
        raise click.UsageError("audit reads the ledger as it is: no --as-of")
    if kind in WHOLE and reveal:
        raise click.UsageError(f"{kind} opens nothing: no --reveal")
    if kind != "statistics" and (wish != OrderFilter() or beside):
        raise click.UsageError("--from, --to, --party, --provider and --beside are of statistics")
    if whose is not None and kind != "order-form":
        raise click.UsageError("--for is of an order form")
    if kind == "order-form" and medium == "case" and reveal:
        raise click.UsageError("CASE is of the whole order, for no one reader: `comity export --format case --reveal`")
    if record and file == "-":
        raise click.UsageError("--record is of a report in a file: -o FILE")
    check_new(file, "a report")
    signer = paper_signer(signing)
    parsed_trust = None if trust is None else read_trust(trust)
    attached: Bundle | None = None
    lacks: Sequence[str] = ()
    with reading() as reader:
        recorder = recording(actor, None if order is None else reader.find(order)) if record else None
        graph = b""
        if order is None:
            moment = as_of or reader.now()
            if kind == "processing":
                click.get_current_context().exit(
                    _processing(reader, moment, parsed_trust, lang, file, medium, fonts, signer)
                )
            result: Report = _of_ledger(reader, kind, wish, beside, moment, parsed_trust, medium, lang)
            about = reader.cases.access
        else:
            case = reader.case(order)
            if attach is not None:
                from cli.reports.pdf import read_bundle

                attached = read_bundle(attach, case.order)
            if kind == "letter":
                click.get_current_context().exit(
                    _letter(
                        reader,
                        letters,
                        case,
                        as_of,
                        parsed_trust,
                        stated,
                        actor,
                        lang,
                        order,
                        file,
                        medium,
                        fonts,
                        signer,
                    )
                )
            whose = role_of(whose) if whose else None
            reads = READERS.get(kind)
            if kind == "order-form":
                from projections.reports.order_form.make import addressee

                reads = whose = whose or addressee(case.instrument)
            revealed([case.order], VIEWS[kind], reveal, stated, actor, reads)
            moment = as_of or reader.now()  # after its own access entry, which a processing record includes
            request = ReportRequest(
                kind,
                medium,
                form or "",
                attached.name if attached else None,
                reveal,
                lang,
                reader=whose or "",
                head=reader.head_of(attached.head) if attached else None,
                file="" if file == "-" else output.file_name(file),
                depth=depth or "detailed",
            )
            result = order_report(reader, request, case, moment, parsed_trust)
            graph = _graph(reader, case.known(moment), moment, reveal) if medium == "case" else b""
            about = case.order
            lacks = _lacks(case.known(moment), moment) if kind == "order-form" else ()
    data = graph or written(kind, result, medium, attached, fonts, lang, signer)
    put(file, data, signer)
    making = making_of(result)
    if recorder is not None:
        record_report(kind, about, making.as_of, data, medium, recorder)
    code = EXITS[making.integrity.verdict]
    for says in lacks:
        output.tell(says)
    if code is Exit.DONE and lacks:
        code = Exit.FINDINGS
    click.get_current_context().exit(code)


def _put_template(file: str) -> None:
    """Write the controller's description to fill in, as JSON, to a new file or to standard output."""
    from cli.reports.processing_report import template

    check_ending(file, (".json",))
    check_new(file, "a description")
    put(file, f"{template()}\n".encode())


def _of_bundle(source: RecordSource, wanted: BundleReport, reveal: bool, stated: Stated, actor: str | None) -> Exit:
    """Write a report of a bundle; the exit code is that of the verdict on the bundle."""
    from cli.records.bundle_report import bundle_report

    check_new(wanted.file, "a report")
    data, made = bundle_report(source, wanted, reveal, stated, actor)
    put(wanted.file, data)
    return EXITS[making_of(made).integrity.verdict]


def _processing(
    reader: LedgerReader,
    moment: datetime,
    trust: Trust | None,
    lang: str,
    file: str,
    medium: str,
    fonts: str | None,
    signer: PaperSigner | None,
) -> Exit:
    """Write the record of processing; say what it lacks."""
    from cli.reports.processing_report import processing_report, tell_missing

    made, missing = processing_report(reader, moment, trust, lang)
    put(file, written("processing", made, medium, None, fonts, lang, signer), signer)
    return tell_missing(missing)


def _letter(
    reader: LedgerReader,
    letters: LetterOptions,
    case: Case,
    as_of: datetime | None,
    trust: Trust | None,
    stated: Stated,
    actor: str | None,
    lang: str,
    order: str,
    file: str,
    medium: str,
    fonts: str | None,
    signer: PaperSigner | None,
) -> Exit:
    """Write a letter to the person; say what it lacks, and what records that it was sent."""
    made = made_letter(reader, letters, case, as_of, trust, stated, actor, lang)
    put(file, written("letter", made, medium, None, fonts, lang, signer), signer)
    tell_recording(made, order, file, actor or "ACTOR")
    return tell_missing(made)


# The common --format has table formats; a report has its own.
next(p for p in report.params if "--format" in p.opts).type = click.Choice(tuple(MEDIA))


def _medium(file: str, default: str) -> str:
    """Return the medium of a report: that of --format, of the file's ending, or the default."""
    medium = format_of(file, ENDINGS, default)
    if medium not in MEDIA:
        raise click.UsageError("a report is --format html, pdf, json or case")
    return medium


def _lacks(known: Case, moment: datetime) -> list[str]:
    """Return what an order lacks, for the office that makes it; the form for another reader does not state it."""
    from projections.reports.order_form.make import missing

    return [f"{m.code}: {m.says}" for m in missing(known, moment)]


def _graph(reader: LedgerReader, known: Case, moment: datetime, reveal: bool) -> bytes:
    from cli.exports.writers import case_of

    return case_of(reader, known, judge(known, moment), reveal=reveal)


def _of_ledger(
    reader: LedgerReader,
    kind: str,
    wish: OrderFilter,
    beside: str | None,
    moment: datetime,
    held: Trust | None,
    medium: str,
    lang: str,
) -> Report:
    """Return a report on the whole ledger."""
    if kind == "audit":
        from cli.reports.ledger_report import audit_report

        return audit_report(reader, held)

    look = (" --format pdf" if medium == "pdf" else "") + (f" --lang {lang}" if lang != "en" else "")
    return statistics_of(reader, wish, beside or GOOGLE, moment, held, look)


def _fits(kind: str, order: str | None, form: str | None, medium: str, attach: str | None) -> None:
    if (kind in WHOLE) != (order is None):
        raise click.UsageError(f"{kind} is of the whole ledger" if order else f"{kind} is a report on one ORDER")
    if (kind == "certification") != (form is not None):
        raise click.UsageError(
            f"a certificate follows a law: --form {'|'.join(FORMS)}" if form is None else f"{kind} has no --form"
        )
    if kind in WHOLE and medium == "case":
        raise click.UsageError(f"CASE is of one ORDER: {kind} is of the whole ledger")
    if attach is not None and (medium != "pdf" or order is None):
        raise click.UsageError("--attach puts an order's bundle into a report on it in PDF: --format pdf")
