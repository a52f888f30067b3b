"""What `report` asks for, hands on and writes, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import report
from cli.exit_codes import Exit
from ledger.entries.case import wire
from tests.support.cli import ledger_of, run

OPENED = ("--reveal", "--because", "hearing", "--as", "ilves")


@pytest.fixture(scope="module")
def s1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S1", tmp_path_factory.mktemp("s1"))


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("wrong-on-every-count", tmp_path_factory.mktemp("wrong"))


class Made:
    """Collect what a report is made of and what is written; the verdict is `verdict`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.verdict = "TOTAL-PASSED"
        self.asked: list[Any] = []
        self.written: list[Any] = []
        self.put: list[Any] = []
        self.recorded: list[Any] = []
        self.revealed: list[Any] = []
        self.letters: list[Any] = []

        def order_report(reader: Any, request: Any, case: Any, moment: Any, trust: Any) -> str:
            self.asked.append((request, case.label, wire(moment), trust is not None))
            return "made"

        def written(*said: Any) -> bytes:
            self.written.append(said)
            return b"data"

        def making(made: Any) -> Any:
            return SimpleNamespace(as_of="moment", integrity=SimpleNamespace(verdict=self.verdict))

        monkeypatch.setattr(report, "order_report", order_report)
        monkeypatch.setattr(report, "written", written)
        monkeypatch.setattr(report, "making_of", making)
        monkeypatch.setattr(report, "put", lambda *said: self.put.append(said))
        monkeypatch.setattr(report, "recording", lambda actor, order: f"{actor} records")
        monkeypatch.setattr(report, "record_report", lambda *said: self.recorded.append(said))
        monkeypatch.setattr(report, "revealed", lambda *said: self.revealed.append(said))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    return Made(monkeypatch)


@pytest.mark.parametrize(
    ("verdict", "ends"),
    [("TOTAL-PASSED", Exit.DONE), ("INDETERMINATE", Exit.FINDINGS), ("TOTAL-FAILED", Exit.PROVED_BAD)],
)
def test_a_report_ends_as_its_verdict_on_integrity_does(verdict: str, ends: Exit, s1: Path, made: Made) -> None:
    made.verdict = verdict
    assert run("report", "custody", "main", ledger=s1).exit_code == ends


def test_a_page_is_made_of_an_order_with_the_defaults(s1: Path, made: Made) -> None:
    run("report", "custody", "main", ledger=s1)
    ((request, label, moment, held),) = made.asked
    assert (label, moment, held) == ("main", "2027-09-02T00:00:00Z", False)
    assert (request.kind, request.medium, request.form, request.reveal) == ("custody", "html", "", False)
    assert (request.reader, request.head, request.file, request.depth) == ("", None, "", "detailed")
    assert made.written == [("custody", "made", "html", None, None, "en", None)]
    assert made.put == [("-", b"data", None)]
    assert made.recorded == []
    ((orders, view, reveal, _, actor, reads),) = made.revealed
    assert (len(orders), view, reveal, actor, reads) == (1, "custody", False, None, None)


@pytest.mark.parametrize(
    ("words", "kind", "medium"),
    [
        (("custody",), "custody", "html"),
        (("hearing",), "hearing", "pdf"),
        (("hearing", "--json"), "hearing", "json"),
        (("certificate", "--form", "fre-902-14"), "certification", "html"),
        (("custody", "--format", "pdf"), "custody", "pdf"),
        (("evidence-chain", "-o", "x.json"), "evidence-chain", "json"),
        (("dpo", "-o", "x.htm"), "dpo", "html"),
    ],
)
def test_the_medium_is_that_of_the_format_the_file_or_the_kind(
    words: tuple[str, ...], kind: str, medium: str, s1: Path, made: Made, tmp_path: Path
) -> None:
    named = [str(tmp_path / word) if word.startswith("x.") else word for word in words]
    done = run("report", named[0], "main", *named[1:], ledger=s1)
    assert done.exit_code == Exit.DONE, done.output
    ((request, *_),) = made.asked
    assert (request.kind, request.medium) == (kind, medium)
    assert made.written[0][:3] == (kind, "made", medium)
    assert request.file == (named[-1].rpartition("/")[2] if "-o" in named else "")


def test_options_reach_the_report(s1: Path, made: Made, tmp_path: Path) -> None:
    moment = "2027-03-10T00:00:00Z"
    words = ("--form", "fre-902-13", "--as-of", moment, "--trust", str(s1 / "trust"), "--fonts", "fonts")
    run("report", "certification", "main", *words, "--lang", "de", *OPENED, ledger=s1)
    ((request, _, at, held),) = made.asked
    assert (request.form, request.reveal, request.lang, at, held) == ("fre-902-13", True, "de", moment, True)
    ((_, view, reveal, stated, actor, reads),) = made.revealed
    assert (view, reveal, actor, reads) == ("custody", True, "ilves", "CT")
    assert stated.because == "hearing"
    _, _, _, attached, fonts, lang, signer = made.written[0]
    assert (attached, fonts, lang, signer) == (None, "fonts", "de", None)
    run("report", "hearing", "main", "--depth", "diagnostic", ledger=s1)
    assert made.asked[1][0].depth == "diagnostic"


@pytest.mark.parametrize(("words", "reader"), [((), "SP"), (("--for", "NOT"), "NOT"), (("--for", "COURT"), "CT")])
def test_an_order_form_is_for_its_addressee_or_the_role_that_is_named(
    words: tuple[str, ...], reader: str, s1: Path, made: Made
) -> None:
    done = run("report", "order-form", "main", *words, ledger=s1)
    assert done.exit_code == Exit.DONE, done.output
    assert made.asked[0][0].reader == reader
    assert (made.revealed[0][1], made.revealed[0][5]) == ("export", reader)
    assert done.stderr == ""


def test_what_an_order_lacks_is_said_by_its_form_alone_and_is_a_finding(wrong: Path, made: Made) -> None:
    done = run("report", "order-form", "main", ledger=wrong)
    assert done.exit_code == Exit.FINDINGS
    assert [line for line in done.stderr.splitlines() if line.startswith("FE511: ")]
    assert all(": " in line for line in done.stderr.splitlines())
    made.verdict = "TOTAL-FAILED"
    assert run("report", "order-form", "main", ledger=wrong).exit_code == Exit.PROVED_BAD
    made.verdict = "TOTAL-PASSED"
    custody = run("report", "custody", "main", ledger=wrong)
    assert (custody.exit_code, custody.stderr) == (Exit.DONE, "")


def test_a_report_that_is_recorded_is_one_in_a_file(s1: Path, made: Made, tmp_path: Path) -> None:
    file = str(tmp_path / "custody.html")
    assert run("report", "custody", "main", "-o", file, "--record", "--as", "ilves", ledger=s1).exit_code == Exit.DONE
    assert made.put == [(file, b"data", None)]
    ((kind, about, as_of, data, medium, recorder),) = made.recorded
    assert (kind, as_of, data, medium, recorder) == ("custody", "moment", b"data", "html", "ilves records")
    assert about == "759427d8-1153-5992-988f-bcef32246d2d"


def test_a_graph_of_the_whole_order_is_written_as_it_is(s1: Path, made: Made) -> None:
    run("report", "custody", "main", "--format", "case", ledger=s1)
    ((file, data, _),) = made.put
    assert (file, made.written) == ("-", [])
    assert "@graph" in json.loads(data)


def test_a_report_on_the_whole_ledger_reads_all_of_it(
    s1: Path, made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(report, "statistics_of", lambda reader, *said: asked.append(said))
    monkeypatch.setattr("cli.reports.ledger_report.audit_report", lambda reader, held: asked.append(held))
    for words in ((), ("--beside", "none", "--format", "pdf"), ("--lang", "de"), ("--format", "pdf", "--lang", "de")):
        assert run("report", "statistics", "--party", "XO", *words, ledger=s1).exit_code == Exit.DONE
    assert [(wish.party, beside, look) for wish, beside, _, _, look in asked] == [
        ("XO", "google", ""),
        ("XO", "none", " --format pdf"),
        ("XO", "google", " --lang de"),
        ("XO", "google", " --format pdf --lang de"),
    ]
    asked.clear()
    file = str(tmp_path / "audit.html")
    assert run("report", "audit", "-o", file, "--record", "--as", "ilves", ledger=s1).exit_code == Exit.DONE
    assert asked == [None]
    assert (made.recorded[0][0], made.revealed, made.asked) == ("audit", [], [])
    assert len(made.recorded[0][1]) == 36, "the order of accesses"


@pytest.mark.parametrize(("missing", "ends"), [([], Exit.DONE), ([("A", "b")], Exit.FINDINGS)])
def test_a_record_of_processing_ends_by_what_it_lacks(
    missing: list[Any], ends: Exit, s1: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.reports.processing_report.processing_report", lambda *said: ("record", missing))
    monkeypatch.setattr(
        "cli.reports.processing_report.tell_missing", lambda found: Exit.FINDINGS if found else Exit.DONE
    )
    for lang in ("en", "de"):
        assert run("report", "processing", "--lang", lang, ledger=s1).exit_code == ends
    assert [said[:6] for said in made.written] == [
        ("processing", "record", "html", None, None, "en"),
        ("processing", "record", "html", None, None, "de"),
    ]
    assert made.put == [("-", b"data", None)] * 2


def test_a_description_to_fill_in_is_json_in_a_new_file(tmp_path: Path) -> None:
    shown = run("report", "processing", "--template")
    assert "controller" in json.loads(shown.stdout)
    file = tmp_path / "controller.json"
    assert run("report", "processing", "--template", "-o", str(file)).exit_code == Exit.DONE
    assert file.read_text("utf-8") == shown.stdout
    again = run("report", "processing", "--template", "-o", str(file))
    assert (again.exit_code, "controller.json" in again.stderr) == (Exit.USAGE, True)
    other = run("report", "processing", "--template", "-o", str(tmp_path / "controller.html"))
    assert (other.exit_code, (tmp_path / "controller.html").exists()) == (Exit.USAGE, False)


@pytest.mark.parametrize("words", [("letter",), ("letter", "--lang", "de")])
def test_a_letter_ends_by_what_it_lacks_and_says_how_it_is_recorded(
    words: tuple[str, ...], s1: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(report, "made_letter", lambda *said: "letter")
    monkeypatch.setattr(report, "tell_recording", lambda *said: told.append(said))
    monkeypatch.setattr(report, "tell_missing", lambda letter: Exit.FINDINGS)
    asked = ("--kind", "notice", "--because", "the delay is lifted")
    for actor in ((), ("--as", "ilves")):
        done = run("report", words[0], "main", *asked, *actor, *words[1:], ledger=s1)
        assert done.exit_code == Exit.FINDINGS, done.output
    assert told == [("letter", "main", "-", "ACTOR"), ("letter", "main", "-", "ilves")]
    assert [said[:4] for said in made.written] == [("letter", "letter", "html", None)] * 2
    assert [said[5] for said in made.written] == ["de" if "de" in words else "en"] * 2
    assert made.put == [("-", b"data", None)] * 2
