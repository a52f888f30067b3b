"""The cost of a check in the verifier page, against `comity verify`: one bundle of about a thousand entries.

Both get policy and registrar, and both end with the same verdict. The page runs in Chromium, from the press of
the button to the result on the screen; the program is a process from its start to its end. Only the program
does step 15, the law.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.data.generate import made_of
from benchmarks.data.ledgers import ASKER, REFERENCE
from benchmarks.measure import Figure, as_installed, say, seconds
from benchmarks.paper import one_long_order
from browser import build
from cli.app import comity
from ledger.adapters.keys.key_files import SeedKey, write
from tests.browser.support.webdriver import Browser, Chromium

TIMES = 7
NEEDED = ("chromium", "chromedriver")
PROGRAM = [sys.executable, "-c", "from cli.app import main; main()"]  # what the console script does
FIELDS = ("bundle", "policy-file", "registrar-file")

# From the press of the button to the result, in milliseconds, and what it says.
CHECK = """
    return new Promise((done) => {
      const [section, form] = ['result', 'question'].map((id) => document.getElementById(id));
      const begun = performance.now();
      new MutationObserver((_, observer) => {
        if (section.hidden) return;
        observer.disconnect();
        const said = document.getElementById('integrity').textContent;
        requestAnimationFrame(() => setTimeout(() => done([performance.now() - begun, said])));
      }).observe(section, { attributes: true });
      section.hidden = true;
      setTimeout(() => form.requestSubmit());
    });
"""


def browser_figures(folder: Path) -> dict[str, Figure]:
    """Measure the page against the program; return no figure, and why, without Chromium or without a built page."""
    say("a thousand entries in the verifier page")
    if absent := [program for program in NEEDED if not shutil.which(program)]:
        say(f"  not measured: needs {' and '.join(absent)} (tests/browser/install.sh)")
        return {}
    try:
        page = build.page()
    except (FileNotFoundError, subprocess.CalledProcessError) as wrong:
        say(f"  not measured: the page cannot be built here ({wrong})")
        return {}
    ledger = one_long_order(folder)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        file, bundle = Path(place) / "verify.html", Path(place) / "long.evidence.zip"
        file.write_bytes(page)
        _export(ledger, bundle)
        trust = ledger / "trust"
        browser = Chromium(Path(place) / "profile")
        try:
            browser.open(file.as_uri())
            for field, path in zip(FIELDS, (bundle, trust / "policy", trust / "registrar"), strict=True):
                browser.type(f"#{field}", str(path))
            browser.run("document.getElementById('came-apart').checked = true")
            browser.wait("return ['policy', 'registrar'].every((id) => document.getElementById(id).value)")
            program = _program(bundle, trust)
            program()  # which may have to write bytecode
            runs = [(seconds(program), _page(browser)) for _ in range(TIMES)]
        finally:
            browser.close()
    theirs, ours = (statistics.median(column) for column in zip(*runs, strict=True))
    made_of = {"page_ms": round(ours * 1000), "program_ms": round(theirs * 1000)}
    return {"verifier_page": Figure(ours / theirs, made_of, at_most=3)}


def _export(ledger: Path, bundle: Path) -> None:
    key = bundle.with_name("key")
    write(key, SeedKey(made_of(ASKER)))
    words = ["export", "--ledger", str(ledger), REFERENCE, "--audience", "COURT", "--unwitnessed"]
    words += ["--person", "Dina Ilves"]
    try:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            comity.main([*words, "--as", ASKER, "--key", str(key), "-o", str(bundle)])
    except SystemExit as end:
        if end.code:
            raise RuntimeError(f"comity export: {said.getvalue()}") from end


def _program(bundle: Path, trust: Path) -> Callable[[], object]:
    """Run `comity verify` as a process, which must find what the page finds: nothing against the record."""

    def run() -> None:
        done = subprocess.run(
            [*PROGRAM, "verify", str(bundle), "--trust", str(trust)],
            capture_output=True,
            check=False,
            env=as_installed(),
        )
        if b"TOTAL-PASSED" not in done.stdout:
            raise RuntimeError(f"comity verify: {done.stdout.decode()}{done.stderr.decode()}")

    return run


def _page(browser: Browser) -> float:
    taken, said = browser.run(CHECK)
    if said != "TOTAL-PASSED":
        raise RuntimeError(f"the page says {said}")
    return float(taken) / 1000
