"""`comity file`: make what is filed with a court: bundle, papers, trust folder, verifier page.

All of it leads to one checkpoint: the papers are made from the entries of the bundle, and open the
values that it opens. The commands that the papers print are run before anything is handed out.
"""

from __future__ import annotations

import io
import json
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from cli import click_extensions
from cli.access.persons import PERSON
from cli.access.purposes import PURPOSE
from cli.access.recorded_access import Stated
from cli.commands.report import FORMS
from cli.exit_codes import Exit, Stop
from cli.handover.evidence_bundle import Handed, bundle, role_of
from cli.handover.paper_signer import PaperSigner, SigningOptions, paper_signer, signing_options
from cli.handover.trust_folder import read_trust
from cli.invocation import Invocation
from cli.reports.court_folder import PAGE, READ_ME, filing_read_me, verifier_page
from cli.reports.order_report import ReportRequest, order_report
from cli.reports.report_files import making_of, written
from cli.session import ledger_choice
from cli.session.ledger_reader import LedgerReader, reading
from cli.session.options import AS, KEY, LANG, ROLE
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from cli.terminal.file_format import check_folder_name
from cli.terminal.file_io import write_all
from cli.terminal.next_commands import tell_next
from ledger.adapters.folders.new_folder import check_free, new_folder
from ledger.bundle.archive import unpack
from ledger.bundle.archive_kind import ENDING
from ledger.bundle.audience import COUNTED_ONLY, shown_to
from ledger.bundle.layout import MANIFEST
from ledger.bundle.layout import folder as layout_folder
from ledger.bundle.manifest import open_manifest
from ledger.bundle.pdf_attachment import bundle_inside
from ledger.command_line import command_line
from ledger.entries.case import Case
from ledger.trust.trust_folder import Trust
from projections.reports.fillable_form import FillableForm
from projections.reports.letters.letter import Letter
from projections.reports.request import request

if TYPE_CHECKING:
    from ledger.application.export.hand_over import ExportedBundle
    from projections.render.html import Report

PAPERS = ("custody", "evidence-chain")
NAMES = {"CT": "court"}  # file names of a bundle by role; otherwise the code of the role
DISAGREE = (
    "ANCHOR-MISMATCH",
    "ANCHOR-TYPED",
    "CP-ORIGIN",
    "NO_TRUST_ANCHOR",
)  # papers, bundle and trust folder do not match


class FileItem(Struct, frozen=True):
    """One file of the folder; `size` is in bytes."""

    name: str
    size: int


class FileAnswer(CommandAnswer, tag="comity.file/1"):
    """The folder that is filed, and the verdict on the commands that its papers print."""

    folder: str
    verdict: str
    files: list[FileItem]


@click_extensions.command(
    "comity file PPO-2026-123 --audience COURT -o filing/",
    "comity file main --audience COURT --certificate fre-902-14 --because 'trial' --as ilves -o filing/",
    "comity file main --audience COURT --sign seal.p12 -o filing/",
    "comity file main --audience DEF --lang de --html -o akte/",
)
@click.argument("order")
@click.option("--audience", metavar="ROLE", required=True, help="Who reads it: a role, or COURT.")
@click.option("-o", "--output", "folder", required=True, metavar="DIR", help="The folder to make.")
@click.option("--certificate", "forms", type=click.Choice(FORMS), multiple=True, help="Add a certificate; repeatable.")
@click.option("--hearing", is_flag=True, help="Add the hearing bundle: all reports in one PDF, with cover and index.")
@click.option("--html", "as_pages", is_flag=True, help="Papers as pages, although the extra pdf is here.")
@click.option("--fonts", metavar="DIR", help="Of a PDF: a folder with more fonts.")
@LANG
@click.option("--trust", metavar="DIR|FILE", help="What you hold from elsewhere, for the word of the papers.")
@AS
@ROLE
@KEY
@PURPOSE
@click.option("--because", metavar="TEXT", help="Why values are opened. Recorded.")
@PERSON
@click.option("--basis", multiple=True, metavar="CITE", help="On which legal basis it is handed over; repeatable.")
@click.option("--documents", metavar="DIR", help="Add the documents that lie here and that the audience may see.")
@click.option("--unwitnessed", is_flag=True, help="Make it even if no quorum of witnesses saw the log.")
@signing_options
def file_(
    order: str,
    audience: str,
    folder: str,
    forms: tuple[str, ...],
    hearing: bool,
    as_pages: bool,
    fonts: str | None,
    lang: str,
    trust: str | None,
    actor: str | None,
    role: str | None,
    key_file: str | None,
    purpose: str | None,
    because: str | None,
    person: str | None,
    basis: tuple[str, ...],
    documents: str | None,
    unwitnessed: bool,
    signing: SigningOptions,
) -> Exit:
    """Make DIR, what is filed together on ORDER: the evidence bundle for one audience, the chain-of-custody and the
    evidence-chain report, certificates that are asked for, whom to trust, and the verifier page.

    All of it is of one checkpoint, which every paper prints. The papers open what this audience may read, under the one
    entry of the access order that the bundle needs. Before DIR is there, what the papers say to type is typed; if that
    fails, nothing is handed out and the record says so. --sign signs every PDF (PAdES). Exit 3 if the bundle is
    INDETERMINATE, as of `verify`.
    """
    reader = role_of(audience)
    if reader in COUNTED_ONLY:
        raise Stop(f"{reader} gets no papers on the whole order", hint="comity export, comity report order-form")
    parsed_trust = None if trust is None else read_trust(trust)
    if signing.key is not None and (as_pages or not find_spec("typst")):
        raise Stop("--sign signs papers in PDF", hint="without --html, and with `pip install 'comity[pdf]'`")
    signer = paper_signer(signing)
    name = f"{NAMES.get(reader, reader.lower())}.evidence.zip"
    handed = Handed(
        reader,
        actor,
        role,
        key_file,
        stated=Stated(because, purpose, person),
        basis=basis,
        documents=documents,
        unwitnessed=unwitnessed,
        whole=True,
    )
    medium = "html" if as_pages or not find_spec("typst") else "pdf"
    if hearing and medium != "pdf":
        raise Stop("a hearing bundle is a PDF, and papers are made as pages here", hint="pip install 'comity[pdf]'")
    kinds = (*PAPERS, "hearing") if hearing else PAPERS
    papers = [*((kind, "", medium) for kind in kinds), *(("certification", form, medium) for form in forms)]
    wanted = Filing(reader, name, tuple(papers), fonts, lang, parsed_trust, signer)
    check_folder_name(folder, "what is filed")
    check_free(folder)
    with bundle(order, f"{folder}/{name}", handed) as evidence, new_folder(folder) as making:
        with reading() as ledger:
            files, reports = filed(ledger, evidence, wanted)
        write_all(making, files)
        verdict = check(making, files, reports)
        evidence.close_access()
    if signer is not None:
        signer.tell()
    _tell(folder, files, verdict)
    return Exit.DONE if verdict == "TOTAL-PASSED" else Exit.FINDINGS


@dataclass(frozen=True, slots=True)
class Filing:
    """What is filed: the role of its reader, the name of the bundle, and the papers as (kind, form, medium)."""

    reader: str
    bundle: str
    papers: tuple[tuple[str, str, str], ...]
    fonts: str | None = None
    lang: str = "en"
    trust: Trust | None = None
    signer: PaperSigner | None = None


def filed(ledger: LedgerReader, made: ExportedBundle, wanted: Filing) -> tuple[dict[str, bytes], list[Report]]:
    """Return every file by its name in the folder, and the reports among them; all lead to the bundle's checkpoint."""
    from ledger.adapters.folders.read_trust import trust_files

    head = ledger.head_of(made.contents.checkpoint)
    order = made.contents.about.order
    case = shown_to(ledger.case(order), wanted.reader, head.size)
    page = verifier_page()
    files = {wanted.bundle: made.data}
    reports: list[Report] = []
    for kind, form, medium in wanted.papers:
        asked = ReportRequest(
            kind, medium, form, reveal=made.recorded, lang=wanted.lang, head=head, beside=wanted.bundle, page=bool(page)
        )
        name, data, report = _paper(ledger, made, wanted, case, asked)
        files[name] = data
        reports.append(report)
    files |= {f"trust/{name}": data for name, data in trust_files(str(ledger.folder.path / "trust")).items()}
    if page is not None:
        files[PAGE] = page
    called = request(case, {}).called
    contents = made.contents
    note = None if wanted.signer is None else wanted.signer.note
    said = filing_read_me(contents.about, contents.checkpoint, wanted.bundle, [*files], called, wanted.lang, note)
    files[READ_ME] = said.encode()
    return files, reports


def _paper(
    ledger: LedgerReader, made: ExportedBundle, wanted: Filing, case: Case, asked: ReportRequest
) -> tuple[str, bytes, Report]:
    """Return the file name of a paper, its bytes and its report; a page of HTML where a PDF cannot be made."""
    from cli.reports.pdf import Bundle

    name = f"{'certificate-' + asked.form if asked.form else asked.kind}.{asked.medium}"
    inside = Bundle(wanted.bundle, made.data, made.contents.checkpoint)
    carries = asked.medium == "pdf" and asked.kind != "certification"
    asked = replace(asked, file=name, attached=wanted.bundle if carries else None)
    report = order_report(ledger, asked, case, made.contents.about.made_at, wanted.trust)
    try:
        data = written(
            *(asked.kind, report, asked.medium, inside if carries else None, wanted.fonts, wanted.lang),
            signer=wanted.signer,
        )
    except Stop as lacking:
        if asked.medium != "pdf" or wanted.signer is not None or asked.kind == "hearing":
            raise
        output.tell(f"{name} is made as a page: {lacking.message}")
        return _paper(ledger, made, wanted, case, replace(asked, medium="html"))
    return name, data, report


# -- before it is handed out -------------------------------------------------------------------------------------------


def check(folder: Path, files: Mapping[str, bytes], reports: Sequence[Report]) -> str:
    """Run the commands that the papers print on the files in the folder; return the verdict on the bundle.

    Raises `Stop` with REFUSED if a command fails, or a paper prints another checkpoint.
    """
    verdict = ""
    for report in reports:
        head = making_of(report).head
        if head is None:
            raise Stop("a paper names no checkpoint", code=Exit.REFUSED)
        lines = f"{head.origin}\n{head.size}\n{head.root}\n"
        bundle = next(data for name, data in files.items() if name.endswith(ENDING))
        if not _note(bundle).startswith(lines.encode()):
            raise Stop("a paper prints another checkpoint than that of its bundle", code=Exit.REFUSED)
        for command in () if isinstance(report, FillableForm | Letter) else report.face.commands:
            match shlex.split(command.type):
                case ["comity", "verify", *words]:
                    verdict = verdict or _verified(folder, words, lines)
                case ["comity", "check", "FILE", *words]:
                    _check_typed(folder, words, lines, command.type)
                case ["unzip", name, member]:
                    _hold(member in unpack(files[name]), command.type)
                case ["pdfdetach", "-saveall", name]:
                    _hold(bundle_inside(files[name]) == bundle, command.type)
                case [] | ["sha256sum", "FILE"]:  # a step by hand, or on the reader's own file
                    pass
                case _:
                    _hold(False, command.type)
    return verdict


def _hold(does: bool, typed: str) -> None:
    if not does:
        says = f"a paper says to type {typed!r}, and that does not do what it says"
        raise Stop(says, hint="nothing is handed out", code=Exit.REFUSED)


def _note(bundle: bytes) -> bytes:
    """Return the note of the checkpoint of a bundle."""
    files = unpack(bundle)
    return files[f"{layout_folder(open_manifest(files[MANIFEST]).log)}/checkpoint"]


def _verified(folder: Path, words: Sequence[str], lines: str) -> str:
    """Run a printed `comity verify` command and return its verdict."""
    from cli.commands.verify import verify

    with _typed(folder, words, lines) as args, redirect_stdout(io.StringIO()) as stdout:
        verify.main([*args, "--json"], standalone_mode=False, obj=Invocation())
    report: dict[str, Any] = json.loads(stdout.getvalue())
    reasons = [f"{r['code']}: {r['says']}" for r in report["reasons"]]
    if report["verdict"] == "TOTAL-FAILED" or any(r["code"] in DISAGREE for r in report["reasons"]):
        says = f"what the papers say to type ends in {report['verdict']}: {'; '.join(reasons)}"
        raise Stop(says, hint="nothing is handed out", code=Exit.REFUSED)
    for reason in reasons:
        output.tell(f"{report['verdict']} {reason}")
    return str(report["verdict"])


def _check_typed(folder: Path, words: Sequence[str], lines: str, typed: str) -> None:
    """Run a printed `comity check FILE` on the bundle itself, which was not disclosed; any other end is refused."""
    from cli.commands.check import check as command

    with _typed(folder, words, lines) as args:
        stranger = next(path for path in folder.iterdir() if path.name.endswith(ENDING))
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            ended = command.main([str(stranger), *args], standalone_mode=False, obj=Invocation())
    _hold(ended in (Exit.PROVED_BAD, Exit.UNDECIDABLE), typed)


@contextmanager
def _typed(folder: Path, words: Sequence[str], lines: str) -> Iterator[list[str]]:
    """Yield the words of a printed command; TRUST, CHECKPOINT and file names are replaced by files of the folder."""
    with tempfile.TemporaryDirectory(prefix="comity-file-") as place:
        anchor = Path(place) / "checkpoint"
        anchor.write_text(lines, encoding="utf-8")
        held = Path(place) / "held" / "trust"  # as a reader has it, to whom it came by another way
        shutil.copytree(folder / "trust", held)
        stands = {"TRUST": str(held), "CHECKPOINT": str(anchor)}
        yield [stands.get(word) or (str(folder / word) if (folder / word).exists() else word) for word in words]


# -- what is said ------------------------------------------------------------------------------------------------------


def _tell(folder: str, files: Mapping[str, bytes], verdict: str) -> None:
    items = [FileItem(name, len(data)) for name, data in files.items()]
    output.emit(FileAnswer(folder, verdict, items), FileItem.__struct_fields__, items)
    output.tell(f"what the papers print to be typed was typed here: {verdict}")
    if PAGE not in files:
        output.tell(f"{PAGE} is not there: it has not been built here (make browser)")
    place = Path(folder)
    bundle = next(name for name in files if name.endswith(ENDING))
    own = Path(ledger_choice.ledger_folder()) / "trust"  # the trust folder in the filing vouches for nothing
    tell_next(command_line("verify", place / bundle, "--trust", own), ledger="")
