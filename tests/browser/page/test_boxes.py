"""Pages with long names in four writings and seconds in every time: no text overlaps, is cut, or leaves the window.

The same for papers is tests/projections/render/test_pdf_boxes.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.page.test_court import asked, lines_in
from tests.browser.page.test_desk import Served, serving
from tests.browser.support.webdriver import Browser
from tests.support.cli import ledger_of, ledger_of_long_names, run

pytestmark = pytest.mark.browser

BOXES = Path(__file__).parents[1].joinpath("support", "boxes.js").read_text("utf-8")
OPENED = ("--reveal", "--because", "trial", "--as", "ilves")
PAGES = {
    "custody": ("report", "custody", "main", *OPENED),
    "custody-de": ("report", "custody", "main", *OPENED, "--lang", "de"),
    "evidence-chain": ("report", "evidence-chain", "main", *OPENED),
    "dpo": ("report", "dpo", "main", *OPENED, "--purpose", "trial"),
    "order-form": ("report", "order-form", "main", *OPENED),
    "letter": ("report", "letter", "main", "--kind", "notice", "--because", "the delay is lifted", "--as", "ilves"),
    "statistics": ("report", "statistics", "--from", "2027-01-01", "--to", "2028-01-01"),
    "replay": ("replay", "main", *OPENED),
}
LEDGERS = {"S1": lambda folder: ledger_of("S1", folder), "long-names": ledger_of_long_names}


WIDTHS = (390, 1280)


@pytest.fixture(scope="module", params=LEDGERS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a ledger, every page of `PAGES`, and the bundle of its order for a court."""
    place = tmp_path_factory.mktemp("boxes")
    ledger = LEDGERS[request.param](place)
    made = {f"{name}.html": words for name, words in PAGES.items()}
    made["court.evidence.zip"] = ("export", "main", "--audience", "COURT", "--because", "trial", "--as", "ilves")
    for name, words in made.items():
        done = run(*words, "--html" if words[0] == "replay" else "-o", str(place / name), ledger=ledger)
        assert done.exit_code in (0, 3), done.output
    return place


@pytest.fixture(scope="module")
def desk(browser: Browser, folder: Path) -> Iterator[Served]:
    pytest.importorskip("uvicorn", reason="needs the extra `server`")
    with serving(browser, folder / "ledger") as served:
        yield served


def wrong(browser: Browser) -> dict[int, list[str]]:
    """Return what is wrong with the page that a browser shows, with everything unfolded, at each width."""
    found = {}
    for width in WIDTHS:
        browser.resize(width)
        browser.run("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        found[width] = browser.run(BOXES)
    return {width: sentences for width, sentences in found.items() if sentences}


@pytest.mark.parametrize("name", PAGES)
def test_no_text_of_a_report_overlaps_or_is_cut(browser: Browser, folder: Path, name: str) -> None:
    browser.open((folder / f"{name}.html").as_uri())
    assert wrong(browser) == {}


def test_no_text_of_the_verifier_page_overlaps_or_is_cut(browser: Browser, folder: Path, page: Path) -> None:
    bundle = folder / "court.evidence.zip"
    assert asked(browser, page, bundle, lines=lines_in(bundle)).startswith("Integrity: TOTAL-PASSED.")
    assert wrong(browser) == {}


@pytest.mark.parametrize("path", ["/", "/orders", "/orders/{}", "/orders/{}/entries"])
def test_no_text_of_the_desk_overlaps_or_is_cut(browser: Browser, desk: Served, path: str) -> None:
    browser.open(desk.page(path))
    assert wrong(browser) == {}


SVG = '<svg viewBox="0 0 200 40" width="200" height="40" role="img">{}</svg>'
SPOILT = {
    "overlap by": '<p>One line of text</p><p style="margin-top: -2.2rem">Another line of text</p>',
    "overlap": SVG.format('<text x="0" y="20">2027-03-10</text><text x="30" y="20">2027-03-11</text>'),
    "outside its drawing": SVG.format('<text x="150" y="20">2027-03-10T12:00:37Z</text>'),
    "cut": '<p style="width: 4rem; overflow: hidden; white-space: nowrap">skylark-return-of-2027.json</p>',
    "outside the window": '<p style="width: 2000px; white-space: nowrap">' + "long " * 400 + "</p>",
    "the page is": '<div style="width: 2000px">short</div>',
}
SOUND = {
    "a box that scrolls": '<div style="overflow-x: auto"><pre>' + "long " * 400 + "</pre></div>",
    "text for a screen reader": '<p>One<span style="position: absolute; width: 1px; height: 1px; overflow: hidden; '
    'clip-path: inset(50%); white-space: nowrap">A sentence that is read aloud</span></p>',
    "a raised digit": "<p>One line of text<sup>2</sup> with <code>code</code> and <strong>weight</strong></p>",
    "a drawing": SVG.format('<text x="0" y="20">2027-03-10</text><text x="100" y="20">2027-03-11</text>'),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_page_is_found(browser: Browser, tmp_path: Path, kind: str) -> None:
    shown(browser, tmp_path, SPOILT[kind])
    found = wrong(browser)
    assert tuple(sorted(found)) == WIDTHS
    assert all(any(sentence.startswith(kind) for sentence in sentences) for sentences in found.values()), found


@pytest.mark.parametrize("kind", SOUND)
def test_a_sound_page_is_not_found(browser: Browser, tmp_path: Path, kind: str) -> None:
    shown(browser, tmp_path, SOUND[kind])
    assert wrong(browser) == {}


def shown(browser: Browser, folder: Path, body: str) -> None:
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    (folder / "page.html").write_text(f"{head}<title>x</title><body>{body}", "utf-8")
    browser.open((folder / "page.html").as_uri())
