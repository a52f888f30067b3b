"""The files of one filing agree: bundle, reports and trust folder; the printed instructions work as printed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, chdir
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from cli.stories.model import read_story
from cli.stories.player import play_story
from ledger.adapters.witness.witness import WitnessReply
from ledger.bundle.archive import unpack
from ledger.bundle.audience import shown_to
from ledger.entries.case import Unread
from ledger.messages import LANGUAGES
from tests.generate.messages import left_in_english
from tests.projections.render.test_html import Page
from tests.projections.render.test_pdf import FORMS
from tests.support.cli import PERSON, STORIES, ledger_of, reply, run
from tests.support.papers.pdf_text import pdf_text

pytestmark = pytest.mark.slow

FILED = ("--audience", "COURT", "--because", "trial", "--as", "ilves")
MOMENT = "2027-09-02T00:00:00Z"
PRE = re.compile(r"<pre[^>]*>(.*?)</pre>", re.DOTALL)
VERB = re.compile(r"(?:comity|unzip|pdfdetach|sha256sum) ")
EVIDENCE = b"what was handed over\n"


def said_in(page: str) -> list[str]:
    """Return the printed commands of a page or report, and the lines of its checkpoint."""
    return [unescape(block).strip() for block in PRE.findall(page)]


def printed(file: Path) -> list[str]:
    """Return the printed commands of a file and its checkpoint: of a page from its markup, of a PDF from its text."""
    if file.suffix == ".html":
        return said_in(file.read_text("utf-8"))
    text_read = pdf_text(file, "-layout")
    lines = [line.strip() for line in text_read.splitlines()]
    heads = re.findall(r"^ *(\S+/\S+)[ \n]+(\d+)[ \n]+([A-Za-z0-9+/]{43}=)", text_read, re.MULTILINE)
    return [line for line in lines if VERB.match(line)] + ["\n".join(head) for head in heads[:1]]


def commands(blocks: list[str]) -> list[str]:
    return [block for block in blocks if VERB.match(block)]


def checkpoint(blocks: list[str]) -> str:
    """Return the three lines of the checkpoint that a report prints."""
    (lines,) = (block for block in blocks if re.fullmatch(r"\S+\n\d+\n[A-Za-z0-9+/]{43}=", block))
    return f"{lines}\n"


def head(bundle: Path) -> str:
    """Return the three lines of the checkpoint of a bundle."""
    (note,) = (data for path, data in unpack(bundle.read_bytes()).items() if path.endswith("/checkpoint"))
    return "".join(f"{line}\n" for line in note.decode().split("\n")[:3])


def types(command: str, place: Path, lines: str, ledger: Path | None = None, paper: bytes = b"") -> None:
    """Run a command in a folder, as a reader would: with a ledger only where the report stays in the office.

    A command that ends in `sha256sum` must give the digest of the paper. The reader keeps TRUST away from the folder,
    for what is in or next to it came with the bundle.
    """
    held = place.parent / "held" / place.name / "TRUST"
    if (place / "TRUST").exists():
        shutil.copytree(place / "TRUST", held, dirs_exist_ok=True)
    (place / "CHECKPOINT").write_text(lines)
    if shutil.which(shlex.split(command)[0]) is None and not command.startswith("comity"):
        pytest.skip(f"no {command.split()[0]} here")
    if not command.startswith("comity"):
        done = subprocess.run(["bash", "-ec", command], cwd=place, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return
    words, _, summed = command.partition(" | ")
    with chdir(place):
        result = run(*(str(held) if word == "TRUST" else word for word in shlex.split(words)[1:]), ledger=ledger)
    stranger = words.startswith("comity check FILE ")  # EVIDENCE was not disclosed
    ends = (Exit.PROVED_BAD, Exit.UNDECIDABLE) if stranger else (Exit.DONE, Exit.FINDINGS)
    assert result.exit_code in ends, f"{command}: {result.output}"
    if words.startswith("comity verify"):
        assert "TOTAL-PASSED" in result.output, f"{command}: {result.output}"
    if summed:
        assert summed == "sha256sum"
        assert hashlib.sha256(result.stdout_bytes).digest() == hashlib.sha256(paper).digest(), command


def filed(folder: Path, *more: str, story: str = "S1") -> tuple[Path, Path]:
    """Make a ledger and a filing of its order; return both paths."""
    ledger = ledger_of(story, folder)
    done = run("file", "main", *FILED, "-o", str(folder / "filing"), *more, ledger=ledger)
    assert done.exit_code == 0, done.output
    return ledger, folder / "filing"


# -- one state of the log ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("medium", [(), ("--html",)])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_filed_together_prints_the_checkpoint_of_its_bundle_and_its_instructions_work(
    lang: str, medium: tuple[str, ...], tmp_path: Path
) -> None:
    _, filing = filed(tmp_path, "--lang", lang, "--certificate", FORMS[1], *medium)
    court = tmp_path / "court"
    shutil.copytree(filing, court)
    shutil.copytree(filing / "trust", court / "TRUST")
    lines = head(filing / "court.evidence.zip")
    papers = [
        path for path in filing.iterdir() if path.suffix in (".html", ".pdf") and path.name != "OPEN-ME-FIRST.html"
    ]
    assert len(papers) == 3
    for paper in papers:
        blocks = printed(paper)
        assert checkpoint(blocks) == lines, paper.name
        for command in commands(blocks):
            (court / "FILE").write_bytes(EVIDENCE)
            (court / "READ-ME-FIRST.html").unlink(missing_ok=True)
            types(command, court, lines)
    assert "\n    ".join(lines.split()) in (filing / "READ-ME.txt").read_text()
    assert {path.name for path in (filing / "trust").iterdir()} == {"policy", "registrar"}
    assert lang == "en" or left_in_english((filing / "READ-ME.txt").read_text("utf-8"), lang) == []


def test_a_pdf_that_is_filed_carries_the_bundle_that_lies_beside_it(tmp_path: Path) -> None:
    from ledger.bundle.pdf_attachment import bundle_inside

    _, filing = filed(tmp_path)
    for name in ("custody.pdf", "evidence-chain.pdf"):
        assert bundle_inside((filing / name).read_bytes()) == (filing / "court.evidence.zip").read_bytes()


def test_one_entry_opens_the_values_of_the_bundle_and_of_the_papers(tmp_path: Path) -> None:
    before = reply("checkpoint", ledger=ledger_of("S1", tmp_path / "other"))["size"]
    ledger, filing = filed(tmp_path, "--html")
    assert reply("checkpoint", ledger=ledger)["size"] == before + 1
    page = Page((filing / "custody.html").read_text()).words
    assert "skyl-return.json" in page
    assert "[sealed]" not in page.replace("[sealed] stands for", "")


def test_the_papers_open_what_their_reader_may_read_and_nothing_else(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    done = run("file", "main", "--audience", "EXP", "--as", "ilves", "--html", "-o", str(tmp_path / "x"), ledger=ledger)
    assert done.exit_code == 0, done.output
    for name in ("custody.html", "evidence-chain.html"):
        page = Page((tmp_path / "x" / name).read_text()).words
        assert "An online shop took payments" not in page
        assert "skyl-4471" not in page
        assert "skyl-return.json" in page


@pytest.mark.parametrize("audience", ["SP", "REG", "CUST"])
def test_no_paper_on_the_whole_order_goes_to_who_may_only_know_how_much_is_closed(
    audience: str, tmp_path: Path
) -> None:
    ledger = ledger_of("S1", tmp_path)
    before = reply("checkpoint", ledger=ledger)["size"]
    done = run("file", "main", "--audience", audience, "--as", "ilves", "-o", str(tmp_path / "x"), ledger=ledger)
    assert (done.exit_code, (tmp_path / "x").exists()) == (Exit.USAGE, False)
    assert reply("checkpoint", ledger=ledger)["size"] == before


def test_a_case_is_cut_at_the_state_of_its_bundle(tmp_path: Path) -> None:
    from cli.session.ledger_reader import reading

    with reading(ledger_of("S1", tmp_path)) as ledger:
        case = ledger.case("main")
    last = case.entries[-1].index
    assert [e.index for e in shown_to(case, "CT", last).entries] == [e.index for e in case.entries[:-1]]
    court, expert = (
        next(e for e in shown_to(case, role).entries if e.kind == "order-issued") for role in ("CT", "EXP")
    )
    assert expert.sealed["summary_of_facts"] is Unread.WITHHELD
    assert court.sealed["summary_of_facts"].startswith("An online shop")


def test_the_papers_find_what_the_verifier_finds(tmp_path: Path) -> None:
    _, filing = filed(tmp_path, "--html", story="S2")
    verified = told_by(filing)
    page = Page((filing / "evidence-chain.html").read_text()).words
    codes = {p["code"] for p in verified["procedure"] if not p["code"].startswith(("CMP-", "TIME-"))}
    assert "V-7-5c-DISCLOSED-AGAINST-INSTRUCTION" in codes
    assert all(code in page for code in codes)


def told_by(filing: Path) -> dict[str, Any]:
    words = (
        "verify",
        str(filing / "court.evidence.zip"),
        "--trust",
        str(filing / "trust"),
        "--trust-came",
        "apart",
        "--json",
    )
    return dict(json.loads(run(*words).stdout))


def test_the_demonstration_prints_the_checkpoint_of_the_bundle_inside(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert run("demo", str(folder)).exit_code == 0
    lines = head(folder / "court.evidence.zip")
    shutil.copytree(folder / "trust", folder / "TRUST")
    for name in ("custody.html", "evidence-chain.html", "custody.pdf"):
        blocks = printed(folder / name)
        assert checkpoint(blocks) == lines
        for command in commands(blocks):
            (folder / "FILE").write_bytes(EVIDENCE)
            (folder / "READ-ME-FIRST.html").unlink(missing_ok=True)
            types(command, folder, lines)


def test_what_was_filed_is_listed_as_json(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    said = reply("file", "main", *FILED, "--html", "-o", str(tmp_path / "filing"), ledger=ledger)
    assert (said["format"], said["verdict"]) == ("comity.file/1", "TOTAL-PASSED")
    made = {str(path.relative_to(tmp_path / "filing")) for path in (tmp_path / "filing").rglob("*") if path.is_file()}
    assert {file["name"] for file in said["files"]} == made


def test_the_verifier_page_is_filed_where_it_was_built_and_named_on_the_papers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.commands.file.verifier_page", lambda: b"<html>the page</html>")
    _, filing = filed(tmp_path, "--html")
    assert (filing / "OPEN-ME-FIRST.html").read_bytes() == b"<html>the page</html>"
    assert "open OPEN-ME-FIRST.html in a browser" in (filing / "custody.html").read_text()
    assert (filing / "READ-ME.txt").read_text().split("\n")[4].startswith("Open OPEN-ME-FIRST.html in a browser")
    monkeypatch.setattr("cli.commands.file.verifier_page", lambda: None)
    (tmp_path / "without").mkdir()
    _, other = filed(tmp_path / "without", "--html")
    assert not (other / "OPEN-ME-FIRST.html").exists()
    assert "The verifier page is missing" in (other / "READ-ME.txt").read_text()
    assert "OPEN-ME-FIRST.html" not in (other / "custody.html").read_text()


def test_an_order_that_its_reader_may_not_know_of_is_in_no_paper(tmp_path: Path) -> None:
    from cli.session.ledger_reader import reading

    with reading(ledger_of("emergency-validation-refused", tmp_path)) as ledger:
        cases = [case for case in ledger.all() if {e.order for e in case.entries} - {case.order}]
    assert cases
    for case in cases:
        assert {e.order for e in shown_to(case, "CT").entries} == {e.order for e in case.entries}
        assert {e.order for e in shown_to(case, "DEF").entries} == {case.order}


# -- files that do not agree are not handed out ------------------------------------------------------------------------


def refused(ledger: Path, folder: Path, says: str) -> None:
    """Assert that no folder is made, and that two entries record the opening of values and its failure."""
    before = reply("checkpoint", ledger=ledger)["size"]
    done = run("file", "main", *FILED, "-o", str(folder / "filing"), ledger=ledger)
    assert done.exit_code == Exit.REFUSED, done.output
    assert says in done.stderr
    assert f"nothing was handed out; entry {before + 1} of the log says so" in done.stderr
    assert [path.name for path in folder.iterdir() if "filing" in path.name] == []


def test_papers_of_another_checkpoint_are_not_handed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cli.session.ledger_reader import LedgerReader

    ledger = ledger_of("S1", tmp_path)
    older = LedgerReader.head_at
    monkeypatch.setattr(LedgerReader, "head_of", lambda self, _: older(self, read_moment("2027-03-15T00:00:00Z")))
    refused(ledger, tmp_path, "another checkpoint than that of its bundle")


def read_moment(text: str) -> Any:
    from ledger.entries.case import instant

    return instant(text)


def test_a_trust_folder_that_does_not_fit_is_not_handed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger.adapters.folders import read_trust

    other = ledger_of("S2", tmp_path / "other")
    mine = read_trust.trust_files
    monkeypatch.setattr("ledger.adapters.folders.read_trust.trust_files", lambda _: mine(str(other / "trust")))
    refused(ledger_of("S1", tmp_path), tmp_path, "what the papers say to type ends in")


def test_a_command_that_nobody_tried_is_not_handed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.reports.order_report.OUTSIDE", ())  # as if the reports stayed in the office
    refused(ledger_of("S1", tmp_path), tmp_path, "a paper says to type 'comity judge")


def test_a_folder_that_is_there_is_found_before_anything_is_recorded(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    before = reply("checkpoint", ledger=ledger)["size"]
    (tmp_path / "filing").mkdir()
    (tmp_path / "filing" / "mine").write_text("x")
    done = run("file", "main", *FILED, "-o", str(tmp_path / "filing"), ledger=ledger)
    assert done.exit_code == Exit.REFUSED
    assert reply("checkpoint", ledger=ledger)["size"] == before
    assert (tmp_path / "filing" / "mine").read_text() == "x"


def test_without_the_extra_for_paper_the_papers_are_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    monkeypatch.delitem(sys.modules, "projections.render.pdf", raising=False)
    _, filing = filed(tmp_path)
    assert {path.name for path in filing.iterdir() if path.suffix == ".html"} >= {"custody.html", "evidence-chain.html"}
    assert not [path for path in filing.iterdir() if path.suffix == ".pdf"]


def test_a_name_that_no_font_has_makes_a_page_and_the_rest_is_filed(tmp_path: Path) -> None:
    text = (STORIES / "S1.toml").read_text(encoding="utf-8").replace("Skylark Mail AS", "สกายลาร์ก เมล")
    ledger = play_story(read_story(text.encode(), "thai"), tmp_path / "thai").path
    done = run("file", "main", *FILED, "-o", str(tmp_path / "filing"), ledger=ledger)
    assert done.exit_code == 0, done.output
    assert "custody.pdf is made as a page" in done.stderr
    assert "สกายลาร์ก เมล" in (tmp_path / "filing" / "custody.html").read_text("utf-8")


# -- under witnesses, and after a kill ---------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Any]:
    pytest.importorskip("httpx", reason="needs the extra `server`")
    pytest.importorskip("starlette", reason="needs the extra `server`")
    from tests.cli.handover.test_hand_over import Watched

    with ExitStack() as stack:
        yield Watched(tmp_path, stack)


def files(house: Any) -> Any:
    return house.run("file", "PPO-2", *FILED, "-o", str(house.folder / "filing"))


def test_papers_and_bundle_are_of_the_head_that_witnesses_saw_although_the_log_grows(house: Any) -> None:
    from ledger.adapters.keys.key_files import load

    (watcher,) = house.asks("a", quorum=1)

    def grows(body: bytes) -> Any:
        answer = watcher.cosigns(body)
        if watcher.asked == 2:
            with house.journal() as journal:
                hand = journal.signer("ilves", "ISS", load(house.keys / "ilves"))
                journal.note_access([], hand, view="docket", purpose="audit", because="meanwhile", person="Dina Ilves")
        return answer

    watcher.script = grows
    done = files(house)
    assert done.exit_code == 0, done.output
    filing = house.folder / "filing"
    lines = head(filing / "court.evidence.zip")
    assert int(lines.split()[1]) == house.tree() - 1
    for paper in (*filing.glob("*.pdf"), *filing.glob("c*.html")):
        assert checkpoint(printed(paper)) == lines


def test_what_no_quorum_saw_is_filed_only_if_that_is_asked_for_and_says_so(house: Any) -> None:
    (watcher,) = house.asks("a", quorum=1)
    watcher.script = lambda _: WitnessReply(500, "no\n")
    before = house.size()
    assert (files(house).exit_code, house.size()) == (Exit.REFUSED, before)
    done = house.run("file", "PPO-2", *FILED, "--unwitnessed", "-o", str(house.folder / "filing"))
    assert done.exit_code == Exit.FINDINGS, done.output
    assert "INDETERMINATE CP-QUORUM" in done.stderr
    assert house.size() == before + 1


def test_two_filings_at_once_into_one_folder_hand_out_one(house: Any) -> None:
    root = Path(__file__).parents[3]
    env = {
        **os.environ,
        **house.env,
        "COMITY_PERSON": PERSON,
        "PYTHONPATH": str(root),
        "COMITY_LEDGER": str(house.ledger),
    }
    args = ("file", "PPO-2", *FILED, "--html", "-o", str(house.folder / "filing"))
    code = "from cli.app import main; main()"
    made = [
        subprocess.Popen([sys.executable, "-c", code, *args], cwd=root, env=env, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert sorted(process.wait(60) for process in made) == [Exit.DONE, Exit.REFUSED]
    late = [replaces for _, _, replaces in house.accesses()]
    assert late in ([False], [False, False, True]), "refused at once, or said that nothing was handed out"
    assert told_by(house.folder / "filing")["verdict"] == "TOTAL-PASSED"


def test_killed_between_access_and_folder_the_repeated_command_goes_on(house: Any) -> None:
    root = Path(__file__).parents[3]
    (watcher,) = house.asks("a", quorum=1)
    second, over = threading.Event(), threading.Event()

    def stalls(body: bytes) -> Any:
        if watcher.asked == 2:
            second.set()
            over.wait(30)
        return watcher.cosigns(body)

    watcher.script = stalls
    before = house.size()
    env = {
        **os.environ,
        **house.env,
        "COMITY_PERSON": PERSON,
        "PYTHONPATH": str(root),
        "COMITY_LEDGER": str(house.ledger),
    }
    args = ("file", "PPO-2", *FILED, "-o", str(house.folder / "filing"))
    code = "from cli.app import main; main()"
    with subprocess.Popen([sys.executable, "-c", code, *args], cwd=root, env=env, stderr=subprocess.PIPE) as process:
        assert second.wait(30)
        process.send_signal(signal.SIGKILL)
        over.set()
    assert (house.size(), (house.folder / "filing").exists(), len(house.pending())) == (before + 1, False, 1)
    watcher.script = None
    done = files(house)
    assert done.exit_code == 0, done.output
    assert (house.size(), house.pending()) == (before + 1, [])
    assert f"entry {before} of the log says already why" in done.stderr


# -- every instruction of every report ---------------------------------------------------------------------------------


def reported(ledger: Path, place: Path, *asked: str) -> Path:
    """Write a report with the command into an otherwise empty folder."""
    place.mkdir()
    file = place / ("paper.pdf" if "pdf" in asked else "paper.html")
    done = run("report", *asked, "-o", str(file), ledger=ledger)
    assert done.exit_code in (Exit.DONE, Exit.FINDINGS), done.output
    return file


OFFICES_OWN = [
    ("dpo", "main"),
    ("dpo", "main", "--lang", "de"),
    ("dpo", "main", "--trust", "TRUST"),
    ("audit",),
    ("statistics",),
    ("statistics", "--from", "2027-01-01", "--provider", "Skylark Mail AS", "--beside", "none", "--lang", "de"),
    ("statistics", "--trust", "TRUST"),
]


@pytest.mark.parametrize("asked", OFFICES_OWN, ids=" ".join)
def test_what_a_paper_of_the_office_says_to_type_works_in_the_office(asked: tuple[str, ...], tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    given = [str(ledger / "trust") if word == "TRUST" else word for word in asked]
    paper = reported(ledger, tmp_path / "office", *given, "--format", "html")
    blocks = printed(paper)
    assert len(commands(blocks)) >= 3
    for n, command in enumerate(commands(blocks)):
        place = tmp_path / str(n)
        place.mkdir()
        mine = ledger_of("S1", place)  # each command runs on the same state of the ledger
        mine.rename(place / "LEDGER")
        shutil.copytree(place / "LEDGER" / "trust", place / "TRUST")
        if not command.startswith("comity export") and "order.evidence.zip" in command:
            words = ("export", "main", "--audience", "DPO", "--as", "ilves", "-o", str(place / "order.evidence.zip"))
            assert run(*words, ledger=place / "LEDGER").exit_code == 0
        types(command, place, checkpoint(blocks), place / "LEDGER", paper.read_bytes())


@pytest.mark.parametrize("kind", [("custody",), ("evidence-chain",)])
def test_what_a_paper_for_others_says_to_type_works_without_the_ledger(kind: tuple[str, ...], tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    opened = ("--reveal", "--because", "trial", "--as", "ilves") if kind == ("custody",) else ()
    paper = reported(ledger, tmp_path / "court", *kind, "main", *opened)
    blocks = printed(paper)
    bundle = tmp_path / "court" / "order.evidence.zip"
    words = ("export", "main", "--audience", "COURT", "--as", "ilves", "-o", str(bundle))
    assert run(*words, ledger=ledger).exit_code == 0  # made after the report, as the report demands
    shutil.copytree(ledger / "trust", tmp_path / "court" / "TRUST")
    (tmp_path / "court" / "FILE").write_bytes(EVIDENCE)
    assert [command.split()[:2] for command in commands(blocks)] == [
        ["comity", "verify"],
        ["unzip", "order.evidence.zip"],
        *([["comity", "check"], ["sha256sum", "FILE"]] if opened else []),
    ]
    for command in commands(blocks):
        types(command, tmp_path / "court", checkpoint(blocks))


def test_a_paper_that_carries_a_bundle_prints_the_checkpoint_of_that_bundle(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    bundle = tmp_path / "court.evidence.zip"
    words = ("export", "main", "--audience", "COURT", "--as", "ilves", "-o", str(bundle))
    assert run(*words, ledger=ledger).exit_code == 0
    opened = ("--reveal", "--because", "trial", "--as", "ilves")  # this opening adds entries to the log
    paper = reported(ledger, tmp_path / "court", "custody", "main", "--format", "pdf", "--attach", str(bundle), *opened)
    blocks = printed(paper)
    assert checkpoint(blocks) == head(bundle)
    shutil.copytree(ledger / "trust", tmp_path / "court" / "TRUST")
    (tmp_path / "court" / "FILE").write_bytes(EVIDENCE)
    assert "pdfdetach -saveall paper.pdf" in blocks
    for command in commands(blocks):
        types(command, tmp_path / "court", checkpoint(blocks))


@pytest.mark.parametrize(
    "asked", [*(("certificate", "main", "--form", form) for form in FORMS), ("order-form", "main")]
)
def test_a_sheet_says_nothing_to_type(asked: tuple[str, ...], tmp_path: Path) -> None:
    page = reported(ledger_of("S1", tmp_path), tmp_path / "court", *asked).read_text()
    assert commands(said_in(page)) == []
    assert "comity " not in re.sub(r"comity [0-9.]+", "", Page(page).words)


def test_a_replay_says_nothing_to_type(tmp_path: Path) -> None:
    done = run("replay", "main", "--html", "-", ledger=ledger_of("S1", tmp_path))
    assert commands(said_in(done.stdout)) == []
    assert "comity " not in re.sub(r"comity [0-9.]+", "", Page(done.stdout).words)


def test_an_order_whose_name_two_orders_have_is_typed_by_its_id(tmp_path: Path) -> None:
    from cli.session.ledger_reader import reading
    from ledger.application.case_reader import CaseReader
    from ledger.errors import LedgerError

    ledger = ledger_of("S1", tmp_path)

    def ambiguous(self: CaseReader, name: str) -> str:
        raise LedgerError("ORDER-AMBIGUOUS", f"{name!r} may mean 2 orders", "")

    with reading(ledger) as reader, pytest.MonkeyPatch.context() as patched:
        from cli.reports.order_report import _typed

        case = reader.case("main")
        assert _typed(reader, case) == "main"
        patched.setattr(type(reader), "find", ambiguous)
        assert _typed(reader, case) == case.order


def test_the_page_in_a_filed_bundle_is_typed_with_the_keys_of_its_trust_folder(tmp_path: Path) -> None:
    if not all(shutil.which(tool) for tool in ("bash", "openssl", "sha256sum", "unzip")):
        pytest.skip("needs bash, coreutils, unzip and openssl")
    _, filing = filed(tmp_path, "--html")
    shutil.copytree(filing / "trust", filing / "FOLDER")
    shutil.copyfile(filing / "court.evidence.zip", filing / "BUNDLE")
    subprocess.run(["unzip", "-q", "BUNDLE", "READ-ME-FIRST.html"], cwd=filing, check=True)
    page = (filing / "READ-ME-FIRST.html").read_text("utf-8")
    (filing / "READ-ME-FIRST.html").unlink()
    blocks = said_in(page)
    key = re.search(r"names the key <code>([0-9a-f]{64})</code>", page)
    log = (filing / "trust" / "policy").read_text().split()[1]
    assert key
    printed_on_paper = checkpoint(printed(filing / "custody.html"))
    for block in blocks:
        if block.startswith("comity"):
            (filing / "CHECKPOINT").write_text(printed_on_paper)
            with chdir(filing):
                result = run(*shlex.split(block)[1:], "--trust-came", "apart")
            assert (result.exit_code, "TOTAL-PASSED" in result.output) == (0, True), result.output
            continue
        typed = block.replace("LOG-KEY-FROM-THE-COURT-FILE", log).replace("KEY-FROM-THE-COURT-FILE", key[1])
        typed = typed.replace("python3", shlex.quote(sys.executable))
        done = subprocess.run(["bash", "-ec", typed], cwd=filing, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        assert "DOES NOT" not in done.stdout
        if "cat " in block and block.startswith("cat "):
            assert done.stdout.startswith(printed_on_paper)
