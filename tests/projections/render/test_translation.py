"""Reports in another language: the catalogue is whole, and no sentence of it is left in English."""

from __future__ import annotations

import html
import pickle
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from cli.stories.model import read_story
from cli.stories.player import play_story
from ledger.messages import (
    LANGUAGES,
    Capitalised,
    Day,
    LongDay,
    Message,
    Moment,
    OfficeName,
    Weekday,
    coded,
    joined,
    state_code,
)
from projections.render.html import environment
from projections.render.translation import PLACE, Translation, translation
from projections.reports.fillable_form import FormLine, FormSection, FormTable
from tests.generate.messages import WITH_COMMAND, left_in_english, messages, with_context
from tests.projections.render.test_html import SHOWN, Page, made
from tests.support.cli import STORIES, ledger_of

REPORTS = (
    *(("custody",), ("evidence-chain",), ("dpo",), ("order-form",), ("audit",), ("statistics",)),
    ("processing",),
    *(("certification", "--form", form) for form in ("fre-902-13", "fre-902-14", "18-usc-3505", "bsa-63-4")),
)
LOCALE = Path(__file__).parents[3] / "projections" / "locale"
NAMED = re.compile(r"\{(\w+)|<(\w+)=|[<|]([\w*-]+):")  # places with names, codes of a choice
OTHERS = [lang for lang in LANGUAGES if lang != "en"]


@pytest.mark.parametrize("lang", OTHERS)
def test_every_message_has_a_translation_with_the_same_places_and_none_is_fuzzy(lang: str) -> None:
    with (LOCALE / lang / "LC_MESSAGES" / "comity.po").open("rb") as file:
        catalogue = read_po(file, locale=lang)
    held = {(m.context or "", str(m.id)): m for m in catalogue if m.id}
    assert set(held) == {*(("", m) for m in messages()), *with_context()}
    assert [m for m, said in held.items() if not said.string or said.fuzzy] == []
    for place in (PLACE, NAMED):
        odd = {m for (_, m), said in held.items() if set(place.findall(m)) != set(place.findall(str(said.string)))}
        assert odd <= WITH_COMMAND
    assert [m for m, said in held.items() if re.match(r"(.{25,})\1", str(said.string))] == [], "said twice"


@pytest.mark.parametrize("lang", OTHERS)
@pytest.mark.parametrize("story", ["S1", pytest.param("S2", marks=pytest.mark.slow), *SHOWN[2:]])
def test_no_english_sentence_of_the_catalogue_is_left_in_another_language(
    story: str, lang: str, tmp_path: Path
) -> None:
    ledger = ledger_of(story, tmp_path)
    for kind, *more in (*REPORTS, ("replay",)):
        page = made(ledger, kind, tmp_path, *more, "--lang", lang)
        assert f'<html lang="{lang}">' in page
        assert left_in_english(translated(page), lang) == [], kind


def translated(page: str) -> str:
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
    for file in sorted((LOCALE.parent / "templates").glob("*.typ")):
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
    assert "Gerichtet an „shown“" in words
    assert "Diensteanbieter: nachgewiesen" not in words
    assert "2AP:7(4)(a) not stated" in Page(made(ledger, "order-form", tmp_path, "--lang", "de")).words
    chain = Page(made(ledger, "evidence-chain", tmp_path, "--lang", "de")).words
    assert re.search(
        r"Hat eine befugte Stelle gehandelt[^?]+\? nachgewiesen", chain
    )  # what is ours alone is said again


FEW = {
    "not stated": "nicht angegeben",
    "entry {0} of {1}": "Eintrag {0} von {1}",
    "Monday": "Montag",
    "the court": "das Gericht",
    "The court": "Gericht",
    "partially disclosed": "zum Teil offengelegt",
}
NOT_STATED = Message("not stated")


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (NOT_STATED, "not stated", "nicht angegeben"),
        ("not stated", "not stated", "not stated"),
        ("TOTAL-PASSED", "TOTAL-PASSED", "TOTAL-PASSED"),
        (Message("nothing of this"), "nothing of this", "nothing of this"),
        (Message("entry {0} of {1}", 5, NOT_STATED), "entry 5 of not stated", "Eintrag 5 von nicht angegeben"),
        (Message("entry {0} of {1}", 5, "not stated"), "entry 5 of not stated", "Eintrag 5 von not stated"),
        (Message("entry {0} of {1}", "{1}", "{0}"), "entry {1} of {0}", "Eintrag {1} von {0}"),
        (joined("; ", (NOT_STATED, "not stated")), "not stated; not stated", "nicht angegeben; not stated"),
        (joined(", ", ()), "", ""),
        (Capitalised(NOT_STATED), "Not stated", "Nicht angegeben"),
        (Capitalised(Message("the court")), "The court", "Gericht"),
        (Capitalised("it"), "It", "It"),
        (state_code("PARTIALLY_DISCLOSED"), "PARTIALLY_DISCLOSED", "zum Teil offengelegt"),
        (OfficeName("Skylark Mail", {"de": "Lerchenpost"}), "Skylark Mail", "Lerchenpost"),
        (OfficeName("Skylark Mail", {"fr": "Alouette"}), "Skylark Mail", "Skylark Mail"),
        (coded("a", {"a": "not stated"}), "not stated", "nicht angegeben"),
        (coded("b", {"a": "not stated"}), "b", "b"),
        (Day(date(2027, 3, 1)), "2027-03-01", "01.03.2027"),
        (LongDay(date(2027, 3, 1)), "1 March 2027", "1. März 2027"),
        (Weekday(date(2027, 3, 1)), "Monday 2027-03-01", "Montag, 01.03.2027"),
        (Moment("2027-03-01 09:10"), "2027-03-01 09:10", "01.03.2027 09:10"),
        (Moment(datetime(2027, 3, 1, 9, 10, 30, tzinfo=UTC)), "2027-03-01T09:10:30Z", "01.03.2027 09:10:30 UTC"),
        ("2027-03-01", "2027-03-01", "2027-03-01"),
        ("", "", ""),
    ],
)
def test_the_type_of_a_value_alone_decides_how_a_language_writes_it(value: str, english: str, german: str) -> None:
    assert value == english
    assert Translation("en", {}).words(value) == english
    assert Translation("de", FEW).words(value) == german
    assert Translation("de", FEW).of((value, value)) == (german, german)
    assert Translation("de", FEW).of({1: value}) == {1: german}
    assert type(Translation("en", {}).of(value)) is str
    assert Translation("de", FEW).words(pickle.loads(pickle.dumps(value))) == german  # noqa: S301 - made here


@pytest.mark.parametrize(
    ("name", "neutral"),
    [
        ("KA-2027-0312", "Unit 9999"),
        *((name, "KEY-SUSPECT") for name in ("TOTAL-FAILED", "0badc0de", "not shown", "2027-03-10")),
    ],
)
def test_the_name_of_an_office_changes_no_other_word_of_a_paper(name: str, neutral: str, tmp_path: Path) -> None:
    """The name in each language is that of the office alone, whatever else on the paper has the same letters."""
    text = (STORIES / "S1.toml").read_text(encoding="utf-8")
    assert "Cyber Unit Karsk" in text
    papers = []
    for n, called in enumerate((neutral, name)):
        story = read_story(text.replace("Cyber Unit Karsk", called).encode(), "names")
        ledger = play_story(story, tmp_path / f"{n}").path
        papers.append([Page(made(ledger, kind, tmp_path, "--lang", "de")).words for kind in ("custody", "dpo")])
    plain, named = papers
    digests = re.compile(r"[0-9a-f]{8,}[0-9a-f ]*|[A-Za-z0-9+/]{43}=")
    for one, other in zip(plain, named, strict=True):
        assert digests.sub("", one) == digests.sub("", other.replace(name, neutral))


def test_dates_and_numbers_are_written_as_the_language_writes_them() -> None:
    german = translation("de")
    assert german.words(Moment("2027-03-01 09:10")) == "01.03.2027 09:10"
    assert german.words(Moment("2027-03-01T09:10:00Z")) == "01.03.2027 09:10:00 UTC"
    assert (german.number(12345), german.number(64.54, 1)) == ("12.345", "64,5")
    assert (translation("en").number(12345), translation("en").words(Moment("2027-03-01 09:10"))) == (
        "12345",
        "2027-03-01 09:10",
    )


HIDDEN = "KA\u200b-2027\u2028", "KA<U+200B>-2027<U+2028>"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_nobody_sees_is_named_in_every_text_of_a_report(lang: str) -> None:
    hidden, named = HIDDEN
    table = FormTable(hidden, ("Date", hidden), ((hidden, "plain"),))
    said = translation(lang).of(FormSection(hidden, lines=(FormLine("x", says=(hidden,)),), table=table))
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


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_declared_before_a_foreign_court_is_plain_text_in_its_words(lang: str) -> None:
    section = FormSection(Message("Certification"), lines=(FormLine(Message("I certify")),), fixed=True)
    said = translation(lang).of(section)
    assert (type(said.title), said.title, said.lines[0].label) == (str, "Certification", "I certify")
