"""Lists, sizes and periods are written as a reader of the language writes them, and no item is lost or merged."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ledger.facts.value_forms import Form, IntegerForm, ListForm, MapForm, ObjectForm, TextForm
from ledger.facts.words.data import ELEMENT_WORDS
from ledger.facts.words.shared import CATEGORIES
from ledger.law.terms.periods import period
from ledger.messages import LongDay
from projections.render.translation import translation
from projections.sentences.local_time import LocalTimes
from projections.sentences.names import names_of
from projections.sentences.quotation import in_quotes
from projections.sentences.values import ENGLISH, Language, cut, in_words, short
from tests.support.scenarios import case, fact, issued, sent

LANGUAGES = {lang: translation(lang).values for lang in ("en", "de")}


@pytest.mark.parametrize(
    ("items", "english"),
    [
        (["name"], "name"),
        (["name", "email address"], "name and email address"),
        (["a", "b", "c"], "a, b and c"),
        (["a, or b", "c", "d"], "a, or b; c and d"),
        (["a; b", "c", "d"], "a; b; c and d"),
        (["a", "b", "c", "d, e"], "a; b; c and d, e"),
        (list("abcde"), "a, b, c, d and e"),
        (list("abcdef"), "a, b, c, d and 2 more"),
        (["a,", *"bcdefg"], "a,; b; c; d and 3 more"),
    ],
)
def test_items_are_separated_by_semicolons_if_one_has_a_comma_or_semicolon(items: list[str], english: str) -> None:
    assert LANGUAGES["en"].listed(items) == english


@pytest.mark.parametrize(
    ("size", "english", "german"),
    [
        (1, "1 byte", "1 Byte"),
        (999, "999 bytes", "999 Bytes"),
        (1_000, "1 kB", "1 kB"),
        (1_234_000, "1.2 MB", "1,2 MB"),
        (50_000_000, "50 MB", "50 MB"),
    ],
)
def test_a_size_is_in_the_largest_unit_that_it_reaches(size: int, english: str, german: str) -> None:
    assert [LANGUAGES[lang].size(size) for lang in ("en", "de")] == [english, german]


@pytest.mark.parametrize(
    ("size", "english", "german"),
    [(1, "1 byte", "1 Byte"), (0, "0 bytes", "0 Bytes"), (1842, "1842 bytes", "1.842 Bytes")],
)
def test_an_exact_number_of_bytes_keeps_every_digit(size: int, english: str, german: str) -> None:
    assert [LANGUAGES[lang].bytes(size) for lang in ("en", "de")] == [english, german]


@pytest.mark.parametrize(
    ("period", "english", "german"),
    [
        ("P1Y6M", "1 year, 6 months", "1 Jahr, 6 Monate"),
        ("P2W", "2 weeks", "2 Wochen"),
        ("P1DT2H1M30S", "1 day, 2 hours, 1 minute, 30 seconds", "1 Tag, 2 Stunden, 1 Minute, 30 Sekunden"),
        ("PT1M", "1 minute", "1 Minute"),
        ("P1M", "1 month", "1 Monat"),
    ],
)
def test_a_period_names_each_of_its_units_in_words(period: str, english: str, german: str) -> None:
    assert [LANGUAGES[lang].period(period) for lang in ("en", "de")] == [english, german]


SKYLARK = fact(
    "authority-registered", "2027-01-02T09:00Z", "registrar", "ADM",
    actor="skylark", party="XV", names={"en": "Skylark Mail", "de": "Skylark Post"}, valid_from="2027-01-01",
)  # fmt: skip
CASE = case((issued("2027-03-01T09:00Z"), sent("2027-03-01T10:00Z", label="sent")), "2AP-7", register=(SKYLARK,))
NAMES, OSLO = names_of(CASE), LocalTimes("Europe/Oslo")
ANY, MANIFEST = TextForm("line", ""), ObjectForm("manifest", "", {}, ())


def text(type: str, *values: str) -> TextForm:
    return TextForm(type, "", values=values)


def files(*sizes: int, **digests: str) -> dict[str, Any]:
    return {"files": [{"name": f"{n}.zip", "size": size, **digests} for n, size in enumerate(sizes)]}


DIGEST = "ab" * 32


@pytest.mark.parametrize(
    ("value", "form", "how", "english", "german"),
    [
        ("skylark", text("actor"), "", "Skylark Mail", "Skylark Post"),
        ("unknown", text("actor"), "", "unknown", "unknown"),
        ("XV", text("party"), "", "XV", "XV"),
        ("SP", text("role"), "", "service provider", "Diensteanbieter"),
        ("ZZ", text("role"), "", "ZZ", "ZZ"),
        ("NEW-1", text("instrument"), "", "NEW-1", "NEW-1"),
        ("email#mailbox-2", text("element"), "", None, None),
        ("zz#m", text("element"), "", "zz “m”", "zz „m“"),
        ("zz", text("element"), "", "zz", "zz"),
        ("2027-03-05", text("date"), "", "5 March 2027", "5. März 2027"),
        ("2027-03-05T23:30:00Z", text("instant"), "", "5 March 2027 at 23:30 UTC (00:30 on 6 March 2027 in Oslo)",
         None),
        ("2027-03-05T12:30:00Z", text("instant"), "", "5 March 2027 at 12:30 UTC (13:30 in Oslo)", None),
        ("P1Y2D", text("duration"), "", "1 year, 2 days", "1 Jahr, 2 Tage"),
        (CASE.entries[1].leaf, text("event"), "", f"entry {CASE.entries[1].seq}", f"Eintrag {CASE.entries[1].seq}"),
        ("0" * 64, text("event"), "", None, None),
        ("0" * 64, text("order"), "", None, None),
        ("said", text("text"), "", None, None),
        ("said", ANY, "", "said", "said"),
        ("was said", ANY, "", "“was said”", "„was said“"),
        (" \n ", ANY, "", None, None),
        (DIGEST, ANY, "digest", "abababab...", "abababab..."),
        ("code-a", text("code", "code-a", "code-b"), "", "code-a", "code-a"),
        ("code-a", text("code"), "digest", "code-a", "code-a"),
        (1_500, IntegerForm("count", ""), "bytes", "1.5 kB", "1,5 kB"),
        (1_500, IntegerForm("count", ""), "", "1500", "1500"),
        ("7", IntegerForm("count", ""), "", None, None),
        (7, ANY, "", None, None),
        (["a", "b", "a"], ListForm(ANY), "", "a and b", "a und b"),
        (("a",), ListForm(ANY), "", "a", "a"),
        ([], ListForm(ANY), "", None, None),
        (["a", ""], ListForm(ANY), "", None, None),
        ("a", ListForm(ANY), "", None, None),
        (files(2_000), MANIFEST, "", "0.zip (2 kB)", "0.zip (2 kB)"),
        (files(1, sha256=DIGEST, sha512="cd" * 64), MANIFEST, "", "0.zip (1 byte, SHA-256 abababab...)", None),
        (files(2, sha512="cd" * 64), MANIFEST, "", "0.zip (2 bytes, SHA-512 cdcdcdcd...)", None),
        (files(1, 2, 3), MANIFEST, "", "0.zip (1 byte), 1.zip (2 bytes) and 2.zip (3 bytes)", None),
        (files(1, 2, 3, 4), MANIFEST, "", "0.zip (1 byte), 1.zip (2 bytes) and 2 more", None),
        ({"files": [{"name": "a"}]}, MANIFEST, "", "a (0 bytes)", None),
        ({"files": [{"size": 1}]}, MANIFEST, "", None, None),
        ({"files": []}, MANIFEST, "", None, None),
        ({}, MANIFEST, "", None, None),
        ([], MANIFEST, "", None, None),
        (files(1), ObjectForm("other", "", {}, ()), "", None, None),
        ({"de": "Amt", "en": "Office"}, MapForm("names", "", ANY, ANY), "", "Office", "Amt"),
        ({"fi": "Virasto", "sv": "Verk"}, MapForm("names", "", ANY, ANY), "", "Virasto", "Virasto"),
        ({"en": "Office", "fi": "Virasto"}, MapForm("names", "", ANY, ANY), "", "Office", "Office"),
        ({}, MapForm("names", "", ANY, ANY), "", None, None),
    ],
)  # fmt: skip
def test_a_value_is_said_by_its_form_and_one_without_words_is_not(
    value: Any, form: Form, how: str, english: str | None, german: str | None
) -> None:
    if getattr(form, "type", "") == "element" and value.startswith("email"):
        english, german = (f"{ELEMENT_WORDS.get('email', 'email')} “mailbox-2”", None)
    assert in_words(value, form, ENGLISH, NAMES, OSLO, how) == english
    if german is not None:
        assert in_words(value, form, LANGUAGES["de"], NAMES, OSLO, how) == german


@pytest.mark.parametrize("lang", ["en", "de", "fr"])
def test_a_code_of_a_list_is_in_the_words_of_the_vocabulary_and_a_period_of_the_law_by_its_name(lang: str) -> None:
    language = translation(lang).values
    (code, words), *_ = CATEGORIES.words.items()
    form = text("code", *CATEGORIES.words)
    assert in_words(code, form, language, NAMES, OSLO) == language.word(words)
    assert in_words("D-7-7", ANY, language, NAMES, OSLO, "period") == language.of(period("D-7-7"))
    assert in_words("D-0-0", ANY, language, NAMES, OSLO, "period") == "D-0-0"


@pytest.mark.parametrize(
    ("stated", "english", "french"),
    [
        ("a", "a", "a"),
        ("file-1.tar.gz", "file-1.tar.gz", "file-1.tar.gz"),
        ("C++", "C++", "C++"),
        ("a.", "“a.”", "«\u00a0a.\u00a0»"),
        ("-a", "“-a”", "«\u00a0-a\u00a0»"),
        ("two words", "“two words”", "«\u00a0two words\u00a0»"),
        ("a\nb\tc  d", "“a b c d”", "«\u00a0a b c d\u00a0»"),
        ("end”. New", "“end’. New”", "«\u00a0end’. New\u00a0»"),
        ('"„‟«»', "“’’’’’”", "«\u00a0’’’’’\u00a0»"),
        ("a\x07b", "“a<U+0007>b”", "«\u00a0a<U+0007>b\u00a0»"),
        ("a\u202eb", "“a<U+202E>b”", "«\u00a0a<U+202E>b\u00a0»"),
        ("", None, None),
        ("  ", None, None),
    ],
)
def test_stated_words_are_bare_only_where_they_are_one_plain_word(
    stated: str, english: str | None, french: str | None
) -> None:
    assert ENGLISH.quoted(stated) == english
    assert translation("fr").values.quoted(stated) == french


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Office of the Prosecutor", "Office of the Prosecutor"),
        ("St. Paul Police", "St. Paul Police"),
        ("Court. It was accepted", "“Court. It was accepted”"),
        ("Who? We", "“Who? We”"),
        ("One\nTwo", "“One Two”"),
        ("The “Best” Office", "“The ’Best’ Office”"),
        ("n" * 200, "n" * 200),
        ("n" * 201, f"“{'n' * 174}…{'n' * 25}”"),
    ],
)
def test_a_name_is_bare_unless_it_could_be_read_as_words_of_the_program(name: str, shown: str) -> None:
    assert ENGLISH.named(name) == shown


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("a" * 80, "a" * 80),
        ("a" * 54 + "b" * 2 + "c" * 25, "a" * 54 + "…" + "c" * 25),
        ("a" * 54 + "e\u0301" + "c" * 25, "a" * 54 + "…" + "c" * 25),
        ("a" * 50 + "<U+202E>" + "c" * 25, "a" * 50 + "…" + "c" * 25),
        ("a" * 60 + "<U+202E>" + "c" * 20, "a" * 54 + "…" + "c" * 20),
    ],
)
def test_a_cut_keeps_54_characters_and_the_last_25_and_halves_none(stated: str, shown: str) -> None:
    assert cut(stated) == shown
    assert cut("abc", 3) == "abc"


def test_a_digest_is_short_from_13_digits_on_and_an_unknown_language_has_english_quotation_marks() -> None:
    assert [short("a" * n) for n in (8, 12, 13)] == ["a" * 8, "a" * 12, "aaaaaaaa..."]
    assert in_quotes("a", "xx") == "“a”"
    assert (Language("xx").point, Language("de", {"a": "b"}).point) == (".", ",")
    assert [Language("de", {"a": "b", "c": ""}).word(word) for word in "acd"] == ["b", "c", "d"]
    assert Language().put("{0} of {1}", 1, "b") == "1 of b"


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (10**6, "1 MB"), (10**6 - 1, "1000 kB"), (10**9, "1 GB"), (10**12, "1 TB"), (2550, "2.5 kB")],
)
def test_a_size_of_a_million_is_one_megabyte(size: int, words: str) -> None:
    assert ENGLISH.size(size) == words


def test_the_first_day_of_a_month_is_an_ordinal_number_in_french() -> None:
    days = [translation("fr").words(LongDay(date(2026, 6, day))) for day in (1, 11)]
    assert days == ["1er juin 2026", "11 juin 2026"]
