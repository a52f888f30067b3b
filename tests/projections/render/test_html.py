"""Reports as pages: whole, readable to machines that read aloud, quiet, escaped, and the same every time."""

from __future__ import annotations

import re
import shutil
import sqlite3
from base64 import b64encode
from datetime import timedelta
from functools import cache
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from msgspec.structs import replace

from cli.exit_codes import Exit
from cli.reports.order_report import moments
from cli.session import ledger_choice
from cli.session.ledger_reader import reading
from cli.stories.model import read_story
from cli.stories.player import play_story
from ledger.entries.case import instant
from ledger.law import judge
from ledger.tlog.note import witness_vkey
from projections.render.html import environment
from projections.reports.entry_numbers import runs, together
from projections.reports.front_page import words
from projections.reports.replay import MOST, Stage, stages
from tests.support.cli import STORIES, ledger_of, reply, run
from tests.support.scenarios import given, issued, received, sent

KINDS = ("custody", "evidence-chain", "dpo", "audit", "statistics")
SHOWN = ("S1", "S2", "S6", pytest.param("landmark-yahoo-belgium", marks=pytest.mark.slow))
VOID = {"meta", "br", "input", "link", "img", "hr"}
EMPTY_SVG = {"line", "path", "circle", "rect", "polyline"}
HOSTILE = """<script>alert('1')</script>"x"&amp;"""


class Page(HTMLParser):
    """A page taken apart: its tags with attributes, whether they nest, its words, and the content of style and script.

    Text of `style` and `script` is not among the words.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.crossed: list[str] = []
        self.raw: dict[str, str] = {"style": "", "script": ""}
        self.pieces: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.raw:
            self.raw[self.open[-1]] += data
        else:
            self.pieces.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.pieces).split())

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag == name]


@cache
def written(story: str, kind: str) -> str:
    """Return a report (or the replay) of a shipped story, as the command prints it."""
    with TemporaryDirectory() as folder:
        return made(ledger_of(story, Path(folder)), kind, Path(folder))


def made(ledger: Path, kind: str, folder: Path, *more: str) -> str:
    """Return a report on a ledger as the command writes it."""
    file = folder / f"{kind}.html"
    file.unlink(missing_ok=True)
    if kind == "replay":
        result = run("replay", "main", "--html", str(file), *more, ledger=ledger)
    else:
        named = () if kind in ("audit", "statistics", "processing") else ("main",)
        result = run("report", kind, *named, "-o", str(file), *more, ledger=ledger)
    assert result.exit_code in (Exit.DONE, Exit.FINDINGS, Exit.PROVED_BAD), result.output
    return file.read_text(encoding="utf-8")


def hostile(folder: Path) -> Path:
    """S1 with a provider whose name tries to be markup, and a file name that does."""
    text = (STORIES / "S1.toml").read_text(encoding="utf-8")
    quoted = HOSTILE.replace('"', '\\"')
    assert "Skylark Mail AS" in text
    story = read_story(text.replace("Skylark Mail AS", quoted).encode(), "hostile")
    return play_story(story, folder / "hostile").path


def test_a_value_that_a_sentence_cuts_is_whole_elsewhere_on_the_paper_which_says_so(tmp_path: Path) -> None:
    ledger, says = ledger_of("S1", tmp_path), "A sentence shortens a stated value of more than 80 characters"
    assert says not in Page(made(ledger, "custody", tmp_path)).words
    exhibit = f"KA-0311/1 {'of the accounts department ' * 3}image.E01"
    done = run(
        "record", "evidence-sealed", "main", "-f", f"exhibit={exhibit}", "-f", "seal=S-1", "--as", "orn", ledger=ledger
    )
    assert done.exit_code == Exit.DONE, done.output
    shown = Page(made(ledger, "custody", tmp_path)).words
    assert f"sealed exhibit “{exhibit[:54]}…{exhibit[-25:]}” with seal S-1." in shown
    assert exhibit in shown
    assert says in shown


@pytest.mark.parametrize("kind", [*KINDS, "processing", "replay"])
@pytest.mark.parametrize("story", SHOWN)
def test_every_page_is_whole_and_can_be_read_aloud(story: str, kind: str) -> None:
    page = Page(written(story, kind))
    assert (page.open, page.crossed) == ([], [])
    assert page.all("html") == [{"lang": "en"}]
    assert [len(page.all(tag)) for tag in ("main", "h1", "footer", "style")] == [1, 1, 1, 1]
    assert page.tags.index(("title", {})) < page.tags.index(("body", {}))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(th.get("scope") in ("row", "col") for th in page.all("th"))
    drawn = [svg for svg in page.all("svg") if svg.get("class") != "segno"]
    assert all(svg.get("role") == "img" and svg.get("aria-labelledby") for svg in drawn)
    # The square repeats the three lines next to it for a camera, so no one needs to hear it read aloud.
    hidden = [div for div in page.all("div") if div.get("class") == "square" and div.get("aria-hidden") == "true"]
    assert len(page.all("svg")) - len(drawn) == len(hidden) == (kind != "replay")
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert all(b - a <= 1 for a, b in pairwise(levels))


@pytest.mark.parametrize("kind", [*KINDS, "replay"])
@pytest.mark.parametrize("story", SHOWN)
def test_every_link_leads_to_one_place_in_the_page(story: str, kind: str) -> None:
    page = Page(written(story, kind))
    ids = [str(attrs["id"]) for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [str(a["href"]) for a in page.all("a")]
    assert targets
    assert {t.removeprefix("#") for t in targets} <= set(ids)
    labelled = " ".join(str(attrs["aria-labelledby"]) for _, attrs in page.tags if "aria-labelledby" in attrs)
    assert set(labelled.split()) <= set(ids)


@pytest.mark.parametrize("kind", [*KINDS, "replay"])
def test_a_page_asks_nobody_for_anything_and_its_policy_names_what_is_in_it(kind: str) -> None:
    page = Page(written("S1", kind))
    assert not [tag for tag, attrs in page.tags if {"src", "style", "onclick", "onload"} & set(attrs)]
    assert not {"link", "img", "iframe", "object", "form", "base"} & {tag for tag, _ in page.tags}
    assert "@import" not in page.raw["style"]
    assert "url(" not in page.raw["style"]
    (policy,) = (m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    scripts = "" if kind != "replay" else f"; script-src '{digest(page.raw['script'])}'"
    style = f"style-src '{digest(page.raw['style'])}'"
    assert policy == f"default-src 'none'; {style}{scripts}; base-uri 'none'; form-action 'none'"
    assert len(page.all("script")) == (kind == "replay")


def digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


@pytest.mark.parametrize("kind", [*KINDS, "replay"])
def test_the_same_record_gives_the_same_bytes(kind: str, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    more = () if kind == "audit" else ("--as-of", "2027-09-02T00:00:00Z")
    first = made(ledger_of("S1", here), kind, here, *more)
    assert first == made(ledger_of("S1", there), kind, there, *more)


def test_a_report_on_an_earlier_moment_stays_the_same_when_the_record_grows(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    more = ("--as-of", "2027-03-10T00:00:00Z")
    before = made(ledger, "custody", tmp_path, *more)
    reveal = ("--reveal", "--because", "hearing", "--as", "ilves")
    assert run("custody", "main", *reveal, ledger=ledger).exit_code == Exit.DONE
    assert made(ledger, "custody", tmp_path, *more) == before


@pytest.mark.parametrize("kind", [*(k for k in KINDS if k != "statistics"), "replay"])  # which names no office of S1
def test_a_name_that_tries_to_be_markup_is_only_a_name(kind: str, tmp_path: Path) -> None:
    html = made(hostile(tmp_path), kind, tmp_path)
    page = Page(html)
    assert HOSTILE in page.words
    assert "<script>alert" not in html
    assert len(page.all("script")) == (kind == "replay")


@pytest.mark.parametrize("kind", [*KINDS, "replay"])
@pytest.mark.parametrize("story", SHOWN)
def test_no_page_says_what_a_court_decides(story: str, kind: str) -> None:
    words = Page(written(story, kind)).words
    assert not re.search(r"\b(in)?admissib|\b(in)?valid\b|\bOK\b|\bgenuine\b|\blawfully\b", words, re.IGNORECASE)


def test_a_test_ledger_says_so_first_and_another_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = ledger_of("S1", tmp_path)
    for kind in (*KINDS, "replay"):
        page = Page(made(ledger, kind, tmp_path))
        assert "TEST. This comes from a test ledger. It is not evidence." in page.words
        assert page.words.startswith("TEST ")
    (ledger / "TEST").unlink()  # and so it has no simulated clock any more
    monkeypatch.setattr(ledger_choice, "now", lambda folder=None: instant("2027-09-02T00:00:00Z"))
    for kind in (*KINDS, "replay"):
        assert "TEST" not in Page(made(ledger, kind, tmp_path)).words


def test_findings_stand_on_the_first_page_as_sentences_with_their_entries() -> None:
    html = written("S2", "evidence-chain")
    first = Page(html[: html.index("<nav")] + "</main></body></html>")
    says = "Violation: Data were disclosed although the notified authority had forbidden it. Entries 8 , 10 ."
    assert says in first.words
    assert "On the procedure the rules found: 1 violation, 1 gap." in first.words
    assert "contradicted: conditions of the instrument" in first.words


def test_nobody_vouches_for_itself_and_trust_from_elsewhere_counts(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    shutil.copytree(ledger / "trust", tmp_path / "trust")
    for kind in KINDS:
        assert "INDETERMINATE NO_TRUST_ANCHOR" in Page(made(ledger, kind, tmp_path)).words
        held = Page(made(ledger, kind, tmp_path, "--trust", str(tmp_path / "trust"))).words
        assert "Integrity TOTAL-PASSED" in held
        assert "NO_TRUST_ANCHOR" not in held


def test_a_report_asks_for_the_quorum_the_registrar_and_a_head_as_a_verifier_does(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    trust = shutil.copytree(ledger / "trust", tmp_path / "trust")
    held = ("--trust", str(trust))
    log_line = (trust / "policy").read_text().splitlines()[0]
    witness = witness_vkey("w.example", bytes([0x58, *[0x66] * 31]))
    (trust / "policy").write_text(f"{log_line}\nwitness w {witness}\nquorum w\n")
    for kind in ("custody", "audit"):
        assert "Integrity INDETERMINATE CP-QUORUM" in Page(made(ledger, kind, tmp_path, *held)).words
    (trust / "policy").write_text(f"{log_line}\nquorum none\n")
    (trust / "registrar").unlink()
    for kind in ("custody", "audit"):
        assert "Integrity INDETERMINATE NO_TRUST_ANCHOR" in Page(made(ledger, kind, tmp_path, *held)).words
    shutil.copy(ledger / "trust" / "registrar", trust)
    (ledger / "log" / "checkpoint").unlink()
    assert "Integrity INDETERMINATE CP-SIG" in Page(made(ledger, "audit", tmp_path, *held)).words


def test_a_scratched_entry_fails_the_report_and_is_named(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    scratched = sqlite3.connect(ledger / "entries.db")
    (raw,) = scratched.execute("SELECT state FROM stored_events WHERE rowid = 35").fetchone()
    at = raw.index(b'"sig":"') + 20
    for (trigger,) in scratched.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        scratched.execute(f"DROP TRIGGER {trigger}")
    broken = raw[:at] + (b"A" if raw[at : at + 1] != b"A" else b"B") + raw[at + 1 :]
    scratched.execute("UPDATE stored_events SET state = ? WHERE rowid = 35", (broken,))
    scratched.commit()
    scratched.close()
    for kind in ("custody", "audit"):
        words = Page(made(ledger, kind, tmp_path)).words
        assert "Integrity TOTAL-FAILED SIG-BAD" in words
        assert "#34" in words
    assert re.search(r"\b[1-9]\d* problems? (was|were) found in", words), words
    assert "Nothing was found wrong" not in words
    for asked in (
        ("custody", "main"),
        ("certificate", "main", "--form", "fre-902-13"),
        ("order-form", "main"),
        ("audit",),
    ):
        assert run("report", *asked, ledger=ledger).exit_code == Exit.PROVED_BAD


def test_sealed_values_stay_closed_until_somebody_says_why(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    closed = Page(made(ledger, "custody", tmp_path)).words
    assert "[sealed]" in closed
    assert "skyl-return.json" not in closed
    assert run("report", "custody", "main", "--reveal", ledger=ledger).exit_code == Exit.USAGE
    opened = Page(made(ledger, "custody", tmp_path, "--reveal", "--because", "hearing", "--as", "ilves")).words
    assert "skyl-return.json" in opened
    assert "Sealed values are opened in this report." in opened
    reads = Page(made(ledger, "dpo", tmp_path)).words
    assert (
        "Prosecutor's Office Karsk [sealed] the chain of custody the investigation of criminal offences [sealed]"
        in reads
    )


def test_a_report_as_json_names_its_own_format_and_holds_the_values_of_the_page(tmp_path: Path) -> None:
    ledger = ledger_of("S2", tmp_path)
    chain = reply("report", "evidence-chain", "main", "--trust", str(ledger / "trust"), ledger=ledger)
    assert chain["format"] == "comity.report-evidence-chain/1"
    states = {c["id"]: c["state"] for c in chain["criteria"]}
    assert (states["A1"], states["A5"], states["A8"]) == ("shown", "contradicted", "not shown")
    assert [f["level"] for f in chain["face"]["findings"]] == ["violation", "gap"]


def test_a_report_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "there.html"
    file.write_text("mine", encoding="utf-8")
    result = run("report", "custody", "main", "-o", str(file), ledger=ledger_of("S1", tmp_path))
    assert result.exit_code == Exit.USAGE
    assert file.read_text(encoding="utf-8") == "mine"


def test_a_report_that_is_recorded_can_be_recognised_by_its_digest(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    html = made(ledger, "custody", tmp_path, "--record", "--as", "ilves")
    entry = reply("timeline", "main", ledger=ledger)["timeline"][-1]
    assert (entry["kind"], entry["by"], entry["fields"]["report"]) == ("report-issued", "ilves", "custody")
    assert entry["fields"]["document"]["sha256"] == sha256(html.encode()).hexdigest()
    assert run("report", "custody", "main", "--record", ledger=ledger).exit_code == Exit.USAGE


def test_a_report_is_of_one_order_and_an_audit_of_all(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    assert run("report", "custody", ledger=ledger).exit_code == Exit.USAGE
    assert run("report", "audit", "main", ledger=ledger).exit_code == Exit.USAGE
    assert run("report", "audit", "--as-of", "2027-03-10T00:00:00Z", ledger=ledger).exit_code == Exit.USAGE
    assert run("report", "custody", "main", "--format", "csv", ledger=ledger).exit_code == Exit.USAGE


# -- replay ------------------------------------------------------------------------------------------------------------


def test_without_script_the_replay_is_a_list_of_every_moment() -> None:
    page = Page(written("S1", "replay"))
    moments = page.all("article")
    assert len(moments) > 10
    assert not any("hidden" in m for m in moments)
    (player,) = (attrs for tag, attrs in page.tags if attrs.get("class") == "player")
    assert "hidden" in player
    assert len([m for m in moments if m["data-says"]]) == len(moments)


def test_a_stage_knows_what_replay_at_its_moment_knows(tmp_path: Path) -> None:
    ledger = ledger_of("S2", tmp_path)
    for stage in _stages(ledger)[::3]:
        there = reply("replay", "main", "--at", f"{stage.at:%Y-%m-%dT%H:%M:%SZ}", ledger=ledger)
        assert (stage.size, stage.state) == (there["replay"]["size"], words(there["state"]))
        assert {f.code for f in stage.findings} == {f["code"] for f in there["findings"]}


def test_what_had_happened_and_was_in_no_record_is_marked(tmp_path: Path) -> None:
    ledger = ledger_of("landmark-yahoo-belgium", tmp_path)
    found = _stages(ledger)
    early = found[0]
    assert (early.size, [t.number for t in early.unknown]) == (0, [t.number for t in early.happened])
    assert early.state != early.really
    last = found[-1]
    assert (last.unknown, last.state) == ((), last.really)
    page = Page(made(ledger, "replay", tmp_path))
    assert "had happened and were not on this record" in page.words


def test_an_entry_that_no_head_covers_yet_is_in_no_record() -> None:
    told_so_far = (issued("2027-03-01T09:00Z"), sent("2027-03-02T08:00Z"), received("2027-03-02T08:30Z"))
    case = given(*told_so_far).case
    for covered in range(4):
        heads = [(e.at + timedelta(minutes=1), e.index + 1) for e in case.entries[:covered]]
        found = stages(case, heads, case.entries[-1].at + timedelta(hours=1), judge)
        numbers = [str(e.seq) for e in case.entries]
        assert [t.number for stage in found for t in stage.recorded] == numbers[:covered]
        assert [t.number for t in found[-1].unknown] == numbers[covered:]


def test_nothing_after_the_moment_that_is_asked_for_is_a_stage() -> None:
    facts = (issued("2027-03-01T09:00Z"), sent("2027-03-02T08:00Z"), received("2027-03-02T08:30Z"))
    case = given(*facts).case
    heads = [(e.at + timedelta(minutes=1), e.index + 1) for e in case.entries]
    for until in (case.entries[1].on, case.entries[1].on + timedelta(minutes=1), case.entries[-1].on):
        found = stages(case, heads, until, judge)
        assert max(stage.at for stage in found) <= until
        assert case.entries[0].on in {stage.at for stage in found}


def test_too_many_moments_are_shown_by_the_last_of_each_day_or_week(tmp_path: Path) -> None:
    with reading(ledger_of("S1", tmp_path)) as reader:
        case, heads = reader.case("main"), moments(reader)
    last = case.entries[-1]
    busy = [replace(last, on=last.on + n * timedelta(minutes=7)) for n in range(4 * MOST)]
    found = stages(replace(case, entries=(*case.entries, *busy)), heads, busy[-1].on, judge)
    days = [stage.at.date() for stage in found]
    assert len(days) == len(set(days)) < MOST
    assert found[-1].at == busy[-1].on


def _stages(ledger: Path) -> list[Stage]:
    with reading(ledger) as reader:
        case, heads, until = reader.case("main"), moments(reader), reader.now()
    return stages(case.known(until), heads, until, judge)


# -- words -------------------------------------------------------------------------------------------------------------


def test_numbers_that_follow_each_other_are_told_by_the_first_and_the_last() -> None:
    assert runs(["1", "2", "3", "5", "C1", "C2"]) == [["1", "2", "3"], ["5"], ["C1", "C2"]]
    assert together([("1", "a"), ("2", "b"), ("4", "b"), ("5", "a")]) == [(["1"], "a"), (["2", "4"], "b"), (["5"], "a")]
    words = environment("en").get_template("words.html.j2").make_module({"report": None})
    assert re.sub("<[^>]+>", "", words.entries(["1", "2", "3", "5", "C1", "C2"])) == "1–3, 5, C1, C2"  # type: ignore[attr-defined]


def test_the_first_sentence_on_custody_names_the_entry_with_another_digest(tmp_path: Path) -> None:
    ledger = ledger_of("hand-to-hand", tmp_path)
    words = Page(run("report", "custody", "changed", ledger=ledger).stdout).words
    assert re.search(r"A digest DIFFERS from the first one at entry 7\.", words), words
