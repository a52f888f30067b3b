"""`comity demo`: show one order from issue to verified bundle, at 80 columns, to a reader who is new to it."""

from __future__ import annotations

import textwrap
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import click_extensions
from cli.exit_codes import Exit, Stop
from cli.invocation import said
from cli.reports.court_folder import PAGE
from cli.shipped_files import shipped
from cli.stories.model import read_story
from cli.stories.planned_entries import PlannedEntry
from cli.stories.player import PlayedStory, play_story
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from cli.terminal.next_commands import program
from ledger.adapters.folders.new_folder import new_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys import mldsa
from ledger.application.journal import Journal
from ledger.application.write.receipt import Receipt
from ledger.bundle.archive import unpack
from ledger.command_line import quoted, quoted_path
from ledger.law import judge
from ledger.law.terms.periods import period
from ledger.trust.trust_folder import parse_trust
from ledger.verify.evidence_bundle import verify
from ledger.verify.report import Report
from projections.views.due import due

if TYPE_CHECKING:
    from ledger.application.export.hand_over import ExportedBundle
STORY = shipped("fixtures/stories/S1.toml")
EVIDENCE = shipped("fixtures/stories/evidence/skyl-return.json")  # its digest is in the story
BUNDLE, PROVIDERS, README = "court.evidence.zip", "provider.evidence.zip", "READ-ME-FIRST.html"
REPORTS = {"custody": "custody.html", "evidence-chain": "evidence-chain.html"}
REPLAY = "replay.html"
PAPER = "custody.pdf"
WIDTH = 80


@click_extensions.command("comity demo", "comity demo somewhere/")
@click.argument("folder", metavar="[DIR]", default="demo")
def demo(folder: str) -> Exit:
    """The main job in one go, on a shipped story: an order from issue to a bundle a court has verified.

    Makes DIR (default: demo) with a ledger, the court's bundle, the provider's own view, and what to trust. Persons,
    offices and States are invented; the keys lie open, named PUBLIC.
    """
    story = read_story(STORY.read_bytes(), STORY.name)
    with new_folder(folder) as making:
        counted = _Counted()
        played = play_story(story, making / "ledger", counted)
        shown = _Shown(folder, played, counted)
        shown.everything(making)
    if shown.unread:
        raise shown.unread
    if said().format == "json":
        output.show_json(DemoAnswer(**shown.fields))
    return Exit.DONE if shown.passed else Exit.PROVED_BAD


class DemoAnswer(CommandAnswer, tag="comity.demo/1"):
    """The demonstration: the record, the judgement of its order, the court's bundle and three verdicts.

    `procedure` and `findings` are codes. `provider_verdict` is the verdict on the provider's view, `scratched_verdict`
    that on the court's bundle with one byte changed.
    """

    folder: str
    story: str
    entries: int
    steps: int
    origin: str
    root: str
    state: str
    findings: list[str]
    criteria: dict[str, str]
    bundle: str
    verdict: str
    procedure: list[str]
    provider_verdict: str
    scratched_verdict: str


@dataclass(slots=True)
class _Counted:
    """A count of the entries of the register, the steps of the order, and their signers."""

    register: int = 0
    steps: int = 0
    signers: frozenset[str] = frozenset()

    def __call__(self, deed: PlannedEntry, receipt: Receipt) -> None:
        if deed.order is None:
            self.register += 1
        else:
            self.steps += 1
            self.signers |= {deed.by}


class _Shown:
    """The demonstration in progress; `fields` are those of its answer."""

    def __init__(self, folder: str, played: PlayedStory, counted: _Counted) -> None:
        self.folder = folder
        self.played = played
        self.counted = counted
        self.passed: bool
        self.no_paper = ""  # why there is no PDF
        self.page: bool  # is the verifier page here?
        self.unread: BrokenPipeError | None = None  # set when the output pipe is closed
        self.fields: dict[str, Any] = {"folder": folder, "story": played.story.story}

    def everything(self, making: Path) -> None:
        """Show the record, its judgement and the bundles, in this order; write the files into `making`."""
        story = self.played.story
        with Journal.open(making / "ledger", Home.inside(making / "ledger"), now=lambda: story.ends) as journal:
            self._opening(journal)
            self._record(journal)
            self._law(journal, story.expect[0].as_of, story.ends)
            self._bundles(journal, making, story.ends)
        self._where_next()

    # -- what happened -------------------------------------------------------------------------------------------------

    def _opening(self, journal: Journal) -> None:
        self._say(output.paint("Comity: the life of a request for electronic evidence", "bold"))
        self._say()
        self._paragraph(
            "A prosecutor of Orsinia orders subscriber information from a provider in Valdoria, under article 7 of the "
            "Second Additional Protocol to the Budapest Convention. Valdoria's authority must be told, and may say no. "
            "Everybody, everything and every key here is invented; nothing in it is evidence."
        )

    def _record(self, journal: Journal) -> None:
        from cli.reports.timeline_text import story, timeline_paragraphs

        self._heading(1, "What happened, as each of them signed it")
        case = journal.case(self.played.orders["main"], label="main")
        judgement = judge(case, self.played.story.ends)
        self._say(timeline_paragraphs(story(case, judgement, self.played.story.ends), width=WIDTH))
        head = journal.log.signed()
        n, c = journal.store.size(), self.counted
        self._say()
        self._paragraph(
            f"{c.steps} steps by {len(c.signers)} signers, each with its own key, and {c.register} entries of the "
            f"register (Parties, declarations, offices, keys): {n} leaves of one Merkle tree, covered by a signed "
            f"checkpoint. Its root is {head.root.hex()[:32]}..."
        )
        self.fields |= {"entries": n, "steps": c.steps, "origin": journal.origin, "root": head.root.hex()}

    # -- what the law says ---------------------------------------------------------------------------------------------

    def _law(self, journal: Journal, halfway: datetime, end: datetime) -> None:
        from cli.reports.timeline_text import left
        from cli.terminal.judgement_text import opinion

        case = journal.case(self.played.orders["main"], label="main")
        self._heading(2, f"What was due on {halfway:%A, {halfway.day} %B %Y}")
        for d in due(judge(case, halfway), halfway):
            when = output.plain(d.clock.due) or "not known"
            self._say(f"  {period(d.clock.id)}\n    {when}  in {left(d.left):<10}  {', '.join(d.clock.cite)}")
        self._heading(3, f"What the record shows on {end:%A, {end.day} %B %Y}")
        judgement = judge(case, end)
        self._say(opinion(case, judgement, width=WIDTH))
        running = due(judgement, end)
        self._say()
        self._say(f"Deadlines that still run: {len(running) or 'none'}.")
        self.fields |= {
            "state": judgement.state,
            "findings": [f.code for f in judgement.findings],
            "criteria": {name: str(c.state) for name, c in judgement.criteria.items()},
        }

    # -- what the court gets -------------------------------------------------------------------------------------------

    def _bundles(self, journal: Journal, making: Path, now: datetime) -> None:
        from cli.session.open_ledger import hand
        from cli.terminal import verdict_text
        from ledger.application.commit_heads import enrol_heads_key

        self._heading(4, "The court's bundle, verified as a court would, offline")
        enrol_heads_key(journal, hand(journal, "key-registered", journal.folder.registrar.actor, "ADM", None))
        court, data = self._filed(journal, making, now)
        self._replay(making, now)
        (making / README).write_bytes(unpack(data)[README])
        (making / EVIDENCE.name).write_bytes(EVIDENCE.read_bytes())
        handed, trust = quoted_path(f"{self.folder}/{BUNDLE}"), quoted(f"{self.folder}/ledger/trust")
        self._command(f"comity verify {handed} --trust {trust}")
        self._say(f"  Integrity: {output.paint(str(court.verdict))}")
        self._say(f"  Procedure: {verdict_text.procedure(court)}")
        for says in court.not_proven:
            self._hanging(f"not proven: {says}")
        self._say()
        with self._handing(journal, "SP", now) as bundle:
            (making / PROVIDERS).write_bytes(bundle.data)
        provider = self._verified(journal, bundle.data, now)
        closed = provider.manifest.withheld_count if provider.manifest else 0
        self._paragraph(
            f"The provider's own view keeps {closed} sealed values closed, the summary of facts among them, and still "
            f"verifies: Integrity: {provider.verdict}."
        )
        broken = self._verified(journal, _scratched(data), now)
        self._paragraph(f"The court's bundle with one byte changed: Integrity: {broken.integrity}.")
        self.fields |= {
            "bundle": f"{self.folder}/{BUNDLE}",
            "verdict": str(court.verdict),
            "procedure": [p.code for p in court.procedure],
            "provider_verdict": str(provider.verdict),
            "scratched_verdict": str(broken.verdict),
        }
        passed = (str(court.verdict), str(provider.verdict), str(broken.verdict))
        self.passed = passed == ("TOTAL-PASSED", "TOTAL-PASSED", "TOTAL-FAILED")

    def _filed(self, journal: Journal, making: Path, now: datetime) -> tuple[Report, bytes]:
        """Return the verdict on the court's bundle and its bytes; write it with its papers, as `comity file` does."""
        from cli.commands.file import Filing, check, filed
        from cli.handover.trust_folder import read_trust
        from cli.session.ledger_reader import reading
        from cli.terminal.file_io import write_all

        wanted = Filing("CT", BUNDLE, self._papers(), trust=read_trust(str(making / "ledger")))
        with self._handing(journal, "CT", now) as bundle:
            with reading(making / "ledger") as reader:
                files, reports = filed(reader, bundle, wanted)
            write_all(making, files)
            self.page = PAGE in files
            check(making, files, reports)
            bundle.close_access()
        return self._verified(journal, bundle.data, now), bundle.data

    def _papers(self) -> tuple[tuple[str, str, str], ...]:
        """Return the papers as (kind, form, medium): two pages, and with the extra `pdf` the custody report as PDF."""
        from cli.reports.pdf import fonts_at_hand

        pages = tuple((kind, "", "html") for kind in REPORTS)
        try:
            fonts_at_hand(None)
        except Stop as lacking:
            self.no_paper = lacking.message
            return pages
        return (*pages, ("custody", "", "pdf"))

    def _handing(self, journal: Journal, audience: str, now: datetime) -> AbstractContextManager[ExportedBundle]:
        from cli.access.recorded_access import opener
        from cli.handover.hand_over import Handing, handing
        from cli.session.open_ledger import hand
        from cli.version import tool
        from ledger.application.export.bundle_contents import BundleRequest

        request = BundleRequest(order=self.played.orders["main"], audience=audience, made_at=now, tool=tool())
        signer = hand(journal, "bundle-issued", "ilves", "ISS", None)
        return handing(journal, Handing(request, signer, lambda: opener(journal, "ilves"), "to show what a bundle is"))

    def _verified(self, journal: Journal, data: bytes, now: datetime) -> Report:
        trust = journal.folder.path / "trust"
        parsed_trust = parse_trust({n: (trust / n).read_bytes() for n in ("policy", "registrar")})
        return verify(data, parsed_trust, None, now, mldsa=mldsa.verify)

    def _replay(self, making: Path, now: datetime) -> None:
        """Write the page that shows the order at every moment; print nothing."""
        from cli.reports.order_report import replay_of
        from cli.session.ledger_reader import reading

        with reading(making / "ledger") as reader:
            (making / REPLAY).write_text(replay_of(reader, reader.case("main"), now), encoding="utf-8")

    # -- where to look next --------------------------------------------------------------------------------------------

    def _where_next(self) -> None:
        self._heading(5, "Where to look next")
        here, ledger = self.folder, quoted(f"{self.folder}/ledger")
        open_first = (
            (f"{here}/{PAGE}", f"what the court opens first, in a browser; drop {BUNDLE} on it")
            if self.page
            else ("make browser", f"builds the page that the court opens first, {PAGE}; it needs npm")
        )
        for command, says in (
            open_first,
            (f"{here}/{EVIDENCE.name}", "what the provider disclosed; drop it on the page too: is it this file?"),
            (f"{here}/{README}", "the page inside the bundle; open it in a browser"),
            (f"{here}/{REPORTS['custody']}", "who held what, from hand to hand: to file and to print"),
            (f"{here}/{PAPER}", self.no_paper or "the same on paper, the court's bundle attached to it"),
            (f"{here}/{REPORTS['evidence-chain']}", "the eight criteria and what each rests on"),
            (f"{here}/{REPLAY}", "the order moment by moment, with a slider"),
            (f"comity verify {quoted_path(f'{here}/{BUNDLE}')} --trust {ledger}/trust", "the whole verdict"),
            (f"comity judge main --ledger {ledger}", "the findings, as JSON with --json"),
            (f"comity replay main --at 2027-03-10T00:00:00Z --ledger {ledger}", "what was known then"),
            (f"comity custody main --ledger {ledger}", "hand to hand, with digests"),
            ("comity law 2AP-7", "the rules, each with its citation"),
            ("comity --help", "everything else"),
        ):
            first, blank, rest = command.partition(" ")
            typed = f"{program()}{blank}{rest}" if first == "comity" else command
            self._say(f"  {output.paint(typed, 'bold')}")
            self._say(f"      {says}")

    # -- printing ------------------------------------------------------------------------------------------------------

    def _say(self, text: str = "") -> None:
        if said().format != "json" and not self.unread:
            try:
                click.echo(output.fitted(text), color=output.colourful() or None)
            except BrokenPipeError as error:  # the folder is still completed
                self.unread = error

    def _heading(self, number: int, text: str) -> None:
        self._say()
        self._say(output.paint(f"{number}  {text}", "bold"))
        self._say("-" * min(WIDTH, len(text) + 3))

    def _paragraph(self, text: str) -> None:
        self._say(textwrap.fill(text, WIDTH, break_on_hyphens=False))

    def _hanging(self, text: str) -> None:
        self._say(textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False))

    def _command(self, text: str) -> None:
        self._say(output.paint(f"$ {text}", "dim"))


def _scratched(data: bytes) -> bytes:
    """Return the same bytes, with one bit changed in the middle."""
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
