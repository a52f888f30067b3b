"""`comity report letter` and `report processing`: an access entry first, nothing opened for a refused letter."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from cli.session.ledger_reader import reading
from ledger.messages import LANGUAGES
from tests.generate.messages import left_in_english
from tests.projections.render.test_html import Page
from tests.projections.render.test_translation import translated
from tests.support.cli import ledger_of, reply, run
from tests.support.papers.pdf_text import pdf_text

WRITES = {"S1": "orn", "S2": "ilves", "S6": "vilar"}
CONTROLLER = {
    "controller": "ilves",
    "language": "en",
    "valid_from": "2026-01-01",
    "address": ["Court Square 1", "1000 Karsk"],
    "contact": "data@karsk.example",
    "place": "Karsk",
    "joint_controllers": [],
    "representative": [],
    "dpo_contact": "dpo@karsk.example",
    "supervisory_authority": "Data Protection Authority",
    "supervisory_contact": "complaints@dpa.example",
    "court": "District Court, within one month",
    "purposes": ["the prosecution of criminal offences"],
    "legal_bases": ["Data Protection Act, s. 12"],
    "persons": ["users of accounts"],
    "data": ["subscriber data"],
    "recipients": ["courts"],
    "transfers": [],
    "periods": ["until the proceedings end"],
    "security": ["values about persons are encrypted"],
    "profiling": "No profiling takes place.",
}


def notice(ledger: Path, actor: str, *more: str) -> Any:
    """Run the command that makes a notice."""
    return run(
        *("report", "letter", "main", "--kind", "notice", "--because", "the delay is over", "--as", actor, *more),
        ledger=ledger,
    )


def describe(ledger: Path, tmp_path: Path, actor: str) -> None:
    """Record the description of a controller."""
    file = tmp_path / "controller.json"
    file.write_text(json.dumps({**CONTROLLER, "controller": actor}), encoding="utf-8")
    done = run(
        *("record", "controller-described", "--from", str(file), "--as", actor, "--role", "ISS", "--yes"), ledger=ledger
    )
    assert done.exit_code == 0, done.output


def lift(ledger: Path, actor: str) -> None:
    """Record that the delay of the story is lifted."""
    seq = next(
        e["seq"]
        for e in reply("timeline", "main", ledger=ledger)["timeline"]
        if e["kind"] == "customer-notification-delayed"
    )
    lifted = ("record", "customer-notification-delay-lifted", "main", "-f", f"about=#{seq}", "--as", actor, "--yes")
    done = run(*lifted, ledger=ledger)
    assert done.exit_code == 0, done.output


def accesses(ledger: Path) -> list[Any]:
    """Return the entries about openings."""
    with reading(ledger) as reader:
        return reader.accesses()


def test_a_letter_is_recorded_as_an_access_for_a_request_of_the_person_with_the_person_who_opens(
    tmp_path: Path,
) -> None:
    ledger = ledger_of("S1", tmp_path)
    made = notice(ledger, "orn", "-o", str(tmp_path / "n.html"))
    assert made.exit_code == Exit.FINDINGS  # the controller is not described
    (access,) = accesses(ledger)
    assert (access.get("view"), access.get("purpose_code")) == ("export", "rights-request")
    assert (access.get("justification"), access.get("person")) == ("the delay is over", "Somebody Invented")
    assert "MISSING: the contact of the supervisory authority" in made.stderr


def test_without_a_reason_there_is_no_letter(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    made = run("report", "letter", "main", "--kind", "notice", "--as", "orn", ledger=ledger)
    assert made.exit_code != 0
    assert "--because TEXT" in made.stderr
    assert accesses(ledger) == []


@pytest.mark.parametrize("story", ["S2", "S6"])
def test_a_letter_that_the_law_refuses_opens_nothing_and_says_what_ends_this(story: str, tmp_path: Path) -> None:
    ledger = ledger_of(story, tmp_path)
    made = notice(ledger, WRITES[story])
    assert made.exit_code == Exit.REFUSED
    assert "the delay was not lifted" in made.stderr
    assert "hint: what ends this: customer-notification-delay-lifted" in made.stderr
    assert (made.stdout, accesses(ledger)) == ("", [])


@pytest.mark.parametrize("story", ["S1", "S2", "S6"])
def test_a_notice_of_a_described_controller_lacks_nothing(story: str, tmp_path: Path) -> None:
    ledger = ledger_of(story, tmp_path)
    office = "vilar" if story == "S6" else "ilves"
    describe(ledger, tmp_path, office)
    if story != "S1":
        lift(ledger, office)
    made = notice(ledger, WRITES[story], "--json")
    assert made.exit_code == 0, made.stderr
    letter = json.loads(made.stdout)
    assert (letter["format"], letter["missing"]) == ("comity.report-letter/1", [])
    assert letter["reference"] == ("PT-2026-1187" if story == "S6" else "KA-2027-0311")


def test_the_page_and_the_paper_have_the_words_of_the_values_in_both_languages(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    describe(ledger, tmp_path, "ilves")
    values = json.loads(notice(ledger, "orn", "--json").stdout)
    page = Page(notice(ledger, "orn").stdout).words
    for s in values["sections"]:
        for sentence in (*(x for p in s["paragraphs"] for x in p), *s["points"]):
            assert " ".join(sentence.split()) in page
    german = Page(notice(ledger, "orn", "--lang", "de").stdout).words
    handed = "15. März 2027 um 13:00 Uhr UTC gab Skylark Mail AS Daten heraus an: Cyber Unit Karsk."  # no local time:
    assert f"Am {handed}" in german  # at that moment the office has the time of UTC
    assert "Sie können sich bei der Aufsichtsbehörde beschweren" in german
    for words in (page, german):
        assert "comity " not in words.partition("Annex")[0].partition("Anhang")[0]


def test_a_letter_as_a_page_is_whole_quiet_and_escapes_what_others_wrote(tmp_path: Path) -> None:
    ledger, hostile = ledger_of("S1", tmp_path), """<script>alert('1')</script>"x"&amp;"""
    page = Page(notice(ledger, "orn", "--addressee", hostile).stdout)
    assert (page.open, page.crossed, page.raw["script"]) == ([], [], "")
    assert hostile in page.words
    assert [len(page.all(tag)) for tag in ("main", "h1", "style")] == [1, 1, 1]
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(th.get("scope") in ("row", "col") for th in page.all("th"))


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES[1:])
def test_no_english_sentence_of_the_catalogue_is_left_in_a_letter(lang: str, tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    for kind in ("access", "erasure"):
        asked = run("record", f"{kind}-requested", "main", "--as", "orn", "--yes", ledger=ledger)
        assert asked.exit_code == 0
    seq = reply("timeline", "main", ledger=ledger)["timeline"][-1]["seq"]
    decided = ("record", "erasure-decided", "main", "-f", f"answers=#{seq}", "-f", "decision=restricted-instead")
    assert run(*decided, "--as", "orn", "--yes", ledger=ledger).exit_code == 0
    for kind in ("notice", "access", "erasure"):
        made = run(
            *("report", "letter", "main", "--kind", kind, "--because", "x", "--as", "orn", "--lang", lang),
            ledger=ledger,
        )
        assert left_in_english(translated(made.stdout), lang) == [], kind


def test_the_first_page_of_the_paper_has_no_command_and_no_digest(tmp_path: Path) -> None:
    ledger, file = ledger_of("S1", tmp_path), tmp_path / "n.pdf"
    describe(ledger, tmp_path, "ilves")
    assert notice(ledger, "orn", "--format", "pdf", "-o", str(file), "--addressee", "Mr Jaan Tamm").exit_code == 0
    shown = pdf_text(file, "-layout")
    pages = shown.split("\f")
    assert "Mr Jaan Tamm" in pages[0]
    assert not re.search(r"comity|[0-9a-f]{16}|[A-Za-z0-9+/]{40}=", pages[0])
    assert "root" in pages[-2]  # the annex


def test_the_command_that_records_the_letter_is_printed_and_can_be_typed(tmp_path: Path) -> None:
    ledger, file = ledger_of("S1", tmp_path), tmp_path / "n.html"
    made = notice(ledger, "orn", "-o", str(file))
    line = next(x for x in made.stderr.splitlines() if x.startswith("when it is sent: "))
    words = line.removeprefix("when it is sent: comity ").split()
    assert run(*words, "--yes", ledger=ledger).exit_code == 0
    last = reply("timeline", "main", ledger=ledger)["timeline"][-1]
    assert last["kind"] == "customer-notified"


def test_options_of_a_letter_are_of_a_letter(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    assert "of a letter" in run("report", "custody", "main", "--kind", "notice", ledger=ledger).stderr
    attached = run("report", "letter", "main", "--kind", "notice", "--format", "case", ledger=ledger)
    assert "goes without a bundle" in attached.stderr
    assert "nothing of this order was on record" in notice(ledger, "orn", "--as-of", "2020-01-01T00:00:00Z").stderr
    assert accesses(ledger) == []
    assert "--kind notice|access|erasure" in run("report", "letter", "main", ledger=ledger).stderr


def test_a_letter_about_another_person_of_the_order_opens_only_the_values_of_this_person(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    common = ("--as", "orn", "--yes")
    asked = ("record", "erasure-requested", "main", *common)
    assert run(*asked, ledger=ledger).exit_code == 0
    seq = reply("timeline", "main", ledger=ledger)["timeline"][-1]["seq"]
    for who, reason in (("target of main", "REASON OF THE TARGET"), ("witness 3", "REASON OF THE WITNESS")):
        decided = ("-f", f"answers=#{seq}", "-f", "decision=refused", "-f", f"reasons={reason}", "--subject", who)
        assert run("record", "erasure-decided", "main", *decided, *common, ledger=ledger).exit_code == 0
    base = ("report", "letter", "main", "--kind", "erasure", "--because", "request", "--as", "orn")
    target, witness = (run(*base, *more, ledger=ledger).stdout for more in ((), ("--subject", "witness 3")))
    assert "REASON OF THE TARGET" in target
    assert "WITNESS" not in target
    assert "REASON OF THE WITNESS" in witness
    assert "TARGET" not in witness
    assert "no data subject" in run(*base, "--subject", "witness 9", ledger=ledger).stderr


def test_the_erasure_of_another_person_is_not_told_as_that_of_the_target(tmp_path: Path) -> None:
    ledger, request = ledger_of("S1", tmp_path), tmp_path / "request.txt"
    common = ("--as", "orn", "--yes")
    request.write_text("Please erase my data.", encoding="utf-8")
    for who, decision, reasons in (
        ("target of main", "refused", "REASON OF THE TARGET"),
        ("witness 3", "erased", "REASON OF THE WITNESS"),
    ):
        asked = ("record", "erasure-requested", "main", "-f", f"request={request}", "--subject", who)
        assert run(*asked, *common, ledger=ledger).exit_code == 0
        seq = reply("timeline", "main", ledger=ledger)["timeline"][-1]["seq"]
        decided = ("-f", f"answers=#{seq}", "-f", f"decision={decision}", "-f", f"reasons={reasons}")
        done = run("record", "erasure-decided", "main", *decided, "--subject", who, *common, ledger=ledger)
        assert done.exit_code == 0, done.output
    erased = run("erase", "main", "--subject", "witness 3", "--cause", "erasure-granted", *common, ledger=ledger)
    assert erased.exit_code == 0, erased.output
    base = ("report", "letter", "main", "--kind", "erasure", "--because", "request", "--as", "orn")
    target, witness = (run(*base, *more, ledger=ledger).stdout for more in ((), ("--subject", "witness 3")))
    assert "it was decided that the data are not erased" in target
    assert "REASON OF THE TARGET" in target
    assert "the key that opens them was destroyed" not in target
    assert "it was decided that the data are erased" in witness
    assert "the key that opens them was destroyed" in witness


@pytest.mark.parametrize("line", ["a\nb", "\x1b[31mred", "\u202eevil", "\udcff"])
@pytest.mark.parametrize("option", ["--addressee", "--enclosure"])
def test_a_line_of_a_letter_has_no_control_characters(option: str, line: str, tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    refused = notice(ledger, "orn", option, line)
    assert (refused.exit_code, accesses(ledger)) == (Exit.USAGE, [])
    assert "one line of text" in refused.stderr


def test_after_an_erasure_the_answer_can_still_be_written(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    common = ("--as", "orn", "--yes")
    request = tmp_path / "request.txt"
    request.write_text("Please erase my data.", encoding="utf-8")
    for done in (
        ("record", "erasure-requested", "main", "-f", f"request={request}"),
        ("record", "erasure-decided", "main", "-f", "answers=#16", "-f", "decision=erased"),
        ("erase", "main", "--cause", "erasure-granted"),
    ):
        ended = run(*done, *common, ledger=ledger)
        assert ended.exit_code == 0, ended.output
    made = run(
        *("report", "letter", "main", "--kind", "erasure", "--because", "request", "--as", "orn", "--json"),
        ledger=ledger,
    )
    letter = json.loads(made.stdout)
    assert not any(m["says"] == "the erasure itself" for m in letter["missing"])
    assert "the key that opens them was destroyed" in made.stdout


DELAYED = "letters-after-a-delay"


def test_a_notice_is_refused_to_the_last_second_of_the_delay(tmp_path: Path) -> None:
    ledger = ledger_of(DELAYED, tmp_path)
    assert notice(ledger, "ilves", "--as-of", "2027-05-20T09:59:59Z").exit_code == Exit.REFUSED
    assert notice(ledger, "ilves", "--as-of", "2027-05-20T10:00:00Z").exit_code == 0


@pytest.mark.parametrize("kind", ["notice", "access", "erasure"])
@pytest.mark.parametrize("lang", ["en", "de"])
def test_each_letter_of_a_described_controller_lacks_nothing_in_both_languages(
    kind: str, lang: str, tmp_path: Path
) -> None:
    ledger = ledger_of(DELAYED, tmp_path)
    made = run(
        *("report", "letter", "main", "--kind", kind, "--because", "x", "--as", "ilves", "--lang", lang), ledger=ledger
    )
    assert made.exit_code == 0, made.stderr
    said = Page(made.stdout).words
    assert ("Datenschutzbehörde von Orsinia" if lang == "de" else "Data Protection Authority of Orsinia") in said
    assert "skyl-return.json" not in said
    assert "which accounts were compared" not in said


def test_the_record_of_processing_names_what_is_missing_and_lacks_nothing_once_described(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    before = run("report", "processing", ledger=ledger)
    assert before.exit_code == Exit.FINDINGS
    assert "MISSING: Security measures in general" in before.stderr
    assert "MISSING: no description of the controller and no entry states it." in Page(before.stdout).words
    describe(ledger, tmp_path, "ilves")
    after = run("report", "processing", "--json", ledger=ledger)
    assert after.exit_code == 0, after.stderr
    assert "MISSING" not in after.stdout
    german = Page(run("report", "processing", "--lang", "de", ledger=ledger).stdout).words
    assert "Verzeichnis der Verarbeitungstätigkeiten" in german


def test_the_template_states_every_field_and_cannot_be_recorded_as_it_is(tmp_path: Path) -> None:
    ledger, file = ledger_of("S1", tmp_path), tmp_path / "controller.json"
    made = run("report", "processing", "--template", ledger=ledger)
    file.write_text(made.stdout, encoding="utf-8")
    assert set(json.loads(made.stdout)) > {"controller", "dpo_contact", "profiling"}
    done = run("record", "controller-described", "--from", str(file), "--as", "ilves", "--yes", ledger=ledger)
    assert done.exit_code != 0
