"""The page as its users meet it: opened from a file in Chromium and Firefox, by keyboard, read aloud, printed."""

from __future__ import annotations

import re
import zlib
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from browser import build
from cli.terminal.verdict_text import missing
from ledger.bundle.zip_profile import MAX_TOTAL
from ledger.trust.trust_folder import format_registrar
from ledger.verify.evidence_bundle import verify
from ledger.verify.progress import Unproven
from projections.exchange.asic import container
from tests.browser.support import mutations
from tests.browser.support.form import opened_apart
from tests.browser.support.node import Page
from tests.browser.support.webdriver import ENTER, Browser
from tests.ledger.bundle.test_archive_kind import OTHERS
from tests.ledger.bundle.test_pdf_attachment import PAPERS, paper
from tests.ledger.bundle.test_repacked import AGAIN, TRUST
from tests.ledger.verify.completeness.test_absence import LEDGER, PROOF
from tests.ledger.verify.other_records.test_counterparties import FILES, NAME, TEXTS, received
from tests.ledger.verify.test_exhibits import SPLIT, TRUE, trust
from tests.support.memory_ledger import LINKED, ORDER, Ledger, left_out, small, two_histories

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Court:
    """The files of a court: a bundle, a damaged copy, and, from another source, policy, registrar and checkpoint."""

    folder: Path
    ledger: Ledger
    data: bytes

    @property
    def held(self) -> dict[str, Path]:
        return {"policy": self.folder / "policy", "registrar": self.folder / "registrar"}


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Court:
    folder = tmp_path_factory.mktemp("court")
    ledger, ilves = mutations.busy()
    data = mutations.honest(ledger, ilves)
    (folder / "order.evidence.zip").write_bytes(data)
    (folder / "spoilt.evidence.zip").write_bytes(data[:-30] + b"x" + data[-29:])
    (folder / "policy").write_bytes(ledger.policy())
    (folder / "checkpoint").write_bytes(ledger.checkpoint())
    registrar = ledger.trust().registrar
    assert registrar is not None
    (folder / "registrar").write_bytes(format_registrar(registrar))
    return Court(folder, ledger, data)


def ask(browser: Browser, page: Path, bundle: Path, **files: Path) -> str:
    """Open the page, choose files, press Enter on the button; return the text for a screen reader."""
    opened_apart(browser, page)
    browser.type("#bundle", str(bundle))
    for field, file in files.items():
        browser.type(f"#{field}-file", str(file))
    browser.wait(f"return {list(files)!r}.every((id) => document.getElementById(id).value)" if files else "return 1")
    browser.type("#question button", ENTER)
    browser.wait("return !document.getElementById('result').hidden || document.querySelector('#status .problem')")
    return text(browser, "#status")


def text(browser: Browser, selector: str) -> str:
    said: str = browser.run("return document.querySelector(arguments[0]).textContent", selector)
    return said


def test_a_bundle_and_what_one_holds_give_the_verdict_of_the_program(
    browser: Browser, page: Path, court: Court
) -> None:
    said = ask(browser, page, court.folder / "order.evidence.zip", **court.held)
    theirs = verify(court.data, court.ledger.trust(), None, datetime.now(UTC))
    assert said == f"Integrity: {theirs.integrity}. Procedure: not judged by this page."
    assert text(browser, "#integrity") == theirs.integrity
    steps = browser.run("return [...document.querySelectorAll('td.result')].map((cell) => cell.textContent)")
    assert [s for n, s in enumerate(steps, 1) if n != 16] == [str(s.result) for s in theirs.steps if s.number != 16]
    shown = text(browser, "#result")
    words = (says.words[1:] if isinstance(says, Unproven) else says for says in theirs.not_proven)
    for sentence in (*words, missing(theirs) or "", "erased by entry 11", "Payments were taken for goods", "SHA-256"):
        assert sentence in shown


def test_the_same_without_anything_from_elsewhere_is_open_and_says_what_is_missing(
    browser: Browser, page: Path, court: Court
) -> None:
    said = ask(browser, page, court.folder / "order.evidence.zip")
    assert said.startswith("Integrity: INDETERMINATE NO_TRUST_ANCHOR.")
    assert "Give the trust folder, or the three lines of the checkpoint" in text(browser, "#result")


def test_a_checkpoint_typed_from_paper_is_an_anchor(browser: Browser, page: Path, court: Court) -> None:
    opened_apart(browser, page)
    browser.type("#bundle", str(court.folder / "order.evidence.zip"))
    browser.type("#anchor", (court.folder / "checkpoint").read_text("utf-8").partition("\n\n")[0])
    browser.type("#question button", ENTER)
    browser.wait("return !document.getElementById('result').hidden")
    assert text(browser, "#status").startswith("Integrity: TOTAL-PASSED.")


def test_a_spoilt_bundle_fails_and_nothing_of_it_is_shown(browser: Browser, page: Path, court: Court) -> None:
    said = ask(browser, page, court.folder / "spoilt.evidence.zip", **court.held)
    assert said == "Integrity: TOTAL-FAILED BND-ZIP. Procedure: not examined."
    assert "Payments were taken" not in text(browser, "#result")


def test_what_cannot_be_read_is_said_at_its_field(browser: Browser, page: Path, court: Court) -> None:
    opened_apart(browser, page)
    browser.type("#bundle", str(court.folder / "order.evidence.zip"))
    browser.run("document.getElementById('more').open = true")
    browser.type("#policy", "rubbish")
    browser.run("document.getElementById('more').open = false")
    browser.type("#question button", ENTER)
    said = browser.wait("return document.querySelector('#status .problem')?.textContent")
    assert "POL-FORMAT" in said
    assert browser.run("return [document.activeElement.id, document.activeElement.getAttribute('aria-invalid')]") == [
        "policy",
        "true",
    ]


def test_files_can_be_dropped_anywhere(browser: Browser, page: Path, court: Court) -> None:
    opened_apart(browser, page)
    files = {name: court.folder / name for name in ("order.evidence.zip", "policy", "registrar")}
    browser.run(
        """
        const files = new DataTransfer();
        for (const [name, text] of Object.entries(arguments[0])) {
          files.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
        }
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }));
        """,
        {name: b64encode(file.read_bytes()).decode() for name, file in files.items()},
    )
    browser.wait("return !document.getElementById('result').hidden")
    assert text(browser, "#status").startswith("Integrity: TOTAL-PASSED.")
    assert browser.run("return document.getElementById('registrar').value") != ""


def test_nothing_can_leave_the_page(browser: Browser, page: Path) -> None:
    """The policy in the page forbids it, in this browser."""
    opened_apart(browser, page)
    tried = browser.run(
        """
        const refused = [];
        addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
        fetch('data:text/plain,x').catch(() => {});
        new Image().src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw=';
        const script = document.createElement('script');
        script.textContent = 'window.ran = true';
        document.body.append(script);
        return new Promise((done) => setTimeout(() => done([refused, window.ran ?? false]), 500));
        """
    )
    refused, ran = tried
    assert {"connect-src", "img-src"} <= set(refused)
    assert any(directive.startswith("script-src") for directive in refused)
    assert ran is False


@pytest.mark.parametrize("bundle", [None, "order.evidence.zip", "spoilt.evidence.zip"])
def test_the_page_is_accessible_before_and_after_a_check(
    browser: Browser, page: Path, court: Court, axe: str, bundle: str | None
) -> None:
    opened_apart(browser, page)
    if bundle:
        ask(browser, page, court.folder / bundle, **court.held)
        browser.run("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    found: dict[str, Any] = browser.run(f"{axe}; return axe.run()")
    broken = [f"{v['id']}: {v['help']} {[n['html'] for n in v['nodes']][:3]}" for v in found["violations"]]
    assert broken == []
    assert len(found["passes"]) > 20


def test_the_verdict_is_announced_and_focus_goes_to_it(browser: Browser, page: Path, court: Court) -> None:
    ask(browser, page, court.folder / "order.evidence.zip", **court.held)
    role, focused = browser.run(
        "return [document.getElementById('status').getAttribute('role'), document.activeElement.id]"
    )
    assert (role, focused) == ("status", "result-title")


def test_a_result_is_a_picture_that_shows_something(browser: Browser, page: Path, court: Court) -> None:
    ask(browser, page, court.folder / "order.evidence.zip", **court.held)
    assert re.match(rb"\x89PNG", browser.picture())


def test_an_exhibit_against_a_log_is_read_where_a_bundle_is(browser: Browser, page: Path, tmp_path: Path) -> None:
    exhibit, policy = tmp_path / "exhibit.split-view.json", tmp_path / "policy"
    exhibit.write_bytes(SPLIT)
    policy.write_bytes(trust(TRUE.key).raw)
    ask(browser, page, exhibit, policy=policy)
    assert text(browser, "#integrity") == "TOTAL-FAILED SPLIT-VIEW"
    assert "signed two trees of 7 entries" in text(browser, "#result")
    ask(browser, page, exhibit)
    assert text(browser, "#integrity") == "INDETERMINATE NO_TRUST_ANCHOR"


def test_a_proof_of_absence_is_read_where_a_bundle_is(browser: Browser, page: Path, tmp_path: Path) -> None:
    file, policy, registrar = (tmp_path / name for name in ("absent.json", "policy", "registrar"))
    held = LEDGER.trust_files()
    file.write_bytes(PROOF)
    policy.write_bytes(held["policy"])
    registrar.write_bytes(held["registrar"])
    ask(browser, page, file, policy=policy, registrar=registrar)
    assert text(browser, "#integrity") == "TOTAL-PASSED"
    assert f"{LEDGER.origin} has no order {LINKED} among its first" in text(browser, ".says")
    assert "this speaks of an id" in text(browser, "#result")
    ask(browser, page, file)
    assert text(browser, "#integrity") == "INDETERMINATE NO_TRUST_ANCHOR"


def test_two_histories_that_pass_alone_are_held_against_each_other(
    browser: Browser, page: Path, tmp_path: Path
) -> None:
    ledger, ilves, places = two_histories()
    one, two, policy = (tmp_path / name for name in ("one.zip", "two.zip", "policy"))
    policy.write_bytes(ledger.policy())
    for file, hidden in zip((one, two), places, strict=True):
        file.write_bytes(left_out(ledger, ilves, hidden))
    assert ask(browser, page, one, policy=policy).startswith("Integrity: INDETERMINATE NO_TRUST_ANCHOR.")
    browser.type("#other", str(two))
    browser.type("#question button", ENTER)
    browser.wait("return document.getElementById('integrity').textContent.includes('SPLIT')")
    assert text(browser, "#integrity") == "TOTAL-FAILED SPLIT-ORDER"
    assert f"two entries 3 of order {ORDER}" in text(browser, "#result")
    assert sha256(two.read_bytes()).hexdigest() in text(browser, "#result")
    two.write_bytes(two.read_bytes()[:-1])
    browser.type("#other", str(two))
    browser.type("#question button", ENTER)
    browser.wait("return document.querySelector('#status .problem')")
    assert "two.zip is TOTAL-FAILED BND-ZIP by itself" in text(browser, "#status")


def test_what_arrived_from_another_record_is_shown_under_its_own_name(
    browser: Browser, page: Path, tmp_path: Path
) -> None:
    ledger, ilves = received()
    bundle, policy = tmp_path / "order.evidence.zip", tmp_path / "policy"
    bundle.write_bytes(ledger.bundle(ilves, foreign={**FILES, f"{NAME}.txt": TEXTS}))
    policy.write_bytes(ledger.policy())
    ask(browser, page, bundle, policy=policy)
    assert text(browser, "#arrived-0 h4").startswith("ilves issued ")
    assert text(browser, "#arrived-0 .says") == "Entry 4 of ledger.test/xv: order-issued"
    assert "sealed, opened here" in text(browser, "#arrived-0")


def test_an_entry_that_was_replaced_stays_with_who_when_and_why(
    browser: Browser, page: Path, court: Court, tmp_path: Path
) -> None:
    ledger, ilves = mutations.busy()
    wrong = ledger.record(ilves, "order-transmitted", mutations.SENT, order=ORDER)
    more: dict[str, Any] = {"why": "Sent to another desk.", "audience": {"why": ["CT"]}}
    right = ledger.record(ilves, "order-transmitted", mutations.SENT, order=ORDER, replaces=ledger.leaf(wrong), **more)
    (tmp_path / "order.evidence.zip").write_bytes(mutations.honest(ledger, ilves))
    said = ask(browser, page, tmp_path / "order.evidence.zip", **court.held)
    assert "TOTAL-PASSED" in said
    shown = text(browser, f"#entry-{wrong}")
    assert "REPLACED" in shown
    assert browser.run(f"return Boolean(document.querySelector('#entry-{wrong} a[href=\"#entry-{right}\"]'))")
    assert "Why it was replaced" in shown
    assert browser.run("return document.querySelectorAll('li.replaced').length") == 1
    assert browser.run("return document.querySelector('li.replaced h4 s').textContent")
    assert "REPLACED" not in text(browser, f"#entry-{right}")


def test_a_pdf_that_carries_a_bundle_is_checked_by_it_and_said_to_be_paper(
    browser: Browser, page: Path, court: Court, tmp_path: Path
) -> None:
    report, empty = tmp_path / "report.pdf", tmp_path / "empty.pdf"
    report.write_bytes(paper(zlib.compress(court.data), more="/Filter/FlateDecode"))
    empty.write_bytes(paper(b"text"))
    assert ask(browser, page, report, **court.held).startswith("Integrity: TOTAL-PASSED.")
    shown = text(browser, "#result")
    assert sha256(court.data).hexdigest() in shown
    assert "not the paper around it" in shown
    assert "no evidence bundle that this page can take out" in ask(browser, page, empty)


def test_a_container_is_checked_by_its_bundle_and_another_archive_is_not_judged(
    browser: Browser, page: Path, court: Court, tmp_path: Path
) -> None:
    sealed, sheet, letter = tmp_path / "court.asice", tmp_path / "sheet.xlsx", tmp_path / "letter.txt"
    sealed.write_bytes(container({"court.evidence.zip": court.data}, b"a signature"))
    sheet.write_bytes(OTHERS["a spreadsheet"])
    letter.write_text("Dear Sir or Madam")
    assert ask(browser, page, sealed, **court.held).startswith("Integrity: TOTAL-PASSED.")
    assert "its signature was not checked" in text(browser, "#result")
    for other in (sheet, letter):
        assert "not an evidence bundle" in ask(browser, page, other)
        assert browser.run("return document.getElementById('result').hidden") is True


@pytest.mark.parametrize("name", [name for name in PAPERS if name != "more after the end"])  # only Node.js accepts it
def test_page_and_program_take_the_same_out_of_a_pdf(node: Page, name: str) -> None:
    pdf, inside = PAPERS[name]
    assert node.ask("inside", data=pdf) == (None if inside is None else b64encode(inside).decode())


def test_the_qr_code_of_a_paper_is_an_anchor(browser: Browser, page: Path, court: Court, tmp_path: Path) -> None:
    segno = pytest.importorskip("segno")
    lines = (court.folder / "checkpoint").read_text("utf-8").partition("\n\n")[0] + "\n"
    square, blank = tmp_path / "square.png", tmp_path / "blank.png"
    segno.make(lines, error="m", micro=False).save(square, border=2, scale=4)
    blank.write_bytes(browser.picture())
    said = ask(browser, page, court.folder / "order.evidence.zip", anchor=square)
    assert said.startswith("Integrity: TOTAL-PASSED.")
    assert browser.run("return document.getElementById('anchor').value") == lines.strip()
    browser.type("#anchor-file", str(blank))
    assert "No QR code" in browser.wait("return document.querySelector('#status .problem')?.textContent")


def test_another_language_changes_every_text_and_no_code(browser: Browser, page: Path, court: Court, axe: str) -> None:
    ask(browser, page, court.folder / "order.evidence.zip", **court.held)
    browser.run("const s = document.getElementById('language'); s.value = 'de'; s.dispatchEvent(new Event('change'))")
    assert browser.run("return [document.documentElement.lang, document.title]") == ["de", "Ein Beweispaket prüfen"]
    assert text(browser, "#integrity") == "TOTAL-PASSED"
    assert text(browser, "#status") == "Integrität: TOTAL-PASSED. Verfahren: von dieser Seite nicht beurteilt."
    texts = build.languages()["en"]["page"]
    left = browser.run("return [...document.querySelectorAll('[data-text]')].map((each) => each.textContent)")
    assert not set(left) & set(texts.values())
    assert browser.run(f"{axe}; return axe.run()")["violations"] == []


def test_what_the_page_does_not_judge_is_never_counted_as_nothing(
    browser: Browser, page: Path, court: Court, tmp_path: Path
) -> None:
    """With findings on the page's checks, without findings, and in another language: no number replaces the law."""
    ledger, ilves = small()
    for name, data, held in (
        ("order.evidence.zip", court.data, court.ledger),
        ("small.evidence.zip", ledger.bundle(ilves), ledger),
    ):
        (tmp_path / name).write_bytes(data)
        (tmp_path / "policy").write_bytes(held.policy())
        said = ask(browser, page, tmp_path / name, policy=tmp_path / "policy")
        assert said.endswith("Procedure: not judged by this page.")
        shown = text(browser, ".verdict")
        assert "This page applies no law: it looks for no violation and has counted none." in shown
        assert not re.search(r"\b(?:0|no) findings?\b", shown)
        browser.run(
            "const at = document.getElementById('language'); at.value = 'de'; at.dispatchEvent(new Event('change'))"
        )
        assert "Diese Seite wendet kein Recht an" in text(browser, ".verdict")
        assert not re.search(r"\b(?:0 Feststellung|keine Feststellung)", text(browser, ".verdict"))


def test_a_file_too_large_to_be_a_bundle_is_not_an_alarm(browser: Browser, page: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    with disk.open("wb") as file:
        file.truncate(MAX_TOTAL + 1)  # a sparse file takes no space on the disk
    said = ask(browser, page, disk)
    assert "It is not an evidence bundle. Nothing was checked." in said
    assert browser.run("return document.getElementById('result').hidden")
    assert "TOTAL-FAILED" not in said


def test_a_bundle_zipped_again_passes_and_the_page_says_so(browser: Browser, page: Path, tmp_path: Path) -> None:
    (tmp_path / "again.zip").write_bytes(AGAIN["in one folder"])
    (tmp_path / "policy").write_bytes(TRUST["policy"])
    (tmp_path / "registrar").write_bytes(TRUST["registrar"])
    said = ask(browser, page, tmp_path / "again.zip", policy=tmp_path / "policy", registrar=tmp_path / "registrar")
    assert said.startswith("Integrity: TOTAL-PASSED.")
    assert "BND-REPACKED" in text(browser, "#result")
