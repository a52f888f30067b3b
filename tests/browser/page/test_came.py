"""The question before the verdict: how the trust came, and what a typing error or the trust of another log comes to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from ledger.trust.held import Came
from ledger.trust.trust_folder import parse_trust
from ledger.verify.evidence_bundle import verify
from tests.browser.page.test_page import Court, court, text
from tests.browser.support.form import opened_apart, shown
from tests.browser.support.webdriver import ENTER, Browser
from tests.support.memory_ledger import small

pytestmark = pytest.mark.browser

__all__ = ["court"]  # a fixture

ALONE = "Consistent in itself; whose it is was not shown."


def ask(browser: Browser, court: Court, typed: str = "", /, **files: Path) -> None:
    """Fill the open page, press Enter on the button, and wait for the result."""
    browser.type("#bundle", str(court.folder / "order.evidence.zip"))
    if typed:
        browser.type("#anchor", typed)
    for field, file in files.items():
        browser.type(f"#{field}-file", str(file))
    browser.wait(f"return {list(files)!r}.every((id) => document.getElementById(id).value)" if files else "return 1")
    browser.type("#question button", ENTER)
    result(browser)


def result(browser: Browser) -> None:
    browser.wait("return !document.querySelector('#question button').disabled")
    browser.wait("return !document.getElementById('result').hidden || document.querySelector('#status .problem')")


def lines(court: Court, root: str | None = None) -> str:
    said = (court.folder / "checkpoint").read_text("utf-8").split("\n")[:3]
    return "\n".join([*said[:2], root or said[2]])


def saved(browser: Browser) -> bytes:
    """Return the file that the page offers of a log that contradicts itself."""
    address = browser.run("return document.getElementById('exhibit')?.href ?? ''")
    return unquote_to_bytes(address.partition(",")[2])


def slipped(court: Court) -> str:
    """Return the root of the checkpoint with another letter 17."""
    root = lines(court).split("\n")[2]
    return f"{root[:16]}{'A' if root[16] != 'A' else 'B'}{root[17:]}"


def test_without_an_answer_nothing_passes_and_the_headline_says_what_was_not_shown(
    browser: Browser, page: Path, court: Court
) -> None:
    browser.open(page.as_uri())
    ask(browser, court, **court.held)
    assert text(browser, "#integrity") == "INDETERMINATE NO_TRUST_ANCHOR"
    assert text(browser, "#headline") == ALONE
    assert "passed" not in text(browser, ".verdict")
    assert "how did this trust reach you?" in text(browser, "#result")


@pytest.mark.parametrize(
    ("came", "integrity"),
    [("with", "INDETERMINATE NO_TRUST_ANCHOR"), ("apart", "TOTAL-PASSED"), ("voice", "TOTAL-PASSED")],
)
def test_the_verdict_follows_the_answer_also_where_it_is_given_after_it(
    browser: Browser, page: Path, court: Court, came: str, integrity: str
) -> None:
    browser.open(page.as_uri())
    ask(browser, court, **court.held)
    browser.run("document.getElementById('result').replaceChildren()")
    browser.run("document.getElementById(arguments[0]).click()", f"came-{came}")
    browser.wait("return document.getElementById('integrity')")
    result(browser)
    assert text(browser, "#integrity") == integrity
    assert (text(browser, "#headline") == ALONE) == (came == "with")


def test_a_checkpoint_that_came_with_the_bundle_shows_no_more(browser: Browser, page: Path, court: Court) -> None:
    opened_apart(browser, page, "with")
    ask(browser, court, lines(court))
    assert text(browser, "#integrity") == "INDETERMINATE NO_TRUST_ANCHOR"
    assert text(browser, "#headline") == ALONE


def test_the_trust_of_another_log_gives_no_verdict_on_the_bundle(
    browser: Browser, page: Path, court: Court, tmp_path: Path
) -> None:
    other, _ = small(origin="ledger.test/xo/other")
    for name, data in other.trust_files().items():
        (tmp_path / name).write_bytes(data)
    opened_apart(browser, page)
    ask(browser, court, policy=tmp_path / "policy", registrar=tmp_path / "registrar")
    says = f"You gave the trust of ledger.test/xo/other. This bundle is of {court.ledger.origin}."
    assert text(browser, "#headline") == says
    assert text(browser, "#integrity") == "INDETERMINATE CP-ORIGIN"
    assert text(browser, "#procedure") == "not examined"


def test_a_typed_root_that_differs_is_to_be_compared_before_it_proves_anything(
    browser: Browser, page: Path, court: Court
) -> None:
    opened_apart(browser, page)
    wrong = slipped(court)
    ask(browser, court, lines(court, wrong), **court.held)
    assert text(browser, "#integrity") == "INDETERMINATE ANCHOR-TYPED"
    assert "compare letter 17 of the root that you typed" in text(browser, "#result")
    roots = browser.run("return [...document.querySelectorAll('.compared dd')].map((each) => each.textContent)")
    right = lines(court).split("\n")[2]
    assert roots == [wrong[:22], right[:22], wrong[22:], right[22:]], "both under each other"
    marks = browser.run("return [...document.querySelectorAll('.compared mark')].map((each) => each.textContent)")
    assert marks == [wrong[16], right[16]]
    browser.run("document.getElementById('printed').click()")
    browser.wait("return document.getElementById('integrity')?.textContent.includes('ANCHOR-MISMATCH')")
    assert text(browser, "#integrity") == "TOTAL-FAILED ANCHOR-MISMATCH"
    browser.run("document.getElementById('anchor').value = ''")
    browser.type("#anchor", lines(court, wrong))
    browser.type("#question button", ENTER)
    browser.wait("return document.getElementById('integrity')?.textContent.includes('ANCHOR-TYPED')")
    assert shown(browser)["integrity"] == "INDETERMINATE ANCHOR-TYPED", "what was confirmed was another input"


def test_a_signed_checkpoint_from_a_file_with_another_root_is_a_failure_at_once(
    browser: Browser, page: Path, court: Court, tmp_path: Path
) -> None:
    note = tmp_path / "checkpoint"
    note.write_bytes(court.ledger.checkpoint(root=bytes(32)))
    opened_apart(browser, page)
    ask(browser, court, **court.held, anchor=note)
    assert text(browser, "#integrity") == "TOTAL-FAILED ANCHOR-MISMATCH"
    assert "keep both" in text(browser, "#result")
    bundle, held = court.folder / "order.evidence.zip", {name: file.read_bytes() for name, file in court.held.items()}
    judged = verify(bundle.read_bytes(), parse_trust(held), note.read_bytes(), datetime.now(UTC), came=Came.APART)
    assert saved(browser) == judged.exhibit, "both signed states in the file that the program writes"
