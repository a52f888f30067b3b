"""Every error that a page can show has words in each language, made of its message and its values."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RecordError
from ledger.facts import KINDS, misfit
from ledger.facts.value_forms import Form, FormError, ListForm, MapForm, ObjectForm, TextForm
from ledger.formats.characters import visible
from ledger.law.deadlines.table import REGISTER
from ledger.law.reading.reliability import Lack
from ledger.messages import LANGUAGES, Message, either, plain
from projections.render.translation import PLACE, translation
from server.error_texts import accepted_language, error_texts
from server.error_texts.codes import CODES
from server.problems import TITLES, problem_of, text_of
from tests.generate.messages import WITH_COMMAND, left_in_english, spoken

ROOT = Path(__file__).parents[2]
OTHERS = [lang for lang in LANGUAGES if lang != "en"]
# Where the errors arise that a page of the desk, of a guest, of intake or of a key can show.
SHOWN = (
    *("server/access.py", "server/access_entries.py", "server/journal_turn.py", "server/problems.py", "server/api"),
    *("server/desk", "server/files", "server/guests", "server/identity", "server/signing", "server/work"),
    *("ledger/entries", "ledger/facts", "ledger/formats", "ledger/application/intake"),
)


def sources() -> Iterator[ast.Module]:
    for place in SHOWN:
        path = ROOT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else (path,):
            yield ast.parse(file.read_text("utf-8"))


def shown_codes() -> set[str]:
    """Return the released codes that occur where errors arise that a page can show."""
    page = (ROOT / "docs" / "reference" / "codes.md").read_text("utf-8")
    codes = set(re.findall(r"^\| `([A-Z_-]+)` \|", page, re.MULTILINE))
    nodes = (node for tree in sources() for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {node.value for node in nodes if isinstance(node.value, str) and node.value in codes}


def test_every_code_that_a_page_can_show_has_a_sentence() -> None:
    codes = shown_codes()
    assert {"FACT", "KEY-ROLE", "REFERENCE-TAKEN", "API-DENIED", "TABLE-FORM"} <= codes
    assert codes ^ CODES.keys() == set()
    assert [code for code, words in CODES.items() if not words.endswith(".")] == []


@pytest.mark.parametrize("lang", OTHERS)
def test_every_code_and_every_error_of_a_page_has_words_in_each_language(lang: str) -> None:
    known = translation(lang).messages
    said = {message for tree in sources() for message in spoken(tree) if re.search("[a-z]{2}", PLACE.sub("", message))}
    assert len(said) > 350
    assert (said | set(CODES.values()) | set(TITLES.values())) - known.keys() == set()


@pytest.mark.parametrize("lang", OTHERS)
def test_only_a_command_is_left_out_of_a_translated_error(lang: str) -> None:
    known = translation(lang).messages
    left = {
        m
        for tree in sources()
        for m in spoken(tree)
        if m in known and set(PLACE.findall(m)) - set(PLACE.findall(known[m]))
    }
    assert left <= WITH_COMMAND


@pytest.mark.parametrize("lang", OTHERS)
def test_what_starts_a_deadline_has_words_in_each_language(lang: str) -> None:
    assert {rule.wound_by for rule in REGISTER} - translation(lang).messages.keys() == set()


def forms_in(form: Form) -> Iterator[Form]:
    yield form
    match form:
        case ListForm():
            yield from forms_in(form.item)
        case ObjectForm():
            for member in form.members.values():
                yield from forms_in(member)
        case MapForm():
            yield from (*forms_in(form.key), *forms_in(form.item))


@pytest.mark.parametrize("lang", OTHERS)
def test_the_form_of_every_field_has_words_and_keeps_its_codes(lang: str) -> None:
    forms = [f for kind in KINDS.values() for field in kind.fields().values() for f in forms_in(field.form)]
    assert {f.expected for f in forms if not error_texts(lang).say(f.expected)} == set()
    for form in forms:
        said = error_texts(lang).of("FACT", misfit(FormError(form.expected, "x")))
        assert said.english == ""
        assert re.search(r"(?<![\w-])(one of|a list|an object|each|the)(?![\w-])", said.says) is None
        if isinstance(form, TextForm):
            assert [code for code in form.values if code in form.expected and code not in said.says] == []


def test_what_an_entry_lacks_has_its_values_in_the_language() -> None:
    lack = Lack(Message("it is dated after its signature"), "occurred", Message("when it happened"))
    restated = Message("#{0} {1} starts no clock: {2}", 4, "order-received", lack.words)
    assert left_in_english(error_texts("fr").say(restated), "fr") == []
    assert "it would" not in error_texts("fr").say(restated)
    codes = Lack(Message("no proper receipt: it is signed as {0}", "PDO"), "role", either(("SP", "REG")))
    assert "role: SP oder REG" in error_texts("de").say(codes.words)


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_value_in_an_error_stays_as_it_was_stated(office: str, role: str) -> None:
    says = error_texts("de").of("KEY-ROLE", Message("{0} does not hold the role {1}", office, role)).says
    assert says == f"{visible(office)} hat die Rolle {visible(role)} nicht."


@pytest.mark.parametrize("lang", OTHERS)
def test_the_words_of_another_server_are_said_by_their_code_and_never_looked_up(lang: str) -> None:
    said = text_of(RecordError("API-MISSING", "there is no such guest", hint="try again"), lang)
    assert (said.says, said.hint) == (error_texts(lang).codes["API-MISSING"], "")
    assert said.english == "there is no such guest. try again"


@pytest.mark.parametrize("lang", OTHERS)
def test_a_message_of_another_language_stays_whole_where_its_parts_have_no_words(lang: str) -> None:
    assert error_texts(lang).say(Message("{0}; {1}", Message("try again"), Message("a made-up sentence"))) == ""
    assert error_texts(lang).say(Message("{0}; {1}", "a name", "another")) == ""


@pytest.mark.parametrize("lang", OTHERS)
def test_a_code_without_words_is_said_by_the_title_of_its_status(lang: str) -> None:
    said = text_of(RecordError("NEW-CODE", "something new"), lang)
    assert (said.says, said.english) == (translation(lang).say(TITLES[422]), "something new")


def test_an_error_in_english_is_what_the_program_says() -> None:
    said = text_of(RecordError("KEY-ROLE", Message("{0} does not hold the role {1}", "a", "b"), hint="try again"), "en")
    assert (said.whole, said.english) == ("a does not hold the role b. try again", "")
    assert "english" not in json.loads(msgspec.json.encode(problem_of(RecordError("FACT", "x")), enc_hook=plain))


@pytest.mark.parametrize(
    ("header", "lang"),
    [("de-AT,de;q=0.9,en;q=0.8", "de"), ("cs, fr;q=0.5", "fr"), ("", "en"), ("*", "en"), ("en-GB, de", "en")],
)
def test_the_language_of_an_error_is_the_first_accepted_one_that_has_a_catalogue(header: str, lang: str) -> None:
    assert accepted_language(header) == lang
