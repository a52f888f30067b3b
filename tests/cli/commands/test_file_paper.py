"""A paper of a filing: its name, the bundle inside, its language, and a page where no PDF can be made."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import file
from cli.commands.file import Filing, _paper
from cli.exit_codes import Stop
from cli.reports.order_report import ReportRequest

NAME = "court.evidence.zip"
CASE: Any = SimpleNamespace(entries=("an entry",), registry=("of the register",))
MADE: Any = SimpleNamespace(
    data=b"bundle", contents=SimpleNamespace(checkpoint=b"note", about=SimpleNamespace(made_at="then"))
)


class Papers:
    """What is asked of the modules that make a paper; `lacking` are the media that cannot be made."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.asked: list[ReportRequest] = []
        self.written: list[tuple[Any, ...]] = []
        self.lacking: set[str] = set()
        self.said: list[str] = []
        patch.setattr(file, "order_report", self.report)
        patch.setattr(file, "written", self.write)
        patch.setattr("cli.terminal.output.tell", self.said.append)

    def report(self, ledger: Any, asked: ReportRequest, case: Any, at: Any, trust: Any) -> Any:
        assert (ledger, case, at, trust) == ("ledger", CASE, "then", None)
        self.asked.append(asked)
        return f"report {len(self.asked)}"

    def write(self, *said: Any, signer: Any) -> bytes:
        kind, report, medium, inside, fonts, lang = said
        self.written.append((kind, medium, inside and inside.name, fonts, lang, signer))
        if medium in self.lacking:
            raise Stop("no font has this letter")
        return f"{report} as {medium}".encode()

    def make(self, kind: str, medium: str = "pdf", form: str = "", **wanted: Any) -> tuple[str, bytes, Any]:
        ledger: Any = "ledger"
        papers = ((kind, form, medium),)
        return _paper(ledger, MADE, Filing("CT", NAME, papers, **wanted), CASE, ReportRequest(kind, medium, form))


@pytest.fixture
def papers(monkeypatch: pytest.MonkeyPatch) -> Papers:
    return Papers(monkeypatch)


@pytest.mark.parametrize(
    ("kind", "medium", "form", "name", "carries"),
    [
        ("custody", "pdf", "", "custody.pdf", True),
        ("hearing", "pdf", "", "hearing.pdf", True),
        ("custody", "html", "", "custody.html", False),
        ("certification", "pdf", "fre-902-14", "certificate-fre-902-14.pdf", False),
    ],
)
def test_a_report_in_pdf_carries_the_bundle_and_a_certificate_does_not(
    kind: str, medium: str, form: str, name: str, carries: bool, papers: Papers
) -> None:
    made = papers.make(kind, medium, form)
    assert made == (name, f"report 1 as {medium}".encode(), "report 1")
    assert (papers.asked[0].file, papers.asked[0].attached) == (name, NAME if carries else None)
    assert papers.written == [(kind, medium, NAME if carries else None, None, "en", None)]


def test_a_paper_is_made_in_the_language_and_with_the_fonts_that_are_asked_for(papers: Papers) -> None:
    papers.make("custody", lang="de", fonts="fonts/")
    assert papers.written == [("custody", "pdf", NAME, "fonts/", "de", None)]


def test_a_paper_is_a_page_where_no_pdf_can_be_made(papers: Papers) -> None:
    papers.lacking = {"pdf"}
    assert papers.make("custody") == ("custody.html", b"report 2 as html", "report 2")
    assert [each.attached for each in papers.asked] == [NAME, None]
    assert papers.said == ["custody.pdf is made as a page: no font has this letter"]


@pytest.mark.parametrize(
    ("kind", "medium", "signer"), [("hearing", "pdf", None), ("custody", "pdf", "a signer"), ("custody", "html", None)]
)
def test_a_hearing_a_signed_paper_and_a_page_are_made_as_asked_or_not_at_all(
    kind: str, medium: str, signer: Any, papers: Papers
) -> None:
    papers.lacking = {medium}
    with pytest.raises(Stop, match="no font has this letter"):
        papers.make(kind, medium, signer=signer)
    assert len(papers.written) == 1
    assert papers.said == []
