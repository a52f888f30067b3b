"""Take the pictures of the documents with Chromium, of reports, the verifier page and the desk: `make examples`.

Of a PDF poppler's `pdftoppm` takes the picture. `docs/examples/before` shows the same as the first version made them.

The bytes depend on the fonts of the machine, so a test checks only that the pictures exist and are small.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory

from browser import build
from tests.browser.support.webdriver import Browser, Chromium
from tests.cli.desk.test_desk import sat
from tests.generate.examples import PLACE, made
from tests.support.cli import ledger_of, run

ENTER = "\ue007"


def reports(browser: Browser, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the first page of each example as a picture, by its name."""
    for name, file in made(folder, plain=False).items():
        if file.suffix == ".html":
            browser.open(file.as_uri())
            yield Path(name).stem, plain(browser, "body")
        else:
            command = ["pdftoppm", "-r", "60", "-f", "1", "-l", "1", "-png", str(file)]
            yield Path(name).stem, subprocess.run(command, capture_output=True, check=True).stdout


def opened(browser: Browser, folder: Path) -> bytes:
    """Return a picture of a custody report with its exhibits: it is on record who opened them, so its bytes differ."""
    ledger, page = ledger_of("S1", folder), folder / "custody.html"
    asked = ("--as-of", "2027-09-02T00:00:00Z", "--reveal", "--as", "orn", "--because", "trial")
    run("report", "custody", "main", *asked, "-o", str(page), ledger=ledger)
    browser.open(page.as_uri())
    return plain(browser, "body")


def verifier(browser: Browser, folder: Path) -> bytes:
    """Return a picture of the verifier page after it has verified a bundle."""
    ledger = ledger_of("S2", folder)
    bundle = folder / "court.evidence.zip"
    run("export", "main", "--audience", "COURT", "-o", str(bundle), ledger=ledger)
    page = folder / "verify.html"
    page.write_bytes(build.page())
    browser.open(page.as_uri())
    browser.type("#bundle", str(bundle))
    for field in ("policy", "registrar"):
        browser.type(f"#{field}-file", str(ledger / "trust" / field))
    browser.run("document.getElementById('came-apart').checked = true")
    browser.wait("return ['policy', 'registrar'].every((id) => document.getElementById(id).value)")
    browser.type("#question button", ENTER)
    browser.wait("return !document.getElementById('result').hidden")
    return plain(browser, "#result")


def desk(browser: Browser, folder: Path) -> bytes:
    """Return a picture of the page of an order at the desk."""
    folder.mkdir()
    with ExitStack() as opened:
        sitting = sat(opened, ledger_of("S2", folder), "ilves")
        page = folder / "order.html"
        page.write_text(sitting.visitor.page(sitting.url()), "utf-8")
    browser.open(page.as_uri())
    return plain(browser, "body")


def plain(browser: Browser, selector: str) -> bytes:
    """Return a picture from an element down, without scroll bars and focus marks."""
    browser.run("document.documentElement.style.overflow = 'hidden'; document.activeElement.blur()")
    browser.run("document.querySelector(arguments[0]).scrollIntoView()", selector)
    return browser.picture()


if __name__ == "__main__":
    with TemporaryDirectory() as scratch, closing(Chromium(Path(scratch, "profile"))) as chromium:
        for name in ("examples", "opened"):
            Path(scratch, name).mkdir()
        chromium._call("POST", "/window/rect", {"width": 900, "height": 800})
        for name, picture in reports(chromium, Path(scratch, "examples")):
            (PLACE / f"{name}.png").write_bytes(picture)
        (PLACE / "custody-S1.png").write_bytes(opened(chromium, Path(scratch, "opened")))
        (PLACE / "verifier.png").write_bytes(verifier(chromium, Path(scratch)))
        chromium._call("POST", "/window/rect", {"width": 1180, "height": 1300})
        (PLACE / "desk-order-S2.png").write_bytes(desk(chromium, Path(scratch, "desk")))
