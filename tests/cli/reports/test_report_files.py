"""A report is JSON, a page or a PDF; a signed PDF says so and is signed last."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest

from cli.reports.report_files import making_of, noted, written
from projections.reports.fillable_form import FillableForm
from projections.reports.front_page import IntegrityResult, Provenance
from projections.reports.signature_note import SignatureNote
from tests.cli.reports.test_issued_report import AT

MAKING = Provenance(AT, "tool", "rules", None, IntegrityResult("PASSED", "read", (), ()))
NOTE: SignatureNote = SimpleNamespace(says=("It is signed.",))  # type: ignore[assignment]


@dataclass(frozen=True)
class Face:
    making: Provenance
    title: str = "Custody"


@dataclass(frozen=True)
class Paper:
    face: Face
    rows: tuple[str, ...] = ("a", "b")


PAPER: Any = Paper(Face(MAKING))
FORM = FillableForm("F", "Form", "what", "note", MAKING, None, ())


def test_the_note_of_a_signature_is_in_how_a_paper_was_made_and_changes_nothing_else() -> None:
    signed = replace(MAKING, signature=NOTE)
    for made in (PAPER, FORM):
        assert making_of(made) is MAKING
        assert making_of(noted(made, NOTE)) == signed
    paper: Any = noted(PAPER, NOTE)
    assert paper == Paper(Face(signed))
    assert noted(FORM, NOTE) == replace(FORM, making=signed)


def test_a_report_as_json_has_its_format_and_all_its_values() -> None:
    data = written("custody", PAPER, "json")
    assert data.endswith(b"}\n")
    values = json.loads(data)
    assert values["format"] == "comity.report-custody/1"
    assert (values["rows"], values["face"]["title"], values["face"]["making"]["tool"]) == (
        ["a", "b"], "Custody", "tool",
    )  # fmt: skip


@pytest.mark.parametrize("signs", [False, True])
def test_a_paper_is_set_with_what_it_was_given_and_signed_if_there_is_a_signer(
    signs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_: list[Any] = []

    def as_paper(made: Any, attached: Any, fonts: Any, *, lang: str) -> bytes:
        set_.append((made, attached, fonts, lang))
        return b"%PDF"

    monkeypatch.setattr("cli.reports.pdf.as_paper", as_paper)
    signer: Any = SimpleNamespace(note=NOTE, sign=lambda data, lang: data + lang.encode() + b" signed")
    bundle: Any = "bundle"
    data = written("custody", PAPER, "pdf", bundle, "fonts/", "de", signer if signs else None)
    assert data == (b"%PDFde signed" if signs else b"%PDF")
    assert set_ == [(noted(PAPER, NOTE) if signs else PAPER, "bundle", "fonts/", "de")]


def test_a_report_as_a_page_is_in_its_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.render.html.page", lambda *said: f"<{said[0].rows}{said[1:]}é")
    given: tuple[Any, ...] = (None, None, "fr")
    assert written("custody", PAPER, "html", *given) == "<('a', 'b')('fr',)é".encode()
    assert written("custody", PAPER, "html") == "<('a', 'b')('en',)é".encode()
