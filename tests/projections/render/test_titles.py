"""The title of each page names the kind of report and the number of its case, in the tab, on the page and on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.projections.render.test_html import Page, made
from tests.support.cli import ledger_of

CASE = ": KA-2027-0311"
TITLES = {
    ("custody",): ("Chain-of-custody report", "Bericht über die Verwahrungskette", CASE),
    ("evidence-chain",): ("Evidence-chain report", "Nachweisbericht", CASE),
    ("dpo",): ("Processing record", "Verarbeitungsnachweis", CASE),
    ("order-form",): ("Order form", "Formblatt der Anordnung", CASE),
    ("certification", "--form", "fre-902-14"): (
        "Certification of data copied from an electronic source",
        "Bescheinigung über aus einer elektronischen Quelle kopierte Daten",
        CASE,
    ),
    ("audit",): ("Audit verification report", "Prüfbericht", ""),
    ("statistics",): ("Statistics", "Statistik", ""),
}


@pytest.mark.parametrize("kind", TITLES)
@pytest.mark.parametrize("lang", ["en", "de"])
def test_a_page_is_called_by_its_kind_and_its_case(kind: tuple[str, ...], lang: str, tmp_path: Path) -> None:
    page = made(ledger_of("S1", tmp_path), kind[0], tmp_path, *kind[1:], "--lang", lang)
    english, german, case = TITLES[kind]
    title = f"{english if lang == 'en' else german}{case}"
    (tab,) = re.findall(r"<title>(.*?)</title>", page)
    (head,) = re.findall(r"<h1[^>]*>(.*?)</h1>", page)
    assert tab == f"TEST {title}"
    assert Page(head).words == title
