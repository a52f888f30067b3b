"""The questions of a court, from a folder on disk: is the record whole, what was found, is this the disclosed file."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from browser import build
from ledger.facts.words.shared import PURPOSES
from projections.sentences.catalogue import catalogue
from tests.browser.page.test_page import text
from tests.browser.support import mutations
from tests.browser.support.form import opened_apart
from tests.browser.support.webdriver import ENTER, TAB, Browser, Chromium
from tests.ledger.bundle.test_findings import made as findings_made
from tests.support.cli import ledger_of, reply, run

pytestmark = pytest.mark.browser

TEXTS: dict[str, str] = build.languages()["en"]["page"]
PROVIDERS = {"S1": "skylark", "S2": "harbor"}
WIDER = """
  document.querySelectorAll('.record > li').forEach((e) => (e.style.contentVisibility = 'visible'));
  return [...document.querySelectorAll('main *')]
    .filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth + 1 && !e.matches('button, input, textarea, select'))
    .filter((e) => getComputedStyle(e).display !== 'inline')
    .map((e) => e.outerHTML.slice(0, 120));
"""  # elements whose content is wider than themselves
EVIDENCE = b"what was handed over\n" * 1_000


@dataclass(frozen=True)
class Kit:
    """What a court holds on one story: bundle, trust folder, evidence file, and the three lines of the checkpoint."""

    folder: Path
    bundle: Path
    evidence: Path
    trust: Path
    lines: str


@pytest.fixture(scope="module")
def kits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Kit]:
    return {story: kit(story, tmp_path_factory.mktemp(story)) for story in PROVIDERS}


def kit(story: str, folder: Path) -> Kit:
    """Disclose a file on disk, hand it on twice, and export the bundle for the court."""
    ledger, evidence, bundle = ledger_of(story, folder), folder / "return.zip", folder / "court.evidence.zip"
    evidence.write_bytes(EVIDENCE)
    digest = hashlib.sha256(EVIDENCE).hexdigest()
    by = ("--as", PROVIDERS[story])
    steps: list[tuple[str, ...]] = [("disclose", str(evidence), "main", "--elements", "name", "--channel", "mail", *by)]
    if story == "S1":
        exhibit = ("-f", "exhibit=EX-B", "-f", "check=equal", "--as", "orn")
        steps += [
            ("record", "evidence-received", "main", "-f", f"manifest={evidence}", *exhibit),
            (
                *("record", "custody-transferred", "main", "-f", "released_by=orn", "-f", "received_by=lab"),
                *("-f", f"digest_before={digest}", "-f", f"digest_after={digest}", *exhibit),
            ),
        ]
    export = ("export", "main", "--audience", "COURT", "--as", "ilves", "--because", "trial", "-o", str(bundle))
    for step in (*steps, export):
        done = run(*step, ledger=ledger)
        assert done.exit_code == 0, done.output
    return Kit(folder, bundle, evidence, ledger / "trust", lines_in(bundle))


def lines_in(bundle: Path) -> str:
    """Return the three lines of the checkpoint in a bundle."""
    with zipfile.ZipFile(bundle) as archive:
        (note,) = (name for name in archive.namelist() if name.endswith("/checkpoint"))
        return "\n".join(archive.read(note).decode().split("\n")[:3])


def asked(browser: Browser, page: Path, bundle: Path, evidence: Path | None = None, lines: str = "") -> str:
    """Fill the three fields of the first screen, press Enter on the button, and return the answer read aloud."""
    opened_apart(browser, page)
    browser.type("#bundle", str(bundle))
    if lines:
        browser.type("#anchor", lines)
    if evidence:
        browser.type("#evidence", str(evidence))
    browser.type("#question button", ENTER)
    browser.wait("return !document.getElementById('result').hidden || document.querySelector('#status .problem')")
    return text(browser, "#status")


def order_of(browser: Browser, *selectors: str) -> bool:
    """Return whether the first elements of these selectors follow each other on the page."""
    after = "const at = (s) => document.querySelector(s); return arguments[0].every((s, n, all) => !n || "
    after += "Boolean(at(all[n - 1]).compareDocumentPosition(at(s)) & Node.DOCUMENT_POSITION_FOLLOWING));"
    return bool(browser.run(after, list(selectors)))


def test_the_first_screen_asks_for_three_things(browser: Browser, page: Path) -> None:
    opened_apart(browser, page)
    fields = browser.run("return [...document.querySelectorAll('#question fieldset')].map((each) => each.dataset.drop)")
    assert fields == ["bundle", "trust", "evidence"]
    assert browser.run("return document.getElementById('more').open") is False


def test_the_file_that_was_disclosed_is_confirmed_with_who_when_and_where(
    browser: Browser, page: Path, kits: dict[str, Kit]
) -> None:
    kit = kits["S1"]
    said = asked(browser, page, kit.bundle, kit.evidence, kit.lines)
    assert said.startswith("Integrity: TOTAL-PASSED.")
    assert said.endswith(f"return.zip: {TEXTS['file-same']}")
    answer = text(browser, "section.file-answer")
    assert "by Skylark Mail AS on" in answer
    assert hashlib.sha256(EVIDENCE).hexdigest() in answer
    (found,) = reply("check", "--bundle", str(kit.bundle), "--trust", str(kit.trust), str(kit.evidence))["files"]
    assert found["verdict"] == "equal"
    number = found["equal_to"][0].split()[0].removeprefix("#")
    assert f"entry {number} of the order" in answer
    rows = browser.run("return document.querySelectorAll('section.file-answer tbody tr.digest-same').length")
    assert rows == len(found["equal_to"]) == 3


def test_a_changed_file_is_said_to_be_stated_by_nobody_and_no_laboratory_is_named(
    browser: Browser, page: Path, kits: dict[str, Kit], tmp_path: Path
) -> None:
    kit, changed = kits["S1"], tmp_path / "return.zip"
    changed.write_bytes(EVIDENCE[:-1])
    said = asked(browser, page, kit.bundle, changed, kit.lines)
    assert said.endswith(f"return.zip: {TEXTS['file-other']}")
    answer = browser.run(
        "return [...document.querySelectorAll('section.file-answer > p')].map((each) => each.textContent).join(' ')"
    )
    assert answer.startswith(TEXTS["file-other"])
    assert "disclosed with another digest, by Skylark Mail AS" in answer
    assert "your copy may have changed" in answer
    assert "Lab" not in answer


def test_a_file_of_another_matter_is_not_one_that_the_bundle_speaks_of(
    browser: Browser, page: Path, kits: dict[str, Kit], tmp_path: Path
) -> None:
    kit, other = kits["S1"], tmp_path / "other.bin"
    other.write_bytes(b"other")
    assert asked(browser, page, kit.bundle, other, kit.lines).endswith(TEXTS["file-unknown"])
    assert hashlib.sha256(b"other").hexdigest() in text(browser, "section.file-answer")


def test_a_long_name_of_a_file_is_wrapped_on_a_phone(
    browser: Browser, page: Path, kits: dict[str, Kit], tmp_path: Path
) -> None:
    long = tmp_path / f"{'return_of_the_provider_' * 9}.zip"
    long.write_bytes(EVIDENCE)
    browser.resize(390)
    asked(browser, page, kits["S1"].bundle, long, kits["S1"].lines)
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth") is True
    browser.resize(1_000)


def test_a_file_confirmed_by_a_bundle_that_is_not_proven_says_so(
    browser: Browser, page: Path, kits: dict[str, Kit]
) -> None:
    said = asked(browser, page, kits["S1"].bundle, kits["S1"].evidence)
    assert "NO_TRUST_ANCHOR" in said
    assert said.endswith(TEXTS["file-same-unproven"])
    assert "a bundle that is not proven (INDETERMINATE)" in text(browser, "section.file-answer")


def test_what_a_changed_bundle_says_of_files_counts_for_nothing(
    browser: Browser, page: Path, kits: dict[str, Kit], tmp_path: Path
) -> None:
    kit, changed = kits["S1"], tmp_path / "changed.evidence.zip"
    data = bytearray(kit.bundle.read_bytes())
    data[len(data) // 2] ^= 1
    changed.write_bytes(data)
    said = asked(browser, page, changed, kit.evidence, kit.lines)
    assert said.startswith("Integrity: TOTAL-FAILED")
    assert said.endswith(TEXTS["file-not-compared"])
    assert browser.run("return document.querySelector('.makers')") is None


def test_the_evidence_in_the_place_of_the_bundle_is_no_alarm_and_sent_to_its_field(
    browser: Browser, page: Path, kits: dict[str, Kit]
) -> None:
    said = asked(browser, page, kits["S1"].evidence)
    assert said.startswith("This file is not an evidence bundle")
    assert "choose it in field 3" in said
    assert browser.run("return document.getElementById('result').hidden") is True
    assert browser.run("return document.querySelector('#status .problem').classList.contains('calm')") is True
    said = asked(browser, page, kits["S1"].bundle, kits["S1"].bundle, kits["S1"].lines)
    assert TEXTS["file-is-bundle"] in text(browser, "section.file-answer")


def test_a_violation_that_the_maker_found_is_the_first_line_of_the_verdict_and_is_the_makers(
    browser: Browser, page: Path, kits: dict[str, Kit]
) -> None:
    kit = kits["S2"]
    said = asked(browser, page, kit.bundle, kit.evidence, kit.lines)
    assert "Procedure: not judged by this page." in said
    assert order_of(browser, ".verdict .violation", "#headline", "section.file-answer", "section.makers.violation")
    assert text(browser, ".verdict .violation").startswith(TEXTS["makers-violations"].partition("{")[0])
    statement = text(browser, "section.makers")
    assert "Prosecutor's Office Karsk, Republic of Orsinia signed this bundle and says so." in statement
    assert "V-7-5c-DISCLOSED-AGAINST-INSTRUCTION" in statement
    assert "2AP:7(5)(c)" in statement
    assert browser.run("return document.querySelectorAll('section.makers li:first-child a').length") > 0
    assert "DISCLOSED-AGAINST" not in text(browser, ".verdict")
    with zipfile.ZipFile(kit.bundle) as archive:
        stated = json.loads(archive.read("views/findings.json"))
    assert stated["rules"] in statement
    assert browser.run("return document.querySelectorAll('section.makers > ol > li').length") == len(stated["findings"])


def test_a_maker_that_states_much_does_not_take_the_verdict_out_of_sight(
    browser: Browser, page: Path, tmp_path: Path
) -> None:
    def much(value: dict[str, Any]) -> None:
        one = {"code": "V-A", "level": "V", "cite": [], "mark": "text", "entries": [], "more": 0}
        value["findings"] = [{**one, "says": "So. " * 900 if n == 0 else f"It was late {n}."} for n in range(150)]

    bundle = tmp_path / "order.evidence.zip"
    bundle.write_bytes(findings_made(much)[0])
    asked(browser, page, bundle)
    assert text(browser, "#makers").startswith(TEXTS["makers-violations"].partition("{")[0])
    assert browser.run("return document.querySelectorAll('section.makers > ol > li').length") == 10
    assert browser.run("return document.querySelectorAll('section.makers > details li').length") == 140
    assert browser.run("return document.querySelector('section.makers').offsetHeight") < 2_000


def test_a_bundle_without_findings_of_its_maker_is_not_one_with_none(
    browser: Browser, page: Path, kits: dict[str, Kit], tmp_path: Path
) -> None:
    ledger, ilves = mutations.busy()
    bundle = tmp_path / "order.evidence.zip"
    bundle.write_bytes(mutations.honest(ledger, ilves))
    asked(browser, page, bundle)
    assert text(browser, "#makers") == TEXTS["makers-none"]
    assert "found nothing" not in text(browser, "section.makers")


def test_offices_and_parties_have_names_and_their_ids_are_folded_away(
    browser: Browser, page: Path, kits: dict[str, Kit]
) -> None:
    kit = kits["S1"]
    asked(browser, page, kit.bundle, None, kit.lines)
    assert text(browser, "#result-title").startswith("Result for ")
    subject = text(browser, "#result table.facts")
    assert "Prosecutor's Office Karsk, Republic of Orsinia" in subject
    assert "Skylark Mail AS" in subject
    signed = browser.run("return [...document.querySelectorAll('.record dd')].map((each) => each.textContent)")
    assert not [line for line in signed if line.startswith(("ilves,", "skylark,"))]
    assert browser.run("return [...document.querySelectorAll('td code')].some((c) => c.textContent === 'skylark')")


@pytest.mark.parametrize("language", ["de", "fr"])
def test_the_record_begins_with_sentences_and_has_the_fields_in_words_of_the_language(
    browser: Browser, page: Path, kits: dict[str, Kit], language: str
) -> None:
    kit = kits["S2"]
    asked(browser, page, kit.bundle, kit.evidence, kit.lines)
    chosen = (
        "const s = document.getElementById('language'); s.value = arguments[0]; s.dispatchEvent(new Event('change'))"
    )
    browser.run(chosen, language)
    shown = "return [...document.querySelectorAll(arguments[0])].map((each) => each.textContent)"
    rows = browser.run(shown, ".record .fields th[scope=row]")
    words = catalogue(language)
    assert {words["electronic form accepted"], words["return timeframe"]} <= set(rows)
    assert "electronic form accepted" not in rows
    issued = next(each for each in browser.run(shown, ".record h4") if "KA-2027-0311" in each)
    assert words["the name of the user"] in issued
    statement = text(browser, "section.makers")
    assert words["Data were disclosed although the notified authority had forbidden it."] in statement
    assert f"{words[PURPOSES.words['trial']]} (trial)" in text(browser, "#result")


def test_the_form_is_walked_and_sent_by_keyboard_and_the_focus_is_always_seen(
    browser: Browser, page: Path, kits: dict[str, Kit]
) -> None:
    kit = kits["S1"]
    opened_apart(browser, page)
    browser.type("#bundle", str(kit.bundle))
    browser.run("document.activeElement.blur(); document.getElementById('language').focus()")
    walked = []
    for _ in range(9):
        browser.press(TAB)
        walked.append(browser.run("return document.activeElement.id || document.activeElement.tagName.toLowerCase()"))
        seen = browser.run(
            "const { outlineStyle, boxShadow } = getComputedStyle(document.activeElement); "
            "return outlineStyle !== 'none' || boxShadow !== 'none'"
        )
        assert seen, walked[-1]
        if walked[-1] == "anchor":
            browser.type("#anchor", kit.lines)
        if walked[-1] == "button":
            break
    assert walked == [
        "any",
        "bundle",
        "folder",
        "folder-whole",
        "anchor",
        "came-apart",
        "evidence",
        "summary",
        "button",
    ]
    browser.press(ENTER)
    browser.wait("return !document.getElementById('result').hidden")
    assert text(browser, "#status").startswith("Integrity: TOTAL-PASSED.")
    assert browser.run("return document.activeElement.id") == "result-title"


def dropped(browser: Browser, field: str, *paths: Path) -> None:
    """Drop files and folders on a field, as from a file manager. Only the remote control of Chromium can do it."""
    where = "const at = document.querySelector(`[data-drop=${arguments[0]}]`); at.scrollIntoView(); "
    x, y = browser.run(where + "const { x, y } = at.getBoundingClientRect(); return [x + 99, y + 9]", field)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    assert isinstance(browser, Chromium)
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.devtools("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data})


def test_a_trust_folder_a_bundle_and_an_evidence_file_are_dropped_on_their_fields(
    browser: Browser, page: Path, kits: dict[str, Kit]
) -> None:
    if not isinstance(browser, Chromium):
        pytest.skip("no remote control of this browser drops files")
    kit = kits["S1"]
    opened_apart(browser, page)
    with TemporaryDirectory(dir="/var/tmp") as disk:  # Chromium takes no folder that is below /dev
        dropped(browser, "trust", Path(shutil.copytree(kit.trust, Path(disk, "trust"))))
        browser.wait("return document.getElementById('policy').value")
    assert text(browser, "#folder-taken").startswith("Taken from it: policy, registrar.")
    for field, file in (("bundle", kit.bundle), ("evidence", kit.evidence)):
        dropped(browser, field, file)
        browser.wait(f"return document.getElementById({field!r}).files.length")
    browser.type("#question button", ENTER)
    browser.wait("return !document.getElementById('result').hidden")
    assert text(browser, "#status").startswith("Integrity: TOTAL-PASSED.")
    assert text(browser, "#status").endswith(TEXTS["file-same"])


@pytest.mark.parametrize("story", PROVIDERS)
@pytest.mark.parametrize("language", build.languages())
def test_the_whole_answer_is_accessible_and_fits_a_phone_in_every_language(
    browser: Browser, page: Path, kits: dict[str, Kit], axe: str, story: str, language: str
) -> None:
    kit = kits[story]
    asked(browser, page, kit.bundle, kit.evidence, kit.lines)
    browser.run(
        "const at = document.getElementById('language'); at.value = arguments[0]; "
        "at.dispatchEvent(new Event('change'))",
        language,
    )
    browser.run("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    found: dict[str, Any] = browser.run(f"{axe}; return axe.run()")
    broken = [f"{v['id']}: {v['help']} {[n['html'] for n in v['nodes']][:3]}" for v in found["violations"]]
    assert broken == []
    for width in (390, 1280):
        browser.resize(width)
        assert browser.run("return document.documentElement.scrollWidth <= innerWidth"), width
        assert browser.run(WIDER) == [], width


def test_what_is_kept_from_a_reader_is_a_table_as_the_maker_signed_it(
    browser: Browser, page: Path, tmp_path: Path
) -> None:
    ledger, bundle = ledger_of("S2", tmp_path), tmp_path / "defence.evidence.zip"
    words = ("export", "main", "--audience", "DEF", "--as", "ilves", "--because", "trial", "-o", str(bundle))
    assert run(*words, ledger=ledger).exit_code == 0
    with zipfile.ZipFile(bundle) as archive:
        envelope = json.loads(archive.read("manifest.dsse.json"))
    listed = json.loads(base64.b64decode(envelope["payload"]))["withheld"]
    assert listed
    asked(browser, page, bundle, lines=lines_in(bundle))
    why = {each: TEXTS[f"withheld-{each}"] for each in ("audience", "erased", "not-held")}
    rows = browser.run(
        "return [...document.querySelectorAll('table.withheld tbody tr')].map((row) => "
        "[...row.cells].map((cell) => cell.textContent.trim()));"
    )
    assert [row[-2:] for row in rows] == [[c["field"].replace("_", " "), why[c["why"]]] for c in listed]
    entries = [row[0] for row in rows if len(row) == 3]  # one cell for the fields of an entry
    assert len(entries) == len({c["index"] for c in listed})
    assert all(re.search(r" entry \d+ of the (order|register)$", entry) for entry in entries), entries
    told = browser.run("return [...document.querySelectorAll('.record h4')].map((each) => each.textContent.trim())")
    assert all(any(entry.startswith(says) for says in told) for entry in entries), "the sentences of the record"
    assert order_of(browser, ".verdict", "table.withheld", ".record")


def test_five_questions_are_answered_in_the_frame_of_the_verdict(
    browser: Browser, page: Path, kits: dict[str, Kit]
) -> None:
    kit = kits["S1"]
    asked(browser, page, kit.bundle, kit.evidence, kit.lines)
    assert text(browser, "#headline") == TEXTS["total-passed-means"]
    assert TEXTS["file-same"] in text(browser, ".verdict")
    assert text(browser, "#missing") == TEXTS["missing-unsaid"]
    assert text(browser, "#withheld") == TEXTS["withheld-none"]
    assert browser.run("return document.querySelectorAll('#cannot-title + ul li').length") > 0
    for link in ("missing", "withheld", "cannot"):
        aim = browser.run("return document.getElementById(arguments[0]).hash", link)
        assert browser.run("return document.querySelectorAll(arguments[0]).length", aim) == 1
    assert "CMP-" not in text(browser, ".verdict")
    came = text(browser, "ul.asked")
    assert "Prosecutor's Office Karsk" in came
    assert "handed over" in came
    assert came.count("entry") >= 2


def test_what_is_put_in_one_place_is_told_apart_and_checked(browser: Browser, page: Path, kits: dict[str, Kit]) -> None:
    kit = kits["S1"]
    opened_apart(browser, page)
    given = (kit.evidence, kit.trust / "registrar", kit.bundle, kit.trust / "policy")
    browser.type("#any", "\n".join(map(str, given)))
    browser.wait("return !document.getElementById('result').hidden")
    taken = text(browser, "#any-taken")
    for name, file in (("any-bundle", kit.bundle), ("any-evidence", kit.evidence)):
        assert TEXTS[name].replace("{0}", file.name) in taken
    assert TEXTS["any-trust"].replace("{0}", "registrar, policy") in taken
    assert text(browser, "#status").startswith("Integrity: TOTAL-PASSED.")
    assert TEXTS["file-same"] in text(browser, ".verdict")


def test_an_error_stands_beside_its_field(browser: Browser, page: Path, kits: dict[str, Kit]) -> None:
    opened_apart(browser, page)
    browser.type("#bundle", str(kits["S1"].bundle))
    browser.type("#anchor", "three words only")
    browser.type("#question button", ENTER)
    browser.wait("return document.querySelector('#status .problem')")
    assert browser.run("return document.getElementById('status').nextElementSibling.id") == "anchor"
    assert browser.run("return document.activeElement.id") == "anchor"
