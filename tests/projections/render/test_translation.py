"""Reports in another language: the catalogue is whole, and no sentence of it is left in English."""

from __future__ import annotations

import html
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from babel.messages.pofile import read_po

from cli.session.ledger_reader import reading
from cli.stories.model import read_story
from cli.stories.player import play_story
from ledger.facts import KINDS
from projections.render.html import environment
from projections.render.translation import PLACE, Translation, translation
from projections.render.verbatim import stated
from projections.reports.fillable_form import FormLine, FormSection, FormTable
from tests.generate.messages import left_in_english, messages
from tests.projections.render.test_html import SHOWN, Page, made
from tests.support.cli import STORIES, ledger_of

REPORTS = (
    *(("custody",), ("evidence-chain",), ("dpo",), ("order-form",), ("audit",), ("statistics",)),
    ("processing",),
    *(("certification", "--form", form) for form in ("fre-902-13", "fre-902-14", "18-usc-3505", "bsa-63-4")),
)
CATALOGUE = Path(__file__).parents[3] / "projections" / "locale" / "de" / "LC_MESSAGES" / "comity.po"


def test_every_message_has_a_translation_with_the_same_places_and_none_is_fuzzy() -> None:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="de")
    held = {m.id: m for m in catalogue if m.id}
    assert set(held) == set(messages())
    assert [m for m, said in held.items() if not said.string or said.fuzzy] == []
    assert [m for m, said in held.items() if set(PLACE.findall(str(m))) != set(PLACE.findall(str(said.string)))] == []
    assert [m for m, said in held.items() if re.match(r"(.{25,})\1", str(said.string))] == [], "said twice"


@pytest.mark.parametrize("story", ["S1", pytest.param("S2", marks=pytest.mark.slow), *SHOWN[2:]])
def test_no_english_sentence_of_the_catalogue_is_left_in_a_german_page(story: str, tmp_path: Path) -> None:
    ledger = ledger_of(story, tmp_path)
    for kind, *more in (*REPORTS, ("replay",)):
        page = made(ledger, kind, tmp_path, *more, "--lang", "de")
        assert '<html lang="de">' in page
        assert left_in_english(german_of(page), "de") == [], kind


def german_of(page: str) -> str:
    """Return the words of a page that are not marked as English."""
    bare = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
    bare = re.sub(r'<(\w+)[^>]* lang="en"[^>]*>.*?</\1>', " ", bare, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", bare))


def test_a_page_marks_what_stays_english_and_an_english_page_marks_nothing(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    german = made(ledger, "custody", tmp_path, "--lang", "de")
    assert "<dt>Datenkategorien</dt>" in german
    assert "<dt>Antwort</dt>" in german
    assert '<pre lang="en">comity' in german
    assert '<span class="code" lang="en">order-issued</span>' in german
    sheet = made(ledger, "certification", tmp_path, "--form", "18-usc-3505", "--lang", "de")
    assert '<span lang="en">I understand that a false statement' in sheet
    assert "Mir ist bekannt, dass eine falsche Angabe" in sheet
    for page in (made(ledger, "custody", tmp_path), made(ledger, "certification", tmp_path, "--form", "18-usc-3505")):
        assert page.count('lang="en"') == 1  # the whole


def test_no_word_of_a_paper_is_unmarked() -> None:
    """Every text that a template of the paper sets goes through `say`; numbers, names and codes are no text."""
    for file in sorted((CATALOGUE.parents[3] / "templates").glob("*.typ")):
        source = re.sub(r"//[^\n]*", "", file.read_text(encoding="utf-8"))
        strings = re.sub(r'"(?:[^"\\]|\\.)*"', '""', source)
        assert re.findall(r"\[(?:[^\[\]#]*?)\b[A-Za-z]{2,} [a-z]{2,}\b[^\[\]]*\]", strings) == [], file.name


def test_what_somebody_stated_stays_although_it_is_word_for_word_a_message(tmp_path: Path) -> None:
    text = (STORIES / "S1.toml").read_text(encoding="utf-8")
    for theirs, ours in (("Skylark Mail AS", "shown"), ("Code of Criminal Procedure of Orsinia, s. 88", "not stated")):
        assert theirs in text
        text = text.replace(theirs, ours)
    ledger = play_story(read_story(text.encode(), "ours"), tmp_path / "ours").path
    words = Page(made(ledger, "dpo", tmp_path, "--lang", "de")).words
    assert "Rechtsgrundlage not stated; " in words
    assert "Gerichtet an shown" in words
    assert "Diensteanbieter: nachgewiesen" not in words
    assert "2AP:7(4)(a) not stated" in Page(made(ledger, "order-form", tmp_path, "--lang", "de")).words
    chain = Page(made(ledger, "evidence-chain", tmp_path, "--lang", "de")).words
    assert re.search(
        r"Hat eine befugte Stelle gehandelt[^?]+\? nachgewiesen", chain
    )  # what is ours alone is said again


def test_stated_are_words_that_anybody_may_choose_and_no_codes(tmp_path: Path) -> None:
    with reading(ledger_of("S1", tmp_path)) as reader:
        case = reader.case("main")
    found = stated((*case.entries, *case.registry))
    assert {"Skylark Mail AS", "KA-2027-0311"} <= found
    assert not found & {"subscriber", "prosecutor", "2AP-7", "equal", "XO"}


FEW = {
    "not stated": "nicht angegeben",
    "in part": "zum Teil",
    "entry {0} of {1}": "Eintrag {0} von {1}",
    "Monday": "Montag",
    "The order has arrived.": "Die Anordnung ist da.",
    "The data were sent": "Die Daten wurden gesandt",
    "a court": "ein Gericht",
    "a prosecutor": "ein Staatsanwalt",
    " or ": " oder ",
}


@pytest.mark.parametrize(
    ("text", "german"),
    [
        ("not stated", "nicht angegeben"),
        ("Not stated", "Nicht angegeben"),
        ("NOT_STATED", "nicht angegeben"),
        ("in_part", "zum Teil"),
        ("inpart", "inpart"),
        ("2027-03-01", "01.03.2027"),
        ("2027-03-01 09:10", "01.03.2027 09:10"),
        ("2027-03-01T09:10:30Z", "01.03.2027 09:10:30 UTC"),
        ("2027-03-01 09:10 in Oslo", "01.03.2027 09:10 in Oslo"),
        ("09:10 in Oslo", "09:10 in Oslo"),
        ("1 March 2027", "1. März 2027"),
        ("31 December 2027", "31. Dezember 2027"),
        ("not stated (EPOC:10(2))", "nicht angegeben (EPOC:10(2))"),
        ("unknown (EPOC:10(2))", "unknown (EPOC:10(2))"),
        ("entry 5 of 7", "Eintrag 5 von 7"),
        ("entry 5 of not stated", "Eintrag 5 von nicht angegeben"),
        ("Monday, 2027-03-01", "Montag, 01.03.2027"),
        ("Monday 2027-03-01", "Montag, 01.03.2027"),
        ("Friday 2027-03-05", "Friday, 05.03.2027"),
        ("2027-03-01 09:10Z not stated", "01.03.2027 09:10 UTC nicht angegeben"),
        ("A3 not stated.", "A3 nicht angegeben."),
        ("A3 not stated:", "A3 nicht angegeben:"),
        ("A3 not stated", "A3 nicht angegeben"),
        ("A9 not stated", "A9 not stated"),
        ("not stated.", "nicht angegeben."),
        ("not stated:", "nicht angegeben:"),
        ("not stated; in part", "nicht angegeben; zum Teil"),
        ("not stated; whatever", "nicht angegeben; whatever"),
        ("not stated, in part", "nicht angegeben, zum Teil"),
        ("The order has arrived. Who knows.", "Die Anordnung ist da. Who knows."),
        ("The order has arrived. The data were sent.", "Die Anordnung ist da. Die Daten wurden gesandt."),
        ("V-1: The order has arrived.", "V-1: Die Anordnung ist da."),
        ("a court or a prosecutor", "ein Gericht oder ein Staatsanwalt"),
        ("a court or a dog", "a court or a dog"),
        ("nothing of this", "nothing of this"),
        ("", ""),
    ],
)
def test_a_text_is_translated_whole_or_by_its_parts_or_stays_as_it_is(text: str, german: str) -> None:
    assert Translation("de", FEW).say(text) == german
    assert Translation("en", {}).say(text) == text


def test_what_somebody_stated_is_no_part_that_is_translated() -> None:
    german = Translation("de", FEW)
    for words in ("not stated", "Who knows. not stated", "in all; not stated"):
        assert german.keeping([words]).say("entry 5 of not stated") == "Eintrag 5 von not stated"
    assert german.say("entry 5 of not stated") == "Eintrag 5 von nicht angegeben"  # the other ones are copies


def test_an_explanation_has_each_sentence_in_the_language_or_none() -> None:
    german = Translation("de", {"One.": "Eins.", "Two.": "Zwei."})
    assert (german.whole("One. Two."), german.whole("One. Three.")) == ("Eins. Zwei.", "One. Three.")


def test_dates_and_numbers_are_written_as_the_language_writes_them() -> None:
    german = translation("de")
    assert german.say("2027-03-01 09:10") == "01.03.2027 09:10"
    assert german.say("2027-03-01T09:10:00Z") == "01.03.2027 09:10:00 UTC"
    assert (german.number(12345), german.number(64.54, 1)) == ("12.345", "64,5")
    assert (translation("en").number(12345), translation("en").say("2027-03-01 09:10")) == ("12345", "2027-03-01 09:10")


def test_names_and_what_entries_state_stay_as_they_are() -> None:
    german = translation("de")
    assert german.say("Code of Criminal Procedure of Orsinia, s. 88") == "Code of Criminal Procedure of Orsinia, s. 88"
    assert german.say("V-10-LATE: The data were not sent in time.") == (
        "V-10-LATE: Die Daten wurden nicht fristgerecht übermittelt."
    )
    assert translation("en").say("The order has arrived.") == "The order has arrived."


HIDDEN = "KA\u200b-2027\u2028", "KA<U+200B>-2027<U+2028>"


@pytest.mark.parametrize("lang", ["en", "de"])
def test_what_nobody_sees_is_named_in_every_text_of_a_report(lang: str) -> None:
    hidden, named = HIDDEN
    table = FormTable(hidden, ("Date", hidden), ((hidden, "plain"),))
    said = (
        translation(lang).keeping([hidden]).of(FormSection(hidden, lines=(FormLine("x", says=(hidden,)),), table=table))
    )
    assert (said.title, said.lines[0].says) == (named, (named,))
    assert said.table is not None
    assert (said.table.caption, said.table.heads[1], said.table.rows) == (named, named, ((named, "plain"),))


def test_soft_hyphens_of_ours_stay_soft() -> None:
    assert any("\xad" in words for words in translation("de").messages.values())
    assert "<U+00AD>" not in "".join(translation("de").say(message) for message in translation("de").messages)


def test_a_page_of_the_desk_names_what_nobody_sees() -> None:
    hidden, named = HIDDEN
    made = environment("en").from_string("<p>{{ words }}</p>").render(words=hidden)
    assert Page(made).words == named


def test_an_explanation_is_whole_in_a_language_or_stays_as_it_is() -> None:
    german = translation("de")
    assert german.whole("The order has arrived. Most clocks start here.") == (
        "Die Anordnung ist eingegangen. Hier beginnen die meisten Fristen."
    )
    mixed = "The order has arrived. Nobody has said this before."
    assert german.whole(mixed) == mixed
    assert all(german.whole(fact.says) != fact.says for fact in KINDS.values())


@pytest.mark.parametrize("end", ["", ":", "."])
def test_a_criterion_keeps_its_number_before_its_name(end: str) -> None:
    german = translation("de")
    name = german.say("authenticity")
    assert name != "authenticity"
    for number in ("A1", "A8"):
        assert german.say(f"{number} authenticity{end}") == f"{number} {name}{end}"
    assert german.say("A9 authenticity") == "A9 authenticity"


def test_an_office_is_named_in_the_language_of_the_paper_with_its_role_where_its_name_has_one() -> None:
    named = (("Skylark Mail", "de", "Lerchenpost"), ("Skylark Mail", "fr", "Alouette"), ("Police", "fr", "Gendarmes"))
    german = translation("de")
    language = german.naming(SimpleNamespace(named=named))
    for report in (SimpleNamespace(named=named), SimpleNamespace(face=SimpleNamespace(named=named))):
        assert german.naming(report).offices == {"Skylark Mail": "Lerchenpost"}
    assert language.office("Skylark Mail") == "Lerchenpost"
    assert language.office("Skylark Mail (SP)") == "Lerchenpost (SP)"
    assert (language.office("Police"), language.office("Police (RET)")) == ("Police", "Police (RET)")
    for report in (SimpleNamespace(named=()), SimpleNamespace(), SimpleNamespace(named=named[1:])):
        assert german.naming(report) is german
    assert german.office("Skylark Mail") == "Skylark Mail", "the other one is a copy"


def test_a_message_before_a_full_stop_or_a_colon_is_translated_with_it() -> None:
    german = translation("de")
    words, said = next((m, s) for m, s in german.messages.items() if m.isalpha() and s != m)
    for end in (".", ":"):
        assert german.say(f"{words}{end}") == f"{said}{end}"
    assert german.say("Qwertz uiop.") == "Qwertz uiop."
